//! Where every coin is: double-entry accounts.
//!
//! A posting takes an amount from the account it debits and gives it to the account it credits.
//! Coins enter the world by a debit of [`Account::Issuance`], which is therefore negative, and leave
//! it by a credit of [`Account::Burned`].
//!
//! Invariant: the sum over all accounts is zero, and no account is overdrawn but those that may be. A
//! refused posting changes nothing. Page: docs/spec/ledger.md.

use crate::units::{Amount, ParticipantId};

/// A place where coins are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Coins that a requester can spend.
    Client(u32),
    /// A participant's payments of this epoch, not yet settled; negative after refunds of what it was
    /// credited for.
    Work(ParticipantId),
    /// Coins locked for running inferences.
    Escrow,
    /// Coins of the module: what was earned by the convicted, and what rounding leaves.
    Module,
    /// A participant's rewards and payments that are not released yet.
    Vesting(ParticipantId),
    /// A participant's free coins.
    Wallet(ParticipantId),
    /// A participant's coins at risk.
    Collateral(ParticipantId),
    /// A participant's collateral on its way out, still at risk.
    Unbonding(ParticipantId),
    /// The community's coins.
    Governance,
    /// Coins destroyed.
    Burned,
    /// Debts that nobody pays: the losses of the system, negative.
    Deficit,
    /// The source of new coins: minus all ever issued.
    Issuance,
}

impl Account {
    /// Whether this account may be below zero.
    #[must_use]
    pub const fn may_be_negative(self) -> bool {
        matches!(self, Self::Work(_) | Self::Deficit | Self::Issuance)
    }
}

/// One movement of coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account that gives.
    pub debit: Account,
    /// The account that receives.
    pub credit: Account,
    /// How much; never negative.
    pub amount: Amount,
}

/// Why the books are not as they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A negative amount; turn the posting round instead.
    #[error("a posting of {amount} coins from {debit:?} to {credit:?}")]
    NegativeAmount {
        /// The account to be debited.
        debit: Account,
        /// The account to be credited.
        credit: Account,
        /// The amount given.
        amount: Amount,
    },
    /// An account that may not be negative would be.
    #[error("{account:?} holds {balance} coins and was to give {amount}")]
    Overdrawn {
        /// The account.
        account: Account,
        /// What it holds.
        balance: Amount,
        /// What was asked of it.
        amount: Amount,
    },
    /// The accounts do not sum to zero.
    #[error("the accounts sum to {total} coins instead of zero")]
    NotConserved {
        /// The sum found.
        total: Amount,
    },
    /// A balance kept elsewhere differs from the books.
    #[error("{account:?} holds {booked} coins in the books and {kept} elsewhere")]
    Differs {
        /// The account.
        account: Account,
        /// The balance in the books.
        booked: Amount,
        /// The balance kept elsewhere.
        kept: Amount,
    },
}

/// All accounts, in dense tables that grow when an account is first touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    singles: [Amount; 6],
    clients: Vec<Amount>,
    participants: [Vec<Amount>; 5],
}

/// Where an account is kept.
enum Slot {
    Single(usize),
    Client(usize),
    Participant(usize, usize),
}

const fn slot(account: Account) -> Slot {
    match account {
        Account::Escrow => Slot::Single(0),
        Account::Module => Slot::Single(1),
        Account::Governance => Slot::Single(2),
        Account::Burned => Slot::Single(3),
        Account::Deficit => Slot::Single(4),
        Account::Issuance => Slot::Single(5),
        Account::Client(client) => Slot::Client(client as usize),
        Account::Work(id) => Slot::Participant(0, id.index()),
        Account::Vesting(id) => Slot::Participant(1, id.index()),
        Account::Wallet(id) => Slot::Participant(2, id.index()),
        Account::Collateral(id) => Slot::Participant(3, id.index()),
        Account::Unbonding(id) => Slot::Participant(4, id.index()),
    }
}

