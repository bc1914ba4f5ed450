//! Hostile files at every door: an answer with an exit code of `docs/exit-codes.md`, within bounds, never a panic.
//!
//! Invariant: each case runs under a limit of memory and is ended after two minutes, so that a bomb or a hang is a
//! failure of the test and not of the machine.

use std::path::Path;
use std::process::Stdio;

use crate::support::files::{root, text};
use crate::support::program::{Folder, Outcome, finish, limited, stakeout};

/// Address space of one command, KiB: 4 GiB, most of it stacks and arenas that are never touched.
const MEMORY_KIB: &str = "4194304";

/// Runs the program in a folder under its limits.
fn bounded(folder: &Path, arguments: &[&str]) -> Outcome {
    let limits = format!("ulimit -v {MEMORY_KIB}; exec timeout -s KILL 120");
    limited(&limits, folder, arguments)
}

/// What every answer to a hostile file has in common.
fn assert_answered(what: &str, outcome: &Outcome) {
    let Outcome { code, out, err } = outcome;
    assert!((0..=6).contains(code), "{what}: code {code}\n{out}\n{err}");
    assert!(err.len() < 1_000_000, "{what}: a message of {} bytes", err.len());
    for stream in [out, err] {
        let is_stray = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
        assert!(
            !stream.contains(is_stray),
            "{what}: control characters\n{stream:?}"
        );
    }
}

fn assert_refused(what: &str, outcome: &Outcome) {
    assert_answered(what, outcome);
    assert_ne!(outcome.code, 0, "{what} was accepted\n{}", outcome.out);
    let said = format!("{}{}", outcome.out, outcome.err);
    assert!(
        said.contains("error") || said.contains("FAILED"),
        "{what}: {said}"
    );
}

/// Nine levels of nine aliases each: 387 million nodes.
fn laughs() -> String {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    bomb
}

/// Whole files that are none.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let mut keys = String::new();
    for key in 0..80_000 {
        keys.push_str(&format!("k{key}: 1\n"));
    }
    let texts: [(&str, String); 22] = [
        ("nothing", String::new()),
        ("blanks", " \n\t\n".into()),
        ("a list", "[1, 2]".into()),
        ("a number", "5".into()),
        ("billion laughs", laughs()),
        ("an alias of itself", "a: &a [*a]\n".into()),
        ("open brackets", "[".repeat(500_000)),
        ("open braces", "{a: ".repeat(200_000)),
        (
            "nested maps",
            (0..3_000)
                .map(|depth| " ".repeat(depth.min(300)) + "a:\n")
                .collect(),
        ),
        ("a long scalar", format!("name: {}\n", "a".repeat(1_000_000))),
        ("more than a mebibyte", format!("name: {}\n", "a".repeat(2 << 20))),
        ("many keys", keys),
        ("two documents", "a: 1\n---\nb: 2\n".into()),
        ("a tag", "!!python/object/apply:os.system [id]\n".into()),
        ("merge keys", "<<: [{a: 1}, {b: 2}]\n".into()),
        ("duplicate keys", "seed: 1\nseed: 2\n".into()),
        ("NUL", "name: a\0b\n".into()),
        (
            "CRLF and a byte order mark",
            "\u{feff}name: a\r\nseed: x\r\n".into(),
        ),
        (
            "escapes",
            "\u{1b}[2J\u{1b}]0;title\u{7}: \u{1b}[31m\u{9b}\n".into(),
        ),
        ("a tab", "a:\n\t- b\n".into()),
        ("an open quote", "name: \"abc\n".into()),
        ("a direction mark", "name: '\u{202e}lmay.x'\n\u{202e}: 1\n".into()),
    ];
    let mut bombs: Vec<(&str, Vec<u8>)> = texts.map(|(what, text)| (what, text.into_bytes())).into();
    bombs.push(("UTF-16", vec![0xff, 0xfe, b'a', 0, b':', 0, b' ', 0, b'1', 0]));
    bombs.push(("no UTF-8", b"name: \xff\xfe\n".to_vec()));
    bombs
}

/// The commands that read a file that a person wrote.
const WRITTEN: [&[&str]; 8] = [
    &["scenario", "check"],
    &["scenario", "explain"],
    &["run", "--out", "runs"],
    &["sweep", "--out", "cells"],
    &["solve", "--out", "cells"],
    &["game", "--out", "cells"],
    &["worlds", "--size", "10", "--seeds", "2"],
    &["sweep", "--dry-run", "--over", "seed=1, 2"],
];

