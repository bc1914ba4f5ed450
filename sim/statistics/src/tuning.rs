//! The best values of an attacker's own parameters, where what they gain can only be sampled.
//!
//! First a grid over the whole range, both ends included: what gains in proportion to a parameter is best at an end. Then
//! rounds of a compass search around the best (Kolda, Lewis and Torczon 2003): each tries both neighbours in every
//! parameter at half the step of the round before, beside the best few so far, on twice as many replicates. All
//! values see the same replicates, so that differences between them are far surer than what they gain.
//!
//! Theirs halves the step after a round without improvement. This one halves it after every round, so that what a search
//! costs is known beforehand, and pays with reach: all rounds together move a parameter by less than one step of the grid.
//! A peak farther from the best three places of the grid is missed.
//!
//! **Invariant.** What is found are values and not their gain: the highest of many means is too high, by the luck that made
//! it the highest (the winner's curse). A gain is judged on replicates that no search has seen.

/// Values that stay in the running after a round.
const KEPT: usize = 3;

/// How hard a search tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Places of the grid in each parameter; at least two.
    pub places: u32,
    /// Replicates of each place of the grid.
    pub replicates: u32,
    /// Rounds around the best, each at half the step of the one before.
    pub rounds: u32,
}

impl Effort {
    /// Replicates of each value in a round, the grid being round 0.
    pub fn replicates_in(self, round: u32) -> u32 {
        self.replicates.saturating_mul(1 << round.min(31))
    }

