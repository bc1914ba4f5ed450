//! The cheapest rule that holds: the laxest value of one parameter at which no attack of a menu beats honesty.
//!
//! A [`file::SolveFile`] names the scenario, the parameter that is searched, the menu, and what a gain is worth. Each
//! attack is a scenario of its own, run beside the attacker's honest twin on the same random numbers; its gain is what
//! the owner earned over the twin, as a share of the twin's profit. The search is that of
//! [`stakeout_statistics::deterrence`]. An attack that chooses parameters of its own is judged at the best values found
//! for it by [`stakeout_statistics::tuning`], on replicates that were not searched with.
//!
//! **Invariant.** The answer is a function of the file, the scenario and its seed; cells are kept as a sweep keeps them,
//! so a search that was cut goes on where it was.

pub mod cost;
pub mod file;
pub mod menu;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use stakeout_statistics::deterrence::{Gain, Judgement, Threshold, Verdict, find_threshold, judge};
use stakeout_statistics::tuning::find_best;

use super::cells::Bench;
use super::sweep::SweepError;
use super::sweep::campaign::PointCells;
use super::sweep::cell::{Cell, Making, key};
use super::sweep::factor::{Level, Range};
use super::sweep::figures::check_name;
use super::sweep::table::{Estimate, estimate};
use crate::scenario::Scenario;
use crate::scenario::error::quoted;
use file::{REPLICATES_MAX, SolveFile};

/// The figure that a gain is read from.
const GAIN: &str = "deviator_gain_share";
/// First replicate of those that parameters of attacks are searched with: beyond all that can be judged.
const SEARCHED_FROM: u32 = REPLICATES_MAX;

/// The answer for one level of what the question goes across.
#[derive(Clone, Debug, PartialEq)]
pub struct Frontier {
    /// The level.
    pub level: String,
    /// The family that was searched for alone; none where the whole menu was.
    pub family: Option<String>,
    /// The attacks searched for, as indices into the file's menu, in the order of the judgements.
    pub menu: Vec<usize>,
    /// What the search found; values are those of the parameter, in its unit.
    pub threshold: Threshold,
    /// For each judgement of the search the values that each attack chose for its own parameters.
    pub chosen: Vec<Chosen>,
    /// The price at the laxest value that deters: figures of the network in which everybody is honest.
    pub price: Vec<(String, Estimate)>,
    /// What the combination costs in each replicate, where the file asks for the cheapest and the level deters.
    pub costs: Vec<f64>,
    /// The attack that is not deterred at the strictest value that does not deter, as an index into the judgement there,
    /// the one with the highest gain of several; none where the lax end deters already.
    pub open: Option<usize>,
    /// The command that shows that attack again where it is not deterred; where nothing is open, the binding attack at
    /// the value that deters.
    pub replay: String,
}

/// Values of the parameters of each attack, in the order of a menu; none for an attack that has none of its own.
pub type Chosen = Vec<Vec<f64>>;

/// An attack where it was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged<'a> {
    /// Index into the file's menu.
    pub attack: usize,
    /// What it gains.
    pub gain: Gain,
    /// The values that it chose for its own parameters.
    pub chosen: &'a [f64],
}

impl Frontier {
    /// The attack that gains most at the laxest value that deters, or at the strict end where none does.
    pub fn binding(&self) -> Option<Judged<'_>> {
        let at = self.judged_at(self.threshold.deterred.or(self.threshold.not_deterred)?)?;
        let (_, judgement) = &self.threshold.judged[at];
        Some(self.judged(at, judgement.binding))
    }

    /// The attack that is not deterred, at the strictest value that does not deter.
    pub fn open(&self) -> Option<Judged<'_>> {
        let at = self.judged_at(self.threshold.not_deterred?)?;
        Some(self.judged(at, self.open?))
    }

    /// Every attack of one judgement of the search, in the order of the menu.
    pub fn all_judged(&self, at: usize) -> impl Iterator<Item = Judged<'_>> {
        (0..self.menu.len()).map(move |place| self.judged(at, place))
    }

    fn judged(&self, at: usize, place: usize) -> Judged<'_> {
        let (_, judgement) = &self.threshold.judged[at];
        Judged {
            attack: self.menu[place],
            gain: judgement.gains[place],
            chosen: &self.chosen[at][place],
        }
    }

    fn judged_at(&self, wanted: f64) -> Option<usize> {
        judged_at(&self.threshold, wanted)
    }
}

