//! What a sweep will cost: a few cells are run, kept and timed, the others are measured against them by their expected
//! counts.

use rayon::prelude::*;
use stakeout_engine::experiment::sweep::cell::{key, run_cell};
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_engine::scenario::Scenario;
use stakeout_engine::strategy::registry::Registry;

use super::clock::Stopwatch;
use super::estimate::{BASE_BYTES as PROGRAM_BYTES, Estimate};
use super::table::{Cell, Table};

/// Points whose cost is worked out one by one; of more, evenly spread ones stand for all.
const SAMPLED: usize = 64;
/// A cell that is expected to take longer than this, or cells side by side more memory, are not run to be timed.
const TIMED_SECONDS: f64 = 60.0;
const TIMED_BYTES: f64 = 512e6;
/// Points of which cells are run to be timed, evenly spread: what a strategy does costs more at some than at others.
const TIMED_POINTS: usize = 4;
/// Cells of a point that are run to be timed, at least, and the time after which no further ones are begun.
const TRIALS: usize = 4;
const TRIAL_SECONDS: f64 = 0.25;
/// Time after which no cell of a further point is run, seconds.
const TIMED_LIMIT: f64 = 2.0;
/// What a small file or folder takes on a disk.
const BLOCK_BYTES: f64 = 4096.0;
/// Folders over which cells are spread by the start of their names.
const SHELVES: f64 = 256.0;
const BYTES_PER_MIB: f64 = 1_048_576.0;

/// What a cell takes.
struct Trial {
    /// Seconds of a run, the median of a few: a machine that does something else is likely to do so also in the sweep.
    run: f64,
    /// Seconds of forcing its file onto the disk, likewise; the threads that run do not wait for it.
    keep: f64,
    /// Bytes of the cell's file.
    length: f64,
}

