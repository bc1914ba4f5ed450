//! What one run reports: rows for the columnar files and headline numbers for people.
//!
//! Rows carry integers (money in base units, times in nanoseconds); shares and means are computed when
//! they are printed, so that the files hold nothing that depends on how a float was rounded.

use stakeout_kernel::histogram::LogHistogram;
use stakeout_protocol::status::{Status, StatusReason};

pub use super::event::{Event, EventKind};
pub use super::participant_table::ParticipantTable;

/// Network-wide totals of one settled epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochRow {
    /// Epoch number of the network.
    pub epoch: u32,
    /// Requests that were started: those turned away or refused are counted apart.
    pub requests: u64,
    /// Requests turned away because the client could not pay.
    pub refused: u64,
    /// Requests that were turned away: the transfer agents' limiter was full, the model's group was empty
    /// or a proof-of-compute stage was on.
    pub unassigned: u64,
    /// Inferences finished.
    pub finished: u64,
    /// Inferences expired (missed requests).
    pub expired: u64,
    /// Sum over finished inferences of the target sampling rate, in parts per 10^9.
    pub nominal_rate_ppb_sum: u128,
    /// Finished inferences for which at least one validator was drawn.
    pub checked: u64,
    /// Validations drawn.
    pub validations_drawn: u64,
    /// Passing validations committed.
    pub passed: u64,
    /// Failing validations committed.
    pub failed: u64,
    /// Dispute votes opened.
    pub disputes: u64,
    /// Failing validations ignored because the opener's open cases were at the cap.
    pub disputes_capped: u64,
    /// Disputes that ended in invalidation.
    pub invalidated: u64,
    /// Disputes that ended in revalidation.
    pub revalidated: u64,
    /// Disputes that reached their deadline undecided.
    pub undecided: u64,
    /// Inferences served by a substitute.
    pub cheated: u64,
    /// Honest inferences that were invalidated.
    pub honest_invalidated: u64,
    /// Participants that became INVALID.
    pub convictions: u64,
    /// Of these, participants whose strategy never served a substitute in the epoch.
    pub honest_convictions: u64,
    /// Participants that became INACTIVE.
    pub deactivations: u64,
    /// Participants whose missed-work test failed at settlement.
    pub missed_work_failures: u64,
    /// Participants whose claim was rejected for missing validations.
    pub claims_rejected: u64,
    /// Participants whose weight the power cap reduced.
    pub power_capped: u64,
    /// Payments to executors and validators (work coins), base units.
    pub work_coins: i128,
    /// Refunds to clients after invalidation or expiry, base units.
    pub refunds: i128,
    /// Clients told of a refund (inferences refunded after invalidation or expiry).
    pub clients_told: u64,
    /// Rewards paid (before vesting), base units.
    pub rewards: i128,
    /// Rewards forfeited, base units.
    pub forfeited: i128,
    /// Part of the epoch's issue that went to governance, base units.
    pub governance: i128,
    /// Burned, base units.
    pub burned: i128,
    /// Collateral slashed, base units.
    pub slashed: i128,
    /// Debts recovered from rewards, base units.
    pub debts_recovered: i128,
    /// Issued, base units.
    pub issued: i128,
    /// Service time of requests, nanoseconds.
    pub service_ns: u128,
    /// Service time of validations and votes, nanoseconds.
    pub verification_ns: u128,
    /// Mean price over the epoch's blocks in base units per model token, times 10^6, over all models.
    pub price_micro: u64,
}

impl EpochRow {
    /// Nothing counted yet.
    pub const fn zero() -> Self {
        Self {
            epoch: 0,
            requests: 0,
            refused: 0,
            unassigned: 0,
            finished: 0,
            expired: 0,
            nominal_rate_ppb_sum: 0,
            checked: 0,
            validations_drawn: 0,
            passed: 0,
            failed: 0,
            disputes: 0,
            disputes_capped: 0,
            invalidated: 0,
            revalidated: 0,
            undecided: 0,
            cheated: 0,
            honest_invalidated: 0,
            convictions: 0,
            honest_convictions: 0,
            deactivations: 0,
            missed_work_failures: 0,
            claims_rejected: 0,
            power_capped: 0,
            work_coins: 0,
            refunds: 0,
            clients_told: 0,
            rewards: 0,
            forfeited: 0,
            governance: 0,
            burned: 0,
            slashed: 0,
            debts_recovered: 0,
            issued: 0,
            service_ns: 0,
            verification_ns: 0,
            price_micro: 0,
        }
    }

