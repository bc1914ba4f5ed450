//! Laws of transfer agents, of hosts that drop work, and of a learner's habits.

use stakeout_protocol::status::Status;
use stakeout_statistics::sequential::{Boundaries, RatioSteps, audit_sprt};

use super::case::{Case, Pair, Unit, power};

fn part(counts: &[u64], all: &[u64]) -> Vec<f64> {
    let pairs = counts.iter().zip(all);
    pairs
        .map(|(count, all)| *count as f64 / (*all).max(1) as f64)
        .collect()
}

/// Share of a list of hosts among all: of agents, and of the weight where weights are equal.
fn share_of(case: &Case, hosts: &[u32]) -> f64 {
    hosts.len() as f64 / case.scenario.hosts.len() as f64
}

/// Share of all answers that fall to an agent that draws for itself.
pub(super) fn self_routed(case: &Case) -> Vec<Pair> {
    let own = case.own();
    let share = share_of(case, &own);
    let draws = case.parameter(own[0], "draws") as u64;
    let expected = share * (1.0 - power(1.0 - share, draws)) + (1.0 - share) * share;
    let served = part(
        &case.count(&own, |row| row.inferences),
        &case.count(&case.all(), |row| row.inferences),
    );
    served
        .into_iter()
        .map(|served| Pair::new(expected, served))
        .collect()
}

/// Share of all answers that is left to a victim.
pub(super) fn starved(case: &Case) -> Vec<Pair> {
    let victim = case.of_owner("victim");
    let expected = (1.0 - share_of(case, &case.own())) * share_of(case, &victim);
    let served = part(
        &case.count(&victim, |row| row.inferences),
        &case.count(&case.all(), |row| row.inferences),
    );
    served
        .into_iter()
        .map(|served| Pair::new(expected, served))
        .collect()
}

/// Share of its requests that a victim misses.
pub(super) fn forged(case: &Case) -> Vec<Pair> {
    let victim = case.of_owner("victim");
    let expected = share_of(case, &case.own());
    let missed = part(
        &case.count(&victim, |row| row.missed),
        &case.count(&victim, |row| row.missed + row.inferences),
    );
    missed
        .into_iter()
        .map(|missed| Pair::new(expected, missed))
        .collect()
}

/// Stopped by the downtime test within the epoch.
pub(super) fn downtime(case: &Case) -> Vec<Pair> {
    let of = |unit: Unit<'_>| {
        let requests = unit.twin_sum(|row| row.inferences + row.missed);
        let dropped = 1.0 - case.parameter(unit.host, "held");
        let ends = Boundaries::upper_only(4.0);
        let chance = audit_sprt(RatioSteps::between(0.1, 0.2), ends, dropped, Some(requests)).convicted;
        Pair::event(chance, unit.rows.iter().any(|row| row.status == Status::Inactive))
    };
    case.units().into_iter().map(of).collect()
}

/// Loses its reward by the missed-work test at 10 %.
pub(super) fn missed_work(case: &Case) -> Vec<Pair> {
    let of = |unit: Unit<'_>| {
        let requests = unit.sum(|row| row.inferences + row.missed);
        let chance = 1.0
            - binomial_cdf(
                critical_misses(requests),
                requests,
                case.parameter(unit.host, "drop_rate"),
            );
        Pair::event(chance, unit.rows.iter().any(|row| row.reward == 0))
    };
    case.units().into_iter().map(of).collect()
}

/// The most misses that pass at 10 %, above ten requests and up to 990: 95 % of a normal law at the last ten.
fn critical_misses(requests: u64) -> u64 {
    let node = (requests / 10 * 10) as f64;
    libm::floor(0.1 * node + 1.644_853_6 * (0.09 * node).sqrt()) as u64
}

fn binomial_cdf(at_most: u64, trials: u64, chance: f64) -> f64 {
    let mut term = power(1.0 - chance, trials);
    let mut sum = term;
    for k in 0..at_most.min(trials) {
        term *= (trials - k) as f64 / (k + 1) as f64 * chance / (1.0 - chance);
        sum += term;
    }
    sum
}

/// Epochs in which a learner does what has paid less, once it has tried both.
pub(super) fn exploring(case: &Case) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for unit in case.units() {
        let expected = 0.5 * case.parameter(unit.host, "epsilon");
        for row in unit.rows.iter().skip(2) {
            // Single answers are still on their way when an epoch ends, and are counted in the next.
            pairs.push(Pair::event(expected, 2 * row.cheated > row.inferences));
        }
    }
    pairs
}
