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
