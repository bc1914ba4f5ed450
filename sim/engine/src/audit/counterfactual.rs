//! The same requests under another rule: who would have gained.
//!
//! Invariant: both sides see the same arrivals, conduct and scores, because every draw is keyed
//! (docs/adr/0002-random-streams.md); what differs follows from the rule.

use super::balances::Balances;
use crate::observe::events_in_order::{EventsInOrder, Places};
use crate::observe::results_error::ResultsError;
use crate::run::{EventSink, LoggedRunError, RunOptions, run_logged, unwatched};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// What each participant has at the end of a run, base units, in order of participant.
///
/// # Errors
/// A scenario that cannot be run.
pub fn compute_wealth(
    scenario: &Scenario,
    replicate: u32,
    registry: &Registry,
) -> Result<Vec<i128>, LoggedRunError> {
    let mut books = Books {
        balances: Balances::new(),
        number: 0,
        accounts: (scenario.hosts.len(), scenario.clients.accounts()),
        places: Places::default(),
    };
    let options = RunOptions {
        parallel: true,
        ..RunOptions::default()
    };
    run_logged(
        scenario,
        replicate,
        registry,
        &options,
        &mut unwatched,
        &mut books,
    )?;
    let hosts = 0..scenario.hosts.len() as u32;
    Ok(hosts.map(|host| books.balances.wealth(host)).collect())
}

/// Books events and keeps nothing else.
struct Books {
    balances: Balances,
    number: u64,
    accounts: (usize, usize),
    places: Places,
}

impl EventSink for Books {
    fn accept(&mut self, events: &mut EventsInOrder) -> Result<(), ResultsError> {
        let (hosts, clients) = self.accounts;
        events.try_each(&mut self.places, |event| {
            let _ = self.balances.book(event, self.number, hosts, clients);
            self.number += 1;
            Ok::<_, ResultsError>(())
        })?;
        events.clear();
        Ok(())
    }
}
