//! Whether a participant may go on: ramping, active, invalid or inactive.
//!
//! The questions are asked in a fixed order, and the first that is answered decides:
//!
//! 1. already invalid or inactive: unchanged until the epoch ends;
//! 2. too many failed checks in a row;
//! 3. too many failed checks altogether (the launch z-test, or the SPRT);
//! 4. too many missed requests (SPRT);
//! 5. too little measured in a confirmation of the proof of compute.
//!
//! Invariant: deciding reads counters and compares integers. All logarithms are taken once, in
//! [`StatusRule::new`]. Reference: gonka-ai/gonka x/inference/calculations/status.go, and its
//! status.md for the launch rule. Page: docs/spec/status.md.

mod e_process;
mod sequential;
mod z_test;

pub use e_process::EProcess;
pub use z_test::{compute_convicting_streak, compute_measurements_needed, is_above_deviations};

use sequential::Sequential;
use z_test::is_above_deviations_of;

use crate::sprt::{Sprt, SprtParams};
use crate::units::{Decimal, Fraction};

/// The standing of a participant within an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Too new for a statistical judgement (launch rule only). Works and earns like an active one.
    Ramping,
    /// In good standing.
    #[default]
    Active,
    /// Convicted of wrong answers.
    Invalid,
    /// Out for downtime or for a failed confirmation.
    Inactive,
}

impl Status {
    /// Every status, by code.
    pub const ALL: [Self; 4] = [Self::Ramping, Self::Active, Self::Invalid, Self::Inactive];
}

/// Why a status is what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusReason {
    /// Nothing speaks against the participant.
    #[default]
    None,
    /// Too few answers to judge.
    RampingUp,
    /// Failed checks in a row.
    ConsecutiveFailures,
    /// Failed checks altogether.
    StatisticalInvalidations,
    /// Missed requests.
    Downtime,
    /// A confirmation measured too little.
    FailedConfirmation,
    /// Decided before, in this epoch.
    AlreadySet,
    /// Parameters for which a test has no logarithms; the network then lets everybody pass.
    AlgorithmError,
}

impl StatusReason {
    /// Every reason, by code.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::RampingUp,
        Self::ConsecutiveFailures,
        Self::StatisticalInvalidations,
        Self::Downtime,
        Self::FailedConfirmation,
        Self::AlreadySet,
        Self::AlgorithmError,
    ];
}

/// How failed checks altogether are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidTest {
    /// Not at all.
    None,
    /// The launch rule: so many standard deviations above the expected rate, after a ramp-up.
    ZTest {
        /// The expected rate of failed checks of an honest participant.
        false_positive_rate: Fraction,
        /// The ramp-up never asks for more answers than this.
        measurements_cap: u32,
        /// Flagged strictly above so many standard deviations; the launch rule has one.
        deviations_max: u32,
    },
    /// The sequential test.
    Sprt {
        /// The failure rate of a good participant.
        p0: Fraction,
        /// The failure rate of a bad participant.
        p1: Fraction,
        /// The threshold.
        h: Decimal,
    },
    /// Page's cumulative sum: the sequential test with a floor of zero, carried from epoch to epoch, so that
    /// passes bank no credit and the end of an epoch forgives nothing.
    Cusum {
        /// The failure rate of a good participant.
        p0: Fraction,
        /// The failure rate of a bad participant.
        p1: Fraction,
        /// The threshold.
        h: Decimal,
    },
    /// A mixture of likelihood ratios against several bad rates: by Ville's inequality an honest participant
    /// is convicted in an epoch with at most the chance `level`, however often it is looked at.
    EProcess {
        /// The failure rate of a good participant.
        p0: Fraction,
        /// The chance of a false conviction in an epoch.
        level: Fraction,
    },
    /// The first confirmed failure convicts.
    OneStrike,
}

