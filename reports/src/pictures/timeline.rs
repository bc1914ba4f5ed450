//! An attack from epoch to epoch: who served substitutes, how many, and what became of it.

use std::collections::BTreeMap;

use crate::frames::{ConvictionFrame, ParticipantFrame};
use crate::picture::{Axis, Block, Blocks, Body, Group, Picture, Scale};

/// Identities that are shown.
const IDENTITIES_MAX: usize = 12;
/// Epochs that are shown: the first ones.
const EPOCHS_MAX: usize = 120;

const KEPT: usize = 0;
const CHEATED: usize = 1;
const OUT: usize = 2;

/// The identities that served a substitute in the first replicate, one a row.
pub fn attack(frame: &ParticipantFrame, convictions: &ConvictionFrame) -> Picture {
    let first = frame.replicate.first().copied().unwrap_or(0);
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for row in (0..frame.len()).filter(|row| frame.replicate[*row] == first) {
        rows.entry(frame.participant[row]).or_default().push(row);
    }
    rows.retain(|_, rows| rows.iter().any(|&row| frame.cheated[row] > 0));
    let omitted = rows.len().saturating_sub(IDENTITIES_MAX);
    let begin = rows
        .values()
        .flatten()
        .map(|&row| frame.epoch[row])
        .min()
        .unwrap_or(0);
    let mut blocks = Vec::new();
    let mut names = Vec::new();
    for (lane, (participant, rows)) in rows.iter().take(IDENTITIES_MAX).enumerate() {
        let host = &frame.hosts[frame.host[rows[0]]];
        names.push(host.clone());
        let convicted = convictions
            .replicate
            .iter()
            .zip(&convictions.participant)
            .zip(&convictions.epoch)
            .find(|((replicate, who), _)| **replicate == first && *who == participant)
            .map(|(_, epoch)| *epoch);
        for &row in rows
            .iter()
            .filter(|&&row| frame.epoch[row] - begin < EPOCHS_MAX as u32)
        {
            blocks.push(block(frame, row, lane, convicted));
        }
    }
    let last = blocks
        .iter()
        .map(|block| block.x.1)
        .fold(f64::from(begin) + 1.0, f64::max);
    Picture {
        name: "attack".into(),
        title: "The attack, epoch by epoch (first replicate)".into(),
        caption: "Each row is an identity that served a substitute. The colour is as strong as the part of its answers that \
                  was substituted; × is its conviction"
            .into(),
        x: Axis::new("epoch", Scale::Whole).between(f64::from(begin), last),
        y: Axis::new("identity", Scale::Words(names)),
        body: Body::Blocks(Blocks {
            groups: vec![
                Group::new("no substitute served", 0),
                Group::new("substitutes served", 1),
                Group::new("not active", 6),
            ],
            blocks,
            value_label: "% of answers substituted".into(),
        }),
        omitted,
    }
}

fn block(frame: &ParticipantFrame, row: usize, lane: usize, convicted: Option<u32>) -> Block {
    let epoch = frame.epoch[row];
    let (cheated, answers) = (frame.cheated[row], frame.inferences[row]);
    let share = if answers > 0 {
        cheated as f64 / answers as f64
    } else {
        0.0
    };
    let status = frame.statuses[frame.status[row]].as_str();
    let (group, strength) = match (cheated, answers) {
        (1.., _) => (CHEATED, 0.25 + 0.75 * share),
        (0, 0) if status != "active" => (OUT, 0.35),
        _ => (KEPT, 0.25),
    };
    let is_convicted = convicted == Some(epoch);
    Block {
        label: format!("epoch {epoch}: {cheated} of {answers} answers substituted, {status}"),
        x: (f64::from(epoch), f64::from(epoch) + 0.96),
        y: (lane as f64 + 0.12, lane as f64 + 0.88),
        value: Some(100.0 * share),
        interval: None,
        group,
        strength,
        text: if is_convicted {
            "×".to_string()
        } else {
            String::new()
        },
    }
}
