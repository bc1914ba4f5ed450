//! Importance sampling: one host's checks are drawn under a law that makes the event common, and each replicate is weighed
//! by how likely the passes and failures that were seen are under the law that is meant.
//!
//! The weight of a replicate is `(p/q)^failures ((1 - p)/(1 - q))^passes` with `p` the chance that a check of the host
//! fails as it is meant and `q` as it is drawn (Siegmund 1976 for sequential tests). It is exact because everything else
//! that is drawn in the network has the same law in both, and an answer is checked once by a word that decides.
//!
//! **Invariant.** The two scenarios differ in the law of that one host's checks and in nothing else; what would make the
//! weight wrong is refused.

use stakeout_calibration::ScoreTable;
use stakeout_protocol::sampling::SamplingRule;
use stakeout_statistics::rare::{RareEstimate, estimate_from_ratios};

use super::file::{BATCHES, RareFile};
use super::watch::Watch;
use super::{Fate, fates, position, unknown};
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::campaign::Monitor;
use crate::experiment::sweep::plan::ScenarioSource;
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// Two chances closer than this are one.
const SAME: f64 = 1e-12;
/// A count of failures this many deviations from what it should be was drawn from something else (once in 5e8).
const DEVIATIONS: f64 = 6.0;

/// What weighted replicates found.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// Chance that a check of the host fails, as meant and as drawn.
    pub failing: [f64; 2],
    /// The estimate.
    pub estimate: RareEstimate,
    /// Replicates in which the event was seen under the law it was drawn from.
    pub seen: u32,
    /// Hits that the weighted ones are worth: the square of their sum over the sum of their squares. A small number says
    /// that the law drawn from does not suit the event.
    pub effective: f64,
}

/// The scenario under the other law, and how often a check fails under either.
pub(super) struct Laws {
    drawn: Scenario,
    failing: [f64; 2],
}

impl Laws {
    /// Reads what the file tilts; none where it tilts nothing.
    pub(super) fn of(
        file: &RareFile,
        meant: &Scenario,
        source: &ScenarioSource,
        registry: &Registry,
    ) -> Result<Option<Self>, SweepError> {
        if file.tilted.is_empty() {
            return Ok(None);
        }
        let set = [file.set.clone(), file.tilted.clone()].concat();
        let drawn = source.resolve(&set, registry).map_err(SweepError::Scenario)?;
        check_difference(file, meant, &drawn)?;
        let failing = [failing(file, meant)?, failing(file, &drawn)?];
        let [p, q] = failing;
        if 0.0 < q && q < 1.0 && 0.0 < p && p < 1.0 {
            return Ok(Some(Self { drawn, failing }));
        }
        refuse(format!(
            "checks of {} fail with {p} as meant and {q} as drawn; both have to lie between 0 and 1",
            file.host
        ))
    }

