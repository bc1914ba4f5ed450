//! A checked scenario: what a run is made of, and nothing that could be wrong.
//!
//! A YAML file becomes a tree ([`document`]), is laid over its presets ([`layers`]), read against the one
//! table of fields ([`fields`]), checked as a whole, and only then becomes a [`Scenario`]: units are
//! parsed, names are looked up, ranges and cross-field rules hold. The engine reads this type alone.
//! [`load`] does it all and reports everything that is wrong at once.

mod build;
mod build_environment;
mod build_protocol;
mod canonical;
pub mod document;
pub mod error;
pub mod fields;
pub mod files;
mod host;
pub mod kind;
pub mod layers;
mod load;
mod measures;
mod population;
mod presets;
pub mod quantity;
mod read;
mod read_laws;
mod read_strategy;
mod record;
pub mod reference;
mod table;
mod template;
mod trace;
mod value;
mod values;
mod warnings;

#[cfg(test)]
pub(crate) mod tests;

pub use document::MAX_FILE_BYTES;
pub use error::{Place, Problem, ScenarioErrors, Source};
pub use files::InputFile;
pub use host::{Absence, Host, HostTerms};
pub use layers::Override;
pub use load::{Report, Summary, check, from_str, from_str_in, load};
pub use measures::{Assignment, ClaimSeed, Measures, Planted, SecondCheck, Unsampled};
pub use presets::{names as preset_names, text as preset_text};
pub use template::{FIRST_SCENARIO, new_from_template, template_names};

use std::sync::Arc;

use crate::experiment::attack::AttackSpec;
use compact_str::CompactString;
use stakeout_calibration::Calibration;
use stakeout_kernel::time::SimDuration;
use stakeout_protocol as protocol;
use stakeout_protocol::units::{Amount, EpochIndex, Fraction};

/// Everything a run depends on, besides the replicate number.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Short name, safe as a folder name (`[a-z0-9-]`, at most 64 characters).
    pub name: String,
    /// The question the file asks, from its `question:` key.
    pub question: Option<String>,
    /// Root seed of all random streams.
    pub seed: u64,
    /// Independent repetitions, numbered from 0.
    pub replicates: u32,
    /// Level of detail of the run.
    pub fidelity: Fidelity,
    /// First simulated epoch; the run starts at its activation height.
    pub first_epoch: EpochIndex,
    /// Number of epochs simulated through settlement and claim.
    pub epochs: u32,
    /// Stop after this many blocks, if that comes before the last epoch's claim.
    pub until_blocks: Option<u64>,
    /// Inferences that arrive earlier than this are served but left out of latency statistics.
    pub warm_up: SimDuration,
    /// Block clock and delays.
    pub chain: Chain,
    /// Parameters of every rule family.
    pub protocol: ProtocolParams,
    /// The models on offer; the index is the `ModelId`.
    pub models: Vec<AiModel>,
    /// GPU classes; hosts refer to them by index.
    pub hardware: Vec<GpuClass>,
    /// The identities, in a stable order; the index is the `ParticipantId`.
    pub hosts: Vec<Host>,
    /// Names of the owners; hosts refer to them by index.
    pub owners: Vec<CompactString>,
    /// Distinct strategies in use; hosts refer to them by index.
    pub strategies: Vec<StrategySpec>,
    /// Who pays for inferences.
    pub clients: Clients,
    /// How requests arrive.
    pub demand: Demand,
    /// When hosts are unreachable.
    pub outages: Outages,
    /// Detection power: score laws by substitute and kernel pair.
    pub calibration: Arc<Calibration>,
    /// What the real network recorded, to be set beside the simulated figures.
    pub record: Option<Record>,
    /// What it says about the attack that it shows.
    pub attack: AttackSpec,
    /// Assumption ids that this scenario leans on, sorted.
    pub assumptions: Vec<String>,
    /// Resolved values with the place each came from, sorted by path (what `scenario explain` prints).
    pub origins: Vec<ResolvedValue>,
    /// Sentences about set parameters that cannot have an effect.
    pub warnings: Vec<String>,
    /// Files beside the scenario that it was resolved with, sorted by path.
    pub files: Vec<InputFile>,
    /// Canonical YAML of the resolved scenario (what the run directory keeps), with the origin of each
    /// value as a comment behind it.
    pub canonical: String,
    /// First 16 hex digits of the blake3 hash of `canonical` without comments, name, question, seed and
    /// replicates.
    pub hash: String,
}

