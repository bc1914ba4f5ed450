//! The rule families' parameters from their fields, and the rules that hold between fields.

use stakeout_protocol::bandwidth::{BandwidthParams, DataSize};
use stakeout_protocol::claims::{ClaimParams, ClaimRule};
use stakeout_protocol::collateral::{CollateralParams, SlashedTo};
use stakeout_protocol::dispute::{DisputeParams, OnNoQuorum, VoterRule};
use stakeout_protocol::escrow::EscrowParams;
use stakeout_protocol::geometry::{EpochParams, compute_poc_start};
use stakeout_protocol::poc::{AcceptanceThreshold, PocParams};
use stakeout_protocol::pricing::{PriceMode, PriceParams};
use stakeout_protocol::reputation::{OnAbsence, OnConviction, PenaltyForm, ReputationParams};
use stakeout_protocol::sampling::{SamplingParams, SamplingRule};
use stakeout_protocol::settlement::{
    ForfeitsTo, LegacySubsidyParams, RewardParams, RewardRule, SettlementCap,
};
use stakeout_protocol::sprt::SprtParams;
use stakeout_protocol::status::{InvalidTest, StatusParams, StreakOnReturn};
use stakeout_protocol::units::{Decimal, Fraction};

use super::error::Problem;
use super::measures;
use super::values::Values;
use super::{LengthLaw, MissedWork, ProtocolParams, SamplingDraw, ValidationWork};

/// All parameters. `fresh` is the law of a fresh validation's decode.
pub fn build(v: &Values, fresh: LengthLaw) -> ProtocolParams {
    ProtocolParams {
        geometry: geometry(v),
        escrow: EscrowParams {
            max_tokens_default: v.tokens("protocol.escrow.max_tokens_default"),
            expiration_blocks: v.count("protocol.escrow.expiration"),
            price_fallback: v.price("protocol.escrow.price_fallback"),
        },
        sampling: sampling(v),
        sampling_draw: match v.choice("protocol.sampling.draw") {
            "sha256" => SamplingDraw::Sha256,
            _ => SamplingDraw::Thinning,
        },
        validation_work: match v.choice("protocol.validation.work") {
            "fresh" => ValidationWork::Fresh(fresh),
            _ => ValidationWork::Replay,
        },
        share_with_validators: v.is_on("protocol.validation.share_with_validators"),
        reputation: reputation(v),
        status: status(v),
        missed_work: MissedWork {
            enabled: v.is_on("protocol.missed_work.enabled"),
            p0: v.fraction("protocol.missed_work.p0"),
            dynamic_p0: v.is_on("protocol.missed_work.dynamic_p0"),
        },
        dispute: dispute(v),
        collateral: collateral(v),
        poc: poc(v),
        preserved_share: v.fraction("protocol.poc.preserved_share"),
        power_cap: v.maybe_fraction("protocol.power_cap"),
        rewards: rewards(v),
        vesting_epochs: v.count("protocol.vesting.epochs"),
        pricing: pricing(v),
        claims: claims(v),
        bandwidth: v.is_on("protocol.bandwidth.enabled").then(|| bandwidth(v)),
        measures: measures::build(v),
    }
}

fn claims(v: &Values) -> ClaimParams {
    ClaimParams {
        rule: match v.choice("protocol.claims.rule") {
            "all_or_nothing" => ClaimRule::AllOrNothing,
            "binomial_test" => ClaimRule::BinomialTest {
                p0: v.fraction("protocol.claims.p0"),
            },
            _ => ClaimRule::None,
        },
        retry_blocks: v.maybe("protocol.claims.retry").map(|n| n as u64),
        sample_max: v.maybe("protocol.claims.sample_max").map(|n| n as u64),
    }
}

fn geometry(v: &Values) -> EpochParams {
    EpochParams {
        length: v.count("protocol.geometry.length"),
        shift: v.count("protocol.geometry.shift"),
        poc_stage: v.count("protocol.geometry.poc_stage"),
        poc_exchange: v.count("protocol.geometry.poc_exchange"),
        poc_validation_delay: v.count("protocol.geometry.poc_validation_delay"),
        poc_validation_duration: v.count("protocol.geometry.poc_validation_duration"),
        set_new_validators_delay: v.count("protocol.geometry.set_new_validators_delay"),
        activation_delay: v.count("protocol.geometry.activation_delay"),
        inference_validation_cutoff: v.count("protocol.geometry.inference_validation_cutoff"),
    }
}

