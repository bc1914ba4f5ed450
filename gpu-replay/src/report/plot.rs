//! Pictures drawn as SVG.
//!
//! **Invariant.** A drawing is a function of its figure; text is drawn as text, without a font file, and what is
//! not finite is left out.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use plotters::style::register_font;

const SIZE: (u32, u32) = (1000, 520);
/// Width of the plot; the legend stands to its right, where it covers nothing.
const PLOT_WIDTH: i32 = 790;
const INK: RGBColor = RGBColor(0x1A, 0x1C, 0x20);
const GRID: RGBColor = RGBColor(0xD8, 0xDC, 0xE2);
/// Okabe and Ito's colours, told apart by readers with any common colour vision, and grey.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x77, 0x77, 0x77),
    RGBColor(0x1A, 0x1C, 0x20),
];
/// Curves that can be told apart.
pub(super) const CURVES_MAX: usize = COLOURS.len();

/// The drawing library refused.
#[derive(Debug, thiserror::Error)]
#[error("the picture {figure} could not be drawn: {reason}")]
pub struct DrawingError {
    /// Name of the picture.
    pub figure: &'static str,
    /// What the library says.
    pub reason: String,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A line through the points.
    Line,
    /// A line with a dot at each point.
    Dotted,
    /// Dots alone.
    Dots,
    /// Circles alone, for what others published.
    Rings,
}

/// A named curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    pub style: Style,
}

/// Where an axis begins and ends, and what is written along it.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub label: &'static str,
    pub range: (f64, f64),
    pub ticks: Vec<(f64, String)>,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks
            .iter()
            .map(|(at, _)| *at)
            .filter(|at| within(*at, self.range))
            .collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.0..self.range.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at == value);
        tick.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// A picture.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub name: &'static str,
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub curves: Vec<Curve>,
    /// Room left of the picture for the labels of the ordinate, pixels.
    pub left: u32,
}

/// Draws a figure.
pub(super) fn draw(figure: &Figure) -> Result<String, DrawingError> {
    // Letters are measured with a font that comes with the program. Registering it twice changes nothing.
    let _is_readable = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    let mut svg = String::new();
    draw_into(&mut svg, figure).map_err(|error| DrawingError {
        figure: figure.name,
        reason: error.to_string(),
    })?;
    Ok(svg)
}

fn draw_into(svg: &mut String, figure: &Figure) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (plot, legend) = root.split_horizontally(PLOT_WIDTH);
    let mut chart = ChartBuilder::on(&plot)
        .caption(&figure.title, ("sans-serif", 19).into_font().color(&INK))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(figure.left)
        .build_cartesian_2d(figure.x.clone(), figure.y.clone())?;
    let text = ("sans-serif", 14).into_font().color(&INK);
    chart
        .configure_mesh()
        .x_desc(figure.x.label)
        .y_desc(figure.y.label)
        .axis_style(INK.mix(0.6))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_labels(figure.x.ticks.len().max(1))
        .y_labels(figure.y.ticks.len().max(1))
        .label_style(text.clone())
        .axis_desc_style(text.clone())
        .draw()?;
    for (curve, colour) in figure.curves.iter().zip(COLOURS) {
        let is_inside = |(x, y): &(f64, f64)| {
            x.is_finite() && y.is_finite() && within(*x, figure.x.range) && within(*y, figure.y.range)
        };
        let points: Vec<(f64, f64)> = curve.points.iter().copied().filter(is_inside).collect();
        let dots = if curve.style == Style::Line {
            Vec::new()
        } else {
            points.clone()
        };
        let line = if matches!(curve.style, Style::Line | Style::Dotted) {
            points
        } else {
            Vec::new()
        };
        let fill = if curve.style == Style::Rings {
            colour.stroke_width(2)
        } else {
            colour.filled()
        };
        chart.draw_series(dots.into_iter().map(|at| Circle::new(at, 4, fill)))?;
        chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
    }
    draw_legend(&legend, &figure.curves)?;
    root.present()?;
    Ok(())
}

/// Names from the top down, each beside its curve's sign.
fn draw_legend(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error>> {
    let text = ("sans-serif", 14).into_font().color(&INK);
    for ((place, curve), colour) in curves.iter().enumerate().zip(COLOURS) {
        let y = 60 + 24 * place as i32;
        match curve.style {
            Style::Line | Style::Dotted => {
                area.draw(&PathElement::new([(6, y), (26, y)], colour.stroke_width(3)))?;
            }
            Style::Dots => area.draw(&Circle::new((16, y), 4, colour.filled()))?,
            Style::Rings => area.draw(&Circle::new((16, y), 4, colour.stroke_width(2)))?,
        }
        area.draw(&Text::new(curve.name.clone(), (34, y - 7), text.clone()))?;
    }
    Ok(())
}

fn within(value: f64, range: (f64, f64)) -> bool {
    range.0 <= value && value <= range.1
}
