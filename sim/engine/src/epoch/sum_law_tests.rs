//! Sums of lengths beside the law that they should have.

use std::sync::Arc;

use stakeout_kernel::streams::StreamKey;

use super::sum_law::{Lot, SumDraws, SumLaw};
use crate::scenario::LengthLaw;
use crate::world::Lengths;

const KEY: StreamKey = StreamKey::from_raw(29);

fn law(law: &LengthLaw, most: u32) -> SumLaw {
    SumLaw::new(Arc::new(Lengths::new(law)), most).expect("nearly all lengths lie in the body")
}

/// Sums over `count` lengths, as many as there are `rounds`.
fn sums(law: &SumLaw, rounds: u64, count: u32) -> Vec<u64> {
    let lots: Vec<Lot> = (0..rounds)
        .map(|round| Lot {
            first: round << 20,
            count,
        })
        .collect();
    let (mut sums, mut draws) = (Vec::new(), SumDraws::default());
    law.sum_all((KEY, 0), &lots, &mut sums, &mut draws);
    sums
}

/// Panics unless counts fit expected ones by chi-square: cells expected below 8 are pooled and held to 7 standard
/// deviations, the others to `df + 7 sqrt(2 df) + 40`, above the 1 - 1e-7 quantile.
fn assert_follows(counts: &[u64], expected: &[f64], what: &str) {
    let (mut chi_square, mut cells, mut rest) = (0.0, 0.0, (0.0, 0.0));
    for (&seen, &expected) in counts.iter().zip(expected) {
        if expected < 8.0 {
            rest = (rest.0 + seen as f64, rest.1 + expected);
        } else {
            chi_square += (seen as f64 - expected) * (seen as f64 - expected) / expected;
            cells += 1.0;
        }
    }
    let error = 7.0 * (rest.1 + 9.0_f64).sqrt();
    assert!((rest.0 - rest.1).abs() < error, "{what}: tail {rest:?}");
    let most = cells + 7.0 * (2.0_f64 * cells).sqrt() + 40.0;
    assert!(chi_square < most, "{what}: {chi_square} over {cells} cells");
}

/// The chances of single lengths, counted over 2^24 evenly spaced draws.
fn single_chances(law: &Lengths, most: u32) -> Vec<f64> {
    let mut chances = vec![0.0; most as usize + 1];
    for draw in 0..1_u32 << 24 {
        let length = law.sample(draw << 8 | 0x80).min(most);
        chances[length as usize] += 1.0 / f64::from(1 << 24);
    }
    chances
}

fn convolution(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sums[i + j] += x * y;
        }
    }
    sums
}

/// Two million sums of eight, and of eleven (eight and three single ones), against the convolution term by term, which knows
/// nothing of transforms, windows or tables. One law rises with its draw and one falls; both are cut.
#[test]
fn sums_follow_the_convolution_of_the_law_of_one() {
    for (given, most) in [
        (
            LengthLaw::Lognormal {
                median: 30.0,
                p95: 120.0,
            },
            200,
        ),
        (LengthLaw::Exponential { mean: 25.0 }, 150),
    ] {
        let single = single_chances(&Lengths::new(&given), most);
        let two = convolution(&single, &single);
        let four = convolution(&two, &two);
        let eight = convolution(&four, &four);
        let eleven = convolution(&eight, &convolution(&two, &single));
        let law = law(&given, most);
        for (count, exact) in [(1, &single), (8, &eight), (11, &eleven)] {
            let rounds = 2_000_000;
            let mut counts = vec![0; exact.len()];
            for sum in sums(&law, rounds, count) {
                counts[sum as usize] += 1;
            }
            let expected: Vec<f64> = exact.iter().map(|chance| chance * rounds as f64).collect();
            assert_follows(&counts, &expected, &format!("{given:?}, {count} lengths"));
        }
    }
}

