//! Schedules and markets: totals and fixed points.
//!
//! Invariant: the observation is the integer rule run period by period; the formula is a series or a fixed point.

use stakeout_engine::oracle::{Allowed, Parameter};
use stakeout_protocol::pricing::{PriceMode, PriceParams, compute_next_price};
use stakeout_protocol::schedules::baseline::{BaselineState, FilecoinParams, compute_simple_minted};
use stakeout_protocol::schedules::decay::{Tail, compute_tail_emission};
use stakeout_protocol::schedules::ethereum::{compute_base_reward, compute_yearly_issuance};
use stakeout_protocol::schedules::halving::{
    HalvingParams, SupplyHalvingParams, compute_block_subsidy, compute_emission_by_supply,
};
use stakeout_protocol::schedules::lockup::{LockParams, compute_boosted_stake};
use stakeout_protocol::schedules::net_emission::{NetEmissionParams, compute_net_emission};
use stakeout_protocol::schedules::quadratic::compute_quadratic_sum;
use stakeout_protocol::schedules::yuma::{YumaRound, process_round};
use stakeout_protocol::settlement::{
    ForfeitsTo, RewardParams, RewardRule, SettlementCap, compute_epoch_reward,
};
use stakeout_protocol::units::{Amount, Decimal, EpochIndex, Fraction, Price};
use stakeout_protocol::vesting::VestingSchedule;

use super::decays::{IO_NET, RENDER};
use crate::check::{Check, Kind, figures, require};

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    BITCOIN, GONKA, PRICE, VESTING, FILECOIN, BASELINE, HELIUM, BITTENSOR, ETHEREUM, IO_NET, RENDER, TAIL,
    YUMA, LOCK_UP, QUADRATIC,
];

const BITCOIN: Check = Check {
    id: "bitcoin-supply",
    catalogue: &[37],
    title: "All bitcoin that will be, era by era",
    source: "bitcoin/bitcoin src/validation.cpp; n times the sum of floor(a/2^k)",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("coins", 50), Parameter::count("blocks", 210_000)],
    expected: |p| {
        let (first, blocks) = (p.get("coins") as u64 * 100_000_000, p.get("blocks") as u64);
        let eras = (0..64).take_while(|era| first >> era > 0);
        let sum: u128 = eras
            .clone()
            .map(|era| u128::from(first >> era) * u128::from(blocks))
            .sum();
        figures([("satoshi", sum as f64), ("eras", eras.count() as f64)])
    },
    observe: |p, _| {
        let params = HalvingParams {
            initial: Amount::from_base_units(i128::from(p.count("coins")) * 100_000_000),
            blocks_per_era: u64::from(p.count("blocks")),
        };
        let blocks = params.blocks_per_era;
        let eras = (0..).take_while(|era| !compute_block_subsidy(&params, era * blocks).is_zero());
        let subsidies: Vec<Amount> = eras
            .map(|era| compute_block_subsidy(&params, era * blocks))
            .collect();
        let sum: Amount = subsidies.iter().map(|subsidy| subsidy.times(blocks)).sum();
        Ok(vec![sum.base_units() as f64, subsidies.len() as f64])
    },
};

/// The decay of Gonka's rewards, e^-0.000475, in sixteen digits as on the network.
fn gonka(initial: i64) -> RewardParams {
    RewardParams {
        initial: Amount::from_gnk(initial),
        decay_per_epoch: Decimal::from_parts(999_525_112_794_640_200),
        genesis_epoch: EpochIndex::new(1),
        forfeits_to: ForfeitsTo::Governance,
        power_cap: SettlementCap::None,
        supply_cap: None,
        rule: RewardRule::Decay,
    }
}

const GONKA: Check = Check {
    id: "gonka-supply",
    catalogue: &[42],
    title: "What Gonka's rewards sum to, by both parameter sets in circulation",
    source: "R/(1 - e^-0.000475); gonka-ai/gonka x/inference/types/params.go; gonka.ai documentation",
    kind: Kind::Computed(1e-7),
    parameters: || vec![Parameter::count("initial", 285_000)],
    expected: |p| {
        let (initial, rate) = (p.get("initial"), 0.000_475);
        figures([
            ("coins in all", initial / -libm::expm1(-rate)),
            (
                "coins in the first year",
                initial * libm::expm1(-rate * 365.0) / libm::expm1(-rate),
            ),
            ("epochs to half the reward", libm::ceil(libm::log(2.0) / rate)),
        ])
    },
    observe: |p, _| {
        let params = gonka(i64::from(p.count("initial")));
        let (mut all, mut year, mut half) = (0_i128, 0_i128, 0.0);
        for age in 0..40_000_u32 {
            let reward = compute_epoch_reward(&params, EpochIndex::new(1 + age)).base_units();
            all += reward;
            year += if age < 365 { reward } else { 0 };
            half += if 2 * reward > params.initial.base_units() {
                1.0
            } else {
                0.0
            };
        }
        Ok(vec![all as f64 / 1e9, year as f64 / 1e9, half])
    },
};

