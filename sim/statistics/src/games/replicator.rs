//! Replicator dynamics: what earns more than the average grows.

use super::PayoffTable;

/// Where the dynamics led.
#[derive(Clone, Debug, PartialEq)]
pub struct Replication {
    /// Shares at the end.
    pub mix: Vec<f64>,
    /// Shares averaged over the whole path: what cycles go around.
    pub average: Vec<f64>,
    /// The most one player could gain by leaving `mix`.
    pub regret: f64,
}

/// Follows the continuous dynamics from `start` for `steps` steps of length `dt` (classical Runge-Kutta); none if the
/// table lacks a profile. Payoffs and time scale together: `dt` times the range of payoffs should stay below one.
/// Panics unless `start` has one share a strategy.
pub fn replicate(table: &PayoffTable, start: &[f64], steps: u32, dt: f64) -> Option<Replication> {
    assert_eq!(start.len(), table.strategies(), "one share a strategy");
    let growth = |mix: &[f64]| -> Option<Vec<f64>> {
        let payoffs = table.payoffs_against(mix)?;
        let mean: f64 = payoffs
            .iter()
            .zip(mix)
            .map(|(payoff, share)| payoff * share)
            .sum();
        Some(
            payoffs
                .iter()
                .zip(mix)
                .map(|(payoff, share)| share * (payoff - mean))
                .collect(),
        )
    };
    let moved = |mix: &[f64], slope: &[f64], by: f64| -> Vec<f64> {
        mix.iter()
            .zip(slope)
            .map(|(share, slope)| (share + by * slope).max(0.0))
            .collect()
    };
    let mut mix = start.to_vec();
    let mut average = vec![0.0; mix.len()];
    for _ in 0..steps {
        let first = growth(&mix)?;
        let second = growth(&moved(&mix, &first, dt / 2.0))?;
        let third = growth(&moved(&mix, &second, dt / 2.0))?;
        let fourth = growth(&moved(&mix, &third, dt))?;
        let slope: Vec<f64> = (0..mix.len())
            .map(|i| (first[i] + 2.0 * second[i] + 2.0 * third[i] + fourth[i]) / 6.0)
            .collect();
        mix = moved(&mix, &slope, dt);
        let sum: f64 = mix.iter().sum();
        mix.iter_mut().for_each(|share| *share /= sum);
        for (sum, share) in average.iter_mut().zip(&mix) {
            *sum += share / f64::from(steps);
        }
    }
    let regret = table.regret(&mix)?;
    Some(Replication { mix, average, regret })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Value 2, cost 3: two thirds are hawks.
    #[test]
    fn hawks_settle_at_two_thirds() {
        let table = PayoffTable::of_matrix(&[vec![-0.5, 2.0], vec![0.0, 1.0]]);
        for start in [0.01, 0.5, 0.99] {
            let end = replicate(&table, &[start, 1.0 - start], 2_000, 0.05).unwrap();
            assert!((end.mix[0] - 2.0 / 3.0).abs() < 1e-9, "{start}: {end:?}");
            assert!(end.regret < 1e-9);
        }
    }

    #[test]
    fn rock_paper_scissors_goes_around_and_averages_a_third() {
        let table =
            PayoffTable::of_matrix(&[vec![0.0, -1.0, 1.0], vec![1.0, 0.0, -1.0], vec![-1.0, 1.0, 0.0]]);
        let start: [f64; 3] = [0.5, 0.3, 0.2];
        let end = replicate(&table, &start, 40_000, 0.05).unwrap();
        // The orbit keeps the product of the shares.
        let product: f64 = end.mix.iter().product();
        assert!((product / 0.03 - 1.0).abs() < 1e-3, "{end:?}");
        assert!(
            end.average.iter().all(|share| (share - 1.0 / 3.0).abs() < 2e-3),
            "{end:?}"
        );
    }
}