#[test]
fn no_written_file_is_accepted_that_is_none() {
    let folder = Folder::new();
    for (what, bytes) in bombs() {
        std::fs::write(folder.path().join("bomb.yaml"), bytes).expect("written");
        for words in WRITTEN {
            let arguments = [words, &["bomb.yaml"]].concat();
            assert_refused(&format!("{words:?}, {what}"), &bounded(folder.path(), &arguments));
        }
    }
    for what in ["runs", "cells"] {
        assert!(
            !folder.path().join(what).exists(),
            "a refused file left `{what}` behind"
        );
    }
}

/// The first scenario with a file beside it in place of something of its own.
fn beside(change: [&str; 2]) -> String {
    let first = text(&root().join("scenarios/smoke/two-swappers.yaml"));
    let changed = first.replace(change[0], change[1]);
    assert_ne!(first, changed, "the first scenario has no {change:?}");
    changed
}

const GROUP: &str =
    "- { name: honest, count: 8, strategy: honest, weight: 100, models: Qwen3-32B, hardware: h100 }";
const FROM_FILE: &str = "- { hosts_csv: x.csv, strategy: honest, hardware: h100 }";
const LAW: &str = "law: poisson\n  rate: 1 /s";

#[test]
fn no_file_beside_a_scenario_is_accepted_that_is_none() {
    let folder = Folder::new();
    let calibration = text(&root().join("scenarios/calibration/published-gonka.yaml"));
    let doors = [
        (
            "x.csv",
            [LAW, "law: trace\n  trace: x.csv\n  #"],
            "arrival_s,model\n1,Qwen3-32B\n",
        ),
        ("x.parquet", [LAW, "law: trace\n  trace: x.parquet\n  #"], ""),
        (
            "x.csv",
            [GROUP, FROM_FILE],
            "host,weight,models\na,5,Qwen3-32B\nb,5,Qwen3-32B\n",
        ),
        (
            "x.yaml",
            ["seed: 7", "seed: 7\ncalibration_file: x.yaml"],
            calibration.as_str(),
        ),
    ];
    for (name, change, honest) in doors {
        folder.write("s.yaml", &beside(change));
        if !honest.is_empty() {
            folder.write(name, honest);
            bounded(folder.path(), &["scenario", "check", "s.yaml"]).expect(0);
        }
        for (what, bytes) in bombs() {
            std::fs::write(folder.path().join(name), bytes).expect("written");
            let outcome = bounded(folder.path(), &["scenario", "check", "s.yaml"]);
            assert_refused(&format!("{change:?}, {what}"), &outcome);
        }
    }
}

#[test]
fn a_path_out_of_a_scenarios_folder_is_refused_by_any_way() {
    let folder = Folder::new();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).expect("a folder");
    folder.write("secret.csv", "arrival_s,model\n1,Qwen3-32B\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.csv", inside.join("link.csv")).expect("a link");
    let long = format!("{}x.csv", "a/".repeat(2_048));
    for path in [
        "../secret.csv",
        "/etc/passwd",
        "link.csv",
        "a/../../secret.csv",
        "./../secret.csv",
        "..\\secret.csv",
        "C:x.csv",
        "//host/x.csv",
        "file:///etc/passwd",
        "~/x.csv",
        "/dev/zero",
        "/proc/self/mem",
        "\"a\\0b.csv\"",
        "''",
        ".",
        &long,
    ] {
        let scenario = beside([LAW, &format!("law: trace\n  trace: {path}\n  #")]);
        std::fs::write(inside.join("s.yaml"), scenario).expect("written");
        let outcome = bounded(&inside, &["scenario", "check", "s.yaml"]);
        assert_refused(path, &outcome);
        assert!(
            !outcome.err.contains("1,Qwen3-32B"),
            "{path}: the file was read\n{}",
            outcome.err
        );
    }
}

