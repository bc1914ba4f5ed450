//! `stakeout exact`: error rates and sample numbers of sequential tests, by dynamic programme and without a simulation.

use clap::{Args, Subcommand};
use stakeout_statistics::sequential::{
    Boundaries, RatioSteps, ZRule, audit_cusum, audit_sprt, cusum_alarm_by, mean_until_streak, streak_by,
    wald_error, z_flagged_by, zero_drift_rate,
};

use super::failure::Failure;
use super::format::FormatOption;
use super::sweep_page::decimals;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout exact sprt --p0 5 --p1 20 --h 4 --fails 1,5,10,20
  stakeout exact z --expected 5 --fails 1,5,20 --checks 10,100,1000
  stakeout exact streak --length 5 --fails 5,20,50
  stakeout exact cusum --p0 5 --p1 18 --h 9.21 --fails 5,18,92";

/// Most checks that a table follows.
const CHECKS_MAX: u64 = 20_000;

/// Arguments of `exact`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Exact {
    #[command(subcommand)]
    test: Test,
}

/// What every test is asked.
#[derive(Args, Debug)]
struct Question {
    /// True failure rates in percent
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_value = "1,5,10,20", value_parser = parse_percent)]
    fails: Vec<f64>,
    /// Numbers of checks
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "100,1000,5000", value_parser = clap::value_parser!(u64).range(1..=CHECKS_MAX))]
    checks: Vec<u64>,
    #[command(flatten)]
    format: FormatOption,
}

/// The two hypotheses of a likelihood-ratio test.
#[derive(Args, Debug)]
struct Ratio {
    /// Failure rate of a good host, in percent
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = parse_percent)]
    p0: f64,
    /// Failure rate of a bad host, in percent
    #[arg(long, value_name = "PERCENT", default_value = "20", value_parser = parse_percent)]
    p1: f64,
    /// Threshold of the sum of logarithms
    #[arg(long, value_name = "NUMBER", default_value_t = 4.0)]
    h: f64,
}

#[derive(Subcommand, Debug)]
enum Test {
    /// The sequential probability ratio test: convicting for good, and as the network runs it
    #[command(
        before_help = "Examples:\n  stakeout exact sprt\n  stakeout exact sprt --p0 5 --p1 20 --h 4 --fails 1,5,10,20"
    )]
    Sprt {
        #[command(flatten)]
        ratio: Ratio,
        #[command(flatten)]
        question: Question,
    },
    /// A z-score looked at after every check
    #[command(
        before_help = "Examples:\n  stakeout exact z\n  stakeout exact z --expected 5 --fails 1,5,20 --checks 10,100,1000"
    )]
    Z {
        /// The failure rate that counts as honest, in percent
        #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = parse_percent)]
        expected: f64,
        /// Standard deviations tolerated
        #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
        deviations: f64,
        /// The first number of checks at which it speaks
        #[arg(long, value_name = "N", default_value_t = 10)]
        first: u64,
        #[command(flatten)]
        question: Question,
    },
    /// So many failures in a row
    #[command(
        before_help = "Examples:\n  stakeout exact streak\n  stakeout exact streak --length 5 --fails 5,20,50"
    )]
    Streak {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        length: u32,
        #[command(flatten)]
        question: Question,
    },
    /// Page's CUSUM, which never falls below zero
    #[command(
        before_help = "Examples:\n  stakeout exact cusum\n  stakeout exact cusum --p0 5 --p1 18 --h 9.21 --fails 5,18,92"
    )]
    Cusum {
        #[command(flatten)]
        ratio: Ratio,
        #[command(flatten)]
        question: Question,
    },
}

