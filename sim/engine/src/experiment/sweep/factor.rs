//! Factors: what differs between the points of a sweep, any field of a scenario or several at once.

use serde::{Deserialize, Serialize};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_statistics::design;

/// Purpose of the streams that place the points of a Latin hypercube or a Morris design.
const DESIGN: Purpose = Purpose(0x5357);

/// What one level of a factor writes over the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// What tables call it.
    pub label: String,
    /// Values by path, as `--set` would take them.
    pub set: Vec<(String, String)>,
}

impl Level {
    /// A level that tables call by what it sets.
    pub fn of(set: Vec<(String, String)>) -> Self {
        let words: Vec<String> = set
            .iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        Self {
            label: words.join(", "),
            set,
        }
    }
}

/// A factor with its levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Name, the path where it has a single one.
    pub name: String,
    /// What it can be.
    pub levels: Levels,
}

/// What a factor can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Levels {
    /// One of these.
    Listed(Vec<Level>),
    /// A number between two ends.
    Range(Range),
}

/// Numbers between two ends, with the unit in which they are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Path of the field.
    pub path: String,
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Unit, with the blank before it; empty for a bare number.
    pub unit: String,
    /// Levels of a grid over the range.
    pub steps: usize,
    /// Evenly spaced in the logarithm.
    pub is_log: bool,
    /// Values are rounded to a multiple of this.
    pub round: Option<f64>,
    /// Digits behind the point that the field holds, where it holds fewer than a value of a design may have.
    pub decimals: Option<usize>,
}

impl Range {
    /// The value at a share of the way.
    pub fn at(&self, share: f64) -> f64 {
        let value = if self.is_log {
            libm::exp(libm::log(self.from) + share * (libm::log(self.to) - libm::log(self.from)))
        } else {
            self.from + share * (self.to - self.from)
        };
        self.held(match self.round {
            Some(unit) => libm::rint(value / unit) * unit,
            None => value,
        })
    }

    /// The value of a step of the grid.
    pub fn step(&self, index: usize) -> f64 {
        let last = self.steps.saturating_sub(1).max(1);
        self.at(index as f64 / last as f64)
    }

    /// A value with no more digits than the field holds.
    fn held(&self, value: f64) -> f64 {
        match self.decimals {
            Some(held) => format!("{value:.held$}").parse().unwrap_or(value),
            None => value,
        }
    }

    /// A value as a level.
    pub fn level(&self, value: f64) -> Level {
        let value = self.held(value);
        let label = format!("{}{}", shortest(value), self.unit);
        Level {
            set: vec![(self.path.clone(), label.clone())],
            label,
        }
    }
}

/// A number with at most twelve significant digits, without an exponent.
fn shortest(value: f64) -> String {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    format!("{rounded}")
}

impl Factor {
    /// Levels in a grid.
    pub fn count(&self) -> usize {
        match &self.levels {
            Levels::Listed(levels) => levels.len(),
            Levels::Range(range) => range.steps,
        }
    }

    /// Level `index` of the grid. Panics beyond [`Factor::count`].
    pub fn level(&self, index: usize) -> Level {
        match &self.levels {
            Levels::Listed(levels) => levels[index].clone(),
            Levels::Range(range) => range.level(range.step(index)),
        }
    }

    /// The level at a share in [0, 1] of the factor: a value of a range, or one of the listed levels.
    pub fn at(&self, share: f64) -> Level {
        match &self.levels {
            Levels::Listed(levels) => {
                let index = (share * levels.len() as f64) as usize;
                levels[index.min(levels.len() - 1)].clone()
            }
            Levels::Range(range) => range.level(range.at(share)),
        }
    }
}

/// Which points are looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Every combination of levels.
    Grid,
    /// First levels together, second levels together, and so on.
    Zip,
    /// Every combination of first and last levels, and the middle of all.
    Corners,
    /// A Latin hypercube of so many points.
    LatinHypercube(u32),
    /// The first points of a scrambled Sobol sequence.
    Sobol(u32),
    /// Trajectories of Morris.
    Morris {
        /// How many.
        trajectories: u32,
        /// Levels of their grid.
        levels: u32,
    },
    /// The matrices behind variance-based indices.
    Indices {
        /// Base rows.
        rows: u32,
    },
}

