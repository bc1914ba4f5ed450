//! What the essays claim of the systems, as far as no other theme has it: when a cap binds, what collateral secures, where
//! cheating turns, what grants, censors and owners of platforms do.
//!
//! Invariant: an observation follows single answers, blocks, models or coins; the formula knows rates alone.

use stakeout_engine::oracle::{Allowed, Observation, Parameter, Parameters};
use stakeout_protocol::collateral::{
    CollateralParams, SlashReason, SlashedTo, compute_effective_weight, compute_required_collateral,
    compute_slash,
};
use stakeout_protocol::settlement::{
    ForfeitsTo, RewardParams, RewardRule, SettlementCap, compute_epoch_reward,
};
use stakeout_protocol::units::{Amount, Decimal, EpochIndex, Fraction, Weight};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    SUPPLY_CAP,
    COLLATERAL,
    SAMPLING_CROSSING,
    GRANTS,
    CENSORSHIP,
    PLATFORM_OWNER,
];

const SUPPLY_CAP: Check = Check {
    id: "supply-cap",
    catalogue: &[],
    title: "The epoch in which a cap on Gonka's supply binds",
    source: "least n with R (1 - e^-0.000475 n)/(1 - e^-0.000475) at the cap; 17570 at 285000 and 600 million",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("initial", 285_000),
            Parameter::ranged(
                "millions",
                600.0,
                ("a number from 1 to 2000", |value| {
                    (1.0..=2_000.0).contains(&value)
                }),
            ),
        ]
    },
    expected: |p| {
        let part = p.get("millions") * 1e6 * -libm::expm1(-DECAY) / p.get("initial");
        require(
            "supply-cap",
            part < 0.999_999,
            "the cap has to lie below all that would be issued",
        )?;
        figures([("epoch", libm::ceil(-libm::log1p(-part) / DECAY))])
    },
    observe: |p, _| {
        let params = RewardParams {
            initial: Amount::from_gnk(i64::from(p.count("initial"))),
            decay_per_epoch: Decimal::from_parts(999_525_112_794_640_200),
            genesis_epoch: EpochIndex::new(1),
            forfeits_to: ForfeitsTo::Governance,
            power_cap: SettlementCap::None,
            supply_cap: None,
            rule: RewardRule::Decay,
        };
        let cap = (p.get("millions") * 1e15) as i128;
        let mut issued = 0;
        let epoch = (1..200_000_u32).find(|epoch| {
            issued += compute_epoch_reward(&params, EpochIndex::new(*epoch)).base_units();
            issued >= cap
        });
        Ok(vec![epoch.map_or(f64::NAN, f64::from)])
    },
};

/// Decay of the reward an epoch.
const DECAY: f64 = 0.000_475;

const COLLATERAL: Check = Check {
    id: "collateral-weight",
    catalogue: &[],
    title: "The weight that coins behind it make count, and what a conviction or downtime takes of them",
    source: "0.2 P + min(0.8 P, C/k); 20 % and 10 %; gonka-ai/gonka proposals/tokenomics-v2/collateral.md",
    kind: Kind::Computed(1e-5),
    parameters: || {
        vec![
            Parameter::count("weight", 160_000),
            Parameter::positive("coins", 4_000.0),
            Parameter::positive("per_weight", 0.062_5),
        ]
    },
    expected: |p| {
        let [weight, coins, each] = ["weight", "coins", "per_weight"].map(|name| p.get(name));
        let secured = (0.8 * weight).min(coins / each);
        let at_risk = coins.min(0.8 * weight * each);
        figures([
            ("weight without coins", 0.2 * weight),
            ("weight with them", 0.2 * weight + secured),
            ("coins that secure all of it", 0.8 * weight * each),
            ("coins lost by a conviction", 0.2 * at_risk),
            ("coins lost by downtime", 0.1 * at_risk),
        ])
    },
    observe: observe_collateral,
};

fn observe_collateral(p: &Parameters, _: Observation) -> Observed {
    let params = CollateralParams {
        base_ratio: Fraction::from_percent(20),
        // Coins have 10^9 base units, a decimal 10^18 parts.
        per_weight: Decimal::from_parts((p.get("per_weight") * 1e12) as i128 * 1_000_000_000_000_000),
        grace_epochs: 0,
        slash_invalid: Fraction::from_percent(20),
        slash_downtime: Fraction::from_percent(10),
        slashed_to: SlashedTo::Burned,
        unbonding_epochs: 1,
        unbond_before_slash: true,
    };
    let (weight, epoch) = (Weight::new(u64::from(p.count("weight"))), EpochIndex::new(1));
    let coins = Amount::from_base_units((p.get("coins") * 1e9) as i128);
    let counts = |coins| compute_effective_weight(&params, weight, coins, epoch).get() as f64;
    let required = compute_required_collateral(&params, weight);
    let lost = |reason| compute_slash(&params, reason, required, coins).base_units() as f64 / 1e9;
    Ok(vec![
        counts(Amount::ZERO),
        counts(coins),
        required.base_units() as f64 / 1e9,
        lost(SlashReason::Invalid),
        lost(SlashReason::Downtime),
    ])
}

