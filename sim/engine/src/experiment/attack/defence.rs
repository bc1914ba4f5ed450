//! The switches that may stop an attack, by name.

/// A switch of the rules, or several that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Defence {
    /// Name in a scenario.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Values it sets, as on the command line.
    pub sets: &'static [&'static str],
}

/// All defences on offer.
#[must_use]
pub fn defences() -> &'static [Defence] {
    DEFENCES
}

const DEFENCES: &[Defence] = &[
    Defence {
        name: "one_strike",
        doc: "The first confirmed mismatch convicts.",
        sets: &["protocol.status.test=one_strike"],
    },
    Defence {
        name: "cusum",
        doc: "The sequential test has a floor of zero and outlives the epoch.",
        sets: &["protocol.status.test=cusum"],
    },
    Defence {
        name: "e_process",
        doc: "A mixture of likelihood ratios judges at the level of 1 % an epoch.",
        sets: &["protocol.status.test=e_process"],
    },
    Defence {
        name: "llr_floor",
        doc: "Passed checks bank no credit.",
        sets: &["protocol.status.llr_floor=0"],
    },
    Defence {
        name: "reputation_reset",
        doc: "A conviction takes the reputation.",
        sets: &["protocol.reputation.on_conviction=reset"],
    },
    Defence {
        name: "flat_sampling",
        doc: "Everybody is checked at one rate of 20 %.",
        sets: &["protocol.sampling.rule=flat", "protocol.sampling.flat_rate=20 %"],
    },
    Defence {
        name: "sample_half",
        doc: "Every second answer is checked.",
        sets: &["protocol.sampling.rule=flat", "protocol.sampling.flat_rate=50 %"],
    },
    Defence {
        name: "designated",
        doc: "Every answer has exactly one designated validator.",
        sets: &[
            "protocol.sampling.rule=designated",
            "protocol.sampling.flat_rate=100 %",
        ],
    },
    Defence {
        name: "second_check",
        doc: "A seed-synchronised check of the sampler beside that of distributions.",
        sets: &["protocol.validation.second_check=seed_synchronised"],
    },
    Defence {
        name: "planted",
        doc: "Planted mismatches with every tenth checked answer, and a fine for passing one.",
        sets: &[
            "protocol.validation.planted_rate=10 %",
            "protocol.validation.planted_fine=0.05 GNK",
        ],
    },
    Defence {
        name: "planted_and_sealed",
        doc: "Planted mismatches, and verdicts committed before they are revealed.",
        sets: &[
            "protocol.validation.planted_rate=10 %",
            "protocol.validation.planted_fine=0.05 GNK",
            "protocol.validation.commit_reveal=true",
        ],
    },
    Defence {
        name: "validator_duty",
        doc: "Missed validations cost the claim by a binomial test.",
        sets: &["protocol.claims.rule=binomial_test", "protocol.claims.p0=10 %"],
    },
    Defence {
        name: "missed_work",
        doc: "The missed-work test runs at settlement.",
        sets: &[
            "protocol.missed_work.enabled=true",
            "protocol.missed_work.p0=10 %",
        ],
    },
    Defence {
        name: "dynamic_misses",
        doc: "The tolerated miss rate rises with the network's own.",
        sets: &[
            "protocol.missed_work.enabled=true",
            "protocol.missed_work.dynamic_p0=true",
        ],
    },
    Defence {
        name: "confirmations",
        doc: "Four surprise measurements of compute an epoch.",
        sets: &[
            "protocol.poc.confirmations_per_epoch=4",
            "protocol.status.poc_ratio_min=50 %",
        ],
    },
    Defence {
        name: "committed_draw",
        doc: "The executor follows from the signed request and the last block.",
        sets: &["protocol.assignment.rule=committed"],
    },
    Defence {
        name: "identity_fee",
        doc: "An identity pays one coin when it first takes part.",
        sets: &["protocol.identity.fee=1 GNK"],
    },
    Defence {
        name: "weight_rewards",
        doc: "Rewards follow weight in place of paid work.",
        sets: &["protocol.rewards.rule=decay"],
    },
    Defence {
        name: "no_vote_on_own",
        doc: "An executor does not vote on its own answer.",
        sets: &["protocol.dispute.executor_may_vote=false"],
    },
    Defence {
        name: "close_votes",
        doc: "A vote without a quorum frees the opener's case.",
        sets: &["protocol.dispute.on_no_quorum=count_as_valid"],
    },
    Defence {
        name: "tolerant_test",
        doc: "The sequential test bears 10 % of honest failures and convicts at 40 %.",
        sets: &[
            "protocol.status.test=sprt",
            "protocol.status.sprt.p0=10 %",
            "protocol.status.sprt.p1=40 %",
            "protocol.status.sprt.h=8",
            "protocol.status.quick_failure_threshold=0 %",
        ],
    },
    Defence {
        name: "counted_checks",
        doc: "Only checked answers count in the status test.",
        sets: &["protocol.status.unsampled=ignored"],
    },
    Defence {
        name: "guardians",
        doc: "Guardians accept right proofs of compute that a vote leaves undecided.",
        sets: &["protocol.poc.guardians=true"],
    },
    Defence {
        name: "half_accepts",
        doc: "More than half of the voting power accepts proofs of compute, in place of two thirds.",
        sets: &["protocol.poc.acceptance=half"],
    },
    Defence {
        name: "committed_seed",
        doc: "A claim reveals the seed that was committed to before the epoch.",
        sets: &["protocol.claims.seed=committed"],
    },
    Defence {
        name: "no_cap",
        doc: "No cap on a participant's share of power.",
        sets: &["protocol.power_cap=none"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Override;

    #[test]
    fn names_are_unique_and_every_value_is_written_as_an_override() {
        for (at, defence) in DEFENCES.iter().enumerate() {
            assert!(
                DEFENCES[..at].iter().all(|other| other.name != defence.name),
                "{}",
                defence.name
            );
            assert!(defence.doc.ends_with('.'), "{}", defence.name);
            for set in defence.sets {
                assert!(Override::set(set).is_ok(), "{}: {set}", defence.name);
            }
        }
    }
}
