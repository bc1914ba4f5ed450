//! The loop over block windows: draw, serve by lane, mail, digest.
//!
//! **Invariant.** Mail written in a window is delivered in a later one.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use rayon::prelude::*;
use stakeout_kernel::digest::{EffectSum, RunDigest};

use super::arrivals::ArrivalClock;
use super::chunk::{CHUNK, Chunk};
use super::lane::{Lane, Tally, Validation};
use super::model::Model;
use crate::scenario::Arrivals;

/// Chunks drawn together when several threads share the work: enough to pay for waking them.
const CHUNKS_IN_PARALLEL: usize = 64;

/// What is left when the last window has closed.
pub struct Ending {
    /// What all lanes counted.
    pub tally: Tally,
    /// Digest of the run.
    pub digest: RunDigest,
    /// Validations that would arrive after the end.
    pub open: u64,
}

/// A run in progress.
pub struct Windows<'a> {
    model: &'a Model,
    clock: ArrivalClock,
    lanes: Vec<Lane>,
    /// Validations by window, counted from the one after the current, and by lane.
    mail: VecDeque<Vec<Vec<Validation>>>,
    group: Vec<Box<Chunk>>,
    /// Requests of the group that are served.
    cursor: usize,
    /// Requests of the group.
    filled: usize,
    next_number: u64,
    spare: Vec<Vec<Vec<Validation>>>,
}

impl<'a> Windows<'a> {
    /// A run at its start, its hosts dealt to `lanes` lanes of equal size.
    pub fn new(model: &'a Model, arrivals: &Arrivals, lanes: usize) -> Self {
        let hosts = model.hosts() as usize;
        let lanes = lanes.clamp(1, hosts);
        let border = |lane: usize| (hosts * lane / lanes) as u32;
        let chunks = if lanes == 1 { 1 } else { CHUNKS_IN_PARALLEL };
        Self {
            model,
            clock: ArrivalClock::new(arrivals, model.keys.burst),
            lanes: (0..lanes)
                .map(|lane| Lane::new(model, border(lane), border(lane + 1)))
                .collect(),
            mail: VecDeque::new(),
            group: (0..chunks).map(|_| Chunk::empty()).collect(),
            cursor: 0,
            filled: 0,
            next_number: 0,
            spare: Vec::new(),
        }
    }

    /// Runs all windows, telling `progress` how many of how many are done.
    pub fn run<B>(
        mut self,
        context: &[u8],
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<B>,
    ) -> ControlFlow<B, Ending> {
        let mut digest = RunDigest::new(context);
        for window in 0..self.model.windows {
            let effects = self.step((window + 1) * self.model.window_ns);
            digest.close_block(window, &effects);
            self.deliver(window);
            progress(window + 1, self.model.windows)?;
        }
        let mut tally = Tally::default();
        self.lanes.iter().for_each(|lane| tally.merge(&lane.tally));
        let open = self
            .mail
            .iter()
            .flatten()
            .map(|letters| letters.len() as u64)
            .sum();
        ControlFlow::Continue(Ending { tally, digest, open })
    }

    /// Serves everything that arrives before `end_ns`.
    fn step(&mut self, end_ns: u64) -> EffectSum {
        self.open_window();
        while self.cursor < self.filled || self.draw_group() {
            let upto = self.first_at_or_after(end_ns);
            self.serve(upto);
            self.cursor = upto;
            if upto < self.filled {
                break;
            }
        }
        let mut effects = EffectSum::ZERO;
        for lane in &mut self.lanes {
            lane.close_window();
            effects.merge(&lane.effects);
        }
        effects
    }

    fn open_window(&mut self) {
        let mut due = self
            .mail
            .pop_front()
            .unwrap_or_else(|| vec![Vec::new(); self.lanes.len()]);
        for (lane, due) in self.lanes.iter_mut().zip(&mut due) {
            lane.open_window(due);
        }
        self.spare.push(due);
    }

    /// Draws and places the next chunks; says whether there was any request left.
    fn draw_group(&mut self) -> bool {
        let (model, first) = (self.model, self.next_number);
        let draw =
            |(index, chunk): (usize, &mut Box<Chunk>)| chunk.draw(first + (index * CHUNK) as u64, model);
        if self.group.len() == 1 {
            self.group.iter_mut().enumerate().for_each(draw);
        } else {
            self.group.par_iter_mut().enumerate().for_each(draw);
        }
        self.cursor = 0;
        self.filled = self.group.iter().map(|chunk| chunk.len).sum();
        self.next_number += self.filled as u64;
        for chunk in &mut self.group {
            chunk.place(&mut self.clock);
        }
        self.filled > 0
    }

    /// Index in the group of the first request that arrives at `end_ns` or later.
    fn first_at_or_after(&self, end_ns: u64) -> usize {
        let mut index = self.cursor;
        while index < self.filled {
            let chunk = &self.group[index / CHUNK];
            let inside = &chunk.arrival_ns[index % CHUNK..chunk.len];
            let before = inside.partition_point(|&arrival| arrival < end_ns);
            index += before;
            if before < inside.len() {
                break;
            }
        }
        index
    }

    fn serve(&mut self, upto: usize) {
        let (model, group, cursor) = (self.model, &self.group, self.cursor);
        let serve = |lane: &mut Lane| {
            let mut index = cursor;
            while index < upto {
                let end = (index / CHUNK + 1) * CHUNK;
                let inside = upto.min(end);
                lane.serve(
                    model,
                    &group[index / CHUNK],
                    index % CHUNK,
                    inside - (end - CHUNK),
                );
                index = inside;
            }
        };
        if let [lane] = self.lanes.as_mut_slice() {
            serve(lane);
        } else {
            self.lanes.par_iter_mut().for_each(serve);
        }
    }

    /// Files the validations drawn in `window` under the window and the lane in which they arrive.
    fn deliver(&mut self, window: u64) {
        let count = self.lanes.len();
        for sender in 0..count {
            let mut outbox = std::mem::take(&mut self.lanes[sender].outbox);
            for validation in outbox.drain(..) {
                let ahead = (validation.arrival_ns / self.model.window_ns - window - 1) as usize;
                while self.mail.len() <= ahead {
                    let letters = self.spare.pop().unwrap_or_else(|| vec![Vec::new(); count]);
                    self.mail.push_back(letters);
                }
                let lane = self.lane_of(validation.host);
                self.mail[ahead][lane].push(validation);
            }
            self.lanes[sender].outbox = outbox;
        }
    }

    fn lane_of(&self, host: u32) -> usize {
        if self.lanes.len() == 1 {
            0
        } else {
            self.lanes.partition_point(|lane| lane.end <= host)
        }
    }
}
