//! Adoption, timelines and supply at the edge.
//!
//! Invariant: as for the other systems, one mechanism a check.

use stakeout_engine::oracle::Parameter;

use crate::check::{Check, Kind, figures, none, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[PLATFORM_RACE, TIMELINE, EDGE, IDLE, NETWORK_EFFECT, FREE_RELEASE];

const PLATFORM_RACE: Check = Check {
    id: "platform-race",
    catalogue: &[],
    title: "An open platform that grows by use overtakes a closed one: the time at which it has half of the users",
    source: "logistic adoption: ln((1-x)/x)/k, k the lead of its rate of improvement",
    kind: Kind::Computed(1e-6),
    parameters: || {
        let start: (&str, fn(f64) -> bool) = ("a number from 0.001 to 0.4", |value| {
            (0.001..=0.4).contains(&value)
        });
        vec![
            Parameter::ranged("start", 0.05, start),
            Parameter::positive("open", 0.8),
            Parameter::positive("closed", 0.3),
        ]
    },
    expected: |p| {
        let [start, open, closed] = ["start", "open", "closed"].map(|name| p.get(name));
        let holds = open - closed > 0.01 && open <= 5.0;
        require(
            "platform-race",
            holds,
            "open has to exceed closed by more than 0.01 and be at most 5",
        )?;
        figures([(
            "time of overtaking",
            libm::log((1.0 - start) / start) / (open - closed),
        )])
    },
    observe: |p, _| {
        let k = p.get("open") - p.get("closed");
        let slope = |x: f64| k * x * (1.0 - x);
        let (mut x, mut time, dt) = (p.get("start"), 0.0, 1e-3 / k);
        loop {
            let first = slope(x);
            let second = slope(x + dt / 2.0 * first);
            let third = slope(x + dt / 2.0 * second);
            let next = x + dt * (first + 2.0 * second + 2.0 * third + slope(x + dt * third)) / 6.0;
            if next >= 0.5 {
                return Ok(vec![time + dt * (0.5 - x) / (next - x)]);
            }
            x = next;
            time += dt;
        }
    },
};

/// Days after 24 February 2023 on which LLaMA and what was built on it appeared.
const RELEASES: [(&str, f64); 11] = [
    ("LLaMA", 0.0),
    ("leak of its weights", 7.0),
    ("LLaMA on a Raspberry Pi", 16.0),
    ("Alpaca", 17.0),
    ("four bits on a laptop", 22.0),
    ("Vicuna", 23.0),
    ("GPT4All", 29.0),
    ("Cerebras-GPT", 32.0),
    ("LLaMA-Adapter", 32.0),
    ("Koala", 38.0),
    ("Open Assistant", 50.0),
];

const TIMELINE: Check = Check {
    id: "timeline-2023",
    catalogue: &[],
    title: "The releases of spring 2023 as a stream: ten in fifty days, and the costs they quoted; a record, nothing to set",
    source: "\"We have no moat\", published by SemiAnalysis in May 2023, timeline",
    kind: Kind::Exact,
    parameters: none,
    expected: |_| {
        figures([
            ("releases after the first", 10.0),
            ("days", 50.0),
            ("mean gap in days", 5.0),
            ("cost ratio of 10 million to 100 dollars", 1e5),
            ("ratio of 540 to 13 billion parameters", 41.5),
        ])
    },
    observe: |_, _| {
        let gaps: Vec<f64> = RELEASES.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        let days: f64 = gaps.iter().sum();
        Ok(vec![
            gaps.len() as f64,
            days,
            days / gaps.len() as f64,
            10_000_000.0 / 100.0,
            libm::round(540.0 / 13.0 * 10.0) / 10.0,
        ])
    },
};

const EDGE: Check = Check {
    id: "edge-supply",
    catalogue: &[],
    title: "A device at the edge serves where tokens pay for its power, and only models that fit its memory",
    source: "price = watts tariff/(3.6e6 tokens a second); gigabytes at four bits are half the parameters",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::positive("watts", 8.0),
            Parameter::positive("tariff", 0.30),
            Parameter::positive("tokens", 5.0),
            Parameter::count("memory", 12),
        ]
    },
    expected: |p| {
        let [watts, tariff, tokens, memory] = ["watts", "tariff", "tokens", "memory"].map(|name| p.get(name));
        // Price of a million tokens in hundredths of a cent, rounded up to the next that pays.
        let price = watts / 1_000.0 * tariff / 3_600.0 / tokens * 1e6;
        require(
            "edge-supply",
            price < 100.0,
            "a million tokens have to cost less than 100",
        )?;
        figures([
            (
                "least price of a million tokens, in 1/10000",
                libm::floor(price * 1e4) + 1.0,
            ),
            ("largest model in billions at four bits", 2.0 * memory),
        ])
    },
    observe: |p, _| {
        let seconds = 1e6 / p.get("tokens");
        let energy = p.get("watts") / 1_000.0 * seconds / 3_600.0 * p.get("tariff");
        let pays = |price: &u32| f64::from(*price) / 1e4 > energy;
        let fits = |billions: &u32| f64::from(*billions) * 4.0 / 8.0 <= p.get("memory");
        Ok(vec![
            (0..).find(pays).map_or(f64::NAN, f64::from),
            (1..).take_while(fits).last().map_or(0.0, f64::from),
        ])
    },
};

