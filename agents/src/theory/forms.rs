//! The table of closed forms, in the order of the report.
//!
//! Invariant: rows that share a scenario stand side by side.

use super::case::Case;
use super::{ClosedForm, Crossing, Kind, detection, money, routing, votes};

macro_rules! form {
    ($name:literal, $strategy:literal, $figure:literal, $source:literal, $kind:expr) => {
        ClosedForm {
            name: $name,
            strategy: $strategy,
            figure: $figure,
            source: $source,
            text: include_str!(concat!("../../../scenarios/closed-forms/", $name, ".yaml")),
            kind: $kind,
        }
    };
}

/// A setting that is a share, as text.
fn percent(path: &str, value: f64) -> Vec<String> {
    vec![format!("{path}={:.6} %", 100.0 * value)]
}

/// Every closed form.
pub const FORMS: &[ClosedForm] = &[
    form!(
        "first-catch",
        "model_swapper",
        "answers to the first catch",
        "1/(q (x d + (1 - x) a)); Feller 1968, VI.8",
        Kind::Law(detection::first_catch)
    ),
    form!(
        "caught-in-epoch",
        "model_swapper",
        "convicted within the epoch, one strike",
        "1 - (1 - x q d)^n",
        Kind::Law(detection::caught_in_epoch)
    ),
    form!(
        "sprt",
        "model_swapper",
        "convicted at 5 % of failures, H 4",
        "exact programme of the one-sided test; sprt.go",
        Kind::Law(detection::sprt_at_5)
    ),
    form!(
        "sprt",
        "model_swapper",
        "convicted at 8 %",
        "the same",
        Kind::Law(detection::sprt_at_8)
    ),
    form!(
        "sprt",
        "model_swapper",
        "convicted at 11 %",
        "the same",
        Kind::Law(detection::sprt_at_11)
    ),
    form!(
        "sprt",
        "model_swapper",
        "convicted at 20 %",
        "the same",
        Kind::Law(detection::sprt_at_20)
    ),
    form!(
        "cusum",
        "model_swapper",
        "convicted by CUSUM at 8 %",
        "exact programme with a floor of zero; Page 1954",
        Kind::Law(detection::cusum)
    ),
    form!(
        "z-rule",
        "model_swapper",
        "convicted by one deviation at the allowed 5 %",
        "exact programme, a look after each check from the first; status.go of August 2025",
        Kind::Law(detection::z_rule)
    ),
    form!(
        "run-of-five",
        "model_swapper",
        "convicted by a run of five at 50 %",
        "exact programme over runs; docs/spec/status.md",
        Kind::Law(detection::run_of_five)
    ),
    form!(
        "banked-credit",
        "credit_banker",
        "failures at the conviction",
        "ceil((H + n ln(.95/.8))/ln 4) after n passes",
        Kind::Law(detection::banked_credit)
    ),
    form!(
        "hugger",
        "threshold_hugger",
        "convicted at nine failures in a hundred",
        "0: the sum stays below ln 4 under the rate without drift",
        Kind::Law(detection::never)
    ),
    form!(
        "oscillator",
        "oscillator",
        "cheating epochs that end in a conviction",
        "1 - (1 - q d)^n",
        Kind::Law(detection::caught_while_cheating)
    ),
    form!(
        "exit-scam",
        "exit_scammer",
        "convicted before it left",
        "1 - (1 - q d)^n",
        Kind::Law(detection::caught_while_cheating)
    ),
    form!(
        "sleeper",
        "sleeper",
        "its answers for which anybody is drawn",
        "1 - (1 - t/19)^19, t = 1 - .99 R/100; should_validate.go",
        Kind::Law(detection::checked_by_reputation)
    ),
    form!(
        "launderer",
        "launderer",
        "failing checks of all",
        "the honest law's false alarms",
        Kind::Law(detection::laundered)
    ),
    form!(
        "second-check",
        "launderer",
        "failing checks beside the seed-synchronised one",
        "1 - (1 - power)(1 - a); the calibration's operating point",
        Kind::Law(detection::second_check)
    ),
    form!(
        "padded",
        "artifact_forger",
        "failing checks of all",
        "the law with distances cut to 5/10",
        Kind::Law(detection::padded)
    ),
    form!(
        "part-swap",
        "part_swapper",
        "failing checks of all",
        "the law with distances cut to the part",
        Kind::Law(detection::part_swapped)
    ),
    form!(
        "truncated",
        "prompt_truncator",
        "failing checks of all",
        "the law that stands for a cut prompt (A-132)",
        Kind::Law(detection::truncated)
    ),
    form!(
        "vouching-ring",
        "vouching_ring",
        "its answers that are found",
        "1 - (1 - d/19)^14 by class of prompt; limit 1 - exp(-t(1 - f))",
        Kind::Law(votes::ring)
    ),
    form!(
        "bribed",
        "bribed_validator",
        "the briber's answers that are found",
        "1 - (1 - d/19)^9 by class of prompt",
        Kind::Law(votes::diligent)
    ),
    form!(
        "copier",
        "copier",
        "a swapper's answers that are found",
        "1 - (1 - d/19)^9 by class of prompt",
        Kind::Law(votes::diligent)
    ),
    form!(
        "false-accusation",
        "accuser",
        "accusations that pass",
        "hypergeometric: five of ten sampled voters at least",
        Kind::Law(votes::accusation)
    ),
    form!(
        "proof-vote-below",
        "proof_voter",
        "its part of the weight, with 33.22 % of the voting power",
        "its own: more than two thirds accept; chainvalidation.go",
        Kind::Law(votes::own_power)
    ),
    form!(
        "proof-vote-above",
        "proof_voter",
        "its part of the weight, with 33.44 % of the voting power",
        "all: less than two thirds accept; the crossing is a third",
        Kind::Law(votes::all_power)
    ),
    form!(
        "seed-grinder",
        "seed_grinder",
        "claims that pass without a check",
        "1 - (1 - P(N <= 4))^g, N Poisson; stats_table.go",
        Kind::Law(votes::ground_claim)
    ),
    form!(
        "self-router",
        "self_router",
        "its share of all answers",
        "f (1 - (1 - f)^g) + (1 - f) f",
        Kind::Law(routing::self_routed)
    ),
    form!(
        "starver",
        "starver",
        "the victim's share of all answers",
        "(1 - f) f_v",
        Kind::Law(routing::starved)
    ),
    form!(
        "timestamp-forger",
        "timestamp_forger",
        "requests that the victim misses",
        "f",
        Kind::Law(routing::forged)
    ),
    form!(
        "downtime",
        "hardware_renter",
        "stopped by the downtime test at 14 % of misses",
        "exact programme of (.10, .20, H 4)",
        Kind::Law(routing::downtime)
    ),
    form!(
        "missed-work",
        "unreliable_host",
        "loses its reward at 12.5 % of misses",
        "binomial tail above the critical value; stats_table.go",
        Kind::Law(routing::missed_work)
    ),
    form!(
        "split-neutral",
        "sybil_splitter",
        "reward against the merged twin's",
        "1",
        Kind::Law(money::neutral)
    ),
    form!(
        "split-capped",
        "sybil_splitter",
        "reward against the twin's under a cap of a fifth",
        "(1/3)/(1/5)",
        Kind::Law(money::capped)
    ),
    form!(
        "epsilon-greedy",
        "epsilon_greedy",
        "epochs in which it does what has paid less",
        "epsilon (1 - 1/K); Sutton and Barto, chapter 2",
        Kind::Law(routing::exploring)
    ),
    form!(
        "sampling-crossing",
        "vouching_ring",
        "sampling rate from which on swapping loses",
        "s/((d (1 - r) - a)(F + S)); arXiv 2405.00295",
        Kind::Crossing(Crossing {
            setting: |value| percent("protocol.sampling.flat_rate", value),
            between: [0.14, 0.20],
            figure: Case::gains,
            expected: money::sampling_rate,
        })
    ),
    form!(
        "rate-crossing",
        "model_swapper",
        "swapped share that convicts every second",
        "exact programme at one half; under the drift-free 11.03 %",
        Kind::Crossing(Crossing {
            setting: |value| percent("population.mallory.strategy.model_swapper.rate", value),
            between: [0.095, 0.105],
            figure: detection::convicted_above_half,
            expected: detection::median_rate,
        })
    ),
    form!(
        "stake-crossing",
        "model_swapper",
        "sampling rate from which on an epoch of swapping loses, at a stake",
        "zero of n s - P(caught)(fees + R + S), S a fifth of what the weight requires",
        Kind::Crossing(Crossing {
            setting: |value| percent("protocol.sampling.flat_rate", value),
            between: [0.022, 0.028],
            figure: Case::gains,
            expected: money::rate_at_stake,
        })
    ),
    form!(
        "identity-crossing",
        "whitewasher",
        "sampling rate from which on fresh names lose, at an entry fee",
        "zero of n s - P(caught)(fees + R + fee); Friedman and Resnick 2001",
        Kind::Crossing(Crossing {
            setting: |value| percent("protocol.sampling.flat_rate", value),
            between: [0.020, 0.025],
            figure: Case::gains,
            expected: money::rate_at_entry_fee,
        })
    ),
    form!(
        "planted-crossing",
        "lazy_validator",
        "planted rate from which on checking pays",
        "C/(fine - C), C a replay; Felten 2019",
        Kind::Crossing(Crossing {
            setting: |value| percent("protocol.validation.planted_rate", value),
            between: [0.1, 0.9],
            figure: Case::gains,
            expected: money::planted_rate,
        })
    ),
    form!(
        "wash-crossing",
        "wash_trader",
        "subsidy rate from which on trading with oneself pays",
        "1 - f/(1 - f), since f* = 1/(1 + m) and m = 1/(1 - rate)",
        Kind::Crossing(Crossing {
            setting: |value| percent("protocol.rewards.subsidy.rate", value),
            between: [0.885, 0.893],
            figure: Case::gains,
            expected: money::subsidy_rate,
        })
    ),
];
