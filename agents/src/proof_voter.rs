//! Votes against everybody else's proofs of compute, or not at all.
//!
//! - Does: serves and validates as promised; on proofs of compute it votes for its own owner's identities and
//!   against all others, or stays away from the vote.
//! - Knows: that two thirds of all voting power must accept a proof, and that absence counts against it.
//! - Profits by: the rewards of those whose weight is refused, once its own power blocks the two thirds; a third
//!   of the power is enough to refuse everybody. Absence gains nothing and costs all.
//! - Stopped by: guardians who decide where neither side has the threshold (`protocol.poc.guardians`), or a
//!   threshold of one half, which a third cannot block (docs/spec/poc.md).
//! - Reference: gonka-ai/gonka x/inference/module/chainvalidation.go, issue 505; upgrade notes of v0.2.9 (absent
//!   voters cost 36 to 48 % of the weight in epoch 155); network updates of gonka-ai/gonka-docs, issue 1525.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ProofVote, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView};

use crate::params;

/// A validator that refuses the proofs of others, or does not vote on any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofVoter {
    /// How it votes.
    pub vote: ProofVote,
}

/// Names of [`ProofVote`] in a scenario, but for the honest one.
const VOTES: [&str; 2] = ["own_only", "absent"];

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "proof_voter",
    summary: "Refuses the proofs of compute of all others, or stays away from the vote on them.",
    params: &[ParamDescriptor {
        name: "vote",
        kind: ParamKind::OneOf(&VOTES),
        default: Some("own_only"),
        doc: "For its own owner's proofs and against all others, or not at all.",
    }],
    build: |given| Roles {
        validator: Box::new(ProofVoter {
            vote: match params::name(given, "vote") {
                "absent" => ProofVote::Absent,
                _ => ProofVote::OwnOnly,
            },
        }),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for ProofVoter {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }

    fn vote_on_proofs(&mut self, _view: &ValidatorView) -> ProofVote {
        self.vote
    }
}
