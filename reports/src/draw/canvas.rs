//! A surface in the picture's own pixels, on any backend of the drawing library.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What the drawing library says when it fails.
pub type Outcome = Result<(), String>;

const FONT: &str = "sans-serif";
/// Width of a letter as a part of the font size, on the safe side.
const LETTER: f64 = 0.56;

/// A surface whose unit is a pixel of the picture.
pub struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    scale: f64,
}

/// Where a text hangs at its point: left or right end or middle, top or middle or bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end, half its height up.
    Left,
    /// The right end, half its height up.
    Right,
    /// The middle of its upper edge.
    Top,
    /// The middle.
    Middle,
    /// The left end of its upper edge.
    TopLeft,
}

/// Width that a text takes, in pixels of the picture.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * LETTER
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// A surface on an area that is so many times as large as the picture.
    pub fn new(area: &'a DrawingArea<DB, Shift>, scale: f64) -> Self {
        Self { area, scale }
    }

    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let whole = |v: f64| (v * self.scale).round().clamp(-1e6, 1e6) as i32;
        (whole(x), whole(y))
    }

    fn width(&self, width: f64) -> u32 {
        (width * self.scale).round().max(1.0) as u32
    }

    /// Fills the whole surface.
    pub fn fill(&self, colour: RGBColor) -> Outcome {
        self.area.fill(&colour).map_err(|error| error.to_string())
    }

    /// A line through points.
    pub fn line(&self, points: &[(f64, f64)], colour: RGBAColor, width: f64) -> Outcome {
        if points.len() < 2 {
            return Ok(());
        }
        let path: Vec<_> = points.iter().map(|&at| self.pixel(at)).collect();
        let element = PathElement::new(path, colour.stroke_width(self.width(width)));
        self.area.draw(&element).map_err(|error| error.to_string())
    }

    /// A filled polygon.
    pub fn polygon(&self, points: &[(f64, f64)], colour: RGBAColor) -> Outcome {
        let path: Vec<_> = points.iter().map(|&at| self.pixel(at)).collect();
        let element = Polygon::new(path, colour.filled());
        self.area.draw(&element).map_err(|error| error.to_string())
    }

    /// A filled rectangle between two corners.
    pub fn rectangle(&self, a: (f64, f64), b: (f64, f64), colour: RGBAColor) -> Outcome {
        let (a, b) = (self.pixel(a), self.pixel(b));
        let corners = [(a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1))];
        let element = Rectangle::new(corners, colour.filled());
        self.area.draw(&element).map_err(|error| error.to_string())
    }

    /// A filled disc.
    pub fn disc(&self, at: (f64, f64), radius: f64, colour: RGBAColor) -> Outcome {
        let element = Circle::new(self.pixel(at), self.width(radius), colour.filled());
        self.area.draw(&element).map_err(|error| error.to_string())
    }

    /// A text.
    pub fn text(&self, text: &str, at: (f64, f64), size: f64, colour: RGBAColor, anchor: Anchor) -> Outcome {
        self.turned(text, at, size, colour, anchor, FontTransform::None)
    }

    /// A text that reads upward, its middle at the point.
    pub fn upward(&self, text: &str, at: (f64, f64), size: f64, colour: RGBAColor) -> Outcome {
        self.turned(text, at, size, colour, Anchor::Middle, FontTransform::Rotate270)
    }

    fn turned(
        &self,
        text: &str,
        at: (f64, f64),
        size: f64,
        colour: RGBAColor,
        anchor: Anchor,
        turn: FontTransform,
    ) -> Outcome {
        let position = match anchor {
            Anchor::Left => Pos::new(HPos::Left, VPos::Center),
            Anchor::Right => Pos::new(HPos::Right, VPos::Center),
            Anchor::Top => Pos::new(HPos::Center, VPos::Top),
            Anchor::Middle => Pos::new(HPos::Center, VPos::Center),
            Anchor::TopLeft => Pos::new(HPos::Left, VPos::Top),
        };
        let style = (FONT, size * self.scale)
            .into_font()
            .transform(turn)
            .color(&colour)
            .pos(position);
        self.area
            .draw(&Text::new(text.to_string(), self.pixel(at), style))
            .map_err(|error| error.to_string())
    }
}
