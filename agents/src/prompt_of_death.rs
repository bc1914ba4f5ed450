//! Sends prompts that crash the server that reads them.
//!
//! - Does: spends its purse on prompts after which a model server restarts; the request is missed and
//!   nothing starts at that host meanwhile.
//! - Knows: a defect that the hosts of a model share.
//! - Profits by: nothing in coins: hosts lose serving time and take the misses, and the escrow comes back
//!   to the sender.
//! - Stopped by: a miss test that rises with the network's own miss rate
//!   (`protocol.missed_work.dynamic_p0`), so that the victims keep their reward.
//! - Reference: gonka-ai/gonka-docs docs/network-updates.md, epoch 266: one prompt brought a group's
//!   model servers down.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{PurseUse, RequesterPolicy, RequesterStrategy, RequesterView, Roles};

use crate::params;

/// A client whose prompts crash model servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptOfDeath {
    /// Restart, nanoseconds.
    pub restart_ns: u64,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "prompt_of_death",
    summary: "Sends prompts that crash model servers, so that honest hosts miss requests.",
    params: &[ParamDescriptor {
        name: "restart",
        kind: ParamKind::Duration,
        default: Some("60 s"),
        doc: "Time a model server needs to come back.",
    }],
    build: |given| Roles {
        requester: Box::new(PromptOfDeath {
            restart_ns: params::nanos(given, "restart"),
        }),
        ..Roles::honest()
    },
};

impl RequesterStrategy for PromptOfDeath {
    fn policy(&mut self, _view: &RequesterView) -> RequesterPolicy {
        RequesterPolicy {
            purse: PurseUse::Deadly {
                restart_ns: self.restart_ns,
            },
        }
    }
}
