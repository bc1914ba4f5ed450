//! How unequal shares are: Gini, Herfindahl and Hirschman, Nakamoto.
//!
//! Invariant: the figures depend on shares alone, not on their order or their unit.

/// The Gini coefficient of values that are not negative; 0 for none or for nothing.
///
/// `Σ_i (2i - n - 1) x_(i) / (n Σ x)` over the values in ascending order.
pub fn gini(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (n, sum) = (sorted.len() as f64, sorted.iter().sum::<f64>());
    if sum <= 0.0 {
        return 0.0;
    }
    let ranked = |(rank, value): (usize, &f64)| (2.0 * (rank as f64 + 1.0) - n - 1.0) * value;
    sorted.iter().enumerate().map(ranked).sum::<f64>() / (n * sum)
}

/// The Herfindahl-Hirschman index: the sum of squared shares in per cent, 10,000 for one owner of everything.
pub fn hhi(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    values
        .iter()
        .map(|value| 1e4 * (value / sum) * (value / sum))
        .sum()
}

/// The Nakamoto coefficient: the fewest owners who together hold more than `part` of everything.
pub fn nakamoto(values: &[f64], part: f64) -> u32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let sum: f64 = sorted.iter().sum();
    let mut held = 0.0;
    for (index, value) in sorted.iter().enumerate() {
        held += value;
        if held > part * sum * (1.0 + 1e-12) {
            return index as u32 + 1;
        }
    }
    sorted.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_populations_have_their_known_figures() {
        assert!((gini(&[1.0, 2.0, 3.0, 4.0, 5.0]) - 4.0 / 15.0).abs() < 1e-12);
        assert!((gini(&[0.0, 0.0, 0.0, 1.0]) - 0.75).abs() < 1e-12);
        let shares = [30.0, 20.0, 15.0, 10.0, 8.0, 7.0, 5.0, 3.0, 2.0];
        assert_eq!((nakamoto(&shares, 1.0 / 3.0), nakamoto(&shares, 0.5)), (2, 3));
        assert!((hhi(&shares) - 1_776.0).abs() < 1e-9);
        assert_eq!((gini(&[]), hhi(&[]), nakamoto(&[], 0.5)), (0.0, 0.0, 0));
    }
}
