//! Counts of things that are not coins: model tokens, prices, weights, reputations.
//!
//! Invariant: counts are never negative, and no two kinds mix.

use super::{Amount, Rounding, mul_div};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// None of it.
            pub const ZERO: Self = Self(0);

            /// This many.
            #[must_use]
            pub const fn new(count: u64) -> Self {
                Self(count)
            }

            /// How many.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// `self·numerator/denominator`, rounded as asked.
            ///
            /// # Panics
            /// When the denominator is zero or the result leaves the range.
            #[must_use]
            pub fn mul_div(self, numerator: u128, denominator: u128, rounding: Rounding) -> Self {
                let scaled = mul_div(u128::from(self.0), numerator, denominator, rounding);
                Self(u64::try_from(scaled).expect(concat!(stringify!($name), " overflowed")))
            }

            /// The difference, or nothing where it would be negative.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.checked_add(other.0).expect(concat!(stringify!($name), " overflowed")))
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.checked_sub(other.0).expect(concat!(stringify!($name), " fell below zero")))
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
                counts.fold(Self::ZERO, Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

count! {
    /// Tokens of a language model, in a prompt or in an answer.
    TokenCount
}
count! {
    /// Base units of coins per model token.
    Price
}
count! {
    /// Weight from proof of compute: the share in selection, in votes and in the epoch's reward.
    Weight
}

impl Price {
    /// What so many model tokens cost.
    #[must_use]
    pub fn cost(self, tokens: TokenCount) -> Amount {
        Amount::from_base_units(i128::from(self.0)).times(tokens.0)
    }
}

/// The protocol's measure of past conduct, from 0 (a newcomer) to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reputation(u8);

impl Reputation {
    /// A newcomer's.
    pub const ZERO: Self = Self(0);
    /// The highest.
    pub const MAX: Self = Self(100);

    /// This reputation; anything above 100 counts as 100.
    #[must_use]
    pub const fn new(points: u8) -> Self {
        Self(if points > 100 { 100 } else { points })
    }

    /// Points from 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Reputation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
