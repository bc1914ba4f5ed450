//! New scenario files.
//!
//! Invariant: every template resolves as it is (a test holds it to that).

/// The scenario that `init` writes: thirty lines, every one of them said.
pub const FIRST_SCENARIO: &str = include_str!("../../../../scenarios/first.yaml");

static TEMPLATES: &[(&str, &str)] = &[
    ("first", FIRST_SCENARIO),
    (
        "gonka-launch",
        include_str!("../../../../scenarios/smoke/launch.yaml"),
    ),
    (
        "gonka-sprt",
        include_str!("../../../../scenarios/smoke/sprt.yaml"),
    ),
    (
        "service",
        include_str!("../../../../scenarios/smoke/service.yaml"),
    ),
];

/// The text of a template.
#[must_use]
pub fn new_from_template(name: &str) -> Option<&'static str> {
    TEMPLATES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The names of all templates.
#[must_use]
pub fn template_names() -> Vec<&'static str> {
    TEMPLATES.iter().map(|(name, _)| *name).collect()
}
