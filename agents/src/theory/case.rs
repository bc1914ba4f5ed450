//! One scenario that was run with its attacker and without, and the numbers that formulas read from it.

use std::collections::BTreeMap;

use stakeout_engine::experiment::attack::attacker;
use stakeout_engine::observe::frame::{Conviction, ParticipantRow, RunOutput};
use stakeout_engine::observe::profit::profit;
use stakeout_engine::scenario::{LengthLaw, ParamValue, Scenario, StrategySpec};
use stakeout_protocol::units::Fraction;

/// What a unit was expected to do and what it did.
pub(super) struct Pair {
    pub expected: f64,
    pub observed: f64,
    /// Variance of the observed by the formula, where it gives one.
    pub variance: Option<f64>,
}

impl Pair {
    /// A figure whose variance only the sample tells.
    pub(super) fn new(expected: f64, observed: f64) -> Self {
        Self {
            expected,
            observed,
            variance: None,
        }
    }

    /// An event with a probability, and whether it came.
    pub(super) fn event(expected: f64, came: bool) -> Self {
        Self {
            expected,
            observed: f64::from(u8::from(came)),
            variance: Some(expected * (1.0 - expected)),
        }
    }
}

/// One host in one replicate of the attack, and the same host in the honest twin.
pub(super) struct Unit<'a> {
    pub host: u32,
    pub rows: Vec<ParticipantRow>,
    pub twin: Vec<ParticipantRow>,
    pub conviction: Option<&'a Conviction>,
}

impl Unit<'_> {
    /// A count of the attack, over epochs.
    pub(super) fn sum(&self, of: fn(&ParticipantRow) -> u64) -> u64 {
        self.rows.iter().map(of).sum()
    }

    /// A count of the twin, over epochs.
    pub(super) fn twin_sum(&self, of: fn(&ParticipantRow) -> u64) -> u64 {
        self.twin.iter().map(of).sum()
    }
}

/// A scenario and its runs.
pub(super) struct Case {
    pub scenario: Scenario,
    pub attack: Vec<RunOutput>,
    pub twin: Vec<RunOutput>,
}

/// A share as a number.
pub(super) fn share(fraction: Fraction) -> f64 {
    fraction.parts() as f64 / Fraction::ONE.parts() as f64
}

impl Case {
    pub(super) fn new(scenario: Scenario, attack: Vec<RunOutput>, twin: Vec<RunOutput>) -> Self {
        Self {
            scenario,
            attack,
            twin,
        }
    }

    /// The strategy of a host.
    pub(super) fn strategy(&self, host: u32) -> &StrategySpec {
        &self.scenario.strategies[usize::from(self.scenario.hosts[host as usize].strategy)]
    }

    /// Hosts of the attacker.
    pub(super) fn own(&self) -> Vec<u32> {
        let owner = attacker(&self.scenario);
        (0_u32..)
            .zip(&self.scenario.hosts)
            .filter(|(_, host)| Some(host.owner) == owner)
            .map(|(at, _)| at)
            .collect()
    }

    /// The attacker's part of the weight that the scenario gives.
    pub(super) fn part_of_weight(&self) -> f64 {
        let hosts = &self.scenario.hosts;
        let all: u64 = hosts.iter().map(|host| host.weight).sum();
        let own: u64 = self.own().iter().map(|&host| hosts[host as usize].weight).sum();
        own as f64 / all as f64
    }

    /// Hosts of the owner of a name.
    pub(super) fn of_owner(&self, name: &str) -> Vec<u32> {
        (0_u32..)
            .zip(&self.scenario.hosts)
            .filter(|(_, host)| self.scenario.owners[host.owner as usize] == name)
            .map(|(at, _)| at)
            .collect()
    }

