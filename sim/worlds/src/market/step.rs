//! One epoch of a market.
//!
//! Invariant: draws are keyed by participant and epoch, so that one provider more moves nobody else's.

use stakeout_kernel::sample::{normal_quantile, unit_closed_open};
use stakeout_kernel::streams::StreamKey;
use stakeout_protocol::markets::constant_product::Pool;
use stakeout_protocol::schedules::split::{Contribution, split_reward};
use stakeout_protocol::units::{Amount, Fraction, Rounding};
use stakeout_protocol::vesting::VestingSchedule;

use super::params::{MarketParams, Shock, UNIT, coins};
use crate::dice::Dice;

/// Fiat is counted in millionths.
pub(super) const MICRO: f64 = 1e6;
const CONVICTIONS: u8 = 110;
const VANISHING: u8 = 111;

/// Somebody who could provide.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) cost: u128,
    pub(super) is_cheater: bool,
    pub(super) is_active: bool,
    is_gone: bool,
    losses: u32,
    pub(super) wallet: Amount,
    pub(super) vesting: VestingSchedule,
    /// Fiat earned less costs, summed over active epochs.
    pub(super) profit: i128,
    pub(super) active_epochs: u64,
    pub(super) earned: i128,
}

/// What an epoch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EpochRecord {
    /// Coins issued.
    pub issued: i128,
    /// Coins burned.
    pub burned: i128,
    /// Requests served.
    pub served: u64,
    /// Requests asked for.
    pub asked: u64,
    /// Fiat paid by users, in millionths.
    pub bill: u128,
    /// Price of a coin at the end, in millionths of fiat.
    pub price: u128,
    /// Active providers.
    pub active: u32,
    /// Providers that entered.
    pub entered: u32,
    /// Providers that left.
    pub left: u32,
    /// Active providers convicted.
    pub convicted: u32,
    /// Costs of the active, in millionths of fiat.
    pub costs: u128,
    /// Coins locked.
    pub locked: i128,
}

/// A market under way.
#[derive(Clone, Debug)]
pub struct Market {
    pub(super) params: MarketParams,
    pub(super) providers: Vec<Provider>,
    pub(super) pool: Pool,
    pub(super) issued: Amount,
    pub(super) burned: Amount,
    /// Rewards that have vested.
    pub(super) vested: Amount,
    pub(super) governance: Amount,
    pub(super) holders: Amount,
    initial: Amount,
    epoch: u32,
    prices: Vec<u128>,
    demand: f64,
    request_price: f64,
    capacity: f64,
    honest_conviction: f64,
    lag: u32,
    pub(super) cartel: f64,
    convictions: StreamKey,
    vanishing: StreamKey,
}

impl Market {
    /// A market before its first epoch. Costs are the quantiles of a lognormal law, so that no draw decides who there
    /// is; every so many-th provider cheats.
    pub(super) fn new(params: &MarketParams, seed: u64) -> Self {
        let count = 2 * params.providers;
        let providers = (0..count).map(|index| {
            // Active and outside alternate over the whole range of costs.
            let quantile = (f64::from(index) + 0.5) / f64::from(count);
            let cost = params.cost * libm::exp(params.cost_spread * normal_quantile(quantile));
            let share = |upto: u32| libm::floor(f64::from(upto) * params.cheaters) as u32;
            Provider::new(cost, share(index + 1) > share(index), index % 2 == 0)
        });
        let pool = Pool {
            coins: coins(params.pool_coins).base_units().unsigned_abs(),
            money: (params.pool_money * MICRO) as u128,
            fee_bps: 0,
        };
        let holders = coins(params.held);
        let mut market = Self {
            providers: providers.collect(),
            pool,
            issued: Amount::ZERO,
            burned: Amount::ZERO,
            vested: Amount::ZERO,
            governance: Amount::ZERO,
            holders,
            initial: holders + coins(params.pool_coins),
            epoch: 0,
            prices: Vec::new(),
            demand: params.requests,
            request_price: params.request_price,
            capacity: f64::from(params.capacity),
            honest_conviction: params.honest_conviction,
            lag: 0,
            cartel: 0.0,
            convictions: Dice::key(seed, CONVICTIONS),
            vanishing: Dice::key(seed, VANISHING),
            params: params.clone(),
        };
        market.prices.push(market.price());
        market
    }

