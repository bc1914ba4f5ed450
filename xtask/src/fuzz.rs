//! libFuzzer at every door by which a file comes in: `fuzz/README.md`.
//!
//! The targets are compiled with the coverage counters of LLVM, which any toolchain has; the address sanitizer would
//! need the nightly one, and finds nothing in code that may not be unsafe. Where there is no C++ compiler for
//! libFuzzer itself, the suite's mutations by number take its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step::{Outcome, build_stakeout, root, run, run_directory, timed};

/// A door: its name, the longest input, bytes, and the shipped files that its inputs are made of: a folder, and what a
/// file there must contain.
struct Door {
    name: &'static str,
    longest: u32,
    seeds: &'static [(&'static str, &'static str)],
}

const fn door(name: &'static str, longest: u32, seeds: &'static [(&'static str, &'static str)]) -> Door {
    Door { name, longest, seeds }
}

const DOORS: [Door; 11] = [
    door(
        "scenario",
        2048,
        &[
            ("scenarios/smoke", ""),
            ("scenarios/attacks", ""),
            ("scenarios/networks", "preset"),
        ],
    ),
    door("sweep", 2048, &[("scenarios/sweeps", "\nsweep:")]),
    door("solve", 2048, &[("scenarios/sweeps", "\nsolve:")]),
    door("game", 2048, &[("scenarios/sweeps", "\ngame:")]),
    door(
        "world",
        2048,
        &[
            ("scenarios/worlds", ""),
            ("scenarios/schedules", ""),
            ("scenarios/markets", ""),
        ],
    ),
    door(
        "calibration",
        4096,
        &[("sim/calibration/tests", "\nkind: measured")],
    ),
    door("trace-csv", 1024, &[]),
    door("trace-parquet", 4096, &[]),
    door("manifest", 4096, &[]),
    door("event-log", 8192, &[]),
    door("rows", 8192, &[]),
];

/// The doors of model files, whose seeds are in `fuzz/corpus`.
const MODEL_DOORS: [Door; 6] = [
    door("gguf", 8192, &[]),
    door("safetensors", 4096, &[]),
    door("config", 1024, &[]),
    door("tokenizer", 2048, &[]),
    door("artifact", 512, &[]),
    door("kept-scores", 2048, &[]),
];

/// What the compiler is told so that libFuzzer sees which branches an input takes. Comparisons are not watched: that
/// halves the speed, and the words of the formats are in the seeds.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cdebug-assertions";

/// Memory, MiB, and seconds that one input may take.
const MEMORY: &str = "-rss_limit_mb=4096";
const PATIENCE: &str = "-timeout=20";

/// Runs every door, or the named ones, for so many seconds each.
pub fn fuzz(arguments: &[&str]) -> Outcome {
    let mut seconds = 60;
    let (mut has_models, mut names) = (false, Vec::new());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "--models" => has_models = true,
            "--seconds" => {
                let number = words.next().and_then(|number| number.parse().ok());
                seconds = number.ok_or("--seconds needs a whole number")?;
            }
            name => names.push(name),
        }
    }
    let all: Vec<&Door> = DOORS.iter().chain(&MODEL_DOORS).collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !all.iter().any(|door| door.name == **name))
    {
        let known: Vec<&str> = all.iter().map(|door| door.name).collect();
        return Err(format!(
            "no door is called `{unknown}`; there are {}",
            known.join(", ")
        ));
    }
    let is_model = |door: &Door| MODEL_DOORS.iter().any(|other| other.name == door.name);
    let is_asked = |door: &Door| match names.is_empty() {
        true => has_models || !is_model(door),
        false => names.contains(&door.name),
    };
    let doors: Vec<&Door> = all.into_iter().filter(|door| is_asked(door)).collect();
    let Some(compiler) = ["c++", "g++", "clang++"]
        .into_iter()
        .find(|name| is_present(name))
    else {
        eprintln!("   no C++ compiler for libFuzzer: mutations by number instead");
        return by_number(seconds * DOORS.len() as u64);
    };
    eprintln!("   libFuzzer is compiled with {compiler}");
    let has_models = doors.iter().any(|door| is_model(door));
    let binaries = timed("targets of fuzz/", || build(has_models))?;
    let beside = timed("seeds", || lay_out(&doors))?;
    timed(&format!("{} doors, {seconds} s each", doors.len()), || {
        let mut total = 0;
        for door in doors {
            let of_models = is_model(door);
            total += enter(door, &binaries, &beside.of(of_models), seconds)?;
        }
        eprintln!("   {total} inputs in all: no panic, no hang, no more than 4 GiB");
        Ok(())
    })
}

fn is_present(program: &str) -> bool {
    let version = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

fn by_number(seconds: u64) -> Outcome {
    let hammer = [
        "test",
        "--release",
        "--test",
        "suite",
        "hammer",
        "--",
        "--ignored",
        "--nocapture",
    ];
    run(
        "cargo",
        &hammer,
        &[("STAKEOUT_FUZZ_SECONDS", &seconds.to_string())],
    )
}

/// Compiles the targets; their folder.
fn build(has_models: bool) -> Outcome<PathBuf> {
    let host = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| error.to_string())?;
    let host = String::from_utf8_lossy(&host.stdout).into_owned();
    let triple = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .ok_or("rustc names no host")?;
    let target = root().join("fuzz/target");
    let target = target.display().to_string();
    // With a target named, what runs while compiling is not counted.
    let mut words = vec![
        "build",
        "--release",
        "--quiet",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ];
    words.extend(["--target", triple, "--target-dir", &target]);
    if has_models {
        words.extend(["--features", "models"]);
    }
    let profile = [
        ("RUSTFLAGS", COVERAGE),
        ("CARGO_INCREMENTAL", "0"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_DEBUG", "none"),
    ];
    run("cargo", &words, &profile)?;
    Ok(Path::new(&target).join(triple).join("release"))
}

/// The folders of files that lie beside an input: a run, and a model.
struct Beside {
    run: PathBuf,
    model: PathBuf,
}

impl Beside {
    fn of(&self, is_model: bool) -> PathBuf {
        if is_model {
            self.model.clone()
        } else {
            self.run.clone()
        }
    }
}

fn place() -> PathBuf {
    root().join("fuzz/target/corpus")
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let folder = to.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))?;
    Ok(())
}

