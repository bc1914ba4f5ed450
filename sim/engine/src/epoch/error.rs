//! Why a scenario cannot run at the epoch fidelity.

use thiserror::Error;

/// What the epoch fidelity does not know, with the key that asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EpochError {
    /// A key asks for what needs single requests, blocks or queues.
    #[error("fidelity `epoch` has no {what}: {hint} (`{key}`)")]
    Unknown {
        /// What is missing.
        what: &'static str,
        /// The key of the scenario.
        key: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// A strategy decides something that this fidelity does not ask.
    #[error(
        "fidelity `epoch` has no {what}, which the strategy {strategy:?} of {host:?} asks for: use the fidelity `event` (`population`)"
    )]
    Strategy {
        /// Name of the strategy.
        strategy: String,
        /// Name of the host.
        host: String,
        /// What it asks for.
        what: &'static str,
    },
    /// Hosts are so busy that requests would wait.
    #[error(
        "fidelity `epoch` has no queues, and {host:?} would be busy {percent} % of the time: lower `demand.rate`, or use the fidelity `event`"
    )]
    Busy {
        /// Name of the busiest host.
        host: String,
        /// Its expected load.
        percent: u64,
    },
    /// Who pays has run dry.
    #[error(
        "fidelity `epoch` knows clients as one purse, and in epoch {epoch} a client could not pay: raise `clients.balance`, or use the fidelity `event`"
    )]
    ClientsPoor {
        /// Epoch of the network.
        epoch: u32,
    },
}
