//! S1 on the scale of one kernel pair: what a validator computes that knows the executor's kernel.
//!
//! Honest divergence of a pair has no constant size. Where two kernels differ by the order of sums alone, it is all but
//! nothing at first and grows as roundings gather in keys and values; and it follows the entropy of the law. A mean is
//! made of its loudest positions, and forgets what the quiet ones said. Here
//!
//! ```text
//! x_t = ln(JS_t + 1e-12)                                one position
//! z_t = (x_t - m) / s, within -4 and 4                  m, s: honest x in the same band of positions and of entropy
//! a_n = mean of z_1 .. z_n, n = 8, 16, 32 ..            the beginnings of an answer
//! score = max over n of (a_n - med_n) / (q_n - med_n)   med, q: median and 95th percentile of honest a_n
//! ```
//!
//! so that the score is 1 where the most telling beginning is as large as one honest answer's in twenty. Logarithms make
//! a factor count alike at loud and quiet positions; the largest beginning keeps early evidence in a long answer.
//!
//! **Invariant.** Prompts that fix the scale fix no threshold and are not judged, so that a threshold keeps its promise
//! whatever the scale. A score is finite.

use stakeout_statistics::{Moments, sample_quantile};

use super::answer::ScoredAnswer;
use crate::scores::TokenScore;

/// Divergence that lists of 32-bit log-probabilities cannot tell from none, nats (A-330).
const FLOOR: f64 = 1e-12;
/// Standard scores beyond this count as this (A-330).
const Z_MAX: f64 = 4.0;
/// Least spread of a logarithm in a cell, and least unit of a beginning's mean (A-330).
const SPREAD_MIN: f64 = 0.01;
/// Bands of entropy, with as many honest positions each (A-331).
const ENTROPY_BANDS: usize = 8;
/// The first band of positions, which is also the shortest beginning; each next one is as long as all before it (A-331).
const FIRST_BAND: usize = 8;
/// Honest positions that a cell needs; one with fewer takes the figures of its whole band (A-331).
const CELL_MIN: u64 = 30;
/// Honest answers that a scale needs.
const ANSWERS_MIN: usize = 30;
/// The honest quantile that a beginning is measured by (A-330).
const UNIT_QUANTILE: f64 = 0.95;

/// What honest answers of one kernel pair look like, position by position.
pub(super) struct PairScale {
    lengths: Vec<usize>,
    entropy_edges: Vec<f64>,
    /// Mean and spread of x by band of positions and band of entropy.
    cells: Vec<[(f64, f64); ENTROPY_BANDS]>,
    /// Median and unit of the mean of z by length.
    beginnings: Vec<(f64, f64)>,
}

impl PairScale {
    /// The scale of honest answers, judged at `lengths`, rising. `None` with fewer than thirty answers.
    pub(super) fn of(honest: &[&ScoredAnswer], lengths: &[usize]) -> Option<PairScale> {
        if honest.len() < ANSWERS_MIN {
            return None;
        }
        let entropies: Vec<f64> = honest
            .iter()
            .flat_map(|a| &a.positions)
            .map(|at| at.entropy)
            .collect();
        let edge = |band: usize| sample_quantile(&entropies, band as f64 / ENTROPY_BANDS as f64);
        let longest = honest.iter().map(|answer| answer.positions.len()).max()?;
        let mut scale = PairScale {
            lengths: lengths.to_vec(),
            entropy_edges: (1..ENTROPY_BANDS).map(edge).collect::<Option<_>>()?,
            cells: Vec::new(),
            beginnings: Vec::new(),
        };
        scale.cells = scale.fit(honest, longest);
        for index in 0..lengths.len() {
            let means = honest
                .iter()
                .filter_map(|answer| scale.means(&answer.positions).get(index).copied());
            let means: Vec<f64> = means.collect();
            let (Some(median), Some(high)) = (
                sample_quantile(&means, 0.5),
                sample_quantile(&means, UNIT_QUANTILE),
            ) else {
                break;
            };
            scale.beginnings.push((median, (high - median).max(SPREAD_MIN)));
        }
        Some(scale)
    }

