//! An attack from epoch to epoch: who served substitutes, how many, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

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
    let first_ones = first_convictions(convictions, first);
    let mut blocks = Vec::new();
    let mut names = Vec::new();
    for (lane, (participant, rows)) in rows.iter().take(IDENTITIES_MAX).enumerate() {
        let host = &frame.hosts[frame.host[rows[0]]];
        names.push(host.clone());
        for &row in rows
            .iter()
            .filter(|&&row| frame.epoch[row] - begin < EPOCHS_MAX as u32)
        {
            let is_first = first_ones.contains(&(*participant, frame.epoch[row]));
            blocks.push(block(frame, row, lane, is_first));
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
                  was substituted; × marks each epoch in which it was convicted"
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

/// Participants with the epochs of their first convictions in a replicate; later ones show in the status alone.
fn first_convictions(convictions: &ConvictionFrame, replicate: u32) -> BTreeSet<(u32, u32)> {
    let each = convictions.participant.iter().zip(&convictions.epoch);
    let all = convictions.replicate.iter().zip(each);
    all.filter(|(of, _)| **of == replicate)
        .map(|(_, (who, epoch))| (*who, *epoch))
        .collect()
}

fn block(frame: &ParticipantFrame, row: usize, lane: usize, is_first_conviction: bool) -> Block {
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
    // Who is convicted stays out until the epoch is settled.
    let is_convicted = is_first_conviction || status == "invalid";
    let told = if is_convicted { ", convicted" } else { "" };
    Block {
        label: format!("epoch {epoch}: {cheated} of {answers} answers substituted, {status}{told}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_of_a_conviction_is_marked_and_not_the_first_alone() {
        let frame = ParticipantFrame {
            replicate: vec![0; 3],
            epoch: vec![1, 2, 3],
            participant: vec![0; 3],
            host: vec![0; 3],
            hosts: vec!["a".into()],
            status: vec![1, 0, 1],
            statuses: vec!["active".into(), "invalid".into()],
            inferences: vec![5; 3],
            cheated: vec![1; 3],
            ..ParticipantFrame::default()
        };
        // The table of convictions has the first of each.
        let convictions = ConvictionFrame {
            replicate: vec![0],
            participant: vec![0],
            epoch: vec![1],
            answers: vec![1],
        };
        let Body::Blocks(body) = attack(&frame, &convictions).body else {
            panic!("a timeline is made of blocks")
        };
        let marks: Vec<&str> = body.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(marks, ["×", "", "×"]);
    }
}
