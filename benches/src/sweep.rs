//! A sweep on every core beside the same sweep on one: what a core gets done when the others work too.
//!
//! Invariant: the two must end in the same cells, digest by digest.

use std::path::PathBuf;

use stakeout_engine::experiment::sweep::campaign::{Campaign, Monitor, Shard, carry_out};
use stakeout_engine::experiment::sweep::cell::Cell;
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;

use crate::clock::wall_time;
use crate::compare::{Rounds, spread};

/// Cells of a sweep: enough that the last ones leave no core idle for long.
const CELLS: u32 = 64;
/// Points they belong to; two rates that cost nearly the same.
const FACTOR: &str = "protocol.sampling.flat_rate=19 %, 20 %";

/// Runs each round's sweep on one thread and on `threads`, cells written to disk as a sweep writes them, and prints the
/// median of the throughput of a core over that of one thread alone, with the range.
pub fn sweep(rounds: Rounds, threads: usize) -> Result<(), String> {
    let scenario = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke/first.yaml");
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let over = [String::from(FACTOR)];
    let mut file = SweepFile::over(&scenario, &over).map_err(|error| words(&error))?;
    file.replication.rule.precision = None;
    // At one request a second a block of five seconds has five, and an epoch of 240 blocks 1,200.
    let epochs = rounds.inferences.div_ceil(u64::from(CELLS) * 1_200);
    file.set
        .push((String::from("duration"), format!("{epochs} epochs")));
    file.replication.rule.floor = CELLS / 2;
    file.replication.rule.ceiling = CELLS / 2;
    let source = ScenarioSource::read(&scenario).map_err(|error| words(&error))?;
    let registry = stakeout_agents::registry();
    let plan = Plan::freeze(&file, &source, &registry).map_err(|error| words(&error))?;
    let run = |threads: usize| -> Result<Campaign, String> {
        let folder = std::env::temp_dir().join(format!("stakeout-bench-sweep-{}", std::process::id()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| words(&error))?;
        let store = Store::open(&folder).map_err(|error| words(&error))?;
        let done = pool.install(|| carry_out(&plan, &source, &registry, &store, Shard::WHOLE, &Nobody));
        drop(store);
        std::fs::remove_dir_all(&folder).map_err(|error| words(&error))?;
        done.map_err(|error| words(&error))
    };
    let (mut ratios, mut works) = (Vec::new(), Vec::new());
    for round in 0..rounds.rounds {
        let begin = process_ticks()?;
        let (one, alone) = wall_time(|| run(1));
        let middle = process_ticks()?;
        let (many, together) = wall_time(|| run(threads));
        let end = process_ticks()?;
        if digests(&one?) != digests(&many?) {
            return Err(format!("the cells differ between one thread and {threads}"));
        }
        let ratio = alone.as_secs_f64() / together.as_secs_f64() / threads as f64;
        eprintln!(
            "round {}: {:.3} s alone, {:.3} s on {threads} threads",
            round + 1,
            alone.as_secs_f64(),
            together.as_secs_f64()
        );
        ratios.push(ratio);
        works.push((middle - begin) as f64 / (end - middle).max(1) as f64);
    }
    let (low, middle, high) = spread(&mut ratios);
    let work = spread(&mut works);
    println!(
        "| threads | throughput of a core over one thread alone, median [range] | the same by CPU time |"
    );
    println!("|---|---|---|");
    println!(
        "| {threads} | {middle:.3} [{low:.3}, {high:.3}] | {:.3} [{:.3}, {:.3}] |",
        work.1, work.0, work.2
    );
    Ok(())
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

fn digests(done: &Campaign) -> Vec<&str> {
    let cells = done.points.iter().flat_map(|point| &point.cells);
    cells.map(|cell| cell.digest.as_str()).collect()
}

/// Nobody watches a bench.
struct Nobody;

impl Monitor for Nobody {
    fn is_stopping(&self) -> bool {
        false
    }
    fn expect(&self, _: u64) {}
    fn tell(&self, _: &Cell) {}
}
