//! Verdicts: what validators' answers and votes do to an inference and its executor.
//!
//! Invariant: every drawn validator's answer is counted once, and an inference is forgotten when the last
//! of them is in and no dispute is open.

use stakeout_protocol::dispute::{
    DisputeGroup, OnNoQuorum, VoteOutcome, VoteTally, VoterRule, compute_voters,
};
use stakeout_protocol::sharing::compute_shares;
use stakeout_protocol::units::{Amount, Weight};

use super::commit::session_members;
use super::inference::{Inference, NONE, State};
use super::lane::{Deadline, Lane};
use super::mail::{Answer, AnswerKind, Credit, Refund, TaskKind};
use super::tables::Tables;
use super::window::Window;
use crate::observe::frame::{Event, EventKind};
use crate::scenario::{Assignment, Unsampled};

impl Lane {
    /// Files mailed answers under the block that includes them.
    pub(crate) fn file_answers(&mut self, window: u64, tables: &Tables) {
        for source in 0..self.in_answers.len() {
            if self.in_answers[source].is_empty() {
                continue;
            }
            let mut mail = std::mem::take(&mut self.in_answers[source]);
            for answer in mail.drain(..) {
                let due = tables.window_of(answer.ready).max(window);
                self.answers.push(due, answer);
            }
            self.in_answers[source] = mail;
        }
    }

    pub(super) fn commit_answers(&mut self, window: &Window<'_>) {
        let mut due = std::mem::take(&mut self.scratch.answers);
        let mut order = std::mem::take(&mut self.scratch.order);
        self.answers.take(window.index, &mut due);
        // Time after the first, number after the lowest, sender, kind: 44 + 36 + 24 + 3 bits. What falls
        // due in one block lies far closer together.
        let origin = due.iter().map(|answer| answer.ready).min().unwrap_or(0);
        let lowest = due.iter().map(|answer| answer.number).min().unwrap_or(0);
        let key = |answer: &Answer| {
            let ready = u128::from((answer.ready - origin).min((1 << 44) - 1));
            let sender = u128::from(answer.validator) << 3 | answer.kind as u128;
            ready << 63 | u128::from(answer.number - lowest) << 27 | sender
        };
        order.visit(&due, key, |_, place| self.commit_answer(&due[place], window));
        due.clear();
        (self.scratch.answers, self.scratch.order) = (due, order);
    }

    fn commit_answer(&mut self, answer: &Answer, window: &Window<'_>) {
        let index = answer.inference;
        if self.inferences[index].number != answer.number {
            return; // The vote was decided without this one.
        }
        let state = self.inferences[index].state;
        match answer.kind {
            AnswerKind::VoteInvalid | AnswerKind::VoteValid => {
                // A vote that comes late for one dispute is none in the next.
                let checks = self.inferences[index].link;
                if state == State::Disputed && self.checks[checks].round == answer.round {
                    self.count_vote(index, answer, window);
                }
                return;
            }
            AnswerKind::Pass if state == State::Finished => self.commit_pass(index, answer, window),
            AnswerKind::Fail if state == State::Finished => self.open_dispute(index, answer, window),
            AnswerKind::Fail => self.releases.push(answer.validator),
            AnswerKind::FailCapped if state == State::Finished => self.ignore_failure(index, answer, window),
            AnswerKind::FailCapped | AnswerKind::Pass | AnswerKind::Silent => {}
        }
        let checks = self.inferences[index].link;
        self.checks[checks].pending -= 1;
        self.forget_if_settled(index);
    }

    /// Forgets an inference that no message can change any more.
    fn forget_if_settled(&mut self, index: u32) {
        let record = &self.inferences[index];
        let checks = record.link;
        if record.state != State::Disputed && self.checks[checks].pending == 0 {
            self.checks.remove(checks);
            self.forget(index);
        }
    }

