//! Laws of being found out: geometric times, sequential tests, what an artifact hides.

use std::collections::BTreeMap;

use stakeout_calibration::Attack;
use stakeout_protocol::status::Status;
use stakeout_statistics::sequential::{
    Boundaries, RatioSteps, ZRule, audit_sprt, cusum_alarm_by, streak_by, z_flagged_by,
};

use super::case::{Case, Pair, Unit, power};

/// Rates of the status test of the closed forms, as their scenarios set them.
const GOOD: f64 = 0.05;
const BAD: f64 = 0.20;
const H: f64 = 4.0;

/// Chance that an answer of a host that swaps this share is drawn and found.
fn hazard(case: &Case, host: u32, share: f64) -> f64 {
    case.check_rate() * case.failing(host, share)
}

/// Answers to the first catch: geometric.
pub(super) fn first_catch(case: &Case) -> Vec<Pair> {
    let caught = case.units().into_iter().filter_map(|unit| {
        let hazard = hazard(case, unit.host, case.parameter(unit.host, "rate"));
        let answers = unit.conviction?.answers as f64;
        Some(Pair::new(1.0 / hazard, answers))
    });
    caught.collect()
}

/// Caught within the epoch, one strike.
pub(super) fn caught_in_epoch(case: &Case) -> Vec<Pair> {
    let of = |unit: Unit<'_>| {
        let hazard = hazard(case, unit.host, case.parameter(unit.host, "rate"));
        let answers = unit.twin_sum(|row| row.inferences);
        Pair::event(1.0 - power(1.0 - hazard, answers), unit.conviction.is_some())
    };
    case.units().into_iter().map(of).collect()
}

/// Caught in an epoch of nothing but swapped answers, for each such epoch of those who are in it.
pub(super) fn caught_while_cheating(case: &Case) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for unit in case.units() {
        let hazard = hazard(case, unit.host, 1.0);
        for (row, twin) in unit.rows.iter().zip(&unit.twin) {
            if row.cheated > 0 {
                let caught = 1.0 - power(1.0 - hazard, twin.inferences);
                pairs.push(Pair::event(caught, row.status == Status::Invalid));
            }
        }
    }
    pairs
}

/// The conviction of a swapper by a test whose chance by the number of checks is a formula.
fn convicted(case: &Case, is_in: impl Fn(f64) -> bool, chance_by: impl Fn(f64, u64) -> f64) -> Vec<Pair> {
    let mut known: BTreeMap<u64, f64> = BTreeMap::new();
    let mut pairs = Vec::new();
    for unit in case.units() {
        let rate = case.parameter(unit.host, "rate");
        if !is_in(rate) {
            continue;
        }
        let checks = unit.twin_sum(|row| row.validated + row.invalidated);
        let chance = *known
            .entry(checks)
            .or_insert_with(|| chance_by(case.failing(unit.host, rate), checks));
        pairs.push(Pair::event(chance, unit.conviction.is_some()));
    }
    pairs
}

fn by_sprt(failing: f64, checks: u64) -> f64 {
    let ends = Boundaries::upper_only(H);
    audit_sprt(RatioSteps::between(GOOD, BAD), ends, failing, Some(checks)).convicted
}

/// Sequential test among the swappers of about this rate.
fn sprt_at(case: &Case, wanted: f64) -> Vec<Pair> {
    convicted(case, |rate| (rate - wanted).abs() < 1e-9, by_sprt)
}

pub(super) fn sprt_at_5(case: &Case) -> Vec<Pair> {
    sprt_at(case, 0.05)
}

pub(super) fn sprt_at_8(case: &Case) -> Vec<Pair> {
    sprt_at(case, 0.08)
}

pub(super) fn sprt_at_11(case: &Case) -> Vec<Pair> {
    sprt_at(case, 0.11)
}

pub(super) fn sprt_at_20(case: &Case) -> Vec<Pair> {
    sprt_at(case, 0.20)
}

/// The test with a floor of zero.
pub(super) fn cusum(case: &Case) -> Vec<Pair> {
    let alarm = |failing: f64, checks: u64| {
        cusum_alarm_by(RatioSteps::between(GOOD, BAD), H, failing, checks as usize)
    };
    convicted(case, |_| true, alarm)
}

/// One deviation, looked at after each check from the first on: only hosts without an epoch behind them ramp up.
pub(super) fn z_rule(case: &Case) -> Vec<Pair> {
    let rule = ZRule {
        expected: GOOD,
        deviations: 1.0,
        first: 1,
    };
    let flagged = |failing: f64, checks: u64| {
        let by = z_flagged_by(rule, failing, checks);
        by.last().copied().unwrap_or(0.0)
    };
    convicted(case, |_| true, flagged)
}

/// A run of five.
pub(super) fn run_of_five(case: &Case) -> Vec<Pair> {
    convicted(case, |_| true, |failing, checks| streak_by(5, failing, checks))
}

