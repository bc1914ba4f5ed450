//! A small run made by formula, for the tests of what writes and reads results.
//!
//! Three hosts of three owners over eight epochs: two honest ones and one that serves a substitute to every
//! fourth request and is convicted in the fourth epoch. Nothing was simulated.

use stakeout_kernel::histogram::LogHistogram;
use stakeout_protocol::status::{Status, StatusReason};

use super::cast::{Cast, Member};
use super::frame::{Conviction, EpochRow, Event, EventKind, ParticipantRow, RunOutput, StageHeights};

const FIRST_EPOCH: u32 = 56;
const EPOCHS: u32 = 8;
const CONVICTED_IN: u32 = FIRST_EPOCH + 3;
const BLOCKS_PER_EPOCH: u64 = 15_391;
const WEIGHTS: [u64; 3] = [37_778, 35_713, 12_292];

/// The names of the sample run.
pub fn cast() -> Cast {
    let member = |(id, owner, strategy): (&str, u32, u32)| Member {
        id: id.to_string(),
        owner,
        strategy,
    };
    Cast {
        scenario: "sample".to_string(),
        hash: "00112233aabbccdd".to_string(),
        seed: 7,
        members: [("h01", 0, 0), ("h02", 1, 0), ("<b>h03</b>", 2, 1)]
            .map(member)
            .to_vec(),
        owners: ["Ada", "Ben", "Cleo & Co"].map(String::from).to_vec(),
        strategies: ["honest", "model-swapper rate=25 %"].map(String::from).to_vec(),
        assumptions: vec!["A-40".to_string(), "A-45".to_string()],
        canonical: "name: sample\nseed: 7\n".to_string(),
    }
}

/// So many replicates of it, each a little different.
pub fn outputs(replicates: u32) -> Vec<RunOutput> {
    (0..replicates).map(output).collect()
}

fn output(replicate: u32) -> RunOutput {
    let participants: Vec<ParticipantRow> = (0..EPOCHS)
        .flat_map(|e| (0..3).map(move |p| participant_row(replicate, e, p)))
        .collect();
    let epochs = (0..EPOCHS).map(|e| epoch_row(e, &participants)).collect();
    RunOutput {
        replicate,
        digest: format!("{:064x}", 0xabc0 + replicate),
        blocks: BLOCKS_PER_EPOCH * u64::from(EPOCHS),
        time_ns: BLOCKS_PER_EPOCH * u64::from(EPOCHS) * 5_900_000_000,
        epochs,
        participants: participants.into_iter().collect(),
        convictions: vec![conviction(replicate)],
        stages: (0..EPOCHS).map(stages).collect(),
        latency: times(replicate, 1_400_000_000),
        sojourn: times(replicate, 1_200_000_000),
        waiting: times(replicate, 300_000_000),
        answers_to_detection: times(replicate, 12),
        balances: vec![("clients", -5_000), ("wallets", 4_000), ("governance", 1_000)],
        open: 3,
        events: None,
    }
}

fn participant_row(replicate: u32, epoch: u32, participant: u32) -> ParticipantRow {
    let weight = WEIGHTS[participant as usize];
    let is_cheater = participant == 2;
    let is_out = is_cheater && FIRST_EPOCH + epoch >= CONVICTED_IN;
    let inferences = if is_out {
        0
    } else {
        weight / 37 + u64::from(replicate * 11 % 7)
    };
    let reward = if is_out {
        0
    } else {
        i128::from(weight) * 1_022_485_000
    };
    ParticipantRow {
        epoch: FIRST_EPOCH + epoch,
        participant,
        weight,
        reputation: if is_out {
            0
        } else {
            (40 + 8 * epoch).min(100) as u8
        },
        status: if is_out { Status::Invalid } else { Status::Active },
        reason: if is_out {
            StatusReason::StatisticalInvalidations
        } else {
            StatusReason::None
        },
        inferences,
        missed: u64::from(replicate % 3),
        validated: inferences * 2 / 5,
        invalidated: if is_cheater { inferences / 25 } else { 0 },
        checked: inferences * 43 / 100,
        cheated: if is_cheater { inferences / 4 } else { 0 },
        validations_required: inferences / 3,
        validations_done: inferences / 3,
        work_coins: i128::from(inferences) * 2_000_000,
        reward,
        forfeited: if is_out {
            i128::from(weight) * 1_022_485_000
        } else {
            0
        },
        slashed: if is_out && FIRST_EPOCH + epoch == CONVICTED_IN {
            5_000_000_000_000
        } else {
            0
        },
        cost: i128::from(weight) * if is_cheater { 300_000_000 } else { 500_000_000 },
        busy_ns: inferences * 2_100_000_000,
    }
}

