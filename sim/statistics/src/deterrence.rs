//! The cheapest rule that holds: the smallest parameter at which nobody gains by leaving the rules.
//!
//! A menu of attacks is judged at one value of the parameter, each attack by its gain over the honest alternative,
//! replicate by replicate; then the value is searched. The rule has to hold against the best attack, so this is a
//! maximin and never an average over attacks.
//!
//! **Invariant.** The search looks at whole stages of replicates in their order, so that it takes the same path at any
//! number of threads.

use crate::interval::check_confidence;
use crate::{Interval, Moments, student_quantile};

/// How sure a judgement has to be, and how much may be spent on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// A gain up to this is no gain.
    pub tolerated: f64,
    /// Confidence of each statement, one-sided.
    pub confidence: f64,
    /// Replicates of every attack before anything is said; at least two.
    pub floor: u32,
    /// Replicates after which an attack is left undecided.
    pub ceiling: u32,
}

/// What can be said about one value of the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every attack's gain lies below what is tolerated.
    Deterred,
    /// Some attack's gain lies above it.
    Profitable,
    /// Neither can be said with the replicates allowed.
    Unclear,
}

impl Verdict {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deterred => "deterred",
            Self::Profitable => "profitable",
            Self::Unclear => "unclear",
        }
    }
}

/// One attack at one value of the parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Mean gain.
    pub mean: f64,
    /// One-sided bounds on either side: each holds with the demanded confidence.
    pub bounds: Interval,
    /// Replicates behind it.
    pub replicates: u32,
}

impl Gain {
    /// What can be said of this attack alone, at the confidence of its bounds; `tolerated` is that of the [`Demand`].
    #[must_use]
    pub fn verdict(&self, tolerated: f64) -> Verdict {
        if self.bounds.high <= tolerated {
            Verdict::Deterred
        } else if self.bounds.low > tolerated {
            Verdict::Profitable
        } else {
            Verdict::Unclear
        }
    }
}

/// A judged value of the parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What can be said.
    pub verdict: Verdict,
    /// The attack with the highest mean gain, the first of equals.
    pub binding: usize,
    /// Every attack's gain, in the order of the menu.
    pub gains: Vec<Gain>,
}

/// Judges a menu of `attacks`. `sample(attack, from, to)` gives the gains of replicates `from..to`.
///
/// Attacks are sampled in stages, each half as long again, until each is decided or at the ceiling, and no longer once
/// one is surely profitable. That all are deterred needs every bound below the tolerance, and no correction: the
/// statement is false only if the worst of them is (Berger 1982). That one is profitable is corrected for their number
/// (Bonferroni). Panics without an attack, or if `confidence` is not strictly between 0 and 1.
pub fn judge(
    attacks: usize,
    demand: Demand,
    mut sample: impl FnMut(&[(usize, u32, u32)]) -> Vec<Vec<f64>>,
) -> Judgement {
    check_confidence(demand.confidence);
    assert!(attacks > 0, "a menu has an attack");
    let mut moments = vec![Moments::new(); attacks];
    let strict = 1.0 - (1.0 - demand.confidence) / attacks as f64;
    let mut stage = demand.floor.max(2);
    let mut open: Vec<usize> = (0..attacks).collect();
    loop {
        let wanted: Vec<(usize, u32, u32)> = open
            .iter()
            .map(|&attack| (attack, moments[attack].count() as u32, stage))
            .collect();
        for (&(attack, ..), gains) in wanted.iter().zip(sample(&wanted)) {
            gains.into_iter().for_each(|gain| moments[attack].push(gain));
        }
        let is_profitable = open
            .iter()
            .any(|&attack| bounds(&moments[attack], strict).low > demand.tolerated);
        open.retain(|&attack| bounds(&moments[attack], demand.confidence).high > demand.tolerated);
        let verdict = match (is_profitable, open.is_empty()) {
            (true, _) => Verdict::Profitable,
            (false, true) => Verdict::Deterred,
            (false, false) if stage < demand.ceiling => {
                stage = (stage + stage.div_ceil(2)).min(demand.ceiling);
                continue;
            }
            _ => Verdict::Unclear,
        };
        return judgement(verdict, &moments, demand.confidence);
    }
}

