//! Simulated time: whole nanoseconds since the start of a run.
//!
//! **Invariant.** Time is an integer and never wraps: an operation that would leave the range panics,
//! because a clock that runs backwards is a bug of ours and not a state of the network.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// An instant, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// The last instant that can be named (about 584 years).
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant `millis` milliseconds after the start. Panics beyond the range.
    pub const fn from_millis(millis: u64) -> Self {
        Self(SimDuration::from_millis(millis).0)
    }

    /// The instant `seconds` seconds after the start. Panics beyond the range.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(SimDuration::from_seconds(seconds).0)
    }

    /// Nanoseconds since the start.
    #[inline(always)]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, rounded to a double: for reports, never for decisions.
    pub const fn as_seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// `self + duration`, or `None` beyond the range.
    pub const fn checked_add(self, duration: SimDuration) -> Option<Self> {
        match self.0.checked_add(duration.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self + duration`, or [`SimTime::MAX`] beyond the range: for "never".
    #[inline(always)]
    pub const fn saturating_add(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// The time from `earlier` to `self`. Panics if `earlier` is later.
    #[inline]
    pub fn since(self, earlier: Self) -> SimDuration {
        SimDuration(
            self.0
                .checked_sub(earlier.0)
                .expect("an instant lies before the one it is measured from"),
        )
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is later.
    #[inline(always)]
    pub const fn saturating_since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration that can be named (about 584 years).
    pub const MAX: Self = Self(u64::MAX);

    /// A duration of `nanos` nanoseconds.
    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A duration of `millis` milliseconds. Panics beyond the range.
    pub const fn from_millis(millis: u64) -> Self {
        Self(
            millis
                .checked_mul(NANOS_PER_MILLI)
                .expect("a duration in milliseconds is beyond the range"),
        )
    }

    /// A duration of `seconds` seconds. Panics beyond the range.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(
            seconds
                .checked_mul(NANOS_PER_SECOND)
                .expect("a duration in seconds is beyond the range"),
        )
    }

    /// The length in nanoseconds.
    #[inline(always)]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The length in seconds, rounded to a double: for reports, never for decisions.
    pub const fn as_seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// `self + other`, or `None` beyond the range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self * times`, or `None` beyond the range.
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, duration: SimDuration) -> Self {
        self.checked_add(duration)
            .expect("simulated time is beyond the range")
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, duration: SimDuration) {
        *self = *self + duration;
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn sub(self, duration: SimDuration) -> Self {
        Self(
            self.0
                .checked_sub(duration.0)
                .expect("simulated time lies before the start of the run"),
        )
    }
}

impl Add for SimDuration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("a duration is beyond the range")
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a duration is negative"))
    }
}

/// Writes whole seconds and, if there are any, the nanoseconds without trailing zeros: `12.5s`.
fn write_seconds(nanos: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (seconds, rest) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    if rest == 0 {
        return write!(f, "{seconds}s");
    }
    let digits = format!("{rest:09}");
    write!(f, "{seconds}.{}s", digits.trim_end_matches('0'))
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_agree_with_each_other() {
        assert_eq!(SimDuration::from_seconds(2), SimDuration::from_millis(2_000));
        assert_eq!(SimDuration::from_millis(3), SimDuration::from_nanos(3_000_000));
        assert_eq!(
            SimTime::from_seconds(5).since(SimTime::from_millis(4_500)),
            SimDuration::from_millis(500)
        );
        assert_eq!(SimTime::MAX.checked_add(SimDuration::from_nanos(1)), None);
        assert_eq!(
            SimTime::ZERO.saturating_since(SimTime::from_seconds(1)),
            SimDuration::ZERO
        );
    }

    #[test]
    fn seconds_are_written_without_idle_zeros() {
        assert_eq!(SimDuration::from_millis(12_500).to_string(), "12.5s");
        assert_eq!(SimTime::from_seconds(3).to_string(), "3s");
        assert_eq!(SimTime::from_nanos(1).to_string(), "0.000000001s");
    }

    #[test]
    #[should_panic(expected = "beyond the range")]
    fn a_clock_that_overflows_stops_the_run() {
        let _ = SimTime::MAX + SimDuration::from_nanos(1);
    }
}
