//! What random hosts do in the roles beside executor and validator.

use stakeout_engine::strategy::{
    Artifact, Bias, EntrantStrategy, EntrantView, ExecutorPolicy, ExecutorStrategy, ExecutorView, Harm,
    PurseUse, RequesterPolicy, RequesterStrategy, RequesterView, Roles, Shortcut, Side, TransferPolicy,
    TransferStrategy, TransferView, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use stakeout_protocol::units::Fraction;

/// Swaps everything behind an artifact, and holds half of its hardware.
struct Behind(Artifact);

impl ExecutorStrategy for Behind {
    fn policy(&mut self, _: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: Fraction::ONE,
            substitute: Some("int4".into()),
            artifact: self.0,
            held: Fraction::from_percent(50),
            ..ExecutorPolicy::honest()
        }
    }
}

/// Swaps everything behind an artifact.
pub fn behind(artifact: Artifact) -> Roles {
    Roles {
        executor: Box::new(Behind(artifact)),
        ..Roles::honest()
    }
}

/// Judges its own owner's answers unseen.
pub struct Other(pub Shortcut);

impl ValidatorStrategy for Other {
    fn policy(&mut self, _: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            bias: Some(Bias {
                side: Side::Own,
                answer: self.0,
            }),
            ..ValidatorPolicy::diligent()
        }
    }
}

/// A deviating transfer agent.
struct Agent(TransferPolicy);

impl TransferStrategy for Agent {
    fn policy(&mut self, _: &TransferView) -> TransferPolicy {
        self.0.clone()
    }
}

/// Draws so often, and harms the first owner.
pub fn agent(draws: u32, harm: Option<Harm>) -> Roles {
    Roles {
        transfer: Box::new(Agent(TransferPolicy {
            draws,
            victim: harm.map(|harm| ("o0".into(), harm)),
            share: Fraction::from_percent(80),
        })),
        ..Roles::honest()
    }
}

/// Spends a purse.
struct Spender(PurseUse);

impl RequesterStrategy for Spender {
    fn policy(&mut self, _: &RequesterView) -> RequesterPolicy {
        RequesterPolicy { purse: self.0 }
    }
}

/// Spends a purse.
pub fn purse(purpose: PurseUse) -> Roles {
    Roles {
        requester: Box::new(Spender(purpose)),
        ..Roles::honest()
    }
}

/// Takes part in every second epoch.
pub struct Comer;

impl EntrantStrategy for Comer {
    fn is_present(&mut self, view: &EntrantView) -> bool {
        view.epoch.is_multiple_of(2)
    }
}
