//! Rows, lists and blocks that kernels are tried on.
//!
//! **Invariant.** A function of seed and size.

use stakeout_kernel::sample::{standard_normal, unit_open};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use crate::artifact::TopK;
use crate::forward::round_bf16;
use crate::sampler::Law;

/// What the logits of a row look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Singles of normal law, scale 3.
    Fine,
    /// The same rounded to bfloat16: many equal logits.
    Coarse,
    /// Four values in all, of which two are zeros of either sign: nearly everything is a tie.
    Ties,
    /// One in three is minus infinity.
    Masked,
    /// Rising from the first token to the last: each token enters the list.
    Rising,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fine, Self::Coarse, Self::Ties, Self::Masked, Self::Rising];
}

/// The stream of `seed`.
pub fn key(seed: u64) -> StreamKey {
    StreamKey::derive(RootSeed(seed), 0, Purpose(0x7c0d))
}

/// `rows` rows of `vocabulary` logits.
pub fn logits(shape: Shape, seed: u64, rows: usize, vocabulary: usize) -> Vec<f32> {
    let key = key(seed);
    let normal = |row: u64, token: u64| 3.0 * standard_normal(key.draw(row, token)) as f32;
    let value = |row: u64, token: u64| match shape {
        Shape::Fine => normal(row, token),
        Shape::Coarse => round_bf16(normal(row, token)),
        Shape::Ties => [-0.0, 0.0, 1.0, 2.0][(key.draw(row, token) >> 62) as usize],
        Shape::Masked if token % 3 == 1 => f32::NEG_INFINITY,
        Shape::Masked => normal(row, token),
        Shape::Rising => token as f32 * 1e-3 + (key.draw(row, 0) >> 60) as f32,
    };
    (0..rows as u64)
        .flat_map(|row| (0..vocabulary as u64).map(move |token| (row, token)))
        .map(|(row, token)| value(row, token))
        .collect()
}

/// The upper halves of values, rounded.
pub fn bf16_bits(values: &[f32]) -> Vec<u16> {
    values
        .iter()
        .map(|value| (round_bf16(*value).to_bits() >> 16) as u16)
        .collect()
}

/// A reported and a replayed list: two views of one law that noise of size `noise` apart, of which the first is spoilt in
/// one of eleven ways for numbers below eleven.
pub fn lists(seed: u64, number: u64, noise: f32, entries: usize) -> (TopK, TopK) {
    let key = key(seed);
    let base: Vec<f32> = (0..200)
        .map(|token| 3.0 * standard_normal(key.draw(number, token)) as f32)
        .collect();
    let view = |side: u64| {
        let shifted: Vec<f32> = (0..200u64)
            .zip(&base)
            .map(|(token, logit)| {
                logit + noise * standard_normal(key.draw(number, 1000 * side + token)) as f32
            })
            .collect();
        TopK::of_law(&Law::of_logits(&shifted), entries)
    };
    let (mut reported, mut replayed) = (view(1), view(2));
    match number {
        0 => reported = TopK::default(),
        1 => reported.ids[1] = reported.ids[0],
        2 => reported.log_probs[entries - 1] = f32::NAN,
        3 => reported.log_probs[0] = 0.5,
        4 => reported.log_probs.iter_mut().for_each(|value| *value = -0.1),
        5 => drop(reported.log_probs.pop()),
        6 => reported.log_probs[entries - 1] = f32::NEG_INFINITY,
        7 => reported.ids.iter_mut().for_each(|id| *id += 1000),
        8 => replayed = TopK::default(),
        9 => {
            reported.ids.truncate(entries / 2);
            reported.log_probs.truncate(entries / 2);
        }
        10 => {
            replayed.ids.truncate(2);
            replayed.log_probs.truncate(2);
        }
        _ => {}
    }
    (reported, replayed)
}

/// Bytes of `count` blocks of `size` bytes: every code, and scales of every size, subnormal and infinite ones too.
pub fn block_bytes(seed: u64, count: usize, size: usize) -> Vec<u8> {
    let key = key(seed);
    (0..(count * size) as u64)
        .map(|at| key.draw(at, 1) as u8)
        .collect()
}

/// A uniform number in (0, 1).
pub fn unit(seed: u64, number: u64, which: u64) -> f64 {
    unit_open(key(seed).draw(number, which))
}
