//! The instruction gate: callgrind counts of two run lengths, their difference per inference, against the
//! committed baseline. Counts don't depend on what else the machine does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::workload::Workload;

/// A count above the baseline's by more than this share fails.
const TOLERANCE: f64 = 0.02;
/// The gated workloads with their two lengths in inferences: both beyond the warm-up of the verified network,
/// and one and two epochs of the whole protocol.
const GATED: [(Workload, [u64; 2]); 3] = [
    (Workload::StdHeap, [300_000, 800_000]),
    (Workload::VerifiedNetwork, [2_700_000, 3_700_000]),
    (Workload::FullProtocol, [8_000_000, 16_000_000]),
];

fn baseline_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

/// Compares every gated workload with the baseline; with `accept`, writes what was counted as the new one.
/// Says whether all stayed within the tolerance.
pub fn gate(accept: bool) -> Result<bool, String> {
    let known = read_baseline()?;
    let has_newer = has_newer_instructions();
    if accept && !has_newer {
        return Err("the baseline is of processors with AVX2 and BMI, which this one has not".to_owned());
    }
    let mut counted = Map::new();
    let mut is_within = true;
    for (workload, lengths) in GATED {
        let instructions = count(workload, lengths)?;
        if !has_newer && workload != Workload::StdHeap {
            let name = workload.name();
            println!("{name}: {instructions:.1} instructions an inference, not compared: no AVX2 and BMI");
            continue;
        }
        let before = known.get(workload.name()).and_then(Value::as_f64);
        println!("{}", describe(workload, instructions, before));
        is_within &= before.is_some_and(|before| instructions <= before * (1.0 + TOLERANCE));
        counted.insert(
            workload.name().to_owned(),
            json!((instructions * 10.0).round() / 10.0),
        );
    }
    if accept {
        let text =
            serde_json::to_string_pretty(&Value::Object(counted)).map_err(|error| error.to_string())?;
        fs::write(baseline_path(), text + "\n").map_err(|error| error.to_string())?;
        return Ok(true);
    }
    Ok(is_within)
}

/// Whether the processor has the instructions for which parts of the engine are compiled beside any: those that its
/// `multiversion` attributes name.
fn has_newer_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn describe(workload: Workload, instructions: f64, before: Option<f64>) -> String {
    let name = workload.name();
    match before {
        Some(before) => {
            let change = 100.0 * (instructions / before - 1.0);
            let verdict = if change > 100.0 * TOLERANCE {
                "TOO MANY"
            } else {
                "ok"
            };
            format!(
                "{name}: {instructions:.1} instructions an inference, {before:.1} before ({change:+.1} %): {verdict}"
            )
        }
        None => format!(
            "{name}: {instructions:.1} instructions an inference, no baseline: accept it with --accept"
        ),
    }
}

fn read_baseline() -> Result<Map<String, Value>, String> {
    let path = baseline_path();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Instructions per inference: the difference of two lengths, so that starting up does not count.
fn count(workload: Workload, [short, long]: [u64; 2]) -> Result<f64, String> {
    let (few, few_instructions) = run_counted(workload, short)?;
    let (many, many_instructions) = run_counted(workload, long)?;
    Ok((many_instructions - few_instructions) as f64 / (many - few) as f64)
}

fn run_counted(workload: Workload, inferences: u64) -> Result<(u64, u64), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["workload", workload.name(), &inferences.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}; it is needed to count instructions"))?;
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let done = stdout
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    let instructions = stderr.lines().find_map(|line| line.split_once("Collected :"));
    let instructions = instructions.and_then(|(_, count)| count.trim().parse().ok());
    match (done, instructions, output.status.success()) {
        (Some(done), Some(instructions), true) => Ok((done, instructions)),
        _ => Err(format!(
            "{} did not run under valgrind:\n{stderr}{stdout}",
            workload.name()
        )),
    }
}
