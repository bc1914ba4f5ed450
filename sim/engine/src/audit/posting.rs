//! Which coins an event moves: the auditor's reading of the log.
//!
//! Invariant: a table of kinds and nothing else. It repeats no rule and asks the run for nothing, so that a
//! mistake in the engine's books cannot repeat itself here.

use crate::observe::event::{Event, EventKind};

/// A place where coins are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// A client's free coins.
    Client(u32),
    /// Payments of convicted hosts, and what rounding leaves.
    Module,
    /// A participant's settled and not yet claimed coins.
    Claimable(u32),
    /// A participant's free coins.
    Wallet(u32),
    /// A participant's vesting coins.
    Vesting(u32),
    /// The community's coins.
    Governance,
    /// Destroyed coins.
    Burned,
    /// Debts that nobody pays.
    Deficit,
    /// Minus all coins ever issued.
    Issuance,
    /// Coins locked for running inferences.
    Escrow,
    /// A participant's payments of this epoch.
    Work(u32),
    /// A participant's coins at risk.
    Collateral(u32),
    /// Slashed collateral that has not left yet.
    Slashed,
}

impl Account {
    /// Place of its kind in [`ACCOUNTS`](crate::observe::frame::ACCOUNTS).
    pub const fn kind(self) -> usize {
        match self {
            Self::Client(_) => 0,
            Self::Module => 1,
            Self::Claimable(_) => 2,
            Self::Wallet(_) => 3,
            Self::Vesting(_) => 4,
            Self::Governance => 5,
            Self::Burned => 6,
            Self::Deficit => 7,
            Self::Issuance => 8,
            Self::Escrow => 9,
            Self::Work(_) => 10,
            Self::Collateral(_) => 11,
            Self::Slashed => 12,
        }
    }

    /// Who owns it, if it is a participant's.
    pub const fn participant(self) -> Option<u32> {
        match self {
            Self::Claimable(who)
            | Self::Wallet(who)
            | Self::Vesting(who)
            | Self::Work(who)
            | Self::Collateral(who) => Some(who),
            _ => None,
        }
    }

    /// Whether it may be below zero.
    pub const fn may_be_negative(self) -> bool {
        matches!(self, Self::Work(_) | Self::Deficit | Self::Issuance)
    }
}

/// One movement of coins; a negative amount moves the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account that gives.
    pub from: Account,
    /// The account that receives.
    pub to: Account,
    /// Base units.
    pub amount: i128,
}

/// What an event moves: nothing, one posting or two.
pub fn postings(event: &Event) -> [Option<Posting>; 2] {
    use Account::{Burned, Claimable, Client, Collateral, Deficit, Escrow, Governance, Issuance, Module};
    use Account::{Slashed, Vesting, Wallet, Work};
    let (who, other) = (event.participant, event.other);
    let (value, second) = (i128::from(event.value), i128::from(event.second));
    let move_of = |from, to, amount| Some(Posting { from, to, amount });
    let one = |from, to| [move_of(from, to, event.figure()), None];
    match event.kind {
        EventKind::Funded => one(Issuance, Client(other)),
        EventKind::Deposited => one(Issuance, Collateral(who)),
        EventKind::Started => [move_of(Client(other), Escrow, value), None],
        EventKind::Finished => [
            move_of(Escrow, Work(who), value),
            move_of(Escrow, Client(other), second),
        ],
        EventKind::Expired => [move_of(Escrow, Client(other), value), None],
        EventKind::Shared => [move_of(Work(who), Work(other), value), None],
        EventKind::Invalidated => [move_of(Work(who), Client(other), value), None],
        EventKind::Slashed => one(Collateral(who), Slashed),
        EventKind::Fined => one(Work(who), Slashed),
        EventKind::Bounty => [move_of(Work(who), Work(other), value), None],
        EventKind::EntryPaid => one(Issuance, Governance),
        EventKind::SlashMoved => one(Slashed, if other == 0 { Burned } else { Governance }),
        EventKind::WorkSettled => one(Work(who), Claimable(who)),
        EventKind::WorkLost => one(Work(who), Module),
        EventKind::WrittenOff => one(Deficit, Work(who)),
        EventKind::Rewarded => one(Issuance, Claimable(who)),
        EventKind::Governance => one(Issuance, Governance),
        EventKind::Burned => one(Issuance, Burned),
        EventKind::Claimed => one(
            Claimable(who),
            if other == 0 { Wallet(who) } else { Vesting(who) },
        ),
        EventKind::ClaimLost => one(Claimable(who), Governance),
        EventKind::Released => one(Vesting(who), Wallet(who)),
        EventKind::Refused
        | EventKind::Served
        | EventKind::Drawn
        | EventKind::Passed
        | EventKind::Disputed
        | EventKind::DisputeCapped
        | EventKind::Voted
        | EventKind::Revalidated
        | EventKind::Undecided
        | EventKind::StatusChanged
        | EventKind::Forfeited
        | EventKind::ClaimRejected
        | EventKind::PriceChanged
        | EventKind::TestMoved
        | EventKind::Issued
        | EventKind::InvalidatedLate
        | EventKind::EpochBegan
        | EventKind::WeightSet
        | EventKind::ReputationSet
        | EventKind::Confirmed
        | EventKind::ProofRefused
        | EventKind::Balance => [None, None],
    }
}
