//! Rules against particular attacks: proposals and what other networks do. All are off by default, and a
//! scenario that sets none of them resolves to the text and hash that it had without them.

use stakeout_protocol::units::{Amount, Fraction};

use super::error::Problem;
use super::values::Values;

/// Which of the rules are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// Planted mismatches, if any.
    pub planted: Option<Planted>,
    /// Verdicts are committed by hash before any is revealed.
    pub commit_reveal: bool,
    /// A second check beside that of distributions, if any.
    pub second_check: Option<SecondCheck>,
    /// What the executor of an invalidated answer pays to the validator who opened the case.
    pub bounty: Amount,
    /// What an identity pays when it first takes part.
    pub identity_fee: Amount,
    /// Who chooses the executor.
    pub assignment: Assignment,
    /// What answers that nobody checked count for in the status tests.
    pub unsampled: Unsampled,
    /// Guardians decide on proofs of compute that neither side of a vote carries.
    pub has_guardians: bool,
    /// Which seed a claim reveals.
    pub claim_seed: ClaimSeed,
}

/// Which seed a claim reveals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimSeed {
    /// The one that was committed to before the epoch's first answer.
    #[default]
    Committed,
    /// Any: the commitment may be replaced until the claim.
    Free,
}

/// Known mismatches sent to validators, so that diligence can be told from luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Share of the checked answers with which one is sent along.
    pub rate: Fraction,
    /// What it costs to pass one.
    pub fine: Amount,
}

/// The seed-synchronised check of the sampler (S2 of docs/spec/calibration.md). How often it finds which
/// attack is in the calibration's operating points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondCheck;

/// Who chooses the executor of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assignment {
    /// The transfer agent draws, and nobody can verify its draw: the network as it is.
    #[default]
    ByAgent,
    /// The draw follows from the signed request and the last block, and so does its time.
    Committed,
    /// Sessions of so many slots, filled by weight; requests of a client go round (profile C).
    RoundRobin {
        /// Slots of a session.
        slots: u32,
    },
}

/// What an unchecked answer counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsampled {
    /// Nothing (profiles A and B).
    #[default]
    Ignored,
    /// A passed check (profile C, gonka-ai/gonka PR 1757).
    Passed,
}

/// Reads the rules.
pub(super) fn build(v: &Values) -> Measures {
    let share = |path| v.maybe_fraction(path).unwrap_or(Fraction::ZERO);
    let coins = |path| v.maybe(path).map_or(Amount::ZERO, Amount::from_base_units);
    let is_on = |path: &str| v.get(path).is_some() && v.is_on(path);
    let planted = Planted {
        rate: share("protocol.validation.planted_rate"),
        fine: coins("protocol.validation.planted_fine"),
    };
    Measures {
        planted: (planted.rate > Fraction::ZERO).then_some(planted),
        commit_reveal: is_on("protocol.validation.commit_reveal"),
        second_check: (v.text("protocol.validation.second_check") == Some("seed_synchronised"))
            .then_some(SecondCheck),
        bounty: coins("protocol.dispute.bounty"),
        identity_fee: coins("protocol.identity.fee"),
        assignment: match v.text("protocol.assignment.rule") {
            Some("committed") => Assignment::Committed,
            Some("round_robin") => Assignment::RoundRobin {
                slots: v
                    .maybe("protocol.assignment.slots")
                    .map_or(16, |slots| slots as u32),
            },
            _ => Assignment::ByAgent,
        },
        unsampled: match v.text("protocol.status.unsampled") {
            Some("passed") => Unsampled::Passed,
            _ => Unsampled::Ignored,
        },
        has_guardians: is_on("protocol.poc.guardians"),
        claim_seed: match v.text("protocol.claims.seed") {
            Some("free") => ClaimSeed::Free,
            _ => ClaimSeed::Committed,
        },
    }
}

/// What the rules need from each other.
pub(super) fn check(v: &Values) -> Vec<Problem> {
    let has = |path| v.maybe(path).is_some_and(|base| base > 0);
    let mut problems = Vec::new();
    if has("protocol.validation.planted_fine") && !has("protocol.validation.planted_rate") {
        let problem = v.problem(
            "protocol.validation.planted_fine",
            "a fine for planted answers that nobody plants",
        );
        problems.push(problem.allowed("a `planted_rate` beside it"));
    }
    problems
}
