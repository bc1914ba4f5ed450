//! Prices and pools: fixed points, invariants, conservation.
//!
//! Invariant: the observation is the integer rule run step by step; the formula is a fixed point or an identity.

use stakeout_engine::oracle::{Figure, Observation, Parameter, Parameters};
use stakeout_protocol::ledger::{Account, Ledger, Posting};
use stakeout_protocol::markets::bonding_curve::{CurveParams, compute_cost};
use stakeout_protocol::markets::constant_product::Pool;
use stakeout_protocol::schedules::burn_and_mint::{MicroFiat, compute_burn};
use stakeout_protocol::schedules::ethereum::{BaseFeeParams, compute_next_base_fee};
use stakeout_protocol::units::{Amount, ParticipantId, Rounding};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    BASE_FEE,
    BASE_FEE_STABILITY,
    BURN_AND_MINT,
    LOSS_OF_PROVIDERS,
    PRODUCT,
    CURVE,
    CONSERVATION,
];

const BASE_FEE: Check = Check {
    id: "base-fee",
    catalogue: &[45],
    title: "The base fee over full and empty blocks",
    source: "(9/8)^n and (7/8)^n; EIP-1559",
    kind: Kind::Computed(1e-12),
    parameters: || vec![Parameter::count("blocks", 6)],
    expected: |p| {
        require("base-fee", p.get("blocks") <= 100.0, "at most 100 blocks")?;
        let n = p.get("blocks");
        figures([
            ("after full blocks", libm::pow(1.125, n)),
            ("after empty blocks", libm::pow(0.875, n)),
        ])
    },
    observe: |p, _| {
        let (params, start) = (BaseFeeParams::eip_1559(), 10_u128.pow(26));
        let after = |used: u64| {
            let last = (0..p.count("blocks")).fold(start, |fee, _| compute_next_base_fee(&params, fee, used));
            last as f64 / start as f64
        };
        Ok(vec![after(30_000_000), after(0)])
    },
};

const BASE_FEE_STABILITY: Check = Check {
    id: "base-fee-stability",
    catalogue: &[70],
    title: "A base fee under demand of constant elasticity settles while elasticity/8 is below two",
    source: "linearisation g = T (p/p*)^-e; Leonardos et al. 2021 (arXiv 2102.10567)",
    kind: Kind::Exact,
    parameters: || {
        let range: (&str, fn(f64) -> bool) =
            ("a number from 0.1 to 15.5", |value| (0.1..=15.5).contains(&value));
        vec![Parameter::ranged("elasticity", 10.0, range)]
    },
    expected: |_| figures([("settles below 16", 1.0), ("settles above 16", 0.0)]),
    observe: |p, _| {
        let settles = |elasticity: f64| {
            // Blocks large enough that the limit does not cut demand off near the fixed point.
            let params = BaseFeeParams {
                target: 1_000_000_000,
                elasticity: 4,
                max_change_denominator: 8,
            };
            let (balance, mut fee) = (1e12, 1_010_000_000_000_u128);
            for _ in 0..4_000 {
                let demand = 1e9 * libm::pow(fee as f64 / balance, -elasticity);
                fee = compute_next_base_fee(&params, fee, demand as u64);
            }
            let off = (fee as f64 / balance - 1.0).abs();
            if off < 1e-4 { 1.0 } else { 0.0 }
        };
        Ok(vec![
            settles(p.get("elasticity")),
            settles(32.0 - p.get("elasticity")),
        ])
    },
};

const BURN_AND_MINT: Check = Check {
    id: "burn-and-mint",
    catalogue: &[46],
    title: "Burn and mint: at the price demand over minting the supply stands still; off it, it moves back",
    source: "P* = D/M; rendernetwork/RNPs RNP-001",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("demand", 1_000_000),
            Parameter::count("mint", 100_000),
        ]
    },
    expected: |_| {
        figures([
            ("change at P*", 0.0),
            ("sign at P*/2", -1.0),
            ("sign at 2 P*", 1.0),
        ])
    },
    observe: |p, _| {
        let unit = 100_000_000_u128;
        let demand = MicroFiat(u128::from(p.count("demand")) * u128::from(p.count("mint")) * 1_000_000);
        let minted = i128::from(p.count("mint")) * unit as i128;
        // The bill is a multiple of the minted coins, so that P* is a whole number of millionths.
        let balance = demand.0 / u128::from(p.count("mint"));
        let change = |price: u128| minted - compute_burn(demand, MicroFiat(price), unit).base_units();
        let sign = |change: i128| change.signum() as f64;
        Ok(vec![
            change(balance) as f64,
            sign(change(balance / 2)),
            sign(change(balance * 2)),
        ])
    },
};