    fn fit(&self, honest: &[&ScoredAnswer], longest: usize) -> Vec<[(f64, f64); ENTROPY_BANDS]> {
        let bands = band_of(longest.saturating_sub(1)) + 1;
        let mut cells = vec![[Moments::default(); ENTROPY_BANDS]; bands];
        let mut whole = vec![Moments::default(); bands];
        for answer in honest {
            for (at, position) in answer.positions.iter().enumerate() {
                let x = logarithm(position);
                cells[band_of(at)][self.entropy_band(position)].push(x);
                whole[band_of(at)].push(x);
            }
        }
        let figures = |cell: &Moments, band: &Moments| {
            let of = if cell.count() < CELL_MIN { band } else { cell };
            let spread = of.variance().unwrap_or_default().sqrt().max(SPREAD_MIN);
            (of.mean().unwrap_or_default(), spread)
        };
        let row = |(row, band): (&[Moments; ENTROPY_BANDS], &Moments)| {
            row.each_ref().map(|cell| figures(cell, band))
        };
        cells.iter().zip(&whole).map(row).collect()
    }

    fn entropy_band(&self, position: &TokenScore) -> usize {
        self.entropy_edges
            .partition_point(|edge| *edge < position.entropy)
    }

    /// The mean of z over each beginning that the answer reaches. Positions beyond the longest honest answer are read on
    /// the last band's scale.
    fn means(&self, positions: &[TokenScore]) -> Vec<f64> {
        let mut means = Vec::new();
        let (mut sum, mut done) = (0.0, 0);
        for length in &self.lengths {
            let Some(part) = positions.get(done..*length) else {
                break;
            };
            for (at, position) in (done..).zip(part) {
                let band = band_of(at).min(self.cells.len() - 1);
                let (mean, spread) = self.cells[band][self.entropy_band(position)];
                sum += ((logarithm(position) - mean) / spread).clamp(-Z_MAX, Z_MAX);
            }
            done = *length;
            means.push(sum / done as f64);
        }
        means
    }

    /// The score of an answer cut off at each length that it reaches.
    pub(super) fn along(&self, positions: &[TokenScore]) -> Vec<f64> {
        let mut most = f64::NEG_INFINITY;
        let relative = |(mean, (median, unit)): (f64, &(f64, f64))| {
            most = most.max((mean - median) / unit);
            most
        };
        self.means(positions)
            .into_iter()
            .zip(&self.beginnings)
            .map(relative)
            .collect()
    }
}

fn logarithm(position: &TokenScore) -> f64 {
    libm::log(position.js + FLOOR)
}

