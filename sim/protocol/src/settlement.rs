//! The end of an epoch: who is paid what, and where the rest goes.
//!
//! Invariant: rewards paid, governance's part and the burned part sum to the epoch's reward, and no
//! INVALID or INACTIVE host is paid.
//!
//! Reference: gonka-ai/gonka x/inference/keeper/bitcoin_rewards.go, accountsettle.go.

mod division;
mod reward;
mod subsidy;

pub use division::{Division, Payer, SettlementTotals};
pub use reward::{compute_epoch_reward, compute_issuable};
pub use subsidy::{LegacySubsidy, LegacySubsidyParams, compute_legacy_subsidy};

use crate::status::Status;
use crate::units::{Amount, Decimal, EpochIndex, Fraction, Rounding, Weight};

/// Where rewards go that no host has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForfeitsTo {
    /// To the governance account (since v0.2.7).
    Governance,
    /// To the hosts that are paid, by weight; what doesn't divide goes to governance (A-63).
    Redistribute,
    /// Out of circulation (before v0.2.7).
    Burn,
}

/// The largest part of the settled weight that one host may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementCap {
    /// Any.
    None,
    /// By the number of hosts: see [`settlement_cap`](crate::weights::settlement_cap).
    ByHosts,
    /// This part, whatever the number of hosts.
    Fixed(Fraction),
}

/// How the reward of an epoch comes about and is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RewardRule {
    /// A fixed reward that decays, divided by weight (the live network).
    Decay,
    /// A multiple of the coins earned by work, divided by work (v0.2.0).
    LegacySubsidy(LegacySubsidyParams),
}

/// The parameters of rewards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardParams {
    /// The reward of the genesis epoch.
    pub initial: Amount,
    /// What the reward is multiplied by from one epoch to the next.
    pub decay_per_epoch: Decimal,
    /// The first epoch that is rewarded.
    pub genesis_epoch: EpochIndex,
    /// Where unearned rewards go.
    pub forfeits_to: ForfeitsTo,
    /// The largest part of the settled weight that one host may have.
    pub power_cap: SettlementCap,
    /// The most that is ever issued as reward, if there is a limit.
    pub supply_cap: Option<Amount>,
    /// How the reward comes about and is divided.
    pub rule: RewardRule,
}

/// What settlement needs to know about one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementInput {
    /// Its weight in the epoch, after collateral.
    pub weight: Weight,
    /// What surprise measurements confirmed; none where the network took no such measure.
    pub confirmation_weight: Option<Weight>,
    /// The weight of its nodes before collateral; zero stands for `weight`.
    pub raw_weight: Weight,
    /// Its status at the end of the epoch.
    pub status: Status,
    /// Coins earned by work; negative for a debt.
    pub balance: Amount,
    /// Whether it missed few enough requests.
    pub passes_missed_test: bool,
    /// Whether it asks for its reward, and has done its duty as a validator.
    pub claims: bool,
}

/// Why a host is paid less than it has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// The reward doesn't cover the debt; the rest of the debt is forgotten, as on the network.
    #[error("negative coin balance: a debt of {debt} against a reward of {reward}")]
    NegativeBalance {
        /// What the host owes.
        debt: Amount,
        /// What it had earned.
        reward: Amount,
    },
}

/// What one host gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// Newly issued coins, after any debt.
    pub reward: Amount,
    /// Coins from clients.
    pub work_coins: Amount,
    /// The part of a debt that was cut from the reward.
    pub debt_recovered: Amount,
    /// The part of a debt that nobody pays any more.
    pub debt_forgotten: Amount,
}

impl Payout {
    /// Why there is no reward, where a debt is the reason: a debt is forgotten only once it has taken all.
    #[must_use]
    pub fn error(&self) -> Option<SettlementError> {
        (!self.debt_forgotten.is_zero()).then(|| SettlementError::NegativeBalance {
            debt: self.debt_recovered + self.debt_forgotten,
            reward: self.debt_recovered,
        })
    }
}

/// The result of an epoch's settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// By host, in the order of the inputs.
    pub payouts: Vec<Payout>,
    /// Over all hosts.
    pub totals: SettlementTotals,
}

