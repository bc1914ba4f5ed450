//! What a scenario says about its attack, and the honest twin it asks for.

use crate::experiment::twins::{deviating_owners, honest_twin};
use crate::scenario::Scenario;

/// What a scenario says about its attack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttackSpec {
    /// Owner whose profit is measured; the heaviest deviating one where none is named.
    pub owner: Option<String>,
    /// What its honest twin is.
    pub twin: Twin,
    /// What the attacker is after.
    pub goal: Goal,
    /// Defences to try.
    pub defences: Vec<String>,
    /// What is expected, as written.
    pub expect: String,
}

impl AttackSpec {
    /// What decides whose profit is measured and against which twin, as one line; empty where the scenario leaves both as
    /// they are.
    #[must_use]
    pub fn pairing(&self) -> String {
        let twin = match self.twin {
            Twin::Honest => "",
            Twin::Alone => " alone",
            Twin::Merged => " merged",
        };
        self.owner.clone().unwrap_or_default() + twin
    }
}

/// What an honest twin is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Twin {
    /// The same identities, honest.
    #[default]
    Honest,
    /// The owner's first identity, honest and alone: the others stand for the same hardware under other names.
    Alone,
    /// The owner's first identity, honest, with the hardware of all.
    Merged,
}

/// What the attacker is after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Coins.
    #[default]
    Profit,
    /// Others' loss.
    Harm,
}

/// The owner whose profit is measured; none where everybody is honest.
#[must_use]
pub fn attacker(scenario: &Scenario) -> Option<u32> {
    match &scenario.attack.owner {
        Some(name) => scenario
            .owners
            .iter()
            .position(|owner| owner == name)
            .map(|at| at as u32),
        None => deviating_owners(scenario).first().copied(),
    }
}

/// The honest twin that the scenario asks for.
#[must_use]
pub fn twin_of(scenario: &Scenario, owner: u32) -> Scenario {
    let mut twin = honest_twin(scenario, owner);
    if scenario.attack.twin == Twin::Honest {
        return twin;
    }
    let own: Vec<usize> = (0..twin.hosts.len())
        .filter(|&at| twin.hosts[at].owner == owner)
        .collect();
    let Some((&first, others)) = own.split_first() else {
        return twin;
    };
    for &other in others {
        let (weight, slots, collateral) = {
            let host = &twin.hosts[other];
            (host.weight, host.slots, host.collateral)
        };
        twin.hosts[other].joins_at = u32::MAX;
        if scenario.attack.twin == Twin::Merged {
            let host = &mut twin.hosts[first];
            host.weight = host.weight.saturating_add(weight);
            host.slots = host.slots.saturating_add(slots);
            host.collateral += collateral;
        }
    }
    twin
}
