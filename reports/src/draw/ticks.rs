//! Where an axis has its marks, and what stands beside them.

use libm::{floor, log10, pow};

use crate::picture::{Axis, Scale};

/// A mark on an axis: its value and what stands beside it.
pub type Tick = (f64, String);

/// The marks of an axis between two ends, about so many.
pub fn ticks(axis: &Axis, (low, high): (f64, f64), about: f64) -> Vec<Tick> {
    match &axis.scale {
        Scale::Words(words) => {
            let middle = |(at, word): (usize, &String)| (at as f64 + 0.5, word.clone());
            words.iter().enumerate().map(middle).collect()
        }
        Scale::Log => powers(low, high),
        Scale::Linear => even(low, high, about, 0.0),
        Scale::Whole => even(low, high, about, 1.0),
    }
}

fn even(low: f64, high: f64, about: f64, least: f64) -> Vec<Tick> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    let raw = span / about;
    let power = pow(10.0, floor(log10(raw)));
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= raw)
        .unwrap_or(10.0 * power)
        .max(least);
    let first = (low / step).ceil() as i64;
    let last = floor(high / step) as i64;
    (first..=last.min(first.saturating_add(40)))
        .map(|k| (k as f64 * step, figures(k as f64 * step, span)))
        .collect()
}

/// Powers of ten, with two and five where there are few of them.
fn powers(low: f64, high: f64) -> Vec<Tick> {
    let decades = log10(high) - log10(low);
    let steps: &[f64] = if decades <= 2.2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let first = floor(log10(low)) as i32;
    let last = floor(log10(high)) as i32;
    let mut marks = Vec::new();
    for exponent in first..=last {
        for step in steps {
            let value = step * pow(10.0, f64::from(exponent));
            if value >= low * 0.999_999 && value <= high * 1.000_001 {
                marks.push((value, figures(value, value)));
            }
        }
    }
    marks
}

/// As many decimals as a range of this width needs, and no negative zero.
pub fn figures(value: f64, range: f64) -> String {
    let range = range.abs();
    if value.abs() >= 1e15 || (range < 1e-5 && value != 0.0) {
        return format!("{value:.1e}").replace('-', "−");
    }
    let decimals = [(10.0, 0), (1.0, 1), (0.1, 2), (0.01, 3), (0.001, 4)]
        .iter()
        .find(|(width, _)| range >= *width);
    let text = format!("{value:.*}", decimals.map_or(6, |d| d.1));
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    };
    match text.as_str() {
        "-0" => "0".to_string(),
        _ => text.replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64) -> Vec<String> {
        let axis = Axis::new("", scale);
        ticks(&axis, (low, high), 6.0).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(
            labels(Scale::Linear, 0.0, 1.0),
            ["0", "0.2", "0.4", "0.6", "0.8", "1"]
        );
        assert_eq!(labels(Scale::Linear, -3.0, 10.0), ["0", "5", "10"]);
        assert_eq!(labels(Scale::Linear, -0.02, 0.05), ["−0.02", "0", "0.02", "0.04"]);
    }

    #[test]
    fn an_axis_of_whole_numbers_has_nothing_between_them() {
        assert_eq!(labels(Scale::Whole, 1.0, 3.0), ["1", "2", "3"]);
    }

    #[test]
    fn an_axis_of_powers_shows_powers() {
        assert_eq!(labels(Scale::Log, 0.001, 1000.0).len(), 7);
        assert_eq!(labels(Scale::Log, 1.0, 50.0), ["1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn nothing_has_no_marks_and_does_not_hang() {
        assert!(labels(Scale::Linear, f64::NAN, 1.0).is_empty());
        assert!(labels(Scale::Linear, 1.0, 1.0).is_empty());
        assert!(labels(Scale::Linear, 0.0, f64::INFINITY).is_empty());
    }
}
