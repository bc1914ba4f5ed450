//! Votes on proofs of compute: whose weight the others accept.
//!
//! Invariant: while everybody votes by the proof nothing is counted and nobody is refused; every proof is right,
//! so that a refusal is the voters' doing (docs/spec/poc.md).

use std::collections::BTreeMap;

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

/// The voting power of an epoch, by what it votes: enough to tally every proof without asking every voter again.
#[derive(Default)]
struct Votes {
    total: Weight,
    by_proof: Weight,
    own_only: Weight,
    /// Of those who vote for their own owner alone, by owner.
    own_only_of: BTreeMap<u32, Weight>,
}

impl World<'_> {
    /// Takes the weight of those whose proofs are not accepted by the group in force.
    pub(super) fn vote_on_proofs(&mut self, weights: &mut [u64]) {
        let votes_by_proof = |duty: &SpecialDuty| duty.proof_vote == ProofVote::ByTheProof;
        if self.special_duties.values().all(votes_by_proof) {
            return;
        }
        let votes = self.proof_votes();
        let acceptance = self.scenario.protocol.poc.acceptance;
        let guardians = self.scenario.protocol.measures.has_guardians.then_some(true);
        let end = (self.window + 1) * self.tables.block_ns;
        for (participant, weight) in weights.iter_mut().enumerate() {
            if *weight == 0 {
                continue;
            }
            let tally = votes.tally(self.scenario.hosts[participant].owner);
            if is_accepted(acceptance, &tally, guardians) {
                continue;
            }
            *weight = 0;
            let figures = (tally.valid.get() as i64, tally.invalid.get() as i64);
            self.log_pair(EventKind::ProofRefused, participant as u32, NOBODY, figures, end);
        }
    }

    fn proof_votes(&self) -> Votes {
        let powers = self.each_tally().map(|tally| tally.weight);
        let mut votes = Votes::default();
        for (host, power) in (0_u32..).zip(powers) {
            let power = Weight::new(power);
            votes.total += power;
            match self.special_duties.get(&host).map(|duty| duty.proof_vote) {
                None | Some(ProofVote::ByTheProof) => votes.by_proof += power,
                Some(ProofVote::OwnOnly) => {
                    let owner = self.scenario.hosts[host as usize].owner;
                    votes.own_only += power;
                    *votes.own_only_of.entry(owner).or_default() += power;
                }
                Some(ProofVote::Absent) => {}
            }
        }
        votes
    }
}

impl Votes {
    /// The votes on the proofs of one of an owner's identities.
    fn tally(&self, owner: u32) -> PocTally {
        let own = self.own_only_of.get(&owner).copied().unwrap_or_default();
        PocTally {
            total: self.total,
            valid: self.by_proof + own,
            invalid: self.own_only - own,
        }
    }
}
