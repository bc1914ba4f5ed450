//! Pictures drawn by plotters, as SVG and as PNG.
//!
//! **Invariant.** A drawing uses a handful of fixed colours, each of which stands for a role (ink, grid, paper, colour 1, 2,
//! ...). A file keeps them as they are, on white; [`themed`] turns them into the page's own variables, so that one
//! drawing serves a light and a dark page.

mod canvas;
pub(crate) mod flow;
mod frame;
mod marks;
mod ticks;

use plotters::prelude::*;
use stakeout_engine::observe::display::is_obeyed;

use crate::error::ReportError;
use crate::picture::{GROUPS_MAX, Picture};
use canvas::Canvas;
pub use frame::WIDTH;
pub(crate) use frame::height;

/// Pixels of the drawing library for one of the picture: it places things on whole pixels only.
const SVG_SCALE: u32 = 4;
/// Pixels of a PNG file for one of the picture.
const PNG_SCALE: u32 = 2;

pub(crate) const INK: RGBColor = RGBColor(0x1A, 0x1C, 0x20);
pub(crate) const GRID: RGBColor = RGBColor(0xD8, 0xDC, 0xE2);
pub(crate) const PAPER: RGBColor = RGBColor(0xFE, 0xFE, 0xFE);
/// Okabe and Ito's colours, told apart by readers with any common colour vision.
pub(crate) const COLOURS: [RGBColor; GROUPS_MAX] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x77, 0x77, 0x77),
];

/// The picture as a stand-alone SVG file on white.
///
/// # Errors
/// What the drawing library says.
pub fn svg(picture: &Picture) -> Result<String, ReportError> {
    let (width, height) = (WIDTH, height(picture));
    let mut text = String::new();
    {
        let size = (width * SVG_SCALE, height * SVG_SCALE);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&Canvas::new(&area, f64::from(SVG_SCALE)), picture)?;
    }
    let large = format!(
        "width=\"{}\" height=\"{}\"",
        width * SVG_SCALE,
        height * SVG_SCALE
    );
    Ok(text.replacen(&large, &format!("width=\"{width}\" height=\"{height}\""), 1))
}

/// The picture as a PNG file on white, two pixels of it for one of the picture, with letters that come with the program, so
/// that every machine paints the same.
///
/// # Errors
/// What the libraries say.
pub fn png(picture: &Picture) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: String| ReportError::Drawing {
        figure: picture.title.clone(),
        reason,
    };
    // Registering a font twice puts the same one in its own place.
    plotters::style::register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| failed("the font of the program cannot be read".into()))?;
    let (width, height) = (WIDTH * PNG_SCALE, height(picture) * PNG_SCALE);
    let mut pixels = vec![0xFF; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(&Canvas::new(&area, f64::from(PNG_SCALE)), picture)?;
        area.present().map_err(|error| failed(error.to_string()))?;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder
        .write_header()
        .map_err(|error| failed(error.to_string()))?;
    writer
        .write_image_data(&pixels)
        .map_err(|error| failed(error.to_string()))?;
    writer.finish().map_err(|error| failed(error.to_string()))?;
    Ok(file)
}

fn draw<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, picture: &Picture) -> Result<(), ReportError> {
    let failed = |reason: String| ReportError::Drawing {
        figure: picture.title.clone(),
        reason,
    };
    marks::draw(canvas, picture).map_err(failed)
}

