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
