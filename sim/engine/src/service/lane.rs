//! A lane serves a contiguous range of hosts: FIFO queues by Lindley's recursion.
//!
//! A FIFO server with `c` slots needs no completion event: a job starts at the later of its arrival and the
//! earliest free slot. What a host keeps is the time at which each slot falls free, and nothing else.
//!
//! **Invariant.** A host takes its inputs in the order (arrival, requests first, number), so nothing a lane
//! reports depends on how many lanes there are.

use stakeout_kernel::digest::EffectSum;

use super::chunk::{CHUNK, Chunk};
use super::model::Model;
use super::recorder::Recorder;

const REQUEST: u64 = 1;
const VALIDATION: u64 = 2;

/// A validation on its way to its validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validation {
    /// Arrival at the validator, in nanoseconds.
    pub arrival_ns: u64,
    /// Number of the inference; no inference has two.
    pub number: u64,
    /// Work, in nanoseconds.
    pub work_ns: u64,
    /// Validator.
    pub host: u32,
}

const NEVER: Validation = Validation {
    arrival_ns: u64::MAX,
    number: u64::MAX,
    work_ns: 0,
    host: 0,
};

/// What a lane counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests served.
    pub requests: u64,
    /// Requests for which a validation was drawn.
    pub checked: u64,
    /// Validations done.
    pub validations: u64,
    /// Service time of requests, in nanoseconds.
    pub service_ns: u128,
    /// Service time of validations, in nanoseconds.
    pub verification_ns: u128,
    /// Arrival to completion, after the warm-up.
    pub sojourn: Recorder,
    /// Arrival to start, after the warm-up.
    pub waiting: Recorder,
    /// Arrival to completion and both transfers, after the warm-up; empty where transfers take no time.
    pub latency: Recorder,
}

impl Tally {
    /// Adds what another lane counted.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.checked += other.checked;
        self.validations += other.validations;
        self.service_ns += other.service_ns;
        self.verification_ns += other.verification_ns;
        self.sojourn.merge(&other.sojourn);
        self.waiting.merge(&other.waiting);
        self.latency.merge(&other.latency);
    }
}

/// The free times of a range of hosts.
struct Servers {
    first: u32,
    /// First slot of each host, counted from the lane's first; empty where every host has one slot.
    slots: Vec<u32>,
    free_ns: Vec<u64>,
}

impl Servers {
    /// Puts a job in line and returns its start.
    #[inline(always)]
    fn start<const ONE_SLOT: bool>(&mut self, host: u32, arrival_ns: u64, work_ns: u64) -> u64 {
        let local = (host - self.first) as usize;
        let slot = if ONE_SLOT { local } else { self.earliest(local) };
        let free = &mut self.free_ns[slot];
        let start = arrival_ns.max(*free);
        *free = start + work_ns;
        start
    }

    fn earliest(&self, local: usize) -> usize {
        let [first, end] = [self.slots[local] as usize, self.slots[local + 1] as usize];
        let mut best = first;
        for slot in first + 1..end {
            if self.free_ns[slot] < self.free_ns[best] {
                best = slot;
            }
        }
        best
    }
}

/// A contiguous range of hosts with what is due to them.
pub struct Lane {
    /// One past the last host.
    pub end: u32,
    /// Validations drawn in this window, for any lane.
    pub outbox: Vec<Validation>,
    /// Effects of this window.
    pub effects: EffectSum,
    /// What the lane counted.
    pub tally: Tally,
    servers: Servers,
    due: Vec<Validation>,
    next: usize,
    places: Vec<u32>,
    /// Completions of the chunk at hand; lent out while it is served.
    completions: Option<Box<[u64; CHUNK]>>,
}

impl Lane {
    /// A lane for the hosts `first .. end`.
    pub fn new(model: &Model, first: u32, end: u32) -> Self {
        let (base, last) = (model.slots[first as usize], model.slots[end as usize]);
        let slots = if last - base == end - first {
            Vec::new()
        } else {
            model.slots[first as usize..=end as usize]
                .iter()
                .map(|slot| slot - base)
                .collect()
        };
        Self {
            end,
            outbox: Vec::new(),
            effects: EffectSum::ZERO,
            tally: Tally::default(),
            servers: Servers {
                first,
                slots,
                free_ns: vec![0; (last - base) as usize],
            },
            due: vec![NEVER],
            next: 0,
            places: Vec::new(),
            completions: Some(Box::new([0; CHUNK])),
        }
    }

