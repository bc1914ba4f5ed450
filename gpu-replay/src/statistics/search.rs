//! The maximum of a function of one variable.
//!
//! **Invariant.** A fixed number of evaluations, whatever the function: nothing here can hang.

/// The place of the maximum of a function with one peak between `low` and `high`, by golden-section search.
pub(super) fn maximise(low: f64, high: f64, turns: u32, value: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..turns {
        if at_left < at_right {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = value(right);
        } else {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = value(left);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_parabola_is_found() {
        let peak = maximise(-3.0, 10.0, 60, |x| -(x - 1.25) * (x - 1.25));
        assert!((peak - 1.25).abs() < 1e-7);
        assert!((maximise(0.0, 1.0, 60, |x| x) - 1.0).abs() < 1e-9);
    }
}
