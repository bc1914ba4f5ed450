//! The pictures of a sweep: figures over factors, what pays where, what a trade-off costs, which factors matter.

use stakeout_engine::experiment::sweep::analysis::Sensitivity;
use stakeout_engine::experiment::sweep::meaning::{Role, names_of};

use super::sensitivity;
use super::tornado::tornado;
use super::trade_off::{dots, plane, trade_offs};
use crate::error::ReportError;
use crate::page::number;
use crate::picture::{Axis, Block, Blocks, Body, Curve, GROUPS_MAX, Group, Picture, Point, Scale};
use crate::sweep::{Estimate, Sweep, in_words, leading_number, unit};

/// Cells of a heat map at most, a side.
pub const SIDE_MAX: usize = 40;

/// What to draw of a sweep, if not all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Factor on the horizontal axis.
    pub x: String,
    /// Figure on the vertical axis, or a second factor where `z` is given.
    pub y: String,
    /// Factor that tells curves apart.
    pub by: Option<String>,
    /// Figure of a heat map.
    pub z: Option<String>,
    /// Powers of ten along the horizontal axis.
    pub is_log: bool,
    /// Points of a plane of two figures, with those that nothing beats.
    pub is_front: bool,
}

/// All that show something.
///
/// # Errors
/// Responses that cannot be read.
pub fn all(sweep: &Sweep) -> Result<Vec<Picture>, ReportError> {
    Ok(of(sweep, &sweep.sensitivities()?))
}

/// The pictures of a sweep and of what its design says of its figures; the first six figures are drawn.
pub fn of(sweep: &Sweep, found: &[(&String, Sensitivity)]) -> Vec<Picture> {
    let mut all = Vec::new();
    let outputs = &sweep.outputs[..sweep.outputs.len().min(6)];
    for (output, said) in found.iter().filter(|(output, _)| outputs.contains(output)) {
        all.extend(sensitivity::pictures(&sweep.factors, output, said));
    }
    if all.is_empty() {
        all.extend(phase(sweep));
        if sweep.factors.len() == 2 && is_grid(sweep) && min_levels(sweep) > 2 {
            all.extend(outputs.iter().map(|output| heat(sweep, 0, 1, output)));
        }
        if (1..=2).contains(&sweep.factors.len()) {
            all.extend(
                outputs
                    .iter()
                    .filter_map(|output| over_first_factor(sweep, output)),
            );
        }
        all.extend(outputs.iter().filter_map(|output| tornado(sweep, output)));
    }
    all.extend(trade_offs(sweep));
    all.into_iter().filter(|picture| !picture.is_empty()).collect()
}

/// The picture that somebody wishes for.
///
/// # Errors
/// A factor or figure that the sweep does not have.
pub fn wished(sweep: &Sweep, wish: &Wish) -> Result<Picture, ReportError> {
    let factor = |name: &str| {
        sweep
            .factor(name)
            .ok_or_else(|| unknown("factor", name, &sweep.factors))
    };
    let figures = sweep.figures();
    let figure = |name: &str| match figures.iter().any(|known| known == name) {
        true => Ok(name.to_string()),
        false => Err(unknown("figure", name, &figures)),
    };
    if wish.is_front {
        let (x, y) = (figure(&wish.x)?, figure(&wish.y)?);
        return Ok(plane("pareto", &x, &y, dots(sweep, &x, &y)));
    }
    if let Some(z) = &wish.z {
        let (x, y) = (factor(&wish.x)?, factor(&wish.y)?);
        let is_figure = figures.iter().any(|known| known == z);
        return match sweep.factor(z).filter(|_| !is_figure) {
            Some(z) => Ok(labels(sweep, x, y, z)),
            None => Ok(heat(sweep, x, y, &figure(z)?)),
        };
    }
    let by = wish.by.as_deref().map(factor).transpose()?;
    let x = factor(&wish.x)?;
    let scale = if wish.is_log { Scale::Log } else { Scale::Linear };
    Ok(lines(sweep, x, by, &figure(&wish.y)?, scale))
}

