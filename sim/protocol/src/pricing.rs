//! The price of a model token, moved block by block by how busy the model's hosts are.
//!
//! Invariant: inside the stability zone the price doesn't move; outside it never moves by more than
//! the elasticity allows, and it never falls below its minimum.
//!
//! Reference: gonka-ai/gonka x/inference/keeper/dynamic_pricing.go, proposals/tokenomics-v2.

use crate::units::{EpochIndex, Fraction, Price, TokenCount};
use std::collections::VecDeque;

/// Who sets the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceMode {
    /// Utilisation does (gonka-ai/gonka, since tokenomics v2).
    Dynamic,
    /// Nobody: it stays what it is (the launch network, at 1000).
    Fixed,
}

/// The parameters of the price rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceParams {
    /// Who sets the price.
    pub mode: PriceMode,
    /// The price of a model in its first block.
    pub initial: Price,
    /// The price never falls below this.
    pub minimum: Price,
    /// Below this utilisation the price falls.
    pub zone_low: Fraction,
    /// Above this utilisation the price rises.
    pub zone_high: Fraction,
    /// The relative change of the price per unit of utilisation outside the zone.
    pub elasticity: Fraction,
    /// Blocks over which utilisation is averaged.
    pub window_blocks: u32,
    /// The length of a block that utilisation assumes, in seconds.
    pub block_seconds: u32,
    /// Until this epoch, inference is free of charge.
    pub free_until_epoch: EpochIndex,
}

/// The price after a block of this utilisation.
///
/// ```text
/// u < low:    floor(P·(1 - (low - u)·elasticity))
/// u > high:   floor(P·(1 + (u - high)·elasticity))
/// ```
///
/// and at least the minimum. Truncation makes the rule lopsided, as on the network: with the default
/// elasticity a price below 50 cannot rise, while any fall costs at least one base unit.
#[must_use]
pub fn compute_next_price(params: &PriceParams, old: Price, utilisation: Fraction) -> Price {
    if params.mode == PriceMode::Fixed {
        return old;
    }
    let next = if utilisation < params.zone_low {
        let distance = params.zone_low.parts() - utilisation.parts();
        old.get() - compute_change(old, distance, params.elasticity).1
    } else if utilisation > params.zone_high {
        let distance = utilisation.parts() - params.zone_high.parts();
        old.get()
            .saturating_add(compute_change(old, distance, params.elasticity).0)
    } else {
        old.get()
    };
    Price::new(next).max(params.minimum)
}

/// The price of a model that has just appeared.
#[must_use]
pub fn compute_initial_price(params: &PriceParams) -> Price {
    params.initial.max(params.minimum)
}

/// What a client pays in this epoch: nothing before `free_until_epoch`, the price from then on.
#[must_use]
pub fn compute_price_in_force(params: &PriceParams, price: Price, epoch: EpochIndex) -> Price {
    if epoch < params.free_until_epoch {
        Price::ZERO
    } else {
        price
    }
}

/// `price·distance·elasticity`, rounded down and rounded up.
fn compute_change(price: Price, distance: u64, elasticity: Fraction) -> (u64, u64) {
    let one = u128::from(Fraction::ONE.parts());
    let rate = u128::from(distance) * u128::from(elasticity.parts());
    let price = u128::from(price.get());
    // The rate has 36 decimals; the product is taken in two halves, which keeps it exact.
    let low = price * (rate % one);
    let high = price * (rate / one) + low / one;
    let is_exact = low % one == 0 && high % one == 0;
    let down = u64::try_from(high / one).expect("a price changes by less than itself");
    (down, down + u64::from(!is_exact))
}

/// The model tokens served in the last blocks, for the utilisation of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UtilisationWindow {
    blocks: VecDeque<TokenCount>,
    window_blocks: u32,
    sum: u64,
}

impl UtilisationWindow {
    /// A window in which nothing has been served.
    ///
    /// # Panics
    /// When the window has no blocks.
    #[must_use]
    pub fn new(window_blocks: u32) -> Self {
        assert!(window_blocks > 0, "an average over no blocks");
        Self {
            blocks: VecDeque::with_capacity(window_blocks as usize + 1),
            window_blocks,
            sum: 0,
        }
    }

