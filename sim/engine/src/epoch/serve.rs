//! One host's requests of a stretch of time, in the order in which they come.
//!
//! **Invariant.** What an answer is depends on its number alone: a host that is expelled early leaves the answers
//! it has given as they were.

use std::collections::VecDeque;

use stakeout_kernel::sample::{below, neg_ln};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::status::Status;

use super::bulk::Memory;
use super::checks::settle_mail;
use super::unremarkable::Unremarkable;
use crate::world::{HostMark, Inference, Lane, NONE, State, Window};

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
    /// Lengths, and who checks, of an answer that is looked at alone, by number.
    pub answer: StreamKey,
    /// Gaps between a host's requests, by number.
    gap: StreamKey,
    /// Which checks go to a host that was expelled later, by number and validator.
    recall: StreamKey,
    /// How many answers that nobody checks lie between two that somebody may, by the number of a host's first answer
    /// and the gap.
    pub unchecked: StreamKey,
    /// Lengths of the answers that nobody checks, two a block, by the number of a host's first answer and the pair.
    pub lengths: StreamKey,
    /// Sums of such lengths, by the number of a host's first answer.
    pub sums: StreamKey,
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
            unchecked: key(0x5405),
            lengths: key(0x5406),
            sums: key(0x5407),
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
    /// What clients laid down for them, base units; nothing yet for requests that are summed up.
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
    let (hot, orders) = (&lane.hosts[host], lane.orders_of(host as u32));
    if orders.substitute_below != 0 || orders.asks_each {
        0
    } else {
        2 - u8::from(orders.drop_below != 0 || hot.has(HostMark::Outages))
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
    memory: &mut Memory,
    pending: Pending<'_>,
) -> Served {
    let gone_by = gone.iter().map(|gone| gone.left_at).max().unwrap_or(0);
    let server = |load| Server {
        window,
        keys,
        stretch,
        load,
        gone,
        gone_by,
    };
    let is_settled = pending.late.is_empty() && pending.leaves_at.is_none();
    if !is_settled || loads.iter().any(|load| !server(*load).is_plain(lane)) {
        return serve_one_by_one(lane, server, loads, pending, &mut memory.requests);
    }
    let mut served = Served::default();
    for load in loads {
        if served.left_at.is_some() {
            load.taken = 0;
            continue;
        }
        served.left_at = server(*load).serve_in_bulk(lane, &mut load.taken, memory);
    }
    served
}

/// A request of a host that is looked at request by request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// When it comes, ns since the run's start.
    time: u64,
    /// Which of the host's loads it is of.
    load: u32,
    /// Its place among the load's requests.
    index: u32,
    /// The gaps before it, in means.
    sum: f64,
}

