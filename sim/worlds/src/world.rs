//! A world: one of the systems the network is compared with, as a file that asks and expects.
//!
//! A file under `scenarios/worlds/` or `scenarios/schedules/` names closed forms with parameters and the figures it
//! expects of them. Three things must agree: the file, the formula, and the observation.
//!
//! Invariant: a file that asks for a check, a parameter or a figure that does not exist is refused with the nearest
//! that does; nothing in it is ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use stakeout_engine::oracle::{self, Oracle, OracleError, Row, ValidateOptions, Verdict, validate_among};
use stakeout_engine::scenario::kind::find_misplaced;
use stakeout_engine::scenario::{Source, document};
use stakeout_statistics::Interval;
use thiserror::Error;

use crate::market::{MarketError, MarketParams, simulate, summarise};

/// A figure of a file may differ from the formula by this part of it, unless the file says otherwise: files quote
/// four digits or so.
const WITHIN: f64 = 1e-3;
/// Seeds of a market: what is drawn in it moves its figures little.
const MARKET_SEEDS: usize = 3;

/// One system, as read from a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The system, in a word or two.
    pub system: String,
    /// What is asked.
    pub question: String,
    /// What has to come out for the answer to be yes.
    pub outcome: String,
    /// A claim made for the system, and the condition under which it holds.
    #[serde(default)]
    pub claim: Option<Claim>,
    /// The closed forms that decide.
    #[serde(default)]
    pub checks: Vec<Asked>,
    /// A market to run.
    #[serde(default)]
    pub market: Option<MarketParams>,
    /// Between which values the market's figures have to come out.
    #[serde(default)]
    pub bounds: BTreeMap<String, (f64, f64)>,
}

/// A claim and its condition.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What is claimed.
    pub says: String,
    /// Where it holds.
    pub holds_if: String,
}

/// One closed form of a world.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Its name.
    pub check: String,
    /// Parameters that differ from their defaults.
    #[serde(default)]
    pub set: BTreeMap<String, f64>,
    /// Figures by name; those left out are judged by formula and observation alone.
    #[serde(default)]
    pub expect: BTreeMap<String, f64>,
    /// The part by which a figure of `expect` may differ from the formula.
    #[serde(default)]
    pub within: Option<f64>,
}

/// Why a world cannot be run.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The file is not one.
    #[error("{name}: {message}")]
    Unreadable {
        /// The file.
        name: String,
        /// The parser's message, with line and column.
        message: String,
    },
    /// It names something that does not exist.
    #[error("{name}: there is no {what} {found:?}{hint}")]
    Unknown {
        /// The file.
        name: String,
        /// Check, parameter or figure.
        what: &'static str,
        /// What was named.
        found: String,
        /// The nearest, or all there are.
        hint: String,
    },
    /// A number that cannot be.
    #[error("{name}: {what} of {check} has to be a number above zero and at most one, not {found}")]
    Within {
        /// The file.
        name: String,
        /// The key.
        what: &'static str,
        /// The check.
        check: String,
        /// What was given.
        found: f64,
    },
    /// Neither a check nor a market, or bounds without one.
    #[error("{name}: a world needs `checks`, or a `market` with `bounds`")]
    Empty {
        /// The file.
        name: String,
    },
    /// A market refused its parameters.
    #[error("{name}: {error}")]
    Market {
        /// The file.
        name: String,
        /// Its refusal.
        error: MarketError,
    },
    /// A check refused its parameters.
    #[error("{name}: {error}")]
    Check {
        /// The file.
        name: String,
        /// Its refusal.
        error: OracleError,
    },
}

/// One line of a world's report.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name of the world.
    pub world: String,
    /// The closed form, or `market`.
    pub source: &'static str,
    /// The figure, with its unit.
    pub figure: String,
    /// What the file says, where it says anything: a value, or bounds.
    pub stated: Option<(f64, f64)>,
    /// By the formula, where there is one.
    pub expected: Option<f64>,
    /// Mean over the seeds.
    pub observed: f64,
    /// The 99 % interval of a closed form's mean; least and largest over the seeds of a market.
    pub interval: Interval,
    /// Whether file, formula and observation agree.
    pub holds: bool,
    /// A closed form's row, from which [`judge`] decides.
    pub row: Option<Row>,
}

impl Line {
    /// What can be said of the line: whether it holds, or that nobody stated what to expect.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match (self.holds, self.stated.is_some() || self.expected.is_some()) {
            (false, _) => "FAILS",
            (true, true) => "holds",
            (true, false) => "not judged",
        }
    }
}