/// Which judgement of a search is about a value.
fn judged_at(threshold: &Threshold, wanted: f64) -> Option<usize> {
    let mut judged = threshold.judged.iter();
    judged.position(|(value, _)| *value == wanted)
}

/// The attack with the highest gain among those that a judgement does not call deterred.
fn open_attack(judgement: &Judgement, tolerated: f64) -> Option<usize> {
    let is_open = |attack: &usize| judgement.gains[*attack].verdict(tolerated) != Verdict::Deterred;
    let mean = |attack: usize| judgement.gains[attack].mean;
    let open = (0..judgement.gains.len()).filter(is_open);
    open.reduce(|best, next| if mean(next) > mean(best) { next } else { best })
}

/// What answering needs.
pub struct Solver<'a> {
    file: SolveFile,
    bench: Bench<'a>,
}

type Set = Vec<(String, String)>;
/// Figures of a network, and its cost in each replicate.
type Price = (Vec<(String, Estimate)>, Vec<f64>);

impl<'a> Solver<'a> {
    /// Holds every range of the question to the digits of its field: a search and a grid draw a dozen, and a rate a second
    /// has eight, a count none.
    pub fn new(mut file: SolveFile, bench: Bench<'a>) -> Self {
        let held = |range: &Range, set: &[(String, String)]| bench.source.held(range, set, bench.registry);
        let mut set = file.set.clone();
        if let Some(factor) = &mut file.across {
            *factor = bench.source.held_factor(factor, &set, bench.registry);
            set.extend(factor.level(0).set);
        }
        file.parameter = held(&file.parameter, &set);
        set.extend(file.parameter.level(file.search.to).set);
        for attack in &mut file.attacks {
            attack.hold(|range, own| held(range, &[&set, own].concat()));
        }
        Self { file, bench }
    }

    /// The question as it is answered and shown.
    pub fn file(&self) -> &SolveFile {
        &self.file
    }

    /// The question, for who shows the answer.
    pub fn into_file(self) -> SolveFile {
        self.file
    }

    /// Puts the question into the folder where its cells are kept, once each of its scenarios is known to be one. Another
    /// question that is there, or the same about other scenarios, is kept unless `is_extending`.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`], a scenario that is wrong, or a disk that refuses.
    pub fn adopt(&self, is_extending: bool) -> Result<(), SweepError> {
        let asked = self.compute_hash()?;
        let store = self.bench.store;
        store.adopt_question(&self.file.asked, Some(&asked), is_extending)
    }