/// Per cent, whole.
pub(super) const PERCENT: Allowed = ("a whole number from 1 to 100", |value| {
    value.fract() == 0.0 && (1.0..=100.0).contains(&value)
});

const PRICE: Check = Check {
    id: "price-blocks",
    catalogue: &[43],
    title: "Blocks in which the price of inference doubles or halves at a constant utilisation",
    source: "ln 2/ln(1 + e (u - high)); gonka-ai/gonka proposals/tokenomics-v2/dynamic-pricing.md",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("utilisation", 80.0, PERCENT),
            Parameter::ranged("low", 40.0, PERCENT),
            Parameter::ranged("high", 60.0, PERCENT),
            Parameter::ranged("elasticity", 5.0, PERCENT),
        ]
    },
    expected: |p| {
        let part = |name: &str| p.get(name) / 100.0;
        let (low, high) = (part("low"), part("high"));
        let zone = "low lies above zero, high not below it and below the utilisation, which is 100 or less";
        require("price-blocks", low <= high && high < part("utilisation"), zone)?;
        let blocks = |factor: f64| libm::ceil(libm::log(2.0) / libm::log(factor).abs());
        figures([
            (
                "to double at the utilisation set",
                blocks(1.0 + part("elasticity") * (part("utilisation") - high)),
            ),
            (
                "to double at 100 %",
                blocks(1.0 + part("elasticity") * (1.0 - high)),
            ),
            ("to halve at 0 %", blocks(1.0 - part("elasticity") * low)),
            ("change at the low end", 0.0),
            ("change at the high end", 0.0),
        ])
    },
    observe: |p, _| {
        let params = PriceParams {
            mode: PriceMode::Dynamic,
            initial: Price::new(1 << 40),
            minimum: Price::new(1),
            zone_low: Fraction::from_percent(p.count("low")),
            zone_high: Fraction::from_percent(p.count("high")),
            elasticity: Fraction::from_percent(p.count("elasticity")),
            window_blocks: 1,
            block_seconds: 5,
            free_until_epoch: EpochIndex::new(0),
        };
        let blocks = |percent: u32, is_there: fn(u64) -> bool| {
            let (mut price, mut count) = (params.initial, 0.0);
            while !is_there(price.get()) {
                price = compute_next_price(&params, price, Fraction::from_percent(percent));
                count += 1.0;
            }
            count
        };
        let change = |percent: u32| {
            let next = compute_next_price(&params, params.initial, Fraction::from_percent(percent));
            next.get() as f64 - params.initial.get() as f64
        };
        Ok(vec![
            blocks(p.count("utilisation"), |price| price >= 1 << 41),
            blocks(100, |price| price >= 1 << 41),
            blocks(0, |price| price <= 1 << 39),
            change(p.count("low")),
            change(p.count("high")),
        ])
    },
};

const VESTING: Check = Check {
    id: "vesting-stock",
    catalogue: &[44],
    title: "Coins locked where a constant reward vests over n epochs",
    source: "(n + 1)/2 rewards",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("epochs", 180),
            Parameter::count("reward", 285_000),
        ]
    },
    expected: |p| {
        require("vesting-stock", p.get("epochs") <= 2_000.0, "at most 2000 epochs")?;
        figures([("coins locked", (p.get("epochs") + 1.0) / 2.0 * p.get("reward"))])
    },
    observe: |p, _| {
        // A unit that n divides, so that nothing is rounded and the law is exact.
        let unit = i128::from(p.count("epochs")) * 2;
        let reward = Amount::from_base_units(unit * i128::from(p.count("reward")));
        let mut schedule = VestingSchedule::new();
        for _ in 0..2 * p.count("epochs") {
            let _ = schedule.release_epoch();
            let _ = schedule.add(reward, p.count("epochs"));
        }
        Ok(vec![schedule.locked().base_units() as f64 / unit as f64])
    },
};

const FIL: f64 = 1e18;

