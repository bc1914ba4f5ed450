//! Where an attack stops paying: sampling, stake, identity, planted mismatches, subsidy; and rewards by weight.

use super::case::{Case, Pair, power};

/// Reward of an owner against its merged twin's, expected to be the same.
pub(super) fn neutral(case: &Case) -> Vec<Pair> {
    reward_ratio(case, 1.0)
}

/// The same where the merged twin is cut at a fifth and the parts are not: a third against a fifth.
pub(super) fn capped(case: &Case) -> Vec<Pair> {
    let cap = super::case::share(case.scenario.protocol.power_cap.expect("the scenario sets a cap"));
    reward_ratio(case, case.part_of_weight() / cap)
}

fn reward_ratio(case: &Case, expected: f64) -> Vec<Pair> {
    let own = case.own();
    let reward = |output: &stakeout_engine::observe::frame::RunOutput| -> i128 {
        let rows = output.participants.iter();
        rows.filter(|row| own.contains(&row.participant))
            .map(|row| row.reward)
            .sum()
    };
    let pairs = case.attack.iter().zip(&case.twin);
    pairs
        .map(|(attack, twin)| Pair::new(expected, reward(attack) as f64 / reward(twin) as f64))
        .collect()
}

/// Rate from which on a swapped answer costs a ring more than it saves.
pub(super) fn sampling_rate(case: &Case) -> f64 {
    let own = case.own();
    let substitute = case.substitute(own[0]);
    let saving = case.serving_cost(0) - case.serving_cost(substitute);
    let vouching = (own.len() - 1) as f64 / (case.scenario.hosts.len() - 1) as f64;
    // What honest answers lose by false alarms they lose without the attack too, but not to the ring itself.
    let loss = case.fee() + case.scenario.protocol.measures.bounty.base_units() as f64;
    let power_of_check = case.found(substitute, 1.0) * (1.0 - vouching) - case.found(0, 1.0);
    saving / (power_of_check * loss)
}

/// Mean over an epoch's numbers of answers, as the twins had them.
fn mean_over_epochs(case: &Case, of: impl Fn(u64) -> f64) -> f64 {
    let mut sum = 0.0;
    let mut epochs = 0_u32;
    for unit in case.units() {
        for row in unit
            .twin
            .iter()
            .filter(|row| row.weight > 0 && row.inferences > 0)
        {
            sum += of(row.inferences);
            epochs += 1;
        }
    }
    sum / f64::from(epochs.max(1))
}

/// What an epoch of swapping is worth beside an honest one without a slash or a fee, and by how much likelier it
/// ends in a conviction, where answers are checked at a rate.
fn epoch_of_swapping(case: &Case, rate: f64) -> (f64, f64) {
    let substitute = case.substitute(case.own()[0]);
    let (hazard, alarm) = (rate * case.found(substitute, 1.0), rate * case.found(0, 1.0));
    let (honest, cheap) = (case.serving_cost(0), case.serving_cost(substitute));
    let reward = reward_of_an_epoch(case);
    // With a hazard an answer, an epoch of n answers ends early with its fees and its reward lost.
    let epoch = |hazard: f64, cost: f64, answers: u64| {
        let clean = power(1.0 - hazard, answers);
        // Answers served: those up to the one that is found.
        let served = if hazard > 0.0 {
            (1.0 - clean) / hazard
        } else {
            answers as f64
        };
        clean * (answers as f64 * case.fee() + reward) - served * cost
    };
    let gain = mean_over_epochs(case, |answers| {
        epoch(hazard, cheap, answers) - epoch(alarm, honest, answers)
    });
    let caught = mean_over_epochs(case, |answers| {
        power(1.0 - alarm, answers) - power(1.0 - hazard, answers)
    });
    (gain, caught)
}

/// The rate at which a falling gain is zero, by bisection.
fn zero_of(gain: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 0.5);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if gain(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Reward of one of the attacker's hosts in an epoch without a conviction.
fn reward_of_an_epoch(case: &Case) -> f64 {
    let total: u64 = case.scenario.hosts.iter().map(|host| host.weight).sum();
    let host = case.own()[0];
    let weight = case.scenario.hosts[host as usize].weight as f64;
    let initial = case.scenario.protocol.rewards.initial.base_units() as f64;
    initial * weight / total as f64
}

/// Sampling rate from which on an epoch of swapping loses, with a slash of a part of the stake for a conviction.
pub(super) fn rate_at_stake(case: &Case) -> f64 {
    let host = &case.scenario.hosts[case.own()[0] as usize];
    let collateral = &case.scenario.protocol.collateral;
    // Coins beyond what the weight requires are not at risk, and the free part of a weight requires none.
    let unit = collateral.per_weight.parts() as f64 / 1e18;
    let required = (1.0 - super::case::share(collateral.base_ratio)) * host.weight as f64 * unit;
    let at_risk = required.min(host.collateral.base_units() as f64);
    let slash = super::case::share(collateral.slash_invalid) * at_risk;
    zero_of(|rate| {
        let (gain, caught) = epoch_of_swapping(case, rate);
        gain - caught * slash
    })
}

/// Sampling rate from which on fresh names lose, each of which pays for its entry; the conviction of the last epoch
/// needs no further name.
pub(super) fn rate_at_entry_fee(case: &Case) -> f64 {
    let fee = case.scenario.protocol.measures.identity_fee.base_units() as f64;
    let epochs = f64::from(case.scenario.epochs);
    zero_of(|rate| {
        let (gain, caught) = epoch_of_swapping(case, rate);
        gain - caught * fee * (epochs - 1.0) / epochs
    })
}

/// Rate of planted mismatches at which a replay costs what it saves in fines.
pub(super) fn planted_rate(case: &Case) -> f64 {
    let fine = case
        .scenario
        .protocol
        .measures
        .planted
        .map_or(0.0, |planted| planted.fine.base_units() as f64);
    // A planted mismatch is a job of its own: who checks replays it as well.
    let replay = case.replay_cost();
    replay / (fine - replay)
}

/// Rate of the subsidy from which on trading with oneself pays: of m = 1/(1 - rate) coins minted for a coin of
/// payment, its own share f has to bring back what the rest costs, f (1 + m) = 1.
pub(super) fn subsidy_rate(case: &Case) -> f64 {
    let share = case.part_of_weight();
    1.0 - share / (1.0 - share)
}
