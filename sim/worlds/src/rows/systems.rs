//! Systems beside the network: who owns a model, who fails, who may enter, what replaces what.
//!
//! Invariant: each check is one mechanism; a world's file puts them together.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_protocol::markets::auction::{Order, clear};
use stakeout_protocol::units::{Amount, Rounding};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    MINER_SWITCH,
    AUCTION,
    OUTAGE,
    BREAK_EVEN,
    BUDGETS,
    QUALITY_SPLIT,
    ADAPTER,
    BORROWED,
    WHITEWASH,
];

const MINER_SWITCH: Check = Check {
    id: "miner-switch",
    catalogue: &[],
    title: "Miners who may serve inference instead do so exactly where it leaves more; mining becomes easier for the rest",
    source: "free entry: n stay where reward/n = the margin given up by the next",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("miners", 1_000),
            Parameter::positive("reward", 500.0),
            Parameter::positive("margin", 2.0),
        ]
    },
    expected: |p| {
        // The k-th miner would earn k/miners of the top margin by inference: who stays are the k lowest with
        // reward/k >= margin k/miners.
        let stays = libm::floor((p.get("reward") * p.get("miners") / p.get("margin")).sqrt());
        figures([("miners who stay", stays.min(p.get("miners")))])
    },
    observe: |p, _| {
        let n = p.count("miners");
        let inference = |k: u32| p.get("margin") * f64::from(k) / f64::from(n);
        let mut mining = vec![true; n as usize];
        let mut stayed = n;
        loop {
            // The one who would gain most by leaving goes first.
            let Some(next) = (1..=n)
                .rev()
                .find(|k| mining[*k as usize - 1] && inference(*k) > p.get("reward") / f64::from(stayed))
            else {
                return Ok(vec![f64::from(stayed)]);
            };
            mining[next as usize - 1] = false;
            stayed -= 1;
        }
    },
};

const AUCTION: Check = Check {
    id: "double-auction",
    catalogue: &[],
    title: "A double auction of GPU time trades where the sorted books cross",
    source: "the largest quantity that some price lets both sides trade",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("orders", 200)],
    expected: |p| {
        require(
            "double-auction",
            p.get("orders") <= 2_000.0,
            "at most 2000 orders a side",
        )?;
        figures([
            ("units off the crossing", 0.0),
            ("sellers below their ask", 0.0),
            ("buyers above their bid", 0.0),
        ])
    },
    observe: observe_auction,
};

fn observe_auction(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 92);
    let mut book = |low: u64| -> Vec<Order> {
        (0..p.count("orders"))
            .map(|_| Order {
                price: low + dice.below(1_000),
                quantity: 1 + dice.below(8),
            })
            .collect()
    };
    let (asks, bids) = (book(500), book(700));
    let at = |price: u64| {
        let sold: u64 = asks
            .iter()
            .filter(|ask| ask.price <= price)
            .map(|ask| ask.quantity)
            .sum();
        let bought: u64 = bids
            .iter()
            .filter(|bid| bid.price >= price)
            .map(|bid| bid.quantity)
            .sum();
        sold.min(bought)
    };
    let crossing = (0..2_000).map(at).max().unwrap_or(0);
    let cleared = clear(&asks, &bids).expect("the books overlap");
    // Everybody who trades is within its limit: as much is offered at the price, or below, as is traded.
    let sellers: u64 = asks
        .iter()
        .filter(|ask| ask.price <= cleared.price)
        .map(|ask| ask.quantity)
        .sum();
    let buyers: u64 = bids
        .iter()
        .filter(|bid| bid.price >= cleared.price)
        .map(|bid| bid.quantity)
        .sum();
    Ok(vec![
        crossing.abs_diff(cleared.quantity) as f64,
        cleared.quantity.saturating_sub(sellers) as f64,
        cleared.quantity.saturating_sub(buyers) as f64,
    ])
}

