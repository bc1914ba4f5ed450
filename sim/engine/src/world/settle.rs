//! Settlement: what an epoch's work, weight and conduct are worth.

use stakeout_protocol::collateral::SlashedTo;
use stakeout_protocol::missed_work::{
    DynamicP0Params, RequestCounts, compute_dynamic_p0, passes_missed_work_test,
};
use stakeout_protocol::settlement::{
    Division, LegacySubsidyParams, RewardRule, SettlementInput, compute_epoch_reward, compute_issuable,
    compute_legacy_subsidy,
};
use stakeout_protocol::status::Status;
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Height, Rounding, Weight};

use super::World;
use super::build::{TakeEpoch, ZERO_ROW};
use super::lane::{HostState, HostTally, Lane};
use super::settled_rows::SettledRows;
use crate::observe::event::NOBODY;
use crate::observe::frame::{EpochRow, EventKind, ParticipantRow};
use crate::observe::profit::profit;
use crate::scenario::GpuClass;

/// Margin of the dynamic miss probability over the network's own, and the gates below which it is not
/// used (gonka-ai/gonka x/inference/keeper/bitcoin_rewards.go, PR #688).
const DYNAMIC_MARGIN_PERMILLE: u32 = 20;
const DYNAMIC_REQUESTS_MIN: u64 = 1_000;
const DYNAMIC_PARTICIPANTS_MIN: u32 = 5;

/// An epoch that has been settled and waits for its claims.
#[derive(Debug)]
pub(crate) struct Settled {
    pub row: EpochRow,
    /// Rows in order of participant, as they stood at settlement.
    pub participants: SettledRows,
    /// Claims that were not accepted at once, in order of participant.
    pub refused: Vec<RefusedClaim>,
    /// Parity under which validator duty of the epoch was booked.
    pub parity: u8,
    /// Attempts so far.
    pub attempts: u32,
    /// Height of the last attempt.
    pub last_attempt: Option<Height>,
}

/// A claim that was not accepted at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedClaim {
    pub participant: u32,
    /// Validations required and done, at the last attempt.
    pub duty: (u32, u32),
    /// No later attempt was accepted either.
    pub is_open: bool,
}

impl Settled {
    /// Whether everybody has claimed with success.
    pub(super) fn is_claimed(&self) -> bool {
        self.last_attempt.is_some() && self.refused.iter().all(|claim| !claim.is_open)
    }
}

/// What an epoch's rewards would be if everybody's record were clean.
#[derive(Debug)]
enum CleanRewards {
    /// They are not asked for: the subsidy rewards work alone.
    None,
    /// What they are.
    AsTheyAre,
    /// Divided anew.
    Anew(Box<Division>),
}

