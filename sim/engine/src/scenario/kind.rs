//! Which kind of file a text seems to be, so that one given to the wrong command is told so in one sentence.
//!
//! Invariant: a file that has the key of the kind asked for is never called another.

use super::document::{Entry, Node, Value};
use super::error::{Problem, quoted};

/// A kind of file that some command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// Keys at the top of such a file and of no kind that is listed before it.
    keys: &'static [&'static str],
    /// What takes it; `FILE` stands for its name.
    taken_by: &'static str,
}

/// A scenario: what a run is made of.
pub const SCENARIO: Kind = Kind {
    name: "a scenario",
    keys: &["preset", "population", "protocol", "demand", "chain", "hardware"],
    taken_by: "`stakeout run FILE` takes it, `stakeout sweep FILE --over 'PATH=VALUES'` runs it at many points",
};

/// Every kind. Experiments come first: a game has a population of its own.
const KINDS: [Kind; 7] = [
    Kind {
        name: "a sweep",
        keys: &["sweep"],
        taken_by: "`stakeout sweep FILE` takes it",
    },
    Kind {
        name: "a question for solve",
        keys: &["solve"],
        taken_by: "`stakeout solve FILE` takes it",
    },
    Kind {
        name: "a game",
        keys: &["game"],
        taken_by: "`stakeout game FILE` takes it",
    },
    Kind {
        name: "a rare event",
        keys: &["rare"],
        taken_by: "`stakeout rare FILE` takes it",
    },
    Kind {
        name: "a world",
        keys: &["system", "checks", "market"],
        taken_by: "`stakeout worlds FILE` takes it",
    },
    Kind {
        name: "a calibration",
        keys: &["format", "statistic", "kernels"],
        taken_by: "a scenario names it as its `calibration_file`, and `stakeout report FILE` shows it",
    },
    SCENARIO,
];

/// The one problem of a file that was given in place of another kind: it has none of the `asked` keys, and those of a kind
/// that is known. Nothing for a file that may be what was asked for.
#[must_use]
pub fn find_misplaced(tree: &Node, asked: &[&str]) -> Option<Problem> {
    let Value::Map(entries) = &tree.value else {
        return None;
    };
    let first_of =
        |keys: &[&str]| -> Option<&Entry> { entries.iter().find(|entry| keys.contains(&entry.key.as_str())) };
    if first_of(asked).is_some() {
        return None;
    }
    let (kind, entry) = KINDS.iter().find_map(|kind| Some((kind, first_of(kind.keys)?)))?;
    let found = format!(
        "the file seems to be {}: it has {}",
        kind.name,
        quoted(&entry.key)
    );
    let asked = asked.iter().map(|key| quoted(key)).collect::<Vec<_>>();
    let allowed = format!("a file that has {}", asked.join(" or "));
    let taken_by = kind.taken_by.replace("FILE", &entry.place.source.name);
    Some(
        Problem::new(&entry.place, "", found)
            .allowed(allowed)
            .hint(Some(taken_by)),
    )
}

/// As [`find_misplaced`] for a text in which a scenario was looked for.
#[must_use]
pub fn find_no_scenario(tree: &Node) -> Option<Problem> {
    find_misplaced(tree, SCENARIO.keys).map(|problem| problem.allowed("a scenario"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Source;
    use crate::scenario::document::parse;

    fn told(text: &str, asked: &[&str]) -> Option<String> {
        let tree = parse(&Source::file("a.yaml", text)).expect("the text is a tree");
        find_misplaced(&tree, asked).map(|problem| problem.to_string())
    }

    #[test]
    fn a_file_of_another_kind_is_named_with_the_command_that_takes_it() {
        let sweep = told("# why\nsweep: a\nscenario: b.yaml\n", &["solve"]).expect("it is no question");
        for part in [
            "a sweep",
            "a.yaml:2:1",
            "`stakeout sweep a.yaml` takes it",
            "`solve`",
        ] {
            assert!(sweep.contains(part), "{part}: {sweep}");
        }
        let run = told("preset: minimal\n", &["sweep"]).expect("it is no sweep");
        assert!(run.contains("`stakeout run a.yaml`"), "{run}");
        let game = told("game: a\npopulation: { size: 3 }\n", &["rare"]).expect("it is no rare event");
        assert!(game.contains("a game"), "{game}");
    }

    #[test]
    fn a_file_with_the_key_that_was_asked_for_is_left_to_its_reader() {
        assert_eq!(told("solve: a\nsweep: b\n", &["solve"]), None);
        assert_eq!(told("nothing: known\n", &["solve"]), None);
        assert_eq!(told("", &["solve"]), None);
    }
}
