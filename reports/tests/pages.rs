//! Frames and pages of a run directory that the engine's own writer made, and of experiments.

mod support;

use std::fs;
use std::path::Path;

use stakeout_engine::observe::comparisons::COMPARISONS_FILE;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::run_directory::RunPlace;
use stakeout_engine::observe::sample;
use stakeout_engine::observe::storage::Disk;
use stakeout_reports::draw;
use stakeout_reports::frames::{ConvictionFrame, EpochFrame, ParticipantFrame};
use stakeout_reports::page::Shown;
use stakeout_reports::picture::{Body, Picture};
use stakeout_reports::subject::Subject;
use support::{
    calibration_file, hostile_directory, page, run_directory, sample_directory, solve_directory,
    sweep_directory,
};

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
    let html = page(&sample_directory("page"));
    // The cheater's profit is a loss in every replicate: it paid for hardware and was slashed.
    assert!(
        html.contains("<h1>Cheating did not pay: "),
        "{}",
        &html[html.find("<h1>").unwrap()..][..300]
    );
    assert!(html.contains("% interval "));
    assert!(html.find("<h1>").unwrap() < html.find("<table").unwrap());
    assert!(html.contains("Cleo &amp; Co") && !html.contains("Cleo & Co"));
    let pictures = Subject::open(&sample_directory("page"))
        .unwrap()
        .pictures()
        .unwrap();
    assert_eq!(html.matches("<svg").count(), pictures.len());
    assert_eq!(html.matches("Download as CSV").count(), pictures.len());
    assert!(html.contains("default-src 'none'; script-src 'sha256-"));
    assert!(!html.contains("unsafe-eval") && !html.contains(" src="));
    // The only addresses are data that stand in the page.
    assert!(html.matches("href=\"").count() == html.matches("href=\"data:").count());
}

#[test]
fn a_still_page_has_no_script_and_says_so_in_its_policy() {
    let subject = Subject::open(&sample_directory("still")).unwrap();
    let html = subject.page(Shown::Still).unwrap();
    assert!(!html.contains("<script") && !html.contains("script-src"));
    assert!(
        html.contains("default-src 'none'") && html.len() < 400_000,
        "{}",
        html.len()
    );
}

#[test]
fn a_run_has_the_pictures_that_its_page_promises() {
    let pictures = Subject::open(&sample_directory("names"))
        .unwrap()
        .pictures()
        .unwrap();
    let names: Vec<&str> = pictures.iter().map(|picture| picture.name.as_str()).collect();
    for expected in [
        "profit",
        "cheater-share",
        "detection",
        "attack",
        "sampling",
        "reputation",
        "flow",
        "lorenz",
    ] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
}

/// What stands outside of escaped text must be ours: tags that a name could open are counted in pages with plain and with
/// hostile names.
#[test]
fn a_hostile_name_opens_no_tag_anywhere() {
    let count = |html: &str, tag: &str| html.matches(tag).count();
    let (plain, hostile) = (
        page(&sample_directory("plain")),
        page(&hostile_directory("hostile")),
    );
    for tag in ["<script", "</script", "<img", "onerror=alert(2)>"] {
        let expected = if tag == "onerror=alert(2)>" {
            0
        } else {
            count(&plain, tag)
        };
        assert_eq!(count(&hostile, tag), expected, "{tag}");
    }
    for path in [sweep_directory("hostile-sweep"), solve_directory("hostile-solve")] {
        let html = page(&path);
        assert_eq!(count(&html, "<img"), 0);
        assert!(!html.contains("<script>alert") && !html.contains('\u{202e}'));
    }
    assert!(!hostile.contains('\u{202e}'));
    for picture in Subject::open(&hostile_directory("hostile-csv"))
        .unwrap()
        .pictures()
        .unwrap()
    {
        assert!(!draw::svg(&picture).unwrap().contains("<script"));
    }
}

#[test]
fn a_sweep_says_where_deviating_pays_and_draws_it() {
    let folder = sweep_directory("sweep");
    let html = page(&folder);
    assert!(
        html.contains("<h1>Deviating pays at "),
        "{}",
        &html[html.find("<h1>").unwrap()..][..200]
    );
    let pictures = Subject::open(&folder).unwrap().pictures().unwrap();
    let names: Vec<&str> = pictures.iter().map(|picture| picture.name.as_str()).collect();
    for expected in [
        "phase",
        "map-cheating-premium",
        "over-cheating-premium",
        "tornado-cheating-premium",
        "pareto",
    ] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
}

