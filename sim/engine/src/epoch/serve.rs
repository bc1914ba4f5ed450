//! One host's requests of a stretch of time, in the order in which they come.
//!
//! **Invariant.** What an answer is depends on its number alone: a host that is expelled early leaves the answers
//! it has given as they were.

use std::collections::VecDeque;

use stakeout_kernel::sample::{below, bernoulli, neg_ln};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::status::Status;

use super::checks::settle_mail;
use crate::observe::frame::EventKind;
use crate::scenario::Unsampled;
use crate::world::{Draw, Inference, Lane, NONE, State, Window};

/// Answers whose words are computed side by side.
const BATCH: usize = 4;
/// Bits of a number that say which answer of its host and stretch it is.
const INDEX_BITS: u32 = 21;
/// Bits that say which host.
const HOST_BITS: u32 = 21;

/// The streams of this fidelity.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Requests of a host in a stretch, by (stretch, host) and model; of a model, by stretch.
    pub count: StreamKey,
    /// Executors of requests drawn one by one, by (stretch, request).
    pub executor: StreamKey,
    /// Lengths, and whether anybody checks, by number.
    answer: StreamKey,
    /// Gaps between a host's requests, by number.
    gap: StreamKey,
    /// Which checks go to a host that was expelled later, by number and validator.
    recall: StreamKey,
}

impl Keys {
    /// The keys of a replicate.
    pub fn new(seed: u64, replicate: u32) -> Self {
        let key = |purpose| StreamKey::derive(RootSeed(seed), replicate, Purpose(purpose));
        Self {
            count: key(0x5400),
            executor: key(0x5401),
            answer: key(0x5402),
            gap: key(0x5403),
            recall: key(0x5404),
        }
    }
}

/// A stretch of time in which nothing changes but by expulsions.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Its place among all stretches of the run.
    pub number: u32,
    /// Start, ns since the run's start.
    pub from: u64,
    /// End.
    pub to: u64,
    /// Height of the block before the run's first.
    pub origin: u64,
    /// From the request of a convicting answer to the moment its host is expelled, ns.
    pub delay_ns: u64,
    /// A stage follows: what is on its way arrives before it.
    pub is_last: bool,
}

impl Stretch {
    /// Whether what reaches a block at `time` does so in this stretch.
    pub fn has(&self, time: u64) -> bool {
        self.is_last || time <= self.to
    }
}

/// Who gets requests of which model, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Participant.
    pub participant: u32,
    /// Its place in the model's group.
    pub member: u32,
    /// Model.
    pub model: u16,
    /// Price of a model token, base units.
    pub price: u64,
    /// Requests.
    pub count: u32,
    /// Answers of the host's that this stretch has numbered before.
    pub first: u32,
    /// Requests of them that it took.
    pub taken: u32,
}

/// A missed request on its way to the block that expires it.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    /// End of that block, ns since the run's start.
    pub due: u64,
    /// Its record.
    pub place: u32,
}

/// A host that was expelled within the stretch.
#[derive(Clone, Copy, Debug)]
pub struct Gone {
    /// Participant.
    pub participant: u32,
    /// Its weight until then.
    pub weight: u64,
    /// When it left, ns since the run's start.
    pub left_at: u64,
}

/// What came of a host's requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    /// What clients laid down for them, base units; for requests that were summed up, what they paid.
    pub billed: i128,
    /// When its expulsion reached the block, if it was expelled, ns since the run's start.
    pub left_at: Option<u64>,
}

/// What a host has on its way.
#[derive(Debug)]
pub struct Pending<'a> {
    /// Misses that no block has expired yet, the first due first.
    pub late: &'a mut VecDeque<Late>,
    /// When the block has its expulsion, if it is convicted already, ns since the run's start.
    pub leaves_at: Option<u64>,
}

/// How likely a host is to be expelled: those who swap models come before those who drop requests, and these before
/// everybody else.
pub fn exposure(lane: &Lane, participant: u32) -> u8 {
    let host = participant as usize;
    let (hot, orders) = (&lane.hosts[host], &lane.orders[host]);
    if orders.substitute_below != 0 || orders.asks_each {
        0
    } else {
        2 - u8::from(orders.drop_below != 0 || hot.has_outages)
    }
}

/// Serves a host's requests, of all its models, and notes in `loads` how many it took: the others came after it had been
/// expelled. `gone` are the hosts that the groups in force no longer have, though some of the stretch they were there.
pub fn serve(
    lane: &mut Lane,
    window: &Window<'_>,
    keys: &Keys,
    stretch: &Stretch,
    (loads, gone): (&mut [Load], &[Gone]),
    pending: Pending<'_>,
) -> Served {
    let server = |load| Server {
        window,
        keys,
        stretch,
        load,
        gone,
    };
    let is_settled = pending.late.is_empty() && pending.leaves_at.is_none();
    if !is_settled || loads.iter().any(|load| !server(*load).is_plain(lane)) {
        return serve_one_by_one(lane, server, loads, pending);
    }
    let mut served = Served::default();
    for load in loads {
        if served.left_at.is_some() {
            load.taken = 0;
            continue;
        }
        let part = server(*load).serve_in_bulk(lane, &mut load.taken);
        served.billed += part.billed;
        served.left_at = part.left_at;
    }
    served
}

