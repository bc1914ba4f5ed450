//! A calibration file in words and tables: what `stakeout calibrate show NAME` prints.
//!
//! **Invariant.** Works on any file that the simulator reads, measured or derived; every probability is counted
//! from the compiled law that the simulator draws from.

use stakeout_calibration::{Calibration, Kind, ScoreTable};

use super::numbers::{number, percent, table};

/// Operating points that are listed.
const POINTS_MAX: usize = 40;

/// Explains a calibration, as Markdown.
pub fn show(calibration: &Calibration) -> String {
    let sections = [
        head(calibration),
        provenance(calibration),
        strata(calibration),
        thresholds(calibration),
        points(calibration),
        clusters(calibration),
        fit(calibration),
    ];
    let sections: Vec<String> = sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect();
    sections.join("\n")
}

fn head(calibration: &Calibration) -> String {
    let kind = match calibration.kind() {
        Kind::Measured => "measured on real forward passes",
        Kind::Derived => "derived: fitted to figures that others published",
    };
    format!(
        "# {}\n\nHow similar a validator finds an answer of {} to its own replay; {kind}. The similarity is\n{}.\n\nAn \
         answer passes a validation when its similarity is strictly above the model's threshold.\n",
        calibration.name(),
        calibration.model(),
        calibration.statistic(),
    )
}

fn provenance(calibration: &Calibration) -> String {
    let p = calibration.provenance();
    let mut out = format!(
        "## Where it comes from\n\n- number format: {}\n- device: {}\n",
        p.dtype, p.device
    );
    if let Some(hash) = &p.model_hash {
        out += &format!("- weights: {hash}\n");
    }
    for (name, version) in &p.versions {
        out += &format!("- {name} {version}\n");
    }
    for (what, count) in &p.samples {
        out += &format!("- {what}: {count}\n");
    }
    for source in &p.sources {
        out += &format!("- source: {source}\n");
    }
    out
}

fn strata(calibration: &Calibration) -> String {
    let kernels = calibration
        .kernels()
        .iter()
        .map(|kernel| vec![kernel.name.clone(), kernel.note.clone()]);
    let prompts = calibration
        .prompts()
        .iter()
        .map(|class| vec![class.name.clone(), percent(class.share)]);
    let substitutes = calibration.substitutes().iter().map(|substitute| {
        vec![
            substitute.name.clone(),
            number(substitute.decode_cost),
            number(substitute.prefill_cost),
            number(substitute.memory),
            substitute.note.clone(),
        ]
    });
    format!(
        "## Kernels, prompts, substitutes\n\nCosts are relative to the promised model; all validators of an answer share \
         its prompt's class.\n\n{}\n{}\n{}",
        table(&["kernel", "what it is"], kernels),
        table(&["prompt class", "share"], prompts),
        table(
            &["substitute", "decode", "prefill", "memory", "what it is"],
            substitutes
        ),
    )
}

/// Failures by substitute at each named threshold: the least and the most over kernel pairs.
fn thresholds(calibration: &Calibration) -> String {
    if calibration.thresholds().is_empty() {
        return String::new();
    }
    let compiled = calibration.compile();
    let mut head = vec!["substitute".to_string()];
    head.extend(
        calibration
            .thresholds()
            .iter()
            .map(|threshold| threshold.name.clone()),
    );
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = calibration
        .substitutes()
        .iter()
        .enumerate()
        .map(|(substitute, row)| {
            let mut cells = vec![row.name.clone()];
            cells.extend(calibration.thresholds().iter().map(|threshold| {
                let (least, most) = range(&compiled, calibration, substitute as u8, threshold.similarity_ppb);
                if most - least < 5e-4 {
                    percent(most)
                } else {
                    format!("{} to {}", percent(least), percent(most))
                }
            }));
            cells
        });
    let failures = table(&head, rows);
    let named = calibration.thresholds().iter().map(|threshold| {
        let similarity = f64::from(threshold.similarity_ppb) / 1e9;
        let correlation = compiled.failure_correlation(0, 0, 0, threshold.similarity_ppb);
        vec![
            threshold.name.clone(),
            format!("{similarity}"),
            correlation.map_or_else(|| "-".into(), number),
            threshold.source.clone(),
        ]
    });
    let head = [
        "threshold",
        "similarity",
        "correlation of two validators' false alarms",
        "source",
    ];
    format!(
        "## Answers that fail one validation\n\nOver all pairs of kernels.\n\n{failures}\n{}",
        table(&head, named)
    )
}

fn range(table: &ScoreTable, calibration: &Calibration, substitute: u8, threshold: u32) -> (f64, f64) {
    let kernels = 0..calibration.kernels().len() as u8;
    let pairs = kernels
        .clone()
        .flat_map(|executor| kernels.clone().map(move |validator| (executor, validator)));
    pairs
        .map(|(executor, validator)| 1.0 - table.pass_probability(substitute, executor, validator, threshold))
        .fold((1.0f64, 0.0f64), |(least, most), fail| {
            (least.min(fail), most.max(fail))
        })
}

fn points(calibration: &Calibration) -> String {
    let points = calibration.operating_points();
    if points.is_empty() {
        return String::new();
    }
    let rate = |rate: &stakeout_calibration::Rate| {
        format!(
            "{} ({} to {}, n {})",
            percent(rate.estimate),
            percent(rate.low),
            percent(rate.high),
            rate.n
        )
    };
    let rows = points.iter().take(POINTS_MAX).map(|point| {
        vec![
            calibration.substitutes()[point.substitute as usize].name.clone(),
            point
                .length
                .map_or_else(|| "-".into(), |length| length.to_string()),
            format!("{}", f64::from(point.threshold_ppb) / 1e9),
            rate(&point.false_positive),
            rate(&point.true_positive),
            point.label.clone(),
        ]
    });
    let head = [
        "substitute",
        "tokens",
        "threshold",
        "honest answers failing",
        "its answers failing",
        "what it was taken on",
    ];
    let mut out = format!("## Operating points\n\n{}", table(&head, rows));
    if points.len() > POINTS_MAX {
        out += &format!("\n{} more are in the file.\n", points.len() - POINTS_MAX);
    }
    out
}

fn clusters(calibration: &Calibration) -> String {
    let rows = calibration.overdispersion().iter().map(|row| {
        vec![
            row.unit.clone(),
            number(row.correlation),
            row.n.to_string(),
            row.source.clone(),
        ]
    });
    if rows.len() == 0 {
        return String::new();
    }
    let head = ["failures in common", "correlation", "answers", "source"];
    format!("## How failures cluster\n\n{}", table(&head, rows))
}

fn fit(calibration: &Calibration) -> String {
    let rows = calibration.fit().iter().map(|row| {
        vec![
            row.parameter.clone(),
            row.target.clone(),
            number(row.published),
            number(row.fitted),
            number(row.residual()),
        ]
    });
    if rows.len() == 0 {
        return String::new();
    }
    format!(
        "## What it was fitted to\n\n{}",
        table(&["parameter", "target", "published", "fitted", "residual"], rows)
    )
}
