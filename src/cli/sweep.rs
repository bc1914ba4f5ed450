//! `stakeout sweep`: a scenario at many points; and `stakeout merge`: shards put together.
//!
//! Invariant: the plan is frozen and shown before a cell is run; what was finished when the user interrupts, or when the
//! machine stops, is kept and found again.

use std::path::{Path, PathBuf};

use clap::Args;
use stakeout_engine::experiment::sweep::SweepError;
use stakeout_engine::experiment::sweep::analysis;
use stakeout_engine::experiment::sweep::campaign::{self, Campaign, PointCells, Shard};
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_engine::experiment::sweep::table::write_results;

use super::cell_store;
use super::clock::Stopwatch;
use super::failure::{Failure, Reason};
use super::format::FormatOption;
use super::interrupt;
use super::simulate::set_threads;
use super::sweep_estimate;
use super::sweep_page;
use super::sweep_progress::CellBar;
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout sweep scenarios/sweeps/sampling-floor.yaml
  stakeout sweep scenarios/sweeps/sampling-floor.yaml --dry-run
  stakeout sweep first.yaml --over 'protocol.sampling.flat_rate=5 %, 10 %, 20 %' --replicates 20
  stakeout sweep big.yaml --shard 1/4 --out part1
  stakeout merge part1 part2 part3 part4 --out whole";

/// Arguments of `sweep`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Sweep {
    /// The sweep file, or with --over a scenario file
    pub file: PathBuf,
    /// A factor: 'PATH=VALUE, VALUE' or 'PATH=FROM..TO/STEPS'; several make a grid
    #[arg(long, value_name = "PATH=VALUES")]
    over: Vec<String>,
    /// Set one value at every point
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Replicates of each point, in place of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replicates: Option<u32>,
    /// Show these figures, in place of the file's
    #[arg(long, value_name = "FIGURE", value_delimiter = ',')]
    outputs: Vec<String>,
    /// Run the honest twin of the heaviest deviating owner beside each cell
    #[arg(long)]
    twin: bool,
    /// The folder of the sweep; sweeps/NAME where not given
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Put this plan in place of the folder's and keep every cell that still fits
    #[arg(long)]
    extend: bool,
    /// Run one of several parts: '2/4'
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    shard: Option<Shard>,
    /// Print points, cells, time, memory and disk, and stop
    #[arg(long)]
    dry_run: bool,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Arguments of `merge`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:\n  stakeout merge part1 part2 --out whole")]
pub struct Merge {
    /// Folders of shards of one plan
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// The folder of the whole
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    format: FormatOption,
}

/// Runs a sweep.
pub fn run(arguments: &Sweep) -> Result<(), Failure> {
    let threads = set_threads(arguments.threads)?;
    let file = arguments.read()?;
    let source = ScenarioSource::read(&file.scenario)?;
    let registry = stakeout_agents::registry();
    let plan = Plan::freeze(&file, &source, &registry)?;
    if arguments.dry_run {
        let estimate = sweep_estimate::estimate(&plan, &source, &registry, threads);
        return print(&estimate.render(arguments.format.format));
    }
    let (folder, store) = cell_store::open(arguments.out.as_deref(), &plan.name)?;
    store.adopt(&plan, arguments.extend)?;
    interrupt::listen_between_cells();
    let stopwatch = Stopwatch::start();
    let bar = CellBar::new();
    let shard = arguments.shard.unwrap_or(Shard::WHOLE);
    let done = campaign::carry_out(&plan, &source, &registry, &store, shard, &bar)?;
    bar.finish();
    remark(&format!(
        "{} cells run, {} found in {}, {:.1} s",
        done.run,
        done.points.iter().map(|p| p.cells.len() as u64).sum::<u64>() - done.run,
        folder.display(),
        stopwatch.elapsed().as_secs_f64()
    ));
    if done.is_interrupted {
        return Err(arguments.interrupted(&done, &folder));
    }
    if shard != Shard::WHOLE {
        remark(&format!(
            "part {} of {} is done; `stakeout merge` puts the parts together",
            shard.index, shard.of
        ));
        return Ok(());
    }
    conclude(&plan, &done.points, &source, &store, arguments.format)
}