const OUTAGE: Check = Check {
    id: "outage-reach",
    catalogue: &[],
    title: "How many clients an outage reaches: one cloud, or n hosts of which a part of failures has a common cause",
    source: "mean u either way; more than half at once: u for one cloud, about beta u for hosts",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("hosts", 101),
            Parameter::probability("u", 0.05),
            Parameter::probability("beta", 0.1),
        ]
    },
    expected: |p| {
        let [hosts, u, beta] = ["hosts", "u", "beta"].map(|name| p.get(name));
        let small = hosts >= 50.0 && u <= 0.1 && hosts <= 1_000.0;
        require("outage-reach", small, "50 to 1000 hosts and u at most 0.1")?;
        // Alone, hosts fail so that the mean stays u; more than half of them at once is then next to impossible.
        figures([
            ("mean share down", u),
            ("half down at once, hosts", beta * u),
            ("half down at once, one cloud", u),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 93);
        let [u, beta] = ["u", "beta"].map(|name| p.get(name));
        let alone = (u - beta * u) / (1.0 - beta * u);
        let hosts = p.count("hosts");
        let rounds = (o.size / 10).max(1);
        let (mut down, mut half, mut cloud) = (0_u64, 0_u64, 0_u64);
        for _ in 0..rounds {
            let common = dice.chance(beta * u);
            let failed = (0..hosts).filter(|_| common || dice.chance(alone)).count() as u64;
            down += failed;
            half += u64::from(2 * failed > u64::from(hosts));
            cloud += u64::from(dice.chance(u));
        }
        let mean = |sum: u64| sum as f64 / rounds as f64;
        Ok(vec![mean(down) / f64::from(hosts), mean(half), mean(cloud)])
    },
};

const BREAK_EVEN: Check = Check {
    id: "break-even",
    catalogue: &[],
    title: "Months until a closed model has earned its training, before and after an open one sets the price",
    source: "ceil(cost/((price - unit cost) volume))",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("cost", 100_000),
            Parameter::positive("price", 10.0),
            Parameter::positive("unit", 2.0),
            Parameter::positive("premium", 1.0),
            Parameter::positive("volume", 1_000.0),
        ]
    },
    expected: |p| {
        let [cost, price, unit, premium, volume] =
            ["cost", "price", "unit", "premium", "volume"].map(|name| p.get(name));
        require(
            "break-even",
            price > unit,
            "the price has to be above the unit cost",
        )?;
        figures([
            ("months alone", libm::ceil(cost / ((price - unit) * volume))),
            (
                "months beside an open model",
                libm::ceil(cost / (premium * volume)),
            ),
        ])
    },
    observe: |p, _| {
        let months = |margin: f64| {
            let mut count = 0.0;
            while count * margin * p.get("volume") < p.get("cost") {
                count += 1.0;
            }
            count
        };
        Ok(vec![
            months(p.get("price") - p.get("unit")),
            months(p.get("premium")),
        ])
    },
};

const BUDGETS: Check = Check {
    id: "entry-barrier",
    catalogue: &[],
    title: "Who can still train a model as its cost rises: budgets by Pareto's law, discoveries thinned to the eligible",
    source: "(cost/least)^-alpha; thinning of a Poisson stream",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("cost", 10.0),
            Parameter::positive("alpha", 1.2),
            Parameter::positive("rate", 20.0),
        ]
    },
    expected: |p| {
        let [cost, alpha, rate] = ["cost", "alpha", "rate"].map(|name| p.get(name));
        require(
            "entry-barrier",
            cost >= 1.0 && rate <= 1_000.0,
            "cost at least 1 and rate at most 1000",
        )?;
        let eligible = libm::pow(cost, -alpha);
        figures([
            ("share eligible", eligible),
            ("discoveries a year", rate * eligible),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 94);
        let [cost, alpha, rate] = ["cost", "alpha", "rate"].map(|name| p.get(name));
        // A budget of Pareto's law is the exponential of an exponential.
        let mut can = || libm::exp(dice.exponential(1.0 / alpha)) >= cost;
        let eligible = (0..o.size).filter(|_| can()).count() as f64 / o.size as f64;
        let years = (o.size as f64 / rate).max(1.0);
        let (mut now, mut found) = (0.0, 0.0);
        loop {
            now += dice.exponential(1.0 / rate);
            if now > years {
                return Ok(vec![eligible, found / years]);
            }
            found += f64::from(u8::from(libm::exp(dice.exponential(1.0 / alpha)) >= cost));
        }
    },
};

const QUALITY_SPLIT: Check = Check {
    id: "quality-split",
    catalogue: &[],
    title: "Users choose between two models a little apart in quality, and the premium that makes up for it",
    source: "logit: McFadden 1974; 48.3 against 51.7 in the Open Assistant study",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::probability("preferred", 0.483),
            Parameter::positive("beta", 0.5),
        ]
    },
    expected: |p| {
        let wins = p.get("preferred");
        require(
            "quality-split",
            (0.05..=0.95).contains(&wins),
            "preferred has to lie from 0.05 to 0.95",
        )?;
        figures([("share at equal price", wins), ("share at the premium", 0.5)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 95);
        let gap = libm::log(p.get("preferred") / (1.0 - p.get("preferred")));
        let mut share = |premium: f64| {
            let mut taste = || -libm::log(dice.exponential(1.0).max(1e-300));
            let chosen = (0..o.size)
                .filter(|_| gap + taste() > -p.get("beta") * premium + taste())
                .count();
            chosen as f64 / o.size as f64
        };
        Ok(vec![share(0.0), share(-gap / p.get("beta"))])
    },
};