/// Serves requests of a host one after the other, by the event fidelity's own steps. A miss counts once the block
/// expires it, so behind the answers that were given until then.
fn serve_one_by_one<'a>(
    lane: &mut Lane,
    server: impl Fn(Load) -> Server<'a>,
    loads: &mut [Load],
    Pending { late, leaves_at }: Pending<'_>,
) -> Served {
    let mut requests: Vec<(u64, usize, u32)> = Vec::new();
    for (at, load) in loads.iter_mut().enumerate() {
        load.taken = 0;
        let times = server(*load).times();
        requests.extend(times.into_iter().zip(0..).map(|(time, index)| (time, at, index)));
    }
    if loads.len() > 1 {
        requests.sort_unstable();
    }
    let mut served = Served {
        billed: 0,
        left_at: leaves_at,
    };
    for (arrival, at, index) in requests {
        let server = server(loads[at]);
        server.expire(lane, late, arrival, &mut served);
        if served.left_at.is_some_and(|left_at| arrival >= left_at) {
            break;
        }
        loads[at].taken += 1;
        served.billed += server.serve_request(lane, arrival, index, late);
        if served.left_at.is_none() && lane.states[server.load.participant as usize].status == Status::Invalid
        {
            served.left_at = Some(arrival + server.stretch.delay_ns);
        }
    }
    if let Some(load) = loads.first() {
        let server = server(*load);
        let until = if server.stretch.is_last {
            u64::MAX
        } else {
            server.stretch.to
        };
        server.expire(lane, late, until, &mut served);
    }
    served
}

struct Server<'a> {
    window: &'a Window<'a>,
    keys: &'a Keys,
    stretch: &'a Stretch,
    load: Load,
    gone: &'a [Gone],
}

/// Sums over answers.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    prompt: u64,
    answer: u64,
}

