//! Cases of `tests/vectors/escrow/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::escrow::{EscrowParams, compute_cost, compute_escrow, compute_finish};
use stakeout_protocol::units::{Price, TokenCount};

fn params() -> EscrowParams {
    EscrowParams {
        max_tokens_default: TokenCount::new(5_000),
        expiration_blocks: 20,
        price_fallback: Price::new(1_000),
    }
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "escrow" => {
                let wish = integer_or_none(case, "max_tokens").map(TokenCount::new);
                let max_tokens = params().max_tokens(wish);
                let escrow = compute_escrow(max_tokens, tokens(case, "prompt"), price(case, "price"));
                assert_eq!(escrow, amount(case, "escrow"), "{case}");
            }
            "cost" => {
                let (prompt, completion) = (tokens(case, "prompt"), tokens(case, "completion"));
                let cost = compute_cost(prompt, completion, price(case, "price"));
                assert_eq!(cost, amount(case, "cost"), "{case}");
            }
            "finish" => {
                let finish = compute_finish(amount(case, "cost"), amount(case, "escrow"));
                let expected = (amount(case, "payment"), amount(case, "refund"));
                assert_eq!((finish.payment, finish.refund), expected, "{case}");
            }
            "locked_price" => {
                let known = |name| integer_or_none(case, name).map(Price::new);
                let locked = params().locked_price(known("recorded"), known("current"));
                assert_eq!(locked, price(case, "price"), "{case}");
            }
            _ => unknown("escrow", file),
        }
    }
}