fn judgement(verdict: Verdict, moments: &[Moments], confidence: f64) -> Judgement {
    let gains: Vec<Gain> = moments
        .iter()
        .map(|moments| Gain {
            mean: moments.mean().unwrap_or(0.0),
            bounds: bounds(moments, confidence),
            replicates: moments.count() as u32,
        })
        .collect();
    let mut binding = 0;
    for (attack, gain) in gains.iter().enumerate() {
        if gain.mean > gains[binding].mean {
            binding = attack;
        }
    }
    Judgement {
        verdict,
        binding,
        gains,
    }
}

/// One-sided bounds of a mean, each at `confidence`; the whole line below two values.
fn bounds(moments: &Moments, confidence: f64) -> Interval {
    match (moments.mean(), moments.standard_error()) {
        (Some(mean), Some(error)) => {
            let factor = student_quantile(confidence, (moments.count() - 1) as f64);
            Interval::around(mean, factor * error)
        }
        _ => Interval {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        },
    }
}

/// Where a search looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// The lax end.
    pub from: f64,
    /// The strict end.
    pub to: f64,
    /// Halve in the logarithm; both ends are then above zero.
    pub is_log: bool,
    /// Stop when the bracket is narrower than this share of its upper end.
    pub tolerance: f64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The laxest value at which every attack was deterred; none if not even the strict end deters.
    pub deterred: Option<f64>,
    /// The strictest value at which one was not, surely or possibly; none if the lax end already deters.
    pub not_deterred: Option<f64>,
    /// Every value judged, in the order of the search.
    pub judged: Vec<(f64, Judgement)>,
}

/// Finds the laxest value that deters, by halving. It takes for granted that stricter values deter more; the values
/// judged are all reported, so that a reader can see whether they do. Panics if the judge does.
pub fn find_threshold(search: Search, mut judge: impl FnMut(f64) -> Judgement) -> Threshold {
    let mut found = Threshold {
        deterred: None,
        not_deterred: None,
        judged: Vec::new(),
    };
    for end in [search.to, search.from] {
        if consider(end, &mut found, &mut judge) != (end == search.to) {
            return found;
        }
    }
    while let (Some(high), Some(low)) = (found.deterred, found.not_deterred) {
        if (high - low).abs() <= search.tolerance * high.abs() {
            break;
        }
        let middle = if search.is_log {
            (low * high).sqrt()
        } else {
            (low + high) / 2.0
        };
        if middle == low || middle == high {
            break;
        }
        consider(middle, &mut found, &mut judge);
    }
    found
}