    /// The price of a coin in millionths of fiat.
    pub(super) fn price(&self) -> u128 {
        self.pool.money * UNIT as u128 / self.pool.coins.max(1)
    }

    /// One epoch: shocks, demand, fees, issuance, sales, entry and exit.
    ///
    /// # Panics
    /// When coins are not conserved: a mistake of this program.
    pub fn process_epoch(&mut self) -> EpochRecord {
        let shocks: Vec<Shock> = self
            .params
            .shocks
            .iter()
            .filter(|shock| shock.epoch == self.epoch)
            .cloned()
            .collect();
        shocks.iter().for_each(|shock| self.process_shock(shock));
        let mut record = EpochRecord::default();
        let active: Vec<usize> = (0..self.providers.len())
            .filter(|at| self.providers[*at].is_active)
            .collect();
        let earned = self.process_work(&active, &mut record);
        self.process_sales(&active, &earned, &mut record);
        self.process_entry(&active, &earned, &mut record);
        self.demand *= 1.0 + self.params.growth;
        self.epoch += 1;
        record.price = self.price();
        record.locked = self.locked().base_units();
        self.prices.push(record.price);
        assert_eq!(
            self.total(),
            self.initial + self.issued,
            "coins are not conserved"
        );
        record
    }

    pub(super) fn locked(&self) -> Amount {
        self.providers
            .iter()
            .map(|provider| provider.vesting.locked())
            .sum()
    }

    /// Every coin there is or was.
    fn total(&self) -> Amount {
        let wallets: Amount = self.providers.iter().map(|provider| provider.wallet).sum();
        let pool = Amount::from_base_units(i128::try_from(self.pool.coins).expect("a pool within range"));
        pool + wallets + self.locked() + self.burned + self.governance + self.holders
    }

    fn process_shock(&mut self, shock: &Shock) {
        self.demand *= shock.demand.unwrap_or(1.0);
        self.capacity *= shock.capacity.unwrap_or(1.0);
        self.request_price *= shock.request_price.unwrap_or(1.0);
        self.honest_conviction = shock.honest_conviction.unwrap_or(self.honest_conviction);
        self.lag = shock.price_lag.unwrap_or(self.lag);
        self.cartel = shock.cartel.unwrap_or(self.cartel);
        if let Some(factor) = shock.cost {
            for provider in &mut self.providers {
                provider.cost = (provider.cost as f64 * factor) as u128;
            }
        }
        if let Some(part) = shock.vanish {
            for (at, provider) in self.providers.iter_mut().enumerate() {
                let is_hit = unit_closed_open(self.vanishing.draw(at as u64, u64::from(self.epoch))) < part;
                if provider.is_active && is_hit {
                    provider.is_active = false;
                    provider.is_gone = true;
                }
            }
        }
        let fall = shock
            .coin_price
            .map(|part| self.pool.coins as f64 * (1.0 / part.sqrt() - 1.0));
        let sold = shock
            .unlock
            .map(|count| count * UNIT as f64)
            .into_iter()
            .chain(fall)
            .sum::<f64>();
        self.sell_held(Amount::from_base_units(sold as i128));
        let cheap = self.params.cost;
        for _ in 0..shock.identities.unwrap_or(0) {
            self.providers.push(Provider::new(cheap, true, false));
        }
    }

    fn sell_held(&mut self, wanted: Amount) {
        let sold = wanted.min(self.holders);
        self.pool = self.pool.sell(sold.base_units().unsigned_abs()).pool;
        self.holders -= sold;
    }

