//! Draws of one observation, one after the other from a keyed stream.
//!
//! Invariant: the key names the seed and the check; an observation is one participant, so its own draws may follow
//! each other without moving anybody else's.

use stakeout_kernel::sample::{below, neg_ln, standard_normal, unit_closed_open};
use stakeout_kernel::streams::{Purpose, RootSeed, Stream, StreamKey};

/// The first purpose of this crate; a check adds the hash of its name.
const PURPOSE: u16 = 0x5700;

/// A sequence of draws.
#[derive(Clone, Debug)]
pub struct Dice(Stream);

impl Dice {
    /// The draws of `purpose` in the replicate of this seed; purposes below 256 are told apart.
    pub fn new(seed: u64, purpose: u8) -> Self {
        Self(Self::key(seed, purpose).stream(0, 0))
    }

    /// The key behind [`Dice::new`], for samplers that want one.
    pub fn key(seed: u64, purpose: u8) -> StreamKey {
        StreamKey::derive(RootSeed(seed), 0, Purpose(PURPOSE + u16::from(purpose)))
    }

    /// The stream itself, for samplers that take one.
    pub fn stream(&mut self) -> &mut Stream {
        &mut self.0
    }

    /// A word of 64 random bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_word()
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        unit_closed_open(self.word())
    }

    /// True with this probability.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        mean * neg_ln(self.word())
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        below(self.word(), n)
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        standard_normal(self.word())
    }

    /// Failures before the first success, each of probability `p` > 0, as a whole number from 1 on: the number of the
    /// trial that succeeds.
    pub fn geometric(&mut self, p: f64) -> f64 {
        if p >= 1.0 {
            return 1.0;
        }
        libm::floor(neg_ln(self.word()) / -libm::log1p(-p)) + 1.0
    }
}
