//! The service phase: what each host does in one block window.
//!
//! A first-come first-served server with c slots needs no completion event: a job starts at the later of
//! its arrival and the moment the earliest slot is free. Only jobs whose start lies inside the window are
//! started; the others stay queued, so that an outage or a pause can still reach them. Jobs that have
//! waited come first, then the window's arrivals in order of (arrival, number).

use prefetch_index::prefetch_index;
use stakeout_kernel::sample::bernoulli;

use super::demand::Errand;
use super::finish::Finish;
use super::groups::Group;
use super::inference::{GONE, Inference, NONE, State};
use super::lane::{Deadline, HostMark, Lane, Special, TASK};
use super::mail::{Task, TaskKind};
use super::request::Request;
use super::tables::{BlockClock, RateTable};
use super::tray::Tray;
use super::window::Window;
use crate::strategy::{RequestView, Serve};

/// So many requests before its turn a host's slots are asked for, and twice as many before it the host itself.
const AHEAD: usize = 8;
/// A time that never comes.
const NEVER: u64 = u64::MAX;

/// What serving a request plainly asks of the window, all of it at hand.
#[derive(Clone, Copy)]
struct Terms<'a> {
    rates: RateTable<'a>,
    groups: &'a [Group],
    clock: BlockClock,
    inclusion_ns: u64,
    warm_up_ns: u64,
    paused_until: u64,
    /// End of the window, ns.
    end: u64,
    /// What arrives in the window expires no sooner than in this one.
    last: u64,
}

impl<'a> Terms<'a> {
    fn of(window: &Window<'a>) -> Self {
        let tables = window.tables;
        Self {
            rates: tables.rate_table(),
            groups: window.groups,
            clock: tables.clock,
            inclusion_ns: tables.inclusion_ns,
            warm_up_ns: tables.warm_up_ns,
            paused_until: window.paused_until,
            end: window.end,
            last: window.index + tables.expiration_windows,
        }
    }
}

impl Lane {
    /// Opens a window: takes jobs in and starts what has waited.
    pub(crate) fn begin_service(&mut self, window: &Window<'_>) {
        self.receive_tasks(window);
        self.start_waiting(window);
        self.jobs = self.task_calendar.take(window.index);
        // Only the order at one host matters, so the rank need not tell hosts apart.
        let rank = |task: &Task| task.number << 1 | u64::from(task.kind != TaskKind::Validation);
        self.job_order.sort(&self.jobs, |task| task.arrival, rank);
        self.jobs_taken = 0;
        self.note_next_job();
    }

    /// Serves the requests that were sent.
    pub(crate) fn serve_requests(&mut self, window: &Window<'_>) {
        let mut tray = std::mem::take(&mut self.inbox.requests);
        self.serve_tray(&mut tray, window);
        self.inbox.requests = tray;
        let mut batches = std::mem::take(&mut self.batches);
        for tray in &mut batches {
            self.serve_tray(tray, window);
        }
        self.spare.append(&mut batches);
        self.batches = batches;
    }

    /// Serves what is on a tray, and empties it.
    fn serve_tray(&mut self, tray: &mut Tray, window: &Window<'_>) {
        self.serve_all(tray.requests(), window);
        // The log takes the requests themselves, of every lane as often, and gives the room of others.
        if window.tables.log {
            self.left.take_sent(tray);
        }
        tray.clear();
    }

    /// Serves requests in order of arrival, and before each the jobs that arrive before it.
    fn serve_all(&mut self, requests: &[Request], window: &Window<'_>) {
        self.totals.requests += requests.len() as u64;
        if window.tables.log {
            self.serve_each::<true>(requests, window);
        } else {
            self.serve_each::<false>(requests, window);
        }
    }

    #[inline(always)]
    fn serve_each<const LOG: bool>(&mut self, requests: &[Request], window: &Window<'_>) {
        let (takes_care, terms) = (!self.specials.is_empty(), Terms::of(window));
        for ahead in requests.windows(2 * AHEAD + 1) {
            prefetch_index(&self.hosts, ahead[2 * AHEAD].host() as usize);
            self.look_at(ahead[AHEAD].host() as usize);
            self.serve_one::<LOG>(&ahead[0], takes_care, terms, window);
        }
        let last = requests.len().saturating_sub(2 * AHEAD);
        self.serve_rest::<LOG>(&requests[last..], takes_care, window);
    }

    /// The last few requests are not worth a question of their own.
    #[inline(never)]
    fn serve_rest<const LOG: bool>(&mut self, requests: &[Request], takes_care: bool, window: &Window<'_>) {
        let terms = Terms::of(window);
        for request in requests {
            self.serve_one::<LOG>(request, takes_care, terms, window);
        }
    }

    /// Serves a request, and before it the jobs that arrive before it.
    #[inline(always)]
    fn serve_one<const LOG: bool>(
        &mut self,
        request: &Request,
        takes_care: bool,
        terms: Terms<'_>,
        window: &Window<'_>,
    ) {
        if self.next_job.0 <= request.arrival {
            self.take_jobs_before((request.arrival, request.number()), window);
        }
        if takes_care || !self.take_plainly::<LOG>(request, terms, window) {
            self.take_with_care(request, window);
        }
    }

