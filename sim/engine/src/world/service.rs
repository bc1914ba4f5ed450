//! The service phase: what each host does in one block window.
//!
//! A first-come first-served server with c slots needs no completion event: a job starts at the later of
//! its arrival and the moment the earliest slot is free. Only jobs whose start lies inside the window are
//! started; the others stay queued, so that an outage or a pause can still reach them. Jobs that have
//! waited come first, then the window's arrivals in order of (arrival, number).

use stakeout_kernel::sample::bernoulli;

use super::demand::Errand;
use super::inference::{Inference, NONE, State};
use super::lane::{Deadline, Lane, Request, TASK};
use super::mail::{Answer, AnswerKind, Task, TaskKind};
use super::tables::scale_ppm;
use super::window::Window;
use crate::observe::frame::{Event, EventKind};
use crate::strategy::{RequestView, Serve, Shortcut};

/// A time that never comes.
const NEVER: u64 = u64::MAX;

impl Lane {
    /// Runs one window's service for all hosts of the lane.
    pub(crate) fn serve(&mut self, window: &Window<'_>) {
        self.receive_tasks(window);
        self.start_waiting(window);
        self.take_arrivals(window);
    }

    /// Files mailed jobs under the window in which they arrive.
    fn receive_tasks(&mut self, window: &Window<'_>) {
        for source in 0..self.in_tasks.len() {
            if self.in_tasks[source].is_empty() {
                continue;
            }
            let mut mail = std::mem::take(&mut self.in_tasks[source]);
            for task in mail.drain(..) {
                if task.kind == TaskKind::Validation {
                    let state = &mut self.states[(task.validator - self.first) as usize];
                    state.required[usize::from(task.epoch_parity)] += 1;
                }
                let due = window.tables.window_of(task.arrival).max(window.index);
                self.task_calendar.push(due, task);
            }
            self.in_tasks[source] = mail;
        }
    }

    /// Starts the jobs that have waited and whose turn falls into this window.
    fn start_waiting(&mut self, window: &Window<'_>) {
        let mut still = 0;
        for at in 0..self.waiting.len() {
            let host = self.waiting[at];
            loop {
                let job = self.hosts[host as usize].head;
                if job == NONE {
                    break;
                }
                if job & TASK == 0 && self.inferences[job].number == NEVER {
                    self.pop(host, job);
                    self.inferences.remove(job);
                    continue;
                }
                let arrival = if job & TASK == 0 {
                    self.inferences[job].arrival
                } else {
                    self.tasks[job & !TASK].arrival
                };
                if !self.try_start(host, job, arrival, window) {
                    break;
                }
                self.pop(host, job);
            }
            if self.hosts[host as usize].head != NONE {
                self.waiting[still] = host;
                still += 1;
            }
        }
        self.waiting.truncate(still);
    }

    fn pop(&mut self, host: u32, job: u32) {
        // The link of a job that has just started is still intact: starting writes other fields only.
        let next = self.link(job);
        let hot = &mut self.hosts[host as usize];
        hot.head = next;
        if next == NONE {
            hot.tail = NONE;
        }
    }

    /// Merges the window's requests and jobs by (arrival, number) and starts what can start.
    fn take_arrivals(&mut self, window: &Window<'_>) {
        let mut tasks = std::mem::take(&mut self.scratch.tasks);
        let mut order = std::mem::take(&mut self.scratch.order);
        self.task_calendar.take(window.index, &mut tasks);
        let requests = std::mem::take(&mut self.requests);
        self.totals.requests += requests.len() as u64;
        let origin = window.end.saturating_sub(window.tables.block_ns);
        // Time within the window, number, kind: 44 + 48 + 1 bits. Only the order at one host matters, so
        // the key need not tell hosts apart.
        let key = |arrival: u64, number: u64, is_vote: bool| {
            u128::from(arrival - origin) << 49 | u128::from(number << 1) | u128::from(is_vote)
        };
        let mut next = 0;
        order.visit(
            &tasks,
            |task| key(task.arrival, task.number, task.kind != TaskKind::Validation),
            |due, place| {
                while next < requests.len()
                    && key(requests[next].arrival, requests[next].number, false) <= due
                {
                    self.take_request(&requests[next], window);
                    next += 1;
                }
                self.take_task(&tasks[place], window);
            },
        );
        for request in &requests[next..] {
            self.take_request(request, window);
        }
        self.requests = requests;
        self.requests.clear();
        tasks.clear();
        (self.scratch.tasks, self.scratch.order) = (tasks, order);
    }

    #[inline]
    fn take_task(&mut self, task: &Task, window: &Window<'_>) {
        let host = task.validator - self.first;
        match self.start_in_window(host, task.arrival, window) {
            Some(start) => self.start_task(host, task, start, window),
            None => {
                let index = self.tasks.insert(*task);
                self.enqueue(host, index | TASK);
            }
        }
    }

