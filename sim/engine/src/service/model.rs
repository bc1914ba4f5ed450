//! A network compiled for one replicate: who serves, how fast, what is checked, from which streams.
//!
//! **Invariant.** Everything here is read only while a run lasts; the laws that a hot loop asks for are
//! resolved once, so that a chunk is drawn without asking per inference.

use std::sync::Arc;

use stakeout_kernel::sample::{WeightedIndex, below, threshold};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::units::Fraction;

use super::ServiceError;
use super::chunk::{CHUNK, Chunk};
use super::lengths::Lengths;
use super::network::Network;
use crate::scenario::{AiModel, Arrivals, GpuClass, LengthLaw, TraceRequest, ValidationWork};

const PPM: u64 = 1_000_000;

/// The streams of a service run.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Gap before an inference and its completion length.
    pub arrival: StreamKey,
    /// Executor, and with uniform weights the coin.
    pub executor: StreamKey,
    /// Whether an inference is validated, with uneven weights.
    pub coin: StreamKey,
    /// Validator and length of a fresh decode.
    pub validation: StreamKey,
    /// Prompt length.
    pub prompt: StreamKey,
    /// Model.
    pub model: StreamKey,
    /// Lengths of calm and burst.
    pub burst: StreamKey,
}

impl Keys {
    fn derive(seed: u64, replicate: u32) -> Self {
        let key = |purpose| StreamKey::derive(RootSeed(seed), replicate, Purpose(purpose));
        Self {
            arrival: key(0x5300),
            executor: key(0x5301),
            coin: key(0x5302),
            validation: key(0x5303),
            prompt: key(0x5304),
            model: key(0x5305),
            burst: key(0x5306),
        }
    }
}

/// Nanoseconds per model token of one GPU class serving one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    prefill_ns: u64,
    decode_ns: u64,
    size_ppm: u64,
}

impl Speed {
    /// Time to prefill the prompt and decode the completion, in nanoseconds.
    #[inline(always)]
    pub fn serve(&self, prompt: u32, completion: u32) -> u64 {
        let work = u64::from(prompt) * self.prefill_ns + u64::from(completion) * self.decode_ns;
        if self.size_ppm == PPM {
            work
        } else {
            (u128::from(work) * u128::from(self.size_ppm) / u128::from(PPM)) as u64
        }
    }
}

/// Who may be drawn.
#[derive(Clone, Debug)]
pub enum Executors {
    /// Every host serves the one model, with equal weights.
    Uniform(u32),
    /// By weight inside each model's group.
    Groups(Vec<Group>),
}

/// The hosts that serve a model, with their weights.
#[derive(Clone, Debug)]
pub struct Group {
    hosts: Vec<u32>,
    weights: WeightedIndex,
}

impl Group {
    /// An executor by weight.
    #[inline]
    pub fn pick(&self, word: u64) -> u32 {
        self.hosts[self.weights.pick(word)]
    }

    /// A host other than `executor` by weight, if there is one with a weight.
    fn pick_other(&self, word: u64, executor: u32) -> Option<u32> {
        let own = self.hosts.binary_search(&executor).ok();
        let (before, weight) = own.map_or((u64::MAX, 0), |entry| {
            (self.weights.weight_before(entry), self.weights.weight(entry))
        });
        let others = self.weights.total() - weight;
        if others == 0 {
            return None;
        }
        let target = below(word, others);
        let target = if target >= before { target + weight } else { target };
        Some(self.hosts[self.weights.locate(target)])
    }
}

enum Validation {
    Replay,
    Fresh(Lengths),
}

