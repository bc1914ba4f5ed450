//! The division of an epoch's reward: what has to be known of all hosts before one of them can be paid.
//!
//! Invariant: it is a handful of sums. A million hosts are walked through three times, and no list of them is kept.

use super::{ForfeitsTo, Payout, RewardParams, RewardRule, SettlementCap, SettlementInput};
use super::{compute_effective_weight, compute_payout, is_in_good_standing, is_rewarded, share_of};
use crate::units::{Amount, Weight};
use crate::weights::{compute_power_cap, settlement_cap};

/// What an epoch's settlement comes to, over all hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementTotals {
    /// Rewards paid.
    pub rewards: Amount,
    /// The part of the epoch's reward that governance gets, recovered debts included.
    pub governance: Amount,
    /// The part of the epoch's reward that is burned.
    pub burned: Amount,
    /// What hosts lost by status, missed work or an absent claim; part of `governance` or `burned`
    /// unless it was redistributed.
    pub forfeited: Amount,
    /// Debts cut from rewards; part of `governance`.
    pub recovered_debt: Amount,
    /// Work coins of INVALID and INACTIVE hosts, which stay in the module account.
    pub work_retained: Amount,
    /// Work coins nobody claimed; they go where forfeits go.
    pub work_unclaimed: Amount,
}

/// How the reward of an epoch is divided; see [`settle_epoch`](super::settle_epoch).
#[derive(Clone, Debug)]
pub struct Division {
    is_by_work: bool,
    reward: Amount,
    /// The sum that a host's part is a part of.
    whole: u128,
    /// What no host in good standing may weigh more than, if the cap is in force.
    limit: Option<Weight>,
    redistributed: Option<Redistribution>,
    totals: SettlementTotals,
}

/// What hosts lost and those who are paid get on top.
#[derive(Clone, Copy, Debug)]
struct Redistribution {
    pot: Amount,
    whole: u128,
}

impl Division {
    /// The division of `reward` among these hosts.
    ///
    /// # Panics
    /// When the reward is negative.
    #[must_use]
    pub fn new(
        params: &RewardParams,
        reward: Amount,
        hosts: impl Iterator<Item = SettlementInput> + Clone,
    ) -> Self {
        assert!(!reward.is_negative(), "a negative epoch reward");
        let mut division = Self {
            is_by_work: matches!(params.rule, RewardRule::LegacySubsidy(_)),
            reward,
            whole: 0,
            limit: None,
            redistributed: None,
            totals: SettlementTotals::default(),
        };
        if division.is_by_work {
            division.whole = hosts.clone().map(|host| work_part(&host)).sum();
        } else {
            division.whole = hosts.clone().map(|host| u128::from(host.weight.get())).sum();
            division.limit = find_limit(params.power_cap, hosts.clone());
        }
        if params.forfeits_to == ForfeitsTo::Redistribute {
            division.redistributed = Some(division.redistribution(hosts.clone()));
        }
        division.add_up(params.forfeits_to, hosts);
        division
    }

    /// What it comes to over all hosts.
    #[must_use]
    pub const fn totals(&self) -> &SettlementTotals {
        &self.totals
    }

    /// Pays one host after another.
    #[must_use]
    pub const fn payer(&self) -> Payer<'_> {
        Payer {
            division: self,
            earned: (0, Amount::ZERO),
            extra: (0, Amount::ZERO),
        }
    }

    /// A host's part of the whole; that of a host in bad standing is what it would have had.
    fn part(&self, host: &SettlementInput) -> u128 {
        if self.is_by_work {
            return work_part(host);
        }
        let weight = compute_effective_weight(host);
        let capped = match self.limit {
            Some(limit) if is_in_good_standing(host.status) => weight.min(limit),
            _ => weight,
        };
        u128::from(capped.get())
    }

    fn redistribution(&self, hosts: impl Iterator<Item = SettlementInput>) -> Redistribution {
        let mut payer = self.payer();
        let (mut forfeited, mut left, mut whole) = (Amount::ZERO, self.reward, 0);
        for host in hosts {
            let part = self.part(&host);
            let earned = payer.earned(part);
            if is_rewarded(&host) {
                whole += part;
                left -= earned;
            } else {
                forfeited += earned;
            }
        }
        // An uncapped offender among capped hosts could have had more than is left.
        Redistribution {
            pot: forfeited.min(left),
            whole,
        }
    }

    fn add_up(&mut self, forfeits_to: ForfeitsTo, hosts: impl Iterator<Item = SettlementInput>) {
        let mut totals = SettlementTotals::default();
        let mut payer = self.payer();
        for host in hosts {
            if !is_rewarded(&host) {
                totals.forfeited += payer.earned(self.part(&host));
            }
            let payout = payer.pay(&host);
            totals.rewards += payout.reward;
            totals.recovered_debt += payout.debt_recovered;
            let work = host.balance.max(Amount::ZERO);
            if !is_in_good_standing(host.status) {
                totals.work_retained += work;
            } else if !host.claims {
                totals.work_unclaimed += work;
            }
        }
        let unpaid = self.reward - totals.rewards - totals.recovered_debt;
        totals.governance = totals.recovered_debt;
        match forfeits_to {
            ForfeitsTo::Governance | ForfeitsTo::Redistribute => totals.governance += unpaid,
            ForfeitsTo::Burn => totals.burned = unpaid,
        }
        self.totals = totals;
    }
}

/// Pays the hosts of a [`Division`]. Neighbours often have the same part, and a division of 128 bits is dear: it remembers
/// the last one.
#[derive(Clone, Debug)]
pub struct Payer<'a> {
    division: &'a Division,
    earned: (u128, Amount),
    extra: (u128, Amount),
}

impl Payer<'_> {
    /// What a host gets.
    pub fn pay(&mut self, host: &SettlementInput) -> Payout {
        let mut gross = Amount::ZERO;
        if is_rewarded(host) {
            let part = self.division.part(host);
            gross = self.earned(part) + self.extra(part);
        }
        compute_payout(host, gross)
    }

    fn earned(&mut self, part: u128) -> Amount {
        if part != self.earned.0 {
            self.earned = (part, share_of(self.division.reward, part, self.division.whole));
        }
        self.earned.1
    }

    fn extra(&mut self, part: u128) -> Amount {
        let Some(Redistribution { pot, whole }) = self.division.redistributed else {
            return Amount::ZERO;
        };
        if part != self.extra.0 {
            self.extra = (part, share_of(pot, part, whole));
        }
        self.extra.1
    }
}

/// What a host in good standing has earned by work.
fn work_part(host: &SettlementInput) -> u128 {
    match is_in_good_standing(host.status) {
        true => host.balance.max(Amount::ZERO).base_units().unsigned_abs(),
        false => 0,
    }
}

/// What no host in good standing may weigh more than, if any would.
fn find_limit(cap: SettlementCap, hosts: impl Iterator<Item = SettlementInput> + Clone) -> Option<Weight> {
    let standing = hosts
        .filter(|host| is_in_good_standing(host.status))
        .map(|host| compute_effective_weight(&host));
    let share = match cap {
        SettlementCap::None => return None,
        SettlementCap::ByHosts => settlement_cap(standing.clone().count()),
        SettlementCap::Fixed(share) => share,
    };
    compute_power_cap(standing, share)
}
