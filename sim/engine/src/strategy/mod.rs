//! The strategy surface: one trait a role, each asked one question, answered from a view.
//!
//! A strategy never sees the world. Its view holds what its role may know and has no way back. Where a
//! decision can be stated in advance it is compiled to a small policy, which the event loop reads
//! without calling anybody; a strategy that must look at each request says so and is asked each time.

mod entrant;
mod executor;
pub mod registry;
mod requester;
mod transfer;
mod validator;

pub use entrant::{EntrantStrategy, EntrantView};
pub use executor::{Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, RequestView, Serve};
pub use requester::{PurseUse, RequesterPolicy, RequesterStrategy, RequesterView};
pub use transfer::{Harm, TransferPolicy, TransferStrategy, TransferView};
pub use validator::{Bias, ProofVote, Shortcut, Side, ValidatorPolicy, ValidatorStrategy, ValidatorView};

/// What a strategy unwinds with when it cannot decide, as one written in another language may: the reason in words.
/// Who runs the scenario catches it; it says nothing about the simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyFailure(pub String);

/// One strategy's answers for every role that a participant plays.
pub struct Roles {
    /// As executor.
    pub executor: Box<dyn ExecutorStrategy>,
    /// As validator.
    pub validator: Box<dyn ValidatorStrategy>,
    /// As transfer agent.
    pub transfer: Box<dyn TransferStrategy>,
    /// As the owner of a purse that pays for requests.
    pub requester: Box<dyn RequesterStrategy>,
    /// As an identity that may stay away.
    pub entrant: Box<dyn EntrantStrategy>,
}

impl Roles {
    /// The rules in every role.
    #[must_use]
    pub fn honest() -> Self {
        Self {
            executor: Box::new(ByTheRules),
            validator: Box::new(ByTheRules),
            transfer: Box::new(ByTheRules),
            requester: Box::new(ByTheRules),
            entrant: Box::new(ByTheRules),
        }
    }
}

/// What the protocol asks of each role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByTheRules;

impl ExecutorStrategy for ByTheRules {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy::honest()
    }
}

impl ValidatorStrategy for ByTheRules {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}

impl TransferStrategy for ByTheRules {
    fn policy(&mut self, _view: &TransferView) -> TransferPolicy {
        TransferPolicy::neutral()
    }
}

impl RequesterStrategy for ByTheRules {
    fn policy(&mut self, _view: &RequesterView) -> RequesterPolicy {
        RequesterPolicy::silent()
    }
}

impl EntrantStrategy for ByTheRules {
    fn is_present(&mut self, _view: &EntrantView) -> bool {
        true
    }
}
