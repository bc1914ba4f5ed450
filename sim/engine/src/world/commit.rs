//! The commit phase: what each executor's block transactions change.
//!
//! Order within a block (docs/adr/0006-block-windows.md): messages (finishes, then validators' answers,
//! then votes, each in order of the time from which they could be included), then deadlines of disputes,
//! then expiries. A finished inference becomes subject to sampling with its finish message: nothing
//! that sampling reads changes within the block.

use multiversion::multiversion;
use prefetch_index::prefetch_index;
use stakeout_kernel::digest::EffectSum;
use stakeout_kernel::sample::bernoulli;
use stakeout_protocol::status::Status;

use super::finish::{Finish, Served, price_of};
use super::inference::{Checks, GONE, Inference, NONE, State};
use super::lane::{HostMark, HostState, Lane};
use super::mail::{Answer, Task, TaskKind};
use super::tables::{Tables, compute_escrow, threshold_of};
use super::window::Window;
use crate::observe::frame::EventKind;
use crate::scenario::Unsampled;

/// So many finishes before its turn a host is asked for, and twice as many before it the finish itself.
const AHEAD: usize = 16;

/// What finishes add up to beside what they bring their hosts, until the lane [takes it over](Lane::take_over).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Booked {
    /// Coins that were locked, base units.
    escrow: u128,
    /// What of them was paid to the executors, base units.
    payments: u128,
}

/// What the commit of a finish asks of the [tables](Tables).
#[derive(Clone, Copy)]
struct Terms {
    max_tokens: u32,
    warm_up_ns: u64,
    /// Whether an answer that nobody checks counts as passed.
    passes_unsampled: bool,
}

impl Terms {
    fn of(window: &Window<'_>) -> Self {
        Self {
            max_tokens: window.tables.max_tokens,
            warm_up_ns: window.tables.warm_up_ns,
            passes_unsampled: window.measures.unsampled == Unsampled::Passed,
        }
    }
}

impl Lane {
    /// Commits one block for all executors of the lane.
    pub(crate) fn commit(&mut self, window: &Window<'_>) {
        self.left.note_commit();
        self.file_answers(window.index, window.tables);
        self.commit_finishes(window);
        self.commit_answers(window);
        self.close_overdue_disputes(window);
        self.expire(window);
    }

    fn commit_finishes(&mut self, window: &Window<'_>) {
        let due = self.finishes.take(window.index);
        self.totals.finished += due.len() as u64;
        commit_each(self, &due, window);
        // The log takes the finishes themselves, and gives the room of others.
        let room = match window.tables.log {
            true => std::mem::replace(&mut self.left.finished, due),
            false => due,
        };
        self.finishes.give_back(room);
    }

    #[inline(always)]
    fn commit_in_order(&mut self, due: &[Finish], terms: Terms, window: &Window<'_>) {
        let mut doubtful = std::mem::take(&mut self.scratch.doubtful);
        let mut effects = EffectSum::default();
        let mut turns = due.windows(2 * AHEAD + 1);
        while let Some(ahead) = turns.next() {
            prefetch_index(ahead, 2 * AHEAD);
            let later = &ahead[AHEAD];
            prefetch_index(&self.states, later.host() as usize);
            if later.substitute() != 0 {
                prefetch_index(&self.tallies, later.host() as usize);
            }
            if !self.commit_finish(&ahead[0], terms, &mut effects, window) {
                let left = turns.len() + 2 * AHEAD + 1;
                doubtful.push((due.len() - left) as u32);
            }
        }
        // The last few are not worth a question of their own.
        let last = due.len().saturating_sub(2 * AHEAD);
        for (at, finish) in due.iter().enumerate().skip(last) {
            if !self.commit_finish(finish, terms, &mut effects, window) {
                doubtful.push(at as u32);
            }
        }
        self.take_over(&effects);
        self.draw_checks(due, &mut doubtful, window);
        self.scratch.doubtful = doubtful;
    }

    /// Commits the finish of one answer, where one comes alone.
    pub(crate) fn commit_one(&mut self, record: &Inference, window: &Window<'_>) {
        let mut effects = EffectSum::default();
        let is_spared = self.commit_finish(record, Terms::of(window), &mut effects, window);
        self.take_over(&effects);
        if !is_spared {
            self.draw_check(record, window);
        }
    }

    /// Adds what finishes came to, and their effects.
    #[inline(always)]
    pub(crate) fn take_over(&mut self, effects: &EffectSum) {
        let booked = std::mem::take(&mut self.booked);
        self.inbox.escrow -= booked.escrow.cast_signed();
        self.totals.work_coins += booked.payments.cast_signed();
        self.effects.merge(effects);
    }

