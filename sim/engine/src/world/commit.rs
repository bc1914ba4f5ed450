//! The commit phase: what each executor's block transactions change.
//!
//! Order within a block (docs/adr/0006-block-windows.md): messages (finishes, then validators' answers,
//! then votes, each in order of the time from which they could be included), then deadlines of disputes,
//! then expiries. A finished inference becomes subject to sampling with its finish message: nothing
//! that sampling reads changes within the block.

use stakeout_kernel::sample::below;
use stakeout_protocol::collateral::{SlashReason, compute_required_collateral};
use stakeout_protocol::dispute::{
    DisputeGroup, OnNoQuorum, VoteOutcome, VoteTally, VoterRule, compute_voters,
};
use stakeout_protocol::sharing::compute_shares;
use stakeout_protocol::status::{Status, StatusReason};
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Weight};

use super::inference::{Checks, NONE, State};
use super::lane::{Deadline, Lane, StatusChange};
use super::mail::{Answer, AnswerKind, Credit, Refund, Task, TaskKind};
use super::tables::Tables;
use super::window::{Draw, Window};
use crate::observe::frame::{Conviction, Event, EventKind};

/// The number of a record that has been given back.
const GONE: u64 = u64::MAX;

impl Lane {
    /// Commits one block for all executors of the lane.
    pub(crate) fn commit(&mut self, window: &Window<'_>) {
        self.file_answers(window.index, window.tables);
        self.commit_finishes(window);
        self.commit_answers(window);
        self.close_overdue_disputes(window);
        self.expire(window);
    }

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

    fn commit_finishes(&mut self, window: &Window<'_>) {
        let mut due = std::mem::take(&mut self.scratch.due);
        self.finishes.take(window.index, &mut due);
        for &index in &due {
            self.commit_finish(index, window);
        }
        due.clear();
        self.scratch.due = due;
    }

    #[inline]
    fn commit_finish(&mut self, index: u32, window: &Window<'_>) {
        let tables = window.tables;
        let record = self.inferences[index];
        let host = record.host as usize;
        let used = u64::from(record.prompt) + u64::from(record.answer);
        let escrow = record.price * (u64::from(record.prompt) + u64::from(tables.max_tokens));
        let payment = (record.price * used).min(escrow);
        self.escrow -= i128::from(escrow);
        if escrow > payment {
            self.refunds.push(Refund {
                client: record.client,
                amount: escrow - payment,
            });
        }
        self.finished_tokens[usize::from(record.group)] += used;
        self.finished_count[usize::from(record.group)] += 1;

        let state = &mut self.states[host];
        state.work += payment as i64;
        state.finished += 1;
        state.run_finished += 1;
        if record.substitute != 0 {
            state.cheated += 1;
            state.run_cheated += 1;
            state.since_detection += 1;
            self.totals.cheated += 1;
        }
        tables.status.record_served(&mut state.counters);
        let reputation = state.reputation;
        if state.status == Status::Ramping {
            self.judge_status(record.host, window);
        }

        self.totals.finished += 1;
        self.totals.work_coins += i128::from(payment);
        self.totals.nominal_rate_ppb_sum += u128::from(window.targets.ppb(reputation));
        let executor = u64::from(self.first + record.host);
        self.effects.add(
            EventKind::Finished as u64,
            record.number,
            executor << 32 | used,
            payment,
        );
        if record.arrival >= tables.warm_up_ns {
            self.sojourn.record(record.completion - record.arrival);
        }
        if tables.log {
            self.log(
                window,
                record.completion,
                EventKind::Finished,
                &record,
                record.client,
                payment as i64,
            );
        }
        self.draw_validators(index, payment, window);
    }

