//! Validators' jobs: replaying answers, voting on disputes, and what comes of either.
//!
//! A job waits for its host like a request. Invariant: every drawn validator answers exactly once, be it
//! with silence; a vote that is not given is missed by nobody.

use prefetch_index::prefetch_index;
use stakeout_kernel::sample::bernoulli;

use super::inference::NONE;
use super::lane::{Lane, TASK};
use super::mail::{Answer, AnswerKind, Task, TaskKind};
use super::window::Window;
use crate::observe::frame::{Event, EventKind};
use crate::strategy::Shortcut;

/// A time that never comes.
pub(super) const NEVER: u64 = u64::MAX;

/// So many letters before its turn a validator is asked for: little is done for each.
const AHEAD: usize = 16;
/// So many jobs before its turn its validator's slot is asked for, twice as many before it the validator, and three times the job.
const JOBS_AHEAD: usize = 2;

impl Lane {
    /// Files mailed jobs under the window in which they arrive.
    pub(super) fn receive_tasks(&mut self, window: &Window<'_>) {
        for source in 0..self.in_tasks.len() {
            if self.in_tasks[source].is_empty() {
                continue;
            }
            let mut mail = std::mem::take(&mut self.in_tasks[source]);
            for (at, &task) in mail.iter().enumerate() {
                if let Some(later) = mail.get(at + AHEAD) {
                    prefetch_index(&self.tallies, (later.validator - self.first) as usize);
                }
                if task.kind == TaskKind::Validation {
                    let tally = &mut self.tallies[(task.validator - self.first) as usize];
                    tally.required[usize::from(task.epoch_parity)] += 1;
                }
                let due = window.tables.window_of(task.arrival).max(window.index);
                self.task_calendar.push(due, task);
            }
            mail.clear();
            self.in_tasks[source] = mail;
        }
    }

    pub(super) fn note_next_job(&mut self) {
        self.next_job = match self.job_after(0) {
            Some(job) => (job.arrival, job.number),
            None => (NEVER, NEVER),
        };
        self.look_at_jobs();
    }

    /// The window's job that comes so many after the next.
    fn job_after(&self, turns: usize) -> Option<&Task> {
        let place = *self.job_order.places().get(self.jobs_taken + turns)?;
        Some(&self.jobs[place as usize])
    }

    /// Asks for the jobs that come soon and for what their validators need: those are anywhere among the lane's hosts, and
    /// between two jobs come several requests.
    fn look_at_jobs(&self) {
        let validator = |turns| {
            self.job_after(turns)
                .map(|job| (job.validator - self.first) as usize)
        };
        if let Some(host) = validator(JOBS_AHEAD) {
            self.look_at(host);
            prefetch_index(&self.tallies, host);
        }
        if let Some(host) = validator(2 * JOBS_AHEAD) {
            prefetch_index(&self.hosts, host);
        }
        let places = self.job_order.places();
        if let Some(&place) = places.get(self.jobs_taken + 3 * JOBS_AHEAD) {
            prefetch_index(&self.jobs, place as usize);
        }
    }

    /// Takes the window's jobs that come before this arrival and number.
    #[inline(never)]
    pub(super) fn take_jobs_before(&mut self, moment: (u64, u64), window: &Window<'_>) {
        while self.next_job < moment {
            let place = self.job_order.places()[self.jobs_taken];
            let task = self.jobs[place as usize];
            self.take_task(&task, window);
            self.jobs_taken += 1;
            self.note_next_job();
        }
    }

    #[inline]
    pub(super) fn take_task(&mut self, task: &Task, window: &Window<'_>) {
        let host = task.validator - self.first;
        match self.start_in_window(host, task.arrival, window) {
            Some(start) => self.start_task(host, task, start, window),
            None => {
                let index = self.tasks.insert(*task);
                self.enqueue(host, index | TASK);
            }
        }
    }

