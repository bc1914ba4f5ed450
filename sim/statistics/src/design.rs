//! Designs: which points of a box are looked at.
//!
//! A point is a vector of shares in [0, 1), one a factor; whoever runs it maps a share to a value.
//!
//! **Invariant.** Point `i` of a design is a function of its parameters and of `i`; a longer Sobol design starts with
//! the shorter one, so a finished experiment can be extended.

use stakeout_kernel::streams::StreamKey;

use crate::random::Uniforms;

/// Most points of a Sobol design; the generator's sequence has no more.
pub const SOBOL_POINTS_MAX: u32 = 1 << 16;
/// Most factors of a Sobol design.
pub const SOBOL_FACTORS_MAX: usize = 256;

/// Every combination of `levels[k]` levels a factor, the last factor fastest, as indices of levels.
pub fn full_factorial(levels: &[usize]) -> Vec<Vec<usize>> {
    let mut points = vec![Vec::new()];
    for &count in levels {
        points = points
            .into_iter()
            .flat_map(|point: Vec<usize>| {
                (0..count).map(move |level| {
                    let mut longer = point.clone();
                    longer.push(level);
                    longer
                })
            })
            .collect();
    }
    points
}

/// A Latin hypercube: in every factor each of `count` equal stretches holds one point (McKay, Beckman and Conover 1979).
pub fn latin_hypercube(count: u32, factors: usize, key: StreamKey) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; factors]; count as usize];
    for factor in 0..factors {
        let mut uniforms = Uniforms::new(key, factor as u64);
        let mut stretches: Vec<u32> = (0..count).collect();
        uniforms.shuffle(&mut stretches);
        for (point, stretch) in points.iter_mut().zip(stretches) {
            point[factor] = (f64::from(stretch) + uniforms.unit()) / f64::from(count);
        }
    }
    points
}

/// Points `from..to` of a scrambled Sobol sequence; best cut at powers of two. Panics beyond [`SOBOL_POINTS_MAX`] points
/// or [`SOBOL_FACTORS_MAX`] factors.
pub fn sobol_points(from: u32, to: u32, factors: usize, seed: u32) -> Vec<Vec<f64>> {
    assert!(
        to <= SOBOL_POINTS_MAX && factors <= SOBOL_FACTORS_MAX,
        "a Sobol design has at most {SOBOL_POINTS_MAX} points of {SOBOL_FACTORS_MAX} factors"
    );
    (from..to)
        .map(|index| {
            (0..factors)
                .map(|factor| f64::from(sobol_burley::sample(index, factor as u32, seed)))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_factorial_has_every_combination_once() {
        assert_eq!(
            full_factorial(&[2, 3]),
            [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
        );
        assert_eq!(full_factorial(&[]), [Vec::<usize>::new()]);
        assert!(full_factorial(&[3, 0]).is_empty());
    }

    #[test]
    fn every_stretch_of_a_latin_hypercube_holds_one_point() {
        let points = latin_hypercube(37, 4, StreamKey::from_raw(6));
        for factor in 0..4 {
            let mut stretches: Vec<u32> = points.iter().map(|p| (p[factor] * 37.0) as u32).collect();
            stretches.sort_unstable();
            assert_eq!(stretches, (0..37).collect::<Vec<_>>());
        }
    }

    /// A scrambled (0, m, 1)-net a factor: of 2^m points each stretch of 2^-m holds one. And the longer design starts
    /// with the shorter one.
    #[test]
    fn sobol_points_fill_every_stretch_and_extend() {
        let points = sobol_points(0, 256, 6, 7);
        for factor in 0..6 {
            let mut stretches: Vec<u32> = points.iter().map(|p| (p[factor] * 256.0) as u32).collect();
            stretches.sort_unstable();
            assert_eq!(stretches, (0..256).collect::<Vec<_>>(), "factor {factor}");
        }
        assert_eq!(sobol_points(0, 64, 6, 7), points[..64]);
        assert_eq!(sobol_points(64, 256, 6, 7), points[64..]);
        assert_ne!(sobol_points(0, 64, 6, 8), points[..64]);
    }
}