    fn commit_pass(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let record = self.inferences[index];
        self.totals.passed += 1;
        self.note_verdict(EventKind::Passed, &record, answer, window);
        if window.tables.share_with_validators {
            self.share_payment(index, answer.validator, window);
        }
        if window.measures.unsampled == Unsampled::Passed {
            // Every completed answer has been counted as passed.
            let state = &mut self.states[record.host as usize];
            (state.validated, state.run_judged[0]) = (state.validated + 1, state.run_judged[0] + 1);
        } else {
            self.record_match(record.host, record.number, window);
        }
    }

    /// A verdict's effect, and its line in the event log.
    fn note_verdict(&mut self, kind: EventKind, record: &Inference, answer: &Answer, window: &Window<'_>) {
        let (validator, similarity) = (answer.validator, answer.similarity_ppb);
        self.effects.add(
            kind as u64,
            record.number,
            u64::from(validator),
            u64::from(similarity),
        );
        if window.tables.log {
            self.log(
                window,
                answer.ready,
                kind,
                record,
                validator,
                (
                    i64::from(similarity),
                    i64::from(window.tables.thresholds[usize::from(record.group)]),
                ),
            );
        }
    }

    /// A passing verdict in the executor's counters.
    fn record_match(&mut self, host: u32, number: u64, window: &Window<'_>) {
        let state = &mut self.states[host as usize];
        state.validated += 1;
        state.run_judged[0] += 1;
        let before = state.counters;
        window.tables.status.record_pass(&mut state.counters);
        self.log_tests(host, number, &before, window);
        self.judge_status(host, window);
    }

    /// Splits the payment anew among the executor and the validators who passed the answer.
    fn share_payment(&mut self, index: u32, validator: u32, window: &Window<'_>) {
        let record = self.inferences[index];
        let checks = &mut self.checks[record.link];
        if checks.payment == 0 {
            return;
        }
        let payment = Amount::from_base_units(i128::from(checks.payment));
        let before = compute_shares(payment, checks.passed.len() + 1);
        checks.passed.push(validator);
        let after = compute_shares(payment, checks.passed.len() + 1);
        let change = |new: Amount, old: Amount| (new.base_units() - old.base_units()) as i64;
        self.states[record.host as usize].work += change(after.0, before.0);
        let (newest, earlier) = checks.passed.split_last().expect("one was pushed");
        for &participant in earlier {
            self.credits.push(Credit {
                participant,
                amount: change(after.1, before.1),
            });
        }
        self.credits.push(Credit {
            participant: *newest,
            amount: change(after.1, Amount::ZERO),
        });
        if window.tables.log {
            let mates = earlier.len();
            let first = self.credits.len() - mates - 1;
            for credit in first..self.credits.len() {
                self.log_share(&record, self.credits[credit], window);
            }
        }
    }

    fn open_dispute(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let record = self.inferences[index];
        self.totals.failed += 1;
        self.totals.disputes += 1;
        self.note_verdict(EventKind::Disputed, &record, answer, window);
        self.inferences[index].state = State::Disputed;
        let deadline = Deadline {
            inference: index,
            number: record.number,
        };
        let last = window.index + window.tables.vote_windows;
        self.disputes.push(last, deadline);
        let checks = &mut self.checks[record.link];
        checks.deadline = last;
        checks.round = checks.round.wrapping_add(1);
        let executor = self.first + record.host;
        let mut entitled = 0;
        let (mut own_invalid, mut own_valid) = (0, 0);
        for (voter, weight) in self.voters(index, answer.validator, window) {
            entitled += weight;
            // The opener has found a mismatch; an executor stands by its answer. Neither replays again.
            if voter == answer.validator {
                own_invalid += weight;
            } else if voter == executor {
                own_valid += weight;
            } else {
                self.mail_task(index, voter, TaskKind::Vote, weight, true, window);
                continue;
            }
            self.log_vote(
                &record,
                answer.ready,
                voter,
                voter == answer.validator,
                weight,
                window,
            );
        }
        let checks = &mut self.checks[record.link];
        checks.opener = answer.validator;
        checks.entitled = entitled;
        (checks.for_invalid, checks.for_valid) = (own_invalid, own_valid);
        self.decide_dispute(index, window);
    }

