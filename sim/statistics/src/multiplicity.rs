//! Many comparisons at once.

/// P-values adjusted by Holm's step-down method (Holm 1979, "A simple sequentially rejective multiple test
/// procedure"): rejecting those below the level keeps the chance of a single false rejection below it, whatever the
/// dependence between them. In the order given. Panics if one is not in [0, 1].
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    assert!(
        p_values.iter().all(|p| (0.0..=1.0).contains(p)),
        "p-values lie between 0 and 1"
    );
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        let scaled = p_values[index] * (p_values.len() - rank) as f64;
        largest = largest.max(scaled.min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` of R gives.
    #[test]
    fn adjusted_values_match_r() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (seen, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((seen - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