/// A network made ready to run.
pub struct Model {
    /// Streams.
    pub keys: Keys,
    /// Who serves.
    pub executors: Executors,
    /// First slot of each host, and one past the last slot at the end.
    pub slots: Vec<u32>,
    /// An inference is validated when its coin lies below this.
    pub check_threshold: u64,
    /// Choice of a model, if there is more than one.
    pub demand_shares: Option<WeightedIndex>,
    /// Nanoseconds from a completion to the arrival of its validation; never shorter than a window.
    pub validation_delay_ns: u64,
    /// Nanoseconds of a window: one block.
    pub window_ns: u64,
    /// Windows in the run.
    pub windows: u64,
    /// Requests that arrive earlier are left out of the statistics.
    pub warm_up_ns: u64,
    /// Both transfers of a request, in nanoseconds.
    pub transfers_ns: u64,
    prompts: Vec<Lengths>,
    completions: Vec<Lengths>,
    validation: Validation,
    class: Vec<u16>,
    speeds: Vec<Speed>,
    trace: Option<Arc<Vec<TraceRequest>>>,
}

impl Model {
    /// Compiles a network for one replicate.
    pub fn new(network: &Network, replicate: u32) -> Result<Self, ServiceError> {
        network.check()?;
        let demand = &network.demand;
        let lengths = |own: &Option<LengthLaw>, common| Lengths::new(own.as_ref().unwrap_or(common));
        let models = &network.models;
        Ok(Self {
            keys: Keys::derive(network.seed, replicate),
            executors: executors(network),
            slots: first_slots(network),
            check_threshold: threshold(network.check_rate.parts() as f64 / Fraction::ONE.parts() as f64),
            demand_shares: demand_shares(models),
            validation_delay_ns: network.validation_delay.nanos(),
            window_ns: network.block_time.nanos(),
            windows: network.blocks,
            warm_up_ns: network.warm_up.nanos(),
            transfers_ns: 2 * network.transfer_delay.nanos(),
            prompts: models
                .iter()
                .map(|model| lengths(&model.prompt, &demand.prompt))
                .collect(),
            completions: models
                .iter()
                .map(|model| lengths(&model.completion, &demand.completion))
                .collect(),
            validation: match &network.validation_work {
                ValidationWork::Replay => Validation::Replay,
                ValidationWork::Fresh(law) => Validation::Fresh(Lengths::new(law)),
            },
            class: network.hosts.iter().map(|host| host.class).collect(),
            speeds: speeds(network),
            trace: match &demand.arrivals {
                Arrivals::Trace(requests) => Some(Arc::clone(requests)),
                _ => None,
            },
        })
    }

    /// Number of hosts.
    pub fn hosts(&self) -> u32 {
        self.class.len() as u32
    }

    /// Requests in the chunk at `first`.
    pub fn chunk_len(&self, first: u64) -> usize {
        match &self.trace {
            Some(requests) => (requests.len() as u64).saturating_sub(first).min(CHUNK as u64) as usize,
            None => CHUNK,
        }
    }

    /// Mean of the completion law, if there is one model and its law is exponential.
    pub fn exponential_completion(&self) -> Option<f64> {
        match self.completions.as_slice() {
            [Lengths::Exponential(mean)] => Some(*mean),
            _ => None,
        }
    }

    /// The prompt length, if it is the same for all.
    pub fn constant_prompt(&self) -> Option<u32> {
        match self.prompts.as_slice() {
            [Lengths::Constant(length)] => Some(*length),
            _ => None,
        }
    }

    /// Prompt law of a model.
    pub fn prompt(&self, model: u16) -> &Lengths {
        &self.prompts[usize::from(model)]
    }

    /// Completion law of a model.
    pub fn completion(&self, model: u16) -> &Lengths {
        &self.completions[usize::from(model)]
    }

    /// The speed of all hosts, if there is one class and one model.
    pub fn single_speed(&self) -> Option<Speed> {
        match self.speeds.as_slice() {
            [speed] => Some(*speed),
            _ => None,
        }
    }

    /// Speed of a host serving a model.
    pub fn speed(&self, host: u32, model: u16) -> Speed {
        self.speeds[usize::from(self.class[host as usize]) * self.prompts.len() + usize::from(model)]
    }

