//! The kept tables of the gallery are what their questions give today, by a part of each that is run again.
//!
//! A part is small (the first point of a sweep, the ends of one search, a game of two strategies) and its cells are those
//! of the whole, with the same seeds: what it gives stands in the kept tables digit by digit, and the digest of its cells
//! in the README beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stakeout_engine::experiment::cells::Bench;
use stakeout_engine::experiment::game::file::{Choice, GameFile};
use stakeout_engine::experiment::game::phase::phases;
use stakeout_engine::experiment::game::solve;
use stakeout_engine::experiment::solve::Solver;
use stakeout_engine::experiment::solve::file::SolveFile;
use stakeout_engine::experiment::sweep::campaign::{Shard, Unwatched, carry_out};
use stakeout_engine::experiment::sweep::factor::{Factor, Levels};
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_engine::experiment::sweep::table::shown_csv;
use stakeout_engine::strategy::registry::Registry;

use crate::support::files::{files, root, text};
use crate::support::program::{Folder, stakeout};

/// A scenario, and a folder of its own for the cells that it is run at.
struct Rerun {
    source: ScenarioSource,
    registry: Registry,
    folder: Folder,
    store: Store,
}

impl Rerun {
    fn of(scenario: &Path) -> Self {
        let folder = Folder::new();
        Self {
            source: ScenarioSource::read(scenario).expect("a scenario"),
            registry: stakeout_agents::registry(),
            store: Store::open(folder.path()).expect("a store"),
            folder,
        }
    }

    fn bench(&self) -> Bench<'_> {
        Bench {
            source: &self.source,
            registry: &self.registry,
            store: &self.store,
            monitor: &Unwatched,
        }
    }

    /// What is wrong with a README: it names the scenario's hash, the seed, and number and digest of the cells in a folder.
    fn untold(&self, name: &str, set: &[(String, String)]) -> Option<String> {
        let scenario = self
            .source
            .resolve(set, &self.registry)
            .expect("a shipped scenario");
        let digest_of = |path: &PathBuf| {
            // The first line is the cell, the second its hash.
            let cell = text(path);
            let cell = cell.lines().next().expect("a cell");
            let cell: serde_json::Value = serde_json::from_str(cell).expect("a cell is JSON");
            cell["digest"].as_str().expect("a digest").to_string()
        };
        let mut digests: Vec<String> = files(&self.folder.path().join("cells"), &[".json"])
            .iter()
            .map(digest_of)
            .collect();
        assert!(!digests.is_empty(), "{name}: no cell was run");
        digests.sort();
        let digest = blake3::hash(digests.join("\n").as_bytes());
        let told = format!(
            "`{}` | {} | {} | `{digest}` |",
            &scenario.hash.to_string()[..16],
            scenario.seed,
            digests.len()
        );
        (!kept(name, "README.md").contains(&told)).then(|| format!("{name}: the README has no {told}"))
    }
}

fn question(name: &str) -> PathBuf {
    root().join("scenarios/sweeps").join(format!("{name}.yaml"))
}

fn kept(name: &str, file: &str) -> String {
    text(&root().join("reports/gallery").join(name).join(file))
}

/// Tells all that READMEs lack at once.
fn assert_told(untold: &[Option<String>]) {
    let untold: Vec<&String> = untold.iter().flatten().collect();
    assert!(untold.is_empty(), "{untold:#?}");
}

/// The rows of a kept table by its columns.
fn rows(name: &str, file: &str) -> Vec<BTreeMap<String, String>> {
    let text = kept(name, file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().zip(&record);
        cells
            .map(|(name, cell)| (name.to_string(), cell.to_string()))
            .collect()
    };
    reader
        .records()
        .map(|record| row(record.expect("a row")))
        .collect()
}

/// The only row whose cells are these.
fn row<'a>(rows: &'a [BTreeMap<String, String>], wanted: &[(&str, &str)]) -> &'a BTreeMap<String, String> {
    let is_it = |row: &&BTreeMap<String, String>| wanted.iter().all(|(name, cell)| row[*name] == *cell);
    let found: Vec<_> = rows.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{wanted:?}");
    found[0]
}

