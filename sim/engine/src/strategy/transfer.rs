//! What a transfer agent knows and decides: it takes a client's request and passes it to an executor.

use stakeout_protocol::units::Fraction;

/// What a transfer agent knows when it sets its policy for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferView {
    /// Epochs since the run's start.
    pub epoch: u32,
    /// Its share of the network's weight, in parts per 10^9.
    pub weight_share_ppb: u32,
}

/// What an agent does to requests that fall to its victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Asks for another executor, so that the victim gets no work.
    Starve,
    /// Sends them with a forged time stamp: the victim's answer is refused, and the miss is the victim's.
    Forge,
}

/// A transfer agent's standing orders for an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferPolicy {
    /// Draws it makes until one of its owner's own executors comes up; 1 takes what comes first.
    pub draws: u32,
    /// Owner whose executors it harms, and how.
    pub victim: Option<(String, Harm)>,
    /// Share of its requests that are treated so; the others go where the first draw says.
    pub share: Fraction,
}

impl TransferPolicy {
    /// Passes every request to whom the first draw names.
    #[must_use]
    pub fn neutral() -> Self {
        Self {
            draws: 1,
            victim: None,
            share: Fraction::ONE,
        }
    }
}

/// Decides how requests are passed on.
pub trait TransferStrategy: Send {
    /// The standing orders for the epoch that begins.
    fn policy(&mut self, view: &TransferView) -> TransferPolicy;
}