/// Computes and prints.
pub fn run(arguments: &Exact) -> Result<(), Failure> {
    match &arguments.test {
        Test::Sprt { ratio, question } => sprt(ratio, question),
        Test::Z {
            expected,
            deviations,
            first,
            question,
        } => {
            let rule = ZRule {
                expected: *expected,
                deviations: *deviations,
                first: *first,
            };
            let last = question.checks.iter().copied().max().unwrap_or(1);
            let by = |rate: f64| {
                let flagged = z_flagged_by(rule, rate, last);
                Box::new(move |checks: u64| flagged[checks as usize - 1]) as Box<dyn Fn(u64) -> f64>
            };
            question.print(
                "Convicted by the z-rule",
                "mean checks until then",
                |_| Cell::Empty,
                by,
            )
        }
        Test::Streak { length, question } => {
            let mean = |rate: f64| Cell::Real(mean_until_streak(*length, rate), 1);
            let by = |rate: f64| {
                let length = *length;
                Box::new(move |checks: u64| streak_by(length, rate, checks)) as Box<dyn Fn(u64) -> f64>
            };
            question.print("Convicted by the streak", "mean checks until then", mean, by)
        }
        Test::Cusum { ratio, question } => {
            let (steps, h) = (ratio.steps()?, ratio.h);
            let mean = |rate: f64| Cell::Real(audit_cusum(steps, h, rate).mean_until_alarm, 1);
            let by = |rate: f64| {
                Box::new(move |checks: u64| cusum_alarm_by(steps, h, rate, checks as usize))
                    as Box<dyn Fn(u64) -> f64>
            };
            question.print("Alarmed by the CUSUM", "mean checks until then", mean, by)
        }
    }
}

fn sprt(ratio: &Ratio, question: &Question) -> Result<(), Failure> {
    let (steps, h) = (ratio.steps()?, ratio.h);
    let two_sided = |rate: f64| audit_sprt(steps, Boundaries::both(h), rate, None);
    let mean = |rate: f64| {
        Cell::Real(
            two_sided(rate).convicted,
            decimals(two_sided(rate).convicted).max(4),
        )
    };
    let by = |rate: f64| {
        Box::new(move |checks: u64| {
            audit_sprt(steps, Boundaries::upper_only(h), rate, Some(checks)).convicted
        }) as Box<dyn Fn(u64) -> f64>
    };
    question.print("Convicted by the SPRT", "where it also acquits", mean, by)?;
    remark(&format!(
        "no drift at {:.3} %: a steady cheat below is convicted by chance alone; Wald's approximate error {:.5}",
        zero_drift_rate(steps) * 100.0,
        wald_error(h)
    ));
    Ok(())
}

impl Ratio {
    fn steps(&self) -> Result<RatioSteps, Failure> {
        if !(self.p0 > 0.0 && self.p0 < self.p1 && self.p1 < 1.0) {
            return Err(Failure::usage(
                "--p0 lies below --p1, and both strictly between 0 and 100",
            ));
        }
        if !(self.h > 0.0 && self.h <= 100.0) {
            return Err(Failure::usage("--h lies above 0 and is at most 100"));
        }
        Ok(RatioSteps::between(self.p0, self.p1))
    }
}

impl Question {
    /// A row a failure rate: a figure without a horizon, and the probability by each number of checks.
    fn print(
        &self,
        title: &str,
        figure: &str,
        without_horizon: impl Fn(f64) -> Cell,
        by: impl Fn(f64) -> Box<dyn Fn(u64) -> f64>,
    ) -> Result<(), Failure> {
        let heads: Vec<String> = self
            .checks
            .iter()
            .map(|checks| format!("in {checks} checks"))
            .collect();
        let mut columns = vec!["true failure rate %", figure];
        columns.extend(heads.iter().map(String::as_str));
        let mut table = Table::new(title, &columns);
        for &rate in &self.fails {
            let probability = by(rate);
            let mut row = vec![Cell::Real(rate * 100.0, 2), without_horizon(rate)];
            row.extend(self.checks.iter().map(|&checks| {
                let value = probability(checks);
                Cell::Real(value, decimals(value).max(4))
            }));
            table.push(row);
        }
        print(&table.render(self.format.format))
    }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err(format!("`{text}` is no percentage between 0 and 100")),
    }
}
