//! Fields of the run, the chain's clock, demand, outages and the record.

use super::super::quantity::{EPOCHS, RATE, SPAN, WHOLE_SECONDS};
use super::{
    BLOCKS_MAX, EPOCHS_MAX, Field, Kind, SECOND, coins, count, duration, field, one_of, positive_duration,
    quantity, share, switch, tokens,
};

/// The run itself.
pub(super) static RUN: &[Field] = &[
    field(
        "name",
        Kind::Word,
        "Short name, used for the run's folder; the file's name without its ending where absent.",
    )
    .optional(),
    field(
        "question",
        Kind::Text,
        "The question the scenario asks, in a sentence.",
    )
    .optional(),
    field(
        "expect",
        Kind::Text,
        "What `stakeout attacks` holds the figures against: clauses such as `gain < 0 GNK; checked = 65 % +- 1 %`.",
    )
    .optional(),
    field(
        "attack.owner",
        Kind::Word,
        "Owner whose profit is set beside its honest twin's; the heaviest that deviates where absent.",
    )
    .optional(),
    one_of(
        "attack.twin",
        &["honest", "alone", "merged"],
        "The twin: the same identities honest, the first of them alone, or the first with the hardware of all.",
    )
    .optional(),
    one_of(
        "attack.goal",
        &["profit", "harm"],
        "What the attacker is after; a defence against harm must take nine tenths of it.",
    )
    .optional(),
    field(
        "attack.defences",
        Kind::Words,
        "Defences that `stakeout attacks` tries, by name.",
    )
    .optional(),
    count("seed", 0, u64::MAX as i128, "Root of all random streams."),
    count(
        "replicates",
        1,
        100_000,
        "Independent repetitions, numbered from 0.",
    ),
    one_of(
        "fidelity",
        &["event", "epoch", "service"],
        "Level of detail: `event` has every rule, `epoch` counts a participant's epoch at once, `service` has neither \
         chain nor money.",
    ),
    count(
        "first_epoch",
        1,
        EPOCHS_MAX,
        "Number of the first simulated epoch; prices and rewards depend on it.",
    ),
    quantity(
        "duration",
        &EPOCHS,
        1,
        EPOCHS_MAX,
        "Epochs simulated, each through its settlement and claim.",
    ),
    quantity(
        "until",
        &SPAN,
        1,
        BLOCKS_MAX * SECOND,
        "Stops earlier, after so many blocks, epochs or so much time.",
    )
    .or_none(),
    duration(
        "warm_up",
        "Inferences that arrive before this are served and left out of latency figures.",
    ),
    field(
        "calibration",
        Kind::Word,
        "Built-in calibration of detection power: score laws by substitute and kernel pair.",
    ),
    field(
        "calibration_file",
        Kind::File,
        "Calibration file beside the scenario, instead of a built-in one.",
    )
    .optional(),
    field(
        "files",
        Kind::Hashes,
        "Hashes of the files beside the scenario, written into a resolved one: other contents are refused.",
    )
    .optional(),
    field(
        "assumptions",
        Kind::Words,
        "Ids of the assumptions the scenario leans on; those of presets are added.",
    )
    .or("[]"),
];

/// The block clock and delays.
pub(super) static CHAIN: &[Field] = &[
    positive_duration("chain.block_time", "Time between two blocks."),
    duration(
        "chain.inclusion_delay",
        "From sending a transaction to the moment a block may include it.",
    ),
    duration(
        "chain.transfer_delay",
        "A request's way from the client through the transfer agent to the executor.",
    ),
    duration(
        "chain.validation_delay",
        "From the block that makes an inference subject to sampling to the validator's job.",
    ),
    count(
        "chain.transactions_per_block",
        1,
        1_000_000_000,
        "Most transactions in a block; `none` lifts the limit.",
    )
    .or_none(),
    count(
        "chain.payload.attempts",
        0,
        100,
        "How often a validator asks the executor for an answer's payload; 0 where it lies on the chain.",
    ),
    payload_seconds(
        "chain.payload.first_pause",
        "Pause after the first attempt to get a payload.",
    ),
    payload_seconds(
        "chain.payload.first_jitter",
        "That pause is longer by one second up to this.",
    ),
    payload_seconds(
        "chain.payload.pause",
        "Pause after each further attempt to get a payload.",
    ),
    payload_seconds(
        "chain.payload.jitter",
        "That pause is longer by one second up to this.",
    ),
];