    /// Draws who checks the answer; forgets it at once if nobody does.
    #[inline]
    fn draw_validators(&mut self, index: u32, payment: u64, window: &Window<'_>) {
        let record = &self.inferences[index];
        let group = &window.groups[usize::from(record.group)];
        let others = group.total - group.members[record.member as usize].weight;
        if window.draw == Draw::Nobody || others == 0 {
            self.forget(index);
            return;
        }
        let first = window.tables.keys.sampling.draw(record.number, 0);
        let pair = self.pair_of(record.host, record.group);
        let version = (group.version, window.targets.version);
        if self.plans[pair].version != version {
            let rate = window.targets.rate(self.states[record.host as usize].reputation) / others as f64;
            self.plans[pair].plan = Some(group.subset.plan(rate, Some(record.member)));
            self.plans[pair].version = version;
        }
        let plan = self.plans[pair]
            .plan
            .as_ref()
            .expect("a plan was made for this version");
        let is_newcomer = window.at_least_one && self.states[record.host as usize].reputation.get() == 0;
        if plan.is_surely_none(first) && !is_newcomer {
            self.forget(index);
            return;
        }
        let mut selected = std::mem::take(&mut self.scratch.selected);
        let (key, number, member) = (window.tables.keys.sampling, record.number, record.member);
        group.subset.select_from(plan, first, key, number, &mut selected);
        if selected.is_empty() && is_newcomer {
            selected.push(designated(group, member, key.draw(number, 1 << 40)));
        }
        if selected.is_empty() {
            self.forget(index);
        } else {
            self.mail_validations(index, payment, &selected, window);
        }
        self.scratch.selected = selected;
    }

    /// Where the plan of a (host, model) pair is kept.
    #[inline]
    fn pair_of(&self, host: u32, model: u16) -> usize {
        let mut pair = self.states[host as usize].first_pair as usize;
        while self.pair_models[pair] != model {
            pair += 1;
        }
        pair
    }

    fn mail_validations(&mut self, index: u32, payment: u64, selected: &[u32], window: &Window<'_>) {
        let checks = self.checks.reuse_or(Checks::default);
        self.checks[checks].reset(selected.len() as u32, payment);
        let record = &mut self.inferences[index];
        record.state = State::Finished;
        record.link = checks;
        let record = *record;
        self.totals.checked += 1;
        self.totals.validations_drawn += selected.len() as u64;
        self.states[record.host as usize].checked += 1;
        let group = &window.groups[usize::from(record.group)];
        for &member in selected {
            let validator = group.members[member as usize].participant;
            self.effects
                .add(EventKind::Drawn as u64, record.number, u64::from(validator), 0);
            if window.tables.log {
                self.log(window, window.end, EventKind::Drawn, &record, validator, 0);
            }
            self.mail_task(index, validator, TaskKind::Validation, 0, window);
        }
    }

    fn mail_task(&mut self, index: u32, validator: u32, kind: TaskKind, weight: u64, window: &Window<'_>) {
        let record = self.inferences[index];
        let round = if kind == TaskKind::Vote {
            self.checks[record.link].round
        } else {
            0
        };
        let (delay, unavailable) = self.fetch_payload(record.host, record.number, validator, window);
        self.out_tasks.to[(validator / window.lane_size) as usize].push(Task {
            arrival: window.end + window.tables.validation_delay_ns + delay,
            number: record.number,
            inference: index,
            executor: self.first + record.host,
            validator,
            prompt: record.prompt,
            answer: record.answer,
            link: NONE,
            weight,
            group: record.group,
            substitute: record.substitute,
            executor_kernel: self.hosts[record.host as usize].kernel,
            kind,
            unavailable,
            epoch_parity: window.parity,
            round,
        });
    }

    /// When the validator gets the payload from the executor: extra delay, and whether it never does.
    #[inline]
    fn fetch_payload(&self, host: u32, number: u64, validator: u32, window: &Window<'_>) -> (u64, bool) {
        if !self.hosts[host as usize].has_outages {
            return (0, false);
        }
        let start = window.end + window.tables.validation_delay_ns;
        window
            .tables
            .payload
            .fetch(&self.outages[host as usize], start, |attempt| {
                window
                    .tables
                    .keys
                    .payload
                    .draw(number, u64::from(validator) << 8 | attempt)
            })
    }

    /// Gives a record back.
    #[inline]
    fn forget(&mut self, index: u32) {
        self.inferences[index].number = GONE;
        self.inferences.remove(index);
    }

    fn commit_answers(&mut self, window: &Window<'_>) {
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
        let (number, validator) = (record.number, u64::from(answer.validator));
        self.effects.add(
            EventKind::Passed as u64,
            number,
            validator,
            u64::from(answer.similarity_ppb),
        );
        if window.tables.log {
            let value = i64::from(answer.similarity_ppb);
            self.log(
                window,
                answer.ready,
                EventKind::Passed,
                &record,
                answer.validator,
                value,
            );
        }
        if window.tables.share_with_validators {
            self.share_payment(index, answer.validator);
        }
        self.record_match(record.host, window);
    }

