//! The page of a run: what it says about cheating, then figures, tables and how to make it again.

use std::fmt::Write;

use super::html::escaped;
use super::tables::{figures_table, files_table, number, owners_table, strategies_table};
use super::{Page, Shown, beside, figures};
use crate::error::ReportError;
use crate::frames::Frames;
use crate::money;
use crate::pictures;
use crate::run::{Proportion, Run, StrategyLine, Summary};
use crate::twin_verdict;
use crate::verdict::{Outcome, Verdict, judge};

/// The whole page.
///
/// # Errors
/// A columnar file that is missing or unreadable, or a figure that cannot be drawn.
pub fn render(run: &Run, shown: Shown) -> Result<String, ReportError> {
    let summary = &run.summary;
    let frames = Frames::read(&run.path)?;
    let verdict = judge(summary, &frames.participants);
    let mut body = verdict_section(summary, &verdict);
    body.push_str(&tiles(summary));
    body.push_str("<h2>Strategies</h2>\n");
    body.push_str(&strategies_table(summary));
    body.push_str(&beside::sections(&run.comparisons, summary.replicates));
    body.push_str("<h2>Pictures</h2>\n");
    body.push_str(&figures(&pictures::run::of(&frames), shown)?);
    body.push_str("<h2>Owners</h2>\n");
    body.push_str(&owners_table(summary));
    body.push_str("<h2>The network</h2>\n");
    body.push_str(&figures_table(summary));
    let page = Page {
        title: format!("{}, seed {}", summary.scenario, summary.seed),
        heading: heading(summary),
        verdict: headline(run, &verdict),
        body,
        source: source(run),
    };
    Ok(page.render(shown))
}

fn heading(summary: &Summary) -> String {
    let epochs = match summary.epochs {
        Some([first, last]) => format!("epochs {first} to {last}"),
        None => "no settled epoch".to_string(),
    };
    let replicates = match summary.replicates {
        1 => "1 replicate".to_string(),
        several => format!("{several} replicates"),
    };
    format!(
        "{} · seed {} · {replicates} · {epochs}",
        summary.scenario, summary.seed
    )
}

/// What honest twins say, what a record says where nobody cheated, or what strategies earned beside each other.
fn headline(run: &Run, verdict: &Verdict) -> String {
    let comparisons = &run.comparisons;
    let is_without_cheaters = !run.summary.strategies.iter().any(StrategyLine::has_cheated);
    twin_verdict::headline(&run.summary, &comparisons.honest_twins)
        .or_else(|| {
            let recorded = comparisons.recorded.as_ref().filter(|_| is_without_cheaters);
            recorded.map(beside::record_headline)
        })
        .unwrap_or_else(|| verdict.headline.clone())
}

fn verdict_section(summary: &Summary, verdict: &Verdict) -> String {
    let mut html = String::new();
    for line in &verdict.lines {
        let (class, word) = match line.outcome {
            Outcome::Paid => ("bad", "more than"),
            Outcome::LostOut => ("good", "less than"),
            Outcome::Undecided => ("open", "not clearly more or less than"),
            Outcome::Untold if line.means.0 > line.means.1 => ("open", "more than"),
            Outcome::Untold => ("open", "less than"),
        };
        let coins = |base_units: f64| number(base_units / 1e9);
        let interval = line.difference.map_or(String::new(), |(mean, low, high)| {
            format!(
                ", a difference of {} ({} to {})",
                coins(mean),
                coins(low),
                coins(high)
            )
        });
        let _ = writeln!(
            html,
            "<p><strong>{}</strong> earned <span class=\"{class}\">{word}</span> <strong>{}</strong>: {} \
             against {} GNK for each unit of weight and epoch{interval}.</p>",
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
                "Both sides lived in the same run and are compared replicate by replicate; intervals of the \
                 difference hold at {} %, and \u{201c}more\u{201d} or \u{201c}less\u{201d} is said where zero lies outside.",
                number(100.0 * summary.level)
            ),
        };
        let _ = writeln!(
            html,
            "<p class=\"quiet\">{told} A cheater's honest twin (that owner alone made honest, with the same random \
             numbers) is a sharper comparison; where the run was set beside one, it stands below.</p>",
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
    let median = |value: Option<u64>| value.map_or("–".to_string(), |v| money::grouped(u128::from(v)));
    let tiles = [
        ("Cheaters convicted", caught.0, caught.1),
        ("Honest hosts convicted", punished.0, punished.1),
        (
            "Answers until a cheater is convicted",
            median(conviction.answers_p50),
            format!(
                "median of the {} cheaters convicted; epochs: {}",
                conviction.n,
                median(conviction.epochs_p50)
            ),
        ),
        (
            "Checked at least once",
            share("checked_share"),
            format!(
                "the rate asked for: {}; several draws may fall on one answer",
                share("nominal_sampling_share")
            ),
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

fn source(run: &Run) -> String {
    let summary = &run.summary;
    let assumptions = match summary.assumptions.is_empty() {
        true => "none".to_string(),
        false => summary.assumptions.join(", "),
    };
    format!(
        "<p>Digest <code>{}</code></p>\n<p>Scenario <code>{}</code>, hash <code>{}</code>, model version {}, \
         release {}. Assumptions leaned on: {}.</p>\n\
         <p>Again: <code>stakeout run scenario.yaml --seed {} --replicates {}</code> with the \
         <code>scenario.yaml</code> of the run directory gives the same digest.</p>\n{}",
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