/// The failures that a bank of passes pays for.
pub(super) fn banked_credit(case: &Case) -> Vec<Pair> {
    let (up, down) = (libm::log(BAD / GOOD), libm::log((1.0 - GOOD) / (1.0 - BAD)));
    let caught = case.units().into_iter().filter(|unit| unit.conviction.is_some());
    let of = |unit: Unit<'_>| {
        let passes = unit.sum(|row| row.validated) as f64;
        let failures = unit.sum(|row| row.invalidated) as f64;
        Pair::new(libm::ceil((H + passes * down) / up), failures)
    };
    caught.map(of).collect()
}

/// Never convicted.
pub(super) fn never(case: &Case) -> Vec<Pair> {
    let of = |unit: Unit<'_>| Pair::event(0.0, unit.conviction.is_some());
    case.units().into_iter().map(of).collect()
}

/// Answers for which anybody is drawn, by reputation; the first epoch is left out, whose traffic still grows.
pub(super) fn checked_by_reputation(case: &Case) -> Vec<Pair> {
    let others = case.scenario.hosts.len() as u64 - 1;
    let sampling = &case.scenario.protocol.sampling;
    let least = super::case::share(sampling.rate_min);
    let mut pairs = Vec::new();
    for unit in case.units() {
        let before = case.scenario.hosts[unit.host as usize].epochs_completed;
        for (epoch, row) in (0_u32..).zip(&unit.rows).skip(1) {
            let full = f64::from(case.scenario.protocol.reputation.epochs_to_max);
            let reputation = libm::floor(100.0 * (f64::from(before + epoch) / full).min(1.0)) / 100.0;
            let target = 1.0 - (1.0 - least) * reputation;
            let anybody = 1.0 - power(1.0 - target / others as f64, others);
            pairs.push(Pair::new(
                anybody,
                row.checked as f64 / row.inferences.max(1) as f64,
            ));
        }
    }
    pairs
}

/// Failed checks of all checks, against a chance.
fn failing_share(case: &Case, chance: impl Fn(u32) -> f64) -> Vec<Pair> {
    let of = |unit: Unit<'_>| {
        let failed = unit.sum(|row| row.invalidated) as f64;
        let judged = unit.sum(|row| row.validated + row.invalidated).max(1) as f64;
        Pair::new(chance(unit.host), failed / judged)
    };
    case.units().into_iter().map(of).collect()
}

pub(super) fn laundered(case: &Case) -> Vec<Pair> {
    failing_share(case, |_| case.found(0, 1.0))
}

pub(super) fn padded(case: &Case) -> Vec<Pair> {
    failing_share(case, |host| {
        case.found(case.substitute(host), 5.0 / case.parameter(host, "candidates"))
    })
}

pub(super) fn part_swapped(case: &Case) -> Vec<Pair> {
    failing_share(case, |host| {
        case.found(case.substitute(host), case.parameter(host, "part"))
    })
}

pub(super) fn truncated(case: &Case) -> Vec<Pair> {
    failing_share(case, |host| case.found(case.substitute(host), 1.0))
}

/// The second check beside the first: an answer fails either.
pub(super) fn second_check(case: &Case) -> Vec<Pair> {
    failing_share(case, |host| {
        let substitute = case.substitute(host);
        let points = case.scenario.calibration.operating_points().iter();
        let power_of = |point: &stakeout_calibration::OperatingPoint| {
            let is_it = point.label.starts_with("S2")
                && point.substitute == substitute
                && point.attack == Attack::Laundered;
            is_it.then_some(point.true_positive.estimate)
        };
        let found = points
            .filter_map(power_of)
            .next()
            .expect("the power was measured");
        1.0 - (1.0 - found) * (1.0 - case.found(0, 1.0))
    })
}

/// The swapped share at which every second one is convicted, by bisection of the exact programme.
pub(super) fn median_rate(case: &Case) -> f64 {
    let units = case.units();
    let checks: u64 = units
        .iter()
        .map(|unit| unit.twin_sum(|row| row.validated + row.invalidated))
        .sum();
    let checks = checks / units.len().max(1) as u64;
    let host = units[0].host;
    let (mut low, mut high) = (0.05, 0.20);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if by_sprt(case.failing(host, middle), checks) < 0.5 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The convicted share above one half, by replicate.
pub(super) fn convicted_above_half(case: &Case) -> Vec<f64> {
    let own = case.own().len().max(1) as f64;
    let of = |output: &stakeout_engine::observe::frame::RunOutput| {
        let mine = |conviction: &&stakeout_engine::observe::frame::Conviction| {
            Some(case.scenario.hosts[conviction.participant as usize].owner)
                == stakeout_engine::experiment::attack::attacker(&case.scenario)
        };
        output.convictions.iter().filter(mine).count() as f64 / own - 0.5
    };
    case.attack.iter().map(of).collect()
}