    /// Samples that a search of so many parameters takes at most.
    pub fn samples_max(self, parameters: u32) -> u64 {
        let (kept, new) = (KEPT as u64, 2 * u64::from(parameters));
        let grid = u64::from(self.places).saturating_pow(parameters);
        let of_round = |round: u32| {
            let (now, before) = (self.replicates_in(round), self.replicates_in(round - 1));
            kept * u64::from(now - before) + new * u64::from(now)
        };
        let rounds: u64 = (1..=self.rounds).map(of_round).sum();
        grid.saturating_mul(u64::from(self.replicates)) + rounds
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The best values found, one a parameter.
    pub values: Vec<f64>,
    /// Their mean gain in the search, which is too high: it was chosen for being high.
    pub mean: f64,
    /// Samples taken.
    pub samples: u64,
}

/// Values that are tried.
struct Candidate {
    place: Vec<f64>,
    values: Vec<f64>,
    gains: Vec<f64>,
}

impl Candidate {
    fn mean(&self) -> f64 {
        self.gains.iter().sum::<f64>() / self.gains.len() as f64
    }
}

/// Searches for the values that gain most. `at` turns a place, a number in [0, 1] for each of the `parameters`, into values,
/// which may be rounded: equal ones are tried once. `sample(values, from, to)` gives the gains of replicates `from..to`.
/// Panics without a parameter or with fewer than two places or one replicate.
///
/// # Errors
/// The first of `sample`.
pub fn find_best<E>(
    parameters: usize,
    effort: Effort,
    at: impl Fn(&[f64]) -> Vec<f64>,
    mut sample: impl FnMut(&[(&[f64], u32, u32)]) -> Result<Vec<Vec<f64>>, E>,
) -> Result<Best, E> {
    assert!(parameters > 0, "a search has a parameter");
    assert!(
        effort.places > 1 && effort.replicates > 0,
        "a grid has two ends, and each is sampled"
    );
    let mut tried: Vec<Vec<f64>> = Vec::new();
    let mut running: Vec<Candidate> = Vec::new();
    let mut samples = 0;
    let mut step = 1.0 / f64::from(effort.places - 1);
    for round in 0..=effort.rounds {
        let places = match running.first() {
            None => grid(parameters, effort.places),
            Some(best) => {
                step /= 2.0;
                neighbours(&best.place, step)
            }
        };
        for place in places {
            let values = at(&place);
            if !tried.contains(&values) {
                tried.push(values.clone());
                running.push(Candidate {
                    place,
                    values,
                    gains: Vec::new(),
                });
            }
        }
        let to = effort.replicates_in(round);
        let wanted: Vec<(&[f64], u32, u32)> = running
            .iter()
            .map(|candidate| (candidate.values.as_slice(), candidate.gains.len() as u32, to))
            .collect();
        samples += wanted
            .iter()
            .map(|(_, from, to)| u64::from(to - from))
            .sum::<u64>();
        let gains = sample(&wanted)?;
        for (candidate, gains) in running.iter_mut().zip(gains) {
            candidate.gains.extend(gains);
        }
        // Stable: of equals the one that was tried first stays ahead.
        running.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
        running.truncate(KEPT);
    }
    let best = running.swap_remove(0);
    Ok(Best {
        mean: best.mean(),
        values: best.values,
        samples,
    })
}

/// Every combination of evenly spaced places, the last parameter fastest.
fn grid(parameters: usize, places: u32) -> Vec<Vec<f64>> {
    let levels = vec![places as usize; parameters];
    let last = f64::from(places - 1);
    let placed = |levels: Vec<usize>| levels.into_iter().map(|level| level as f64 / last).collect();
    crate::design::full_factorial(&levels)
        .into_iter()
        .map(placed)
        .collect()
}

/// The places one step off in each parameter, within the range.
fn neighbours(place: &[f64], step: f64) -> Vec<Vec<f64>> {
    let moved = |(at, by): (usize, f64)| {
        let mut moved = place.to_vec();
        moved[at] = (moved[at] + by).clamp(0.0, 1.0);
        moved
    };
    (0..place.len())
        .flat_map(|at| [(at, -step), (at, step)])
        .map(moved)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::random::Uniforms;
    use crate::sequential::{Boundaries, RatioSteps, audit_sprt};
    use stakeout_kernel::streams::StreamKey;

    const EFFORT: Effort = Effort {
        places: 9,
        replicates: 4,
        rounds: 2,
    };
    /// Answers of an epoch, what a swap saves, what a conviction costs, and where the test convicts.
    const ANSWERS: u64 = 200;
    const SAVED: f64 = 0.5;
    const LOST: f64 = 40.0;
    const H: f64 = 4.0;

    fn steps() -> RatioSteps {
        RatioSteps::between(0.05, 0.2)
    }

    /// From half a swap in a hundred to all, evenly in the logarithm.
    fn rate(place: &[f64]) -> Vec<f64> {
        vec![libm::exp(libm::log(0.005) * (1.0 - place[0]))]
    }

    /// Every answer is checked and every swap found; who is convicted swaps no more in this epoch.
    fn gain(rate: f64, replicate: u32) -> f64 {
        let mut uniforms = Uniforms::new(StreamKey::from_raw(5), u64::from(replicate));
        let (mut sum, mut swapped) = (0, 0.0);
        for _ in 0..ANSWERS {
            let is_swapped = uniforms.unit() < rate;
            swapped += f64::from(u8::from(is_swapped));
            sum += if is_swapped { steps().failure } else { steps().pass };
            if sum >= Boundaries::upper_only(H).upper {
                return SAVED * swapped - LOST;
            }
        }
        SAVED * swapped
    }

    /// Its expectation by the exact programme; by Wald's identity swaps are the rate times the answers until the end.
    fn exact(rate: f64) -> f64 {
        let audit = audit_sprt(steps(), Boundaries::upper_only(H), rate, Some(ANSWERS));
        SAVED * rate * audit.mean_answers - LOST * audit.convicted
    }

    fn search(effort: Effort, first: u32) -> Best {
        let sampled = |wanted: &[(&[f64], u32, u32)]| -> Result<_, Infallible> {
            let gains = |&(values, from, to): &(&[f64], u32, u32)| -> Vec<f64> {
                (from..to)
                    .map(|replicate| gain(values[0], first + replicate))
                    .collect()
            };
            Ok(wanted.iter().map(gains).collect())
        };
        let Ok(best) = find_best(1, effort, rate, sampled);
        best
    }

    /// Fixed seeds: exact. The search takes 200 replicates a place, and always the same path.
    #[test]
    fn the_best_rate_under_a_sequential_test_is_found_within_the_range() {
        let fine: Vec<f64> = (0..=400)
            .map(|i| exact(rate(&[f64::from(i) / 400.0])[0]))
            .collect();
        let most = fine.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Neither end is best: at most a swap in two hundred gains next to nothing, a swap of all is convicted at once.
        assert!(fine[0] < 0.6 && fine[400] < -30.0 && most > 2.0, "{fine:?}");
        let found = search(
            Effort {
                replicates: 200,
                ..EFFORT
            },
            0,
        );
        let gained = exact(found.values[0]);
        assert!(gained > 0.95 * most, "{gained} of {most} at {:?}", found.values);
        assert!(
            found.samples
                <= Effort {
                    replicates: 200,
                    ..EFFORT
                }
                .samples_max(1)
        );
    }

    /// Over 400 searches of few replicates the gain that a search sees lies above the exact one by many standard errors,
    /// and what is sampled afresh at the values found does not. Fixed seeds: exact. Were they drawn, 400 fresh gains would lie
    /// five standard errors off with probability 9e-7 (Student's t, both sides).
    #[test]
    fn a_searched_gain_is_too_high_and_a_fresh_one_is_not() {
        let (mut searched, mut fresh) = (crate::Moments::new(), crate::Moments::new());
        for trial in 0..400_u32 {
            let found = search(EFFORT, 1_000 * trial);
            let expected = exact(found.values[0]);
            searched.push(found.mean - expected);
            fresh.push(gain(found.values[0], 1_000 * trial + 999) - expected);
        }
        let z = |moments: &crate::Moments| moments.mean().unwrap() / moments.standard_error().unwrap();
        assert!(z(&searched) > 8.0, "{}", z(&searched));
        assert!(z(&fresh).abs() < 5.0, "{}", z(&fresh));
    }

    #[test]
    fn what_gains_in_proportion_is_best_at_an_end_and_costs_no_more_than_is_said() {
        for (slope, end) in [(1.0, 1.0), (-1.0, 0.0)] {
            let mut samples = 0;
            let found = find_best(2, EFFORT, <[f64]>::to_vec, |wanted| -> Result<_, Infallible> {
                samples += wanted
                    .iter()
                    .map(|(_, from, to)| u64::from(to - from))
                    .sum::<u64>();
                let gains = |&(values, from, to): &(&[f64], u32, u32)| {
                    vec![slope * (values[0] + 2.0 * values[1]); (to - from) as usize]
                };
                Ok(wanted.iter().map(gains).collect())
            });
            let Ok(found) = found;
            assert_eq!(found.values, [end, end]);
            assert_eq!(found.samples, samples);
            assert!(samples <= EFFORT.samples_max(2), "{samples}");
        }
        // 9 places of 4; then 4 more of 3 and 8 of 2 new ones; then 8 more of 3 and 16 of 2 new ones.
        assert_eq!(EFFORT.samples_max(1), 36 + 12 + 16 + 24 + 32);
    }

    #[test]
    fn values_that_round_to_one_are_tried_once_and_an_error_ends_the_search() {
        let rounded = |place: &[f64]| vec![libm::rint(3.0 * place[0])];
        let mut seen: Vec<f64> = Vec::new();
        let found = find_best(1, EFFORT, rounded, |wanted| -> Result<_, Infallible> {
            let new = wanted.iter().filter(|(_, from, _)| *from == 0);
            seen.extend(new.map(|(values, ..)| values[0]));
            let gains = |&(values, from, to): &(&[f64], u32, u32)| {
                vec![-(values[0] - 2.0) * (values[0] - 2.0); (to - from) as usize]
            };
            Ok(wanted.iter().map(gains).collect())
        });
        let Ok(found) = found;
        assert_eq!((found.values, seen), (vec![2.0], vec![0.0, 1.0, 2.0, 3.0]));
        let failed = find_best(1, EFFORT, rounded, |_| Err("full"));
        assert_eq!(failed, Err("full"));
    }
}
