//! Burn and mint: users burn coins for work priced in fiat, providers are paid by a schedule of their own.
//!
//! Invariant: who pays a price in fiat never burns too little, and credit is never minted beyond what was burned.
//!
//! References: rendernetwork/RNPs RNP-001; akash-network/AEP AEP-76.

use crate::units::{Amount, Fraction, Rounding, mul_div};

/// Fiat money in millionths of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroFiat(pub u128);

/// The coins that a bill burns at a price of one coin: `ceil(fiat · units_per_coin / price)`.
///
/// # Panics
/// When the price is zero.
#[must_use]
pub fn compute_burn(bill: MicroFiat, price_per_coin: MicroFiat, units_per_coin: u128) -> Amount {
    let burned = mul_div(bill.0, units_per_coin, price_per_coin.0, Rounding::Up);
    Amount::from_base_units(i128::try_from(burned).expect("a burn left the range"))
}

/// The credit, in fiat, for coins burned now: `floor(coins · price / units_per_coin)`.
///
/// # Panics
/// When the coins are negative.
#[must_use]
pub fn compute_credit(burned: Amount, price_per_coin: MicroFiat, units_per_coin: u128) -> MicroFiat {
    let burned = u128::try_from(burned.base_units()).expect("a negative burn");
    MicroFiat(mul_div(burned, price_per_coin.0, units_per_coin, Rounding::Down))
}

/// A bill split into what is burned and the service fee that the network keeps, the fee rounded down.
#[must_use]
pub fn split_bill(bill: Amount, fee: Fraction) -> (Amount, Amount) {
    let kept = bill.share(fee, Rounding::Down);
    (bill - kept, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_fixed_point_as_much_is_burned_as_minted() {
        // One million a period, 100,000 coins minted: the price that balances them is ten.
        let burned = compute_burn(MicroFiat(10_u128.pow(12)), MicroFiat(10_000_000), 100_000_000);
        assert_eq!(burned.base_units(), 100_000 * 100_000_000);
        assert_eq!(
            compute_credit(burned, MicroFiat(10_000_000), 100_000_000),
            MicroFiat(10_u128.pow(12))
        );
    }

    #[test]
    fn roundings_favour_the_network() {
        assert_eq!(compute_burn(MicroFiat(1), MicroFiat(3), 1).base_units(), 1);
        assert_eq!(
            compute_credit(Amount::from_base_units(1), MicroFiat(1), 3),
            MicroFiat(0)
        );
        let (burned, kept) = split_bill(Amount::from_base_units(199), Fraction::from_percent(5));
        assert_eq!((burned.base_units(), kept.base_units()), (190, 9));
    }
}
