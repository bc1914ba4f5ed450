//! A sweep without a file of its own: a scenario, and factors as the command line writes them.

use std::path::Path;

use stakeout_statistics::stopping::StoppingRule;

use super::SweepError;
use super::factor::Design;
use super::file::{Replication, SweepFile, read_factor};
use super::meaning::default_outputs;
use super::reading::{self, Reading};
use crate::scenario::Source;
use crate::scenario::document::{self, Node, Value};
use crate::scenario::error::{Problem, quoted};

impl SweepFile {
    /// A sweep of a scenario without a file of its own: factors as `PATH=VALUE, VALUE` or `PATH=FROM..TO/STEPS`.
    ///
    /// # Errors
    /// Arguments that are neither.
    pub fn over(scenario: &Path, arguments: &[String]) -> Result<Self, SweepError> {
        refuse_sweep(scenario)?;
        let mut reading = Reading::default();
        let mut factors = Vec::new();
        for argument in arguments {
            let source = Source::command_line(argument);
            let whole = Node::scalar(&source.start(), argument);
            let Some((path, values)) = argument.split_once('=') else {
                reading.refuse(
                    &whole,
                    "--over",
                    "no `=`",
                    "a path and values: 'protocol.sampling.flat_rate=5 %, 10 %'",
                );
                continue;
            };
            let text = match values.split_once("..") {
                Some((from, rest)) => {
                    // A slash may also be that of a unit, as in 2 /s.
                    let counted = rest
                        .rsplit_once('/')
                        .filter(|(_, steps)| steps.trim().parse::<u64>().is_ok());
                    let (to, steps) = counted.unwrap_or((rest, "5"));
                    format!("{{ path: {path}, range: {{ from: {from}, to: {to}, steps: {steps} }} }}")
                }
                None => format!("{{ path: {path}, values: [{values}] }}"),
            };
            match document::parse(&Source::file("--over", &text)) {
                Ok(node) => factors.push(read_factor(&node, "--over", &mut reading)),
                Err(problems) => reading.problems.extend(problems),
            }
        }
        if !reading.problems.is_empty() {
            return Err(SweepError::File(reading.problems));
        }
        let stem = scenario
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let plain: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(64)
            .collect();
        let plain = plain.trim_start_matches('-');
        Ok(Self {
            name: if plain.is_empty() {
                "sweep".to_owned()
            } else {
                plain.to_owned()
            },
            question: None,
            scenario: scenario.to_path_buf(),
            set: Vec::new(),
            factors,
            design: Design::Grid,
            replication: Replication {
                rule: StoppingRule::fixed(10),
                watched: String::new(),
            },
            outputs: default_outputs(),
            front: Vec::new(),
            has_common_numbers: true,
            has_twin: false,
            warm_up: None,
        })
    }
}

/// What to say where factors are given beside a file that has its own.
fn refuse_sweep(path: &Path) -> Result<(), SweepError> {
    // What cannot be read is told by who reads it as a scenario.
    let Ok((source, folder)) = reading::open(path) else {
        return Ok(());
    };
    let Ok(tree) = document::parse(&source) else {
        return Ok(());
    };
    let Value::Map(entries) = &tree.value else {
        return Ok(());
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "sweep") else {
        return Ok(());
    };
    let found = format!(
        "the file is a sweep and has factors of its own: it has {}",
        quoted(&entry.key)
    );
    let scenario = tree.get("scenario").and_then(Node::text);
    let scenario = scenario.map_or_else(
        || "SCENARIO".to_owned(),
        |name| folder.join(name).display().to_string(),
    );
    let way_out = format!(
        "leave out --over to run it as it is, write the factor under its `factors`, or sweep its scenario: \
         `stakeout sweep {scenario} --over ...`"
    );
    Err(SweepError::File(vec![
        Problem::new(&entry.place, "--over", found)
            .allowed("a scenario beside --over")
            .hint(Some(way_out)),
    ]))
}