    /// Takes in the model tokens of a block, and lets go of the oldest.
    pub fn record_block(&mut self, served: TokenCount) {
        self.blocks.push_back(served);
        self.sum += served.get();
        if self.blocks.len() > self.window_blocks as usize {
            self.sum -= self.blocks.pop_front().map_or(0, TokenCount::get);
        }
    }

    /// The model tokens in the window. The average per block is this over the window's length, also
    /// while fewer blocks have been seen.
    #[must_use]
    pub const fn sum(&self) -> TokenCount {
        TokenCount::new(self.sum)
    }

    /// What was served as a part of what could have been, at most one.
    ///
    /// ```text
    /// (sum / window) / (capacity·block_seconds)
    /// ```
    ///
    /// The capacity is in model tokens per second; the network reads the weight of the model's hosts
    /// as that number. Without capacity the utilisation is zero (A-61).
    #[must_use]
    pub fn utilisation(&self, capacity_per_second: u64, block_seconds: u32) -> Fraction {
        let possible =
            u128::from(capacity_per_second) * u128::from(block_seconds) * u128::from(self.window_blocks);
        if possible == 0 {
            return Fraction::ZERO;
        }
        Fraction::saturating_ratio(u128::from(self.sum), possible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> PriceParams {
        PriceParams {
            mode: PriceMode::Dynamic,
            initial: Price::new(100),
            minimum: Price::new(1),
            zone_low: Fraction::from_percent(40),
            zone_high: Fraction::from_percent(60),
            elasticity: Fraction::from_percent(5),
            window_blocks: 12,
            block_seconds: 5,
            free_until_epoch: EpochIndex::new(90),
        }
    }

    #[test]
    fn a_small_price_cannot_rise_and_ends_at_the_minimum() {
        for price in 1..50 {
            assert_eq!(
                compute_next_price(&params(), Price::new(price), Fraction::ONE),
                Price::new(price)
            );
        }
        assert_eq!(
            compute_next_price(&params(), Price::new(50), Fraction::ONE),
            Price::new(51)
        );
        let mut price = Price::new(49);
        for _ in 0..48 {
            price = compute_next_price(&params(), price, Fraction::from_percent(39));
        }
        assert_eq!(price, Price::new(1));
    }

    #[test]
    fn a_large_price_doubles_in_as_many_full_blocks_as_the_closed_form_says() {
        // ln 2 / ln 1.02 = 35.003, so 35 blocks fall just short and 36 pass it; down, 34.31.
        let blocks_until = |utilisation, done: fn(u64) -> bool| {
            let (mut price, mut blocks) = (Price::new(1_000_000_000_000), 0);
            while !done(price.get()) {
                price = compute_next_price(&params(), price, utilisation);
                blocks += 1;
            }
            blocks
        };
        assert_eq!(blocks_until(Fraction::ONE, |p| p >= 2_000_000_000_000), 36);
        assert_eq!(blocks_until(Fraction::ZERO, |p| p <= 500_000_000_000), 35);
    }

    #[test]
    fn the_largest_price_does_not_overflow() {
        let top = Price::new(u64::MAX);
        assert_eq!(compute_next_price(&params(), top, Fraction::ONE), top);
        assert!(compute_next_price(&params(), top, Fraction::ZERO) < top);
    }

    #[test]
    fn a_fixed_price_stays_and_a_free_epoch_costs_nothing() {
        let fixed = PriceParams {
            mode: PriceMode::Fixed,
            ..params()
        };
        assert_eq!(
            compute_next_price(&fixed, Price::new(1_000), Fraction::ONE),
            Price::new(1_000)
        );
        assert_eq!(
            compute_price_in_force(&fixed, Price::new(7), EpochIndex::new(89)),
            Price::ZERO
        );
        assert_eq!(
            compute_price_in_force(&fixed, Price::new(7), EpochIndex::new(90)),
            Price::new(7)
        );
    }
}
