//! The pictures of a solved question: the frontier, every attack at every value, and what safety costs.

use super::sweep::{capital, short};
use super::trade_off::plane;
use crate::page::{number, tidy};
use crate::picture::{Axis, Block, Blocks, Body, Curve, Dot, Dots, Group, Picture, Point, Scale};
use crate::solve::{Judged, Solve, with_choice};
use crate::sweep::{leading_number, unit};

/// All that show something.
pub fn all(solve: &Solve) -> Vec<Picture> {
    let mut all = vec![frontier(solve)];
    for level in solve.levels() {
        all.push(gains(solve, &level));
        all.push(map(solve, &level));
    }
    all.extend(prices(solve));
    all.into_iter().filter(|picture| !picture.is_empty()).collect()
}

fn parameter_label(solve: &Solve) -> String {
    let name = match solve.question.parameter.as_str() {
        "" => "parameter",
        path => path,
    };
    let unit = solve.search.first().map_or("", |judged| unit(&judged.parameter));
    match unit {
        "" => name.to_string(),
        unit => format!("{name} ({unit})"),
    }
}

fn scale(solve: &Solve) -> Scale {
    let values = solve
        .search
        .iter()
        .filter_map(|judged| leading_number(&judged.parameter));
    let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(l, m), v| (l.min(v), m.max(v)));
    match least > 0.0 && most / least >= 15.0 {
        true => Scale::Log,
        false => Scale::Linear,
    }
}

fn level_name(level: &str) -> String {
    match level {
        "" => "the network".to_string(),
        level => level.to_string(),
    }
}

/// From which value on no attack of the menu pays: a row a family of attacks with a colour a level, or a row a level.
fn frontier(solve: &Solve) -> Picture {
    let levels = solve.levels();
    let by_family = solve.has_families();
    let mut lanes: Vec<String> = Vec::new();
    let mut dots = Vec::new();
    for row in &solve.frontier {
        let lane_name = if by_family {
            row.menu.clone()
        } else {
            level_name(&row.level)
        };
        let lane = lanes
            .iter()
            .position(|known| *known == lane_name)
            .unwrap_or_else(|| {
                lanes.push(lane_name);
                lanes.len() - 1
            });
        let of_level = levels.iter().position(|level| *level == row.level).unwrap_or(0);
        let spread = if by_family { 0.6 / levels.len() as f64 } else { 0.0 };
        let middle = lane as f64 + 0.5 + spread * (of_level as f64 - (levels.len() as f64 - 1.0) / 2.0);
        let deters = row.deters.as_deref().and_then(leading_number);
        let fails = row.fails.as_deref().and_then(leading_number);
        let dot = |x: f64, group: usize, interval: Option<(f64, f64)>| Dot {
            label: format!(
                "{}, decided by {}",
                level_name(&row.level),
                with_choice(&row.binding, &row.tuned)
            ),
            x,
            y: middle,
            x_interval: interval,
            y_interval: None,
            group,
            is_named: false,
        };
        let group = if by_family { of_level } else { 0 };
        match (deters, fails) {
            (Some(x), fails) => dots.push(dot(x, group, fails.map(|fails| (fails.min(x), fails.max(x))))),
            (None, Some(x)) => dots.push(dot(x, groups(solve).len() - 1, None)),
            (None, None) => {}
        }
    }
    let of_search = solve
        .search
        .iter()
        .filter_map(|judged| leading_number(&judged.parameter));
    let (least, most) = of_search.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| {
        (l.min(v), m.max(v))
    });
    let mut x = Axis::new(parameter_label(solve), scale(solve));
    if least < most {
        x = x.between(least, most);
    }
    let rows_label = match solve.question.across.as_deref() {
        _ if by_family => "attacks".to_string(),
        Some(across) => short(across),
        None => String::new(),
    };
    Picture {
        name: "frontier".into(),
        title: "From which value on cheating does not pay".into(),
        caption: "The dot is the laxest value tried at which no attack gains more than is tolerated. The line ends at the \
                  next laxer value tried, at which one does or may: the true threshold lies between the two"
            .into(),
        x,
        y: Axis::new(rows_label, Scale::Words(lanes)),
        body: Body::Dots(Dots {
            groups: groups(solve),
            dots,
            ..Dots::default()
        }),
        omitted: 0,
    }
}

/// The legend of the frontier; its last entry is for rows that nothing deters.
fn groups(solve: &Solve) -> Vec<Group> {
    let mut groups: Vec<Group> = match solve.has_families() {
        true => solve
            .levels()
            .iter()
            .enumerate()
            .map(|(at, level)| Group::new(level_name(level), at))
            .collect(),
        false => vec![Group::new("deters every attack from here", 2)],
    };
    groups.push(Group::new("not even this deters, or not surely", 6));
    groups
}

fn attacks(solve: &Solve, level: &str) -> Vec<String> {
    let mut attacks: Vec<String> = Vec::new();
    for judged in solve.judged(level) {
        if !attacks.contains(&judged.attack) {
            attacks.push(judged.attack.clone());
        }
    }
    attacks
}

fn named(kind: &str, level: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    match level {
        "" => kind.to_string(),
        level => format!("{kind}-{}", level.chars().map(plain).collect::<String>()),
    }
}

