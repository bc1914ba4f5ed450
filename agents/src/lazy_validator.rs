//! Replays only a share of its validation jobs and answers the others without work.
//!
//! - Does: serves requests honestly; a validation job or a dispute vote is replayed with a fixed
//!   probability, otherwise it gets the same answer always: a match, a mismatch, or none.
//! - Knows: its own queue and the public parameters; not whether the executor cheats.
//! - Profits by: the prefill that it saves, while it keeps the validator's share and passes the claim's
//!   count of done validations.
//! - Stopped by: planted mismatches and the minority's penalty, where a rule has them; saying nothing is
//!   stopped by validator duty at claim (docs/spec/claims.md). The network's launch rules do not stop the
//!   one who always says match.
//! - Reference: the verifier's dilemma, Luu, Teutsch, Kulkarni, Saxena 2015; gonka-ai/gonka issues 830 and
//!   1254.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Roles, Shortcut, ValidatorPolicy, ValidatorStrategy, ValidatorView};
use stakeout_protocol::units::Fraction;

use crate::honest::Honest;
use crate::params;

/// A validator that works on a share of its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LazyValidator {
    /// Share of the jobs that are really replayed.
    pub diligence: Fraction,
    /// What the others get.
    pub otherwise: Shortcut,
}

/// Names of [`Shortcut`] in a scenario.
const SHORTCUTS: [&str; 3] = ["say_match", "say_mismatch", "silent"];

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "lazy_validator",
    summary: "Replays a share of its validation jobs and answers the others blindly; saves their prefill.",
    params: &[
        ParamDescriptor {
            name: "diligence",
            kind: ParamKind::Fraction,
            default: Some("0 %"),
            doc: "Share of the validation jobs that are really replayed.",
        },
        ParamDescriptor {
            name: "otherwise",
            kind: ParamKind::OneOf(&SHORTCUTS),
            default: Some("say_match"),
            doc: "What the other jobs get: always a match, always a mismatch, or no answer.",
        },
    ],
    build: |given| {
        let lazy = LazyValidator {
            diligence: params::fraction(given, "diligence"),
            otherwise: match params::name(given, "otherwise") {
                "say_mismatch" => Shortcut::SayMismatch,
                "silent" => Shortcut::Silent,
                _ => Shortcut::SayMatch,
            },
        };
        Roles {
            executor: Box::new(Honest),
            validator: Box::new(lazy),
            ..Roles::honest()
        }
    },
};

impl ValidatorStrategy for LazyValidator {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: self.diligence,
            otherwise: self.otherwise,
            bias: None,
        }
    }
}