    /// The hash of all that the question is about: at each level and both ends of the parameter the network in which
    /// everybody is honest, and every attack at both ends of what it may choose, with what it says of attacker and twin.
    fn compute_hash(&self) -> Result<String, SweepError> {
        let mut hasher = blake3::Hasher::new_derive_key("stakeout 2026 scenarios of a question v1");
        let mut add = |set: &Set, has_twin: bool| -> Result<(), SweepError> {
            let scenario = self.bench.resolve(set)?;
            let pairing = scenario.attack.pairing();
            let making = Making {
                pairing: &pairing,
                ..Making::whole(has_twin)
            };
            hasher.update(key(&scenario.hash, scenario.seed, 0, making).as_bytes());
            Ok(())
        };
        for level in &self.levels() {
            for value in [self.file.search.from, self.file.search.to] {
                add(&self.set(level, value, None), false)?;
                for (attack, asked) in self.file.attacks.iter().enumerate() {
                    let ends: &[f64] = if asked.tune.is_empty() {
                        &[0.0]
                    } else {
                        &[0.0, 1.0]
                    };
                    for &end in ends {
                        let chosen: Vec<f64> = asked.tune.iter().map(|range| range.at(end)).collect();
                        add(&self.set(level, value, Some((attack, &chosen))), true)?;
                    }
                }
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The levels of what the question goes across, or one for all.
    fn levels(&self) -> Vec<Level> {
        match &self.file.across {
            Some(factor) => (0..factor.count()).map(|index| factor.level(index)).collect(),
            None => vec![Level {
                label: "all".to_owned(),
                set: Vec::new(),
            }],
        }
    }

    /// The frontier, level by level.
    ///
    /// # Errors
    /// A scenario that is wrong, a gain that does not exist, a disk that refuses, or an interruption.
    pub fn solve(&self) -> Result<Vec<Frontier>, SweepError> {
        let costs = self.file.cheapest.iter().flat_map(|cost| &cost.figures);
        let asked = self.file.price.iter().chain(costs.map(|(name, _)| name));
        for name in asked {
            check_name(name, Making::whole(false), self.bench.registry).map_err(SweepError::Unfit)?;
        }
        let mut frontiers = Vec::new();
        for (at, level) in self.levels().iter().enumerate() {
            let families = self.file.families.iter().filter(|_| self.file.is_each);
            for family in families {
                frontiers.push(self.frontier((at, level), Some(family.name.clone()), &family.attacks)?);
            }
            let menu: Vec<usize> = (0..self.file.attacks.len()).collect();
            frontiers.push(self.frontier((at, level), None, &menu)?);
        }
        Ok(frontiers)
    }

    fn frontier(
        &self,
        (at, level): (usize, &Level),
        family: Option<String>,
        menu: &[usize],
    ) -> Result<Frontier, SweepError> {
        let (mut refused, mut chosen) = (None, Vec::new());
        let threshold = find_threshold(self.file.search, |value| {
            let best = self.choose(level, menu, value, &mut refused);
            let judgement = self.judge(level, menu, (value, &best), &mut refused);
            chosen.push(best);
            judgement
        });
        if let Some(error) = refused {
            return Err(error);
        }
        let (price, costs) = match threshold.deterred {
            Some(value) => self.price((at, level), value)?,
            None => Default::default(),
        };
        let failed = threshold
            .not_deterred
            .and_then(|value| judged_at(&threshold, value));
        let shown = failed.or_else(|| judged_at(&threshold, threshold.deterred?));
        let shown = shown.expect("a search judges a value");
        let (value, judgement) = &threshold.judged[shown];
        let open = failed.and_then(|_| open_attack(judgement, self.file.demand.tolerated));
        let attack = open.unwrap_or(judgement.binding);
        let replicates = judgement.gains[attack].replicates.max(self.file.demand.floor);
        let set = self.set(level, *value, Some((menu[attack], &chosen[shown][attack])));
        let seed = self.bench.resolve(&set)?.seed;
        Ok(Frontier {
            level: level.label.clone(),
            family,
            menu: menu.to_vec(),
            threshold,
            chosen,
            price,
            costs,
            open,
            replay: self.bench.source.replay_set(&set, seed, replicates),
        })
    }

    /// The best values of the attacks' own parameters at one value. After a refusal nothing is searched any more.
    fn choose(&self, level: &Level, menu: &[usize], value: f64, refused: &mut Option<SweepError>) -> Chosen {
        let mut best_of = |&attack: &usize| {
            if refused.is_some() {
                return Vec::new();
            }
            self.best(level, value, attack).unwrap_or_else(|error| {
                *refused = Some(error);
                Vec::new()
            })
        };
        menu.iter().map(&mut best_of).collect()
    }

    /// The best values found for the parameters of one attack.
    fn best(&self, level: &Level, value: f64, attack: usize) -> Result<Vec<f64>, SweepError> {
        let ranges = &self.file.attacks[attack].tune;
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let at = |place: &[f64]| -> Vec<f64> {
            let both = ranges.iter().zip(place);
            both.map(|(range, &share)| range.at(share)).collect()
        };
        let best = find_best(ranges.len(), self.file.effort, at, |wanted| {
            let scenarios: Vec<Scenario> = wanted
                .iter()
                .map(|(values, ..)| {
                    self.bench
                        .resolve(&self.set(level, value, Some((attack, values))))
                })
                .collect::<Result<_, _>>()?;
            let replicates = wanted
                .iter()
                .map(|&(_, from, to)| (SEARCHED_FROM + from, SEARCHED_FROM + to));
            self.gains(
                scenarios
                    .iter()
                    .map(|scenario| (attack, scenario))
                    .zip(replicates),
            )
        })?;
        Ok(best.values)
    }

    /// Judges attacks of the menu at one value. A refusal ends the search: everything counts as deterred from then on.
    fn judge(
        &self,
        level: &Level,
        menu: &[usize],
        (value, chosen): (f64, &Chosen),
        refused: &mut Option<SweepError>,
    ) -> Judgement {
        let mut scenarios: BTreeMap<usize, Scenario> = BTreeMap::new();
        judge(menu.len(), self.file.demand, |wanted| {
            let mut sampled = || -> Result<Vec<Vec<f64>>, SweepError> {
                if let Some(error) = refused.take() {
                    return Err(error);
                }
                for &(attack, ..) in wanted {
                    if let Entry::Vacant(place) = scenarios.entry(attack) {
                        let set = self.set(level, value, Some((menu[attack], &chosen[attack])));
                        place.insert(self.bench.resolve(&set)?);
                    }
                }
                let asked = wanted
                    .iter()
                    .map(|&(attack, from, to)| ((menu[attack], &scenarios[&attack]), (from, to)));
                self.gains(asked)
            };
            match sampled() {
                Ok(gains) => gains,
                Err(error) => {
                    *refused = Some(error);
                    let none =
                        |&(_, from, to): &(usize, u32, u32)| vec![f64::NEG_INFINITY; (to - from) as usize];
                    wanted.iter().map(none).collect()
                }
            }
        })
    }

    /// The gains of attacks of the file's menu in these replicates of their scenarios.
    fn gains<'s>(
        &self,
        wanted: impl Iterator<Item = ((usize, &'s Scenario), (u32, u32))>,
    ) -> Result<Vec<Vec<f64>>, SweepError> {
        let wanted: Vec<((usize, &Scenario), (u32, u32))> = wanted.collect();
        let jobs: Vec<(&Scenario, u32)> = wanted
            .iter()
            .flat_map(|&((_, scenario), (from, to))| (from..to).map(move |replicate| (scenario, replicate)))
            .collect();
        let mut cells = self.bench.cells(&jobs, true)?.into_iter();
        let gains = wanted.iter().map(|&((attack, _), (from, to))| {
            let own = cells.by_ref().take((to - from) as usize);
            own.map(|cell| self.gain(attack, &cell)).collect()
        });
        gains.collect()
    }

    fn gain(&self, attack: usize, cell: &Cell) -> Result<f64, SweepError> {
        let why = match (&cell.error, cell.figures.get(GAIN)) {
            (None, Some(gain)) => return Ok(*gain),
            (Some(error), _) => format!("a replicate failed: {error}"),
            (None, None) => {
                "nobody deviates in it, or the honest twin earns nothing to compare a gain with".to_owned()
            }
        };
        let attack = quoted(&self.file.attacks[attack].label);
        Err(SweepError::Limit(format!("the attack {attack}: {why}")))
    }

    /// Figures of the network in which everybody is honest, and what it costs in each replicate.
    fn price(&self, (at, level): (usize, &Level), value: f64) -> Result<Price, SweepError> {
        let scenario = self.bench.resolve(&self.set(level, value, None))?;
        let jobs: Vec<(&Scenario, u32)> = (0..self.file.demand.floor)
            .map(|replicate| (&scenario, replicate))
            .collect();
        let point = PointCells {
            point: 0,
            cells: self.bench.cells(&jobs, false)?,
        };
        let outputs = self.file.price.iter();
        let figures = outputs
            .map(|name| (name.clone(), estimate(&point, name, self.file.demand.confidence)))
            .collect();
        let costs = match &self.file.cheapest {
            Some(cost) => point
                .cells
                .iter()
                .map(|cell| cost.of(at, cell))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        Ok((figures, costs))
    }

    /// What a scenario of the search sets: the file's values, the level's, the parameter, and the attack or honesty.
    fn set(&self, level: &Level, value: f64, attack: Option<(usize, &[f64])>) -> Set {
        let mut set = self.file.set.clone();
        set.extend(level.set.iter().cloned());
        set.extend(self.file.parameter.level(value).set);
        set.extend(match attack {
            Some((attack, chosen)) => self.file.attacks[attack].set_at(chosen),
            None => self.file.honest.clone(),
        });
        set
    }
}
