//! Title, legend, axes and grid: what stands around the marks.

use plotters::prelude::*;

use super::canvas::{Anchor, Canvas, Outcome, text_width};
use super::ticks::{Tick, ticks};
use super::{COLOURS, GRID, INK, PAPER, printable};
use crate::picture::{Axis, Body, GROUPS_MAX, Picture, Scale};

/// Width of every picture, in pixels.
pub const WIDTH: u32 = 820;
const HEIGHT: u32 = 380;
const ROW: f64 = 30.0;
const TEXT: f64 = 13.0;
const TITLE: f64 = 18.0;
const MARGIN: f64 = 14.0;
const WORD_LETTERS: usize = 30;
const LEGEND_LETTERS: usize = 40;

/// Height of a picture: rows of words need room.
pub fn height(picture: &Picture) -> u32 {
    match (&picture.body, &picture.y.scale) {
        (Body::Flow(_), _) => 440,
        (_, Scale::Words(words)) => (150.0 + ROW * words.len() as f64).clamp(220.0, 1_600.0) as u32,
        _ => HEIGHT,
    }
}

/// The names of the legend with their colours.
pub fn legend(picture: &Picture) -> Vec<(String, usize)> {
    match &picture.body {
        Body::Curves(curves) => curves.iter().map(|c| (c.name.clone(), c.colour)).collect(),
        Body::Blocks(blocks) => blocks.groups.iter().map(|g| (g.name.clone(), g.colour)).collect(),
        Body::Dots(dots) => dots.groups.iter().map(|g| (g.name.clone(), g.colour)).collect(),
        Body::Flow(_) => Vec::new(),
    }
}

/// The colour of a number.
pub fn colour(number: usize) -> RGBColor {
    COLOURS[number % GROUPS_MAX]
}

/// Where the marks go, and how values become pixels.
pub struct Frame<'a> {
    picture: &'a Picture,
    /// Left, top, right, bottom in pixels.
    pub inside: (f64, f64, f64, f64),
    x: (f64, f64),
    y: (f64, f64),
}

