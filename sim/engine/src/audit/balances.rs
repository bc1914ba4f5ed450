//! All balances of a run, derived from its log alone.
//!
//! Invariant: the sum over all accounts is zero by construction, because a posting gives what it takes. What
//! can be wrong is where coins are: each checkpoint of the log states every kind's balance, and the issue of
//! an epoch states what it is divided into.

use std::collections::BTreeSet;

use super::posting::{Account, Posting, postings};
use crate::observe::event::{Event, EventKind, NOBODY};
use crate::observe::frame::ACCOUNTS;

/// Kinds of account that participants or clients have one each of.
const PERSONAL: usize = 6;

/// Balances, and what contradicts them.
#[derive(Clone, Debug, Default)]
pub struct Balances {
    totals: [i128; ACCOUNTS.len()],
    /// Clients, claimable, wallets, vesting, work, collateral.
    personal: [Vec<i128>; PERSONAL],
    /// Accounts below zero that may not be; looked at when the block is over.
    overdrawn: BTreeSet<Account>,
    height: u64,
    /// Issue announced and not yet divided, base units.
    undivided: i128,
}

/// What the log contradicts itself in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The event at which it shows.
    pub number: u64,
    /// What is wrong.
    pub what: String,
}

const fn personal(account: Account) -> Option<(usize, u32)> {
    match account {
        Account::Client(who) => Some((0, who)),
        Account::Claimable(who) => Some((1, who)),
        Account::Wallet(who) => Some((2, who)),
        Account::Vesting(who) => Some((3, who)),
        Account::Work(who) => Some((4, who)),
        Account::Collateral(who) => Some((5, who)),
        _ => None,
    }
}

impl Balances {
    /// Every account empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// The balance of one account, base units.
    pub fn of(&self, account: Account) -> i128 {
        match personal(account) {
            Some((kind, who)) => self.personal[kind].get(who as usize).copied().unwrap_or(0),
            None => self.totals[account.kind()],
        }
    }

    /// The balance of every kind of account, in the order of [`ACCOUNTS`].
    pub fn totals(&self) -> &[i128; ACCOUNTS.len()] {
        &self.totals
    }

    /// Everything that a participant has, base units.
    pub fn wealth(&self, participant: u32) -> i128 {
        [
            Account::Claimable(participant),
            Account::Wallet(participant),
            Account::Vesting(participant),
            Account::Work(participant),
            Account::Collateral(participant),
        ]
        .into_iter()
        .map(|account| self.of(account))
        .sum()
    }

    /// Books an event and says what it contradicts.
    pub fn book(
        &mut self,
        event: &Event,
        number: u64,
        hosts: usize,
        clients: usize,
    ) -> Option<Contradiction> {
        let found = |what: String| Some(Contradiction { number, what });
        let mut contradiction = None;
        if event.height != self.height {
            self.height = event.height;
            contradiction = self.take_overdrawn().and_then(found);
        }
        for posting in postings(event).into_iter().flatten() {
            if let Err(what) = self.post(posting, hosts, clients) {
                return found(what);
            }
        }
        let disagreement = match event.kind {
            EventKind::Issued => {
                let left = std::mem::replace(&mut self.undivided, i128::from(event.value));
                (left != 0).then(|| format!("{left} base units of an earlier issue were given to nobody"))
            }
            EventKind::Rewarded | EventKind::Governance | EventKind::Burned => {
                self.undivided -= event.figure();
                (self.undivided < 0).then(|| "more than the epoch's issue is given out".to_string())
            }
            EventKind::Balance => self.check(event),
            _ => None,
        };
        contradiction.or_else(|| disagreement.and_then(found))
    }

    fn post(&mut self, posting: Posting, hosts: usize, clients: usize) -> Result<(), String> {
        for (account, change) in [(posting.from, -posting.amount), (posting.to, posting.amount)] {
            let balance = match personal(account) {
                Some((kind, who)) => {
                    let most = if kind == 0 { clients } else { hosts };
                    let place = who as usize;
                    if who == NOBODY || place >= most {
                        return Err(format!("{account:?} is nobody's account"));
                    }
                    let accounts = &mut self.personal[kind];
                    if place >= accounts.len() {
                        accounts.resize(place + 1, 0);
                    }
                    accounts[place] += change;
                    accounts[place]
                }
                None => self.totals[account.kind()] + change,
            };
            self.totals[account.kind()] += change;
            if balance < 0 && !account.may_be_negative() {
                self.overdrawn.insert(account);
            }
        }
        Ok(())
    }

    /// Within a block events are not in the order of their transactions; at its end nobody may be in debt.
    fn take_overdrawn(&mut self) -> Option<String> {
        let overdrawn = std::mem::take(&mut self.overdrawn);
        let account = overdrawn.into_iter().find(|account| self.of(*account) < 0)?;
        Some(format!(
            "{account:?} is overdrawn: {} base units",
            self.of(account)
        ))
    }

    fn check(&self, event: &Event) -> Option<String> {
        let (name, derived) = ACCOUNTS
            .get(event.other as usize)
            .zip(self.totals.get(event.other as usize))?;
        let stated = event.figure();
        (stated != *derived)
            .then(|| format!("{name}: the run states {stated} base units, the log's postings give {derived}"))
    }
}
