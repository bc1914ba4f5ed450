//! The doors by which files come in, each a function of bytes that must end in an answer.
//!
//! Invariant: whatever the bytes are, a door returns; a panic is a bug, and so is an accepted scenario whose run breaks
//! an invariant.

use std::path::Path;
use std::sync::OnceLock;

use stakeout_calibration::Calibration;
use stakeout_engine::audit::log_reader::LogReader;
use stakeout_engine::experiment::game::file::GameFile;
use stakeout_engine::experiment::solve::file::SolveFile;
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{Arrivals, Fidelity, Scenario, Source, from_str, from_str_in};
use stakeout_engine::strategy::registry::Registry;
use stakeout_worlds::world::World;

/// A door: its name, and what goes through it. The folder is the input's own, to put files into.
pub type Door = (&'static str, fn(&[u8], &Path) -> bool);

/// The doors of the simulator. Each says whether it accepted the input.
pub const DOORS: [Door; 11] = [
    ("scenario", scenario),
    ("sweep", sweep),
    ("solve", solve),
    ("game", game),
    ("world", world),
    ("calibration", calibration),
    ("trace-csv", trace_csv),
    ("trace-parquet", trace_parquet),
    ("manifest", manifest),
    ("event-log", event_log),
    ("rows", rows),
];

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(stakeout_agents::registry)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("the input's folder can be written");
}

/// A scenario; one that is accepted and small runs for twenty blocks with its books checked at each.
pub fn scenario(bytes: &[u8], _: &Path) -> bool {
    let Ok(mut scenario) = from_str("input.yaml", &text(bytes), &[], registry()) else {
        return false;
    };
    if scenario.fidelity == Fidelity::Event && is_small(&scenario) {
        (scenario.epochs, scenario.until_blocks) = (1, Some(20));
        let options = RunOptions {
            check_every_block: true,
            event_log: true,
            lanes: Some(2),
            parallel: false,
        };
        // A refusal is an answer; coins out of nowhere are not, and panic.
        let _ = run(&scenario, 0, registry(), &options);
    }
    true
}

/// Whether twenty blocks are a matter of milliseconds.
fn is_small(scenario: &Scenario) -> bool {
    let per_second = match &scenario.demand.arrivals {
        Arrivals::Poisson { per_second } | Arrivals::Diurnal { per_second, .. } => *per_second,
        Arrivals::Bursty {
            calm_per_second,
            burst_per_second,
            ..
        } => calm_per_second.max(*burst_per_second),
        Arrivals::Trace(requests) => requests.len() as f64,
    };
    let requests = per_second * scenario.chain.block_time.as_seconds() * 40.0;
    let window = scenario.protocol.pricing.window_blocks;
    scenario.hosts.len() <= 100 && requests <= 4_000.0 && u64::from(window) <= 100_000
}

/// A sweep's file.
pub fn sweep(bytes: &[u8], _: &Path) -> bool {
    SweepFile::parse(&Source::file("input.yaml", &text(bytes)), Path::new("")).is_ok()
}

/// A question for the cheapest rule.
pub fn solve(bytes: &[u8], _: &Path) -> bool {
    SolveFile::parse(&Source::file("input.yaml", &text(bytes)), Path::new("")).is_ok()
}

/// A game.
pub fn game(bytes: &[u8], _: &Path) -> bool {
    GameFile::parse(&Source::file("input.yaml", &text(bytes)), Path::new("")).is_ok()
}

/// A world, a schedule or a market.
pub fn world(bytes: &[u8], _: &Path) -> bool {
    World::read("input", &text(bytes)).is_ok()
}

/// A calibration; one that is accepted is compiled as a run would.
pub fn calibration(bytes: &[u8], _: &Path) -> bool {
    Calibration::from_yaml(&text(bytes))
        .map(|calibration| calibration.compile())
        .is_ok()
}

/// A small scenario whose requests come from a file beside it.
const TRACED: &str = "\
preset: [minimal, models, hardware]
duration: 1 epochs
demand: { law: trace, trace: FILE }
population:
  - { name: honest, count: 3, strategy: honest, weight: 10, models: Qwen3-32B, hardware: h100 }
";

fn trace(folder: &Path, name: &str) -> bool {
    from_str_in(
        folder,
        "input.yaml",
        &TRACED.replace("FILE", name),
        &[],
        registry(),
    )
    .is_ok()
}

/// A recorded trace as CSV.
pub fn trace_csv(bytes: &[u8], folder: &Path) -> bool {
    write(folder, "trace.csv", bytes);
    trace(folder, "trace.csv")
}

/// A recorded trace as Parquet.
pub fn trace_parquet(bytes: &[u8], folder: &Path) -> bool {
    write(folder, "trace.parquet", bytes);
    trace(folder, "trace.parquet")
}

/// The manifest of a run.
pub fn manifest(bytes: &[u8], folder: &Path) -> bool {
    write(folder, "manifest.json", bytes);
    let Ok(run) = RunDirectory::open(folder) else {
        return false;
    };
    let _ = (run.changed_files(), run.summary(), run.scenario());
    let _ = stakeout_engine::audit::verify::verify_files(&run, None);
    true
}

/// An event log.
pub fn event_log(bytes: &[u8], folder: &Path) -> bool {
    write(folder, "events.parquet", bytes);
    let Ok(reader) = LogReader::open(&folder.join("events.parquet"), 0) else {
        return false;
    };
    let _ = reader.checkpoints();
    // All of them are read, also those after a broken one.
    reader.filter(Result::is_err).count() == 0
}

/// A table of results in a run that was put into the folder before: hashes and seal are those of the input, as a
/// forger would make them, so that the decoder sees it.
pub fn rows(bytes: &[u8], folder: &Path) -> bool {
    const TABLE: &str = "participants.parquet";
    write(folder, TABLE, bytes);
    let Ok(run) = RunDirectory::open(folder) else {
        return false;
    };
    let mut manifest = run.manifest().clone();
    for file in manifest.files.iter_mut().filter(|file| file.name == TABLE) {
        (file.bytes, file.blake3) = (bytes.len() as u64, blake3::hash(bytes).to_hex().to_string());
    }
    let sealed = manifest.sealed().expect("a manifest is printable");
    write(folder, "manifest.json", sealed.as_bytes());
    RunDirectory::open(folder).is_ok_and(|run| run.outputs().is_ok())
}
