//! Cases of `tests/vectors/sharing/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::sharing::{compute_share_adjustments, compute_shares};
use stakeout_protocol::units::Amount;

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        let cost = amount(case, "cost");
        match file {
            "adjustments" => {
                let (existing, new) = (integer(case, "existing") as usize, integer(case, "new") as usize);
                let expected: Vec<Amount> = array(case, "adjustments").iter().map(coins).collect();
                assert_eq!(compute_share_adjustments(cost, existing, new), expected, "{case}");
            }
            "sequential" => check_sequence(cost, integer(case, "workers") as usize),
            _ => unknown("sharing", file),
        }
    }
}

fn check_sequence(cost: Amount, workers: usize) {
    let mut shares = vec![Amount::ZERO; workers];
    for present in 0..workers {
        for (share, adjustment) in shares.iter_mut().zip(compute_share_adjustments(cost, present, 1)) {
            *share += adjustment;
        }
        assert_eq!(shares.iter().sum::<Amount>(), cost);
        let (executor, each) = compute_shares(cost, present + 1);
        assert_eq!(shares[0], executor);
        assert!(shares[1..=present].iter().all(|share| *share == each));
    }
}