const LOSS_OF_PROVIDERS: Check = Check {
    id: "impermanent-loss",
    catalogue: &[47],
    title: "What a pool's provider loses against holding when the price moves by a factor",
    source: "2 sqrt(r)/(1 + r) - 1",
    kind: Kind::Computed(1e-6),
    parameters: || {
        let range: (&str, fn(f64) -> bool) =
            ("a number from 1 to 100", |value| (1.0..=100.0).contains(&value));
        vec![Parameter::ranged("factor", 2.0, range)]
    },
    expected: |p| {
        let r = p.get("factor");
        figures([("loss", 2.0 * r.sqrt() / (1.0 + r) - 1.0)])
    },
    observe: |p, _| {
        let before = Pool {
            coins: 10_u128.pow(18),
            money: 10_u128.pow(18),
            fee_bps: 0,
        };
        // Buying until the price, money over coins, has risen by the factor.
        let paid = ((p.get("factor").sqrt() - 1.0) * 1e18) as u128;
        let after = before.buy(paid).pool;
        let price = after.money as f64 / after.coins as f64;
        let value = |pool: &Pool| pool.money as f64 + pool.coins as f64 * price;
        Ok(vec![value(&after) / value(&before) - 1.0])
    },
};

const PRODUCT: Check = Check {
    id: "constant-product",
    catalogue: &[47],
    title: "Random swaps never lower a pool's product, and a round trip never gains",
    source: "x y = k, rounded for the pool; Uniswap/v2-core",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("fee_bps", 30)],
    expected: |p| {
        require(
            "constant-product",
            p.get("fee_bps") <= 9_000.0,
            "a fee of at most 9000 bps",
        )?;
        figures([("swaps that lowered it", 0.0), ("round trips that gained", 0.0)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 50);
        let mut pool = Pool {
            coins: 1_000_003,
            money: 999_983,
            fee_bps: p.count("fee_bps"),
        };
        let (mut lowered, mut gained) = (0.0, 0.0);
        for _ in 0..o.size / 10 {
            let amount = u128::from(dice.below(50_000));
            let there = if dice.chance(0.5) {
                pool.buy(amount)
            } else {
                pool.sell(amount)
            };
            lowered += f64::from(u8::from(
                there.pool.coins * there.pool.money < pool.coins * pool.money,
            ));
            let out = pool.sell(amount);
            gained += f64::from(u8::from(out.pool.buy(out.out).out > amount));
            pool = there.pool;
        }
        Ok(vec![lowered, gained])
    },
};

const CURVE: Check = Check {
    id: "bonding-curve",
    catalogue: &[45],
    title: "The cost of raising the supply along a bonding curve",
    source: "m (S2^(n+1) - S1^(n+1))/(n+1)",
    kind: Kind::Computed(1e-9),
    parameters: || vec![Parameter::count("from", 100), Parameter::count("to", 200)],
    expected: |p| {
        require(
            "bonding-curve",
            p.get("from") <= p.get("to"),
            "from has to be at most to",
        )?;
        let cube = |value: f64| value * value * value;
        figures([(
            "cost at m = 1e-6, n = 2",
            1e-6 * (cube(p.get("to")) - cube(p.get("from"))) / 3.0,
        )])
    },
    observe: |p, _| {
        let params = CurveParams {
            slope: 1_000_000,
            slope_of: 1,
            exponent: 2,
        };
        let [from, to] = ["from", "to"].map(|name| u128::from(p.count(name)));
        // In parts of 10^-12 of the money.
        Ok(vec![compute_cost(&params, from, to, Rounding::Up) as f64 / 1e12])
    },
};

const CONSERVATION: Check = Check {
    id: "conservation",
    catalogue: &[48],
    title: "Random postings among all accounts: every account less what was issued sums to zero, each time",
    source: "double entry",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("holders", 20),
            Parameter::count("amount", 1_000_000),
        ]
    },
    expected: |_| Ok(vec![Figure::new("postings after which it did not", 0.0)]),
    observe: observe_conservation,
};

fn observe_conservation(p: &Parameters, o: Observation) -> Observed {
    let (holders, amount) = (u64::from(p.count("holders")), u64::from(p.count("amount")));
    let mut dice = Dice::new(o.seed, 51);
    let mut ledger = Ledger::new();
    let account = |dice: &mut Dice| {
        let id = dice.below(holders) as u32;
        match dice.below(11) {
            0 => Account::Client(id),
            1 => Account::Work(ParticipantId::new(id)),
            2 => Account::Escrow,
            3 => Account::Module,
            4 => Account::Vesting(ParticipantId::new(id)),
            5 => Account::Wallet(ParticipantId::new(id)),
            6 => Account::Collateral(ParticipantId::new(id)),
            7 => Account::Unbonding(ParticipantId::new(id)),
            8 => Account::Governance,
            9 => Account::Burned,
            _ => Account::Issuance,
        }
    };
    let mut broken = 0.0;
    for _ in 0..o.size / 20 {
        let posting = Posting {
            debit: account(&mut dice),
            credit: account(&mut dice),
            amount: Amount::from_base_units(i128::from(dice.below(amount))),
        };
        // A refusal is no posting; what it would have broken stays whole.
        let _ = ledger.post(posting);
        let sum: Amount = ledger.accounts().map(|(_, amount)| amount).sum();
        broken += f64::from(u8::from(!sum.is_zero() || ledger.check_conservation().is_err()));
    }
    Ok(vec![broken])
}
