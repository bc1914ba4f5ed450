//! Cases of `tests/vectors/artifact/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::artifact::{
    Candidate, LogProbability, Verdict, compute_position_distance, compute_verdict,
};
use stakeout_protocol::units::Decimal;

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "position" => {
                let distance =
                    compute_position_distance(&candidates(case, "original"), &candidates(case, "replayed"));
                let gap = (distance - decimal(case, "distance")).parts().abs();
                assert!(gap <= 1_000, "{distance} in {case}");
            }
            "verdict" => {
                let similarity = integer(case, "similarity_ppb") as u32;
                let verdict = compute_verdict(similarity, fraction(case, "threshold"));
                assert_eq!(verdict == Verdict::Match, flag(case, "is_match"), "{case}");
            }
            _ => unknown("artifact", file),
        }
    }
}

/// Candidates named by a letter, with a log-probability in text.
fn candidates(case: &Value, name: &str) -> Vec<Candidate> {
    let candidate = |pair: &Value| {
        let letter = pair[0]
            .as_str()
            .and_then(|text| text.chars().next())
            .expect("a letter");
        let value: Decimal = pair[1]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a number");
        Candidate {
            vocabulary_index: u32::from(letter),
            log_probability: LogProbability::from_ppb((value.parts() / 1_000_000_000) as i64),
        }
    };
    array(case, name).iter().map(candidate).collect()
}
