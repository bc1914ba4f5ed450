//! Cases of `tests/vectors/pricing/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::pricing::{
    PriceMode, PriceParams, UtilisationWindow, compute_initial_price, compute_next_price,
};
use stakeout_protocol::units::{EpochIndex, Fraction, Price, TokenCount};

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

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "next_price" => {
                let params = PriceParams {
                    minimum: price(case, "minimum"),
                    elasticity: fraction(case, "elasticity"),
                    ..params()
                };
                let next = compute_next_price(&params, price(case, "old"), fraction(case, "utilisation"));
                assert_eq!(next, price(case, "next"), "{case}");
            }
            "initial" => {
                let params = PriceParams {
                    initial: price(case, "base"),
                    minimum: price(case, "minimum"),
                    ..params()
                };
                assert_eq!(compute_initial_price(&params), price(case, "price"), "{case}");
            }
            "window" => check_window(case),
            _ => unknown("pricing", file),
        }
    }
}

fn check_window(case: &Value) {
    let mut window = UtilisationWindow::new(integer(case, "window_blocks") as u32);
    for block in array(case, "blocks") {
        window.record_block(TokenCount::new(whole(block)));
    }
    assert_eq!(window.sum(), tokens(case, "sum"), "{case}");
    if case.get("utilisation").is_some() {
        let utilisation = window.utilisation(integer(case, "capacity_per_second"), params().block_seconds);
        assert_eq!(utilisation, fraction(case, "utilisation"), "{case}");
        let next = compute_next_price(&params(), price(case, "old"), utilisation);
        assert_eq!(next, price(case, "next"), "{case}");
    }
}