/// A drawing whose colours follow the page: its variables `--ink`, `--grid`, `--paper` and `--curve-1` on.
pub fn themed(svg: &str) -> String {
    let hex = |c: RGBColor| format!("\"#{:02X}{:02X}{:02X}\"", c.0, c.1, c.2);
    let roles = [
        (INK, "ink".to_string()),
        (GRID, "grid".to_string()),
        (PAPER, "paper".to_string()),
    ];
    let curves = COLOURS
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

/// Text without control characters, cut to so many letters.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let clean: Vec<char> = text
        .chars()
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect();
    match clean.len() > most {
        true => clean[..most - 1].iter().collect::<String>() + "…",
        false => clean.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{
        Axis, Block, Blocks, Body, Curve, Dot, Dots, Flow, Group, Link, Node, Point, Scale,
    };

    fn picture(body: Body) -> Picture {
        Picture {
            name: "test".into(),
            title: "Test".into(),
            caption: String::new(),
            x: Axis::new("x", Scale::Linear),
            y: Axis::new("y", Scale::Linear),
            body,
            omitted: 0,
        }
    }

    fn curve(name: &str, values: &[f64]) -> Picture {
        let point = |(x, mean): (usize, &f64)| Point {
            high: mean + 1.0,
            ..Point::sharp(x as f64, *mean)
        };
        picture(Body::Curves(vec![Curve {
            name: name.to_string(),
            points: values.iter().enumerate().map(point).collect(),
            is_step: false,
            colour: 0,
        }]))
    }

    const HOSTILE: &str = "</text><script>alert(1)</script>\u{1b}[31m\u{202e}";

    fn every_kind(name: &str) -> Vec<Picture> {
        let blocks = Blocks {
            groups: vec![Group::new(name, 0)],
            blocks: vec![Block {
                label: name.into(),
                x: (0.0, 1.0),
                y: (0.0, 1.0),
                text: name.into(),
                strength: 0.5,
                ..Block::default()
            }],
            value_label: name.into(),
        };
        let dots = Dots {
            groups: vec![Group::new(name, 1)],
            dots: vec![Dot {
                label: name.into(),
                x: 1.0,
                y: 2.0,
                x_interval: Some((0.0, 2.0)),
                y_interval: None,
                group: 0,
                is_named: true,
            }],
            ..Dots::default()
        };
        let node = |column| Node {
            name: name.into(),
            column,
            colour: 0,
        };
        let flow = Flow {
            nodes: vec![node(0), node(1)],
            links: vec![Link {
                from: 0,
                to: 1,
                amount: 3.0,
            }],
            unit: name.into(),
        };
        let mut heat = picture(Body::Blocks(blocks));
        heat.x = Axis::new(name, Scale::Words(vec![name.into()]));
        heat.y = Axis::new(name, Scale::Words(vec![name.into()]));
        vec![
            curve(name, &[1.0, 2.0]),
            heat,
            picture(Body::Dots(dots)),
            picture(Body::Flow(flow)),
        ]
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_a_drawing() {
        for picture in every_kind(HOSTILE) {
            let svg = svg(&picture).unwrap();
            assert!(
                !svg.contains("<script") && !svg.contains(['\u{1b}', '\u{202e}']),
                "{svg}"
            );
            assert!(svg.contains("&lt;script&gt;") || svg.contains("&lt;/text&gt;"));
        }
    }

    #[test]
    fn drawings_of_nothing_of_a_point_and_of_a_constant_succeed() {
        for values in [
            &[][..],
            &[3.0],
            &[0.0, 0.0, 0.0],
            &[-1e18, 1e18],
            &[f64::NAN, 1.0, f64::INFINITY],
        ] {
            assert!(svg(&curve("c", values)).unwrap().starts_with("<svg"));
        }
    }

    #[test]
    fn a_themed_drawing_has_no_colour_of_its_own() {
        for picture in every_kind("c") {
            let themed = themed(&svg(&picture).unwrap());
            assert!(themed.contains("var(--ink)") && themed.contains("var(--curve-"));
            assert!(
                !themed.contains("\"#"),
                "{}",
                &themed[themed.find("\"#").unwrap()..][..20]
            );
        }
    }

    #[test]
    fn the_same_picture_gives_the_same_bytes() {
        let picture = curve("c", &[1.0, 4.0, 2.0]);
        assert_eq!(svg(&picture).unwrap(), svg(&picture).unwrap());
    }
}