    /// Demand, fees and rewards: what each active provider earned, in coins that are free at once.
    fn process_work(&mut self, active: &[usize], record: &mut EpochRecord) -> Vec<Amount> {
        let per_host = libm::floor(self.capacity) as u64;
        let room = per_host.saturating_mul(active.len() as u64);
        let answer = libm::pow(
            self.request_price / self.params.request_price,
            -self.params.elasticity,
        );
        record.asked = (self.demand * answer).clamp(0.0, 1e15) as u64;
        record.served = record.asked.min(room);
        record.bill = (record.served as f64 * self.request_price * MICRO) as u128;
        if self.params.is_price_dynamic && room > 0 {
            let used = record.asked.min(room) as f64 / room as f64;
            let step = 0.05 * ((used - 0.6).max(0.0) - (0.4 - used).max(0.0));
            self.request_price = (self.request_price * (1.0 + step)).clamp(1e-6, 1e6);
        }
        let fees = self.collect_fees(record);
        let contributions = self.contributions(active, record.served, per_host);
        let issued = self.params.schedule.issue(u64::from(self.epoch), self.issued);
        self.issued += issued;
        record.issued = issued.base_units();
        let (rewards, unclaimed) = split_reward(self.params.split.rule(), issued, &contributions);
        let (fees, unearned) = split_reward(
            stakeout_protocol::schedules::split::SplitRule::Work,
            fees,
            &contributions,
        );
        self.governance += unclaimed + unearned;
        let mut earned = vec![Amount::ZERO; active.len()];
        for (place, at) in active.iter().enumerate() {
            let is_convicted = self.is_convicted(*at);
            record.convicted += u32::from(is_convicted);
            if is_convicted {
                self.governance += rewards[place] + fees[place];
                continue;
            }
            let vesting = self.params.vesting;
            let provider = &mut self.providers[*at];
            let at_once = provider.vesting.add(rewards[place], vesting);
            provider.wallet += at_once + fees[place];
            self.vested += at_once;
            earned[place] = rewards[place] + fees[place];
        }
        for provider in &mut self.providers {
            let released = provider.vesting.release_epoch();
            provider.wallet += released;
            self.vested += released;
        }
        earned
    }

    /// Users buy the coins for their bill; with a lag they pay at an old price, and what they buy beyond or below that
    /// is their gain or loss, up to what the pool gives.
    fn collect_fees(&mut self, record: &mut EpochRecord) -> Amount {
        let bought = self.pool.buy(record.bill);
        self.pool = bought.pool;
        let mut paid = Amount::from_base_units(i128::try_from(bought.out).expect("a fee within range"));
        if self.lag > 0 && record.bill > 0 {
            let old = self.prices[self.prices.len().saturating_sub(self.lag as usize + 1)].max(1);
            let due = record.bill.saturating_mul(UNIT as u128) / old;
            let due = Amount::from_base_units(i128::try_from(due).expect("a bill within range")).min(paid);
            // Users keep the coins that the stale price does not ask for.
            self.holders += paid - due;
            paid = due;
        }
        let burned = paid.share(
            Fraction::from_parts((self.params.burn * 1e18) as u64),
            Rounding::Down,
        );
        self.burned += burned;
        record.burned = burned.base_units();
        paid - burned
    }

    fn contributions(&self, active: &[usize], served: u64, per_host: u64) -> Vec<Contribution> {
        let hosts = active.len().max(1) as u64;
        (0..active.len() as u64)
            .map(|place| Contribution {
                // Even work, the remainder to the first.
                work: served / hosts + u64::from(place < served % hosts),
                weight: per_host.max(1),
                utilisation: Fraction::ZERO,
                coverage: Fraction::ZERO,
            })
            .collect()
    }