    /// The validator of an inference and its work in nanoseconds, if anybody else serves the model.
    #[inline]
    pub fn validation(&self, chunk: &Chunk, offset: usize) -> Option<(u32, u64)> {
        let executor = chunk.executor[offset];
        let model = chunk.model[offset];
        let [choice, length] = self.keys.validation.draw2(chunk.first + offset as u64, 0);
        let validator = match &self.executors {
            Executors::Uniform(1) => return None,
            Executors::Uniform(hosts) => {
                let other = below(choice, u64::from(*hosts) - 1) as u32;
                other + u32::from(other >= executor)
            }
            Executors::Groups(groups) => groups[usize::from(model)].pick_other(choice, executor)?,
        };
        let speed = self.speed(validator, model);
        let work_ns = match &self.validation {
            Validation::Replay => {
                speed.serve(chunk.prompt[offset].saturating_add(chunk.completion[offset]), 0)
            }
            Validation::Fresh(lengths) => speed.serve(0, lengths.draw(length)),
        };
        Some((validator, work_ns))
    }

    /// Overwrites what a recorded trace knows better than a draw.
    pub fn replay_trace(&self, chunk: &mut Chunk) {
        let Some(requests) = &self.trace else { return };
        for offset in 0..chunk.len {
            let row = &requests[chunk.first as usize + offset];
            if chunk.model[offset] != row.model {
                // The drawn model's lengths and executor are another model's: draw again for this one.
                chunk.model[offset] = row.model;
                let number = chunk.first + offset as u64;
                let [_, length] = self.keys.arrival.draw2(number, 0);
                chunk.completion[offset] = self.completion(row.model).draw(length);
                chunk.prompt[offset] = self.prompt(row.model).draw(pair_word(self.keys.prompt, number));
                if let Executors::Groups(groups) = &self.executors {
                    let word = pair_word(self.keys.executor, number);
                    chunk.executor[offset] = groups[usize::from(row.model)].pick(word);
                }
            }
            chunk.executor[offset] = row.executor.unwrap_or(chunk.executor[offset]);
            chunk.prompt[offset] = row.prompt.unwrap_or(chunk.prompt[offset]);
            chunk.completion[offset] = row.completion.unwrap_or(chunk.completion[offset]);
        }
    }
}

/// The word of one inference in a stream whose blocks serve two.
fn pair_word(key: StreamKey, number: u64) -> u64 {
    key.draw2(number / 2, 0)[(number & 1) as usize]
}

fn executors(network: &Network) -> Executors {
    let hosts = &network.hosts;
    if network.models.len() == 1 && hosts.iter().all(|host| host.weight == hosts[0].weight) {
        return Executors::Uniform(hosts.len() as u32);
    }
    let group = |model: usize| {
        let members = hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| host.models.contains(&(model as u16)));
        let (hosts, weights): (Vec<u32>, Vec<u64>) =
            members.map(|(index, host)| (index as u32, host.weight)).unzip();
        Group {
            hosts,
            weights: WeightedIndex::new(&weights),
        }
    };
    Executors::Groups((0..network.models.len()).map(group).collect())
}

fn first_slots(network: &Network) -> Vec<u32> {
    let mut first = 0;
    let mut slots = vec![0];
    for host in &network.hosts {
        first += u32::from(host.slots.max(1));
        slots.push(first);
    }
    slots
}

/// Shares in whole parts of 10^12 of their sum; a share too small for one part gets one.
fn demand_shares(models: &[AiModel]) -> Option<WeightedIndex> {
    if models.len() < 2 {
        return None;
    }
    let sum: f64 = models.iter().map(|model| model.demand_share).sum();
    let part = |model: &AiModel| ((model.demand_share / sum * 1e12) as u64).max(1);
    Some(WeightedIndex::new(&models.iter().map(part).collect::<Vec<_>>()))
}

fn speeds(network: &Network) -> Vec<Speed> {
    let speed = |class: &GpuClass, model: &AiModel| Speed {
        prefill_ns: class.prefill_ns,
        decode_ns: class.decode_ns,
        size_ppm: u64::from(model.size_ppm),
    };
    let classes = network.hardware.iter();
    classes
        .flat_map(|class| network.models.iter().map(move |model| speed(class, model)))
        .collect()
}
