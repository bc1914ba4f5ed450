//! What the figures of a cell mean, for whoever reads a table of them: which come first, in which unit, what they say.
//!
//! **Invariant.** A sentence says how its figure is computed, and names what it must not be taken for.

use crate::observe::summary::money_figure_names;

/// Figures that people look for first, in this order.
pub const KEY_FIGURES: [&str; 6] = [
    "cheating_premium",
    "deviator_gain_share",
    "cheaters_convicted_share",
    "honest_convicted_share",
    "checked_share",
    "verification_overhead",
];

/// Figures of owners in base units; those of the network are [`money_figure_names`].
const COINS_OF_OWNERS: [&str; 3] = ["deviator_profit", "twin_profit", "deviator_gain"];

/// Figures that cannot be understood from their names.
const MEANINGS: [(&str, &str); 7] = [
    (
        "cheating_premium",
        "what the best strategy that is not honest earned per unit of weight and epoch, over what the honest strategy did, \
         less 1: above zero it earned more. The best is taken in each replicate, so that of several strategies the luckiest counts, \
         and the mean can lie above that of any one of them; it is no comparison with an honest twin, for which see \
         deviator_gain_share (`twin: true`, or --twin)",
    ),
    (
        "deviator_gain",
        "what the heaviest owner that leaves the rules earned over its honest twin in the same replicate, base units",
    ),
    (
        "deviator_gain_share",
        "what the heaviest owner that leaves the rules earned over its honest twin in the same replicate, as a share of what \
         the twin earned",
    ),
    (
        "checked_share",
        "finished answers for which at least one validator was drawn, of all; below the rate that the rule asks for, because \
         several independent draws may fall on one answer",
    ),
    (
        "verification_overhead",
        "hardware time of checks and votes over that of answers",
    ),
    (
        "cheaters_convicted_share",
        "hosts that served a substitute and were convicted, of those that served one, all replicates together",
    ),
    (
        "honest_convicted_share",
        "hosts that served no substitute and were convicted all the same, of those that served none, all replicates together",
    ),
];

/// What a figure means; nothing where its name says it.
pub fn meaning(figure: &str) -> Option<&'static str> {
    let found = MEANINGS.iter().find(|(name, _)| *name == figure);
    found.map(|(_, meaning)| *meaning)
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
    use crate::experiment::sweep::file::DEFAULT_OUTPUTS;

    #[test]
    fn every_figure_that_a_sweep_shows_unasked_is_explained() {
        for figure in DEFAULT_OUTPUTS {
            assert!(meaning(figure).is_some(), "{figure}");
        }
        assert_eq!(meaning("requests"), None);
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
