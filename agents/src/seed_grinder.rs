//! Checks nothing, and reveals the seed under which it had hardly anything to check.
//!
//! - Does: is silent on every validation job; before its claim it tries many seeds and reveals the one that asks
//!   the least of it.
//! - Knows: the epoch's answers, and with them what every seed would have asked.
//! - Profits by: the prefill of all checks: a test of missed duty forgives the four misses of a short list.
//! - Stopped by: a seed that is committed to before the epoch's first answer (`protocol.claims.seed: committed`);
//!   a duty so large that no seed asks little.
//! - Reference: gonka-ai/gonka x/inference/keeper/msg_server_submit_seed.go (a seed may be overwritten) and
//!   devshard/docs/attacks.md (grinding of keys and signatures); P(accepted) = 1 - (1 - P(duty <= 4))^g.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Roles, Shortcut, ValidatorPolicy, ValidatorStrategy, ValidatorView};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A validator that works on nothing and picks its seed afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedGrinder {
    /// Seeds that it tries.
    pub seeds: u32,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "seed_grinder",
    summary: "Checks nothing and claims with the seed, of many tried, under which it had least to check.",
    params: &[ParamDescriptor {
        name: "seeds",
        kind: ParamKind::Count { min: 1, max: 10_000 },
        default: Some("100"),
        doc: "Seeds that it tries for each claim.",
    }],
    build: |given| Roles {
        validator: Box::new(SeedGrinder {
            seeds: params::count(given, "seeds") as u32,
        }),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for SeedGrinder {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: Fraction::ZERO,
            otherwise: Shortcut::Silent,
            bias: None,
        }
    }

    fn seeds(&mut self, _view: &ValidatorView) -> u32 {
        self.seeds
    }
}