fn titled(title: &str, level: &str) -> String {
    match level {
        "" => title.to_string(),
        level => format!("{title}: {level}"),
    }
}

/// The gain of each attack over the parameter, with zero.
fn gains(solve: &Solve, level: &str) -> Picture {
    let curve = |(colour, attack): (usize, &String)| {
        let of_attack = solve
            .judged(level)
            .into_iter()
            .filter(|judged| judged.attack == *attack);
        let mut points: Vec<Point> = of_attack
            .filter_map(|judged| {
                let mean = 100.0 * judged.gain.mean;
                let (low, high) = judged
                    .gain
                    .interval
                    .map_or((mean, mean), |(l, h)| (100.0 * l, 100.0 * h));
                Some(Point {
                    x: leading_number(&judged.parameter)?,
                    mean,
                    low,
                    high,
                })
            })
            .collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points.dedup_by(|a, b| a.x == b.x);
        Curve {
            name: attack.clone(),
            points,
            is_step: false,
            colour,
        }
    };
    let mut curves: Vec<Curve> = attacks(solve, level).iter().enumerate().map(curve).collect();
    // A single value that was tried is no line; the map shows it.
    if curves.iter().all(|curve| curve.points.len() < 2) {
        curves.clear();
    }
    Picture {
        name: named("gains", level),
        title: titled("What each attack gains", level),
        caption: "Gain over the honest twin as a part of the twin's profit, at every value that was tried; the band holds the \
                  bounds that were judged"
            .into(),
        x: Axis::new(parameter_label(solve), scale(solve)),
        y: Axis::new("gain, % of the honest profit", Scale::Linear),
        body: Body::Curves(curves),
        omitted: 0,
    }
    .limited()
}

/// Every attack at every value that was tried.
fn map(solve: &Solve, level: &str) -> Picture {
    let attacks = attacks(solve, level);
    let mut values: Vec<String> = Vec::new();
    for judged in solve.judged(level) {
        if !values.contains(&judged.parameter) {
            values.push(judged.parameter.clone());
        }
    }
    values.sort_by(|a, b| {
        leading_number(a)
            .unwrap_or(0.0)
            .total_cmp(&leading_number(b).unwrap_or(0.0))
    });
    let most = solve
        .judged(level)
        .into_iter()
        .map(|judged| judged.gain.mean.abs())
        .fold(f64::MIN_POSITIVE, f64::max);
    let place = |all: &[String], one: &String| all.iter().position(|other| other == one).unwrap_or(0) as f64;
    let block = |judged: &Judged| {
        let (left, top) = (place(&values, &judged.parameter), place(&attacks, &judged.attack));
        let gain = 100.0 * judged.gain.mean;
        Block {
            label: format!(
                "{} at {}: {} ({}: {})",
                with_choice(&judged.attack, &judged.tuned),
                tidy(&judged.parameter),
                judged.verdict,
                if judged.menu.is_empty() {
                    "all attacks together"
                } else {
                    &judged.menu
                },
                judged.menu_verdict
            ),
            x: (left, left + 1.0),
            y: (top, top + 1.0),
            value: Some(gain),
            interval: judged.gain.interval.map(|(l, h)| (100.0 * l, 100.0 * h)),
            group: usize::from(gain > 0.0),
            strength: 0.08 + 0.8 * judged.gain.mean.abs() / most,
            text: number(gain),
        }
    };
    let blocks = solve.judged(level).into_iter().map(block).collect();
    Picture {
        name: named("map", level),
        title: titled("Gain of each attack at each value", level),
        caption: "In % of the honest profit; the stronger the colour, the larger the gain or the loss".into(),
        x: Axis::new(
            parameter_label(solve),
            Scale::Words(values.iter().map(|value| tidy(value)).collect()),
        ),
        y: Axis::new("attack", Scale::Words(attacks.clone())),
        body: Body::Blocks(Blocks {
            groups: vec![Group::new("loses", 0), Group::new("gains", 1)],
            blocks,
            value_label: "gain, % of the honest profit".into(),
        }),
        omitted: 0,
    }
}

/// What the honest network pays at each level's value, two figures against each other.
fn prices(solve: &Solve) -> Option<Picture> {
    let first = solve.frontier.first()?;
    let [(cost, _), (harm, _), ..] = first.price.as_slice() else {
        return None;
    };
    let mut dots = Vec::new();
    for row in solve.whole().into_iter().filter(|row| row.deters.is_some()) {
        let found = |name: &String| {
            let price = row.price.iter().find(|(known, _)| known == name);
            price.map(|(_, found)| found.spoken(name))
        };
        if let (Some(x), Some(y)) = (found(cost), found(harm)) {
            dots.push(Dot {
                label: level_name(&row.level),
                x: x.mean,
                y: y.mean,
                x_interval: x.interval,
                y_interval: y.interval,
                group: 1,
                is_named: true,
            });
        }
    }
    let mut picture = plane("price", cost, harm, dots);
    picture.title = format!("The price of honesty: {}", capital(&picture.title).to_lowercase());
    (solve.levels().len() > 1).then_some(picture)
}