/// Bands 0 to 7, 8 to 15, 16 to 31, 32 to 63 ...
fn band_of(at: usize) -> usize {
    (at / FIRST_BAND)
        .checked_ilog2()
        .map_or(0, |band| band as usize + 1)
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::standard_normal;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::super::ruler::Ruler;
    use super::*;
    use crate::{AttackLevel, ReplayKey, Stratum};

    const LENGTHS: [usize; 5] = [8, 16, 32, 64, 128];

    /// An answer whose honest noise grows a thousandfold along its positions, is shaken by its prompt and follows the
    /// entropy; `extra` is what a substitute adds everywhere, nats.
    fn answer(run: u64, prompt: u32, extra: f64) -> ScoredAnswer {
        let key = StreamKey::derive(RootSeed(run), 0, Purpose(31));
        let normal = |at: u64, sub: u64| standard_normal(key.draw(u64::from(prompt) * 1024 + at, sub));
        let shake = 0.5 * normal(1000, 0);
        let position = |at: u64| {
            let entropy = 3.0 + normal(at, 1);
            let size =
                libm::exp(0.5 * entropy + shake) * (extra + 1e-7 * libm::exp(at.min(64) as f64 * 0.108));
            TokenScore {
                js: size * libm::exp(normal(at, 0)),
                entropy,
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

    fn scale(run: u64) -> PairScale {
        let honest = answers(run, 0..60, 0.0);
        PairScale::of(&honest.iter().collect::<Vec<_>>(), &LENGTHS).expect("sixty answers")
    }

    fn share_above(scores: &[f64], limit: f64) -> f64 {
        scores.iter().filter(|score| **score > limit).count() as f64 / scores.len() as f64
    }

    /// 150 times: a scale of 60 answers, a threshold of 199 others at 1 %, 100 more judged. The second largest would be
    /// exceeded by 1 % on average; the tail that is used, no lighter than exponential, by somewhat less. Standard error of
    /// the mean rate .001 (threshold .00057, counts .00081): 5.2 of them have chance 1e-7.
    #[test]
    fn a_threshold_on_a_scale_of_other_prompts_keeps_its_rate() {
        let mut sum = 0.0;
        for run in 0..150 {
            let scale = scale(run);
            let last = |prompts| -> Vec<f64> {
                let answers = answers(run, prompts, 0.0);
                answers
                    .iter()
                    .map(|answer| scale.along(&answer.positions)[4])
                    .collect()
            };
            let limit = Ruler::of(last(60..259)).expect("scores").limit(0.01);
            sum += share_above(&last(259..359), limit);
        }
        let rate = sum / 150.0;
        assert!(rate < 0.0152 && rate > 0.002, "{rate}");
    }

    /// A substitute as loud as the late honest noise: a mean of 128 positions hardly sees it, and the score of 128 sees
    /// it as well as that of 8. With 300 answers a share of .98 has standard error .008.
    #[test]
    fn what_a_quiet_beginning_told_is_not_forgotten() {
        let (scale, extra) = (scale(7), 2e-5);
        let (fixing, cheats) = (answers(7, 60..259, 0.0), answers(7, 300..600, extra));
        let power = |score: &dyn Fn(&ScoredAnswer) -> f64| {
            let limit = Ruler::of(fixing.iter().map(score)).expect("scores").limit(0.01);
            share_above(&cheats.iter().map(score).collect::<Vec<_>>(), limit)
        };
        let on_scale = |index: usize| power(&|answer| scale.along(&answer.positions)[index]);
        let mean = power(&|answer| answer.positions.iter().map(|at| at.js).sum::<f64>() / 128.0);
        assert!(mean < 0.5, "{mean}");
        assert!(
            on_scale(0) > 0.94 && on_scale(4) > 0.94,
            "{} {}",
            on_scale(0),
            on_scale(4)
        );
    }

    #[test]
    fn a_score_never_falls_as_the_answer_grows_and_is_finite() {
        let scale = scale(3);
        let mut silent = answer(3, 400, 0.0);
        silent.positions.iter_mut().for_each(|at| at.js = 0.0);
        let mut loud = answer(3, 401, 0.0);
        loud.positions
            .iter_mut()
            .for_each(|at| (at.js, at.entropy) = (0.7, f64::MAX));
        for answer in [&silent, &loud, &answer(3, 402, 1e-5)] {
            let along = scale.along(&answer.positions);
            assert!(along.len() == 5 && along.iter().all(|score| score.is_finite()));
            assert!(along.is_sorted());
        }
        assert_eq!(scale.along(&loud.positions[..20]).len(), 2);
        let few = answers(3, 0..29, 0.0);
        assert!(PairScale::of(&few.iter().collect::<Vec<_>>(), &LENGTHS).is_none());
    }

    /// Kernels that agree to the last bit leave a scale without spread, on which any divergence is loud.
    #[test]
    fn honest_answers_without_any_noise_make_a_scale_all_the_same() {
        let mut honest = answers(4, 0..40, 0.0);
        honest
            .iter_mut()
            .flat_map(|answer| &mut answer.positions)
            .for_each(|at| at.js = 0.0);
        let scale = PairScale::of(&honest.iter().collect::<Vec<_>>(), &LENGTHS).expect("forty answers");
        assert_eq!(scale.along(&honest[0].positions), [0.0; 5]);
        assert!(scale.along(&answer(4, 50, 0.0).positions)[0] > 100.0);
    }

    #[test]
    fn bands_double() {
        assert_eq!(
            [0, 7, 8, 15, 16, 31, 32, 511].map(band_of),
            [0, 0, 1, 1, 2, 2, 3, 6]
        );
    }
}