impl World<'_> {
    /// Settles the effective epoch: issues its reward and makes it claimable.
    pub(super) fn process_settlement(&mut self, end: u64) {
        self.close_claims(end);
        self.release_vested(end);
        self.charge_purse();
        self.count_finished();
        let has_failed = self.failed_hosts();
        let reward = self.issue(&has_failed);
        let division = Division::new(
            &self.scenario.protocol.rewards,
            reward,
            self.settlement_inputs(&has_failed),
        );
        let clean = self.clean_rewards(reward, &has_failed);
        self.post_settlement(&division, reward, &has_failed, end);
        let totals = division.totals();
        let mut row = self.take_totals();
        row.issued = reward.base_units();
        row.rewards = totals.rewards.base_units();
        row.forfeited = totals.forfeited.base_units();
        row.governance = totals.governance.base_units();
        row.burned = totals.burned.base_units();
        row.debts_recovered = totals.recovered_debt.base_units();
        row.missed_work_failures = has_failed.iter().filter(|&&has_failed| has_failed).count() as u64;
        let participants = self.take_participant_rows(&division, &clean, &has_failed, end);
        self.log_forfeits(&participants, &has_failed, end);
        self.settled = Some(Settled {
            row,
            participants,
            refused: Vec::new(),
            parity: self.parity,
            attempts: 0,
            last_attempt: None,
        });
        self.confirmed = Vec::new();
    }

    /// Who missed too much of its work, by participant.
    fn failed_hosts(&self) -> Vec<bool> {
        let p0 = self.missed_work_p0();
        self.each_state(|_, _, tally| {
            let (missed, finished) = (u64::from(tally.missed), u64::from(tally.finished));
            p0.is_some_and(|p0| {
                !passes_missed_work_test(missed, finished + missed, p0).expect("missed is part of the total")
            })
        })
    }

    /// What settlement knows of every host, in order. A list of a million of them is memory that nothing else needs.
    fn settlement_inputs<'a>(
        &'a self,
        has_failed: &'a [bool],
    ) -> impl Iterator<Item = SettlementInput> + Clone + use<'a> {
        let of_lane = |lane: &'a Lane| (lane.first as usize..).zip(lane.states.iter().zip(&lane.tallies));
        let hosts = self.lanes.iter().flat_map(of_lane);
        hosts.map(|(participant, (state, tally))| {
            settlement_input(
                state,
                tally,
                self.confirmed_weight(participant),
                has_failed[participant],
            )
        })
    }

    /// The miss probability tolerated this epoch; `None` if nobody is tested.
    fn missed_work_p0(&self) -> Option<Fraction> {
        let rule = self.scenario.protocol.missed_work;
        if !rule.enabled {
            return None;
        }
        if !rule.dynamic_p0 {
            return Some(rule.p0);
        }
        let hosts = self.lanes.iter().flat_map(|lane| &lane.tallies);
        let counts = hosts.map(|tally| RequestCounts {
            served: u64::from(tally.finished),
            missed: u64::from(tally.missed),
        });
        let params = DynamicP0Params {
            p0: rule.p0,
            margin_permille: DYNAMIC_MARGIN_PERMILLE,
            requests_min: DYNAMIC_REQUESTS_MIN,
            participants_min: DYNAMIC_PARTICIPANTS_MIN,
        };
        let dynamic = compute_dynamic_p0(&params, counts);
        (!dynamic.is_suspended).then(|| dynamic.p0())
    }

    /// What is issued for the epoch.
    fn issue(&mut self, has_failed: &[bool]) -> Amount {
        let rewards = &self.scenario.protocol.rewards;
        let before = Amount::from_base_units(self.issued_rewards);
        let reward = match &rewards.rule {
            RewardRule::Decay => compute_issuable(
                rewards,
                compute_epoch_reward(rewards, EpochIndex::new(self.epoch)),
                before,
            ),
            RewardRule::LegacySubsidy(params) => {
                let params: LegacySubsidyParams = *params;
                let work = self
                    .settlement_inputs(has_failed)
                    .map(|input| input.balance.max(Amount::ZERO))
                    .sum();
                let supply = rewards.supply_cap.unwrap_or(rewards.initial);
                let subsidy = compute_legacy_subsidy(&params, supply, before, self.legacy_rate, work);
                self.legacy_rate = subsidy.rate_next;
                subsidy.subsidy
            }
        };
        self.issued_rewards += reward.base_units();
        self.books.issuance -= reward.base_units();
        reward
    }

    /// Moves the coins of a settlement.
    fn post_settlement(&mut self, division: &Division, reward: Amount, has_failed: &[bool], end: u64) {
        let totals = division.totals();
        let paid: i128 = totals.rewards.base_units();
        let governance = totals.governance.base_units();
        let burned = totals.burned.base_units();
        // Recovered debts are part of governance's share of the issue (docs/spec/settlement.md).
        assert_eq!(
            paid + governance + burned,
            reward.base_units(),
            "an epoch's reward is divided in full"
        );
        self.books.governance += governance;
        self.books.burned += burned;
        if self.tables.log {
            let weights: u64 = self.each_tally().map(|tally| tally.weight).sum();
            self.log_pair(
                EventKind::Issued,
                NOBODY,
                self.epoch,
                (reward.base_units() as i64, weights as i64),
                end,
            );
        }
        self.log_if_any(EventKind::Burned, NOBODY, NOBODY, burned, end);
        let mut payer = division.payer();
        for (participant, &has_failed) in has_failed.iter().enumerate() {
            let id = participant as u32;
            let (lane, host) = (&self.lanes[self.cut.lane(id)], self.cut.place(id));
            let input = settlement_input(
                &lane.states[host],
                &lane.tallies[host],
                self.confirmed_weight(participant),
                has_failed,
            );
            let payout = payer.pay(&input);
            let balance = input.balance.base_units();
            let work = payout.work_coins.base_units();
            if balance < 0 {
                self.books.deficit += balance;
                self.log(EventKind::WrittenOff, id, -balance, end);
            } else {
                self.books.module += balance - work;
                self.log_if_any(EventKind::WorkLost, id, NOBODY, balance - work, end);
            }
            self.books.claimable += work + payout.reward.base_units();
            if work != 0 {
                self.record(EventKind::WorkSettled, id, work, end);
            }
            if !payout.reward.is_zero() {
                self.record(EventKind::Rewarded, id, payout.reward.base_units(), end);
            }
        }
        if governance != 0 {
            self.record(EventKind::Governance, u32::MAX, governance, end);
        }
        let slashed: i128 = self
            .lanes
            .iter_mut()
            .map(|lane| std::mem::take(&mut lane.slashed))
            .sum();
        let to = self.scenario.protocol.collateral.slashed_to;
        match to {
            SlashedTo::Burned => self.books.burned += slashed,
            SlashedTo::Governance => self.books.governance += slashed,
        }
        self.log_if_any(EventKind::SlashMoved, NOBODY, to as u32, slashed, end);
    }

    fn release_vested(&mut self, end: u64) {
        for participant in 0..self.scenario.hosts.len() {
            let due = self.books.release(participant);
            if due != 0 {
                self.record(EventKind::Released, participant as u32, due, end);
            }
        }
        self.books.vesting.close_release();
    }

    /// Merges and resets the epoch's totals.
    fn take_totals(&mut self) -> EpochRow {
        let mut row = std::mem::replace(&mut self.totals, ZERO_ROW);
        for lane in &mut self.lanes {
            row.add(&std::mem::replace(&mut lane.totals, ZERO_ROW));
        }
        row.epoch = self.epoch;
        if self.price_blocks > 0 {
            row.price_micro = (self.price_sum * 1_000_000 / u128::from(self.price_blocks)) as u64;
        }
        (self.price_sum, self.price_blocks) = (0, 0);
        row
    }

    /// One row a participant; resets its counters of the epoch.
    fn take_participant_rows(
        &mut self,
        division: &Division,
        clean: &CleanRewards,
        has_failed: &[bool],
        end: u64,
    ) -> SettledRows {
        let epoch = self.epoch;
        let parity = usize::from(self.parity);
        let scenario = self.scenario;
        let elapsed = end - std::mem::replace(&mut self.presence.settled_at, end);
        let mut rows = SettledRows::new(scenario.hosts.len(), std::mem::take(&mut self.row_buffer));
        let mut payer = division.payer();
        let mut clean_payer = match clean {
            CleanRewards::Anew(division) => Some(division.payer()),
            CleanRewards::None | CleanRewards::AsTheyAre => None,
        };
        for lane in &mut self.lanes {
            let standing = lane.states.iter_mut().zip(&mut lane.tallies);
            for (host, (state, tally)) in standing.enumerate() {
                let participant = lane.first as usize + host;
                let confirmed = self.confirmed.get(participant).copied().flatten();
                let input = settlement_input(state, tally, confirmed, has_failed[participant]);
                let payout = payer.pay(&input);
                let reward = payout.reward.base_units();
                let clean = match (clean, &mut clean_payer) {
                    (_, Some(payer)) => payer.pay(&cleaned(input)).reward.base_units(),
                    (CleanRewards::None, None) => 0,
                    (_, None) => reward,
                };
                let busy_ns = std::mem::take(&mut lane.hosts[host].busy_ns);
                let class = &scenario.hardware[usize::from(lane.hosts[host].class)];
                let row = ParticipantRow {
                    epoch,
                    participant: participant as u32,
                    weight: tally.weight,
                    reputation: state.reputation.get(),
                    status: state.status,
                    reason: state.reason,
                    inferences: u64::from(tally.finished),
                    missed: u64::from(tally.missed),
                    validated: u64::from(tally.validated),
                    invalidated: u64::from(tally.invalidated),
                    checked: u64::from(tally.checked),
                    cheated: u64::from(tally.cheated),
                    validations_required: u64::from(tally.required[parity]),
                    validations_done: u64::from(tally.done[parity]),
                    work_coins: payout.work_coins.base_units(),
                    reward,
                    forfeited: (clean - reward - payout.debt_recovered.base_units()).max(0),
                    slashed: lane.slashes.remove(&host).unwrap_or(0),
                    cost: operating_cost(class.cost_per_hour, busy_ns, class.slots)
                        + upkeep(
                            class,
                            lane.hosts[host].slots,
                            lane.orders[lane.hosts[host].orders()].held,
                            elapsed,
                            tally.weight,
                        )
                        + self.presence.charges.take(participant),
                    busy_ns,
                };
                self.presence.earned.set(participant, profit(&row));
                rows.push(row);
                let mut record = self.records.get(participant);
                record.take_epoch(
                    state,
                    tally,
                    &scenario.protocol.reputation,
                    self.presence.now[participant],
                );
                self.records.set(participant, record);
                lane.run_counts
                    .add(host, [tally.finished, tally.validated, tally.invalidated]);
                state.work = 0;
                (tally.finished, tally.missed) = (0, 0);
                (tally.validated, tally.invalidated) = (0, 0);
                (tally.checked, tally.cheated) = (0, 0);
            }
        }
        rows
    }

    /// What participants would be rewarded if everybody's record were clean.
    fn clean_rewards(&self, issued: Amount, has_failed: &[bool]) -> CleanRewards {
        let rewards = &self.scenario.protocol.rewards;
        let reward = match rewards.rule {
            RewardRule::Decay => compute_epoch_reward(rewards, EpochIndex::new(self.epoch)),
            RewardRule::LegacySubsidy(_) => return CleanRewards::None,
        };
        let is_clean = |input: SettlementInput| input.status == Status::Active && input.passes_missed_test;
        if reward == issued && self.settlement_inputs(has_failed).all(is_clean) {
            return CleanRewards::AsTheyAre;
        }
        let inputs = self.settlement_inputs(has_failed).map(cleaned);
        CleanRewards::Anew(Box::new(Division::new(rewards, reward, inputs)))
    }
}