impl Server<'_> {
    /// Every answer is the promised model's, none is lost, and none changes a status by being given.
    fn is_plain(&self, lane: &Lane) -> bool {
        let host = self.load.participant as usize;
        let (hot, tables) = (&lane.hosts[host], self.window.tables);
        let is_up = || {
            let next = lane.outages[host].next(self.stretch.from);
            next.is_none_or(|(down, _)| down >= self.stretch.to)
        };
        let in_time = || {
            let rates = tables.rates(hot.class, self.load.model);
            let longest = u64::from(tables.longest_prompt(usize::from(self.load.model))) * rates.prefill_ns
                + u64::from(tables.max_tokens) * rates.decode_ns;
            tables.window_of(longest.saturating_add(tables.inclusion_ns)) < tables.expiration_windows
        };
        lane.orders[host].is_honest()
            && self.window.draw == Draw::Independent
            && self.window.measures.unsampled == Unsampled::Ignored
            && lane.states[host].status != Status::Ramping
            && (!hot.has_outages || is_up())
            && in_time()
    }

    fn number(&self, index: u32) -> u64 {
        u64::from(self.stretch.number) << (HOST_BITS + INDEX_BITS)
            | u64::from(self.load.participant) << INDEX_BITS
            | u64::from(index)
    }

    /// Prompt and answer of a request, from its word.
    #[inline(always)]
    fn lengths(&self, word: u64) -> (u32, u32) {
        let laws = self.window.tables.lengths(usize::from(self.load.model));
        (
            laws.prompt.sample((word >> 32) as u32),
            laws.answer.sample(word as u32).min(self.window.tables.max_tokens),
        )
    }

    fn record(&self, index: u32, arrival: u64, words: [u64; 2]) -> Inference {
        let (prompt, answer) = self.lengths(words[0]);
        let number = self.number(index);
        Inference {
            number,
            arrival,
            completion: arrival,
            price: self.load.price,
            check: words[1],
            client: (number % u64::from(self.window.tables.clients)) as u32,
            host: self.load.participant,
            prompt,
            answer,
            member: self.load.member,
            group: self.load.model,
            substitute: 0,
            state: State::Running,
        }
    }

    /// The window as it is when a block commits what was requested at `time`.
    fn window_at(&self, time: u64) -> Window<'_> {
        let block = self.window.tables.block_ns;
        let windows = self.window.tables.window_of(time);
        let gone = windows - self.window.tables.window_of(self.stretch.from);
        Window {
            end: (windows + 1) * block,
            height: self.stretch.origin + windows + 1,
            blocks_to_poc: self.window.blocks_to_poc.saturating_sub(gone),
            ..*self.window
        }
    }

    /// Gives validators who were still there at `time` their part of the checks just drawn: the group in force is
    /// without them. Each check goes to one of them with their part of the weight that there was.
    fn recall(&self, lane: &mut Lane, time: u64) {
        if self.gone.is_empty() {
            return;
        }
        let group = &self.window.groups[usize::from(self.load.model)];
        let still = |gone: &&Gone| {
            gone.left_at > time && gone.participant != self.load.participant && group.has(gone.participant)
        };
        let weight: u64 = self.gone.iter().filter(still).map(|gone| gone.weight).sum();
        if weight == 0 {
            return;
        }
        let whole = group.total - group.members[self.load.member as usize].weight + weight;
        for job in &mut lane.out_tasks.to[0] {
            let mut target = below(self.keys.recall.draw(job.number, u64::from(job.validator)), whole);
            for gone in self.gone.iter().filter(still) {
                if target < gone.weight {
                    job.validator = gone.participant;
                    break;
                }
                target -= gone.weight;
            }
        }
    }

    /// When the host's expulsion reaches the block, if a check of an answer to a request of this moment has convicted
    /// it.
    fn left_at(&self, lane: &Lane, arrival: u64) -> Option<u64> {
        let is_convicted = lane.states[self.load.participant as usize].status == Status::Invalid;
        is_convicted.then_some(arrival + self.stretch.delay_ns)
    }

    /// Expires the misses whose block ends until `until`; the first that takes the host's status takes it out with that
    /// block.
    fn expire(&self, lane: &mut Lane, late: &mut VecDeque<Late>, until: u64, served: &mut Served) {
        while let Some(&miss) = late.front().filter(|miss| miss.due <= until) {
            late.pop_front();
            let window = self.window_at(miss.due.min(self.stretch.to) - 1);
            lane.expire_one(miss.place, &window);
            let is_out = lane.states[self.load.participant as usize].status == Status::Inactive;
            if served.left_at.is_none() && is_out {
                served.left_at = Some(miss.due);
            }
        }
    }

    /// Sums requests up, and looks at those alone that somebody may check.
    fn serve_in_bulk(&self, lane: &mut Lane, all_taken: &mut u32) -> Served {
        let (load, tables) = (self.load, self.window.tables);
        let none_below = self.none_below(lane);
        let mut looked_at = std::mem::take(&mut lane.scratch.selected);
        looked_at.clear();
        let mut sums = self.sum(load.count, |index, check| {
            if none_below.is_some_and(|below| !bernoulli(check, below)) {
                looked_at.push(index);
            }
        });
        let (mut taken, mut left_at) = (load.count, None);
        let step = (self.stretch.to - self.stretch.from) as f64 / f64::from(load.count);
        let time_of = |index: u32| self.stretch.from + (step * (f64::from(index) + 0.5)) as u64;
        for &index in &looked_at {
            if index >= taken {
                break;
            }
            self.check(lane, index, time_of(index));
            if left_at.is_none() {
                left_at = self.left_at(lane, time_of(index));
                let is_taken = |time: u64| left_at.is_none_or(|left_at| time < left_at);
                while taken > index + 1 && !is_taken(time_of(taken - 1)) {
                    taken -= 1;
                }
            }
        }
        lane.scratch.selected = looked_at;
        if taken < load.count {
            sums = self.sum(taken, |_, _| {});
        }
        let rates = tables.rates(lane.hosts[load.participant as usize].class, load.model);
        let work = sums.prompt * rates.prefill_ns + sums.answer * rates.decode_ns;
        let payment = u128::from(load.price) * u128::from(sums.prompt + sums.answer);
        self.book(lane, taken, work, sums, payment);
        *all_taken = taken;
        Served {
            billed: payment as i128,
            left_at,
        }
    }

    /// A check word below this says that nobody checks; `None` if there is nobody who could.
    fn none_below(&self, lane: &mut Lane) -> Option<u64> {
        let load = self.load;
        let group = &self.window.groups[usize::from(load.model)];
        if group.total == group.members[load.member as usize].weight {
            return None;
        }
        match self.window.draw {
            Draw::Independent => {}
            Draw::Nobody => return None,
            _ => return Some(0),
        }
        let pair = lane.pair_of(load.participant, load.model);
        if lane.plan_heads[pair].stamp != self.window.plan_stamps[usize::from(load.model)] {
            let record = self.record(0, self.stretch.from, [0, 0]);
            lane.plan_anew(pair, &record, self.window);
        }
        Some(lane.plan_heads[pair].none_below)
    }

    /// Sums the lengths of the first `count` requests, showing each its index and its check word.
    #[inline(always)]
    fn sum(&self, count: u32, mut see: impl FnMut(u32, u64)) -> Sums {
        let first = self.number(self.load.first);
        let mut sums = Sums::default();
        let mut take = |index: u32, words: [u64; 2]| {
            let (prompt, answer) = self.lengths(words[0]);
            sums.prompt += u64::from(prompt);
            sums.answer += u64::from(answer);
            see(index, words[1]);
        };
        let whole = count - count % BATCH as u32;
        for index in (0..whole).step_by(BATCH) {
            let words = self.keys.answer.draw2_batch::<BATCH>(first + u64::from(index), 0);
            for (offset, words) in (0..).zip(words) {
                take(index + offset, words);
            }
        }
        for index in whole..count {
            take(index, self.keys.answer.draw2(first + u64::from(index), 0));
        }
        sums
    }

    /// Draws who checks an answer, and has them do it.
    #[inline(never)]
    fn check(&self, lane: &mut Lane, index: u32, arrival: u64) {
        let index = self.load.first + index;
        let words = self.keys.answer.draw2(self.number(index), 0);
        let mut record = self.record(index, arrival, words);
        let rates = self
            .window
            .tables
            .rates(lane.hosts[record.host as usize].class, record.group);
        record.completion +=
            u64::from(record.prompt) * rates.prefill_ns + u64::from(record.answer) * rates.decode_ns;
        let payment = record.price * (u64::from(record.prompt) + u64::from(record.answer));
        let window = self.window_at(arrival);
        lane.choose_validators(&record, payment, &window);
        self.recall(lane, arrival);
        settle_mail(lane, &window);
    }

    /// Books answers that were summed up.
    fn book(&self, lane: &mut Lane, taken: u32, work: u64, sums: Sums, payment: u128) {
        let host = self.load.participant as usize;
        let state = &mut lane.states[host];
        state.work += payment as i64;
        state.finished += taken;
        self.window
            .tables
            .status
            .record_served_times(&mut state.counters, taken);
        let ppb = self.window.targets.ppb(state.reputation);
        lane.hosts[host].busy_ns += work;
        let finished = &mut lane.finished[usize::from(self.load.model)];
        finished.tokens += sums.prompt + sums.answer;
        finished.inferences += u64::from(taken);
        let totals = &mut lane.totals;
        totals.requests += u64::from(taken);
        totals.finished += u64::from(taken);
        totals.service_ns += u128::from(work);
        totals.work_coins += payment as i128;
        totals.nominal_rate_ppb_sum += u128::from(ppb) * u128::from(taken);
        lane.effects.add(
            EventKind::Finished as u64 | (sums.prompt + sums.answer) << 8,
            self.number(self.load.first),
            u64::from(self.load.participant) << 32 | u64::from(taken),
            payment as u64,
        );
    }

    /// Serves one request, lost or not; says what its client laid down, base units.
    fn serve_request(&self, lane: &mut Lane, arrival: u64, index: u32, late: &mut VecDeque<Late>) -> i128 {
        let tables = self.window.tables;
        let number = self.load.first + index;
        let words = self.keys.answer.draw2(self.number(number), 0);
        let mut record = self.record(number, arrival, words);
        let window = self.window_at(arrival);
        let escrow = i128::from(tables.escrow(record.price, record.prompt));
        lane.inbox.escrow += escrow;
        lane.totals.requests += 1;
        let is_late = |completion: u64| {
            tables.window_of(completion.saturating_add(tables.inclusion_ns)) > tables.expiry(arrival)
        };
        let is_lost = lane.is_lost_on_arrival(&mut record, None, &window)
            || lane.serve_request(&mut record, arrival, &window)
            || is_late(record.completion);
        if is_lost {
            let place = lane.keep(record, NONE);
            let due = (tables.expiry(arrival) + 1) * tables.block_ns;
            late.push_back(Late { due, place });
        } else {
            lane.totals.finished += 1;
            lane.commit_one(&record, &window);
            self.recall(lane, arrival);
            settle_mail(lane, &window);
        }
        escrow
    }

    /// When the requests come: a Poisson process that is known to have as many points, so that the gaps are
    /// exponential and scaled to the stretch.
    fn times(&self) -> Vec<u64> {
        let gap = |index: u32| neg_ln(self.keys.gap.draw(self.number(self.load.first + index), 0));
        let mut sums = Vec::with_capacity(self.load.count as usize);
        let mut sum = 0.0;
        for index in 0..self.load.count {
            sum += gap(index);
            sums.push(sum);
        }
        // The gap after the last is a draw of its own.
        let last = neg_ln(self.keys.gap.draw(self.number(self.load.first), 1));
        let scale = (self.stretch.to - self.stretch.from) as f64 / (sum + last);
        sums.iter()
            .map(|sum| self.stretch.from + (sum * scale) as u64)
            .collect()
    }
}
