//! Values that were set and can have no effect.
//!
//! Only what the file or the command line says is warned about: presets carry every parameter, also those
//! of rules that are off.
//!
//! Invariant: a warning never changes a run.

use super::StrategySpec;
use super::layers::Layers;
use super::values::Values;

/// A group of paths, when it has an effect, and what says so.
struct Dependence {
    prefix: &'static str,
    has_effect: fn(&Values) -> bool,
    because: &'static str,
}

static DEPENDENCES: &[Dependence] = &[
    Dependence {
        prefix: "protocol.status.sprt",
        has_effect: |v| v.choice("protocol.status.test") == "sprt",
        because: "protocol.status.test is not `sprt`",
    },
    Dependence {
        prefix: "protocol.status.z_test",
        has_effect: |v| v.choice("protocol.status.test") == "z_test",
        because: "protocol.status.test is not `z_test`",
    },
    Dependence {
        prefix: "protocol.status.downtime.p0",
        has_effect: |v| v.is_on("protocol.status.downtime.enabled"),
        because: "protocol.status.downtime.enabled is false",
    },
    Dependence {
        prefix: "protocol.status.downtime.p1",
        has_effect: |v| v.is_on("protocol.status.downtime.enabled"),
        because: "protocol.status.downtime.enabled is false",
    },
    Dependence {
        prefix: "protocol.status.downtime.h",
        has_effect: |v| v.is_on("protocol.status.downtime.enabled"),
        because: "protocol.status.downtime.enabled is false",
    },
    Dependence {
        prefix: "protocol.status.llr_floor",
        has_effect: |v| {
            v.choice("protocol.status.test") == "sprt" || v.is_on("protocol.status.downtime.enabled")
        },
        because: "no sequential test is on",
    },
    Dependence {
        prefix: "protocol.sampling.rate_min",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.rate_max",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.rate_halfway",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.traffic_full",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.traffic_min",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.at_least_one_for_newcomers",
        has_effect: by_reputation,
        because: NOT_BY_REPUTATION,
    },
    Dependence {
        prefix: "protocol.sampling.flat_rate",
        has_effect: |v| v.choice("protocol.sampling.rule") == "flat",
        because: "protocol.sampling.rule is not `flat`",
    },
    Dependence {
        prefix: "protocol.validation.fresh_length",
        has_effect: |v| v.choice("protocol.validation.work") == "fresh",
        because: "protocol.validation.work is not `fresh`",
    },
    Dependence {
        prefix: "protocol.reputation.absence",
        has_effect: |v| v.choice("protocol.reputation.on_absence") != "keep",
        because: "protocol.reputation.on_absence is `keep`",
    },
    Dependence {
        prefix: "protocol.missed_work.p0",
        has_effect: |v| v.is_on("protocol.missed_work.enabled"),
        because: "protocol.missed_work.enabled is false",
    },
    Dependence {
        prefix: "protocol.missed_work.dynamic_p0",
        has_effect: |v| v.is_on("protocol.missed_work.enabled"),
        because: "protocol.missed_work.enabled is false",
    },
    Dependence {
        prefix: "protocol.dispute.sampled",
        has_effect: |v| v.choice("protocol.dispute.voters") == "sampled",
        because: "protocol.dispute.voters is not `sampled`",
    },
    Dependence {
        prefix: "protocol.dispute.opener_must_be_drawn",
        has_effect: |_| false,
        because: "no validator checks an answer that it was not drawn for",
    },
    Dependence {
        prefix: "protocol.rewards.settlement_cap_share",
        has_effect: |v| v.choice("protocol.rewards.settlement_cap") == "fixed",
        because: "protocol.rewards.settlement_cap is not `fixed`",
    },
    Dependence {
        prefix: "protocol.rewards.subsidy",
        has_effect: |v| v.choice("protocol.rewards.rule") == "legacy_subsidy",
        because: "protocol.rewards.rule is not `legacy_subsidy`",
    },
    Dependence {
        prefix: "protocol.rewards.decay_per_epoch",
        has_effect: |v| v.choice("protocol.rewards.rule") == "decay",
        because: "protocol.rewards.rule is not `decay`",
    },
    Dependence {
        prefix: "protocol.claims.p0",
        has_effect: |v| v.choice("protocol.claims.rule") == "binomial_test",
        because: "protocol.claims.rule is not `binomial_test`",
    },
    Dependence {
        prefix: "protocol.claims.retry",
        has_effect: |v| v.choice("protocol.claims.rule") != "none",
        because: "protocol.claims.rule is `none`",
    },
    Dependence {
        prefix: "protocol.claims.sample_max",
        has_effect: |v| v.choice("protocol.claims.rule") != "none",
        because: "protocol.claims.rule is `none`",
    },
    Dependence {
        prefix: "chain.payload",
        has_effect: |v| {
            v.maybe("outages.per_host.mean_up").is_some() || !v.items("outages.shared").is_empty()
        },
        because: "no host is ever down",
    },
    Dependence {
        prefix: "protocol.sampling.draw",
        has_effect: |v| v.choice("protocol.sampling.rule") != "none",
        because: "protocol.sampling.rule is `none`",
    },
    Dependence {
        prefix: "protocol.pricing.minimum",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.pricing.zone_low",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.pricing.zone_high",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.pricing.elasticity",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.pricing.window",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.pricing.block_time",
        has_effect: price_moves,
        because: PRICE_IS_FIXED,
    },
    Dependence {
        prefix: "protocol.bandwidth.per_prompt_token",
        has_effect: |v| v.is_on("protocol.bandwidth.enabled"),
        because: "protocol.bandwidth.enabled is false",
    },
    Dependence {
        prefix: "protocol.bandwidth.per_completion_token",
        has_effect: |v| v.is_on("protocol.bandwidth.enabled"),
        because: "protocol.bandwidth.enabled is false",
    },
    Dependence {
        prefix: "protocol.bandwidth.limit_per_block",
        has_effect: |v| v.is_on("protocol.bandwidth.enabled"),
        because: "protocol.bandwidth.enabled is false",
    },
    Dependence {
        prefix: "protocol.bandwidth.lifespan",
        has_effect: |v| v.is_on("protocol.bandwidth.enabled"),
        because: "protocol.bandwidth.enabled is false",
    },
    Dependence {
        prefix: "demand.amplitude",
        has_effect: |v| v.choice("demand.law") == "diurnal",
        because: "demand.law is not `diurnal`",
    },
    Dependence {
        prefix: "demand.peak",
        has_effect: |v| v.choice("demand.law") == "diurnal",
        because: "demand.law is not `diurnal`",
    },
    Dependence {
        prefix: "demand.period",
        has_effect: |v| v.choice("demand.law") == "diurnal",
        because: "demand.law is not `diurnal`",
    },
    Dependence {
        prefix: "demand.calm_rate",
        has_effect: |v| v.choice("demand.law") == "bursty",
        because: "demand.law is not `bursty`",
    },
    Dependence {
        prefix: "demand.burst_rate",
        has_effect: |v| v.choice("demand.law") == "bursty",
        because: "demand.law is not `bursty`",
    },
    Dependence {
        prefix: "demand.calm_mean",
        has_effect: |v| v.choice("demand.law") == "bursty",
        because: "demand.law is not `bursty`",
    },
    Dependence {
        prefix: "demand.burst_mean",
        has_effect: |v| v.choice("demand.law") == "bursty",
        because: "demand.law is not `bursty`",
    },
    Dependence {
        prefix: "demand.rate",
        has_effect: |v| matches!(v.choice("demand.law"), "poisson" | "diurnal"),
        because: "demand.law is neither `poisson` nor `diurnal`",
    },
    Dependence {
        prefix: "demand.trace",
        has_effect: |v| v.choice("demand.law") == "trace",
        because: "demand.law is not `trace`",
    },
    Dependence {
        prefix: "calibration",
        has_effect: |v| v.text("calibration_file").is_none(),
        because: "calibration_file takes its place",
    },
    Dependence {
        prefix: "protocol.rewards",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
    Dependence {
        prefix: "protocol.collateral",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
    Dependence {
        prefix: "protocol.reputation",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
    Dependence {
        prefix: "protocol.status",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
    Dependence {
        prefix: "protocol.dispute",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
    Dependence {
        prefix: "protocol.pricing",
        has_effect: has_chain,
        because: SERVICE_ONLY,
    },
];

const NOT_BY_REPUTATION: &str = "protocol.sampling.rule is not `reputation`";
const PRICE_IS_FIXED: &str = "protocol.pricing.mode is `fixed`";
const SERVICE_ONLY: &str = "the fidelity `service` has no chain and no money";

fn by_reputation(v: &Values) -> bool {
    v.choice("protocol.sampling.rule") == "reputation"
}

fn price_moves(v: &Values) -> bool {
    v.choice("protocol.pricing.mode") == "dynamic"
}

fn has_chain(v: &Values) -> bool {
    v.choice("fidelity") != "service"
}

/// One sentence for each value without effect, sorted by path.
#[must_use]
pub fn find(v: &Values, layers: &Layers, strategies: &[StrategySpec]) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    for (path, leaf) in &layers.leaves {
        if leaf.origin.starts_with("preset") && !leaf.origin.ends_with("command line") {
            continue;
        }
        let covers = |prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if let Some(idle) = DEPENDENCES
            .iter()
            .find(|d| covers(d.prefix) && !(d.has_effect)(v))
        {
            warnings.push(format!("{path} has no effect: {}", idle.because));
        }
    }
    let is_free = v.epoch("protocol.pricing.free_until_epoch").get()
        >= v.epoch("first_epoch").get() + v.count::<u32>("duration");
    let is_priced = layers
        .leaves
        .get("protocol.pricing.initial")
        .is_some_and(|leaf| !leaf.origin.starts_with("preset"));
    if is_free && is_priced {
        warnings.push(
            "protocol.pricing.initial has no effect: inference is free of charge for the whole run"
                .to_owned(),
        );
    }
    if strategies.iter().all(|strategy| strategy.name == "honest")
        && layers
            .leaves
            .get("calibration")
            .is_some_and(|leaf| leaf.origin == "file")
    {
        warnings.push("calibration decides false alarms alone: every host is honest".to_owned());
    }
    warnings
}
