//! Cases of `tests/vectors/vesting/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::units::Amount;
use stakeout_protocol::vesting::VestingSchedule;

pub fn check(file: &str, document: &Value) {
    assert_eq!(file, "schedules");
    for case in cases(document) {
        let mut schedule = VestingSchedule::new();
        for addition in array(case, "additions") {
            let at_once = schedule.add(coins(&addition[0]), whole(&addition[1]) as u32);
            assert_eq!(at_once, Amount::ZERO);
        }
        for release in array(case, "releases") {
            assert_eq!(schedule.release_epoch(), coins(release), "{case}");
        }
        assert!(schedule.is_empty(), "{case}");
    }
}
