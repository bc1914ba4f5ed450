//! `stakeout-report` as it is called: files, pictures and refusals.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{sample_directory, sweep_directory};

fn report(arguments: &[&std::ffi::OsStr]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_stakeout-report"))
        .args(arguments)
        .output()
        .unwrap()
}

/// As [`report`], which must succeed.
fn succeeds(arguments: &[&std::ffi::OsStr]) {
    let made = report(arguments);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn the_command_writes_a_page_and_pictures_of_every_kind() {
    let directory = sample_directory("command");
    let page = directory.join("page.html");
    succeeds(&[
        "report".as_ref(),
        directory.as_os_str(),
        "-o".as_ref(),
        page.as_os_str(),
    ]);
    assert!(fs::read_to_string(page).unwrap().starts_with("<!doctype html>"));
    let folder = directory.join("figures");
    succeeds(&[
        "plot".as_ref(),
        directory.as_os_str(),
        "--out".as_ref(),
        folder.as_os_str(),
    ]);
    for name in ["profit", "reputation", "sampling", "detection"] {
        let svg = fs::read_to_string(folder.join(format!("{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg"));
    }
    let beginnings: [(&str, &[u8]); 3] = [("svg", b"<svg"), ("png", b"\x89PNG"), ("csv", b"curve,epoch")];
    for (ending, beginning) in beginnings {
        let file = directory.join(format!("one.{ending}"));
        let one = [
            "plot".as_ref(),
            directory.as_os_str(),
            "--picture".as_ref(),
            "profit".as_ref(),
            "-o".as_ref(),
            file.as_os_str(),
        ];
        succeeds(&one);
        assert!(fs::read(&file).unwrap().starts_with(beginning), "{ending}");
    }
}

#[test]
fn a_picture_of_a_sweep_can_be_wished_for() {
    let folder = sweep_directory("wish");
    let file = folder.join("x.svg");
    let ask = |extra: &[&str]| {
        let mut all: Vec<&std::ffi::OsStr> = vec![
            "plot".as_ref(),
            folder.as_os_str(),
            "-o".as_ref(),
            file.as_os_str(),
        ];
        all.extend(extra.iter().map(|word| AsRef::<std::ffi::OsStr>::as_ref(*word)));
        report(&all)
    };
    let rate = "protocol.sampling.flat_rate";
    assert!(
        ask(&[
            "--x",
            rate,
            "--y",
            "cheating_premium",
            "--by",
            "cheater",
            "--log-x"
        ])
        .status
        .success()
    );
    assert!(
        ask(&["--x", rate, "--y", "cheater", "--z", "checked_share"])
            .status
            .success()
    );
    assert!(
        ask(&["--x", "checked_share", "--y", "cheating_premium", "--pareto"])
            .status
            .success()
    );
    // A kind of file that there is not is told with those that there are.
    let elsewhere = folder.join("x.jpg");
    let jpg = report(&[
        "plot".as_ref(),
        folder.as_os_str(),
        "-o".as_ref(),
        elsewhere.as_os_str(),
    ]);
    let told = String::from_utf8_lossy(&jpg.stderr).into_owned();
    assert_eq!(jpg.status.code(), Some(2));
    let nowhere = report(&["plot".as_ref(), folder.as_os_str()]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--list` tells the pictures"));
    assert!(
        told.contains("written as svg, png or csv") && told.contains("x.jpg"),
        "{told}"
    );
    let wrong = ask(&["--x", rate, "--y", "cheating_premum"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `cheating_premium`?"));
}

#[test]
fn axes_for_a_run_are_refused_by_the_name_of_what_it_is() {
    let directory = sample_directory("axes");
    let asked = ["plot", "--x", "a", "--y", "b", "-o", "x.svg"].map(std::ffi::OsStr::new);
    let refused = report(&[&asked[..1], &[directory.as_os_str()], &asked[1..]].concat());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        told.contains("is a run, and --x and --y are for the results of a sweep")
            && !told.contains("is no run"),
        "{told}"
    );
}

#[test]
fn what_is_no_run_is_an_error_that_names_the_file() {
    let directory = sample_directory("damaged");
    fs::write(directory.join("epochs.parquet"), b"PAR1 but not really PAR1").unwrap();
    let ask = |path: &std::ffi::OsStr| report(&["report".as_ref(), path]);
    let broken = ask(directory.as_os_str());
    assert_eq!(broken.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("epochs.parquet"));
    let absent = ask("/nonexistent-run".as_ref());
    assert_eq!(absent.status.code(), Some(4));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let nothing = ask(folder.as_os_str());
    assert_eq!(nothing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("manifest.json (a run)"));
    assert_eq!(report(&[]).status.code(), Some(2));
}

#[test]
fn a_table_of_any_figures_is_drawn_in_ms_and_gnk() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spoken");
    fs::create_dir_all(&folder).unwrap();
    let table = "point,rate,seed,replicates,failed,latency_p95_ns,latency_p95_ns_low,latency_p95_ns_high,\
                 deviator_gain,deviator_gain_low,deviator_gain_high\n\
                 0,1 %,1,2,0,2000000,1000000,3000000,-5000000000,-6000000000,-4000000000\n\
                 1,5 %,1,2,0,4000000,3000000,5000000,7000000000,6000000000,8000000000\n";
    fs::write(folder.join("results.csv"), table).unwrap();
    let csv = folder.join("drawn.csv");
    for (figure, head, numbers) in [
        ("latency_p95_ns", "latency p95, ms", ["2", "1", "3"]),
        ("deviator_gain", "deviator gain, GNK", ["-5", "-6", "-4"]),
    ] {
        succeeds(&[
            "plot".as_ref(),
            folder.as_os_str(),
            "--x".as_ref(),
            "rate".as_ref(),
            "--y".as_ref(),
            figure.as_ref(),
            "-o".as_ref(),
            csv.as_os_str(),
        ]);
        let text = fs::read_to_string(&csv).unwrap();
        assert!(text.lines().next().unwrap().contains(head), "{text}");
        let first: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
        for number in numbers {
            assert!(
                first.iter().any(|cell| cell.trim_start_matches('\'') == number),
                "{number}: {text}"
            );
        }
    }
}