/// Level of detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Arrivals, service, chain, money: every rule family.
    Event,
    /// Every rule family on counts by participant and epoch, without queues and delays (`docs/fidelity.md`).
    Epoch,
    /// Arrivals, service and validations alone: no chain, no money. For capacity and latency questions.
    Service,
}

/// Block clock and delays between participants.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Time between two blocks.
    pub block_time: SimDuration,
    /// Delay from sending a transaction to the moment it can be included.
    pub inclusion_delay: SimDuration,
    /// Delay of a request from the client through the transfer agent to the executor, one way.
    pub transfer_delay: SimDuration,
    /// Delay from the block that makes an inference subject to sampling to the arrival of the
    /// validation job at the validator.
    pub validation_delay: SimDuration,
    /// At most this many transactions a block; `None` lifts the limit.
    pub transactions_per_block: Option<u32>,
    /// How a validator asks an executor for an answer's payload.
    pub payload: PayloadRetry,
}

/// How often, and after which pauses, a payload is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadRetry {
    /// Attempts; 0 where the payload lies on the chain and is always there.
    pub attempts: u32,
    /// Pause after the first attempt.
    pub first_pause: SimDuration,
    /// That pause is longer by 1 to this many whole seconds.
    pub first_jitter: SimDuration,
    /// Pause after each further attempt.
    pub pause: SimDuration,
    /// That pause is longer by 1 to this many whole seconds.
    pub jitter: SimDuration,
}

/// Parameters of every rule family.
#[derive(Clone, Debug)]
pub struct ProtocolParams {
    /// Epoch geometry in blocks.
    pub geometry: protocol::geometry::EpochParams,
    /// Escrow, expiry.
    pub escrow: protocol::escrow::EscrowParams,
    /// Who is checked.
    pub sampling: protocol::sampling::SamplingParams,
    /// How those who check are drawn.
    pub sampling_draw: SamplingDraw,
    /// What a validation costs the validator.
    pub validation_work: ValidationWork,
    /// Passing validators share the executor's payment.
    pub share_with_validators: bool,
    /// Reputation growth, penalty, decay.
    pub reputation: protocol::reputation::ReputationParams,
    /// Status tests.
    pub status: protocol::status::StatusParams,
    /// Missed-work test at settlement.
    pub missed_work: MissedWork,
    /// Dispute vote.
    pub dispute: protocol::dispute::DisputeParams,
    /// Collateral and slashing.
    pub collateral: protocol::collateral::CollateralParams,
    /// Proof of compute and its confirmation.
    pub poc: protocol::poc::PocParams,
    /// Share of hosts, drawn for each proof-of-compute stage, that go on serving during it.
    pub preserved_share: Fraction,
    /// Cap on one participant's share of voting power, if any.
    pub power_cap: Option<Fraction>,
    /// Reward schedule and forfeits.
    pub rewards: protocol::settlement::RewardParams,
    /// Epochs over which work coins and rewards vest; 0 pays at once.
    pub vesting_epochs: u32,
    /// Price of an inference.
    pub pricing: protocol::pricing::PriceParams,
    /// Validator duty at claim.
    pub claims: protocol::claims::ClaimParams,
    /// Transfer agents' bandwidth limiter, if on.
    pub bandwidth: Option<protocol::bandwidth::BandwidthParams>,
    /// Rules against particular attacks, each off unless a scenario sets it.
    pub measures: Measures,
}

/// The missed-work test at settlement.
#[derive(Clone, Copy, Debug)]
pub struct MissedWork {
    /// Run the test at all.
    pub enabled: bool,
    /// Governance's tolerated miss probability.
    pub p0: Fraction,
    /// Raise the tolerated probability with the network's own miss rate.
    pub dynamic_p0: bool,
}

