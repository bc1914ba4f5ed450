//! Emissions that decay by a part a period.
//!
//! Invariant: the formula is a geometric series; only the observation goes period by period, in integers.

use stakeout_engine::oracle::{Allowed, Parameter, Parameters};
use stakeout_protocol::schedules::decay::{DecayParams, compute_emission};
use stakeout_protocol::units::Amount;

use super::supply::{MILLIONS, PERCENT, YEARS};
use crate::check::{Check, Kind, figures};

/// Parts per hundred thousand that an hour loses.
const DECAY: Allowed = ("a number from 0.01 to 100", |value| {
    (0.01..=100.0).contains(&value)
});

/// Hours that io.net pays: the published 175,319 are twenty years of 365 days and 119 hours.
fn hours(p: &Parameters) -> u64 {
    u64::from(p.count("years")) * 8_760 + 119
}

pub(super) const IO_NET: Check = Check {
    id: "io-net-emission",
    catalogue: &[45],
    title: "io.net's hourly emission: first hour, total without the cap, true yearly decay",
    source: "io.net documentation, token emission schedule; geometric series",
    kind: Kind::Computed(2e-9),
    parameters: || {
        vec![
            Parameter::ranged("million", 500.0, MILLIONS),
            Parameter::ranged("percent", 8.0, PERCENT),
            // The published 1.38869523959793e-5 an hour, in parts per hundred thousand.
            Parameter::ranged("decay", 1.388_695_239_597_93, DECAY),
            Parameter::ranged("years", 20.0, YEARS),
        ]
    },
    expected: |p| {
        let lost = -p.get("decay") * 1e-5;
        let first = p.get("million") * 1e6 * p.get("percent") / 100.0 / 8_760.0;
        let all = first * libm::expm1(hours(p) as f64 * libm::log1p(lost)) / lost;
        figures([
            ("coins in the first hour", first),
            ("coins in all", all),
            ("decay a year", -libm::expm1(8_760.0 * libm::log1p(lost))),
        ])
    },
    observe: |p, _| {
        let year =
            i128::from(p.count("million")) * 100_000_000_000_000 * i128::from(p.count("percent")) / 100;
        let params = DecayParams {
            first: Amount::from_base_units(year / 8_760),
            // Nineteen digits, of which a real number has sixteen.
            keep: 10_u128.pow(19) - (p.get("decay") * 1e14 + 0.5) as u128,
            periods: Some(hours(p)),
            cap: None,
            ..DecayParams::io_net()
        };
        // The power by squaring costs a microsecond; a year is enough for the shape, the total goes hour by hour.
        let hour = |period| compute_emission(&params, period, Amount::ZERO);
        let all: Amount = (0..hours(p)).map(hour).sum();
        let coins = |amount: Amount| amount.base_units() as f64 / 1e8;
        let a_year = compute_emission(
            &DecayParams {
                periods: None,
                ..params
            },
            8_760,
            Amount::ZERO,
        );
        Ok(vec![
            coins(hour(0)),
            coins(all),
            1.0 - coins(a_year) / coins(hour(0)),
        ])
    },
};

/// What a year keeps of the one before, in thousandths; 700 years are summed up.
const PERMILLE: Allowed = ("a whole number from 1 to 960", |value| {
    value.fract() == 0.0 && (1.0..=960.0).contains(&value)
});
/// Coins that may come to be.
const CAP: Allowed = ("a whole number from 1 to 4000000000", |value| {
    value.fract() == 0.0 && (1.0..=4e9).contains(&value)
});

pub(super) const RENDER: Check = Check {
    id: "render-emission",
    catalogue: &[45],
    title: "Render's damped emission: what one coin of the first year comes to in all, and the cap",
    source: "1/(1 - kept); rendernetwork/RNPs RNP-003",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            Parameter::ranged("kept", 945.0, PERMILLE),
            Parameter::count("monthly", 760_567),
            Parameter::ranged("cap", 107_374_182.0, CAP),
        ]
    },
    expected: |p| {
        let factor = 1.0 / (1.0 - p.get("kept") / 1e3);
        let uncapped = factor * p.get("monthly") * 12.0;
        figures([
            ("tail sum factor", factor),
            ("coins under the cap", uncapped.min(p.get("cap"))),
        ])
    },
    observe: |p, _| {
        let params = DecayParams {
            first: Amount::from_base_units(i128::from(p.count("monthly")) * 12 * 100_000_000),
            keep: u128::from(p.count("kept")),
            cap: Some(Amount::from_base_units(i128::from(p.count("cap")) * 100_000_000)),
            ..DecayParams::render()
        };
        let sum = |cap: Option<Amount>| {
            let params = DecayParams { cap, ..params };
            (0..700).fold(Amount::ZERO, |issued, year| {
                issued + compute_emission(&params, year, issued)
            })
        };
        let factor = sum(None).base_units() as f64 / params.first.base_units() as f64;
        Ok(vec![factor, sum(params.cap).base_units() as f64 / 1e8])
    },
};