const FILECOIN: Check = Check {
    id: "filecoin-simple",
    catalogue: &[45],
    title: "Filecoin's simple minting",
    source: "330e6 (1 - 2^(-t/6y)); filecoin-project/builtin-actors actors/reward",
    kind: Kind::Computed(1e-10),
    parameters: || vec![Parameter::count("years", 20)],
    expected: |p| {
        let minted = |years: f64| 330e6 * -libm::expm1(-libm::log(2.0) * years / 6.0);
        figures([
            ("FIL in epoch 0", minted(1.0 / 1_051_200.0)),
            ("FIL in the first year", minted(1.0)),
            ("FIL in so many years", minted(p.get("years"))),
        ])
    },
    observe: |p, _| {
        let params = FilecoinParams::mainnet();
        let at = |epoch: u64| compute_simple_minted(&params, epoch).base_units() as f64 / FIL;
        Ok(vec![
            at(1),
            at(1_051_200),
            at(1_051_200 * u64::from(p.count("years"))),
        ])
    },
};

const BASELINE: Check = Check {
    id: "filecoin-baseline",
    catalogue: &[45],
    title: "Filecoin's baseline minting by months: time counts as far as power has come",
    source: "theta solves sum of the baseline up to theta = sum of capped power; 770e6 (1 - 2^(-theta/6y))",
    kind: Kind::Computed(1e-9),
    parameters: || {
        let part: (&str, fn(f64) -> bool) =
            ("a number from 0.001 to 1", |value| (0.001..=1.0).contains(&value));
        vec![
            Parameter::ranged("power", 0.5, part),
            Parameter::count("years", 5),
        ]
    },
    expected: |p| {
        require("filecoin-baseline", p.get("years") <= 30.0, "at most 30 years")?;
        // Power a constant part of the first baseline: months to the whole one below and the part of the next.
        let (step, sum) = (libm::exp2(1.0 / 12.0), p.get("power") * 12.0 * p.get("years"));
        let whole = libm::floor(libm::log(sum * (step - 1.0) + 1.0) / libm::log(step));
        let passed = (libm::pow(step, whole) - 1.0) / (step - 1.0);
        let left = |months: f64| libm::exp2(-months / 72.0);
        let rest = (sum - passed) / libm::pow(step, whole);
        let remaining = left(whole) - (left(whole) - left(whole + 1.0)) * rest;
        figures([
            ("FIL minted", 770e6 * (1.0 - remaining)),
            (
                "FIL with power at the baseline",
                770e6 * (1.0 - left(12.0 * p.get("years"))),
            ),
        ])
    },
    observe: |p, _| {
        let params = FilecoinParams {
            half_life: 72,
            baseline_doubling: 12,
            baseline_power: 1 << 40,
            ..FilecoinParams::mainnet()
        };
        let minted = |power: u128| {
            let mut state = BaselineState::new();
            for _ in 0..12 * p.count("years") {
                state.process_epoch(&params, power);
            }
            state.minted(&params).base_units() as f64 / FIL
        };
        Ok(vec![
            minted((p.get("power") * (1_u64 << 40) as f64) as u128),
            minted(1 << 100),
        ])
    },
};

/// Million coins a year.
pub(super) const MILLIONS: Allowed = ("a whole number from 1 to 10000", |value| {
    value.fract() == 0.0 && (1.0..=1e4).contains(&value)
});
/// Years, whole.
pub(super) const YEARS: Allowed = ("a whole number from 1 to 20", |value| {
    value.fract() == 0.0 && (1.0..=20.0).contains(&value)
});

