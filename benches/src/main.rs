//! The bench suite, run as `cargo run --release -p stakeout-bench -- COMMAND`.

mod clock;
mod compare;
mod gate;
mod processes;
mod std_heap;
mod sweep;
mod workload;

use std::process::ExitCode;

use compare::Rounds;
use workload::Workload;

const HELP: &str = "\
compare [WORKLOAD...] [--rounds N] [--inferences N]   median ratio to the std heap program, CPU time of one core
scaling [WORKLOAD] [--rounds N] [--inferences N] [--threads N]   several threads, and as many processes, over one, wall time
sweep   [--rounds N] [--inferences N] [--threads N]   cells a core and second of a sweep on several threads over one alone
sweep-once [--inferences N]                           one of the processes that `sweep` starts beside each other
log     [WORKLOAD] [--rounds N] [--inferences N]      a run with an event log over one without, wall time
hosts   [--rounds N] [--inferences N]                 an inference with 1,000 to 1,000,000 hosts, CPU time of one core
memory  [WORKLOAD] [--inferences N]                   peak resident memory of a process of its own
gate    [--accept]                                    instructions an inference against baseline.json
workload NAME N [--threads N]                         runs once: what the others measure

Workloads: std-heap, verified-network, full-protocol, million-hosts.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<bool, String> {
    let (names, options) = split(arguments)?;
    let workloads = || {
        names[1..]
            .iter()
            .map(|name| Workload::parse(name))
            .collect::<Result<Vec<_>, _>>()
    };
    let option = |name: &str, default: u64| {
        options
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(default, |(_, value)| *value)
    };
    let rounds = |inferences| Rounds {
        rounds: option("--rounds", 9).max(1) as usize,
        inferences: option("--inferences", inferences),
    };
    let done = match names.first().map(|name| name.as_str()) {
        Some("compare") => {
            let asked = workloads()?;
            let default = vec![Workload::VerifiedNetwork, Workload::FullProtocol];
            compare::compare(
                if asked.is_empty() { &default } else { &asked },
                rounds(10_000_000),
            )
        }
        Some("scaling") => {
            let workload = *workloads()?.first().unwrap_or(&Workload::FullProtocol);
            compare::scaling(workload, rounds(10_000_000), option("--threads", 2) as usize)
        }
        Some("sweep") => sweep::sweep(rounds(2_000_000), option("--threads", 2) as usize),
        Some("sweep-once") => sweep::sweep_once(option("--inferences", 2_000_000)),
        Some("log") => {
            let workload = *workloads()?.first().unwrap_or(&Workload::FullProtocol);
            compare::log(workload, rounds(5_000_000))
        }
        Some("hosts") => compare::hosts(rounds(40_000_000)),
        Some("memory") => {
            let workload = *workloads()?.first().unwrap_or(&Workload::MillionHosts);
            memory(workload, option("--inferences", 100_000_000))
        }
        Some("gate") => return gate::gate(option("--accept", 0) == 1),
        Some("workload") => run_once(&names[1..], option("--threads", 1) as usize),
        _ => {
            print!("{HELP}");
            return Ok(names.is_empty());
        }
    };
    done.map(|()| true)
}

/// Words without dashes, and options with a number; `--accept` alone counts as 1.
fn split(arguments: &[String]) -> Result<(Vec<&String>, Vec<(&str, u64)>), String> {
    let (mut names, mut options) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--accept" => options.push(("--accept", 1)),
            "--rounds" | "--inferences" | "--threads" => {
                let value = rest
                    .next()
                    .and_then(|word| word.parse::<f64>().ok())
                    .filter(|value| *value >= 1.0);
                let value = value.ok_or(format!("{argument} needs a number of at least 1"))?;
                options.push((argument.as_str(), value as u64));
            }
            option if option.starts_with('-') => return Err(format!("unknown option {option}\n{HELP}")),
            _ => names.push(argument),
        }
    }
    Ok((names, options))
}

fn run_once(words: &[&String], threads: usize) -> Result<(), String> {
    let [name, inferences] = words else {
        return Err(String::from("workload NAME N"));
    };
    let inferences = inferences
        .parse()
        .map_err(|_| format!("{inferences:?} is no number of inferences"))?;
    let mut prepared = Workload::parse(name)?.prepare()?;
    // A thread of its own would not take the room that the scenario's file leaves behind.
    let done = match threads {
        1 => prepared.run(inferences, 1),
        _ => compare::pool(threads)?.install(|| prepared.run(inferences, threads)),
    }?;
    println!(
        "inferences {} sojourn {:.4} checked {:.4} events {:?} digest {} peak {} MiB",
        done.inferences,
        done.sojourn,
        done.checked,
        done.events,
        done.digest,
        clock::peak_mebibytes()?,
    );
    Ok(())
}

/// In a process of its own, so that nothing else counts.
fn memory(workload: Workload, inferences: u64) -> Result<(), String> {
    let arguments = ["workload", workload.name(), &inferences.to_string()];
    let printed = processes::run_at_once(&arguments, 1)?;
    printed.iter().for_each(|line| println!("{line}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    /// The baseline may not be tuned down in silence: whoever changes it changes this line, and every ratio
    /// measured before.
    #[test]
    fn baseline_is_frozen() {
        let hash = blake3::hash(include_bytes!("std_heap.rs")).to_hex();
        assert_eq!(
            hash.as_str(),
            "51e51adb770eb994e4df9c4c8a589f861b594539dd67262e4a0ad16360655fcf"
        );
    }

    /// 300,000 inferences after the warm-up: the mean of the baseline is within 5 % of 1/(1 - 0.7) (about
    /// ten standard errors; fixed seed).
    #[test]
    fn the_baseline_simulates_the_right_network() {
        let outcome = crate::std_heap::run(crate::std_heap::Parameters {
            executors: 100,
            utilisation: 0.7,
            check_rate: 0.1,
            delay_ns: 5_000_000_000,
            inferences: 330_000,
            warm_up_ns: 400_000_000_000,
            seed: 1,
        });
        assert!(
            (outcome.mean_sojourn() / (10.0 / 3.0) - 1.0).abs() < 0.05,
            "{}",
            outcome.mean_sojourn()
        );
        assert_eq!(outcome.events, 2 * (330_000 + outcome.validations));
    }
}
