//! Variance-based indices (Sobol 1993): the first-order estimator of Saltelli and others 2010, the total one of Jansen
//! 1999, second order from the mixed matrices of Saltelli 2002; intervals by drawing the base rows again.

use stakeout_kernel::streams::StreamKey;

use crate::design::{SOBOL_FACTORS_MAX, sobol_points};
use crate::{Interval, bootstrap};

/// Resamples behind each interval.
const RESAMPLES: u32 = 200;

/// The points from which indices are computed: matrices A, B, A with a column of B, and B with a column of A.
#[derive(Clone, Debug, PartialEq)]
pub struct SobolDesign {
    rows: u32,
    factors: usize,
    points: Vec<Vec<f64>>,
}

/// One index with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SobolIndex {
    /// The share of the variance.
    pub share: f64,
    /// Its interval; none where the output does not vary.
    pub interval: Option<Interval>,
    /// The same from the first half of the rows: an index that still moves with the rows is not to be trusted.
    pub from_half: f64,
}

/// Shares of the output's variance.
#[derive(Clone, Debug, PartialEq)]
pub struct SobolIndices {
    /// Variance of the output.
    pub variance: f64,
    /// Of each factor alone.
    pub first: Vec<SobolIndex>,
    /// Of each factor with everything it interacts with.
    pub total: Vec<SobolIndex>,
    /// Of each pair beyond its members: `(i, j, index)` with `i < j`.
    pub second: Vec<(usize, usize, SobolIndex)>,
}

/// Outputs of one base row: A, B, then A with B's column and B with A's column, factor by factor.
type Row = Vec<f64>;

impl SobolDesign {
    /// A design of `rows` base rows, best a power of two; it has `rows * (2 * factors + 2)` points. Panics for more than
    /// half as many factors as the sequence has, or none.
    pub fn new(rows: u32, factors: usize, seed: u32) -> Self {
        assert!(
            factors > 0 && 2 * factors <= SOBOL_FACTORS_MAX,
            "one to {} factors",
            SOBOL_FACTORS_MAX / 2
        );
        let mut points = Vec::new();
        for base in sobol_points(0, rows, 2 * factors, seed) {
            let (a, b) = base.split_at(factors);
            points.push(a.to_vec());
            points.push(b.to_vec());
            for (own, other) in [(a, b), (b, a)] {
                for factor in 0..factors {
                    let mut mixed = own.to_vec();
                    mixed[factor] = other[factor];
                    points.push(mixed);
                }
            }
        }
        Self {
            rows,
            factors,
            points,
        }
    }

    /// The points to be run, row after row.
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// The indices, from the outputs of the points in their order. Panics unless there is one a point.
    pub fn indices(&self, outputs: &[f64], confidence: f64, key: StreamKey) -> SobolIndices {
        assert_eq!(outputs.len(), self.points.len(), "one output a point");
        let rows: Vec<Row> = outputs
            .chunks(2 * self.factors + 2)
            .map(<[f64]>::to_vec)
            .collect();
        let half = &rows[..self.rows as usize / 2];
        let index = |number: u64, of: &dyn Fn(&[Row]) -> f64| {
            let stream = StreamKey::from_raw(key.raw().wrapping_add(number));
            SobolIndex {
                share: of(&rows),
                interval: bootstrap(&rows, RESAMPLES, confidence, stream, of),
                from_half: of(half),
            }
        };
        let d = self.factors;
        let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        SobolIndices {
            variance: variance(&rows),
            first: (0..d).map(|i| index(i as u64, &|rows| first(rows, i))).collect(),
            total: (0..d)
                .map(|i| index((d + i) as u64, &|rows| total(rows, i)))
                .collect(),
            second: pairs
                .enumerate()
                .map(|(number, (i, j))| {
                    (
                        i,
                        j,
                        index((2 * d + number) as u64, &|rows| second(rows, d, i, j)),
                    )
                })
                .collect(),
        }
    }
}

