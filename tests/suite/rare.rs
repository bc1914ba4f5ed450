//! `stakeout rare`: weighted replicates and splitting against exact values, and what is refused.

use stakeout_statistics::sequential::{Boundaries, RatioSteps, audit_sprt};

use crate::support::program::{Folder, stakeout};

/// Checks of one host in an epoch of `rare-undetected.yaml` without a status test, by 300 replicates (47.6 plus or minus 0.2).
const CHECKS_AN_EPOCH: f64 = 47.6;

/// The rows of a table by their first column.
fn estimates(arguments: &[&str]) -> serde_json::Value {
    let mut all = vec!["rare"];
    all.extend(arguments);
    all.extend(["--format", "json"]);
    stakeout(all).expect(0).json()
}

fn row<'a>(rows: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let rows = rows.as_array().expect("a table is a list");
    rows.iter()
        .find(|row| row["estimate"] == name)
        .unwrap_or_else(|| panic!("{name} of {rows:?}"))
}

fn probability(rows: &serde_json::Value, name: &str) -> f64 {
    row(rows, name)["probability"].as_f64().expect("a probability")
}

/// Whether the interval of a row holds a value.
fn holds(rows: &serde_json::Value, name: &str, value: f64) -> bool {
    let end = |end: &str| row(rows, name)[end].as_f64().expect("an end of the interval");
    end("from") <= value && value <= end("to")
}

/// The chance that a test convicts within so many checks of which each fails with this chance.
fn convicts(p0: f64, p1: f64, h: f64, failing: f64, checks: u64) -> f64 {
    let ends = Boundaries::upper_only(h);
    audit_sprt(RatioSteps::between(p0, p1), ends, failing, Some(checks)).convicted
}

/// The exact programme has 0.771 convictions in 100,000 for a host that fails one check in a hundred (5 % against 20 %, H 4) in
/// some fifty checks, and 0.772 in any number. Weighted, 410 replicates have a relative standard error of 6 %; five of them
/// are exceeded with probability 6e-7. They are no multiple of the twenty batches, and all of them count. Splitting with 400
/// paths a level has one of 14 %.
#[test]
fn a_false_expulsion_once_in_130_000_is_found_by_weights_and_by_splitting() {
    let exact = convicts(0.05, 0.2, 4.0, 0.01, 50);
    assert!((exact / 7.715e-6 - 1.0).abs() < 1e-3, "{exact}");
    let rows = estimates(&["scenarios/sweeps/rare-expulsion.yaml", "--replicates", "410"]);
    let found = probability(&rows, "importance sampling");
    assert!((found / exact - 1.0).abs() < 0.3, "{rows}");
    let found = probability(&rows, "splitting");
    assert!((found / exact - 1.0).abs() < 0.7, "{rows}");
    assert!(holds(&rows, "splitting", exact), "{rows}");
    assert_eq!(row(&rows, "plain")["with the event"], 0);
    // With all of its replicates and paths it is the table of the gallery; splitting has all of its paths here, too.
    let kept = std::fs::read_to_string("reports/gallery/rare-expulsion/estimate.csv").expect("it is kept");
    let kept = kept
        .lines()
        .find(|line| line.starts_with("splitting,"))
        .expect("a row");
    let kept: f64 = kept
        .split(',')
        .nth(1)
        .and_then(|cell| cell.parse().ok())
        .expect("a number");
    assert!(
        (kept / found - 1.0).abs() < 1e-9,
        "{kept} in reports/gallery, {found} now"
    );
}

