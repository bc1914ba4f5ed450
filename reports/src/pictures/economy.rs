//! Where coins come from and go, what an answer costs, and how even income is.

use std::collections::BTreeMap;

use stakeout_statistics::concentration::gini;

use crate::frames::{EpochFrame, ParticipantFrame};
use crate::money::as_coins;
use crate::page::number;
use crate::picture::{
    Axis, Block, Blocks, Body, Curve, Flow, GROUPS_MAX, Group, Link, Node, Picture, Point, Scale, thinned,
};

/// Hosts drawn in the supply curve.
const HOSTS_MAX: usize = 400;

/// Coins of one strategy's participants over the run, base units of all replicates together.
#[derive(Clone, Copy, Debug, Default)]
struct Books {
    work: i128,
    reward: i128,
    cost: i128,
    slashed: i128,
}

impl Books {
    fn profit(self) -> i128 {
        self.work + self.reward - self.cost - self.slashed
    }
}

/// Where the coins of a run came from and went, by strategy; means over replicates.
pub fn flow(epochs: &EpochFrame, frame: &ParticipantFrame) -> Picture {
    let replicates = frame.replicates().max(1) as f64;
    let coins = |base_units: i128| as_coins(base_units) / replicates;
    let books = books(frame);
    let mut flow = Flow {
        unit: "GNK".into(),
        ..Flow::default()
    };
    let node = |flow: &mut Flow, name: &str, column: usize, colour: usize| {
        let found = flow
            .nodes
            .iter()
            .position(|n| n.name == name && n.column == column);
        found.unwrap_or_else(|| {
            flow.nodes.push(Node {
                name: name.to_string(),
                column,
                colour,
            });
            flow.nodes.len() - 1
        })
    };
    let send = |flow: &mut Flow, from: (&str, usize, usize), to: (&str, usize, usize), amount: i128| {
        if amount > 0 {
            let from = node(flow, from.0, from.1, from.2);
            let to = node(flow, to.0, to.1, to.2);
            flow.links.push(Link {
                from,
                to,
                amount: coins(amount),
            });
        }
    };
    let (clients, issue, own) = (("clients", 0, 4), ("new coins", 0, 5), ("owners' money", 0, 6));
    for (name, colour, books) in &books {
        let host = (name.as_str(), 1, *colour);
        send(&mut flow, clients, host, books.work);
        send(&mut flow, issue, host, books.reward);
        send(&mut flow, own, host, -books.profit());
    }
    let sum = |values: &[i128]| values.iter().fold(0_i128, |sum, v| sum.saturating_add(*v));
    send(
        &mut flow,
        clients,
        ("back to clients", 1, 4),
        sum(&epochs.refunds),
    );
    send(&mut flow, issue, ("community", 1, 5), sum(&epochs.governance));
    // What was forfeited is in these already, or in others' rewards, wherever the scenario sends it.
    send(&mut flow, issue, ("burned", 1, 6), sum(&epochs.burned));
    for (name, colour, books) in &books {
        let host = (name.as_str(), 1, *colour);
        send(&mut flow, host, ("hardware", 2, 6), books.cost);
        send(&mut flow, host, ("slashed", 2, 3), books.slashed);
        send(&mut flow, host, ("owed to clients", 2, 4), -books.work);
        send(&mut flow, host, ("profit", 2, 2), books.profit());
    }
    let mut caption = "Mean over replicates of the whole run, by strategy of the host".to_owned();
    let has = |name: &str| flow.nodes.iter().any(|node| node.name == name);
    if has(own.0) {
        caption.push_str(". \u{201c}Owners' money\u{201d} is what a loss was paid with");
    }
    if has("hardware") {
        caption.push_str("; hardware is paid in fiat at the scenario's price");
    }
    Picture {
        name: "flow".into(),
        title: "Where the coins come from and where they go".into(),
        caption,
        x: Axis::new("", Scale::Linear),
        y: Axis::new("", Scale::Linear),
        body: Body::Flow(flow),
        omitted: 0,
    }
}

/// Books by strategy, those with the most coins first; beyond what colours can tell apart they are one.
fn books(frame: &ParticipantFrame) -> Vec<(String, usize, Books)> {
    let mut by_strategy: BTreeMap<usize, Books> = BTreeMap::new();
    for row in 0..frame.len() {
        let books = by_strategy.entry(frame.strategy[row]).or_default();
        books.work = books.work.saturating_add(frame.work_coins[row]);
        books.reward = books.reward.saturating_add(frame.reward[row]);
        books.cost = books.cost.saturating_add(frame.cost[row]);
        books.slashed = books.slashed.saturating_add(frame.slashed[row]);
    }
    let mut all: Vec<(String, usize, Books)> = by_strategy
        .into_iter()
        .map(|(strategy, books)| (frame.strategies[strategy].clone(), strategy, books))
        .collect();
    all.sort_by_key(|(_, strategy, books)| (std::cmp::Reverse(books.work + books.reward), *strategy));
    if all.len() > GROUPS_MAX {
        let rest = all.split_off(GROUPS_MAX - 1);
        let sum = rest.iter().fold(Books::default(), |sum, (_, _, books)| Books {
            work: sum.work + books.work,
            reward: sum.reward + books.reward,
            cost: sum.cost + books.cost,
            slashed: sum.slashed + books.slashed,
        });
        all.push((format!("{} other strategies", rest.len()), GROUPS_MAX - 1, sum));
    }
    all
}

