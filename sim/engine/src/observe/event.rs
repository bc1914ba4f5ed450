//! One event of a run, as the log keeps it.
//!
//! Invariant: an event that moves coins says between which accounts and how much
//! ([`posting`](crate::audit::posting)), so that all balances follow from the log alone. Figures are integers in the
//! unit that the kind names. Adding an event to the log never changes a digest: those that the digest knows
//! are mixed in where they happen, log or no log.

/// No inference is concerned.
pub const NO_INFERENCE: u64 = u64::MAX;
/// No participant or counterpart is concerned.
pub const NOBODY: u32 = u32::MAX;

/// Status tests, as the counterpart of an [`EventKind::TestMoved`] numbers them.
pub mod status_test {
    /// The sum of the test of failed checks.
    pub const FAILED_CHECKS: u32 = 1;
    /// Failed checks in a row.
    pub const FAILURES_IN_A_ROW: u32 = 2;
    /// Counts of failed and of passed checks, where no sum is kept.
    pub const CHECK_COUNTS: u32 = 3;
    /// The sum of the test of missed requests.
    pub const MISSED_REQUESTS: u32 = 4;
}

/// One line of the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Block height at which it took effect.
    pub height: u64,
    /// Time since the run's start, nanoseconds.
    pub time_ns: u64,
    /// What happened.
    pub kind: EventKind,
    /// Inference number, or [`NO_INFERENCE`].
    pub inference: u64,
    /// Participant concerned, or [`NOBODY`].
    pub participant: u32,
    /// Counterpart (client, validator, test, account), or [`NOBODY`].
    pub other: u32,
    /// The first figure that the kind names.
    pub value: i64,
    /// The second figure that the kind names. Where it names none, `value` may be the lower 63 bits of a
    /// larger figure, and this its upper part ([`Event::wide`]).
    pub second: i64,
}

impl Event {
    /// An event about nobody and nothing yet.
    pub const fn at(kind: EventKind, height: u64, time_ns: u64) -> Self {
        Self {
            height,
            time_ns,
            kind,
            inference: NO_INFERENCE,
            participant: NOBODY,
            other: NOBODY,
            value: 0,
            second: 0,
        }
    }

    /// The same about a participant.
    pub const fn of(self, participant: u32) -> Self {
        Self { participant, ..self }
    }

    /// The same with a counterpart.
    pub const fn with(self, other: u32) -> Self {
        Self { other, ..self }
    }

    /// The same with one figure of any width.
    pub fn wide(self, figure: i128) -> Self {
        let value = (figure & i128::from(i64::MAX)) as i64;
        self.figures(value, (figure >> 63) as i64)
    }

    /// The figure of an event of one figure.
    pub fn figure(&self) -> i128 {
        (i128::from(self.second) << 63) + i128::from(self.value)
    }

    /// The same with its figures.
    pub const fn figures(self, value: i64, second: i64) -> Self {
        Self {
            value,
            second,
            ..self
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $name:literal, $value:literal, $second:literal;)*) => {
        /// Kinds of event; the discriminant is the canonical code and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum EventKind {
            $($(#[$doc])* $kind = $code,)*
        }

        impl EventKind {
            /// Every kind, by code.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name in files and tables.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What `value` is, with its unit; empty where it is nothing.
            pub const fn value_meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $value,)*
                }
            }

            /// What `second` is, with its unit; empty where it is nothing.
            pub const fn second_meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $second,)*
                }
            }
        }
    };
}