/// Three or more of seven honest hosts convicted, each for itself: a binomial law. The chance of one hardly depends on how
/// many checks there are (1.192 % in forty, 1.199 % in any number). With 100 paths a level and repetition the relative
/// standard error is about a third.
#[test]
fn a_capture_by_false_convictions_is_found_at_its_binomial_chance() {
    let one = convicts(0.1, 0.4, 3.0, 0.08, 54);
    let some = |k: i32| {
        let ways = [1.0, 7.0, 21.0, 35.0, 35.0, 21.0, 7.0, 1.0][k as usize];
        let power = |base: f64, times: i32| (0..times).fold(1.0, |product, _| product * base);
        ways * power(one, k) * power(1.0 - one, 7 - k)
    };
    let exact: f64 = (3..=7).map(some).sum();
    assert!((exact / 5.8e-5 - 1.0).abs() < 0.02, "{exact}");
    let rows = estimates(&[
        "scenarios/sweeps/rare-capture.yaml",
        "--replicates",
        "20",
        "--paths",
        "100",
    ]);
    let found = probability(&rows, "splitting");
    assert!(0.0 < found && found < 2.6 * exact, "{rows}");
    assert!(holds(&rows, "splitting", exact), "{rows}");
}

/// A host that fails a quarter of its checks gets through three epochs of some 48 each: the third power of what the exact
/// programme says of one, over the Poisson law of the number of checks. A check more or less an epoch moves the power by an
/// eighth, so the number is that of an unpunished host of the same network.
#[test]
fn a_host_that_goes_undetected_for_three_epochs_is_found_at_the_power_of_one() {
    let checks = CHECKS_AN_EPOCH;
    // e^-47.6: no check at all, and a host that nobody checks gets through.
    let (mut chance, mut through) = (2.126_094_976_824_191e-21, 0.0);
    for n in 1..200_u64 {
        chance *= checks / n as f64;
        through += chance * (1.0 - convicts(0.05, 0.2, 4.0, 0.25, n));
    }
    let exact = through * through * through;
    assert!((exact / 1.88e-4 - 1.0).abs() < 0.01, "{exact}");
    let rows = estimates(&[
        "scenarios/sweeps/rare-undetected.yaml",
        "--replicates",
        "20",
        "--paths",
        "60",
    ]);
    let found = probability(&rows, "splitting");
    assert!((found / exact - 1.0).abs() < 0.9, "{exact}: {rows}");
}

#[test]
fn what_would_bias_an_estimate_of_a_rare_event_is_refused_with_the_reason() {
    let folder = Folder::new();
    let scenario =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweeps/one-honest-host.yaml");
    let shipped = std::fs::read_to_string("scenarios/sweeps/rare-expulsion.yaml").expect("it is shipped");
    let shipped = shipped.replace("one-honest-host.yaml", &format!("'{}'", scenario.display()));
    let said = |from: &str, to: &str, code: i32| {
        assert!(shipped.contains(from), "{from}");
        let path = folder.write("rare.yaml", &shipped.replace(from, to));
        let path = path.display().to_string();
        stakeout(["rare", &path, "--replicates", "20"]).expect(code).err
    };
    let tilt = "tilted: { hardware.own.kernel: fails-37 }";
    for (from, to, code, reason) in [
        (
            tilt,
            "tilted: { hardware.own.kernel: fails-37, demand.rate: 9 /s }",
            3,
            "it changes demand.rate",
        ),
        (
            tilt,
            "tilted: { hardware.h100.kernel: fails-37 }",
            3,
            "it changes hardware.h100.kernel",
        ),
        ("host: watched", "host: watchd", 3, "did you mean `watched`"),
        ("event: convicted", "event: captured", 3, "coalition"),
        ("event: convicted", "event: convictd", 3, "convicted"),
        (
            "length: 500 blocks",
            "length: 500 blocks, protocol.sampling.rule: flat",
            3,
            "protocol.sampling.rule to designated",
        ),
        ("levels: 4", "levels: 4000000", 3, "1000"),
        (
            "paths: 400\nrepetitions: 20",
            "paths: 9000000\nrepetitions: 2000",
            3,
            "paths in all",
        ),
    ] {
        let said = said(from, to, code);
        assert!(said.contains(reason), "{to}: {said}");
    }
}

#[test]
fn threads_change_no_digit_of_an_estimate_over_levels() {
    let shown = |threads: &str| {
        let file = "scenarios/sweeps/rare-capture.yaml";
        let arguments = [
            "rare",
            file,
            "--replicates",
            "20",
            "--paths",
            "10",
            "--threads",
            threads,
        ];
        stakeout(arguments).expect(0).out
    };
    assert_eq!(shown("1"), shown("2"));
}
