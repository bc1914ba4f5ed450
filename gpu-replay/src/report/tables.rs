//! The report as a page: what was measured, in the order in which a reader asks.
//!
//! **Invariant.** Every rate has its number of answers or its interval; the worst stratum stands beside the pool.

use super::numbers::{interval, number, percent, percent_interval, table, tokens};
use crate::AttackLevel;
use crate::derive::{DeployedRow, Evidence, MatrixRow, PowerRow, Rule};
use crate::scores::Statistic;

/// The page.
pub(super) fn page(evidence: &Evidence) -> String {
    let sections = [
        head(evidence),
        false_alarms(evidence),
        strata(evidence),
        ladder(evidence),
        power(evidence),
        super::known::section(evidence),
        laundering(evidence),
        matrix(evidence),
        deployed(evidence),
        dependence(evidence),
        minimax(evidence),
    ];
    let sections: Vec<String> = sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect();
    sections.join("\n")
}

fn head(evidence: &Evidence) -> String {
    let samples = &evidence.samples;
    format!(
        "# Calibration of {}\n\n{} honest answers to {} prompts over {} pairs of kernels, {} substituted answers. \
         Thresholds are fixed on one half of the prompts and judged on the other ({} prompts). Lengths up to {} \
         model tokens; the reference length is {}. Intervals are 95 % and count prompts, not answers. What the \
         statistics are: docs/detection.md.\n\n![Power by length](power.svg)\n",
        evidence.model,
        samples.honest_answers,
        samples.prompts,
        samples.strata,
        samples.substituted_answers,
        samples.prompts_held_out,
        evidence.lengths.last().copied().unwrap_or_default(),
        evidence.reference_length,
    )
}

fn false_alarms(evidence: &Evidence) -> String {
    let rows = evidence
        .honest
        .iter()
        .filter(|row| row.length == evidence.reference_length)
        .map(|row| {
            vec![
                row.rule.name().into(),
                percent(row.alpha),
                percent_interval(&row.pooled),
                row.pooled.n.to_string(),
                percent_interval(&row.worst),
                format!("{} / {}", row.worst_stratum.0.name(), row.worst_stratum.1.name()),
                row.correlation.map_or_else(|| "-".into(), number),
            ]
        });
    let head = [
        "rule",
        "nominal",
        "held-out honest answers rejected",
        "n",
        "worst stratum",
        "executor / validator",
        "correlation within a prompt",
    ];
    format!("## False alarms\n\n{}", table(&head, rows))
}

fn strata(evidence: &Evidence) -> String {
    let rows = evidence.strata.iter().map(|row| {
        vec![
            row.executor.name().into(),
            row.validator.name().into(),
            number(row.mae_median),
            number(row.kl_mean),
            percent_interval(&row.combined),
            percent(row.s1.value),
            percent(row.s2.value),
            row.combined.n.to_string(),
        ]
    });
    let head = [
        "executor",
        "validator",
        "median error, nats",
        "mean divergence, nats",
        "combined at 1 %",
        "S1",
        "S2",
        "n",
    ];
    format!("## Honest kernels\n\n{}", table(&head, rows))
}

fn ladder(evidence: &Evidence) -> String {
    let rows = evidence.ladder.iter().map(|row| {
        let published = row.published;
        let or_dash = |value: Option<f64>| value.map_or_else(|| "-".into(), number);
        vec![
            if row.substitute == "none" {
                "honest, unlike kernels".into()
            } else {
                row.substitute.clone()
            },
            interval(&row.mae_median),
            number(row.mae_p95),
            number(row.ratio),
            number(row.kl_mean),
            published.map_or_else(|| "-".into(), |rung| rung.name.into()),
            or_dash(published.and_then(|rung| rung.mae_median)),
            or_dash(published.and_then(|rung| rung.ratio)),
            or_dash(published.and_then(|rung| rung.kl)),
        ]
    });
    let head = [
        "substitute",
        "median error, nats",
        "95th percentile",
        "ratio to honest",
        "mean divergence, nats",
        "published rung",
        "its error",
        "its ratio",
        "its divergence",
    ];
    format!(
        "## The ladder\n\nPublished: gonka-ai/gonka issue 1199 (errors), llama.cpp's tables for LLaMA-3-8B \
         (divergences). Other models, so ratios carry over and sizes do not.\n\n{}\n![The ladder](ladder.svg)\n",
        table(&head, rows)
    )
}

