//! `stakeout validate`: the simulator against closed forms.

use clap::Args;
use stakeout_engine::oracle::{self, OracleError, Row, ValidateOptions, Verdict};

use super::failure::{Failure, Reason};
use super::format::{Format, FormatOption};
use super::simulate::set_threads;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout validate
  stakeout validate mmc --set c=7
  stakeout validate --quick --format json";

/// What all closed forms at their full size take of one core, from a fast one that is idle to a slow one that is shared.
const FULL_CORE_SECONDS: [f64; 2] = [50.0, 450.0];

/// Arguments of `validate`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Validate {
    /// Closed forms to check; all where none is named
    names: Vec<String>,
    /// The same, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Set a parameter of a closed form
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_setting)]
    set: Vec<(String, f64)>,
    /// A tenth of the inferences: seconds in place of a minute
    #[arg(long)]
    quick: bool,
    /// Inferences observed a seed
    #[arg(long, value_name = "N", conflicts_with = "quick")]
    size: Option<u64>,
    /// Independent seeds
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(2..=100_000))]
    seeds: u64,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// List the closed forms with their parameters, and stop
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    format: FormatOption,
}

/// Checks and prints; fails with code 1 where a closed form does not hold.
pub fn run(arguments: &Validate) -> Result<(), Failure> {
    if arguments.list {
        return print(&list().render(arguments.format.format));
    }
    set_threads(arguments.threads)?;
    let full = if arguments.quick {
        ValidateOptions::quick()
    } else {
        ValidateOptions::full()
    };
    let options = ValidateOptions {
        only: arguments.names.iter().chain(&arguments.only).cloned().collect(),
        set: arguments.set.clone(),
        size: arguments.size.unwrap_or(full.size),
        seeds: 1..arguments.seeds + 1,
    };
    let registry = stakeout_worlds::registry();
    oracle::choose(&registry, &options.only)?;
    remark(&announcement(&options, registry.len()));
    let rows = oracle::validate_among(&registry, &options)?;
    let format = arguments.format.format;
    print(&table(&rows, format != Format::Table).render(format))?;
    let failed: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict != Verdict::Holds)
        .map(|row| format!("{} ({})", row.oracle, row.figure))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Reason::Expectation,
        format!("outside its bounds: {}", failed.join(", ")),
    ))
}

/// What is about to be done: a minute without a word looks like a fault. Of single closed forms no time is told: some take
/// as long as a hundred others, and only all together are known.
fn announcement(options: &ValidateOptions, known: usize) -> String {
    let seeds = options.seeds.clone().count();
    let threads = rayon::current_num_threads();
    let size = options.size;
    let begun = |asked: usize| {
        let plural = if asked == 1 { "" } else { "s" };
        format!(
            "checking {asked} closed form{plural}, {seeds} seeds of {size} inferences each, on {threads} threads"
        )
    };
    if !options.only.is_empty() {
        return begun(options.only.len());
    }
    let full = ValidateOptions::full();
    let part = (options.size as f64 / full.size as f64) * (seeds as f64 / full.seeds.count() as f64);
    let [low, high] = FULL_CORE_SECONDS.map(|seconds| (seconds * part / threads as f64).ceil());
    format!("{}: between {low} and {high} s, by the machine", begun(known))
}

/// The rows, with the source of each where the lines may be long.
fn table(rows: &[Row], has_sources: bool) -> Table {
    let registry = stakeout_worlds::registry();
    let mut columns = vec![
        "closed form",
        "figure",
        "expected",
        "observed",
        "from",
        "to",
        "z",
        "allowed",
        "seeds",
        "inferences",
        "verdict",
    ];
    if has_sources {
        columns.push("source");
    }
    let mut table = Table::new("Closed forms", &columns);
    for row in rows {
        let verdict = if row.verdict == Verdict::Holds {
            "holds"
        } else {
            "FAILS"
        };
        let mut cells = vec![
            Cell::text(row.oracle),
            Cell::text(&row.figure),
            Cell::figure(row.expected),
            Cell::figure(row.observed),
            Cell::figure(row.interval.low),
            Cell::figure(row.interval.high),
            Cell::Real(row.z, 2),
            Cell::text(row.tolerance.to_string()),
            Cell::count(row.n),
            Cell::count(row.size),
            Cell::text(verdict),
        ];
        if has_sources {
            let oracle = registry.iter().find(|oracle| oracle.id() == row.oracle);
            cells.push(Cell::text(oracle.map_or("", |oracle| oracle.source())));
        }
        table.push(cells);
    }
    table
}

fn list() -> Table {
    let mut table = Table::new(
        "Closed forms",
        &["name", "what it states", "parameters", "source"],
    );
    for oracle in stakeout_worlds::registry() {
        let parameters: Vec<String> = oracle
            .parameters()
            .iter()
            .map(|parameter| format!("{}={}", parameter.name, parameter.default))
            .collect();
        table.push(vec![
            Cell::text(oracle.id()),
            Cell::text(oracle.title()),
            Cell::text(parameters.join(" ")),
            Cell::text(oracle.source()),
        ]);
    }
    table
}

fn parse_setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=NUMBER, such as c=7")?;
    match value.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((name.trim().to_string(), number)),
        _ => Err(format!("`{value}` is no finite number")),
    }
}

impl From<OracleError> for Failure {
    fn from(error: OracleError) -> Self {
        Failure::usage(error.to_string())
    }
}
