//! Balances that change between windows only, and the sum that must always be zero.
//!
//! Balances that lanes change (escrow, work coins, collateral) stay with the lanes; here are all others.
//! Invariant: every change takes as much from one account as it gives to another, so the sum over all
//! accounts, with issuance counted negative, is zero at every commit.

use stakeout_protocol::units::Amount;

use super::vesting::Vesting;

/// Cold balances.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    /// Clients' free coins, base units. Signed so that a sum needs no cast; never negative.
    pub clients: Vec<i64>,
    /// Payments of convicted hosts, and what rounding leaves.
    pub module: i128,
    /// Participants' settled coins that nobody has claimed. What each may claim stands in its row.
    pub claimable: i128,
    /// Participants' free coins. Nobody's own are looked at: no rule asks what a participant saved.
    pub wallets: i128,
    /// Vesting coins, by participant.
    pub vesting: Vesting,
    /// Sum over `vesting`, kept because there are many grants.
    pub locked: i128,
    /// The community's coins.
    pub governance: i128,
    /// Destroyed coins.
    pub burned: i128,
    /// Debts that nobody pays; never positive.
    pub deficit: i128,
    /// Minus all coins ever issued, the initial balances included.
    pub issuance: i128,
}

impl Books {
    /// The books at the start: every client's balance and the hosts' collateral were issued before.
    pub(crate) fn new(clients: u32, balance: Amount, hosts: usize, collateral: Amount) -> Self {
        let balance = i64::try_from(balance.base_units()).expect("a client's balance was checked to fit");
        Self {
            clients: vec![balance; clients as usize],
            module: 0,
            claimable: 0,
            wallets: 0,
            vesting: Vesting::new(hosts),
            locked: 0,
            governance: 0,
            burned: 0,
            deficit: 0,
            issuance: -(i128::from(balance) * i128::from(clients) + collateral.base_units()),
        }
    }

    /// Sum of all accounts kept here.
    pub(crate) fn total(&self) -> i128 {
        self.accounts().iter().map(|(_, balance)| balance).sum()
    }

    /// Balance by kind of account, in a fixed order.
    pub(crate) fn accounts(&self) -> [(&'static str, i128); 9] {
        [
            (
                "clients",
                self.clients.iter().map(|&balance| i128::from(balance)).sum(),
            ),
            ("module", self.module),
            ("claimable", self.claimable),
            ("wallets", self.wallets),
            ("vesting", self.locked),
            ("governance", self.governance),
            ("burned", self.burned),
            ("deficit", self.deficit),
            ("issuance", self.issuance),
        ]
    }

    /// Takes out what the next epoch releases to a participant, and says how much it was.
    pub(crate) fn release(&mut self, participant: usize) -> i128 {
        let due = self.vesting.release(participant);
        self.locked -= due;
        self.wallets += due;
        due
    }

    /// Pays a participant: at once, or over `vesting_epochs` epochs.
    pub(crate) fn pay(&mut self, participant: usize, amount: i128, vesting_epochs: u32) {
        if vesting_epochs == 0 {
            self.wallets += amount;
        } else {
            self.vesting.add(participant, amount, vesting_epochs);
            self.locked += amount;
        }
    }
}
