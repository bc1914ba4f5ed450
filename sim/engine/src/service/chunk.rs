//! Requests are drawn in chunks: arrays of consecutive inferences, so that the draws of one overlap with
//! those of its neighbours.
//!
//! **Invariant.** A chunk's content depends on the numbers of its inferences alone, never on who draws it or
//! when; only [`Chunk::place`] looks at the chunk before.

use std::num::NonZeroU64;

use multiversion::multiversion;
use stakeout_kernel::sample::{above_zero, below, neg_ln_each};
use stakeout_kernel::streams::StreamKey;

use super::arrivals::ArrivalClock;
use super::model::{Executors, Keys, Model};

/// Inferences in a chunk: the arrays stay in the first-level cache, and the number is even, because two
/// inferences share a block of executor draws.
pub const CHUNK: usize = 512;
/// Blocks of random bits that are computed side by side; what is drawn from them fits into a chunk many times.
const BATCH: usize = 4;

/// Consecutive inferences, one array a quantity.
#[derive(Clone, PartialEq)]
pub struct Chunk {
    /// Number of the first inference; a multiple of [`CHUNK`].
    pub first: u64,
    /// Inferences in the chunk: [`CHUNK`], or fewer at the end of a trace.
    pub len: usize,
    /// Exponential gaps to the inference before, with mean one; turned into `arrival_ns` by `place`.
    gaps: [f64; CHUNK],
    /// Arrival at the executor, in nanoseconds.
    pub arrival_ns: [u64; CHUNK],
    /// Executor.
    pub executor: [u32; CHUNK],
    /// Service time, in nanoseconds.
    pub service_ns: [u64; CHUNK],
    /// Prompt length in model tokens.
    pub prompt: [u32; CHUNK],
    /// Completion length in model tokens.
    pub completion: [u32; CHUNK],
    /// Model served.
    pub model: [u16; CHUNK],
    /// The inference is validated.
    pub checked: [bool; CHUNK],
}

impl Chunk {
    /// A chunk with nothing in it.
    pub fn empty() -> Box<Self> {
        Box::new(Self {
            first: 0,
            len: 0,
            gaps: [0.0; CHUNK],
            arrival_ns: [0; CHUNK],
            executor: [0; CHUNK],
            service_ns: [0; CHUNK],
            prompt: [0; CHUNK],
            completion: [0; CHUNK],
            model: [0; CHUNK],
            checked: [false; CHUNK],
        })
    }

    /// Draws the inferences `first ..`, all but their arrivals. May be done by any thread.
    pub fn draw(&mut self, first: u64, model: &Model) {
        draw(self, first, model);
    }

    /// The same by what every processor has.
    #[inline(always)]
    pub(super) fn draw_plainly(&mut self, first: u64, model: &Model) {
        self.first = first;
        self.len = model.chunk_len(first);
        self.draw_models(model);
        self.draw_gaps_and_completions(model);
        self.draw_prompts(model);
        self.draw_executors(model);
        model.replay_trace(self);
        self.draw_service(model);
    }

    /// Turns gaps into arrivals. Chunks are placed one after the other.
    pub fn place(&mut self, clock: &mut ArrivalClock) {
        clock.place(
            self.first,
            &self.gaps[..self.len],
            &mut self.arrival_ns[..self.len],
        );
    }

    #[inline(always)]
    fn draw_models(&mut self, model: &Model) {
        let Some(shares) = &model.demand_shares else {
            return;
        };
        for (offset, chosen) in self.model.iter_mut().enumerate() {
            let word = model.keys.model.draw(self.first + offset as u64, 0);
            *chosen = shares.pick(word) as u16;
        }
    }

    #[inline(always)]
    fn draw_gaps_and_completions(&mut self, model: &Model) {
        let mut gaps = [NonZeroU64::MIN; CHUNK];
        let mut lengths = [NonZeroU64::MIN; CHUNK];
        let batches = gaps.as_chunks_mut::<BATCH>().0.iter_mut();
        let batches = batches.zip(lengths.as_chunks_mut::<BATCH>().0);
        for ((gaps, lengths), first) in batches.zip((self.first..).step_by(BATCH)) {
            let blocks = model.keys.arrival.draw2_batch::<BATCH>(first, 0);
            *gaps = blocks.map(|[gap, _]| above_zero(gap));
            *lengths = blocks.map(|[_, length]| above_zero(length));
        }
        neg_ln_each(&gaps, &mut self.gaps);
        if let Some(mean) = model.exponential_completion() {
            let mut logarithms = [0.0; CHUNK];
            neg_ln_each(&lengths, &mut logarithms);
            for (completion, logarithm) in self.completion.iter_mut().zip(logarithms) {
                *completion = (logarithm * mean) as u32;
            }
            return;
        }
        for (offset, length) in lengths.into_iter().enumerate() {
            self.completion[offset] = model.completion(self.model[offset]).draw(length.get());
        }
    }

    #[inline(always)]
    fn draw_prompts(&mut self, model: &Model) {
        if let Some(length) = model.constant_prompt() {
            self.prompt.fill(length);
            return;
        }
        let key = model.keys.prompt;
        each_word(key, self.first, |offset, word| {
            self.prompt[offset] = model.prompt(self.model[offset]).draw(word);
        });
    }

    #[inline(always)]
    fn draw_executors(&mut self, model: &Model) {
        let Keys { executor, coin, .. } = model.keys;
        match &model.executors {
            Executors::Uniform(hosts) => {
                let hosts = u64::from(*hosts);
                each_word(executor, self.first, |offset, word| {
                    self.executor[offset] = below(word, hosts) as u32;
                    // What the multiplication leaves below the point is a uniform draw of its own, as fine
                    // as 2^64 over the number of hosts.
                    self.checked[offset] = word.wrapping_mul(hosts) < model.check_threshold;
                });
            }
            Executors::Groups(groups) => {
                each_word(executor, self.first, |offset, word| {
                    self.executor[offset] = groups[usize::from(self.model[offset])].pick(word);
                });
                each_word(coin, self.first, |offset, word| {
                    self.checked[offset] = word < model.check_threshold;
                });
            }
        }
    }

    #[inline(always)]
    fn draw_service(&mut self, model: &Model) {
        if let Some(speed) = model.single_speed() {
            for offset in 0..CHUNK {
                self.service_ns[offset] = speed.serve(self.prompt[offset], self.completion[offset]);
            }
            return;
        }
        for offset in 0..CHUNK {
            let speed = model.speed(self.executor[offset], self.model[offset]);
            self.service_ns[offset] = speed.serve(self.prompt[offset], self.completion[offset]);
        }
    }
}

/// Draws a chunk; `world/drawn.rs` says why there are two versions.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt"))]
fn draw(chunk: &mut Chunk, first: u64, model: &Model) {
    chunk.draw_plainly(first, model);
}

/// One word for each inference of the chunk at `first`; two neighbours share a block.
#[inline(always)]
fn each_word(key: StreamKey, first: u64, mut take: impl FnMut(usize, u64)) {
    for blocks in (0..CHUNK / 2).step_by(BATCH) {
        let words = key.draw2_batch::<BATCH>(first / 2 + blocks as u64, 0);
        for (offset, &word) in (2 * blocks..).zip(words.as_flattened()) {
            take(offset, word);
        }
    }
}