fn mean(rows: &[Row], of: impl Fn(&Row) -> f64) -> f64 {
    rows.iter().map(of).sum::<f64>() / rows.len() as f64
}

/// Variance over the two base matrices together.
fn variance(rows: &[Row]) -> f64 {
    let centre = mean(rows, |row| (row[0] + row[1]) / 2.0);
    mean(rows, |row| {
        let (a, b) = (row[0] - centre, row[1] - centre);
        (a * a + b * b) / 2.0
    })
}

fn first(rows: &[Row], i: usize) -> f64 {
    mean(rows, |row| row[1] * (row[2 + i] - row[0])) / variance(rows)
}

fn total(rows: &[Row], i: usize) -> f64 {
    mean(rows, |row| (row[0] - row[2 + i]) * (row[0] - row[2 + i])) / (2.0 * variance(rows))
}

/// The closed index of the pair less the first-order indices of its members.
fn second(rows: &[Row], factors: usize, i: usize, j: usize) -> f64 {
    let closed = mean(rows, |row| row[2 + factors + i] * row[2 + j] - row[0] * row[1]) / variance(rows);
    closed - first(rows, i) - first(rows, j)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PI: f64 = std::f64::consts::PI;

    fn indices(rows: u32, factors: usize, of: impl Fn(&[f64]) -> f64) -> SobolIndices {
        let design = SobolDesign::new(rows, factors, 1);
        let outputs: Vec<f64> = design.points().iter().map(|point| of(point)).collect();
        design.indices(&outputs, 0.95, StreamKey::from_raw(4))
    }

    /// Ishigami and Homma 1990 with (7, 0.1): the closed form.
    #[test]
    fn the_ishigami_function_comes_out() {
        let found = indices(4_096, 3, |x| {
            let angle = |u: f64| PI * (2.0 * u - 1.0);
            let (x, y, z) = (angle(x[0]), angle(x[1]), angle(x[2]));
            let s = libm::sin(y);
            libm::sin(x) + 7.0 * s * s + 0.1 * z * z * z * z * libm::sin(x)
        });
        assert!(
            (found.variance / 13.844_6 - 1.0).abs() < 0.01,
            "{}",
            found.variance
        );
        let expected = [(0.313_905, 0.557_589), (0.442_411, 0.442_411), (0.0, 0.243_684)];
        for (i, (first, total)) in expected.into_iter().enumerate() {
            assert!(
                (found.first[i].share - first).abs() < 0.01,
                "{:?}",
                found.first[i]
            );
            assert!(
                (found.total[i].share - total).abs() < 0.01,
                "{:?}",
                found.total[i]
            );
            assert!((found.first[i].from_half - found.first[i].share).abs() < 0.03);
            assert!(found.total[i].interval.unwrap().contains(found.total[i].share));
        }
        let (_, _, pair) = found.second[1];
        assert!((pair.share - 0.243_684).abs() < 0.02, "{pair:?}");
        assert!(found.second[0].2.share.abs() < 0.02 && found.second[2].2.share.abs() < 0.02);
    }

    /// Sobol's G-function with a = (0, 1, 4.5, 9, 99, 99).
    #[test]
    fn the_g_function_comes_out() {
        let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];
        let found = indices(2_048, 6, |x| {
            x.iter()
                .zip(a)
                .map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a))
                .product()
        });
        let expected = [0.716_343, 0.179_086, 0.023_681, 0.007_163, 7.16e-5, 7.16e-5];
        for (i, first) in expected.into_iter().enumerate() {
            assert!(
                (found.first[i].share - first).abs() < 0.01,
                "{i}: {:?}",
                found.first[i]
            );
        }
    }

    #[test]
    fn a_factor_without_effect_has_no_share() {
        let found = indices(256, 2, |x| x[0]);
        assert_eq!((found.total[1].share, found.first[1].share), (0.0, 0.0));
        assert!((found.first[0].share - 1.0).abs() < 0.02);
    }
}
