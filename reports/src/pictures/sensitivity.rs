//! Which factors matter: the plane of Morris and the bars of Sobol.

use stakeout_engine::experiment::sweep::analysis::Sensitivity;
use stakeout_engine::experiment::sweep::meaning::spoken_unit;
use stakeout_statistics::sensitivity::{MorrisEffect, SobolIndex, SobolIndices};

use super::sweep::{bar, capital};
use crate::picture::{Axis, Blocks, Body, Dot, Dots, Group, Picture, Scale};
use crate::sweep::Estimate;

/// The pictures of what a sensitivity design says about one figure.
pub fn pictures(factors: &[String], output: &str, found: &Sensitivity) -> Vec<Picture> {
    match found {
        Sensitivity::Morris(effects) => vec![morris(factors, output, effects)],
        Sensitivity::Indices(indices) => vec![sobol(factors, output, indices)],
    }
}

fn name(kind: &str, output: &str) -> String {
    format!("{kind}-{}", output.replace(['_', '.'], "-"))
}

fn words(output: &str) -> String {
    output.replace('_', " ")
}

/// The unit of an effect on a figure, and what its value is multiplied by for it: a difference of percentages is no
/// percentage of anything.
pub fn effect_unit(output: &str) -> (f64, &'static str) {
    match spoken_unit(output) {
        (scale, "%") => (scale, "percentage points"),
        other => other,
    }
}

/// Each factor by how much it moves the figure and by how unevenly (Morris 1991; absolute means after Campolongo,
/// Cariboni and Saltelli 2007).
fn morris(factors: &[String], output: &str, effects: &[MorrisEffect]) -> Picture {
    let (scale, unit) = effect_unit(output);
    let axis = |what: &str| match unit {
        "" => what.to_string(),
        unit => format!("{what}, {unit}"),
    };
    let dot = |(factor, effect): (&String, &MorrisEffect)| Dot {
        label: factor.clone(),
        x: scale * effect.mean_absolute,
        y: scale * effect.deviation,
        x_interval: effect.interval.map(|i| (scale * i.low.max(0.0), scale * i.high)),
        y_interval: None,
        group: 0,
        is_named: true,
    };
    let dots: Vec<Dot> = factors.iter().zip(effects).map(dot).collect();
    let farthest = |value: fn(&Dot) -> f64| dots.iter().map(value).fold(0.0_f64, f64::max);
    let right = farthest(|dot| dot.x_interval.map_or(dot.x, |i| i.1)).max(f64::MIN_POSITIVE);
    let top = farthest(|dot| dot.y).max(f64::MIN_POSITIVE);
    Picture {
        name: name("morris", output),
        title: format!("Which factors move {}", words(output)),
        caption: "Elementary effects: to the right, how much the figure moves over a factor's whole range; upward, how much \
                  that depends on where one stands, by interaction or curvature. A factor in the lower left does nothing"
            .into(),
        x: Axis::new(axis("mean |effect|"), Scale::Linear).between(0.0, right * 1.08),
        y: Axis::new(axis("deviation of effects"), Scale::Linear).between(0.0, top * 1.15),
        body: Body::Dots(Dots {
            groups: vec![Group::new("factor", 0)],
            dots,
            ..Dots::default()
        }),
        omitted: 0,
    }
}

/// Shares of the variance by factor (Saltelli and others 2010): alone, and with all interactions.
fn sobol(factors: &[String], output: &str, indices: &SobolIndices) -> Picture {
    let mut order: Vec<usize> = (0..factors.len()).collect();
    order.sort_by(|a, b| indices.total[*b].share.total_cmp(&indices.total[*a].share));
    let estimate = |index: &SobolIndex| Estimate {
        mean: index.share,
        interval: index.interval.map(|i| (i.low, i.high)),
    };
    let mut blocks = Vec::new();
    for (lane, &factor) in order.iter().enumerate() {
        let kinds = [&indices.first[factor], &indices.total[factor]];
        for (group, index) in kinds.into_iter().enumerate() {
            let mut block = bar(&factors[factor], lane as f64, estimate(index), group);
            let top = lane as f64 + 0.14 + 0.36 * group as f64;
            block.y = (top, top + 0.34);
            blocks.push(block);
        }
    }
    Picture {
        name: name("sobol", output),
        title: format!("Which factors make {} vary", words(output)),
        caption: format!(
            "{} shares of the variance: of the factor alone, and together with all its interactions; intervals by bootstrap",
            capital("estimated")
        ),
        x: Axis::new("share of the variance", Scale::Linear),
        y: Axis::new(
            "factor",
            Scale::Words(order.iter().map(|&f| factors[f].clone()).collect()),
        ),
        body: Body::Blocks(Blocks {
            groups: vec![Group::new("alone", 0), Group::new("with interactions", 1)],
            blocks,
            value_label: "share of the variance".into(),
        }),
        omitted: 0,
    }
}
