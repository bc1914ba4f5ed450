//! What the smoke scenarios gave before, they give now; a change is made on purpose (`cargo xtask golden --accept`).

use serde_json::Value;

use crate::support::files::{files, root, smoke, text};
use crate::support::program::{Folder, command, finish};

#[test]
fn every_smoke_scenario_gives_its_golden_digest_and_figures() {
    for path in smoke() {
        let name = path
            .file_stem()
            .expect("a scenario has a name")
            .to_string_lossy()
            .into_owned();
        let golden: Value =
            serde_json::from_str(&text(&root().join("tests/golden").join(format!("{name}.json"))))
                .expect("a golden file is JSON");
        let folder = Folder::new();
        let mut run = command();
        run.args(["run", "--format", "json", "--replicates", "1", "--out"])
            .arg(folder.path())
            .arg(&path);
        let found = finish(run).expect(0).json();
        assert_eq!(found["digest"], golden["digest"], "{name}: the digest moved");
        let figures = &found["network"]["figures"];
        assert_eq!(figures, &golden["figures"], "{name}: same digest, other figures");
    }
}

#[test]
fn no_golden_file_is_left_without_its_scenario() {
    let names: Vec<_> = smoke()
        .iter()
        .map(|path| path.file_stem().map(ToOwned::to_owned))
        .collect();
    for golden in files(&root().join("tests/golden"), &[".json"]) {
        let name = golden.file_stem().map(ToOwned::to_owned);
        assert!(
            names.contains(&name),
            "{} belongs to no smoke scenario",
            golden.display()
        );
    }
}

/// Runs of the gallery: the scenario, and the folder of its page.
const GALLERY: [(&str, &str); 3] = [
    ("scenarios/first.yaml", "first"),
    ("scenarios/networks/gonka-launch.yaml", "gonka-launch"),
    (
        "scenarios/networks/gonka-mainnet-epoch56.yaml",
        "gonka-mainnet-epoch56",
    ),
];

#[test]
fn the_runs_of_the_gallery_are_what_their_scenarios_give() {
    for (scenario, name) in GALLERY {
        let kept = root().join("reports/gallery").join(name).join("run/summary.json");
        let kept: Value = serde_json::from_str(&text(&kept)).expect("a summary is JSON");
        let folder = Folder::new();
        let mut run = command();
        // The first replicate stands for all: they share everything but their number.
        run.args(["run", "--no-twins", "--replicates", "1", "--out"])
            .arg(folder.path())
            .arg(root().join(scenario));
        finish(run).expect(0);
        let made = files(folder.path(), &["summary.json"]);
        let made: Value = serde_json::from_str(&text(&made[0])).expect("a summary is JSON");
        for key in ["scenario_hash", "seed", "model_version"] {
            assert_eq!(
                made[key], kept[key],
                "{name}: {key}; reports/gallery/{name}/README.md says how to run it again"
            );
        }
        assert_eq!(made["digests"][0], kept["digests"][0], "{name}: another digest");
    }
}
