//! When things happen in an epoch: the clock of proof of compute, validation, settlement and claims.
//!
//! Invariant: the stages of an epoch follow one another and end before the next epoch begins.
//!
//! Reference: gonka-ai/gonka x/inference/types/epoch_params.go, epoch_context.go.

use crate::units::{EpochIndex, Height};

/// The lengths that make up an epoch, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochParams {
    /// From one start of proof of compute to the next.
    pub length: u64,
    /// How far before block `length·e` the proof of compute of epoch `e` starts. Negative where an
    /// upgrade moved the clock to a later origin.
    pub shift: i64,
    /// Generation of proofs.
    pub poc_stage: u64,
    /// From the end of generation to the deadline for handing proofs in.
    pub poc_exchange: u64,
    /// From the end of generation to the start of proof validation.
    pub poc_validation_delay: u64,
    /// Proof validation.
    pub poc_validation_duration: u64,
    /// From the end of proof validation to the creation of the next group of hosts.
    pub set_new_validators_delay: u64,
    /// From the creation of the group to the block where it takes effect; two on CometBFT.
    pub activation_delay: u64,
    /// Inferences this close to the next proof of compute aren't anyone's duty to validate.
    pub inference_validation_cutoff: u64,
}

impl EpochParams {
    /// The clock of the network at its genesis (gonka-ai/gonka genesis.json).
    #[must_use]
    pub const fn mainnet_genesis() -> Self {
        Self {
            length: 17_280,
            shift: 16_980,
            poc_stage: 60,
            poc_exchange: 5,
            poc_validation_delay: 5,
            poc_validation_duration: 20,
            set_new_validators_delay: 120,
            activation_delay: 2,
            inference_validation_cutoff: 80,
        }
    }

    /// The clock the live network kept from epoch 56 to 403: start `11355 + 15391·e`, group created
    /// 185 blocks later (gonka-ai/gonka-tracker backend/test_data).
    ///
    /// The record gives the sum 185 and not its parts; we keep the genesis lengths and shorten the
    /// last delay (A-60).
    #[must_use]
    pub const fn mainnet_live() -> Self {
        Self {
            length: 15_391,
            shift: -11_355,
            set_new_validators_delay: 100,
            ..Self::mainnet_genesis()
        }
    }

    /// Whether the stages fit into the epoch and none of them is empty.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let start = Height::new(0);
        let stages = compute_stages(self, start);
        self.length > 0
            && self.poc_stage > 0
            && self.poc_validation_duration > 0
            && stages.exchange_deadline <= stages.validation_end
            && stages.claim < stages.next_poc_start
            && stages.activation < stages.next_poc_start
            && compute_poc_start(self, EpochIndex::new(1)).is_some()
    }
}

/// The height at which the proof of compute of an epoch starts; none where it lies before block 0.
///
/// ```text
/// length·epoch - shift
/// ```
#[must_use]
pub fn compute_poc_start(params: &EpochParams, epoch: EpochIndex) -> Option<Height> {
    let start = i128::from(params.length) * i128::from(epoch.get()) - i128::from(params.shift);
    u64::try_from(start).ok().map(Height::new)
}

/// The heights of one epoch's stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStages {
    /// Proof of compute starts.
    pub poc_start: Height,
    /// Nodes stop taking new proof work.
    pub poc_wind_down: Height,
    /// Proof generation ends.
    pub poc_end: Height,
    /// Proofs are accepted until here.
    pub exchange_deadline: Height,
    /// Hosts start checking each other's proofs.
    pub validation_start: Height,
    /// Hosts stop taking new checks.
    pub validation_wind_down: Height,
    /// Checking ends; the epoch before this one is settled.
    pub validation_end: Height,
    /// The group of hosts with the new weights is created.
    pub set_new_validators: Height,
    /// The epoch before this one can be claimed from here.
    pub claim: Height,
    /// The new weights take effect.
    pub activation: Height,
    /// Inferences started from here on aren't anyone's duty to validate.
    pub duty_cutoff: Height,
    /// The next proof of compute starts.
    pub next_poc_start: Height,
}

