//! How reputation grows, falls and comes back: each path against its closed form.

use stakeout_protocol::reputation::{
    OnAbsence, OnConviction, PenaltyForm, ReputationParams, ReputationRecord,
};
use stakeout_protocol::units::{Decimal, Fraction};

use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};

/// Reputation epoch by epoch against a formula of the epoch, over 120 epochs; the figure is the number of
/// epochs in which they differ, which must be 0.
///
/// ```text
/// growth        min(100, floor(100 n/E))
/// misses, sum   floor(100 (n - penalty k m)/E)            after k epochs with missed share m
/// misses, note  floor(100 (n - m (g^(k+1) - g)/(g-1))/E)  g the penalty: P(k) = (P(k-1) + m) g
/// kept          floor(100 A/E) at any absence
/// deleted       the same for fewer than D absent epochs, then 0
/// half-life     floor(100 A/E 2^(-k/h))
/// conviction    kept: as if nothing was; reset: growth from the epoch after
/// recovery      after k absent epochs under a half-life: floor(100 (A 2^(-k/h) + n)/E)
/// ```
pub(super) struct ReputationPaths;

const EPOCHS: u32 = 120;
const SERVED: u64 = 1_000;
const MISSED: u64 = 20;

struct Setting {
    full: u32,
    half_life: u32,
    delete_after: u32,
    penalty: u32,
}

impl Setting {
    fn new(parameters: &Parameters) -> Self {
        Self {
            full: parameters.count("epochs_to_max"),
            half_life: parameters.count("half_life"),
            delete_after: parameters.count("delete_after"),
            penalty: parameters.count("miss_penalty"),
        }
    }

    fn rules(&self) -> ReputationParams {
        ReputationParams {
            epochs_to_max: self.full,
            miss_cutoff: Fraction::from_percent(1),
            miss_penalty: Decimal::from_integer(i64::from(self.penalty)),
            penalty_form: PenaltyForm::Sum,
            on_conviction: OnConviction::Keep,
            on_absence: OnAbsence::Keep,
        }
    }

    /// Whole points of a standing: a billionth of a point above it, so that what is exactly a whole
    /// point by the formula is not lost to the last bit of a double.
    fn points(&self, standing: f64) -> u8 {
        let full = f64::from(self.full);
        (100.0 * standing.clamp(0.0, full) / full + 1e-9) as u8
    }

    fn half(&self, absent: u32) -> f64 {
        libm::exp2(-f64::from(absent) / f64::from(self.half_life))
    }
}

/// Counts the epochs in which the record after `step` shows other points than the formula.
fn count_differences(
    rules: &ReputationParams,
    mut record: ReputationRecord,
    step: impl Fn(&mut ReputationRecord, u32),
    formula: impl Fn(u32) -> u8,
) -> f64 {
    let mut differences = 0_u32;
    for epoch in 1..=EPOCHS {
        step(&mut record, epoch);
        differences += u32::from(record.reputation(rules).get() != formula(epoch));
    }
    f64::from(differences)
}

fn growth(s: &Setting) -> f64 {
    let rules = s.rules();
    let step = |record: &mut ReputationRecord, _| record.record_epoch(&rules, SERVED, 0);
    count_differences(&rules, ReputationRecord::new(), step, |n| s.points(f64::from(n)))
}

/// Misses in every third epoch.
fn misses(s: &Setting, form: PenaltyForm) -> f64 {
    let rules = ReputationParams {
        penalty_form: form,
        ..s.rules()
    };
    let missed = |epoch: u32| if epoch.is_multiple_of(3) { MISSED } else { 0 };
    let step = |record: &mut ReputationRecord, epoch| record.record_epoch(&rules, SERVED, missed(epoch));
    let (m, g) = (MISSED as f64 / SERVED as f64, f64::from(s.penalty));
    let formula = |n: u32| {
        let k = f64::from(n / 3);
        let penalty = match form {
            PenaltyForm::Sum => g * k * m,
            PenaltyForm::Nested if g == 1.0 => k * m,
            PenaltyForm::Nested => m * (libm::pow(g, k + 1.0) - g) / (g - 1.0),
        };
        s.points((f64::from(n) - penalty).max(0.0))
    };
    count_differences(&rules, ReputationRecord::new(), step, formula)
}

