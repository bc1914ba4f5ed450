//! `stakeout solve`: the laxest rule under which no attack of a menu pays.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::experiment::cells::Bench;
use stakeout_engine::experiment::solve::Solver;
use stakeout_engine::experiment::solve::cost::combinations;
use stakeout_engine::experiment::solve::file::SolveFile;
use stakeout_engine::experiment::sweep::plan::ScenarioSource;

use super::cell_store;
use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::interrupt;
use super::simulate::set_threads;
use super::solve_tables::{cheapest_sentence, cheapest_table, frontier_table, search_table, sentence};
use super::sweep_progress::CellBar;
use super::table::render_all;
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout solve scenarios/sweeps/cheapest-floor.yaml
  stakeout solve scenarios/sweeps/cheapest-floor.yaml --format json";

/// Arguments of `solve`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Solve {
    /// The question's file
    file: PathBuf,
    /// Where cells are kept; sweeps/NAME where not given
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Put this question in place of the folder's and keep every cell that still fits
    #[arg(long)]
    extend: bool,
    /// Threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Answers and prints.
pub fn run(arguments: &Solve) -> Result<(), Failure> {
    set_threads(arguments.threads)?;
    let file = SolveFile::load(&arguments.file)?;
    let source = ScenarioSource::read(&file.scenario)?;
    let registry = stakeout_agents::registry();
    let (_, store) = cell_store::open(arguments.out.as_deref(), &file.name)?;
    let bar = CellBar::new();
    let bench = Bench {
        source: &source,
        registry: &registry,
        store: &store,
        monitor: &bar,
    };
    let solver = Solver::new(file, bench);
    solver.adopt(arguments.extend)?;
    interrupt::listen_between_cells();
    let answer = solver.solve();
    bar.finish();
    let (file, frontiers) = (solver.file(), answer?);
    let format = arguments.format.format;
    let frontier = frontier_table(file, &frontiers, Format::Csv);
    store.write_result("frontier.csv", &frontier.render(Format::Csv))?;
    let search = search_table(file, &frontiers, Format::Csv);
    store.write_result("search.csv", &search.render(Format::Csv))?;
    let mut tables = vec![
        frontier_table(file, &frontiers, format),
        search_table(file, &frontiers, format),
    ];
    let compared = combinations(&frontiers, file.demand.confidence);
    if !compared.is_empty() {
        let whole = cheapest_table(file, &compared, Format::Csv);
        store.write_result("cheapest.csv", &whole.render(Format::Csv))?;
        tables.push(cheapest_table(file, &compared, format));
    }
    let question = serde_json::json!({
        "name": file.name,
        "question": file.question,
        "parameter": file.parameter.path,
        "across": file.across.as_ref().map(|factor| factor.name.as_str()),
        "tolerated": file.demand.tolerated,
        "confidence": file.demand.confidence,
    });
    store.write_result("question.json", &format!("{question:#}\n"))?;
    print(&render_all(&tables, format))?;
    for frontier in &frontiers {
        remark(&sentence(file, frontier));
    }
    if let Some(best) = compared.iter().find(|found| found.more.is_none()) {
        remark(&cheapest_sentence(file, best, &compared));
    }
    let folder = store.folder().display();
    remark(&format!(
        "results in {folder}; a page of them: stakeout report {folder}"
    ));
    Ok(())
}
