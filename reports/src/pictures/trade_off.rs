//! What safety costs: a deviator's gain against what checking takes, and the points that nothing beats.

use stakeout_statistics::pareto;

use super::sweep::{capital, gain, words};
use crate::picture::{Axis, Body, Dot, Dots, Group, Picture, Scale};
use crate::sweep::Sweep;

/// Figures that a network pays for being safe.
const COSTS: [&str; 3] = ["verification_overhead", "checked_share", "honest_convicted_share"];
/// Points whose names stand beside them.
const NAMED_MAX: usize = 14;

/// What safety costs: each point's gain of a deviator against what checking takes, and the points that nothing beats.
pub fn trade_off(sweep: &Sweep) -> Option<Picture> {
    let gain = gain(sweep)?;
    let known = |name: &&str| {
        let mut values = sweep
            .rows
            .iter()
            .filter_map(|row| Some(row.figures.get(*name)?.mean));
        let first = values.next()?;
        values.any(|value| value != first).then_some(())
    };
    let cost = COSTS.into_iter().find(|name| known(name).is_some())?;
    let dots = dots(sweep, cost, gain);
    (dots.len() > 2).then(|| plane("pareto", cost, gain, dots))
}

/// Every point in the plane of two figures.
pub fn dots(sweep: &Sweep, x: &str, y: &str) -> Vec<Dot> {
    let named = sweep.rows.len() <= NAMED_MAX;
    // A label is what tells the points apart: columns that are figures of the plane do not.
    let telling: Vec<usize> = (0..sweep.factors.len())
        .filter(|at| sweep.factors[*at] != x && sweep.factors[*at] != y)
        .filter(|at| {
            sweep
                .rows
                .iter()
                .any(|row| row.labels[*at].parse::<f64>().is_err())
        })
        .collect();
    let mut dots = Vec::new();
    for row in &sweep.rows {
        let label: Vec<&str> = telling.iter().map(|&at| row.labels[at].as_str()).collect();
        if let (Some(x), Some(y)) = (row.figures.get(x), row.figures.get(y)) {
            dots.push(Dot {
                label: label.join(", "),
                x: x.mean,
                y: y.mean,
                x_interval: x.interval,
                y_interval: y.interval,
                group: 1,
                is_named: named,
            });
        }
    }
    dots
}

/// Points of a plane where both ways smaller is better, with the line of those that nothing beats.
pub fn plane(name: &str, cost: &str, gain: &str, mut dots: Vec<Dot>) -> Picture {
    let values: Vec<Vec<f64>> = dots.iter().map(|dot| vec![dot.x, dot.y]).collect();
    let front = pareto::front(&values);
    let mut line: Vec<(f64, f64)> = front.iter().map(|&at| (dots[at].x, dots[at].y)).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for &at in &front {
        dots[at].group = 0;
    }
    if dots.len() > NAMED_MAX {
        for &at in front.iter().take(NAMED_MAX) {
            dots[at].is_named = true;
        }
    }
    Picture {
        name: name.into(),
        title: format!("{} against {}", capital(&words(gain)), words(cost)),
        caption: "The lower and the farther left, the better; the line joins the points that no other beats in both".into(),
        x: Axis::new(words(cost), Scale::Linear),
        y: Axis::new(words(gain), Scale::Linear),
        body: Body::Dots(Dots {
            groups: vec![Group::new("nothing beats it", 2), Group::new("something does", 6)],
            dots,
            line,
            line_label: "front".into(),
        }),
        omitted: 0,
    }
}