/// What becomes of the run of failures of a participant that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreakOnReturn {
    /// It goes on counting: one more failure may convict again (until v0.2.12).
    Keep,
    /// It starts anew (since v0.2.13).
    Reset,
}

/// Parameters of the family; defaults and their sources are on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusParams {
    /// The chance that one check of a right answer fails, as the quick test assumes it.
    pub false_positive_rate: Fraction,
    /// The quick test convicts when a run of failures is less likely than this; zero turns it off.
    pub quick_failure_threshold: Fraction,
    /// The test of failed checks.
    pub invalid_test: InvalidTest,
    /// The test of missed requests; `None` turns it off.
    pub downtime: Option<SprtParams>,
    /// Both sequential sums never fall below this; the network has no floor.
    pub llr_floor: Option<Decimal>,
    /// A confirmed share below this makes inactive; `None` turns it off.
    pub poc_ratio_min: Option<Fraction>,
    /// What becomes of a run of failures at re-activation.
    pub streak_on_return: StreakOnReturn,
}

/// What a participant's conduct is judged by: counts of this epoch, and a run that outlives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounters {
    /// Checks passed in this epoch.
    pub validated: u32,
    /// Checks failed in this epoch.
    pub invalidated: u32,
    /// Checks failed in a row, across epochs.
    pub consecutive_invalid: u32,
    /// The sum of the test of failed checks, in 10^-12.
    pub llr_invalid: i64,
    /// Requests served in this epoch.
    pub served: u32,
    /// Requests missed in this epoch.
    pub missed: u32,
    /// The sum of the test of missed requests, in 10^-12.
    pub llr_missed: i64,
    /// Epochs completed before this one, since joining or the last conviction.
    pub epochs_completed: u32,
}

/// The launch z-test, ready to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ZTest {
    rate: (u64, u64),
    measurements_needed: u32,
    deviations_max: u32,
}

/// The parameters, worked out for the hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRule {
    streak_max: Option<u32>,
    z_test: Option<ZTest>,
    invalid: Sequential,
    /// The sum of failed checks outlives the epoch.
    is_carried: bool,
    e_process: Option<EProcess>,
    is_one_strike: bool,
    downtime: Sequential,
    poc_ratio_min: Option<Fraction>,
    streak_on_return: StreakOnReturn,
}

impl StatusRule {
    /// Takes all logarithms once.
    #[must_use]
    pub fn new(params: &StatusParams) -> Self {
        let z_test = match params.invalid_test {
            InvalidTest::ZTest {
                false_positive_rate,
                measurements_cap,
                deviations_max,
            } => Some(ZTest {
                rate: false_positive_rate.lowest_terms(),
                measurements_needed: compute_measurements_needed(false_positive_rate, measurements_cap),
                deviations_max,
            }),
            _ => None,
        };
        let is_carried = matches!(params.invalid_test, InvalidTest::Cusum { .. });
        let (sequential, floor) = match params.invalid_test {
            InvalidTest::Sprt { p0, p1, h } => (Some(SprtParams { p0, p1, h }), params.llr_floor),
            InvalidTest::Cusum { p0, p1, h } => (Some(SprtParams { p0, p1, h }), Some(Decimal::ZERO)),
            _ => (None, None),
        };
        let e_process = match params.invalid_test {
            InvalidTest::EProcess { p0, level } => Some(EProcess::new(p0, level)),
            _ => None,
        };
        Self {
            streak_max: compute_convicting_streak(params.false_positive_rate, params.quick_failure_threshold),
            z_test,
            invalid: Sequential::new(sequential.as_ref(), floor),
            is_carried,
            e_process,
            is_one_strike: params.invalid_test == InvalidTest::OneStrike,
            downtime: Sequential::new(params.downtime.as_ref(), params.llr_floor),
            poc_ratio_min: params.poc_ratio_min,
            streak_on_return: params.streak_on_return,
        }
    }

