//! What the real network recorded, beside what the simulation says.
//!
//! **Invariant.** The comparison reads both sides and changes neither: simulated figures come from the
//! rows of the record's epoch, recorded ones from the scenario's record, and a figure that either side
//! lacks is compared with nothing.

use serde::Serialize;

use super::cast::Cast;
use super::figure::Number;
use super::frame::{ParticipantRow, RunOutput, StageHeights};
use super::intervals::{chi_square_p_value, count_prediction, prediction};
use crate::scenario::{Record, RecordedHost, Scenario};

/// Level of the prediction intervals: one recorded run is to be expected inside, 999 times in 1,000.
pub const PREDICTION_LEVEL: f64 = 0.999;
/// Hosts expected to get fewer requests than this are pooled in the chi-square.
const LEAST_EXPECTED: f64 = 5.0;

/// Simulated and recorded figures side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Where the record comes from.
    pub source: String,
    /// Epoch compared.
    pub epoch: u32,
    /// Replicates behind every mean and interval.
    pub replicates: u32,
    /// Level of the prediction intervals.
    pub level: f64,
    /// Heights of stages.
    pub heights: Vec<HeightLine>,
    /// Figures of hosts, host by host.
    pub hosts: Vec<HostLine>,
    /// Whether recorded requests follow the weights, by group of hosts with the same models.
    pub requests_by_weight: Vec<GroupTest>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeightLine {
    /// Name of the stage.
    pub stage: String,
    /// Height in the simulation, if it went through the stage.
    pub simulated: Option<u64>,
    /// Height in the record.
    pub recorded: u64,
}

/// The compared figures of one host.
#[derive(Clone, Debug, Serialize)]
pub struct HostLine {
    /// Host.
    pub id: String,
    /// Figures that were recorded.
    pub figures: Vec<FigureLine>,
}

/// One figure of one host.
#[derive(Clone, Debug, Serialize)]
pub struct FigureLine {
    /// Name of the figure.
    pub figure: &'static str,
    /// Mean over replicates.
    pub simulated_mean: Option<Number>,
    /// Where one further replicate falls at the stated level; none below two replicates.
    pub interval: Option<[Number; 2]>,
    /// The record.
    pub recorded: Number,
    /// Standard deviations from the mean that the record lies off, counting the mean's own uncertainty;
    /// none below two replicates, or where the simulation does not vary and the record differs.
    pub z: Option<f64>,
    /// Every replicate gives exactly the recorded value.
    pub is_exact: bool,
    /// Replicates that give exactly the recorded value.
    pub exact_replicates: usize,
}

/// Chi-square test of recorded requests against weight, inside one group of hosts with the same models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupTest {
    /// Models that all hosts of the group serve.
    pub models: Vec<String>,
    /// Hosts in the group.
    pub hosts: usize,
    /// Recorded requests (finished and missed).
    pub requests: u64,
    /// Cells after pooling hosts with fewer than five expected requests.
    pub cells: usize,
    /// Pearson's statistic.
    pub chi_square: f64,
    /// Cells less one.
    pub degrees_of_freedom: u32,
    /// Probability of a statistic at least as large if requests follow weight.
    pub p_value: f64,
}

impl Comparison {
    /// Sets the record, if the scenario has one, beside the replicates.
    pub fn compute(scenario: &Scenario, cast: &Cast, outputs: &[RunOutput]) -> Option<Self> {
        let record = scenario.record.as_ref()?;
        Some(Self {
            source: record.source.clone(),
            epoch: record.epoch.get(),
            replicates: u32::try_from(outputs.len()).unwrap_or(u32::MAX),
            level: PREDICTION_LEVEL,
            heights: height_lines(record, outputs),
            hosts: record
                .hosts
                .iter()
                .map(|host| host_line(record, host, cast, outputs))
                .collect(),
            requests_by_weight: requests_by_weight(scenario, record),
        })
    }
}

fn height_lines(record: &Record, outputs: &[RunOutput]) -> Vec<HeightLine> {
    let epoch = record.epoch.get();
    let stages = outputs
        .first()
        .and_then(|o| o.stages.iter().find(|s| s.epoch == epoch));
    let line = |(stage, recorded): &(String, u64)| HeightLine {
        stage: stage.clone(),
        simulated: stages.and_then(|s| height_of(s, stage)),
        recorded: *recorded,
    };
    record.heights.iter().map(line).collect()
}