/// The laws of prompts and answers that presets have, prompts with lengths above the body and sums outside the window:
/// 400,000 sums of 27 lengths beside as many sums of single draws, by quantile of the latter. 100 cells of 4,000: the same bound,
/// with twice the variance; and the means within six standard errors.
#[test]
fn sums_of_long_tailed_lengths_are_those_of_single_draws() {
    let (rounds, count) = (400_000_u64, 27_u32);
    for (median, p95, most) in [(300.0, 3_000.0, u32::MAX), (220.0, 1_400.0, 5_000)] {
        let given = LengthLaw::Lognormal { median, p95 };
        let single = Lengths::new(&given);
        let one_by_one = |round: u64| -> u64 {
            let length = |at: u32| single.sample(KEY.draw(round, 1 + u64::from(at)) as u32).min(most);
            (0..count).map(|at| u64::from(length(at))).sum()
        };
        let mut exact: Vec<u64> = (0..rounds).map(one_by_one).collect();
        let ours = sums(&law(&given, most), rounds, count);
        exact.sort_unstable();
        let (mut counts, mut single_counts) = ([0_u64; 100], [0_u64; 100]);
        let bounds: Vec<u64> = (1..100).map(|cell| exact[cell * exact.len() / 100]).collect();
        let cell = |sum: u64| bounds.partition_point(|&bound| bound <= sum);
        ours.iter().for_each(|&sum| counts[cell(sum)] += 1);
        exact.iter().for_each(|&sum| single_counts[cell(sum)] += 1);
        let chi_square: f64 = counts
            .iter()
            .zip(single_counts)
            .map(|(&a, b)| (a as f64 - b as f64) * (a as f64 - b as f64) / (a as f64 + b as f64))
            .sum();
        assert!(chi_square < 99.0 + 7.0 * 198.0_f64.sqrt() + 40.0, "{chi_square}");
        let mean = |sums: &[u64]| sums.iter().sum::<u64>() as f64 / rounds as f64;
        let spread = |sums: &[u64], mean: f64| {
            sums.iter()
                .map(|&sum| (sum as f64 - mean) * (sum as f64 - mean))
                .sum::<f64>()
                / rounds as f64
        };
        let (a, b) = (mean(&ours), mean(&exact));
        let error = ((spread(&ours, a) + spread(&exact, b)) / rounds as f64).sqrt();
        assert!((a - b).abs() < 6.0 * error, "means {a} and {b}, error {error}");
    }
}

#[test]
fn a_sum_depends_on_its_own_counter_alone() {
    let law = law(
        &LengthLaw::Lognormal {
            median: 300.0,
            p95: 3_000.0,
        },
        u32::MAX,
    );
    let lots: Vec<Lot> = (0..300_u32)
        .map(|at| Lot {
            first: u64::from(at) << 21,
            count: at * 37 % 290,
        })
        .collect();
    let (mut together, mut alone, mut draws) = (Vec::new(), Vec::new(), SumDraws::default());
    law.sum_all((KEY, 1), &lots, &mut together, &mut draws);
    for (lot, sum) in lots.iter().zip(&together) {
        law.sum_all((KEY, 1), &[*lot], &mut alone, &mut draws);
        assert_eq!(alone, [*sum], "{lot:?}");
    }
    assert_eq!(together[0], 0, "no lengths");
}

#[test]
fn what_needs_no_chance_is_exact() {
    let constant = law(&LengthLaw::Constant(7), u32::MAX);
    assert_eq!(sums(&constant, 2, 1_003), [7_021; 2]);
    let cut = law(&LengthLaw::Uniform(50, 90), 40);
    assert_eq!(sums(&cut, 1, 29), [29 * 40]);
}

#[test]
fn a_law_far_above_its_body_has_no_table() {
    let long = Lengths::new(&LengthLaw::Exponential { mean: 60_000.0 });
    assert!(SumLaw::new(Arc::new(long), u32::MAX).is_none());
}
