//! The same closed forms on the event fidelity, where the whole protocol stands between request and answer.
//!
//! The verified network's sojourn is not among them: its product form needs each validation to arrive a fixed
//! delay after its answer was completed, and an answer to have at most one. Under the protocol validations of a
//! block are sent out when the block commits, all at the same moment, and several validators may be drawn for
//! one answer. It is observed on the service fidelity alone, where both hold.

use super::network::{mean_seconds, share_that_waited};
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use super::{block_time, mm1, mmc};
use crate::observe::frame::RunOutput;
use crate::run::{RunOptions, run};
use crate::scenario::{Scenario, from_str};
use crate::strategy::registry::{Registry, StrategyDescriptor};
use crate::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};

/// M/M/1 under the whole protocol: chain, escrow, sampling off, one epoch without proof of compute.
///
/// ```text
/// W = 1/(mu - lambda)    Wq = W - 1/mu    P(wait) = lambda/mu
/// ```
pub(super) struct EventMm1;

/// M/M/c under the whole protocol: as [`EventMm1`], with several slots.
pub(super) struct EventMmc;

/// Answers that nobody draws, under the whole protocol: equal weights, target one.
///
/// ```text
/// (1 - t/(n-1))^(n-1)
/// ```
pub(super) struct EventUnchecked;

/// The client's median latency at several block times, relative to the first: 1. The requests are the same,
/// and nothing but the clock of the chain differs.
pub(super) struct EventBlockTime;

const QUEUE_HOSTS: u32 = 20;
const BLOCKS: [u32; 3] = [2, 5, 10];

struct Honest;

impl ExecutorStrategy for Honest {
    fn policy(&mut self, _: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy::honest()
    }
}

impl ValidatorStrategy for Honest {
    fn policy(&mut self, _: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}

fn registry() -> Registry {
    Registry::new(vec![StrategyDescriptor {
        name: "honest",
        summary: "Does what it promised.",
        params: &[],
        build: |_| Roles {
            executor: Box::new(Honest),
            validator: Box::new(Honest),
            ..Roles::honest()
        },
    }])
}

/// A scenario that the parameters do not make.
pub(super) fn refuse(errors: crate::scenario::ScenarioErrors) -> OracleError {
    OracleError::Scenario(errors.to_string())
}

/// What differs from one oracle's network to the next.
struct Setting {
    hosts: u32,
    slots: u32,
    per_second: f64,
    /// Model tokens a second of a slot; an answer has a million on average.
    decode: f64,
    block_seconds: u32,
    /// Lines of the key `sampling`.
    sampling: String,
    warm_up_seconds: f64,
    size: u64,
    seed: u64,
}

impl Setting {
    /// The scenario as a user would write it. The epoch is longer than the run, so that no proof of compute
    /// takes the hosts away, and inference is free, so that nobody runs out of money.
    fn text(&self) -> String {
        let seconds = self.warm_up_seconds + self.size as f64 / self.per_second;
        let blocks = libm::ceil(seconds / f64::from(self.block_seconds)) as u64;
        format!(
            "preset: minimal
seed: {seed}
duration: 1 epoch
until: {blocks} blocks
warm_up: {warm_up:.3} s
chain: {{ block_time: {block} s, transfer_delay: 0 s, validation_delay: 1 s }}
clients: {{ count: 100, balance: 1000000 GNK }}
protocol:
  geometry: {{ length: {length} blocks }}
  escrow: {{ expiration: 100000 blocks }}
  sampling: {{ {sampling} }}
  pricing: {{ free_until_epoch: 1000 }}
demand:
  rate: {rate:.9} /s
  prompt: 0 tokens
  completion: {{ exponential: {{ mean: 1000000 tokens }} }}
  max_tokens: 100000000 tokens
models:
  unit: {{ threshold: 0.9, memory: 1 GiB }}
hardware:
  unit: {{ kernel: fp8-h100, memory: 1 GiB, prefill: 1000000 tokens/s, decode: {decode:.3} tokens/s, slots: {slots}, cost: 0 GNK/h }}
population:
  - {{ name: host, count: {hosts}, strategy: honest, weight: 100, models: unit, hardware: unit }}
",
            seed = self.seed,
            warm_up = self.warm_up_seconds,
            block = self.block_seconds,
            length = 2 * blocks + 1_000,
            sampling = self.sampling,
            rate = self.per_second,
            decode = self.decode,
            slots = self.slots,
            hosts = self.hosts,
        )
    }

    fn scenario(&self) -> Result<Scenario, OracleError> {
        from_str("oracle", &self.text(), &[], &registry()).map_err(refuse)
    }

    fn run(&self) -> Result<RunOutput, OracleError> {
        let options = RunOptions {
            lanes: Some(1),
            ..RunOptions::default()
        };
        run(&self.scenario()?, 0, &registry(), &options)
            .map_err(|error| OracleError::Scenario(error.to_string()))
    }
}

impl Oracle for EventMm1 {
    fn id(&self) -> &'static str {
        "event-mm1"
    }

