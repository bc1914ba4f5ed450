//! Coins at risk: how collateral raises a weight, and how it is slashed and released.
//!
//! Invariant: what was deposited is active, unbonding, slashed or released; nothing else happens to it.
//!
//! Reference: gonka-ai/gonka x/inference/keeper/collateral.go, x/collateral/keeper,
//! proposals/tokenomics-v2.

use crate::units::{Amount, Decimal, EpochIndex, Fraction, Rounding, Weight};
use num_bigint::BigUint;

/// Where slashed coins go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlashedTo {
    /// Out of circulation (before v0.2.11).
    Burned,
    /// The governance account (since v0.2.11).
    Governance,
}

/// The parameters of collateral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateralParams {
    /// The part of a weight that needs no collateral.
    pub base_ratio: Fraction,
    /// Base units of coins that secure one unit of weight.
    pub per_weight: Decimal,
    /// Epochs up to this one count every weight in full.
    pub grace_epochs: u32,
    /// The part that is slashed when a participant is found INVALID.
    pub slash_invalid: Fraction,
    /// The part that is slashed for downtime.
    pub slash_downtime: Fraction,
    /// Where slashed coins go.
    pub slashed_to: SlashedTo,
    /// Epochs between asking for collateral and having it.
    pub unbonding_epochs: u32,
    /// Whether unbonded coins leave before the slashes of the same settlement, as on the network.
    pub unbond_before_slash: bool,
}

/// Why collateral is slashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlashReason {
    /// The participant became INVALID.
    Invalid,
    /// The participant became INACTIVE or failed the missed-work test.
    Downtime,
}

/// The weight that counts, given the collateral behind it; rounded down.
///
/// ```text
/// base·w + min((1 - base)·w, collateral / per_weight)
/// ```
///
/// # Panics
/// When the collateral or its price per weight is negative.
#[must_use]
pub fn compute_effective_weight(
    params: &CollateralParams,
    weight: Weight,
    collateral: Amount,
    epoch: EpochIndex,
) -> Weight {
    let per_weight = u128::try_from(params.per_weight.parts()).expect("a negative collateral per weight");
    if epoch.get() <= params.grace_epochs || per_weight == 0 {
        return weight;
    }
    let one = BigUint::from(Fraction::ONE.parts());
    let collateral = u128::try_from(collateral.base_units()).expect("negative collateral");
    let free = BigUint::from(weight.get()) * params.base_ratio.parts();
    let securable = BigUint::from(weight.get()) * params.base_ratio.complement().parts();
    // Over the common denominator per_weight·10^18, so that nothing is rounded before the end.
    let secured = (BigUint::from(collateral) * &one * &one).min(securable * per_weight);
    let total = (free * per_weight + secured) / (one * per_weight);
    Weight::new(u64::try_from(total).expect("an effective weight above the weight"))
}

/// The collateral that secures a weight in full: `(1 - base)·w·per_weight`, rounded up.
#[must_use]
pub fn compute_required_collateral(params: &CollateralParams, weight: Weight) -> Amount {
    let securable = u128::from(weight.get()) * u128::from(params.base_ratio.complement().parts());
    let one = u128::from(Fraction::ONE.parts());
    let per_weight = u128::try_from(params.per_weight.parts()).expect("a negative collateral per weight");
    // Two steps of 10^18 each: the first product has at most 38 digits.
    let wide = BigUint::from(securable) * per_weight;
    let unit = BigUint::from(one) * one;
    let required = (wide + &unit - 1u32) / unit;
    Amount::from_base_units(i128::try_from(required).expect("required collateral overflowed"))
}

/// What is slashed: the reason's part of `min(required, total)`, rounded down.
///
/// The total includes what is unbonding; coins beyond what the weight requires are not at risk.
#[must_use]
pub fn compute_slash(
    params: &CollateralParams,
    reason: SlashReason,
    required: Amount,
    total: Amount,
) -> Amount {
    let part = match reason {
        SlashReason::Invalid => params.slash_invalid,
        SlashReason::Downtime => params.slash_downtime,
    };
    required.min(total).share(part, Rounding::Down)
}

/// Coins on their way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbonding {
    /// They leave when this epoch is settled.
    pub release_epoch: EpochIndex,
    /// How many.
    pub amount: Amount,
}

/// What a slash took, by where it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slashed {
    /// From the active collateral.
    pub active: Amount,
    /// From what was unbonding.
    pub unbonding: Amount,
}

