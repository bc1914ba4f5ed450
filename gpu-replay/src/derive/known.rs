//! What a validator finds that knows the executor's kernel, and what one that does not.
//!
//! **Invariant.** "Known" compares a substitute on a kernel pair with honest answers of that pair, on prompts that fixed
//! neither threshold nor scale; "unknown" grants an executor the honest kernel that fails most, since nothing stops it
//! from claiming that one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::answer::ScoredAnswer;
use super::estimate::Estimate;
use super::honest::{in_pair, pairs};
use super::rule::Rule;
use super::ruler::{Ruler, Rulers};
use super::scaled::PairScale;
use super::sheet::{ScoreSheet, SheetRow, is_calibration_prompt, is_scale_prompt};
use crate::scores::Statistic;
use crate::statistics::{answers_to_tell, tokens_to_reach};
use crate::{AttackLevel, ReplayKey, Stratum};

/// The rules that are compared.
const RULES: [KnownRule; 4] = [
    KnownRule::Of(Rule::Of(Statistic::S1Mean)),
    KnownRule::OnScale,
    KnownRule::Of(Rule::Of(Statistic::S2Margin)),
    KnownRule::Of(Rule::Combined),
];
/// Rate that a single answer of a series is judged at: a series learns most from a test that fails often.
const SERIES_RATE: f64 = 0.1;
/// Power that a series is to reach.
const SERIES_POWER: f64 = 0.9;

/// A rule for validators that know the executor's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownRule {
    /// A rule that others have, too, with a threshold of its own.
    Of(Rule),
    /// S1 on the scale of the pair's own honest noise.
    OnScale,
}

impl KnownRule {
    /// The name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            KnownRule::Of(rule) => rule.name(),
            KnownRule::OnScale => "s1-scaled",
        }
    }
}

impl Serialize for KnownRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One naive substitute on one kernel pair under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct KnownRow {
    /// The substitute.
    pub substitute: String,
    /// The kernel that it decodes on.
    pub executor: Stratum,
    /// The validator's kernel.
    pub validator: Stratum,
    /// The rule.
    pub rule: KnownRule,
    /// Held-out honest answers of the pair rejected, at the longest length.
    pub honest: Estimate,
    /// Share of substituted answers rejected, by length.
    pub curve: Vec<(usize, Estimate)>,
    /// Tokens at which it reaches .90.
    pub tokens_to_90: Option<f64>,
    /// Answers of the longest length, each judged at 10 %, until nine series in ten are rejected and one honest
    /// series in a hundred.
    pub answers_to_90: Option<u64>,
    /// The same where the kernel is not known; absent for a rule that is none without it.
    pub answers_to_90_unknown: Option<u64>,
}

/// A prompt's number, and its answer's score at each length that it reaches.
type Scored = (u32, Vec<f64>);

/// One substitute on one kernel pair, as one rule scores it.
struct Case {
    /// Honest answers that fix the threshold.
    fixing: Vec<Scored>,
    /// Honest answers that are judged.
    honest: Vec<Scored>,
    /// Substituted answers that are judged.
    cheating: Vec<Scored>,
}

type Pair = (Stratum, Stratum);

fn is_of(key: &ReplayKey, pair: Pair) -> bool {
    (key.executor, key.validator) == pair
}

fn is_judged(answer: &ScoredAnswer) -> bool {
    !is_calibration_prompt(answer.key.prompt)
}

impl Case {
    fn of_rule(sheet: &ScoreSheet, rule: Rule, pair: Pair, substitute: &str) -> Case {
        let scored = |row: &SheetRow| -> Scored {
            let along = (0..sheet.lengths.len()).map_while(|index| row.score(rule, index));
            (row.key.prompt, along.collect())
        };
        let of_pair = |row: &&SheetRow| is_of(&row.key, pair);
        Case {
            fixing: sheet.honest(true).filter(of_pair).map(scored).collect(),
            honest: in_pair(sheet, pair).map(scored).collect(),
            cheating: sheet
                .substituted(substitute, AttackLevel::Naive)
                .filter(|row| !row.is_calibration())
                .filter(of_pair)
                .map(scored)
                .collect(),
        }
    }

    fn on_scale(
        (answers, lengths): (&[&ScoredAnswer], &[usize]),
        scale: &PairScale,
        pair: Pair,
        substitute: &str,
    ) -> Case {
        let scored = |chosen: &dyn Fn(&ScoredAnswer) -> bool| -> Vec<Scored> {
            let of_pair = answers.iter().filter(|answer| is_of(&answer.key, pair));
            let chosen = of_pair.filter(|answer| chosen(answer));
            chosen
                .map(|answer| (answer.key.prompt, scale.along(&answer.positions, lengths)))
                .collect()
        };
        let is_honest = |answer: &ScoredAnswer| answer.key.attack == AttackLevel::Honest;
        let is_cheat = |answer: &ScoredAnswer| {
            answer.key.attack == AttackLevel::Naive && answer.key.substitute == substitute
        };
        let fixes = |answer: &ScoredAnswer| !is_judged(answer) && !is_scale_prompt(answer.key.prompt);
        Case {
            fixing: scored(&|answer| is_honest(answer) && fixes(answer)),
            honest: scored(&|answer| is_honest(answer) && is_judged(answer)),
            cheating: scored(&|answer| is_cheat(answer) && is_judged(answer)),
        }
    }

