//! `stakeout scenario`: check, explain, describe and begin scenario files.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stakeout_engine::scenario::{self, reference};

use super::failure::{Failure, Reason};
use super::files::create_new;
use super::format::{Format, FormatOption};
use super::options::ScenarioOptions;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout scenario check first.yaml
  stakeout scenario explain first.yaml --set seed=7
  stakeout scenario parameters
  stakeout scenario schema > scenario.schema.json
  stakeout scenario new mine.yaml --template gonka-sprt";

/// What can be asked about scenario files.
#[derive(Subcommand, Debug)]
#[command(before_help = EXAMPLES)]
pub enum Scenario {
    /// Check files; every error at once, with line and column
    #[command(before_help = "Example:\n  stakeout scenario check first.yaml second.yaml")]
    Check(Check),
    /// Print every value of a scenario, where it comes from, and its public source
    #[command(before_help = "Example:\n  stakeout scenario explain first.yaml --format csv")]
    Explain(Explain),
    /// Print every parameter there is: what it may hold, its default, what it does
    #[command(before_help = "Example:\n  stakeout scenario parameters --format markdown")]
    Parameters(FormatOption),
    /// Print the JSON Schema, for editors that complete
    #[command(before_help = "Example:\n  stakeout scenario schema > scenario.schema.json")]
    Schema,
    /// Begin a scenario from a template
    #[command(before_help = "Example:\n  stakeout scenario new mine.yaml --template gonka-sprt")]
    New(New),
}

/// Arguments of `scenario check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Scenario files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatOption,
}

/// Arguments of `scenario explain`.
#[derive(Args, Debug)]
pub struct Explain {
    #[command(flatten)]
    scenario: ScenarioOptions,
    #[command(flatten)]
    format: FormatOption,
}

/// Arguments of `scenario new`.
#[derive(Args, Debug)]
pub struct New {
    /// Where to write it
    path: PathBuf,
    /// What to begin with: first, gonka-launch, gonka-sprt or service
    #[arg(long, default_value = "first")]
    template: String,
}

/// Answers.
pub fn run(arguments: &Scenario) -> Result<(), Failure> {
    match arguments {
        Scenario::Check(check) => check_files(check),
        Scenario::Explain(explain) => explain_file(explain),
        Scenario::Parameters(format) => parameters(format.format),
        Scenario::Schema => schema(),
        Scenario::New(new) => begin(new),
    }
}

fn check_files(arguments: &Check) -> Result<(), Failure> {
    let registry = stakeout_agents::registry();
    let columns = ["file", "name", "hash", "hosts", "models", "epochs", "assumptions"];
    let mut table = Table::new("Scenarios", &columns);
    let mut failure: Option<Failure> = None;
    for file in &arguments.files {
        match scenario::check(file, &[], &registry).outcome {
            Ok(summary) => {
                for warning in &summary.warnings {
                    remark(&format!("warning: {}: {warning}", file.display()));
                }
                table.push(vec![
                    Cell::text(file.display().to_string()),
                    Cell::text(summary.name),
                    Cell::text(summary.hash),
                    Cell::count(summary.hosts as i128),
                    Cell::count(summary.models as i128),
                    Cell::count(summary.epochs),
                    Cell::text(summary.assumptions.join(" ")),
                ]);
            }
            Err(errors) => {
                remark(&format!("error: {errors}"));
                let reason = if errors.is_io { Reason::Io } else { Reason::Invalid };
                failure.get_or_insert(Failure::new(reason, ""));
            }
        }
    }
    if !table.is_empty() || arguments.format.format != Format::Table {
        print(&table.render(arguments.format.format))?;
    }
    failure.map_or(Ok(()), Err)
}

fn explain_file(arguments: &Explain) -> Result<(), Failure> {
    let scenario = arguments.scenario.load()?;
    let title = format!("{} ({})", scenario.name, scenario.hash);
    let mut table = Table::new(&title, &["path", "value", "origin", "source"]);
    for value in &scenario.origins {
        table.push(vec![
            Cell::text(&value.path),
            Cell::text(&value.value),
            Cell::text(&value.origin),
            Cell::or_empty(value.source.as_ref(), Cell::text),
        ]);
    }
    print(&table.render(arguments.format.format))
}

fn parameters(format: Format) -> Result<(), Failure> {
    let mut table = Table::new("Parameters", &["path", "allowed", "default", "what it does"]);
    for parameter in reference::parameters() {
        table.push(vec![
            Cell::text(parameter.path),
            Cell::text(parameter.allowed),
            Cell::text(parameter.default),
            Cell::text(parameter.doc),
        ]);
    }
    print(&table.render(format))
}

fn schema() -> Result<(), Failure> {
    let schema = reference::json_schema(&stakeout_agents::registry());
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::new(Reason::Bug, format!("the schema is not JSON: {error}")))?;
    print(&(text + "\n"))
}

fn begin(arguments: &New) -> Result<(), Failure> {
    let Some(text) = scenario::new_from_template(&arguments.template) else {
        let names = scenario::template_names().join(", ");
        return Err(Failure::usage(format!(
            "no template `{}`; there are {names}",
            arguments.template
        )));
    };
    create_new(&arguments.path, text)?;
    print(&format!("{}\n", arguments.path.display()))
}
