//! Intervals cover what they claim to.

use stakeout_kernel::streams::StreamKey;

use crate::random::Uniforms;
use crate::{Moments, clopper_pearson, mean_interval, normal_quantile, wilson};

const REPEATS: u64 = 10_000;

fn covered(mut is_covered: impl FnMut(&mut Uniforms) -> bool, key: u64) -> f64 {
    let hits = (0..REPEATS)
        .filter(|&repeat| is_covered(&mut Uniforms::new(StreamKey::from_raw(key), repeat)))
        .count();
    hits as f64 / REPEATS as f64
}

/// 10,000 samples of eight normal values; a true coverage of 95 % leaves 95 ± 1.1 % with probability below 1e-6.
#[test]
fn students_interval_covers_a_normal_mean() {
    let share = covered(
        |uniforms| {
            let mut moments = Moments::new();
            (0..8).for_each(|_| moments.push(3.0 + 2.0 * normal_quantile(uniforms.unit())));
            mean_interval(&moments, 0.95).is_some_and(|interval| interval.contains(3.0))
        },
        31,
    );
    assert!((share - 0.95).abs() < 0.01, "{share}");
}

/// Against the coverage that the binomial law gives for n = 100 and p = 0.2; 0.013 is more than five standard errors of
/// 10,000 repeats. Clopper and Pearson never fall below the nominal 95 %.
#[test]
fn intervals_of_a_probability_cover_as_the_binomial_law_says() {
    let law = |hits: u64| {
        let ways = libm::lgamma(101.0) - libm::lgamma(hits as f64 + 1.0) - libm::lgamma(101.0 - hits as f64);
        libm::exp(ways + hits as f64 * libm::log(0.2) + (100 - hits) as f64 * libm::log(0.8))
    };
    let methods: [(fn(u64, u64, f64) -> crate::Interval, f64, u64); 2] =
        [(wilson, 0.93, 32), (clopper_pearson, 0.95, 33)];
    for (interval, least, key) in methods {
        let is_covering: Vec<bool> = (0..=100)
            .map(|hits| interval(hits, 100, 0.95).contains(0.2))
            .collect();
        let exact: f64 = (0..=100)
            .filter(|&hits| is_covering[hits as usize])
            .map(law)
            .sum();
        let share = covered(
            |uniforms| is_covering[(0..100).filter(|_| uniforms.happens(0.2)).count()],
            key,
        );
        assert!(exact >= least, "{exact}");
        assert!((share - exact).abs() < 0.013, "{share} {exact}");
    }
}

/// Two arms that share their draws: the variance of their difference falls, here by the factor that the correlation
/// gives. Queues of one server at loads 0.8 and 0.82 with the same arrivals and the same service times in units of the
/// mean (Lindley's recurrence), 400 pairs of 2,000 customers: the ratio has a standard error of a tenth of itself.
#[test]
fn common_random_numbers_narrow_the_difference_of_two_queues() {
    let mean_wait = |load: f64, uniforms: &mut Uniforms| {
        let (mut wait, mut sum) = (0.0_f64, 0.0);
        for _ in 0..2_000 {
            let service = -load * libm::log(uniforms.unit());
            let gap = -libm::log(uniforms.unit());
            wait = (wait + service - gap).max(0.0);
            sum += wait;
        }
        sum / 2_000.0
    };
    let (mut paired, mut independent) = (Moments::new(), Moments::new());
    for repeat in 0..400 {
        let stream = |counter| Uniforms::new(StreamKey::from_raw(34), counter);
        let low = mean_wait(0.8, &mut stream(repeat));
        paired.push(mean_wait(0.82, &mut stream(repeat)) - low);
        independent.push(mean_wait(0.82, &mut stream(1_000_000 + repeat)) - low);
    }
    let factor = independent.variance().unwrap() / paired.variance().unwrap();
    assert!(factor > 10.0, "variance falls by {factor}");
}
