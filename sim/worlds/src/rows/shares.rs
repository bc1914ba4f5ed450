//! How unequal shares are, and what cuts the largest.
//!
//! Invariant: expected figures come from the populations' formulas, not from the shares themselves.

use stakeout_engine::oracle::{Allowed, Parameter};
use stakeout_protocol::units::{Fraction, Weight};
use stakeout_protocol::weights::compute_power_cap;
use stakeout_statistics::concentration::{gini, hhi, nakamoto};

use crate::check::{Check, Kind, figures, require};

/// Owners of something.
const PEOPLE: Allowed = ("a whole number from 1 to 10000", |value| {
    value.fract() == 0.0 && (1.0..=1e4).contains(&value)
});

pub(super) const CONCENTRATION: Check = Check {
    id: "concentration",
    catalogue: &[61],
    title: "Gini, HHI and Nakamoto of populations known by hand: the first n numbers, one owner of all, nine shares",
    source: "(n - 1)/(3n), (m - 1)/m, 10^4/m; definitions",
    kind: Kind::Computed(1e-12),
    parameters: || {
        vec![
            Parameter::ranged("n", 5.0, PEOPLE),
            Parameter::ranged("owners", 4.0, PEOPLE),
        ]
    },
    expected: |p| {
        let (n, owners) = (p.get("n"), p.get("owners"));
        figures([
            ("Gini of the first n numbers", (n - 1.0) / (3.0 * n)),
            ("Gini of one owner of all", (owners - 1.0) / owners),
            ("HHI of as many equal owners", 1e4 / owners),
            ("more than half of them", libm::floor(owners / 2.0) + 1.0),
            ("HHI of nine shares", 1_776.0),
            ("owners of a third of those", 2.0),
            ("owners of a half of those", 3.0),
        ])
    },
    observe: |p, _| {
        let (n, owners) = (p.count("n"), p.count("owners") as usize);
        let falling: Vec<f64> = (1..=n).rev().map(f64::from).collect();
        let equal = vec![2.5; owners];
        let mut alone = vec![0.0; owners];
        alone[owners / 2] = 7.0;
        let shares = [30.0, 20.0, 15.0, 10.0, 8.0, 7.0, 5.0, 3.0, 2.0];
        Ok(vec![
            gini(&falling),
            gini(&alone),
            hhi(&equal),
            f64::from(nakamoto(&equal, 0.5)),
            hhi(&shares),
            f64::from(nakamoto(&shares, 1.0 / 3.0)),
            f64::from(nakamoto(&shares, 0.5)),
        ])
    },
};

/// A cap in per cent under which four hosts fit.
const CAP_PERCENT: Allowed = ("a whole number from 26 to 35", |value| {
    value.fract() == 0.0 && (26.0..=35.0).contains(&value)
});
/// The largest weight, in millions.
const LARGE: Allowed = ("a whole number from 50 to 1000", |value| {
    value.fract() == 0.0 && (50.0..=1_000.0).contains(&value)
});

pub(super) const POWER_CAP: Check = Check {
    id: "power-cap",
    catalogue: &[67],
    title: "The weight that holds exactly a part of all once the largest are cut to it",
    source: "x = c S/(1 - c k) with k cut and S what the others weigh; gonka-ai/gonka x/inference/module/power_capping.go",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("cap", 30.0, CAP_PERCENT),
            Parameter::ranged("large", 50.0, LARGE),
        ]
    },
    expected: |p| {
        // Beside so many hosts of 10 stand one of 30 and one of the weight set, all in millions: the first k cut that leave
        // nobody above the cap.
        let cap = |tens: usize| {
            let part = p.get("cap") / 100.0;
            let mut weights = vec![10e6; tens];
            weights.extend([30e6, p.get("large") * 1e6]);
            weights.sort_by(f64::total_cmp);
            let fits = |cut: usize| {
                let rest = &weights[..weights.len() - cut];
                let cap = part * rest.iter().sum::<f64>() / (1.0 - part * cut as f64);
                rest.last().is_some_and(|largest| *largest <= cap).then_some(cap)
            };
            let room = |cut: &usize| part * (*cut as f64) < 1.0;
            (1..weights.len()).take_while(room).find_map(fits)
        };
        let of = |tens| cap(tens).map_or(f64::NAN, |cap| libm::floor(cap + 1e-6));
        let (four, eight) = (of(2), of(6));
        let holds = "so many hosts can all keep below the cap, and the largest lies above it";
        require("power-cap", !four.is_nan() && !eight.is_nan(), holds)?;
        figures([("among four", four), ("among eight", eight)])
    },
    observe: |p, _| {
        let cap = |tens: usize| {
            let mut weights = vec![Weight::new(10_000_000); tens];
            let large = u64::from(p.count("large")) * 1_000_000;
            weights.extend([Weight::new(30_000_000), Weight::new(large)]);
            compute_power_cap(weights.iter().copied(), Fraction::from_percent(p.count("cap")))
                .map_or(f64::NAN, |weight| weight.get() as f64)
        };
        Ok(vec![cap(2), cap(6)])
    },
};
