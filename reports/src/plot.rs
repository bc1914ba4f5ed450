//! Charts drawn as SVG.
//!
//! **Invariant.** A drawing uses a handful of fixed colours, each of which stands for a role (ink, grid,
//! paper, curve 1, 2, ...). A file keeps them as they are, on white; [`themed`] turns them into the page's
//! own variables, so that one drawing serves a light and a dark page.

use plotters::prelude::*;

use crate::error::ReportError;
use crate::series::{CURVES_MAX, Chart, Curve};

const SIZE: (u32, u32) = (820, 380);
const INK: RGBColor = RGBColor(0x1A, 0x1C, 0x20);
const GRID: RGBColor = RGBColor(0xD8, 0xDC, 0xE2);
const PAPER: RGBColor = RGBColor(0xFE, 0xFE, 0xFE);
/// Okabe and Ito's colours, told apart by readers with any common colour vision.
const CURVES: [RGBColor; CURVES_MAX] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x77, 0x77, 0x77),
];
const LABEL: &str = "sans-serif";
const LEGEND_LETTERS: usize = 36;

/// The chart as a stand-alone SVG file on white.
///
/// # Errors
/// What the drawing library says.
pub fn draw(chart: &Chart) -> Result<String, ReportError> {
    let mut svg = String::new();
    let failed = |reason: String| ReportError::Drawing {
        figure: chart.title.to_string(),
        reason,
    };
    draw_into(&mut svg, chart).map_err(|error| failed(error.to_string()))?;
    Ok(svg)
}

/// A drawing whose colours follow the page: its variables `--ink`, `--grid`, `--paper` and `--curve-1` on.
pub fn themed(svg: &str) -> String {
    let hex = |c: RGBColor| format!("\"#{:02X}{:02X}{:02X}\"", c.0, c.1, c.2);
    let roles = [
        (INK, "ink".to_string()),
        (GRID, "grid".to_string()),
        (PAPER, "paper".to_string()),
    ];
    let curves = CURVES
        .iter()
        .enumerate()
        .map(|(i, c)| (*c, format!("curve-{}", i + 1)));
    roles
        .into_iter()
        .chain(curves)
        .fold(svg.to_string(), |text, (colour, role)| {
            text.replace(&hex(colour), &format!("\"var(--{role})\""))
        })
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn draw_into(svg: &mut String, chart: &Chart) -> Outcome {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&PAPER)?;
    let (x_range, y_range) = (x_range(chart), y_range(chart));
    let mut context = ChartBuilder::on(&root)
        .caption(chart.title, (LABEL, 20).into_font().color(&INK))
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(74)
        .build_cartesian_2d(x_range.0..x_range.1, y_range.0..y_range.1)?;
    let text = (LABEL, 14).into_font().color(&INK);
    context
        .configure_mesh()
        .x_desc(chart.x_label)
        .y_desc(chart.y_label)
        .axis_style(INK.mix(0.6))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_labels(x_labels(x_range))
        .x_label_formatter(&|x| whole(*x))
        .y_labels(6)
        .y_label_formatter(&|y| tick(*y, y_range.1 - y_range.0))
        .label_style(text.clone())
        .axis_desc_style(text.clone())
        .draw()?;
    for curve in &chart.curves {
        let colour = CURVES[curve.colour % CURVES_MAX];
        if let Some(band) = band(curve) {
            context.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.18))))?;
        }
        let dots = if curve.points.len() == 1 { 4 } else { 0 };
        context.draw_series(
            path(curve)
                .into_iter()
                .take(dots)
                .map(|at| Circle::new(at, 4, colour.filled())),
        )?;
        context
            .draw_series(LineSeries::new(path(curve), colour.stroke_width(2)))?
            .label(printable(&curve.name, LEGEND_LETTERS))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    context
        .configure_series_labels()
        .position(legend_corner(chart, x_range, y_range))
        .background_style(PAPER.mix(0.85))
        .border_style(GRID)
        .label_font(text)
        .draw()?;
    root.present()?;
    Ok(())
}

/// The corner of the plot that the curves leave freest.
fn legend_corner(chart: &Chart, x: (f64, f64), y: (f64, f64)) -> SeriesLabelPosition {
    let crowd = |is_left: bool, is_upper: bool| {
        let inside = |p: &&crate::series::Point| {
            let (across, up) = ((p.x - x.0) / (x.1 - x.0), (p.mean - y.0) / (y.1 - y.0));
            (across < 0.5) == is_left && if is_upper { up > 0.6 } else { up < 0.4 }
        };
        chart.curves.iter().flat_map(|c| &c.points).filter(inside).count()
    };
    let corners = [
        (crowd(true, true), SeriesLabelPosition::UpperLeft),
        (crowd(false, true), SeriesLabelPosition::UpperRight),
        (crowd(false, false), SeriesLabelPosition::LowerRight),
        (crowd(true, false), SeriesLabelPosition::LowerLeft),
    ];
    corners
        .into_iter()
        .min_by_key(|(count, _)| *count)
        .map_or(SeriesLabelPosition::UpperLeft, |c| c.1)
}