/// Puts shards together.
pub fn merge(arguments: &Merge) -> Result<(), Failure> {
    let mut plans = arguments.folders.iter().map(|folder| Store::plan(folder));
    let plan = plans.next().expect("one folder or more")?;
    for other in plans {
        if other? != plan {
            let message = "the folders hold different plans; only shards of one plan make a whole";
            return Err(Failure::new(Reason::Invalid, message));
        }
    }
    let stores = arguments
        .folders
        .iter()
        .map(|folder| Store::open(folder))
        .collect::<Result<Vec<_>, _>>()?;
    let points = campaign::collect(&plan, &stores)?;
    let whole = Store::open(&arguments.out)?;
    whole.adopt(&plan, false)?;
    for cell in points.iter().flat_map(|point| &point.cells) {
        if whole.get(&cell.key).is_none() {
            whole.put(cell)?;
        }
    }
    let source = ScenarioSource::unread("SCENARIO.yaml");
    conclude(&plan, &points, &source, &whole, arguments.format)
}

/// Writes the results and prints them; a cell that failed is a row of its own table.
fn conclude(
    plan: &Plan,
    points: &[PointCells],
    source: &ScenarioSource,
    store: &Store,
    format: FormatOption,
) -> Result<(), Failure> {
    let page = sweep_page::SweepPage {
        plan,
        points,
        source,
        front: analysis::front(plan, points),
    };
    write_results(plan, points, page.front.as_ref(), store)?;
    print(&page.render(format.format))?;
    for line in page.remarks() {
        remark(&line);
    }
    let folder = store.folder().display();
    remark(&format!(
        "results in {folder}; a page of them: stakeout report {folder}"
    ));
    Ok(())
}

impl Sweep {
    fn read(&self) -> Result<SweepFile, Failure> {
        let mut file = if self.over.is_empty() {
            SweepFile::load(&self.file)?
        } else {
            SweepFile::over(&self.file, &self.over)?
        };
        for argument in &self.set {
            let (path, value) = argument
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("--set {argument}: write PATH=VALUE")))?;
            file.set.push((path.trim().to_string(), value.to_string()));
        }
        if let Some(replicates) = self.replicates {
            file.replication.rule.floor = replicates;
            file.replication.rule.ceiling = replicates;
            file.replication.rule.precision = None;
        }
        if !self.outputs.is_empty() {
            file.outputs.clone_from(&self.outputs);
        }
        file.has_twin |= self.twin;
        Ok(file)
    }

    fn interrupted(&self, done: &Campaign, folder: &Path) -> Failure {
        let cells: usize = done.points.iter().map(|point| point.cells.len()).sum();
        interrupt::failure(format!(
            "interrupted: {cells} cells are kept in {}; run the same command again to go on",
            folder.display()
        ))
    }
}

fn parse_shard(text: &str) -> Result<Shard, String> {
    let advice = "write a part and their number, such as 2/4";
    let (index, of) = text.split_once('/').ok_or(advice)?;
    match (index.parse(), of.parse()) {
        (Ok(index), Ok(of)) if 1 <= index && index <= of => Ok(Shard { index, of }),
        _ => Err(advice.to_string()),
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        let reason = match &error {
            SweepError::File(_) | SweepError::Scenario(_) | SweepError::Unfit(_) => Reason::Invalid,
            SweepError::Io { .. } | SweepError::OtherPlan { .. } => Reason::Io,
            SweepError::Interrupted => Reason::Interrupted,
            SweepError::Limit(_) => Reason::Limit,
            SweepError::Incomplete { .. } => Reason::Expectation,
        };
        Failure::new(reason, error.to_string())
    }
}
