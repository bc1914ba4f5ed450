//! One self-contained page: the verdict first, then figures, tables and how to make it again.
//!
//! **Invariant.** The page loads nothing and runs nothing: a content security policy forbids both, styles
//! and drawings stand in the page itself, and every name from a file is escaped.

mod beside;
pub mod html;
mod tables;

use std::fmt::Write;

use crate::error::ReportError;
use crate::frames::{ConvictionFrame, EpochFrame, ParticipantFrame};
use crate::plot;
use crate::run::{Proportion, Run, Summary};
use crate::series::{self, Chart};
use crate::survival;
use crate::verdict::{Outcome, Verdict, judge};
use html::escaped;
use tables::{chart_table, figures_table, files_table, number, owners_table, strategies_table};

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The charts of a run, in the order of the page.
///
/// # Errors
/// A columnar file that is missing or unreadable.
pub fn charts(run: &Run) -> Result<Vec<Chart>, ReportError> {
    let participants = ParticipantFrame::read(&run.path)?;
    let epochs = EpochFrame::read(&run.path)?;
    let convictions = ConvictionFrame::read(&run.path)?;
    let charts = vec![
        series::profit(&participants),
        series::reputation(&participants),
        series::sampling(&epochs),
        survival::time_to_detection(&participants, &convictions),
    ];
    Ok(charts.into_iter().filter(|chart| !chart.is_empty()).collect())
}

/// The whole page.
///
/// # Errors
/// A columnar file that is missing or unreadable, or a figure that cannot be drawn.
pub fn render(run: &Run) -> Result<String, ReportError> {
    let summary = &run.summary;
    let mut page = head(summary);
    page.push_str(&verdict_section(summary, &judge(summary)));
    page.push_str(&tiles(summary));
    page.push_str("<h2>Strategies</h2>\n");
    page.push_str(&strategies_table(summary));
    page.push_str(&beside::sections(&run.comparisons));
    page.push_str("<h2>Over time</h2>\n");
    for chart in charts(run)? {
        page.push_str(&figure(&chart)?);
    }
    page.push_str("<h2>Owners</h2>\n");
    page.push_str(&owners_table(summary));
    page.push_str("<h2>The network</h2>\n");
    page.push_str(&figures_table(summary));
    page.push_str(&foot(run));
    Ok(page)
}

fn head(summary: &Summary) -> String {
    let name = escaped(&summary.scenario);
    let epochs = match summary.epochs {
        Some([first, last]) => format!("epochs {first} to {last}"),
        None => "no settled epoch".to_string(),
    };
    let replicates = if summary.replicates == 1 {
        "1 replicate"
    } else {
        &format!("{} replicates", summary.replicates)
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}, seed {seed}</title>\n<style>\n{STYLE}</style></head>\n<body>\n<header>\n\
         <h1>{name} · seed {seed} · {replicates} · {epochs}</h1>\n",
        seed = summary.seed,
    )
}

fn verdict_section(summary: &Summary, verdict: &Verdict) -> String {
    let mut html = format!(
        "<p class=\"verdict\">{}</p>\n</header>\n",
        escaped(&verdict.headline)
    );
    for line in &verdict.lines {
        let (class, word) = match line.outcome {
            Outcome::Paid => ("bad", "more than"),
            Outcome::LostOut => ("good", "less than"),
            Outcome::Undecided => ("open", "not clearly more or less than"),
            Outcome::Untold if line.means.0 > line.means.1 => ("open", "more than"),
            Outcome::Untold => ("open", "less than"),
        };
        let coins = |base_units: f64| number(base_units / 1e9);
        let _ = writeln!(
            html,
            "<p><strong>{}</strong> earned <span class=\"{class}\">{word}</span> <strong>{}</strong>: {} \
             against {} GNK for each unit of weight and epoch.</p>",
            escaped(&line.strategy),
            escaped(&line.against),
            coins(line.means.0),
            coins(line.means.1),
        );
    }
    if !verdict.lines.is_empty() {
        let told = match summary.replicates {
            0 | 1 => "A single replicate has no interval: another seed may turn the order.".to_string(),
            _ => format!(
                "\u{201c}More\u{201d} and \u{201c}less\u{201d} mean that the {} % intervals over replicates do not meet.",
                number(100.0 * summary.level)
            ),
        };
        let _ = writeln!(
            html,
            "<p class=\"quiet\">Both sides lived in the same run. {told} A cheater's honest twin (that owner \
             alone made honest, with the same random numbers) is a sharper comparison and a run of its own.</p>",
        );
    }
    html
}