/// Judges a value and narrows the bracket; whether it deters.
fn consider(value: f64, found: &mut Threshold, judge: &mut impl FnMut(f64) -> Judgement) -> bool {
    let judgement = judge(value);
    let is_deterred = judgement.verdict == Verdict::Deterred;
    if is_deterred {
        found.deterred = Some(value);
    } else {
        found.not_deterred = Some(value);
    }
    found.judged.push((value, judgement));
    is_deterred
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Uniforms;
    use stakeout_kernel::streams::StreamKey;

    /// Proof of sampling: cheating saves `s` a round; one that is checked (p) by a validator who is no accomplice (1 - r)
    /// and sees it (d) costs the fee and the stake. A replicate is 20,000 rounds with the same draws at every p.
    fn saved(p: f64, r: f64, replicate: u32) -> f64 {
        let (saving, power, fee, stake) = (0.8, 0.95, 1.0, 10.0);
        let mut uniforms = Uniforms::new(StreamKey::from_raw(77), u64::from(replicate));
        let rounds = 20_000;
        let caught = (0..rounds)
            .filter(|_| uniforms.unit() < p * power * (1.0 - r))
            .count();
        saving - (fee + stake) * caught as f64 / f64::from(rounds)
    }

    #[test]
    fn the_threshold_of_proof_of_sampling_is_found() {
        let demand = Demand {
            tolerated: 0.0,
            confidence: 0.95,
            floor: 10,
            ceiling: 400,
        };
        let search = Search {
            from: 0.001,
            to: 0.5,
            is_log: false,
            tolerance: 0.01,
        };
        // p* = s / (d (1 - r) (F + S)).
        for (accomplices, exact) in [
            (0.0, 0.076_555),
            (0.1, 0.085_061),
            (0.3, 0.109_364),
            (0.5, 0.153_110),
        ] {
            let found = find_threshold(search, |p| {
                judge(2, demand, |wanted| {
                    let gains = |&(attack, from, to): &(usize, u32, u32)| {
                        // The second attack saves half as much: it never binds.
                        let share = if attack == 0 { 1.0 } else { 0.5 };
                        let shift = |gain: f64| gain - (1.0 - share) * 0.8;
                        (from..to)
                            .map(|replicate| shift(saved(p, accomplices, replicate)))
                            .collect()
                    };
                    wanted.iter().map(gains).collect()
                })
            });
            let (high, low) = (found.deterred.unwrap(), found.not_deterred.unwrap());
            assert!(
                (high - exact).abs() < 0.003 && (low - exact).abs() < 0.003,
                "{exact}: {low} {high}"
            );
            assert!(found.judged.iter().all(|(_, judgement)| judgement.binding == 0));
        }
    }

    #[test]
    fn an_attack_that_surely_loses_is_deterred_where_its_menu_is_not() {
        let demand = Demand {
            tolerated: 0.01,
            confidence: 0.95,
            floor: 4,
            ceiling: 8,
        };
        // One attack gains a tenth, one loses a tenth, one gains in half of its replicates.
        let judged = judge(3, demand, |wanted| {
            let gain = |attack: usize, replicate: u32| match attack {
                0 => 0.1 + 0.001 * f64::from(replicate),
                1 => -0.1 + 0.001 * f64::from(replicate),
                _ => [0.2, -0.2][replicate as usize % 2],
            };
            let of = |&(attack, from, to): &(usize, u32, u32)| (from..to).map(|r| gain(attack, r)).collect();
            wanted.iter().map(of).collect()
        });
        assert_eq!(judged.verdict, Verdict::Profitable);
        let alone: Vec<Verdict> = judged
            .gains
            .iter()
            .map(|gain| gain.verdict(demand.tolerated))
            .collect();
        assert_eq!(alone, [Verdict::Profitable, Verdict::Deterred, Verdict::Unclear]);
    }

    #[test]
    fn a_range_that_never_or_always_deters_says_so() {
        let demand = Demand {
            tolerated: 0.0,
            confidence: 0.9,
            floor: 2,
            ceiling: 4,
        };
        let search = Search {
            from: 1.0,
            to: 2.0,
            is_log: true,
            tolerance: 0.1,
        };
        let constant = |gain: f64| {
            find_threshold(search, |_| {
                judge(1, demand, |wanted| {
                    wanted
                        .iter()
                        .map(|&(_, from, to)| vec![gain; (to - from) as usize])
                        .collect()
                })
            })
        };
        assert_eq!(
            (constant(1.0).deterred, constant(1.0).not_deterred),
            (None, Some(2.0))
        );
        assert_eq!(
            (constant(-1.0).deterred, constant(-1.0).not_deterred),
            (Some(1.0), None)
        );
        // What varies around the tolerance stays unclear at the ceiling, and counts as not deterred.
        let unclear = judge(1, demand, |wanted| {
            wanted
                .iter()
                .map(|&(_, from, to)| (from..to).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect())
                .collect()
        });
        assert_eq!(
            (unclear.verdict, unclear.gains[0].replicates),
            (Verdict::Unclear, 4)
        );
    }
}