    /// Takes the validations that arrive in the window that opens, in any order.
    pub fn open_window(&mut self, due: &mut Vec<Validation>) {
        sort_by_arrival(due, &mut self.due, &mut self.places);
        due.clear();
        self.due.push(NEVER);
        self.next = 0;
        self.effects = EffectSum::ZERO;
    }

    /// Serves the lane's part of a chunk's requests `from .. upto`, and the validations that arrive between.
    pub fn serve(&mut self, model: &Model, chunk: &Chunk, from: usize, upto: usize) {
        if self.servers.slots.is_empty() {
            self.serve_part::<true>(model, chunk, from, upto);
        } else {
            self.serve_part::<false>(model, chunk, from, upto);
        }
    }

    fn serve_part<const ONE_SLOT: bool>(&mut self, model: &Model, chunk: &Chunk, from: usize, upto: usize) {
        if self.servers.first == 0 && self.end == model.hosts() {
            self.serve_each::<ONE_SLOT>(model, chunk, from..upto);
            return;
        }
        let (first, hosts) = (self.servers.first, self.end - self.servers.first);
        let mut mine = [0_u16; CHUNK];
        let mut count = 0;
        for offset in from..upto {
            mine[count] = offset as u16;
            count += usize::from(chunk.executor[offset].wrapping_sub(first) < hosts);
        }
        self.serve_each::<ONE_SLOT>(
            model,
            chunk,
            mine[..count].iter().map(|&offset| usize::from(offset)),
        );
    }

    /// One short loop a purpose: each keeps its few values in registers.
    #[inline(always)]
    fn serve_each<const ONE_SLOT: bool>(
        &mut self,
        model: &Model,
        chunk: &Chunk,
        offsets: impl ExactSizeIterator<Item = usize> + Clone,
    ) {
        self.tally.requests += offsets.len() as u64;
        let work_ns: u64 = offsets
            .clone()
            .map(|offset| chunk.service_ns[offset % CHUNK])
            .sum();
        self.tally.service_ns += u128::from(work_ns);
        let mut completions = std::mem::take(&mut self.completions).expect("it is put back below");
        self.queue::<ONE_SLOT>(chunk, offsets.clone(), &mut completions);
        self.note(chunk, offsets.clone(), &completions);
        let is_counted = |&offset: &usize| chunk.arrival_ns[offset % CHUNK] >= model.warm_up_ns;
        if chunk.arrival_ns[0] >= model.warm_up_ns {
            self.measure(model, chunk, offsets.clone(), &completions);
        } else if chunk.arrival_ns[chunk.len - 1] >= model.warm_up_ns {
            self.measure(model, chunk, offsets.clone().filter(is_counted), &completions);
        }
        for offset in offsets {
            let offset = offset % CHUNK;
            if chunk.checked[offset] {
                self.send_validation(model, chunk, offset, completions[offset]);
            }
        }
        self.completions = Some(completions);
    }

    /// Puts requests, and the validations that arrive between them, in line.
    #[inline(always)]
    fn queue<const ONE_SLOT: bool>(
        &mut self,
        chunk: &Chunk,
        offsets: impl Iterator<Item = usize>,
        completions: &mut [u64; CHUNK],
    ) {
        let mut effects = EffectSum::ZERO;
        let mut next_due_ns = self.due[self.next].arrival_ns;
        for offset in offsets {
            // Always the same value; said so that the arrays below need no check each.
            let offset = offset % CHUNK;
            let arrival_ns = chunk.arrival_ns[offset];
            while next_due_ns < arrival_ns {
                self.validate_next::<ONE_SLOT>(&mut effects);
                next_due_ns = self.due[self.next].arrival_ns;
            }
            let work_ns = chunk.service_ns[offset];
            let start_ns = self
                .servers
                .start::<ONE_SLOT>(chunk.executor[offset], arrival_ns, work_ns);
            completions[offset] = start_ns + work_ns;
        }
        self.effects.merge(&effects);
    }

    /// Adds the requests' effects to the digest.
    #[inline(always)]
    fn note(&mut self, chunk: &Chunk, offsets: impl Iterator<Item = usize>, completions: &[u64; CHUNK]) {
        let mut effects = EffectSum::ZERO;
        for offset in offsets {
            let offset = offset % CHUNK;
            let number = chunk.first + offset as u64;
            effects.add(
                REQUEST,
                number,
                u64::from(chunk.executor[offset]),
                completions[offset],
            );
        }
        self.effects.merge(&effects);
    }

