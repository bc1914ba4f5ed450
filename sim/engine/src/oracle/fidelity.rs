//! The epoch fidelity beside the event fidelity: the same network, the same figures.
//!
//! Both are run with every seed and draw from streams of their own, so that a seed gives one independent difference
//! of every figure, and the row is a two-sample test: the mean difference against zero. Figures are in parts of
//! something that does not depend on chance, so that a difference of so many hundredths means the same everywhere.
//!
//! **Invariant.** Nothing is divided by an observation: differences of means stay unbiased.

use super::event::refuse;
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use crate::observe::frame::{EpochRow, RunOutput};
use crate::observe::profit::profit;
use crate::run::{RunOptions, run};
use crate::scenario::from_str;
use crate::strategy::registry::{Registry, StrategyDescriptor};
use crate::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use stakeout_protocol::status::Status;
use stakeout_protocol::units::Fraction;

/// What the two fidelities say of one network: requests, checks, votes, convictions, coins and profits.
pub(super) struct Fidelities;

/// Blocks of an epoch.
const BLOCKS: u32 = 1_000;
const BLOCK_SECONDS: u32 = 5;
/// Requests of an epoch.
const REQUESTS: f64 = 10_000.0;
const HOSTS: u32 = 24;
/// Those of them that swap every answer.
const SWAPPERS: u32 = 3;
/// Base units of the first epoch's reward.
const REWARD: f64 = 323_000e9;
/// What a request pays on average, in base units: 1,213 model tokens.
const PAYMENT: f64 = 1.213e6;

const FIGURES: [&str; 16] = [
    "requests, of those expected",
    "finished, of requests expected",
    "sampling rate",
    "checked, of requests expected",
    "validations, of requests expected",
    "failed checks, of requests expected",
    "answers invalidated, of requests expected",
    "convictions a swapper and epoch",
    "deactivations a host and epoch",
    "work coins, of the mean bill",
    "refunds, of the mean bill",
    "rewards, of what is issued",
    "forfeits, of what is issued",
    "profit of the honest, of what is issued",
    "profit of swappers, of what is issued",
    "answers of swappers, of requests expected",
];

/// A host that serves the promised model, or the substitute always.
struct Host(Fraction);

impl ExecutorStrategy for Host {
    fn policy(&mut self, _: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.0,
            substitute: (self.0 > Fraction::ZERO).then(|| String::from("int4")),
            ..ExecutorPolicy::honest()
        }
    }
}

impl ValidatorStrategy for Host {
    fn policy(&mut self, _: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}

fn roles(swaps: Fraction) -> Roles {
    Roles {
        executor: Box::new(Host(swaps)),
        validator: Box::new(Host(swaps)),
        ..Roles::honest()
    }
}

fn registry() -> Registry {
    let strategy = |name, build| StrategyDescriptor {
        name,
        summary: "A host of the comparison of fidelities.",
        params: &[],
        build,
    };
    Registry::new(vec![
        strategy("honest", |_| roles(Fraction::ZERO)),
        strategy("swapper", |_| roles(Fraction::ONE)),
    ])
}

/// One network, as a user would write it.
struct Setting {
    fidelity: &'static str,
    seed: u64,
    epochs: u64,
    /// Mean hours between two outages of a host; none where zero.
    hours_up: f64,
    /// Mean minutes that an outage lasts.
    minutes_down: f64,
}

impl Setting {
    fn text(&self) -> String {
        let outages = if self.hours_up > 0.0 {
            format!(
                "outages: {{ per_host: {{ mean_up: {:.6} s, mean_down: {:.6} s }} }}\n",
                self.hours_up * 3_600.0,
                self.minutes_down * 60.0
            )
        } else {
            String::new()
        };
        format!(
            "preset: minimal
fidelity: {fidelity}
seed: {seed}
first_epoch: 100
duration: {epochs} epochs
chain: {{ block_time: {BLOCK_SECONDS} s }}
protocol:
  geometry: {{ length: {BLOCKS} blocks }}
  sampling: {{ rule: reputation }}
  status:
    test: sprt
    sprt: {{ p0: 5 %, p1: 10 %, h: 4 }}
    downtime: {{ enabled: true, p0: 10 %, p1: 20 %, h: 4 }}
clients: {{ count: 100, balance: 1000000 GNK }}
demand: {{ rate: {rate:.9} /s }}
{outages}models:
  unit: {{ threshold: 0.958, memory: 1 GiB }}
hardware:
  unit: {{ kernel: fp8-h100, memory: 80 GiB, prefill: 8000 tokens/s, decode: 200 tokens/s, slots: 64, cost: 2 GNK/h }}
population:
  - {{ name: honest, count: {honest}, strategy: honest, weight: 1000, models: unit, hardware: unit }}
  - {{ name: swapper, count: {SWAPPERS}, strategy: swapper, weight: 1000, models: unit, hardware: unit }}
",
            fidelity = self.fidelity,
            seed = self.seed,
            epochs = self.epochs,
            rate = REQUESTS / f64::from(BLOCKS * BLOCK_SECONDS),
            honest = HOSTS - SWAPPERS,
        )
    }