impl<'a> Frame<'a> {
    /// Draws everything around the marks.
    pub fn draw<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, picture: &'a Picture) -> Result<Self, String> {
        canvas.fill(PAPER)?;
        let title = printable(&picture.title, 90);
        canvas.text(&title, (MARGIN, MARGIN), TITLE, INK.to_rgba(), Anchor::TopLeft)?;
        let top = draw_legend(canvas, picture, MARGIN + TITLE + 10.0)? + 8.0;
        let words_width = |axis: &Axis| {
            let widths = axis
                .words()
                .iter()
                .map(|word| text_width(&printable(word, WORD_LETTERS), TEXT));
            widths.fold(0.0, f64::max)
        };
        let is_flow = matches!(picture.body, Body::Flow(_));
        let left = match (is_flow, &picture.y.scale) {
            (true, _) => MARGIN,
            (_, Scale::Words(_)) => MARGIN + 22.0 + words_width(&picture.y).max(20.0),
            _ => 78.0,
        };
        let right = f64::from(WIDTH) - if is_flow { MARGIN } else { 22.0 };
        let words = picture.x.words().len().max(1) as f64;
        let is_turned = words_width(&picture.x) > (right - left) / words - 6.0;
        let below = match is_turned {
            true => words_width(&picture.x).min(160.0) + 36.0,
            false => 50.0,
        };
        let bottom = f64::from(height(picture)) - if is_flow { MARGIN } else { below };
        let (x, y) = picture.ranges();
        let frame = Self {
            picture,
            inside: (left, top, right, bottom),
            x: frame_ends(&picture.x, x),
            y: frame_ends(&picture.y, y),
        };
        if !is_flow {
            frame.draw_axes(canvas, x, y, is_turned)?;
        }
        Ok(frame)
    }

    /// Pixel of a value on the horizontal axis, inside the frame.
    pub fn x(&self, value: f64) -> f64 {
        let (left, _, right, _) = self.inside;
        let share = (position(&self.picture.x, value) - self.x.0) / (self.x.1 - self.x.0);
        left + share.clamp(0.0, 1.0) * (right - left)
    }

    /// Pixel of a value on the vertical axis; words are read from the top.
    pub fn y(&self, value: f64) -> f64 {
        let (_, top, _, bottom) = self.inside;
        let share = (position(&self.picture.y, value) - self.y.0) / (self.y.1 - self.y.0);
        match self.picture.y.scale {
            Scale::Words(_) => top + share.clamp(0.0, 1.0) * (bottom - top),
            _ => bottom - share.clamp(0.0, 1.0) * (bottom - top),
        }
    }

    fn draw_axes<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        x: (f64, f64),
        y: (f64, f64),
        is_turned: bool,
    ) -> Outcome {
        let (left, top, right, bottom) = self.inside;
        let ink = INK.to_rgba();
        for (at, label) in spaced(ticks(&self.picture.x, x, 8.0), is_turned) {
            let px = self.x(at);
            let label = printable(&label, WORD_LETTERS);
            if self.picture.x.words().is_empty() {
                canvas.line(&[(px, top), (px, bottom)], GRID.to_rgba(), 1.0)?;
                canvas.text(&label, (px, bottom + 6.0), TEXT, ink, Anchor::Top)?;
            } else if is_turned {
                let label = printable(&label, 24);
                canvas.upward(
                    &label,
                    (px, bottom + 8.0 + text_width(&label, TEXT) / 2.0),
                    TEXT,
                    ink,
                )?;
            } else {
                canvas.text(&label, (px, bottom + 6.0), TEXT, ink, Anchor::Top)?;
            }
        }
        for (at, label) in ticks(&self.picture.y, y, 6.0) {
            let py = self.y(at);
            if self.picture.y.words().is_empty() {
                canvas.line(&[(left, py), (right, py)], GRID.to_rgba(), 1.0)?;
            }
            let label = printable(&label, WORD_LETTERS);
            canvas.text(&label, (left - 8.0, py), TEXT, ink, Anchor::Right)?;
        }
        let edge = INK.mix(0.6);
        canvas.line(&[(left, bottom), (right, bottom)], edge, 1.0)?;
        canvas.line(&[(left, top), (left, bottom)], edge, 1.0)?;
        let foot = f64::from(height(self.picture)) - MARGIN - TEXT + 4.0;
        let (across, up) = (
            printable(&self.picture.x.label, 80),
            printable(&self.picture.y.label, 60),
        );
        canvas.text(
            &across,
            (f64::midpoint(left, right), foot),
            TEXT,
            ink,
            Anchor::Top,
        )?;
        canvas.upward(&up, (MARGIN + 6.0, f64::midpoint(top, bottom)), TEXT, ink)
    }
}

/// Words that stand upright have room; of others as many as fit are shown.
fn spaced(ticks: Vec<Tick>, is_turned: bool) -> Vec<Tick> {
    let every = if is_turned { ticks.len() / 45 + 1 } else { 1 };
    ticks.into_iter().step_by(every).collect()
}

fn frame_ends(axis: &Axis, ends: (f64, f64)) -> (f64, f64) {
    let (low, high) = (position(axis, ends.0), position(axis, ends.1));
    if low < high {
        (low, high)
    } else {
        (low - 0.5, low + 0.5)
    }
}

/// Where a value lies on its axis, in the axis's own measure.
fn position(axis: &Axis, value: f64) -> f64 {
    match axis.scale {
        Scale::Log => libm::log10(value.max(1e-300)),
        _ if value.is_finite() => value,
        _ => 0.0,
    }
}

/// Draws the legend in as many rows as it needs and returns where it ends.
fn draw_legend<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    picture: &Picture,
    top: f64,
) -> Result<f64, String> {
    let (mut x, mut y) = (MARGIN, top);
    let entries = legend(picture);
    for (name, number) in &entries {
        let name = printable(name, LEGEND_LETTERS);
        let width = 22.0 + text_width(&name, TEXT) + 18.0;
        if x > MARGIN && x + width > f64::from(WIDTH) - MARGIN {
            (x, y) = (MARGIN, y + 19.0);
        }
        canvas.rectangle((x, y + 2.0), (x + 14.0, y + 12.0), colour(*number).to_rgba())?;
        canvas.text(&name, (x + 20.0, y + 7.0), TEXT, INK.to_rgba(), Anchor::Left)?;
        x += width;
    }
    Ok(if entries.is_empty() { top } else { y + 16.0 })
}
