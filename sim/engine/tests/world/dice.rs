//! Choices for a random scenario.
//!
//! A choice is a function of the scenario's number and of how many were made before it.

use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::Fraction;

/// A source of choices for one scenario.
pub struct Dice {
    key: StreamKey,
    number: u64,
    step: u64,
}

impl Dice {
    /// The dice of scenario `number`.
    pub fn new(number: u64) -> Self {
        Self {
            key: StreamKey::derive(RootSeed(0x57A6E), 0, Purpose(0x7E57)),
            number,
            step: 0,
        }
    }

    fn word(&mut self) -> u64 {
        self.step += 1;
        self.key.draw(self.number, self.step)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.word() % (high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() as u64 - 1) as usize]
    }

    /// A span of whole milliseconds between so many seconds.
    pub fn seconds(&mut self, low: u64, high: u64) -> SimDuration {
        SimDuration::from_millis(self.between(low * 1_000, high * 1_000))
    }

    /// One of these percentages.
    pub fn percent(&mut self, choices: &[u32]) -> Fraction {
        Fraction::from_percent(self.one_of(choices))
    }
}
