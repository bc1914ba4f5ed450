//! S1 on the scale of one kernel pair: what a validator computes that knows the executor's kernel.
//!
//! Honest divergence of a pair has no constant size: where two kernels differ by the order of sums alone, it is nothing
//! at most early positions and grows as roundings gather in keys and values; and everywhere a few positions are much
//! louder than the rest. A mean is made of the loud ones and forgets what the quiet ones said. Here
//!
//! ```text
//! φ     = honest mean of JS                                          the pair's level
//! x_t   = ln(1 + JS_t / φ)                                           a position in units of it, loud ones tamed
//! w_t   = 1 / max(v, V / 16)                                         v, V: honest variance of x in t's band, and of all
//! score = Σ w_t x_t / Σ w_t
//! ```
//!
//! Weights inverse to the variance make the least varying mean of independent positions; the bound keeps a band without
//! any honest noise from being the whole of the score.
//!
//! **Invariant.** Prompts that fix the scale fix no threshold and are not judged, so that a threshold keeps its promise
//! whatever the scale. A score is finite and at least zero.

use stakeout_statistics::Moments;

use super::answer::ScoredAnswer;
use crate::scores::TokenScore;

/// Least level of a pair, nats: what lists of 32-bit log-probabilities cannot tell from none (A-330).
const LEVEL_MIN: f64 = 1e-12;
/// A band's variance counts no less than this part of the variance of all positions (A-330).
const VARIANCE_MIN: f64 = 1.0 / 16.0;
/// Positions of the first band; each next one is as long as all before it (A-331).
const FIRST_BAND: usize = 8;
/// Honest answers that a scale needs.
const ANSWERS_MIN: usize = 30;

/// What honest answers of one kernel pair look like, position by position.
pub(super) struct PairScale {
    level: f64,
    /// Weight of a position by band; positions beyond the longest honest answer weigh as the last band's.
    weights: Vec<f64>,
}

impl PairScale {
    /// The scale of honest answers. `None` with fewer than thirty.
    pub(super) fn of(honest: &[&ScoredAnswer]) -> Option<PairScale> {
        if honest.len() < ANSWERS_MIN {
            return None;
        }
        let mut sizes = Moments::new();
        let positions = || {
            honest
                .iter()
                .flat_map(|answer| answer.positions.iter().enumerate())
        };
        positions().for_each(|(_, position)| sizes.push(position.js));
        let mut scale = PairScale {
            level: sizes.mean()?.max(LEVEL_MIN),
            weights: Vec::new(),
        };
        let (mut bands, mut all) = (Vec::<Moments>::new(), Moments::new());
        for (at, position) in positions() {
            let (band, x) = (band_of(at), scale.loudness(position));
            bands.resize(bands.len().max(band + 1), Moments::new());
            bands[band].push(x);
            all.push(x);
        }
        let least = all.variance()? * VARIANCE_MIN;
        let weight = |band: &Moments| {
            let variance = band.variance().unwrap_or_default().max(least);
            // Without any spread all positions weigh alike.
            if variance > 0.0 { 1.0 / variance } else { 1.0 }
        };
        scale.weights = bands.iter().map(weight).collect();
        Some(scale)
    }

    fn loudness(&self, position: &TokenScore) -> f64 {
        libm::log1p(position.js / self.level)
    }

    /// The score of an answer cut off at each of `lengths`, rising, that it reaches.
    pub(super) fn along(&self, positions: &[TokenScore], lengths: &[usize]) -> Vec<f64> {
        let mut scores = Vec::new();
        let (mut sum, mut weights, mut done) = (0.0, 0.0, 0);
        for length in lengths {
            let Some(part) = positions.get(done..*length) else {
                break;
            };
            for (at, position) in (done..).zip(part) {
                let weight = self.weights[band_of(at).min(self.weights.len() - 1)];
                sum += weight * self.loudness(position);
                weights += weight;
            }
            done = *length;
            scores.push(sum / weights);
        }
        scores
    }
}

