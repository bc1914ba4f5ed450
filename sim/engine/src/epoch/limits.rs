//! What the epoch fidelity refuses, so that no key is ignored.

use super::error::EpochError;
use crate::run::RunOptions;
use crate::scenario::{Arrivals, Assignment, Scenario};
use crate::world::{Lengths, World};
use stakeout_protocol::units::Fraction;

/// Busier hosts than this would make requests wait for so long that the order of things changes.
const LOAD_MAX: f64 = 0.8;
/// Draws by which the mean of a length law is worked out.
const STEPS: u32 = 1 << 14;

/// Refuses what a scenario says that this fidelity does not know.
pub fn check(scenario: &Scenario, options: &RunOptions) -> Result<(), EpochError> {
    let unknown = |what, key, hint| Err(EpochError::Unknown { what, key, hint });
    let use_event = "use the fidelity `event`";
    if options.event_log {
        return unknown(
            "events to log",
            "fidelity",
            "leave out --event-log, or use the fidelity `event`",
        );
    }
    if matches!(scenario.demand.arrivals, Arrivals::Trace(_)) {
        return unknown("single requests to replay", "demand.trace", use_event);
    }
    if scenario.protocol.bandwidth.is_some() {
        return unknown(
            "limiter of transfer agents",
            "protocol.bandwidth.enabled",
            use_event,
        );
    }
    if scenario.chain.transactions_per_block.is_some() {
        return unknown(
            "full blocks",
            "chain.transactions_per_block",
            "set it to none, or use the fidelity `event`",
        );
    }
    if scenario.clients.purse_share > Fraction::ZERO {
        return unknown("purse of a strategy", "clients.purse_share", use_event);
    }
    if matches!(
        scenario.protocol.measures.assignment,
        Assignment::RoundRobin { .. }
    ) {
        return unknown("sessions that go round", "protocol.assignment.rule", use_event);
    }
    if scenario.until_blocks.is_some() {
        return unknown("part of an epoch", "until", "set it to none");
    }
    Ok(())
}

/// Refuses orders of strategies that concern single requests of others. Asked at the start of every epoch.
pub fn check_orders(world: &World<'_>) -> Result<(), EpochError> {
    if world.routing.is_neutral() && world.purse.user.is_none() {
        return Ok(());
    }
    let deviant = world.routing.first_deviant();
    let participant = deviant.or(world.purse.user.map(|(user, _)| user)).unwrap_or(0) as usize;
    let host = &world.scenario.hosts[participant];
    Err(EpochError::Strategy {
        strategy: world.scenario.strategies[usize::from(host.strategy)].name.clone(),
        host: host.id.to_string(),
        what: if deviant.is_some() {
            "routing by transfer agents"
        } else {
            "requests of a strategy's own"
        },
    })
}

/// Refuses a network whose hosts are too busy, given requests per second of each model and the mean model tokens of
/// their prompts and answers.
pub fn check_load(world: &World<'_>, per_second: &[f64], lengths: &[[f64; 2]]) -> Result<(), EpochError> {
    let mut load = vec![0.0; world.scenario.hosts.len()];
    for (model, group) in world.groups.iter().enumerate() {
        let [prompt, answer] = lengths[model];
        for member in group.members() {
            let host = member.participant as usize;
            let rates = world.tables.rates(world.lanes[0].hosts[host].class, model as u16);
            let each = (prompt * rates.prefill_ns as f64 + answer * rates.decode_ns as f64) * 1e-9;
            let share = member.weight as f64 / group.total.max(1) as f64;
            load[host] +=
                per_second[model] * share * each / f64::from(world.scenario.hosts[host].slots.max(1));
        }
    }
    let busiest = (0..load.len()).max_by(|a, b| load[*a].total_cmp(&load[*b]));
    match busiest {
        Some(host) if load[host] > LOAD_MAX => Err(EpochError::Busy {
            host: world.scenario.hosts[host].id.to_string(),
            percent: (load[host] * 100.0) as u64,
        }),
        _ => Ok(()),
    }
}

/// The mean of a length law in model tokens, cut at `most`.
pub fn mean(law: &Lengths, most: u32) -> f64 {
    let step = u32::MAX / STEPS;
    let sum: u64 = (0..STEPS)
        .map(|at| u64::from(law.sample(at * step + step / 2).min(most)))
        .sum();
    sum as f64 / f64::from(STEPS)
}
