//! Epoch stages other than settlement: proof of compute, the next group, activation, confirmation.

use stakeout_kernel::sample::bernoulli;
use stakeout_protocol::collateral::{CollateralAccount, compute_effective_weight};
use stakeout_protocol::poc::{
    ConfirmationEvent, StageDuration, compute_confirmation_ratio, compute_confirmation_weight,
    compute_poc_weight, compute_trigger_probability,
};
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Rounding, Weight};
use stakeout_protocol::weights::compute_power_cap;

use super::World;
use super::lane::Lane;
use super::tables::threshold_of;
use super::window::Window;

impl World<'_> {
    /// A proof-of-compute stage begins: nothing new starts until it is over, but on preserved hosts, and the
    /// weights that the next group will have are measured.
    pub(super) fn process_poc_start(&mut self) {
        let geometry = &self.scenario.protocol.geometry;
        let block = self.tables.block_ns;
        let start = (self.window + 1) * block;
        let pause = geometry.poc_stage + geometry.poc_validation_delay + geometry.poc_validation_duration;
        self.paused_until = start + pause * block;
        self.preserve();
        self.ask_entrants(self.epoch + 1);
        self.next_weights = self.measure_weights(start, start + geometry.poc_stage * block);
    }

    /// The weight each host proves for an epoch between two times: its own, less the share of time it was
    /// down.
    pub(super) fn measure_weights(&self, from: u64, to: u64) -> Vec<u64> {
        let stage = StageDuration {
            expected: 1,
            actual: 1,
        };
        let mut weights = Vec::with_capacity(self.scenario.hosts.len());
        for lane in &self.lanes {
            for host in 0..lane.hosts.len() {
                let participant = lane.first as usize + host;
                let outages = lane.outages.get(host).filter(|outages| !outages.is_empty());
                let full = self.scenario.hosts[participant].weight;
                let proven = if !self.presence.next[participant] {
                    0
                } else if let Some(outages) = outages.filter(|_| to > from) {
                    let up = outages.up_time(from, to);
                    (u128::from(full) * u128::from(up) / u128::from(to - from)) as u64
                } else {
                    full
                };
                weights.push(compute_poc_weight(&self.scenario.protocol.poc, proven, stage).get());
            }
        }
        weights
    }

    /// The next group: collateral and the power cap turn measured into effective weights.
    pub(super) fn process_group_creation(&mut self, epoch: u32) {
        let protocol = &self.scenario.protocol;
        let mut raw = std::mem::take(&mut self.next_weights);
        self.vote_on_proofs(&mut raw);
        for (participant, weight) in (0_u32..).zip(&mut raw) {
            let lane = &self.lanes[self.cut.lane(participant)];
            let account = lane.collateral_of(self.cut.place(participant));
            *weight = compute_effective_weight(
                &protocol.collateral,
                Weight::new(*weight),
                account.map_or(Amount::ZERO, CollateralAccount::active),
                EpochIndex::new(epoch),
            )
            .get();
        }
        let limit = protocol
            .power_cap
            .and_then(|cap| compute_power_cap(raw.iter().copied().map(Weight::new), cap));
        if let Some(limit) = limit {
            for weight in raw.iter_mut().filter(|weight| **weight > limit.get()) {
                *weight = limit.get();
                self.totals.power_capped += 1;
            }
        }
        self.next_weights = raw;
    }

    /// The new weights are effective: counters start anew, everybody is asked for its orders.
    pub(super) fn process_activation(&mut self, epoch: u32, end: u64) {
        self.epoch = epoch;
        (self.epoch_start, self.epoch_start_window) = (end, self.window + 1);
        self.parity ^= 1;
        let parity = usize::from(self.parity);
        self.traffic = [0, self.traffic[0]];
        let reputations: Vec<_> = (0..self.records.len())
            .map(|participant| self.reputation(participant))
            .collect();
        self.count_finished();
        self.log_standing(&reputations, end);
        for lane in &mut self.lanes {
            for host in 0..lane.states.len() {
                let participant = lane.first as usize + host;
                let state = &mut lane.states[host];
                let (status, counters) = self
                    .tables
                    .status
                    .compute_reset_for_epoch(&state.counters, state.status);
                if status != state.status {
                    state.reason = stakeout_protocol::status::StatusReason::None;
                }
                (state.status, state.counters) = (status, counters);
                state.reputation = reputations[participant];
                let tally = &mut lane.tallies[host];
                tally.weight = self.next_weights[participant];
                // Validations done after the claims of their epoch count for nobody.
                (tally.required[parity], tally.done[parity]) = (0, 0);
            }
        }
        self.charge_entries(end);
        self.form_groups();
        self.note_reputations();
        self.log_epoch(end);
        self.update_targets();
        // A plan depends on the executor's reputation, which has moved.
        self.targets.version += 1;
        self.ask_strategies();
        // They are in force; the next ones are measured anew.
        self.next_weights = Vec::new();
    }

    /// Gives every group its members' weights in force.
    pub(super) fn form_groups(&mut self) {
        self.total_weight = 0;
        let mut has_changed = vec![false; self.groups.len()];
        for lane in &self.lanes {
            for (host, tally) in lane.tallies.iter().enumerate() {
                let participant = lane.first + host as u32;
                self.total_weight += tally.weight;
                for &model in &self.scenario.hosts[participant as usize].models {
                    let group = &mut self.groups[usize::from(model)];
                    let at = group
                        .position(participant)
                        .expect("hosts are members of their models' groups");
                    has_changed[usize::from(model)] |= group.weights[at] != tally.weight;
                    group.weights[at] = tally.weight;
                }
            }
        }
        for (group, has_changed) in self.groups.iter_mut().zip(has_changed) {
            if has_changed || group.version == 0 {
                group.rebuild();
            }
        }
    }

    /// The first window from `from` on, and before `to`, whose block triggers a surprise measurement of compute.
    pub(crate) fn next_confirmation(&self, from: u64, to: u64) -> Option<u64> {
        let poc = &self.scenario.protocol.poc;
        let probability = compute_trigger_probability(poc, self.schedule.effective_windows);
        if probability == Fraction::ZERO {
            return None;
        }
        let below = threshold_of(probability);
        (from..to).find(|&window| bernoulli(self.tables.keys.confirmation.draw(window, 0), below))
    }

    /// Takes a surprise measurement of compute, if this block triggers one.
    pub(crate) fn confirm_compute(&mut self, end: u64) {
        if self.paused_until >= end || self.next_confirmation(self.window, self.window + 1).is_none() {
            return;
        }
        let poc = self.scenario.protocol.poc.clone();
        let mut readings = Vec::new();
        self.confirmed.resize(self.scenario.hosts.len(), None);
        for lane in &mut self.lanes {
            for (host, tally) in lane.tallies.iter().enumerate() {
                let participant = lane.first as usize + host;
                let outages = lane.outages.get(host);
                let reading = if outages.is_some_and(|outages| outages.is_down(end)) {
                    0
                } else {
                    // What it does not hold between proofs cannot be measured.
                    let held = lane.orders[lane.hosts[host].orders()].held;
                    held.of(tally.weight, Rounding::Down)
                };
                if self.tables.log && reading != tally.weight {
                    readings.push((participant as u32, reading, tally.weight));
                }
                let (reading, expected) = (Weight::new(reading), Weight::new(tally.weight));
                let event = ConfirmationEvent {
                    preserved: Weight::ZERO,
                    measured: reading,
                };
                let before = self.confirmed[participant].map_or(expected, Weight::new);
                self.confirmed[participant] = Some(compute_confirmation_weight(before, &[event]).get());
                lane.confirmed
                    .push(compute_confirmation_ratio(&poc, reading, expected));
            }
        }
        self.log_confirmation(&readings, end);
        self.each_lane(end, Lane::judge_confirmation);
        self.collect();
        self.expel();
    }
}

impl World<'_> {
    /// Brings the counters of all hosts up to date.
    pub(super) fn count_finished(&mut self) {
        for lane in &mut self.lanes {
            let hosts = 0..lane.states.len() as u32;
            hosts.for_each(|host| lane.count_finished(host, &self.tables.status));
        }
    }

    /// The smallest weight that a confirmation of the epoch has found, if there was one.
    pub(super) fn confirmed_weight(&self, participant: usize) -> Option<u64> {
        self.confirmed.get(participant).copied().flatten()
    }
}

impl Lane {
    /// Applies the status tests with the ratios that a confirmation found.
    fn judge_confirmation(&mut self, window: &Window<'_>) {
        let ratios = std::mem::take(&mut self.confirmed);
        for (host, &ratio) in ratios.iter().enumerate() {
            if self.tallies[host].weight > 0 {
                self.judge_status_with(host as u32, Some(ratio), window);
            }
        }
    }
}