/// A kept number, every digit of it.
fn assert_is(row: &BTreeMap<String, String>, column: &str, value: f64) {
    let kept: f64 = row[column]
        .parse()
        .unwrap_or_else(|_| panic!("{column}: `{}`", row[column]));
    assert!(
        kept == value,
        "{column}: {kept} is kept and {value} comes out, in {row:?}"
    );
}

fn only_level(factor: &mut Factor, label: &str) {
    if let Levels::Listed(levels) = &mut factor.levels {
        levels.retain(|level| level.label == label);
        assert_eq!(levels.len(), 1, "no level {label}");
    }
}

#[test]
fn the_first_point_of_every_kept_sweep_is_what_its_file_gives() {
    let mut complaints = Vec::new();
    for name in [
        "false-expulsion",
        "floor-and-power",
        "newcomers-dues",
        "what-it-costs",
    ] {
        let file = SweepFile::load(&question(name)).expect("a shipped sweep");
        let rerun = Rerun::of(&file.scenario);
        let plan = Plan::freeze(&file, &rerun.source, &rerun.registry).expect("a plan");
        let first = Shard {
            index: 1,
            of: plan.points.len() as u32,
        };
        let Bench {
            source,
            registry,
            store,
            monitor,
        } = rerun.bench();
        let done = carry_out(&plan, source, registry, store, first, monitor).expect("cells");
        let made = shown_csv(&plan, &done.points);
        let shown = kept(name, "shown.csv");
        let of_first: Vec<&str> = shown.lines().take(2).collect();
        assert_eq!(made.lines().collect::<Vec<_>>(), of_first, "{name}");
        assert_eq!(shown.lines().count(), plan.points.len() + 1, "{name}: points");
        complaints.push(rerun.untold(name, &file.set));
    }
    assert_told(&complaints);
}

#[test]
fn the_ends_of_a_search_of_every_kept_answer_are_what_its_file_gives() {
    let mut complaints = Vec::new();
    for (name, level, family) in [
        ("deterrence-frontier", "A", "swaps long answers"),
        ("proof-of-sampling", "0.5", "whole menu"),
    ] {
        let mut file = SolveFile::load(&question(name)).expect("a shipped question");
        if let Some(found) = file.families.iter().find(|known| known.name == family) {
            file.attacks = found.attacks.iter().map(|&at| file.attacks[at].clone()).collect();
        }
        file.is_each = false;
        // Only the two ends are judged.
        file.search.tolerance = 1.0;
        only_level(file.across.as_mut().expect("levels"), level);
        let rerun = Rerun::of(&file.scenario);
        let solver = Solver::new(file, rerun.bench());
        let found = solver.solve().expect("an answer").remove(0);
        let file = solver.file();
        let kept = rows(name, "search.csv");
        assert_eq!(found.threshold.judged.len(), 2, "{name}");
        for (at, (value, _)) in found.threshold.judged.iter().enumerate() {
            let parameter = file.parameter.level(*value).label;
            for judged in found.all_judged(at) {
                let (attack, gain) = (&file.attacks[judged.attack], judged.gain);
                let place = [
                    ("across", level),
                    ("menu", family),
                    ("parameter", parameter.as_str()),
                    ("attack", attack.label.as_str()),
                ];
                let row = row(&kept, &place);
                assert_is(row, "gain", gain.mean);
                assert_is(row, "from", gain.bounds.low);
                assert_is(row, "to", gain.bounds.high);
                assert_eq!(row["replicates"], gain.replicates.to_string(), "{place:?}");
                let chosen = attack.tuned_to(judged.chosen, |range, value| range.level(value).label);
                let kept = row.get("tuned to").map_or("", String::as_str);
                assert_eq!(kept, chosen, "{place:?}");
                assert_eq!(
                    row["verdict"],
                    gain.verdict(file.demand.tolerated).name(),
                    "{place:?}"
                );
            }
        }
        complaints.push(rerun.untold(name, &file.set));
    }
    assert_told(&complaints);
}

