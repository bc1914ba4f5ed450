//! The queueing network that the queue oracles observe, on the engine's service fidelity.
//!
//! Work is exponential: a completion of exponentially many model tokens (a million on average, so that whole
//! tokens do not show) at a rate that makes the mean the one asked for.

use std::num::NonZeroUsize;

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::{Amount, Fraction};

use super::{Observation, OracleError};
use crate::observe::frame::RunOutput;
use crate::scenario::{AiModel, Arrivals, Demand, GpuClass, LengthLaw, ValidationWork};
use crate::service::{Network, ServiceHost, run_network};

const SECOND: f64 = 1e9;
const MEAN_TOKENS: f64 = 1e6;
const RELAXATIONS: f64 = 10.0;

/// Identical hosts behind one Poisson stream, each request to a uniformly drawn host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueueNetwork {
    /// Hosts.
    pub hosts: u32,
    /// Slots of each.
    pub slots: u16,
    /// Requests a second at each host.
    pub arrivals_per_second: f64,
    /// Mean service time in seconds; rounded to a nanosecond for a million model tokens.
    pub service_seconds: f64,
    /// Probability that an answer is validated.
    pub check_rate: Fraction,
    /// Block time in seconds.
    pub block_seconds: f64,
    /// Delay from a completion to the arrival of its validation, in seconds.
    pub validation_delay_seconds: f64,
}

impl QueueNetwork {
    /// Load of a host: requests and validations a second, times their work, over its slots.
    pub fn load(&self) -> f64 {
        self.jobs_per_second() * self.service_seconds / f64::from(self.slots)
    }

    fn jobs_per_second(&self) -> f64 {
        let rate = self.check_rate.parts() as f64 / Fraction::ONE.parts() as f64;
        self.arrivals_per_second * (1.0 + rate)
    }

    /// The time that is not counted, in seconds: ten relaxation times, and the validation delay, after which
    /// validations first arrive.
    pub fn warm_up_seconds(&self) -> f64 {
        let capacity = f64::from(self.slots) / self.service_seconds;
        let gap = capacity.sqrt() - self.jobs_per_second().sqrt();
        let relaxation = (1.0 / (gap * gap)).max(self.service_seconds);
        RELAXATIONS * relaxation
            + if self.check_rate.is_zero() {
                0.0
            } else {
                self.validation_delay_seconds
            }
    }

    /// The network as the engine takes it: long enough for `size` requests after the warm-up.
    pub fn build(&self, observation: Observation) -> Network {
        let per_second = self.arrivals_per_second * f64::from(self.hosts);
        let seconds = self.warm_up_seconds() + observation.size as f64 / per_second;
        let host = ServiceHost {
            weight: 1,
            class: 0,
            slots: self.slots,
            models: vec![0],
        };
        Network {
            label: String::from("oracle"),
            seed: observation.seed,
            first_epoch: 0,
            block_time: nanos(self.block_seconds),
            blocks: libm::ceil(seconds / self.block_seconds) as u64,
            warm_up: nanos(self.warm_up_seconds()),
            transfer_delay: SimDuration::ZERO,
            validation_delay: nanos(self.validation_delay_seconds),
            check_rate: self.check_rate,
            validation_work: ValidationWork::Fresh(LengthLaw::Exponential { mean: MEAN_TOKENS }),
            models: vec![model()],
            hardware: vec![self.hardware()],
            hosts: vec![host; self.hosts as usize],
            demand: Demand {
                arrivals: Arrivals::Poisson { per_second },
                prompt: LengthLaw::Constant(0),
                completion: LengthLaw::Exponential { mean: MEAN_TOKENS },
                max_tokens: None,
            },
        }
    }

    fn hardware(&self) -> GpuClass {
        GpuClass {
            name: String::from("server"),
            kernel: String::from("server"),
            memory_gib: 1,
            prefill_ns: 0,
            decode_ns: libm::round(self.service_seconds * SECOND / MEAN_TOKENS) as u64,
            slots: self.slots,
            cost_per_hour: Amount::ZERO,
            standby_per_hour: Amount::ZERO,
        }
    }

    /// Runs the network on one lane, since replicates run side by side.
    ///
    /// # Errors
    /// [`OracleError::Overloaded`] if the queue cannot settle.
    pub fn run(&self, oracle: &'static str, observation: Observation) -> Result<RunOutput, OracleError> {
        self.check(oracle)?;
        Ok(run_network(&self.build(observation), 0, NonZeroUsize::MIN)?)
    }

    /// Refuses a load that no queue can carry, and one so near to 1 that the warm-up would never end.
    pub fn check(&self, oracle: &'static str) -> Result<(), OracleError> {
        let load = self.load();
        if load < 0.999 {
            Ok(())
        } else {
            Err(OracleError::Overloaded { oracle, load })
        }
    }
}

fn nanos(seconds: f64) -> SimDuration {
    SimDuration::from_nanos(libm::round(seconds * SECOND) as u64)
}

fn model() -> AiModel {
    AiModel {
        name: String::from("model"),
        threshold_ppb: 0,
        memory_gib: 1,
        size_ppm: 1_000_000,
        demand_share: 1.0,
        prompt: None,
        completion: None,
    }
}

/// Mean of a duration histogram, in seconds.
pub(super) fn mean_seconds(histogram: &stakeout_kernel::histogram::LogHistogram) -> f64 {
    histogram.mean().unwrap_or(f64::NAN) / SECOND
}

/// The share of requests that waited at all.
pub(super) fn share_that_waited(output: &RunOutput) -> f64 {
    let (mut at_once, mut all) = (0, 0);
    for (low, _, count) in output.waiting.cells() {
        all += count;
        at_once += if low == 0 { count } else { 0 };
    }
    1.0 - at_once as f64 / all as f64
}
