//! Claims under a seed that was picked after the fact.
//!
//! The seed decides what a validator had to check. Where it may be replaced until the claim, a validator that has
//! checked nothing reveals the one among many under which it had the least to do. Invariant: a committed seed is
//! the one that was worked by, and then nothing here is asked.

use stakeout_kernel::sample::poisson_from;

use super::World;
use super::settle::Settled;
use crate::scenario::ClaimSeed;

impl World<'_> {
    /// The least that any of a grinder's seeds asks of it in the settled epoch; none for everybody else.
    pub(super) fn grind(&self, participant: u32, settled: &Settled) -> Option<u32> {
        let seeds = self.special_duties.get(&participant)?.seeds;
        if seeds <= 1 || self.scenario.protocol.measures.claim_seed == ClaimSeed::Committed {
            return None;
        }
        let mean = self.mean_duty(participant, settled);
        let key = self.tables.keys.grinding;
        let counter = u64::from(participant) << 32 | u64::from(settled.row.epoch);
        let least = (0..u64::from(seeds)).map(|seed| {
            let mut stream = key.stream(counter, seed << 32);
            poisson_from(&mut stream, mean)
        });
        least.min().map(|duty| u32::try_from(duty).unwrap_or(u32::MAX))
    }

    /// Validations that a seed asks of a participant on average, by its part of the weight; about Poisson, since each
    /// of many answers asks for one with a small chance.
    fn mean_duty(&self, participant: u32, settled: &Settled) -> f64 {
        let lane = &self.lanes[self.cut.lane(participant)];
        let own = lane.tallies[self.cut.place(participant)].weight;
        let checks = settled.row.nominal_rate_ppb_sum as f64 / 1e9;
        checks * own as f64 / self.total_weight.max(1) as f64
    }
}