impl Slashed {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.active + self.unbonding
    }
}

/// What left and what was taken when an epoch was settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollateralSettlement {
    /// Paid out to the owner.
    pub released: Amount,
    /// Slashed.
    pub slashed: Slashed,
}

/// The collateral of one participant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollateralAccount {
    active: Amount,
    /// By release epoch, the earliest first.
    unbonding: Vec<Unbonding>,
    last_slash_invalid: Option<EpochIndex>,
    last_slash_downtime: Option<EpochIndex>,
}

impl CollateralAccount {
    /// No collateral.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What raises the weight.
    #[must_use]
    pub const fn active(&self) -> Amount {
        self.active
    }

    /// What is on its way out and can still be slashed.
    #[must_use]
    pub fn unbonding(&self) -> Amount {
        self.unbonding.iter().map(|entry| entry.amount).sum()
    }

    /// Everything that can be slashed.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.active + self.unbonding()
    }

    /// Adds collateral.
    ///
    /// # Panics
    /// When the amount is negative.
    pub fn deposit(&mut self, amount: Amount) {
        assert!(!amount.is_negative(), "a negative deposit");
        self.active += amount;
    }

    /// Starts taking out collateral, as much of the wish as is active, and says how much that was.
    pub fn begin_unbonding(&mut self, params: &CollateralParams, wish: Amount, now: EpochIndex) -> Amount {
        let amount = wish.min(self.active).max(Amount::ZERO);
        if amount.is_zero() {
            return amount;
        }
        self.active -= amount;
        let release = now
            .get()
            .checked_add(params.unbonding_epochs)
            .expect("an epoch index overflowed");
        let release_epoch = EpochIndex::new(release);
        match self
            .unbonding
            .iter_mut()
            .find(|entry| entry.release_epoch == release_epoch)
        {
            Some(entry) => entry.amount += amount,
            None => {
                let at = self
                    .unbonding
                    .partition_point(|entry| entry.release_epoch < release_epoch);
                self.unbonding.insert(
                    at,
                    Unbonding {
                        release_epoch,
                        amount,
                    },
                );
            }
        }
        amount
    }

    /// Pays out what is due at the settlement of this epoch.
    pub fn release(&mut self, epoch: EpochIndex) -> Amount {
        let due = self
            .unbonding
            .partition_point(|entry| entry.release_epoch <= epoch);
        self.unbonding.drain(..due).map(|entry| entry.amount).sum()
    }

    /// Slashes for this reason, at most once in an epoch, pro rata from active and unbonding coins.
    ///
    /// Each unbonding entry gives its part rounded down and the active coins give the rest, as far as
    /// they reach; a remainder beyond them is taken from the earliest entries.
    pub fn slash(
        &mut self,
        params: &CollateralParams,
        reason: SlashReason,
        required: Amount,
        epoch: EpochIndex,
    ) -> Slashed {
        let last = match reason {
            SlashReason::Invalid => &mut self.last_slash_invalid,
            SlashReason::Downtime => &mut self.last_slash_downtime,
        };
        if *last == Some(epoch) {
            return Slashed::default();
        }
        *last = Some(epoch);
        let total = self.total();
        self.take(compute_slash(params, reason, required, total), total)
    }

    /// Settles an epoch: releases what is due and slashes, in the order the parameters say.
    pub fn process_settlement(
        &mut self,
        params: &CollateralParams,
        epoch: EpochIndex,
        reason: Option<SlashReason>,
        required: Amount,
    ) -> CollateralSettlement {
        let mut released = Amount::ZERO;
        if params.unbond_before_slash {
            released = self.release(epoch);
        }
        let slashed = reason.map_or_else(Slashed::default, |reason| {
            self.slash(params, reason, required, epoch)
        });
        if !params.unbond_before_slash {
            released = self.release(epoch);
        }
        CollateralSettlement { released, slashed }
    }

    fn take(&mut self, amount: Amount, total: Amount) -> Slashed {
        if amount.is_zero() {
            return Slashed::default();
        }
        let whole = total.base_units().unsigned_abs();
        let mut unbonding = Amount::ZERO;
        for entry in &mut self.unbonding {
            let part = amount.mul_div(entry.amount.base_units().unsigned_abs(), whole, Rounding::Down);
            entry.amount -= part;
            unbonding += part;
        }
        let active = (amount - unbonding).min(self.active);
        self.active -= active;
        let mut rest = amount - unbonding - active;
        for entry in &mut self.unbonding {
            let part = rest.min(entry.amount);
            entry.amount -= part;
            unbonding += part;
            rest -= part;
        }
        self.unbonding.retain(|entry| !entry.amount.is_zero());
        Slashed { active, unbonding }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(unbond_before_slash: bool) -> CollateralParams {
        CollateralParams {
            base_ratio: Fraction::from_percent(20),
            per_weight: Decimal::ONE,
            grace_epochs: 180,
            slash_invalid: Fraction::from_percent(20),
            slash_downtime: Fraction::from_percent(10),
            slashed_to: SlashedTo::Governance,
            unbonding_epochs: 1,
            unbond_before_slash,
        }
    }

    fn coins(units: i128) -> Amount {
        Amount::from_base_units(units)
    }

    fn account(active: i128, unbonding: &[i128]) -> CollateralAccount {
        let mut account = CollateralAccount::new();
        account.deposit(coins(active + unbonding.iter().sum::<i128>()));
        for (epoch, amount) in unbonding.iter().enumerate() {
            account.begin_unbonding(&params(true), coins(*amount), EpochIndex::new(epoch as u32 + 10));
        }
        account
    }

    #[test]
    fn a_slash_takes_what_it_says_and_no_coin_vanishes() {
        for (active, unbonding) in [
            (1_000, vec![]),
            (0, vec![3, 3, 3]),
            (7, vec![11, 13]),
            (1, vec![999]),
            (0, vec![]),
            (0, vec![1, 1, 1]),
        ] {
            let mut account = account(active, &unbonding);
            let before = account.total();
            let slashed = account.slash(
                &params(true),
                SlashReason::Invalid,
                coins(i64::MAX.into()),
                EpochIndex::new(11),
            );
            assert_eq!(
                slashed.total(),
                before.share(Fraction::from_percent(20), Rounding::Down)
            );
            assert_eq!(account.total() + slashed.total(), before);
        }
    }

    #[test]
    fn the_same_reason_slashes_once_in_an_epoch() {
        let mut account = account(1_000, &[]);
        let required = coins(1_000);
        let mut slash = |reason, epoch| {
            account
                .slash(&params(true), reason, required, EpochIndex::new(epoch))
                .total()
        };
        assert_eq!(slash(SlashReason::Downtime, 5), coins(100));
        assert_eq!(slash(SlashReason::Downtime, 5), Amount::ZERO);
        assert_eq!(slash(SlashReason::Invalid, 5), coins(180));
        assert_eq!(slash(SlashReason::Downtime, 6), coins(72));
    }

    #[test]
    fn coins_beyond_the_required_collateral_are_not_at_risk() {
        let mut account = account(1_000_000, &[]);
        let slashed = account.slash(
            &params(true),
            SlashReason::Invalid,
            coins(500),
            EpochIndex::new(1),
        );
        assert_eq!(slashed.total(), coins(100));
    }

    #[test]
    fn unbonding_in_time_escapes_the_slash_only_when_it_pays_out_first() {
        for (unbond_before_slash, released, slashed) in [(true, 1_000, 0), (false, 800, 200)] {
            let mut account = account(0, &[1_000]);
            let settlement = account.process_settlement(
                &params(unbond_before_slash),
                EpochIndex::new(11),
                Some(SlashReason::Invalid),
                coins(1_000),
            );
            assert_eq!(settlement.released, coins(released));
            assert_eq!(settlement.slashed.total(), coins(slashed));
            assert!(account.total().is_zero());
        }
    }

    #[test]
    fn the_required_collateral_is_the_least_that_gives_the_whole_weight() {
        let params = CollateralParams {
            per_weight: "4.2".parse().unwrap(),
            ..params(true)
        };
        let after_grace = EpochIndex::new(181);
        for weight in [1, 7, 1_000, 37_778, u64::MAX >> 8] {
            let weight = Weight::new(weight);
            let required = compute_required_collateral(&params, weight);
            assert_eq!(
                compute_effective_weight(&params, weight, required, after_grace),
                weight
            );
            let less = required - coins(1);
            assert!(compute_effective_weight(&params, weight, less, after_grace) < weight);
        }
        assert_eq!(
            compute_required_collateral(&params, Weight::new(1_000)),
            coins(3_360)
        );
    }
}