/// How those who check an answer are drawn; both have the same law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplingDraw {
    /// At the cost of those who are drawn.
    Thinning,
    /// By the network's own hash of each validator's seed and the inference.
    Sha256,
}

/// What a validation job asks of the validator's hardware.
#[derive(Clone, Debug)]
pub enum ValidationWork {
    /// One prefill over prompt and answer.
    Replay,
    /// A fresh decode of this many model tokens, as queueing models have it.
    Fresh(LengthLaw),
}

/// A model on offer.
#[derive(Clone, Debug)]
pub struct AiModel {
    /// Name, as in the scenario.
    pub name: String,
    /// A validation passes when similarity is strictly above this (parts per 10^9).
    pub threshold_ppb: u32,
    /// Accelerator memory a host needs to serve it, in GiB.
    pub memory_gib: u32,
    /// Work per model token relative to the hardware class's stated rates, in parts per 10^6.
    pub size_ppm: u32,
    /// Share of the demand, relative to the other models (any positive number).
    pub demand_share: f64,
    /// Prompt length, if this model's differs from the demand's.
    pub prompt: Option<LengthLaw>,
    /// Completion length, if this model's differs.
    pub completion: Option<LengthLaw>,
}

/// A GPU class.
#[derive(Clone, Debug)]
pub struct GpuClass {
    /// Name, as in the scenario.
    pub name: String,
    /// Kernel name, which selects the honest-noise stratum of the calibration.
    pub kernel: String,
    /// Accelerator memory in GiB.
    pub memory_gib: u32,
    /// Prefill time for one model token of a size-1 model, in nanoseconds.
    pub prefill_ns: u64,
    /// Decode time for one model token of a size-1 model in one slot, in nanoseconds.
    pub decode_ns: u64,
    /// Concurrent slots.
    pub slots: u16,
    /// Operating cost in base units an hour.
    pub cost_per_hour: Amount,
    /// Cost of holding one card, busy or not, in base units an hour.
    pub standby_per_hour: Amount,
}

/// A strategy's name and parameters, already checked against the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategySpec {
    /// Registered name.
    pub name: String,
    /// Parameter values in the registry's order.
    pub params: Vec<(String, ParamValue)>,
}

/// A checked parameter value of a strategy.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A probability or share.
    Fraction(Fraction),
    /// A count.
    Count(u64),
    /// A length of time.
    Duration(SimDuration),
    /// A name, such as a substitute's.
    Name(String),
    /// A switch.
    Switch(bool),
}

/// Who pays.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    /// Number of clients; each request belongs to a uniformly drawn one.
    pub count: u32,
    /// Balance of each at the start.
    pub balance: Amount,
    /// Share of all arrivals that belong to the purse of the participant whose strategy sends requests; it
    /// has a client's balance. Nobody sends them where no strategy does.
    pub purse_share: Fraction,
}

impl Clients {
    /// Number of accounts: one a client, and one for the purse where there is one.
    pub fn accounts(&self) -> usize {
        self.count.max(1) as usize + usize::from(self.purse_share > Fraction::ZERO)
    }
}

/// How requests arrive, and how long they are.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The arrival law.
    pub arrivals: Arrivals,
    /// Prompt length.
    pub prompt: LengthLaw,
    /// Completion length.
    pub completion: LengthLaw,
    /// `max_tokens` of a request, if it differs from the protocol's default.
    pub max_tokens: Option<u32>,
}

/// An arrival law over the whole network.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Poisson with a constant rate.
    Poisson {
        /// Mean arrivals a second.
        per_second: f64,
    },
    /// Poisson whose rate follows a daily cosine: rate·(1 + amplitude·cos(2π(t − peak)/period)).
    Diurnal {
        /// Mean arrivals a second.
        per_second: f64,
        /// Relative swing, 0 to 1.
        amplitude: f64,
        /// Time of the peak after the run's start.
        peak: SimDuration,
        /// Length of a day.
        period: SimDuration,
    },
    /// Two-state Markov-modulated Poisson process (bursts).
    Bursty {
        /// Arrivals a second in the calm state.
        calm_per_second: f64,
        /// Arrivals a second in the burst state.
        burst_per_second: f64,
        /// Mean sojourn in the calm state.
        calm_mean: SimDuration,
        /// Mean sojourn in the burst state.
        burst_mean: SimDuration,
    },
    /// A recorded trace, sorted by arrival.
    Trace(Arc<Vec<TraceRequest>>),
}

