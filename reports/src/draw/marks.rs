//! The marks of each kind of picture.

use plotters::prelude::*;

use super::canvas::{Anchor, Canvas, Outcome, text_width};
use super::frame::{Frame, colour};
use super::{INK, flow, printable};
use crate::picture::{Blocks, Body, Curve, Dots, Picture};

const BAND: f64 = 0.18;
const LABEL: f64 = 12.0;

/// Draws the whole picture.
pub fn draw<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, picture: &Picture) -> Outcome {
    let frame = Frame::draw(canvas, picture)?;
    match &picture.body {
        Body::Curves(curves) => curves
            .iter()
            .try_for_each(|curve| draw_curve(canvas, &frame, curve)),
        Body::Blocks(blocks) => draw_blocks(canvas, &frame, blocks),
        Body::Dots(dots) => draw_dots(canvas, &frame, dots),
        Body::Flow(found) => flow::draw(canvas, &frame, found),
    }
}

fn draw_curve<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, frame: &Frame<'_>, curve: &Curve) -> Outcome {
    let colour = colour(curve.colour);
    let points: Vec<_> = curve.points.iter().filter(|p| p.mean.is_finite()).collect();
    if points.iter().any(|p| p.high > p.low) {
        let upper = points.iter().map(|p| (frame.x(p.x), frame.y(p.high)));
        let lower = points.iter().rev().map(|p| (frame.x(p.x), frame.y(p.low)));
        let outline: Vec<_> = upper.chain(lower).collect();
        canvas.polygon(&outline, colour.mix(BAND))?;
    }
    let mut path = Vec::with_capacity(points.len() * 2);
    for (index, point) in points.iter().enumerate() {
        if curve.is_step && index > 0 {
            path.push((frame.x(point.x), frame.y(points[index - 1].mean)));
        }
        path.push((frame.x(point.x), frame.y(point.mean)));
    }
    match path.as_slice() {
        [only] => canvas.disc(*only, 4.0, colour.to_rgba()),
        path => canvas.line(path, colour.to_rgba(), 2.0),
    }
}

fn draw_blocks<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, frame: &Frame<'_>, blocks: &Blocks) -> Outcome {
    let is_bars = blocks.is_bars();
    for block in &blocks.blocks {
        let number = blocks.groups.get(block.group).map_or(0, |group| group.colour);
        let (a, b) = (
            (frame.x(block.x.0), frame.y(block.y.0)),
            (frame.x(block.x.1), frame.y(block.y.1)),
        );
        canvas.rectangle(a, b, colour(number).mix(block.strength.clamp(0.0, 1.0)))?;
        let middle = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
        if let (true, Some((low, high))) = (is_bars, block.interval) {
            let (low, high) = (frame.x(low), frame.x(high));
            canvas.line(&[(low, middle.1), (high, middle.1)], INK.mix(0.8), 1.5)?;
            for end in [low, high] {
                canvas.line(&[(end, middle.1 - 4.0), (end, middle.1 + 4.0)], INK.mix(0.8), 1.5)?;
            }
        }
        if !block.text.is_empty() && text_width(&block.text, LABEL) <= (b.0 - a.0).abs() {
            canvas.text(
                &printable(&block.text, 20),
                middle,
                LABEL,
                INK.to_rgba(),
                Anchor::Middle,
            )?;
        }
    }
    Ok(())
}

fn draw_dots<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, frame: &Frame<'_>, dots: &Dots) -> Outcome {
    let line: Vec<_> = dots.line.iter().map(|&(x, y)| (frame.x(x), frame.y(y))).collect();
    canvas.line(&line, INK.mix(0.5), 1.5)?;
    for dot in &dots.dots {
        let colour = colour(dots.groups.get(dot.group).map_or(0, |group| group.colour));
        let at = (frame.x(dot.x), frame.y(dot.y));
        if let Some((low, high)) = dot.x_interval {
            canvas.line(
                &[(frame.x(low), at.1), (frame.x(high), at.1)],
                colour.mix(0.7),
                1.5,
            )?;
        }
        if let Some((low, high)) = dot.y_interval {
            canvas.line(
                &[(at.0, frame.y(low)), (at.0, frame.y(high))],
                colour.mix(0.7),
                1.5,
            )?;
        }
        canvas.disc(at, 4.5, colour.to_rgba())?;
    }
    let (_, _, right, _) = frame.inside;
    for dot in dots.dots.iter().filter(|dot| dot.is_named) {
        let at = (frame.x(dot.x), frame.y(dot.y));
        let label = printable(&dot.label, 34);
        // A label that would leave the frame stands to the left of its point.
        let (place, anchor) = match at.0 + 9.0 + text_width(&label, LABEL) > right {
            true => ((at.0 - 9.0, at.1 - 9.0), Anchor::Right),
            false => ((at.0 + 9.0, at.1 - 9.0), Anchor::Left),
        };
        canvas.text(&label, place, LABEL, INK.to_rgba(), anchor)?;
    }
    Ok(())
}
