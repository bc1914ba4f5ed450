//! The engine beside the baseline: interleaved rounds on CPU time, so that a busy machine hurts both.

use stakeout_engine::observe::event_spool::Spool;
use stakeout_engine::observe::storage::Disk;

use crate::clock::{cpu_time, process_time, wall_time};
use crate::processes::run_at_once;
use crate::workload::{Done, LogSize, Prepared, Workload};

/// What the user asked for.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// Interleaved rounds.
    pub rounds: usize,
    /// Inferences a run.
    pub inferences: u64,
}

/// Inferences of a baseline run at most: it has no epochs to go through, and its cost an inference is settled by then.
const BASELINE_MAX: u64 = 20_000_000;

/// Nanoseconds per inference on one core.
fn measure(prepared: &mut Prepared, inferences: u64) -> Result<(Done, f64), String> {
    let before = cpu_time()?;
    let done = prepared.run(inferences, 1)?;
    let spent = cpu_time()? - before;
    let per_inference = spent.as_nanos() as f64 / done.inferences as f64;
    Ok((done, per_inference))
}

/// Sets each workload beside the baseline and prints the median of the ratios of each round, with the range.
pub fn compare(workloads: &[Workload], rounds: Rounds) -> Result<(), String> {
    let mut baseline = Workload::StdHeap.prepare()?;
    println!(
        "| workload | ns/inference | std heap | ratio, median [range] | sojourn s | std heap s | checked | convictions, disputes, expiries |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for workload in workloads {
        let mut prepared = workload.prepare()?;
        let mut ratios = Vec::new();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut last = (Done::default(), Done::default());
        for round in 0..rounds.rounds {
            let (done, engine) = measure(&mut prepared, rounds.inferences)?;
            let (base_done, base) = measure(&mut baseline, rounds.inferences.min(BASELINE_MAX))?;
            eprintln!(
                "{} round {}: {engine:.1} ns against {base:.1} ns",
                workload.name(),
                round + 1
            );
            ratios.push(base / engine);
            ours.push(engine);
            theirs.push(base);
            last = (done, base_done);
        }
        let (low, middle, high) = spread(&mut ratios);
        println!(
            "| {} | {:.1} | {:.1} | {middle:.2} [{low:.2}, {high:.2}] | {:.4} | {:.4} | {:.4} | {:?} |",
            workload.name(),
            spread(&mut ours).1,
            spread(&mut theirs).1,
            last.0.sojourn,
            last.1.sojourn,
            last.0.checked,
            last.0.events,
        );
    }
    Ok(())
}

/// Networks of a thousand to a million hosts, each with as many requests a host: model groups kept, and one in how many of
/// their hosts.
const SIZES: [(u16, usize); 4] = [(1, 5), (2, 1), (20, 1), (200, 1)];

/// What an inference costs with more hosts of the same kind, on one core, in interleaved rounds: nanoseconds, and their
/// ratio to those with the fewest hosts.
pub fn hosts(rounds: Rounds) -> Result<(), String> {
    let mut networks = Vec::new();
    for (models, each) in SIZES {
        let mut prepared = Workload::MillionHosts.prepare()?;
        networks.push((
            prepared.keep_hosts(models, each)?,
            prepared,
            Vec::new(),
            Vec::new(),
        ));
    }
    for round in 1..=rounds.rounds {
        let mut fewest = None;
        for (hosts, prepared, nanos, ratios) in &mut networks {
            let (_, spent) = measure(prepared, rounds.inferences)?;
            eprintln!("{hosts} hosts, round {round}: {spent:.1} ns");
            ratios.push(spent / *fewest.get_or_insert(spent));
            nanos.push(spent);
        }
    }
    println!("| hosts | ns/inference, median [range] | over the fewest, median [range] |");
    println!("|---|---|---|");
    for (hosts, _, mut nanos, mut ratios) in networks {
        let ((low, middle, high), ratio) = (spread(&mut nanos), spread(&mut ratios));
        println!(
            "| {hosts} | {middle:.0} [{low:.0}, {high:.0}] | {:.2} [{:.2}, {:.2}] |",
            ratio.1, ratio.0, ratio.2
        );
    }
    Ok(())
}

