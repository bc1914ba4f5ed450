//! Fields of what a scenario has several of: models, GPU classes, groups of hosts, shared outages.

use super::super::quantity::{COST_RATE, FACTOR, SIMILARITY, TOKENS_PER_SECOND};
use super::{
    COINS_MAX, Field, Kind, coins, count, duration, epochs, field, memory, number, positive_duration,
    quantity, share,
};

/// A model on offer, under `models.<name>`.
pub static MODEL: &[Field] = &[
    quantity(
        "threshold",
        &SIMILARITY,
        0,
        1_000_000_000,
        "A validation passes when the similarity is strictly above this.",
    ),
    memory("memory", "Accelerator memory a host needs to serve it."),
    quantity(
        "size",
        &FACTOR,
        1,
        1_000_000_000,
        "Work per model token relative to the hardware's stated speeds.",
    )
    .or("1"),
    number(
        "demand_share",
        0,
        1_000_000_000 * super::E18,
        "Its part of the demand, relative to the other models.",
    )
    .or("1"),
    field(
        "prompt",
        Kind::Lengths,
        "Prompt lengths, where they differ from the demand's.",
    )
    .optional(),
    field(
        "completion",
        Kind::Lengths,
        "Completion lengths, where they differ from the demand's.",
    )
    .optional(),
];

/// A GPU class, under `hardware.<name>`.
pub static HARDWARE: &[Field] = &[
    field(
        "kernel",
        Kind::Word,
        "Kernel, which selects the honest noise in the calibration.",
    ),
    memory("memory", "Accelerator memory of one card."),
    quantity(
        "prefill",
        &TOKENS_PER_SECOND,
        1_000_000,
        1_000_000_000_000_000,
        "Prefill speed on a model of size 1.",
    ),
    quantity(
        "decode",
        &TOKENS_PER_SECOND,
        1_000,
        1_000_000_000_000_000,
        "Decode speed of one slot on a model of size 1.",
    ),
    count("slots", 1, 60_000, "Requests that one card serves at a time."),
    quantity(
        "cost",
        &COST_RATE,
        0,
        COINS_MAX,
        "Operating cost of one card while it works.",
    ),
    quantity(
        "standby",
        &COST_RATE,
        0,
        COINS_MAX,
        "Cost of holding one card, whether it works or not.",
    )
    .optional(),
];

/// A group of hosts or a single host, an item of `population`.
pub static GROUP: &[Field] = &[
    field("id", Kind::Word, "Name of a single host.").optional(),
    field("name", Kind::Word, "Name of a group; its hosts are called `name-001` and so on. The strategy's name where absent.").optional(),
    count("count", 1, 2_000_000, "Number of hosts in the group.").or("1"),
    field("hosts_csv", Kind::File, "Hosts from a file: CSV with columns host, weight, models and optionally cards (or ml_nodes), epochs_completed, owner.").optional(),
    field("except", Kind::Words, "Hosts of the file that are left out, because they stand in the list by themselves.").optional(),
    field("strategy", Kind::Strategy, "How they decide: a strategy's name, or `{name: {parameter: value}}`."),
    field("weight", Kind::Weights, "Work that proof of compute measures, of which `protocol.poc.scale` times this is the weight: one for each, a list, or a law over the group.").optional(),
    field("models", Kind::Words, "Models they serve.").optional(),
    field("hardware", Kind::Word, "GPU class of their cards, from `hardware`."),
    count("cards", 1, 60_000, "Cards of a host: they add up in memory, slots and cost.").or("1"),
    field("owner", Kind::Word, "Owner of all of them; each its own where absent.").optional(),
    epochs("epochs_completed", 0, "Epoch summaries stored before the run.").or("0 epochs"),
    coins("collateral", "Collateral deposited before the run, each.").or("0 GNK"),
    epochs("joins_at", 0, "Epoch of the run, from 0, in which they join.").or("0 epochs"),
    field("absence", Kind::Absence, "Epochs in which they take no part: `{from: 10 epochs, epochs: 5 epochs}`.").optional(),
];

/// A stretch of absence, under `absence`.
pub static ABSENCE: &[Field] = &[
    epochs("from", 0, "First absent epoch of the run, from 0."),
    epochs("epochs", 1, "Number of absent epochs."),
];

/// A shared outage, an item of `outages.shared`.
pub static SHARED_OUTAGE: &[Field] = &[
    duration("at", "Start after the run's start."),
    positive_duration("lasts", "How long the outage lasts."),
    share("share", "Share of the hosts hit, drawn for each."),
];

/// Tables at the top of a scenario, by name: the fields of each entry.
pub static TOP_LEVEL_TABLES: &[(&str, &[Field])] = &[("models", MODEL), ("hardware", HARDWARE)];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Field> {
    MODEL
        .iter()
        .chain(HARDWARE)
        .chain(GROUP)
        .chain(ABSENCE)
        .chain(SHARED_OUTAGE)
}
