//! Options that several commands share: which scenario, and what is different about it this time.

use std::path::{Path, PathBuf};

use clap::Args;
use stakeout_engine::scenario::error::ScenarioErrors;
use stakeout_engine::scenario::layers::Override;
use stakeout_engine::scenario::{self, Scenario, files};

use super::failure::{Failure, Reason};
use super::terminal::remark;

/// A scenario file and what the command line changes in it.
#[derive(Args, Clone, Debug)]
pub struct ScenarioOptions {
    /// The scenario file
    pub file: PathBuf,
    /// Set one value, with its unit: protocol.sampling.rate_min='5 %'
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Root seed of all chance
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Independent repetitions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub replicates: Option<u32>,
    /// Stop early: '2000 blocks'
    #[arg(long, value_name = "LENGTH")]
    pub until: Option<String>,
}

impl ScenarioOptions {
    /// What the command line changes, in the order in which it is applied: the named options win over `--set`.
    pub fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let mut overrides = Vec::new();
        for argument in &self.set {
            overrides.push(Override::set(argument).map_err(|errors| Failure::usage(errors.to_string()))?);
        }
        let named = [
            ("--seed", "seed", self.seed.map(|seed| seed.to_string())),
            (
                "--replicates",
                "replicates",
                self.replicates.map(|replicates| replicates.to_string()),
            ),
            ("--until", "until", self.until.clone()),
        ];
        for (option, path, value) in named {
            if let Some(value) = value {
                overrides.push(Override::flag(option, path, &value));
            }
        }
        Ok(overrides)
    }

    /// The checked scenario; what may be a mistake is told on standard error.
    pub fn load(&self) -> Result<Scenario, Failure> {
        let scenario = scenario::load(&self.file, &self.overrides()?, &stakeout_agents::registry())
            .map_err(|errors| self.told_kind(errors.into()))?;
        for warning in &scenario.warnings {
            remark(&format!("warning: {warning}"));
        }
        Ok(scenario)
    }

    /// A failure to read the file as a scenario, with what the file is where it is something else.
    fn told_kind(&self, mut failure: Failure) -> Failure {
        let text = files::read_text(&self.file).unwrap_or_default();
        if let Some(kind) = other_kind(&self.file, &text) {
            failure.message = format!(
                "{}: this is no scenario but {kind}\n\n{}",
                self.file.display(),
                failure.message
            );
        }
        failure
    }

    /// The command line that asks for the same scenario again, for a shell.
    pub fn replay(&self) -> String {
        let mut words = vec![
            "stakeout".to_string(),
            "run".to_string(),
            self.file.display().to_string(),
        ];
        for argument in &self.set {
            words.extend(["--set".to_string(), argument.clone()]);
        }
        for (option, value) in [
            ("--seed", self.seed.map(|seed| seed.to_string())),
            (
                "--replicates",
                self.replicates.map(|replicates| replicates.to_string()),
            ),
            ("--until", self.until.clone()),
        ] {
            words.extend(value.into_iter().flat_map(|value| [option.to_string(), value]));
        }
        words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl From<ScenarioErrors> for Failure {
    fn from(errors: ScenarioErrors) -> Self {
        let reason = if errors.is_io { Reason::Io } else { Reason::Invalid };
        Failure::new(reason, errors.to_string())
    }
}

/// What a file is whose text is not even read as a scenario, and which command reads it.
fn other_kind(path: &Path, text: &str) -> Option<&'static str> {
    let is_said = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let first = text.lines().find(is_said).unwrap_or_default().replace('"', "");
    if first.starts_with("format: stakeout-calibration/") {
        return Some("a calibration: scenarios name it, and `stakeout report FILE` shows it");
    }
    let is_prose = !text.is_empty() && path.extension().is_some_and(|extension| extension == "md");
    is_prose.then_some("a page of text")
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=%+,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_is_called_what_it_is() {
        let calibration = include_str!("../../scenarios/calibration/demo-large.yaml");
        let told = |path: &str, text| other_kind(Path::new(path), text).unwrap_or_default();
        assert!(told("a.yaml", calibration).starts_with("a calibration"));
        assert_eq!(told("README.md", "# Stakeout"), "a page of text");
        assert_eq!(told("a.yaml", include_str!("../../scenarios/first.yaml")), "");
    }

    #[test]
    fn a_replay_line_survives_the_shell() {
        assert_eq!(quoted("a/b-1.yaml"), "a/b-1.yaml");
        assert_eq!(quoted("rate=5 %"), "'rate=5 %'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
