//! What a run will cost, before it is started: time, memory and disk.
//!
//! The figures come from the scenario's expected counts and from costs measured on one ordinary core; they are meant
//! to be right within a factor of two or three, so that nobody starts by mistake what takes a week or fills a disk.

use std::fs;
use std::mem::size_of;

use stakeout_engine::observe::frame::EpochRow;
use stakeout_engine::scenario::{Arrivals, Fidelity, Scenario};

use super::failure::Failure;
use super::format::Format;
use super::table::{Cell, Table};

/// Nanoseconds of one core for one inference through every rule.
const EVENT_NS: f64 = 400.0;
/// Nanoseconds of one core for one inference that is one of many of its host and epoch.
const EPOCH_NS: f64 = 30.0;
/// Nanoseconds of one core for one host's stages of an epoch at the epoch fidelity.
const HOST_EPOCH_NS: f64 = 3_500.0;
/// Nanoseconds of one core for one inference through queues alone.
const SERVICE_NS: f64 = 120.0;
/// Nanoseconds of one core for each host in each block.
const HOST_BLOCK_NS: f64 = 15.0;
/// Nanoseconds of one core for each block.
const BLOCK_NS: f64 = 4_000.0;
/// Bytes of the program, its tables and buffers.
pub const BASE_BYTES: f64 = 20e6;
/// Bytes of one host apart from its rows: a million of them take this at a settlement, the peak (benches/README.md).
const HOST_BYTES: f64 = 900.0;
/// Bytes of a participant's row of one epoch, packed.
const ROW_BYTES: f64 = 45.0;
/// Bytes of an inference that is still under way, with its mail.
const OPEN_BYTES: f64 = 160.0;
/// Lines of the event log for one inference, and their compressed size on disk.
const EVENTS_PER_INFERENCE: f64 = 7.0;
const EVENT_DISK_BYTES: f64 = 22.0;
/// Bytes of one event log under way: a segment of events, its columns, and the bytes that they are packed into.
const LOG_BYTES: f64 = 24e6;
/// Compressed size on disk of one participant's row.
const ROW_DISK_BYTES: f64 = 90.0;
const BYTES_PER_MIB: f64 = 1_048_576.0;

/// Expected size and cost of a run with all its replicates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Blocks of one replicate.
    pub blocks: f64,
    /// Inferences of one replicate.
    pub inferences: f64,
    /// Replicates.
    pub replicates: f64,
    /// Seconds with the given number of threads.
    pub seconds: f64,
    /// Peak memory in bytes.
    pub memory_bytes: f64,
    /// Size of the run directory in bytes.
    pub disk_bytes: f64,
}

impl Estimate {
    /// The cost of a scenario on so many threads, with or without an event log.
    pub fn compute(scenario: &Scenario, threads: usize, has_event_log: bool) -> Self {
        let blocks = blocks(scenario);
        let seconds = blocks * scenario.chain.block_time.as_seconds();
        let inferences = inferences(scenario, seconds);
        let hosts = scenario.hosts.len() as f64;
        let epochs = f64::from(scenario.epochs);
        let replicates = f64::from(scenario.replicates);
        let each_ns = match scenario.fidelity {
            Fidelity::Event => EVENT_NS,
            Fidelity::Epoch => EPOCH_NS,
            Fidelity::Service => SERVICE_NS,
        };
        let steps_ns = if scenario.fidelity == Fidelity::Epoch {
            epochs * hosts * HOST_EPOCH_NS
        } else {
            blocks * (BLOCK_NS + hosts * HOST_BLOCK_NS)
        };
        let core_ns = inferences * each_ns + steps_ns;
        // Replicates share nothing and fill the threads; what is left of one run keeps at most two busy.
        let busy = (threads as f64).min(replicates.max(1.7));
        let rows = hosts * epochs;
        let kept = rows * ROW_BYTES + epochs * size_of::<EpochRow>() as f64;
        let open = (inferences / seconds.max(1.0) * 120.0).min(inferences);
        let log = if has_event_log {
            inferences * EVENTS_PER_INFERENCE
        } else {
            0.0
        };
        let one_run = hosts * HOST_BYTES + open * OPEN_BYTES;
        let running = (threads as f64).min(replicates);
        let log_buffer = if has_event_log { LOG_BYTES } else { 0.0 };
        Estimate {
            blocks,
            inferences,
            replicates,
            seconds: core_ns * 1e-9 * replicates / busy,
            memory_bytes: BASE_BYTES + (one_run + log_buffer) * running + replicates * kept,
            disk_bytes: replicates * (rows * ROW_DISK_BYTES + log * EVENT_DISK_BYTES)
                + scenario.canonical.len() as f64
                + 32_768.0,
        }
    }

