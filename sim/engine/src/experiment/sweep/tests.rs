//! The sweep's own promises, without a simulation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::SweepError;
use super::analysis;
use super::campaign::{PointCells, Shard, collect};
use super::cell::{Cell, Making, key};
use super::factor::Design;
use super::file::SweepFile;
use super::plan::{Plan, Point, SWEEP_FORMAT};
use super::store::Store;
use super::table::{estimate, responses_csv, results_csv, write_results};
use crate::scenario::Source;

fn parse(text: &str) -> Result<SweepFile, SweepError> {
    SweepFile::parse(&Source::file("sweep.yaml", text), Path::new("folder"))
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("stakeout-sweep-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn cell(replicate: u32, figures: &[(&str, f64)]) -> Cell {
    Cell {
        format: SWEEP_FORMAT,
        key: key("abc", 7, replicate, Making::whole(false)),
        replicate,
        digest: "d".to_owned(),
        figures: figures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
        error: None,
    }
}

fn plan(floor: u32, ceiling: u32, half_width: Option<f64>) -> Plan {
    Plan {
        format: SWEEP_FORMAT,
        model_version: 1,
        name: "x".to_owned(),
        factors: vec!["a, b".to_owned()],
        design: Design::Grid,
        design_seed: 1,
        floor,
        ceiling,
        relative: None,
        half_width,
        confidence: 0.95,
        watched: "gain".to_owned(),
        outputs: vec!["gain".to_owned()],
        front: Vec::new(),
        has_twin: false,
        warm_up: None,
        points: vec![Point {
            pairing: String::new(),
            labels: vec!["1 %".to_owned()],
            set: Vec::new(),
            seed: 7,
            scenario: Some("abc".to_owned()),
            error: None,
        }],
    }
}

#[test]
fn a_file_is_read_with_its_factors() {
    let file = parse(
        "sweep: a-b\nscenario: s.yaml\nfactors:\n  - { path: p, values: [1 %, 2 %] }\n  - { path: q, range: { from: 1 s, to: 9 s, steps: 5 } }\n\
         replicates: { output: gain, relative: 5 %, floor: 4, ceiling: 40 }\nseeds: independent\n",
    )
    .unwrap();
    assert_eq!((file.name.as_str(), file.factors.len()), ("a-b", 2));
    assert_eq!(file.scenario, Path::new("folder/s.yaml"));
    assert_eq!(file.factors[1].level(2).set, [("q".to_owned(), "5 s".to_owned())]);
    assert_eq!(
        (file.replication.rule.floor, file.replication.rule.ceiling),
        (4, 40)
    );
    assert!(!file.has_common_numbers && file.replication.watched == "gain");
}

#[test]
fn everything_wrong_with_a_file_is_told_at_once_with_its_place() {
    let wrong = "sweep: A B\nscenaro: s.yaml\nfactors:\n  - { path: p, values: [1], range: { from: 1, to: 2 } }\n  - { path: q, range: { from: 1 s, to: 9 h } }\nreplicates: 0\ndesign: gird\n";
    let SweepError::File(problems) = parse(wrong).unwrap_err() else {
        panic!("the file is wrong")
    };
    let text = SweepError::File(problems).to_string();
    for part in [
        "did you mean `scenario`?",
        "did you mean `grid`?",
        "sweep.yaml:1:8",
        "one unit for both ends",
        "neither of the three",
        "a whole number from 1",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// Three points that trade a cost for a gain, the last of them beaten in both.
#[test]
fn a_finished_sweep_marks_its_front_in_a_file_of_its_own() {
    let traded = Plan {
        front: vec!["cost".to_owned(), "-gain".to_owned()],
        points: vec![plan(1, 1, None).points[0].clone(); 3],
        ..plan(1, 1, None)
    };
    let figures = [[1.0, 0.5], [2.0, 0.75], [2.5, 0.25]];
    let points: Vec<PointCells> = (0..3)
        .map(|point| PointCells {
            point,
            cells: vec![cell(
                0,
                &[("cost", figures[point][0]), ("gain", figures[point][1])],
            )],
        })
        .collect();
    let folder = scratch("front");
    let store = Store::open(&folder).unwrap();
    let front = analysis::front(&traded, &points);
    write_results(&traded, &points, front.as_ref(), &store).unwrap();
    let text = std::fs::read_to_string(folder.join("front.csv")).unwrap();
    let expected =
        "point,\"a, b\",cost,gain,on the front\n0,1 %,1,0.5,yes\n1,1 %,2,0.75,yes\n2,1 %,2.5,0.25,\n";
    assert_eq!(text, expected);
    for name in ["results.csv", "shown.csv", "responses.csv"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    write_results(
        &traded,
        &points,
        None,
        &Store::open(&folder.join("none")).unwrap(),
    )
    .unwrap();
    assert!(!folder.join("none").join("front.csv").exists());
}

#[test]
fn a_cell_is_kept_whole_and_a_broken_one_is_run_again() {
    let folder = scratch("store");
    let store = Store::open(&folder).unwrap();
    let kept = cell(0, &[("gain", 0.1 + 0.2), ("loss", -1e-300)]);
    store.put(&kept).unwrap();
    assert_eq!(store.get(&kept.key), Some(kept.clone()));
    let shelf = folder.join("cells").join(&kept.key[..2]);
    let path = shelf.join(format!("{}.json", kept.key));
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert_eq!(store.get(&kept.key), None, "a changed bit of byte {at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(store.get(&kept.key), None, "{at} bytes of {}", whole.len());
    }
    // What a killed process left behind is cleared by the next one.
    std::fs::write(shelf.join(".tmp-1-x"), "half").unwrap();
    drop(store);
    let store = Store::open(&folder).unwrap();
    assert!(!shelf.join(".tmp-1-x").exists());
    store.adopt(&plan(2, 2, None), false).unwrap();
    assert!(matches!(
        store.adopt(&plan(3, 3, None), false),
        Err(SweepError::OtherPlan { .. })
    ));
    store.adopt(&plan(3, 3, None), true).unwrap();
    assert_eq!(Store::plan(&folder).unwrap(), plan(3, 3, None));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A design may have a point twice, and two threads may come to write its cell at the same time.
#[test]
fn a_cell_that_many_threads_write_at_once_is_kept() {
    let folder = scratch("at-once");
    let store = Store::open(&folder).unwrap();
    let cell = cell(0, &[("gain", 1.0)]);
    std::thread::scope(|scope| {
        let write = || (0..50).try_for_each(|_| store.put(&cell));
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(write)).collect();
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
    });
    assert_eq!(store.get(&cell.key).as_ref(), Some(&cell));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_point_gets_replicates_until_its_rule_is_met() {
    let folder = scratch("rule");
    let store = Store::open(&folder).unwrap();
    for replicate in 0..9 {
        let gain = if replicate % 2 == 0 { 1.0 } else { 3.0 };
        store.put(&cell(replicate, &[("gain", gain)])).unwrap();
    }
    let stores = [store];
    // Nine values of this spread have a half-width of 0.81: stages are 4, 6, 9.
    for (half_width, expected) in [(3.0, 4), (1.5, 6), (0.9, 9)] {
        let points = collect(&plan(4, 100, Some(half_width)), &stores).unwrap();
        assert_eq!(points[0].cells.len(), expected, "{half_width}");
    }
    let more = collect(&plan(4, 100, Some(0.5)), &stores);
    assert!(
        matches!(more, Err(SweepError::Incomplete { missing: 5 })),
        "{more:?}"
    );
    assert_eq!(collect(&plan(5, 5, None), &stores).unwrap()[0].cells.len(), 5);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_share_of_participants_is_pooled_and_bounded_where_nobody_was_hit() {
    let figures = [("honest_convicted_hits", 0.0), ("honest_convicted_trials", 100.0)];
    let point = PointCells {
        point: 0,
        cells: (0..3).map(|replicate| cell(replicate, &figures)).collect(),
    };
    let found = estimate(&point, "honest_convicted_share", 0.95);
    assert_eq!(found.mean, Some(0.0));
    let bound = found.interval.unwrap().high;
    assert!((bound - 0.012_22).abs() < 1e-5, "{bound}");
}

#[test]
fn a_failed_cell_is_a_row_and_an_absent_figure_an_empty_field() {
    let failed = Cell {
        error: Some("no, \"never\"".to_owned()),
        figures: BTreeMap::new(),
        ..cell(1, &[])
    };
    let point = PointCells {
        point: 0,
        cells: vec![cell(0, &[("gain", 0.5)]), failed],
    };
    let plan = plan(2, 2, None);
    assert_eq!(
        responses_csv(&plan, std::slice::from_ref(&point)),
        "point,\"a, b\",seed,replicate,digest,error,gain\n0,1 %,7,0,d,,0.5\n0,1 %,7,1,d,\"no, \"\"never\"\"\",\n"
    );
    assert_eq!(
        results_csv(&plan, &[point]),
        "point,\"a, b\",seed,replicates,failed,gain,gain_low,gain_high\n0,1 %,7,2,1,0.5,,\n"
    );
}

#[test]
fn shards_share_the_points_out() {
    for point in 0..10 {
        let holders = (1..=3).filter(|&index| Shard { index, of: 3 }.has(point)).count();
        assert_eq!(holders, 1);
    }
}

/// Cost and gain of three points, (1, 3), (2, 2) and (3, 3): the last is beaten. In the box from (1, 2) to (3, 3) the second
/// alone beats the worst corner, and commands half of it.
#[test]
fn the_front_of_a_sweep_leaves_out_what_another_point_beats_in_everything() {
    let mut plan = plan(1, 1, None);
    plan.front = vec!["cost".to_owned(), "-gain".to_owned()];
    let figures = [(1.0, 3.0), (2.0, 2.0), (3.0, 3.0)];
    let points: Vec<PointCells> = figures
        .iter()
        .enumerate()
        .map(|(point, &(cost, gain))| PointCells {
            point,
            cells: vec![cell(0, &[("cost", cost), ("gain", -gain)])],
        })
        .collect();
    let found = super::analysis::front(&plan, &points).unwrap();
    assert_eq!(found.is_on_front, [true, true, false]);
    assert!((found.hypervolume - 0.5).abs() < 1e-12, "{}", found.hypervolume);
    plan.front.clear();
    assert_eq!(super::analysis::front(&plan, &points), None);
}