    /// The ruler at a length, if honest answers are enough for the rate.
    fn ruler(&self, index: usize, alpha: f64) -> Option<Ruler> {
        let scores = self
            .fixing
            .iter()
            .filter_map(|(_, along)| along.get(index).copied());
        Ruler::of(scores).filter(|ruler| ruler.len() as f64 * alpha >= 1.0)
    }
}

/// Every naive substitute on every pair that has honest answers enough for the rate. A scale takes a third of the
/// prompts that thresholds are fixed on, so that it needs half again as many.
pub(super) fn known(
    answers: &[ScoredAnswer],
    sheet: &ScoreSheet,
    rulers: &Rulers,
    alpha: f64,
) -> Vec<KnownRow> {
    let naive = |row: &&SheetRow| row.key.attack == AttackLevel::Naive;
    let groups: BTreeSet<(String, Pair)> = sheet
        .rows
        .iter()
        .filter(naive)
        .map(|row| (row.key.substitute.clone(), (row.key.executor, row.key.validator)))
        .collect();
    let mut answers: Vec<&ScoredAnswer> = answers.iter().collect();
    answers.sort_by(|a, b| a.key.cmp(&b.key));
    let scales: BTreeMap<Pair, PairScale> = groups
        .iter()
        .map(|(_, pair)| *pair)
        .collect::<BTreeSet<Pair>>()
        .into_iter()
        .filter_map(|pair| Some((pair, scale(&answers, pair)?)))
        .collect();
    let mut rows = Vec::new();
    for (substitute, pair) in &groups {
        for rule in RULES {
            let case = match rule {
                KnownRule::Of(rule) => Some(Case::of_rule(sheet, rule, *pair, substitute)),
                KnownRule::OnScale => scales
                    .get(pair)
                    .map(|scale| Case::on_scale((&answers, &sheet.lengths), scale, *pair, substitute)),
            };
            rows.extend(case.and_then(|case| row((sheet, rulers), &case, (substitute, *pair), rule, alpha)));
        }
    }
    rows
}

/// The scale of a pair, from the honest answers to the prompts that are kept for it.
fn scale(answers: &[&ScoredAnswer], pair: Pair) -> Option<PairScale> {
    let is_it = |answer: &&ScoredAnswer| {
        answer.key.attack == AttackLevel::Honest
            && is_of(&answer.key, pair)
            && !is_judged(answer)
            && is_scale_prompt(answer.key.prompt)
    };
    let honest: Vec<&ScoredAnswer> = answers.iter().copied().filter(is_it).collect();
    PairScale::of(&honest)
}

fn row(
    (sheet, rulers): (&ScoreSheet, &Rulers),
    case: &Case,
    (substitute, (executor, validator)): (&str, Pair),
    rule: KnownRule,
    alpha: f64,
) -> Option<KnownRow> {
    let (mut curve, mut last) = (Vec::new(), None);
    for index in 0..sheet.lengths.len() {
        let ruler = case.ruler(index, alpha)?;
        if let Some(rate) = rate(&case.cheating, index, ruler.limit(alpha)) {
            curve.push((sheet.lengths[index], rate));
            last = Some(index);
        }
    }
    let last = last?;
    let ruler = case.ruler(last, alpha)?;
    let answers = |limit: f64, honest: f64| {
        let cheat = rate(&case.cheating, last, limit)?.value;
        answers_to_tell(honest.max(SERIES_RATE), cheat, alpha, SERIES_POWER)
    };
    let own_limit = ruler.limit(SERIES_RATE);
    let unknown = |rule: Rule| {
        let pooled_limit = rulers.at(rule, last).limit(SERIES_RATE);
        answers(pooled_limit, worst(sheet, rule, last, pooled_limit))
    };
    let plain: Vec<(usize, f64)> = curve.iter().map(|(length, rate)| (*length, rate.value)).collect();
    Some(KnownRow {
        substitute: substitute.to_string(),
        executor,
        validator,
        rule,
        honest: rate(&case.honest, last, ruler.limit(alpha))?,
        tokens_to_90: tokens_to_reach(&plain, 0.9),
        answers_to_90: answers(own_limit, rate(&case.honest, last, own_limit)?.value),
        answers_to_90_unknown: match rule {
            KnownRule::Of(rule) => unknown(rule),
            KnownRule::OnScale => None,
        },
        curve,
    })
}

fn rate(answers: &[Scored], index: usize, limit: f64) -> Option<Estimate> {
    let verdict = |(prompt, along): &Scored| Some((*prompt, *along.get(index)? > limit));
    Estimate::rate(answers.iter().filter_map(verdict))
}

/// Share of the held-out honest answers above `limit` in the stratum that has most.
fn worst(sheet: &ScoreSheet, rule: Rule, index: usize, limit: f64) -> f64 {
    let rates = pairs(sheet).into_iter().filter_map(|pair| {
        let verdicts = in_pair(sheet, pair).filter_map(|row| row.verdict(rule, index, limit));
        Some(Estimate::rate(verdicts)?.value)
    });
    rates.fold(0.0, f64::max)
}
