//! A report of a run directory that the engine's own writer made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::comparisons::COMPARISONS_FILE;
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::manifest::{Platform, Timing};
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::run_directory::{Contents, IfExists, RunPlace};
use stakeout_engine::observe::sample;
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::observe::summary::Summary;
use stakeout_reports::frames::{ConvictionFrame, EpochFrame, ParticipantFrame};
use stakeout_reports::{Run, page, plot};

/// A run directory under the build folder; each test has its own.
fn run_directory(test: &str, cast: &Cast, outputs: &[RunOutput]) -> PathBuf {
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

fn sample_directory(test: &str) -> PathBuf {
    run_directory(test, &sample::cast(), &sample::outputs(4))
}

#[test]
fn frames_hold_every_row_with_money_to_the_last_unit() {
    let directory = sample_directory("frames");
    let frame = ParticipantFrame::read(&directory).unwrap();
    let rows: Vec<_> = sample::outputs(4)
        .into_iter()
        .flat_map(|o| o.participants.iter().collect::<Vec<_>>())
        .collect();
    assert_eq!(frame.len(), rows.len());
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(
            frame.profit[index],
            row.work_coins + row.reward - row.cost - row.slashed
        );
        assert_eq!(
            (frame.weight[index], frame.reputation[index]),
            (row.weight, u32::from(row.reputation))
        );
    }
    assert_eq!(frame.strategies, sample::cast().strategies);
    let epochs = EpochFrame::read(&directory).unwrap();
    assert_eq!(epochs.epoch.len(), 4 * 8);
    assert_eq!(
        epochs.nominal_rate_sum_ppb[0],
        i128::from(epochs.finished[0]) * 1_000_000_000
    );
    assert_eq!(
        ConvictionFrame::read(&directory).unwrap().answers,
        [996, 1016, 1036, 1056]
    );
}

#[test]
fn amounts_beyond_64_bits_survive_the_way_to_a_frame() {
    let mut outputs = sample::outputs(1);
    let mut rows: Vec<_> = outputs[0].participants.iter().collect();
    rows[0].reward = 10_i128.pow(37) + 7;
    rows[1].work_coins = -10_i128.pow(37);
    outputs[0].participants = rows.iter().cloned().collect();
    let frame = ParticipantFrame::read(&run_directory("wide", &sample::cast(), &outputs)).unwrap();
    let expected = |i: usize| {
        let row = &rows[i];
        row.work_coins + row.reward - row.cost - row.slashed
    };
    assert_eq!([frame.profit[0], frame.profit[1]], [expected(0), expected(1)]);
}

#[test]
fn the_page_states_the_verdict_first_and_escapes_names() {
    let html = page::render(&Run::open(&sample_directory("page")).unwrap()).unwrap();
    // The cheater's profit is a loss in every replicate: it paid for hardware and was slashed.
    assert!(
        html.contains("Cheating did not pay."),
        "{}",
        &html[html.find("verdict\">").unwrap()..][..200]
    );
    assert!(html.find("verdict").unwrap() < html.find("<table").unwrap());
    assert!(html.contains("Cleo &amp; Co") && !html.contains("Cleo & Co"));
    assert_eq!(html.matches("<svg").count(), 4);
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("href="));
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_hostile_name_stays_text_everywhere() {
    let mut cast = sample::cast();
    let hostile = "</td></svg><script>alert(1)</script>";
    cast.strategies[1] = hostile.to_string();
    cast.owners[2] = hostile.to_string();
    cast.assumptions = vec![hostile.to_string()];
    let directory = run_directory("hostile", &cast, &sample::outputs(2));
    let run = Run::open(&directory).unwrap();
    assert!(!page::render(&run).unwrap().contains("<script"));
    for chart in page::charts(&run).unwrap() {
        assert!(!plot::draw(&chart).unwrap().contains("<script"));
    }
}

