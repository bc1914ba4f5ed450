//! The page of a sweep: where deviating pays, a row a point, pictures, how to make it again.

use stakeout_engine::experiment::sweep::analysis::Sensitivity;
use stakeout_engine::experiment::sweep::meaning::{meaning, spoken_unit};

use super::html::{Cell, escaped, table};
use super::tables::{folded, number, ranged, tidy};
use super::{Page, Shown, figures};
use crate::error::ReportError;
use crate::pictures;
use crate::pictures::sensitivity::effect_unit;
use crate::pictures::sweep::{Phase, gain, phase_of, short};
use crate::sweep::{Estimate, Sweep, in_words};

/// Rows of the table on the page.
const ROWS_SHOWN: usize = 200;

/// The whole page.
///
/// # Errors
/// Responses that cannot be read, or a picture that cannot be drawn.
pub fn render(sweep: &Sweep, shown: Shown) -> Result<String, ReportError> {
    let mut body = String::from("<h2>Points</h2>\n");
    body.push_str(&folded(points(sweep), sweep.rows.len(), "points"));
    for output in &sweep.outputs {
        if let Some(meaning) = meaning(output) {
            let words = output.replace('_', " ");
            body.push_str(&format!(
                "<p class=\"quiet\"><b>{}</b>: {}.</p>\n",
                escaped(&words),
                escaped(meaning)
            ));
        }
    }
    body.push_str("<h2>Pictures</h2>\n");
    let found = sweep.sensitivities()?;
    body.push_str(&figures(&pictures::sweep::of(sweep, &found), shown)?);
    let page = Page {
        title: format!("Sweep {}", sweep.name),
        heading: heading(sweep),
        verdict: verdict(sweep, &found),
        body,
        source: source(sweep),
    };
    Ok(page.render(shown))
}

fn heading(sweep: &Sweep) -> String {
    let (points, factors) = (sweep.rows.len(), sweep.factors.len());
    let rule = sweep
        .plan
        .as_ref()
        .map_or(String::new(), |plan| format!(" · {}", plan.rule_text()));
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    format!(
        "Sweep {} · {points} point{} over {factors} factor{}{rule}",
        sweep.name,
        plural(points),
        plural(factors)
    )
}

/// One sentence: where deviating pays, or which factor matters most, or how many points ran.
fn verdict(sweep: &Sweep, found: &[(&String, Sensitivity)]) -> String {
    for (output, found) in found {
        let words = output.replace('_', " ");
        let strongest = |values: Vec<f64>| {
            let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            best.map(|(at, value)| (sweep.factors[at].clone(), *value))
        };
        let (found, what, (scale, unit)) = match found {
            Sensitivity::Morris(effects) => (
                strongest(effects.iter().map(|e| e.mean_absolute).collect()),
                "mean absolute effect",
                effect_unit(output),
            ),
            Sensitivity::Indices(indices) => (
                strongest(indices.total.iter().map(|i| i.share).collect()),
                "share of the variance with interactions",
                (1.0, ""),
            ),
        };
        if let Some((factor, value)) = found {
            let value = format!("{} {unit}", number(scale * value));
            return format!("{factor} moves {words} most: {what} {}.", value.trim_end());
        }
    }
    let Some(gain) = gain(sweep) else {
        return format!("{} points were run.", sweep.rows.len());
    };
    let found: Vec<(&[String], Estimate)> = sweep
        .rows
        .iter()
        .filter_map(|row| Some((row.labels.as_slice(), *row.figures.get(gain)?)))
        .collect();
    let count = |phase: Phase| found.iter().filter(|(_, e)| phase_of(*e) == phase).count();
    let (pays, not, open) = (
        count(Phase::Pays),
        count(Phase::DoesNotPay),
        count(Phase::Unclear),
    );
    let Some((labels, best)) = found.iter().max_by(|a, b| a.1.mean.total_cmp(&b.1.mean)) else {
        return format!("No point has a figure {gain}.");
    };
    let unit = match spoken_unit(gain).1 {
        "%" => "% of the honest profit",
        unit => unit,
    };
    format!(
        "Deviating pays at {pays} of {} points, does not at {not}, and at {open} it is not clear; it is worth most at {}: \
         {} {unit}.",
        found.len(),
        labels.join(", "),
        ranged(best.spoken(gain))
    )
}

fn points(sweep: &Sweep) -> String {
    let factors: Vec<String> = sweep.factors.iter().map(|factor| short(factor)).collect();
    let mut header: Vec<(&str, bool)> = factors.iter().map(|f| (f.as_str(), true)).collect();
    // The figure that decides stands first: the others may lie beyond the edge of a small screen.
    let deciding = gain(sweep);
    let mut outputs: Vec<&String> = sweep.outputs.iter().collect();
    outputs.sort_by_key(|output| deciding.is_none_or(|deciding| **output != *deciding));
    let words: Vec<String> = outputs.iter().map(|output| in_words(output)).collect();
    header.extend(words.iter().map(|words| (words.as_str(), false)));
    header.push(("replicates", false));
    let row = |row: &crate::sweep::Row| {
        let mut cells: Vec<Cell> = row.labels.iter().map(|l| Cell::Text(tidy(l))).collect();
        let failed = if row.failed > 0 {
            format!(" ({} failed)", row.failed)
        } else {
            String::new()
        };
        let figure = |output: &String| row.spoken(output).map_or("–".to_string(), ranged);
        cells.extend(outputs.iter().map(|output| Cell::Number(figure(output))));
        cells.push(Cell::Number(format!("{}{failed}", row.replicates)));
        cells
    };
    let rows: Vec<_> = sweep.rows.iter().take(ROWS_SHOWN).map(row).collect();
    let rest = sweep.rows.len().saturating_sub(ROWS_SHOWN);
    let note = match rest {
        0 => String::new(),
        n => format!("<p class=\"quiet\">{n} further points are in results.csv.</p>\n"),
    };
    table(&header, &rows) + &note
}

fn source(sweep: &Sweep) -> String {
    let mut html = format!(
        "<p>Digest <code>{}</code> (blake3 of results.csv)</p>\n",
        escaped(&sweep.digest)
    );
    html.push_str(&match &sweep.plan {
        None => "<p>Made of the table of results alone; its folder holds no plan.</p>\n".to_string(),
        Some(plan) => format!(
            "<p>Plan <code>{}</code> (blake3), model version {}. The same sweep file gives the same plan, and the same plan \
             the same cells.</p>\n<p>Again: <code>stakeout sweep FILE</code> with the file called {}.</p>\n",
            blake3::hash(plan.to_json().as_bytes()).to_hex(),
            plan.model_version,
            escaped(&plan.name),
        ),
    });
    html
}