#[test]
fn a_name_that_leads_elsewhere_or_writes_to_the_screen_is_no_name() {
    let folder = Folder::new();
    let long = "a".repeat(4_096);
    let names = [
        "../../x",
        "/tmp/x",
        "..",
        ".",
        "a/b",
        "a\\\\b",
        "a\\0b",
        "\\e[2Jx",
        "</script>",
        "=cmd()",
        "-rf",
        "con.txt",
        "\\u202ex",
        "$(id)",
        "`id`",
        " ",
        "",
        &long,
    ];
    for name in names {
        let quoted = format!("\"{name}\"");
        let files = [
            (
                "run",
                format!(
                    "name: {quoted}\n{}",
                    text(&root().join("scenarios/smoke/two-swappers.yaml"))
                ),
            ),
            (
                "sweep",
                text(&root().join("scenarios/sweeps/sampling-floor.yaml"))
                    .replace("sweep: sampling-floor", &format!("sweep: {quoted}")),
            ),
            (
                "solve",
                text(&root().join("scenarios/sweeps/cheapest-floor.yaml"))
                    .replace("solve: cheapest-floor", &format!("solve: {quoted}")),
            ),
            (
                "game",
                text(&root().join("scenarios/sweeps/swap-or-serve.yaml"))
                    .replace("game: swap-or-serve", &format!("game: {quoted}")),
            ),
        ];
        for (command, file) in files {
            folder.write("s.yaml", &file);
            assert_refused(
                &format!("{command} {name:?}"),
                &bounded(folder.path(), &[command, "s.yaml"]),
            );
        }
    }
    for name in [
        "a b",
        "\u{1b}[2J",
        "</script>",
        "=cmd()",
        "-rf",
        "\u{202e}x",
        "$(id)",
        "`id`",
        "a'b",
        "../x",
        &long,
    ] {
        folder.write(
            "x.csv",
            &format!("host,weight,models\n\"{name}\",5,Qwen3-32B\nb,5,Qwen3-32B\n"),
        );
        folder.write("s.yaml", &beside([GROUP, FROM_FILE]));
        let arguments = ["run", "s.yaml", "--set", "until=5 blocks", "--format", "csv"];
        assert_refused(&format!("host {name:?}"), &bounded(folder.path(), &arguments));
    }
    let made: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(made.len(), 2, "something was written: {made:?}");
}

#[test]
fn what_would_not_fit_is_refused_before_it_is_begun() {
    let folder = Folder::new();
    folder.write("s.yaml", &text(&root().join("scenarios/smoke/two-swappers.yaml")));
    let bombs: [&[&str]; 9] = [
        &["demand.rate=1e12 /s"],
        &["duration=1000000 epochs"],
        &["population.honest.count=100000", "duration=1000000 epochs"],
        &["population.honest.count=99999999999"],
        &["protocol.pricing.window=4294967295 blocks"],
        &["protocol.geometry.length=9007199254740993 blocks"],
        &["clients.count=4294967295"],
        &["protocol.vesting.epochs=4294967295"],
        &["chain.block_time=1 ns", "duration=100000 epochs"],
    ];
    for settings in bombs {
        let mut arguments = vec![
            "run",
            "s.yaml",
            "--no-twins",
            "--out",
            "runs",
            "--memory-limit",
            "1 GiB",
        ];
        settings
            .iter()
            .for_each(|setting| arguments.extend(["--set", setting]));
        arguments.extend(["--dry-run"]);
        assert_answered(&format!("{settings:?}"), &bounded(folder.path(), &arguments));
    }
    let sweeps = [
        "sweep: s\nscenario: s.yaml\nfactors:\n  - { path: seed, range: { from: 1, to: 9, steps: 4294967295 } }\n",
        "sweep: s\nscenario: s.yaml\nreplicates: 4294967295\nfactors:\n  - { path: seed, values: [1] }\n",
        "sweep: s\nscenario: s.yaml\nfactors:\n  - { path: seed, range: { from: 1, to: 1e308, steps: 5 } }\n",
        "sweep: s\nscenario: s.yaml\nfactors:\n  - { path: seed, range: { from: .nan, to: .inf, steps: 5 } }\n",
        "sweep: s\nscenario: s.yaml\ndesign: { sobol: 4294967295 }\nfactors:\n  - { path: seed, range: { from: 1, to: 9 } }\n",
    ];
    let none = "sweep: s\nscenario: s.yaml\ndesign: { sobol: 8 }\nfactors: []\n";
    for sweep in sweeps.into_iter().chain([none]) {
        folder.write("sweep.yaml", sweep);
        assert_refused(
            sweep,
            &bounded(folder.path(), &["sweep", "sweep.yaml", "--dry-run"]),
        );
    }
    let factor = |name: usize| {
        format!("  - {{ name: f{name}, path: seed, range: {{ from: 1, to: 9, steps: 1000 }} }}\n")
    };
    let many: String = (0..12).map(factor).collect();
    folder.write(
        "sweep.yaml",
        &format!("sweep: s\nscenario: s.yaml\nfactors:\n{many}"),
    );
    assert_refused(
        "10^36 points",
        &bounded(folder.path(), &["sweep", "sweep.yaml", "--dry-run"]),
    );
    let game = text(&root().join("scenarios/sweeps/swap-or-serve.yaml"))
        .replace("../smoke/two-swappers.yaml", "s.yaml");
    for change in [
        ["players: 10", "players: 4294967295"],
        ["reduced: 4", "reduced: 4000000"],
        ["replicates: 10", "replicates: 4294967295"],
    ] {
        folder.write("game.yaml", &game.replace(change[0], change[1]));
        assert_refused(
            change[1],
            &bounded(folder.path(), &["game", "game.yaml", "--out", "cells"]),
        );
    }
}

