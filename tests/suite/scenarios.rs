//! Every scenario that is shipped can be checked, explained and, where it is a smoke scenario, run.

use crate::support::files::{scenarios, shown, smoke, text};
use crate::support::program::{Folder, command, finish};

#[test]
fn every_shipped_scenario_passes_the_check() {
    for path in scenarios() {
        let mut check = command();
        check.args(["scenario", "check"]).arg(&path);
        let outcome = finish(check);
        assert_eq!(
            outcome.code,
            0,
            "{}\n{}{}",
            shown(&path),
            outcome.out,
            outcome.err
        );
    }
}

#[test]
fn every_shipped_scenario_says_what_it_asks() {
    for path in scenarios() {
        let text = text(&path);
        let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(
            head.contains("Question"),
            "{}: the head says no question",
            shown(&path)
        );
        assert!(
            head.contains("Expect"),
            "{}: the head says no expectation",
            shown(&path)
        );
    }
}

/// What marks a source: the network's repositories, a page of ours, a paper's year, a formula.
const SOURCES: [&str; 9] = [
    "gonka",
    "docs/",
    " 19",
    " 20",
    "arXiv",
    "issue",
    "PR ",
    "P(",
    "x/inference",
];

#[test]
fn every_attack_begins_with_question_expectation_with_source_and_assumptions() {
    for path in scenarios()
        .iter()
        .filter(|path| shown(path).starts_with("scenarios/attacks/"))
    {
        let (text, name) = (text(path), shown(path));
        let lines = text.lines().take_while(|line| line.starts_with('#'));
        let head: Vec<&str> = lines.map(|line| line.trim_start_matches('#').trim()).collect();
        let head = head.join(" ");
        let parts = head.split_once(" Expect: ").and_then(|(question, rest)| {
            let (expected, assumptions) = rest.split_once(" Assumptions: ")?;
            Some((question.strip_prefix("Question: ")?, expected, assumptions))
        });
        let (question, expected, assumptions) =
            parts.unwrap_or_else(|| panic!("{name}: Question, Expect, Assumptions"));
        let asked = text
            .lines()
            .find(|line| line.starts_with("question:"))
            .unwrap_or("");
        assert!(asked.contains(question), "{name}: {question}");
        assert!(
            SOURCES.iter().any(|source| expected.contains(source)),
            "{name}: the expectation has no source"
        );
        let ids = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            words
                .filter(|word| word.starts_with("A-"))
                .map(str::to_string)
                .collect()
        };
        let key = text
            .lines()
            .find(|line| line.starts_with("assumptions:"))
            .unwrap_or("");
        let mut used = ids(key);
        used.push("A-139".to_string());
        let mut named = ids(assumptions);
        used.sort();
        used.dedup();
        named.sort();
        assert_eq!(named, used, "{name}: assumptions of the head and of the keys");
    }
}

#[test]
fn every_attack_ends_as_it_expects() {
    let mut attacks = command();
    attacks.args(["attacks", "--quick", "--format", "json"]);
    let outcome = finish(attacks);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let rows = outcome.json();
    assert!(rows.as_array().is_some_and(|rows| rows.len() >= 36), "{rows}");
}

#[test]
fn every_attack_file_is_shipped() {
    let mut list = command();
    list.args(["attacks", "--list", "--format", "csv"]);
    let listed = finish(list).expect(0).out;
    let files = scenarios()
        .into_iter()
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("attacks")));
    for path in files {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a plain name")
            .to_owned();
        assert!(
            listed.lines().any(|line| line.starts_with(&format!("{name},"))),
            "{name}"
        );
    }
}

#[test]
fn every_smoke_scenario_runs_and_has_a_digest() {
    for path in smoke() {
        let folder = Folder::new();
        let mut run = command();
        run.args(["run", "--format", "json", "--replicates", "1", "--out"])
            .arg(folder.path())
            .arg(&path);
        let result = finish(run).expect(0).json();
        let digest = result["digest"].as_str().expect("a digest");
        assert!(
            digest.len() >= 32 && digest.chars().all(|digit| digit.is_ascii_hexdigit()),
            "{digest}"
        );
    }
}
