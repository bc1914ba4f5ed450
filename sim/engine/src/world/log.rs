//! What the event log keeps beside the effects: scores with their thresholds, shares, votes, test statistics.
//!
//! Invariant: nothing here touches state that a result depends on. Every function does nothing without a log.

use stakeout_protocol::status::{Status, StatusCounters, StatusReason};
use stakeout_protocol::units::Reputation;

use super::World;
use super::block_log::BlockLog;
use super::finish::Served;
use super::inference::Inference;
use super::lane::{Lane, total_of};
use super::mail::Credit;
use super::selection::session_members;
use super::settled_rows::SettledRows;
use super::window::{Draw, Window};
use crate::observe::event::status_test::{CHECK_COUNTS, FAILED_CHECKS, FAILURES_IN_A_ROW, MISSED_REQUESTS};
use crate::observe::event::{Event, EventKind, NOBODY};
use crate::observe::events_in_order::EventsInOrder;
use crate::scenario::Assignment;

/// Parts per 10^9 in one.
const PPB: f64 = 1e9;

/// A model's price moved.
pub(super) fn price_changed(height: u64, end: u64, model: usize, before: u64, now: u64) -> Event {
    Event::at(EventKind::PriceChanged, height, end)
        .of(model as u32)
        .figures(now as i64, before as i64)
}

impl Lane {
    /// The executor begins. What begins at once with the promised model needs no line: it is what a request expects.
    #[inline]
    pub(super) fn log_served(&mut self, record: &impl Served, start: u64, window: &Window<'_>) {
        let wait = start - record.arrival();
        if wait > 0 || record.substitute() != 0 {
            let figures = (wait as i64, i64::from(record.substitute()));
            self.log(window, start, EventKind::Served, record, record.client(), figures);
        }
    }

    /// Adds a line about an inference to the event log; the caller has asked whether there is one.
    #[inline]
    pub(super) fn log(
        &mut self,
        window: &Window<'_>,
        time: u64,
        kind: EventKind,
        record: &impl Served,
        other: u32,
        (value, second): (i64, i64),
    ) {
        let event = Event::at(kind, window.height, time)
            .of(self.first + record.host())
            .with(other);
        self.left.events.push(
            Event {
                inference: record.number(),
                ..event
            }
            .figures(value, second),
        );
    }

    /// A validator was drawn, with which probability, under which target rate.
    #[cold]
    pub(super) fn log_drawn(&mut self, record: &Inference, member: u32, validator: u32, window: &Window<'_>) {
        let group = &window.groups[usize::from(record.group)];
        let reputation = self.states[record.host as usize].reputation;
        let others = group.total - group.weights[record.member as usize];
        let rate = window.targets.rate(reputation);
        let chance = match (window.draw, window.measures.assignment) {
            (Draw::Slots, Assignment::RoundRobin { slots }) => {
                let holders = session_members(record, group, slots, window);
                let of =
                    |is_one: &dyn Fn(u32) -> bool| holders.iter().filter(|&&one| is_one(one)).count() as f64;
                rate * of(&|one| one == member) / of(&|one| one != record.member).max(1.0)
            }
            _ => rate * group.weights[member as usize] as f64 / others.max(1) as f64,
        };
        let chance = chance.min(1.0);
        let figures = (
            (chance * PPB + 0.5) as i64,
            i64::from(window.targets.ppb(reputation)),
        );
        self.log(window, window.end, EventKind::Drawn, record, validator, figures);
    }

    /// A validator's share of a payment changed.
    #[cold]
    pub(super) fn log_share(&mut self, record: &Inference, credit: Credit, window: &Window<'_>) {
        let (validator, amount) = (credit.participant, credit.amount);
        self.log(
            window,
            window.end,
            EventKind::Shared,
            record,
            validator,
            (amount, 0),
        );
    }

    /// A vote that counts.
    pub(super) fn log_vote(
        &mut self,
        record: &Inference,
        time: u64,
        voter: u32,
        is_invalid: bool,
        weight: u64,
        window: &Window<'_>,
    ) {
        if window.tables.log {
            let figures = (i64::from(is_invalid), weight as i64);
            self.log(window, time, EventKind::Voted, record, voter, figures);
        }
    }

