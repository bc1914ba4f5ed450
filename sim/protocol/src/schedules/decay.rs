//! Issuance that falls by a fixed part each period, alone or down to a tail.
//!
//! Invariant: a period's emission is the true power rounded down once; roundings do not add up.
//!
//! References: io.net documentation, token emission schedule; the reward of Gonka's epochs is the same law
//! (`settlement::compute_epoch_reward`); tail emission after Monero (getmonero.org).

use super::fixed::Wide;
use crate::units::{Amount, Fraction, Rounding};

/// A geometric emission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecayParams {
    /// The emission of period 0.
    pub first: Amount,
    /// What a period keeps of the one before: numerator.
    pub keep: u128,
    /// What a period keeps of the one before: denominator.
    pub of: u128,
    /// Periods that issue anything.
    pub periods: Option<u64>,
    /// All that may be issued.
    pub cap: Option<Amount>,
}

impl DecayParams {
    /// io.net: 8 % a year of 500 million coins by the hour, falling by 1.38869523959793e-5 an hour for
    /// 175,319 hours, in a unit of 10^8 to the coin.
    #[must_use]
    pub const fn io_net() -> Self {
        const HOURS_PER_YEAR: i128 = 8_760;
        Self {
            first: Amount::from_base_units(500_000_000 * 100_000_000 * 8 / 100 / HOURS_PER_YEAR),
            keep: 10_u128.pow(19) - 138_869_523_959_793,
            of: 10_u128.pow(19),
            periods: Some(175_319),
            cap: Some(Amount::from_base_units(300_000_000 * 100_000_000)),
        }
    }

    /// Render from its second token year on: 760,567 coins a month at first, kept at 94.5 % a year, until
    /// 107,374,182 new coins exist; a period is a year, a coin 10^8 units.
    #[must_use]
    pub const fn render() -> Self {
        Self {
            first: Amount::from_base_units(760_567 * 12 * 100_000_000),
            keep: 945,
            of: 1_000,
            periods: None,
            cap: Some(Amount::from_base_units(107_374_182 * 100_000_000)),
        }
    }
}

/// `floor(first·(keep/of)^period)`, not above what the cap leaves of what was issued before.
///
/// # Panics
/// When `of` is zero, more is kept than there was, or the first emission is negative.
#[must_use]
pub fn compute_emission(params: &DecayParams, period: u64, issued_before: Amount) -> Amount {
    assert!(params.keep <= params.of, "a decay that grows");
    if params.periods.is_some_and(|periods| period >= periods) {
        return Amount::ZERO;
    }
    let first = u128::try_from(params.first.base_units()).expect("a negative emission");
    let emission = Amount::from_base_units(Wide::ratio(params.keep, params.of).power(period).of(first));
    params.cap.map_or(emission, |cap| {
        emission.min((cap - issued_before).max(Amount::ZERO))
    })
}

/// What keeps a tail emission from falling further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// So many coins a period, whatever the supply.
    Constant(Amount),
    /// This part of the supply a period.
    ShareOfSupply(Fraction),
}

/// The larger of a decaying emission and its tail.
#[must_use]
pub fn compute_tail_emission(decaying: Amount, tail: Tail, supply: Amount) -> Amount {
    let floor = match tail {
        Tail::Constant(amount) => amount,
        Tail::ShareOfSupply(part) => supply.share(part, Rounding::Down),
    };
    decaying.max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_net_starts_and_ends_as_published() {
        let params = DecayParams::io_net();
        let hour = |period| compute_emission(&params, period, Amount::ZERO).base_units();
        assert_eq!(hour(0), 456_621_004_566);
        assert_eq!(hour(1) / 1_000_000, 456_614);
        assert_eq!(hour(175_319), 0);
    }

    #[test]
    fn a_cap_is_filled_to_the_last_unit_and_never_passed() {
        let params = DecayParams::render();
        let mut issued = Amount::ZERO;
        for year in 0..200 {
            issued += compute_emission(&params, year, issued);
        }
        assert_eq!(issued, params.cap.unwrap());
    }

    #[test]
    fn a_tail_takes_over_where_the_decay_falls_below_it() {
        let tail = Tail::Constant(Amount::from_base_units(60));
        let at = |decaying| {
            compute_tail_emission(Amount::from_base_units(decaying), tail, Amount::ZERO).base_units()
        };
        assert_eq!([100, 60, 59, 0].map(at), [100, 60, 60, 60]);
        let share = Tail::ShareOfSupply(Fraction::from_percent(1));
        let supply = Amount::from_base_units(12_345);
        assert_eq!(
            compute_tail_emission(Amount::ZERO, share, supply).base_units(),
            123
        );
    }
}
