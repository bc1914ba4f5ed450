//! What the figures of a cell mean, for whoever reads a table of them: which come first, in which unit, what they say.
//!
//! **Invariant.** A sentence says how its figure is computed, and names what it must not be taken for.

use crate::observe::summary::money_figure_names;

/// What a figure is to somebody who asks whether cheating pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What whoever deviates gains: above zero it pays.
    Gain,
    /// What becomes of those who deviate.
    Catch,
    /// What the network pays for being safe.
    Cost,
}

/// A figure that people look for, and that cannot be understood from its name.
#[derive(Clone, Copy, Debug)]
pub struct KeyFigure {
    /// Its name.
    pub name: &'static str,
    /// What it is to the question.
    pub role: Role,
    /// Whether only cells with an honest twin have it.
    needs_twin: bool,
    /// What it says.
    meaning: &'static str,
}

/// Figures that people look for first, in this order; within a role the earlier one decides.
pub const KEY_FIGURES: [KeyFigure; 7] = [
    KeyFigure {
        name: "deviator_gain_share",
        role: Role::Gain,
        needs_twin: true,
        meaning: "what the heaviest owner that leaves the rules earned over its honest twin in the same replicate, as a share of \
                  what the twin earned",
    },
    KeyFigure {
        name: "deviator_gain",
        role: Role::Gain,
        needs_twin: true,
        meaning: "what the heaviest owner that leaves the rules earned over its honest twin in the same replicate",
    },
    KeyFigure {
        name: "cheating_premium",
        role: Role::Gain,
        needs_twin: false,
        meaning: "what the best strategy that is not honest earned per unit of weight and epoch, over what the honest strategy \
                  did, less 1: above zero it earned more. The best is taken in each replicate, so that of several strategies the \
                  luckiest counts, and the mean can lie above that of any one of them; it is no comparison with an honest twin, \
                  for which see deviator_gain_share (`twin: true`, or --twin)",
    },
    KeyFigure {
        name: "cheaters_convicted_share",
        role: Role::Catch,
        needs_twin: false,
        meaning: "hosts that served a substitute and were convicted, of those that served one, all replicates together",
    },
    KeyFigure {
        name: "verification_overhead",
        role: Role::Cost,
        needs_twin: false,
        meaning: "hardware time of checks and votes over that of answers",
    },
    KeyFigure {
        name: "checked_share",
        role: Role::Cost,
        needs_twin: false,
        meaning: "finished answers for which at least one validator was drawn, of all; below the rate that the rule asks for, \
                  because several independent draws may fall on one answer",
    },
    KeyFigure {
        name: "honest_convicted_share",
        role: Role::Cost,
        needs_twin: false,
        meaning: "hosts that served no substitute and were convicted all the same, of those that served none, all replicates \
                  together",
    },
];

/// Figures of owners in base units; those of the network are [`money_figure_names`].
const COINS_OF_OWNERS: [&str; 3] = ["deviator_profit", "twin_profit", "deviator_gain"];

/// The names of the figures with a role, the one that decides first.
pub fn names_of(role: Role) -> impl Iterator<Item = &'static str> {
    KEY_FIGURES
        .iter()
        .filter(move |figure| figure.role == role)
        .map(|figure| figure.name)
}

/// Where a figure stands among those that people look for first; behind them where it is none.
pub fn rank(figure: &str) -> usize {
    let is_it = |key: &KeyFigure| key.name == figure;
    KEY_FIGURES.iter().position(is_it).unwrap_or(KEY_FIGURES.len())
}

/// Figures that tables show where nobody names any: those that every cell may have.
pub fn default_outputs() -> Vec<String> {
    let in_every_cell = KEY_FIGURES.iter().filter(|figure| !figure.needs_twin);
    in_every_cell.map(|figure| figure.name.to_owned()).collect()
}

/// What a figure means; nothing where its name says it.
pub fn meaning(figure: &str) -> Option<&'static str> {
    let found = KEY_FIGURES.iter().find(|key| key.name == figure);
    found.map(|key| key.meaning)
}

/// The unit in which people read a figure, and what its value is multiplied by for it; programs get values as they are.
pub fn spoken_unit(figure: &str) -> (f64, &'static str) {
    let of_strategy = figure.ends_with(".profit") || figure.ends_with(".profit_per_weight_epoch");
    let of_network = money_figure_names().any(|name| name == figure);
    let is_coins = of_strategy || of_network || COINS_OF_OWNERS.contains(&figure);
    match figure {
        _ if is_coins => (1e-9, "GNK"),
        _ if figure.ends_with("_ns") => (1e-6, "ms"),
        _ if figure.ends_with("_share") => (100.0, "%"),
        "cheating_premium" | "verification_overhead" => (100.0, "%"),
        _ => (1.0, ""),
    }
}

/// The name of a figure with the unit in which it is shown, if it has one: `latency_p95, ms`.
pub fn with_unit(figure: &str, unit: &str) -> String {
    match unit {
        "" => figure.to_owned(),
        unit => format!("{}, {unit}", figure.trim_end_matches("_ns")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sweep::cell::Making;
    use crate::experiment::sweep::figures::plain_names;

    #[test]
    fn a_figure_that_a_sweep_shows_unasked_is_explained_and_in_every_cell() {
        let (always, with_twin) = (
            plain_names(Making::whole(false)),
            plain_names(Making::whole(true)),
        );
        for figure in default_outputs() {
            assert!(meaning(&figure).is_some(), "{figure}");
            assert!(always.contains(&figure.as_str()), "{figure}");
        }
        for figure in KEY_FIGURES {
            assert_eq!(
                figure.needs_twin,
                !always.contains(&figure.name),
                "{}",
                figure.name
            );
            assert!(with_twin.contains(&figure.name), "{}", figure.name);
        }
        assert_eq!(meaning("requests"), None);
    }

    #[test]
    fn what_decides_comes_first() {
        assert_eq!(
            names_of(Role::Gain).collect::<Vec<_>>(),
            ["deviator_gain_share", "deviator_gain", "cheating_premium"]
        );
        assert_eq!(names_of(Role::Cost).next(), Some("verification_overhead"));
        assert!(
            rank("deviator_gain_share") < rank("checked_share") && rank("checked_share") < rank("requests")
        );
    }

    #[test]
    fn people_read_coins_milliseconds_and_percent() {
        assert_eq!(spoken_unit("model_swapper-2.profit"), (1e-9, "GNK"));
        assert_eq!(spoken_unit("honest.profit_per_weight_epoch"), (1e-9, "GNK"));
        assert_eq!(spoken_unit("deviator_gain"), (1e-9, "GNK"));
        assert_eq!(spoken_unit("work_coins"), (1e-9, "GNK"));
        assert_eq!(spoken_unit("deviator_gain_share"), (100.0, "%"));
        assert_eq!(spoken_unit("latency_p95_ns"), (1e-6, "ms"));
        assert_eq!(spoken_unit("requests"), (1.0, ""));
        assert_eq!(with_unit("latency_p95_ns", "ms"), "latency_p95, ms");
        assert_eq!(with_unit("requests", ""), "requests");
    }
}
