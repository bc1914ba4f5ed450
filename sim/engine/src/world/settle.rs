//! Settlement: what an epoch's work, weight and conduct are worth.

use stakeout_protocol::collateral::SlashedTo;
use stakeout_protocol::missed_work::{
    DynamicP0Params, RequestCounts, compute_dynamic_p0, passes_missed_work_test,
};
use stakeout_protocol::settlement::{
    LegacySubsidyParams, Payout, RewardRule, Settlement, SettlementInput, compute_epoch_reward,
    compute_issuable, compute_legacy_subsidy, settle_epoch,
};
use stakeout_protocol::status::Status;
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Height, Rounding, Weight};

use super::World;
use super::build::{TakeEpoch, ZERO_ROW};
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
    /// Validations required and done, by participant, at the last attempt to claim.
    pub duties: Vec<(u32, u32)>,
    /// Parity under which validator duty of the epoch was booked.
    pub parity: u8,
    /// Participants whose claim has not been accepted.
    pub open: Vec<u32>,
    /// Attempts so far.
    pub attempts: u32,
    /// Height of the last attempt.
    pub last_attempt: Option<Height>,
}

impl World<'_> {
    /// Settles the effective epoch: issues its reward and makes it claimable.
    pub(super) fn process_settlement(&mut self, end: u64) {
        self.close_claims(end);
        self.release_vested(end);
        self.charge_purse();
        let mut inputs = self.settlement_inputs();
        let reward = self.issue(&inputs);
        let settlement = settle_epoch(&self.scenario.protocol.rewards, reward, &inputs);
        let clean = self.clean_rewards(&mut inputs, reward, &settlement);
        self.post_settlement(&settlement, reward, &inputs, end);
        let mut row = self.take_totals();
        row.issued = reward.base_units();
        row.rewards = settlement.rewards().base_units();
        row.forfeited = settlement.forfeited.base_units();
        row.governance = settlement.governance.base_units();
        row.burned = settlement.burned.base_units();
        row.debts_recovered = settlement.recovered_debt.base_units();
        row.missed_work_failures = inputs.iter().filter(|input| !input.passes_missed_test).count() as u64;
        let has_failed: Vec<bool> = inputs.iter().map(|input| !input.passes_missed_test).collect();
        drop(inputs);
        let participants = self.take_participant_rows(&settlement, &clean, end);
        self.log_forfeits(&participants, &has_failed, end);
        self.settled = Some(Settled {
            row,
            participants,
            duties: vec![(0, 0); self.scenario.hosts.len()],
            parity: self.parity,
            open: (0..self.scenario.hosts.len() as u32).collect(),
            attempts: 0,
            last_attempt: None,
        });
        self.confirmed = Vec::new();
    }

    fn settlement_inputs(&self) -> Vec<SettlementInput> {
        let p0 = self.missed_work_p0();
        self.each_state(|participant, state, tally| {
            let (missed, finished) = (u64::from(tally.missed), u64::from(state.finished));
            SettlementInput {
                weight: Weight::new(tally.weight),
                confirmation_weight: self.confirmed_weight(participant).map(Weight::new),
                raw_weight: Weight::new(tally.weight),
                status: state.status,
                balance: Amount::from_base_units(i128::from(state.work)),
                passes_missed_test: p0.is_none_or(|p0| {
                    passes_missed_work_test(missed, finished + missed, p0)
                        .expect("missed is part of the total")
                }),
                claims: true,
            }
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
        let counts = self.each_state(|_, state, tally| RequestCounts {
            served: u64::from(state.finished),
            missed: u64::from(tally.missed),
        });
        let params = DynamicP0Params {
            p0: rule.p0,
            margin_permille: DYNAMIC_MARGIN_PERMILLE,
            requests_min: DYNAMIC_REQUESTS_MIN,
            participants_min: DYNAMIC_PARTICIPANTS_MIN,
        };
        let dynamic = compute_dynamic_p0(&params, &counts);
        (!dynamic.is_suspended).then(|| dynamic.p0())
    }

    /// What is issued for the epoch.
    fn issue(&mut self, inputs: &[SettlementInput]) -> Amount {
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
                let work = inputs.iter().map(|input| input.balance.max(Amount::ZERO)).sum();
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
    fn post_settlement(
        &mut self,
        settlement: &Settlement,
        reward: Amount,
        inputs: &[SettlementInput],
        end: u64,
    ) {
        let paid: i128 = settlement.rewards().base_units();
        let governance = settlement.governance.base_units();
        let burned = settlement.burned.base_units();
        // Recovered debts are part of governance's share of the issue (docs/spec/settlement.md).
        assert_eq!(
            paid + governance + burned,
            reward.base_units(),
            "an epoch's reward is divided in full"
        );
        self.books.governance += governance;
        self.books.burned += burned;
        let weights: u64 = inputs.iter().map(|input| input.weight.get()).sum();
        self.log_pair(
            EventKind::Issued,
            NOBODY,
            self.epoch,
            (reward.base_units() as i64, weights as i64),
            end,
        );
        self.log_if_any(EventKind::Burned, NOBODY, NOBODY, burned, end);
        for (participant, (payout, input)) in settlement.payouts.iter().zip(inputs).enumerate() {
            let balance = input.balance.base_units();
            let work = payout.work_coins.base_units();
            let id = participant as u32;
            if balance < 0 {
                self.books.deficit += balance;
                self.log(EventKind::WrittenOff, id, -balance, end);
            } else {
                self.books.module += balance - work;
                self.log_if_any(EventKind::WorkLost, id, NOBODY, balance - work, end);
            }
            self.books
                .claimable
                .add(participant, work + payout.reward.base_units());
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
    fn take_participant_rows(&mut self, settlement: &Settlement, clean: &[i128], end: u64) -> SettledRows {
        let epoch = self.epoch;
        let parity = usize::from(self.parity);
        let scenario = self.scenario;
        let elapsed = end - std::mem::replace(&mut self.presence.settled_at, end);
        let mut rows = SettledRows::new(scenario.hosts.len(), std::mem::take(&mut self.row_buffer));
        for lane in &mut self.lanes {
            let standing = lane.states.iter_mut().zip(&mut lane.tallies);
            for (host, (state, tally)) in standing.enumerate() {
                let participant = lane.first as usize + host;
                let payout = &settlement.payouts[participant];
                let reward = payout.reward.base_units();
                let busy_ns = std::mem::take(&mut lane.hosts[host].busy_ns);
                let class = &scenario.hardware[usize::from(lane.hosts[host].class)];
                let row = ParticipantRow {
                    epoch,
                    participant: participant as u32,
                    weight: tally.weight,
                    reputation: state.reputation.get(),
                    status: state.status,
                    reason: state.reason,
                    inferences: u64::from(state.finished),
                    missed: u64::from(tally.missed),
                    validated: u64::from(tally.validated),
                    invalidated: u64::from(tally.invalidated),
                    checked: u64::from(tally.checked),
                    cheated: u64::from(tally.cheated),
                    validations_required: u64::from(tally.required[parity]),
                    validations_done: u64::from(tally.done[parity]),
                    work_coins: payout.work_coins.base_units(),
                    reward,
                    forfeited: (clean[participant] - reward - payout.debt_recovered.base_units()).max(0),
                    slashed: std::mem::take(&mut tally.slashed),
                    cost: operating_cost(class.cost_per_hour, busy_ns, class.slots)
                        + upkeep(
                            class,
                            lane.hosts[host].slots,
                            lane.held[host],
                            elapsed,
                            tally.weight,
                        )
                        + self.presence.charges.take(participant),
                    busy_ns,
                };
                self.presence.earned.set(participant, profit(&row));
                rows.push(row);
                self.records[participant].take_epoch(
                    state,
                    tally,
                    &scenario.protocol.reputation,
                    self.presence.now[participant],
                );
                tally.finished_before += u64::from(state.finished);
                (state.finished, state.work) = (0, 0);
                (tally.missed, tally.validated, tally.invalidated) = (0, 0, 0);
                (tally.checked, tally.cheated) = (0, 0);
            }
        }
        rows
    }

    /// What each participant would be rewarded if everybody's record were clean.
    ///
    /// The records are cleaned in place and put back: a second copy of the inputs of a million hosts is
    /// memory that nothing else needs.
    fn clean_rewards(
        &self,
        inputs: &mut [SettlementInput],
        issued: Amount,
        settlement: &Settlement,
    ) -> Vec<i128> {
        let rewards = &self.scenario.protocol.rewards;
        let reward = match rewards.rule {
            RewardRule::Decay => compute_epoch_reward(rewards, EpochIndex::new(self.epoch)),
            RewardRule::LegacySubsidy(_) => return vec![0; inputs.len()],
        };
        let rewards_of = |payouts: &[Payout]| -> Vec<i128> {
            payouts.iter().map(|payout| payout.reward.base_units()).collect()
        };
        let is_clean = |input: &SettlementInput| input.status == Status::Active && input.passes_missed_test;
        if reward == issued && inputs.iter().all(is_clean) {
            return rewards_of(&settlement.payouts);
        }
        let clean = |input: &mut SettlementInput| {
            let status = std::mem::replace(&mut input.status, Status::Active);
            (status, std::mem::replace(&mut input.passes_missed_test, true))
        };
        let records: Vec<(Status, bool)> = inputs.iter_mut().map(clean).collect();
        let clean = rewards_of(&settle_epoch(rewards, reward, inputs).payouts);
        for (input, record) in inputs.iter_mut().zip(records) {
            (input.status, input.passes_missed_test) = record;
        }
        clean
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
