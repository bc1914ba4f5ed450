//! The committed trace of the recorded epoch is what the generator gives, and it adds up to the record.

#[path = "../examples/spread_record/spread.rs"]
mod spread;

use std::collections::BTreeMap;

const TRACE: &str = include_str!("../../../scenarios/networks/gonka-mainnet-epoch56/trace.csv");

#[test]
fn the_committed_trace_is_what_the_generator_gives() {
    // Not assert_eq: a difference would print both files.
    assert!(
        spread::trace_text(spread::HOSTS) == TRACE,
        "run the spread_record example"
    );
}

#[test]
fn the_record_has_the_published_sums() {
    let mut sums = BTreeMap::new();
    let mut lines = spread::HOSTS.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    for line in lines {
        for (name, cell) in header.iter().zip(line.split(',')) {
            *sums.entry(*name).or_insert(0u64) += cell.parse::<u64>().unwrap_or(0);
        }
    }
    let published = [
        ("weight", 307_751),
        ("ml_nodes", 124),
        ("inferences", 6289),
        ("missed", 43),
        ("invalidated", 26),
    ];
    for (name, sum) in published {
        assert_eq!(sums[name], sum, "{name}");
    }
    assert_eq!(spread::read_hosts(spread::HOSTS).len(), 26);
}

#[test]
fn the_trace_gives_every_host_its_recorded_requests_in_order_and_in_time() {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let hosts = spread::read_hosts(spread::HOSTS);
    let mut before = 0;
    for line in TRACE.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let micros: u64 = cells[0].replace('.', "").parse().unwrap();
        assert!(before <= micros && micros < spread::stretch_us(), "{line}");
        before = micros;
        let host = hosts.iter().find(|host| host.id == cells[2]).unwrap();
        assert!(host.models.contains(&cells[1]), "{line}");
        let count = counts.entry(cells[2]).or_default();
        match cells[3] {
            "served" => count.0 += 1,
            "missed" => count.1 += 1,
            other => panic!("{other}"),
        }
    }
    for host in &hosts {
        let found = counts.get(host.id).copied().unwrap_or_default();
        assert_eq!(found, (host.served, host.missed), "{}", host.id);
    }
}
