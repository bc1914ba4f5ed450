//! What a run looks up and never changes: rates, thresholds, laws, keys.

use std::sync::Arc;

use stakeout_calibration::ScoreTable;
use stakeout_kernel::sample::{QuantileTable, threshold};
use stakeout_kernel::streams::StreamKey;
use stakeout_protocol::status::StatusRule;
use stakeout_protocol::units::Fraction;

use super::conduct::Conducts;
use super::inference::Inference;
use super::lengths::Lengths;
use super::payload::PayloadFetch;
use super::purpose::Keys;
use crate::scenario::{LengthLaw, Scenario, ValidationWork};

/// Parts per million in one.
const PPM: u128 = 1_000_000;

/// Time for one model token of one model on one GPU class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Prefill, ns.
    pub prefill_ns: u64,
    /// Decode, ns.
    pub decode_ns: u64,
}

/// How time is cut into block windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockClock {
    block_ns: u64,
    /// 2^64 divided by `block_ns`, rounded down.
    reciprocal: u64,
}

impl BlockClock {
    fn of(block_ns: u64) -> Self {
        let reciprocal = (1_u128 << 64) / u128::from(block_ns);
        Self {
            block_ns,
            reciprocal: reciprocal.min(u128::from(u64::MAX)) as u64,
        }
    }

    /// The block window in which a transaction that is ready at `time` is included.
    #[inline(always)]
    pub(crate) fn window_of(self, time: u64) -> u64 {
        // A multiplication by the reciprocal is short by at most one.
        let short = ((u128::from(time) * u128::from(self.reciprocal)) >> 64) as u64;
        short + u64::from(time - short * self.block_ns >= self.block_ns)
    }
}

/// Time for one model token of each model on each GPU class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateTable<'a> {
    rates: &'a [Rates],
    models: usize,
}

impl RateTable<'_> {
    /// Of a class for a model.
    #[inline(always)]
    pub(crate) fn of(self, class: u16, model: u16) -> Rates {
        self.rates[usize::from(class) * self.models + usize::from(model)]
    }
}

/// How long a model's prompts and answers are.
#[derive(Debug)]
pub(crate) struct LengthLaws {
    pub prompt: Arc<Lengths>,
    pub answer: Arc<Lengths>,
}

/// Constants of a run.
#[derive(Debug)]
pub(crate) struct Tables {
    pub keys: Keys,
    /// Streams of arrivals that have been left for another, each with the first number that it did not draw.
    pub earlier_arrivals: Vec<(u64, StreamKey)>,
    pub block_ns: u64,
    /// The same as a clock.
    pub clock: BlockClock,
    pub inclusion_ns: u64,
    pub transfer_ns: u64,
    pub validation_delay_ns: u64,
    pub vote_windows: u64,
    pub expiration_windows: u64,
    pub max_tokens: u32,
    pub warm_up_ns: u64,
    pub models: usize,
    rates: Vec<Rates>,
    /// What may have served an answer.
    pub conducts: Conducts,
    /// Owner of each participant.
    pub owners: Vec<u32>,
    /// Kernel of each GPU class in the calibration's numbering.
    pub kernels: Vec<u8>,
    pub scores: ScoreTable,
    /// Similarity threshold of each model.
    pub thresholds: Vec<u32>,
    /// The laws of all models, or, if all share them, of one.
    laws: Vec<LengthLaws>,
    /// Length of a fresh validation job; `None` replays.
    pub fresh_validation: Option<Lengths>,
    pub status: StatusRule,
    pub share_with_validators: bool,
    pub resume_after_outage: bool,
    pub clients: u32,
    pub payload: PayloadFetch,
    pub log: bool,
}

impl Tables {
    /// Compiles a scenario for one replicate.
    pub(crate) fn new(scenario: &Scenario, replicate: u32, log: bool) -> Self {
        let demand = &scenario.demand;
        let protocol = &scenario.protocol;
        let scores = scenario.calibration.compile();
        let block_ns = scenario.chain.block_time.nanos().max(1);
        let vote_ns = protocol.dispute.period_seconds.saturating_mul(1_000_000_000);
        Self {
            keys: Keys::new(scenario.seed, replicate),
            earlier_arrivals: Vec::new(),
            block_ns,
            clock: BlockClock::of(block_ns),
            inclusion_ns: scenario.chain.inclusion_delay.nanos(),
            transfer_ns: scenario.chain.transfer_delay.nanos(),
            validation_delay_ns: scenario.chain.validation_delay.nanos(),
            vote_windows: vote_ns.div_ceil(block_ns).max(1),
            expiration_windows: protocol.escrow.expiration_blocks,
            max_tokens: demand.max_tokens.unwrap_or_else(|| {
                u32::try_from(protocol.escrow.max_tokens_default.get()).unwrap_or(u32::MAX)
            }),
            warm_up_ns: scenario.warm_up.nanos(),
            models: scenario.models.len(),
            rates: scenario
                .hardware
                .iter()
                .flat_map(|class| {
                    scenario.models.iter().map(move |model| Rates {
                        prefill_ns: scaled(class.prefill_ns, model.size_ppm),
                        decode_ns: scaled(class.decode_ns, model.size_ppm),
                    })
                })
                .collect(),
            conducts: Conducts::new(&scenario.calibration),
            owners: scenario.hosts.iter().map(|host| host.owner).collect(),
            kernels: scenario
                .hardware
                .iter()
                .map(|class| scenario.calibration.kernel_index(&class.kernel).unwrap_or(0))
                .collect(),
            scores,
            thresholds: scenario.models.iter().map(|model| model.threshold_ppb).collect(),
            laws: compile(scenario),
            fresh_validation: match &protocol.validation_work {
                ValidationWork::Replay => None,
                ValidationWork::Fresh(law) => Some(Lengths::new(law)),
            },
            status: StatusRule::new(&protocol.status),
            share_with_validators: protocol.share_with_validators,
            resume_after_outage: scenario.outages.resume,
            clients: scenario.clients.count.max(1),
            payload: PayloadFetch::new(&scenario.chain.payload),
            log,
        }
    }

