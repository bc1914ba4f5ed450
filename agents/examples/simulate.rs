//! Simulates a scenario and prints what came of it in a line; nothing is written. What a benchmark times.
//!
//! ```text
//! simulate FILE [EPOCHS]
//! ```

use std::path::Path;
use std::process::ExitCode;

use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::load;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match simulate(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(arguments: &[String]) -> Result<String, String> {
    let file = arguments.first().ok_or("simulate FILE [EPOCHS]")?;
    let registry = stakeout_agents::registry();
    let mut scenario = load(Path::new(file), &[], &registry).map_err(|errors| errors.to_string())?;
    if let Some(epochs) = arguments.get(1) {
        scenario.epochs = epochs.parse().map_err(|error| format!("{epochs}: {error}"))?;
    }
    let options = RunOptions {
        lanes: Some(1),
        ..RunOptions::default()
    };
    let output = run(&scenario, 0, &registry, &options).map_err(|error| error.to_string())?;
    let finished: u64 = output.epochs.iter().map(|row| row.finished).sum();
    Ok(format!(
        "{} epochs, {finished} inferences, {} rows, digest {}",
        output.epochs.len(),
        output.participants.len(),
        output.digest
    ))
}
