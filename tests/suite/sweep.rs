//! `stakeout sweep` and `stakeout merge`: what is kept, found again and put together.

#[cfg(unix)]
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use stakeout_engine::experiment::sweep::cell::{Making, run_cell};
use stakeout_engine::experiment::sweep::figures::{check_name, plain_names};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_engine::experiment::sweep::warm_up::WarmUpRule;

use crate::support::files::text;
use crate::support::program::{Folder, command, stakeout};

const SWEEP: &str = "\
sweep: small
scenario: SCENARIO
set: { until: 300 blocks }
factors:
  - { path: protocol.sampling.flat_rate, values: [5 %, 40 %] }
  - { path: population.swapper.strategy.model_swapper.rate, values: [20 %, 100 %] }
replicates: 3
outputs: [checked_share, cheated]
";

fn file(folder: &Folder, from: &str) -> String {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke/two-swappers.yaml");
    let text = from.replace("SCENARIO", &format!("'{}'", scenario.display()));
    folder.write("sweep.yaml", &text).display().to_string()
}

fn results(folder: &Path) -> [String; 3] {
    ["plan.json", "results.csv", "responses.csv"].map(|name| text(&folder.join(name)))
}

fn out(folder: &Folder, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

#[test]
fn threads_shards_and_a_second_run_change_no_byte_of_a_sweep() {
    let folder = Folder::new();
    let file = file(&folder, SWEEP);
    let whole = out(&folder, "whole");
    let first = stakeout(["sweep", &file, "--out", &whole, "--threads", "2"]).expect(0);
    assert!(
        first.out.contains("40 %") && first.err.contains("12 cells run, 0 found"),
        "{}",
        first.err
    );
    let expected = results(Path::new(&whole));
    assert_eq!(expected[2].lines().count(), 13);
    let single = out(&folder, "single");
    stakeout(["sweep", &file, "--out", &single, "--threads", "1"]).expect(0);
    assert!(
        results(Path::new(&single)) == expected,
        "one thread gives other bytes than two"
    );
    let again = stakeout(["sweep", &file, "--out", &whole]).expect(0);
    assert!(again.err.contains("0 cells run, 12 found"), "{}", again.err);
    assert_eq!(
        (results(Path::new(&whole)), again.out),
        (expected.clone(), first.out)
    );
    let (one, two) = (out(&folder, "one"), out(&folder, "two"));
    stakeout(["sweep", &file, "--out", &two, "--shard", "2/2"]).expect(0);
    stakeout(["merge", &one, &two, "--out", &out(&folder, "m")]).expect(4);
    stakeout(["sweep", &file, "--out", &one, "--shard", "1/2"]).expect(0);
    let merged = out(&folder, "merged");
    stakeout(["merge", &two, &one, "--out", &merged]).expect(0);
    assert!(
        results(Path::new(&merged)) == expected,
        "merged shards give other bytes"
    );
    stakeout(["merge", &two, "--out", &out(&folder, "half")]).expect(1);
}

#[test]
fn a_killed_sweep_loses_the_cells_in_flight_and_goes_on() {
    let folder = Folder::new();
    let file = file(&folder, &SWEEP.replace("replicates: 3", "replicates: 12"));
    let (whole, cut) = (out(&folder, "whole"), out(&folder, "cut"));
    stakeout(["sweep", &file, "--out", &whole]).expect(0);
    let mut killed = command();
    let mut child = killed
        .args(["sweep", &file, "--out", &cut, "--threads", "1"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let cells = Path::new(&cut).join("cells");
    // Some cells, but not all: the child is stopped as soon as the first shelves are there.
    while std::fs::read_dir(&cells).map_or(0, Iterator::count) < 3 {
        if child.try_wait().expect("the child can be asked").is_some() {
            break;
        }
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().expect("the child ends");
    stakeout(["sweep", &file, "--out", &cut]).expect(0);
    let is_same = results(Path::new(&cut)) == results(Path::new(&whole));
    assert!(is_same, "a sweep that was killed gives other bytes");
}

#[test]
fn more_replicates_keep_the_cells_that_are_there() {
    let folder = Folder::new();
    let file = file(&folder, SWEEP);
    let place = out(&folder, "place");
    stakeout(["sweep", &file, "--out", &place]).expect(0);
    let refused = stakeout(["sweep", &file, "--out", &place, "--replicates", "5"]).expect(4);
    assert!(refused.err.contains("--extend"), "{}", refused.err);
    let more = stakeout(["sweep", &file, "--out", &place, "--replicates", "5", "--extend"]).expect(0);
    assert!(more.err.contains("8 cells run, 12 found"), "{}", more.err);
}

#[test]
fn an_invalid_point_is_a_row_and_a_factor_without_effect_is_named() {
    let folder = Folder::new();
    let text = SWEEP
        .replace("values: [5 %, 40 %]", "values: [5 %, 400 %]")
        .replace(
            "population.swapper.strategy.model_swapper.rate, values: [20 %, 100 %]",
            "protocol.sampling.rate_halfway, values: [4 %, 5 %]",
        );
    let file = file(&folder, &text);
    let done = stakeout(["sweep", &file, "--out", &out(&folder, "place")]).expect(0);
    assert!(
        done.out.contains("Failures") && done.out.contains("stakeout run"),
        "{}",
        done.out
    );
    assert!(
        done.err
            .contains("`protocol.sampling.rate_halfway` changed no figure"),
        "{}",
        done.err
    );
}

#[test]
fn a_dry_run_counts_and_runs_nothing_that_is_kept() {
    let folder = Folder::new();
    let file = file(&folder, SWEEP);
    let place = out(&folder, "place");
    let shown = stakeout(["sweep", &file, "--out", &place, "--dry-run", "--format", "json"]).expect(0);
    let rows = shown.json();
    let row = |what: &str| {
        let rows = rows.as_array().expect("a table is a list");
        rows.iter()
            .find(|row| row["what"] == what)
            .expect("the row is there")["at most"]
            .clone()
    };
    assert_eq!(
        (row("points").as_f64(), row("cells").as_f64()),
        (Some(4.0), Some(12.0))
    );
    assert!(row("time").as_f64().is_some_and(|seconds| seconds > 0.0));
    assert!(!Path::new(&place).exists());
}

/// Bytes that a folder takes on a disk of blocks of 4 KiB, its own and those of its folders included.
fn on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let of = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("it can be read");
        let metadata = entry.metadata().expect("it can be read");
        if metadata.is_dir() {
            on_disk(&entry.path())
        } else {
            metadata.len().div_ceil(4096) * 4096
        }
    };
    4096 + entries.map(of).sum::<u64>()
}

/// The files are of four shipped sweeps, so that their sizes are what users see.
#[test]
fn a_dry_run_tells_the_disk_that_a_sweep_takes_within_a_factor_of_two() {
    for name in ["sampling-floor", "settled", "status-test", "what-matters"] {
        let folder = Folder::new();
        let file = format!("scenarios/sweeps/{name}.yaml");
        let told = stakeout(["sweep", &file, "--dry-run", "--format", "json"])
            .expect(0)
            .json();
        let place = out(&folder, "place");
        let _ = stakeout(["sweep", &file, "--out", &place]).expect(0);
        let taken = on_disk(Path::new(&place)) as f64 / 1_048_576.0;
        let row = |what: &str| {
            let rows = told.as_array().expect("a table is a list");
            let row = rows
                .iter()
                .find(|row| row["what"] == what)
                .expect("the row is there");
            ["at least", "at most"].map(|end| row[end].as_f64().unwrap_or(f64::NAN))
        };
        let [least, most] = row("disk");
        assert!(
            least / 2.0 < taken && taken < most * 2.0,
            "{name}: told {least} to {most} MiB, took {taken}"
        );
    }
}

#[test]
fn a_grid_from_the_command_line_needs_no_file() {
    let folder = Folder::new();
    let done = stakeout([
        "sweep",
        "scenarios/smoke/two-swappers.yaml",
        "--over",
        "protocol.sampling.flat_rate=10 %..50 %/3",
        "--set",
        "until=300 blocks",
        "--replicates",
        "2",
        "--outputs",
        "checked_share",
        "--out",
        &out(&folder, "place"),
        "--format",
        "csv",
    ])
    .expect(0);
    let lines: Vec<&str> = done.out.lines().filter(|line| line.contains(" %,2,")).collect();
    assert_eq!(lines.len(), 3, "{}", done.out);
    let mistake = stakeout([
        "sweep",
        "scenarios/smoke/two-swappers.yaml",
        "--over",
        "protocol.sampling.flat_rat=1",
    ])
    .expect(3);
    assert!(mistake.err.contains("flat_rate"), "{}", mistake.err);
}

#[test]
fn a_figure_that_no_cell_can_have_is_refused_before_anything_runs() {
    let folder = Folder::new();
    let place = out(&folder, "place");
    for (outputs, told) in [
        ("model_swapper.profits]", "did you mean `model_swapper.profit`"),
        (
            "cheatng_premium]",
            "outputs: there is no figure `cheatng_premium`",
        ),
        ("deviator_gain]", "needs an honest twin"),
        ("model_swapper-1.profit]", "there is no strategy"),
        (
            "cheated]\nfront: [-checked_shar]",
            "front: there is no figure `checked_shar`",
        ),
    ] {
        let mistaken = file(&folder, &SWEEP.replace("cheated]", outputs));
        let refused = stakeout(["sweep", &mistaken, "--out", &place]).expect(3).err;
        assert!(refused.contains(told), "{refused}");
        assert!(!Path::new(&place).join("plan.json").exists());
    }
    let mut compared = vec![
        "compare",
        "scenarios/smoke/two-swappers.yaml",
        "--with",
        "until=90 blocks",
    ];
    compared.extend(["--figures", "cheating_premum"]);
    let refused = stakeout(compared).expect(2).err;
    assert!(refused.contains("did you mean `cheating_premium`"), "{refused}");
}

#[test]
fn people_read_a_sweep_in_their_units_and_programs_in_those_of_the_figures() {
    let folder = Folder::new();
    let asked = SWEEP.replace("cheated]", "latency_p95_ns, rewards]\nfront: [latency_p95_ns]");
    let (file, place) = (file(&folder, &asked), out(&folder, "place"));
    let shown = stakeout(["sweep", &file, "--out", &place]).expect(0).out;
    for part in ["checked_share, %", "latency_p95, ms from", "rewards, GNK to"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("_ns"), "{shown}");
    let kept = stakeout(["sweep", &file, "--out", &place, "--format", "csv"])
        .expect(0)
        .out;
    assert!(kept.contains("latency_p95_ns from"), "{kept}");
}

/// A network with a twin, a rule for its start, reputation-based sampling and convicted cheaters has every figure that there is.
#[test]
fn the_figures_that_can_be_asked_for_are_those_that_a_cell_has() {
    let making = Making {
        has_twin: true,
        pairing: "",
        warm_up: Some(&WarmUpRule::Epochs(1)),
    };
    let registry = stakeout_agents::registry();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke/launch.yaml");
    let source = ScenarioSource::read(&path).expect("a scenario");
    let scenario = source.resolve(&[], &registry).expect("a valid one");
    let cell = run_cell(&scenario, String::new(), 0, making, &registry, &|| false).expect("a finished run");
    let (of_strategies, plain): (Vec<&str>, Vec<&str>) = cell
        .figures
        .keys()
        .map(String::as_str)
        .partition(|name| name.contains('.'));
    let mut known = plain_names(making);
    known.sort_unstable();
    assert_eq!(plain, known);
    assert_eq!(of_strategies.len(), 4 * 4);
    for name in of_strategies {
        assert_eq!(check_name(name, making, &registry), Ok(()));
    }
}

/// The order of the factors is that of the file's expectation; a point without a value would silence the table.
#[test]
fn the_shipped_screening_says_what_moves_the_premium() {
    let folder = Folder::new();
    let asked = [
        "sweep",
        "scenarios/sweeps/what-matters.yaml",
        "--out",
        &out(&folder, "place"),
        "--format",
        "json",
    ];
    let done = stakeout(asked).expect(0);
    assert!(!done.err.contains("nothing is said of"), "{}", done.err);
    let tables = done.json();
    let (_, effects) = tables
        .as_object()
        .expect("several tables")
        .iter()
        .find(|(title, _)| title.contains("cheating_premium"))
        .expect("a table of the premium");
    let effect = |path: &str, column: &str| {
        let rows = effects.as_array().expect("a row a factor");
        let row = rows.iter().find(|row| row["factor"] == path).expect("the factor");
        row[column].as_f64().expect("a number")
    };
    let of = |path: &str| effect(path, "mean |effect|");
    assert!(effect("protocol.sampling.flat_rate", "from") > 0.0);
    assert!(of("protocol.sampling.flat_rate") > of("population.swapper.strategy.model_swapper.rate"));
    assert!(of("protocol.dispute.period") < 0.05, "{effects}");
}

/// A sweep of one thread that is asked to stop so many times once so many cells are kept: what it says, and how many are
/// kept in the end.
#[cfg(unix)]
fn interrupted(epochs: u32, kept_before: usize, times: u32) -> (String, usize) {
    let folder = Folder::new();
    let longer = SWEEP
        .replace("until: 300 blocks", &format!("duration: {epochs} epochs"))
        .replace("replicates: 3", "replicates: 200");
    let file = file(&folder, &longer);
    let place = out(&folder, "place");
    let kept = || {
        let Ok(shelves) = std::fs::read_dir(Path::new(&place).join("cells")) else {
            return 0;
        };
        let cells_of = |shelf: std::io::Result<std::fs::DirEntry>| {
            let cells = std::fs::read_dir(shelf.expect("a shelf").path()).expect("it can be read");
            let names = cells.map(|cell| cell.expect("a cell").file_name());
            names
                .filter(|name| !name.to_string_lossy().starts_with('.'))
                .count()
        };
        shelves.map(cells_of).sum::<usize>()
    };
    let mut child = command()
        .args(["sweep", &file, "--out", &place, "--threads", "1"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut messages = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    // The first line says that cells are begun; every signal is answered by one more.
    let mut said = messages.next().expect("a line").expect("text") + "\n";
    while kept() < kept_before {
        std::thread::yield_now();
    }
    for _ in 0..times {
        let signal = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(signal.expect("kill starts").success());
        said += &(messages.next().expect("a line").expect("text") + "\n");
    }
    let rest: Result<Vec<String>, _> = messages.collect();
    said += &rest.expect("text").join("\n");
    assert_eq!(child.wait().expect("the child ends").code(), Some(130), "{said}");
    (said, kept())
}

/// A thread of its own writes a cell while the next one runs: the one that runs when the signal comes is kept, too.
#[test]
#[cfg(unix)]
fn the_first_interruption_lets_the_cell_that_runs_end_and_says_how_to_go_on() {
    let (said, kept) = interrupted(1_500, 1, 1);
    for part in [
        "stopping when the cells that are running are done",
        "Ctrl-C again cuts them",
        &format!("{kept} cells are kept in"),
        "run the same command again",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!((2..10).contains(&kept), "{kept} cells: {said}");
}

/// A cell of many minutes: the second signal does not wait for it.
#[test]
#[cfg(unix)]
fn the_second_interruption_cuts_the_cell_that_runs() {
    let (said, kept) = interrupted(100_000, 0, 2);
    assert!(said.contains("cutting the cells that are running"), "{said}");
    assert!(said.contains("0 cells are kept"), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    assert_eq!(kept, 0);
}

#[test]
fn factors_beside_a_sweep_are_refused_with_the_way_out() {
    let mistake = stakeout([
        "sweep",
        "scenarios/sweeps/sampling-floor.yaml",
        "--over",
        "demand.rate=1 /s, 2 /s",
    ])
    .expect(3)
    .err;
    for part in [
        "has factors of its own",
        "leave out --over",
        "write the factor under its `factors`",
        "`stakeout sweep scenarios/sweeps/../smoke/two-swappers.yaml --over ...`",
    ] {
        assert!(mistake.contains(part), "{part}: {mistake}");
    }
    assert!(!mistake.contains("takes it"), "{mistake}");
}

/// A rate a second is held to eight digits behind the point and a count to none, while a design draws a dozen.
#[test]
fn a_design_draws_no_value_that_its_field_cannot_hold() {
    let folder = Folder::new();
    let drawn = "\
sweep: drawn
scenario: SCENARIO
set: { until: 40 blocks }
factors:
  - { path: demand.rate, range: { from: 0.5 /s, to: 2 /s, scale: log } }
  - { path: population.swapper.count, range: { from: 1, to: 4 } }
  - { path: protocol.sampling.flat_rate, range: { from: 1 %, to: 50 % } }
design: { sobol: 16 }
replicates: 1
outputs: [checked_share]
";
    let file = file(&folder, drawn);
    let place = out(&folder, "place");
    let done = stakeout(["sweep", &file, "--out", &place, "--format", "csv"]).expect(0);
    assert!(done.err.contains("16 cells run"), "{}", done.err);
    assert!(!done.out.contains("Failures"), "{}", done.out);
    let table = text(&Path::new(&place).join("results.csv"));
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let decimals = |cell: &str| {
            let (_, behind) = cell
                .split(' ')
                .next()
                .unwrap_or_default()
                .split_once('.')
                .unwrap_or_default();
            behind.len()
        };
        assert!(decimals(cells[1]) <= 8 && decimals(cells[2]) == 0, "{line}");
        // What can be held is not cut.
        assert!(decimals(cells[3]) > 8, "{line}");
    }
}
