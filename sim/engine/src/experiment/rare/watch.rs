//! How far a run has come towards a rare event, read from its event log.
//!
//! **Invariant.** The score is one exactly when the event has happened. What it is before decides how well paths are
//! spent, and nothing about what is estimated.

use stakeout_protocol::status::{InvalidTest, Status, StatusRule};
use stakeout_protocol::units::{Decimal, Fraction};

use super::file::{Goal, RareFile};
use super::{position, unknown};
use crate::experiment::sweep::SweepError;
use crate::observe::event::status_test::{CHECK_COUNTS, FAILED_CHECKS, FAILURES_IN_A_ROW};
use crate::observe::frame::{Event, EventKind};
use crate::scenario::Scenario;

/// A score before the event.
const NEARLY: f64 = 0.999_999;
/// Deviations at which a test of counts is taken to convict where it names none.
const DEVIATIONS: f64 = 4.0;

/// What is watched, and how far it has come.
#[derive(Clone, Debug)]
pub struct Watch {
    goal: Goal,
    host: Option<u32>,
    bars: Bars,
    /// Scores of the three tests now: of the host alone, or of every host.
    tests: Vec<[f64; 3]>,
    is_convicted: bool,
    /// Part of the run that is done.
    done: f64,
    weights: Weights,
    score: f64,
}

/// Where the host's tests convict.
#[derive(Clone, Copy, Debug)]
struct Bars {
    /// The sum of failed checks, in 10^-12.
    sum: f64,
    /// Failures in a row.
    streak: f64,
    /// Expected share of failed checks, and deviations from it.
    counts: (f64, f64),
}

/// Weight in force and the coalition's part of it.
#[derive(Clone, Debug, Default)]
struct Weights {
    is_member: Vec<bool>,
    /// In force, and from the next epoch on.
    now: Vec<u64>,
    next: Vec<u64>,
    /// Share of the weight in force that is enough.
    majority: f64,
    /// Weight of others that may be left when the coalition has it, and what there was at first.
    needed: Option<(f64, f64)>,
}

impl Watch {
    /// A watch before the run.
    ///
    /// # Errors
    /// A host or an owner that the scenario does not have.
    pub fn new(file: &RareFile, scenario: &Scenario) -> Result<Self, SweepError> {
        let host = match file.goal {
            Goal::Captured => None,
            _ => Some(position(&file.host, scenario)? as u32),
        };
        Ok(Self {
            goal: file.goal,
            host,
            bars: Bars::of(scenario),
            tests: vec![[0.0; 3]; if host.is_some() { 1 } else { scenario.hosts.len() }],
            is_convicted: false,
            done: 0.0,
            weights: Weights::of(file, scenario)?,
            score: 0.0,
        })
    }

    /// What may happen.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The host whose fate it is; none for a coalition's.
    pub fn host(&self) -> Option<u32> {
        self.host
    }

    /// From 0 to 1, which it is exactly when the event has happened. It falls where a test does.
    pub fn score(&self) -> f64 {
        self.score
    }

    /// Whether the event has happened.
    pub fn has_happened(&self) -> bool {
        self.score >= 1.0
    }

    /// Whether it cannot happen any more.
    pub fn is_lost(&self) -> bool {
        self.goal == Goal::NotConvicted && self.is_convicted
    }

    /// Takes in the events of a block, of which `done` of `last` are done.
    pub fn take_block(&mut self, events: &[Event], done: u64, last: u64) {
        self.done = done as f64 / last.max(1) as f64;
        self.take(events);
    }

    /// Takes in events in their order.
    pub fn take(&mut self, events: &[Event]) {
        for event in events {
            match event.kind {
                EventKind::TestMoved => self.move_test(event),
                EventKind::StatusChanged => self.change_status(event),
                EventKind::WeightSet => self.weights.set(event.participant, event.value),
                EventKind::EpochBegan => {
                    self.tests.fill([0.0; 3]);
                    self.weights.begin();
                }
                _ => continue,
            }
            if self.goal != Goal::NotConvicted && self.has_happened() {
                return;
            }
            self.score = self.compute_score();
        }
        if !self.has_happened() {
            self.score = self.compute_score();
        }
    }

    fn compute_score(&self) -> f64 {
        match self.goal {
            Goal::Convicted if self.is_convicted => 1.0,
            Goal::Convicted => self.suspicion(0),
            Goal::NotConvicted if self.is_convicted => 0.0,
            Goal::NotConvicted => self.done,
            Goal::Captured => {
                let next =
                    (0..self.tests.len()).map(|host| self.weights.of_other(host) * self.suspicion(host));
                self.weights.score(next.fold(0.0, f64::max))
            }
        }
    }

    /// How far the tests of a host have come, below one.
    fn suspicion(&self, host: usize) -> f64 {
        let highest = self.tests[host].iter().copied().fold(0.0, f64::max);
        highest.min(NEARLY)
    }

