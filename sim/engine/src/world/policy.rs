//! Asking strategies: their standing orders for an epoch, compiled for the event loop.

use stakeout_protocol::units::Fraction;

use super::World;
use super::lane::Duty;
use super::tables::threshold_of;
use crate::strategy::{ExecutorView, Shortcut, ValidatorView};

impl World<'_> {
    /// Asks every participant for its orders for the epoch that begins.
    pub(super) fn ask_strategies(&mut self) {
        let epoch = self.epoch - self.scenario.first_epoch.get();
        let parity = usize::from(self.parity);
        let total = self.total_weight.max(1);
        for lane in &mut self.lanes {
            for host in 0..lane.hosts.len() {
                let state = &lane.states[host];
                let share = (u128::from(state.weight) * 1_000_000_000 / u128::from(total)) as u32;
                let view = ExecutorView {
                    epoch,
                    reputation: state.reputation,
                    target_rate_ppb: self.targets.ppb(state.reputation),
                    weight_share_ppb: share,
                    validated: state.run_judged[0],
                    invalidated: state.run_judged[1],
                    was_convicted: state.was_convicted,
                };
                let validator_view = ValidatorView {
                    epoch,
                    reputation: state.reputation,
                    weight_share_ppb: share,
                    required: u64::from(state.required[parity ^ 1]),
                    done: u64::from(state.done[parity ^ 1]),
                };
                lane.views[host] = view;
                let roles = &mut lane.roles[host];
                let orders = roles.executor.policy(&view);
                let duty = roles.validator.policy(&validator_view);
                let substitute = orders
                    .substitute
                    .as_deref()
                    .and_then(|name| self.scenario.calibration.substitute_index(name))
                    .unwrap_or(0);
                let hot = &mut lane.hosts[host];
                hot.substitute = substitute;
                hot.substitute_below = if substitute == 0 {
                    0
                } else {
                    threshold_of(orders.substitute_rate)
                };
                hot.drop_below = threshold_of(orders.drop_rate);
                hot.asks_each = orders.ask_each;
                lane.duties[host] = compile_duty(duty.diligence, duty.otherwise);
            }
        }
    }
}

fn compile_duty(diligence: Fraction, otherwise: Shortcut) -> Duty {
    Duty {
        works_below: threshold_of(diligence),
        otherwise,
    }
}