    /// The run of failed checks that convicts at once; `None` when the quick test is off.
    #[must_use]
    pub const fn convicting_streak(&self) -> Option<u32> {
        self.streak_max
    }

    /// The sequential test of failed checks, where there is one.
    #[must_use]
    pub const fn invalid_sprt(&self) -> Option<&Sprt> {
        if let Sequential::Ready(test) = &self.invalid {
            Some(test)
        } else {
            None
        }
    }

    /// The sequential test of missed requests, where there is one.
    #[must_use]
    pub const fn downtime_sprt(&self) -> Option<&Sprt> {
        if let Sequential::Ready(test) = &self.downtime {
            Some(test)
        } else {
            None
        }
    }

    /// A check of an answer passed.
    pub const fn record_pass(&self, counters: &mut StatusCounters) {
        counters.validated = counters.validated.saturating_add(1);
        counters.consecutive_invalid = 0;
        counters.llr_invalid = self.invalid.after_pass(counters.llr_invalid);
    }

    /// A check of an answer failed, and the dispute confirmed it.
    pub const fn record_failure(&self, counters: &mut StatusCounters) {
        counters.invalidated = counters.invalidated.saturating_add(1);
        counters.consecutive_invalid = counters.consecutive_invalid.saturating_add(1);
        counters.llr_invalid = self.invalid.after_failure(counters.llr_invalid);
    }

    /// A check of an answer that had been counted as passed failed, and the dispute confirmed it (profile C,
    /// where every completed answer counts as passed until it is found wrong).
    pub const fn record_failure_of_counted(&self, counters: &mut StatusCounters) {
        counters.validated = counters.validated.saturating_sub(1);
        if let Sequential::Ready(test) = &self.invalid {
            counters.llr_invalid = counters.llr_invalid.saturating_sub(test.step_pass());
        }
        self.record_failure(counters);
    }

    /// A request was served.
    pub const fn record_served(&self, counters: &mut StatusCounters) {
        self.record_served_times(counters, 1);
    }

    /// As [`record_served`](Self::record_served), `times` times.
    pub const fn record_served_times(&self, counters: &mut StatusCounters, times: u32) {
        counters.served = counters.served.saturating_add(times);
        counters.llr_missed = self.downtime.after_passes(counters.llr_missed, times);
    }

    /// A request was missed.
    pub const fn record_missed(&self, counters: &mut StatusCounters) {
        counters.missed = counters.missed.saturating_add(1);
        counters.llr_missed = self.downtime.after_failure(counters.llr_missed);
    }

    /// The status that these counters ask for; `poc_ratio` is the confirmed share, if one was measured.
    #[must_use]
    pub fn decide(
        &self,
        counters: &StatusCounters,
        current: Status,
        poc_ratio: Option<Fraction>,
    ) -> (Status, StatusReason) {
        if matches!(current, Status::Invalid | Status::Inactive) {
            return (current, StatusReason::AlreadySet);
        }
        if self
            .streak_max
            .is_some_and(|streak| counters.consecutive_invalid >= streak)
        {
            return (Status::Invalid, StatusReason::ConsecutiveFailures);
        }
        if let Some(test) = &self.z_test {
            if counters.served < test.measurements_needed && counters.epochs_completed < 1 {
                return (Status::Ramping, StatusReason::RampingUp);
            }
            if is_above_deviations_of(
                test.rate,
                counters.validated,
                counters.invalidated,
                test.deviations_max,
            ) {
                return (Status::Invalid, StatusReason::StatisticalInvalidations);
            }
        }
        if self.is_one_strike && counters.invalidated > 0 {
            return (Status::Invalid, StatusReason::StatisticalInvalidations);
        }
        if let Some(test) = &self.e_process
            && test.is_condemned(counters.validated, counters.invalidated)
        {
            return (Status::Invalid, StatusReason::StatisticalInvalidations);
        }
        if self.invalid == Sequential::Unusable {
            return (Status::Active, StatusReason::AlgorithmError);
        }
        if self.invalid.is_condemned(counters.llr_invalid) {
            return (Status::Invalid, StatusReason::StatisticalInvalidations);
        }
        if self.downtime == Sequential::Unusable {
            return (Status::Active, StatusReason::AlgorithmError);
        }
        if self.downtime.is_condemned(counters.llr_missed) {
            return (Status::Inactive, StatusReason::Downtime);
        }
        match (poc_ratio, self.poc_ratio_min) {
            (Some(ratio), Some(least)) if ratio < least => {
                (Status::Inactive, StatusReason::FailedConfirmation)
            }
            _ => (Status::Active, StatusReason::None),
        }
    }