impl World {
    /// Reads and checks a world against the registry.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn read(name: &str, text: &str) -> Result<Self, WorldError> {
        let world: Self = serde_yaml::from_str_with_options(text, parser_options()).map_err(|error| {
            WorldError::Unreadable {
                name: name.to_owned(),
                message: misplaced(name, text).unwrap_or_else(|| error.without_snippet().render()),
            }
        })?;
        if (world.checks.is_empty() && world.market.is_none())
            || (world.market.is_none() && !world.bounds.is_empty())
        {
            return Err(WorldError::Empty {
                name: name.to_owned(),
            });
        }
        if let Some(market) = &world.market {
            market.check().map_err(|error| WorldError::Market {
                name: name.to_owned(),
                error,
            })?;
        }
        let registry = crate::registry();
        for asked in &world.checks {
            let names: Vec<&str> = registry.iter().map(|oracle| oracle.id()).collect();
            let Some(oracle) = registry.iter().find(|oracle| oracle.id() == asked.check) else {
                return Err(unknown(name, "check", &asked.check, &names));
            };
            let parameters = oracle.parameters();
            let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
            if let Some(set) = asked.set.keys().find(|set| !known.contains(&set.as_str())) {
                return Err(unknown(name, "parameter", set, &known));
            }
            if let Some(within) = asked.within.filter(|within| !(*within > 0.0 && *within <= 1.0)) {
                return Err(WorldError::Within {
                    name: name.to_owned(),
                    what: "within",
                    check: asked.check.clone(),
                    found: within,
                });
            }
        }
        Ok(world)
    }

    /// Runs the world's checks; the caller judges the lines of all worlds together with [`judge`].
    ///
    /// # Errors
    /// [`WorldError`] for a figure that a check does not have, and for parameters it refuses.
    pub fn run(&self, name: &str, size: u64, seeds: std::ops::Range<u64>) -> Result<Vec<Line>, WorldError> {
        let registry = crate::registry();
        let mut lines = Vec::new();
        for asked in &self.checks {
            let oracle: Vec<&'static dyn Oracle> = registry
                .iter()
                .filter(|oracle| oracle.id() == asked.check)
                .copied()
                .collect();
            let options = ValidateOptions {
                only: Vec::new(),
                set: asked
                    .set
                    .iter()
                    .map(|(key, value)| (key.clone(), *value))
                    .collect(),
                size,
                seeds: seeds.clone(),
            };
            let rows = validate_among(&oracle, &options).map_err(|error| WorldError::Check {
                name: name.to_owned(),
                error,
            })?;
            let known: Vec<&str> = rows.iter().map(|row| row.figure.as_str()).collect();
            if let Some(figure) = asked
                .expect
                .keys()
                .find(|figure| !known.contains(&figure.as_str()))
            {
                return Err(unknown(name, "figure", figure, &known));
            }
            let within = asked.within.unwrap_or(WITHIN);
            lines.extend(rows.into_iter().map(|row| {
                let stated = asked.expect.get(&row.figure).copied();
                Line {
                    world: name.to_owned(),
                    source: row.oracle,
                    figure: row.figure.clone(),
                    stated: stated.map(|value| (value, value)),
                    expected: Some(row.expected),
                    observed: row.observed,
                    interval: row.interval,
                    holds: stated.is_none_or(|value| is_near(value, row.expected, within)),
                    row: Some(row),
                }
            }));
        }
        if let Some(market) = &self.market {
            lines.extend(self.run_market(name, market, seeds)?);
        }
        Ok(lines)
    }

    fn run_market(
        &self,
        name: &str,
        params: &MarketParams,
        seeds: std::ops::Range<u64>,
    ) -> Result<Vec<Line>, WorldError> {
        let runs = seeds
            .take(MARKET_SEEDS)
            .map(|seed| {
                let (market, records) = simulate(params, seed).map_err(|error| WorldError::Market {
                    name: name.to_owned(),
                    error,
                })?;
                Ok(summarise(&market, &records))
            })
            .collect::<Result<Vec<_>, WorldError>>()?;
        let known: Vec<&str> = runs[0].iter().map(|outcome| outcome.name).collect();
        if let Some(figure) = self
            .bounds
            .keys()
            .find(|figure| !known.contains(&figure.as_str()))
        {
            return Err(unknown(name, "figure", figure, &known));
        }
        let line = |(at, figure): (usize, &&str)| {
            let values: Vec<f64> = runs.iter().map(|run| run[at].value).collect();
            let observed = values.iter().sum::<f64>() / values.len() as f64;
            let stated = self.bounds.get(*figure).copied();
            Line {
                world: name.to_owned(),
                source: "market",
                figure: (*figure).to_owned(),
                stated,
                expected: None,
                observed,
                interval: Interval {
                    low: values.iter().copied().fold(f64::INFINITY, f64::min),
                    high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                },
                holds: stated.is_none_or(|(low, high)| (low..=high).contains(&observed)),
                row: None,
            }
        };
        Ok(known.iter().enumerate().map(line).collect())
    }
}

/// What a file for another command is told, in place of everything that is no part of a world in it.
fn misplaced(name: &str, text: &str) -> Option<String> {
    let tree = document::parse(&Source::file(name, text)).ok()?;
    let problem = find_misplaced(&tree, &["system", "checks", "market"])?;
    Some(problem.to_string().trim_end().to_owned())
}

