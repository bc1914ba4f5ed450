//! The menu of the shipped deterrence frontier.

use stakeout_engine::experiment::solve::file::SolveFile;

use crate::support::files::{root, text};

/// Strategies of the registry that an attack of the shipped frontier follows.
fn strategies_of_the_frontier() -> Vec<String> {
    let file =
        SolveFile::load(&root().join("scenarios/sweeps/deterrence-frontier.yaml")).expect("it is shipped");
    let said: Vec<&str> = file
        .attacks
        .iter()
        .flat_map(|attack| &attack.set)
        .map(|(_, value)| value.as_str())
        .collect();
    let is_word_of = |name: &str, value: &str| {
        value
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .any(|word| word == name)
    };
    stakeout_agents::registry()
        .names()
        .into_iter()
        .filter(|name| said.iter().any(|value| is_word_of(name, value)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_strategy_is_on_the_menu_of_the_frontier_or_the_page_says_why_not() {
    let page = text(&root().join("docs/experiments.md"));
    let table: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("| not on the menu |"))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(
        table.len() > 2,
        "docs/experiments.md has no table of what is not on the menu"
    );
    let on_the_menu = strategies_of_the_frontier();
    for name in stakeout_agents::registry().names() {
        if name == "honest" {
            continue;
        }
        let is_on = on_the_menu.iter().any(|on| on == name);
        let is_left_out = table
            .iter()
            .filter_map(|line| line.split('|').nth(1))
            .any(|first| first.contains(&format!("`{name}`")));
        assert!(
            is_on != is_left_out,
            "{name}: on the menu {is_on}, left out {is_left_out}"
        );
    }
}
