//! What each results file holds, column by column.
//!
//! The order of columns and rows is part of the format (docs/results.md): rows by replicate, then epoch,
//! then participant. A new column goes to the end.

use stakeout_protocol::status::{Status, StatusReason};

use super::cast::Cast;
use super::columns::{Column, Values, column};
use super::frame::{Conviction, EpochRow, ParticipantRow};

/// One settled epoch a row.
///
/// A sum beyond 127 bits is stored as the largest value, which the writer then refuses.
pub fn epoch_columns(replicate: u32, rows: &[EpochRow]) -> Vec<Column<'static>> {
    let counts = |f: fn(&EpochRow) -> u64| Values::U64(rows.iter().map(f).collect());
    let money = |f: fn(&EpochRow) -> i128| Values::Wide(rows.iter().map(f).collect());
    let sums = |f: fn(&EpochRow) -> u128| {
        Values::Wide(
            rows.iter()
                .map(|r| i128::try_from(f(r)).unwrap_or(i128::MAX))
                .collect(),
        )
    };
    vec![
        column("replicate", Values::U32(vec![replicate; rows.len()])),
        column("epoch", Values::U32(rows.iter().map(|r| r.epoch).collect())),
        column("requests", counts(|r| r.requests)),
        column("refused", counts(|r| r.refused)),
        column("unassigned", counts(|r| r.unassigned)),
        column("finished", counts(|r| r.finished)),
        column("expired", counts(|r| r.expired)),
        column("nominal_rate_sum_ppb", sums(|r| r.nominal_rate_ppb_sum)),
        column("checked", counts(|r| r.checked)),
        column("validations_drawn", counts(|r| r.validations_drawn)),
        column("passed", counts(|r| r.passed)),
        column("failed", counts(|r| r.failed)),
        column("disputes", counts(|r| r.disputes)),
        column("disputes_capped", counts(|r| r.disputes_capped)),
        column("invalidated", counts(|r| r.invalidated)),
        column("revalidated", counts(|r| r.revalidated)),
        column("undecided", counts(|r| r.undecided)),
        column("cheated", counts(|r| r.cheated)),
        column("honest_invalidated", counts(|r| r.honest_invalidated)),
        column("convictions", counts(|r| r.convictions)),
        column("honest_convictions", counts(|r| r.honest_convictions)),
        column("deactivations", counts(|r| r.deactivations)),
        column("missed_work_failures", counts(|r| r.missed_work_failures)),
        column("claims_rejected", counts(|r| r.claims_rejected)),
        column("power_capped", counts(|r| r.power_capped)),
        column("clients_told", counts(|r| r.clients_told)),
        column("work_coins_base_units", money(|r| r.work_coins)),
        column("refunds_base_units", money(|r| r.refunds)),
        column("rewards_base_units", money(|r| r.rewards)),
        column("forfeited_base_units", money(|r| r.forfeited)),
        column("governance_base_units", money(|r| r.governance)),
        column("burned_base_units", money(|r| r.burned)),
        column("slashed_base_units", money(|r| r.slashed)),
        column("debts_recovered_base_units", money(|r| r.debts_recovered)),
        column("issued_base_units", money(|r| r.issued)),
        column("service_ns", sums(|r| r.service_ns)),
        column("verification_ns", sums(|r| r.verification_ns)),
        column("price_micro_base_units_per_token", counts(|r| r.price_micro)),
    ]
}

