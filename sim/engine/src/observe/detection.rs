//! Time to detection, and the price paid in honest participants.
//!
//! A cheater is a participant that served at least one substitute in the replicate; everybody else is
//! honest, whatever its strategy is called, since nobody could have caught it.

use serde::Serialize;
use stakeout_kernel::histogram::LogHistogram;

use super::cast::Cast;
use super::figure::{Figure, Proportion};
use super::frame::{Conviction, RunOutput};

/// Who was caught, when, and who was punished for nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Detection {
    /// Cheaters convicted, of all cheaters, pooled over replicates.
    pub cheaters_convicted: Proportion,
    /// Honest participants convicted, of all honest ones, pooled over replicates; the interval takes
    /// participants as independent, which a shared shock makes too narrow.
    pub honest_convicted: Proportion,
    /// Time to a convicted cheater's conviction, pooled over replicates.
    pub conviction: ToConviction,
    /// Answers of a cheater until the next committed failing verdict on one of them.
    pub answers_to_failing_verdict: Counts,
}

/// What a convicted cheater got away with first. The median is over the convicted alone: with
/// `cheaters_convicted` below one the rest is still waiting, and the median over all is later.
#[derive(Clone, Debug, Serialize)]
pub struct ToConviction {
    /// Convicted cheaters.
    pub n: usize,
    /// Median time since the run's start, nanoseconds.
    pub time_p50_ns: Option<u64>,
    /// Median number of settled epochs begun, the first counting as 1.
    pub epochs_p50: Option<u64>,
    /// Median number of finished answers.
    pub answers_p50: Option<u64>,
    /// 95th percentile of the number of finished answers.
    pub answers_p95: Option<u64>,
    /// Median number of answers served by a substitute.
    pub cheated_p50: Option<u64>,
    /// Mean number of finished answers, by replicate.
    pub answers_mean: Figure,
}

/// Quantiles of a count.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    /// Observations.
    pub n: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<u64>,
    /// 95th percentile.
    pub p95: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
}

impl Detection {
    /// Counts over all replicates.
    pub fn compute(cast: &Cast, outputs: &[RunOutput]) -> Self {
        let (mut cheaters, mut honest, mut caught, mut punished) = (0, 0, 0, 0);
        let mut convictions = Vec::new();
        for output in outputs {
            let is_cheater = cheater_flags(cast, output);
            let cheating = is_cheater.iter().filter(|c| **c).count() as u64;
            cheaters += cheating;
            honest += is_cheater.len() as u64 - cheating;
            let (guilty, innocent): (Vec<&Conviction>, Vec<&Conviction>) = output
                .convictions
                .iter()
                .partition(|c| is_cheater.get(c.participant as usize).copied().unwrap_or(false));
            caught += guilty.len() as u64;
            punished += innocent.len() as u64;
            convictions.push(guilty);
        }
        Self {
            cheaters_convicted: Proportion::new(caught.min(cheaters), cheaters),
            honest_convicted: Proportion::new(punished.min(honest), honest),
            conviction: ToConviction::compute(outputs, &convictions),
            answers_to_failing_verdict: Counts::pooled(outputs.iter().map(|o| &o.answers_to_detection)),
        }
    }
}

/// Who served a substitute in the replicate, by participant.
pub(super) fn cheater_flags(cast: &Cast, output: &RunOutput) -> Vec<bool> {
    let mut flags = vec![false; cast.members.len()];
    let cheated = output
        .participants
        .iter()
        .filter(|r| r.cheated > 0)
        .map(|r| r.participant);
    let convicted = output
        .convictions
        .iter()
        .filter(|c| c.cheated > 0)
        .map(|c| c.participant);
    for participant in cheated.chain(convicted) {
        if let Some(flag) = flags.get_mut(participant as usize) {
            *flag = true;
        }
    }
    flags
}

impl ToConviction {
    fn compute(outputs: &[RunOutput], convictions: &[Vec<&Conviction>]) -> Self {
        let first_epochs = outputs.iter().map(|o| o.epochs.first().map_or(0, |e| e.epoch));
        let epochs = convictions
            .iter()
            .zip(first_epochs)
            .flat_map(|(of, first)| {
                of.iter()
                    .map(move |c| u64::from(c.epoch.saturating_sub(first)) + 1)
            })
            .collect();
        let every = |of: fn(&Conviction) -> u64| convictions.iter().flatten().map(|c| of(c)).collect();
        let answers: Vec<u64> = every(|c| c.answers);
        let mean = |of: &Vec<&Conviction>| {
            (!of.is_empty()).then(|| of.iter().map(|c| c.answers as f64).sum::<f64>() / of.len() as f64)
        };
        Self {
            n: answers.len(),
            time_p50_ns: order_statistic(every(|c| c.time_ns), 50),
            epochs_p50: order_statistic(epochs, 50),
            answers_p50: order_statistic(answers.clone(), 50),
            answers_p95: order_statistic(answers, 95),
            cheated_p50: order_statistic(every(|c| c.cheated), 50),
            answers_mean: Figure::plain("answers", convictions.iter().map(mean)),
        }
    }
}

impl Counts {
    fn pooled<'a>(histograms: impl Iterator<Item = &'a LogHistogram>) -> Self {
        let mut all = LogHistogram::new();
        histograms.for_each(|h| all.merge(h));
        Self {
            n: all.total(),
            mean: all.mean(),
            p50: all.quantile(0.50),
            p95: all.quantile(0.95),
            p99: all.quantile(0.99),
        }
    }
}

/// The smallest value that at least `percent` of all values do not exceed.
fn order_statistic(mut values: Vec<u64>, percent: usize) -> Option<u64> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::sample;

    #[test]
    fn order_statistics_are_members_of_the_sample() {
        assert_eq!(order_statistic(vec![], 50), None);
        assert_eq!(order_statistic(vec![9], 95), Some(9));
        assert_eq!(order_statistic(vec![4, 1, 3, 2], 50), Some(2));
        assert_eq!(order_statistic((1..=100).collect(), 95), Some(95));
    }

    #[test]
    fn a_convicted_host_that_never_cheated_counts_as_honest() {
        let (cast, mut outputs) = (sample::cast(), sample::outputs(3));
        let before = Detection::compute(&cast, &outputs);
        assert_eq!(
            (before.cheaters_convicted.hits, before.cheaters_convicted.n),
            (3, 3)
        );
        assert_eq!((before.honest_convicted.hits, before.honest_convicted.n), (0, 6));
        let innocent = Conviction {
            participant: 0,
            cheated: 0,
            ..outputs[0].convictions[0].clone()
        };
        outputs[0].convictions.push(innocent);
        let after = Detection::compute(&cast, &outputs);
        assert_eq!(after.honest_convicted.hits, 1);
        assert_eq!(after.conviction.n, 3, "time to detection is about cheaters");
    }
}