fn unknown(what: &'static str, name: &str, known: &[String]) -> ReportError {
    ReportError::Unknown {
        what,
        name: name.to_string(),
        known: known.to_vec(),
    }
}

pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

pub(super) fn file_name(kind: &str, name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).collect();
    format!("{kind}-{}", name.trim_matches('-'))
}

/// The last part of a path, which is what a reader needs on an axis.
pub(crate) fn short(path: &str) -> String {
    path.split('.')
        .rev()
        .take(2)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
        .join(".")
}

fn min_levels(sweep: &Sweep) -> usize {
    (0..sweep.factors.len())
        .map(|f| sweep.levels(f).len())
        .min()
        .unwrap_or(0)
}

fn is_grid(sweep: &Sweep) -> bool {
    let levels: Vec<usize> = (0..sweep.factors.len()).map(|f| sweep.levels(f).len()).collect();
    levels.iter().product::<usize>() == sweep.rows.len() && levels.iter().all(|n| *n <= SIDE_MAX)
}

fn over_first_factor(sweep: &Sweep, output: &str) -> Option<Picture> {
    let numeric = |factor: usize| {
        let levels = sweep.levels(factor);
        levels.len() > 1 && levels.iter().all(|level| leading_number(level).is_some())
    };
    let x = (0..sweep.factors.len()).find(|f| numeric(*f));
    let Some(x) = x else {
        return (sweep.factors.len() == 1).then(|| bars(sweep, output));
    };
    let by = (0..sweep.factors.len()).find(|f| *f != x);
    if by.is_some_and(|by| sweep.levels(by).len() > GROUPS_MAX) {
        return None;
    }
    let values: Vec<f64> = sweep.levels(x).iter().filter_map(|l| leading_number(l)).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0_f64, f64::max);
    let scale = match least > 0.0 && most / least >= 20.0 {
        true => Scale::Log,
        false => Scale::Linear,
    };
    Some(lines(sweep, x, by, output, scale))
}

fn lines(sweep: &Sweep, x: usize, by: Option<usize>, output: &str, scale: Scale) -> Picture {
    let groups = by.map_or_else(|| vec![String::new()], |by| sweep.levels(by));
    let levels = sweep.levels(x);
    let is_numeric = levels.iter().all(|level| leading_number(level).is_some());
    let place = |label: &str| match is_numeric {
        true => leading_number(label).unwrap_or(0.0),
        false => levels.iter().position(|level| level == label).unwrap_or(0) as f64 + 0.5,
    };
    let curve = |(colour, level): (usize, &String)| {
        let of_level = sweep
            .rows
            .iter()
            .filter(|row| by.is_none_or(|by| row.labels[by] == *level));
        let mut points: Vec<Point> = of_level
            .filter_map(|row| {
                let found = row.spoken(output)?;
                let (low, high) = found.interval.unwrap_or((found.mean, found.mean));
                Some(Point {
                    x: place(&row.labels[x]),
                    mean: found.mean,
                    low,
                    high,
                })
            })
            .collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Curve {
            name: if level.is_empty() {
                words(output)
            } else {
                level.clone()
            },
            points,
            is_step: false,
            colour,
        }
    };
    let unit = levels.first().map_or("", |level| unit(level));
    let label = match (is_numeric, unit) {
        (true, unit) if !unit.is_empty() => format!("{} ({unit})", short(&sweep.factors[x])),
        _ => short(&sweep.factors[x]),
    };
    let scale = if is_numeric {
        scale
    } else {
        Scale::Words(levels.clone())
    };
    Picture {
        name: file_name("over", output),
        title: format!("{} over {}", capital(&words(output)), short(&sweep.factors[x])),
        caption: format!(
            "Means over replicates; the band is the interval of the mean at {}",
            confidence(sweep)
        ),
        x: Axis::new(label, scale),
        y: Axis::new(in_words(output), Scale::Linear),
        body: Body::Curves(groups.iter().enumerate().map(curve).collect()),
        omitted: 0,
    }
    .limited()
}