/// How many points a design has, at most `u64::MAX`; nothing is laid out for it.
pub fn count_points(factors: &[Factor], design: &Design) -> u64 {
    let product = |most: usize| {
        let counts = factors.iter().map(|factor| factor.count().min(most) as u64);
        counts.fold(1, u64::saturating_mul)
    };
    let columns = factors.len() as u64;
    match *design {
        Design::Grid => product(usize::MAX),
        Design::Zip => factors.iter().map(Factor::count).max().unwrap_or(0) as u64,
        Design::Corners => product(2).saturating_add(1),
        Design::LatinHypercube(count) | Design::Sobol(count) => u64::from(count),
        Design::Morris { trajectories, .. } => u64::from(trajectories).saturating_mul(columns + 1),
        Design::Indices { rows } => u64::from(rows).saturating_mul(2 * columns + 2),
    }
}

/// Points of a design, each a level a factor. `seed` places what is drawn.
pub fn points(factors: &[Factor], design: &Design, seed: u64) -> Vec<Vec<Level>> {
    let at_shares = |points: &[Vec<f64>]| -> Vec<Vec<Level>> {
        points
            .iter()
            .map(|point| {
                factors
                    .iter()
                    .zip(point)
                    .map(|(factor, &share)| factor.at(share))
                    .collect()
            })
            .collect()
    };
    let combined = |counts: &[usize], level: &dyn Fn(usize, usize) -> Level| -> Vec<Vec<Level>> {
        design::full_factorial(counts)
            .into_iter()
            .map(|point| point.into_iter().enumerate().map(|(f, l)| level(f, l)).collect())
            .collect()
    };
    match design {
        Design::Grid => {
            let counts: Vec<usize> = factors.iter().map(Factor::count).collect();
            combined(&counts, &|factor, level| factors[factor].level(level))
        }
        Design::Zip => {
            let count = factors.iter().map(Factor::count).max().unwrap_or(0);
            (0..count)
                .map(|i| {
                    factors
                        .iter()
                        .map(|factor| factor.level(i.min(factor.count() - 1)))
                        .collect()
                })
                .collect()
        }
        Design::Corners => {
            let counts: Vec<usize> = factors.iter().map(|factor| factor.count().min(2)).collect();
            let end = |factor: usize, level: usize| {
                let last = factors[factor].count() - 1;
                factors[factor].level(if level == 0 { 0 } else { last })
            };
            let mut points = combined(&counts, &end);
            points.push(factors.iter().map(|factor| factor.at(0.5)).collect());
            points
        }
        Design::LatinHypercube(count) => {
            at_shares(&design::latin_hypercube(*count, factors.len(), stream(seed)))
        }
        Design::Sobol(count) => at_shares(&design::sobol_points(0, *count, factors.len(), folded(seed))),
        Design::Morris { trajectories, levels } => {
            at_shares(morris(factors.len(), *trajectories, *levels, seed).points())
        }
        Design::Indices { rows } => at_shares(indices(factors.len(), *rows, seed).points()),
    }
}

/// The Morris design of a sweep with this seed.
pub fn morris(
    factors: usize,
    trajectories: u32,
    levels: u32,
    seed: u64,
) -> stakeout_statistics::sensitivity::MorrisDesign {
    stakeout_statistics::sensitivity::MorrisDesign::new(trajectories, factors, levels, stream(seed))
}

/// The design for variance-based indices of a sweep with this seed.
pub fn indices(factors: usize, rows: u32, seed: u64) -> stakeout_statistics::sensitivity::SobolDesign {
    stakeout_statistics::sensitivity::SobolDesign::new(rows, factors, folded(seed))
}

/// The stream that places a design.
pub fn stream(seed: u64) -> StreamKey {
    StreamKey::derive(RootSeed(seed), 0, DESIGN)
}

