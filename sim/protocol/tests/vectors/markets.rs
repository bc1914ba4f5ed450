//! Cases of `tests/vectors/markets/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::markets::auction::{Order, clear};

pub fn check(file: &str, document: &Value) {
    assert_eq!(file, "auction");
    let number = |value: &Value| value.as_u64().expect("a whole number");
    for case in cases(document) {
        let book = |key: &str| -> Vec<Order> {
            array(case, key)
                .iter()
                .map(|order| Order {
                    price: number(&order[0]),
                    quantity: number(&order[1]),
                })
                .collect()
        };
        let expected = case["cleared"]
            .as_array()
            .map(|cleared| (number(&cleared[0]), number(&cleared[1])));
        let found = clear(&book("asks"), &book("bids")).map(|cleared| (cleared.price, cleared.quantity));
        assert_eq!(found, expected, "{case}");
    }
}