    /// Who votes, with which weight.
    fn voters(&self, index: u32, opener: u32, window: &Window<'_>) -> Vec<(u32, u64)> {
        let record = &self.inferences[index];
        let group = &window.groups[usize::from(record.group)];
        if let Assignment::RoundRobin { slots } = window.measures.assignment {
            return self.slot_voters(record, slots, window);
        }
        match window.dispute.voters {
            VoterRule::Group => {
                let barred = if window.dispute.executor_may_vote {
                    NONE
                } else {
                    self.first + record.host
                };
                let members = group
                    .members
                    .iter()
                    .filter(|m| m.weight > 0 && m.participant != barred);
                members
                    .map(|member| (member.participant, member.weight))
                    .collect()
            }
            VoterRule::Sampled { .. } => {
                let weights: Vec<Weight> = group.members.iter().map(|m| Weight::new(m.weight)).collect();
                let members = DisputeGroup {
                    weights: &weights,
                    executor: Some(record.member as usize),
                    opener: group.position(opener).unwrap_or(record.member as usize),
                };
                let seed = (window.tables.keys.voters.draw(record.number, 0) >> 1) as i64;
                compute_voters(window.dispute, members, seed, &record.number.to_string())
                    .into_iter()
                    .map(|voter| (group.members[voter.member].participant, voter.weight.get()))
                    .collect()
            }
        }
    }

    /// The holders of a session's slots, each with as many votes as slots.
    fn slot_voters(&self, record: &Inference, slots: u32, window: &Window<'_>) -> Vec<(u32, u64)> {
        let group = &window.groups[usize::from(record.group)];
        let mut holders = session_members(record, group, slots, window);
        holders.sort_unstable();
        let mut voters: Vec<(u32, u64)> = Vec::new();
        for member in holders {
            let participant = group.members[member as usize].participant;
            match voters.last_mut() {
                Some((last, votes)) if *last == participant => *votes += 1,
                _ => voters.push((participant, 1)),
            }
        }
        voters.retain(|&(voter, _)| window.dispute.executor_may_vote || voter != self.first + record.host);
        voters
    }

    fn count_vote(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let is_invalid = answer.kind == AnswerKind::VoteInvalid;
        let record = self.inferences[index];
        self.effects.add(
            EventKind::Voted as u64,
            record.number,
            u64::from(answer.validator),
            u64::from(is_invalid),
        );
        self.log_vote(
            &record,
            answer.ready,
            answer.validator,
            is_invalid,
            answer.weight,
            window,
        );
        let checks = &mut self.checks[record.link];
        if is_invalid {
            checks.for_invalid += answer.weight;
        } else {
            checks.for_valid += answer.weight;
        }
        self.decide_dispute(index, window);
    }

    fn decide_dispute(&mut self, index: u32, window: &Window<'_>) {
        let checks = &self.checks[self.inferences[index].link];
        let tally = VoteTally {
            for_invalid: Weight::new(checks.for_invalid),
            for_valid: Weight::new(checks.for_valid),
            total: Weight::new(checks.entitled),
        };
        match tally.outcome(window.dispute.quorum) {
            Some(VoteOutcome::Invalidated) => self.invalidate(index, window),
            Some(VoteOutcome::Revalidated) => self.revalidate(index, window),
            None => {}
        }
    }

    fn invalidate(&mut self, index: u32, window: &Window<'_>) {
        let record = self.inferences[index];
        let (opener, payment) = {
            let checks = &self.checks[record.link];
            (checks.opener, checks.payment)
        };
        self.releases.push(opener);
        self.inferences[index].state = State::Invalidated;
        // An answer of an earlier epoch has been paid for and settled; the network ignores the verdict.
        if record.completion >= window.epoch_start {
            self.refund_invalidated(index, payment, window);
            self.pay_bounty(record.host, record.number, opener, window);
            self.record_mismatch(record.host, record.number, record.substitute, window);
        } else {
            self.log_outcome(EventKind::InvalidatedLate, index, NONE, 0, window);
        }
        self.forget_if_settled(index);
    }

