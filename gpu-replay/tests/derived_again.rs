//! A small calibration, derived again: the same bytes at any number of threads, and the committed file.

use std::path::{Path, PathBuf};
use std::process::Command;

use stakeout_calibration::Calibration;

const FILES: [&str; 4] = [
    "demo-small-tiny.yaml",
    "demo-small-tiny-deployed.yaml",
    "report.md",
    "evidence.json",
];

/// Runs the program on `threads` threads, of units and of products alike, and gives the folder of results.
fn derive(threads: &str) -> PathBuf {
    let out = std::env::temp_dir().join(format!("stakeout-again-{}-{threads}", std::process::id()));
    let _ = std::fs::remove_dir_all(&out);
    let status = Command::new(env!("CARGO_BIN_EXE_stakeout-calibrate"))
        .args(["demo", "--tiny", "--size", "small", "--threads", threads, "--out"])
        .arg(&out)
        .env("RAYON_NUM_THREADS", threads)
        .env("CANDLE_NUM_THREADS", threads)
        .status()
        .expect("the program starts");
    assert!(status.success());
    out.join("calibrate-demo-small-tiny")
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("written")
}

#[test]
fn a_small_calibration_is_the_committed_one_at_any_number_of_threads() {
    let one = derive("1");
    for threads in ["2", "4"] {
        let other = derive(threads);
        for name in FILES {
            assert!(
                read(&one, name) == read(&other, name),
                "{name} at {threads} threads"
            );
        }
        std::fs::remove_dir_all(other.parent().expect("a parent")).expect("removed");
    }
    for name in &FILES[..1] {
        let committed = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), name);
        let derived = read(&one, name);
        if committed != derived {
            eprintln!(
                "{name}: other bytes than the committed file's, as other vector units give; comparing values"
            );
            near(&committed, &derived);
        }
    }
    std::fs::remove_dir_all(one.parent().expect("a parent")).expect("removed");
}

/// What may differ between machines: other vector units sum in another order, which moves single answers by as much
/// as honest kernels differ. Names, costs and sizes are equal; the middle half of each substitute's similarity, over
/// all kernels, is within a twentieth of the range.
fn near(committed: &str, derived: &str) {
    let [committed, derived] = [committed, derived].map(|text| Calibration::from_yaml(text).expect("valid"));
    assert_eq!(committed.kernels(), derived.kernels());
    assert_eq!(committed.substitutes(), derived.substitutes());
    assert_eq!(committed.provenance(), derived.provenance());
    let middle = |calibration: &Calibration, substitute: usize| {
        let points = calibration
            .laws()
            .iter()
            .filter(|law| usize::from(law.substitute) == substitute)
            .flat_map(|law| &law.quantiles)
            .filter(|point| (0.25..=0.75).contains(&point.p))
            .map(|point| point.similarity);
        let points: Vec<f64> = points.collect();
        points.iter().sum::<f64>() / points.len() as f64
    };
    for (index, substitute) in committed.substitutes().iter().enumerate() {
        let (a, b) = (middle(&committed, index), middle(&derived, index));
        assert!((a - b).abs() < 0.05, "{}: {a} and {b}", substitute.name);
    }
}