#[test]
fn a_part_of_every_kept_game_is_what_its_file_gives() {
    // Where the best responses end: the game of those who are left, as it was solved last.
    let name = "best-responses";
    let mut file = GameFile::load(&question(name)).expect("a shipped game");
    let joined: Vec<Choice> = file
        .candidates
        .drain(..)
        .filter(|choice| choice.name == "launders")
        .collect();
    file.choices.extend(joined);
    let rerun = Rerun::of(&file.scenario);
    let solved = solve(&file, &rerun.bench()).expect("a solved game");
    let kept = rows(name, "payoffs.csv");
    assert_eq!(kept.len(), solved.payoffs.len());
    for (row, payoff) in kept.iter().zip(&solved.payoffs) {
        assert_eq!(row["one who follows"], file.choices[payoff.strategy].name);
        for (choice, count) in file.choices.iter().zip(&payoff.full) {
            assert_eq!(row[&choice.name], count.to_string());
        }
        assert_is(row, "earns", payoff.mean);
    }
    let first = rerun.untold(name, &file.set);

    // One combination of the phase diagram.
    let name = "who-survives";
    let mut file = GameFile::load(&question(name)).expect("a shipped game");
    let combination = ["20 %", "8 GNK/h"];
    for (factor, label) in file.across.iter_mut().zip(combination) {
        only_level(factor, label);
    }
    let rerun = Rerun::of(&file.scenario);
    let phase = phases(&file, &rerun.bench()).expect("a phase").remove(0);
    let kept = rows(name, "phases.csv");
    let factors = file.across.iter().map(|factor| factor.name.as_str());
    let place: Vec<(&str, &str)> = factors.zip(combination).collect();
    let row = row(&kept, &place);
    assert_eq!(row["survivors"], phase.survivors);
    for (choice, share) in file.choices.iter().zip(&phase.solved.rests[0].mix) {
        assert_is(row, &format!("{} share", choice.name), *share);
    }
    assert_is(row, "regret", phase.solved.rests[0].regret);
    assert_told(&[first, rerun.untold(name, &file.set)]);
}

/// The README of a folder of the gallery says which bytes its tables have: `| [name](name) | `sha256` |`.
#[test]
fn the_hashes_of_the_gallery_are_those_of_its_tables() {
    let gallery = root().join("reports/gallery");
    let mut checked = 0;
    for folder in std::fs::read_dir(gallery).expect("it is there") {
        let folder = folder.expect("it can be read").path();
        let Ok(page) = std::fs::read_to_string(folder.join("README.md")) else {
            continue;
        };
        for line in page.lines() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, hash] = cells[..] else {
                continue;
            };
            let hash = hash.trim_matches('`');
            let name = name.trim_start_matches('[').split(']').next().unwrap_or_default();
            if hash.len() != 64 || !hash.bytes().all(|letter| letter.is_ascii_hexdigit()) {
                continue;
            }
            let file = folder.join(name);
            let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let found: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, hash, "{}: the README has another hash", file.display());
            checked += 1;
        }
    }
    assert!(checked >= 15, "only {checked} tables have a hash");
}

/// A kept table that has other points than its file asks for was made by another file.
#[test]
fn the_kept_tables_of_sweeps_have_the_points_that_their_files_ask_for() {
    for name in [
        "floor-and-power",
        "newcomers-dues",
        "false-expulsion",
        "what-it-costs",
    ] {
        let kept = kept(name, "shown.csv");
        let path = format!("scenarios/sweeps/{name}.yaml");
        let estimate = stakeout(["sweep", &path, "--dry-run", "--format", "json"])
            .expect(0)
            .json();
        assert_eq!(
            estimate[0]["at least"].as_f64(),
            Some(kept.lines().count() as f64 - 1.0),
            "{name}: run the sweep of its README again"
        );
    }
}
