//! From exponential gaps to arrivals: the time change that makes a unit Poisson stream the scenario's.
//!
//! **Invariant.** Arrivals never decrease, and request `i` arrives where the sum of the gaps up to `i` says,
//! whatever the chunk it was drawn in.

use std::sync::Arc;

use stakeout_kernel::sample::neg_ln;
use stakeout_kernel::streams::StreamKey;

use crate::scenario::{Arrivals, TraceRequest};

const SECOND: f64 = 1e9;
/// Adding 2^52 to a double below 2^51 leaves its nearest whole number in the low bits.
const MAGIC: f64 = 4_503_599_627_370_496.0;
/// Mean gaps up to this keep the longest draw, 44.4 means, below 2^51.
const RARE_ABOVE: f64 = 5e13;

/// The clock of arrivals: where the last request was placed.
pub struct ArrivalClock {
    law: Law,
    now_ns: u64,
}

enum Law {
    Poisson {
        gap_ns: f64,
    },
    /// Poisson with gaps so long that the fast rounding could not hold the longest.
    Rare {
        gap_ns: f64,
    },
    Diurnal(Diurnal),
    Bursty(Box<Bursty>),
    Trace(Arc<Vec<TraceRequest>>),
}

impl ArrivalClock {
    /// A clock at the start of the run; `key` is the stream of burst states.
    pub fn new(arrivals: &Arrivals, key: StreamKey) -> Self {
        let law = match arrivals {
            Arrivals::Poisson { per_second } if SECOND / per_second > RARE_ABOVE => Law::Rare {
                gap_ns: SECOND / per_second,
            },
            Arrivals::Poisson { per_second } => Law::Poisson {
                gap_ns: SECOND / per_second,
            },
            Arrivals::Diurnal {
                per_second,
                amplitude,
                peak,
                period,
            } => Law::Diurnal(Diurnal {
                per_ns: per_second / SECOND,
                amplitude: *amplitude,
                peak_ns: peak.nanos() as f64,
                period_ns: period.nanos() as f64,
                mass: 0.0,
            }),
            Arrivals::Bursty {
                calm_per_second,
                burst_per_second,
                calm_mean,
                burst_mean,
            } => {
                let mut bursty = Bursty {
                    key,
                    state: 0,
                    per_ns: [calm_per_second / SECOND, burst_per_second / SECOND],
                    mean_ns: [calm_mean.nanos() as f64, burst_mean.nanos() as f64],
                    now_ns: 0.0,
                    until_ns: 0.0,
                };
                bursty.until_ns = bursty.length();
                Law::Bursty(Box::new(bursty))
            }
            Arrivals::Trace(requests) => Law::Trace(Arc::clone(requests)),
        };
        Self { law, now_ns: 0 }
    }

    /// Places the requests `first ..` at the ends of their gaps.
    pub fn place(&mut self, first: u64, gaps: &[f64], arrivals_ns: &mut [u64]) {
        match &mut self.law {
            Law::Poisson { gap_ns } => {
                for (arrival, gap) in arrivals_ns.iter_mut().zip(gaps) {
                    self.now_ns += nearest_ns(gap * *gap_ns);
                    *arrival = self.now_ns;
                }
            }
            Law::Rare { gap_ns } => {
                for (arrival, gap) in arrivals_ns.iter_mut().zip(gaps) {
                    self.now_ns = self.now_ns.saturating_add((gap * *gap_ns) as u64);
                    *arrival = self.now_ns;
                }
            }
            Law::Diurnal(law) => {
                for (arrival, gap) in arrivals_ns.iter_mut().zip(gaps) {
                    self.now_ns = self.now_ns.max(law.advance(*gap, self.now_ns as f64) as u64);
                    *arrival = self.now_ns;
                }
            }
            Law::Bursty(law) => {
                for (arrival, gap) in arrivals_ns.iter_mut().zip(gaps) {
                    self.now_ns = self.now_ns.max(law.advance(*gap) as u64);
                    *arrival = self.now_ns;
                }
            }
            Law::Trace(requests) => {
                let rows = &requests[first as usize..];
                for (arrival, row) in arrivals_ns.iter_mut().zip(rows) {
                    *arrival = row.arrival_ns;
                }
            }
        }
    }
}

/// The nearest whole number of nanoseconds, without a conversion that must look at the range.
#[inline(always)]
fn nearest_ns(gap_ns: f64) -> u64 {
    (gap_ns + MAGIC).to_bits() - MAGIC.to_bits()
}

/// A rate that follows a daily cosine; the time change is inverted by Newton's method.
struct Diurnal {
    per_ns: f64,
    amplitude: f64,
    peak_ns: f64,
    period_ns: f64,
    mass: f64,
}