    pub(crate) fn start_task(&mut self, host: u32, task: &Task, start: u64, window: &Window<'_>) {
        let tables = window.tables;
        let mut duty = self.orders_of(host).duty;
        if duty.bias.0 != NONE
            && duty.favoured(tables.owners[task.validator as usize]) == tables.owners[task.executor as usize]
            && task.kind != TaskKind::Planted
        {
            (duty.works_below, duty.otherwise) = (0, duty.bias.1);
        }
        let works = is_done(duty.works_below, task, window);
        let (end, is_lost) = if works && !task.unavailable {
            let work = self.validation_work(host, task, window);
            self.totals.verification_ns += u128::from(work);
            self.occupy(host, start, work, window)
        } else {
            (start, false)
        };
        let is_copied = duty.otherwise == Shortcut::Copy && task.is_shared && !window.measures.commit_reveal;
        if task.kind == TaskKind::Planted {
            let is_found = works || is_copied || duty.otherwise == Shortcut::SayMismatch;
            let is_silent = is_lost || duty.otherwise == Shortcut::Silent;
            if !is_found && !is_silent {
                self.fine(host, task, window);
            }
            return;
        }
        let (kind, similarity_ppb) = if is_lost {
            (AnswerKind::Silent, 0)
        } else if works || is_copied {
            self.judge(host, task, window)
        } else {
            shortcut(duty.otherwise, task.kind)
        };
        if kind == AnswerKind::Silent && task.kind == TaskKind::Vote {
            return; // Nobody waits for a single vote.
        }
        if task.kind == TaskKind::Validation && kind != AnswerKind::Silent {
            let tally = &mut self.tallies[host as usize];
            tally.done[usize::from(task.epoch_parity)] += 1;
        }
        let kind = if kind == AnswerKind::Fail {
            self.open_case(host, task, window)
        } else {
            kind
        };
        let answer = Answer::of(task, end, similarity_ppb, kind, tables);
        self.out_answers.to[window.cut.lane(task.executor)].push(answer);
    }

    fn validation_work(&self, host: u32, task: &Task, window: &Window<'_>) -> u64 {
        let rates = window.tables.rates(self.hosts[host as usize].class, task.group);
        match &window.tables.fresh_validation {
            None => (u64::from(task.prompt) + u64::from(task.answer)) * rates.prefill_ns,
            Some(law) => {
                let draw = window
                    .tables
                    .keys
                    .diligence
                    .draw(task.number, u64::from(task.validator) | 1 << 32);
                u64::from(law.sample((draw >> 32) as u32)) * rates.decode_ns
            }
        }
    }

    /// Replays the answer: the similarity found, and what it says against the model's threshold.
    fn judge(&self, host: u32, task: &Task, window: &Window<'_>) -> (AnswerKind, u32) {
        self.judge_knowing(prompt_word(task, window), host, task, window)
    }

    /// The same, where the word that all judges of the answer share has been drawn.
    pub(crate) fn judge_knowing(
        &self,
        prompt: u64,
        host: u32,
        task: &Task,
        window: &Window<'_>,
    ) -> (AnswerKind, u32) {
        let key = window.tables.keys.score;
        let own = key.draw(task.number, u64::from(task.validator));
        self.judge_by((prompt, own), host, task, window)
    }

    /// The same, where the judge's own word is known, too. The greater it is, the more similar the answer is found.
    fn judge_by(
        &self,
        (prompt, own): (u64, u64),
        host: u32,
        task: &Task,
        window: &Window<'_>,
    ) -> (AnswerKind, u32) {
        let tables = window.tables;
        let kind = tables.conducts.get(task.substitute);
        let mut similarity = if task.unavailable {
            0
        } else {
            tables.scores.similarity_ppb(
                kind.law,
                task.executor_kernel,
                tables.kernels[usize::from(self.hosts[host as usize].class)],
                prompt,
                own,
            )
        };
        if kind.distance_ppm != 1_000_000 && !task.unavailable {
            let distance = u64::from(1_000_000_000 - similarity) * u64::from(kind.distance_ppm) / 1_000_000;
            similarity = 1_000_000_000 - distance.min(1_000_000_000) as u32;
        }
        // What the second check finds, it finds for every validator: it recomputes the same draws.
        let is_found = window.measures.second_check.is_some()
            && bernoulli(tables.keys.second.draw(task.number, 0), kind.found_below);
        let passes = similarity > tables.thresholds[usize::from(task.group)] && !is_found;
        let kind = match (task.kind, passes) {
            (TaskKind::Validation | TaskKind::Planted, true) => AnswerKind::Pass,
            (TaskKind::Validation | TaskKind::Planted, false) => AnswerKind::Fail,
            (TaskKind::Vote, true) => AnswerKind::VoteValid,
            (TaskKind::Vote, false) => AnswerKind::VoteInvalid,
        };
        (kind, similarity)
    }

