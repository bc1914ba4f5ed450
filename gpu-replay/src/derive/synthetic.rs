//! Synthetic measurements whose truth is known: answers of an imagined model with lognormal noise.
//!
//! **Invariant.** A function of the seed. For tests only.

use stakeout_kernel::sample::standard_normal;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::answer::{Measurement, ScoredAnswer, SubstituteCost};
use crate::scores::TokenScore;
use crate::{AttackLevel, ReplayKey, Stratum};

/// One kind of answer: medians of its noise, in units of the honest one.
struct Kind {
    substitute: &'static str,
    attack: AttackLevel,
    js: f64,
    margin_share: f64,
    excess: f64,
}

const KINDS: [Kind; 5] = [
    Kind {
        substitute: "q8-0",
        attack: AttackLevel::Naive,
        js: 1.6,
        margin_share: 0.06,
        excess: 0.0,
    },
    Kind {
        substitute: "q4-0",
        attack: AttackLevel::Naive,
        js: 8.0,
        margin_share: 0.3,
        excess: 0.05,
    },
    Kind {
        substitute: "q4-0",
        attack: AttackLevel::Laundered,
        js: 1.0,
        margin_share: 0.3,
        excess: 0.05,
    },
    Kind {
        substitute: "smaller",
        attack: AttackLevel::Naive,
        js: 40.0,
        margin_share: 0.6,
        excess: 0.3,
    },
    Kind {
        substitute: "hot",
        attack: AttackLevel::Naive,
        js: 1.0,
        margin_share: 0.04,
        excess: 0.4,
    },
];

/// A measurement of `prompts` prompts with answers of `length` positions.
pub(crate) fn measurement(prompts: u32, length: u64, seed: u64) -> Measurement {
    let mut answers = Vec::new();
    let honest = Kind {
        substitute: "none",
        attack: AttackLevel::Honest,
        js: 1.0,
        margin_share: 0.04,
        excess: 0.0,
    };
    let pairs = [
        (Stratum::Bf16Decode, Stratum::Bf16),
        (Stratum::Bf16Split2, Stratum::Bf16),
        (Stratum::Bf16, Stratum::Bf16Split2),
    ];
    for prompt in 0..prompts {
        for (at, pair) in pairs.iter().enumerate() {
            answers.push(answer(&honest, prompt, *pair, length, (seed, at as u16)));
        }
        for (at, kind) in KINDS.iter().enumerate() {
            answers.push(answer(kind, prompt, pairs[0], length, (seed, 100 + at as u16)));
        }
    }
    let cost = |name: &str, decode: f64| SubstituteCost {
        name: name.into(),
        decode,
        prefill: 1.0,
        memory: decode,
        note: format!("imagined {name}"),
    };
    Measurement {
        name: "imagined".into(),
        model: "imagined-1m".into(),
        provenance: stakeout_calibration::Provenance {
            dtype: "bf16".into(),
            device: "none".into(),
            sources: vec!["synthetic".into()],
            ..Default::default()
        },
        substitutes: vec![
            cost("q8-0", 0.53),
            cost("q4-0", 0.28),
            cost("smaller", 0.3),
            cost("hot", 1.0),
        ],
        answers,
    }
}

fn answer(
    kind: &Kind,
    prompt: u32,
    (executor, validator): (Stratum, Stratum),
    length: u64,
    (seed, purpose): (u64, u16),
) -> ScoredAnswer {
    let key = StreamKey::derive(RootSeed(seed), 0, Purpose(purpose));
    let shared = StreamKey::derive(RootSeed(seed), 0, Purpose(9999));
    let shock = 0.3 * standard_normal(shared.draw(u64::from(prompt), 0));
    let normal = |at: u64, sub: u64| standard_normal(key.draw(u64::from(prompt) * 4096 + at, sub));
    let position = |at: u64| {
        let level = 1e-4 * libm::exp(shock + normal(at, 0));
        let is_mismatch = normal(at, 1) > stakeout_statistics::normal_quantile(1.0 - kind.margin_share);
        TokenScore {
            js: level * kind.js,
            kl: 8.0 * level * kind.js,
            mae: 3.0 * (level * kind.js).sqrt(),
            deployed: 0.5 * (level * kind.js).sqrt(),
            margin: if is_mismatch {
                0.2 * kind.js.max(2.0) * normal(at, 2).abs()
            } else {
                0.0
            },
            surprisal: (3.0 + normal(at, 3) + kind.excess).max(0.0),
            entropy: 3.0,
            varentropy: 1.0,
        }
    };
    ScoredAnswer {
        key: ReplayKey {
            prompt,
            kind: if prompt.is_multiple_of(2) {
                "prose".into()
            } else {
                "verse".into()
            },
            substitute: kind.substitute.into(),
            attack: kind.attack,
            executor,
            validator,
        },
        positions: (0..length).map(position).collect(),
    }
}
