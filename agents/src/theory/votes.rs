//! Laws of validators that do not do their part: rings, bribes, copies, accusations.

use super::case::{Case, Pair};

/// Part of the attacker's answers that a number of diligent validators find, each drawn alone.
fn found_by(case: &Case, diligent: u64) -> Vec<Pair> {
    let own = case.own();
    let others = case.scenario.hosts.len() as f64 - 1.0;
    let table = case.scenario.calibration.compile();
    let threshold = case.scenario.models[0].threshold_ppb;
    let substitute = case.substitute(own[0]);
    // Validators of one answer read the same prompt, so the classes of prompts are gone through one by one.
    let of_class = |class: u8| {
        let found = 1.0 - table.class_pass_probability(substitute, 0, 0, class, threshold);
        let drawn = case.check_rate() / others;
        table.class_share(class) * (1.0 - super::case::power(1.0 - drawn * found, diligent))
    };
    let expected: f64 = (0..table.class_count()).map(of_class).sum();
    let wrong = case.count(&own, |row| row.invalidated);
    let answers = case.count(&own, |row| row.inferences);
    let pairs = wrong.iter().zip(answers);
    pairs
        .map(|(wrong, answers)| Pair::new(expected, *wrong as f64 / answers.max(1) as f64))
        .collect()
}

/// Outsiders find a ring's answers.
pub(super) fn ring(case: &Case) -> Vec<Pair> {
    let outsiders = case.scenario.hosts.len() - case.own().len();
    found_by(case, outsiders as u64)
}

/// Those who neither take bribes nor copy find a swapper's answers.
pub(super) fn diligent(case: &Case) -> Vec<Pair> {
    let honest = case
        .all()
        .into_iter()
        .filter(|&host| case.strategy(host).name == "honest");
    found_by(case, honest.count() as u64)
}

/// An accusation passes when half of the sampled votes, the opener's with them, are against the answer.
pub(super) fn accusation(case: &Case) -> Vec<Pair> {
    let sampled = 10_u64;
    let accusers = case.own().len() as u64;
    let hosts = case.scenario.hosts.len() as u64;
    // Neither the opener nor the executor is drawn; an accuser's own answers are accused by the others too.
    let share_own = accusers as f64 / hosts as f64;
    let tail = |others: u64| -> f64 {
        (5..=sampled)
            .map(|k| hypergeometric(k, sampled, others, hosts - 2))
            .sum()
    };
    // An executor is an accuser, other than the opener, with (a - 1)/(n - 1).
    let executor = (accusers - 1) as f64 / (hosts - 1) as f64;
    debug_assert!(executor <= share_own);
    let expected = (1.0 - executor) * tail(accusers - 1) + executor * tail(accusers - 2);
    let of = |output: &stakeout_engine::observe::frame::RunOutput| {
        let sum = |of: fn(&stakeout_engine::observe::frame::EpochRow) -> u64| -> u64 {
            output.epochs.iter().map(of).sum()
        };
        let decided = sum(|row| row.invalidated) + sum(|row| row.revalidated);
        Pair::new(
            expected,
            sum(|row| row.invalidated) as f64 / decided.max(1) as f64,
        )
    };
    case.attack.iter().map(of).collect()
}

/// Part of the weight of the last epoch, by replicate.
fn part_of_weight(case: &Case, expected: f64) -> Vec<Pair> {
    let own = case.own();
    let last = |output: &stakeout_engine::observe::frame::RunOutput| {
        let epoch = output.participants.iter().map(|row| row.epoch).max().unwrap_or(0);
        let rows = || output.participants.iter().filter(|row| row.epoch == epoch);
        let all: u64 = rows().map(|row| row.weight).sum();
        let mine = rows().filter(|row| own.contains(&row.participant));
        mine.map(|row| row.weight).sum::<u64>() as f64 / all.max(1) as f64
    };
    let pairs = case.attack.iter();
    pairs.map(|output| Pair::new(expected, last(output))).collect()
}

/// More than two thirds accept: a coalition holds its own part.
pub(super) fn own_power(case: &Case) -> Vec<Pair> {
    part_of_weight(case, case.part_of_weight())
}

/// Less than two thirds accept: a coalition holds everything.
pub(super) fn all_power(case: &Case) -> Vec<Pair> {
    part_of_weight(case, 1.0)
}

/// A claim passes under the best of many seeds: up to ten required validations the test forgives four.
pub(super) fn ground_claim(case: &Case) -> Vec<Pair> {
    let hosts = case.scenario.hosts.len() as f64;
    let mut pairs = Vec::new();
    let units = case.units();
    let per_replicate = case.own().len();
    for (at, unit) in units.iter().enumerate() {
        let answers: u64 = case.attack[at / per_replicate]
            .epochs
            .iter()
            .map(|row| row.finished)
            .sum();
        let mean = answers as f64 * case.check_rate() / hosts;
        let mut term = libm::exp(-mean);
        let mut few = term;
        for k in 1..=4 {
            term *= mean / f64::from(k);
            few += term;
        }
        let seeds = case.parameter(unit.host, "seeds") as u64;
        let passes = 1.0 - super::case::power(1.0 - few, seeds);
        pairs.push(Pair::event(passes, unit.rows.iter().any(|row| row.reward > 0)));
    }
    pairs
}

/// Chance of `k` marked ones among `drawn` of `all`, `marked` of which are.
fn hypergeometric(k: u64, drawn: u64, marked: u64, all: u64) -> f64 {
    let choose = |n: u64, k: u64| -> f64 {
        if k > n {
            return 0.0;
        }
        (0..k).map(|at| (n - at) as f64 / (at + 1) as f64).product()
    };
    choose(marked, k) * choose(all - marked, drawn - k) / choose(all, drawn)
}
