//! Forges the artifact so that the network's distance comes out smaller.
//!
//! - Does: swaps the model and pads the first position of the artifact with extra candidates, which
//!   divides every position's distance by more; or swaps short answers only, whose distance the rule
//!   divides by a hundred positions at least.
//! - Knows: the rule's arithmetic: the divisor is the length, at least 100, times the candidates of the
//!   first position.
//! - Profits by: the decode time saved, at the detection rate of a smaller distance.
//! - Stopped by: a divisor that the validator sets (its own number of candidates and the true length), or
//!   the seed-synchronised check.
//! - Reference: gonka-ai/gonka decentralized-api/internal/validation/inference_validation.go; attacks A3,
//!   A11 and A12.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, RequestView, Roles, Serve,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// Names of [`Forgery`] in a scenario.
const FORGERIES: [&str; 2] = ["padded", "short"];
/// Candidates of a true position.
const TRUE_CANDIDATES: u128 = 5;

/// How the distance is diluted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Extra candidates in the first position.
    Padded,
    /// Short answers only.
    Short,
}

/// An executor that shrinks the distance of its substitute's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactForger {
    /// How the distance is diluted.
    pub forgery: Forgery,
    /// Candidates of the padded position.
    pub candidates: u64,
    /// Longest short answer, in model tokens.
    pub length: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "artifact_forger",
    summary: "Swaps the model and dilutes the distance: a padded first position, or short answers only.",
    params: &[
        ParamDescriptor {
            name: "forgery",
            kind: ParamKind::OneOf(&FORGERIES),
            default: Some("padded"),
            doc: "How the distance is diluted.",
        },
        ParamDescriptor {
            name: "candidates",
            kind: ParamKind::Count { min: 5, max: 1_000 },
            default: Some("20"),
            doc: "Candidates of the padded first position, against five of a true one.",
        },
        ParamDescriptor {
            name: "length",
            kind: ParamKind::Count { min: 1, max: 100 },
            default: Some("50"),
            doc: "Longest answer, in model tokens, that counts as short.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(ArtifactForger {
            forgery: if params::name(given, "forgery") == "short" {
                Forgery::Short
            } else {
                Forgery::Padded
            },
            candidates: params::count(given, "candidates"),
            length: params::count(given, "length"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for ArtifactForger {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        let part = match self.forgery {
            Forgery::Padded => {
                Fraction::from_ratio(TRUE_CANDIDATES, u128::from(self.candidates).max(TRUE_CANDIDATES))
            }
            Forgery::Short => Fraction::from_ratio(u128::from(self.length.min(100)), 100),
        };
        ExecutorPolicy {
            substitute_rate: Fraction::ONE,
            substitute: Some(self.substitute.clone()),
            artifact: Artifact::Diluted(part),
            ask_each: self.forgery == Forgery::Short,
            ..ExecutorPolicy::honest()
        }
    }

    fn serve(&mut self, _view: &ExecutorView, request: &RequestView, _draw: u64) -> Serve {
        if u64::from(request.answer) <= self.length {
            Serve::Substitute
        } else {
            Serve::Promised
        }
    }
}
