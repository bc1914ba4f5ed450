//! α-rank (Omidshafiei and others 2019): the long-run share of each strategy in a finite population where single
//! mutants appear and either take over or vanish. Unlike an equilibrium it exists and is unique, cycles included.

use super::PayoffTable;
use crate::linear::solve;

/// The probability that one mutant takes over a population of `population`, when each of its followers is copied with
/// odds `ratio` against one of the residents: `(1 - 1/r)/(1 - r^-N)`, and `1/N` where neither is favoured.
pub fn fixation_probability(ratio: f64, population: u32) -> f64 {
    let n = f64::from(population);
    let log = libm::log(ratio);
    if log.abs() < 1e-12 {
        return 1.0 / n;
    }
    libm::expm1(-log) / libm::expm1(-n * log)
}

/// The share of time that each strategy holds the population, under selection of intensity `alpha` in a population of
/// `population` players. `None` if the table lacks a profile, or for a single strategy.
///
/// Mutant and resident meet others of the resident's kind, or of the mutant's: their payoffs are those of the pure
/// profiles with one deviator.
pub fn alpha_rank(table: &PayoffTable, alpha: f64, population: u32) -> Option<Vec<f64>> {
    let count = table.strategies();
    if count < 2 {
        return None;
    }
    let pure = |strategy: usize| -> Option<Vec<f64>> {
        let mut mix = vec![0.0; count];
        mix[strategy] = 1.0;
        table.payoffs_against(&mix)
    };
    let against: Vec<Vec<f64>> = (0..count).map(pure).collect::<Option<_>>()?;
    // A mutant's advantage where residents prevail and where mutants do, averaged over the way between.
    let advantage = |mutant: usize, resident: usize| {
        let early = against[resident][mutant] - against[resident][resident];
        let late = against[mutant][mutant] - against[mutant][resident];
        (early, late)
    };
    let mutation = 1.0 / (count - 1) as f64;
    let row = |resident: usize| {
        let into = |mutant: usize| {
            if mutant == resident {
                0.0
            } else {
                mutation * fixation(advantage(mutant, resident), alpha, population)
            }
        };
        let mut row: Vec<f64> = (0..count).map(into).collect();
        row[resident] = 1.0 - row.iter().sum::<f64>();
        row
    };
    let transitions: Vec<Vec<f64>> = (0..count).map(row).collect();
    stationary(&transitions)
}

/// The fixation probability of a Fermi process whose advantage goes from `early` to `late` as mutants spread.
fn fixation((early, late): (f64, f64), alpha: f64, population: u32) -> f64 {
    // 1 / (1 + sum over k of the product of backward over forward odds), in logarithms so that nothing overflows.
    let last = f64::from(population - 1).max(1.0);
    let mut exponent = 0.0;
    let mut sum = 1.0;
    for mutants in 1..population {
        let share = f64::from(mutants - 1) / (last - 1.0).max(1.0);
        exponent -= alpha * (early + (late - early) * share);
        sum += libm::exp(exponent.min(700.0));
    }
    1.0 / sum
}

/// The distribution that a chain keeps.
fn stationary(transitions: &[Vec<f64>]) -> Option<Vec<f64>> {
    let count = transitions.len();
    // Columns of the balance equations, the last replaced by the sum of shares; rows are scaled, since under strong
    // selection all transitions may be tiny.
    let mut equations: Vec<Vec<f64>> = (0..count)
        .map(|to| {
            let line: Vec<f64> = (0..count)
                .map(|from| transitions[from][to] - f64::from(u8::from(from == to)))
                .collect();
            let scale = line.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            line.iter()
                .map(|value| if scale > 0.0 { value / scale } else { *value })
                .collect()
        })
        .collect();
    equations[count - 1] = vec![1.0; count];
    let mut right = vec![0.0; count];
    right[count - 1] = 1.0;
    solve(equations, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_takes_over_as_moran_says() {
        for (ratio, population, expected) in [
            (1.1, 100, 0.090_916),
            (1.1, 20, 0.106_781),
            (0.9, 20, 0.015_378),
            (1.0, 50, 0.02),
        ] {
            let seen = fixation_probability(ratio, population);
            assert!((seen - expected).abs() < 6e-7, "{ratio} {population}: {seen}");
        }
        // A constant advantage in the Fermi process is a constant ratio of odds.
        let seen = fixation((0.3, 0.3), 2.0, 40);
        assert!(
            (seen / fixation_probability(libm::exp(0.6), 40) - 1.0).abs() < 1e-12,
            "{seen}"
        );
    }

    #[test]
    fn rock_paper_and_scissors_share_the_time() {
        let table =
            PayoffTable::of_matrix(&[vec![0.0, -1.0, 1.0], vec![1.0, 0.0, -1.0], vec![-1.0, 1.0, 0.0]]);
        for alpha in [0.1, 1.0, 10.0] {
            let shares = alpha_rank(&table, alpha, 50).unwrap();
            assert!(
                shares.iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-9),
                "{shares:?}"
            );
        }
    }

    #[test]
    fn a_dominant_strategy_takes_all_and_a_lone_one_is_no_contest() {
        let table = PayoffTable::of_matrix(&[vec![2.0, 2.0], vec![1.0, 1.0]]);
        assert!(alpha_rank(&table, 10.0, 50).unwrap()[0] > 0.999_999);
        assert_eq!(alpha_rank(&PayoffTable::of_matrix(&[vec![1.0]]), 1.0, 50), None);
    }
}