impl Ledger {
    /// Empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What an account holds; nothing if it was never touched.
    #[must_use]
    pub fn balance(&self, account: Account) -> Amount {
        let found = match slot(account) {
            Slot::Single(index) => self.singles.get(index),
            Slot::Client(index) => self.clients.get(index),
            Slot::Participant(kind, index) => self.participants[kind].get(index),
        };
        found.copied().unwrap_or(Amount::ZERO)
    }

    /// Moves coins.
    ///
    /// # Errors
    /// When the amount is negative or would overdraw an account; the books are then unchanged.
    pub fn post(&mut self, posting: Posting) -> Result<(), LedgerError> {
        let Posting {
            debit,
            credit,
            amount,
        } = posting;
        if amount.is_negative() {
            return Err(LedgerError::NegativeAmount {
                debit,
                credit,
                amount,
            });
        }
        let balance = self.balance(debit);
        if balance < amount && !debit.may_be_negative() {
            return Err(LedgerError::Overdrawn {
                account: debit,
                balance,
                amount,
            });
        }
        if debit != credit && !amount.is_zero() {
            *self.entry(debit) -= amount;
            *self.entry(credit) += amount;
        }
        Ok(())
    }

    /// The sum over all accounts: zero, or the books are wrong.
    #[must_use]
    pub fn total(&self) -> Amount {
        let tables = self.participants.iter().flatten();
        self.singles.iter().chain(&self.clients).chain(tables).sum()
    }

    /// All coins ever issued.
    #[must_use]
    pub fn issued(&self) -> Amount {
        -self.balance(Account::Issuance)
    }

    /// Coins issued and not burned.
    #[must_use]
    pub fn in_existence(&self) -> Amount {
        self.issued() - self.balance(Account::Burned)
    }

    /// Whether every coin is accounted for.
    ///
    /// # Errors
    /// When the accounts do not sum to zero, or one is overdrawn that may not be.
    pub fn check_conservation(&self) -> Result<(), LedgerError> {
        let total = self.total();
        if !total.is_zero() {
            return Err(LedgerError::NotConserved { total });
        }
        match self
            .accounts()
            .find(|(account, balance)| balance.is_negative() && !account.may_be_negative())
        {
            Some((account, balance)) => Err(LedgerError::Overdrawn {
                account,
                balance,
                amount: Amount::ZERO,
            }),
            None => Ok(()),
        }
    }

    /// Whether balances that somebody keeps for speed are those of the books.
    ///
    /// # Errors
    /// At the first that differs.
    pub fn check_balances(
        &self,
        kept: impl IntoIterator<Item = (Account, Amount)>,
    ) -> Result<(), LedgerError> {
        for (account, kept) in kept {
            let booked = self.balance(account);
            if booked != kept {
                return Err(LedgerError::Differs {
                    account,
                    booked,
                    kept,
                });
            }
        }
        Ok(())
    }

