//! Run directories that the engine's own writer made, for the tests of this crate.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};

use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::manifest::{Platform, Timing};
use stakeout_engine::observe::run_directory::{Contents, IfExists, RunPlace};
use stakeout_engine::observe::sample;
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::observe::summary::Summary;
use stakeout_reports::page::Shown;
use stakeout_reports::subject::Subject;

/// A name that would do harm wherever it is not escaped.
pub const HOSTILE: &str =
    "</td></svg></script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\"'=";

/// A run directory under the build folder; each test has its own.
pub fn run_directory(test: &str, cast: &Cast, outputs: &[RunOutput]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let summary = Summary::compute(cast, outputs);
    let (platform, timing) = (Platform::default(), Timing::default());
    let contents = Contents {
        cast,
        outputs,
        summary: &summary,
        version: "0.1.0",
        platform: &platform,
        timing: &timing,
        logs: &[],
    };
    let place = RunPlace::new(&root, cast).unwrap();
    place
        .write(IfExists::Replace, &contents, &Disk)
        .unwrap()
        .path()
        .to_path_buf()
}

/// The sample run of four replicates.
pub fn sample_directory(test: &str) -> PathBuf {
    run_directory(test, &sample::cast(), &sample::outputs(4))
}

/// The page of what lies at a path.
pub fn page(path: &Path) -> String {
    Subject::open(path).unwrap().page(Shown::Interactive).unwrap()
}

/// A sample run whose names are all hostile.
pub fn hostile_directory(test: &str) -> PathBuf {
    let mut cast = sample::cast();
    for name in cast.strategies.iter_mut().chain(&mut cast.owners) {
        *name = format!("{HOSTILE}{name}");
    }
    cast.assumptions = vec![HOSTILE.to_string()];
    run_directory(test, &cast, &sample::outputs(2))
}

/// The folder of a small sweep over two factors, with a hostile level.
pub fn sweep_directory(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let mut table = String::from(
        "point,protocol.sampling.flat_rate,cheater,seed,replicates,failed,\
         checked_share,checked_share_low,checked_share_high,cheating_premium,cheating_premium_low,cheating_premium_high\n",
    );
    let hostile = HOSTILE.replace('"', "\"\"");
    let mut point = 0;
    for (at, rate) in [1, 5, 20, 50].into_iter().enumerate() {
        for (cheater, gain) in [("timid", 0.2), (hostile.as_str(), -0.1), ("bold", -0.4)] {
            let (share, gain) = (0.01 * f64::from(rate), gain - 0.07 * at as f64);
            table += &format!(
                "{point},{rate} %,\"{cheater}\",7,20,0,{share},{},{},{gain},{},{}\n",
                share * 0.9,
                share * 1.1,
                gain - 0.05,
                gain + 0.05
            );
            point += 1;
        }
    }
    std::fs::write(folder.join("results.csv"), table).unwrap();
    folder
}

/// The folder of a solved question with two levels.
pub fn solve_directory(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let frontier = "across,deters from,not below,binding attack,its gain there,from,to,replicates,checked_share,checked_share from,\
                    checked_share to,honest_convicted_share,honest_convicted_share from,honest_convicted_share to,replay\n\
                    sprt,12.5 %,10 %,swaps 10 %,-0.02,-0.03,-0.01,40,0.11,0.1,0.12,0,0,0.01,stakeout run x.yaml\n\
                    z_test,,100 %,swaps 5 %,0.08,0.05,0.11,40,,,,,,,stakeout run y.yaml\n";
    let mut search = String::from("across,parameter,menu verdict,attack,verdict,gain,from,to,replicates\n");
    for (level, offset) in [("sprt", 0.0), ("z_test", 0.15)] {
        for rate in [1.0, 10.0, 12.5, 100.0] {
            for (attack, gain) in [("swaps 10 %", 0.05), ("swaps 100 %", -0.2)] {
                let gain = gain + offset - 0.03 * rate / 10.0;
                let verdict = if gain > 0.0 { "profitable" } else { "deterred" };
                search += &format!(
                    "{level},{rate} %,{verdict},{attack},{verdict},{gain},{},{},40\n",
                    gain - 0.02,
                    gain + 0.02
                );
            }
        }
    }
    let question = r#"{"name": "floor", "question": "How much?", "parameter": "protocol.sampling.flat_rate", "tolerated": 0.01, "confidence": 0.95}"#;
    for (name, text) in [
        ("frontier.csv", frontier),
        ("search.csv", search.as_str()),
        ("question.json", question),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// A calibration that comes with the program.
pub fn calibration_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/calibration/smollm2-135m.yaml")
}