fn confidence(sweep: &Sweep) -> String {
    let level = sweep.plan.as_ref().map_or(0.95, |plan| plan.confidence);
    format!("{} %", number(100.0 * level))
}

pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// One bar a level of the only factor.
fn bars(sweep: &Sweep, output: &str) -> Picture {
    let mut blocks = Vec::new();
    let mut names = Vec::new();
    for row in &sweep.rows {
        let Some(found) = row.spoken(output) else {
            continue;
        };
        let lane = names.len() as f64;
        names.push(row.labels.join(", "));
        blocks.push(bar(&row.labels.join(", "), lane, found, 0));
    }
    Picture {
        name: file_name("at", output),
        title: format!("{} by {}", capital(&words(output)), short(&sweep.factors[0])),
        caption: format!("Means over replicates with intervals at {}", confidence(sweep)),
        x: Axis::new(in_words(output), Scale::Linear),
        y: Axis::new(short(&sweep.factors[0]), Scale::Words(names)),
        body: Body::Blocks(Blocks {
            groups: vec![Group::new(words(output), 0)],
            blocks,
            value_label: in_words(output),
        }),
        omitted: 0,
    }
}

/// A bar from zero to a figure.
pub(super) fn bar(label: &str, lane: f64, found: Estimate, group: usize) -> Block {
    Block {
        label: label.to_string(),
        x: (found.mean.min(0.0), found.mean.max(0.0)),
        y: (lane + 0.18, lane + 0.82),
        value: Some(found.mean),
        interval: Some(found.interval.unwrap_or((found.mean, found.mean))),
        group,
        strength: 0.8,
        text: String::new(),
    }
}

/// A figure over two factors as colours.
fn heat(sweep: &Sweep, x: usize, y: usize, output: &str) -> Picture {
    let (across, up) = (sweep.levels(x), sweep.levels(y));
    let place = |levels: &[String], label: &str| levels.iter().position(|l| l == label).unwrap_or(0) as f64;
    let values: Vec<f64> = sweep
        .rows
        .iter()
        .filter_map(|row| Some(row.spoken(output)?.mean))
        .collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_signed = names_of(Role::Gain).any(|gain| gain == output) || low < 0.0;
    let most = low.abs().max(high.abs()).max(f64::MIN_POSITIVE);
    let mut blocks = Vec::new();
    for row in &sweep.rows {
        let Some(found) = row.spoken(output) else {
            continue;
        };
        let (left, top) = (place(&across, &row.labels[x]), place(&up, &row.labels[y]));
        let share = match is_signed {
            true => found.mean.abs() / most,
            false if high > low => (found.mean - low) / (high - low),
            false => 0.5,
        };
        blocks.push(Block {
            label: format!("{}, {}", row.labels[x], row.labels[y]),
            x: (left, left + 1.0),
            y: (top, top + 1.0),
            value: Some(found.mean),
            interval: found.interval,
            group: usize::from(is_signed && found.mean > 0.0),
            strength: 0.06 + 0.84 * share,
            text: number(found.mean),
        });
    }
    let groups = match is_signed {
        true => vec![Group::new("below zero", 0), Group::new("above zero", 1)],
        false => vec![Group::new(words(output), 2)],
    };
    Picture {
        name: file_name("map", output),
        title: capital(&in_words(output)),
        caption: "The stronger the colour, the farther from the least value, or from zero where there are two signs".into(),
        x: Axis::new(short(&sweep.factors[x]), Scale::Words(across)),
        y: Axis::new(short(&sweep.factors[y]), Scale::Words(up)),
        body: Body::Blocks(Blocks {
            groups,
            blocks,
            value_label: in_words(output),
        }),
        omitted: 0,
    }
}