kinds! {
    /// A request arrived and its escrow was locked; other: client.
    Started = 1, "started", "escrow locked, base units", "price, base units per model token";
    /// A request was refused for want of funds; other: client.
    Refused = 2, "refused", "escrow asked, base units", "";
    /// The executor began to serve after a wait, or with another model than the promised one; other: client. Without
    /// this line it began at once, with the promised model.
    Served = 3, "served", "waiting time, ns", "what served it: 0 the promised model, else a substitute";
    /// The executor's finish message was committed; other: client.
    Finished = 4, "finished", "payment, base units", "rest of the escrow back to the client, base units";
    /// The inference expired; other: client.
    Expired = 5, "expired", "refund, base units", "";
    /// A validator was drawn; other: validator.
    Drawn = 6, "drawn", "probability of being drawn, parts per 10^9", "target rate, parts per 10^9";
    /// A passing validation was committed; other: validator.
    Passed = 7, "passed", "similarity, parts per 10^9", "threshold, parts per 10^9";
    /// A failing validation opened a dispute; other: validator.
    Disputed = 8, "disputed", "similarity, parts per 10^9", "threshold, parts per 10^9";
    /// A failing validation was ignored at the cap on open cases; other: validator.
    DisputeCapped = 9, "dispute_capped", "similarity, parts per 10^9", "threshold, parts per 10^9";
    /// A vote was counted; other: voter.
    Voted = 10, "voted", "1 invalid, 0 valid", "weight of the vote";
    /// The dispute ended in invalidation; other: client.
    Invalidated = 11, "invalidated", "refund, base units", "weight entitled to vote";
    /// The dispute ended in revalidation.
    Revalidated = 12, "revalidated", "", "weight entitled to vote";
    /// The dispute reached its deadline undecided.
    Undecided = 13, "undecided", "", "weight entitled to vote";
    /// A participant's status changed.
    StatusChanged = 14, "status_changed", "status: 0 ramping, 1 active, 2 invalid, 3 inactive", "reason code";
    /// Collateral was slashed.
    Slashed = 15, "slashed", "collateral taken, base units", "";
    /// Work coins were settled.
    WorkSettled = 16, "work_settled", "work coins made claimable, base units", "";
    /// A reward was settled.
    Rewarded = 17, "rewarded", "reward made claimable, base units", "";
    /// A reward was forfeited; other: why (1 status, 2 missed work, 0 neither: what others' clean records add).
    Forfeited = 18, "forfeited", "reward that clean records would have added, base units", "";
    /// Vested coins were released.
    Released = 19, "released", "coins set free, base units", "";
    /// A claim was rejected.
    ClaimRejected = 20, "claim_rejected", "validations missing", "validations required";
    /// The price of a model changed; participant: model.
    PriceChanged = 21, "price_changed", "price, base units per model token", "price before, base units per model token";
    /// Part of the issue went to governance.
    Governance = 22, "governance", "coins, base units", "";
    /// A validator passed a planted mismatch; other: executor.
    Fined = 23, "fined", "fine, base units", "";
    /// The executor of an invalidated answer paid the validator who opened the case; other: validator.
    Bounty = 24, "bounty", "bounty, base units", "";
    /// An identity paid for its entry with coins from outside.
    EntryPaid = 25, "entry_paid", "fee, base units", "";
    /// Clients were given their opening balances; other: client.
    Funded = 26, "funded", "coins, base units", "";
    /// A participant's collateral was there at the start.
    Deposited = 27, "deposited", "collateral, base units", "";
    /// A validator got its share of an answer's payment; other: validator.
    Shared = 28, "shared", "work coins from the executor to the validator, base units", "";
    /// A status test's statistic moved; other: which test (1 failed checks, 2 failures in a row, 3 counts of
    /// failed and passed checks, 4 missed requests).
    TestMoved = 29, "test_moved", "statistic after; sums in 10^-12", "statistic before; for counts: passed checks";
    /// The reward of an epoch was issued; other: epoch.
    Issued = 30, "issued", "coins, base units", "sum of weights";
    /// Part of the issue was burned.
    Burned = 31, "burned", "coins, base units", "";
    /// Work coins that settlement did not pay out went to the module.
    WorkLost = 32, "work_lost", "coins, base units", "";
    /// A debt that settlement did not recover was written off.
    WrittenOff = 33, "written_off", "debt, base units", "";
    /// A claim was paid; other: epochs of vesting, 0 pays at once.
    Claimed = 34, "claimed", "coins, base units", "";
    /// Slashed collateral left the hosts for good; other: 0 burned, 1 governance.
    SlashMoved = 35, "slash_moved", "coins, base units", "";
    /// A dispute about an answer of a settled epoch ended in invalidation, which changes nothing.
    InvalidatedLate = 36, "invalidated_late", "", "weight entitled to vote";
    /// An epoch's weights became effective; other: epoch.
    EpochBegan = 37, "epoch_began", "sum of weights", "participants with a weight";
    /// A participant's weight for the epoch.
    WeightSet = 38, "weight_set", "weight", "weight before";
    /// A participant's reputation for the epoch.
    ReputationSet = 39, "reputation_set", "reputation, 0 to 100", "reputation before";
    /// A confirmation of compute found less than expected.
    Confirmed = 40, "confirmed", "weight measured", "weight expected";
    /// The balance of a kind of account at an epoch's end; other: account.
    Balance = 41, "balance", "balance, base units", "";
    /// The coins of a rejected claim went to governance.
    ClaimLost = 42, "claim_lost", "coins, base units", "";
    /// A participant's proofs of compute were not accepted: it has no weight in the epoch to come.
    ProofRefused = 43, "proof_refused", "voting power for the proofs", "voting power against them";
}

/// What an event's counterpart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// A host: validator or voter.
    Host,
    /// A client, who has a number and no name.
    Client,
    /// Another number that the kind names.
    Number,
}

/// What the counterpart of an event of this kind is.
pub const fn counterpart(kind: EventKind) -> Counterpart {
    match kind {
        EventKind::Drawn
        | EventKind::Passed
        | EventKind::Disputed
        | EventKind::DisputeCapped
        | EventKind::Voted
        | EventKind::Shared => Counterpart::Host,
        EventKind::Started
        | EventKind::Refused
        | EventKind::Served
        | EventKind::Finished
        | EventKind::Expired
        | EventKind::Invalidated
        | EventKind::Funded => Counterpart::Client,
        _ => Counterpart::Number,
    }
}

impl EventKind {
    /// The kind with this canonical code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| *kind as u8 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_one_to_the_number_of_kinds_and_names_differ() {
        for (place, kind) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place + 1);
            assert_eq!(EventKind::from_code(*kind as u8), Some(*kind));
            assert!(
                EventKind::ALL[..place]
                    .iter()
                    .all(|other| other.name() != kind.name())
            );
        }
        assert_eq!(EventKind::from_code(0), None);
    }
}
