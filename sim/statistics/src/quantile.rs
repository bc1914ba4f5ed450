//! Quantiles of a sample.

/// The `q`-quantile of a sample by linear interpolation between order statistics (type 7 of Hyndman and Fan
/// 1996, the default of R and numpy). `None` of an empty sample. Panics unless `q` is in [0, 1], or if a
/// value is not a number.
pub fn sample_quantile(sample: &[f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "a quantile is asked between 0 and 1");
    assert!(
        sample.iter().all(|value| !value.is_nan()),
        "a sample holds numbers only"
    );
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = q * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_order_statistics() {
        let sample = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(sample_quantile(&sample, 0.5), Some(2.5));
        assert_eq!(sample_quantile(&sample, 0.25), Some(1.75));
        assert_eq!(
            (sample_quantile(&sample, 0.0), sample_quantile(&sample, 1.0)),
            (Some(1.0), Some(4.0))
        );
        assert_eq!(
            (sample_quantile(&[], 0.5), sample_quantile(&[7.0], 0.9)),
            (None, Some(7.0))
        );
    }
}