/// The curve's vertices; a step holds its value until the next point.
fn path(curve: &Curve) -> Vec<(f64, f64)> {
    let mut path = Vec::with_capacity(curve.points.len() * 2);
    for (index, point) in curve.points.iter().enumerate() {
        if curve.is_step && index > 0 {
            path.push((point.x, curve.points[index - 1].mean));
        }
        path.push((point.x, point.mean));
    }
    path
}

/// Outline of the range over replicates, unless it has no width.
fn band(curve: &Curve) -> Option<Vec<(f64, f64)>> {
    let has_width = curve.points.len() > 1 && curve.points.iter().any(|p| p.high > p.low);
    has_width.then(|| {
        let upper = curve.points.iter().map(|p| (p.x, p.high));
        upper
            .chain(curve.points.iter().rev().map(|p| (p.x, p.low)))
            .collect()
    })
}

fn x_range(chart: &Chart) -> (f64, f64) {
    spread(chart.curves.iter().flat_map(|c| &c.points).map(|p| p.x), 0.0)
}

fn y_range(chart: &Chart) -> (f64, f64) {
    let values = chart
        .curves
        .iter()
        .flat_map(|c| &c.points)
        .flat_map(|p| [p.low, p.high]);
    chart.y_range.unwrap_or_else(|| spread(values.chain([0.0]), 0.06))
}

fn spread(values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    match (high - low).partial_cmp(&0.0) {
        Some(std::cmp::Ordering::Greater) => (low - margin * (high - low), high + margin * (high - low)),
        Some(std::cmp::Ordering::Equal) => (low - 1.0, high + 1.0),
        _ => (0.0, 1.0),
    }
}

/// Every abscissa is a whole number (an epoch, a count): not more labels than there are of them.
fn x_labels(range: (f64, f64)) -> usize {
    (range.1 - range.0 + 1.0).clamp(2.0, 10.0) as usize
}

/// A whole number, or nothing where a grid line falls between two.
fn whole(value: f64) -> String {
    let nearest = value.round();
    if (value - nearest).abs() < 1e-6 {
        tick(nearest, 1e9)
    } else {
        String::new()
    }
}

/// As many decimals as a range of this width needs, and no negative zero.
fn tick(value: f64, range: f64) -> String {
    let decimals = [(20.0, 0), (2.0, 1), (0.2, 2), (0.02, 3)]
        .iter()
        .find(|(width, _)| range >= *width);
    let text = format!("{value:.*}", decimals.map_or(6, |d| d.1));
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if is_zero {
        text.trim_start_matches('-').to_string()
    } else {
        text.replace('-', "−")
    }
}

/// Text without control characters, cut to so many letters.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let clean: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    match clean.len() > most {
        true => clean[..most - 1].iter().collect::<String>() + "…",
        false => clean.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Point;

    fn chart(name: &str, values: &[f64]) -> Chart {
        let point = |(x, mean): (usize, &f64)| Point {
            x: x as f64,
            mean: *mean,
            low: *mean,
            high: mean + 1.0,
        };
        let points = values.iter().enumerate().map(point).collect();
        Chart {
            name: "test",
            title: "Test",
            x_label: "x",
            y_label: "y",
            y_range: None,
            curves: vec![Curve {
                name: name.to_string(),
                points,
                is_step: false,
                colour: 0,
            }],
            omitted: 0,
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_a_drawing() {
        let svg = draw(&chart("</text><script>alert(1)</script>\u{1b}[31m", &[1.0, 2.0])).unwrap();
        assert!(!svg.contains("<script") && !svg.contains('\u{1b}'));
        assert!(svg.contains("&lt;script&gt;") || svg.contains("&lt;/text&gt;"));
    }

    #[test]
    fn drawings_of_nothing_of_a_point_and_of_a_constant_succeed() {
        for values in [&[][..], &[3.0], &[0.0, 0.0, 0.0], &[-1e18, 1e18]] {
            assert!(draw(&chart("c", values)).unwrap().starts_with("<svg"));
        }
    }

    #[test]
    fn a_themed_drawing_has_no_colour_of_its_own() {
        let themed = themed(&draw(&chart("c", &[1.0, 2.0])).unwrap());
        assert!(themed.contains("var(--ink)") && themed.contains("var(--curve-1)"));
        assert!(
            !themed.contains("\"#"),
            "{}",
            &themed[themed.find("\"#").unwrap()..][..20]
        );
    }

    #[test]
    fn the_same_chart_gives_the_same_bytes() {
        let chart = chart("c", &[1.0, 4.0, 2.0]);
        assert_eq!(draw(&chart).unwrap(), draw(&chart).unwrap());
    }

    #[test]
    fn ticks_have_the_decimals_of_their_range() {
        assert_eq!(
            [
                tick(50.0, 100.0),
                tick(0.25, 0.5),
                tick(-3.0, 10.0),
                tick(-0.01, 100.0)
            ],
            ["50", "0.25", "−3.0", "0"]
        );
    }
}