fn absence(s: &Setting, on_absence: OnAbsence, left: impl Fn(u32) -> f64) -> f64 {
    let rules = ReputationParams {
        on_absence,
        ..s.rules()
    };
    let standing = s.full.min(29);
    let step = |record: &mut ReputationRecord, _| record.record_absence(&rules);
    let formula = |k: u32| s.points(f64::from(standing) * left(k));
    count_differences(&rules, ReputationRecord::with_epochs(standing), step, formula)
}

/// A conviction in epoch 40.
fn conviction(s: &Setting, on_conviction: OnConviction) -> f64 {
    let rules = ReputationParams {
        on_conviction,
        ..s.rules()
    };
    let step = |record: &mut ReputationRecord, epoch: u32| {
        if epoch == 40 {
            record.record_conviction(&rules);
        }
        record.record_epoch(&rules, SERVED, 0);
    };
    let formula = |n: u32| match on_conviction {
        OnConviction::Reset if n >= 40 => s.points(f64::from(n - 40)),
        _ => s.points(f64::from(n)),
    };
    count_differences(&rules, ReputationRecord::new(), step, formula)
}

/// Absent for as long as the half-life and two epochs more, then back.
fn recovery(s: &Setting) -> f64 {
    let on_absence = OnAbsence::HalfLife { epochs: s.half_life };
    let rules = ReputationParams {
        on_absence,
        ..s.rules()
    };
    let (standing, absent) = (s.full, s.half_life + 2);
    let mut record = ReputationRecord::with_epochs(standing);
    (0..absent).for_each(|_| record.record_absence(&rules));
    let step = |record: &mut ReputationRecord, _| record.record_epoch(&rules, SERVED, 0);
    let formula = |n: u32| s.points(f64::from(standing) * s.half(absent) + f64::from(n));
    count_differences(&rules, record, step, formula)
}

impl Oracle for ReputationPaths {
    fn id(&self) -> &'static str {
        "reputation-paths"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[22]
    }

    fn title(&self) -> &'static str {
        "Epochs in which reputation differs from its closed form"
    }

    fn source(&self) -> &'static str {
        "gonka-ai/gonka x/inference/calculations/reputation.go, reputation.md"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::count("epochs_to_max", 30),
            Parameter::count("half_life", 7),
            Parameter::count("delete_after", 30),
            Parameter::count("miss_penalty", 2),
        ]
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn expected(&self, _: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let names = [
            "growth",
            "misses, summed",
            "misses, nested",
            "absence, kept",
            "absence, deleted",
            "absence, half-life",
            "conviction, kept",
            "conviction, reset",
            "recovery after decay",
        ];
        Ok(names
            .iter()
            .map(|name| Figure::new(format!("differences: {name}"), 0.0))
            .collect())
    }

    fn observe(&self, parameters: &Parameters, _: Observation) -> Result<Vec<f64>, OracleError> {
        let s = &Setting::new(parameters);
        let deleted = |k: u32| if k < s.delete_after { 1.0 } else { 0.0 };
        Ok(vec![
            growth(s),
            misses(s, PenaltyForm::Sum),
            misses(s, PenaltyForm::Nested),
            absence(s, OnAbsence::Keep, |_| 1.0),
            absence(
                s,
                OnAbsence::DeleteAfter {
                    epochs: s.delete_after,
                },
                deleted,
            ),
            absence(s, OnAbsence::HalfLife { epochs: s.half_life }, |k| s.half(k)),
            conviction(s, OnConviction::Keep),
            conviction(s, OnConviction::Reset),
            recovery(s),
        ])
    }
}