    /// The estimate as a table.
    pub fn render(&self, format: Format) -> String {
        let mut table = Table::new("Estimate", &["what", "value", "unit"]);
        let mut line = |what: &str, value: f64, decimals: usize, unit: &str| {
            table.push(vec![
                Cell::text(what),
                Cell::Real(value, decimals),
                Cell::text(unit),
            ]);
        };
        line("blocks", self.blocks, 0, "a replicate");
        line("inferences", self.inferences, 0, "a replicate");
        line("replicates", self.replicates, 0, "");
        line("time", self.seconds, 1, "s");
        line("memory", self.memory_bytes / BYTES_PER_MIB, 0, "MiB");
        line("disk", self.disk_bytes / BYTES_PER_MIB, 2, "MiB");
        table.render(format)
    }

    /// Refuses what would not fit into `limit` bytes, or into what the machine has free where no limit is given.
    pub fn check_memory(&self, limit: Option<u64>) -> Result<(), Failure> {
        let Some(limit) = limit.or_else(available_bytes) else {
            return Ok(());
        };
        if self.memory_bytes <= limit as f64 {
            return Ok(());
        }
        Err(Failure::limit(format!(
            "this run needs about {:.0} MiB of memory, and {:.0} MiB are allowed\n\
             run fewer replicates or hosts, leave out the event log, or raise --memory-limit",
            self.memory_bytes / BYTES_PER_MIB,
            limit as f64 / BYTES_PER_MIB
        )))
    }
}

fn blocks(scenario: &Scenario) -> f64 {
    let whole = f64::from(scenario.epochs) * scenario.protocol.geometry.length as f64;
    scenario
        .until_blocks
        .map_or(whole, |until| whole.min(until as f64))
}

fn inferences(scenario: &Scenario, seconds: f64) -> f64 {
    match &scenario.demand.arrivals {
        Arrivals::Poisson { per_second } | Arrivals::Diurnal { per_second, .. } => per_second * seconds,
        Arrivals::Bursty {
            calm_per_second,
            burst_per_second,
            calm_mean,
            burst_mean,
        } => {
            let (calm, burst) = (calm_mean.as_seconds(), burst_mean.as_seconds());
            seconds * (calm_per_second * calm + burst_per_second * burst) / (calm + burst)
        }
        Arrivals::Trace(requests) => requests.len() as f64,
    }
}

/// Memory that the machine could give without swapping, where the system says so.
fn available_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// A number of bytes with its unit: `512 MiB`, `8 GiB`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = text
        .trim()
        .split_once(' ')
        .ok_or("write a number and a unit: '512 MiB' or '8 GiB'")?;
    let factor: u64 = match unit.trim() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        other => return Err(format!("`{other}` is no unit of memory: KiB, MiB, GiB or TiB")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{number}` is no whole number"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "more than any machine has".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_limit_carries_its_unit() {
        assert_eq!(parse_bytes("512 MiB"), Ok(536_870_912));
        for wrong in ["512", "512 MB", "-1 GiB", "1e3 MiB", "99999999999 TiB"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