    fn run(&self) -> Result<RunOutput, OracleError> {
        let registry = registry();
        let scenario = from_str("oracle", &self.text(), &[], &registry).map_err(refuse)?;
        let options = RunOptions {
            lanes: Some(1),
            ..RunOptions::default()
        };
        run(&scenario, 0, &registry, &options).map_err(|error| OracleError::Scenario(error.to_string()))
    }

    fn figures(&self) -> Result<Vec<f64>, OracleError> {
        Ok(figures(&self.run()?, self.epochs as f64))
    }
}

fn figures(output: &RunOutput, epochs: f64) -> Vec<f64> {
    let mut all = EpochRow::zero();
    output.epochs.iter().for_each(|row| all.add(row));
    let requests = REQUESTS * epochs;
    let (bill, issued) = (requests * PAYMENT, REWARD * epochs);
    let rows = |swaps: bool| {
        let is_swapper = move |participant: u32| participant >= HOSTS - SWAPPERS;
        output
            .participants
            .iter()
            .filter(move |row| is_swapper(row.participant) == swaps)
    };
    let profit = |swaps: bool| rows(swaps).map(|row| profit(&row) as f64).sum::<f64>() / issued;
    vec![
        all.requests as f64 / requests,
        all.finished as f64 / requests,
        all.nominal_rate_ppb_sum as f64 / 1e9 / requests,
        all.checked as f64 / requests,
        all.validations_drawn as f64 / requests,
        all.failed as f64 / requests,
        all.invalidated as f64 / requests,
        all.convictions as f64 / (f64::from(SWAPPERS) * epochs),
        all.deactivations as f64 / (f64::from(HOSTS) * epochs),
        all.work_coins as f64 / bill,
        all.refunds as f64 / bill,
        all.rewards as f64 / issued,
        all.forfeited as f64 / issued,
        profit(false),
        profit(true),
        rows(true).map(|row| row.inferences as f64).sum::<f64>() / requests,
    ]
}

impl Oracle for Fidelities {
    fn id(&self) -> &'static str {
        "fidelity"
    }

    fn title(&self) -> &'static str {
        "A network at the epoch fidelity less the same at the event fidelity: two-sample tests of every headline figure"
    }

    fn source(&self) -> &'static str {
        "docs/fidelity.md; differences of independent runs, Student's t"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let hours: super::parameters::Allowed = ("a number from 0 to 1000", |value| {
            (0.0..=1_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("hours_up", 0.0, hours),
            Parameter::positive("minutes_down", 5.0),
        ]
    }

    fn expected(&self, _: &Parameters) -> Result<Vec<Figure>, OracleError> {
        Ok(FIGURES.iter().map(|name| Figure::new(*name, 0.0)).collect())
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let setting = |fidelity| Setting {
            fidelity,
            seed: observation.seed,
            // A tenth of what others observe, and at least two epochs.
            epochs: (observation.size / (10 * REQUESTS as u64)).clamp(2, 10),
            hours_up: parameters.get("hours_up"),
            minutes_down: parameters.get("minutes_down"),
        };
        let (epoch, event) = (setting("epoch").figures()?, setting("event").figures()?);
        Ok(epoch
            .iter()
            .zip(&event)
            .map(|(epoch, event)| epoch - event)
            .collect())
    }
}

/// What a caught cheater loses, at both fidelities: the reward of its epoch; its clients are told, no coin is lost.
pub(super) struct Caught;

impl Oracle for Caught {
    fn id(&self) -> &'static str {
        "caught"
    }

    fn title(&self) -> &'static str {
        "A convicted host gets nothing for its epoch, every client of an invalidated answer its money back"
    }

    fn source(&self) -> &'static str {
        "gonka-ai/gonka x/inference/keeper/bitcoin_rewards.go, msg_server_validation.go; double entry"
    }

    fn parameters(&self) -> Vec<Parameter> {
        Fidelities.parameters()
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn expected(&self, _: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let names = [
            "runs without a conviction",
            "base units of reward for epochs of a conviction",
            "convictions that forfeited nothing",
            "clients who were not told",
            "base units that books are off",
        ];
        Ok(names.map(|name| Figure::new(name, 0.0)).into())
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let mut figures = vec![0.0; 5];
        for fidelity in ["event", "epoch"] {
            let setting = Setting {
                fidelity,
                seed: observation.seed,
                epochs: 2,
                hours_up: parameters.get("hours_up"),
                minutes_down: parameters.get("minutes_down"),
            };
            let seen = losses(&setting.run()?);
            figures
                .iter_mut()
                .zip(seen)
                .for_each(|(sum, figure)| *sum += figure);
        }
        Ok(figures)
    }
}

fn losses(output: &RunOutput) -> [f64; 5] {
    let mut all = EpochRow::zero();
    output.epochs.iter().for_each(|row| all.add(row));
    let convicted = || {
        output
            .participants
            .iter()
            .filter(|row| row.status == Status::Invalid)
    };
    let told = all.clients_told as f64;
    let balances: i128 = output.balances.iter().map(|(_, balance)| balance).sum();
    [
        f64::from(u8::from(all.convictions == 0)),
        convicted().map(|row| row.reward as f64).sum(),
        convicted().filter(|row| row.forfeited <= 0).count() as f64,
        (all.invalidated + all.expired) as f64 - told,
        balances as f64,
    ]
}