/// One thread against `threads` of one run, by wall time, whose digest must not change, and against as many processes of one thread
/// each: what the machine itself gives.
pub fn scaling(workload: Workload, rounds: Rounds, threads: usize) -> Result<(), String> {
    let mut prepared = workload.prepare()?;
    let pool = pool(threads)?;
    let (mut ratios, mut apart) = (Vec::new(), Vec::new());
    let arguments = ["workload", workload.name(), &rounds.inferences.to_string()];
    for _ in 0..rounds.rounds {
        let (one, single) = wall_time(|| prepared.run(rounds.inferences, 1));
        let (many, several) = wall_time(|| pool.install(|| prepared.run(rounds.inferences, threads)));
        let (one, many) = (one?, many?);
        if one.digest != many.digest {
            return Err(format!(
                "digests differ: {} on one thread, {} on {threads}",
                one.digest, many.digest
            ));
        }
        let (alone, process) = wall_time(|| run_at_once(&arguments, 1));
        let (together, processes) = wall_time(|| run_at_once(&arguments, threads));
        alone.and(together)?;
        let ratio = single.as_secs_f64() / several.as_secs_f64();
        let ratio_apart = threads as f64 * process.as_secs_f64() / processes.as_secs_f64();
        eprintln!(
            "{}: {single:.2?} on one thread, {several:.2?} on {threads}: {ratio:.2}; {threads} processes: {ratio_apart:.2}",
            workload.name()
        );
        ratios.push(ratio);
        apart.push(ratio_apart);
    }
    let (low, middle, high) = spread(&mut ratios);
    let (low_apart, middle_apart, high_apart) = spread(&mut apart);
    println!(
        "{}: {threads} threads over 1: {middle:.2} [{low:.2}, {high:.2}], same digest; {threads} processes over 1: {middle_apart:.2} [{low_apart:.2}, {high_apart:.2}]",
        workload.name()
    );
    Ok(())
}

/// So many threads.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, String> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| error.to_string())
}

/// What the event log costs: wall time of the same run with it over without it. The engine has one thread and the
/// log's writer its own, as on any machine with a second core; the digest must not change.
pub fn log(workload: Workload, rounds: Rounds) -> Result<(), String> {
    let mut prepared = workload.prepare()?;
    let folder = std::env::temp_dir().join(format!("stakeout-bench-{}", std::process::id()));
    let (mut ratios, mut size, mut inferences) = (Vec::new(), LogSize::default(), 0);
    for _ in 0..rounds.rounds {
        let spool = Spool::create(folder.join("log"), &Disk).map_err(|error| error.to_string())?;
        let start = cpu_time()?;
        let (plain, without) = wall_time(|| prepared.run(rounds.inferences, 1));
        let (middle, all) = (cpu_time()?, process_time()?);
        let (logged, with) = wall_time(|| prepared.run_logged(rounds.inferences, 1, &spool));
        let (plain, (logged, written)) = (plain?, logged?);
        let (alone, engine) = (middle - start, cpu_time()? - middle);
        let others = (process_time()? - all).saturating_sub(engine);
        // A run keeps its log: what it takes to remove half a gigabyte is no part of it.
        spool.clear(&Disk).map_err(|error| error.to_string())?;
        if plain.digest != logged.digest {
            return Err(format!(
                "digests differ: {} without a log, {} with one",
                plain.digest, logged.digest
            ));
        }
        let ratio = with.as_secs_f64() / without.as_secs_f64();
        eprintln!(
            "{}: {without:.2?} without a log, {with:.2?} with one: {ratio:.2}; on a core the engine {alone:.2?} and {engine:.2?}, the log's threads {others:.2?}",
            workload.name()
        );
        ratios.push(ratio);
        (size, inferences) = (written, plain.inferences);
    }
    // Nothing is lost with an empty folder that stays behind.
    let _ = std::fs::remove_dir(&folder);
    let (low, middle, high) = spread(&mut ratios);
    println!(
        "{}: with an event log over without: {middle:.2} [{low:.2}, {high:.2}], {:.2} events an inference of {:.1} bytes, same digest",
        workload.name(),
        size.events as f64 / inferences as f64,
        size.bytes as f64 / size.events as f64,
    );
    Ok(())
}

pub fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[0], values[values.len() / 2], values[values.len() - 1])
}
