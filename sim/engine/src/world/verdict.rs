//! Verdicts: what validators' answers and votes do to an inference and its executor.
//!
//! Invariant: every drawn validator's answer is counted once, and an inference is forgotten when the last
//! of them is in and no dispute is open.

use prefetch_index::prefetch_index;
use stakeout_protocol::dispute::{
    DisputeGroup, OnNoQuorum, VoteOutcome, VoteTally, VoterRule, compute_voters,
};
use stakeout_protocol::sharing::compute_shares;
use stakeout_protocol::units::{Amount, Weight};

use super::inference::{Inference, NONE, State};
use super::lane::{Deadline, Lane};
use super::mail::{Answer, AnswerKind, Credit, Task, TaskKind};
use super::selection::session_members;
use super::tables::Tables;
use super::window::Window;
use crate::observe::frame::{Event, EventKind};
use crate::scenario::{Assignment, Unsampled};

/// So many answers before its turn the last of what a case needs is asked for, and twice as many what leads to it.
const AHEAD: usize = 8;

/// What a dispute asks of its voters, and who opened it.
struct Ballot {
    task: Task,
    opener: u32,
    /// Time from which the opening verdict could be included, ns.
    opened: u64,
}

/// What is known of a vote when it opens.
#[derive(Default)]
pub(super) struct OpenTally {
    /// Weight that may vote.
    pub entitled: u64,
    /// Weight that has found a mismatch.
    pub for_invalid: u64,
    /// Weight that stands by the answer.
    pub for_valid: u64,
}

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
        let due = self.answers.take(window.index);
        let mut order = std::mem::take(&mut self.scratch.order);
        let lowest = due.iter().map(|answer| answer.number).min().unwrap_or(0);
        // Number after the lowest, sender, kind: 36 + 25 + 3 bits.
        let rank = |answer: &Answer| {
            let sender = u64::from(answer.validator) << 3 | answer.kind as u64;
            (answer.number - lowest) << 28 | sender
        };
        order.sort(&due, |answer| answer.ready, rank);
        let places = order.places();
        for (at, &place) in places.iter().enumerate() {
            if let Some(&later) = places.get(at + 2 * AHEAD) {
                let case = due[later as usize].inference as usize;
                self.kept.ask_for(case);
                prefetch_index(&self.links, case);
            }
            if let Some(&later) = places.get(at + AHEAD) {
                self.look_at_case(&due[later as usize]);
            }
            self.commit_answer(&due[place as usize], window);
        }
        self.answers.give_back(due);
        self.scratch.order = order;
    }

    /// Asks for what the commit of an answer needs of its case and of its executor.
    #[inline(always)]
    fn look_at_case(&self, answer: &Answer) {
        let record = &self.kept[answer.inference];
        // Else its place is another's now, or nobody's.
        if record.number == answer.number {
            self.checks
                .ask_for(self.links[answer.inference as usize] as usize);
            prefetch_index(&self.tallies, record.host as usize);
            prefetch_index(&self.states, record.host as usize);
        }
    }

    pub(crate) fn commit_answer(&mut self, answer: &Answer, window: &Window<'_>) {
        let index = answer.inference;
        if self.kept[index].number != answer.number {
            return; // The vote was decided without this one.
        }
        let state = self.kept[index].state;
        match answer.kind {
            AnswerKind::VoteInvalid | AnswerKind::VoteValid => {
                // A vote that comes late for one dispute is none in the next.
                let checks = self.links[index as usize];
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
        let checks = self.links[index as usize];
        self.checks[checks].pending -= 1;
        self.forget_if_settled(index);
    }

    /// Forgets an inference that no message can change any more.
    fn forget_if_settled(&mut self, index: u32) {
        let (record, checks) = (self.kept[index], self.links[index as usize]);
        if record.state != State::Disputed && self.checks[checks].pending == 0 {
            self.checks.remove(checks);
            self.forget(index);
        }
    }

    fn commit_pass(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let record = self.kept[index];
        self.totals.passed += 1;
        self.note_verdict(EventKind::Passed, &record, answer, window);
        if window.tables.share_with_validators {
            self.share_payment(index, answer.validator, window);
        }
        self.count_pass(record.host, record.number, window);
    }

    /// A passing verdict in the executor's counters, unless every completed answer has been counted as passed.
    pub(super) fn count_pass(&mut self, host: u32, number: u64, window: &Window<'_>) {
        if window.measures.unsampled == Unsampled::Passed {
            self.tallies[host as usize].validated += 1;
        } else {
            self.record_match(host, number, window);
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
        self.tallies[host as usize].validated += 1;
        let counters = &mut self.states[host as usize].counters;
        let before = *counters;
        window.tables.status.record_pass(counters);
        self.log_tests(host, number, &before, window);
        self.judge_status(host, window);
    }

    /// Splits the payment anew among the executor and the validators who passed the answer.
    fn share_payment(&mut self, index: u32, validator: u32, window: &Window<'_>) {
        let (record, link) = (self.kept[index], self.links[index as usize]);
        let checks = &mut self.checks[link];
        if checks.payment == 0 {
            return;
        }
        let work = &mut self.states[record.host as usize].work;
        share_anew(checks.payment, &checks.passed, validator, work, &mut self.credits);
        checks.passed.push(validator);
        let mates = checks.passed.len() - 1;
        if window.tables.log {
            let first = self.credits.len() - mates - 1;
            for credit in first..self.credits.len() {
                self.log_share(&record, self.credits[credit], window);
            }
        }
    }

    fn open_dispute(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let (record, link) = (self.kept[index], self.links[index as usize]);
        self.totals.failed += 1;
        self.totals.disputes += 1;
        self.note_verdict(EventKind::Disputed, &record, answer, window);
        self.kept[index].state = State::Disputed;
        let deadline = Deadline {
            inference: index,
            number: record.number,
        };
        let last = window.index + window.tables.vote_windows;
        self.disputes.push(last, deadline);
        let checks = &mut self.checks[link];
        checks.deadline = last;
        checks.round = checks.round.wrapping_add(1);
        let round = checks.round;
        let ballot = Ballot {
            task: self.task_about(index, TaskKind::Vote, round, true, window),
            opener: answer.validator,
            opened: answer.ready,
        };
        let tally = self.call_voters(&record, ballot, window);
        let checks = &mut self.checks[link];
        checks.opener = answer.validator;
        checks.entitled = tally.entitled;
        (checks.for_invalid, checks.for_valid) = (tally.for_invalid, tally.for_valid);
        self.decide_dispute(index, window);
    }

    /// Asks everybody entitled to vote, and counts those who have made up their minds.
    fn call_voters(&mut self, record: &Inference, ballot: Ballot, window: &Window<'_>) -> OpenTally {
        let group = &window.groups[usize::from(record.group)];
        let mut tally = OpenTally::default();
        if let Assignment::RoundRobin { slots } = window.measures.assignment {
            for (voter, weight) in self.slot_voters(record, slots, window) {
                self.call_voter(record, &ballot, (voter, weight), &mut tally, window);
            }
            return tally;
        }
        match window.dispute.voters {
            VoterRule::Group => {
                let barred = if window.dispute.executor_may_vote {
                    NONE
                } else {
                    ballot.task.executor
                };
                if let Some(held) = self.note_vote(&ballot.task, (ballot.opener, barred), window) {
                    return held;
                }
                for member in group.members() {
                    if member.weight > 0 && member.participant != barred {
                        let voter = (member.participant, member.weight);
                        self.call_voter(record, &ballot, voter, &mut tally, window);
                    }
                }
            }
            VoterRule::Sampled { .. } => {
                let weights: Vec<Weight> = group.weights.iter().copied().map(Weight::new).collect();
                let members = DisputeGroup {
                    weights: &weights,
                    executor: Some(record.member as usize),
                    opener: group.position(ballot.opener).unwrap_or(record.member as usize),
                };
                let seed = (window.tables.keys.voters.draw(record.number, 0) >> 1) as i64;
                for voter in compute_voters(window.dispute, members, seed, &record.number.to_string()) {
                    let participant = group.executors.at(voter.member);
                    let voter = (participant, voter.weight.get());
                    self.call_voter(record, &ballot, voter, &mut tally, window);
                }
            }
        }
        tally
    }

    /// Asks one voter. The opener has found a mismatch; an executor stands by its answer. Neither replays
    /// again.
    #[inline]
    fn call_voter(
        &mut self,
        record: &Inference,
        ballot: &Ballot,
        (voter, weight): (u32, u64),
        tally: &mut OpenTally,
        window: &Window<'_>,
    ) {
        tally.entitled += weight;
        let is_opener = voter == ballot.opener;
        if is_opener {
            tally.for_invalid += weight;
        } else if voter == ballot.task.executor {
            tally.for_valid += weight;
        } else {
            return self.mail_task(ballot.task, voter, weight, window);
        }
        self.log_vote(record, ballot.opened, voter, is_opener, weight, window);
    }

    /// The holders of a session's slots, each with as many votes as slots.
    fn slot_voters(&self, record: &Inference, slots: u32, window: &Window<'_>) -> Vec<(u32, u64)> {
        let group = &window.groups[usize::from(record.group)];
        let mut holders = session_members(record, group, slots, window);
        holders.sort_unstable();
        let mut voters: Vec<(u32, u64)> = Vec::new();
        for member in holders {
            let participant = group.executors.at(member as usize);
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
        let (record, link) = (self.kept[index], self.links[index as usize]);
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
        let checks = &mut self.checks[link];
        if is_invalid {
            checks.for_invalid += answer.weight;
        } else {
            checks.for_valid += answer.weight;
        }
        self.decide_dispute(index, window);
    }

    fn decide_dispute(&mut self, index: u32, window: &Window<'_>) {
        let checks = &self.checks[self.links[index as usize]];
        let tally = VoteTally {
            for_invalid: Weight::new(checks.for_invalid),
            for_valid: Weight::new(checks.for_valid),
            total: Weight::new(checks.entitled),
        };
        self.end_vote(index, tally.outcome(window.dispute.quorum), window);
    }

    /// Does what a vote has decided, if it has.
    pub(super) fn end_vote(&mut self, index: u32, outcome: Option<VoteOutcome>, window: &Window<'_>) {
        match outcome {
            Some(VoteOutcome::Invalidated) => self.invalidate(index, window),
            Some(VoteOutcome::Revalidated) => self.revalidate(index, window),
            None => {}
        }
    }

    fn invalidate(&mut self, index: u32, window: &Window<'_>) {
        let (record, link) = (self.kept[index], self.links[index as usize]);
        let (opener, payment) = {
            let checks = &self.checks[link];
            (checks.opener, checks.payment)
        };
        self.releases.push(opener);
        self.kept[index].state = State::Invalidated;
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
            self.left.events.push(Event {
                inference: number,
                ..event
            });
        }
    }

    fn refund_invalidated(&mut self, index: u32, payment: u64, window: &Window<'_>) {
        let record = self.kept[index];
        self.states[record.host as usize].work -= payment as i64;
        self.sums.refunds.add(record.client, payment);
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
        let tally = &mut self.tallies[host as usize];
        tally.invalidated += 1;
        if window.tables.conducts.is_cheat(substitute) {
            let since = &mut tally.past_mut().since_detection;
            self.sums.detection.record(std::mem::take(since));
        }
        let counters = &mut self.states[host as usize].counters;
        let before = *counters;
        if window.measures.unsampled == Unsampled::Passed {
            window.tables.status.record_failure_of_counted(counters);
        } else {
            window.tables.status.record_failure(counters);
        }
        self.log_tests(host, number, &before, window);
        self.judge_status(host, window);
    }

    fn revalidate(&mut self, index: u32, window: &Window<'_>) {
        let (record, link) = (self.kept[index], self.links[index as usize]);
        self.releases.push(self.checks[link].opener);
        self.kept[index].state = State::Finished;
        self.totals.revalidated += 1;
        let executor = u64::from(self.first + record.host);
        self.effects
            .add(EventKind::Revalidated as u64, record.number, executor, 0);
        self.log_outcome(EventKind::Revalidated, index, NONE, 0, window);
        self.record_match(record.host, record.number, window);
        self.forget_if_settled(index);
    }

    pub(super) fn close_overdue_disputes(&mut self, window: &Window<'_>) {
        let mut due = self.disputes.take(window.index);
        due.sort_unstable_by_key(|deadline| deadline.number);
        for deadline in &due {
            self.close_overdue(deadline, window);
        }
        self.disputes.give_back(due);
    }

    /// Ends the vote of a dispute whose time is over and that nothing has decided.
    pub(crate) fn close_overdue(&mut self, deadline: &Deadline, window: &Window<'_>) {
        let (record, link) = (
            self.kept[deadline.inference],
            self.links[deadline.inference as usize],
        );
        if record.number != deadline.number || record.state != State::Disputed {
            return;
        }
        if self.checks[link].deadline != window.index {
            return; // A later dispute about the same answer is open.
        }
        let (number, checks) = (record.number, link);
        self.totals.undecided += 1;
        self.effects.add(
            EventKind::Undecided as u64,
            number,
            u64::from(self.checks[checks].opener),
            0,
        );
        self.log_outcome(EventKind::Undecided, deadline.inference, NONE, 0, window);
        self.kept[deadline.inference].state = State::Invalidated;
        if window.dispute.on_no_quorum == OnNoQuorum::CountAsValid {
            self.releases.push(self.checks[checks].opener);
        }
        self.forget_if_settled(deadline.inference);
    }
}

/// Splits the payment anew when a validator passes an answer that `earlier` ones have passed: what the executor's `work`
/// is worth, and what is credited to whom.
pub(super) fn share_anew(
    payment: u64,
    earlier: &[u32],
    newest: u32,
    work: &mut i64,
    credits: &mut Vec<Credit>,
) {
    if payment == 0 {
        return;
    }
    let payment = Amount::from_base_units(i128::from(payment));
    let before = compute_shares(payment, earlier.len() + 1);
    let after = compute_shares(payment, earlier.len() + 2);
    let change = |new: Amount, old: Amount| (new.base_units() - old.base_units()) as i64;
    *work += change(after.0, before.0);
    for &participant in earlier {
        credits.push(Credit {
            participant,
            amount: change(after.1, before.1),
        });
    }
    credits.push(Credit {
        participant: newest,
        amount: change(after.1, Amount::ZERO),
    });
}
