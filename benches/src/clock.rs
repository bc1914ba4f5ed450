//! Clocks: the only place of the project that reads them for a measurement.

use std::fs;
use std::time::Duration;

/// Time this process's main thread has spent on a core.
pub fn cpu_time() -> Result<Duration, String> {
    let path = "/proc/self/schedstat";
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let nanos = text.split_whitespace().next().and_then(|word| word.parse().ok());
    nanos
        .map(Duration::from_nanos)
        .ok_or(format!("{path}: no number in {text:?}"))
}

/// Time all threads of this process have spent on cores, those that have ended included.
pub fn process_time() -> Result<Duration, String> {
    /// Ticks of the clock in which Linux counts it, whatever the machine.
    const NANOS_PER_TICK: u64 = 10_000_000;
    let path = "/proc/self/stat";
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    // The name, in brackets, may hold anything; user and system time are the twelfth and thirteenth word behind it.
    let words = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<u64> = words
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse().ok())
        .collect();
    match ticks[..] {
        [user, system] => Ok(Duration::from_nanos((user + system) * NANOS_PER_TICK)),
        _ => Err(format!("{path}: no times in {text:?}")),
    }
}

/// Wall time of a piece of work: for what several threads do, which their CPU time does not tell.
#[allow(
    clippy::disallowed_methods,
    reason = "measuring is this crate's purpose; no result depends on it"
)]
pub fn wall_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The most memory this process ever had resident, in MiB.
pub fn peak_mebibytes() -> Result<u64, String> {
    let path = "/proc/self/status";
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse::<u64>().ok());
    kibibytes
        .map(|kib| kib.div_ceil(1024))
        .ok_or(format!("{path}: no VmHWM"))
}