/// One small document, no aliases, no second meaning of a key.
fn parser_options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_documents: 1,
            max_depth: 8,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            flow_nesting_limit: 4,
            max_events: 20_000,
            max_nodes: 10_000,
            max_total_scalar_bytes: 1 << 20,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

/// Whether a declared figure is the formula's, to a part of it; absolutely below one part in a million of one.
fn is_near(declared: f64, expected: f64, within: f64) -> bool {
    (declared - expected).abs() <= within * expected.abs().max(1e-6)
}

/// Judges lines of many worlds together: the chance of a false failure among all of them is one in a hundred.
pub fn judge(lines: &mut [Line]) {
    let mut rows: Vec<Row> = lines.iter().filter_map(|line| line.row.clone()).collect();
    oracle::judge(&mut rows);
    for (line, row) in lines.iter_mut().filter(|line| line.row.is_some()).zip(rows) {
        line.holds &= row.verdict == Verdict::Holds;
        line.row = Some(row);
    }
}

/// Longest name that may be a slip of the pen, bytes; of a longer one as many characters are shown.
const SLIP_MAX: usize = 80;

fn unknown(name: &str, what: &'static str, found: &str, known: &[&str]) -> WorldError {
    // A distance takes the product of both lengths, so a name of a megabyte is not compared.
    let distances = known
        .iter()
        .filter(|_| found.len() <= SLIP_MAX)
        .map(|candidate| (strsim::osa_distance(candidate, found), *candidate));
    let hint = match distances.min() {
        Some((distance, candidate)) if distance <= 3 => format!("; did you mean {candidate:?}?"),
        _ if known.is_empty() => String::from("; it has none"),
        _ => format!("; there are: {}", known.join(", ")),
    };
    WorldError::Unknown {
        name: name.to_owned(),
        what,
        found: found.chars().take(SLIP_MAX).collect(),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "system: Bitcoin\nquestion: How much?\noutcome: So much.\nchecks:\n  - check: bitcoin-supply\n    \
                        expect: {satoshi: 2099999997690000}\n";

    fn refusal(text: &str) -> String {
        World::read("file", text)
            .and_then(|world| world.run("file", 100, 1..3).map(|_| ()))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_world_holds_where_file_formula_and_observation_agree() {
        let mut lines = World::read("file", FILE).unwrap().run("file", 100, 1..3).unwrap();
        judge(&mut lines);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.holds));
        let wrong = FILE
            .replace("2099999997690000", "2100000000000000")
            .replace("    expect", "    within: 1e-12\n    expect");
        let mut lines = World::read("file", &wrong)
            .unwrap()
            .run("file", 100, 1..3)
            .unwrap();
        judge(&mut lines);
        assert!(!lines[0].holds);
    }

    #[test]
    fn a_figure_of_which_nothing_is_expected_is_not_judged() {
        let line = |stated, expected, holds| Line {
            world: "w".to_owned(),
            source: "market",
            figure: "price of a coin".to_owned(),
            stated,
            expected,
            observed: 1.0,
            interval: Interval { low: 0.9, high: 1.1 },
            holds,
            row: None,
        };
        assert_eq!(line(None, None, true).verdict(), "not judged");
        assert_eq!(line(Some((0.0, 2.0)), None, true).verdict(), "holds");
        assert_eq!(line(None, Some(1.0), true).verdict(), "holds");
        assert_eq!(line(Some((2.0, 3.0)), None, false).verdict(), "FAILS");
    }

    #[test]
    fn a_file_for_another_command_is_told_so_in_place_of_its_first_strange_key() {
        let told = World::read("a.yaml", "question: Why?\npreset: minimal\n")
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("seems to be a scenario") && told.contains("`stakeout run a.yaml`"),
            "{told}"
        );
    }

    #[test]
    fn what_does_not_exist_is_refused_with_the_nearest_word() {
        assert!(
            refusal(&FILE.replace("bitcoin-supply", "bitcoin-suply"))
                .contains("did you mean \"bitcoin-supply\"")
        );
        assert!(refusal(&FILE.replace("satoshi", "satoshis")).contains("did you mean \"satoshi\""));
        let record = FILE.replace("bitcoin-supply", "white-paper");
        assert!(refusal(&record.replace("expect: {satoshi", "set: {c")).contains("; it has none"));
        assert!(refusal(&FILE.replace("outcome", "outcomes")).contains("outcomes"));
        assert!(refusal("checks: [").starts_with("file: "));
    }

    #[test]
    fn a_name_of_a_megabyte_is_refused_in_a_line() {
        let told = refusal(&FILE.replace("bitcoin-supply", &"s".repeat(1_000_000)));
        let names = refusal(&FILE.replace("bitcoin-supply", "nowhere-near"));
        assert!(
            told.contains("there are: ") && names.contains("there are: "),
            "{names}"
        );
        assert!(told.len() <= names.len() + SLIP_MAX, "{} bytes", told.len());
    }
}