/// The seed of a Sobol sequence.
fn folded(seed: u64) -> u32 {
    (seed ^ (seed >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, labels: &[&str]) -> Factor {
        let level = |label: &&str| Level {
            label: (*label).to_owned(),
            set: vec![(name.to_owned(), (*label).to_owned())],
        };
        Factor {
            name: name.to_owned(),
            levels: Levels::Listed(labels.iter().map(level).collect()),
        }
    }

    fn range(from: f64, to: f64, steps: usize, is_log: bool, round: Option<f64>) -> Factor {
        let range = Range {
            path: "p".to_owned(),
            from,
            to,
            unit: " %".to_owned(),
            steps,
            is_log,
            round,
            decimals: None,
        };
        Factor {
            name: "p".to_owned(),
            levels: Levels::Range(range),
        }
    }

    fn labels(points: &[Vec<Level>]) -> Vec<String> {
        let line = |point: &Vec<Level>| {
            point
                .iter()
                .map(|l| l.label.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        points.iter().map(line).collect()
    }

    #[test]
    fn a_range_is_written_as_a_person_would() {
        let all =
            |factor: &Factor| -> Vec<String> { (0..factor.count()).map(|i| factor.level(i).label).collect() };
        assert_eq!(
            all(&range(0.0, 0.6, 4, false, None)),
            ["0 %", "0.2 %", "0.4 %", "0.6 %"]
        );
        assert_eq!(all(&range(1.0, 100.0, 3, true, None)), ["1 %", "10 %", "100 %"]);
        assert_eq!(all(&range(1.0, 10.0, 3, true, Some(1.0))), ["1 %", "3 %", "10 %"]);
    }

    /// Values that a field cannot tell apart are one value, so that a search tries them once.
    #[test]
    fn a_value_of_a_range_is_no_finer_than_its_field() {
        let Levels::Range(range) = range(1.0, 9.0, 5, true, None).levels else {
            unreachable!("it is a range")
        };
        let counts = Range {
            decimals: Some(0),
            ..range
        };
        let values: Vec<f64> = (0..=8).map(|eighth| counts.at(f64::from(eighth) / 8.0)).collect();
        assert_eq!(values, [1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0]);
        let steps: Vec<f64> = (0..5).map(|index| counts.step(index)).collect();
        assert_eq!(steps, [1.0, 2.0, 3.0, 5.0, 9.0]);
    }

    #[test]
    fn designs_combine_levels_as_they_say() {
        let factors = [listed("a", &["1", "2", "3"]), listed("b", &["x", "y"])];
        assert_eq!(
            labels(&points(&factors, &Design::Grid, 1)),
            ["1 x", "1 y", "2 x", "2 y", "3 x", "3 y"]
        );
        assert_eq!(labels(&points(&factors, &Design::Zip, 1)), ["1 x", "2 y", "3 y"]);
        assert_eq!(
            labels(&points(&factors, &Design::Corners, 1)),
            ["1 x", "1 y", "3 x", "3 y", "2 y"]
        );
        assert_eq!(points(&factors, &Design::LatinHypercube(12), 1).len(), 12);
        let long = labels(&points(&factors, &Design::Sobol(16), 1));
        assert_eq!(labels(&points(&factors, &Design::Sobol(8), 1)), long[..8]);
        assert_eq!(points(&factors, &Design::Indices { rows: 4 }, 1).len(), 4 * 6);
        let trajectories = Design::Morris {
            trajectories: 3,
            levels: 4,
        };
        assert_eq!(points(&factors, &trajectories, 1).len(), 9);
        for design in [
            Design::Grid,
            Design::Zip,
            Design::Corners,
            Design::LatinHypercube(12),
            Design::Sobol(16),
            Design::Indices { rows: 4 },
            trajectories,
        ] {
            let laid_out = points(&factors, &design, 1).len() as u64;
            assert_eq!(count_points(&factors, &design), laid_out, "{design:?}");
        }
        let many = vec![factors[0].clone(); 60];
        assert_eq!(count_points(&many, &Design::Grid), u64::MAX);
    }
}