/// Divides the reward of an epoch.
///
/// ```text
/// effective = min(weight, floor(confirmed·weight / raw)), capped among hosts in good standing
/// reward    = floor(R·effective / Σ weight)        the sum is over all hosts, paid or not
/// ```
///
/// A debt is cut from the reward; what no host is paid goes where the parameters say. Who has more hosts than a list is
/// for asks a [`Division`] host by host.
///
/// # Panics
/// When the reward is negative.
#[must_use]
pub fn settle_epoch(params: &RewardParams, reward: Amount, hosts: &[SettlementInput]) -> Settlement {
    let division = Division::new(params, reward, hosts.iter().copied());
    let mut payer = division.payer();
    Settlement {
        payouts: hosts.iter().map(|host| payer.pay(host)).collect(),
        totals: *division.totals(),
    }
}

/// The weight that earns: `min(weight, floor(confirmed·weight / raw))`.
#[must_use]
pub fn compute_effective_weight(host: &SettlementInput) -> Weight {
    let raw = if host.raw_weight == Weight::ZERO {
        host.weight
    } else {
        host.raw_weight
    };
    match host.confirmation_weight {
        Some(confirmed) if raw > Weight::ZERO => {
            // The larger weights first: what is above the weight itself is cut off anyway.
            let confirmed = confirmed.min(raw);
            confirmed.mul_div(
                u128::from(host.weight.get()),
                u128::from(raw.get()),
                Rounding::Down,
            )
        }
        _ => host.weight,
    }
}

fn compute_payout(host: &SettlementInput, gross: Amount) -> Payout {
    let keeps_work = is_in_good_standing(host.status) && host.claims;
    let mut payout = Payout {
        reward: gross,
        ..Payout::default()
    };
    if host.balance.is_negative() {
        let debt = -host.balance;
        payout.debt_recovered = debt.min(gross);
        payout.debt_forgotten = debt - payout.debt_recovered;
        payout.reward = gross - payout.debt_recovered;
    } else if keeps_work {
        payout.work_coins = host.balance;
    }
    payout
}

fn share_of(reward: Amount, part: u128, whole: u128) -> Amount {
    if whole == 0 {
        Amount::ZERO
    } else {
        reward.mul_div(part, whole, Rounding::Down)
    }
}

fn is_in_good_standing(status: Status) -> bool {
    matches!(status, Status::Active | Status::Ramping)
}