fn sampling(v: &Values) -> SamplingParams {
    SamplingParams {
        rule: match v.choice("protocol.sampling.rule") {
            "flat" => SamplingRule::Flat,
            "designated" => SamplingRule::Designated,
            "slots" => SamplingRule::Slots,
            "none" => SamplingRule::None,
            _ => SamplingRule::Reputation,
        },
        rate_min: v.fraction("protocol.sampling.rate_min"),
        rate_max: v.decimal("protocol.sampling.rate_max"),
        rate_halfway: v.fraction("protocol.sampling.rate_halfway"),
        traffic_full: v.count("protocol.sampling.traffic_full"),
        traffic_min: v.count("protocol.sampling.traffic_min"),
        flat_rate: v.fraction("protocol.sampling.flat_rate"),
        at_least_one_for_newcomers: v.is_on("protocol.sampling.at_least_one_for_newcomers"),
    }
}

fn reputation(v: &Values) -> ReputationParams {
    let epochs = v.count("protocol.reputation.absence");
    ReputationParams {
        epochs_to_max: v.count("protocol.reputation.epochs_to_max"),
        miss_cutoff: v.fraction("protocol.reputation.miss_cutoff"),
        miss_penalty: v.decimal("protocol.reputation.miss_penalty"),
        penalty_form: match v.choice("protocol.reputation.penalty_form") {
            "nested" => PenaltyForm::Nested,
            _ => PenaltyForm::Sum,
        },
        on_conviction: match v.choice("protocol.reputation.on_conviction") {
            "reset" => OnConviction::Reset,
            _ => OnConviction::Keep,
        },
        on_absence: match v.choice("protocol.reputation.on_absence") {
            "delete" => OnAbsence::DeleteAfter { epochs },
            "half_life" => OnAbsence::HalfLife { epochs },
            _ => OnAbsence::Keep,
        },
    }
}

fn status(v: &Values) -> StatusParams {
    let false_positive_rate = v.fraction("protocol.status.false_positive_rate");
    let sprt = |family: &str| SprtParams {
        p0: v.fraction(&format!("{family}.p0")),
        p1: v.fraction(&format!("{family}.p1")),
        h: v.decimal(&format!("{family}.h")),
    };
    StatusParams {
        false_positive_rate,
        quick_failure_threshold: v.fraction("protocol.status.quick_failure_threshold"),
        invalid_test: match v.choice("protocol.status.test") {
            "z_test" => InvalidTest::ZTest {
                false_positive_rate,
                measurements_cap: v.count("protocol.status.z_test.measurements_cap"),
                deviations_max: v.count("protocol.status.z_test.deviations_max"),
            },
            "sprt" => {
                let SprtParams { p0, p1, h } = sprt("protocol.status.sprt");
                InvalidTest::Sprt { p0, p1, h }
            }
            "cusum" => {
                let SprtParams { p0, p1, h } = sprt("protocol.status.sprt");
                InvalidTest::Cusum { p0, p1, h }
            }
            "e_process" => InvalidTest::EProcess {
                p0: v.fraction("protocol.status.sprt.p0"),
                level: v
                    .maybe_fraction("protocol.status.level")
                    .unwrap_or(Fraction::from_percent(1)),
            },
            "one_strike" => InvalidTest::OneStrike,
            _ => InvalidTest::None,
        },
        downtime: v
            .is_on("protocol.status.downtime.enabled")
            .then(|| sprt("protocol.status.downtime")),
        llr_floor: v.maybe("protocol.status.llr_floor").map(Decimal::from_parts),
        poc_ratio_min: v.maybe_fraction("protocol.status.poc_ratio_min"),
        streak_on_return: match v.choice("protocol.status.streak_on_return") {
            "reset" => StreakOnReturn::Reset,
            _ => StreakOnReturn::Keep,
        },
    }
}

