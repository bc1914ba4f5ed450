//! A branch of a run: the same past, another future.

use super::World;
use super::purpose::Keys;

impl World<'_> {
    /// Draws what is still to be drawn as this replicate does. What was drawn ahead stays as it is: outages of the run,
    /// the next arrival, the members of what was formed for the epoch.
    pub fn branch_to(&mut self, replicate: u32) {
        let arrivals = (self.demand.drawn(), self.tables.keys.arrival);
        self.tables.earlier_arrivals.push(arrivals);
        self.tables.keys = Keys::new(self.scenario.seed, replicate);
    }
}