const SAMPLING_CROSSING: Check = Check {
    id: "posp-crossing",
    catalogue: &[],
    title: "Hosts that each do what has paid them: the rate of checks at which half of them cheat",
    source: "p* = s/(d (1 - r)(F + S)): 7.655 % without collusion, 10.936 % with 30 %",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("s", 0.8),
            Parameter::probability("d", 0.95),
            Parameter::positive("F", 1.0),
            Parameter::positive("S", 10.0),
            Parameter::probability("r", 0.0),
        ]
    },
    expected: |p| figures([("rate", compute_crossing(p)?)]),
    observe: |p, o| {
        compute_crossing(p)?;
        let mut dice = Dice::new(o.seed, 162);
        let (hosts, lives) = (21, (o.size / 21).max(500));
        let caught = p.get("d") * (1.0 - p.get("r"));
        // A host's answers keep their draws while the rate moves: the rate at which a share of them that ends the gain is
        // caught lies between two of the sorted draws.
        let share = p.get("s") / (p.get("F") + p.get("S"));
        let place = (share * lives as f64) as usize;
        require(
            "posp-crossing",
            place < lives as usize,
            "the saving has to be below fee and stake",
        )?;
        let mut turns: Vec<f64> = (0..hosts)
            .map(|_| {
                let mut rates: Vec<f64> = (0..lives).map(|_| dice.unit() / caught).collect();
                *rates.select_nth_unstable_by(place, f64::total_cmp).1
            })
            .collect();
        turns.sort_unstable_by(f64::total_cmp);
        Ok(vec![turns[hosts / 2]])
    },
};

/// The rate at which cheating and honesty earn the same.
fn compute_crossing(p: &Parameters) -> Result<f64, stakeout_engine::oracle::OracleError> {
    let [s, d, fee, stake, r] = ["s", "d", "F", "S", "r"].map(|name| p.get(name));
    let rate = s / (d * (1.0 - r) * (fee + stake));
    require("posp-crossing", rate < 1.0, "the rate has to be a probability")?;
    Ok(rate)
}

const GRANTS: Check = Check {
    id: "grants-or-owners",
    catalogue: &[],
    title: "The same hardware trains for grants or for its owners: years to a model, and what BLOOM paid an hour",
    source: "a run, and the mean wait for the next grant before it; 3 million euro over 1.083 million GPU hours",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("run", 1.0),
            Parameter::positive("wait", 2.0),
            Parameter::positive("euro", 3.0),
            Parameter::positive("hours", 1.083),
        ]
    },
    expected: |p| {
        figures([
            ("years to a model, by grants", p.get("run") + p.get("wait")),
            ("times as long as owners take", 1.0 + p.get("wait") / p.get("run")),
            ("euro a GPU hour", p.get("euro") / p.get("hours")),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 163);
        let models = (o.size / 10).max(100);
        let years: f64 = (0..models)
            .map(|_| p.get("run") + dice.exponential(p.get("wait")))
            .sum();
        let mean = years / models as f64;
        // Owners go on to the next run at once; hours are counted one by one in thousands.
        let thousands = libm::rint(p.get("hours") * 1e3);
        Ok(vec![mean, mean / p.get("run"), p.get("euro") * 1e3 / thousands])
    },
};

const CENSORSHIP: Check = Check {
    id: "censorship",
    catalogue: &[],
    title: "A part of the producers leaves somebody's transactions out: blocks until one is included",
    source: "geometric: 1/(1 - f) on average, f^n beyond n blocks; one provider that refuses: never",
    kind: Kind::Chance,
    parameters: || {
        let part: Allowed = ("a number from 0 to 0.95", |value| (0.0..=0.95).contains(&value));
        let blocks: Allowed = ("a whole number from 1 to 100", |value| {
            value.fract() == 0.0 && (1.0..=100.0).contains(&value)
        });
        vec![
            Parameter::ranged("f", 0.3, part),
            Parameter::ranged("n", 3.0, blocks),
        ]
    },
    expected: |p| {
        let f = p.get("f");
        figures([
            ("mean blocks", 1.0 / (1.0 - f)),
            ("share that waits longer than n", libm::pow(f, p.get("n"))),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 164);
        let (mut blocks, mut longer) = (0_u64, 0_u64);
        for _ in 0..o.size {
            let mut waited = 1_u64;
            while dice.chance(p.get("f")) {
                waited += 1;
            }
            blocks += waited;
            longer += u64::from(waited > u64::from(p.count("n")));
        }
        Ok([blocks, longer].map(|count| count as f64 / o.size as f64).into())
    },
};

const PLATFORM_OWNER: Check = Check {
    id: "platform-owner",
    catalogue: &[],
    title: "Others improve an open model for nothing: the part of all value that its owner's platform takes in",
    source: "thinning: (own + t a v)/(own + a v) with a derivatives a year of value v, of which the owner can use t",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("own", 10.0),
            Parameter::positive("derivatives", 73.0),
            Parameter::positive("value", 0.5),
            Parameter::probability("t", 0.4),
        ]
    },
    expected: |p| {
        let [own, count, value, usable] = ["own", "derivatives", "value", "t"].map(|name| p.get(name));
        let all = own + count * value;
        figures([
            ("value a year", all),
            ("owner's value a year", own + usable * count * value),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 165);
        let [own, count, value, usable] = ["own", "derivatives", "value", "t"].map(|name| p.get(name));
        require("platform-owner", count <= 1e4, "at most 10000 derivatives a year")?;
        let years = ((o.size as f64 / count) as u64).max(20);
        let (mut all, mut taken) = (0.0, 0.0);
        for _ in 0..years {
            (all, taken) = (all + own, taken + own);
            let mut time = dice.exponential(1.0 / count);
            while time < 1.0 {
                // Worth more or less than the mean.
                let worth = dice.exponential(value);
                all += worth;
                taken += if dice.chance(usable) { worth } else { 0.0 };
                time += dice.exponential(1.0 / count);
            }
        }
        Ok(vec![all / years as f64, taken / years as f64])
    },
};
