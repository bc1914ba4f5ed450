//! `stakeout run`: a scenario in, results out.
//!
//! Invariant: nothing is simulated before it is known that the results have a place and the run fits into memory;
//! what was finished when the user interrupts is kept.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::comparisons::{COMPARISONS_FILE, Comparisons};
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::idle::idle_parameters;
use stakeout_engine::observe::manifest::{Platform, Timing};
use stakeout_engine::observe::recorded::Comparison;
use stakeout_engine::observe::results_error::ResultsError;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::run_directory::{Contents, IfExists, Plan, RunPlace};
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::observe::summary::Summary;
use stakeout_engine::scenario::{Fidelity, Scenario};

use super::bug;
use super::clock::Stopwatch;
use super::estimate::{Estimate, parse_bytes};
use super::failure::{Failure, Reason};
use super::format::FormatOption;
use super::interrupt;
use super::options::ScenarioOptions;
use super::run_page::RunPage;
use super::simulate::{self, Simulation};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout run scenarios/networks/gonka-mainnet-epoch56.yaml
  stakeout run first.yaml --replicates 20 --threads 2
  stakeout run first.yaml --replicates 40 --resume
  stakeout run scenarios/networks/gonka-launch.yaml --replicates 20 --twins 20
  stakeout run first.yaml --set protocol.sampling.flat_rate='10 %' --out results
  stakeout run first.yaml --dry-run
  stakeout run first.yaml --format json > result.json";

/// Arguments of `run`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Run {
    #[command(flatten)]
    scenario: ScenarioOptions,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The results folder
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    out: PathBuf,
    /// Keep the replicates of an existing run, simulate only those that are missing, and print it
    #[arg(long, visible_alias = "extend", conflicts_with = "replace")]
    resume: bool,
    /// Run again and put the new results in place of existing ones
    #[arg(long)]
    replace: bool,
    /// Keep every event in a hash-chained log, for `stakeout audit` and `stakeout trace`
    #[arg(long)]
    event_log: bool,
    /// Leave out further runs: honest twins of owners that cheat, counterfactuals of a record
    #[arg(long)]
    no_twins: bool,
    /// Replicates that get honest twins; each costs one more run for each owner that cheats
    ///
    /// Where not given, as many as cost four further runs a replicate at most, or sixty in all.
    #[arg(long, value_name = "N", conflicts_with = "no_twins", value_parser = clap::value_parser!(u32).range(1..))]
    twins: Option<u32>,
    /// Estimate time, memory and disk, and stop
    #[arg(long)]
    dry_run: bool,
    /// Most memory the run may need, such as '8 GiB'; what the machine has free where not given
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    memory_limit: Option<u64>,
    #[command(flatten)]
    format: FormatOption,
}

/// Runs a scenario.
pub fn run(arguments: &Run) -> Result<(), Failure> {
    let threads = simulate::set_threads(arguments.threads)?;
    let scenario = arguments.scenario.load()?;
    let without_events = match scenario.fidelity {
        Fidelity::Event => None,
        Fidelity::Epoch => Some("epoch"),
        Fidelity::Service => Some("service"),
    };
    if let Some(fidelity) = without_events.filter(|_| arguments.event_log) {
        return Err(Failure::usage(format!(
            "the fidelity `{fidelity}` has no events to log; leave out --event-log"
        )));
    }
    let estimate = Estimate::compute(&scenario, threads, arguments.event_log);
    if arguments.dry_run {
        return print(&estimate.render(arguments.format.format));
    }
    estimate.check_memory(arguments.memory_limit)?;
    let cast = Cast::from(&scenario);
    let place = RunPlace::new(&arguments.out, &cast)?;
    let if_exists = arguments.if_exists();
    match place.plan(if_exists, scenario.replicates, &Disk)? {
        Plan::Finished(found) if arguments.event_log && !found.has_events() => Err(without_log()),
        Plan::Finished(found) => arguments.print_finished(&scenario, &cast, &found),
        Plan::Run => arguments.simulate(&scenario, &cast, &place, threads, None),
        Plan::Extend(found) => arguments.simulate(&scenario, &cast, &place, threads, Some(&found)),
    }
}

/// A log is written from a run's first block.
fn without_log() -> Failure {
    Failure::usage(
        "a run that is there cannot be given an event log; use --replace to run again with --event-log",
    )
}

impl Run {
    fn if_exists(&self) -> IfExists {
        match (self.resume, self.replace) {
            (true, _) => IfExists::Resume,
            (_, true) => IfExists::Replace,
            _ => IfExists::Refuse,
        }
    }

