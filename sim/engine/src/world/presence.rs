//! Who takes part in an epoch: what the scenario says, what identities decide, and what entry costs.
//!
//! Invariant: an identity pays the entry fee once, when it first has weight.

use super::World;
use super::amounts::Amounts;
use crate::observe::frame::EventKind;
use crate::strategy::EntrantView;

/// Presence of every participant.
#[derive(Clone, Debug)]
pub(super) struct Presence {
    /// In the epoch to come.
    pub next: Vec<bool>,
    /// In the epoch in force.
    pub now: Vec<bool>,
    /// Has paid its entry.
    has_entered: Vec<bool>,
    /// What it was charged for since the last settlement: entry fees and what its purse spent, base units.
    pub charges: Amounts,
    /// What it earned in the last settled epoch, base units.
    pub earned: Amounts,
    /// Time of the last settlement, ns.
    pub settled_at: u64,
}

impl Presence {
    /// Nobody is there yet.
    pub(super) fn new(participants: usize) -> Self {
        Self {
            next: vec![false; participants],
            now: vec![false; participants],
            has_entered: vec![false; participants],
            charges: Amounts::new(participants),
            earned: Amounts::new(participants),
            settled_at: 0,
        }
    }
}

impl World<'_> {
    /// Asks every identity whether it takes part in an epoch.
    pub(super) fn ask_entrants(&mut self, epoch: u32) {
        let owners = self.scenario.owners.len();
        let (mut places, mut convicted, mut earned) =
            (vec![0_u32; owners], vec![0_u32; owners], Amounts::new(owners));
        for (participant, tally) in self.each_tally().enumerate() {
            let owner = self.scenario.hosts[participant].owner as usize;
            places[owner] += 1;
            convicted[owner] += u32::from(tally.was_convicted());
            earned.add(owner, self.presence.earned.get(participant));
        }
        let identities = places;
        let mut places = vec![0_u32; owners];
        for lane in &mut self.lanes {
            for host in 0..lane.hosts.len() {
                let roles = lane.roles.of(host);
                let participant = lane.first as usize + host;
                let owner = self.scenario.hosts[participant].owner as usize;
                let view = EntrantView {
                    epoch: epoch.saturating_sub(self.scenario.first_epoch.get()),
                    place: places[owner],
                    identities: identities[owner],
                    convicted: convicted[owner],
                    was_present: self.presence.now[participant],
                    earned: earned.get(owner),
                };
                places[owner] += 1;
                self.presence.next[participant] =
                    roles.entrant.is_present(&view) && self.scenario.is_present(participant, epoch);
            }
        }
    }

    /// Whoever has weight for the first time pays its entry to the community, with coins from outside.
    pub(super) fn charge_entries(&mut self, end: u64) {
        self.presence.now.clone_from(&self.presence.next);
        let fee = self.scenario.protocol.measures.identity_fee.base_units();
        for participant in 0..self.presence.now.len() {
            if self.next_weights[participant] == 0 || self.presence.has_entered[participant] {
                continue;
            }
            self.presence.has_entered[participant] = true;
            if fee > 0 {
                self.books.issuance -= fee;
                self.books.governance += fee;
                self.presence.charges.add(participant, fee);
                self.record(EventKind::EntryPaid, participant as u32, fee, end);
            }
        }
    }

    /// Charges the purse's user for what its requests have cost since the last settlement.
    pub(super) fn charge_purse(&mut self) {
        let Some(account) = self.purse.account() else {
            return;
        };
        let balance = self.books.clients[account];
        let spent = i128::from(self.purse.balance) - i128::from(balance);
        if let Some((participant, _)) = self.purse.user {
            self.presence.charges.add(participant as usize, spent);
        }
        self.purse.balance = balance;
    }
}
