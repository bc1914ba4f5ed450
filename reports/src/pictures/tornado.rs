//! What moves a figure, the strongest factor on top.

use super::sweep::{SIDE_MAX, file_name, short, words};
use crate::picture::{Axis, Block, Blocks, Body, Group, Picture, Scale};
use crate::sweep::{Sweep, in_words};

/// How far a figure moves between the levels of each factor, averaged over the others; the widest on top.
pub fn tornado(sweep: &Sweep, output: &str) -> Option<Picture> {
    if sweep.factors.len() < 2 {
        return None;
    }
    let mean_at = |factor: usize, level: &String| -> Option<f64> {
        let of_level = sweep.rows.iter().filter(|row| row.labels[factor] == *level);
        let values: Vec<f64> = of_level
            .filter_map(|row| Some(row.spoken(output)?.mean))
            .collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let all: Vec<f64> = sweep
        .rows
        .iter()
        .filter_map(|row| Some(row.spoken(output)?.mean))
        .collect();
    let middle = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let mut swings = Vec::new();
    for factor in 0..sweep.factors.len() {
        let levels = sweep.levels(factor);
        if !(2..=SIDE_MAX).contains(&levels.len()) || levels.len() * 2 > sweep.rows.len() {
            return None;
        }
        let means: Vec<(f64, &String)> = levels
            .iter()
            .filter_map(|l| Some((mean_at(factor, l)?, l)))
            .collect();
        let least = means.iter().min_by(|a, b| a.0.total_cmp(&b.0)).cloned()?;
        let most = means.iter().max_by(|a, b| a.0.total_cmp(&b.0)).cloned()?;
        swings.push((factor, (least.0, least.1.clone()), (most.0, most.1.clone())));
    }
    swings.sort_by(|a, b| (b.2.0 - b.1.0).total_cmp(&(a.2.0 - a.1.0)).then(a.0.cmp(&b.0)));
    let mut blocks = Vec::new();
    for (lane, (factor, least, most)) in swings.iter().enumerate() {
        for (group, (value, level)) in [least, most].into_iter().enumerate() {
            blocks.push(Block {
                label: format!("{} = {level}", short(&sweep.factors[*factor])),
                x: (value.min(middle), value.max(middle)),
                y: (lane as f64 + 0.2, lane as f64 + 0.8),
                value: Some(*value),
                group,
                strength: 0.75,
                text: level.clone(),
                ..Block::default()
            });
        }
    }
    let names = swings
        .iter()
        .map(|swing| short(&sweep.factors[swing.0]))
        .collect();
    Some(Picture {
        name: file_name("tornado", output),
        title: format!("What moves {}", words(output)),
        caption: "For each factor the mean at its lowest and at its highest level, averaged over the levels of the others, \
                  around the mean of all points"
            .into(),
        x: Axis::new(in_words(output), Scale::Linear),
        y: Axis::new("factor", Scale::Words(names)),
        body: Body::Blocks(Blocks {
            groups: vec![Group::new("lowest mean", 0), Group::new("highest mean", 1)],
            blocks,
            value_label: in_words(output),
        }),
        omitted: 0,
    })
}