impl Arrivals {
    /// Arrivals a second most of the time; 0 of a trace, which is not asked.
    pub(crate) fn usual_per_second(&self) -> f64 {
        match self {
            Self::Poisson { per_second } | Self::Diurnal { per_second, .. } => *per_second,
            Self::Bursty { calm_per_second, .. } => *calm_per_second,
            Self::Trace(_) => 0.0,
        }
    }
}

/// One request of a recorded trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// Arrival after the run's start, in nanoseconds.
    pub arrival_ns: u64,
    /// Model.
    pub model: u16,
    /// Executor, if the record names it; otherwise it is drawn by weight.
    pub executor: Option<u32>,
    /// Client, if the record names it.
    pub client: Option<u32>,
    /// Prompt length, if recorded.
    pub prompt: Option<u32>,
    /// Completion length, if recorded.
    pub completion: Option<u32>,
    /// The record says that the executor never finished it.
    pub missed: bool,
}

/// A law of lengths in model tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum LengthLaw {
    /// Always the same.
    Constant(u32),
    /// Uniform over a closed range.
    Uniform(u32, u32),
    /// Exponential, rounded down (used by queueing checks).
    Exponential {
        /// Mean in model tokens.
        mean: f64,
    },
    /// Lognormal by its median and 95th percentile, rounded to the nearest.
    Lognormal {
        /// Median in model tokens.
        median: f64,
        /// 95th percentile in model tokens.
        p95: f64,
    },
    /// Drawn uniformly from recorded lengths.
    Empirical(Arc<Vec<u32>>),
}

/// When hosts are unreachable.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    /// Independent failures of each host: mean time between failures and to repair.
    pub per_host: Option<OutageLaw>,
    /// Failures that take many hosts at once.
    pub shared: Vec<SharedOutage>,
    /// A job that an outage cuts is resumed afterwards (`true`) or lost (`false`).
    pub resume: bool,
}

/// Alternating exponential up and down times.
#[derive(Clone, Copy, Debug)]
pub struct OutageLaw {
    /// Mean time between failures.
    pub mean_up: SimDuration,
    /// Mean time to repair.
    pub mean_down: SimDuration,
}

/// One stretch of time in which a share of the hosts is down.
#[derive(Clone, Copy, Debug)]
pub struct SharedOutage {
    /// Start after the run's start.
    pub at: SimDuration,
    /// Length.
    pub lasts: SimDuration,
    /// Share of hosts hit, drawn per host.
    pub share: Fraction,
}

/// What the real network recorded.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where the figures come from.
    pub source: String,
    /// Heights recorded, by name of the stage.
    pub heights: Vec<(String, u64)>,
    /// Epoch whose settlement the rewards belong to.
    pub epoch: EpochIndex,
    /// Per host, in the order of the record.
    pub hosts: Vec<RecordedHost>,
}

/// Recorded figures of one host; `None` where the record does not give the figure.
#[derive(Clone, Debug)]
pub struct RecordedHost {
    /// The host, an index into [`Scenario::hosts`].
    pub host: u32,
    /// Completed inferences.
    pub inferences: Option<u64>,
    /// Missed requests.
    pub missed: Option<u64>,
    /// Passing validations of its answers.
    pub validated: Option<u64>,
    /// Invalidated answers.
    pub invalidated: Option<u64>,
    /// Reward in base units.
    pub reward: Option<Amount>,
}

/// A resolved value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedValue {
    /// Dotted path in the scenario.
    pub path: String,
    /// Value as written in canonical form, with its unit.
    pub value: String,
    /// Preset, file or command line.
    pub origin: String,
    /// Public source of a preset's value, if the preset names one.
    pub source: Option<String>,
}