/// A logged run of twenty blocks.
fn small_run(folder: &Path) -> std::path::PathBuf {
    let scenario = root()
        .join("scenarios/smoke/two-swappers.yaml")
        .display()
        .to_string();
    let arguments = [
        "run",
        &scenario,
        "--set",
        "until=20 blocks",
        "--event-log",
        "--no-twins",
        "--out",
        "runs",
    ];
    let outcome = bounded(folder, &arguments).expect(0);
    assert!(outcome.out.contains("digest"));
    let only = |folder: &Path| {
        let mut entries = std::fs::read_dir(folder)
            .expect("a folder")
            .flatten()
            .map(|entry| entry.path());
        entries.find(|path| path.is_dir()).expect("a folder in it")
    };
    only(&only(&folder.join("runs")))
}

#[test]
fn no_file_of_a_run_is_believed_that_is_none() {
    let folder = Folder::new();
    let run = small_run(folder.path());
    let shown = run.display().to_string();
    let readers: [&[&str]; 4] = [
        &["audit", "verify", &shown, "--no-rerun"],
        &["audit", "explain", &shown, "--participant", "0"],
        &["trace", &shown, "--inference", "0"],
        &["runs", "runs"],
    ];
    for name in [
        "manifest.json",
        "events.parquet",
        "participants.parquet",
        "replicates.json",
        "scenario.yaml",
    ] {
        let whole = std::fs::read(run.join(name)).expect("a file");
        for (what, bytes) in bombs().into_iter().step_by(3) {
            std::fs::write(run.join(name), bytes).expect("written");
            assert_refused(
                &format!("verify, {name}, {what}"),
                &bounded(folder.path(), readers[0]),
            );
            for reader in &readers[1..] {
                assert_answered(
                    &format!("{reader:?}, {name}, {what}"),
                    &bounded(folder.path(), reader),
                );
            }
        }
        std::fs::write(run.join(name), whole).expect("written");
    }
    bounded(folder.path(), readers[0]).expect(0);
    // A manifest that names files elsewhere is not followed.
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("a manifest");
    for name in ["../../../s.yaml", "/etc/passwd", "..", ".", "", "\\u001b[2J"] {
        let forged = manifest.replacen("\"name\": \"scenario.yaml\"", &format!("\"name\": \"{name}\""), 1);
        assert_ne!(forged, manifest);
        std::fs::write(run.join("manifest.json"), forged).expect("written");
        assert_refused(
            &format!("a file called {name:?}"),
            &bounded(folder.path(), readers[0]),
        );
    }
}

#[test]
fn no_folder_of_a_sweep_is_believed_that_is_none() {
    let folder = Folder::new();
    let cells = folder.path().join("part");
    std::fs::create_dir_all(cells.join("cells")).expect("a folder");
    for (what, bytes) in bombs() {
        std::fs::write(cells.join("plan.json"), bytes).expect("written");
        assert_refused(
            what,
            &bounded(folder.path(), &["merge", "part", "--out", "whole"]),
        );
    }
}

#[test]
fn what_is_on_the_command_line_is_no_safer_than_a_file() {
    let hostile = [
        "\u{1b}[2J",
        "[[[[[[",
        "{{{{",
        "&a [*a]",
        "1e308",
        ".nan",
        "-1",
        "../../x",
        "18446744073709551616",
        "",
        "'",
    ];
    for value in hostile {
        for path in [
            "seed",
            "name",
            "duration",
            "protocol",
            "population",
            "demand.rate",
            "population.honest.count",
            "calibration",
        ] {
            let setting = format!("{path}={value}");
            let outcome = stakeout([
                "scenario",
                "check",
                "scenarios/smoke/two-swappers.yaml",
                "--set",
                &setting,
            ]);
            assert_answered(&setting, &outcome);
        }
        for words in [
            vec!["run", value],
            vec!["worlds", value],
            vec!["runs", value],
            vec!["examples", "show", value],
        ] {
            if value.is_empty() || value == "-1" {
                continue;
            }
            assert_answered(&format!("{words:?}"), &stakeout(words.clone()));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_an_input_output_error() {
    for words in [&["scenario", "schema"][..], &["worlds", "--list"], &["examples"]] {
        let mut command = crate::support::program::command();
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("the full device");
        command.args(words).stdout(Stdio::from(full));
        let outcome = finish(command).expect(4);
        assert!(outcome.err.contains("standard output"), "{}", outcome.err);
    }
}