/// Copies the seeds of the doors to a folder of each, where libFuzzer adds what it finds.
fn lay_out(doors: &[&Door]) -> Outcome<Beside> {
    let beside = Beside {
        run: place().join("beside/run"),
        model: place().join("beside/model"),
    };
    let binary = build_stakeout()?;
    // A run that keeps its events cannot be read back for more replicates, so there are two.
    let run = make_run(&binary, "fuzz-run", &[])?;
    let logged = make_run(&binary, "fuzz-logged", &["--event-log"])?;
    for (path, name) in listed(&run)? {
        copy(&path, &beside.run.join(name))?;
    }
    for (kind, file, name) in [
        ("config", "tiny.json", "config.json"),
        ("tokenizer", "tiny.json", "tokenizer.json"),
        ("safetensors", "tiny.safetensors", "model.safetensors"),
    ] {
        copy(
            &root().join("fuzz/corpus").join(kind).join(file),
            &beside.model.join(name),
        )?;
    }
    for door in doors {
        let own = place().join(door.name);
        let of_run = match door.name {
            "manifest" => Some(run.join("manifest.json")),
            "rows" => Some(run.join("participants.parquet")),
            "event-log" | "trace-parquet" => Some(logged.join("events.parquet")),
            _ => None,
        };
        if let Some(file) = of_run {
            copy(&file, &own.join("of-a-run"))?;
        }
        let kept = root().join("fuzz/corpus").join(door.name);
        let kept = if kept.is_dir() { listed(&kept)? } else { Vec::new() };
        for (path, name) in kept {
            copy(&path, &own.join(name))?;
        }
        for (folder, what) in door.seeds {
            for (path, name) in listed(&root().join(folder))? {
                if fs::read_to_string(&path).is_ok_and(|text| text.contains(what)) {
                    copy(&path, &own.join(name))?;
                }
            }
        }
    }
    Ok(beside)
}

/// A run of one short epoch: a file of a few kilobytes is mutated everywhere, one of many mostly where nothing is decided.
fn make_run(binary: &Path, name: &str, more: &[&str]) -> Outcome<PathBuf> {
    let out = crate::step::scratch(binary, name)?;
    let mut arguments = vec!["run", "scenarios/smoke/two-swappers.yaml", "--no-twins"];
    arguments.extend([
        "--set",
        "protocol.geometry.length=30 blocks",
        "--set",
        "until=30 blocks",
    ]);
    arguments.extend(["--set", "demand.rate=0.05 /s"]);
    let made = Command::new(binary)
        .args(arguments)
        .args(more)
        .arg("--out")
        .arg(&out)
        .current_dir(root())
        .stdout(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("the run for the seeds failed".to_string());
    }
    run_directory(&out)
}

/// The files of a folder with their names.
fn listed(folder: &Path) -> Outcome<Vec<(PathBuf, String)>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found: Vec<(PathBuf, String)> = entries
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))
        .collect();
    found.sort();
    Ok(found)
}

/// Lets libFuzzer in at a door; the number of inputs that it tried.
fn enter(door: &Door, binaries: &Path, beside: &Path, seconds: u64) -> Outcome<u64> {
    let artifacts = root().join("fuzz/artifacts").join(door.name);
    fs::create_dir_all(&artifacts).map_err(|error| format!("{}: {error}", artifacts.display()))?;
    // Inputs that come in as files are written once for each try: into memory, where the system has such a folder.
    let memory = Path::new("/dev/shm");
    let temporary = if memory.is_dir() {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    let child = Command::new(binaries.join(door.name))
        .arg(place().join(door.name))
        .args([MEMORY, PATIENCE, "-print_final_stats=1", "-reload=0"])
        .arg(format!("-max_len={}", door.longest))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .env("TMPDIR", &temporary)
        .env("STAKEOUT_FUZZ_BESIDE", beside)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", door.name))?;
    let own = temporary.join(format!("stakeout-fuzz-{}", child.id()));
    let output = child
        .wait_with_output()
        .map_err(|error| format!("{}: {error}", door.name))?;
    // The target's own folder; it has none where it broke before the first input.
    let _ = fs::remove_dir_all(own);
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let end: Vec<&str> = said.lines().rev().take(30).collect();
        let end: Vec<&str> = end.into_iter().rev().collect();
        return Err(format!(
            "door {}:\n{}\nthe input is in {}",
            door.name,
            end.join("\n"),
            artifacts.display()
        ));
    }
    let tried = after(&said, "stat::number_of_executed_units:");
    let edges = after(&said, " cov:");
    eprintln!("   {}: {tried} inputs, {edges} edges seen", door.name);
    Ok(tried)
}

/// The last number that follows a word.
fn after(said: &str, word: &str) -> u64 {
    let rest = said.rsplit_once(word).map_or("", |(_, rest)| rest);
    rest.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