const HELIUM: Check = Check {
    id: "helium-supply",
    catalogue: &[45],
    title: "Helium's halvings, and burned coins that are issued again up to a limit",
    source: "2 n a, and the limit's part more, but for what rounding an epoch's emission to 1e-8 leaves; helium/HIP 0020",
    kind: Kind::Computed(1e-6),
    parameters: || {
        vec![
            Parameter::ranged("million", 60.0, MILLIONS),
            Parameter::ranged("years", 2.0, YEARS),
            Parameter::ranged("limit", 1.0, PERCENT),
        ]
    },
    expected: |p| {
        let (year, limit) = (p.get("million") * 1e6, p.get("limit") / 100.0);
        let all = 2.0 * year * p.get("years");
        figures([
            ("HNT in all, nothing burned", all),
            ("HNT in all, everything burned again", all * (1.0 + limit)),
            ("re-issue limit of the first epoch", year / (365.0 * 48.0) * limit),
        ])
    },
    observe: |p, _| {
        let epochs = u64::from(p.count("years")) * 365 * 48;
        let params = NetEmissionParams {
            schedule: HalvingParams {
                initial: Amount::from_base_units(
                    i128::from(p.count("million")) * 100_000_000_000_000 / (365 * 48),
                ),
                blocks_per_era: epochs,
            },
            reissue_limit: Fraction::from_percent(p.count("limit")),
        };
        let eras = |burned: Amount| -> Amount {
            (0..60)
                .map(|era| compute_net_emission(&params, era * epochs, burned).times(epochs))
                .sum()
        };
        let endless = Amount::from_base_units(1 << 100);
        let first =
            compute_net_emission(&params, 0, endless) - compute_net_emission(&params, 0, Amount::ZERO);
        let coins = |amount: Amount| amount.base_units() as f64 / 1e8;
        Ok(vec![
            coins(eras(Amount::ZERO)),
            coins(eras(endless)),
            coins(first),
        ])
    },
};

const BITTENSOR: Check = Check {
    id: "bittensor-halving",
    catalogue: &[45],
    title: "Bittensor halves by supply: blocks to the first two halvings, and years of twelve seconds",
    source: "10.5e6 blocks, then 5.25e6/0.5; opentensor/subtensor block_emission.rs",
    kind: Kind::Exact,
    parameters: || vec![Parameter::probability("idle", 0.0)],
    expected: |p| {
        require(
            "bittensor-halving",
            p.get("idle") <= 0.9,
            "idle has to be at most 0.9",
        )?;
        let stretch = libm::round(1.0 / (1.0 - p.get("idle")));
        figures([
            ("blocks to the first", 10.5e6 * stretch),
            ("blocks to the second", 21e6 * stretch),
        ])
    },
    observe: |p, _| {
        // One block in so many issues; the halvings wait for the supply and not for the height.
        let stride = libm::round(1.0 / (1.0 - p.get("idle")));
        let params = SupplyHalvingParams::bittensor();
        let (mut issued, mut blocks, mut found) = (Amount::ZERO, 0.0, Vec::new());
        let mut rate = params.initial;
        while found.len() < 2 {
            let emission = compute_emission_by_supply(&params, issued);
            if emission < rate {
                found.push(blocks);
                rate = emission;
                continue;
            }
            // A thousand blocks at once: every halving falls on a multiple of them.
            issued += emission.times(1_000);
            blocks += 1_000.0 * stride;
        }
        Ok(found)
    },
};

const ETHEREUM: Check = Check {
    id: "ethereum-issuance",
    catalogue: &[45],
    title: "Ethereum's issuance to a stake, with the integer square root of the specification",
    source: "floor(64e9/floor(sqrt(D)))·D·82181.25; ethereum/consensus-specs specs/phase0/beacon-chain.md",
    kind: Kind::Exact,
    parameters: || vec![Parameter::positive("million", 30.0)],
    expected: |p| {
        let range = (0.1..=200.0).contains(&p.get("million"));
        require(
            "ethereum-issuance",
            range,
            "a stake from 0.1 to 200 million coins",
        )?;
        let coins = libm::floor(p.get("million") * 1e6);
        let base = libm::floor(64e9 / libm::floor((coins * 1e9).sqrt()));
        figures([
            ("base reward in gwei", base),
            ("coins a year", libm::floor(base * coins * 82_181.25 / 1e9)),
        ])
    },
    observe: |p, _| {
        let staked = (p.get("million") * 1e6) as u128 * 1_000_000_000;
        let yearly = compute_yearly_issuance(staked).base_units() / 1_000_000_000;
        Ok(vec![compute_base_reward(staked) as f64, yearly as f64])
    },
};

const TAIL: Check = Check {
    id: "tail-emission",
    catalogue: &[45],
    title: "With a tail in proportion to the supply the supply's growth tends to that part",
    source: "geometric growth",
    kind: Kind::Computed(1e-9),
    parameters: || vec![Parameter::probability("tail", 0.02)],
    expected: |p| {
        require(
            "tail-emission",
            (1e-4..=0.2).contains(&p.get("tail")),
            "a tail from 0.0001 to 0.2",
        )?;
        figures([("growth a period", p.get("tail"))])
    },
    observe: |p, _| {
        let part = Fraction::from_parts((p.get("tail") * 1e18) as u64);
        let mut supply = Amount::from_base_units(10_i128.pow(18));
        let mut growth = 0.0;
        for period in 0..100 {
            let decaying = Amount::from_base_units(10_i128.pow(17) >> period.min(120));
            let issued = compute_tail_emission(decaying, Tail::ShareOfSupply(part), supply);
            growth = issued.base_units() as f64 / supply.base_units() as f64;
            supply += issued;
        }
        Ok(vec![growth])
    },
};

