//! What is traded: figures of a sweep against each other, and the points that nothing beats.

use stakeout_engine::experiment::sweep::meaning::{Role, names_of};
use stakeout_statistics::pareto;

use super::sweep::{capital, file_name, gain, words};
use crate::page::tidy;
use crate::picture::{Axis, Body, Dot, Dots, Group, Picture, Scale};
use crate::sweep::{Sweep, in_words};

/// Pictures of one front at most.
const PICTURES_MAX: usize = 6;
/// Points whose names stand beside them.
const NAMED_MAX: usize = 14;

/// What the sweep trades: the figures that its plan sets against each other, the first against each other one, with the
/// points that no other beats in all of them. Where the plan names none, a deviator's gain against what checking takes.
pub fn trade_offs(sweep: &Sweep) -> Vec<Picture> {
    let front = sweep.plan.as_ref().map_or(&[][..], |plan| plan.front.as_slice());
    let traded: Vec<Traded<'_>> = front.iter().map(|name| Traded::of(name)).collect();
    match traded.as_slice() {
        [] | [_] => trade_off(sweep).into_iter().collect(),
        [first, others @ ..] => {
            let best = unbeaten(sweep, &traded);
            let others = others.iter().take(PICTURES_MAX);
            others
                .map(|other| traded_plane(sweep, [first, other], &traded, &best))
                .collect()
        }
    }
}

/// A figure of the front and which way it is better.
struct Traded<'a> {
    name: &'a str,
    /// One where small is good, minus one where large is.
    sign: f64,
}

impl<'a> Traded<'a> {
    fn of(name: &'a str) -> Self {
        match name.strip_prefix('-') {
            Some(name) => Self { name, sign: -1.0 },
            None => Self { name, sign: 1.0 },
        }
    }
}

/// By row, whether it has every figure that is traded and no other row beats it in all.
fn unbeaten(sweep: &Sweep, traded: &[Traded<'_>]) -> Vec<bool> {
    let mut rows = Vec::new();
    let mut values: Vec<Vec<f64>> = Vec::new();
    for (at, row) in sweep.rows.iter().enumerate() {
        let means = traded
            .iter()
            .map(|figure| Some(figure.sign * row.figures.get(figure.name)?.mean));
        if let Some(means) = means.collect() {
            rows.push(at);
            values.push(means);
        }
    }
    let mut best = vec![false; sweep.rows.len()];
    for at in pareto::front(&values) {
        best[rows[at]] = true;
    }
    best
}

/// Two of the figures that are traded, with the front over all of them.
fn traded_plane(sweep: &Sweep, shown: [&Traded<'_>; 2], traded: &[Traded<'_>], best: &[bool]) -> Picture {
    let [x, y] = shown;
    let mut dots = Vec::new();
    for (row, mut dot) in of_rows(sweep, x.name, y.name) {
        dot.group = usize::from(!best[row]);
        dot.is_named = dot.is_named || best[row] && best.iter().filter(|b| **b).count() <= NAMED_MAX;
        dots.push(dot);
    }
    let all: Vec<String> = traded
        .iter()
        .map(|figure| {
            let way = if figure.sign < 0.0 {
                " (the more, the better)"
            } else {
                ""
            };
            format!("{}{way}", words(figure.name))
        })
        .collect();
    Picture {
        name: file_name("front", y.name),
        title: format!("{} against {}", capital(&words(y.name)), words(x.name)),
        caption: format!(
            "No other point beats the marked ones in all that is traded: {}",
            all.join(", ")
        ),
        x: Axis::new(in_words(x.name), Scale::Linear),
        y: Axis::new(in_words(y.name), Scale::Linear),
        body: Body::Dots(Dots {
            groups: vec![Group::new("nothing beats it", 2), Group::new("something does", 6)],
            dots,
            ..Dots::default()
        }),
        omitted: 0,
    }
}

/// What safety costs: each point's gain of a deviator against what checking takes, and the points that nothing beats.
fn trade_off(sweep: &Sweep) -> Option<Picture> {
    let gain = gain(sweep)?;
    let known = |name: &&str| {
        let mut values = sweep
            .rows
            .iter()
            .filter_map(|row| Some(row.figures.get(*name)?.mean));
        let first = values.next()?;
        values.any(|value| value != first).then_some(())
    };
    let cost = names_of(Role::Cost).find(|name| known(name).is_some())?;
    let dots = dots(sweep, cost, gain);
    (dots.len() > 2).then(|| plane("pareto", cost, gain, dots))
}

/// Every point in the plane of two figures.
pub fn dots(sweep: &Sweep, x: &str, y: &str) -> Vec<Dot> {
    of_rows(sweep, x, y).into_iter().map(|(_, dot)| dot).collect()
}

/// Every point in the plane of two figures, with the row it is of.
fn of_rows(sweep: &Sweep, x: &str, y: &str) -> Vec<(usize, Dot)> {
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
    for (at, row) in sweep.rows.iter().enumerate() {
        let label: Vec<String> = telling.iter().map(|&at| tidy(&row.labels[at])).collect();
        if let (Some(x), Some(y)) = (row.spoken(x), row.spoken(y)) {
            let dot = Dot {
                label: label.join(", "),
                x: x.mean,
                y: y.mean,
                x_interval: x.interval,
                y_interval: y.interval,
                group: 1,
                is_named: named,
            };
            dots.push((at, dot));
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
        x: Axis::new(in_words(cost), Scale::Linear),
        y: Axis::new(in_words(gain), Scale::Linear),
        body: Body::Dots(Dots {
            groups: vec![Group::new("nothing beats it", 2), Group::new("something does", 6)],
            dots,
            line,
            line_label: "front".into(),
        }),
        omitted: 0,
    }
}