    /// Adds another part of the same epoch's totals; epoch and price stay as they are.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.refused += other.refused;
        self.unassigned += other.unassigned;
        self.finished += other.finished;
        self.expired += other.expired;
        self.nominal_rate_ppb_sum += other.nominal_rate_ppb_sum;
        self.checked += other.checked;
        self.validations_drawn += other.validations_drawn;
        self.passed += other.passed;
        self.failed += other.failed;
        self.disputes += other.disputes;
        self.disputes_capped += other.disputes_capped;
        self.invalidated += other.invalidated;
        self.revalidated += other.revalidated;
        self.undecided += other.undecided;
        self.cheated += other.cheated;
        self.honest_invalidated += other.honest_invalidated;
        self.convictions += other.convictions;
        self.honest_convictions += other.honest_convictions;
        self.deactivations += other.deactivations;
        self.missed_work_failures += other.missed_work_failures;
        self.claims_rejected += other.claims_rejected;
        self.power_capped += other.power_capped;
        self.work_coins += other.work_coins;
        self.refunds += other.refunds;
        self.clients_told += other.clients_told;
        self.rewards += other.rewards;
        self.forfeited += other.forfeited;
        self.governance += other.governance;
        self.burned += other.burned;
        self.slashed += other.slashed;
        self.debts_recovered += other.debts_recovered;
        self.issued += other.issued;
        self.service_ns += other.service_ns;
        self.verification_ns += other.verification_ns;
    }
}

/// One participant in one settled epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantRow {
    /// Epoch number of the network.
    pub epoch: u32,
    /// Participant, an index into the scenario's hosts.
    pub participant: u32,
    /// Effective weight in the epoch.
    pub weight: u64,
    /// Reputation in the epoch, 0 to 100.
    pub reputation: u8,
    /// Status at settlement.
    pub status: Status,
    /// Why, if not active.
    pub reason: StatusReason,
    /// Finished inferences.
    pub inferences: u64,
    /// Missed requests.
    pub missed: u64,
    /// Passing validations of its answers.
    pub validated: u64,
    /// Invalidated answers.
    pub invalidated: u64,
    /// Its answers for which at least one validator was drawn.
    pub checked: u64,
    /// Answers served by a substitute.
    pub cheated: u64,
    /// Validations it was drawn for.
    pub validations_required: u64,
    /// Validations it did.
    pub validations_done: u64,
    /// Work coins settled, base units.
    pub work_coins: i128,
    /// Reward settled, base units.
    pub reward: i128,
    /// Reward it would have had with a clean record, minus what it had, base units.
    pub forfeited: i128,
    /// Collateral slashed, base units.
    pub slashed: i128,
    /// Cost of the hardware time it used, of holding its hardware, of its entry, and what its purse spent, base
    /// units.
    pub cost: i128,
    /// Hardware time used on requests and validations, nanoseconds.
    pub busy_ns: u64,
}

/// First conviction of one participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conviction {
    /// Participant.
    pub participant: u32,
    /// Epoch number of the network.
    pub epoch: u32,
    /// Block height.
    pub height: u64,
    /// Time since the run's start, nanoseconds.
    pub time_ns: u64,
    /// Answers it had finished in the run until then.
    pub answers: u64,
    /// Of these, answers served by a substitute.
    pub cheated: u64,
    /// Why.
    pub reason: StatusReason,
}

/// Heights of the stages that one epoch went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageHeights {
    /// Epoch number of the network.
    pub epoch: u32,
    /// Proof of compute starts.
    pub poc_start: u64,
    /// Proof-of-compute validation ends and the previous epoch settles.
    pub settlement: u64,
    /// The epoch's group is created.
    pub group_created: u64,
    /// The epoch's weights become effective.
    pub activation: u64,
    /// Claims of the previous epoch open.
    pub claim: u64,
}

/// Every kind of account of [`RunOutput::balances`].
pub const ACCOUNTS: [&str; 13] = [
    "clients",
    "module",
    "claimable",
    "wallets",
    "vesting",
    "governance",
    "burned",
    "deficit",
    "issuance",
    "escrow",
    "work",
    "collateral",
    "slashed",
];

/// Everything one run leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    /// Replicate number.
    pub replicate: u32,
    /// Digest of the run, lower-case hex.
    pub digest: String,
    /// Blocks simulated.
    pub blocks: u64,
    /// Simulated time, nanoseconds.
    pub time_ns: u64,
    /// One row a settled epoch.
    pub epochs: Vec<EpochRow>,
    /// One row a participant and settled epoch, epoch-major.
    pub participants: ParticipantTable,
    /// First convictions, in order of time.
    pub convictions: Vec<Conviction>,
    /// Heights of the stages, one entry an epoch entered.
    pub stages: Vec<StageHeights>,
    /// Client latency (arrival at the executor to completion, plus both transfers), nanoseconds.
    pub latency: LogHistogram,
    /// Time in the system at the server (arrival to completion), nanoseconds.
    pub sojourn: LogHistogram,
    /// Time in the queue (arrival to start), nanoseconds.
    pub waiting: LogHistogram,
    /// Answers of a cheating executor until its next committed failing verdict, one count a detection.
    pub answers_to_detection: LogHistogram,
    /// Balances at the end by kind of account, base units, in a fixed order; with issuance they sum to 0.
    pub balances: Vec<(&'static str, i128)>,
    /// Inferences still open at the end.
    pub open: u64,
    /// The event log, if it was asked for.
    pub events: Option<Vec<Event>>,
}