    fn title(&self) -> &'static str {
        "One slot, Poisson arrivals, exponential work, under the whole protocol"
    }

    fn source(&self) -> &'static str {
        mm1::Mm1.source()
    }

    fn parameters(&self) -> Vec<Parameter> {
        mm1::Mm1.parameters()
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        mm1::network(parameters, QUEUE_HOSTS).check(self.id())?;
        Ok(mm1::figures(parameters))
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let queue = mm1::network(parameters, QUEUE_HOSTS);
        queue.check(self.id())?;
        let setting = Setting {
            hosts: QUEUE_HOSTS,
            slots: 1,
            per_second: f64::from(QUEUE_HOSTS) * parameters.get("lambda"),
            decode: 1e6 * parameters.get("mu"),
            block_seconds: 5,
            sampling: String::from("rule: none"),
            warm_up_seconds: queue.warm_up_seconds(),
            size: observation.size,
            seed: observation.seed,
        };
        let output = setting.run()?;
        Ok(vec![
            mean_seconds(&output.sojourn),
            mean_seconds(&output.waiting),
            share_that_waited(&output),
        ])
    }
}

impl Oracle for EventMmc {
    fn id(&self) -> &'static str {
        "event-mmc"
    }

    fn title(&self) -> &'static str {
        "Several slots behind one line (M/M/c), under the whole protocol"
    }

    fn source(&self) -> &'static str {
        mmc::Mmc.source()
    }

    fn parameters(&self) -> Vec<Parameter> {
        mmc::Mmc.parameters()
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        mmc::Mmc.expected(parameters)
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let queue = mmc::network(parameters);
        queue.check(self.id())?;
        let setting = Setting {
            hosts: queue.hosts,
            slots: u32::from(queue.slots),
            per_second: f64::from(queue.hosts) * queue.arrivals_per_second,
            decode: 1e6 * parameters.get("mu"),
            block_seconds: 5,
            sampling: String::from("rule: none"),
            warm_up_seconds: queue.warm_up_seconds(),
            size: observation.size,
            seed: observation.seed,
        };
        let output = setting.run()?;
        Ok(vec![mean_seconds(&output.waiting), share_that_waited(&output)])
    }
}

impl Oracle for EventUnchecked {
    fn id(&self) -> &'static str {
        "event-unchecked"
    }

    fn title(&self) -> &'static str {
        "Answers that no validator draws, under the whole protocol"
    }

    fn source(&self) -> &'static str {
        "gonka-ai/gonka x/inference/calculations/should_validate.go"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::count("n", 10)]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let others = parameters.get("n") - 1.0;
        let share = if others < 1.0 {
            1.0
        } else {
            libm::pow(1.0 - 1.0 / others, others)
        };
        Ok(vec![Figure::new("share unchecked", share)])
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let hosts = parameters.count("n");
        let setting = Setting {
            hosts,
            slots: 64,
            per_second: 20.0 * f64::from(hosts),
            decode: 1e6,
            block_seconds: 5,
            sampling: String::from("rule: flat, flat_rate: 100 %"),
            warm_up_seconds: 0.0,
            size: observation.size,
            seed: observation.seed,
        };
        // The run ends inside its only epoch, so the row is taken at the end of a run through settlement.
        let mut scenario = setting.scenario()?;
        let blocks = scenario.until_blocks.take().unwrap_or(1);
        scenario.protocol.geometry.length = blocks.max(100);
        let options = RunOptions {
            lanes: Some(1),
            ..RunOptions::default()
        };
        let output = run(&scenario, 0, &registry(), &options)
            .map_err(|error| OracleError::Scenario(error.to_string()))?;
        let finished: u64 = output.epochs.iter().map(|epoch| epoch.finished).sum();
        let checked: u64 = output.epochs.iter().map(|epoch| epoch.checked).sum();
        Ok(vec![1.0 - checked as f64 / finished as f64])
    }
}

impl Oracle for EventBlockTime {
    fn id(&self) -> &'static str {
        "event-block-time"
    }

    fn title(&self) -> &'static str {
        "Client latency does not depend on the block time, under the whole protocol"
    }

    fn source(&self) -> &'static str {
        block_time::BlockTime.source()
    }

    fn parameters(&self) -> Vec<Parameter> {
        block_time::BlockTime.parameters()
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let load = parameters.get("rho");
        if load >= 0.999 {
            return Err(OracleError::Overloaded {
                oracle: self.id(),
                load,
            });
        }
        Ok(block_time::figures(&BLOCKS))
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let median = |block: u32| -> Result<f64, OracleError> {
            let per_second = f64::from(QUEUE_HOSTS) * 2.0 * parameters.get("rho");
            // A whole number of the longest blocks, so that all runs end at the same time.
            let longest = f64::from(BLOCKS[2]);
            let seconds = libm::ceil(observation.size as f64 / per_second / longest) * longest;
            let setting = Setting {
                hosts: QUEUE_HOSTS,
                slots: 2,
                per_second,
                decode: 1e6,
                block_seconds: block,
                sampling: String::from("rule: none"),
                warm_up_seconds: 0.0,
                size: (seconds * per_second) as u64,
                seed: observation.seed,
            };
            let mut scenario = setting.scenario()?;
            scenario.until_blocks = Some((seconds / f64::from(block)) as u64);
            let options = RunOptions {
                lanes: Some(1),
                ..RunOptions::default()
            };
            let output = run(&scenario, 0, &registry(), &options)
                .map_err(|error| OracleError::Scenario(error.to_string()))?;
            Ok(output
                .latency
                .quantile(0.5)
                .map_or(f64::NAN, |median| median as f64))
        };
        let first = median(BLOCKS[0])?;
        BLOCKS[1..]
            .iter()
            .map(|&block| Ok(median(block)? / first))
            .collect()
    }
}
