//! The page of a calibration: what the check finds, at which price for the honest, and how that was measured.

use stakeout_calibration::{Calibration, Kind, OperatingPoint, Rate};

use super::html::{Cell, escaped, table};
use super::tables::number;
use super::{Page, Shown, figures};
use crate::error::ReportError;
use crate::money::grouped;
use crate::pictures;

/// Operating points on the page.
const POINTS_SHOWN: usize = 150;

/// The whole page.
///
/// # Errors
/// A picture that cannot be drawn.
pub fn render(calibration: &Calibration, digest: &str, shown: Shown) -> Result<String, ReportError> {
    let mut body = format!("<p>Statistic: {}.</p>\n", escaped(calibration.statistic()));
    body.push_str("<h2>Substitutes</h2>\n");
    body.push_str(&substitutes(calibration));
    body.push_str("<h2>Pictures</h2>\n");
    body.push_str(&figures(&pictures::calibration::all(calibration), shown)?);
    body.push_str("<h2>Operating points</h2>\n");
    body.push_str(&points(calibration));
    if !calibration.fit().is_empty() {
        body.push_str("<h2>What it was fitted to</h2>\n");
        body.push_str(&fit(calibration));
    }
    let kind = match calibration.kind() {
        Kind::Measured => "measured on forward passes",
        _ => "derived from published figures",
    };
    let page = Page {
        title: format!("Calibration {}", calibration.name()),
        heading: format!(
            "Calibration {} · {} · {kind}",
            calibration.name(),
            calibration.model()
        ),
        verdict: verdict(calibration),
        body,
        source: source(calibration, digest),
    };
    Ok(page.render(shown))
}

fn name(calibration: &Calibration, point: &OperatingPoint) -> String {
    let found = calibration.substitutes().get(usize::from(point.substitute));
    found.map_or_else(String::new, |substitute| substitute.name.clone())
}

fn rate(rate: &Rate) -> String {
    format!(
        "{} % ({} to {})",
        number(100.0 * rate.estimate),
        number(100.0 * rate.low),
        number(100.0 * rate.high)
    )
}

/// One sentence: the substitute that is found least, among the points of the longest answers.
pub fn verdict(calibration: &Calibration) -> String {
    let points = calibration.operating_points();
    // What short answers cannot show says little about the statistic; a length that was not fixed is the natural one.
    let length = |point: &OperatingPoint| point.length.unwrap_or(u32::MAX);
    let longest = points.iter().map(length).max();
    let telling = points.iter().filter(|point| Some(length(point)) == longest);
    // Points that accuse hardly anybody: others would praise a threshold that fails everyone.
    let worst = telling
        .filter(|point| point.false_positive.estimate <= 0.05)
        .min_by(|a, b| {
            a.true_positive
                .estimate
                .total_cmp(&b.true_positive.estimate)
                .then(a.label.cmp(&b.label))
        });
    match worst {
        None => format!(
            "No operating point of {} accuses fewer than 5 % of honest answers.",
            calibration.model()
        ),
        Some(point) => format!(
            "The hardest to find is {}: one look at an answer finds {}, while {} of honest answers fail ({}{}).",
            name(calibration, point),
            rate(&point.true_positive),
            rate(&point.false_positive),
            point.label,
            point
                .length
                .map_or(String::new(), |length| format!(", {length} model tokens")),
        ),
    }
}

fn substitutes(calibration: &Calibration) -> String {
    let header = [
        ("substitute", true),
        ("decoding time", false),
        ("prefill time", false),
        ("memory", false),
        ("note", true),
    ];
    let row = |s: &stakeout_calibration::Substitute| {
        vec![
            Cell::Text(s.name.clone()),
            Cell::Number(number(s.decode_cost)),
            Cell::Number(number(s.prefill_cost)),
            Cell::Number(number(s.memory)),
            Cell::Text(s.note.clone()),
        ]
    };
    let rows: Vec<_> = calibration.substitutes().iter().map(row).collect();
    format!(
        "<p class=\"quiet\">Costs as parts of the promised model's.</p>\n{}",
        table(&header, &rows)
    )
}

fn points(calibration: &Calibration) -> String {
    let header = [
        ("substitute", true),
        ("taken on", true),
        ("attack", true),
        ("length", false),
        ("threshold", false),
        ("honest answers that fail", false),
        ("substituted answers that fail", false),
        ("answers", false),
    ];
    let row = |point: &OperatingPoint| {
        vec![
            Cell::Text(name(calibration, point)),
            Cell::Text(point.label.clone()),
            Cell::Text(point.attack.name().to_string()),
            Cell::Number(point.length.map_or("–".into(), |l| l.to_string())),
            Cell::Number(number(f64::from(point.threshold_ppb) / 1e9)),
            Cell::Number(rate(&point.false_positive)),
            Cell::Number(rate(&point.true_positive)),
            Cell::Number(grouped(u128::from(point.true_positive.n))),
        ]
    };
    let all = calibration.operating_points();
    let rows: Vec<_> = all.iter().take(POINTS_SHOWN).map(row).collect();
    let rest = all.len().saturating_sub(POINTS_SHOWN);
    let note = match rest {
        0 => String::new(),
        n => format!("<p class=\"quiet\">{n} further points are in the file.</p>\n"),
    };
    format!(
        "<details><summary>{} points</summary>{}{note}</details>\n",
        all.len(),
        table(&header, &rows)
    )
}

fn fit(calibration: &Calibration) -> String {
    let header = [
        ("parameter", true),
        ("value", false),
        ("target", true),
        ("published", false),
        ("fitted", false),
        ("source", true),
    ];
    let row = |fit: &stakeout_calibration::FitRow| {
        vec![
            Cell::Text(fit.parameter.clone()),
            Cell::Number(number(fit.value)),
            Cell::Text(fit.target.clone()),
            Cell::Number(number(fit.published)),
            Cell::Number(number(fit.fitted)),
            Cell::Text(fit.source.clone()),
        ]
    };
    table(&header, &calibration.fit().iter().map(row).collect::<Vec<_>>())
}

fn source(calibration: &Calibration, digest: &str) -> String {
    let provenance = calibration.provenance();
    let mut html = format!(
        "<p>Digest <code>{}</code> (blake3 of the file)</p>\n",
        escaped(digest)
    );
    if let Some(hash) = &provenance.model_hash {
        html.push_str(&format!("<p>Model <code>{}</code></p>\n", escaped(hash)));
    }
    html.push_str(&format!(
        "<p>{} on {}.</p>\n",
        escaped(&provenance.dtype),
        escaped(&provenance.device)
    ));
    let rows: Vec<_> = provenance
        .samples
        .iter()
        .map(|(what, count)| {
            vec![
                Cell::Text(what.clone()),
                Cell::Number(grouped(u128::from(*count))),
            ]
        })
        .collect();
    if !rows.is_empty() {
        html.push_str(&table(&[("sample", true), ("size", false)], &rows));
    }
    for source in &provenance.sources {
        html.push_str(&format!("<p>{}</p>\n", escaped(source)));
    }
    html
}