    /// How a dispute ended.
    pub(super) fn log_outcome(
        &mut self,
        kind: EventKind,
        index: u32,
        client: u32,
        refund: u64,
        window: &Window<'_>,
    ) {
        if window.tables.log {
            let (record, link) = (self.kept[index], self.links[index as usize]);
            let entitled = self.checks[link].entitled;
            let figures = (refund as i64, entitled as i64);
            self.log(window, window.end, kind, &record, client, figures);
        }
    }

    /// What the statistics of the status tests were and are.
    pub(super) fn log_tests(&mut self, host: u32, number: u64, before: &StatusCounters, window: &Window<'_>) {
        if window.tables.log {
            self.log_moved_tests(host, number, before, window);
        }
    }

    #[cold]
    fn log_moved_tests(&mut self, host: u32, number: u64, before: &StatusCounters, window: &Window<'_>) {
        let now = self.states[host as usize].counters;
        // Where a sum is kept, it says all that the counts say.
        let counts = now.llr_invalid == before.llr_invalid
            && (before.invalidated, before.validated) != (now.invalidated, now.validated);
        let streaks = (
            i64::from(now.consecutive_invalid),
            i64::from(before.consecutive_invalid),
        );
        let moved = [
            (
                FAILED_CHECKS,
                now.llr_invalid,
                before.llr_invalid,
                now.llr_invalid != before.llr_invalid,
            ),
            (FAILURES_IN_A_ROW, streaks.0, streaks.1, streaks.0 != streaks.1),
            (
                CHECK_COUNTS,
                i64::from(now.invalidated),
                i64::from(now.validated),
                counts,
            ),
            (
                MISSED_REQUESTS,
                now.llr_missed,
                before.llr_missed,
                now.llr_missed != before.llr_missed,
            ),
        ];
        let event = Event::at(EventKind::TestMoved, window.height, window.end).of(self.first + host);
        for (test, after, before, has_moved) in moved {
            if has_moved {
                let event = event.with(test).figures(after, before);
                self.left.events.push(Event {
                    inference: number,
                    ..event
                });
            }
        }
    }

    /// A participant's status changed.
    pub(super) fn log_status(
        &mut self,
        window: &Window<'_>,
        participant: u32,
        status: Status,
        reason: StatusReason,
    ) {
        if window.tables.log {
            let event = Event::at(EventKind::StatusChanged, window.height, window.end).of(participant);
            self.left.events.push(event.figures(status as i64, reason as i64));
        }
    }
}