/// Bands 0 to 7, 8 to 15, 16 to 31, 32 to 63 ...
fn band_of(at: usize) -> usize {
    (at / FIRST_BAND)
        .checked_ilog2()
        .map_or(0, |band| band as usize + 1)
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::{standard_normal, unit_open};
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::super::ruler::Ruler;
    use super::*;
    use crate::{AttackLevel, ReplayKey, Stratum};

    const LENGTHS: [usize; 5] = [8, 16, 32, 64, 128];

    /// An honest answer as token by token against one pass gives it: nothing until a rounding falls the other way, which
    /// half of the answers have met at position 64, and from then on noise with a heavy tail, shaken by its prompt.
    /// `extra` is what a substitute adds everywhere, nats.
    fn answer(run: u64, prompt: u32, extra: f64) -> ScoredAnswer {
        let key = StreamKey::derive(RootSeed(run), 0, Purpose(31));
        let thing = |at: u64| u64::from(prompt) * 1024 + at;
        let normal = |at: u64, sub: u64| standard_normal(key.draw(thing(at), sub));
        let shake = 0.3 * normal(1000, 0);
        let parting = -64.0 / core::f64::consts::LN_2 * libm::log(unit_open(key.draw(thing(1001), 0)));
        let position = |at: u64| {
            let own = if at as f64 >= parting { 1e-5 } else { 0.0 };
            TokenScore {
                js: (own + extra) * libm::exp(shake + 1.2 * normal(at, 0)),
                ..TokenScore::default()
            }
        };
        ScoredAnswer {
            key: ReplayKey {
                prompt,
                kind: "prose".into(),
                substitute: "none".into(),
                attack: AttackLevel::Honest,
                executor: Stratum::Bf16Decode,
                validator: Stratum::Bf16,
            },
            positions: (0..128).map(position).collect(),
        }
    }

    fn answers(run: u64, prompts: std::ops::Range<u32>, extra: f64) -> Vec<ScoredAnswer> {
        prompts.map(|prompt| answer(run, prompt, extra)).collect()
    }

    fn scale(honest: &[ScoredAnswer]) -> PairScale {
        PairScale::of(&honest.iter().collect::<Vec<_>>()).expect("answers enough")
    }

    fn share_above(scores: &[f64], limit: f64) -> f64 {
        scores.iter().filter(|score| **score > limit).count() as f64 / scores.len() as f64
    }

    /// 150 times: a scale of 60 answers, a threshold of 199 others at 1 %, 100 more judged. The second largest would be
    /// exceeded by 1 % on average; the tail that is used, no lighter than exponential, by somewhat less. Standard error of
    /// the mean rate .001 (threshold .00057, counts .00081): 5.2 of them have chance 1e-7.
    #[test]
    fn a_threshold_on_a_scale_of_other_prompts_keeps_its_rate() {
        for at in [0, 4] {
            let mut sum = 0.0;
            for run in 0..150 {
                let scale = scale(&answers(run, 0..60, 0.0));
                let scores = |prompts| -> Vec<f64> {
                    let answers = answers(run, prompts, 0.0);
                    let one = |answer: &ScoredAnswer| scale.along(&answer.positions, &LENGTHS)[at];
                    answers.iter().map(one).collect()
                };
                let limit = Ruler::of(scores(60..259)).expect("scores").limit(0.01);
                sum += share_above(&scores(259..359), limit);
            }
            let rate = sum / 150.0;
            assert!(rate < 0.0152 && rate > 0.001, "{rate} at {}", LENGTHS[at]);
        }
    }

    /// A substitute two and a half times as loud as the late honest noise. With 300 answers a share of .97 has standard
    /// error .01.
    #[test]
    fn what_quiet_positions_told_is_not_drowned_by_loud_ones() {
        let scale = scale(&answers(7, 0..60, 0.0));
        let (fixing, cheats) = (answers(7, 60..259, 0.0), answers(7, 300..600, 2.5e-5));
        let power = |score: &dyn Fn(&ScoredAnswer) -> f64| {
            let limit = Ruler::of(fixing.iter().map(score)).expect("scores").limit(0.01);
            share_above(&cheats.iter().map(score).collect::<Vec<_>>(), limit)
        };
        let on_scale = power(&|answer| scale.along(&answer.positions, &LENGTHS)[4]);
        let mean = power(&|answer| answer.positions.iter().map(|at| at.js).sum::<f64>() / 128.0);
        assert!(on_scale > 0.92 && on_scale >= mean, "{on_scale} {mean}");
    }

    #[test]
    fn quiet_bands_weigh_most_and_none_more_than_sixteen_times() {
        let scale = scale(&answers(3, 0..200, 0.0));
        let last = scale.weights[scale.weights.len() - 1];
        assert_eq!(scale.weights.len(), 5);
        assert!(
            scale.weights.windows(2).all(|pair| pair[0] >= pair[1]),
            "{:?}",
            scale.weights
        );
        assert!(scale.weights[0] > 2.0 * last && scale.weights[0] <= 40.0 * last);
    }

    #[test]
    fn a_score_is_finite_and_stops_where_the_answer_does() {
        let scale = scale(&answers(3, 0..60, 0.0));
        let mut loud = answer(3, 401, 0.0);
        loud.positions
            .iter_mut()
            .for_each(|at| at.js = core::f64::consts::LN_2);
        let along = scale.along(&loud.positions, &LENGTHS);
        assert!(along.len() == 5 && along.iter().all(|score| score.is_finite() && *score > 5.0));
        assert_eq!(scale.along(&loud.positions[..20], &LENGTHS).len(), 2);
        let few = answers(3, 0..29, 0.0);
        assert!(PairScale::of(&few.iter().collect::<Vec<_>>()).is_none());
    }

    /// Kernels that agree to the last bit leave a scale without spread, on which any divergence is loud.
    #[test]
    fn honest_answers_without_any_noise_make_a_scale_all_the_same() {
        let mut honest = answers(4, 0..40, 0.0);
        honest
            .iter_mut()
            .flat_map(|answer| &mut answer.positions)
            .for_each(|at| at.js = 0.0);
        let scale = scale(&honest);
        assert_eq!(scale.along(&honest[0].positions, &LENGTHS), [0.0; 5]);
        assert!(scale.along(&answer(4, 50, 1e-5).positions, &LENGTHS)[0] > 10.0);
    }

    #[test]
    fn bands_double() {
        assert_eq!(
            [0, 7, 8, 15, 16, 31, 32, 511].map(band_of),
            [0, 0, 1, 1, 2, 2, 3, 6]
        );
    }
}