    /// Draws replicates under the other law and weighs them back.
    pub(super) fn estimate(
        &self,
        file: &RareFile,
        watch: &Watch,
        plain: &[Fate],
        registry: &Registry,
        monitor: &dyn Monitor,
    ) -> Result<Weighted, SweepError> {
        let [p, q] = self.failing;
        check_counts(file, plain, p)?;
        monitor.expect(u64::from(file.replicates));
        let drawn = fates(watch, &self.drawn, file.replicates, registry, monitor)?;
        check_counts(file, &drawn, q)?;
        let (on_failure, on_pass) = (libm::log(p / q), libm::log((1.0 - p) / (1.0 - q)));
        let weight =
            |fate: &Fate| libm::exp(fate.failures as f64 * on_failure + fate.passes as f64 * on_pass);
        let hits: Vec<f64> = drawn
            .iter()
            .map(|fate| if fate.is_hit { weight(fate) } else { 0.0 })
            .collect();
        let estimate = estimate_from_ratios(&hits, BATCHES, file.confidence);
        let (sum, squares) = hits
            .iter()
            .fold((0.0, 0.0), |(sum, squares), hit| (sum + hit, squares + hit * hit));
        Ok(Weighted {
            failing: self.failing,
            estimate,
            seen: drawn.iter().filter(|fate| fate.is_hit).count() as u32,
            effective: if squares > 0.0 { sum * sum / squares } else { 0.0 },
        })
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T, SweepError> {
    Err(SweepError::Unfit(message.into()))
}

/// The two scenarios may differ in the kernel of hardware that the host alone has, and in nothing else.
fn check_difference(file: &RareFile, meant: &Scenario, drawn: &Scenario) -> Result<(), SweepError> {
    let at = position(&file.host, meant)?;
    let class = meant.hosts[at].class;
    let name = &meant.hardware[usize::from(class)].name;
    let only = format!("hardware.{name}.kernel");
    let shown = |scenario: &Scenario| -> Vec<(String, String)> {
        let values = scenario.origins.iter();
        values
            .filter(|value| value.path != only)
            .map(|value| (value.path.clone(), value.value.clone()))
            .collect()
    };
    let (left, right) = (shown(meant), shown(drawn));
    if left != right {
        let other = left
            .iter()
            .find(|value| !right.contains(value))
            .or_else(|| right.iter().find(|value| !left.contains(value)));
        let path = other.map_or("something else", |(path, _)| path.as_str());
        return refuse(format!(
            "`tilted` may change {only} and nothing else; it changes {path}"
        ));
    }
    let mut others = meant.hosts.iter().enumerate().filter(|(other, _)| *other != at);
    if let Some((_, other)) = others.find(|(_, host)| host.class == class) {
        return refuse(format!(
            "{} has the hardware `{name}` too, and its checks would be tilted with those of {}: give {} hardware of its \
             own",
            other.id, file.host, file.host
        ));
    }
    check_others(at, meant, drawn)
}

/// What the host says of others' answers must not depend on its kernel.
fn check_others(at: usize, meant: &Scenario, drawn: &Scenario) -> Result<(), SweepError> {
    let table = meant.calibration.compile();
    let own = [kernel(meant, at)?, kernel(drawn, at)?];
    for other in (0..meant.hosts.len()).filter(|other| *other != at) {
        let theirs = kernel(meant, other)?;
        for (substitute, _) in meant.calibration.substitutes().iter().enumerate() {
            for &model in &meant.hosts[other].models {
                let threshold = meant.models[usize::from(model)].threshold_ppb;
                let [plain, tilted] =
                    own.map(|own| table.pass_probability(substitute as u8, theirs, own, threshold));
                if (plain - tilted).abs() > SAME {
                    return refuse(format!(
                        "the kernel that is tilted also changes what {} says of the answers of {}",
                        meant.hosts[at].id, meant.hosts[other].id
                    ));
                }
            }
        }
    }
    Ok(())
}

/// The kernel of a host's hardware.
fn kernel(scenario: &Scenario, host: usize) -> Result<u8, SweepError> {
    let name = &scenario.hardware[usize::from(scenario.hosts[host].class)].kernel;
    let known = scenario.calibration.kernel_index(name);
    known.ok_or_else(|| {
        let kernels = scenario.calibration.kernels().iter();
        unknown("kernel", name, kernels.map(|kernel| kernel.name.as_str()))
    })
}

/// The chance that a check of the host's answers fails, if it is the same whoever checks which model, and one check
/// decides.
fn failing(file: &RareFile, scenario: &Scenario) -> Result<f64, SweepError> {
    if scenario.protocol.sampling.rule != SamplingRule::Designated {
        return refuse("an answer has to be checked at most once: set protocol.sampling.rule to designated");
    }
    let at = position(&file.host, scenario)?;
    let substitutes = scenario.calibration.substitutes();
    let Some(substitute) = substitutes.iter().position(|known| known.name == file.answers) else {
        let names = substitutes.iter().map(|known| known.name.as_str());
        return Err(unknown("substitute", &file.answers, names));
    };
    let table = scenario.calibration.compile();
    let rates = rates(scenario, &table, at, substitute as u8)?;
    let Some(first) = rates.first() else {
        return refuse("one host alone is checked by nobody");
    };
    if rates.iter().any(|rate| (rate - first).abs() > SAME) {
        return refuse(
            "a check of the host has to fail as often whoever checks which of its models: give the others one kernel, and \
             the models one threshold",
        );
    }
    Ok(*first)
}

/// How often a check fails, by checker and model.
fn rates(scenario: &Scenario, table: &ScoreTable, at: usize, substitute: u8) -> Result<Vec<f64>, SweepError> {
    let own = kernel(scenario, at)?;
    let mut rates = Vec::new();
    for other in (0..scenario.hosts.len()).filter(|other| *other != at) {
        let theirs = kernel(scenario, other)?;
        for &model in &scenario.hosts[at].models {
            let threshold = scenario.models[usize::from(model)].threshold_ppb;
            rates.push(1.0 - table.pass_probability(substitute, own, theirs, threshold));
        }
    }
    Ok(rates)
}

/// A host whose checks fail more or less often than the weight takes for granted gives a wrong weight: its answers are
/// served by something else than the file says, or another word than the check's decides. Failures less the chance times
/// the checks are a martingale, stopped or not.
fn check_counts(file: &RareFile, fates: &[Fate], chance: f64) -> Result<(), SweepError> {
    let (passes, failures) = fates.iter().fold((0, 0), |(passes, failures), fate| {
        (passes + fate.passes, failures + fate.failures)
    });
    let checks = (passes + failures) as f64;
    let (expected, deviation) = (checks * chance, (checks * chance * (1.0 - chance)).sqrt());
    if (failures as f64 - expected).abs() <= DEVIATIONS * deviation + 1.0 {
        return Ok(());
    }
    refuse(format!(
        "{failures} of {checks} checks of {} failed, where {expected:.1} should have: `answers` has to name what serves all \
         its answers, and a check has to decide alone",
        file.host
    ))
}