/// What settlement knows of a host.
fn settlement_input(
    state: &HostState,
    tally: &HostTally,
    confirmed: Option<u64>,
    has_failed: bool,
) -> SettlementInput {
    SettlementInput {
        weight: Weight::new(tally.weight),
        confirmation_weight: confirmed.map(Weight::new),
        raw_weight: Weight::new(tally.weight),
        status: state.status,
        balance: Amount::from_base_units(i128::from(state.work)),
        passes_missed_test: !has_failed,
        claims: true,
    }
}

/// The same host with a clean record.
fn cleaned(input: SettlementInput) -> SettlementInput {
    SettlementInput {
        status: Status::Active,
        passes_missed_test: true,
        ..input
    }
}

/// Cost of holding a host's cards for a time, as far as it holds them; who has no weight holds none.
fn upkeep(class: &GpuClass, slots: u16, held: Fraction, elapsed_ns: u64, weight: u64) -> i128 {
    if class.standby_per_hour.is_zero() || weight == 0 {
        return 0;
    }
    let cards = u64::from(slots / class.slots.max(1));
    let time = held.of(elapsed_ns, Rounding::Down).saturating_mul(cards);
    operating_cost(class.standby_per_hour, time, 1)
}

/// Cost of the hardware time used: a slot-hour costs the class's hour divided by its slots.
fn operating_cost(per_hour: Amount, busy_ns: u64, slots: u16) -> i128 {
    const HOUR_NS: u128 = 3_600_000_000_000;
    per_hour
        .mul_div(
            u128::from(busy_ns),
            HOUR_NS * u128::from(slots.max(1)),
            Rounding::HalfEven,
        )
        .base_units()
}