    /// Measures requests.
    #[inline(always)]
    fn measure(
        &mut self,
        model: &Model,
        chunk: &Chunk,
        offsets: impl Iterator<Item = usize> + Clone,
        completions: &[u64; CHUNK],
    ) {
        let offsets = offsets.map(|offset| offset % CHUNK);
        let sojourn = |offset: usize| completions[offset] - chunk.arrival_ns[offset];
        self.tally.sojourn.record_all(offsets.clone().map(sojourn));
        self.tally.waiting.record_all(
            offsets
                .clone()
                .map(|offset| sojourn(offset) - chunk.service_ns[offset]),
        );
        if model.transfers_ns > 0 {
            self.tally
                .latency
                .record_all(offsets.map(|offset| sojourn(offset) + model.transfers_ns));
        }
    }

    fn send_validation(&mut self, model: &Model, chunk: &Chunk, offset: usize, completion_ns: u64) {
        if let Some((host, work_ns)) = model.validation(chunk, offset) {
            self.tally.checked += 1;
            self.outbox.push(Validation {
                arrival_ns: completion_ns + model.validation_delay_ns,
                number: chunk.first + offset as u64,
                work_ns,
                host,
            });
        }
    }

    #[inline(always)]
    fn validate_next<const ONE_SLOT: bool>(&mut self, effects: &mut EffectSum) {
        let Validation {
            arrival_ns,
            number,
            work_ns,
            host,
        } = self.due[self.next];
        self.next += 1;
        let start_ns = self.servers.start::<ONE_SLOT>(host, arrival_ns, work_ns);
        effects.add(VALIDATION, number, u64::from(host), start_ns + work_ns);
        self.tally.validations += 1;
        self.tally.verification_ns += u128::from(work_ns);
    }

    /// Serves the validations of the window that arrive after its last request.
    pub fn close_window(&mut self) {
        let mut effects = self.effects;
        while self.next + 1 < self.due.len() {
            if self.servers.slots.is_empty() {
                self.validate_next::<true>(&mut effects);
            } else {
                self.validate_next::<false>(&mut effects);
            }
        }
        self.effects = effects;
    }
}

/// Sorts the letters of one window into `sorted` by (arrival, number).
///
/// Arrivals spread over the window, so they are dealt into about as many cells as there are letters, and
/// what is left to do is local: a fifth of the instructions of a sort by comparison.
fn sort_by_arrival(letters: &[Validation], sorted: &mut Vec<Validation>, places: &mut Vec<u32>) {
    sorted.clear();
    sorted.resize(letters.len(), NEVER);
    let arrivals = || letters.iter().map(|letter| letter.arrival_ns);
    let (Some(first), Some(last)) = (arrivals().min(), arrivals().max()) else {
        return;
    };
    let cells = letters.len().next_power_of_two();
    let width = (last - first + 1).next_power_of_two();
    let shift = width.trailing_zeros().saturating_sub(cells.trailing_zeros());
    let cell = |letter: &Validation| ((letter.arrival_ns - first) >> shift) as usize;
    places.clear();
    places.resize(cells + 1, 0);
    for letter in letters {
        places[cell(letter) + 1] += 1;
    }
    for next in 1..places.len() {
        places[next] += places[next - 1];
    }
    for letter in letters {
        let place = &mut places[cell(letter)];
        sorted[*place as usize] = *letter;
        *place += 1;
    }
    insertion_sort(sorted);
}

fn insertion_sort(letters: &mut [Validation]) {
    for end in 1..letters.len() {
        let letter = letters[end];
        let mut place = end;
        while place > 0 && letters[place - 1] > letter {
            letters[place] = letters[place - 1];
            place -= 1;
        }
        letters[place] = letter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakeout_kernel::streams::StreamKey;

    #[test]
    fn letters_come_out_in_order_of_arrival_and_number() {
        let key = StreamKey::from_raw(4);
        for (count, span) in [
            (0, 1),
            (1, 1),
            (2, 1),
            (500, 3),
            (1_000, 1 << 40),
            (777, 5_000_000_000),
        ] {
            let letter = |number: u64| Validation {
                arrival_ns: 1_000 + key.draw(number, 0) % span,
                number,
                work_ns: 0,
                host: 0,
            };
            let letters: Vec<Validation> = (0..count).rev().map(letter).collect();
            let (mut sorted, mut places) = (Vec::new(), Vec::new());
            sort_by_arrival(&letters, &mut sorted, &mut places);
            let mut expected = letters;
            expected.sort_unstable();
            assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn a_job_takes_the_slot_that_falls_free_first() {
        let mut servers = Servers {
            first: 5,
            slots: vec![0, 2],
            free_ns: vec![0; 2],
        };
        let starts = [(0, 10), (1, 3), (2, 5), (20, 1)].map(|(at, work)| servers.start::<false>(5, at, work));
        assert_eq!(starts, [0, 1, 4, 20]);
    }
}
