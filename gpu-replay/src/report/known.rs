//! The table of known kernels: what remains hidden when rounding is no excuse.

use super::figures::{lengths, rejected};
use super::numbers::{percent, percent_interval, table, tokens};
use super::plot::{CURVES_MAX, Curve, Figure, Style};
use crate::derive::{Evidence, KnownRow, KnownRule, Rule};
use crate::scores::Statistic;

/// What the scaled rule is, where the table holds it.
const ON_SCALE: &str = " `s1-scaled` is S1 on the scale of the pair's own honest noise (docs/detection.md): \
                        a third of the prompts that fix thresholds fix that scale instead, and there is no such rule \
                        where the kernel is not known.";

/// The section, empty where no pair has honest answers enough.
pub(super) fn section(evidence: &Evidence) -> String {
    if evidence.known.is_empty() {
        return String::new();
    }
    let longest = evidence.lengths.last().copied().unwrap_or_default();
    let mut shown = vec![8, 32, 128, longest];
    shown.retain(|length| evidence.lengths.contains(length));
    shown.dedup();
    let at = |row: &KnownRow, length: usize| {
        let point = row.curve.iter().find(|(other, _)| *other == length);
        point.map_or_else(|| "-".into(), |(_, rate)| percent(rate.value))
    };
    let answers = |count: Option<u64>| count.map_or_else(|| "> 2000".into(), |count| count.to_string());
    let is_on_scale = |row: &KnownRow| row.rule == KnownRule::OnScale;
    let rows = evidence.known.iter().map(|row| {
        let mut cells = vec![
            row.substitute.clone(),
            format!("{} / {}", row.executor.name(), row.validator.name()),
            row.rule.name().into(),
            percent_interval(&row.honest),
        ];
        cells.extend(shown.iter().map(|length| at(row, *length)));
        cells.push(tokens(row.tokens_to_90, longest));
        cells.push(answers(row.answers_to_90));
        cells.push(match row.rule {
            KnownRule::Of(_) => answers(row.answers_to_90_unknown),
            KnownRule::OnScale => "-".into(),
        });
        cells
    });
    let columns: Vec<String> = shown.iter().map(|length| format!("at {length}")).collect();
    let mut head = vec!["substitute", "executor / validator", "rule", "honest rejected"];
    head.extend(columns.iter().map(String::as_str));
    head.extend(["tokens to 90 %", "answers to 90 %", "answers, kernel unknown"]);
    format!(
        "## Where the kernel is known\n\nA substitute on a kernel pair against honest answers of that pair, at a \
         nominal 1 %; then how many answers of {longest} tokens, each judged at 10 %, a series takes to reject nine \
         substitutes in ten and one honest executor in a hundred: with the kernel known, and with an honest kernel \
         granted that fails most.{}\n\n{}{}",
        if evidence.known.iter().any(is_on_scale) {
            ON_SCALE
        } else {
            ""
        },
        table(&head, rows),
        if figure(evidence).is_some() {
            "\n![Where the kernel is known](known.svg)\n"
        } else {
            ""
        }
    )
}

/// The substitutes that are hardest to see, on each kernel pair: the mean beside the score on the pair's scale. Absent
/// where no pair has honest answers enough for a scale.
pub(super) fn figure(evidence: &Evidence) -> Option<Figure> {
    let rules = [KnownRule::Of(Rule::Of(Statistic::S1Mean)), KnownRule::OnScale];
    let area = |row: &&KnownRow| row.curve.iter().map(|(_, rate)| rate.value).sum::<f64>();
    let mut scaled: Vec<&KnownRow> = evidence.known.iter().filter(|row| row.rule == rules[1]).collect();
    scaled.sort_by(|a, b| area(a).total_cmp(&area(b)));
    let mut shown: Vec<&str> = Vec::new();
    let mut curves = Vec::new();
    for faint in scaled {
        let of_it = |row: &&KnownRow| row.substitute == faint.substitute && rules.contains(&row.rule);
        let rows: Vec<&KnownRow> = evidence.known.iter().filter(of_it).collect();
        if shown.contains(&faint.substitute.as_str()) || curves.len() + rows.len() > CURVES_MAX {
            continue;
        }
        shown.push(&faint.substitute);
        let point =
            |(length, rate): &(usize, crate::derive::Estimate)| (libm::log2(*length as f64), rate.value);
        curves.extend(rows.into_iter().map(|row| Curve {
            // A legend has room for some 25 letters.
            name: format!(
                "{}, {}, {}",
                row.substitute,
                row.executor.name().trim_start_matches("bf16-"),
                if row.rule == KnownRule::OnScale {
                    "scaled"
                } else {
                    "mean"
                }
            ),
            points: row.curve.iter().map(point).collect(),
            style: Style::Dotted,
        }));
    }
    (!curves.is_empty()).then(|| Figure {
        name: "known",
        title: format!(
            "{}: the same where the executor's kernel is known",
            evidence.model
        ),
        x: lengths(evidence),
        y: rejected("rejected, at 1 % of honest answers of the pair"),
        curves,
        left: 74,
    })
}
