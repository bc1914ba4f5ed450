//! Where amounts come from and where they go: bars in columns, joined by ribbons as wide as the amounts.

use plotters::prelude::*;

use super::canvas::{Anchor, Canvas, Outcome};
use super::frame::{Frame, colour};
use super::{INK, printable};
use crate::picture::{Flow, Link};

const BAR: f64 = 0.018;
const GAP: f64 = 0.035;
/// Height of a name, as a part of the frame.
const NAME: f64 = 0.042;
/// Corners of a ribbon's edge.
const CORNERS: usize = 24;

/// A bar of the layout: left, top, right, bottom as parts of the frame, from the top left.
pub type Bar = (f64, f64, f64, f64);

/// A ribbon of the layout: abscissa, upper and lower edge, corner by corner, as parts of the frame.
pub type Ribbon = Vec<(f64, f64, f64)>;

/// Places bars and ribbons in a square of side one, the first node of a column on top.
pub fn layout(flow: &Flow) -> (Vec<Bar>, Vec<Ribbon>) {
    let through = |node: usize| {
        let sum = |wanted: fn(&Link) -> usize| -> f64 {
            let links = flow.links.iter().filter(|link| wanted(link) == node);
            links.map(|link| link.amount).sum()
        };
        sum(|link| link.from).max(sum(|link| link.to))
    };
    let heights: Vec<f64> = (0..flow.nodes.len()).map(through).collect();
    let columns = flow.nodes.iter().map(|n| n.column).max().unwrap_or(0) + 1;
    let (mut tallest, mut most) = (0.0_f64, 0_usize);
    for column in 0..columns {
        let of_column = || (0..flow.nodes.len()).filter(|n| flow.nodes[*n].column == column);
        tallest = tallest.max(of_column().map(|n| heights[n]).sum());
        most = most.max(of_column().count());
    }
    let scale = (1.0 - GAP * most.saturating_sub(1) as f64).max(0.2) / tallest.max(f64::MIN_POSITIVE);
    let mut next = vec![0.0; columns];
    let bar = |node: usize, next: &mut Vec<f64>| {
        let column = flow.nodes[node].column;
        let left = column as f64 / (columns.max(2) - 1) as f64 * (1.0 - BAR);
        let top = next[column];
        let bottom = top + heights[node] * scale;
        next[column] = bottom + GAP;
        (left, top, left + BAR, bottom)
    };
    let bars: Vec<Bar> = (0..flow.nodes.len()).map(|node| bar(node, &mut next)).collect();
    let mut leaving: Vec<f64> = bars.iter().map(|bar| bar.1).collect();
    let mut entering = leaving.clone();
    let ribbons = flow.links.iter().map(|link| {
        let width = link.amount * scale;
        let (from, to) = (leaving[link.from], entering[link.to]);
        leaving[link.from] += width;
        entering[link.to] += width;
        let (left, right) = (bars[link.from].2, bars[link.to].0);
        let corner = |at: usize| {
            let share = at as f64 / CORNERS as f64;
            // Smooth at both ends: the cubic that is flat at zero and at one.
            let bend = share * share * (3.0 - 2.0 * share);
            let upper = from + bend * (to - from);
            (left + share * (right - left), upper, upper + width)
        };
        (0..=CORNERS).map(corner).collect()
    });
    let ribbons = ribbons.collect();
    (bars, ribbons)
}

/// Heights at which the names of the nodes stand, as parts of the frame: the middle of the bar, or below the name before it.
pub fn name_heights(flow: &Flow, bars: &[Bar]) -> Vec<f64> {
    let mut least: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    let place = |(node, bar): (&crate::picture::Node, &Bar)| {
        let least = least.entry(node.column).or_insert(0.0);
        let height = f64::midpoint(bar.1, bar.3).max(*least);
        *least = height + NAME;
        height
    };
    flow.nodes.iter().zip(bars).map(place).collect()
}

/// Draws ribbons, bars and names.
pub fn draw<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, frame: &Frame<'_>, flow: &Flow) -> Outcome {
    let (left, top, right, bottom) = frame.inside;
    let place = |x: f64, y: f64| (left + x * (right - left), top + y * (bottom - top));
    let (bars, ribbons) = layout(flow);
    for (link, ribbon) in flow.links.iter().zip(&ribbons) {
        let upper = ribbon.iter().map(|&(x, upper, _)| place(x, upper));
        let lower = ribbon.iter().rev().map(|&(x, _, lower)| place(x, lower));
        let outline: Vec<_> = upper.chain(lower).collect();
        canvas.polygon(&outline, colour(flow.nodes[link.from].colour).mix(0.32))?;
    }
    for (node, bar) in flow.nodes.iter().zip(&bars) {
        canvas.rectangle(
            place(bar.0, bar.1),
            place(bar.2, bar.3),
            colour(node.colour).to_rgba(),
        )?;
    }
    let heights = name_heights(flow, &bars);
    for (index, (bar, &middle)) in bars.iter().zip(&heights).enumerate() {
        let label = node_label(flow, index);
        let (at, anchor) = match bar.2 > 0.9 {
            true => (place(bar.0 - 0.008, middle), Anchor::Right),
            false => (place(bar.2 + 0.008, middle), Anchor::Left),
        };
        canvas.text(&printable(&label, 48), at, 12.5, INK.to_rgba(), anchor)?;
    }
    Ok(())
}

/// Name and amount of a node.
pub fn node_label(flow: &Flow, node: usize) -> String {
    let sum = |is_it: fn(&Link, usize) -> bool| -> f64 {
        let links = flow.links.iter().filter(|link| is_it(link, node));
        links.map(|link| link.amount).sum()
    };
    let amount = sum(|link, node| link.from == node).max(sum(|link, node| link.to == node));
    let text = crate::page::number(amount);
    format!("{}: {text} {}", flow.nodes[node].name, flow.unit)
}