/// What the blocks or dots of a picture stand for, and what the numbers are.
fn values(picture: &Picture) -> (Vec<f64>, Vec<String>) {
    let axes = [&picture.x, &picture.y].map(|axis| axis.label.clone());
    match &picture.body {
        Body::Curves(curves) => {
            let points = curves.iter().flat_map(|curve| &curve.points);
            (points.map(|point| point.mean).collect(), axes.to_vec())
        }
        Body::Blocks(blocks) => {
            let values = blocks.blocks.iter().filter_map(|block| block.value);
            (values.collect(), vec![blocks.value_label.clone()])
        }
        Body::Dots(dots) => (
            dots.dots.iter().flat_map(|dot| [dot.x, dot.y]).collect(),
            axes.to_vec(),
        ),
        Body::Flow(_) => Default::default(),
    }
}

#[test]
fn a_picture_has_the_units_of_the_table_above_it() {
    let folder = sweep_directory("units");
    let html = page(&folder);
    assert!(html.contains(">checked share, %<"), "the head of the table");
    let pictures = Subject::open(&folder).unwrap().pictures().unwrap();
    let of = |name: &str| {
        let found = pictures.iter().find(|picture| picture.name == name);
        values(found.unwrap_or_else(|| panic!("no picture {name}")))
    };
    // The rates of the table are 1, 5, 20 and 50 %, and so are the shares that its rows have.
    for name in ["map-checked-share", "over-checked-share", "tornado-checked-share"] {
        let (values, labels) = of(name);
        assert!(
            labels.iter().any(|label| label == "checked share, %"),
            "{name}: {labels:?}"
        );
        assert!(
            values.iter().any(|value| (value - 50.0).abs() < 1e-9),
            "{name}: {values:?}"
        );
        assert!(values.iter().all(|value| *value > 0.9), "{name}: {values:?}");
    }
    let (values, labels) = of("pareto");
    assert_eq!(labels, ["checked share, %", "cheating premium, %"]);
    assert!(
        values.iter().any(|value| (value - 20.0).abs() < 1e-9),
        "{values:?}"
    );
}

/// Cheap and convicting, dear and lenient: neither beats the other, though the first is worse in the first two figures.
#[test]
fn a_plan_that_trades_three_figures_has_its_front_over_all_of_them() {
    use stakeout_engine::experiment::sweep::factor::Design;
    use stakeout_engine::experiment::sweep::plan::{Plan, SWEEP_FORMAT};
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("front");
    fs::create_dir_all(&folder).unwrap();
    let plan = Plan {
        format: SWEEP_FORMAT,
        model_version: 1,
        name: "front".into(),
        factors: vec!["rule".into()],
        design: Design::Grid,
        design_seed: 1,
        floor: 2,
        ceiling: 2,
        relative: None,
        half_width: None,
        confidence: 0.95,
        watched: String::new(),
        outputs: vec!["cost".into()],
        front: vec!["cost".into(), "harm".into(), "-good".into()],
        has_twin: false,
        warm_up: None,
        points: Vec::new(),
    };
    fs::write(folder.join("plan.json"), plan.to_json()).unwrap();
    let table = "point,rule,seed,replicates,failed,cost,cost_low,cost_high,good,good_low,good_high,harm,harm_low,harm_high\n\
                 0,a,1,2,0,3,3,3,9,9,9,3,3,3\n1,b,1,2,0,1,1,1,1,1,1,1,1,1\n2,c,1,2,0,2,2,2,1,1,1,2,2,2\n";
    fs::write(folder.join("results.csv"), table).unwrap();
    let pictures = Subject::open(&folder).unwrap().pictures().unwrap();
    let front = |name: &str| {
        let picture = pictures.iter().find(|picture| picture.name == name).unwrap();
        let stakeout_reports::picture::Body::Dots(dots) = &picture.body else {
            panic!("{name} has no points");
        };
        dots.dots.iter().map(|dot| dot.group == 0).collect::<Vec<_>>()
    };
    // `c` is beaten by `b` in everything; `a` is the best in what should be large.
    assert_eq!(front("front-harm"), [true, true, false]);
    assert_eq!(front("front-good"), [true, true, false]);
    assert!(!pictures.iter().any(|picture| picture.name == "pareto"));
}

/// The games of the gallery, which are kept without what was asked, and a game whose payoffs were given.
#[test]
fn a_game_has_a_page_with_where_it_leads() {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery");
    let grown = page(&gallery.join("best-responses"));
    assert!(
        grown.contains(
            "<h1>From every start the game goes to launders 100 %; one who leaves gains nothing.</h1>"
        ),
        "{}",
        &grown[grown.find("<h1>").unwrap()..][..200]
    );
    for name in ["rests", "payoffs", "rounds"] {
        assert!(grown.contains(&format!("<figure id=\"{name}\"")), "{name}");
    }
    let phases = page(&gallery.join("who-survives"));
    assert!(phases.contains("combinations there survive: "));
    assert!(phases.contains("<figure id=\"phases\""));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("given");
    fs::create_dir_all(&folder).unwrap();
    let table = format!(
        "\"first: {}\",second: b,first earns,second earns,regret\n1,1,0.5,0.5,0\n",
        support::HOSTILE.replace('"', "\"\"")
    );
    fs::write(folder.join("equilibria.csv"), table).unwrap();
    let given = page(&folder);
    assert!(given.contains("<h1>The game has one equilibrium.</h1>") && !given.contains("<script>alert"));
}

