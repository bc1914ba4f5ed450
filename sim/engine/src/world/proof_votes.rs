//! Votes on proofs of compute: whose weight the others accept.
//!
//! Invariant: while everybody votes by the proof nothing is counted and nobody is refused; every proof is right,
//! so that a refusal is the voters' doing (docs/spec/poc.md).

use stakeout_protocol::poc::{PocTally, is_accepted};
use stakeout_protocol::units::Weight;

use super::World;
use crate::observe::event::NOBODY;
use crate::observe::frame::EventKind;
use crate::strategy::ProofVote;

/// A validator's orders for votes on proofs and for claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpecialDuty {
    /// How it votes on proofs of compute.
    pub proof_vote: ProofVote,
    /// Seeds among which its claim picks.
    pub seeds: u32,
}

impl SpecialDuty {
    /// By the rules.
    pub(super) const NONE: Self = Self {
        proof_vote: ProofVote::ByTheProof,
        seeds: 1,
    };
}

/// One voter: its owner, its voting power and its orders.
struct Voter {
    owner: u32,
    power: u64,
    vote: ProofVote,
}

impl World<'_> {
    /// Takes the weight of those whose proofs are not accepted by the group in force.
    pub(super) fn vote_on_proofs(&mut self, weights: &mut [u64]) {
        let votes_by_proof = |duty: &SpecialDuty| duty.proof_vote == ProofVote::ByTheProof;
        if self.special_duties.values().all(votes_by_proof) {
            return;
        }
        let voters = self.proof_voters();
        let acceptance = self.scenario.protocol.poc.acceptance;
        let guardians = self.scenario.protocol.measures.has_guardians.then_some(true);
        let end = (self.window + 1) * self.tables.block_ns;
        for (participant, weight) in weights.iter_mut().enumerate() {
            if *weight == 0 {
                continue;
            }
            let tally = tally(&voters, self.scenario.hosts[participant].owner);
            if is_accepted(acceptance, &tally, guardians) {
                continue;
            }
            *weight = 0;
            let figures = (tally.valid.get() as i64, tally.invalid.get() as i64);
            self.log_pair(EventKind::ProofRefused, participant as u32, NOBODY, figures, end);
        }
    }

    fn proof_voters(&self) -> Vec<Voter> {
        let powers = self
            .lanes
            .iter()
            .flat_map(|lane| lane.tallies.iter().map(|tally| tally.weight));
        let voter = |(host, power): (u32, u64)| Voter {
            owner: self.scenario.hosts[host as usize].owner,
            power,
            vote: self
                .special_duties
                .get(&host)
                .map_or(ProofVote::ByTheProof, |duty| duty.proof_vote),
        };
        (0_u32..).zip(powers).map(voter).collect()
    }
}

/// The votes on the proofs of one of an owner's identities.
fn tally(voters: &[Voter], owner: u32) -> PocTally {
    let mut tally = PocTally::default();
    for voter in voters {
        let power = Weight::new(voter.power);
        tally.total += power;
        match voter.vote {
            ProofVote::ByTheProof => tally.valid += power,
            ProofVote::OwnOnly if voter.owner == owner => tally.valid += power,
            ProofVote::OwnOnly => tally.invalid += power,
            ProofVote::Absent => {}
        }
    }
    tally
}