fn height_of(stages: &StageHeights, name: &str) -> Option<u64> {
    match name {
        "poc_start" => Some(stages.poc_start),
        "settlement" => Some(stages.settlement),
        "group_created" => Some(stages.group_created),
        "activation" => Some(stages.activation),
        "claim" => Some(stages.claim),
        _ => None,
    }
}

fn host_line(record: &Record, host: &RecordedHost, cast: &Cast, outputs: &[RunOutput]) -> HostLine {
    let is_row = |r: &ParticipantRow| r.participant == host.host && r.epoch == record.epoch.get();
    let rows: Vec<ParticipantRow> = outputs
        .iter()
        .filter_map(|o| o.participants.iter().find(is_row))
        .collect();
    let counted = |figure, of: fn(&ParticipantRow) -> u64, recorded: Option<u64>| {
        recorded.map(|value| {
            let simulated: Vec<i128> = rows.iter().map(|r| i128::from(of(r))).collect();
            compare(figure, &simulated, i128::from(value), Number::Plain)
        })
    };
    let reward = host.reward.map(|amount| {
        let simulated: Vec<i128> = rows.iter().map(|r| r.reward).collect();
        compare("reward", &simulated, amount.base_units(), |v| {
            Number::Money(libm::rint(v) as i128)
        })
    });
    let figures = [
        counted("inferences", |r| r.inferences, host.inferences),
        counted("missed", |r| r.missed, host.missed),
        counted("validated", |r| r.validated, host.validated),
        counted("invalidated", |r| r.invalidated, host.invalidated),
        reward,
    ];
    HostLine {
        id: cast.id(host.host).to_string(),
        figures: figures.into_iter().flatten().collect(),
    }
}

fn compare(
    figure: &'static str,
    simulated: &[i128],
    recorded: i128,
    number: fn(f64) -> Number,
) -> FigureLine {
    let as_float: Vec<f64> = simulated.iter().map(|v| *v as f64).collect();
    let is_exact = !simulated.is_empty() && simulated.iter().all(|v| *v == recorded);
    let exact_replicates = simulated.iter().filter(|v| **v == recorded).count();
    let mean = (!as_float.is_empty()).then(|| as_float.iter().sum::<f64>() / as_float.len() as f64);
    let prediction = match number(0.0) {
        Number::Money(_) => prediction(&as_float, PREDICTION_LEVEL),
        Number::Plain(_) => count_prediction(&as_float, PREDICTION_LEVEL),
    };
    let z = match &prediction {
        Some(p) if p.sd > 0.0 => Some((recorded as f64 - p.mean) / p.sd),
        Some(_) if is_exact => Some(0.0),
        _ => None,
    };
    let exact = |v: f64| match number(v) {
        // A mean of equal amounts is that amount, to the last unit.
        Number::Money(_) if simulated.windows(2).all(|w| w[0] == w[1]) => Number::Money(simulated[0]),
        other => other,
    };
    let recorded = match number(0.0) {
        Number::Money(_) => Number::Money(recorded),
        Number::Plain(_) => Number::Plain(recorded as f64),
    };
    FigureLine {
        figure,
        simulated_mean: mean.map(exact),
        interval: prediction.map(|p| [exact(p.low), exact(p.high)]),
        recorded,
        z,
        is_exact,
        exact_replicates,
    }
}

/// Tests, inside each group of hosts with the same models, whether recorded requests follow the weights.
///
/// Groups that keep fewer than two cells after pooling are left out.
pub fn requests_by_weight(scenario: &Scenario, record: &Record) -> Vec<GroupTest> {
    let mut groups: std::collections::BTreeMap<&[u16], Vec<(u64, u64)>> = std::collections::BTreeMap::new();
    for recorded in &record.hosts {
        let Some(host) = scenario.hosts.get(recorded.host as usize) else {
            continue;
        };
        let (Some(finished), Some(missed)) = (recorded.inferences, recorded.missed) else {
            continue;
        };
        groups
            .entry(host.models.as_slice())
            .or_default()
            .push((host.weight, finished + missed));
    }
    let name = |model: &u16| {
        scenario
            .models
            .get(usize::from(*model))
            .map_or("?", |m| m.name.as_str())
            .to_string()
    };
    let test =
        |(models, hosts): (&[u16], Vec<(u64, u64)>)| group_test(models.iter().map(name).collect(), &hosts);
    groups.into_iter().filter_map(test).collect()
}