impl Diurnal {
    fn advance(&mut self, gap: f64, now_ns: f64) -> f64 {
        self.mass += gap;
        let target = self.mass / self.per_ns;
        // The mean rate bounds how far ahead the root can lie: bisection keeps Newton's steps inside.
        let swing = self.amplitude * self.period_ns / std::f64::consts::TAU;
        let (mut low, mut high) = (now_ns.min(target), target + 2.0 * swing + 1.0);
        low = low.max(target - 2.0 * swing - 1.0);
        let mut t = low.max(now_ns).min(high);
        for _ in 0..60 {
            let error = self.integral(t) - target;
            if error > 0.0 {
                high = t;
            } else {
                low = t;
            }
            let rate = 1.0 + self.amplitude * libm::cos(self.angle(t));
            let newton = t - error / rate;
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - t).abs() < 0.5 {
                return next;
            }
            t = next;
        }
        t
    }

    fn angle(&self, t: f64) -> f64 {
        std::f64::consts::TAU * (t - self.peak_ns) / self.period_ns
    }

    fn integral(&self, t: f64) -> f64 {
        let scale = self.amplitude * self.period_ns / std::f64::consts::TAU;
        t + scale * (libm::sin(self.angle(t)) - libm::sin(self.angle(0.0)))
    }
}

/// Two rates that take turns, each for an exponential time; stretch `k` is drawn by its number.
struct Bursty {
    key: StreamKey,
    state: u64,
    per_ns: [f64; 2],
    mean_ns: [f64; 2],
    now_ns: f64,
    until_ns: f64,
}

impl Bursty {
    fn advance(&mut self, gap: f64) -> f64 {
        let mut mass = gap;
        loop {
            let rate = self.per_ns[(self.state & 1) as usize];
            let left = rate * (self.until_ns - self.now_ns);
            if mass <= left && rate > 0.0 {
                self.now_ns += mass / rate;
                return self.now_ns;
            }
            mass -= left;
            self.now_ns = self.until_ns;
            self.state += 1;
            self.until_ns += self.length();
        }
    }

    fn length(&self) -> f64 {
        neg_ln(self.key.draw(self.state, 0)) * self.mean_ns[(self.state & 1) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakeout_kernel::time::SimDuration;

    fn clock(arrivals: &Arrivals) -> ArrivalClock {
        ArrivalClock::new(arrivals, StreamKey::from_raw(9))
    }

    #[test]
    fn unit_gaps_arrive_at_the_rate() {
        let mut arrivals = [0; 3];
        clock(&Arrivals::Poisson { per_second: 4.0 }).place(0, &[1.0, 2.0, 0.5], &mut arrivals);
        assert_eq!(arrivals, [250_000_000, 750_000_000, 875_000_000]);
    }

    /// Over whole days the cosine integrates to nothing, and half a day around the peak holds
    /// `rate (T/2 + A T/pi)` arrivals.
    #[test]
    fn a_day_brings_its_mean_and_its_peak_more() {
        let day = 86_400.0;
        let law = Arrivals::Diurnal {
            per_second: 1.0,
            amplitude: 0.8,
            peak: SimDuration::from_seconds(43_200),
            period: SimDuration::from_seconds(86_400),
        };
        let mut arrivals = vec![0; 2 * 86_400];
        clock(&law).place(0, &vec![1.0; 2 * 86_400], &mut arrivals);
        let last = *arrivals.last().unwrap() as f64 / SECOND;
        assert!((last - 2.0 * day).abs() < 1.0, "{last}");
        let peak = arrivals
            .iter()
            .filter(|&&t| (21_600e9..64_800e9).contains(&(t as f64)))
            .count() as f64;
        assert!(
            (peak - (day / 2.0 + 0.8 * day / std::f64::consts::PI)).abs() < 2.0,
            "{peak}"
        );
    }

    /// 20,000 cycles of mean 4 s: the mean cycle has sd sqrt(10)/sqrt(20,000) s = 0.022 s, so the count
    /// per second has relative sd of about 0.7 %; the bound is 5 % (7 sd, fixed seed).
    #[test]
    fn bursts_bring_the_mean_of_both_rates() {
        let law = Arrivals::Bursty {
            calm_per_second: 1.0,
            burst_per_second: 13.0,
            calm_mean: SimDuration::from_seconds(3),
            burst_mean: SimDuration::from_seconds(1),
        };
        let mut arrivals = vec![0; 320_000];
        clock(&law).place(0, &vec![1.0; 320_000], &mut arrivals);
        let last = *arrivals.last().unwrap() as f64 / SECOND;
        assert!((last / 80_000.0 - 1.0).abs() < 0.05, "{last}");
    }
}
