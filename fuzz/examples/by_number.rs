//! Mutations by number of a folder of inputs, longer than a fuzzer's.
//!
//! `cargo run --release --manifest-path fuzz/Cargo.toml --example by-number -- DOOR FOLDER SECONDS FROM` tries input
//! FROM and those after it; with SECONDS 0 that one alone, and prints it. `cargo xtask fuzz` leaves a folder of inputs
//! that reach unlike parts of a door in `fuzz/target/corpus/DOOR`.
//!
//! What ends the process without a word, as memory that is not to be had does, is among the hundred inputs from the
//! number on that a file `stakeout-fuzz-PID.from` in the temporary folder holds then.

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stakeout_fuzz::doors::{DOORS, Door};
use stakeout_fuzz::mutate;

/// Longest time that one input may work, seconds.
const PATIENCE: u64 = 20;

/// The number that is being tried.
static NUMBER: AtomicU64 = AtomicU64::new(0);

fn doors() -> Vec<Door> {
    #[cfg(feature = "models")]
    let models = stakeout_fuzz::models::DOORS.to_vec();
    #[cfg(not(feature = "models"))]
    let models: Vec<Door> = Vec::new();
    [DOORS.to_vec(), models].concat()
}

/// How long this process has worked: a machine that gives it no time does not make its input hang.
fn worked(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = told
        .split_whitespace()
        .next()
        .and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// Ends the process when it has worked too long at the same number: what hangs cannot be asked to stop.
fn watch() {
    std::thread::spawn(|| {
        let since = Instant::now();
        let (mut number, mut begun) = (u64::MAX, Duration::ZERO);
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (now, spent) = (NUMBER.load(Ordering::Relaxed), worked(since));
            if now != number {
                (number, begun) = (now, spent);
            } else if spent.saturating_sub(begun) > Duration::from_secs(PATIENCE) {
                eprintln!("input {now} hangs");
                std::process::exit(101);
            }
        }
    });
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, folder, seconds, from] = words.as_slice() else {
        eprintln!("DOOR FOLDER SECONDS FROM");
        std::process::exit(2);
    };
    let doors = doors();
    let (_, door) = doors.iter().find(|(known, _)| known == name).expect("a door");
    let (seconds, from): (u64, u64) = (seconds.parse().expect("seconds"), from.parse().expect("a number"));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).expect("an input"))
        .filter(|bytes| bytes.len() <= 8192)
        .collect();
    assert!(!corpus.is_empty(), "{folder} has no input of 8 KiB or less");
    let own: &Path = stakeout_fuzz::folder();
    if seconds == 0 {
        let bytes = mutate::input(&corpus, from);
        std::io::stdout().write_all(&bytes).expect("printed");
        eprintln!("accepted: {}", door(&bytes, own));
        return;
    }
    // A decoder's panic that its caller has a net for says nothing.
    panic::set_hook(Box::new(|_| {}));
    watch();
    let (since, mut tried, mut accepted) = (Instant::now(), 0, 0_u64);
    let reached = own.with_extension("from");
    while since.elapsed() < Duration::from_secs(seconds) {
        std::fs::write(&reached, (from + tried).to_string()).expect("the temporary folder can be written");
        // The clock is asked once for a hundred inputs.
        for _ in 0..100 {
            NUMBER.store(from + tried, Ordering::Relaxed);
            let bytes = mutate::input(&corpus, from + tried);
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| door(&bytes, own)));
            let Ok(is_accepted) = outcome else {
                eprintln!("door {name}, input {} panics", from + tried);
                std::process::exit(101);
            };
            accepted += u64::from(is_accepted);
            tried += 1;
        }
    }
    println!(
        "{name}: {tried} inputs from {from} on, made of {} files, {accepted} accepted",
        corpus.len()
    );
    let _ = (std::fs::remove_dir_all(own), std::fs::remove_file(reached));
}
