//! The presets that are part of the program.
//!
//! Invariant: a preset is a scenario file without a population, so everything that holds for scenario
//! files holds for it.

use std::sync::OnceLock;

use super::document::{self, Node};
use super::error::{Problem, Source};

/// Names and texts, in the order in which `scenario new` offers them.
static PRESETS: &[(&str, &str)] = &[
    (
        "minimal",
        include_str!("../../../../scenarios/presets/minimal.yaml"),
    ),
    (
        "models",
        include_str!("../../../../scenarios/presets/models.yaml"),
    ),
    (
        "hardware",
        include_str!("../../../../scenarios/presets/hardware.yaml"),
    ),
    (
        "gonka-launch",
        include_str!("../../../../scenarios/presets/gonka-launch.yaml"),
    ),
    (
        "gonka-sprt",
        include_str!("../../../../scenarios/presets/gonka-sprt.yaml"),
    ),
    (
        "gonka-devshard",
        include_str!("../../../../scenarios/presets/gonka-devshard.yaml"),
    ),
    (
        "attack-lab",
        include_str!("../../../../scenarios/presets/attack-lab.yaml"),
    ),
    (
        "form-lab",
        include_str!("../../../../scenarios/presets/form-lab.yaml"),
    ),
    (
        "gonka-mainnet-2025",
        include_str!("../../../../scenarios/presets/gonka-mainnet-2025.yaml"),
    ),
    #[cfg(test)]
    ("circle-a", "preset: circle-b\n"),
    #[cfg(test)]
    ("circle-b", "preset: [minimal, circle-a]\n"),
];

/// The text of a preset.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The tree of a preset, read once: a sweep resolves thousands of scenarios over the same presets.
///
/// # Errors
/// What is wrong with its text.
pub(super) fn tree(name: &str) -> Option<Result<&'static Node, Vec<Problem>>> {
    static TREES: [OnceLock<Result<Node, Vec<Problem>>>; PRESETS.len()] =
        [const { OnceLock::new() }; PRESETS.len()];
    let place = PRESETS.iter().position(|(known, _)| *known == name)?;
    let read = || document::parse(&Source::file(&format!("preset {name}"), PRESETS[place].1));
    Some(TREES[place].get_or_init(read).as_ref().map_err(Vec::clone))
}

/// The names of all presets.
#[must_use]
pub fn names() -> Vec<&'static str> {
    PRESETS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.starts_with("circle-"))
        .collect()
}
