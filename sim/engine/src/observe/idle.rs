//! Parameters that were set and had nothing to act on: what they govern never happened in the run.
//!
//! **Invariant.** A sentence is true of the settled epochs it is said of: it follows from their counts alone,
//! and is left out of a run that stopped before its last settlement.

use super::frame::{EpochRow, RunOutput};
use crate::scenario::{Fidelity, Scenario};

/// Parameters that one kind of event makes matter.
struct Family {
    /// Paths of single parameters or whole families.
    paths: &'static [&'static str],
    /// How often what they govern happened.
    count: fn(&EpochRow) -> u64,
    /// What never happened.
    because: &'static str,
}

static FAMILIES: &[Family] = &[
    Family {
        paths: &["protocol.validation"],
        count: |row| row.validations_drawn,
        because: "no validation was drawn",
    },
    Family {
        paths: &["protocol.validation.share_with_validators"],
        count: |row| row.passed,
        because: "no validation passed",
    },
    Family {
        paths: &[
            "protocol.status.test",
            "protocol.status.sprt",
            "protocol.status.z_test",
        ],
        count: |row| row.passed + row.invalidated + row.revalidated,
        because: "no verdict was counted",
    },
    Family {
        paths: &["protocol.status.quick_failure_threshold"],
        count: |row| row.invalidated,
        because: "no answer was invalidated",
    },
    Family {
        paths: &["protocol.status.streak_on_return"],
        count: |row| row.convictions + row.deactivations,
        because: "nobody was expelled",
    },
    Family {
        paths: &[
            "protocol.status.downtime",
            "protocol.missed_work",
            "protocol.reputation.miss_cutoff",
            "protocol.reputation.miss_penalty",
            "protocol.reputation.penalty_form",
        ],
        count: |row| row.expired,
        because: "no request was missed",
    },
    Family {
        paths: &[
            "protocol.reputation.on_conviction",
            "protocol.collateral.slash_invalid",
        ],
        count: |row| row.convictions,
        because: "nobody was convicted",
    },
    Family {
        paths: &["protocol.collateral.slash_downtime"],
        count: |row| row.deactivations,
        because: "nobody was made inactive",
    },
    Family {
        paths: &["protocol.collateral.slashed_to"],
        count: |row| u64::from(row.slashed != 0),
        because: "no collateral was slashed",
    },
    Family {
        paths: &[
            "protocol.dispute.quorum",
            "protocol.dispute.voters",
            "protocol.dispute.sampled",
            "protocol.dispute.executor_may_vote",
        ],
        count: |row| row.disputes,
        because: "no dispute was opened",
    },
    Family {
        paths: &["protocol.dispute.period", "protocol.dispute.on_no_quorum"],
        count: |row| row.undecided,
        because: "no dispute reached its deadline",
    },
    Family {
        paths: &[
            "protocol.dispute.open_limit",
            "protocol.dispute.open_curve",
            "protocol.dispute.open_min",
            "protocol.dispute.open_sample",
        ],
        count: |row| row.disputes_capped,
        because: "no validator met its cap of open disputes",
    },
    Family {
        paths: &[
            "protocol.claims.retry",
            "protocol.claims.sample_max",
            "protocol.claims.p0",
        ],
        count: |row| row.validations_drawn,
        because: "nobody had to validate",
    },
    Family {
        paths: &["protocol.power_cap"],
        count: |row| row.power_capped,
        because: "no weight met the cap",
    },
    Family {
        paths: &["protocol.rewards.forfeits_to"],
        count: |row| u64::from(row.forfeited != 0),
        because: "nothing was forfeited",
    },
    Family {
        paths: &["protocol.vesting.epochs"],
        count: |row| u64::from(row.rewards != 0 || row.work_coins != 0),
        because: "nobody was paid",
    },
    Family {
        paths: &["protocol.bandwidth"],
        count: |row| row.unassigned,
        because: "no request was turned away",
    },
];

/// One sentence for each parameter that the file or the command line set and that had no effect in any
/// replicate, sorted by path. A run that stops before its last settlement, or has no protocol, has none.
#[must_use]
pub fn idle_parameters(scenario: &Scenario, outputs: &[RunOutput]) -> Vec<String> {
    let epochs = scenario.epochs as usize;
    let is_covered = scenario.fidelity != Fidelity::Service
        && !outputs.is_empty()
        && outputs.iter().all(|output| output.epochs.len() == epochs);
    if !is_covered {
        return Vec::new();
    }
    let rows = || outputs.iter().flat_map(|output| &output.epochs);
    let idle: Vec<&Family> = FAMILIES
        .iter()
        .filter(|family| rows().all(|row| (family.count)(row) == 0))
        .collect();
    let mut sentences = Vec::new();
    for value in scenario.origins.iter().filter(|value| is_own(&value.origin)) {
        // What cannot matter has been said before the run.
        let start = format!("{} has no effect", value.path);
        if scenario
            .warnings
            .iter()
            .any(|warning| warning.starts_with(&start))
        {
            continue;
        }
        if let Some(family) = idle.iter().find(|family| family.governs(&value.path)) {
            sentences.push(format!(
                "{} had no effect in the settled epochs: {}",
                value.path, family.because
            ));
        }
    }
    sentences
}

impl Family {
    fn governs(&self, path: &str) -> bool {
        self.paths.iter().any(|family| {
            path.strip_prefix(family)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// Whether the user gave the value: presets carry every parameter.
fn is_own(origin: &str) -> bool {
    matches!(origin, "file" | "command line")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::fields;

    #[test]
    fn every_path_of_a_family_is_a_parameter_or_a_section() {
        for family in FAMILIES {
            for path in family.paths {
                assert!(
                    fields::find(path).is_some() || fields::is_section(path),
                    "{path} does not exist"
                );
            }
        }
    }
}