fn power(evidence: &Evidence) -> String {
    let longest = evidence.lengths.last().copied().unwrap_or_default();
    let mut lengths = vec![32, 64, 128, 192, 512, evidence.reference_length];
    lengths.retain(|length| evidence.lengths.contains(length));
    lengths.sort_unstable();
    lengths.dedup();
    let at = |row: &PowerRow, length: usize| {
        let point = row.curve.iter().find(|at| at.length == length);
        point.map_or_else(|| "-".into(), |at| percent(at.power.value))
    };
    let of = |rule: Rule, row: &PowerRow| {
        let is_it = |other: &&PowerRow| {
            other.rule == rule && other.substitute == row.substitute && other.attack == row.attack
        };
        evidence.power.iter().find(is_it)
    };
    let combined = evidence.power.iter().filter(|row| row.rule == Rule::Combined);
    let rows = combined.map(|row| {
        let mut cells = vec![disguise(&row.substitute, row.attack)];
        cells.extend(lengths.iter().map(|length| at(row, *length)));
        cells.push(tokens(row.tokens_to_90, longest));
        // Where honest answers of that pair are too few for the rate there is nothing to compare with.
        let is_known = row.curve.iter().any(|at| at.known.is_some());
        cells.push(if is_known {
            tokens(row.tokens_to_90_known, longest)
        } else {
            "-".into()
        });
        for statistic in [
            Statistic::S1Mean,
            Statistic::S2Margin,
            Statistic::S3,
            Statistic::Deployed,
        ] {
            let other = of(Rule::Of(statistic), row);
            cells.push(other.map_or_else(|| "-".into(), |other| tokens(other.tokens_to_90, longest)));
        }
        cells
    });
    let columns: Vec<String> = lengths.iter().map(|length| format!("at {length}")).collect();
    let mut head = vec!["disguise"];
    head.extend(columns.iter().map(String::as_str));
    head.extend([
        "tokens to 90 %",
        "kernel known",
        "S1 alone",
        "S2 alone",
        "S3 alone",
        "deployed alone",
    ]);
    format!(
        "## Power at 1 % false alarms\n\nCombined rule, held-out prompts; then the tokens that each rule takes to \
         reject nine answers in ten. \"Kernel known\" compares with honest answers of the same kernels alone.\n\n{}\n\
         ![ROC](roc.svg)\n\n![DET](det.svg)\n",
        table(&head, rows)
    )
}

fn laundering(evidence: &Evidence) -> String {
    let is_laundered = |row: &&PowerRow| {
        row.attack == AttackLevel::Laundered
            && matches!(
                row.rule,
                Rule::Of(Statistic::S1Mean | Statistic::S2Margin | Statistic::Deployed)
            )
    };
    let mut rows = evidence.power.iter().filter(is_laundered).peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    let rows = rows.filter_map(|row| {
        let last = row.curve.iter().rev().find(|at| at.length <= 192)?;
        Some(vec![
            row.substitute.clone(),
            row.rule.name().into(),
            last.length.to_string(),
            percent_interval(&last.power),
            last.power.n.to_string(),
        ])
    });
    format!(
        "## Laundering\n\nThe substitute answers, one honest pass makes the artifact. S1 and the network's distance \
         are left with their false alarms; the choices give it away.\n\n{}",
        table(&["substitute", "rule", "tokens", "rejected at 1 %", "n"], rows)
    )
}

fn matrix(evidence: &Evidence) -> String {
    let Some(first) = evidence.matrix.first() else {
        return String::new();
    };
    let mut head = vec!["disguise", "tokens"];
    head.extend(first.areas.iter().map(|(rule, _)| rule.name()));
    head.push("combined, up to 1 %");
    let rows = evidence.matrix.iter().map(|row: &MatrixRow| {
        let mut cells = vec![disguise(&row.substitute, row.attack), row.length.to_string()];
        cells.extend(row.areas.iter().map(|(_, area)| format!("{:.3}", area.value)));
        cells.push(format!("{:.3}", row.partial_area));
        cells
    });
    format!(
        "## Which statistic sees which fault\n\nArea under the curve: one half is blindness, one is sight; below one \
         half the fault looks more honest than honesty.\n\n{}\n![S1](histogram-s1.svg)\n\n![S2](histogram-s2.svg)\n",
        table(&head, rows)
    )
}

