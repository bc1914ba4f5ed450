//! The epoch fidelity: what each participant does in an epoch, drawn as counts and walked through answer by
//! answer, without queues, block windows or delays.
//!
//! Between two stages of an epoch nothing that a request depends on changes, so a host's requests are a Poisson
//! count, and what they are is independent of when they come. Most answers of an honest host are summed up
//! without a record; an answer that somebody may check takes the event fidelity's own way through sampling,
//! verdicts, votes and status tests, and every stage of an epoch is the event fidelity's own code. What is exact
//! and what is not is in docs/fidelity.md.
//!
//! **Invariant.** A run is a function of scenario and replicate, and every rule that it applies is the one that
//! the event fidelity applies: this room decides how many requests there are and in which order they are
//! judged, and nothing else.

mod arrivals;
mod bulk;
mod checks;
mod error;
mod gaps;
mod lengths;
mod limits;
mod long_run;
mod price;
mod requests;
mod serve;
mod span;
mod sum_law;
#[cfg(test)]
mod sum_law_tests;
mod sum_up;
mod unremarkable;

use crate::observe::frame::RunOutput;
use crate::run::{Progress, RunOptions};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;
use crate::world::{World, WorldOptions};

pub use error::EpochError;
pub(crate) use limits::check;
use span::Spans;

/// Runs one replicate, telling `progress` how many blocks of how many are done; nothing where that said to stop.
///
/// One thread: replicates are what fills the others. Of `options` it heeds whether books are checked at every block, and refuses a log.
///
/// # Errors
/// [`EpochError`] where the scenario has what this fidelity does not know, or clients run out of coins.
pub(crate) fn run(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
    options: &RunOptions,
    progress: &mut Progress<'_>,
) -> Result<Option<RunOutput>, EpochError> {
    limits::check(scenario, options)?;
    let world = World::new(
        scenario,
        replicate,
        registry,
        WorldOptions {
            parallel: false,
            check_every_block: options.check_every_block,
            event_log: false,
            lanes: None,
        },
    );
    let mut spans = Spans::new(world, scenario, replicate);
    while spans.step()? {
        if progress(spans.windows_done(), spans.last_window()).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(spans.into_output()))
}
