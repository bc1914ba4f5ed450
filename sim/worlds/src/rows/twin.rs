//! A market computed twice: by the integers of the market room, and here in floating point from the steps of its page
//! (`docs/worlds.md`, Markets).
//!
//! Invariant: the twin shares with the market its parameters and the order of the steps, and no code: costs, pool,
//! vesting, entry and exit are written anew.

use std::collections::VecDeque;

use stakeout_engine::oracle::{Allowed, Parameter, Parameters};
use stakeout_statistics::normal_quantile;

use crate::check::{Check, Kind, figures};
use crate::market::{MarketParams, Schedule, Shock, Split, simulate, summarise};

/// The checks of this theme.
pub const CHECKS: &[Check] = &[MARKET_TWIN, MARKET_CONVICTIONS];

const EPOCHS: u32 = 365;
/// When the shock comes.
const SHOCK: u32 = 100;
const FIRST: f64 = 285_000.0;
const KEEP: f64 = 0.999_525;
const REQUEST_PRICE: f64 = 0.01;
const CAPACITY: u32 = 5_000;
const BURN: f64 = 0.5;
const SELL: f64 = 0.8;
const POOL: (f64, f64) = (20e6, 4e6);
const HELD: f64 = 100e6;
const COST: f64 = 40.0;
const SPREAD: f64 = 0.4;
const OUTSIDE: f64 = 5.0;
const PATIENCE: u32 = 14;
const ENTRY_LIMIT: usize = 5;

/// What is compared, by the name that the market gives it.
const COMPARED: [&str; 10] = [
    "coins issued",
    "coins burned",
    "coins locked",
    "coins circulating",
    "price of a coin",
    "providers active",
    "entries",
    "exits",
    "income over costs",
    "requests served",
];

const FACTOR: Allowed = ("a number from 0.05 to 20", |value| (0.05..=20.0).contains(&value));