    /// Takes one request: starts it at once if a slot is free in time, or queues it.
    #[inline]
    fn take_request(&mut self, request: &Request, window: &Window<'_>) {
        let tables = window.tables;
        let price = window.groups[usize::from(request.group)].price;
        let escrow = tables.escrow(price, request.prompt);
        self.escrow += i128::from(escrow);
        self.effects.add(
            EventKind::Started as u64,
            request.number,
            u64::from(request.client) << 32 | u64::from(self.first + request.host),
            escrow,
        );
        let is_special = request.missed || request.errand != Errand::None;
        if is_special || tables.log || !self.take_plainly(request, price, window) {
            self.take_with_care(request, price, escrow, window);
        }
    }

    /// The record of a request that nobody has worked on.
    #[inline(always)]
    fn record_of(request: &Request, price: u64, window: &Window<'_>) -> Inference {
        let tables = window.tables;
        let ready = request.arrival + tables.inclusion_ns;
        let start_window = if ready < window.end {
            window.index
        } else {
            tables.window_of(ready)
        };
        Inference {
            number: request.number,
            arrival: request.arrival,
            completion: 0,
            price,
            client: request.client,
            host: request.host,
            prompt: request.prompt,
            answer: request.answer,
            link: NONE,
            member: request.member,
            expiry: (start_window + tables.expiration_windows) as u32,
            group: request.group,
            substitute: 0,
            state: State::Running,
        }
    }

    /// Starts a request at a host that serves everything as promised and whose turn comes in this window:
    /// nearly every request. Says whether it was one; if not, nothing has changed.
    #[inline(always)]
    fn take_plainly(&mut self, request: &Request, price: u64, window: &Window<'_>) -> bool {
        let tables = window.tables;
        let hot = &mut self.hosts[request.host as usize];
        if !hot.is_plain() || hot.head != NONE {
            return false;
        }
        let (first, count) = (hot.first_slot as usize, usize::from(hot.slots));
        let slots = &mut self.slots[first..first + count];
        let start = request
            .arrival
            .max(slots[usize::from(hot.ring)])
            .max(window.paused_until);
        if start >= window.end {
            return false;
        }
        let rates = tables.rates(hot.class, request.group);
        let work = u64::from(request.prompt) * rates.prefill_ns + u64::from(request.answer) * rates.decode_ns;
        let completion = start.saturating_add(work);
        hot.busy_ns += work;
        hot.occupy(slots, completion);
        self.totals.service_ns += u128::from(work);
        if request.arrival >= tables.warm_up_ns {
            self.waits.record(start - request.arrival);
        }
        let mut record = Self::record_of(request, price, window);
        record.completion = completion;
        let included = tables.window_of(completion.saturating_add(tables.inclusion_ns));
        let (expiry, number) = (u64::from(record.expiry), record.number);
        let inference = self.inferences.insert(record);
        if included <= expiry {
            self.finishes.push(included, inference);
        } else {
            self.expiries.push(expiry, Deadline { inference, number });
        }
        true
    }

    /// Takes a request that may be lost, substituted, queued or cut, or that must be logged.
    #[inline(never)]
    fn take_with_care(&mut self, request: &Request, price: u64, escrow: u64, window: &Window<'_>) {
        let tables = window.tables;
        let mut record = Self::record_of(request, price, window);
        let is_plain = self.hosts[request.host as usize].is_plain();
        let is_special = request.missed || request.errand != Errand::None;
        let is_lost = (is_special || !is_plain) && self.is_lost_on_arrival(request, &mut record, window);
        if tables.log {
            self.log(
                window,
                request.arrival,
                EventKind::Started,
                &record,
                request.client,
                (escrow as i64, price as i64),
            );
        }
        let start = if is_lost {
            None
        } else {
            self.start_in_window(request.host, request.arrival, window)
        };
        let Some(start) = start else {
            self.put_aside(record, is_lost);
            return;
        };
        let is_cut = self.serve_request(&mut record, start, window);
        let included = tables.window_of(record.completion.saturating_add(tables.inclusion_ns));
        let expiry = u64::from(record.expiry);
        let index = self.inferences.insert(record);
        if !is_cut && included <= expiry {
            self.finishes.push(included, index);
        } else {
            self.expiries.push(
                expiry,
                Deadline {
                    inference: index,
                    number: record.number,
                },
            );
        }
    }

    /// Keeps a request that does not start in this window: in the queue, or, if it is lost, only until
    /// it expires.
    fn put_aside(&mut self, mut record: Inference, is_lost: bool) {
        if !is_lost {
            record.state = State::Queued;
        }
        let index = self.inferences.insert(record);
        self.expiries.push(
            u64::from(record.expiry),
            Deadline {
                inference: index,
                number: record.number,
            },
        );
        if !is_lost {
            self.enqueue(record.host, index);
        }
    }