    /// Commits a finish, up to the question who checks the answer; says whether it is known already that nobody does:
    /// of nearly every answer.
    #[inline(always)]
    fn commit_finish(
        &mut self,
        record: &impl Served,
        terms: Terms,
        effects: &mut EffectSum,
        window: &Window<'_>,
    ) -> bool {
        let tables = window.tables;
        let escrow = compute_escrow(record.price(), record.prompt(), terms.max_tokens);
        let payment = self.payment_of(record, tables).min(escrow);
        self.booked.escrow += u128::from(escrow);
        self.sums.refunds.add(record.client(), escrow - payment);
        let state = self.book_finish(record, payment, effects);
        let is_spared = record.check_begin() < state.spared_below;
        if terms.passes_unsampled {
            tables.status.record_pass(&mut state.counters);
        }
        let (reputation, is_watched) = (state.reputation, state.status == Status::Ramping);
        self.sums.rated.count(reputation);
        if is_watched {
            self.judge_status(record.host(), window);
        }
        if record.arrival() >= terms.warm_up_ns {
            self.sums.sojourn.record(record.completion() - record.arrival());
        }
        is_spared
    }

    /// What a finished answer costs its client, however little it locked; counts a substitute among the cheats.
    #[inline(always)]
    pub(crate) fn payment_of(&mut self, record: &impl Served, tables: &Tables) -> u64 {
        if record.substitute() != 0 {
            self.count_substitute(record.host() as usize, record.substitute(), tables);
        }
        price_of(record, |substitute| tables.conducts.get(substitute).is_unpaid)
    }

    /// Books what a finished answer brings its host; returns the host's state.
    #[inline(always)]
    pub(crate) fn book_finish(
        &mut self,
        record: &impl Served,
        payment: u64,
        effects: &mut EffectSum,
    ) -> &mut HostState {
        let used = record.tokens();
        let finished = &mut self.sums.finished[usize::from(record.group())];
        finished.tokens += used;
        finished.inferences += 1;
        let state = &mut self.states[record.host() as usize];
        state.work += payment as i64;
        state.uncounted += 1;
        self.booked.payments += u128::from(payment);
        let executor = u64::from(self.first + record.host());
        effects.add(
            EventKind::Finished as u64 | used << 8,
            record.number(),
            executor << 32 | u64::from(record.client()),
            payment,
        );
        state
    }

    /// Counts an answer that was not the promised model's.
    #[cold]
    fn count_substitute(&mut self, host: usize, substitute: u8, tables: &Tables) {
        if !tables.conducts.is_cheat(substitute) {
            return;
        }
        let tally = &mut self.tallies[host];
        tally.cheated += 1;
        let past = tally.past_mut();
        past.cheated += 1;
        past.since_detection += 1;
        self.totals.cheated += 1;
    }

    pub(super) fn mail_validations(
        &mut self,
        record: &Inference,
        payment: u64,
        selected: &[u32],
        window: &Window<'_>,
    ) {
        if selected.is_empty() {
            return;
        }
        let checks = self.checks.reuse_or(Checks::default);
        self.checks[checks].reset(selected.len() as u32, payment);
        let record = Inference {
            state: State::Finished,
            ..*record
        };
        let index = self.keep(record, checks);
        self.totals.checked += 1;
        self.totals.validations_drawn += selected.len() as u64;
        self.tallies[record.host as usize].checked += 1;
        let group = &window.groups[usize::from(record.group)];
        let task = self.task_about(index, TaskKind::Validation, 0, selected.len() > 1, window);
        for &member in selected {
            let validator = group.executors.at(member as usize);
            self.effects
                .add(EventKind::Drawn as u64, record.number, u64::from(validator), 0);
            if window.tables.log {
                self.log_drawn(&record, member, validator, window);
            }
            self.mail_task(task, validator, 0, window);
        }
        if let Some(planted) = window.measures.planted
            && bernoulli(
                window.tables.keys.planted.draw(record.number, 0),
                threshold_of(planted.rate),
            )
        {
            let task = Task {
                kind: TaskKind::Planted,
                ..task
            };
            for &member in selected {
                let validator = group.executors.at(member as usize);
                self.mail_task(task, validator, 0, window);
            }
        }
    }

    /// A job about an inference, for a validator yet to be named; `is_shared` if others get the same.
    pub(super) fn task_about(
        &self,
        index: u32,
        kind: TaskKind,
        round: u8,
        is_shared: bool,
        window: &Window<'_>,
    ) -> Task {
        self.task_of(&self.kept[index], index, kind, round, is_shared, window)
    }

