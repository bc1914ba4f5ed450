//! How many requests a stretch of time is expected to bring.
//!
//! **Invariant.** The expectation over two stretches that touch is that over both together.

use stakeout_kernel::streams::StreamKey;

use crate::scenario::Arrivals;
use crate::world::Burst;

const SECOND_NS: f64 = 1e9;

/// The rate of requests, and what is left of the burst under way.
#[derive(Clone, Debug)]
pub struct Rate {
    law: Arrivals,
    /// Key of the lengths of calm and burst: the event fidelity's, so that both have the same bursts.
    burst_key: StreamKey,
    burst: Burst,
}

impl Rate {
    /// The rate that a scenario asks for. A trace has none and was refused.
    pub fn new(law: &Arrivals, burst_key: StreamKey) -> Self {
        Self {
            law: law.clone(),
            burst_key,
            burst: Burst::new(),
        }
    }

    /// Requests expected from `from` to `to`, ns since the run's start. Stretches must be asked for in order of time.
    pub fn expected(&mut self, from: u64, to: u64) -> f64 {
        let seconds = (to - from) as f64 / SECOND_NS;
        match self.law {
            Arrivals::Poisson { per_second } => per_second * seconds,
            Arrivals::Diurnal {
                per_second,
                amplitude,
                peak,
                period,
            } => {
                // The integral of rate·(1 + amplitude·cos(2π(t − peak)/period)).
                let period = period.nanos() as f64;
                let turn =
                    |time: u64| 2.0 * std::f64::consts::PI * (time as f64 - peak.nanos() as f64) / period;
                let swing = libm::sin(turn(to)) - libm::sin(turn(from));
                let swing = swing * period / (2.0 * std::f64::consts::PI) / SECOND_NS;
                (per_second * (seconds + amplitude * swing)).max(0.0)
            }
            Arrivals::Bursty { .. } => self.expected_with_bursts(from, to),
            Arrivals::Trace(_) => 0.0,
        }
    }

    fn expected_with_bursts(&mut self, from: u64, to: u64) -> f64 {
        let Arrivals::Bursty {
            calm_per_second,
            burst_per_second,
            calm_mean,
            burst_mean,
        } = self.law
        else {
            return 0.0;
        };
        let (mut now, mut expected) = (from, 0.0);
        while now < to {
            self.burst.go_on(now, self.burst_key, [calm_mean, burst_mean]);
            let end = self.burst.until.min(to);
            let rate = if self.burst.is_bursting {
                burst_per_second
            } else {
                calm_per_second
            };
            expected += rate * (end - now) as f64 / SECOND_NS;
            now = end;
        }
        expected
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;
    use crate::scenario::Arrivals;
    use stakeout_kernel::streams::StreamKey;
    use stakeout_kernel::time::SimDuration;

    const HOUR: u64 = 3_600_000_000_000;

    #[test]
    fn a_day_brings_its_mean_and_its_parts_sum_to_it() {
        let diurnal = Arrivals::Diurnal {
            per_second: 2.0,
            amplitude: 0.5,
            peak: SimDuration::from_seconds(10_000),
            period: SimDuration::from_seconds(86_400),
        };
        let key = StreamKey::from_raw(1);
        let whole = Rate::new(&diurnal, key).expected(0, 24 * HOUR);
        assert!((whole - 2.0 * 86_400.0).abs() < 1e-6, "{whole}");
        let mut rate = Rate::new(&diurnal, key);
        let parts: f64 = (0..24)
            .map(|hour| rate.expected(hour * HOUR, (hour + 1) * HOUR))
            .sum();
        assert!((parts - whole).abs() < 1e-6, "{parts}");
    }

    /// 2,000 cycles of calm and burst of 60 s each on average: the mean rate is 3.5 a second, and its standard
    /// deviation over the run about 2.5·sqrt(1/4,000) = 0.04; seven of them each way, a false alarm below 1e-11.
    #[test]
    fn bursts_bring_the_mean_of_both_rates() {
        let bursty = Arrivals::Bursty {
            calm_per_second: 1.0,
            burst_per_second: 6.0,
            calm_mean: SimDuration::from_seconds(60),
            burst_mean: SimDuration::from_seconds(60),
        };
        let mut rate = Rate::new(&bursty, StreamKey::from_raw(5));
        let seconds = 240_000;
        let expected = rate.expected(0, seconds * 1_000_000_000);
        assert!((expected / seconds as f64 - 3.5).abs() < 0.28, "{expected}");
    }
}
