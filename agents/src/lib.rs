//! The strategies that participants follow, one a file.
//!
//! Each file says what its strategy does, what it knows, where its profit comes from, which rule should
//! stop it, and where it is described. To add one: write the file, name it here, append its descriptor to
//! [`registry`]; the contract tests then cover it.
//!
//! **Invariant.** A strategy decides from its view and its parameters alone: the same views give the same
//! decisions, on every machine.

mod accuser;
mod artifact_forger;
mod awkward_prompter;
mod best_responder;
mod bribed_validator;
mod copier;
mod credit_banker;
mod epsilon_greedy;
mod exit_scammer;
mod fair_weather;
mod free_rider;
mod hardware_renter;
mod hedger;
mod honest;
mod launderer;
mod lazy_validator;
mod learner;
mod model_swapper;
mod oscillator;
mod params;
mod part_swapper;
mod payload_withholder;
mod payment_refuser;
mod prompt_of_death;
mod prompt_truncator;
mod proof_voter;
mod q_learner;
mod replicator;
mod seed_grinder;
mod self_router;
mod sleeper;
mod starver;
mod sybil_splitter;
mod targeted_swapper;
pub mod theory;
mod threshold_hugger;
mod timestamp_forger;
mod unreliable_host;
mod upper_confidence;
mod vouching_ring;
mod wash_trader;
mod whitewasher;

pub use accuser::Accuser;
pub use artifact_forger::ArtifactForger;
pub use awkward_prompter::AwkwardPrompter;
pub use best_responder::BestResponder;
pub use bribed_validator::BribedValidator;
pub use copier::Copier;
pub use credit_banker::CreditBanker;
pub use epsilon_greedy::EpsilonGreedy;
pub use exit_scammer::ExitScammer;
pub use fair_weather::FairWeather;
pub use free_rider::FreeRider;
pub use hardware_renter::HardwareRenter;
pub use hedger::Hedger;
pub use honest::Honest;
pub use launderer::Launderer;
pub use lazy_validator::LazyValidator;
pub use model_swapper::ModelSwapper;
pub use oscillator::Oscillator;
pub use part_swapper::PartSwapper;
pub use payload_withholder::PayloadWithholder;
pub use payment_refuser::PaymentRefuser;
pub use prompt_of_death::PromptOfDeath;
pub use prompt_truncator::PromptTruncator;
pub use proof_voter::ProofVoter;
pub use q_learner::QLearner;
pub use replicator::Replicator;
pub use seed_grinder::SeedGrinder;
pub use self_router::SelfRouter;
pub use sleeper::Sleeper;
pub use starver::Starver;
pub use sybil_splitter::SybilSplitter;
pub use targeted_swapper::TargetedSwapper;
pub use threshold_hugger::ThresholdHugger;
pub use timestamp_forger::TimestampForger;
pub use unreliable_host::UnreliableHost;
pub use upper_confidence::UpperConfidence;
pub use vouching_ring::VouchingRing;
pub use wash_trader::WashTrader;
pub use whitewasher::Whitewasher;

use stakeout_engine::strategy::registry::Registry;

/// Every strategy on offer, in the order in which they are listed to a user.
pub fn registry() -> Registry {
    Registry::new(vec![
        honest::DESCRIPTOR,
        model_swapper::DESCRIPTOR,
        lazy_validator::DESCRIPTOR,
        unreliable_host::DESCRIPTOR,
        targeted_swapper::DESCRIPTOR,
        sleeper::DESCRIPTOR,
        credit_banker::DESCRIPTOR,
        threshold_hugger::DESCRIPTOR,
        oscillator::DESCRIPTOR,
        exit_scammer::DESCRIPTOR,
        launderer::DESCRIPTOR,
        part_swapper::DESCRIPTOR,
        artifact_forger::DESCRIPTOR,
        prompt_truncator::DESCRIPTOR,
        payload_withholder::DESCRIPTOR,
        free_rider::DESCRIPTOR,
        hardware_renter::DESCRIPTOR,
        whitewasher::DESCRIPTOR,
        sybil_splitter::DESCRIPTOR,
        fair_weather::DESCRIPTOR,
        accuser::DESCRIPTOR,
        vouching_ring::DESCRIPTOR,
        bribed_validator::DESCRIPTOR,
        copier::DESCRIPTOR,
        proof_voter::DESCRIPTOR,
        seed_grinder::DESCRIPTOR,
        self_router::DESCRIPTOR,
        starver::DESCRIPTOR,
        timestamp_forger::DESCRIPTOR,
        wash_trader::DESCRIPTOR,
        prompt_of_death::DESCRIPTOR,
        awkward_prompter::DESCRIPTOR,
        payment_refuser::DESCRIPTOR,
        best_responder::DESCRIPTOR,
        epsilon_greedy::DESCRIPTOR,
        upper_confidence::DESCRIPTOR,
        hedger::DESCRIPTOR,
        replicator::DESCRIPTOR,
        q_learner::DESCRIPTOR,
    ])
}