const YUMA: Check = Check {
    id: "yuma-majority",
    catalogue: &[45],
    title: "Yuma consensus: validators with less than half of the stake give their own miner nothing the others do not",
    source: "opentensor/subtensor, its page on consensus",
    kind: Kind::Exact,
    parameters: || {
        let stake: (&str, fn(f64) -> bool) = ("a whole number from 1 to 49", |value| {
            value.fract() == 0.0 && (1.0..=49.0).contains(&value)
        });
        vec![Parameter::ranged("minority", 49.0, stake)]
    },
    expected: |_| {
        figures([
            ("weight a minority gives its own miner", 0.0),
            ("weight a majority gives its own miner", 1.0),
        ])
    },
    observe: |p, _| {
        let weight = |stake: u64| {
            let (none, all) = (Fraction::ZERO, Fraction::ONE);
            let outcome = process_round(&YumaRound {
                stake: vec![100 - stake, stake],
                weights: vec![vec![all, none], vec![none, all]],
                kappa: Fraction::from_percent(50),
            });
            outcome.consensus[1].parts() as f64 / 1e18
        };
        let minority = u64::from(p.count("minority"));
        Ok(vec![weight(minority), weight(100 - minority)])
    },
};

const LOCK_UP: Check = Check {
    id: "lock-up",
    catalogue: &[45],
    title: "A lock whose boost is linear: locked to the end while its slope is above the cost of waiting, else not at all",
    source: "marginal boost = discount rate; vote-escrow contracts",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("longest", 208),
            Parameter::positive("boost", 2.5),
        ]
    },
    expected: |p| {
        let holds = p.get("longest") <= 2_000.0 && (1.1..=10.0).contains(&p.get("boost"));
        require("lock-up", holds, "at most 2000 weeks and a boost from 1.1 to 10")?;
        // The boost's slope a week against the discount of a week of the whole boosted stake.
        let slope = (p.get("boost") - 1.0) / p.get("longest");
        let best = |yearly: f64| {
            let weekly = yearly / 52.0;
            // (1 + s w)(1 - d w) has its top at (s - d)/(2 s d).
            let top = (slope - weekly) / (2.0 * slope * weekly);
            libm::round(top.clamp(0.0, p.get("longest")))
        };
        figures([
            ("best lock where time costs 5 % a year", best(0.05)),
            ("best lock where time costs 60 % a year", best(0.6)),
        ])
    },
    observe: |p, _| {
        let params = LockParams {
            longest: p.count("longest"),
            boost_max_permille: (p.get("boost") * 1_000.0) as u32,
        };
        let stake = Amount::from_base_units(1 << 60);
        let best = |yearly: f64| {
            let worth = |weeks: u32| {
                let boosted = compute_boosted_stake(&params, stake, weeks).base_units() as f64;
                boosted * (1.0 - yearly / 52.0 * f64::from(weeks))
            };
            (0..=params.longest).fold(
                0,
                |best, weeks| if worth(weeks) > worth(best) { weeks } else { best },
            )
        };
        Ok(vec![f64::from(best(0.05)), f64::from(best(0.6))])
    },
};

const QUADRATIC: Check = Check {
    id: "quadratic",
    catalogue: &[45],
    title: "Quadratic funding: one giver under k names multiplies what it is matched to by k",
    source: "(k sqrt(c/k))^2 = k c; Buterin, Hitzig, Weyl 2019",
    kind: Kind::Exact,
    parameters: || {
        let few: Allowed = ("a whole number from 1 to 1000", |value| {
            value.fract() == 0.0 && (1.0..=1e3).contains(&value)
        });
        vec![Parameter::ranged("names", 4.0, few)]
    },
    expected: |p| {
        figures([
            ("gain of the names", p.get("names")),
            ("gain of a hundred", 100.0),
        ])
    },
    observe: |p, _| {
        // A gift that is a square of whole units has a whole root.
        let gain = |names: usize| {
            let gift = Amount::from_base_units(1_000_000);
            let given = 1_000_000 * names as i128;
            compute_quadratic_sum(&vec![gift; names]).base_units() as f64 / given as f64
        };
        Ok(vec![gain(p.count("names") as usize), gain(100)])
    },
};
