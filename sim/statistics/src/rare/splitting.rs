//! Fixed-effort multilevel splitting (Garvels 2000): a rare event is reached over levels that are not rare each.

use stakeout_kernel::streams::StreamKey;

use super::RareEstimate;
use crate::random::Uniforms;

/// Where a path that started at one level ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Branch<S> {
    /// It reached the next level in this state.
    Reached(S),
    /// It ended before.
    Ended,
}

/// How much is spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splitting {
    /// Paths started at each level, each from a state drawn among those that reached it.
    pub paths: u32,
    /// Independent repetitions of the whole; the interval compares them.
    pub repetitions: u32,
    /// Confidence of the interval.
    pub confidence: f64,
}

/// What splitting found.
#[derive(Clone, Debug, PartialEq)]
pub struct SplittingEstimate {
    /// The probability of reaching the last level.
    pub estimate: RareEstimate,
    /// Mean share of paths that went from each level to the next.
    pub by_level: Vec<f64>,
    /// Paths started in all.
    pub paths: u64,
}

/// Estimates the probability that a process gets from `start` over levels `1..=levels`.
///
/// `advance(state, level, uniforms)` follows one path from a state at `level - 1` until it reaches `level` or ends.
/// Panics unless there is a path, a repetition and a level.
pub fn split<S: Clone>(
    start: &S,
    levels: u32,
    effort: Splitting,
    key: StreamKey,
    mut advance: impl FnMut(&S, u32, &mut Uniforms) -> Branch<S>,
) -> SplittingEstimate {
    let shares: Vec<Vec<f64>> = (0..effort.repetitions)
        .map(|repetition| split_once(start, levels, effort.paths, repetition, key, &mut advance))
        .collect();
    SplittingEstimate::of(&shares, levels, effort)
}

/// One repetition: the share of paths that went from each level to the next, up to the first level that none reached.
///
/// Repetitions are independent of each other, so that they can be run at the same time. Panics unless there is a path
/// and a level.
pub fn split_once<S: Clone>(
    start: &S,
    levels: u32,
    paths: u32,
    repetition: u32,
    key: StreamKey,
    advance: &mut impl FnMut(&S, u32, &mut Uniforms) -> Branch<S>,
) -> Vec<f64> {
    assert!(paths > 0 && levels > 0, "splitting needs paths and levels");
    let mut shares = Vec::new();
    let mut entrances = vec![start.clone()];
    for level in 1..=levels {
        // One stream a repetition and level: a level that costs more draws moves no other.
        let counter = u64::from(repetition) << 32 | u64::from(level);
        let mut uniforms = Uniforms::new(key, counter);
        let mut reached = Vec::new();
        for _ in 0..paths {
            let from = entrances[uniforms.index(entrances.len())].clone();
            if let Branch::Reached(state) = advance(&from, level, &mut uniforms) {
                reached.push(state);
            }
        }
        shares.push(reached.len() as f64 / f64::from(paths));
        if reached.is_empty() {
            break;
        }
        entrances = reached;
    }
    shares
}

impl SplittingEstimate {
    /// What the shares of several repetitions come to. Panics without a repetition.
    pub fn of(shares: &[Vec<f64>], levels: u32, effort: Splitting) -> Self {
        assert!(!shares.is_empty(), "splitting needs repetitions");
        let mut by_level = vec![0.0; levels as usize];
        for repetition in shares {
            for (sum, share) in by_level.iter_mut().zip(repetition) {
                *sum += share / shares.len() as f64;
            }
        }
        let estimates: Vec<f64> = shares.iter().map(|shares| shares.iter().product()).collect();
        let begun: usize = shares.iter().map(Vec::len).sum();
        Self {
            estimate: RareEstimate::of(&estimates, effort.confidence),
            by_level,
            paths: begun as u64 * u64::from(effort.paths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A random walk that goes up with probability 1/3, from 1, until 0 or L: (2 - 1)/(2^L - 1). Twenty repetitions of
    /// 4,000 paths a level have a relative standard error below 2 %, so 10 % is more than five of them
    /// (probability below 6e-7 each).
    #[test]
    fn the_queue_that_fills_comes_out_at_every_depth() {
        for (goal, exact) in [(10, 9.775e-4), (20, 9.537e-7), (30, 9.313e-10)] {
            let effort = Splitting {
                paths: 4_000,
                repetitions: 20,
                confidence: 0.99,
            };
            let found = split(
                &1_u32,
                goal - 1,
                effort,
                StreamKey::from_raw(5),
                |&from, level, uniforms| {
                    let mut at = from;
                    while at > 0 && at < level + 1 {
                        at = if uniforms.happens(1.0 / 3.0) {
                            at + 1
                        } else {
                            at - 1
                        };
                    }
                    if at == 0 {
                        Branch::Ended
                    } else {
                        Branch::Reached(at)
                    }
                },
            );
            let RareEstimate {
                probability,
                interval,
                ..
            } = found.estimate;
            assert!((probability / exact - 1.0).abs() < 0.1, "{goal}: {probability}");
            assert!(interval.unwrap().contains(exact), "{goal}: {interval:?}");
            // Plain simulation would need more than 100/p paths for a tenth.
            assert!(goal == 10 || (found.paths as f64) < 100.0 / exact / 10.0);
        }
    }

    #[test]
    fn a_level_nobody_reaches_gives_zero() {
        let effort = Splitting {
            paths: 10,
            repetitions: 3,
            confidence: 0.95,
        };
        let found = split(&(), 2, effort, StreamKey::from_raw(5), |(), _, _| {
            Branch::<()>::Ended
        });
        assert_eq!((found.estimate.probability, found.paths), (0.0, 30));
        assert_eq!(
            found.estimate.interval, None,
            "nothing found says nothing about how little"
        );
    }
}