fn is_rewarded(host: &SettlementInput) -> bool {
    is_in_good_standing(host.status) && host.passes_missed_test && host.claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(forfeits_to: ForfeitsTo) -> RewardParams {
        RewardParams {
            initial: Amount::from_gnk(323_000),
            decay_per_epoch: "0.9995251127946402".parse().unwrap(),
            genesis_epoch: EpochIndex::new(1),
            forfeits_to,
            power_cap: SettlementCap::ByHosts,
            supply_cap: None,
            rule: RewardRule::Decay,
        }
    }

    fn host(weight: u64) -> SettlementInput {
        SettlementInput {
            weight: Weight::new(weight),
            confirmation_weight: None,
            raw_weight: Weight::ZERO,
            status: Status::Active,
            balance: Amount::from_base_units(100),
            passes_missed_test: true,
            claims: true,
        }
    }

    /// Hosts in every combination of standing, debt and duty.
    fn a_mixed_network() -> Vec<SettlementInput> {
        let mut hosts = Vec::new();
        for status in [Status::Active, Status::Ramping, Status::Invalid, Status::Inactive] {
            for balance in [-1_000_000_000_000_000, -7, 0, 5_000] {
                for flags in 0..4u64 {
                    hosts.push(SettlementInput {
                        status,
                        balance: Amount::from_base_units(balance),
                        passes_missed_test: flags & 1 == 0,
                        claims: flags & 2 == 0,
                        confirmation_weight: (flags != 3)
                            .then_some(Weight::new(900 + 13 * hosts.len() as u64)),
                        raw_weight: Weight::new(1_000),
                        ..host(hosts.len() as u64 * 37 + 11)
                    });
                }
            }
        }
        hosts
    }

    #[test]
    fn every_coin_of_the_reward_has_a_place() {
        let hosts = a_mixed_network();
        for forfeits_to in [ForfeitsTo::Governance, ForfeitsTo::Redistribute, ForfeitsTo::Burn] {
            for reward in [0, 1, 997, 314_670_897_622_955] {
                let reward = Amount::from_base_units(reward);
                let settlement = settle_epoch(&params(forfeits_to), reward, &hosts);
                assert_eq!(
                    settlement.totals.rewards + settlement.totals.governance + settlement.totals.burned,
                    reward
                );
                assert!(
                    !settlement.totals.governance.is_negative() && !settlement.totals.burned.is_negative()
                );
                for (payout, host) in settlement.payouts.iter().zip(&hosts) {
                    assert!(!payout.reward.is_negative());
                    if !is_in_good_standing(host.status) {
                        assert_eq!((payout.reward, payout.work_coins), (Amount::ZERO, Amount::ZERO));
                    }
                    let debt = payout.debt_recovered + payout.debt_forgotten;
                    assert_eq!(debt, (-host.balance).max(Amount::ZERO));
                }
            }
        }
    }

    #[test]
    fn every_work_coin_has_a_place() {
        let hosts = a_mixed_network();
        let settlement = settle_epoch(&params(ForfeitsTo::Governance), Amount::from_gnk(1), &hosts);
        let paid: Amount = settlement.payouts.iter().map(|payout| payout.work_coins).sum();
        let earned: Amount = hosts.iter().map(|host| host.balance.max(Amount::ZERO)).sum();
        assert_eq!(
            paid + settlement.totals.work_retained + settlement.totals.work_unclaimed,
            earned
        );
    }

    #[test]
    fn honest_hosts_gain_from_a_conviction_only_where_forfeits_are_redistributed() {
        let hosts = [
            host(100),
            host(100),
            host(100),
            SettlementInput {
                status: Status::Invalid,
                ..host(100)
            },
        ];
        let reward = Amount::from_base_units(1_000);
        let first = |forfeits_to| settle_epoch(&params(forfeits_to), reward, &hosts).payouts[0].reward;
        assert_eq!(first(ForfeitsTo::Governance), Amount::from_base_units(250));
        assert_eq!(first(ForfeitsTo::Burn), Amount::from_base_units(250));
        assert_eq!(first(ForfeitsTo::Redistribute), Amount::from_base_units(250 + 83));
    }

    #[test]
    fn an_unclaimed_epoch_pays_neither_reward_nor_work() {
        let hosts = [
            host(100),
            SettlementInput {
                claims: false,
                ..host(100)
            },
        ];
        let settlement = settle_epoch(
            &params(ForfeitsTo::Governance),
            Amount::from_base_units(1_000),
            &hosts,
        );
        assert_eq!(settlement.payouts[1], Payout::default());
        assert_eq!(settlement.totals.governance, Amount::from_base_units(500));
        assert_eq!(settlement.totals.work_unclaimed, Amount::from_base_units(100));
    }

    #[test]
    fn the_subsidy_is_divided_by_work_and_not_by_weight() {
        let subsidy = LegacySubsidyParams {
            rate: Fraction::from_percent(90),
            cutoff: Fraction::from_percent(5),
            decrease: Fraction::from_percent(20),
        };
        let params = RewardParams {
            rule: RewardRule::LegacySubsidy(subsidy),
            ..params(ForfeitsTo::Burn)
        };
        let works = [255_000, 340_000, 255_000];
        let hosts = works.map(|work| SettlementInput {
            balance: Amount::from_base_units(work),
            ..host(1)
        });
        let settlement = settle_epoch(&params, Amount::from_base_units(8_500_000), &hosts);
        let rewards: Vec<i128> = settlement
            .payouts
            .iter()
            .map(|payout| payout.reward.base_units())
            .collect();
        assert_eq!(rewards, [2_550_000, 3_400_000, 2_550_000]);
    }

    #[test]
    fn a_network_without_weight_pays_nobody() {
        let settlement = settle_epoch(
            &params(ForfeitsTo::Redistribute),
            Amount::from_gnk(1),
            &[host(0), host(0)],
        );
        assert_eq!(
            (settlement.totals.rewards, settlement.totals.governance),
            (Amount::ZERO, Amount::from_gnk(1))
        );
        assert_eq!(
            settle_epoch(&params(ForfeitsTo::Burn), Amount::from_gnk(1), &[])
                .totals
                .burned,
            Amount::from_gnk(1)
        );
    }
}