fn dispute(v: &Values) -> DisputeParams {
    DisputeParams {
        quorum: v.fraction("protocol.dispute.quorum"),
        period_seconds: v.count("protocol.dispute.period"),
        voters: match v.choice("protocol.dispute.voters") {
            "sampled" => VoterRule::Sampled {
                voters: v.count("protocol.dispute.sampled.voters"),
                weight_cap: v.fraction("protocol.dispute.sampled.weight_cap"),
            },
            _ => VoterRule::Group,
        },
        executor_may_vote: v.is_on("protocol.dispute.executor_may_vote"),
        opener_must_be_drawn: v.is_on("protocol.dispute.opener_must_be_drawn"),
        on_no_quorum: match v.choice("protocol.dispute.on_no_quorum") {
            "count_as_valid" => OnNoQuorum::CountAsValid,
            _ => OnNoQuorum::StayOpen,
        },
        open_limit: v.count("protocol.dispute.open_limit"),
        open_curve: v.count("protocol.dispute.open_curve"),
        open_min: v.count("protocol.dispute.open_min"),
        open_sample_seconds: v.count("protocol.dispute.open_sample"),
    }
}

fn collateral(v: &Values) -> CollateralParams {
    CollateralParams {
        base_ratio: v.fraction("protocol.collateral.base_ratio"),
        per_weight: v.decimal("protocol.collateral.per_weight"),
        grace_epochs: v.count("protocol.collateral.grace"),
        slash_invalid: v.fraction("protocol.collateral.slash_invalid"),
        slash_downtime: v.fraction("protocol.collateral.slash_downtime"),
        slashed_to: match v.choice("protocol.collateral.slashed_to") {
            "governance" => SlashedTo::Governance,
            _ => SlashedTo::Burned,
        },
        unbonding_epochs: v.count("protocol.collateral.unbonding"),
        unbond_before_slash: v.is_on("protocol.collateral.unbond_before_slash"),
    }
}

fn poc(v: &Values) -> PocParams {
    PocParams {
        scale: v.decimal("protocol.poc.scale"),
        acceptance: match v.choice("protocol.poc.acceptance") {
            "half" => AcceptanceThreshold::Half,
            _ => AcceptanceThreshold::TwoThirds,
        },
        confirmation_tolerance: v.fraction("protocol.poc.confirmation_tolerance"),
        confirmation_ratio_min: v.fraction("protocol.poc.confirmation_ratio_min"),
        confirmations_per_epoch: v.decimal("protocol.poc.confirmations_per_epoch"),
    }
}

fn rewards(v: &Values) -> RewardParams {
    RewardParams {
        initial: v.amount("protocol.rewards.initial"),
        decay_per_epoch: v.decimal("protocol.rewards.decay_per_epoch"),
        genesis_epoch: v.epoch("protocol.rewards.genesis_epoch"),
        forfeits_to: match v.choice("protocol.rewards.forfeits_to") {
            "redistribute" => ForfeitsTo::Redistribute,
            "burn" => ForfeitsTo::Burn,
            _ => ForfeitsTo::Governance,
        },
        power_cap: match v.choice("protocol.rewards.settlement_cap") {
            "by_hosts" => SettlementCap::ByHosts,
            "fixed" => SettlementCap::Fixed(v.fraction("protocol.rewards.settlement_cap_share")),
            _ => SettlementCap::None,
        },
        supply_cap: v
            .maybe("protocol.rewards.supply_cap")
            .map(|_| v.amount("protocol.rewards.supply_cap")),
        rule: match v.choice("protocol.rewards.rule") {
            "legacy_subsidy" => RewardRule::LegacySubsidy(LegacySubsidyParams {
                rate: v.fraction("protocol.rewards.subsidy.rate"),
                cutoff: v.fraction("protocol.rewards.subsidy.cutoff"),
                decrease: v.fraction("protocol.rewards.subsidy.decrease"),
            }),
            _ => RewardRule::Decay,
        },
    }
}

