//! Honest twins: the same run with one owner alone made honest, under the same random numbers.
//!
//! **Invariant.** An owner's twin differs from the run in that owner's strategies and in nothing else: arrivals,
//! lengths, outages and everybody else's draws are those of the run, because chance is keyed and not sequential.

use rayon::prelude::*;
use serde::Serialize;

use super::attack::{attacker, twin_of};
use crate::observe::cast::Cast;
use crate::observe::figure::Figure;
use crate::observe::frame::RunOutput;
use crate::observe::profit::profit;
use crate::run::{RunError, RunOptions, run_unless};
use crate::scenario::{Scenario, StrategySpec};
use crate::strategy::registry::Registry;

/// Name of the strategy that every twin follows.
pub const HONEST: &str = "honest";

/// What one owner earned, and what it would have earned by following the rules.
#[derive(Clone, Debug, Serialize)]
pub struct TwinLine {
    /// Owner.
    pub owner: String,
    /// Identities held.
    pub identities: u32,
    /// Strategies followed, in the scenario's order.
    pub strategies: Vec<String>,
    /// Profit as it was.
    pub profit: Figure,
    /// Profit of the honest twin.
    pub honest_profit: Figure,
    /// What not following the rules was worth: paired differences by replicate.
    pub gain: Figure,
}

/// Owners of whom at least one identity does not follow the rules, the heaviest first.
pub fn deviating_owners(scenario: &Scenario) -> Vec<u32> {
    let deviates = |strategy: u16| {
        scenario
            .strategies
            .get(usize::from(strategy))
            .is_some_and(|s| s.name != HONEST)
    };
    let mut weights = vec![(false, 0_u64); scenario.owners.len()];
    for host in &scenario.hosts {
        if let Some((is_deviating, weight)) = weights.get_mut(host.owner as usize) {
            *is_deviating |= deviates(host.strategy);
            *weight = weight.saturating_add(host.weight);
        }
    }
    let mut owners: Vec<(u64, u32)> = (0_u32..)
        .zip(weights)
        .filter(|(_, (is_deviating, _))| *is_deviating)
        .map(|(owner, (_, w))| (w, owner))
        .collect();
    owners.sort_by_key(|&(weight, owner)| (std::cmp::Reverse(weight), owner));
    owners.into_iter().map(|(_, owner)| owner).collect()
}

/// The scenario with every identity of one owner following the rules.
pub fn honest_twin(scenario: &Scenario, owner: u32) -> Scenario {
    let mut twin = scenario.clone();
    let known = twin.strategies.iter().position(|spec| spec.name == HONEST);
    let honest = known.unwrap_or_else(|| {
        twin.strategies.push(StrategySpec {
            name: HONEST.to_string(),
            params: Vec::new(),
        });
        twin.strategies.len() - 1
    });
    let honest = u16::try_from(honest).expect("a scenario has fewer than 65536 strategies");
    for host in twin.hosts.iter_mut().filter(|host| host.owner == owner) {
        host.strategy = honest;
    }
    twin
}

/// Runs the twins of these owners for each replicate in `outputs` and sets the profits side by side, paired by
/// replicate. The attacker's twin is the one that the scenario asks for. Twins run in parallel on the caller's pool; the
/// result does not depend on how many at once.
///
/// # Errors
/// What the engine refuses, or [`RunError::Stopped`].
pub fn run_twins(
    scenario: &Scenario,
    registry: &Registry,
    owners: &[u32],
    outputs: &[RunOutput],
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<TwinLine>, RunError> {
    let cast = Cast::from(scenario);
    let pairs: Vec<(u32, u32)> = owners
        .iter()
        .flat_map(|owner| outputs.iter().map(move |output| (*owner, output.replicate)))
        .collect();
    let honest: Vec<i128> = pairs
        .par_iter()
        .map(|&(owner, replicate)| {
            let twin = match attacker(scenario) == Some(owner) {
                true => twin_of(scenario, owner),
                false => honest_twin(scenario, owner),
            };
            let output = run_unless(&twin, replicate, registry, &RunOptions::default(), is_stopping)?;
            Ok(owner_profit(&cast, &output, owner))
        })
        .collect::<Result<_, RunError>>()?;
    let by_owner = honest.chunks(outputs.len().max(1));
    Ok(owners
        .iter()
        .zip(by_owner)
        .map(|(owner, honest)| line(&cast, outputs, *owner, honest))
        .collect())
}

fn line(cast: &Cast, outputs: &[RunOutput], owner: u32, honest: &[i128]) -> TwinLine {
    let members: Vec<_> = cast
        .members
        .iter()
        .filter(|member| member.owner == owner)
        .collect();
    let mut strategies: Vec<u32> = members.iter().map(|member| member.strategy).collect();
    strategies.sort_unstable();
    strategies.dedup();
    let earned: Vec<i128> = outputs
        .iter()
        .map(|output| owner_profit(cast, output, owner))
        .collect();
    TwinLine {
        owner: cast.owners.get(owner as usize).cloned().unwrap_or_default(),
        identities: u32::try_from(members.len()).unwrap_or(u32::MAX),
        strategies: strategies
            .iter()
            .filter_map(|s| cast.strategies.get(*s as usize).cloned())
            .collect(),
        profit: Figure::money(earned.iter().copied()),
        honest_profit: Figure::money(honest.iter().copied()),
        gain: Figure::money(earned.iter().zip(honest).map(|(earned, honest)| earned - honest)),
    }
}

/// Profit in base units of all identities of an owner in one replicate.
pub(super) fn owner_profit(cast: &Cast, output: &RunOutput, owner: u32) -> i128 {
    let is_own = |participant: u32| {
        cast.members
            .get(participant as usize)
            .is_some_and(|m| m.owner == owner)
    };
    output
        .participants
        .iter()
        .filter(|row| is_own(row.participant))
        .map(|row| profit(&row))
        .sum()
}