    /// Every account that was touched, with its balance: single ones first, then clients, then
    /// participants kind by kind.
    pub fn accounts(&self) -> impl Iterator<Item = (Account, Amount)> + '_ {
        let singles = [
            Account::Escrow,
            Account::Module,
            Account::Governance,
            Account::Burned,
            Account::Deficit,
            Account::Issuance,
        ];
        let kinds = [
            Account::Work,
            Account::Vesting,
            Account::Wallet,
            Account::Collateral,
            Account::Unbonding,
        ];
        let clients = self
            .clients
            .iter()
            .enumerate()
            .map(|(n, balance)| (Account::Client(n as u32), *balance));
        let participants = kinds
            .into_iter()
            .zip(&self.participants)
            .flat_map(|(kind, table)| {
                table
                    .iter()
                    .enumerate()
                    .map(move |(n, balance)| (kind(ParticipantId::new(n as u32)), *balance))
            });
        singles
            .into_iter()
            .zip(self.singles)
            .chain(clients)
            .chain(participants)
    }

    fn entry(&mut self, account: Account) -> &mut Amount {
        let (table, index) = match slot(account) {
            Slot::Single(index) => return &mut self.singles[index],
            Slot::Client(index) => (&mut self.clients, index),
            Slot::Participant(kind, index) => (&mut self.participants[kind], index),
        };
        if table.len() <= index {
            table.resize(index + 1, Amount::ZERO);
        }
        &mut table[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(units: i128) -> Amount {
        Amount::from_base_units(units)
    }

    fn posting(debit: Account, credit: Account, units: i128) -> Posting {
        Posting {
            debit,
            credit,
            amount: coins(units),
        }
    }

    const HOST: ParticipantId = ParticipantId::new(3);

    fn funded() -> Ledger {
        let mut ledger = Ledger::new();
        ledger
            .post(posting(Account::Issuance, Account::Client(1), 1_000))
            .unwrap();
        ledger
    }

    #[test]
    fn a_life_of_coins_sums_to_zero() {
        let mut ledger = funded();
        let moves = [
            (Account::Client(1), Account::Escrow, 700),
            (Account::Escrow, Account::Work(HOST), 450),
            (Account::Escrow, Account::Client(1), 250),
            (Account::Work(HOST), Account::Client(1), 500),
            (Account::Issuance, Account::Vesting(HOST), 90),
            (Account::Vesting(HOST), Account::Wallet(HOST), 40),
            (Account::Wallet(HOST), Account::Collateral(HOST), 30),
            (Account::Collateral(HOST), Account::Unbonding(HOST), 20),
            (Account::Unbonding(HOST), Account::Burned, 5),
            (Account::Deficit, Account::Work(HOST), 50),
        ];
        for (debit, credit, units) in moves {
            ledger.post(posting(debit, credit, units)).unwrap();
            assert_eq!(ledger.check_conservation(), Ok(()));
        }
        assert_eq!(ledger.balance(Account::Work(HOST)), Amount::ZERO);
        assert_eq!(ledger.balance(Account::Client(1)), coins(1_050));
        assert_eq!(ledger.issued(), coins(1_090));
        assert_eq!(ledger.in_existence(), coins(1_085));
    }

    #[test]
    fn a_refused_posting_moves_no_coins() {
        let mut ledger = funded();
        let before = ledger.clone();
        let overdraft = posting(Account::Client(1), Account::Escrow, 1_001);
        assert!(matches!(
            ledger.post(overdraft),
            Err(LedgerError::Overdrawn { .. })
        ));
        let unknown = posting(Account::Wallet(HOST), Account::Escrow, 1);
        assert!(matches!(ledger.post(unknown), Err(LedgerError::Overdrawn { .. })));
        let negative = posting(Account::Client(1), Account::Escrow, -1);
        assert!(matches!(
            ledger.post(negative),
            Err(LedgerError::NegativeAmount { .. })
        ));
        assert_eq!(ledger, before);
    }

    #[test]
    fn coins_from_nowhere_are_found() {
        let mut ledger = funded();
        ledger.clients[1] += coins(1);
        assert_eq!(
            ledger.check_conservation(),
            Err(LedgerError::NotConserved { total: coins(1) })
        );
        ledger.singles[0] -= coins(1);
        assert!(matches!(
            ledger.check_conservation(),
            Err(LedgerError::Overdrawn { .. })
        ));
    }

    #[test]
    fn balances_kept_elsewhere_are_compared() {
        let ledger = funded();
        assert_eq!(
            ledger.check_balances([(Account::Client(1), coins(1_000))]),
            Ok(())
        );
        assert!(ledger.check_balances([(Account::Client(1), coins(999))]).is_err());
        assert!(
            ledger
                .check_balances([(Account::Wallet(HOST), coins(1))])
                .is_err()
        );
        assert_eq!(ledger.check_balances(ledger.accounts()), Ok(()));
    }

    #[test]
    fn a_posting_to_itself_changes_nothing() {
        let mut ledger = funded();
        let before = ledger.clone();
        ledger
            .post(posting(Account::Client(1), Account::Client(1), 10))
            .unwrap();
        assert_eq!(ledger, before);
    }
}