    /// A passing verdict in the executor's counters.
    fn record_match(&mut self, host: u32, window: &Window<'_>) {
        let state = &mut self.states[host as usize];
        state.validated += 1;
        state.run_judged[0] += 1;
        window.tables.status.record_pass(&mut state.counters);
        self.judge_status(host, window);
    }

    /// Splits the payment anew among the executor and the validators who passed the answer.
    fn share_payment(&mut self, index: u32, validator: u32) {
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
    }

    /// Counts a failing verdict whose sender has as many open cases as it may.
    fn ignore_failure(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        self.totals.disputes_capped += 1;
        self.effects.add(
            EventKind::DisputeCapped as u64,
            answer.number,
            u64::from(answer.validator),
            0,
        );
        if window.tables.log {
            let record = self.inferences[index];
            let value = i64::from(answer.similarity_ppb);
            self.log(
                window,
                answer.ready,
                EventKind::DisputeCapped,
                &record,
                answer.validator,
                value,
            );
        }
    }

    fn open_dispute(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let record = self.inferences[index];
        self.totals.failed += 1;
        self.totals.disputes += 1;
        let (number, validator) = (record.number, u64::from(answer.validator));
        self.effects.add(
            EventKind::Disputed as u64,
            number,
            validator,
            u64::from(answer.similarity_ppb),
        );
        if window.tables.log {
            let value = i64::from(answer.similarity_ppb);
            self.log(
                window,
                answer.ready,
                EventKind::Disputed,
                &record,
                answer.validator,
                value,
            );
        }
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
                self.mail_task(index, voter, TaskKind::Vote, weight, window);
            }
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

