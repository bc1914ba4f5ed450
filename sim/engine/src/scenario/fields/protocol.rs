//! Fields of the rule families, in the order in which an epoch meets them.

use super::super::quantity::{BLOCKS, COINS_PER_WEIGHT, DATA, DATA_PER_TOKEN};
use super::{
    BLOCKS_MAX, E18, EPOCHS_MAX, Field, Kind, blocks, coins, count, epochs, field, number, one_of,
    open_share, price, quantity, share, switch, tokens, whole_seconds,
};

/// Every parameter of every rule.
pub(super) static PROTOCOL: &[Field] = &[
    blocks(
        "protocol.geometry.length",
        10,
        "From one start of proof of compute to the next.",
    ),
    quantity(
        "protocol.geometry.shift",
        &BLOCKS,
        -BLOCKS_MAX,
        BLOCKS_MAX,
        "How far before block `length x epoch` the proof of compute of an epoch starts.",
    ),
    blocks("protocol.geometry.poc_stage", 1, "Generation of proofs."),
    blocks(
        "protocol.geometry.poc_exchange",
        0,
        "From the end of generation to the deadline for handing proofs in.",
    ),
    blocks(
        "protocol.geometry.poc_validation_delay",
        0,
        "From the end of generation to the start of proof validation.",
    ),
    blocks(
        "protocol.geometry.poc_validation_duration",
        1,
        "Proof validation; settlement is at its end.",
    ),
    blocks(
        "protocol.geometry.set_new_validators_delay",
        0,
        "From the end of proof validation to the creation of the next group of hosts.",
    ),
    blocks(
        "protocol.geometry.activation_delay",
        0,
        "From the creation of the group to the block where it takes effect.",
    ),
    blocks(
        "protocol.geometry.inference_validation_cutoff",
        0,
        "Inferences this close to the next proof of compute are nobody's duty to validate.",
    ),
    tokens(
        "protocol.escrow.max_tokens_default",
        1,
        "Longest answer a request pays for in advance when it names no limit.",
    ),
    blocks(
        "protocol.escrow.expiration",
        1,
        "Blocks after its start at which an unfinished inference expires.",
    ),
    price(
        "protocol.escrow.price_fallback",
        "Price of a model that has none of its own.",
    ),
    one_of(
        "protocol.sampling.rule",
        &["reputation", "flat", "designated", "slots", "none"],
        "Who is checked: by reputation and traffic, everybody alike, by a designated validator, by a session's slots, or nobody.",
    ),
    share(
        "protocol.sampling.rate_min",
        "Target rate of a full reputation under full traffic.",
    ),
    number(
        "protocol.sampling.rate_max",
        0,
        1_000 * E18,
        "Target checks an answer for a newcomer, on average; may exceed 1.",
    ),
    share(
        "protocol.sampling.rate_halfway",
        "Floor of the rate at half of the full traffic.",
    ),
    count(
        "protocol.sampling.traffic_full",
        2,
        1_000_000_000_000,
        "Requests an epoch from which on the floor is `rate_min`.",
    ),
    count(
        "protocol.sampling.traffic_min",
        0,
        1_000_000_000_000,
        "Requests an epoch up to which the floor is `rate_max`.",
    ),
    share("protocol.sampling.flat_rate", "Target rate of the rule `flat`."),
    switch(
        "protocol.sampling.at_least_one_for_newcomers",
        "An answer of an executor without reputation that nobody drew gets a designated validator: the article says so, the code does not do it.",
    ),
    one_of(
        "protocol.sampling.draw",
        &["thinning", "sha256"],
        "How those who check are drawn: at the cost of those who are drawn, or by the network's own hash; the law is the same.",
    ),
    one_of(
        "protocol.validation.work",
        &["replay", "fresh"],
        "What a validation costs the validator: one prefill over prompt and answer, or a fresh decode.",
    ),
    field(
        "protocol.validation.fresh_length",
        Kind::Lengths,
        "Length of the decode where the work is `fresh`.",
    ),
    switch(
        "protocol.validation.share_with_validators",
        "Passing validators share the executor's payment.",
    ),
    share(
        "protocol.validation.planted_rate",
        "Share of the checked answers with which a planted mismatch is sent to the validators drawn.",
    )
    .optional(),
    coins(
        "protocol.validation.planted_fine",
        "What a validator pays who passes a planted mismatch.",
    )
    .optional(),
    switch(
        "protocol.validation.commit_reveal",
        "Verdicts are committed by hash before any is revealed, so that none can be copied.",
    )
    .optional(),
    one_of(
        "protocol.validation.second_check",
        &["none", "seed_synchronised"],
        "Check of the sampler's draws beside that of distributions; its power is in the calibration.",
    )
    .optional(),
    one_of(
        "protocol.assignment.rule",
        &["by_agent", "committed", "round_robin"],
        "Who chooses an executor: the transfer agent, a verifiable draw, or the turn of a session's slots.",
    )
    .optional(),
    count(
        "protocol.assignment.slots",
        1,
        1_024,
        "Slots of a session (`round_robin`); 16 where absent.",
    )
    .optional(),
    coins(
        "protocol.identity.fee",
        "What an identity pays to the community when it first takes part.",
    )
    .optional(),
    epochs(
        "protocol.reputation.epochs_to_max",
        1,
        "Clean epochs to a full reputation: 30 in the code, 100 in documents.",
    ),
    share(
        "protocol.reputation.miss_cutoff",
        "Share of missed requests in an epoch up to which nothing is deducted.",
    ),
    number(
        "protocol.reputation.miss_penalty",
        0,
        1_000 * E18,
        "Epochs deducted for an epoch in which everything was missed.",
    ),
    one_of(
        "protocol.reputation.penalty_form",
        &["sum", "nested"],
        "How misses add up: the code's sum or the note's nested form.",
    ),
    one_of(
        "protocol.reputation.on_conviction",
        &["keep", "reset"],
        "A convicted host keeps its reputation (the code) or loses it (the article).",
    ),
    one_of(
        "protocol.reputation.on_absence",
        &["keep", "delete", "half_life"],
        "What absence does: nothing, deletion after `absence`, or decay with the half-life `absence`.",
    ),
    epochs(
        "protocol.reputation.absence",
        1,
        "Epochs after which a reputation is deleted, or in which it halves.",
    ),
    open_share(
        "protocol.status.false_positive_rate",
        "Chance that one check of a right answer fails, as the tests assume it.",
    ),
    share(
        "protocol.status.quick_failure_threshold",
        "A run of failures less likely than this convicts at once; 0 % turns the quick test off.",
    ),
    one_of(
        "protocol.status.test",
        &["none", "z_test", "sprt", "cusum", "e_process", "one_strike"],
        "How failed checks altogether are judged.",
    ),
    count(
        "protocol.status.z_test.measurements_cap",
        1,
        1_000_000,
        "The ramp-up of the z-test never asks for more answers than this.",
    ),
    count(
        "protocol.status.z_test.deviations_max",
        0,
        1_000,
        "The z-test flags strictly above so many standard deviations.",
    ),
    open_share(
        "protocol.status.sprt.p0",
        "Failure rate of a good participant in the sequential test.",
    ),
    open_share(
        "protocol.status.sprt.p1",
        "Failure rate of a bad participant in the sequential test.",
    ),
    number(
        "protocol.status.sprt.h",
        1,
        1_000_000_000_000 * E18 / 1_000_000,
        "Log-likelihood ratio at which the sequential test convicts.",
    ),
    switch(
        "protocol.status.downtime.enabled",
        "Runs the sequential test of missed requests.",
    ),
    open_share(
        "protocol.status.downtime.p0",
        "Rate of missed requests of a good participant.",
    ),
    open_share(
        "protocol.status.downtime.p1",
        "Rate of missed requests of a bad participant.",
    ),
    number(
        "protocol.status.downtime.h",
        1,
        1_000_000_000_000 * E18 / 1_000_000,
        "Log-likelihood ratio at which the downtime test decides.",
    ),
    number(
        "protocol.status.llr_floor",
        -1_000_000 * E18,
        0,
        "Both sequential sums never fall below this; the network has no floor.",
    )
    .or_none(),
    share(
        "protocol.status.poc_ratio_min",
        "A confirmed share of the weight below this makes inactive.",
    )
    .or_none(),
    share(
        "protocol.status.level",
        "Chance of a false conviction in an epoch (`e_process`); 1 % where absent.",
    )
    .optional(),
    one_of(
        "protocol.status.unsampled",
        &["ignored", "passed"],
        "What an answer that nobody checked counts for: nothing, or a passed check as in profile C.",
    )
    .optional(),
    one_of(
        "protocol.status.streak_on_return",
        &["keep", "reset"],
        "Whether a run of failures survives re-activation (until v0.2.12) or not.",
    ),
    switch(
        "protocol.missed_work.enabled",
        "Runs the missed-work test at settlement.",
    ),
    share("protocol.missed_work.p0", "Tolerated miss probability."),
    switch(
        "protocol.missed_work.dynamic_p0",
        "Raises the tolerated probability with the network's own miss rate (since v0.2.10).",
    ),
    share(
        "protocol.dispute.quorum",
        "Share of the voting weight that decides a dispute.",
    ),
    whole_seconds(
        "protocol.dispute.period",
        "How long a vote is open, in whole seconds.",
    ),
    one_of(
        "protocol.dispute.voters",
        &["group", "sampled"],
        "Who votes: the whole model group, or a weighted sample (a draft).",
    ),
    count(
        "protocol.dispute.sampled.voters",
        1,
        10_000,
        "Voters drawn where they are `sampled`.",
    ),
    share(
        "protocol.dispute.sampled.weight_cap",
        "Largest share of the voters' weight that one vote counts where they are `sampled`.",
    ),
    switch(
        "protocol.dispute.executor_may_vote",
        "The executor votes on its own answer, as on the network.",
    ),
    switch(
        "protocol.dispute.opener_must_be_drawn",
        "Only a validator that the draw selected may open a dispute; on the network anybody may.",
    ),
    one_of(
        "protocol.dispute.on_no_quorum",
        &["stay_open", "count_as_valid"],
        "What becomes of a vote without a quorum: open for ever, as on the network, or the answer counts as right.",
    ),
    coins(
        "protocol.dispute.bounty",
        "What the executor of an invalidated answer pays to the validator who opened the case.",
    )
    .optional(),
    count(
        "protocol.dispute.open_limit",
        0,
        1_000_000_000,
        "Open disputes of a validator with all weight, full reputation and unbounded traffic.",
    ),
    count(
        "protocol.dispute.open_curve",
        1,
        1_000_000_000,
        "Traffic at which 76 % of the limit is reached.",
    ),
    count(
        "protocol.dispute.open_min",
        0,
        1_000_000_000,
        "Open disputes that every validator may have.",
    ),
    whole_seconds(
        "protocol.dispute.open_sample",
        "Period over which the traffic is counted, in whole seconds.",
    ),
    share(
        "protocol.collateral.base_ratio",
        "Part of a weight that needs no collateral.",
    ),
    quantity(
        "protocol.collateral.per_weight",
        &COINS_PER_WEIGHT,
        0,
        100_000_000_000 * E18,
        "Coins that secure one unit of weight; 0 asks for none.",
    ),
    epochs(
        "protocol.collateral.grace",
        0,
        "Until this epoch every weight counts in full.",
    ),
    share("protocol.collateral.slash_invalid", "Part slashed on conviction."),
    share("protocol.collateral.slash_downtime", "Part slashed for downtime."),
    one_of(
        "protocol.collateral.slashed_to",
        &["burned", "governance"],
        "Where slashed coins go: burned before v0.2.11, to governance since.",
    ),
    epochs(
        "protocol.collateral.unbonding",
        0,
        "Epochs between asking for collateral and having it.",
    ),
    switch(
        "protocol.collateral.unbond_before_slash",
        "Unbonded coins leave before the slashes of the same settlement, as on the network.",
    ),
    number(
        "protocol.poc.scale",
        1,
        1_000_000 * E18,
        "Weight per valid proof of the nominal stage.",
    ),
    one_of(
        "protocol.poc.acceptance",
        &["half", "two_thirds"],
        "Part of all voting power that accepts proofs: over one half (v0.2.0) or two thirds.",
    ),
    share(
        "protocol.poc.confirmation_tolerance",
        "A reading this close to the expected one counts as full.",
    ),
    share(
        "protocol.poc.confirmation_ratio_min",
        "Below this ratio a confirmation has failed.",
    ),
    number(
        "protocol.poc.confirmations_per_epoch",
        0,
        1_000 * E18,
        "Confirmations an epoch, on average.",
    ),
    switch(
        "protocol.poc.guardians",
        "Guardians of one mind accept right proofs that the vote has neither accepted nor refused.",
    )
    .optional(),
    share(
        "protocol.poc.preserved_share",
        "Share of hosts, drawn for each proof-of-compute stage, that go on serving during it.",
    ),
    open_share(
        "protocol.power_cap",
        "Cap on one participant's share of voting power.",
    )
    .or_none(),
    coins("protocol.rewards.initial", "Reward of the genesis epoch."),
    number(
        "protocol.rewards.decay_per_epoch",
        0,
        E18,
        "What the reward is multiplied by from one epoch to the next.",
    ),
    count(
        "protocol.rewards.genesis_epoch",
        0,
        EPOCHS_MAX,
        "First epoch that is rewarded.",
    ),
    one_of(
        "protocol.rewards.forfeits_to",
        &["governance", "redistribute", "burn"],
        "Where rewards go that no host has earned.",
    ),
    one_of(
        "protocol.rewards.settlement_cap",
        &["none", "by_hosts", "fixed"],
        "Largest part of the settled weight that one host may have.",
    ),
    open_share(
        "protocol.rewards.settlement_cap_share",
        "That part, where the cap is `fixed`.",
    ),
    coins(
        "protocol.rewards.supply_cap",
        "The most that is ever issued as reward.",
    )
    .or_none(),
    one_of(
        "protocol.rewards.rule",
        &["decay", "legacy_subsidy"],
        "A fixed reward that decays, divided by weight, or the v0.2.0 multiple of work coins.",
    ),
    share(
        "protocol.rewards.subsidy.rate",
        "Part of a host's income that the subsidy makes up, at first (`legacy_subsidy`).",
    ),
    share(
        "protocol.rewards.subsidy.cutoff",
        "The rate falls each time this part of the supply has been paid out (`legacy_subsidy`).",
    ),
    share(
        "protocol.rewards.subsidy.decrease",
        "Part by which the rate falls (`legacy_subsidy`).",
    ),
    epochs(
        "protocol.vesting.epochs",
        0,
        "Epochs over which work coins and rewards vest; 0 pays at once.",
    ),
    one_of(
        "protocol.pricing.mode",
        &["dynamic", "fixed"],
        "Who sets the price: utilisation, or nobody.",
    ),
    price("protocol.pricing.initial", "Price of a model in its first block."),
    price("protocol.pricing.minimum", "The price never falls below this."),
    share(
        "protocol.pricing.zone_low",
        "Below this utilisation the price falls.",
    ),
    share(
        "protocol.pricing.zone_high",
        "Above this utilisation the price rises.",
    ),
    share(
        "protocol.pricing.elasticity",
        "Relative change of the price per unit of utilisation outside the zone.",
    ),
    blocks(
        "protocol.pricing.window",
        1,
        "Blocks over which utilisation is averaged.",
    ),
    whole_seconds(
        "protocol.pricing.block_time",
        "Length of a block that utilisation assumes, in whole seconds.",
    ),
    count(
        "protocol.pricing.free_until_epoch",
        0,
        EPOCHS_MAX,
        "Until this epoch inference is free of charge.",
    ),
    one_of(
        "protocol.claims.seed",
        &["committed", "free"],
        "Which seed a claim reveals: the one committed to before the epoch, or any, since it may be replaced.",
    )
    .optional(),
    one_of(
        "protocol.claims.rule",
        &["none", "all_or_nothing", "binomial_test"],
        "What a missed validation does to the claim of a reward.",
    ),
    share(
        "protocol.claims.p0",
        "Tolerated share of missed validations (`binomial_test`).",
    ),
    blocks(
        "protocol.claims.retry",
        1,
        "Blocks after which a host whose claim was refused claims again; `none` where it claims once.",
    )
    .or_none(),
    count(
        "protocol.claims.sample_max",
        1,
        1_000_000_000_000,
        "Most answers looked at for one claim, sampled anew for each attempt; `none` looks at all.",
    )
    .or_none(),
    switch(
        "protocol.bandwidth.enabled",
        "Runs the transfer agents' bandwidth limiter.",
    ),
    quantity(
        "protocol.bandwidth.per_prompt_token",
        &DATA_PER_TOKEN,
        0,
        10_000_000,
        "Estimated data per prompt token.",
    ),
    quantity(
        "protocol.bandwidth.per_completion_token",
        &DATA_PER_TOKEN,
        0,
        10_000_000,
        "Estimated data per token of the answer.",
    ),
    quantity(
        "protocol.bandwidth.limit_per_block",
        &DATA,
        1,
        1_000_000_000_000_000,
        "What all transfer agents together may put into one block on average.",
    ),
    blocks(
        "protocol.bandwidth.lifespan",
        1,
        "Blocks for which a request counts after the one it arrived in.",
    ),
    count(
        "protocol.bandwidth.inferences_per_block_max",
        1,
        4_000_000_000,
        "Started and finished inferences that fit into one block.",
    )
    .or_none(),
];
