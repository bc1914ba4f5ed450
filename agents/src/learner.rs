//! What learners share: a book of what honest and cheating epochs have earned.
//!
//! Invariant: arithmetic is addition, multiplication, division, square roots and the portable logarithm, so
//! that a learner decides alike on every machine.

use stakeout_engine::strategy::{ExecutorPolicy, ExecutorView};
use stakeout_protocol::units::Fraction;

/// The arm of honest epochs.
pub(crate) const HONEST: usize = 0;
/// The arm of cheating epochs.
pub(crate) const CHEAT: usize = 1;

/// Earnings by arm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    last: Option<usize>,
    sums: [f64; 2],
    counts: [u32; 2],
    /// Least and most earned in an epoch.
    range: Option<(f64, f64)>,
}

impl Book {
    /// Nothing tried yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Books what the last epoch earned; the arm and its gain between the worst and the best epoch seen.
    pub(crate) fn settle(&mut self, view: &ExecutorView) -> Option<(usize, f64)> {
        let arm = self.last.take()?;
        let earned = view.earned as f64;
        self.sums[arm] += earned;
        self.counts[arm] += 1;
        let (least, most) = self.range.unwrap_or((earned, earned));
        self.range = Some((least.min(earned), most.max(earned)));
        Some((arm, self.scaled(earned)))
    }

    fn scaled(&self, earned: f64) -> f64 {
        match self.range {
            Some((least, most)) if most > least => (earned - least) / (most - least),
            _ => 0.5,
        }
    }

    /// Notes what this epoch plays.
    pub(crate) fn choose(&mut self, arm: usize) {
        self.last = Some(arm);
    }

    /// An arm that was never played, honest first.
    pub(crate) fn untried(&self) -> Option<usize> {
        [HONEST, CHEAT].into_iter().find(|&arm| self.counts[arm] == 0)
    }

    /// Mean gain of each arm, 0 to 1.
    pub(crate) fn means(&self) -> [f64; 2] {
        [HONEST, CHEAT].map(|arm| {
            if self.counts[arm] == 0 {
                0.5
            } else {
                self.scaled(self.sums[arm] / f64::from(self.counts[arm]))
            }
        })
    }

    /// The arm with the higher mean; honest where they are equal.
    pub(crate) fn best(&self) -> usize {
        let [honest, cheat] = self.means();
        if cheat > honest { CHEAT } else { HONEST }
    }

    /// The arm with the higher upper bound, mean + √(2·ln t/n).
    pub(crate) fn best_by_bound(&self) -> usize {
        let total = f64::from(self.counts[HONEST] + self.counts[CHEAT]).max(1.0);
        let means = self.means();
        let bound =
            |arm: usize| means[arm] + (2.0 * libm::log(total) / f64::from(self.counts[arm].max(1))).sqrt();
        if bound(CHEAT) > bound(HONEST) {
            CHEAT
        } else {
            HONEST
        }
    }
}

/// Orders that swap everything, or nothing.
pub(crate) fn swaps(is_cheating: bool, substitute: &str) -> ExecutorPolicy {
    let rate = if is_cheating {
        Fraction::ONE
    } else {
        Fraction::ZERO
    };
    swaps_at(rate, substitute)
}

/// Orders that swap a share.
pub(crate) fn swaps_at(rate: Fraction, substitute: &str) -> ExecutorPolicy {
    ExecutorPolicy {
        substitute_rate: rate,
        substitute: Some(substitute.to_owned()),
        ..ExecutorPolicy::honest()
    }
}

/// A uniform number from 0 to 1 of an epoch's draw; its lowest bit is left for a coin.
pub(crate) fn uniform(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// Whether an event of this share happens under an epoch's draw.
pub(crate) fn happens(draw: u64, share: Fraction) -> bool {
    uniform(draw) < part(share)
}

/// A share as a number.
pub(crate) fn part(share: Fraction) -> f64 {
    share.parts() as f64 / Fraction::ONE.parts() as f64
}

/// A number as a share, cut at both ends, to a millionth.
pub(crate) fn fraction(number: f64) -> Fraction {
    Fraction::from_ratio((number.clamp(0.0, 1.0) * 1e6) as u128, 1_000_000)
}

#[cfg(test)]
mod tests {
    use stakeout_protocol::units::Reputation;

    use super::*;

    fn view(earned: i128) -> ExecutorView {
        ExecutorView {
            epoch: 1,
            reputation: Reputation::new(0),
            target_rate_ppb: 0,
            weight_share_ppb: 0,
            validated: 0,
            invalidated: 0,
            was_convicted: false,
            earned,
            draw: 0,
        }
    }

    #[test]
    fn what_an_epoch_earned_is_booked_on_the_arm_that_was_played() {
        let mut book = Book::new();
        assert_eq!((book.settle(&view(7)), book.untried()), (None, Some(HONEST)));
        for (arm, earned) in [(HONEST, 10), (CHEAT, 30), (CHEAT, 20)] {
            book.choose(arm);
            assert_eq!(book.settle(&view(earned)).map(|(arm, _)| arm), Some(arm));
        }
        assert_eq!(book.means(), [0.0, 0.75]);
        assert_eq!((book.best(), book.untried()), (CHEAT, None));
    }

    // One play of an arm that earned nothing against many of one that earned a little more: the bonus of the
    // rare arm outweighs it, 0 + √(2 ln 51) against 1 + √(2 ln 51/50).
    #[test]
    fn an_upper_bound_goes_back_to_the_arm_played_least() {
        let mut book = Book::new();
        for (arm, earned) in std::iter::once((CHEAT, 0)).chain((0..50).map(|_| (HONEST, 1))) {
            book.choose(arm);
            book.settle(&view(earned));
        }
        assert_eq!((book.best(), book.best_by_bound()), (HONEST, CHEAT));
    }
}