    /// The same, of a record that need not have a place.
    pub(super) fn task_of(
        &self,
        record: &Inference,
        index: u32,
        kind: TaskKind,
        round: u8,
        is_shared: bool,
        window: &Window<'_>,
    ) -> Task {
        Task {
            arrival: window.end + window.tables.validation_delay_ns,
            number: record.number,
            inference: index,
            executor: self.first + record.host,
            validator: NONE,
            prompt: record.prompt,
            answer: record.answer,
            link: NONE,
            weight: 0,
            group: record.group,
            substitute: record.substitute,
            executor_kernel: window.tables.kernels[usize::from(self.hosts[record.host as usize].class)],
            kind,
            unavailable: false,
            is_shared,
            epoch_parity: window.parity,
            round,
        }
    }

    /// Mails a job to a validator, whose vote counts `weight`.
    #[inline]
    pub(super) fn mail_task(&mut self, task: Task, validator: u32, weight: u64, window: &Window<'_>) {
        let host = task.executor - self.first;
        let (delay, unavailable) = if window.tables.conducts.get(task.substitute).is_withheld {
            window.tables.payload.never()
        } else {
            self.fetch_payload(host, task.number, validator, window)
        };
        self.out_tasks.to[window.cut.lane(validator)].push(Task {
            arrival: task.arrival + delay,
            validator,
            weight,
            unavailable,
            ..task
        });
    }

    /// When the validator gets the payload from the executor: extra delay, and whether it never does.
    #[inline]
    fn fetch_payload(&self, host: u32, number: u64, validator: u32, window: &Window<'_>) -> (u64, bool) {
        if !self.hosts[host as usize].has(HostMark::Outages) {
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
    pub(super) fn forget(&mut self, index: u32) {
        self.kept[index].number = GONE;
        self.kept.remove(index);
    }

    /// Counts a failing verdict whose sender has as many open cases as it may.
    pub(super) fn ignore_failure(&mut self, index: u32, answer: &Answer, window: &Window<'_>) {
        self.totals.disputes_capped += 1;
        self.effects.add(
            EventKind::DisputeCapped as u64,
            answer.number,
            u64::from(answer.validator),
            0,
        );
        if window.tables.log {
            let record = self.kept[index];
            let threshold = window.tables.thresholds[usize::from(record.group)];
            let figures = (i64::from(answer.similarity_ppb), i64::from(threshold));
            self.log(
                window,
                answer.ready,
                EventKind::DisputeCapped,
                &record,
                answer.validator,
                figures,
            );
        }
    }

    /// Expires what has started and not finished in time.
    fn expire(&mut self, window: &Window<'_>) {
        let mut due = self.expiries.take(window.index);
        due.sort_unstable_by_key(|deadline| deadline.number);
        for deadline in &due {
            let record = &self.kept[deadline.inference];
            let is_open = matches!(record.state, State::Queued | State::Running);
            if record.number == deadline.number && is_open {
                self.expire_one(deadline.inference, window);
            }
        }
        self.expiries.give_back(due);
    }

    pub(crate) fn expire_one(&mut self, index: u32, window: &Window<'_>) {
        let record = self.kept[index];
        let escrow = window.tables.escrow(record.price, record.prompt);
        self.inbox.escrow -= i128::from(escrow);
        self.sums.refunds.add(record.client, escrow);
        self.totals.expired += 1;
        self.totals.refunds += i128::from(escrow);
        self.totals.clients_told += 1;
        let executor = u64::from(self.first + record.host);
        self.effects.add(
            EventKind::Expired as u64,
            record.number,
            executor << 32 | u64::from(record.client),
            escrow,
        );
        if window.tables.log {
            self.log(
                window,
                window.end,
                EventKind::Expired,
                &record,
                record.client,
                (escrow as i64, 0),
            );
        }
        let host = record.host as usize;
        self.count_finished(record.host, &window.tables.status);
        self.tallies[host].missed += 1;
        let counters = &mut self.states[host].counters;
        let before = *counters;
        window.tables.status.record_missed(counters);
        self.log_tests(record.host, record.number, &before, window);
        self.judge_status(record.host, window);
        // A queued record is still linked into its queue, which gives it back when its turn comes.
        if record.state == State::Queued {
            self.kept[index].number = GONE;
        } else {
            self.forget(index);
        }
    }
}

/// Commits finishes; `drawn.rs` says why there are two versions.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt"))]
fn commit_each(lane: &mut Lane, due: &[Finish], window: &Window<'_>) {
    let terms = Terms::of(window);
    // What is the same for all of them is asked before the loop.
    if terms.passes_unsampled {
        return lane.commit_in_order(due, terms, window);
    }
    let terms = Terms {
        passes_unsampled: false,
        ..terms
    };
    lane.commit_in_order(due, terms, window);
}