/// What a run may have been set beside, as the engine writes it.
fn beside(name: &str) -> serde_json::Value {
    let money = |mean: &str| serde_json::json!({"unit": "base_units", "n": 4, "mean": mean, "interval": [mean, mean]});
    let figure = |name: &str, recorded: serde_json::Value, z: f64, is_exact: bool| {
        serde_json::json!({
            "figure": name, "simulated_mean": recorded, "interval": [465.0, 618.0], "recorded": recorded,
            "z": z, "is_exact": is_exact, "exact_replicates": 4
        })
    };
    serde_json::json!({
        "recorded": {
            "source": name, "epoch": 56, "replicates": 4, "level": 0.999,
            "heights": [{"stage": "poc_start", "simulated": 873_251, "recorded": 873_251}],
            "hosts": [{"id": name, "figures": [
                figure("validated", serde_json::json!(753.0), 9.5, false),
                figure("missed", serde_json::json!(500.0), 0.0, true),
                figure("checked", serde_json::json!(500.0), 0.1, false),
            ]}],
            "requests_by_weight": []
        },
        "honest_twins": [{
            "owner": name, "identities": 1, "strategies": [name],
            "profit": money("-1000000000"), "honest_profit": money("5000000000"), "gain": money("-6000000000")
        }],
        "shorter_histories": [], "warnings": []
    })
}

#[test]
fn the_page_sets_the_run_beside_its_record_and_its_honest_twins() {
    let directory = sample_directory("beside");
    assert!(
        !page::render(&Run::open(&directory).unwrap())
            .unwrap()
            .contains("Honest twins")
    );
    let place = RunPlace::new(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside"),
        &sample::cast(),
    )
    .unwrap();
    let run = RunDirectory::open(&directory).unwrap();
    let hostile = "</td><script>alert(1)</script>";
    place
        .add(&run, COMPARISONS_FILE, &beside(hostile), &Disk)
        .unwrap();
    let html = page::render(&Run::open(&directory).unwrap()).unwrap();
    assert!(html.contains("Honest twins") && html.contains("Recorded beside simulated"));
    assert!(html.contains("\u{2212}6.000 GNK") && html.contains("5.000 GNK"));
    assert!(html.contains("873251") && html.contains("753"));
    // Of three figures one lies outside, and one is a count that is exact in every replicate.
    assert!(html.contains("of 3 figures, 1 lie outside") && html.contains("left out (1)"));
    assert_eq!(html.matches(">outside<").count(), 1);
    assert!(!html.contains("<script"));
}

#[test]
fn two_readings_of_a_run_give_the_same_page() {
    let run = Run::open(&sample_directory("same")).unwrap();
    assert_eq!(page::render(&run).unwrap(), page::render(&run).unwrap());
}

#[test]
fn a_run_without_settled_epochs_still_has_a_page() {
    let mut outputs = sample::outputs(1);
    outputs[0].epochs.clear();
    outputs[0].participants = std::iter::empty().collect();
    outputs[0].convictions.clear();
    let html = page::render(&Run::open(&run_directory("empty", &sample::cast(), &outputs)).unwrap()).unwrap();
    assert!(html.contains("no settled epoch") && html.contains("Nobody cheated in this run."));
}

fn report(arguments: &[&std::ffi::OsStr]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_stakeout-report"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_command_writes_a_page_and_drawings() {
    let directory = sample_directory("command");
    let page = directory.join("page.html");
    let made = report(&[directory.as_os_str(), "-o".as_ref(), page.as_os_str()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(fs::read_to_string(page).unwrap().starts_with("<!doctype html>"));
    let folder = directory.join("figures");
    let drawn = report(&[
        "plot".as_ref(),
        directory.as_os_str(),
        "--out".as_ref(),
        folder.as_os_str(),
    ]);
    assert!(
        drawn.status.success(),
        "{}",
        String::from_utf8_lossy(&drawn.stderr)
    );
    for name in ["profit", "reputation", "sampling", "detection"] {
        assert!(
            fs::read_to_string(folder.join(format!("{name}.svg")))
                .unwrap()
                .starts_with("<svg")
        );
    }
}

#[test]
fn what_is_no_run_is_an_error_that_names_the_file() {
    let directory = sample_directory("damaged");
    fs::write(directory.join("epochs.parquet"), b"PAR1 but not really PAR1").unwrap();
    let broken = report(&[directory.as_os_str()]);
    assert_eq!(broken.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("epochs.parquet"));
    let absent = report(&["/nonexistent-run".as_ref()]);
    assert_eq!(absent.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("manifest.json"));
    assert_eq!(report(&[]).status.code(), Some(2));
}