/// A pause between attempts, in whole seconds: a day at most, so that all of them fit into the clock.
const fn payload_seconds(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &WHOLE_SECONDS, 1, 86_400, doc)
}

/// Who asks, when, and for how much.
pub(super) static CLIENTS_AND_DEMAND: &[Field] = &[
    count(
        "clients.count",
        1,
        10_000_000,
        "Number of clients; each request belongs to one drawn uniformly.",
    ),
    coins("clients.balance", "Balance of each client at the start."),
    share(
        "clients.purse_share",
        "Share of all arrivals that belong to the purse of a participant whose strategy sends requests; a client's balance fills it.",
    )
    .optional(),
    one_of(
        "demand.law",
        &["poisson", "diurnal", "bursty", "trace"],
        "How requests arrive over the whole network.",
    ),
    rate("demand.rate", "Mean arrivals (`poisson`, `diurnal`).").optional(),
    share(
        "demand.amplitude",
        "Relative swing of the daily rate (`diurnal`).",
    )
    .optional(),
    duration(
        "demand.peak",
        "Time of the daily peak after the run's start (`diurnal`).",
    )
    .optional(),
    positive_duration("demand.period", "Length of a day (`diurnal`).").or("24 h"),
    rate("demand.calm_rate", "Arrivals in the calm state (`bursty`).").optional(),
    rate("demand.burst_rate", "Arrivals in the burst state (`bursty`).").optional(),
    positive_duration("demand.calm_mean", "Mean length of a calm stretch (`bursty`).").optional(),
    positive_duration("demand.burst_mean", "Mean length of a burst (`bursty`).").optional(),
    field(
        "demand.trace",
        Kind::File,
        "Recorded requests, CSV or Parquet, sorted by arrival (`trace`).",
    )
    .optional(),
    field("demand.prompt", Kind::Lengths, "Prompt lengths."),
    field("demand.completion", Kind::Lengths, "Completion lengths."),
    tokens(
        "demand.max_tokens",
        1,
        "Longest answer a request asks for; `none` leaves the protocol's default.",
    )
    .or_none(),
];

const fn rate(path: &'static str, doc: &'static str) -> Field {
    // One a day at least, so that a run with a demand has a request; 10^9 a second at most.
    quantity(path, &RATE, 1, 86_400_000_000 * 1_000_000_000, doc)
}

/// When hosts are unreachable, and what the real network recorded.
pub(super) static OUTAGES_AND_RECORD: &[Field] = &[
    positive_duration(
        "outages.per_host.mean_up",
        "Mean time between two failures of a host; `none` for no failures.",
    )
    .or_none(),
    positive_duration(
        "outages.per_host.mean_down",
        "Mean time to repair; `none` for no failures.",
    )
    .or_none(),
    field(
        "outages.shared",
        Kind::SharedOutages,
        "Stretches of time in which a share of all hosts is down.",
    )
    .or("[]"),
    switch(
        "outages.resume",
        "A job that an outage cuts goes on afterwards; otherwise it is lost.",
    ),
    field(
        "record.source",
        Kind::Text,
        "Where the recorded figures come from.",
    )
    .optional(),
    count(
        "record.epoch",
        1,
        EPOCHS_MAX,
        "Epoch whose settlement the recorded rewards belong to.",
    )
    .optional(),
    field(
        "record.heights",
        Kind::Heights,
        "Recorded heights by name of the stage.",
    )
    .optional(),
    field(
        "record.hosts_csv",
        Kind::File,
        "Recorded figures by host: CSV with a column `host`.",
    )
    .optional(),
    field(
        "population",
        Kind::Population,
        "Groups of hosts, and single hosts; their order is that of the participants.",
    ),
];
