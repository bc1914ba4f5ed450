//! Narrow number formats: what a value is after having been stored in fewer bits.
//!
//! **Invariant.** Each function maps a value to the nearest one that the format can hold under its scale, and a value
//! that the format holds to itself.

/// Largest value of e4m3.
pub const E4M3_MAX: f32 = 448.0;

/// The nearest e4m3 value (4 bits of exponent, 3 of fraction, no infinities), saturating at 448, ties to even.
pub fn round_e4m3(value: f32) -> f32 {
    let size = value.abs();
    if size.is_nan() {
        return value;
    }
    if size >= E4M3_MAX {
        return E4M3_MAX.copysign(value);
    }
    // Below 2^-6 the spacing is that of 2^-6: 2^-9.
    let exponent = ((size.to_bits() >> 23) as i32 - 127).max(-6);
    let spacing = f32::from_bits(((exponent - 3 + 127) as u32) << 23);
    ((size / spacing).round_ties_even() * spacing).copysign(value)
}

/// Values of a row in e4m3 with one scale, the largest at 448.
pub fn fp8_row(row: &mut [f32]) {
    let scale = largest(row) / E4M3_MAX;
    if scale > 0.0 {
        row.iter_mut()
            .for_each(|value| *value = round_e4m3(*value / scale) * scale);
    }
}

/// Values of a row as signed bytes with one scale, the largest at 127.
pub fn int8_row(row: &mut [f32]) {
    symmetric(row, 127.0);
}

/// Values in groups as unsigned 4-bit steps between the group's extremes (round to nearest, asymmetric).
pub fn int4_groups(row: &mut [f32], group: usize) {
    for group in row.chunks_mut(group) {
        let low = group.iter().copied().fold(0.0f32, f32::min);
        let high = group.iter().copied().fold(0.0f32, f32::max);
        let step = (high - low) / 15.0;
        if step > 0.0 {
            let zero = (-low / step).round_ties_even();
            for value in group {
                let code = ((*value / step).round_ties_even() + zero).clamp(0.0, 15.0);
                *value = (code - zero) * step;
            }
        }
    }
}

/// Quantiles of the normal law that NF4 codes stand for (Dettmers and others, arXiv 2305.14314, appendix E).
const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_04,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// Values of fp4 e2m1.
const E2M1: [f32; 15] = [
    -6.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0,
];

/// Values in groups of 64 as NF4 codes, scaled by the group's largest.
pub fn nf4_groups(row: &mut [f32]) {
    codes(row, 64, &NF4, 1.0);
}

/// Values in groups of 16 as e2m1 codes, scaled by the group's largest.
pub fn fp4_groups(row: &mut [f32]) {
    codes(row, 16, &E2M1, 6.0);
}

fn codes(row: &mut [f32], group: usize, table: &[f32], most: f32) {
    for group in row.chunks_mut(group) {
        let scale = largest(group) / most;
        if scale > 0.0 {
            for value in group {
                let wanted = *value / scale;
                let at = table.partition_point(|code| *code < wanted).min(table.len() - 1);
                let below = table[at.saturating_sub(1)];
                let nearest = if wanted - below < table[at] - wanted {
                    below
                } else {
                    table[at]
                };
                *value = nearest * scale;
            }
        }
    }
}

fn symmetric(row: &mut [f32], most: f32) {
    let scale = largest(row) / most;
    if scale > 0.0 {
        row.iter_mut()
            .for_each(|value| *value = (*value / scale).round_ties_even() * scale);
    }
}

fn largest(row: &[f32]) -> f32 {
    row.iter().fold(0.0f32, |most, value| most.max(value.abs()))
}

/// How stored keys and values are narrowed; a row is one head of one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheFormat {
    /// Signed bytes, a scale a row.
    Int8,
    /// e4m3 without a scale.
    Fp8,
    /// Signed 4-bit steps, a scale a row.
    Int4,
}

impl CacheFormat {
    /// Narrows one row.
    pub fn narrow(self, row: &mut [f32]) {
        match self {
            Self::Int8 => int8_row(row),
            Self::Fp8 => row.iter_mut().for_each(|value| *value = round_e4m3(*value)),
            Self::Int4 => symmetric(row, 7.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every finite e4m3 value of one sign, by the definition of the format.
    fn e4m3_values() -> Vec<f32> {
        let mut values = Vec::new();
        for code in 0u32..127 {
            let (exponent, fraction) = (code >> 3, (code & 7) as f32);
            let value = if exponent == 0 {
                fraction / 8.0 / 64.0
            } else {
                (1.0 + fraction / 8.0) * libm::exp2f(exponent as f32 - 7.0)
            };
            values.push(value);
        }
        values
    }

    #[test]
    fn e4m3_holds_its_own_values_and_rounds_to_the_nearest() {
        let values = e4m3_values();
        assert_eq!(*values.last().expect("some"), E4M3_MAX);
        for pair in values.windows(2) {
            assert_eq!(round_e4m3(pair[0]), pair[0]);
            assert_eq!(round_e4m3(-pair[1]), -pair[1]);
            for share in [0.1f32, 0.4, 0.6, 0.9] {
                let between = pair[0] + share * (pair[1] - pair[0]);
                let nearest = if share < 0.5 { pair[0] } else { pair[1] };
                assert_eq!(round_e4m3(between), nearest, "{between}");
            }
        }
        assert_eq!(round_e4m3(1e9), E4M3_MAX);
    }

    #[test]
    fn narrowing_twice_is_narrowing_once_and_errs_by_half_a_step_at_most() {
        let source: Vec<f32> = (0..256).map(|at| libm::sinf(at as f32 * 1.7) * 0.3).collect();
        let formats: [(fn(&mut [f32]), f32); 5] = [
            (int8_row, 0.3 / 127.0 * 0.51),
            (fp8_row, 0.3 / 16.0),
            (|row| int4_groups(row, 128), 0.6 / 15.0 * 1.01),
            (nf4_groups, 0.3 * 0.16),
            (fp4_groups, 0.3 / 6.0 * 1.01),
        ];
        for (narrow, error) in formats {
            let mut once = source.clone();
            narrow(&mut once);
            let mut twice = once.clone();
            narrow(&mut twice);
            for at in 0..source.len() {
                assert!(
                    (once[at] - source[at]).abs() <= error,
                    "{} {}",
                    once[at],
                    source[at]
                );
                assert!((once[at] - twice[at]).abs() <= 1e-6);
            }
        }
    }
}