/// Serves requests of a host one after the other, by the event fidelity's own steps. A miss counts once the block
/// expires it, so behind the answers that were given until then.
fn serve_one_by_one<'a>(
    lane: &mut Lane,
    server: impl Fn(Load) -> Server<'a>,
    loads: &mut [Load],
    Pending { late, leaves_at }: Pending<'_>,
    requests: &mut Vec<Request>,
) -> Served {
    requests.clear();
    for (at, load) in loads.iter_mut().enumerate() {
        load.taken = 0;
        server(*load).add_requests(at, requests);
    }
    if loads.len() > 1 {
        requests.sort_unstable_by_key(|request| (request.time, request.load, request.index));
    }
    let mut served = Served {
        billed: 0,
        left_at: leaves_at,
    };
    let common: Vec<Unremarkable> = loads
        .iter()
        .map(|load| server(*load).unremarkable(lane))
        .collect();
    for request in &*requests {
        let (arrival, at, index) = (request.time, request.load as usize, request.index);
        let server = server(loads[at]);
        server.expire(lane, late, arrival, &mut served);
        if served.left_at.is_some_and(|left_at| arrival >= left_at) {
            break;
        }
        loads[at].taken += 1;
        served.billed += server.serve_request(lane, (arrival, index), &common[at], late);
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

/// What one load is served with.
pub struct Server<'a> {
    pub(super) window: &'a Window<'a>,
    pub(super) keys: &'a Keys,
    pub(super) stretch: &'a Stretch,
    pub(super) load: Load,
    gone: &'a [Gone],
    /// When the last of them left.
    gone_by: u64,
}

impl Server<'_> {
    /// The number of an answer of this host's.
    pub(super) fn number(&self, index: u32) -> u64 {
        u64::from(self.stretch.number) << (HOST_BITS + INDEX_BITS)
            | u64::from(self.load.participant) << INDEX_BITS
            | u64::from(index)
    }

    /// Prompt and answer of a request, from its word.
    fn lengths(&self, word: u64) -> (u32, u32) {
        let laws = self.window.tables.lengths(usize::from(self.load.model));
        (
            laws.prompt.sample((word >> 32) as u32),
            laws.answer.sample(word as u32).min(self.window.tables.max_tokens),
        )
    }

    /// An answer as it begins, from its two words: its lengths, and who checks.
    pub(super) fn record(&self, index: u32, arrival: u64, words: [u64; 2]) -> Inference {
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
    pub(super) fn window_at(&self, time: u64) -> Window<'_> {
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
    /// without them.
    pub(super) fn recall(&self, lane: &mut Lane, time: u64) {
        if self.gone_by <= time {
            return;
        }
        for job in &mut lane.out_tasks.to[0] {
            job.validator = self.recalled(job.number, job.validator, time);
        }
    }

    /// Who checks the answer of this number instead of a validator who was drawn: each check goes to one who has gone
    /// since `time` with their part of the weight that there was.
    pub(super) fn recalled(&self, number: u64, validator: u32, time: u64) -> u32 {
        if self.gone_by <= time {
            return validator;
        }
        let group = &self.window.groups[usize::from(self.load.model)];
        let still = |gone: &&Gone| {
            gone.left_at > time && gone.participant != self.load.participant && group.has(gone.participant)
        };
        let weight: u64 = self.gone.iter().filter(still).map(|gone| gone.weight).sum();
        if weight == 0 {
            return validator;
        }
        let whole = group.total - group.weights[self.load.member as usize] + weight;
        let mut target = below(self.keys.recall.draw(number, u64::from(validator)), whole);
        for gone in self.gone.iter().filter(still) {
            if target < gone.weight {
                return gone.participant;
            }
            target -= gone.weight;
        }
        validator
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

    /// Serves one request, lost or not; says what its client laid down, base units.
    fn serve_request(
        &self,
        lane: &mut Lane,
        (arrival, index): (u64, u32),
        common: &Unremarkable,
        late: &mut VecDeque<Late>,
    ) -> i128 {
        let tables = self.window.tables;
        let number = self.load.first + index;
        let words = self.keys.answer.draw2(self.number(number), 0);
        let mut record = self.record(number, arrival, words);
        // Only a strategy that is asked at each request looks at the block.
        let mut is_lost = if lane.orders_of(record.host).asks_each {
            lane.is_lost_on_arrival(&mut record, None, &self.window_at(arrival))
        } else {
            lane.is_lost_on_arrival(&mut record, None, self.window)
        };
        if !is_lost && let Some(paid) = self.book_unremarkable(lane, &record, common) {
            return paid;
        }
        let window = self.window_at(arrival);
        let escrow = i128::from(tables.escrow(record.price, record.prompt));
        lane.inbox.escrow += escrow;
        lane.totals.requests += 1;
        let is_late = |completion: u64| {
            tables.window_of(completion.saturating_add(tables.inclusion_ns)) > tables.expiry(arrival)
        };
        is_lost = is_lost || lane.serve_request(&mut record, arrival, &window) || is_late(record.completion);
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

    /// Adds the requests of the `at`th load: a Poisson process that is known to have as many points, so that the gaps are
    /// exponential and scaled to the stretch.
    fn add_requests(&self, at: usize, requests: &mut Vec<Request>) {
        let gap = |index: u32| neg_ln(self.keys.gap.draw(self.number(self.load.first + index), 0));
        let first = requests.len();
        let mut sum = 0.0;
        for index in 0..self.load.count {
            sum += gap(index);
            requests.push(Request {
                time: 0,
                load: at as u32,
                index,
                sum,
            });
        }
        // The gap after the last is a draw of its own.
        let last = neg_ln(self.keys.gap.draw(self.number(self.load.first), 1));
        let scale = (self.stretch.to - self.stretch.from) as f64 / (sum + last);
        for request in &mut requests[first..] {
            request.time = self.stretch.from + (request.sum * scale) as u64;
        }
    }
}
