//! Pearson's test of goodness of fit.

use crate::special::upper_gamma;

/// Neighbouring cells are pooled until each is expected to hold at least this many.
const LEAST_EXPECTED: f64 = 5.0;

/// The outcome of a chi-square test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoodnessOfFit {
    /// Pearson's statistic, the sum of `(observed - expected)^2 / expected`.
    pub statistic: f64,
    /// Degrees of freedom after pooling.
    pub degrees: u64,
    /// The probability of a statistic at least as large if the expectation holds.
    pub p_value: f64,
}

/// The probability that a chi-square value with `degrees` degrees of freedom is at least `statistic`.
/// Panics if `degrees` is zero.
pub fn chi_square_p_value(statistic: f64, degrees: u64) -> f64 {
    assert!(degrees > 0, "a chi-square test needs a degree of freedom");
    upper_gamma(degrees as f64 / 2.0, statistic / 2.0)
}

/// Compares observed counts with expected ones, neighbouring cells pooled until each expects at least five.
/// `fitted` parameters were estimated from the same counts and cost a degree of freedom each. `None` if no
/// degree of freedom is left. Panics if the lengths differ.
pub fn goodness_of_fit(observed: &[u64], expected: &[f64], fitted: u64) -> Option<GoodnessOfFit> {
    assert_eq!(
        observed.len(),
        expected.len(),
        "each observed count has an expected one"
    );
    let cells = pooled(observed, expected);
    let degrees = (cells.len() as u64)
        .checked_sub(1 + fitted)
        .filter(|&degrees| degrees > 0)?;
    let statistic = cells
        .iter()
        .map(|(seen, mean)| (seen - mean) * (seen - mean) / mean)
        .sum();
    Some(GoodnessOfFit {
        statistic,
        degrees,
        p_value: chi_square_p_value(statistic, degrees),
    })
}

fn pooled(observed: &[u64], expected: &[f64]) -> Vec<(f64, f64)> {
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let mut open = (0.0, 0.0);
    for (&seen, &mean) in observed.iter().zip(expected) {
        open = (open.0 + seen as f64, open.1 + mean);
        if open.1 >= LEAST_EXPECTED {
            cells.push(open);
            open = (0.0, 0.0);
        }
    }
    // What is left over joins the last full cell.
    match cells.last_mut() {
        Some(last) => *last = (last.0 + open.0, last.1 + open.1),
        None => cells.push(open),
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percentage points of the chi-square law (Abramowitz and Stegun 1964, table 26.8), with more digits.
    #[test]
    fn p_values_match_the_table() {
        for (statistic, degrees, p) in [
            (3.841_458_820_69, 1, 0.05),
            (18.307_038_053_3, 10, 0.05),
            (124.342_113_404, 100, 0.05),
            (20.515_005_652_4, 5, 0.001),
        ] {
            assert!(
                (chi_square_p_value(statistic, degrees) - p).abs() < 1e-10,
                "{statistic} {degrees}"
            );
        }
    }

    /// Mendel's peas of 1866, 9 : 3 : 3 : 1 expected: 0.470 on 3 degrees of freedom, p = 0.925.
    #[test]
    fn mendels_peas_fit() {
        let expected = [312.75, 104.25, 104.25, 34.75];
        let fit = goodness_of_fit(&[315, 108, 101, 32], &expected, 0).unwrap();
        assert!(
            (fit.statistic - 0.470).abs() < 5e-4 && fit.degrees == 3 && (fit.p_value - 0.925).abs() < 5e-4
        );
    }

    #[test]
    fn sparse_cells_are_pooled_with_their_neighbours() {
        let fit = goodness_of_fit(&[1, 2, 10, 9, 0], &[2.0, 3.0, 8.0, 8.0, 1.0], 0).unwrap();
        assert_eq!(fit.degrees, 2);
        assert!((fit.statistic - (4.0 / 5.0 + 4.0 / 8.0 + 0.0)).abs() < 1e-12);
        assert_eq!(goodness_of_fit(&[1, 2], &[1.0, 1.0], 0), None);
        assert_eq!(goodness_of_fit(&[9, 9], &[9.0, 9.0], 1), None);
    }
}
