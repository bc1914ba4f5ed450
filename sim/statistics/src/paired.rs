//! Two arms of an experiment, run on the same draws.

use crate::student::{mean_interval, student_p_value};
use crate::{Interval, Moments};

/// The mean difference between paired values, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifference {
    /// The mean of `treated - control`, in the unit of the values.
    pub mean: f64,
    /// The standard error of that mean.
    pub standard_error: f64,
    /// The t interval for it.
    pub interval: Interval,
    /// The two-sided p-value against no difference; 1 if every pair is equal, 0 if all differ alike.
    pub p_value: f64,
}

/// Compares `treated` with `control` pair by pair: replicate i of one with replicate i of the other, which
/// shares its draws. `None` of fewer than two pairs. Panics if the lengths differ or `confidence` is not
/// strictly between 0 and 1.
pub fn paired_difference(treated: &[f64], control: &[f64], confidence: f64) -> Option<PairedDifference> {
    assert_eq!(treated.len(), control.len(), "paired samples have equal length");
    let mut moments = Moments::new();
    treated
        .iter()
        .zip(control)
        .for_each(|(with, without)| moments.push(with - without));
    let (mean, standard_error) = (moments.mean()?, moments.standard_error()?);
    let p_value = match (standard_error == 0.0, mean == 0.0) {
        (true, true) => 1.0,
        (true, false) => 0.0,
        _ => student_p_value(mean / standard_error, (moments.count() - 1) as f64),
    };
    Some(PairedDifference {
        mean,
        standard_error,
        interval: mean_interval(&moments, confidence)?,
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Extra hours of sleep under two drugs, from Student 1908, "The probable error of a mean": t = 4.0621
    /// on 9 degrees of freedom, p = 0.002833, 95 % interval 0.7001 to 2.4599.
    #[test]
    fn students_own_example_comes_out() {
        let control = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let treated = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let difference = paired_difference(&treated, &control, 0.95).unwrap();
        assert!((difference.mean - 1.58).abs() < 1e-12);
        assert!((difference.mean / difference.standard_error - 4.062_1).abs() < 5e-5);
        assert!((difference.p_value - 0.002_833).abs() < 5e-7);
        assert!((difference.interval.low - 0.700_1).abs() < 5e-5);
        assert!((difference.interval.high - 2.459_9).abs() < 5e-5);
    }

    #[test]
    fn equal_pairs_show_no_difference() {
        let same = paired_difference(&[1.0, 2.0], &[1.0, 2.0], 0.9).unwrap();
        assert_eq!((same.mean, same.p_value), (0.0, 1.0));
        assert_eq!(
            paired_difference(&[2.0, 3.0], &[1.0, 2.0], 0.9).unwrap().p_value,
            0.0
        );
        assert_eq!(paired_difference(&[2.0], &[1.0], 0.9), None);
    }
}
