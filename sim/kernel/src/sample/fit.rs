//! How tests hold counts against a law.

/// Panics unless `counts` fits the expected counts by chi-square: cells expected below 8 are pooled and
/// held to 7 standard deviations, the others to `df + 7 sqrt(2 df) + 40`, above the 1 - 1e-7 quantile.
pub(super) fn assert_follows(counts: &[u64], expected: impl Fn(usize) -> f64, law: std::fmt::Arguments<'_>) {
    let (mut chi_square, mut cells, mut rest) = (0.0, 0.0, (0.0, 0.0));
    for (k, &seen) in counts.iter().enumerate() {
        let expected = expected(k);
        if expected < 8.0 {
            rest = (rest.0 + seen as f64, rest.1 + expected);
        } else {
            chi_square += (seen as f64 - expected) * (seen as f64 - expected) / expected;
            cells += 1.0;
        }
    }
    assert!(
        (rest.0 - rest.1).abs() < 7.0 * (rest.1 + 9.0_f64).sqrt(),
        "{law}: tail {rest:?}"
    );
    assert!(
        chi_square < cells + 7.0 * (2.0_f64 * cells).sqrt() + 40.0,
        "{law}: {chi_square}"
    );
}
