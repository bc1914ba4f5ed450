//! A sweep on every core beside the same sweep on one: what a core gets done when the others work too.
//!
//! What it could get done is told by as many processes as threads, each with one thread and the whole sweep to itself: they
//! share caches, memory and the machine's other tenants, and nothing of ours.
//!
//! Invariant: all must end in the same cells, digest by digest.

use std::path::PathBuf;

use stakeout_engine::experiment::sweep::campaign::{Campaign, Shard, Unwatched, carry_out};
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_engine::strategy::registry::Registry;

use crate::clock::wall_time;
use crate::compare::{Rounds, pool, spread};
use crate::processes::run_at_once;

/// Cells of a sweep: enough that the last ones leave no core idle for long.
const CELLS: u32 = 256;
/// Points they belong to; two rates that cost nearly the same.
const FACTOR: &str = "protocol.sampling.flat_rate=19 %, 20 %";

/// Runs each round's sweep on one thread, on `threads`, and on one thread of each of as many processes, cells written to
/// disk as a sweep writes them, and prints medians and ranges of the throughput of a core.
pub fn sweep(rounds: Rounds, threads: usize) -> Result<(), String> {
    let question = Question::new(rounds.inferences)?;
    let (mut ratios, mut works, mut bounds) = (Vec::new(), Vec::new(), Vec::new());
    let once = ["sweep-once", "--inferences", &rounds.inferences.to_string()];
    for round in 0..rounds.rounds {
        let begin = process_ticks()?;
        let (one, alone) = wall_time(|| question.run(1));
        let middle = process_ticks()?;
        let (many, together) = wall_time(|| question.run(threads));
        let end = process_ticks()?;
        let (apart, separate) = wall_time(|| run_at_once(&once, threads));
        let (one, many) = (digests(&one?), digests(&many?));
        if one != many || apart?.iter().any(|printed| *printed != one) {
            return Err(format!("the cells differ between one thread and {threads}"));
        }
        let (alone, together, separate) = (
            alone.as_secs_f64(),
            together.as_secs_f64(),
            separate.as_secs_f64(),
        );
        eprintln!(
            "round {}: {alone:.3} s alone, {together:.3} s on {threads} threads, {separate:.3} s in each of {threads} processes",
            round + 1
        );
        ratios.push(alone / together / threads as f64);
        works.push((middle - begin) as f64 / (end - middle).max(1) as f64);
        bounds.push(separate / together / threads as f64);
    }
    println!("| throughput of a core on {threads} threads over | median | range |\n|---|---|---|");
    for (what, ratios) in [
        ("one thread alone, wall time", &mut ratios),
        ("one thread alone, CPU time", &mut works),
        ("a process of its own on every core, wall time", &mut bounds),
    ] {
        let (low, middle, high) = spread(ratios);
        println!("| {what} | {middle:.3} | [{low:.3}, {high:.3}] |");
    }
    Ok(())
}

/// Runs the sweep once on one thread and prints the digests: one of the processes that [`sweep`] starts.
pub fn sweep_once(inferences: u64) -> Result<(), String> {
    println!("{}", digests(&Question::new(inferences)?.run(1)?));
    Ok(())
}

/// What is swept.
struct Question {
    source: ScenarioSource,
    registry: Registry,
    plan: Plan,
}

impl Question {
    fn new(inferences: u64) -> Result<Self, String> {
        let scenario = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke/two-swappers.yaml");
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let over = [String::from(FACTOR)];
        let mut file = SweepFile::over(&scenario, &over).map_err(|error| words(&error))?;
        file.replication.rule.precision = None;
        // At one request a second a block of five seconds has five, and an epoch of 240 blocks 1,200.
        let epochs = inferences.div_ceil(u64::from(CELLS) * 1_200);
        file.set
            .push((String::from("duration"), format!("{epochs} epochs")));
        file.replication.rule.floor = CELLS / 2;
        file.replication.rule.ceiling = CELLS / 2;
        let source = ScenarioSource::read(&scenario).map_err(|error| words(&error))?;
        let registry = stakeout_agents::registry();
        let plan = Plan::freeze(&file, &source, &registry).map_err(|error| words(&error))?;
        Ok(Self {
            source,
            registry,
            plan,
        })
    }

    /// Carries the sweep out in a folder of its own.
    fn run(&self, threads: usize) -> Result<Campaign, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let folder = std::env::temp_dir().join(format!("stakeout-bench-sweep-{}", std::process::id()));
        let pool = pool(threads)?;
        let store = Store::open(&folder).map_err(|error| words(&error))?;
        let (plan, source, registry) = (&self.plan, &self.source, &self.registry);
        let done = pool.install(|| carry_out(plan, source, registry, &store, Shard::WHOLE, &Unwatched));
        drop(store);
        std::fs::remove_dir_all(&folder).map_err(|error| words(&error))?;
        done.map_err(|error| words(&error))
    }
}

/// CPU time of all threads of this process, in the kernel's ticks of a hundredth of a second: on a machine that others use
/// too it tells what the threads cost each other, which wall time does not.
fn process_ticks() -> Result<u64, String> {
    let path = "/proc/self/stat";
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    // The name in brackets may hold blanks; user and system time are the twelfth and thirteenth words after it.
    let words = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<u64> = words
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse().ok())
        .collect();
    match ticks[..] {
        [user, system] => Ok(user + system),
        _ => Err(format!("{path}: no times")),
    }
}

fn digests(done: &Campaign) -> String {
    let cells = done.points.iter().flat_map(|point| &point.cells);
    cells
        .map(|cell| cell.digest.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