    fn is_convicted(&self, at: usize) -> bool {
        let chance = if self.providers[at].is_cheater {
            self.params.cheater_conviction
        } else {
            self.honest_conviction
        };
        unit_closed_open(self.convictions.draw(at as u64, u64::from(self.epoch))) < chance
    }

    /// Everybody's sales go into the pool as one; proceeds are shared by what each sold.
    fn process_sales(&mut self, active: &[usize], earned: &[Amount], record: &mut EpochRecord) {
        let part = Fraction::from_parts((self.params.sell * 1e18) as u64);
        let offers: Vec<Amount> = self
            .providers
            .iter()
            .map(|provider| provider.wallet.share(part, Rounding::Down))
            .collect();
        let all: Amount = offers.iter().sum();
        if !all.is_zero() {
            self.pool = self.pool.sell(all.base_units().unsigned_abs()).pool;
            for (provider, offer) in self.providers.iter_mut().zip(offers) {
                provider.wallet -= offer;
            }
        }
        let price = self.price();
        for (at, coins) in active.iter().zip(earned) {
            let cost = self.paid_cost(*at);
            let income = coins.base_units() * price as i128 / UNIT;
            let provider = &mut self.providers[*at];
            provider.profit += income - cost as i128;
            provider.earned += income;
            provider.active_epochs += 1;
            record.costs += cost;
        }
    }

    pub(super) fn paid_cost(&self, at: usize) -> u128 {
        let provider = &self.providers[at];
        if provider.is_cheater {
            (provider.cost as f64 * (1.0 - self.params.saving)) as u128
        } else {
            provider.cost
        }
    }

    /// Who loses for long leaves, the largest losses first; the cheapest outside enter where an equal part of what was
    /// paid would cover their cost and what they earn elsewhere. Both are limited, so that not everybody moves at once.
    fn process_entry(&mut self, active: &[usize], earned: &[Amount], record: &mut EpochRecord) {
        let price = self.price() as i128;
        let outside = (self.params.outside * MICRO) as i128;
        let limit = self.params.entry_limit.max(1) as usize;
        let mut leaving = Vec::new();
        for (at, coins) in active.iter().zip(earned) {
            let margin = coins.base_units() * price / UNIT - self.paid_cost(*at) as i128 - outside;
            let provider = &mut self.providers[*at];
            provider.losses = if margin < 0 { provider.losses + 1 } else { 0 };
            if provider.losses >= self.params.patience {
                leaving.push((margin, *at));
            }
        }
        leaving.sort_unstable();
        for (_, at) in leaving.into_iter().take(limit) {
            self.providers[at].is_active = false;
            self.providers[at].losses = 0;
            record.left += 1;
        }
        let paid: Amount = earned.iter().sum();
        let pot = if active.is_empty() {
            record.issued
        } else {
            paid.base_units()
        };
        let joined = pot / (active.len() as i128 + 1) * price / UNIT;
        let mut waiting: Vec<(u128, usize)> = (0..self.providers.len())
            .filter(|at| !self.providers[*at].is_active && !self.providers[*at].is_gone)
            .map(|at| (self.paid_cost(at), at))
            .filter(|(cost, _)| joined - *cost as i128 - outside > 0)
            .collect();
        waiting.sort_unstable();
        for (_, at) in waiting.into_iter().take(self.params.entry_limit as usize) {
            self.providers[at].is_active = true;
            record.entered += 1;
        }
        record.active = self
            .providers
            .iter()
            .filter(|provider| provider.is_active)
            .count() as u32;
    }
}

impl Provider {
    fn new(cost: f64, is_cheater: bool, is_active: bool) -> Self {
        Self {
            cost: (cost * MICRO) as u128,
            is_cheater,
            is_active,
            is_gone: false,
            losses: 0,
            wallet: Amount::ZERO,
            vesting: VestingSchedule::new(),
            profit: 0,
            active_epochs: 0,
            earned: 0,
        }
    }
}
