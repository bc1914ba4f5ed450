//! What a client locks, what an answer costs, and who gets what when it ends.
//!
//! Invariant: payment plus refund is the escrow, whatever the cost.
//!
//! Reference: gonka-ai/gonka x/inference/calculations/inference_state.go,
//! x/inference/module/inference_expiry.go.

use crate::units::{Amount, Height, Price, TokenCount};

/// The parameters of the money side of one inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowParams {
    /// The longest answer a request may get when it names no limit of its own.
    pub max_tokens_default: TokenCount,
    /// Blocks after its start at which an unfinished inference expires.
    pub expiration_blocks: u64,
    /// The price of a model that has no price of its own.
    pub price_fallback: Price,
}

impl EscrowParams {
    /// The longest answer that a request pays for in advance.
    #[must_use]
    pub fn max_tokens(&self, requested: Option<TokenCount>) -> TokenCount {
        requested.unwrap_or(self.max_tokens_default)
    }

    /// The price of an inference, locked by its first message.
    ///
    /// A price already recorded is never overwritten by a later message.
    #[must_use]
    pub fn locked_price(&self, recorded: Option<Price>, current: Option<Price>) -> Price {
        recorded.or(current).unwrap_or(self.price_fallback)
    }
}

/// The escrow of a request: its highest possible cost, `(max_tokens + prompt)·price`.
#[must_use]
pub fn compute_escrow(max_tokens: TokenCount, prompt: TokenCount, price: Price) -> Amount {
    price.cost(max_tokens + prompt)
}

/// The cost of an answer, `(prompt + completion)·price`.
#[must_use]
pub fn compute_cost(prompt: TokenCount, completion: TokenCount, price: Price) -> Amount {
    price.cost(prompt + completion)
}

/// How the escrow of a finished inference divides. Both parts are zero or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// To the executor.
    pub payment: Amount,
    /// Back to the client.
    pub refund: Amount,
}

/// Divides an escrow by what the answer cost: the executor gets `min(cost, escrow)`.
///
/// An executor that reports more model tokens than were paid for in advance gets the escrow and no
/// more. The order in which the start and the finish reach the chain does not change the result.
#[must_use]
pub fn compute_finish(cost: Amount, escrow: Amount) -> Finish {
    let payment = cost.min(escrow);
    Finish {
        payment,
        refund: escrow - payment,
    }
}

/// Whether an unfinished inference expires at this height; its whole escrow then goes back.
#[must_use]
pub fn is_expired(start: Height, now: Height, expiration_blocks: u64) -> bool {
    now.get().saturating_sub(start.get()) >= expiration_blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_and_refund_make_up_the_escrow() {
        for cost in [0, 1, 19_999, 20_000, 20_001, 1_000_000] {
            let escrow = Amount::from_base_units(20_000);
            let finish = compute_finish(Amount::from_base_units(cost), escrow);
            assert_eq!(finish.payment + finish.refund, escrow);
            assert!(!finish.payment.is_negative() && !finish.refund.is_negative());
        }
    }

    #[test]
    fn an_inference_expires_at_the_block_and_not_one_earlier() {
        let start = Height::new(100);
        assert!(!is_expired(start, Height::new(119), 20));
        assert!(is_expired(start, Height::new(120), 20));
    }
}