fn tiles(summary: &Summary) -> String {
    let share = |name: &str| {
        let figure = summary.figures.get(name);
        figure
            .and_then(|f| f.mean.as_ref()?.as_float())
            .map_or("–".to_string(), |v| format!("{} %", number(100.0 * v)))
    };
    let pooled = |p: &Proportion| match (p.share, p.interval) {
        (Some(share), Some([low, high])) => {
            let note = format!(
                "{} of {}; {} to {} %",
                p.hits,
                p.n,
                number(100.0 * low),
                number(100.0 * high)
            );
            (format!("{} %", number(100.0 * share)), note)
        }
        _ => ("–".to_string(), "there was none".to_string()),
    };
    let caught = pooled(&summary.detection.cheaters_convicted);
    let punished = pooled(&summary.detection.honest_convicted);
    let conviction = &summary.detection.conviction;
    let median =
        |value: Option<u64>| value.map_or("–".to_string(), |v| crate::money::grouped(u128::from(v)));
    let tiles = [
        ("Cheaters convicted", caught.0, caught.1),
        ("Honest hosts convicted", punished.0, punished.1),
        (
            "Answers until conviction",
            median(conviction.answers_p50),
            format!(
                "median of the {} convicted; epochs: {}",
                conviction.n,
                median(conviction.epochs_p50)
            ),
        ),
        (
            "Checked at least once",
            share("checked_share"),
            format!("the rule asked for {}", share("nominal_sampling_share")),
        ),
        (
            "Verification overhead",
            share("verification_overhead"),
            "hardware time, of that of requests".to_string(),
        ),
        (
            "Honest answers invalidated",
            share("honest_invalidated_share"),
            format!("of all answers: {}", share("invalidated_share")),
        ),
    ];
    let mut html = String::from("<dl class=\"tiles\">\n");
    for (label, value, note) in tiles {
        let _ = writeln!(
            html,
            "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>",
            escaped(label),
            escaped(&value),
            escaped(&note)
        );
    }
    html + "</dl>\n"
}

fn figure(chart: &Chart) -> Result<String, ReportError> {
    let drawing = plot::themed(&plot::draw(chart)?);
    let label = format!("<svg role=\"img\" aria-label=\"{}\"", escaped(chart.title));
    let omitted = match chart.omitted {
        0 => String::new(),
        n => format!(" {n} further curves are not drawn."),
    };
    let band = if chart
        .curves
        .iter()
        .any(|c| c.points.iter().any(|p| p.high > p.low))
    {
        " The band is the range over replicates."
    } else {
        ""
    };
    Ok(format!(
        "<figure id=\"{}\">{}<figcaption>{}.{band}{omitted}</figcaption>\
         <details><summary>Data</summary>{}</details></figure>\n",
        chart.name,
        drawing.replacen("<svg", &label, 1),
        escaped(caption(chart)),
        chart_table(chart),
    ))
}

fn caption(chart: &Chart) -> &'static str {
    match chart.name {
        "profit" => {
            "Work coins and rewards less hardware cost and slashed collateral, summed up over epochs and \
                     divided by the weight that the strategy began with"
        }
        "reputation" => {
            "The higher a host's reputation, the smaller the share of its answers that is checked"
        }
        "sampling" => {
            "The rule's mean target rate, and the share of finished inferences for which at least one \
                       validator was drawn"
        }
        "detection" => {
            "Product-limit estimate over all cheaters and replicates; a cheater still at large when the \
                        run ends counts until its last answer"
        }
        _ => chart.title,
    }
}

fn foot(run: &Run) -> String {
    let summary = &run.summary;
    let assumptions = match summary.assumptions.is_empty() {
        true => "none".to_string(),
        false => summary.assumptions.join(", "),
    };
    format!(
        "<footer>\n<h2>Where this comes from</h2>\n\
         <p>Digest <code>{}</code></p>\n<p>Scenario <code>{}</code>, hash <code>{}</code>, model version {}, \
         release {}. Assumptions leaned on: {}.</p>\n\
         <p>Again: <code>stakeout run scenario.yaml --seed {} --replicates {}</code> with the \
         <code>scenario.yaml</code> of the run directory gives the same digest.</p>\n{}</footer>\n</body></html>\n",
        escaped(&summary.digest),
        escaped(&summary.scenario),
        escaped(&summary.scenario_hash),
        run.manifest.model_version,
        escaped(&run.manifest.version),
        escaped(&assumptions),
        summary.seed,
        summary.replicates,
        files_table(run),
    )
}