    /// The least word of its own with which a host passes the answer; `None` if it never does.
    pub(super) fn passing_word(
        &self,
        prompt: u64,
        host: u32,
        task: &Task,
        window: &Window<'_>,
    ) -> Option<u64> {
        let passes = |own: u64| {
            let (kind, _) = self.judge_by((prompt, own), host, task, window);
            matches!(kind, AnswerKind::Pass | AnswerKind::VoteValid)
        };
        if !passes(u64::MAX) {
            return None;
        }
        let (mut low, mut high) = (0, u64::MAX);
        while low < high {
            let middle = u64::midpoint(low, high);
            if passes(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// A failing validation opens a case unless its sender has too many open.
    pub(crate) fn open_case(&mut self, host: u32, task: &Task, window: &Window<'_>) -> AnswerKind {
        let group = &window.groups[usize::from(task.group)];
        let reputation = self.states[host as usize].reputation;
        let tally = &mut self.tallies[host as usize];
        let weight = group.position(task.validator).map_or(0, |at| group.weights[at]);
        let cap = window.invalidation_cap(weight, group.total, reputation, group.recent);
        if tally.open_cases >= cap {
            return AnswerKind::FailCapped;
        }
        tally.open_cases += 1;
        AnswerKind::Fail
    }

    /// A validator has passed a planted mismatch.
    #[cold]
    fn fine(&mut self, host: u32, task: &Task, window: &Window<'_>) {
        let fine = window
            .measures
            .planted
            .map_or(0, |planted| planted.fine.base_units());
        if fine == 0 {
            return;
        }
        self.states[host as usize].work -= fine as i64;
        self.slashed += fine;
        self.effects.add(
            EventKind::Fined as u64,
            task.number,
            u64::from(task.validator),
            fine as u64,
        );
        if window.tables.log {
            let event = Event::at(EventKind::Fined, window.height, window.end)
                .of(task.validator)
                .with(task.executor)
                .wide(fine);
            self.left.events.push(Event {
                inference: task.number,
                ..event
            });
        }
    }
}

/// Whether a validator that replays with this threshold does this job.
pub(crate) fn is_done(works_below: u64, task: &Task, window: &Window<'_>) -> bool {
    let word = || {
        let participant = u64::from(task.validator);
        window.tables.keys.diligence.draw(task.number, participant)
    };
    works_below == NEVER || bernoulli(word(), works_below)
}

/// The word about an answer's prompt, the same for all who judge it.
pub(crate) fn prompt_word(task: &Task, window: &Window<'_>) -> u64 {
    if window.tables.conducts.get(task.substitute).is_awkward {
        u64::MAX
    } else {
        window.tables.keys.prompt.draw(task.number, 0)
    }
}

fn shortcut(otherwise: Shortcut, kind: TaskKind) -> (AnswerKind, u32) {
    let answer = match (otherwise, kind) {
        (Shortcut::SayMatch | Shortcut::Copy, TaskKind::Vote) => AnswerKind::VoteValid,
        (Shortcut::SayMatch | Shortcut::Copy, _) => AnswerKind::Pass,
        (Shortcut::SayMismatch, TaskKind::Vote) => AnswerKind::VoteInvalid,
        (Shortcut::SayMismatch, _) => AnswerKind::Fail,
        (Shortcut::Silent, _) => AnswerKind::Silent,
    };
    (
        answer,
        if matches!(otherwise, Shortcut::SayMatch | Shortcut::Copy) {
            1_000_000_000
        } else {
            0
        },
    )
}