fn deployed(evidence: &Evidence) -> String {
    let wanted = [evidence.lengths.first().copied(), Some(evidence.reference_length)];
    let is_wanted = |row: &&DeployedRow| wanted.contains(&Some(row.length));
    let rows = evidence.deployed.iter().filter(is_wanted).map(|row| {
        let mut order: Vec<&(String, AttackLevel, _)> = row.true_positive.iter().collect();
        order.retain(|(_, attack, _)| *attack == AttackLevel::Naive);
        order.sort_by(|a, b| a.2.value.total_cmp(&b.2.value));
        let shown = |at: Option<&&(String, AttackLevel, crate::derive::Estimate)>| {
            at.map_or_else(
                || "-".into(),
                |(name, _, rate)| format!("{name}: {}", percent(rate.value)),
            )
        };
        let caught = order.iter().filter(|(_, _, rate)| rate.value >= 0.9).count();
        vec![
            row.threshold_name.into(),
            number(row.threshold),
            row.length.to_string(),
            percent_interval(&row.false_positive),
            shown(order.first()),
            shown(order.get(order.len() / 2)),
            shown(order.last()),
            format!("{caught} of {}", order.len()),
        ]
    });
    let head = [
        "threshold of",
        "distance",
        "tokens",
        "honest answers rejected",
        "least seen",
        "middle",
        "most seen",
        "naive substitutes rejected nine times in ten",
    ];
    format!(
        "## The network's own distance and thresholds\n\nThe rule as deployed, at thresholds made for other models. A \
         short answer is divided by a hundred positions, so that it passes whatever it holds.\n\n{}",
        table(&head, rows)
    )
}

fn dependence(evidence: &Evidence) -> String {
    let d = &evidence.dependence;
    format!(
        "## Honest scores\n\nCorrelation of neighbouring positions: S1 {}, S2 {}, S3 {}; 128 positions of S1 are worth \
         {} independent ones. S3 over {} whole answers: mean {}, variance {} (0 and 1 if the tokens are drawn from \
         the promised law). Mean entropy {} nats, varentropy {}.\n\nA threshold for S3 taken from the normal law, \
         not from honest answers (1 % on two sides, 2.576):\n\n{}",
        number(d.s1_lag_one),
        number(d.s2_lag_one),
        number(d.s3_lag_one),
        number(d.s1_effective_of_128),
        d.z_count,
        number(d.z_mean),
        number(d.z_variance),
        number(d.entropy),
        number(d.varentropy),
        table(
            &["tokens", "honest answers rejected", "n"],
            d.z_null_rejected.iter().map(|(length, rate)| {
                vec![length.to_string(), percent_interval(rate), rate.n.to_string()]
            })
        ),
    )
}

fn minimax(evidence: &Evidence) -> String {
    let Some(robust) = &evidence.minimax else {
        return String::new();
    };
    format!(
        "## The robust split\n\nOf a rate of {}, S1 gets {}, S2 {} and S3 {}: the split whose worst disguise ({}) is seen \
         most, {} of the time at {} tokens. Alone against their worst disguise: S1 {}, S2 {}, S3 {}.\n",
        percent(robust.alpha),
        percent(robust.shares[0]),
        percent(robust.shares[1]),
        percent(robust.shares[2]),
        disguise(&robust.worst.0, robust.worst.1),
        percent(robust.worst_power),
        robust.length,
        percent(robust.alone[0]),
        percent(robust.alone[1]),
        percent(robust.alone[2]),
    )
}

fn disguise(substitute: &str, attack: AttackLevel) -> String {
    match attack {
        AttackLevel::Naive => substitute.to_string(),
        other => format!("{substitute}-{}", other.name()),
    }
}