    /// Rates of a class for a model.
    #[inline]
    pub(crate) fn rates(&self, class: u16, model: u16) -> Rates {
        self.rate_table().of(class, model)
    }

    /// Rates of all.
    pub(crate) fn rate_table(&self) -> RateTable<'_> {
        RateTable {
            rates: &self.rates,
            models: self.models,
        }
    }

    /// Time that it takes a host of this class to serve a request with what it serves it with, ns.
    #[inline(always)]
    pub(crate) fn work(&self, class: u16, record: &Inference) -> u64 {
        let rates = self.rates(class, record.group);
        let (prompt, answer) = (u64::from(record.prompt), u64::from(record.answer));
        let (prefill, decode) = (prompt * rates.prefill_ns, answer * rates.decode_ns);
        if record.substitute == 0 {
            return prefill + decode;
        }
        let kind = self.conducts.get(record.substitute);
        let whole = (prompt + answer) * rates.prefill_ns;
        scale_ppm(prefill, kind.prefill_ppm)
            + scale_ppm(whole, kind.extra_prefill_ppm)
            + scale_ppm(decode, kind.decode_ppm)
    }

    /// The word that decides whether anybody checks the answer to a request.
    pub(crate) fn check_word(&self, number: u64) -> u64 {
        let earlier = self.earlier_arrivals.iter().find(|(end, _)| number < *end);
        let key = earlier.map_or(self.keys.arrival, |(_, key)| *key);
        let [_, check] = key.draw2(number, 0);
        check
    }

    /// Length laws of a model.
    #[inline(always)]
    pub(crate) fn lengths(&self, model: usize) -> &LengthLaws {
        match &self.laws[..] {
            [shared] => shared,
            laws => &laws[model],
        }
    }

    /// The tables of prompts and of answers, where all models have the same and both are drawn from tables.
    pub(crate) fn shared_tables(&self) -> Option<[&QuantileTable; 2]> {
        let [shared] = &self.laws[..] else {
            return None;
        };
        Some([shared.prompt.table()?, shared.answer.table()?])
    }

    /// The longest prompt that a model's law gives, in model tokens.
    pub(crate) fn longest_prompt(&self, model: usize) -> u32 {
        let prompt = &self.lengths(model).prompt;
        // An exponential law is drawn downwards, the others upwards.
        prompt.sample(0).max(prompt.sample(u32::MAX))
    }

    /// What a request locks: its longest answer and its prompt at the price. A sum beyond 64 bits
    /// saturates, which nobody can pay.
    #[inline]
    pub(crate) fn escrow(&self, price: u64, prompt: u32) -> u64 {
        compute_escrow(price, prompt, self.max_tokens)
    }

    /// The last window whose commit accepts the finish message of a request that arrived at `arrival`.
    #[inline]
    pub(crate) fn expiry(&self, arrival: u64) -> u64 {
        self.window_of(arrival + self.inclusion_ns) + self.expiration_windows
    }

    /// The block window in which a transaction that is ready at `time` is included.
    #[inline]
    pub(crate) fn window_of(&self, time: u64) -> u64 {
        self.clock.window_of(time)
    }
}

/// What a request locks at a price if no answer has more than `max_tokens`.
#[inline(always)]
pub(crate) fn compute_escrow(price: u64, prompt: u32, max_tokens: u32) -> u64 {
    price.saturating_mul(u64::from(prompt) + u64::from(max_tokens))
}

/// A 64-bit threshold for a fraction: a uniform word below it happens with that probability.
pub(crate) fn threshold_of(part: Fraction) -> u64 {
    if part == Fraction::ONE {
        u64::MAX
    } else {
        threshold(part.parts() as f64 / 1e18)
    }
}

/// Compiles the length laws of all models. Those of one model suffice if the others share them; models
/// with equal laws share one table in any case.
fn compile(scenario: &Scenario) -> Vec<LengthLaws> {
    let mut known: Vec<(&LengthLaw, Arc<Lengths>)> = Vec::new();
    let mut table_of = |law| {
        if let Some((_, table)) = known.iter().find(|(other, _)| *other == law) {
            return Arc::clone(table);
        }
        let table = Arc::new(Lengths::new(law));
        known.push((law, Arc::clone(&table)));
        table
    };
    let demand = &scenario.demand;
    let mut laws: Vec<LengthLaws> = Vec::new();
    for model in &scenario.models {
        laws.push(LengthLaws {
            prompt: table_of(model.prompt.as_ref().unwrap_or(&demand.prompt)),
            answer: table_of(model.completion.as_ref().unwrap_or(&demand.completion)),
        });
    }
    let is_shared = laws
        .iter()
        .all(|law| Arc::ptr_eq(&law.prompt, &laws[0].prompt) && Arc::ptr_eq(&law.answer, &laws[0].answer));
    if is_shared {
        laws.truncate(1);
    }
    laws
}

fn scaled(ns: u64, ppm: u32) -> u64 {
    u64::try_from(u128::from(ns) * u128::from(ppm) / PPM).unwrap_or(u64::MAX)
}

/// `work` scaled by parts per million.
#[inline]
fn scale_ppm(work: u64, ppm: u32) -> u64 {
    (u128::from(work) * u128::from(ppm) / PPM) as u64
}
