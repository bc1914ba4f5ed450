//! The service fidelity: arrivals, queues and validations, no chain and no money.
//!
//! For questions of capacity and latency. Requests arrive, are sent to an executor by weight, wait in a
//! FIFO queue for one of its slots and are served. With the flat sampling rate's probability an answer is
//! validated: the job arrives at another host of the model's group a fixed delay after the completion, is
//! served like any other, and is not validated again. The delay is never shorter than a window, so that
//! within a window no host can reach another, and a constant delay is a station of the network of its own,
//! which keeps its product form.
//!
//! **Invariant.** A run is a function of scenario and replicate: the number of lanes, threads and chunks drawn
//! together changes no byte of what it returns.

mod arrivals;
mod chunk;
mod lane;
mod lengths;
mod model;
mod network;
mod recorder;
mod windows;

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use stakeout_kernel::histogram::LogHistogram;
use thiserror::Error;

use crate::observe::frame::{EpochRow, ParticipantTable, RunOutput};
use crate::run::Progress;
use crate::scenario::Scenario;
use lane::Tally;
use model::Model;
use windows::{Ending, Windows};

pub use network::{Network, ServiceHost};

/// Why a scenario cannot run at the service fidelity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// There is no reputation without a chain.
    #[error("the service fidelity has no reputation: protocol.sampling.rule must be flat or none")]
    SamplingRule,
    /// A validation could reach a host within the window that caused it.
    #[error(
        "the validation delay of {delay_ns} ns is shorter than a block of {window_ns} ns, which the service fidelity cannot do"
    )]
    DelayBelowWindow {
        /// The delay asked for, in nanoseconds.
        delay_ns: u64,
        /// The block time, in nanoseconds.
        window_ns: u64,
    },
    /// Outages belong to the event fidelity.
    #[error("the service fidelity has no outages: remove them, or use the event fidelity")]
    Outages,
    /// There is no host or no model.
    #[error("the service fidelity needs at least one host and one model")]
    Nobody,
    /// A model that nobody with a weight serves.
    #[error("no host with a weight serves the model {model:?}")]
    NobodyServes {
        /// Name of the model.
        model: String,
    },
    /// Blocks take no time.
    #[error("the service fidelity needs a block time above zero")]
    NoWindow,
}

/// Runs one replicate of a scenario: [`run_network`] on [`Network::from_scenario`], telling `progress` how many blocks of
/// how many are done; nothing where that said to stop.
pub(crate) fn run(
    scenario: &Scenario,
    replicate: u32,
    lanes: NonZeroUsize,
    progress: &mut Progress<'_>,
) -> Result<Option<RunOutput>, ServiceError> {
    let network = Network::from_scenario(scenario)?;
    Ok(carry_out(&network, replicate, lanes, progress)?.continue_value())
}

/// Runs one replicate with `lanes` lanes on the rayon pool of the caller; one lane uses no other thread.
///
/// The output holds the three histograms, the digest, and one [`EpochRow`] with the totals of the whole run:
/// requests, finished (every request that arrived: each is served in the end), checked, validations drawn,
/// and the service time of both kinds. `open` is the number of validations still on their way at the end.
pub fn run_network(
    network: &Network,
    replicate: u32,
    lanes: NonZeroUsize,
) -> Result<RunOutput, ServiceError> {
    let on = &mut |_, _| ControlFlow::<Infallible>::Continue(());
    let ControlFlow::Continue(output) = carry_out(network, replicate, lanes, on)?;
    Ok(output)
}

fn carry_out<B>(
    network: &Network,
    replicate: u32,
    lanes: NonZeroUsize,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<B>,
) -> Result<ControlFlow<B, RunOutput>, ServiceError> {
    let model = Model::new(network, replicate)?;
    let context = format!("service/{}/{}/{replicate}", network.label, network.seed);
    let ending =
        Windows::new(&model, &network.demand.arrivals, lanes.get()).run(context.as_bytes(), progress);
    Ok(ending.map_continue(|ending| output(network, replicate, ending)))
}

fn output(network: &Network, replicate: u32, ending: Ending) -> RunOutput {
    let Ending { tally, digest, open } = ending;
    let epochs = vec![totals(network, &tally)];
    let sojourn = tally.sojourn.into_histogram();
    let instant = network.transfer_delay.nanos() == 0;
    RunOutput {
        replicate,
        digest: digest.to_string(),
        blocks: network.blocks,
        time_ns: network.blocks * network.block_time.nanos(),
        epochs,
        participants: ParticipantTable::default(),
        convictions: Vec::new(),
        stages: Vec::new(),
        latency: if instant {
            sojourn.clone()
        } else {
            tally.latency.into_histogram()
        },
        sojourn,
        waiting: tally.waiting.into_histogram(),
        answers_to_detection: LogHistogram::default(),
        balances: Vec::new(),
        open,
        events: None,
    }
}

fn totals(network: &Network, tally: &Tally) -> EpochRow {
    EpochRow {
        epoch: network.first_epoch,
        requests: tally.requests,
        finished: tally.requests,
        checked: tally.checked,
        validations_drawn: tally.checked,
        service_ns: tally.service_ns,
        verification_ns: tally.verification_ns,
        ..EpochRow::default()
    }
}

#[cfg(test)]
mod tests;
