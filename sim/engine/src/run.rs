//! One replicate of a scenario, from start to report.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use thiserror::Error;

use crate::observe::events_in_order::EventsInOrder;
use crate::observe::frame::RunOutput;
use crate::observe::results_error::ResultsError;
use crate::scenario::{Fidelity, Scenario};
use crate::strategy::registry::Registry;
use crate::world::{World, WorldOptions};

/// How a run is carried out. Nothing here changes a byte of its result, save that the event log is kept
/// or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Use the current rayon pool inside the run.
    pub parallel: bool,
    /// Check conservation at every block, not only at every epoch.
    pub check_every_block: bool,
    /// Keep the event log in memory; [`run_logged`] streams it instead.
    pub event_log: bool,
    /// Cut hosts into this many lanes at most, of 65,536 hosts at most; the default suits their number.
    pub lanes: Option<usize>,
}

/// Why a run cannot be started.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RunError {
    /// The scenario asks the epoch fidelity for what it does not know.
    #[error(transparent)]
    Epoch(#[from] crate::epoch::EpochError),
    /// The scenario asks the service fidelity for what it does not know.
    #[error(transparent)]
    Service(#[from] crate::service::ServiceError),
    /// The scenario asks for a fidelity that does not know the named thing.
    #[error("fidelity `service` has no {0}")]
    NotInService(&'static str),
    /// Somebody asked, and the run ended without a result.
    #[error("stopped before the run was finished")]
    Stopped,
}

/// Who is told from time to time how many blocks of how many are done, and says whether to go on.
pub type Progress<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// A [`Progress`] that nobody looks at.
pub fn unwatched(_done: u64, _of: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Where the events of a run go, block after block.
pub trait EventSink {
    /// Takes the events of one or more whole blocks out of `events`, which may come back with the room of others.
    ///
    /// # Errors
    /// What keeps it from keeping them; the run then stops.
    fn accept(&mut self, events: &mut EventsInOrder) -> Result<(), ResultsError>;
}

/// Why a run that streams its events ended early.
#[derive(Debug, Error)]
pub enum LoggedRunError {
    /// The scenario does not fit.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An event could not be kept.
    #[error(transparent)]
    Log(#[from] ResultsError),
}

/// As [`run_with_progress`], handing every event to `sink` with its block.
///
/// # Errors
/// As [`run`], and what the sink reports.
pub fn run_logged(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
    options: &RunOptions,
    progress: &mut Progress<'_>,
    sink: &mut dyn EventSink,
) -> Result<RunOutput, LoggedRunError> {
    if scenario.fidelity == Fidelity::Service {
        return Err(RunError::NotInService("event log").into());
    }
    let options = RunOptions {
        event_log: true,
        ..*options
    };
    if scenario.fidelity == Fidelity::Epoch {
        crate::epoch::check(scenario, &options).map_err(RunError::from)?;
    }
    let mut world = world(scenario, replicate, registry, &options);
    let last = world.last_window();
    while world.windows_done() < last {
        world.step();
        sink.accept(world.events_mut())?;
        if progress(world.windows_done(), last).is_break() {
            return Err(RunError::Stopped.into());
        }
    }
    sink.accept(world.events_mut())?;
    let mut output = world.run();
    output.events = None;
    Ok(output)
}

fn world<'a>(scenario: &'a Scenario, replicate: u32, registry: &Registry, options: &RunOptions) -> World<'a> {
    World::new(
        scenario,
        replicate,
        registry,
        WorldOptions {
            parallel: options.parallel,
            check_every_block: options.check_every_block,
            event_log: options.event_log,
            lanes: options.lanes,
        },
    )
}

/// Simulates one replicate.
///
/// # Errors
/// [`RunError`] if the scenario's fidelity does not cover what is asked.
pub fn run(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
    options: &RunOptions,
) -> Result<RunOutput, RunError> {
    run_with_progress(scenario, replicate, registry, options, &mut unwatched)
}

/// As [`run`], telling `progress` from time to time how many blocks of how many are done.
///
/// # Errors
/// As [`run`].
pub fn run_with_progress(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
    options: &RunOptions,
    progress: &mut Progress<'_>,
) -> Result<RunOutput, RunError> {
    if scenario.fidelity == Fidelity::Service {
        if options.event_log {
            return Err(RunError::NotInService("event log"));
        }
        let lanes = options
            .lanes
            .and_then(NonZeroUsize::new)
            .unwrap_or(NonZeroUsize::MIN);
        return crate::service::run(scenario, replicate, lanes, progress)?.ok_or(RunError::Stopped);
    }
    if scenario.fidelity == Fidelity::Epoch {
        return crate::epoch::run(scenario, replicate, registry, options, progress)?.ok_or(RunError::Stopped);
    }
    let mut world = world(scenario, replicate, registry, options);
    let last = world.last_window();
    while world.windows_done() < last {
        world.step();
        if progress(world.windows_done(), last).is_break() {
            return Err(RunError::Stopped);
        }
    }
    Ok(world.run())
}

/// As [`run`], asking at every block whether to stop.
///
/// # Errors
/// As [`run`], and [`RunError::Stopped`] where `is_stopping` said so.
pub fn run_unless(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
    options: &RunOptions,
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Result<RunOutput, RunError> {
    let mut look = |_, _| match is_stopping() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    run_with_progress(scenario, replicate, registry, options, &mut look)
}