    /// The executor of an invalidated answer pays the validator who opened the case.
    fn pay_bounty(&mut self, host: u32, number: u64, opener: u32, window: &Window<'_>) {
        let bounty = window.measures.bounty.base_units() as i64;
        if bounty == 0 {
            return;
        }
        self.states[host as usize].work -= bounty;
        self.credits.push(Credit {
            participant: opener,
            amount: bounty,
        });
        let executor = self.first + host;
        self.effects.add(
            EventKind::Bounty as u64,
            number,
            u64::from(executor) << 32 | u64::from(opener),
            bounty as u64,
        );
        if window.tables.log {
            let event = Event::at(EventKind::Bounty, window.height, window.end)
                .of(executor)
                .with(opener)
                .figures(bounty, 0);
            self.events.push(Event {
                inference: number,
                ..event
            });
        }
    }

    fn refund_invalidated(&mut self, index: u32, payment: u64, window: &Window<'_>) {
        let record = self.inferences[index];
        self.states[record.host as usize].work -= payment as i64;
        if payment > 0 {
            self.refunds.push(Refund {
                client: record.client,
                amount: payment,
            });
        }
        self.totals.refunds += i128::from(payment);
        self.totals.clients_told += 1;
        self.totals.invalidated += 1;
        self.totals.honest_invalidated += u64::from(!window.tables.conducts.is_cheat(record.substitute));
        let executor = u64::from(self.first + record.host);
        self.effects
            .add(EventKind::Invalidated as u64, record.number, executor, payment);
        self.log_outcome(EventKind::Invalidated, index, record.client, payment, window);
    }

    /// A failing verdict in the executor's counters.
    fn record_mismatch(&mut self, host: u32, number: u64, substitute: u8, window: &Window<'_>) {
        let state = &mut self.states[host as usize];
        state.invalidated += 1;
        state.run_judged[1] += 1;
        if window.tables.conducts.is_cheat(substitute) {
            self.detection.record(state.since_detection);
            state.since_detection = 0;
        }
        let before = state.counters;
        if window.measures.unsampled == Unsampled::Passed {
            window
                .tables
                .status
                .record_failure_of_counted(&mut state.counters);
        } else {
            window.tables.status.record_failure(&mut state.counters);
        }
        self.log_tests(host, number, &before, window);
        self.judge_status(host, window);
    }

    fn revalidate(&mut self, index: u32, window: &Window<'_>) {
        let record = self.inferences[index];
        self.releases.push(self.checks[record.link].opener);
        self.inferences[index].state = State::Finished;
        self.totals.revalidated += 1;
        let executor = u64::from(self.first + record.host);
        self.effects
            .add(EventKind::Revalidated as u64, record.number, executor, 0);
        self.log_outcome(EventKind::Revalidated, index, NONE, 0, window);
        self.record_match(record.host, record.number, window);
        self.forget_if_settled(index);
    }

    pub(super) fn close_overdue_disputes(&mut self, window: &Window<'_>) {
        let mut due = std::mem::take(&mut self.scratch.deadlines);
        self.disputes.take(window.index, &mut due);
        due.sort_unstable_by_key(|deadline| deadline.number);
        for deadline in &due {
            let record = self.inferences[deadline.inference];
            if record.number != deadline.number || record.state != State::Disputed {
                continue;
            }
            if self.checks[record.link].deadline != window.index {
                continue; // A later dispute about the same answer is open.
            }
            let (number, checks) = (record.number, record.link);
            self.totals.undecided += 1;
            self.effects.add(
                EventKind::Undecided as u64,
                number,
                u64::from(self.checks[checks].opener),
                0,
            );
            self.log_outcome(EventKind::Undecided, deadline.inference, NONE, 0, window);
            self.inferences[deadline.inference].state = State::Invalidated;
            if window.dispute.on_no_quorum == OnNoQuorum::CountAsValid {
                self.releases.push(self.checks[checks].opener);
            }
            self.forget_if_settled(deadline.inference);
        }
        due.clear();
        self.scratch.deadlines = due;
    }
}