    /// Each of the attacker's hosts in each replicate.
    pub(super) fn units(&self) -> Vec<Unit<'_>> {
        let own = self.own();
        let mut units = Vec::new();
        for (attack, twin) in self.attack.iter().zip(&self.twin) {
            let mut rows: BTreeMap<u32, [Vec<ParticipantRow>; 2]> =
                own.iter().map(|&host| (host, [Vec::new(), Vec::new()])).collect();
            for (side, output) in [attack, twin].into_iter().enumerate() {
                for row in &output.participants {
                    if let Some(sides) = rows.get_mut(&row.participant) {
                        sides[side].push(row);
                    }
                }
            }
            for (host, [rows, twin]) in rows {
                units.push(Unit {
                    host,
                    rows,
                    twin,
                    conviction: attack
                        .convictions
                        .iter()
                        .find(|conviction| conviction.participant == host),
                });
            }
        }
        units
    }

    /// A count over some hosts, by replicate of the attack.
    pub(super) fn count(&self, hosts: &[u32], of: fn(&ParticipantRow) -> u64) -> Vec<u64> {
        let of_one = |output: &RunOutput| {
            let rows = output.participants.iter();
            rows.filter(|row| hosts.contains(&row.participant))
                .map(|row| of(&row))
                .sum()
        };
        self.attack.iter().map(of_one).collect()
    }

    /// Every host.
    pub(super) fn all(&self) -> Vec<u32> {
        (0..self.scenario.hosts.len() as u32).collect()
    }

    /// Profit of the attacker less its twin's, base units, by replicate.
    pub(super) fn gains(&self) -> Vec<f64> {
        let own = self.own();
        let earned = |output: &RunOutput| -> i128 {
            let rows = output.participants.iter();
            rows.filter(|row| own.contains(&row.participant))
                .map(|row| profit(&row))
                .sum()
        };
        let pairs = self.attack.iter().zip(&self.twin);
        pairs
            .map(|(attack, twin)| (earned(attack) - earned(twin)) as f64)
            .collect()
    }

    /// Rate at which answers are checked under the flat and the designated rule.
    pub(super) fn check_rate(&self) -> f64 {
        share(self.scenario.protocol.sampling.flat_rate)
    }

    /// A share among a strategy's parameters.
    pub(super) fn parameter(&self, host: u32, name: &str) -> f64 {
        let given = self.strategy(host).params.iter().find(|(known, _)| known == name);
        match given {
            Some((_, ParamValue::Fraction(value))) => share(*value),
            Some((_, ParamValue::Count(value))) => *value as f64,
            _ => panic!("the strategy has no number `{name}`"),
        }
    }

    /// The substitute that a host's strategy names, in the calibration's numbering.
    pub(super) fn substitute(&self, host: u32) -> u8 {
        let is_it = |name: &str| name == "substitute" || name == "looks_like";
        let given = self.strategy(host).params.iter().find(|(known, _)| is_it(known));
        match given {
            Some((_, ParamValue::Name(name))) => self
                .scenario
                .calibration
                .substitute_index(name)
                .expect("a scenario names a substitute of its calibration"),
            _ => panic!("the strategy names no substitute"),
        }
    }

    /// Chance that a check fails an answer of a substitute (0 is the promised model) whose distance is cut to a
    /// part: the score `1 - distance` passes above the threshold.
    pub(super) fn found(&self, substitute: u8, distance: f64) -> f64 {
        let threshold = f64::from(self.scenario.models[0].threshold_ppb);
        let bar = 1e9 - (1e9 - threshold) / distance;
        let table = self.scenario.calibration.compile();
        1.0 - table.pass_probability(substitute, 0, 0, bar.max(0.0) as u32)
    }

    /// Chance that a check of a swapper's answer fails: a swapped one, or an honest one by mistake.
    pub(super) fn failing(&self, host: u32, rate: f64) -> f64 {
        rate * self.found(self.substitute(host), 1.0) + (1.0 - rate) * self.found(0, 1.0)
    }

    /// Base units that an answer costs its host, by the promised model or by a substitute.
    pub(super) fn serving_cost(&self, substitute: u8) -> f64 {
        let class = &self.scenario.hardware[0];
        let model = &self.scenario.calibration.substitutes()[usize::from(substitute)];
        let prefill = length(&self.scenario.demand.prompt) * class.prefill_ns as f64 * model.prefill_cost;
        let decode = length(&self.scenario.demand.completion) * class.decode_ns as f64 * model.decode_cost;
        self.slot_cost(prefill + decode)
    }

    /// Base units that a replay costs: one prefill over prompt and answer.
    pub(super) fn replay_cost(&self) -> f64 {
        let tokens = length(&self.scenario.demand.prompt) + length(&self.scenario.demand.completion);
        self.slot_cost(tokens * self.scenario.hardware[0].prefill_ns as f64)
    }

    fn slot_cost(&self, ns: f64) -> f64 {
        let class = &self.scenario.hardware[0];
        class.cost_per_hour.base_units() as f64 * ns / 3.6e12 / f64::from(class.slots)
    }

    /// Base units that a client pays for an answer.
    pub(super) fn fee(&self) -> f64 {
        let tokens = length(&self.scenario.demand.prompt) + length(&self.scenario.demand.completion);
        tokens * self.scenario.protocol.pricing.initial.get() as f64
    }
}

fn length(law: &LengthLaw) -> f64 {
    match law {
        LengthLaw::Constant(tokens) => f64::from(*tokens),
        _ => panic!("the network of the closed forms has constant lengths"),
    }
}

/// `base` to a whole power.
pub(super) fn power(base: f64, exponent: u64) -> f64 {
    libm::pow(base, exponent as f64)
}
