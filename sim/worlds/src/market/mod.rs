//! A network as an economy: providers with costs who enter, leave and sell, users whose demand answers the price, a
//! schedule that issues, a pool that prices.
//!
//! An epoch is one step; convictions are drawn per participant and epoch, everything else follows from integers.
//!
//! Invariant: coins in the pool, in wallets, locked, kept by governance and holders, and burned are what was issued,
//! after every epoch.

mod figures;
mod params;
mod step;

pub use figures::{Outcome, summarise};
pub use params::{MarketError, MarketParams, Schedule, Shock, Split};
pub use step::{EpochRecord, Market};

/// Runs a market for its epochs.
///
/// # Errors
/// [`MarketError`] for parameters out of range.
pub fn simulate(params: &MarketParams, seed: u64) -> Result<(Market, Vec<EpochRecord>), MarketError> {
    params.check()?;
    let mut market = Market::new(params, seed);
    let records = (0..params.epochs).map(|_| market.process_epoch()).collect();
    Ok((market, records))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> MarketParams {
        MarketParams {
            epochs: 400,
            schedule: Schedule::Decay {
                first: 100_000.0,
                keep: 1.0,
            },
            split: Split::Weight,
            vesting: 0,
            providers: 50,
            cost: 1.0,
            cost_spread: 0.0,
            capacity: 1_000_000,
            gpu_hours: 24.0,
            hardware: 0.0,
            outside: 0.0,
            patience: 10,
            entry_limit: 0,
            requests: 1_000_000.0,
            request_price: 1.0,
            elasticity: 0.0,
            growth: 0.0,
            is_price_dynamic: false,
            pool_coins: 1_000_000.0,
            pool_money: 10_000_000.0,
            held: 0.0,
            sell: 1.0,
            burn: 1.0,
            cheaters: 0.0,
            saving: 0.0,
            cheater_conviction: 0.0,
            honest_conviction: 0.0,
            shocks: Vec::new(),
        }
    }

    fn figure(params: &MarketParams, name: &str) -> f64 {
        let (market, records) = simulate(params, 1).unwrap();
        let found = summarise(&market, &records)
            .into_iter()
            .find(|outcome| outcome.name == name);
        found.unwrap_or_else(|| panic!("no figure {name}")).value
    }

    #[test]
    fn burn_and_mint_settles_at_demand_over_issuance() {
        // A million of fiat a epoch against 100,000 coins: ten, whatever the price began at, as long as all is burned
        // and sold; the price read after the sale lies the sale's own impact below it.
        for pool_money in [5_000_000.0, 10_000_000.0, 40_000_000.0] {
            let start = MarketParams {
                pool_money,
                ..params()
            };
            let (market, _) = simulate(&start, 1).unwrap();
            let coins = market.pool.coins as f64 / 1e9;
            let bought = coins / (1.0 + market.pool.money as f64 / 1e12);
            assert!((bought / 100_000.0 - 1.0).abs() < 0.02, "{pool_money}: {bought}");
        }
    }

    #[test]
    fn providers_enter_until_the_next_one_would_lose() {
        // Equal costs, no fees: n stay where reward·price/n covers the cost.
        let free = MarketParams {
            cost: 20_000.0,
            providers: 100,
            entry_limit: 3,
            requests: 0.0,
            pool_coins: 1e11,
            pool_money: 1e12,
            epochs: 300,
            ..params()
        };
        let active = figure(&free, "providers active");
        assert!((48.0..=54.0).contains(&active), "{active}");
    }

    #[test]
    fn who_cheats_and_is_never_convicted_earns_its_saving_more() {
        let cheated = MarketParams {
            cheaters: 0.2,
            saving: 0.5,
            ..params()
        };
        let gap = figure(&cheated, "profit of a cheater an epoch")
            - figure(&cheated, "profit of an honest provider an epoch");
        assert!((gap - 0.5).abs() < 1e-3, "{gap}");
    }

    #[test]
    fn the_same_seed_gives_the_same_market_and_a_cartel_is_one_owner() {
        let convicted = MarketParams {
            honest_conviction: 0.1,
            shocks: vec![Shock {
                cartel: Some(0.51),
                ..Shock::default()
            }],
            ..params()
        };
        assert_eq!(
            simulate(&convicted, 3).unwrap().1,
            simulate(&convicted, 3).unwrap().1
        );
        assert_eq!(figure(&convicted, "owners of more than half of the weight"), 1.0);
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        let wrong = MarketParams {
            sell: 1.5,
            ..params()
        };
        assert_eq!(
            simulate(&wrong, 1).unwrap_err().to_string(),
            "market.sell has to lie from 0 to 1, not 1.5"
        );
    }
}
