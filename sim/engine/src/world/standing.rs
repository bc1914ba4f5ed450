//! Standing: what the status tests make of a participant's counters, and what that costs it.
//!
//! Invariant: a change of status is an effect, and a slash happens at most once an epoch and reason.

use stakeout_protocol::collateral::{SlashReason, compute_required_collateral};
use stakeout_protocol::status::{Status, StatusReason};
use stakeout_protocol::units::{EpochIndex, Fraction, Weight};

use super::lane::{Lane, StatusChange};
use super::window::Window;
use crate::observe::frame::{Conviction, Event, EventKind};

impl Lane {
    /// Applies the status tests to a host's counters.
    pub(crate) fn judge_status(&mut self, host: u32, window: &Window<'_>) {
        self.judge_status_with(host, None, window);
    }

    /// Applies the status tests, with a confirmation's ratio if one was measured.
    pub(crate) fn judge_status_with(&mut self, host: u32, ratio: Option<Fraction>, window: &Window<'_>) {
        self.count_finished(host, &window.tables.status);
        let state = &mut self.states[host as usize];
        let (status, reason) = window.tables.status.decide(&state.counters, state.status, ratio);
        if status == state.status {
            return;
        }
        (state.status, state.reason) = (status, reason);
        self.change_status(host, status, reason, window);
    }

    #[cold]
    fn change_status(&mut self, host: u32, status: Status, reason: StatusReason, window: &Window<'_>) {
        let participant = self.first + host;
        self.effects.add(
            EventKind::StatusChanged as u64,
            u64::from(participant),
            status as u64,
            reason as u64,
        );
        self.log_status(window, participant, status, reason);
        let slash = match status {
            Status::Invalid => SlashReason::Invalid,
            Status::Inactive => SlashReason::Downtime,
            Status::Active | Status::Ramping => return,
        };
        self.changes.push(StatusChange { participant, status });
        let answers = self.run_finished(host as usize);
        let tally = &mut self.tallies[host as usize];
        if status == Status::Invalid {
            self.totals.convictions += 1;
            self.totals.honest_convictions += u64::from(tally.cheated == 0);
            if !tally.was_convicted() {
                self.convictions.push(Conviction {
                    participant,
                    epoch: window.epoch,
                    height: window.height,
                    time_ns: window.end,
                    answers,
                    cheated: tally.past.as_ref().map_or(0, |past| past.cheated),
                    reason,
                });
            }
            tally.past_mut().was_convicted = true;
        } else {
            self.totals.deactivations += 1;
        }
        self.slash(host, slash, window);
    }

    fn slash(&mut self, host: u32, reason: SlashReason, window: &Window<'_>) {
        let weight = Weight::new(self.tallies[host as usize].weight);
        let required = compute_required_collateral(window.collateral, weight);
        let epoch = EpochIndex::new(window.epoch);
        let Some(Some(account)) = self.collateral.get_mut(host as usize) else {
            return;
        };
        let slashed = account.slash(window.collateral, reason, required, epoch).total();
        if slashed.is_zero() {
            return;
        }
        let units = slashed.base_units();
        *self.slashes.entry(host as usize).or_default() += units;
        self.slashed += units;
        self.totals.slashed += units;
        let participant = self.first + host;
        self.effects.add(
            EventKind::Slashed as u64,
            u64::from(participant),
            units as u64,
            (units >> 64) as u64,
        );
        if window.tables.log {
            let event = Event::at(EventKind::Slashed, window.height, window.end).of(participant);
            self.left.events.push(event.wide(units));
        }
    }
}
