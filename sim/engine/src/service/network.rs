//! What the service fidelity simulates: hosts, models, demand, delays.
//!
//! **Invariant.** A network that [`Network::check`] accepts can be run.

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::units::Fraction;

use super::ServiceError;
use crate::scenario::{AiModel, Demand, GpuClass, Scenario, ValidationWork};

/// One network, without chain and money.
#[derive(Clone, Debug)]
pub struct Network {
    /// What the digest names the network by: a scenario's hash.
    pub label: String,
    /// Root seed.
    pub seed: u64,
    /// First epoch, for the row of totals.
    pub first_epoch: u32,
    /// Length of a window.
    pub block_time: SimDuration,
    /// Windows simulated.
    pub blocks: u64,
    /// Requests that arrive earlier are served, but left out of the statistics.
    pub warm_up: SimDuration,
    /// One way of a request between client and executor.
    pub transfer_delay: SimDuration,
    /// From a completion to the arrival of its validation; at least a window.
    pub validation_delay: SimDuration,
    /// Probability that an answer is validated.
    pub check_rate: Fraction,
    /// What a validation costs.
    pub validation_work: ValidationWork,
    /// Models on offer.
    pub models: Vec<AiModel>,
    /// GPU classes.
    pub hardware: Vec<GpuClass>,
    /// Hosts.
    pub hosts: Vec<ServiceHost>,
    /// Arrivals and lengths.
    pub demand: Demand,
}

/// A host, as far as queues are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHost {
    /// Weight by which it is drawn.
    pub weight: u64,
    /// GPU class.
    pub class: u16,
    /// Concurrent slots.
    pub slots: u16,
    /// Models served, ascending.
    pub models: Vec<u16>,
}

impl Network {
    /// The network of a scenario, refused where the scenario asks for what this fidelity does not have.
    pub fn from_scenario(scenario: &Scenario) -> Result<Self, ServiceError> {
        if scenario.outages.per_host.is_some() || !scenario.outages.shared.is_empty() {
            return Err(ServiceError::Outages);
        }
        let sampling = &scenario.protocol.sampling;
        let check_rate = match sampling.rule {
            SamplingRule::None => Fraction::ZERO,
            SamplingRule::Flat => sampling.flat_rate,
            _ => return Err(ServiceError::SamplingRule),
        };
        let whole_run = u64::from(scenario.epochs) * scenario.protocol.geometry.length;
        let host = |host: &crate::scenario::Host| ServiceHost {
            weight: host.weight,
            class: host.class,
            slots: host.slots,
            models: host.models.to_vec(),
        };
        Ok(Self {
            label: scenario.hash.clone(),
            seed: scenario.seed,
            first_epoch: scenario.first_epoch.get(),
            block_time: scenario.chain.block_time,
            blocks: scenario
                .until_blocks
                .map_or(whole_run, |until| until.min(whole_run)),
            warm_up: scenario.warm_up,
            transfer_delay: scenario.chain.transfer_delay,
            validation_delay: scenario.chain.validation_delay,
            check_rate,
            validation_work: scenario.protocol.validation_work.clone(),
            models: scenario.models.clone(),
            hardware: scenario.hardware.clone(),
            hosts: scenario.hosts.iter().map(host).collect(),
            demand: scenario.demand.clone(),
        })
    }

    /// Refuses what cannot be run.
    pub fn check(&self) -> Result<(), ServiceError> {
        if self.hosts.is_empty() || self.models.is_empty() {
            return Err(ServiceError::Nobody);
        }
        let (window_ns, delay_ns) = (self.block_time.nanos(), self.validation_delay.nanos());
        if window_ns == 0 {
            return Err(ServiceError::NoWindow);
        }
        if !self.check_rate.is_zero() && delay_ns < window_ns {
            return Err(ServiceError::DelayBelowWindow { delay_ns, window_ns });
        }
        for (index, model) in self.models.iter().enumerate() {
            let serves = |host: &ServiceHost| host.weight > 0 && host.models.contains(&(index as u16));
            if !self.hosts.iter().any(serves) {
                return Err(ServiceError::NobodyServes {
                    model: model.name.clone(),
                });
            }
        }
        Ok(())
    }
}
