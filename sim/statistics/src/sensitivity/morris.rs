//! Elementary effects (Morris 1991, "Factorial sampling plans for preliminary computational experiments"), with the
//! mean of absolute effects of Campolongo, Cariboni and Saltelli 2007.

use stakeout_kernel::streams::StreamKey;

use crate::random::Uniforms;
use crate::{Interval, Moments, mean_interval};

/// Trajectories through a grid, each moving every factor once.
#[derive(Clone, Debug, PartialEq)]
pub struct MorrisDesign {
    factors: usize,
    step: f64,
    points: Vec<Vec<f64>>,
    /// For each trajectory the factors in the order in which they move, with the sign of the move.
    moves: Vec<Vec<(usize, f64)>>,
}

/// What one factor does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MorrisEffect {
    /// Mean effect over the whole range of the factor.
    pub mean: f64,
    /// Mean absolute effect, the measure of importance.
    pub mean_absolute: f64,
    /// Interval of the mean absolute effect; none of a single trajectory.
    pub interval: Option<Interval>,
    /// Standard deviation of the effects: interaction or curvature.
    pub deviation: f64,
}

impl MorrisDesign {
    /// So many trajectories on a grid of `levels` levels, which is even; the step is `levels / (2 (levels - 1))`.
    /// Panics unless `levels` is even and at least 2.
    pub fn new(trajectories: u32, factors: usize, levels: u32, key: StreamKey) -> Self {
        assert!(
            levels >= 2 && levels.is_multiple_of(2),
            "an even number of levels"
        );
        let last = f64::from(levels - 1);
        let step = f64::from(levels) / (2.0 * last);
        let mut design = Self {
            factors,
            step,
            points: Vec::new(),
            moves: Vec::new(),
        };
        for trajectory in 0..trajectories {
            let mut uniforms = Uniforms::new(key, u64::from(trajectory));
            // A start in the lower half moves up, its mirror image in the upper half down: both stay inside.
            let mut signs = Vec::new();
            let mut point: Vec<f64> = (0..factors)
                .map(|_| {
                    let low = uniforms.index(levels as usize / 2) as f64 / last;
                    let up = uniforms.happens(0.5);
                    signs.push(if up { 1.0 } else { -1.0 });
                    if up { low } else { low + step }
                })
                .collect();
            let mut order: Vec<usize> = (0..factors).collect();
            uniforms.shuffle(&mut order);
            design.points.push(point.clone());
            for &factor in &order {
                point[factor] += signs[factor] * step;
                design.points.push(point.clone());
            }
            design
                .moves
                .push(order.into_iter().map(|f| (f, signs[f])).collect());
        }
        design
    }

    /// The points to be run, trajectory after trajectory.
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// What each factor does, from the outputs of the points in their order. Panics unless there is one a point.
    pub fn effects(&self, outputs: &[f64], confidence: f64) -> Vec<MorrisEffect> {
        assert_eq!(outputs.len(), self.points.len(), "one output a point");
        let mut signed = vec![Moments::new(); self.factors];
        let mut absolute = vec![Moments::new(); self.factors];
        for (trajectory, moves) in self.moves.iter().enumerate() {
            let start = trajectory * (self.factors + 1);
            for (number, &(factor, sign)) in moves.iter().enumerate() {
                let change = outputs[start + number + 1] - outputs[start + number];
                let effect = change / (sign * self.step);
                signed[factor].push(effect);
                absolute[factor].push(effect.abs());
            }
        }
        signed
            .iter()
            .zip(&absolute)
            .map(|(signed, absolute)| MorrisEffect {
                mean: signed.mean().unwrap_or(0.0),
                mean_absolute: absolute.mean().unwrap_or(0.0),
                interval: mean_interval(absolute, confidence),
                deviation: signed.standard_deviation().unwrap_or(0.0),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_function_has_its_slopes_and_no_spread() {
        let design = MorrisDesign::new(10, 3, 4, StreamKey::from_raw(1));
        assert_eq!(design.points().len(), 40);
        assert!(
            design
                .points()
                .iter()
                .flatten()
                .all(|x| (-1e-12..=1.0 + 1e-12).contains(x))
        );
        let outputs: Vec<f64> = design.points().iter().map(|x| 3.0 * x[0] - 2.0 * x[1]).collect();
        let effects = design.effects(&outputs, 0.95);
        for (effect, slope) in effects.iter().zip([3.0, -2.0, 0.0_f64]) {
            assert!(
                (effect.mean - slope).abs() < 1e-12 && (effect.mean_absolute - slope.abs()).abs() < 1e-12
            );
            assert!(effect.deviation < 1e-12);
        }
    }

    /// The G-function with a = (0, 1, 4.5, 9, 99, 99): importance falls with a, and so does the spread.
    #[test]
    fn the_factors_of_the_g_function_come_out_in_order() {
        let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];
        let design = MorrisDesign::new(200, 6, 8, StreamKey::from_raw(2));
        let g = |x: &Vec<f64>| -> f64 {
            x.iter()
                .zip(a)
                .map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a))
                .product()
        };
        let outputs: Vec<f64> = design.points().iter().map(g).collect();
        let effects = design.effects(&outputs, 0.95);
        for pair in effects[..5].windows(2) {
            assert!(pair[0].mean_absolute > pair[1].mean_absolute && pair[0].deviation > pair[1].deviation);
        }
    }
}