    /// Whether the executor drops the request or cannot be reached; also settles what will serve it.
    #[cold]
    fn is_lost_on_arrival(&mut self, request: &Request, record: &mut Inference, window: &Window<'_>) -> bool {
        let hot = self.hosts[request.host as usize];
        if request.missed {
            return true;
        }
        if hot.has_outages && self.outages[request.host as usize].is_down(request.arrival) {
            return true;
        }
        if let Errand::Deadly(restart_ns) = request.errand {
            self.crash(request, restart_ns);
            return true;
        }
        let is_marked = matches!(request.errand, Errand::Awkward | Errand::Unpaid);
        if is_marked {
            record.substitute = window.tables.conducts.marked(0);
        }
        if hot.substitute_below == 0 && hot.drop_below == 0 && !hot.asks_each {
            return false;
        }
        let [conduct, drop] = window.tables.keys.conduct.draw2(request.number, 0);
        let serve = if hot.asks_each {
            let view = RequestView {
                model: request.group,
                prompt: request.prompt,
                answer: request.answer,
                max_tokens: window.tables.max_tokens,
                blocks_to_poc: window.blocks_to_poc,
                queued: self.queue_length(request.host),
                passed: self.states[request.host as usize].counters.validated,
                failed: self.states[request.host as usize].counters.invalidated,
            };
            let at = request.host as usize;
            self.roles[at].executor.serve(&self.views[at], &view, conduct)
        } else if bernoulli(drop, hot.drop_below) {
            Serve::Drop
        } else if bernoulli(conduct, hot.substitute_below) {
            Serve::Substitute
        } else {
            Serve::Promised
        };
        if serve == Serve::Substitute {
            record.substitute = if is_marked {
                window.tables.conducts.marked(hot.substitute)
            } else {
                hot.substitute
            };
        }
        serve == Serve::Drop
    }

    /// A request brings the model server down: nothing starts before it is back.
    fn crash(&mut self, request: &Request, restart_ns: u64) {
        let hot = self.hosts[request.host as usize];
        let back = request.arrival.saturating_add(restart_ns);
        for _ in 0..hot.slots {
            let free = self.next_free(&self.hosts[request.host as usize]);
            self.occupy_slot(request.host, free.max(back));
        }
    }

    fn queue_length(&self, host: u32) -> u32 {
        let (mut job, mut length) = (self.hosts[host as usize].head, 0);
        while job != NONE {
            (job, length) = (self.link(job), length + 1);
        }
        length
    }

    /// When a job that arrives at a host starts, if that is within the window and nobody waits before it.
    #[inline]
    fn start_in_window(&mut self, host: u32, arrival: u64, window: &Window<'_>) -> Option<u64> {
        let hot = &self.hosts[host as usize];
        if hot.head != NONE {
            return None;
        }
        self.next_start(host, arrival, window)
    }

    /// When the next job of a host starts, if that is within the window.
    #[inline]
    fn next_start(&mut self, host: u32, arrival: u64, window: &Window<'_>) -> Option<u64> {
        let hot = &self.hosts[host as usize];
        let mut start = arrival.max(self.next_free(hot)).max(window.paused_until);
        if hot.has_outages && start >= hot.next_down {
            start = self.after_outage(host, start);
        }
        (start < window.end).then_some(start)
    }

    /// Starts the job at the head of a queue if its turn falls into the window.
    fn try_start(&mut self, host: u32, job: u32, arrival: u64, window: &Window<'_>) -> bool {
        let Some(start) = self.next_start(host, arrival, window) else {
            return false;
        };
        if job & TASK == 0 {
            self.start_queued(job, start, window);
        } else {
            let task = self.tasks[job & !TASK];
            self.tasks.remove(job & !TASK);
            self.start_task(host, &task, start, window);
        }
        true
    }

    /// Starts a request that has waited; its deadline is on file already.
    fn start_queued(&mut self, index: u32, start: u64, window: &Window<'_>) {
        let mut record = self.inferences[index];
        let is_cut = self.serve_request(&mut record, start, window);
        record.state = State::Running;
        self.inferences[index] = record;
        let included = window
            .tables
            .window_of(record.completion.saturating_add(window.tables.inclusion_ns));
        if !is_cut && included <= u64::from(record.expiry) {
            self.finishes.push(included, index);
        }
    }

    /// The first moment from `start` on at which the host is up; moves the host on to that outage.
    #[cold]
    fn after_outage(&mut self, host: u32, start: u64) -> u64 {
        let (down, until) = self.outages[host as usize].next(start).unwrap_or((NEVER, NEVER));
        self.hosts[host as usize].next_down = down;
        if down <= start { until } else { start }
    }

