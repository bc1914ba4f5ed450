//! A checked scenario's names.

use super::cast::{Cast, Member};
use crate::scenario::{ParamValue, Scenario, StrategySpec};

impl From<&Scenario> for Cast {
    fn from(scenario: &Scenario) -> Self {
        let member = |host: &crate::scenario::Host| Member {
            id: host.id.to_string(),
            owner: host.owner,
            strategy: u32::from(host.strategy),
        };
        Self {
            scenario: scenario.name.clone(),
            hash: scenario.hash.clone(),
            seed: scenario.seed,
            members: scenario.hosts.iter().map(member).collect(),
            owners: scenario.owners.iter().map(ToString::to_string).collect(),
            strategies: scenario.strategies.iter().map(described).collect(),
            assumptions: scenario.assumptions.clone(),
            canonical: scenario.canonical.clone(),
        }
    }
}

/// A strategy with its parameters, as tables show it: `model-swapper rate=25 %`.
fn described(spec: &StrategySpec) -> String {
    let parameter = |(name, value): &(String, ParamValue)| format!(" {name}={}", shown(value));
    spec.params
        .iter()
        .map(parameter)
        .fold(spec.name.clone(), |text, part| text + &part)
}

fn shown(value: &ParamValue) -> String {
    match value {
        ParamValue::Fraction(share) => format!("{} %", share.parts() as f64 / 1e16),
        ParamValue::Count(count) => count.to_string(),
        ParamValue::Duration(length) => length.to_string(),
        ParamValue::Name(name) => name.clone(),
        ParamValue::Switch(is_on) => if *is_on { "on" } else { "off" }.to_string(),
    }
}
