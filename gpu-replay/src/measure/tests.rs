use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::AttackLevel;
use crate::demo::{DemoSize, shipped};
use crate::error::Result;
use crate::model::load;
use crate::stratum::Stratum;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("stakeout-measure-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Eight prompts, short answers: seconds.
fn plan() -> Plan {
    let mut plan = Plan::demo();
    plan.answer_tokens = 16;
    plan.deep = Tier {
        prompts: 4,
        strata: vec![Stratum::Bf16, Stratum::Bf16Decode, Stratum::Bf16Split4],
    };
    plan.wide.prompts = 8;
    plan.substitute_prompts = 4;
    plan.substitutes = vec!["q2k".into(), "temperature-0.9".into()];
    plan.attackers = vec!["q2k".into()];
    plan.batch = 2;
    plan
}

fn measure(folder: &std::path::Path, threads: usize, stop_after: Option<usize>) -> Result<Outcome> {
    let model = load(&shipped(DemoSize::Small, &folder.join("models"))?)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    let stop = AtomicBool::new(false);
    let seen = Mutex::new(Vec::new());
    let tell = |done: usize, _: usize| {
        seen.lock().expect("no panic").push(done);
        if stop_after.is_some_and(|limit| done >= limit) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let progress = Progress {
        tell: &tell,
        stop: &stop,
    };
    pool.install(|| run(&plan(), &model, None, folder, &progress))
}

#[test]
fn a_measurement_is_the_same_at_any_number_of_threads_and_when_resumed() {
    let (one, three, resumed) = (folder("one"), folder("three"), folder("resumed"));
    let whole = measure(&one, 1, None).expect("measured");
    let threaded = measure(&three, 3, None).expect("measured");
    assert!(whole.answers == threaded.answers, "threads changed a score");
    let stopped = measure(&resumed, 1, Some(3)).err().expect("stopped");
    assert_eq!(stopped.exit_code(), 130);
    // A part that a kill left half-written is measured again.
    let part = std::fs::read_dir(resumed.join("parts"))
        .expect("parts")
        .next()
        .expect("some")
        .expect("a file")
        .path();
    let bytes = std::fs::read(&part).expect("read");
    std::fs::write(&part, &bytes[..bytes.len() / 2]).expect("written");
    let resumed_outcome = measure(&resumed, 2, None).expect("measured");
    assert!(
        whole.answers == resumed_outcome.answers,
        "resuming changed a score"
    );
    for folder in [one, three, resumed] {
        std::fs::remove_dir_all(folder).expect("removed");
    }
}

#[test]
fn what_a_measurement_shows_is_what_the_attacks_are() {
    let folder = folder("shows");
    let outcome = measure(&folder, 2, None).expect("measured");
    let mean = |attack: AttackLevel, name: &str, value: fn(&crate::scores::TokenScore) -> f64| {
        let found = outcome
            .answers
            .iter()
            .filter(|a| a.key.attack == attack && a.key.substitute == name);
        let values: Vec<f64> = found.flat_map(|answer| &answer.positions).map(value).collect();
        assert!(!values.is_empty(), "{name} {attack:?}");
        values.iter().sum::<f64>() / values.len() as f64
    };
    let honest = mean(AttackLevel::Honest, "none", |at| at.js);
    let naive = mean(AttackLevel::Naive, "q2k", |at| at.js);
    assert!(naive > 20.0 * honest, "{naive} {honest}");
    // One prefill of the promised model repairs the distribution and not the choices.
    assert!(mean(AttackLevel::Laundered, "q2k", |at| at.js) < 3.0 * honest);
    let margins =
        [AttackLevel::Naive, AttackLevel::Laundered].map(|attack| mean(attack, "q2k", |at| at.margin));
    assert_eq!(margins[0], margins[1]);
    assert!(margins[0] > 20.0 * mean(AttackLevel::Honest, "none", |at| at.margin));
    // A temperature leaves the distribution alone.
    assert!(mean(AttackLevel::Naive, "temperature-0.9", |at| at.js) < 3.0 * honest);
    assert!(mean(AttackLevel::Mixed, "q2k-last-quarter", |at| at.js) < 0.6 * naive);
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn prompts_come_from_what_no_model_saw_and_kinds_take_turns() {
    let folder = folder("prompts");
    let model = load(&shipped(DemoSize::Small, &folder).expect("written")).expect("a model");
    let all = prompts(&model.tokenizer, 700, 24).expect("enough");
    assert!(all.iter().all(|prompt| prompt.tokens.len() == 24));
    let kinds: std::collections::BTreeSet<&str> = all[..7].iter().map(|prompt| prompt.kind).collect();
    assert_eq!(kinds.len(), 7);
    let text = model.tokenizer.decode(&all[1].tokens).expect("text");
    let drama = crate::demo::corpus::CORPUS
        .iter()
        .find(|text| text.kind == all[1].kind)
        .expect("there");
    assert!(drama.held_out().contains(&text) && !drama.training().contains(&text));
    assert_eq!(
        prompts(&model.tokenizer, 1_000_000, 24)
            .err()
            .map(|error| error.exit_code()),
        Some(2)
    );
    std::fs::remove_dir_all(folder).expect("removed");
}

/// Probability that two draws under shared noise agree: Σ_v 1 / Σ_w max(p_w/p_v, q_w/q_v).
fn agreement(p: &crate::sampler::Law, q: &crate::sampler::Law) -> f64 {
    let pairs: Vec<(f64, f64)> = p
        .probs
        .iter()
        .zip(&q.probs)
        .map(|(p, q)| (f64::from(*p), f64::from(*q)))
        .collect();
    let inverse = |(pv, qv): &(f64, f64)| {
        let (a, b) = (1.0 / pv.max(1e-30), 1.0 / qv.max(1e-30));
        1.0 / pairs.iter().map(|(pw, qw)| (pw * a).max(qw * b)).sum::<f64>()
    };
    pairs.iter().map(inverse).sum()
}

/// 40 positions of real text under the promised model and its 2-bit copy, 800 noises each: counts of agreeing draws
/// within 5.5 standard errors (false alarm below 1e-7), shared noise and independent.
#[test]
fn draws_of_real_models_agree_as_often_as_the_match_laws_say() {
    use crate::forward::{Machine, Options};
    use crate::sampler::{Law, Noise};
    use crate::substitute::{change_weights, choose};

    let folder = folder("match");
    let model = load(&shipped(DemoSize::Small, &folder).expect("written")).expect("a model");
    let q2k = choose(&["q2k".to_string()], false).expect("known").swap_remove(0);
    let narrowed = change_weights(&model.weights, q2k.change, 1).expect("narrowed");
    let text: Vec<u32> = prompts(&model.tokenizer, 2, 40).expect("enough")[1]
        .tokens
        .clone();
    let laws = [&model.weights, &narrowed].map(|weights| -> Vec<Law> {
        let machine = Machine::new(weights, Stratum::F32, Options::default(), 40).expect("fits");
        let logits = machine.logits(std::slice::from_ref(&text), 0).expect("runs");
        let rows: Vec<Vec<f32>> = logits.squeeze(0).and_then(|rows| rows.to_vec2()).expect("rows");
        rows.iter().map(|row| Law::of_logits(row)).collect()
    });
    const NOISES: u32 = 800;
    let (mut shared, mut apart) = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0));
    let mut total_variation = 0.0;
    for (at, (p, q)) in laws[0].iter().zip(&laws[1]).enumerate() {
        let independent: f64 = p
            .probs
            .iter()
            .zip(&q.probs)
            .map(|(p, q)| f64::from(*p) * f64::from(*q))
            .sum();
        let difference: f64 = p
            .probs
            .iter()
            .zip(&q.probs)
            .map(|(p, q)| f64::from((p - q).abs()))
            .sum();
        let (both, tv) = (agreement(p, q), 0.5 * difference);
        assert!(
            1.0 - both >= tv - 1e-5 && 1.0 - both <= 2.0 * tv / (1.0 + tv) + 1e-5,
            "{at}"
        );
        total_variation += tv;
        for (sums, chance) in [(&mut shared, both), (&mut apart, independent)] {
            sums.1 += chance * f64::from(NOISES);
            sums.2 += chance * (1.0 - chance) * f64::from(NOISES);
        }
        for run in 0..NOISES {
            let (one, other) = (Noise::new(77, run), Noise::new(78, run));
            let drawn = one.winner(p, at as u32).0;
            shared.0 += f64::from(u8::from(drawn == one.winner(q, at as u32).0));
            apart.0 += f64::from(u8::from(drawn == other.winner(q, at as u32).0));
        }
    }
    for (found, expected, variance) in [shared, apart] {
        assert!(
            (found - expected).abs() < 5.5 * variance.sqrt(),
            "{found} {expected}"
        );
    }
    // The two laws differ enough for the test to tell something.
    assert!(total_variation / 40.0 > 0.03, "{total_variation}");
    std::fs::remove_dir_all(folder).expect("removed");
}