/// A word at each pair of levels of two factors, as colours.
fn labels(sweep: &Sweep, x: usize, y: usize, z: usize) -> Picture {
    let (across, up, kinds) = (sweep.levels(x), sweep.levels(y), sweep.levels(z));
    let place = |levels: &[String], label: &str| levels.iter().position(|l| l == label).unwrap_or(0) as f64;
    let block = |row: &crate::sweep::Row| {
        let (left, top) = (place(&across, &row.labels[x]), place(&up, &row.labels[y]));
        Block {
            label: format!("{}, {}", row.labels[x], row.labels[y]),
            x: (left, left + 1.0),
            y: (top, top + 1.0),
            group: (place(&kinds, &row.labels[z]) as usize).min(GROUPS_MAX - 1),
            strength: 0.7,
            text: row.labels[z].clone(),
            ..Block::default()
        }
    };
    let blocks = sweep.rows.iter().map(block).collect();
    let mut groups: Vec<Group> = kinds
        .iter()
        .enumerate()
        .map(|(at, kind)| Group::new(kind.clone(), at))
        .collect();
    if groups.len() > GROUPS_MAX {
        groups.truncate(GROUPS_MAX - 1);
        groups.push(Group::new("others", GROUPS_MAX - 1));
    }
    Picture {
        name: file_name("map", &sweep.factors[z]),
        title: format!(
            "{} by {} and {}",
            capital(&words(&sweep.factors[z])),
            short(&sweep.factors[x]),
            short(&sweep.factors[y])
        ),
        caption: "A colour a word".into(),
        x: Axis::new(short(&sweep.factors[x]), Scale::Words(across)),
        y: Axis::new(short(&sweep.factors[y]), Scale::Words(up)),
        body: Body::Blocks(Blocks {
            groups,
            blocks,
            value_label: String::new(),
        }),
        omitted: 0,
    }
}

/// What a point says about whether deviating pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The interval lies above zero.
    Pays,
    /// The interval lies at or below zero.
    DoesNotPay,
    /// Zero lies inside, or there is no interval.
    Unclear,
}

/// The phase of an estimate.
pub fn phase_of(found: Estimate) -> Phase {
    match found.interval {
        Some((low, _)) if low > 0.0 => Phase::Pays,
        Some((_, high)) if high <= 0.0 => Phase::DoesNotPay,
        _ => Phase::Unclear,
    }
}

/// The figure that says what a deviator gains, if the sweep has one.
pub fn gain(sweep: &Sweep) -> Option<&'static str> {
    let known = |name: &&str| sweep.rows.iter().any(|row| row.figures.contains_key(*name));
    names_of(Role::Gain).find(known)
}

/// Where deviating pays, over the two first factors.
fn phase(sweep: &Sweep) -> Option<Picture> {
    let gain = gain(sweep)?;
    if sweep.factors.len() != 2 || !is_grid(sweep) {
        return None;
    }
    let mut picture = heat(sweep, 0, 1, gain);
    let Body::Blocks(blocks) = &mut picture.body else {
        return None;
    };
    for block in &mut blocks.blocks {
        let found = Estimate {
            mean: block.value?,
            interval: block.interval,
        };
        (block.group, block.strength) = match phase_of(found) {
            Phase::Pays => (0, 0.75),
            Phase::DoesNotPay => (1, 0.6),
            Phase::Unclear => (2, 0.3),
        };
    }
    blocks.groups = vec![
        Group::new("deviating pays", 1),
        Group::new("it does not", 0),
        Group::new("not clear", 6),
    ];
    picture.name = "phase".into();
    picture.title = "Where deviating pays".into();
    picture.caption = format!(
        "By the interval of {} at {}: above zero, at or below zero, or on both sides",
        words(gain),
        confidence(sweep)
    );
    Some(picture)
}
