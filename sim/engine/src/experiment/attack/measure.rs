//! The figures that an attack is judged by: one value a replicate, paired with the honest twin's.

use std::collections::BTreeMap;

use crate::observe::cast::Cast;
use crate::observe::figure::Figure;
use crate::observe::frame::{ParticipantRow, RunOutput};
use crate::observe::profit::profit;
use crate::scenario::Scenario;

/// Figures by name; [`METRICS`](super::METRICS) says what each is.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    figures: BTreeMap<&'static str, Figure>,
}

impl Measures {
    /// All figures of an attack and its twin.
    #[must_use]
    pub(super) fn new(
        scenario: &Scenario,
        cast: &Cast,
        owner: Option<u32>,
        attack: &[RunOutput],
        honest: &[RunOutput],
    ) -> Self {
        let mut measures = Self::default();
        measures.take_network(attack);
        measures.take_honest(scenario, cast, owner, attack);
        if let Some(owner) = owner {
            measures.take_attacker(cast, owner, attack, honest);
        }
        measures
    }

    /// The figure of a name, if the scenario has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Figure> {
        self.figures.get(name)
    }

    /// All figures in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Figure)> {
        self.figures.iter().map(|(name, figure)| (*name, figure))
    }

    fn share(&mut self, name: &'static str, values: impl Iterator<Item = Option<f64>>) {
        self.figures.insert(name, Figure::plain("share", values));
    }

    fn take_network(&mut self, outputs: &[RunOutput]) {
        let total = |output: &RunOutput, of: fn(&crate::observe::frame::EpochRow) -> u64| -> u64 {
            output.epochs.iter().map(of).sum()
        };
        let ratio = |part: fn(&crate::observe::frame::EpochRow) -> u64,
                     whole: fn(&crate::observe::frame::EpochRow) -> u64| {
            outputs
                .iter()
                .map(move |output| divide(total(output, part), total(output, whole)))
        };
        self.share("checked", ratio(|row| row.checked, |row| row.finished));
        self.share(
            "unchecked",
            ratio(|row| row.finished - row.checked, |row| row.finished),
        );
        self.share(
            "expired",
            ratio(|row| row.expired, |row| row.finished + row.expired),
        );
        self.share(
            "honest_invalidated",
            ratio(|row| row.honest_invalidated, |row| row.finished),
        );
        self.share(
            "undecided_votes",
            ratio(|row| row.undecided, |row| row.disputes.max(1)),
        );
        self.share(
            "capped_failures",
            ratio(
                |row| row.disputes_capped,
                |row| (row.failed + row.disputes_capped).max(1),
            ),
        );
        let counts: [(&'static str, fn(&crate::observe::frame::EpochRow) -> u64); 6] = [
            ("disputes", |row| row.disputes),
            ("undecided", |row| row.undecided),
            ("missed_work_failures", |row| row.missed_work_failures),
            ("claims_rejected", |row| row.claims_rejected),
            ("deactivations", |row| row.deactivations),
            ("power_capped", |row| row.power_capped),
        ];
        for (name, of) in counts {
            let figure = Figure::counted("count", outputs.iter().map(|output| total(output, of)));
            self.figures.insert(name, figure);
        }
        let work = |output: &RunOutput| {
            let (mut verification, mut service) = (0_u128, 0_u128);
            for row in &output.epochs {
                (verification, service) = (verification + row.verification_ns, service + row.service_ns);
            }
            (service > 0).then(|| verification as f64 / service as f64)
        };
        self.share("verification", outputs.iter().map(work));
        let rewards = |output: &RunOutput| {
            let sum =
                |of: fn(&crate::observe::frame::EpochRow) -> i128| output.epochs.iter().map(of).sum::<i128>();
            let issued = sum(|row| row.issued);
            (issued > 0).then(|| sum(|row| row.rewards) as f64 / issued as f64)
        };
        self.share("rewards_paid", outputs.iter().map(rewards));
    }

    /// Everybody but the attacker.
    fn take_honest(&mut self, scenario: &Scenario, cast: &Cast, owner: Option<u32>, outputs: &[RunOutput]) {
        let is_other = |participant: u32| Some(cast.members[participant as usize].owner) != owner;
        let others = (0..scenario.hosts.len() as u32)
            .filter(|&host| is_other(host))
            .count() as u64;
        let convicted = |output: &RunOutput| {
            let caught = output
                .convictions
                .iter()
                .filter(|conviction| is_other(conviction.participant));
            divide(caught.count() as u64, others)
        };
        self.share("honest_convicted", outputs.iter().map(convicted));
        let unpaid = |output: &RunOutput| {
            let rows = || {
                output
                    .participants
                    .iter()
                    .filter(|row| is_other(row.participant) && row.weight > 0)
            };
            divide(
                rows().filter(|row| row.reward == 0).count() as u64,
                rows().count() as u64,
            )
        };
        self.share("honest_unrewarded", outputs.iter().map(unpaid));
    }

    fn take_attacker(&mut self, cast: &Cast, owner: u32, attack: &[RunOutput], honest: &[RunOutput]) {
        let is_own = |participant: u32| cast.members[participant as usize].owner == owner;
        let profits = |outputs: &[RunOutput]| -> Vec<i128> {
            outputs
                .iter()
                .map(|output| sum_of(output, &is_own, profit))
                .collect()
        };
        let (mine, twin) = (profits(attack), profits(honest));
        let gains: Vec<i128> = mine.iter().zip(&twin).map(|(mine, twin)| mine - twin).collect();
        self.figures.insert("gain", Figure::money(gains.iter().copied()));
        self.figures.insert("profit", Figure::money(mine.iter().copied()));
        self.figures
            .insert("honest_profit", Figure::money(twin.iter().copied()));
        let spent = |output: &RunOutput| sum_of(output, &is_own, |row| row.cost + row.slashed);
        self.figures
            .insert("cost", Figure::money(attack.iter().map(spent)));
        let relative = gains
            .iter()
            .zip(&twin)
            .map(|(gain, twin)| (*twin != 0).then(|| *gain as f64 / (*twin as f64).abs()));
        self.share("relative_gain", relative);
        let (before, after) = (
            others_profit(cast, Some(owner), honest),
            others_profit(cast, Some(owner), attack),
        );
        let harm: Vec<i128> = before
            .iter()
            .zip(&after)
            .map(|(before, after)| before - after)
            .collect();
        self.figures.insert("harm", Figure::money(harm.iter().copied()));
        let relative = harm
            .iter()
            .zip(&before)
            .map(|(harm, before)| (*before != 0).then(|| *harm as f64 / (*before as f64).abs()));
        self.share("relative_harm", relative);

        let count = |output: &RunOutput, of: fn(&ParticipantRow) -> u64| -> u64 {
            output
                .participants
                .iter()
                .filter(|row| is_own(row.participant))
                .map(|row| of(&row))
                .sum()
        };
        let all = |output: &RunOutput, of: fn(&ParticipantRow) -> u64| -> u64 {
            output.participants.iter().map(|row| of(&row)).sum()
        };
        let own = |part: fn(&ParticipantRow) -> u64, whole: fn(&ParticipantRow) -> u64| {
            let ratio = move |output: &RunOutput| divide(count(output, part), count(output, whole));
            attack.iter().map(ratio).collect::<Vec<_>>()
        };
        self.share(
            "cheated",
            own(|row| row.cheated, |row| row.inferences).into_iter(),
        );
        self.share(
            "invalidated",
            own(|row| row.invalidated, |row| row.inferences).into_iter(),
        );
        self.share(
            "failing",
            own(|row| row.invalidated, |row| row.validated + row.invalidated).into_iter(),
        );
        self.share(
            "missed",
            own(|row| row.missed, |row| row.missed + row.inferences).into_iter(),
        );
        let served = |output: &RunOutput| {
            divide(
                count(output, |row| row.inferences),
                all(output, |row| row.inferences),
            )
        };
        self.share("served", attack.iter().map(served));
        self.share("twin_served", honest.iter().map(served));
        let identities = cast.members.iter().filter(|member| member.owner == owner).count() as u64;
        let caught = |output: &RunOutput| {
            let own = output
                .convictions
                .iter()
                .filter(|conviction| is_own(conviction.participant));
            divide(own.count() as u64, identities)
        };
        self.share("convicted", attack.iter().map(caught));
        let first = |output: &RunOutput| {
            output
                .convictions
                .iter()
                .find(|conviction| is_own(conviction.participant))
                .cloned()
        };
        let answers = attack
            .iter()
            .map(|output| first(output).map(|conviction| conviction.answers as f64));
        self.figures
            .insert("answers_to_conviction", Figure::plain("count", answers));
        let hours = attack
            .iter()
            .map(|output| first(output).map(|conviction| conviction.time_ns as f64 / 3.6e12));
        self.figures
            .insert("hours_to_conviction", Figure::plain("h", hours));
    }
}

/// Profit of everybody but the attacker, by replicate, base units.
pub(super) fn others_profit(cast: &Cast, owner: Option<u32>, outputs: &[RunOutput]) -> Vec<i128> {
    let is_other = |participant: u32| Some(cast.members[participant as usize].owner) != owner;
    outputs
        .iter()
        .map(|output| sum_of(output, &is_other, profit))
        .collect()
}

fn sum_of(output: &RunOutput, is_in: &dyn Fn(u32) -> bool, of: impl Fn(&ParticipantRow) -> i128) -> i128 {
    output
        .participants
        .iter()
        .filter(|row| is_in(row.participant))
        .map(|row| of(&row))
        .sum()
}

fn divide(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