#[test]
fn a_solved_question_is_answered_in_a_sentence() {
    let html = page(&solve_directory("solve"));
    assert!(html.contains("1 of 2 mechanisms have a value that deters every attack"));
    assert!(html.contains(
        "at protocol.sampling.flat_rate 12.5 % no attack of the menu gains 1 % of the honest profit, at 10 % \
         swaps 10 % does or may"
    ));
    assert!(
        html.contains(
            "some attack of the menu gains 1 % of the honest profit, or may, even at the strict end"
        )
    );
    // What honesty costs, in the units of every other table.
    assert!(html.contains("checked share, %") && html.contains("11 (10 to 12)"));
    let pictures = Subject::open(&solve_directory("solve-units"))
        .unwrap()
        .pictures()
        .unwrap();
    let price = pictures.iter().find(|picture| picture.name == "price").unwrap();
    assert_eq!(
        [&price.x.label, &price.y.label],
        ["checked share, %", "honest convicted share, %"]
    );
    assert_eq!(values(price).0, [11.0, 0.0]);
}

/// What a tuned attack chose stands behind its name, with as many digits as people read; its gains stay one curve.
#[test]
fn the_page_of_a_solved_question_tells_what_an_attacker_chose() {
    let folder = solve_directory("tuned");
    for (name, heads, cells) in [
        (
            "frontier.csv",
            ",binding tuned to,not below tuned to",
            ",8.6596432336 %,4.21696503429 %",
        ),
        ("search.csv", ",tuned to", ",4.21696503429 %"),
    ] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let longer = |(at, line): (usize, &str)| format!("{line}{}\n", if at == 0 { heads } else { cells });
        let text: String = text.lines().enumerate().map(longer).collect();
        fs::write(&path, text).unwrap();
    }
    let html = page(&folder);
    assert!(html.contains("at 10 % swaps 10 % (tuned to 4.217 %) does or may"));
    assert!(html.contains("at 12.5 %, swaps 10 % (tuned to 8.66 %), has"));
    assert!(html.contains("swaps 100 % (tuned to 4.217 %)</td>"));
}

#[test]
fn a_level_that_is_a_number_is_told_with_the_name_of_what_it_is_a_level_of() {
    let folder = solve_directory("named");
    let path = folder.join("question.json");
    let mut question: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    question["across"] = "protocol.status.test".into();
    fs::write(&path, question.to_string()).unwrap();
    let html = page(&folder);
    assert!(html.contains("1 of 2 levels of status.test have a value that deters every attack of the menu; where status.test is "));
    assert!(html.contains("<p>Where status.test is "));
}

#[test]
fn a_calibration_has_a_page() {
    let html = page(&calibration_file());
    assert!(
        html.contains("<h1>The hardest to find is "),
        "{}",
        &html[html.find("<h1>").unwrap()..][..200]
    );
    for name in ["roc", "scores", "operating-points"] {
        assert!(html.contains(&format!("<figure id=\"{name}\"")), "{name}");
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
    assert!(!page(&directory).contains("<h2>Honest twins"));
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
    let html = page(&directory);
    assert!(html.contains("<h2>Honest twins") && html.contains("Recorded beside simulated"));
    assert!(html.contains("\u{2212}6.000 GNK") && html.contains("5.000 GNK"));
    assert!(html.contains("873251") && html.contains("753"));
    // Of three figures one lies outside, and one is a count that is exact in every replicate.
    assert!(html.contains("of 3 figures, 1 lie outside") && html.contains("left out (1)"));
    assert_eq!(html.matches(">outside<").count(), 1);
    assert!(!html.contains("<script>alert"));
}

#[test]
fn two_readings_of_a_run_give_the_same_page() {
    let directory = sample_directory("same");
    assert_eq!(page(&directory), page(&directory));
}

#[test]
fn a_run_without_settled_epochs_still_has_a_page() {
    let mut outputs = sample::outputs(1);
    outputs[0].epochs.clear();
    outputs[0].participants = std::iter::empty().collect();
    outputs[0].convictions.clear();
    let html = page(&run_directory("empty", &sample::cast(), &outputs));
    assert!(html.contains("no settled epoch") && html.contains("Nobody cheated in this run."));
}