    /// Serves a request from `start` on; says whether an outage cuts it.
    #[inline]
    fn serve_request(&mut self, record: &mut Inference, start: u64, window: &Window<'_>) -> bool {
        let tables = window.tables;
        let rates = tables.rates(self.hosts[record.host as usize].class, record.group);
        let (mut prefill, mut decode) = (
            u64::from(record.prompt) * rates.prefill_ns,
            u64::from(record.answer) * rates.decode_ns,
        );
        if record.substitute != 0 {
            let kind = tables.conducts.get(record.substitute);
            let whole = (u64::from(record.prompt) + u64::from(record.answer)) * rates.prefill_ns;
            prefill = scale_ppm(prefill, kind.prefill_ppm) + scale_ppm(whole, kind.extra_prefill_ppm);
            decode = scale_ppm(decode, kind.decode_ppm);
        }
        let work = prefill + decode;
        let (end, is_cut) = self.occupy(record.host, start, work, window);
        record.completion = end;
        self.totals.service_ns += u128::from(work);
        if record.arrival >= tables.warm_up_ns {
            self.waits.record(start - record.arrival);
        }
        if tables.log {
            let (wait, client) = (start - record.arrival, record.client);
            let figures = (wait as i64, i64::from(record.substitute));
            self.log(window, start, EventKind::Served, record, client, figures);
        }
        is_cut
    }

    /// Occupies a slot from `start` for `work` ns; returns the end and whether an outage cut the job.
    #[inline]
    fn occupy(&mut self, host: u32, start: u64, work: u64, window: &Window<'_>) -> (u64, bool) {
        let hot = &mut self.hosts[host as usize];
        hot.busy_ns += work;
        let mut end = start.saturating_add(work);
        let mut is_lost = false;
        if hot.has_outages && end > hot.next_down {
            (end, is_lost) = self.cut_by_outage(host, start, end, window.tables.resume_after_outage);
        }
        self.occupy_slot(host, end);
        (end, is_lost)
    }

    #[cold]
    fn cut_by_outage(&mut self, host: u32, start: u64, mut end: u64, resume: bool) -> (u64, bool) {
        let table = &self.outages[host as usize];
        let mut at = start;
        while let Some((down, until)) = table.next(at) {
            if down >= end {
                break;
            }
            if !resume {
                return (until, true);
            }
            end = end.saturating_add(until - down);
            at = until;
        }
        (end, false)
    }

    fn start_task(&mut self, host: u32, task: &Task, start: u64, window: &Window<'_>) {
        let tables = window.tables;
        let participant = u64::from(task.validator);
        let mut duty = self.duties[host as usize];
        if duty.bias.0 != NONE
            && duty.bias.0 == tables.owners[task.executor as usize]
            && task.kind != TaskKind::Planted
        {
            (duty.works_below, duty.otherwise) = (0, duty.bias.1);
        }
        let works = duty.works_below == NEVER
            || bernoulli(
                tables.keys.diligence.draw(task.number, participant),
                duty.works_below,
            );
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
        let state = &mut self.states[host as usize];
        if task.kind == TaskKind::Validation && kind != AnswerKind::Silent {
            state.done[usize::from(task.epoch_parity)] += 1;
        }
        let kind = if kind == AnswerKind::Fail {
            self.open_case(host, task, window)
        } else {
            kind
        };
        self.out_answers.to[(task.executor / window.lane_size) as usize].push(Answer {
            ready: end.saturating_add(tables.inclusion_ns),
            number: task.number,
            inference: task.inference,
            validator: task.validator,
            similarity_ppb,
            weight: task.weight,
            round: task.round,
            kind,
        });
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
            self.events.push(Event {
                inference: task.number,
                ..event
            });
        }
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
        let tables = window.tables;
        let kind = tables.conducts.get(task.substitute);
        let prompt = if kind.is_awkward {
            u64::MAX
        } else {
            tables.keys.prompt.draw(task.number, 0)
        };
        let mut similarity = if task.unavailable {
            0
        } else {
            tables.scores.similarity_ppb(
                kind.law,
                task.executor_kernel,
                self.hosts[host as usize].kernel,
                prompt,
                tables.keys.score.draw(task.number, u64::from(task.validator)),
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

    /// A failing validation opens a case unless its sender has too many open.
    fn open_case(&mut self, host: u32, task: &Task, window: &Window<'_>) -> AnswerKind {
        let group = &window.groups[usize::from(task.group)];
        let state = &mut self.states[host as usize];
        let weight = group
            .position(task.validator)
            .map_or(0, |at| group.members[at].weight);
        let cap = window.invalidation_cap(weight, group.total, state.reputation, group.recent);
        if state.open_cases >= cap {
            return AnswerKind::FailCapped;
        }
        state.open_cases += 1;
        AnswerKind::Fail
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