impl World<'_> {
    /// Adds a line with one figure to the event log, if there is one.
    pub(super) fn log(&mut self, kind: EventKind, participant: u32, figure: i128, end: u64) {
        self.log_with(kind, participant, NOBODY, figure, end);
    }

    /// As [`log`](Self::log), with a counterpart.
    pub(super) fn log_with(&mut self, kind: EventKind, participant: u32, other: u32, figure: i128, end: u64) {
        if self.tables.log {
            let height = self.schedule.origin + self.window + 1;
            self.events.push(
                Event::at(kind, height, end)
                    .of(participant)
                    .with(other)
                    .wide(figure),
            );
        }
    }

    /// Adds a line with two figures to the event log, if there is one.
    pub(super) fn log_pair(
        &mut self,
        kind: EventKind,
        participant: u32,
        other: u32,
        figures: (i64, i64),
        end: u64,
    ) {
        if self.tables.log {
            let height = self.schedule.origin + self.window + 1;
            let event = Event::at(kind, height, end).of(participant).with(other);
            self.events.push(event.figures(figures.0, figures.1));
        }
    }

    /// The coins that were there before the first block.
    pub(super) fn log_opening(&mut self) {
        if !self.tables.log {
            return;
        }
        let height = self.schedule.origin;
        for client in 0..self.books.clients.len() {
            let balance = i128::from(self.books.clients[client]);
            let event = Event::at(EventKind::Funded, height, 0).with(client as u32);
            self.events.push(event.wide(balance));
        }
        for lane in &self.lanes {
            let accounts = (lane.first..).zip(&lane.collateral);
            for (participant, account) in accounts.filter(|(_, account)| total_of(account) != 0) {
                let event = Event::at(EventKind::Deposited, height, 0).of(participant);
                self.events.push(event.wide(total_of(account)));
            }
        }
    }

    /// The balance of every kind of account, in the order of
    /// [`ACCOUNTS`](crate::observe::frame::ACCOUNTS).
    pub(super) fn log_balances(&mut self, end: u64) {
        for (account, (_, balance)) in self.balances().into_iter().enumerate() {
            self.log_with(EventKind::Balance, NOBODY, account as u32, balance, end);
        }
    }

    /// Adds a line with a figure that is not zero.
    pub(super) fn log_if_any(
        &mut self,
        kind: EventKind,
        participant: u32,
        other: u32,
        figure: i128,
        end: u64,
    ) {
        if figure != 0 {
            self.log_with(kind, participant, other, figure, end);
        }
    }

    /// What a clean record would have added to each participant's reward, and what it lacked.
    pub(super) fn log_forfeits(&mut self, rows: &SettledRows, has_failed: &[bool], end: u64) {
        if !self.tables.log {
            return;
        }
        for (row, &has_failed) in rows.iter().zip(has_failed).filter(|(row, _)| row.forfeited > 0) {
            let why = match row.status {
                Status::Invalid | Status::Inactive => 1,
                _ if has_failed => 2,
                _ => 0,
            };
            self.log_with(EventKind::Forfeited, row.participant, why, row.forfeited, end);
        }
    }

    /// The reputations with which participants enter an epoch, and who comes back into good standing.
    pub(super) fn log_standing(&mut self, reputations: &[Reputation], end: u64) {
        if !self.tables.log {
            return;
        }
        let height = self.schedule.origin + self.window + 1;
        for lane in &self.lanes {
            for (host, (state, tally)) in lane.states.iter().zip(&lane.tallies).enumerate() {
                let participant = lane.first as usize + host;
                let at = |kind| Event::at(kind, height, end).of(participant as u32);
                let (before, now) = (state.reputation.get(), reputations[participant].get());
                if before != now {
                    let figures = (i64::from(now), i64::from(before));
                    self.events
                        .push(at(EventKind::ReputationSet).figures(figures.0, figures.1));
                }
                let weight = self.next_weights[participant];
                if weight != tally.weight {
                    self.events
                        .push(at(EventKind::WeightSet).figures(weight as i64, tally.weight as i64));
                }
                let (status, _) = self
                    .tables
                    .status
                    .compute_reset_for_epoch(&state.counters, state.status);
                if status != state.status {
                    self.events
                        .push(at(EventKind::StatusChanged).figures(status as i64, 0));
                }
            }
        }
    }

    /// An epoch's weights are effective.
    pub(super) fn log_epoch(&mut self, end: u64) {
        let members = self.next_weights.iter().filter(|&&weight| weight > 0).count();
        let figures = (self.total_weight as i64, members as i64);
        self.log_pair(EventKind::EpochBegan, NOBODY, self.epoch, figures, end);
    }

    /// Who proved less than expected: participant, weight measured, weight expected.
    pub(super) fn log_confirmation(&mut self, readings: &[(u32, u64, u64)], end: u64) {
        for &(participant, measured, expected) in readings {
            let figures = (measured as i64, expected as i64);
            self.log_pair(EventKind::Confirmed, participant, NOBODY, figures, end);
        }
    }

    /// Room for what lanes leave of a block, if there is a log.
    pub(super) fn open_block_log(&mut self) -> Option<BlockLog> {
        self.tables.log.then(|| {
            let mut block = self.events.block_room();
            let prices = self.groups.iter().map(|group| group.price);
            block.open(self.schedule.origin + self.window + 1, prices, &self.tables);
            block
        })
    }

    /// Events that nobody has taken yet; what a run streams to its log.
    pub fn events_mut(&mut self) -> &mut EventsInOrder {
        &mut self.events
    }
}