const MARKET_TWIN: Check = Check {
    id: "market-twin",
    catalogue: &[],
    title: "A year of a market whose demand, costs and coin price are shocked, in integers and in floating point",
    source: "the six steps of docs/worlds.md; x y = k; lognormal quantiles of costs; entry at zero profit",
    kind: Kind::Computed(1e-6),
    parameters: || {
        let some: Allowed = ("a whole number from 1 to 2000", |value| {
            value.fract() == 0.0 && (1.0..=2_000.0).contains(&value)
        });
        let epochs: Allowed = ("a whole number from 0 to 1000", |value| {
            value.fract() == 0.0 && (0.0..=1_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("providers", 200.0, some),
            Parameter::ranged("vesting", 180.0, epochs),
            Parameter::positive("requests", 600_000.0),
            Parameter::ranged("demand", 3.0, FACTOR),
            Parameter::ranged("cost", 0.7, FACTOR),
            Parameter::ranged(
                "coin_price",
                0.5,
                ("a number from 0.05 to 1", |value| (0.05..=1.0).contains(&value)),
            ),
        ]
    },
    expected: |p| {
        figures(std::array::from_fn::<_, 10, _>(|at| {
            (COMPARED[at], Twin::run(p)[at])
        }))
    },
    observe: |p, o| {
        let (market, records) = simulate(&compute_params(p), o.seed).expect("parameters within their ranges");
        let outcomes = summarise(&market, &records);
        let value = |name: &&str| {
            outcomes
                .iter()
                .find(|outcome| outcome.name == *name)
                .map(|found| found.value)
        };
        Ok(COMPARED.iter().filter_map(value).collect())
    },
};

fn compute_params(p: &Parameters) -> MarketParams {
    MarketParams {
        vesting: p.count("vesting"),
        providers: p.count("providers"),
        requests: p.get("requests"),
        shocks: vec![Shock {
            epoch: SHOCK,
            demand: Some(p.get("demand")),
            cost: Some(p.get("cost")),
            coin_price: Some(p.get("coin_price")),
            ..Shock::default()
        }],
        ..compute_calm()
    }
}

/// A year without a shock, in which nobody cheats or is convicted.
fn compute_calm() -> MarketParams {
    MarketParams {
        epochs: EPOCHS,
        schedule: Schedule::Decay {
            first: FIRST,
            keep: KEEP,
        },
        split: Split::Weight,
        vesting: 0,
        providers: 1_000,
        cost: COST,
        cost_spread: SPREAD,
        capacity: CAPACITY,
        gpu_hours: 192.0,
        hardware: 0.0,
        outside: OUTSIDE,
        patience: PATIENCE,
        entry_limit: ENTRY_LIMIT as u32,
        requests: 600_000.0,
        request_price: REQUEST_PRICE,
        elasticity: 0.8,
        growth: 0.0,
        is_price_dynamic: false,
        pool_coins: POOL.0,
        pool_money: POOL.1,
        held: HELD,
        sell: SELL,
        burn: BURN,
        cheaters: 0.0,
        saving: 0.0,
        cheater_conviction: 0.0,
        honest_conviction: 0.0,
        shocks: Vec::new(),
    }
}

/// Somebody who provides, or could.
struct Host {
    cost: f64,
    is_in: bool,
    losses: u32,
    wallet: f64,
    /// What vests in the epochs to come.
    vesting: VecDeque<f64>,
}

/// The market in floating point.
struct Twin {
    hosts: Vec<Host>,
    coins: f64,
    money: f64,
    holders: f64,
    demand: f64,
    vesting: usize,
}

/// Sums over a run.
#[derive(Default)]
struct Totals {
    issued: f64,
    burned: f64,
    entries: f64,
    exits: f64,
    income: f64,
    costs: f64,
    served: f64,
}

impl Twin {
    /// The figures of [`COMPARED`].
    fn run(p: &Parameters) -> [f64; 10] {
        let mut twin = Self::new(p);
        let mut totals = Totals::default();
        for epoch in 0..EPOCHS {
            if epoch == SHOCK {
                twin.shock(p);
            }
            twin.step(epoch, &mut totals);
        }
        let free: f64 = twin.hosts.iter().map(|host| host.wallet).sum();
        let locked: f64 = twin.hosts.iter().flat_map(|host| &host.vesting).sum();
        let active = twin.hosts.iter().filter(|host| host.is_in).count();
        [
            totals.issued,
            totals.burned,
            locked,
            twin.coins + twin.holders + free,
            twin.price(),
            active as f64,
            totals.entries,
            totals.exits,
            totals.income / totals.costs,
            totals.served,
        ]
    }

    fn new(p: &Parameters) -> Self {
        let count = 2 * p.count("providers");
        let host = |index: u32| {
            let quantile = (f64::from(index) + 0.5) / f64::from(count);
            Host {
                cost: COST * libm::exp(SPREAD * normal_quantile(quantile)),
                is_in: index.is_multiple_of(2),
                losses: 0,
                wallet: 0.0,
                vesting: VecDeque::new(),
            }
        };
        Self {
            hosts: (0..count).map(host).collect(),
            coins: POOL.0,
            money: POOL.1,
            holders: HELD,
            demand: p.get("requests"),
            vesting: p.count("vesting") as usize,
        }
    }

    fn shock(&mut self, p: &Parameters) {
        self.demand *= p.get("demand");
        self.hosts.iter_mut().for_each(|host| host.cost *= p.get("cost"));
        // The price is money over coins and their product stays: the coins that take it to a part of itself.
        let sold = self.coins / p.get("coin_price").sqrt() - self.coins;
        let sold = sold.min(self.holders);
        self.holders -= sold;
        self.sell(sold);
    }

    /// Prices are quoted in millionths.
    fn price(&self) -> f64 {
        libm::floor(self.money / self.coins * 1e6) / 1e6
    }

    fn sell(&mut self, coins: f64) {
        let product = self.coins * self.money;
        self.coins += coins;
        self.money = product / self.coins;
    }

    fn step(&mut self, epoch: u32, totals: &mut Totals) {
        let active: Vec<usize> = (0..self.hosts.len()).filter(|at| self.hosts[*at].is_in).collect();
        let asked = libm::floor(self.demand);
        let served = asked.min(f64::from(CAPACITY) * active.len() as f64);
        // Users buy the coins of their bill.
        let product = self.coins * self.money;
        self.money += served * REQUEST_PRICE;
        let bought = self.coins - product / self.money;
        self.coins -= bought;
        let issued = FIRST * libm::pow(KEEP, f64::from(epoch));
        totals.served += served;
        totals.burned += BURN * bought;
        totals.issued += issued;
        let share = issued / active.len() as f64;
        let each = libm::floor(served / active.len() as f64);
        let one_more = served - each * active.len() as f64;
        let mut earned = Vec::with_capacity(active.len());
        for (place, &at) in active.iter().enumerate() {
            let work = each + f64::from(u8::from((place as f64) < one_more));
            let fees = if served > 0.0 {
                (1.0 - BURN) * bought * work / served
            } else {
                0.0
            };
            earned.push(share + fees);
            self.pay(at, share, fees);
        }
        for host in &mut self.hosts {
            host.wallet += host.vesting.pop_front().unwrap_or(0.0);
        }
        // Everybody sells at once.
        let offered: f64 = self.hosts.iter().map(|host| SELL * host.wallet).sum();
        self.hosts.iter_mut().for_each(|host| host.wallet *= 1.0 - SELL);
        self.sell(offered);
        let price = self.price();
        for (&at, earned) in active.iter().zip(&earned) {
            totals.income += earned * price;
            totals.costs += self.hosts[at].cost;
        }
        self.leave(&active, &earned, totals);
        self.enter(&active, &earned, totals);
    }

    fn pay(&mut self, at: usize, reward: f64, fees: f64) {
        let host = &mut self.hosts[at];
        host.wallet += fees;
        if self.vesting == 0 {
            host.wallet += reward;
            return;
        }
        if host.vesting.len() < self.vesting {
            host.vesting.resize(self.vesting, 0.0);
        }
        let part = reward / self.vesting as f64;
        host.vesting
            .iter_mut()
            .take(self.vesting)
            .for_each(|due| *due += part);
    }

    fn leave(&mut self, active: &[usize], earned: &[f64], totals: &mut Totals) {
        let price = self.price();
        let mut leaving = Vec::new();
        for (&at, earned) in active.iter().zip(earned) {
            let host = &mut self.hosts[at];
            let margin = earned * price - host.cost - OUTSIDE;
            host.losses = if margin < 0.0 { host.losses + 1 } else { 0 };
            if host.losses >= PATIENCE {
                leaving.push((margin, at));
            }
        }
        leaving.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, at) in leaving.into_iter().take(ENTRY_LIMIT) {
            (self.hosts[at].is_in, self.hosts[at].losses) = (false, 0);
            totals.exits += 1.0;
        }
    }

    fn enter(&mut self, active: &[usize], earned: &[f64], totals: &mut Totals) {
        let price = self.price();
        let paid: f64 = earned.iter().sum();
        let joined = paid / (active.len() as f64 + 1.0) * price;
        // Costs rise with the number, so the first outside are the cheapest.
        let waiting = self
            .hosts
            .iter_mut()
            .filter(|host| !host.is_in && joined - host.cost - OUTSIDE > 0.0);
        for host in waiting.take(ENTRY_LIMIT) {
            host.is_in = true;
            totals.entries += 1.0;
        }
    }
}

const MARKET_CONVICTIONS: Check = Check {
    id: "market-convictions",
    catalogue: &[],
    title: "Convictions in a market, of providers and epochs: honest providers at the sequential test's rate",
    source: "binomial law; 0.0113617 is the share that docs/validation.md's `sprt-without-floor` convicts at 5 %",
    kind: Kind::Chance,
    parameters: || {
        let rate: Allowed = ("a number from 0.001 to 0.5", |value| {
            (0.001..=0.5).contains(&value)
        });
        vec![Parameter::ranged("rate", 0.011_361_7, rate)]
    },
    expected: |p| figures([("share convicted in an epoch", p.get("rate"))]),
    observe: |p, o| {
        // All have patience enough to stay, and nobody may enter.
        let params = MarketParams {
            epochs: (o.size / 500).clamp(20, 1_000) as u32,
            patience: 1_000_000,
            entry_limit: 0,
            honest_conviction: p.get("rate"),
            ..compute_calm()
        };
        let (_, records) = simulate(&params, o.seed).expect("parameters within their ranges");
        let convicted: f64 = records.iter().map(|record| f64::from(record.convicted)).sum();
        let lived: f64 = records.iter().map(|record| f64::from(record.active)).sum();
        Ok(vec![convicted / lived])
    },
};