    /// The status and counters with which a participant enters the next epoch.
    ///
    /// Counts and sums start at zero, and whoever was out comes back. The caller counts completed
    /// epochs; a conviction sets them to zero here, as in the network.
    #[must_use]
    pub fn compute_reset_for_epoch(
        &self,
        counters: &StatusCounters,
        current: Status,
    ) -> (Status, StatusCounters) {
        let is_returning = matches!(current, Status::Invalid | Status::Inactive);
        let is_streak_dropped = is_returning && self.streak_on_return == StreakOnReturn::Reset;
        let epochs_completed = if current == Status::Invalid {
            0
        } else {
            counters.epochs_completed.saturating_add(1)
        };
        let is_sum_kept = self.is_carried && !is_returning;
        let fresh = StatusCounters {
            llr_invalid: if is_sum_kept { counters.llr_invalid } else { 0 },
            consecutive_invalid: if is_streak_dropped {
                0
            } else {
                counters.consecutive_invalid
            },
            epochs_completed,
            ..StatusCounters::default()
        };
        (if is_returning { Status::Active } else { current }, fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE_B: StatusParams = StatusParams {
        false_positive_rate: Fraction::from_percent(5),
        quick_failure_threshold: Fraction::from_parts(1_000_000_000_000),
        invalid_test: InvalidTest::Sprt {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(10),
            h: Decimal::from_integer(4),
        },
        downtime: Some(SprtParams {
            p0: Fraction::from_percent(10),
            p1: Fraction::from_percent(20),
            h: Decimal::from_integer(4),
        }),
        llr_floor: None,
        poc_ratio_min: Some(Fraction::from_percent(50)),
        streak_on_return: StreakOnReturn::Reset,
    };

    fn launch() -> StatusParams {
        let invalid_test = InvalidTest::ZTest {
            false_positive_rate: Fraction::from_percent(5),
            measurements_cap: 10,
            deviations_max: 1,
        };
        StatusParams {
            invalid_test,
            downtime: None,
            poc_ratio_min: None,
            ..PROFILE_B
        }
    }

    #[test]
    fn a_newcomer_ramps_until_it_has_answered_or_aged() {
        let rule = StatusRule::new(&launch());
        let mut counters = StatusCounters::default();
        rule.record_failure(&mut counters);
        assert_eq!(rule.decide(&counters, Status::Ramping, None).0, Status::Ramping);
        let aged = StatusCounters {
            epochs_completed: 1,
            ..counters
        };
        assert_eq!(rule.decide(&aged, Status::Ramping, None).0, Status::Invalid);
        (0..10).for_each(|_| rule.record_served(&mut counters));
        let decision = rule.decide(&counters, Status::Ramping, None);
        assert_eq!(
            decision,
            (Status::Invalid, StatusReason::StatisticalInvalidations)
        );
    }

    #[test]
    fn the_sums_follow_the_counts() {
        let rule = StatusRule::new(&PROFILE_B);
        let mut counters = StatusCounters::default();
        (0..200).for_each(|_| rule.record_pass(&mut counters));
        (0..7).for_each(|_| rule.record_failure(&mut counters));
        let test = rule.invalid_sprt().unwrap();
        assert_eq!(
            counters.llr_invalid,
            200 * test.step_pass() + 7 * test.step_failure()
        );
        assert_eq!(counters.consecutive_invalid, 7);
        rule.record_pass(&mut counters);
        assert_eq!(counters.consecutive_invalid, 0);
    }

    #[test]
    fn the_first_answered_question_decides() {
        let rule = StatusRule::new(&PROFILE_B);
        let everything = StatusCounters {
            consecutive_invalid: 5,
            llr_invalid: i64::MAX,
            llr_missed: i64::MAX,
            ..StatusCounters::default()
        };
        let low = Some(Fraction::from_percent(10));
        let reason = |counters: StatusCounters| rule.decide(&counters, Status::Active, low).1;
        assert_eq!(reason(everything), StatusReason::ConsecutiveFailures);
        let without_streak = StatusCounters {
            consecutive_invalid: 4,
            ..everything
        };
        assert_eq!(reason(without_streak), StatusReason::StatisticalInvalidations);
        let clean_answers = StatusCounters {
            llr_invalid: 0,
            ..without_streak
        };
        assert_eq!(reason(clean_answers), StatusReason::Downtime);
        assert_eq!(
            reason(StatusCounters::default()),
            StatusReason::FailedConfirmation
        );
        assert_eq!(
            rule.decide(&StatusCounters::default(), Status::Active, None).1,
            StatusReason::None
        );
    }

    #[test]
    fn a_returning_participant_is_judged_anew() {
        let convicted = StatusCounters {
            consecutive_invalid: 6,
            epochs_completed: 9,
            ..Default::default()
        };
        let rule = StatusRule::new(&PROFILE_B);
        let (status, fresh) = rule.compute_reset_for_epoch(&convicted, Status::Invalid);
        assert_eq!((status, fresh), (Status::Active, StatusCounters::default()));
        let keep = StatusParams {
            streak_on_return: StreakOnReturn::Keep,
            ..PROFILE_B
        };
        let (_, kept) = StatusRule::new(&keep).compute_reset_for_epoch(&convicted, Status::Invalid);
        assert_eq!(kept.consecutive_invalid, 6);
        let (_, older) = rule.compute_reset_for_epoch(&convicted, Status::Active);
        assert_eq!((older.consecutive_invalid, older.epochs_completed), (6, 10));
    }

    #[test]
    fn a_test_without_parameters_never_convicts() {
        let off = StatusParams {
            quick_failure_threshold: Fraction::ZERO,
            invalid_test: InvalidTest::None,
            downtime: None,
            ..PROFILE_B
        };
        let rule = StatusRule::new(&off);
        let mut counters = StatusCounters::default();
        for _ in 0..1_000 {
            rule.record_failure(&mut counters);
            rule.record_missed(&mut counters);
        }
        assert_eq!(
            rule.decide(&counters, Status::Active, None),
            (Status::Active, StatusReason::None)
        );
    }

    // A published incident: 25 failed of 263 judged were out under (.05, .10, 4), and would not have
    // been under (.05, .18, 40). Source: gonka-ai/gonka-docs docs/network-updates.md, Aug 2026.
    #[test]
    fn the_incident_of_epoch_366_is_a_conviction_only_under_the_old_parameters() {
        let live = InvalidTest::Sprt {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(18),
            h: Decimal::from_integer(40),
        };
        for (invalid_test, expected) in [(PROFILE_B.invalid_test, Status::Invalid), (live, Status::Active)] {
            let rule = StatusRule::new(&StatusParams {
                invalid_test,
                ..PROFILE_B
            });
            let mut counters = StatusCounters::default();
            (0..238).for_each(|_| rule.record_pass(&mut counters));
            let mut status = Status::Active;
            for _ in 0..25 {
                rule.record_failure(&mut counters);
                counters.consecutive_invalid = 1;
                status = rule.decide(&counters, status, None).0;
            }
            assert_eq!(status, expected);
        }
    }
}
