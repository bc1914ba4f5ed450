//! Who earned what: profit by strategy and by owner.
//!
//! Profit is work coins and rewards, less what hardware time cost and less slashed collateral. Coins that
//! were forfeited never arrived and are no loss; vesting delays a reward and does not reduce it.

use serde::Serialize;

use super::cast::Cast;
use super::detection::cheater_flags;
use super::figure::Figure;
use super::frame::{ParticipantRow, RunOutput};

/// Profit in base units of one participant in one epoch.
pub fn profit(row: &ParticipantRow) -> i128 {
    row.work_coins + row.reward - row.cost - row.slashed
}

/// One strategy's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct StrategyLine {
    /// Name with parameters.
    pub strategy: String,
    /// Identities that follow it.
    pub participants: u32,
    /// Profit of all of them.
    pub profit: Figure,
    /// Profit for each unit of weight held through one epoch, base units: comparable between strategies.
    pub profit_per_weight_epoch: Figure,
    /// Work coins.
    pub work_coins: Figure,
    /// Rewards.
    pub rewards: Figure,
    /// Collateral slashed.
    pub slashed: Figure,
    /// Cost of hardware time.
    pub cost: Figure,
    /// Answers finished.
    pub inferences: Figure,
    /// Requests missed.
    pub missed: Figure,
    /// Answers invalidated.
    pub invalidated: Figure,
    /// Answers served by a substitute.
    pub cheated: Figure,
    /// Participants convicted.
    pub convicted: Figure,
}

/// One owner's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct OwnerLine {
    /// Name.
    pub owner: String,
    /// Identities held.
    pub identities: u32,
    /// Strategies followed, in the scenario's order.
    pub strategies: Vec<String>,
    /// At least one identity served a substitute in some replicate.
    pub is_cheating: bool,
    /// Profit of all identities.
    pub profit: Figure,
    /// Identities convicted.
    pub convicted: Figure,
}

/// Sums over the rows of one group in one replicate.
#[derive(Clone, Debug, Default)]
struct Totals {
    profit: i128,
    work_coins: i128,
    rewards: i128,
    slashed: i128,
    cost: i128,
    weight_epochs: u128,
    inferences: u64,
    missed: u64,
    invalidated: u64,
    cheated: u64,
    convicted: u64,
}

impl Totals {
    fn add(&mut self, row: &ParticipantRow) {
        self.profit += profit(row);
        self.work_coins += row.work_coins;
        self.rewards += row.reward;
        self.slashed += row.slashed;
        self.cost += row.cost;
        self.weight_epochs += u128::from(row.weight);
        self.inferences += row.inferences;
        self.missed += row.missed;
        self.invalidated += row.invalidated;
        self.cheated += row.cheated;
    }
}

/// Totals by group and replicate: `totals[replicate][group]`.
fn totals_by(
    cast: &Cast,
    outputs: &[RunOutput],
    groups: usize,
    group_of: impl Fn(u32) -> Option<u32>,
) -> Vec<Vec<Totals>> {
    let of_one = |output: &RunOutput| {
        let mut totals = vec![Totals::default(); groups];
        let mut each = |participant: u32, act: &dyn Fn(&mut Totals)| {
            let group = group_of(participant).filter(|_| (participant as usize) < cast.members.len());
            if let Some(slot) = group.and_then(|g| totals.get_mut(g as usize)) {
                act(slot);
            }
        };
        output
            .participants
            .iter()
            .for_each(|row| each(row.participant, &|slot| slot.add(&row)));
        output
            .convictions
            .iter()
            .for_each(|c| each(c.participant, &|slot| slot.convicted += 1));
        totals
    };
    outputs.iter().map(of_one).collect()
}

/// Outcome of each strategy, in the scenario's order.
pub fn strategy_lines(cast: &Cast, outputs: &[RunOutput]) -> Vec<StrategyLine> {
    let group_of = |p: u32| cast.members.get(p as usize).map(|m| m.strategy);
    let totals = totals_by(cast, outputs, cast.strategies.len(), group_of);
    let line = |(index, name): (usize, &String)| {
        let of = || totals.iter().map(move |t| &t[index]);
        let counted = |f: fn(&Totals) -> u64| Figure::counted("count", of().map(f));
        let money = |f: fn(&Totals) -> i128| Figure::money(of().map(f));
        let per_weight = |t: &Totals| super::summary::ratio(t.profit as f64, t.weight_epochs as f64);
        StrategyLine {
            strategy: name.clone(),
            participants: counted_members(cast, |m| m.strategy as usize == index),
            profit: money(|t| t.profit),
            profit_per_weight_epoch: Figure::plain("base units", of().map(per_weight)),
            work_coins: money(|t| t.work_coins),
            rewards: money(|t| t.rewards),
            slashed: money(|t| t.slashed),
            cost: money(|t| t.cost),
            inferences: counted(|t| t.inferences),
            missed: counted(|t| t.missed),
            invalidated: counted(|t| t.invalidated),
            cheated: counted(|t| t.cheated),
            convicted: counted(|t| t.convicted),
        }
    };
    cast.strategies.iter().enumerate().map(line).collect()
}

/// Outcome of each owner: those with a cheating identity first, then the scenario's order.
pub fn owner_lines(cast: &Cast, outputs: &[RunOutput]) -> Vec<OwnerLine> {
    let group_of = |p: u32| cast.members.get(p as usize).map(|m| m.owner);
    let totals = totals_by(cast, outputs, cast.owners.len(), group_of);
    let mut facts: Vec<(u32, Vec<u32>, bool)> = vec![(0, Vec::new(), false); cast.owners.len()];
    let flags: Vec<Vec<bool>> = outputs.iter().map(|o| cheater_flags(cast, o)).collect();
    for (participant, member) in cast.members.iter().enumerate() {
        if let Some((identities, strategies, is_cheating)) = facts.get_mut(member.owner as usize) {
            *identities += 1;
            strategies.push(member.strategy);
            *is_cheating |= flags.iter().any(|f| f[participant]);
        }
    }
    let line = |(index, (name, facts)): (usize, (&String, (u32, Vec<u32>, bool)))| {
        let (identities, mut strategies, is_cheating) = facts;
        strategies.sort_unstable();
        strategies.dedup();
        let of = || totals.iter().map(move |t: &Vec<Totals>| &t[index]);
        OwnerLine {
            owner: name.clone(),
            identities,
            strategies: strategies
                .iter()
                .filter_map(|s| cast.strategies.get(*s as usize).cloned())
                .collect(),
            is_cheating,
            profit: Figure::money(of().map(|t| t.profit)),
            convicted: Figure::counted("count", of().map(|t| t.convicted)),
        }
    };
    let mut lines: Vec<OwnerLine> = cast.owners.iter().zip(facts).enumerate().map(line).collect();
    lines.sort_by_key(|line| !line.is_cheating);
    lines
}

fn counted_members(cast: &Cast, is_in: impl Fn(&super::cast::Member) -> bool) -> u32 {
    u32::try_from(cast.members.iter().filter(|m| is_in(m)).count()).unwrap_or(u32::MAX)
}