/// One participant in one settled epoch a row.
pub fn participant_columns<'a>(cast: &'a Cast, replicate: u32, rows: &[ParticipantRow]) -> Vec<Column<'a>> {
    let counts = |f: fn(&ParticipantRow) -> u64| Values::U64(rows.iter().map(f).collect());
    let money = |f: fn(&ParticipantRow) -> i128| Values::Wide(rows.iter().map(f).collect());
    let names = |f: &dyn Fn(u32) -> &'a str| Values::Text(rows.iter().map(|r| f(r.participant)).collect());
    vec![
        column("replicate", Values::U32(vec![replicate; rows.len()])),
        column("epoch", Values::U32(rows.iter().map(|r| r.epoch).collect())),
        column(
            "participant",
            Values::U32(rows.iter().map(|r| r.participant).collect()),
        ),
        column("host", names(&|p| cast.id(p))),
        column("owner", names(&|p| cast.owner(p))),
        column("strategy", names(&|p| cast.strategy(p))),
        column("weight", counts(|r| r.weight)),
        column(
            "reputation",
            Values::U32(rows.iter().map(|r| u32::from(r.reputation)).collect()),
        ),
        column(
            "status",
            Values::Text(rows.iter().map(|r| status_name(r.status)).collect()),
        ),
        column(
            "status_reason",
            Values::Text(rows.iter().map(|r| reason_name(r.reason)).collect()),
        ),
        column("inferences", counts(|r| r.inferences)),
        column("missed", counts(|r| r.missed)),
        column("validated", counts(|r| r.validated)),
        column("invalidated", counts(|r| r.invalidated)),
        column("checked", counts(|r| r.checked)),
        column("cheated", counts(|r| r.cheated)),
        column("validations_required", counts(|r| r.validations_required)),
        column("validations_done", counts(|r| r.validations_done)),
        column("work_coins_base_units", money(|r| r.work_coins)),
        column("reward_base_units", money(|r| r.reward)),
        column("forfeited_base_units", money(|r| r.forfeited)),
        column("slashed_base_units", money(|r| r.slashed)),
        column("cost_base_units", money(|r| r.cost)),
        column("busy_ns", counts(|r| r.busy_ns)),
    ]
}

/// One first conviction a row, in order of time.
pub fn conviction_columns<'a>(cast: &'a Cast, replicate: u32, rows: &[Conviction]) -> Vec<Column<'a>> {
    let counts = |f: fn(&Conviction) -> u64| Values::U64(rows.iter().map(f).collect());
    let names = |f: &dyn Fn(u32) -> &'a str| Values::Text(rows.iter().map(|r| f(r.participant)).collect());
    vec![
        column("replicate", Values::U32(vec![replicate; rows.len()])),
        column(
            "participant",
            Values::U32(rows.iter().map(|r| r.participant).collect()),
        ),
        column("host", names(&|p| cast.id(p))),
        column("owner", names(&|p| cast.owner(p))),
        column("strategy", names(&|p| cast.strategy(p))),
        column("epoch", Values::U32(rows.iter().map(|r| r.epoch).collect())),
        column("height", counts(|r| r.height)),
        column("time_ns", counts(|r| r.time_ns)),
        column("answers", counts(|r| r.answers)),
        column("cheated", counts(|r| r.cheated)),
        column(
            "status_reason",
            Values::Text(rows.iter().map(|r| reason_name(r.reason)).collect()),
        ),
    ]
}

/// The name of a status in files and tables.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Ramping => "ramping",
        Status::Active => "active",
        Status::Invalid => "invalid",
        Status::Inactive => "inactive",
    }
}

/// The name of a status reason in files and tables.
pub fn reason_name(reason: StatusReason) -> &'static str {
    match reason {
        StatusReason::None => "none",
        StatusReason::RampingUp => "ramping_up",
        StatusReason::ConsecutiveFailures => "consecutive_failures",
        StatusReason::StatisticalInvalidations => "statistical_invalidations",
        StatusReason::Downtime => "downtime",
        StatusReason::FailedConfirmation => "failed_confirmation",
        StatusReason::AlreadySet => "already_set",
        StatusReason::AlgorithmError => "algorithm_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_money_and_time_column_says_its_unit() {
        let wide = |columns: Vec<Column<'_>>| {
            columns
                .into_iter()
                .filter(|c| matches!(c.values, Values::Wide(_)))
                .map(|c| c.name)
                .collect::<Vec<_>>()
        };
        let cast = crate::observe::sample::cast();
        let names = [
            wide(epoch_columns(0, &[])),
            wide(participant_columns(&cast, 0, &[])),
        ]
        .concat();
        assert_eq!(names.len(), 9 + 3 + 5);
        for name in names {
            assert!(
                ["_base_units", "_ns", "_ppb"]
                    .iter()
                    .any(|unit| name.ends_with(unit)),
                "{name}"
            );
        }
    }
}
