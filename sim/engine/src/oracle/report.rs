//! One line of the validation report.

use std::fmt;

use super::{Figure, Oracle, Parameters};
use stakeout_statistics::{Interval, Moments, mean_interval, normal_quantile, student_p_value};

const CONFIDENCE: f64 = 0.99;

/// Whether observation and formula agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The expected value lies inside the interval that holds for all rows of the report together with
    /// probability 99 %; where there is no chance, the two are equal.
    Holds,
    /// Not so.
    Fails,
}

/// What a row allows between observation and formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// This part of the expected value, absolutely where that is below one; nothing where it is 0.
    Within(f64),
    /// A normal deviate of less than this.
    Deviation(f64),
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(0.0) => f.write_str("equal"),
            Self::Within(part) => write!(f, "± {part:e}"),
            Self::Deviation(limit) => write!(f, "|z| < {limit:.2}"),
        }
    }
}

/// One figure, expected and observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name of the closed form.
    pub oracle: &'static str,
    /// What it states.
    pub title: &'static str,
    /// The figure, with its unit.
    pub figure: String,
    /// Parameter names and values.
    pub parameters: Vec<(&'static str, f64)>,
    /// Where the formula stands.
    pub source: &'static str,
    /// By the formula.
    pub expected: f64,
    /// Mean over the seeds.
    pub observed: f64,
    /// 99 % interval of the mean over the seeds; a point where there is no chance.
    pub interval: Interval,
    /// Normal deviate of the difference; 0 where a figure without chance holds, infinite where all observations are
    /// the same and another.
    pub z: f64,
    /// Seeds.
    pub n: u64,
    /// Inferences or draws a seed.
    pub size: u64,
    /// Whether the figure has no chance in it.
    pub is_exact: bool,
    /// What is allowed between the two.
    pub tolerance: Tolerance,
    /// Agreement.
    pub verdict: Verdict,
}

impl Row {
    /// The row of one figure from its values by seed.
    pub(super) fn new(
        oracle: &'static dyn Oracle,
        parameters: &Parameters,
        figure: Figure,
        values: &[f64],
        size: u64,
    ) -> Self {
        let moments = Moments::of(values);
        let observed = moments.mean().expect("there are at least two seeds");
        let z = compute_z(&moments, figure.expected);
        let allowed = oracle.tolerance() * figure.expected.abs().max(1.0);
        let is_equal = values
            .iter()
            .all(|&value| value == figure.expected || (value - figure.expected).abs() <= allowed);
        let holds = !oracle.is_exact() || is_equal;
        let z = match oracle.is_exact() {
            true if is_equal => 0.0,
            _ => z,
        };
        Self {
            oracle: oracle.id(),
            title: oracle.title(),
            figure: figure.name,
            parameters: parameters.values().to_vec(),
            source: oracle.source(),
            expected: figure.expected,
            observed,
            interval: mean_interval(&moments, CONFIDENCE).expect("there are at least two seeds"),
            z,
            n: moments.count(),
            size,
            is_exact: oracle.is_exact(),
            tolerance: Tolerance::Within(oracle.tolerance()),
            verdict: if holds { Verdict::Holds } else { Verdict::Fails },
        }
    }
}

/// Rows with chance in them among which one is judged, however few are asked: a row that holds in the whole report must
/// not fail because it was asked alone.
const FAMILY: usize = 200;

/// Decides the rows with chance in them, each at its share of one in a hundred.
pub fn judge(rows: &mut [Row]) {
    let family = rows.iter().filter(|row| !row.is_exact).count().max(FAMILY) as f64;
    let limit = normal_quantile(1.0 - (1.0 - CONFIDENCE) / (2.0 * family));
    for row in rows.iter_mut().filter(|row| !row.is_exact) {
        row.tolerance = Tolerance::Deviation(limit);
        // A z that is no number is no agreement.
        row.verdict = if row.z.abs() < limit {
            Verdict::Holds
        } else {
            Verdict::Fails
        };
    }
}

impl Row {
    /// By how much observation and formula differ, in parts of the expected value; absolutely where that is zero.
    pub fn relative_error(&self) -> f64 {
        let difference = (self.observed - self.expected).abs();
        if self.expected == 0.0 {
            difference
        } else {
            difference / self.expected.abs()
        }
    }
}

/// The normal deviate with the two-sided probability of Student's t of the mean against `expected`.
fn compute_z(moments: &Moments, expected: f64) -> f64 {
    let (Some(mean), Some(error)) = (moments.mean(), moments.standard_error()) else {
        return f64::NAN;
    };
    let difference = mean - expected;
    if error == 0.0 {
        return if difference == 0.0 {
            0.0
        } else {
            f64::INFINITY.copysign(difference)
        };
    }
    let tail = student_p_value(difference / error, (moments.count() - 1) as f64) / 2.0;
    // Below the least normal double the deviate is beyond 37 anyway.
    normal_quantile(tail.max(f64::MIN_POSITIVE))
        .abs()
        .copysign(difference)
}