fn epoch_row(epoch: u32, participants: &[ParticipantRow]) -> EpochRow {
    let rows = || {
        participants
            .iter()
            .filter(move |r| r.epoch == FIRST_EPOCH + epoch)
    };
    let finished: u64 = rows().map(|r| r.inferences).sum();
    let expired: u64 = rows().map(|r| r.missed).sum();
    let nominal_ppb = 1_000_000_000 - u128::from(epoch) * 110_000_000;
    EpochRow {
        epoch: FIRST_EPOCH + epoch,
        requests: finished + expired,
        finished,
        expired,
        nominal_rate_ppb_sum: u128::from(finished) * nominal_ppb,
        checked: rows().map(|r| r.checked).sum(),
        validations_drawn: rows().map(|r| r.checked).sum(),
        invalidated: rows().map(|r| r.invalidated).sum(),
        cheated: rows().map(|r| r.cheated).sum(),
        convictions: u64::from(FIRST_EPOCH + epoch == CONVICTED_IN),
        work_coins: rows().map(|r| r.work_coins).sum(),
        rewards: rows().map(|r| r.reward).sum(),
        slashed: rows().map(|r| r.slashed).sum(),
        issued: 314_670_897_622_955,
        service_ns: rows().map(|r| u128::from(r.busy_ns)).sum(),
        verification_ns: rows().map(|r| u128::from(r.busy_ns) / 9).sum(),
        ..EpochRow::default()
    }
}

fn conviction(replicate: u32) -> Conviction {
    Conviction {
        participant: 2,
        epoch: CONVICTED_IN,
        height: 11_355 + BLOCKS_PER_EPOCH * u64::from(CONVICTED_IN),
        time_ns: (3 * BLOCKS_PER_EPOCH + 40 * u64::from(replicate)) * 5_900_000_000,
        answers: 996 + 20 * u64::from(replicate),
        cheated: 249 + 5 * u64::from(replicate),
        reason: StatusReason::StatisticalInvalidations,
    }
}

fn stages(epoch: u32) -> StageHeights {
    let poc_start = 11_355 + BLOCKS_PER_EPOCH * u64::from(FIRST_EPOCH + epoch);
    StageHeights {
        epoch: FIRST_EPOCH + epoch,
        poc_start,
        settlement: poc_start + 180,
        group_created: poc_start + 185,
        activation: poc_start + 187,
        claim: poc_start + 190,
    }
}

fn times(replicate: u32, typical: u64) -> LogHistogram {
    let mut histogram = LogHistogram::new();
    (1..=400_u64).for_each(|i| histogram.record(typical * i / 200 + u64::from(replicate)));
    histogram
}

/// A short event log: the life of one inference.
pub fn events() -> Vec<Event> {
    let event = |height: u64, kind, other, value| Event {
        height,
        time_ns: height * 5_900_000_000,
        kind,
        inference: 12_345,
        participant: 2,
        other,
        value,
        second: 0,
    };
    vec![
        event(873_500, EventKind::Started, 0, 5_000_000),
        event(873_501, EventKind::Finished, u32::MAX, 2_000_000),
        event(873_502, EventKind::Drawn, 1, 430_000_000),
        event(873_504, EventKind::Disputed, 1, 871_000_000),
        event(873_520, EventKind::Invalidated, u32::MAX, 2_000_000),
    ]
}
