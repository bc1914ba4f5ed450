//! Cases of `tests/vectors/bandwidth/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::bandwidth::{BandwidthLimiter, BandwidthParams, DataSize, compute_data_size};
use stakeout_protocol::units::Height;

fn params() -> BandwidthParams {
    BandwidthParams {
        per_prompt_token: DataSize::from_tenths_of_byte(23),
        per_completion_token: DataSize::from_tenths_of_byte(6_400),
        limit_per_block: DataSize::from_kilobytes(10_752),
        lifespan_blocks: 20,
        inferences_per_block_max: None,
    }
}

fn size(request: &Value) -> DataSize {
    compute_data_size(
        &params(),
        tokens(request, "prompt"),
        tokens(request, "max_tokens"),
    )
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "data_size" => {
                let tenths = decimal(case, "kilobytes").parts() / 100_000_000_000_000;
                assert_eq!(i128::from(size(case).tenths_of_byte()), tenths, "{case}");
            }
            "limiter" => {
                let limit = DataSize::from_kilobytes(integer(case, "limit_per_block"));
                let mut limiter = BandwidthLimiter::new(limit, integer(case, "lifespan_blocks"));
                let mut now = Height::new(1);
                for prior in array(case, "prior_kilobytes") {
                    limiter.record(now, DataSize::from_kilobytes(whole(prior)));
                    now = now.plus(1);
                }
                let is_admitted = limiter.admit(now, size(field(case, "request"))).is_ok();
                assert_eq!(is_admitted, flag(case, "is_admitted"), "{case}");
            }
            _ => unknown("bandwidth", file),
        }
    }
}
