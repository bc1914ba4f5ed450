//! Attacks: does one pay, whom does it harm, is it found, and which switch stops it most cheaply?
//!
//! An attack is a scenario whose owner deviates. It is run beside its honest twin under the same random
//! numbers, its expectation is held against the figures, and each defence that it names is tried. Invariant:
//! every figure is a mean over replicates with its interval, and an inequality holds only where the whole
//! interval does.

mod defence;
mod expectation;
mod measure;
mod spec;

pub use defence::{Defence, defences};
pub use expectation::{Expectation, METRICS, Outcome, parse_expectations};
pub use measure::Measures;
pub use spec::{AttackSpec, Goal, Twin, attacker, twin_of};

use rayon::prelude::*;

use crate::observe::cast::Cast;
use crate::observe::figure::{Figure, Number};
use crate::observe::frame::RunOutput;
use crate::run::{RunError, RunOptions, run};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// What an attack came to.
#[derive(Clone, Debug)]
pub struct AttackReport {
    /// Name of the scenario.
    pub name: String,
    /// The question it asks.
    pub question: String,
    /// Figures by name.
    pub measures: Measures,
    /// What it expected, and what came.
    pub outcomes: Vec<Outcome>,
    /// Defences tried, in the order in which the scenario names them.
    pub tried: Vec<Tried>,
    /// What the attacker is after.
    pub goal: Goal,
}

/// One defence against one attack.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Its name.
    pub name: &'static str,
    /// The attacker's profit against its honest twin under it, base units.
    pub gain: Figure,
    /// What everybody else loses by the attack under it, base units.
    pub harm: Figure,
    /// What everybody else's profit falls by through the defence alone, with the attacker honest, base units.
    pub cost: Figure,
    /// The attack loses.
    pub stops: bool,
}

impl AttackReport {
    /// Everything that it expected came.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.holds)
    }

    /// The defence that stops the attack at the least cost to everybody else.
    #[must_use]
    pub fn cheapest(&self) -> Option<&Tried> {
        let key = |tried: &&Tried| mean(&tried.cost);
        self.tried.iter().filter(|tried| tried.stops).min_by_key(key)
    }

    /// One word: the attack pays, loses, harms, or there is nobody who could gain.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        let Some(gain) = self.measures.get("gain") else {
            return "no attacker";
        };
        let harm = self.measures.get("harm");
        match (sign(gain), harm.map(sign)) {
            (1, _) => "pays",
            (_, Some(1)) if self.goal == Goal::Harm => "harms",
            (-1, _) => "loses",
            _ => "no gain",
        }
    }

    /// Harm to others for each coin that the attack costs its owner; none where it costs nothing.
    #[must_use]
    pub fn griefing_factor(&self) -> Option<f64> {
        let (gain, harm) = (self.measures.get("gain")?, self.measures.get("harm")?);
        let spent = -mean(gain);
        (spent > 0).then(|| mean(harm) as f64 / spent as f64)
    }
}

/// Runs an attack beside its twin; `defended` are the same scenario under one defence each.
///
/// # Errors
/// What the engine refuses.
pub fn run_attack(
    scenario: &Scenario,
    defended: &[(&'static str, Scenario)],
    registry: &Registry,
) -> Result<AttackReport, RunError> {
    let (attack, honest) = both(scenario, registry)?;
    let spec = &scenario.attack;
    let cast = Cast::from(scenario);
    let owner = attacker(scenario);
    let measures = Measures::new(scenario, &cast, owner, &attack, &honest);
    let expectations = parse_expectations(&spec.expect).unwrap_or_default();
    let outcomes = expectations
        .iter()
        .map(|expectation| expectation.hold(&measures))
        .collect();
    let mut tried = Vec::new();
    for (name, defended) in defended {
        let (attack, twin) = both(defended, registry)?;
        let under = Measures::new(defended, &cast, owner, &attack, &twin);
        let (Some(gain), Some(harm)) = (under.get("gain"), under.get("harm")) else {
            continue;
        };
        let before = measure::others_profit(&cast, owner, &honest);
        let after = measure::others_profit(&cast, owner, &twin);
        let cost = Figure::money(before.iter().zip(&after).map(|(before, after)| before - after));
        let stops = match spec.goal {
            Goal::Profit => sign(gain) < 0 || mean(gain) <= 0 && sign(gain) == 0,
            Goal::Harm => measures
                .get("harm")
                .is_some_and(|harm_before| 10 * mean(harm) <= mean(harm_before)),
        };
        tried.push(Tried {
            name,
            gain: *gain,
            harm: *harm,
            cost,
            stops,
        });
    }
    Ok(AttackReport {
        name: scenario.name.clone(),
        question: scenario.question.clone().unwrap_or_default(),
        measures,
        outcomes,
        tried,
        goal: spec.goal,
    })
}

/// The replicates of a scenario, and those of its honest twin where somebody deviates.
fn both(scenario: &Scenario, registry: &Registry) -> Result<(Vec<RunOutput>, Vec<RunOutput>), RunError> {
    let replicates = |scenario: &Scenario| -> Result<Vec<RunOutput>, RunError> {
        (0..scenario.replicates)
            .into_par_iter()
            .map(|replicate| run(scenario, replicate, registry, &RunOptions::default()))
            .collect()
    };
    let attack = replicates(scenario)?;
    let honest = match attacker(scenario) {
        Some(owner) => replicates(&twin_of(scenario, owner))?,
        None => attack.clone(),
    };
    Ok((attack, honest))
}

/// Which side of zero the whole interval lies on; the mean alone where there is no interval.
pub(super) fn sign(figure: &Figure) -> i32 {
    let value = |number: Number| match number {
        Number::Plain(value) => value,
        Number::Money(value) => value as f64,
    };
    let (low, high) = match (figure.interval, figure.mean) {
        (Some([low, high]), _) => (value(low), value(high)),
        (None, Some(mean)) => (value(mean), value(mean)),
        (None, None) => return 0,
    };
    i32::from(low > 0.0) - i32::from(high < 0.0)
}

/// The mean in whole base units; 0 where there is none.
pub(super) fn mean(figure: &Figure) -> i128 {
    match figure.mean {
        Some(Number::Money(value)) => value,
        Some(Number::Plain(value)) => value as i128,
        None => 0,
    }
}
