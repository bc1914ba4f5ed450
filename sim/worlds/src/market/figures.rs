//! What an economist looks at when a market has run.
//!
//! Invariant: figures are read from the market and its record; none of them feeds back.

use stakeout_statistics::concentration::{gini, hhi, nakamoto};

use super::params::UNIT;
use super::step::{EpochRecord, MICRO, Market};

/// One figure with its unit in the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Name and unit.
    pub name: &'static str,
    /// Value; not a number where it has no meaning.
    pub value: f64,
}

/// All figures of a run.
pub fn summarise(market: &Market, records: &[EpochRecord]) -> Vec<Outcome> {
    let mut outcomes = supply(market, records);
    outcomes.extend(providers(market, records));
    outcomes.extend(users(records));
    outcomes
        .into_iter()
        .map(|(name, value)| Outcome { name, value })
        .collect()
}

fn to_coins(units: i128) -> f64 {
    units as f64 / UNIT as f64
}

fn fiat(micro: f64) -> f64 {
    micro / MICRO
}

type Named = Vec<(&'static str, f64)>;

fn supply(market: &Market, records: &[EpochRecord]) -> Named {
    let last = records.last().copied().unwrap_or_default();
    let (issued, burned) = (market.issued.base_units(), market.burned.base_units());
    let lowest = records.iter().map(|record| record.price).min().unwrap_or(0);
    let circulating = circulating(market);
    vec![
        ("coins issued", to_coins(issued)),
        ("coins burned", to_coins(burned)),
        ("coins locked", to_coins(last.locked)),
        ("coins vested", to_coins(market.vested.base_units())),
        ("coins with governance", to_coins(market.governance.base_units())),
        ("coins circulating", circulating),
        (
            "issuance a year, of coins circulating",
            to_coins(last.issued) * 365.0 / circulating,
        ),
        (
            "net issuance of the last epoch",
            to_coins(last.issued - last.burned),
        ),
        ("price of a coin", fiat(market.price() as f64)),
        ("lowest price of a coin", fiat(lowest as f64)),
    ]
}

/// Coins that may be sold: in the pool, with holders and in wallets.
fn circulating(market: &Market) -> f64 {
    let wallets = market
        .providers
        .iter()
        .map(|provider| to_coins(provider.wallet.base_units()));
    market.pool.coins as f64 / UNIT as f64 + to_coins(market.holders.base_units()) + wallets.sum::<f64>()
}

fn providers(market: &Market, records: &[EpochRecord]) -> Named {
    let last = records.last().copied().unwrap_or_default();
    let worked: Vec<_> = market
        .providers
        .iter()
        .filter(|provider| provider.active_epochs > 0)
        .collect();
    let per_epoch = |is_cheater: bool| {
        let chosen = worked.iter().filter(|provider| provider.is_cheater == is_cheater);
        let (profit, epochs) = chosen.fold((0.0, 0.0), |(profit, epochs), provider| {
            (
                profit + provider.profit as f64,
                epochs + provider.active_epochs as f64,
            )
        });
        if epochs == 0.0 {
            f64::NAN
        } else {
            fiat(profit / epochs)
        }
    };
    let income: f64 = worked.iter().map(|provider| provider.earned as f64).sum();
    let profit: f64 = worked.iter().map(|provider| provider.profit as f64).sum();
    let costs: f64 = records.iter().map(|record| record.costs as f64).sum();
    let epochs: f64 = worked.iter().map(|provider| provider.active_epochs as f64).sum();
    let bills: f64 = records.iter().map(|record| record.bill as f64).sum();
    let mut weights: Vec<f64> = market
        .providers
        .iter()
        .filter(|provider| provider.is_active)
        .map(|_| 1.0)
        .collect();
    let ring = libm::round(market.cartel * weights.len() as f64) as usize;
    if ring > 0 {
        // One owner in the place of many.
        weights.truncate(weights.len() - ring);
        weights.push(ring as f64);
    }
    let reward = fiat(to_coins(last.issued) * market.price() as f64);
    let active = f64::from(last.active);
    vec![
        ("providers active", active),
        (
            "fewest providers active",
            records
                .iter()
                .map(|record| f64::from(record.active))
                .fold(f64::INFINITY, f64::min),
        ),
        (
            "entries",
            records.iter().map(|record| f64::from(record.entered)).sum(),
        ),
        ("exits", records.iter().map(|record| f64::from(record.left)).sum()),
        (
            "convictions",
            records.iter().map(|record| f64::from(record.convicted)).sum(),
        ),
        ("profit of an honest provider an epoch", per_epoch(false)),
        ("profit of a cheater an epoch", per_epoch(true)),
        (
            "income a GPU hour",
            fiat(income / (epochs * market.params.gpu_hours)),
        ),
        (
            "profit a GPU hour",
            fiat(profit / (epochs * market.params.gpu_hours)),
        ),
        ("income over costs", income / costs),
        (
            "yield of hardware, a year",
            365.0 / pay_back(market.params.hardware, fiat(profit / epochs)),
        ),
        (
            "epochs until hardware is paid back",
            pay_back(market.params.hardware, fiat(profit / epochs)),
        ),
        (
            "coin price at which income covers costs",
            fiat(market.price() as f64) * costs / income,
        ),
        (
            "fee share of income",
            (bills * (1.0 - market.params.burn) / income).min(1.0),
        ),
        (
            "Gini of earnings",
            gini(
                &worked
                    .iter()
                    .map(|provider| provider.earned.max(0) as f64)
                    .collect::<Vec<_>>(),
            ),
        ),
        ("HHI of weight by owner", hhi(&weights)),
        (
            "owners of more than a third of the weight",
            f64::from(nakamoto(&weights, 1.0 / 3.0)),
        ),
        (
            "owners of more than half of the weight",
            f64::from(nakamoto(&weights, 0.5)),
        ),
        ("security budget an epoch", reward),
        ("cost of as much weight for an epoch", fiat(last.costs as f64)),
    ]
}

/// Epochs after which profits have paid for the hardware; not a number where it has no price or they never do.
fn pay_back(hardware: f64, profit: f64) -> f64 {
    if hardware > 0.0 && profit > 0.0 {
        hardware / profit
    } else {
        f64::NAN
    }
}

fn users(records: &[EpochRecord]) -> Named {
    let sum = |of: fn(&EpochRecord) -> u64| records.iter().map(|record| of(record) as f64).sum::<f64>();
    let (asked, served) = (sum(|record| record.asked), sum(|record| record.served));
    let last = records.last().copied().unwrap_or_default();
    vec![
        ("requests served", served),
        (
            "share of requests served",
            if asked > 0.0 { served / asked } else { f64::NAN },
        ),
        ("requests served in the last epoch", last.served as f64),
        ("fiat paid by users in the last epoch", fiat(last.bill as f64)),
    ]
}