fn group_test(models: Vec<String>, hosts: &[(u64, u64)]) -> Option<GroupTest> {
    let weight: u64 = hosts.iter().map(|h| h.0).sum();
    let requests: u64 = hosts.iter().map(|h| h.1).sum();
    let expected = |w: u64| requests as f64 * w as f64 / weight as f64;
    let (large, small): (Vec<&(u64, u64)>, Vec<&(u64, u64)>) =
        hosts.iter().partition(|h| expected(h.0) >= LEAST_EXPECTED);
    let mut cells: Vec<(f64, f64)> = large.iter().map(|h| (h.1 as f64, expected(h.0))).collect();
    if !small.is_empty() {
        let pooled = (
            small.iter().map(|h| h.1).sum::<u64>() as f64,
            small.iter().map(|h| expected(h.0)).sum(),
        );
        // A pool that is itself too small joins the smallest of the others.
        match cells.last_mut() {
            Some(last) if pooled.1 < LEAST_EXPECTED => *last = (last.0 + pooled.0, last.1 + pooled.1),
            _ => cells.push(pooled),
        }
    }
    if cells.len() < 2 || weight == 0 {
        return None;
    }
    let chi_square = cells
        .iter()
        .map(|(seen, expected)| (seen - expected) * (seen - expected) / expected)
        .sum();
    let degrees_of_freedom = u32::try_from(cells.len() - 1).ok()?;
    Some(GroupTest {
        models,
        hosts: hosts.len(),
        requests,
        cells: cells.len(),
        chi_square,
        degrees_of_freedom,
        p_value: chi_square_p_value(chi_square, u64::from(degrees_of_freedom)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_never_varies_is_exact_or_off_without_a_z() {
        let reward = 38_627_452_617_213_i128;
        let money = |v: f64| Number::Money(v as i128);
        let exact = compare("reward", &[reward; 4], reward, money);
        assert!(exact.is_exact);
        assert_eq!(
            (exact.simulated_mean, exact.z),
            (Some(Number::Money(reward)), Some(0.0))
        );
        let off = compare("reward", &[reward; 4], reward + 1, money);
        assert_eq!((off.is_exact, off.z), (false, None));
        assert_eq!(off.recorded, Number::Money(reward + 1));
    }

    #[test]
    fn z_and_an_amounts_interval_count_the_uncertainty_of_the_mean() {
        // Mean 12, s^2 = 8/3, n = 4: a further value has sd s * sqrt(1.25) = 1.825742.
        let sd = (8.0_f64 / 3.0).sqrt() * 1.25_f64.sqrt();
        let line = compare("reward", &[10, 12, 12, 14], 20, |v| {
            Number::Money(libm::rint(v) as i128)
        });
        assert!((line.z.unwrap() - 8.0 / sd).abs() < 1e-12);
        // t(0.9995, 3) = 12.924 (two-sided 0.1 %): 12 -+ 23.596.
        assert_eq!(line.interval, Some([Number::Money(-12), Number::Money(36)]));
    }

    #[test]
    fn a_counts_interval_never_goes_below_zero() {
        let line = compare("missed", &[0, 1, 0, 2], 3, Number::Plain);
        let Some([Number::Plain(low), Number::Plain(high)]) = line.interval else {
            panic!("no interval")
        };
        assert!((0.0..=0.75).contains(&low) && high > 2.0, "{low} to {high}");
    }

    #[test]
    fn requests_in_proportion_to_weight_give_no_statistic() {
        let hosts = [(100, 50), (200, 100), (700, 350)];
        let test = group_test(vec!["m".into()], &hosts).unwrap();
        assert_eq!(
            (test.cells, test.degrees_of_freedom, test.chi_square),
            (3, 2, 0.0)
        );
        assert!((test.p_value - 1.0).abs() < 1e-9);
    }

    #[test]
    fn pearsons_statistic_pools_hosts_with_few_expected_requests() {
        // Expected 60, 30, and 6 + 2 + 2 = 10 (the 6 stands alone): cells 60, 30, 6, 4 and the pool of 4
        // joins the 6.
        let hosts = [(600, 66), (300, 24), (60, 7), (20, 2), (20, 1)];
        let test = group_test(vec!["m".into()], &hosts).unwrap();
        assert_eq!((test.hosts, test.requests, test.cells), (5, 100, 3));
        assert!(
            (test.chi_square - (36.0 / 60.0 + 36.0 / 30.0)).abs() < 1e-12,
            "{}",
            test.chi_square
        );
        // Upper tail of chi-square with 2 degrees: exp(-x/2).
        assert!((test.p_value - libm::exp(-0.9)).abs() < 1e-9);
        assert!(group_test(vec![], &[(10, 3)]).is_none());
    }
}