    fn change_status(&mut self, event: &Event) {
        let is = |status: Status| event.value == status as i64;
        if Some(event.participant) == self.host && is(Status::Invalid) {
            self.is_convicted = true;
        }
        if is(Status::Invalid) || is(Status::Inactive) {
            self.weights.expel(event.participant);
        }
    }

    fn move_test(&mut self, event: &Event) {
        let place = match self.host {
            Some(host) if host == event.participant => 0,
            Some(_) => return,
            None => event.participant as usize,
        };
        let Some(tests) = self.tests.get_mut(place) else {
            return;
        };
        let value = event.value as f64;
        match event.other {
            FAILED_CHECKS => tests[0] = value / self.bars.sum,
            FAILURES_IN_A_ROW => tests[1] = value / self.bars.streak,
            CHECK_COUNTS => {
                let (rate, deviations) = self.bars.counts;
                let checks = value + event.second as f64;
                let spread = (checks * rate * (1.0 - rate)).sqrt();
                let above = value - checks * rate;
                tests[2] = if spread > 0.0 {
                    above / spread / deviations
                } else {
                    0.0
                };
            }
            _ => {}
        }
    }
}

impl Bars {
    fn of(scenario: &Scenario) -> Self {
        let params = &scenario.protocol.status;
        let streak = StatusRule::new(params).convicting_streak();
        let share = |rate: Fraction| rate.parts() as f64 / Fraction::ONE.parts() as f64;
        Self {
            sum: match params.invalid_test {
                InvalidTest::Sprt { h, .. } | InvalidTest::Cusum { h, .. } => {
                    h.parts() as f64 / Decimal::from_integer(1).parts() as f64 * 1e12
                }
                _ => f64::INFINITY,
            },
            streak: streak.map_or(f64::INFINITY, f64::from),
            counts: match params.invalid_test {
                InvalidTest::ZTest {
                    false_positive_rate,
                    deviations_max,
                    ..
                } => (share(false_positive_rate), f64::from(deviations_max.max(1))),
                InvalidTest::EProcess { p0, .. } => (share(p0), DEVIATIONS),
                _ => (share(params.false_positive_rate), f64::INFINITY),
            },
        }
    }
}

impl Weights {
    fn of(file: &RareFile, scenario: &Scenario) -> Result<Self, SweepError> {
        if file.goal != Goal::Captured {
            return Ok(Self::default());
        }
        let mut is_owned = vec![false; scenario.owners.len()];
        for name in &file.coalition {
            let owners = scenario.owners.iter();
            let found = owners.clone().position(|owner| owner == name);
            let found = found.ok_or_else(|| unknown("owner", name, owners.map(|owner| owner.as_str())))?;
            is_owned[found] = true;
        }
        Ok(Self {
            is_member: scenario
                .hosts
                .iter()
                .map(|host| is_owned[host.owner as usize])
                .collect(),
            now: vec![0; scenario.hosts.len()],
            next: vec![0; scenario.hosts.len()],
            majority: file.majority,
            needed: None,
        })
    }

    fn set(&mut self, participant: u32, weight: i64) {
        if let Some(place) = self.next.get_mut(participant as usize) {
            *place = u64::try_from(weight).unwrap_or(0);
        }
    }

    /// An epoch begins with the weights that were set; who was out comes back.
    fn begin(&mut self) {
        self.now.clone_from(&self.next);
        let (own, others) = self.sums();
        // The coalition has enough where others are at most this.
        let allowed = own * (1.0 - self.majority) / self.majority;
        self.needed = (own > 0.0).then_some((allowed, others));
    }

    fn expel(&mut self, participant: u32) {
        if let Some(place) = self.now.get_mut(participant as usize) {
            *place = 0;
        }
    }

    fn sums(&self) -> (f64, f64) {
        let (mut own, mut others) = (0_u64, 0_u64);
        for (weight, is_member) in self.now.iter().zip(&self.is_member) {
            let side = if *is_member { &mut own } else { &mut others };
            *side = side.saturating_add(*weight);
        }
        (own as f64, others as f64)
    }

    /// Weight in force of a host that is no member.
    fn of_other(&self, host: usize) -> f64 {
        match self.is_member.get(host) {
            Some(false) => self.now[host] as f64,
            _ => 0.0,
        }
    }

    /// One when the coalition has enough; before, what of others' weight is expelled, and what is `nearly`, over what has
    /// to be.
    fn score(&self, nearly: f64) -> f64 {
        let (own, others) = self.sums();
        // As the rule of votes counts: half is enough for half.
        if own > 0.0 && own >= self.majority * (own + others) {
            return 1.0;
        }
        match self.needed {
            Some((allowed, first)) if first > allowed => {
                ((first - others + nearly) / (first - allowed)).clamp(0.0, NEARLY)
            }
            _ => 0.0,
        }
    }
}