impl Trial {
    /// Runs the first replicates of a point, as many side by side as the sweep will. Their files go to the folder for
    /// temporary files and are removed; where that cannot be written, the time is that of the runs alone.
    fn run(plan: &Plan, scenario: &Scenario, registry: &Registry, side_by_side: u32) -> Self {
        let folder = std::env::temp_dir().join(format!("stakeout-estimate-{}", std::process::id()));
        let store = Store::open(&folder).ok();
        let stopwatch = Stopwatch::start();
        let (mut runs, mut keeps, mut length) = (Vec::new(), Vec::new(), 0);
        let pairing = scenario.attack.pairing();
        let making = plan.making(&pairing);
        let run_one = |replicate: u32| {
            let one = Stopwatch::start();
            let name = key(&scenario.hash, scenario.seed, replicate, making);
            let cell = run_cell(scenario, name, replicate, making, registry, &|| false)
                .expect("a run that nobody stops is finished");
            (cell, one.elapsed().as_secs_f64())
        };
        while runs.len() < TRIALS && stopwatch.elapsed().as_secs_f64() <= TRIAL_SECONDS {
            let first = runs.len() as u32;
            let replicates = first..first + side_by_side;
            let trials: Vec<_> = replicates.into_par_iter().map(run_one).collect();
            for (cell, seconds) in trials {
                runs.push(seconds);
                let one = Stopwatch::start();
                if let Some(store) = &store {
                    // A full disk is the sweep's to report.
                    let _ = store.put(&cell);
                }
                keeps.push(one.elapsed().as_secs_f64());
                length = serde_json::to_string(&cell).map_or(0, |text| text.len());
            }
        }
        drop(store);
        let _ = std::fs::remove_dir_all(&folder);
        Self {
            run: median(runs),
            keep: median(keeps),
            length: length as f64,
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    (low + high) / 2.0
}

/// Points, cells, time, memory and disk.
pub fn estimate(plan: &Plan, source: &ScenarioSource, registry: &Registry, threads: usize) -> Table {
    let valid: Vec<&_> = plan.points.iter().filter(|point| point.error.is_none()).collect();
    let step = valid.len().div_ceil(SAMPLED).max(1);
    let (mut total_seconds, mut costed, mut most_memory) = (0.0, 0.0_f64, 0.0_f64);
    let (mut timed_seconds, mut timed_costs, mut keep, mut length) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    let stopwatch = Stopwatch::start();
    let cells = valid.len() as f64 * f64::from(plan.ceiling);
    let side_by_side = cells.clamp(1.0, threads as f64) as u32;
    let every = valid.len().div_ceil(step).div_ceil(TIMED_POINTS).max(1);
    // One scenario at a time: of a large network a second one is a second network in memory.
    for (index, point) in valid.iter().step_by(step).enumerate() {
        let Ok(mut scenario) = source.resolve(&point.set, registry) else {
            continue;
        };
        scenario.replicates = 1;
        let cost = Estimate::compute(&scenario, 1, false);
        let is_next =
            index % every == 0 && (timed_costs == 0.0 || stopwatch.elapsed().as_secs_f64() < TIMED_LIMIT);
        if is_next && cost.seconds < TIMED_SECONDS && cost.memory_bytes < TIMED_BYTES {
            let fit = (TIMED_BYTES / cost.memory_bytes) as u32;
            let trial = Trial::run(plan, &scenario, registry, side_by_side.min(fit).max(1));
            timed_seconds += trial.run;
            keep = trial.keep.max(keep);
            timed_costs += cost.seconds;
            length = trial.length.max(length);
        }
        total_seconds += cost.seconds;
        costed += 1.0;
        most_memory = most_memory.max(cost.memory_bytes);
    }
    let (ratio, timed) = if timed_costs > 0.0 {
        (timed_seconds / timed_costs, "a few cells were run and timed")
    } else {
        let untimed = if plan.has_twin { 2.0 } else { 1.0 };
        (untimed, "no cell was run: one takes too long, or too much memory")
    };
    let length = if length > 0.0 { length } else { BLOCK_BYTES / 2.0 };
    let mean_seconds = total_seconds / costed.max(1.0);
    let (least, most) = (
        valid.len() as f64 * f64::from(plan.floor),
        valid.len() as f64 * f64::from(plan.ceiling),
    );
    let busy = (threads as f64).min(most);
    let mut table = Table::new("Estimate", &["what", "at least", "at most", "unit"]);
    let mut line = |what: &str, low: f64, high: f64, decimals: usize, unit: &str| {
        table.push(vec![
            Cell::text(what),
            Cell::Real(low, decimals),
            Cell::Real(high, decimals),
            Cell::text(unit),
        ]);
    };
    let points = plan.points.len() as f64;
    line("points", points, points, 0, "");
    line(
        "invalid points",
        points - valid.len() as f64,
        points - valid.len() as f64,
        0,
        "",
    );
    line("cells", least, most, 0, plan.rule_text().as_str());
    // A thread more writes, and whoever has to wait for it writes, too.
    let seconds = |cells: f64| {
        let (runs, both) = (mean_seconds * ratio, mean_seconds * ratio + keep);
        cells * (runs / busy.max(1.0)).max(both / (busy + 1.0))
    };
    line(
        "time",
        seconds(least),
        seconds(most),
        1,
        &format!("s on {threads} threads ({timed})"),
    );
    // The program is there once, however many cells it runs side by side.
    let memory = PROGRAM_BYTES + (most_memory - PROGRAM_BYTES).max(0.0) * busy;
    let memory = memory / BYTES_PER_MIB;
    line("memory", memory, memory, 0, "MiB");
    let disk = |cells: f64| disk_bytes(plan, cells, length) / BYTES_PER_MIB;
    line("disk", disk(least), disk(most), 2, "MiB");
    table
}

/// What a finished sweep takes on a disk: the plan; a file a cell of `length` bytes, on shelves; of each cell a row in
/// responses.csv, which has the figures without their names; of each point a row in results.csv, with an interval of each.
fn disk_bytes(plan: &Plan, cells: f64, length: f64) -> f64 {
    let blocks = |bytes: f64| (bytes / BLOCK_BYTES).ceil() * BLOCK_BYTES;
    // Of shelves that are filled at random, so many have a cell.
    let shelves = SHELVES * (1.0 - power(1.0 - 1.0 / SHELVES, cells as u64));
    blocks(plan.to_json().len() as f64)
        + cells * blocks(length)
        + (shelves + 2.0) * BLOCK_BYTES
        + blocks(cells * length / 2.0)
        + blocks(plan.points.len() as f64 * length * 1.5)
}

/// `base` to a whole power, by squaring.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
}