const IDLE: Check = Check {
    id: "idle-supply",
    catalogue: &[],
    title: "Idle data centres enter where the price covers what else they could earn",
    source: "n P(cost < price) of lognormal costs",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("hosts", 1_000),
            Parameter::positive("price", 1.5),
            Parameter::positive("sigma", 0.8),
        ]
    },
    expected: |p| {
        let [hosts, price, sigma] = ["hosts", "price", "sigma"].map(|name| p.get(name));
        require(
            "idle-supply",
            sigma >= 0.05 && hosts <= 1e5,
            "sigma at least 0.05 and at most 100000 hosts",
        )?;
        let below = 0.5 * (1.0 + libm::erf(libm::log(price) / sigma / std::f64::consts::SQRT_2));
        figures([("hosts that enter", hosts * below)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 97);
        let rounds = (o.size / u64::from(p.count("hosts"))).max(1);
        let draws = rounds * u64::from(p.count("hosts"));
        let enters = (0..draws)
            .filter(|_| libm::exp(p.get("sigma") * dice.normal()) < p.get("price"))
            .count();
        Ok(vec![enters as f64 / rounds as f64])
    },
};

const NETWORK_EFFECT: Check = Check {
    id: "network-effect",
    catalogue: &[],
    title: "Users who join platforms by their size: how often the first of k equal ones ends with most",
    source: "exchangeability of Polya's urn: 1/k, mean squared share (1 + r)/(1 + k r) with r the weight of a user",
    kind: Kind::Chance,
    parameters: || {
        let few: (&str, fn(f64) -> bool) = ("a whole number from 2 to 20", |value| {
            value.fract() == 0.0 && (2.0..=20.0).contains(&value)
        });
        vec![Parameter::ranged("k", 5.0, few)]
    },
    expected: |p| {
        // Dirichlet(1, ..., 1) in the limit; after n users the mean squared share is exact below.
        let (k, n) = (p.get("k"), f64::from(USERS));
        let limit = 2.0 / (k * (k + 1.0));
        let variance = (limit - 1.0 / k / k) * n / (n + k);
        figures([("HHI of the k platforms", 1e4 * k * (variance + 1.0 / k / k))])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 98);
        let k = p.count("k") as usize;
        let rounds = (o.size / 50).max(1);
        let mut sum = 0.0;
        for _ in 0..rounds {
            let mut users = vec![1.0_f64; k];
            for joined in 0..USERS {
                let mut target = dice.unit() * (k as f64 + f64::from(joined));
                let platform = users.iter().position(|size| {
                    target -= size;
                    target < 0.0
                });
                users[platform.unwrap_or(k - 1)] += 1.0;
            }
            sum += stakeout_statistics::concentration::hhi(&users);
        }
        Ok(vec![sum / rounds as f64])
    },
};

const USERS: u32 = 500;

const FREE_RELEASE: Check = Check {
    id: "open-release",
    catalogue: &[],
    title: "Price before and after a model's weights are free: from what one seller takes to the cost of serving",
    source: "(a + c)/2 before; c with free entry after",
    kind: Kind::Computed(1e-4),
    parameters: || {
        vec![
            Parameter::positive("a", 10.0),
            Parameter::positive("c", 2.0),
            Parameter::positive("entry", 1e-6),
        ]
    },
    expected: |p| {
        let [a, c] = ["a", "c"].map(|name| p.get(name));
        require(
            "open-release",
            c < a && p.get("entry") <= 1e-4,
            "c below a, entry at most 0.0001",
        )?;
        // n sellers stay while each earns the cost of entry: (a - c)^2/(n+1)^2 >= entry.
        let n = libm::floor((a - c) / p.get("entry").sqrt() - 1.0);
        figures([
            ("price before", (a + c) / 2.0),
            ("price after", (a + n * c) / (n + 1.0)),
        ])
    },
    observe: |p, _| {
        let [a, c, entry] = ["a", "c", "entry"].map(|name| p.get(name));
        let price = |sellers: f64| (a + sellers * c) / (sellers + 1.0);
        let profit = |sellers: f64| {
            let each = (a - c) / (sellers + 1.0);
            (price(sellers) - c) * each
        };
        let mut sellers = 1.0;
        while profit(sellers + 1.0) >= entry {
            sellers += 1.0;
        }
        Ok(vec![price(1.0), price(sellers)])
    },
};