/// What an answer costs each host, cheapest first, against how many answers are served at that cost or less.
pub fn supply(frame: &ParticipantFrame) -> Picture {
    let mut totals: BTreeMap<u32, (usize, usize, u64, i128)> = BTreeMap::new();
    for row in 0..frame.len() {
        let first = (frame.host[row], frame.strategy[row], 0, 0);
        let (_, _, answers, cost) = totals.entry(frame.participant[row]).or_insert(first);
        *answers += frame.inferences[row];
        *cost = cost.saturating_add(frame.cost[row]);
    }
    let mut hosts: Vec<(f64, usize, usize, f64)> = totals
        .into_values()
        .filter(|(_, _, answers, cost)| *answers > 0 && *cost > 0)
        .map(|(host, strategy, answers, cost)| {
            (as_coins(cost) / answers as f64, host, strategy, answers as f64)
        })
        .collect();
    hosts.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let omitted = hosts.len().saturating_sub(HOSTS_MAX);
    hosts.truncate(HOSTS_MAX);
    let replicates = frame.replicates().max(1) as f64;
    let used: std::collections::BTreeSet<usize> = hosts.iter().map(|host| host.2).collect();
    let used: Vec<usize> = used.into_iter().collect();
    let mut served = 0.0;
    let block = |(cost, host, strategy, answers): &(f64, usize, usize, f64)| {
        let from = served;
        served += answers / replicates;
        Block {
            label: frame.hosts[*host].clone(),
            x: (from, served),
            y: (0.0, *cost),
            value: Some(*cost),
            group: used.iter().position(|s| s == strategy).unwrap_or(0),
            strength: 0.75,
            ..Block::default()
        }
    };
    let blocks: Vec<Block> = hosts.iter().map(block).collect();
    let highest = hosts.last().map_or(1.0, |host| host.0);
    Picture {
        name: "supply".into(),
        title: "Supply: what an answer costs, cheapest hosts first".into(),
        caption: "Hardware cost of a host, checking included, for each answer that it finished; its width is the answers \
                  of the run, mean over replicates"
            .into(),
        x: Axis::new("answers of the run", Scale::Whole),
        y: Axis::new("GNK an answer", Scale::Linear).between(0.0, highest * 1.06),
        body: Body::Blocks(Blocks {
            groups: used
                .iter()
                .map(|&strategy| Group::new(frame.strategies[strategy].clone(), strategy))
                .collect(),
            blocks,
            value_label: "GNK an answer".into(),
        }),
        omitted,
    }
}

/// How evenly income and weight are spread over owners (Lorenz 1905), with Gini's coefficient.
pub fn lorenz(frame: &ParticipantFrame) -> Picture {
    let mut income: BTreeMap<usize, i128> = BTreeMap::new();
    let mut weight: BTreeMap<usize, i128> = BTreeMap::new();
    for row in 0..frame.len() {
        let earned = frame.work_coins[row].saturating_add(frame.reward[row]);
        let sum = income.entry(frame.owner[row]).or_default();
        *sum = sum.saturating_add(earned);
        *weight.entry(frame.owner[row]).or_default() += i128::from(frame.weight[row]);
    }
    let of = |values: &BTreeMap<usize, i128>| -> Vec<f64> {
        values.values().map(|v| (*v).max(0) as f64).collect()
    };
    let (earned, held) = (of(&income), of(&weight));
    let is_shown = income.len() > 1;
    let curve = |name: String, points: Vec<Point>, colour: usize| Curve {
        name,
        points: thinned(points),
        is_step: false,
        colour,
    };
    let of_owners = |name: &str, values: Vec<f64>, colour: usize| {
        let name = format!("{name} (Gini {})", number(gini(&values)));
        curve(name, lorenz_curve(values), colour)
    };
    let even = vec![Point::sharp(0.0, 0.0), Point::sharp(100.0, 100.0)];
    let curves = match is_shown {
        true => vec![
            of_owners("income", earned, 0),
            of_owners("weight", held, 2),
            curve("everybody the same".into(), even, 6),
        ],
        false => Vec::new(),
    };
    Picture {
        name: "lorenz".into(),
        title: "How evenly income is spread over owners".into(),
        caption: "Owners from the poorest on: the part of all income, and of all weight, that so many of them hold; over \
                  all epochs and replicates"
            .into(),
        x: Axis::new("% of owners", Scale::Linear).between(0.0, 100.0),
        y: Axis::new("% held by them", Scale::Linear).between(0.0, 100.0),
        body: Body::Curves(curves),
        omitted: 0,
    }
}

/// Cumulative shares in percent, the smallest first.
fn lorenz_curve(mut values: Vec<f64>) -> Vec<Point> {
    values.sort_by(f64::total_cmp);
    let (n, all): (f64, f64) = (values.len() as f64, values.iter().sum());
    let mut points = vec![Point::sharp(0.0, 0.0)];
    let mut sum = 0.0;
    for (at, value) in values.iter().enumerate() {
        sum += value;
        let share = if all > 0.0 { 100.0 * sum / all } else { 0.0 };
        points.push(Point::sharp(100.0 * (at + 1) as f64 / n, share));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice the area between the diagonal and the curve is Gini's coefficient: the curve is that of the figure beside it.
    #[test]
    fn the_curve_drawn_has_the_coefficient_named() {
        for values in [vec![3.0; 7], vec![0.0, 0.0, 0.0, 5.0], vec![4.0, 1.0, 3.0, 2.0]] {
            let points = lorenz_curve(values.clone());
            let area = |pair: &[Point]| (pair[1].x - pair[0].x) * (pair[1].mean + pair[0].mean) / 2.0;
            let below: f64 = points.windows(2).map(area).sum();
            assert!(
                (1.0 - 2.0 * below / 1e4 - gini(&values)).abs() < 1e-12,
                "{values:?}"
            );
        }
    }
}
