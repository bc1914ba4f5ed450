//! Asking strategies: their standing orders for an epoch, compiled for the event loop.

use compact_str::CompactString;

use super::World;
use super::lane::HostMark;
use super::orders::{Duty, HostOrders, OWN, OrderBook};
use super::proof_votes::SpecialDuty;
use super::run_counts::RunCount;
use super::tables::threshold_of;
use crate::strategy::{
    Bias, ExecutorView, PurseUse, RequesterView, Shortcut, Side, TransferView, ValidatorPolicy, ValidatorView,
};

/// Parts in one.
const PPB: u64 = 1_000_000_000;
/// Nobody's owner.
const NOBODY: u32 = u32::MAX;

impl World<'_> {
    /// Asks every participant for its orders for the epoch that begins.
    pub(super) fn ask_strategies(&mut self) {
        let epoch = self.epoch - self.scenario.first_epoch.get();
        let parity = usize::from(self.parity);
        let total = self.total_weight.max(1);
        self.routing.clear(self.epoch);
        self.purse.user = None;
        self.special_duties.clear();
        for lane in &mut self.lanes {
            lane.views.clear();
            let mut book = OrderBook::default();
            for host in 0..lane.hosts.len() {
                let participant = lane.first as usize + host;
                let (state, tally) = (&lane.states[host], &lane.tallies[host]);
                let share = share_ppb(tally.weight, total);
                let view = ExecutorView {
                    epoch,
                    reputation: state.reputation,
                    target_rate_ppb: self.targets.ppb(state.reputation),
                    weight_share_ppb: share,
                    validated: lane.run_counts.get(host, RunCount::Validated) + u64::from(tally.validated),
                    invalidated: lane.run_counts.get(host, RunCount::Invalidated)
                        + u64::from(tally.invalidated),
                    was_convicted: tally.was_convicted(),
                    earned: self.presence.earned.get(participant),
                    draw: self.tables.keys.choice.draw(participant as u64, u64::from(epoch)),
                };
                let validator_view = ValidatorView {
                    epoch,
                    reputation: state.reputation,
                    weight_share_ppb: share,
                    required: u64::from(tally.required[parity ^ 1]),
                    done: u64::from(tally.done[parity ^ 1]),
                };
                let roles = lane.roles.of(host);
                let orders = roles.executor.policy(&view);
                let duty = roles.validator.policy(&validator_view);
                let special = SpecialDuty {
                    proof_vote: roles.validator.vote_on_proofs(&validator_view),
                    seeds: roles.validator.seeds(&validator_view),
                };
                if special != SpecialDuty::NONE {
                    self.special_duties.insert(participant as u32, special);
                }
                let substitute = orders
                    .substitute
                    .as_deref()
                    .and_then(|name| self.scenario.calibration.substitute_index(name))
                    .unwrap_or(0);
                let conduct = self.tables.conducts.number(substitute, orders.artifact);
                let compiled = HostOrders {
                    substitute_below: match conduct {
                        0 => 0,
                        _ => threshold_of(orders.substitute_rate),
                    },
                    drop_below: threshold_of(orders.drop_rate),
                    held: orders.held,
                    duty: compile_duty(&duty, &self.scenario.owners),
                    substitute: conduct,
                    asks_each: orders.ask_each,
                };
                let hot = &mut lane.hosts[host];
                hot.set_orders(book.place(compiled));
                hot.mark(HostMark::Deviant, !compiled.is_honest());
                if orders.ask_each {
                    lane.views.insert(host as u32, view);
                }
                let owner = self.scenario.hosts[participant].owner;
                let agent = TransferView {
                    epoch,
                    weight_share_ppb: share,
                };
                let policy = roles.transfer.policy(&agent);
                let victim = policy
                    .victim
                    .as_ref()
                    .and_then(|(name, _)| find(&self.scenario.owners, name));
                self.routing.order(participant as u32, owner, &policy, victim);
                let purse = roles.requester.policy(&RequesterView { epoch }).purse;
                if purse != PurseUse::Nothing && self.purse.user.is_none() {
                    self.purse.user = Some((participant as u32, purse));
                    if let PurseUse::Wash { draws } = purse {
                        self.routing.order_wash(owner, draws);
                    }
                }
            }
            lane.orders = book.into_orders();
        }
        if let Some((_, PurseUse::Awkward | PurseUse::Unpaid)) = self.purse.user {
            let is_unpaid = matches!(self.purse.user, Some((_, PurseUse::Unpaid)));
            self.tables.conducts.mark(is_unpaid);
        }
    }
}

fn compile_duty(duty: &ValidatorPolicy, owners: &[CompactString]) -> Duty {
    let bias = match &duty.bias {
        None => (NOBODY, Shortcut::SayMatch),
        Some(Bias {
            side: Side::Own,
            answer,
        }) => (OWN, *answer),
        Some(Bias {
            side: Side::Owner(name),
            answer,
        }) => (find(owners, name).unwrap_or(NOBODY), *answer),
    };
    Duty {
        works_below: threshold_of(duty.diligence),
        otherwise: duty.otherwise,
        bias,
    }
}

/// A weight's part of all, per 10^9. A division of 128 bits is a call, which a weight nearly never needs.
fn share_ppb(weight: u64, total: u64) -> u32 {
    match weight.checked_mul(PPB) {
        Some(parts) => (parts / total) as u32,
        None => (u128::from(weight) * u128::from(PPB) / u128::from(total)) as u32,
    }
}

/// The owner of a name; nobody is called what no host's owner is called.
fn find(owners: &[CompactString], name: &str) -> Option<u32> {
    owners.iter().position(|owner| owner == name).map(|at| at as u32)
}