    /// Closes a window: starts the jobs that arrive after the last request.
    pub(crate) fn end_service(&mut self, window: &Window<'_>) {
        self.take_jobs_before((NEVER, NEVER), window);
        self.specials.clear();
        let jobs = std::mem::take(&mut self.jobs);
        self.task_calendar.give_back(jobs);
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
                if job & TASK == 0 && self.kept[job].number == GONE {
                    self.pop(host, job);
                    self.kept.remove(job);
                    continue;
                }
                let arrival = if job & TASK == 0 {
                    self.kept[job].arrival
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
            hot.mark(HostMark::Queue, false);
        }
    }

    /// Asks for the slot that a job at a host will look at first.
    #[inline(always)]
    pub(super) fn look_at(&self, host: usize) {
        let hot = &self.hosts[host];
        prefetch_index(&self.slots, hot.next_slot as usize);
    }

    /// Starts a request at a host that serves everything as promised and whose turn comes in this window:
    /// nearly every request. Says whether it was one; if not, nothing has changed.
    #[inline(always)]
    fn take_plainly<const LOG: bool>(
        &mut self,
        request: &Request,
        terms: Terms<'_>,
        window: &Window<'_>,
    ) -> bool {
        let hot = &mut self.hosts[request.host() as usize];
        if !hot.serves_at_once() {
            return false;
        }
        let (slot, free) = hot.free_slot(&self.slots, request.arrival);
        let start = free.max(terms.paused_until);
        if start >= terms.end {
            return false;
        }
        let rates = terms.rates.of(hot.class, request.group());
        let work =
            u64::from(request.prompt()) * rates.prefill_ns + u64::from(request.answer()) * rates.decode_ns;
        // What never ends is no plain matter.
        let Some(completion) = start.checked_add(work) else {
            return false;
        };
        let Some(ready) = completion.checked_add(terms.inclusion_ns) else {
            return false;
        };
        hot.busy_ns += work;
        self.slots[slot] = completion;
        hot.turn_to_slot_after(slot);
        self.totals.service_ns += u128::from(work);
        if request.arrival >= terms.warm_up_ns {
            if start == request.arrival {
                self.sums.started_at_once += 1;
            } else {
                self.sums.waits.record(start - request.arrival);
            }
        }
        let price = terms.groups[usize::from(request.group())].price;
        let included = terms.clock.window_of(ready);
        if included <= terms.last {
            self.finishes.push_made(included, || Finish {
                request: *request,
                completion,
                price,
            });
        } else {
            self.file_late(request, completion, window);
        }
        if LOG {
            let finish = Finish {
                request: *request,
                completion,
                price,
            };
            self.log_served(&finish, start, window);
        }
        true
    }

    /// Files what was served plainly and is done late.
    #[cold]
    fn file_late(&mut self, request: &Request, completion: u64, window: &Window<'_>) {
        let record = Inference {
            completion,
            ..request.record(self.first, window.groups, request.check_word(window.tables))
        };
        self.file(record, false, window);
    }

    /// Files an inference that has been served: under the block that includes its finish, or, if that
    /// comes too late or never, under the one that expires it.
    #[inline(never)]
    fn file(&mut self, record: Inference, is_cut: bool, window: &Window<'_>) {
        let expiry = window.tables.expiry(record.arrival);
        let included = Self::included(&record, window);
        if !is_cut && included <= expiry {
            self.finishes.push(included, Finish::of(&record));
        } else {
            self.keep_until(expiry, record);
        }
    }

    /// The block that includes the finish of an inference that has been served.
    fn included(record: &Inference, window: &Window<'_>) -> u64 {
        let tables = window.tables;
        tables.window_of(record.completion.saturating_add(tables.inclusion_ns))
    }

    /// Gives an inference a place of its own, where the commit of block `expiry` will find it.
    pub(super) fn keep_until(&mut self, expiry: u64, record: Inference) -> u32 {
        let number = record.number;
        let inference = self.keep(record, NONE);
        self.expiries.push(expiry, Deadline { inference, number });
        inference
    }

    /// Takes a request that may be lost, substituted, queued or cut.
    #[inline(never)]
    fn take_with_care(&mut self, request: &Request, window: &Window<'_>) {
        let tables = window.tables;
        let mut record = request.record(self.first, window.groups, request.check_word(tables));
        let special = self
            .specials
            .binary_search_by_key(&record.number, |special| special.number);
        let special = special.ok().map(|at| self.specials[at]);
        let hot = &self.hosts[record.host as usize];
        let is_plain = !hot.has(HostMark::Deviant) && !hot.has(HostMark::Outages) && special.is_none();
        let is_lost = !is_plain && self.is_lost_on_arrival(&mut record, special, window);
        let start = if is_lost {
            None
        } else {
            self.start_in_window(record.host, record.arrival, window)
        };
        if let Some(start) = start {
            let is_cut = self.serve_request(&mut record, start, window);
            self.file(record, is_cut, window);
        } else {
            self.put_aside(record, is_lost, window);
        }
    }

