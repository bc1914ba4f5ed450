//! From counts to arrivals: the record says how many requests a host got, not when.
//!
//! A host's requests are spread evenly from the epoch's activation to the height of the record, each in the
//! middle of its stretch; its missed requests lie evenly among them, and a host with two models gets them
//! in turn. The hosts are interleaved by time.
//!
//! **Invariant.** Integers alone, and every count of the record is met exactly.

use std::fmt::Write;

/// The record: one row a host.
pub const HOSTS: &str = include_str!("../../../../scenarios/networks/gonka-mainnet-epoch56/hosts.csv");
/// Height at which the epoch's weights became active.
pub const ACTIVATION: u64 = 873_438;
/// Height of the record.
pub const RECORDED_AT: u64 = 887_711;
/// Mean time between two blocks in microseconds: the 5.41 s that the network's own code expects.
pub const BLOCK_US: u64 = 5_410_000;

/// One row of the record, as far as the trace needs it.
pub struct RecordedHost<'a> {
    pub id: &'a str,
    pub models: Vec<&'a str>,
    pub served: u64,
    pub missed: u64,
}

/// One request.
struct Request<'a> {
    arrival_us: u64,
    host: usize,
    model: &'a str,
    is_missed: bool,
}

/// Length of the recorded stretch in microseconds.
pub const fn stretch_us() -> u64 {
    (RECORDED_AT - ACTIVATION) * BLOCK_US
}

/// The trace as CSV, in the order of arrival.
pub fn trace_text(hosts_csv: &str) -> String {
    let hosts = read_hosts(hosts_csv);
    let mut requests: Vec<Request> = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        push_requests(&mut requests, index, host);
    }
    requests.sort_by_key(|request| (request.arrival_us, request.host));
    let mut out = String::from("arrival_s,model,executor,outcome\n");
    for request in requests {
        let (seconds, rest) = (request.arrival_us / 1_000_000, request.arrival_us % 1_000_000);
        let outcome = if request.is_missed { "missed" } else { "served" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{seconds}.{rest:06},{},{},{outcome}",
            request.model, hosts[request.host].id
        );
    }
    out
}

/// Reads the columns host, models, inferences and missed.
pub fn read_hosts(csv: &str) -> Vec<RecordedHost<'_>> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|found| *found == name)
            .expect("the record has the column")
    };
    let (id, models) = (column("host"), column("models"));
    let (served, missed) = (column("inferences"), column("missed"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            RecordedHost {
                id: cells[id],
                models: cells[models].split('+').collect(),
                served: cells[served].parse().expect("a count"),
                missed: cells[missed].parse().expect("a count"),
            }
        })
        .collect()
}

fn push_requests<'a>(requests: &mut Vec<Request<'a>>, index: usize, host: &RecordedHost<'a>) {
    let count = host.served + host.missed;
    // Missed requests up to and including the first k of the host's, rounded to the nearest.
    let missed_by = |k: u64| (2 * k * host.missed + count) / (2 * count);
    for k in 0..count {
        requests.push(Request {
            arrival_us: (2 * k + 1) * stretch_us() / (2 * count),
            host: index,
            model: host.models[(k % host.models.len() as u64) as usize],
            is_missed: missed_by(k + 1) > missed_by(k),
        });
    }
}
