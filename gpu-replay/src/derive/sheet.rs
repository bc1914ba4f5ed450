//! The score sheet: one row an answer, one column a rule, at each length.
//!
//! **Invariant.** Rows are sorted by key. A row has entries for the lengths it reaches, and the caps of its
//! winsorised means come from honest answers to calibration prompts alone.

use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::answer::ScoredAnswer;
use super::rule::Rule;
use crate::scores::{Caps, Statistic, scores_along};
use crate::{AttackLevel, ReplayKey};

/// Lengths at which answers are judged, in model tokens.
pub const LENGTHS: [usize; 10] = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024];
/// Purpose of the draws that split the prompts.
const SPLIT: Purpose = Purpose(0x7370);

/// One answer's scores.
#[derive(Clone, Debug)]
pub struct SheetRow {
    /// What it is about.
    pub key: ReplayKey,
    /// Scores by length, then by column; as long as the answer reaches.
    pub(super) scores: Vec<[f64; Rule::COUNT]>,
    /// Whether thresholds are fixed on its prompt; the other half is judged.
    is_calibration: bool,
    /// Mean of `kl` over the whole answer, nats a token.
    pub kl: f64,
    /// Mean of `mae` over the whole answer, nats.
    pub mae: f64,
}

impl SheetRow {
    /// A row of scores alone.
    pub(super) fn of_scores(key: ReplayKey, scores: Vec<[f64; Rule::COUNT]>) -> SheetRow {
        SheetRow {
            is_calibration: is_calibration_prompt(key.prompt),
            key,
            scores,
            kl: 0.0,
            mae: 0.0,
        }
    }

    /// Score under a rule at the length with this index; `None` if the answer is shorter.
    pub fn score(&self, rule: Rule, length: usize) -> Option<f64> {
        self.scores.get(length).map(|columns| columns[rule.column()])
    }

    /// Its prompt, and whether its score is above a limit: what a clustered rate counts.
    pub(super) fn verdict(&self, rule: Rule, length: usize, limit: f64) -> Option<(u32, bool)> {
        let score = self.score(rule, length)?;
        Some((self.key.prompt, score > limit))
    }

    /// Whether the promised model answered honestly.
    pub fn is_honest(&self) -> bool {
        self.key.attack == AttackLevel::Honest
    }

    /// Whether its prompt is one that thresholds are fixed on.
    pub fn is_calibration(&self) -> bool {
        self.is_calibration
    }
}

/// All answers of a measurement as scores.
#[derive(Clone, Debug)]
pub struct ScoreSheet {
    /// Lengths judged, in model tokens, rising.
    pub lengths: Vec<usize>,
    /// Caps of single positions.
    pub caps: Caps,
    /// Rows, sorted by key.
    pub rows: Vec<SheetRow>,
    /// Index of the longest length that nine honest answers in ten reach.
    pub reference: usize,
}

impl ScoreSheet {
    /// Scores every answer at every length that a tenth of the honest answers reach. The combined column stays
    /// empty until [`Rulers`](super::Rulers) fill it.
    pub fn of(answers: &[ScoredAnswer]) -> ScoreSheet {
        let mut order: Vec<&ScoredAnswer> = answers
            .iter()
            .filter(|answer| !answer.positions.is_empty())
            .collect();
        order.sort_by(|a, b| a.key.cmp(&b.key));
        let is_honest = |answer: &&&ScoredAnswer| answer.key.attack == AttackLevel::Honest;
        let honest: Vec<&ScoredAnswer> = order.iter().filter(is_honest).copied().collect();
        let reach = |length: usize| honest.iter().filter(|a| a.positions.len() >= length).count();
        let lengths: Vec<usize> = LENGTHS
            .into_iter()
            .filter(|l| reach(*l) * 10 >= honest.len() && reach(*l) > 0)
            .collect();
        let common = lengths
            .iter()
            .filter(|l| reach(**l) * 10 >= honest.len() * 9)
            .count();
        let calibration = honest
            .iter()
            .filter(|answer| is_calibration_prompt(answer.key.prompt));
        let caps = Caps::of_honest(calibration.flat_map(|answer| &answer.positions));
        let rows = order.iter().map(|answer| row(answer, &caps, &lengths)).collect();
        ScoreSheet {
            lengths,
            caps,
            rows,
            reference: common.saturating_sub(1),
        }
    }

    /// A sheet of rows that have scores at one length alone.
    pub(super) fn of_rows(length: usize, rows: Vec<SheetRow>) -> ScoreSheet {
        ScoreSheet {
            lengths: vec![length],
            caps: Caps::of_honest([]),
            rows,
            reference: 0,
        }
    }

    /// The honest rows, thresholds' half or the judged half.
    pub fn honest(&self, is_calibration: bool) -> impl Iterator<Item = &SheetRow> {
        self.rows
            .iter()
            .filter(move |row| row.is_honest() && row.is_calibration() == is_calibration)
    }

    /// The rows of one substitute and attack.
    pub fn substituted<'a>(
        &'a self,
        substitute: &'a str,
        attack: AttackLevel,
    ) -> impl Iterator<Item = &'a SheetRow> {
        self.rows
            .iter()
            .filter(move |row| row.key.attack == attack && row.key.substitute == substitute)
    }

    /// Substitutes with their attacks as they occur, sorted.
    pub fn disguises(&self) -> Vec<(String, AttackLevel)> {
        let mut pairs: Vec<(String, AttackLevel)> = self
            .rows
            .iter()
            .filter(|row| !row.is_honest())
            .map(|row| (row.key.substitute.clone(), row.key.attack))
            .collect();
        pairs.sort();
        pairs.dedup();
        pairs
    }
}

fn row(answer: &ScoredAnswer, caps: &Caps, lengths: &[usize]) -> SheetRow {
    let reached = lengths
        .iter()
        .filter(|length| **length <= answer.positions.len())
        .count();
    let mut scores = vec![[0.0; Rule::COUNT]; reached];
    for statistic in Statistic::ALL {
        let along = scores_along(statistic, &answer.positions, caps, &lengths[..reached]);
        for (columns, score) in scores.iter_mut().zip(along) {
            columns[Rule::Of(statistic).column()] = score.unwrap_or_default();
        }
    }
    let count = answer.positions.len() as f64;
    SheetRow {
        key: answer.key.clone(),
        scores,
        is_calibration: is_calibration_prompt(answer.key.prompt),
        kl: answer.positions.iter().map(|at| at.kl).sum::<f64>() / count,
        mae: answer.positions.iter().map(|at| at.mae).sum::<f64>() / count,
    }
}

/// Half of the prompts, by a keyed draw about the prompt's number: adding prompts moves no other.
pub(super) fn is_calibration_prompt(prompt: u32) -> bool {
    StreamKey::derive(RootSeed(0), 0, SPLIT).draw(u64::from(prompt), 0) >> 63 == 0
}

/// A third of the prompts, by another draw: those of the calibration half that fix the scale of a kernel pair and not its
/// threshold.
pub(super) fn is_scale_prompt(prompt: u32) -> bool {
    StreamKey::derive(RootSeed(0), 0, SPLIT).draw(u64::from(prompt), 1) < u64::MAX / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10,000 prompts: standard error 50, five and a half of them.
    #[test]
    fn half_of_the_prompts_are_kept_for_judging() {
        let count = (0..10_000)
            .filter(|prompt| is_calibration_prompt(*prompt))
            .count();
        assert!((4725..=5275).contains(&count), "{count}");
    }
}