    /// Keeps a request that does not start in this window: in the queue, or, if it is lost, only until
    /// it expires.
    fn put_aside(&mut self, mut record: Inference, is_lost: bool, window: &Window<'_>) {
        let (host, expiry) = (record.host, window.tables.expiry(record.arrival));
        if is_lost {
            self.keep_until(expiry, record);
        } else {
            record.state = State::Queued;
            let index = self.keep_until(expiry, record);
            self.enqueue(host, index);
        }
    }

    /// Whether the executor drops the request or cannot be reached; also settles what will serve it.
    #[cold]
    pub(crate) fn is_lost_on_arrival(
        &mut self,
        record: &mut Inference,
        special: Option<Special>,
        window: &Window<'_>,
    ) -> bool {
        if special.is_some_and(|special| special.is_missed) {
            return true;
        }
        let errand = special.map_or(Errand::None, |special| special.errand);
        let has_outages = self.hosts[record.host as usize].has(HostMark::Outages);
        if has_outages && self.outages[record.host as usize].is_down(record.arrival) {
            return true;
        }
        if let Errand::Deadly(restart_ns) = errand {
            self.crash(record, restart_ns);
            return true;
        }
        let is_marked = matches!(errand, Errand::Awkward | Errand::Unpaid);
        if is_marked {
            record.substitute = window.tables.conducts.marked(0);
        }
        let orders = *self.orders_of(record.host);
        if orders.is_honest() {
            return false;
        }
        let [conduct, drop] = window.tables.keys.conduct.draw2(record.number, 0);
        let serve = if orders.asks_each {
            let view = RequestView {
                model: record.group,
                prompt: record.prompt,
                answer: record.answer,
                max_tokens: window.tables.max_tokens,
                blocks_to_poc: window.blocks_to_poc,
                queued: self.queue_length(record.host),
                passed: self.states[record.host as usize].counters.validated,
                failed: self.states[record.host as usize].counters.invalidated,
            };
            let at = record.host as usize;
            let known = &self.views[&record.host];
            self.roles.of(at).executor.serve(known, &view, conduct)
        } else if bernoulli(drop, orders.drop_below) {
            Serve::Drop
        } else if bernoulli(conduct, orders.substitute_below) {
            Serve::Substitute
        } else {
            Serve::Promised
        };
        if serve == Serve::Substitute {
            record.substitute = if is_marked {
                window.tables.conducts.marked(orders.substitute)
            } else {
                orders.substitute
            };
        }
        serve == Serve::Drop
    }

    /// A request brings the model server down: nothing starts before it is back.
    fn crash(&mut self, request: &Inference, restart_ns: u64) {
        let back = request.arrival.saturating_add(restart_ns);
        let slots = self.hosts[request.host as usize].slot_range();
        for end in &mut self.slots[slots] {
            *end = (*end).max(back);
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
    pub(super) fn start_in_window(&mut self, host: u32, arrival: u64, window: &Window<'_>) -> Option<u64> {
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
        let mut start = self.next_free(hot, arrival).max(window.paused_until);
        if hot.has(HostMark::Outages) && start >= self.outages[host as usize].next_down {
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
        let mut record = self.kept[index];
        let is_cut = self.serve_request(&mut record, start, window);
        record.state = State::Running;
        let included = Self::included(&record, window);
        if !is_cut && included <= window.tables.expiry(record.arrival) {
            self.finishes.push(included, Finish::of(&record));
            self.forget(index);
        } else {
            self.kept[index] = record;
        }
    }

    /// The first moment from `start` on at which the host is up; moves the host on to that outage.
    #[cold]
    fn after_outage(&mut self, host: u32, start: u64) -> u64 {
        let table = &mut self.outages[host as usize];
        let (down, until) = table.next(start).unwrap_or((NEVER, NEVER));
        table.next_down = down;
        if down <= start { until } else { start }
    }

    /// Serves a request from `start` on; says whether an outage cuts it.
    #[inline]
    pub(crate) fn serve_request(&mut self, record: &mut Inference, start: u64, window: &Window<'_>) -> bool {
        let tables = window.tables;
        let work = tables.work(self.hosts[record.host as usize].class, record);
        let (end, is_cut) = self.occupy(record.host, start, work, window);
        record.completion = end;
        self.totals.service_ns += u128::from(work);
        if record.arrival >= tables.warm_up_ns {
            self.sums.waits.record(start - record.arrival);
        }
        if tables.log {
            self.log_served(record, start, window);
        }
        is_cut
    }

    /// Occupies a slot from `start` for `work` ns; returns the end and whether an outage cut the job.
    #[inline]
    pub(super) fn occupy(&mut self, host: u32, start: u64, work: u64, window: &Window<'_>) -> (u64, bool) {
        let hot = &mut self.hosts[host as usize];
        hot.busy_ns += work;
        let mut end = start.saturating_add(work);
        let mut is_lost = false;
        if hot.has(HostMark::Outages) && end > self.outages[host as usize].next_down {
            (end, is_lost) = self.cut_by_outage(host, start, end, window.tables.resume_after_outage);
        }
        self.occupy_slot(host, start, end);
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
}