/// Where in an epoch a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Proofs are generated; only preserved nodes serve inferences.
    Generate,
    /// Generation is over and validation hasn't begun.
    GenerateWindDown,
    /// Proofs are validated.
    Validate,
    /// Validation is over and the new group isn't in place.
    ValidateWindDown,
    /// All nodes serve inferences.
    Inference,
}

impl EpochStages {
    /// The block in which the epoch before this one is settled.
    #[must_use]
    pub const fn settlement(&self) -> Height {
        self.validation_end
    }

    /// The phase of a block of this epoch; blocks outside of it count as inference.
    #[must_use]
    pub fn phase(&self, height: Height) -> Phase {
        match height {
            h if h < self.poc_start => Phase::Inference,
            h if h < self.poc_end => Phase::Generate,
            h if h < self.validation_start => Phase::GenerateWindDown,
            h if h < self.validation_end => Phase::Validate,
            h if h < self.set_new_validators => Phase::ValidateWindDown,
            _ => Phase::Inference,
        }
    }

    /// Whether proofs handed in at this height are accepted.
    #[must_use]
    pub fn is_exchange_window(&self, height: Height) -> bool {
        self.poc_start < height && height <= self.exchange_deadline
    }

    /// Whether findings about proofs handed in at this height are accepted.
    #[must_use]
    pub fn is_validation_exchange_window(&self, height: Height) -> bool {
        self.validation_start < height && height <= self.set_new_validators
    }

    /// The height whose delegations count for the next epoch; none when the window is zero.
    #[must_use]
    pub fn delegation_snapshot(&self, window: u64) -> Option<Height> {
        (window > 0).then(|| Height::new(self.next_poc_start.get().saturating_sub(window)))
    }
}

/// The stages of the epoch whose proof of compute starts at this height.
///
/// Work winds down when four fifths of a stage are over, rounded down.
#[must_use]
pub fn compute_stages(params: &EpochParams, poc_start: Height) -> EpochStages {
    let wind_down = |stage: u64| stage * 4 / 5;
    let poc_end = poc_start.plus(params.poc_stage);
    let validation_start = poc_end.plus(params.poc_validation_delay);
    let validation_end = validation_start.plus(params.poc_validation_duration);
    let set_new_validators = validation_end.plus(params.set_new_validators_delay);
    let next_poc_start = poc_start.plus(params.length);
    EpochStages {
        poc_start,
        poc_wind_down: poc_start.plus(wind_down(params.poc_stage)),
        poc_end,
        exchange_deadline: poc_end.plus(params.poc_exchange),
        validation_start,
        validation_wind_down: validation_start.plus(wind_down(params.poc_validation_duration)),
        validation_end,
        set_new_validators,
        claim: set_new_validators.plus(1),
        activation: set_new_validators.plus(params.activation_delay),
        duty_cutoff: Height::new(
            next_poc_start
                .get()
                .saturating_sub(params.inference_validation_cutoff),
        ),
        next_poc_start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another() {
        for params in [EpochParams::mainnet_genesis(), EpochParams::mainnet_live()] {
            assert!(params.is_consistent());
            let stages = compute_stages(&params, Height::new(1_000));
            let mut phases = (1_000..stages.next_poc_start.get()).map(|h| stages.phase(Height::new(h)));
            let mut last = phases.next().unwrap();
            assert_eq!(last, Phase::Generate);
            for phase in phases {
                assert!(phase >= last);
                last = phase;
            }
            assert_eq!(last, Phase::Inference);
        }
    }

    #[test]
    fn an_epoch_too_short_for_its_stages_is_refused() {
        let params = EpochParams {
            length: 200,
            ..EpochParams::mainnet_genesis()
        };
        assert!(!params.is_consistent());
    }

    #[test]
    fn the_next_epoch_starts_where_the_stages_say() {
        let params = EpochParams::mainnet_live();
        let start = |e| compute_poc_start(&params, EpochIndex::new(e)).unwrap();
        for epoch in 1..500 {
            assert_eq!(
                compute_stages(&params, start(epoch)).next_poc_start,
                start(epoch + 1)
            );
        }
    }
}