    fn count_vote(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        let is_invalid = answer.kind == AnswerKind::VoteInvalid;
        let record = self.inferences[index];
        self.effects.add(
            EventKind::Voted as u64,
            record.number,
            u64::from(answer.validator),
            u64::from(is_invalid),
        );
        if window.tables.log {
            self.log(
                window,
                answer.ready,
                EventKind::Voted,
                &record,
                answer.validator,
                i64::from(is_invalid),
            );
        }
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
            self.record_mismatch(record.host, record.substitute, window);
        }
        self.forget_if_settled(index);
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
        self.totals.honest_invalidated += u64::from(record.substitute == 0);
        let executor = u64::from(self.first + record.host);
        self.effects
            .add(EventKind::Invalidated as u64, record.number, executor, payment);
        if window.tables.log {
            self.log(
                window,
                window.end,
                EventKind::Invalidated,
                &record,
                record.client,
                payment as i64,
            );
        }
    }

    /// A failing verdict in the executor's counters.
    fn record_mismatch(&mut self, host: u32, substitute: u8, window: &Window<'_>) {
        let state = &mut self.states[host as usize];
        state.invalidated += 1;
        state.run_judged[1] += 1;
        if substitute != 0 {
            self.detection.record(state.since_detection);
            state.since_detection = 0;
        }
        window.tables.status.record_failure(&mut state.counters);
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
        if window.tables.log {
            self.log(window, window.end, EventKind::Revalidated, &record, NONE, 0);
        }
        self.record_match(record.host, window);
        self.forget_if_settled(index);
    }

    fn close_overdue_disputes(&mut self, window: &Window<'_>) {
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
            if window.tables.log {
                self.log(window, window.end, EventKind::Undecided, &record, NONE, 0);
            }
            self.inferences[deadline.inference].state = State::Invalidated;
            if window.dispute.on_no_quorum == OnNoQuorum::CountAsValid {
                self.releases.push(self.checks[checks].opener);
            }
            self.forget_if_settled(deadline.inference);
        }
        due.clear();
        self.scratch.deadlines = due;
    }

    /// Expires what has started and not finished in time.
    fn expire(&mut self, window: &Window<'_>) {
        let mut due = std::mem::take(&mut self.scratch.deadlines);
        self.expiries.take(window.index, &mut due);
        due.sort_unstable_by_key(|deadline| deadline.number);
        for deadline in &due {
            let record = &self.inferences[deadline.inference];
            let is_open = matches!(record.state, State::Queued | State::Running);
            if record.number == deadline.number && is_open {
                self.expire_one(deadline.inference, window);
            }
        }
        due.clear();
        self.scratch.deadlines = due;
    }

    fn expire_one(&mut self, index: u32, window: &Window<'_>) {
        let record = self.inferences[index];
        let escrow = record.price * (u64::from(record.prompt) + u64::from(window.tables.max_tokens));
        self.escrow -= i128::from(escrow);
        if escrow > 0 {
            self.refunds.push(Refund {
                client: record.client,
                amount: escrow,
            });
        }
        self.totals.expired += 1;
        self.totals.refunds += i128::from(escrow);
        self.totals.clients_told += 1;
        let executor = u64::from(self.first + record.host);
        self.effects
            .add(EventKind::Expired as u64, record.number, executor, escrow);
        if window.tables.log {
            self.log(
                window,
                window.end,
                EventKind::Expired,
                &record,
                record.client,
                escrow as i64,
            );
        }
        let state = &mut self.states[record.host as usize];
        state.missed += 1;
        window.tables.status.record_missed(&mut state.counters);
        self.judge_status(record.host, window);
        // A queued record is still linked into its queue, which gives it back when its turn comes.
        if record.state == State::Queued {
            self.inferences[index].number = GONE;
        } else {
            self.forget(index);
        }
    }

    /// Applies the status tests to a host's counters.
    pub(crate) fn judge_status(&mut self, host: u32, window: &Window<'_>) {
        self.judge_status_with(host, None, window);
    }

    /// Applies the status tests, with a confirmation's ratio if one was measured.
    pub(crate) fn judge_status_with(&mut self, host: u32, ratio: Option<Fraction>, window: &Window<'_>) {
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
        self.log_participant(window, EventKind::StatusChanged, participant, status as i64);
        let slash = match status {
            Status::Invalid => SlashReason::Invalid,
            Status::Inactive => SlashReason::Downtime,
            Status::Active | Status::Ramping => return,
        };
        self.changes.push(StatusChange { participant, status });
        let state = &mut self.states[host as usize];
        if status == Status::Invalid {
            self.totals.convictions += 1;
            self.totals.honest_convictions += u64::from(state.cheated == 0);
            if !state.was_convicted {
                self.convictions.push(Conviction {
                    participant,
                    epoch: window.epoch,
                    height: window.height,
                    time_ns: window.end,
                    answers: state.run_finished,
                    cheated: state.run_cheated,
                    reason,
                });
            }
            state.was_convicted = true;
        } else {
            self.totals.deactivations += 1;
        }
        self.slash(host, slash, window);
    }

    fn slash(&mut self, host: u32, reason: SlashReason, window: &Window<'_>) {
        let weight = Weight::new(self.states[host as usize].weight);
        let required = compute_required_collateral(window.collateral, weight);
        let epoch = EpochIndex::new(window.epoch);
        let slashed = self.collateral[host as usize]
            .slash(window.collateral, reason, required, epoch)
            .total();
        if slashed.is_zero() {
            return;
        }
        let units = slashed.base_units();
        self.states[host as usize].slashed += units;
        self.slashed += units;
        self.totals.slashed += units;
        let participant = self.first + host;
        self.effects.add(
            EventKind::Slashed as u64,
            u64::from(participant),
            units as u64,
            (units >> 64) as u64,
        );
        self.log_participant(window, EventKind::Slashed, participant, units as i64);
    }

    /// Adds a line about a participant to the event log.
    fn log_participant(&mut self, window: &Window<'_>, kind: EventKind, participant: u32, value: i64) {
        if window.tables.log {
            self.events.push(Event {
                height: window.height,
                time_ns: window.end,
                kind,
                inference: GONE,
                participant,
                other: NONE,
                value,
            });
        }
    }
}

/// The one validator that a newcomer's answer gets when nobody was drawn: by weight, not the executor.
fn designated(group: &super::groups::Group, executor: u32, draw: u64) -> u32 {
    let own = &group.members[executor as usize];
    let mut target = below(draw, group.total - own.weight);
    let before = group.pick.weight_before(executor as usize);
    if target >= before {
        target += own.weight;
    }
    group.pick.locate(target) as u32
}
