//! What the owner of a purse knows and decides: it sends requests of its own into the network.
//!
//! A scenario sets aside a share of all arrivals for purses (`demand.purse_share`). An honest owner sends none
//! of them, so that a run and its honest twin have the same requests from everybody else.

/// What a requester knows when it sets its policy for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequesterView {
    /// Epochs since the run's start.
    pub epoch: u32,
}

/// What the purse's requests are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurseUse {
    /// They are not sent.
    Nothing,
    /// Trade with oneself: ordinary requests, for which its own transfer agent draws so often until one of
    /// its own executors comes up.
    Wash {
        /// Draws; 1 leaves it to chance.
        draws: u32,
    },
    /// Prompts on which honest validators disagree: the calibration's last class of prompts.
    Awkward,
    /// Prompts that crash the model server, which needs this long to come back.
    Deadly {
        /// Restart, nanoseconds.
        restart_ns: u64,
    },
    /// The request is served before the chain refuses its payment: the executor works for nothing.
    Unpaid,
}

/// A requester's standing orders for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequesterPolicy {
    /// What the purse's requests are for.
    pub purse: PurseUse,
}

impl RequesterPolicy {
    /// Sends nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            purse: PurseUse::Nothing,
        }
    }
}

/// Decides what a purse is used for.
pub trait RequesterStrategy: Send {
    /// The standing orders for the epoch that begins.
    fn policy(&mut self, view: &RequesterView) -> RequesterPolicy;
}