    fn simulate(
        &self,
        scenario: &Scenario,
        cast: &Cast,
        place: &RunPlace,
        threads: usize,
        found: Option<&RunDirectory>,
    ) -> Result<(), Failure> {
        if found.is_some() && self.event_log {
            return Err(without_log());
        }
        interrupt::listen();
        bug::set_replay(format!(
            "{} --seed {} --replace",
            self.scenario.replay(),
            scenario.seed
        ));
        let mut outputs = found.map_or_else(|| Ok(Vec::new()), RunDirectory::outputs)?;
        let stopwatch = Stopwatch::start();
        let registry = stakeout_agents::registry();
        let spool = if self.event_log {
            Some(place.spool(&Disk)?)
        } else {
            None
        };
        let simulation = Simulation {
            scenario,
            registry: &registry,
            spool: spool.as_ref().map(|spool| (spool, cast)),
        };
        let kept = outputs.len();
        let is_missing = |replicate: &u32| outputs.iter().all(|output| output.replicate != *replicate);
        let wanted: Vec<u32> = (0..scenario.replicates).filter(is_missing).collect();
        let mut logs = Vec::new();
        for finished in simulation.replicates(&wanted)? {
            outputs.push(finished.output);
            logs.extend(finished.log);
        }
        outputs.sort_by_key(|output| output.replicate);
        if outputs.len() == kept {
            return Err(interrupt::failure(
                "interrupted before another replicate was finished; nothing was written",
            ));
        }
        let summary = Summary::compute(cast, &outputs);
        let warnings = told_warnings(scenario, &outputs);
        let platform = platform(threads);
        let wall_ms = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let timing = Timing {
            wall_ms: wall_ms.saturating_add(found.map_or(0, |found| found.manifest().timing.wall_ms)),
            started_unix_s: None,
        };
        let version = env!("CARGO_PKG_VERSION");
        let contents = Contents {
            cast,
            outputs: &outputs,
            summary: &summary,
            version,
            platform: &platform,
            timing: &timing,
            logs: &logs,
        };
        let if_exists = match found {
            Some(_) => IfExists::Replace,
            None => self.if_exists(),
        };
        let directory = place.write(if_exists, &contents, &Disk)?;
        if let Some(spool) = &spool {
            spool.clear(&Disk)?;
        }
        let comparison = Comparison::compute(scenario, cast, &outputs);
        let (mut twins, mut histories) = (Vec::new(), Vec::new());
        if !self.no_twins && !interrupt::is_asked() {
            twins = simulation.twins(&outputs, self.twins)?;
            if let Some(comparison) = &comparison {
                histories = simulation.shorter_histories(comparison)?;
            }
        }
        let are_cut = !self.no_twins && interrupt::is_asked();
        let comparisons = Comparisons {
            recorded: comparison.as_ref(),
            honest_twins: &twins,
            shorter_histories: &histories,
            warnings: &warnings,
        };
        let directory = match comparisons.is_empty() {
            true => directory,
            false => place.add(&directory, COMPARISONS_FILE, &comparisons, &Disk)?,
        };
        let page = RunPage {
            cast,
            outputs: &outputs,
            summary: &summary,
            comparisons,
            directory: &directory,
        };
        print(&page.render(self.format.format)?)?;
        remark(&format!("took {:.1} s", stopwatch.elapsed().as_secs_f64()));
        if outputs.len() < scenario.replicates as usize {
            return Err(interrupt::failure(format!(
                "interrupted: {} of {} replicates were finished and are kept in {}; --resume adds the others",
                outputs.len(),
                scenario.replicates,
                directory.path().display()
            )));
        }
        if are_cut {
            return Err(interrupt::failure(format!(
                "interrupted: the run is complete and kept in {}, without honest twins and counterfactuals; --replace \
                 runs it again with them",
                directory.path().display()
            )));
        }
        Ok(())
    }

    /// Prints a run that is there, without its further runs.
    fn print_finished(&self, scenario: &Scenario, cast: &Cast, found: &RunDirectory) -> Result<(), Failure> {
        let changed = found.changed_files()?;
        if !changed.is_empty() {
            let message = format!(
                "{}: changed since the run: {}",
                found.path().display(),
                changed.join(", ")
            );
            return Err(Failure::new(Reason::Verification, message));
        }
        remark(&format!(
            "{} is there already and complete",
            found.path().display()
        ));
        let outputs = match found.outputs() {
            Err(ResultsError::NotExtendable { .. }) => {
                let summary = found.summary()?;
                let text = serde_json::to_string_pretty(&summary).expect("a JSON value is printable");
                return print(&(text + "\n"));
            }
            outputs => outputs?,
        };
        let summary = Summary::compute(cast, &outputs);
        let comparison = Comparison::compute(scenario, cast, &outputs);
        if found.comparisons()?.is_some() {
            remark("honest twins and counterfactuals of the run are in its comparisons.json");
        }
        let page = RunPage {
            cast,
            outputs: &outputs,
            summary: &summary,
            comparisons: Comparisons {
                recorded: comparison.as_ref(),
                honest_twins: &[],
                shorter_histories: &[],
                warnings: &told_warnings(scenario, &outputs),
            },
            directory: found,
        };
        print(&page.render(self.format.format)?)
    }
}

/// Sentences about parameters without effect: those known before the run, and those that it showed, which are
/// told on standard error.
fn told_warnings(scenario: &Scenario, outputs: &[RunOutput]) -> Vec<String> {
    let shown = idle_parameters(scenario, outputs);
    for warning in &shown {
        remark(&format!("warning: {warning}"));
    }
    [scenario.warnings.clone(), shown].concat()
}

fn platform(threads: usize) -> Platform {
    Platform {
        os: std::env::consts::OS.to_string(),
        architecture: std::env::consts::ARCH.to_string(),
        threads: u32::try_from(threads).unwrap_or(u32::MAX),
    }
}
