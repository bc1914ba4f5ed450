//! What the figures of a cell mean, for whoever reads a table of them.
//!
//! **Invariant.** A sentence says how its figure is computed, and names what it must not be taken for.

/// Figures that cannot be understood from their names.
const MEANINGS: [(&str, &str); 7] = [
    (
        "cheating_premium",
        "what the best strategy that is not honest earned per unit of weight and epoch, over what the honest strategy did, \
         less 1 (0.05 is 5 % more). The best is taken in each replicate, so that of several strategies the luckiest counts, \
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
}
