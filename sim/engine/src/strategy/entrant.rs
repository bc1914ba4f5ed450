//! What an identity knows and decides before it proves compute for the next epoch: whether it takes part.

/// What an identity knows when it decides on the next epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntrantView {
    /// The epoch in question, from 0 at the run's start.
    pub epoch: u32,
    /// Its place among the identities of its owner, from 0, in the scenario's order.
    pub place: u32,
    /// How many identities its owner has.
    pub identities: u32,
    /// How many of them have been convicted in the run so far.
    pub convicted: u32,
    /// It took part in the epoch that ends.
    pub was_present: bool,
    /// What all of its owner's identities earned in the last settled epoch, base units.
    pub earned: i128,
}

/// Decides on entry and exit.
pub trait EntrantStrategy: Send {
    /// Whether it takes part in the next epoch. The scenario's own absences come on top.
    fn is_present(&mut self, view: &EntrantView) -> bool;
}
