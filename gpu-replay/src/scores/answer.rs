//! From positions to an answer: winsorised means, exceedance counts, windowed maxima.
//!
//! **Invariant.** One position moves a mean by at most its cap over the length; the caps are fixed on honest
//! positions before anything is judged.

use stakeout_statistics::sample_quantile;

use super::deployed::DEPLOYED_LENGTH_MIN;
use super::randomness::calibration_z;
use super::statistic::Statistic;
use super::token_score::TokenScore;

/// Positions of a window of the scan statistics.
const WINDOW: usize = 32;

/// Where single positions are cut off, from honest ones.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Caps {
    /// Divergence of an honest position that one in a thousand exceeds, nats.
    pub js: f64,
    /// The same of the margin, nats.
    pub margin: f64,
    /// Divergence of an honest position that one in a hundred exceeds: what counts as an exceedance, nats.
    pub js_exceedance: f64,
}

impl Caps {
    /// The caps of honest positions; without any, nothing is capped.
    pub fn of_honest<'a>(positions: impl IntoIterator<Item = &'a TokenScore>) -> Caps {
        let (js, margin): (Vec<f64>, Vec<f64>) = positions
            .into_iter()
            .map(|score| (score.js, score.margin))
            .unzip();
        let cap = |sample: &[f64], q: f64| sample_quantile(sample, q).unwrap_or(f64::MAX);
        Caps {
            js: cap(&js, 0.999),
            margin: cap(&margin, 0.999),
            js_exceedance: cap(&js, 0.99),
        }
    }
}

/// The statistic of an answer cut off at each of `lengths`, in the same order; `None` where the answer is
/// shorter. Lengths rise. `k` cancels from the deployed distance, since its positions hold the mean over k.
pub fn scores_along(
    statistic: Statistic,
    positions: &[TokenScore],
    caps: &Caps,
    lengths: &[usize],
) -> Vec<Option<f64>> {
    lengths
        .iter()
        .map(|length| {
            let prefix = positions.get(..*length).filter(|prefix| !prefix.is_empty())?;
            Some(score(statistic, prefix, caps))
        })
        .collect()
}

fn score(statistic: Statistic, positions: &[TokenScore], caps: &Caps) -> f64 {
    let mean = |value: &dyn Fn(&TokenScore) -> f64| {
        positions.iter().map(value).sum::<f64>() / positions.len() as f64
    };
    match statistic {
        Statistic::S1Mean => mean(&|at| at.js.min(caps.js)),
        Statistic::S1Exceedance => mean(&|at| f64::from(at.js > caps.js_exceedance)),
        Statistic::S1Window => window_max(positions, |at| at.js.min(caps.js)),
        Statistic::S2Margin => mean(&|at| at.margin.min(caps.margin)),
        Statistic::S2Mismatch => mean(&|at| f64::from(at.margin > 0.0)),
        Statistic::S2Window => window_max(positions, |at| at.margin.min(caps.margin)),
        Statistic::S3 => {
            let excess = positions.iter().map(TokenScore::excess).sum();
            let variance = positions.iter().map(|at| at.varentropy).sum();
            calibration_z(excess, variance).abs()
        }
        Statistic::Mae => mean(&|at| at.mae),
        Statistic::Deployed => {
            positions.iter().map(|at| at.deployed).sum::<f64>()
                / positions.len().max(DEPLOYED_LENGTH_MIN) as f64
        }
    }
}

/// Largest mean over a window of 32 positions that begins at a multiple of eight; the whole of a shorter answer.
fn window_max(positions: &[TokenScore], value: impl Fn(&TokenScore) -> f64) -> f64 {
    let width = WINDOW.min(positions.len());
    let last = positions.len() - width;
    let starts = (0..=last).filter(|start| start % (WINDOW / 4) == 0 || *start == last);
    starts
        .map(|start| positions[start..start + width].iter().map(&value).sum::<f64>() / width as f64)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        js: 0.5,
        margin: 2.0,
        js_exceedance: 0.3,
    };

    fn at(js: f64, margin: f64) -> TokenScore {
        TokenScore {
            js,
            margin,
            ..TokenScore::default()
        }
    }

    fn whole(statistic: Statistic, positions: &[TokenScore]) -> f64 {
        scores_along(statistic, positions, &CAPS, &[positions.len()])[0].expect("long enough")
    }

    #[test]
    fn one_wild_position_counts_as_its_cap() {
        let mut positions = vec![at(0.0, 0.0); 10];
        positions[3] = at(0.69, 30.0);
        assert!((whole(Statistic::S1Mean, &positions) - 0.05).abs() < 1e-12);
        assert!((whole(Statistic::S2Margin, &positions) - 0.2).abs() < 1e-12);
        assert!((whole(Statistic::S1Exceedance, &positions) - 0.1).abs() < 1e-12);
        assert!((whole(Statistic::S2Mismatch, &positions) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn the_scan_finds_a_foreign_stretch_that_the_mean_dilutes() {
        let mut positions = vec![at(0.0, 0.0); 320];
        positions[288..].fill(at(0.4, 0.0));
        assert!((whole(Statistic::S1Mean, &positions) - 0.04).abs() < 1e-12);
        assert!((whole(Statistic::S1Window, &positions) - 0.4).abs() < 1e-12);
        // A last window that doesn't begin at a multiple of eight is scanned too.
        assert!((whole(Statistic::S1Window, &positions[..319]) - 0.4 * 31.0 / 32.0).abs() < 1e-12);
    }

    #[test]
    fn an_answer_has_no_score_at_a_length_it_does_not_reach() {
        let positions = vec![at(0.1, 0.0); 20];
        let along = scores_along(Statistic::S1Mean, &positions, &CAPS, &[8, 16, 32]);
        assert!(along[0].is_some() && along[1].is_some() && along[2].is_none());
    }

    #[test]
    fn the_deployed_score_of_a_short_answer_is_diluted() {
        let positions = vec![
            TokenScore {
                deployed: 0.05,
                ..TokenScore::default()
            };
            50
        ];
        assert!((whole(Statistic::Deployed, &positions) - 0.025).abs() < 1e-12);
    }
}
