//! Quantities as types: coins, model tokens, weights, shares, fixed-point numbers and identifiers.
//!
//! Invariant: every operation is integer arithmetic with a stated rounding, and an overflow panics
//! instead of wrapping. An overflow here is a mistake of this program, never of its user: the bounds
//! of a scenario are checked before the first block.

mod amount;
mod counts;
mod decimal;
mod fraction;
mod ids;
mod wide;

pub use amount::Amount;
pub use counts::{Price, Reputation, TokenCount, Weight};
pub use decimal::{Decimal, ParseDecimalError};
pub use fraction::Fraction;
pub use ids::{EpochIndex, Height, InferenceNumber, ModelId, ParticipantId};
pub use wide::{checked_mul_div, mul_div};

/// What happens to the part of a quotient that does not fit into an integer.
///
/// Directions are those of the magnitude: `Down` is toward zero and `Up` away from it, for debts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// To the nearest; a tie goes to the even neighbour.
    HalfEven,
}
