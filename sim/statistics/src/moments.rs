//! Mean and variance of a sample in one pass.

/// Count, mean and sum of squared deviations, updated by Welford's recurrence (Welford 1962, "Note on a
/// method for calculating corrected sums of squares and products"): no cancellation, whatever the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// The moments of no value.
    pub const fn new() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    /// The moments of `sample`, taken in its order.
    pub fn of(sample: &[f64]) -> Self {
        let mut moments = Self::new();
        sample.iter().for_each(|&value| moments.push(value));
        moments
    }

    /// Adds one value.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// How many values were added.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` of no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The unbiased variance, with `n - 1`; `None` of fewer than two values.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// The square root of the variance; `None` of fewer than two values.
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// The standard error of the mean; `None` of fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        self.variance()
            .map(|variance| (variance / self.count as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data sets NumAcc3 and NumAcc4 of the NIST Statistical Reference Datasets: certified mean
    /// 1000000.2 (10000000.2) and standard deviation 0.1, where the textbook formula loses every digit.
    #[test]
    fn certified_samples_of_nist_give_their_certified_moments() {
        for base in [1_000_000.0, 10_000_000.0] {
            let mut moments = Moments::new();
            moments.push(base + 0.2);
            for _ in 0..500 {
                moments.push(base + 0.1);
                moments.push(base + 0.3);
            }
            assert_eq!(moments.count(), 1_001);
            assert!((moments.mean().unwrap() - (base + 0.2)).abs() < 1e-8);
            assert!((moments.standard_deviation().unwrap() - 0.1).abs() < 1e-8);
        }
    }

    #[test]
    fn too_few_values_have_no_moments() {
        assert_eq!(
            (Moments::new().mean(), Moments::of(&[3.0]).variance()),
            (None, None)
        );
        assert_eq!(Moments::of(&[3.0]).mean(), Some(3.0));
        assert_eq!(Moments::of(&[1.0, 3.0]).standard_error(), Some(1.0));
    }
}
