//! What the run is set beside: honest twins of those who cheat, and what the real network recorded.

use std::fmt::Write;

use super::html::{Cell, escaped, table};
use super::tables::{count, interval, mean, number, shown, text};
use crate::run::{Comparisons, Recorded, RecordedFigure, ShorterHistory, TwinLine};

/// The sections of the page, none for a run that was set beside nothing.
pub fn sections(comparisons: &Comparisons, replicates: u32) -> String {
    let mut html = String::new();
    if !comparisons.honest_twins.is_empty() {
        html.push_str(&twins(&comparisons.honest_twins, replicates));
    }
    if let Some(recorded) = &comparisons.recorded {
        html.push_str(&record(recorded));
    }
    for history in &comparisons.shorter_histories {
        html.push_str(&counterfactual(history));
    }
    html
}

/// Whether a shorter stored history explains what lies outside, one sentence a host.
fn counterfactual(history: &ShorterHistory) -> String {
    let told = |epochs: u32, figure: &RecordedFigure| {
        let value = |number: &crate::run::Number| shown(number, "");
        let interval = figure.interval.as_ref().map_or(String::new(), |[low, high]| {
            format!(" ({} to {})", value(low), value(high))
        });
        let z = figure.z.map_or(String::new(), |z| {
            format!(", {} standard errors off", number(z.abs()))
        });
        let simulated = figure.simulated_mean.as_ref().map_or("–".to_string(), value);
        format!("with {epochs} completed epochs the simulation gives {simulated}{interval}{z}")
    };
    format!(
        "<p>{}, {}: recorded {}; {}, and {}. A shorter stored history would explain the difference where the second lies \
         nearer.</p>\n",
        escaped(&history.host),
        escaped(&history.with_recorded.figure),
        shown(&history.with_recorded.recorded, ""),
        told(history.recorded_epochs, &history.with_recorded),
        told(history.fitting_epochs, &history.with_fitting),
    )
}

/// The first sentence of a run in which nobody cheated, but which has a record to answer to.
pub fn record_headline(recorded: &Recorded) -> String {
    let figures = || recorded.hosts.iter().flat_map(|host| &host.figures);
    let outside = figures().filter(|figure| figure.is_outside()).count();
    let exact = recorded
        .heights
        .iter()
        .filter(|line| line.simulated == Some(line.recorded));
    format!(
        "Beside the network's record of epoch {}: {} of {} stages fall on the recorded block, and {outside} of {} figures lie \
         outside what the simulation gives in {} % of runs.",
        recorded.epoch,
        exact.count(),
        recorded.heights.len(),
        figures().count(),
        number(100.0 * recorded.level),
    )
}

fn twins(twins: &[TwinLine], replicates: u32) -> String {
    let header = [
        ("owner", true),
        ("strategies", true),
        ("identities", false),
        ("profit", false),
        ("honest twin", false),
        ("gain", false),
        ("interval of the gain", false),
        ("n", false),
    ];
    let row = |twin: &TwinLine| {
        vec![
            text(&twin.owner),
            text(&twin.strategies.join(", ")),
            count(twin.identities),
            mean(&twin.profit),
            mean(&twin.honest_profit),
            mean(&twin.gain),
            interval(&twin.gain),
            count(twin.gain.n),
        ]
    };
    let paired = twins.iter().map(|twin| twin.gain.n).max().unwrap_or(0);
    let which = if paired < replicates {
        format!(" Only the first {paired} of {replicates} replicates have twins.")
    } else {
        String::new()
    };
    format!(
        "<h2>Honest twins</h2>\n<p class=\"quiet\">The same run with that owner alone made honest, under the same \
         random numbers; the gain is what not following the rules was worth.{which}</p>\n{}",
        table(&header, &twins.iter().map(row).collect::<Vec<_>>())
    )
}

fn record(recorded: &Recorded) -> String {
    let figures = || recorded.hosts.iter().flat_map(|host| &host.figures);
    let outside = figures().filter(|figure| figure.is_outside()).count();
    let left_out = figures().filter(|figure| !figure.is_telling()).count();
    let mut html = String::from("<h2>Recorded beside simulated</h2>\n");
    let _ = writeln!(
        html,
        "<p class=\"quiet\">Epoch {} as the network recorded it ({}), beside {} replicates: of {} figures, {outside} \
         lie outside the interval that holds one further replicate at {} %. Counts that every replicate gives \
         exactly are left out ({left_out}).</p>",
        recorded.epoch,
        escaped(&recorded.source),
        recorded.replicates,
        figures().count(),
        number(100.0 * recorded.level),
    );
    html.push_str("<h3>Stages</h3>\n");
    html.push_str(&heights(recorded));
    html.push_str("<h3>Hosts</h3>\n");
    html.push_str(&hosts(recorded));
    html
}

fn heights(recorded: &Recorded) -> String {
    let header = [
        ("stage", true),
        ("simulated height", false),
        ("recorded height", false),
    ];
    let row = |line: &crate::run::HeightLine| {
        let simulated = line
            .simulated
            .map_or("–".to_string(), |height| height.to_string());
        vec![text(&line.stage), Cell::Number(simulated), count(line.recorded)]
    };
    table(&header, &recorded.heights.iter().map(row).collect::<Vec<_>>())
}

fn hosts(recorded: &Recorded) -> String {
    let header = [
        ("host", true),
        ("figure", true),
        ("simulated", false),
        ("interval", false),
        ("recorded", false),
        ("z", false),
        ("exact in", false),
        ("", true),
    ];
    let row = |id: &str, figure: &RecordedFigure| {
        let value = |number| shown(number, "");
        let mean = figure.simulated_mean.as_ref().map_or("–".to_string(), value);
        let interval = figure.interval.as_ref().map_or("–".to_string(), |[low, high]| {
            format!("{} to {}", value(low), value(high))
        });
        let z = figure.z.map_or("–".to_string(), number);
        vec![
            text(id),
            text(&figure.figure.replace('_', " ")),
            Cell::Number(mean),
            Cell::Number(interval),
            Cell::Number(value(&figure.recorded)),
            Cell::Number(z),
            count(figure.exact_replicates),
            text(if figure.is_outside() { "outside" } else { "" }),
        ]
    };
    let mut rows = Vec::new();
    for host in &recorded.hosts {
        let telling = host.figures.iter().filter(|figure| figure.is_telling());
        rows.extend(telling.map(|figure| row(&host.id, figure)));
    }
    table(&header, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_a_record_counts_stages_and_figures() {
        let figure = |recorded: f64| {
            serde_json::json!({
                "figure": "validated", "recorded": recorded, "simulated_mean": 500.0, "interval": [400.0, 600.0],
                "z": 0.0, "is_exact": false, "exact_replicates": 0
            })
        };
        let recorded: Recorded = serde_json::from_value(serde_json::json!({
            "source": "a chain", "epoch": 56, "replicates": 4, "level": 0.999,
            "heights": [
                {"stage": "a", "simulated": 7, "recorded": 7}, {"stage": "b", "simulated": null, "recorded": 9}
            ],
            "hosts": [{"id": "h01", "figures": [figure(500.0), figure(753.0)]}],
            "requests_by_weight": []
        }))
        .unwrap();
        assert_eq!(
            record_headline(&recorded),
            "Beside the network's record of epoch 56: 1 of 2 stages fall on the recorded block, and 1 of 2 figures lie \
             outside what the simulation gives in 99.9 % of runs."
        );
    }
}