fn pricing(v: &Values) -> PriceParams {
    PriceParams {
        mode: match v.choice("protocol.pricing.mode") {
            "fixed" => PriceMode::Fixed,
            _ => PriceMode::Dynamic,
        },
        initial: v.price("protocol.pricing.initial"),
        minimum: v.price("protocol.pricing.minimum"),
        zone_low: v.fraction("protocol.pricing.zone_low"),
        zone_high: v.fraction("protocol.pricing.zone_high"),
        elasticity: v.fraction("protocol.pricing.elasticity"),
        window_blocks: v.count("protocol.pricing.window"),
        block_seconds: v.count("protocol.pricing.block_time"),
        free_until_epoch: v.epoch("protocol.pricing.free_until_epoch"),
    }
}

fn bandwidth(v: &Values) -> BandwidthParams {
    let data = |path: &str| DataSize::from_tenths_of_byte(v.count(path));
    BandwidthParams {
        per_prompt_token: data("protocol.bandwidth.per_prompt_token"),
        per_completion_token: data("protocol.bandwidth.per_completion_token"),
        limit_per_block: data("protocol.bandwidth.limit_per_block"),
        lifespan_blocks: v.count("protocol.bandwidth.lifespan"),
        inferences_per_block_max: v
            .maybe("protocol.bandwidth.inferences_per_block_max")
            .map(|_| v.count("protocol.bandwidth.inferences_per_block_max")),
    }
}

/// What two or more fields must satisfy together.
pub fn check(v: &Values) -> Vec<Problem> {
    let mut problems = measures::check(v);
    let mut demand = |is_met: bool, path: &str, found: &str, allowed: &str| {
        if !is_met {
            problems.push(v.problem(path, found).allowed(allowed));
        }
    };
    let geometry = geometry(v);
    let (length, stages) = (
        "protocol.geometry.length",
        "the stages of proof of compute end after the next one starts",
    );
    demand(
        geometry.is_consistent(),
        length,
        stages,
        "an epoch longer than its stages, and settlement before activation",
    );
    let is_started = compute_poc_start(&geometry, v.epoch("first_epoch")).is_some();
    demand(
        is_started,
        "first_epoch",
        "its proof of compute starts before block 0",
        "an epoch whose `length x epoch` reaches `shift`",
    );
    let sampling = sampling(v);
    let (low, halfway) = (
        Decimal::from(sampling.rate_min),
        Decimal::from(sampling.rate_halfway),
    );
    let is_ordered = low <= halfway && halfway <= sampling.rate_max;
    demand(
        is_ordered,
        "protocol.sampling.rate_halfway",
        "the rates are out of order",
        "rate_min <= rate_halfway <= rate_max",
    );
    let is_ordered = sampling.traffic_min < sampling.traffic_full / 2;
    demand(
        is_ordered,
        "protocol.sampling.traffic_min",
        "the traffic limits are out of order",
        "less than half of traffic_full",
    );
    for (family, is_used) in [
        (
            "protocol.status.sprt",
            matches!(v.choice("protocol.status.test"), "sprt" | "cusum"),
        ),
        (
            "protocol.status.downtime",
            v.is_on("protocol.status.downtime.enabled"),
        ),
    ] {
        let (p0, p1) = (
            v.fraction(&format!("{family}.p0")),
            v.fraction(&format!("{family}.p1")),
        );
        let path = format!("{family}.p1");
        demand(
            !is_used || p0 < p1,
            &path,
            "the bad rate is not above the good one",
            &format!("above p0, which is {p0} of 1"),
        );
    }
    let pricing = pricing(v);
    let is_ordered = pricing.zone_low <= pricing.zone_high;
    demand(
        is_ordered,
        "protocol.pricing.zone_low",
        "the zone is empty",
        "at most zone_high",
    );
    let block_ns: u128 = v.count("chain.block_time");
    let blocks = u128::from(geometry.length) * (v.count::<u128>("duration") + 2);
    let is_bounded = block_ns * blocks < u128::from(u64::MAX) / 4;
    demand(
        is_bounded,
        "duration",
        "the run is longer than the clock of nanoseconds reaches",
        "less than 146 years in all",
    );
    problems
}