const ADAPTER: Check = Check {
    id: "adapter-size",
    catalogue: &[],
    title: "How much smaller a low-rank update is than the matrix it changes, and a 13B model's memory by bits",
    source: "d/(2r); Hu et al. 2021 (arXiv 2106.09685)",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("d", 4_096), Parameter::count("r", 8)],
    expected: |p| {
        require("adapter-size", p.get("r") <= p.get("d"), "r has to be at most d")?;
        let ratio = |d: f64, r: f64| d / (2.0 * r);
        figures([
            ("times smaller", ratio(p.get("d"), p.get("r"))),
            ("times smaller at rank 1", ratio(p.get("d"), 1.0)),
            ("times smaller, width 12288, rank 1", 6_144.0),
            ("GB at 16 bit", 26.0),
            ("GB at 8 bit", 13.0),
            ("GB at 4 bit", 6.5),
        ])
    },
    observe: |p, _| {
        // Parameters of a square matrix against those of its two thin factors.
        let times = |d: u64, r: u64| (d * d) as f64 / (d * r + r * d) as f64;
        let (d, r) = (u64::from(p.count("d")), u64::from(p.count("r")));
        let memory = |bits: u64| (13_000_000_000 * bits / 8) as f64 / 1e9;
        Ok(vec![
            times(d, r),
            times(d, 1),
            times(12_288, 1),
            memory(16),
            memory(8),
            memory(4),
        ])
    },
};

const BORROWED: Check = Check {
    id: "borrowed-stake",
    catalogue: &[],
    title: "Stake bought for an attack, or borrowed for its length: interest compounds by integers, the ratio is what borrowing saves",
    source: "(1 + r)^n - 1 of the stake",
    kind: Kind::Computed(1e-9),
    parameters: || {
        let rate: (&str, fn(f64) -> bool) = ("basis points a day, a whole number from 1 to 1000", |value| {
            value.fract() == 0.0 && (1.0..=1_000.0).contains(&value)
        });
        vec![Parameter::ranged("bps", 3.0, rate), Parameter::count("days", 30)]
    },
    expected: |p| {
        require("borrowed-stake", p.get("days") <= 1_000.0, "at most 1000 days")?;
        let cost = libm::expm1(p.get("days") * libm::log1p(p.get("bps") / 1e4));
        figures([("cost of borrowing, of buying", cost)])
    },
    observe: |p, _| {
        let stake = Amount::from_base_units(10_i128.pow(20));
        let owed = (0..p.count("days")).fold(stake, |owed, _| {
            owed + owed.mul_div(u128::from(p.count("bps")), 10_000, Rounding::Up)
        });
        Ok(vec![
            (owed - stake).base_units() as f64 / stake.base_units() as f64,
        ])
    },
};

const WHITEWASH: Check = Check {
    id: "whitewash",
    catalogue: &[],
    title: "Cheat once, leave, return under a new name: the price of an identity at which that stops paying",
    source: "gain = identity + dues; Friedman, Resnick 2001; dues as of the newcomer's checks",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("gain", 20.0),
            Parameter::positive("fee", 1.0),
            Parameter::probability("paid", 0.5),
        ]
    },
    expected: |p| {
        // A checked answer leaves its executor the part that validators do not get; dues are what they get.
        let dues = WHITEWASH_CHECKS * p.get("fee") * p.get("paid");
        require(
            "whitewash",
            p.get("gain") > dues,
            "the gain has to be above the dues",
        )?;
        figures([
            ("profit at the crossing", 0.0),
            ("identity at the crossing", p.get("gain") - dues),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 96);
        let lives = (o.size / 30).max(1);
        let mut dues = 0.0;
        for _ in 0..lives {
            for epoch in 0..30_u32 {
                let rate = 1.0 - 0.99 * f64::from(epoch * 100 / 30) / 100.0;
                dues += if dice.chance(rate) {
                    p.get("fee") * p.get("paid")
                } else {
                    0.0
                };
            }
        }
        let observed = p.get("gain") - dues / lives as f64;
        let crossing = p.get("gain") - WHITEWASH_CHECKS * p.get("fee") * p.get("paid");
        Ok(vec![observed - crossing, observed])
    },
};

/// Checks in the first thirty epochs of one answer each: 30 - 0.99·14.4.
const WHITEWASH_CHECKS: f64 = 15.744;
