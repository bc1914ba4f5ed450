//! The law of a sum of independent draws, from the law of one.
//!
//! **Invariant.** Sums and products of doubles in a fixed order, and the sine and cosine of `libm`: every platform gives
//! the same bits.

use std::f64::consts::PI;

/// A complex number.
type Complex = [f64; 2];

/// The chances of the sums of `2^doublings` independent draws from 0, 1, 2 …, whose chances are `law`; a law may sum to
/// less than one, and its sums then do, too.
///
/// By the fast Fourier transform. A chance is off by at most 1e-14 of the largest (tested), and none is below zero.
pub fn convolution_power(law: &[f64], doublings: u32) -> Vec<f64> {
    let Some(last) = law.len().checked_sub(1) else {
        return Vec::new();
    };
    let outcomes = (last << doublings) + 1;
    let size = outcomes.next_power_of_two();
    let roots = roots_of_unity(size);
    let mut values = vec![[0.0, 0.0]; size];
    for (value, &chance) in values.iter_mut().zip(law) {
        value[0] = chance;
    }
    transform(&mut values, &roots);
    for value in &mut values {
        for _ in 0..doublings {
            *value = product(*value, *value);
        }
    }
    // The transform of a transform is the original, read backwards.
    transform(&mut values, &roots);
    let scale = 1.0 / size as f64;
    (0..outcomes)
        .map(|outcome| (values[(size - outcome) % size][0] * scale).max(0.0))
        .collect()
}

/// `exp(-2 pi i k / size)` for the first half of all `k`.
fn roots_of_unity(size: usize) -> Vec<Complex> {
    (0..size / 2)
        .map(|k| {
            let angle = 2.0 * PI * k as f64 / size as f64;
            [libm::cos(angle), -libm::sin(angle)]
        })
        .collect()
}

fn product(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// The discrete Fourier transform, in place; the number of values is a power of two, twice that of `roots`.
fn transform(values: &mut [Complex], roots: &[Complex]) {
    let size = values.len();
    let bits = size.trailing_zeros();
    for index in 1..size {
        let mirrored = index.reverse_bits() >> (usize::BITS - bits);
        if index < mirrored {
            values.swap(index, mirrored);
        }
    }
    let mut half = 1;
    while half < size {
        let step = size / (2 * half);
        for block in values.chunks_exact_mut(2 * half) {
            let (left, right) = block.split_at_mut(half);
            for ((low, high), root) in left.iter_mut().zip(right).zip(roots.iter().step_by(step)) {
                let turned = product(*high, *root);
                *high = [low[0] - turned[0], low[1] - turned[1]];
                *low = [low[0] + turned[0], low[1] + turned[1]];
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::convolution_power;

    fn convolution(a: &[f64], b: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; a.len() + b.len() - 1];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                sums[i + j] += x * y;
            }
        }
        sums
    }

    fn assert_is_convolution(law: &[f64]) {
        let mut sums = law.to_vec();
        for doublings in 0..4 {
            let ours = convolution_power(law, doublings);
            assert_eq!(ours.len(), sums.len());
            let largest = sums.iter().fold(0.0_f64, |a, &b| a.max(b));
            for (sum, (ours, exact)) in ours.iter().zip(&sums).enumerate() {
                assert!(
                    (ours - exact).abs() < 1e-14 * largest,
                    "2^{doublings} draws, sum {sum}: {ours:e} and {exact:e}"
                );
            }
            sums = convolution(&sums, &sums);
        }
    }

    #[test]
    fn a_power_is_the_convolution_term_by_term() {
        assert_is_convolution(&[1.0]);
        assert_is_convolution(&[0.25, 0.75]);
        assert_is_convolution(&[0.0, 0.1, 0.0, 0.4, 0.2]);
        let geometric: Vec<f64> = (0..300)
            .scan(0.02, |p, _| Some(std::mem::replace(p, *p * 0.98)))
            .collect();
        assert_is_convolution(&geometric);
        assert!(convolution_power(&[], 3).is_empty());
    }

    /// Two coins of which one has a third side: by hand.
    #[test]
    fn values_are_pinned() {
        assert_eq!(convolution_power(&[0.5, 0.5], 1), [0.25, 0.5, 0.25]);
        let twice = convolution_power(&[0.5, 0.25, 0.25], 1);
        assert_eq!(twice, [0.25, 0.25, 0.3125, 0.125, 0.0625]);
    }
}
