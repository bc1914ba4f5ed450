//! How long answers take, as the share that is there after so many seconds.

use std::collections::BTreeMap;

use crate::frames::HistogramFrame;
use crate::picture::{Axis, Body, Curve, Picture, Point, Scale};

/// Points of a curve: a smooth line needs no more.
const POINTS: usize = 240;
/// Left end of the axis of powers: a millisecond.
const LEAST: f64 = 1e-3;

/// Latency, time at the executor and time in its queue, pooled over replicates.
pub fn latency(frame: &HistogramFrame) -> Picture {
    let wanted = [
        ("latency_ns", "as the client sees it"),
        ("sojourn_ns", "at the executor"),
        ("waiting_ns", "in its queue"),
    ];
    let mut curves = Vec::new();
    for (colour, (figure, name)) in wanted.into_iter().enumerate() {
        let points = distribution(frame, figure);
        if !points.is_empty() {
            curves.push(Curve {
                name: name.to_string(),
                points,
                is_step: false,
                colour,
            });
        }
    }
    let times = || curves.iter().flat_map(|c: &Curve| &c.points).map(|p| p.x);
    let ends = (
        times().fold(f64::INFINITY, f64::min),
        times().fold(0.0_f64, f64::max),
    );
    let mut x = Axis::new("seconds", Scale::Log);
    if ends.0 < ends.1 {
        x = x.between(ends.0, ends.1);
    }
    Picture {
        name: "latency".into(),
        title: "How long answers take".into(),
        caption: "The share of answers that are complete after so long, over all replicates; what takes less than a \
                  millisecond stands at the left end"
            .into(),
        x,
        y: Axis::new("% of answers", Scale::Linear).between(0.0, 100.0),
        body: Body::Curves(curves),
        omitted: 0,
    }
}

fn distribution(frame: &HistogramFrame, figure: &str) -> Vec<Point> {
    let Some(wanted) = frame.figures.iter().position(|name| name == figure) else {
        return Vec::new();
    };
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for row in (0..frame.figure.len()).filter(|row| frame.figure[*row] == wanted) {
        // The share below the upper end of a cell is known; inside it is not.
        *counts
            .entry(frame.least[row].saturating_add(frame.width[row]))
            .or_default() += frame.count[row];
    }
    let all: u64 = counts.values().sum();
    let mut below = 0;
    let mut points: Vec<Point> = Vec::with_capacity(counts.len());
    for (end, count) in counts {
        below += count;
        let seconds = (end as f64 / 1e9).max(LEAST);
        let share = 100.0 * below as f64 / all as f64;
        match points.last_mut().filter(|last| last.x >= seconds) {
            Some(last) => *last = Point::sharp(last.x, share),
            None => points.push(Point::sharp(seconds, share)),
        }
    }
    let n = points.len();
    match n > POINTS {
        true => (0..POINTS).map(|i| points[i * (n - 1) / (POINTS - 1)]).collect(),
        false => points,
    }
}
