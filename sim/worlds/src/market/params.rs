//! What a market is made of, as written in a file.
//!
//! Invariant: a value that would overflow, divide by nothing or never end is refused with its name and range.

use serde::Deserialize;
use stakeout_protocol::schedules::decay::{DecayParams, Tail, compute_emission, compute_tail_emission};
use stakeout_protocol::schedules::halving::{
    HalvingParams, SupplyHalvingParams, compute_block_subsidy, compute_emission_by_supply,
};
use stakeout_protocol::schedules::split::SplitRule;
use stakeout_protocol::units::{Amount, Fraction};
use thiserror::Error;

/// Base units in a coin.
pub const UNIT: i128 = 1_000_000_000;

/// The coins of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Schedule {
    /// So many coins at first, falling to a part of that an epoch.
    Decay {
        /// Coins of the first epoch.
        first: f64,
        /// What an epoch keeps of the one before.
        keep: f64,
    },
    /// Coins that halve every so many epochs.
    Halving {
        /// Coins of the first epoch.
        first: f64,
        /// Epochs between halvings.
        every: u32,
    },
    /// Coins that halve whenever half of what is left is issued.
    BySupply {
        /// Coins of the first epoch.
        first: f64,
        /// Coins that will ever be issued.
        cap: f64,
    },
    /// A decay with a floor in proportion to the supply.
    Tail {
        /// Coins of the first epoch.
        first: f64,
        /// What an epoch keeps of the one before.
        keep: f64,
        /// The least part of the supply issued an epoch.
        floor: f64,
    },
}

impl Schedule {
    /// What is issued in an epoch, given all that was issued before.
    pub fn issue(&self, epoch: u64, issued: Amount) -> Amount {
        let decay = |first: f64, keep: f64| {
            let params = DecayParams {
                first: coins(first),
                keep: (keep * 1e12) as u128,
                of: 1_000_000_000_000,
                periods: None,
                cap: None,
            };
            compute_emission(&params, epoch, issued)
        };
        match *self {
            Self::Decay { first, keep } => decay(first, keep),
            Self::Halving { first, every } => {
                let params = HalvingParams {
                    initial: coins(first),
                    blocks_per_era: u64::from(every),
                };
                compute_block_subsidy(&params, epoch)
            }
            Self::BySupply { first, cap } => {
                let params = SupplyHalvingParams {
                    initial: coins(first),
                    cap: coins(cap),
                };
                compute_emission_by_supply(&params, issued)
            }
            Self::Tail { first, keep, floor } => {
                let tail = Tail::ShareOfSupply(Fraction::from_parts((floor * 1e18) as u64));
                compute_tail_emission(decay(first, keep), tail, issued)
            }
        }
    }
}

/// Coins as base units, cut off.
pub(super) fn coins(count: f64) -> Amount {
    Amount::from_base_units((count * UNIT as f64) as i128)
}

/// Who gets the coins of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// By requests served.
    Work,
    /// By capacity proven.
    Weight,
    /// Half and half.
    Hybrid,
}

impl Split {
    pub(super) fn rule(self) -> SplitRule {
        match self {
            Self::Work => SplitRule::Work,
            Self::Weight => SplitRule::Weight,
            Self::Hybrid => SplitRule::Hybrid {
                by_work: Fraction::from_percent(50),
            },
        }
    }
}

/// Something that happens at the start of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shock {
    /// The epoch.
    pub epoch: u32,
    /// Demand is multiplied by this.
    #[serde(default)]
    pub demand: Option<f64>,
    /// Holders sell until the price of a coin is this part of what it was, or they have no more.
    #[serde(default)]
    pub coin_price: Option<f64>,
    /// This part of the active providers leaves for good.
    #[serde(default)]
    pub vanish: Option<f64>,
    /// Holders sell so many coins.
    #[serde(default)]
    pub unlock: Option<f64>,
    /// Costs are multiplied by this, of those inside and those outside.
    #[serde(default)]
    pub cost: Option<f64>,
    /// Capacity is multiplied by this.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// The chance that an honest provider is convicted in an epoch becomes this.
    #[serde(default)]
    pub honest_conviction: Option<f64>,
    /// So many new identities, all cheaters, may enter.
    #[serde(default)]
    pub identities: Option<u32>,
    /// Bills are turned into coins at the price of so many epochs ago.
    #[serde(default)]
    pub price_lag: Option<u32>,
    /// The price of a request is multiplied by this.
    #[serde(default)]
    pub request_price: Option<f64>,
    /// One owner holds this part of the providers.
    #[serde(default)]
    pub cartel: Option<f64>,
}

/// A market.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketParams {
    /// Epochs to run.
    pub epochs: u32,
    /// Issuance.
    pub schedule: Schedule,
    /// Its split.
    pub split: Split,
    /// Epochs over which rewards vest.
    pub vesting: u32,
    /// Providers active at first; as many again may enter.
    pub providers: u32,
    /// Median cost of a provider an epoch, in fiat.
    pub cost: f64,
    /// Standard deviation of the logarithm of costs.
    pub cost_spread: f64,
    /// Requests that a provider can serve an epoch.
    pub capacity: u32,
    /// GPU hours of a provider an epoch.
    pub gpu_hours: f64,
    /// Price of a provider's hardware, in fiat; zero where it is not asked how soon it is paid back.
    #[serde(default)]
    pub hardware: f64,
    /// What a provider earns elsewhere an epoch, in fiat.
    pub outside: f64,
    /// Epochs of loss after which a provider leaves.
    pub patience: u32,
    /// Providers that may enter in an epoch.
    pub entry_limit: u32,
    /// Requests an epoch at the first price.
    pub requests: f64,
    /// Price of a request, in fiat.
    pub request_price: f64,
    /// Elasticity of demand to the price of a request, as a positive number.
    pub elasticity: f64,
    /// Growth of demand an epoch.
    #[serde(default)]
    pub growth: f64,
    /// The price of a request follows utilisation, as on the network.
    #[serde(default)]
    pub is_price_dynamic: bool,
    /// Coins in the pool at first.
    pub pool_coins: f64,
    /// Fiat in the pool at first.
    pub pool_money: f64,
    /// Coins of holders at first.
    pub held: f64,
    /// Part of what becomes free that providers sell at once.
    pub sell: f64,
    /// Part of the fees that is burned.
    pub burn: f64,
    /// Part of the providers that cheats.
    #[serde(default)]
    pub cheaters: f64,
    /// Part of its cost that a cheater saves.
    #[serde(default)]
    pub saving: f64,
    /// Chance that a cheater is convicted in an epoch.
    #[serde(default)]
    pub cheater_conviction: f64,
    /// Chance that an honest provider is.
    #[serde(default)]
    pub honest_conviction: f64,
    /// What happens, by epoch.
    #[serde(default)]
    pub shocks: Vec<Shock>,
}

/// A value out of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("market.{name} has to lie from {low} to {high}, not {found}")]
pub struct MarketError {
    name: &'static str,
    low: f64,
    high: f64,
    found: f64,
}

impl MarketParams {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`MarketError`] for the first such value.
    pub fn check(&self) -> Result<(), MarketError> {
        let (first, keep) = match self.schedule {
            Schedule::Decay { first, keep } => (first, keep),
            Schedule::Tail { first, keep, floor } => {
                within("schedule.floor", floor, 0.0, 0.1)?;
                (first, keep)
            }
            Schedule::Halving { first, every } => {
                within("schedule.every", f64::from(every), 1.0, 1e9)?;
                (first, 1.0)
            }
            Schedule::BySupply { first, cap } => {
                within("schedule.cap", cap, 1.0, 1e12)?;
                (first, 1.0)
            }
        };
        for (name, found, low, high) in [
            ("schedule.first", first, 0.0, 1e9),
            ("schedule.keep", keep, 0.0, 1.0),
            ("epochs", f64::from(self.epochs), 1.0, 100_000.0),
            ("vesting", f64::from(self.vesting), 0.0, 2_000.0),
            ("providers", f64::from(self.providers), 1.0, 100_000.0),
            ("cost", self.cost, 0.0, 1e6),
            ("cost_spread", self.cost_spread, 0.0, 3.0),
            ("capacity", f64::from(self.capacity), 1.0, 1e9),
            ("gpu_hours", self.gpu_hours, 1e-3, 1e6),
            ("hardware", self.hardware, 0.0, 1e9),
            ("outside", self.outside, 0.0, 1e6),
            ("patience", f64::from(self.patience), 1.0, 1e6),
            ("entry_limit", f64::from(self.entry_limit), 0.0, 1e6),
            ("requests", self.requests, 0.0, 1e12),
            ("request_price", self.request_price, 1e-6, 1e3),
            ("elasticity", self.elasticity, 0.0, 10.0),
            ("growth", self.growth, -0.5, 0.5),
            ("pool_coins", self.pool_coins, 1.0, 1e12),
            ("pool_money", self.pool_money, 1.0, 1e12),
            ("held", self.held, 0.0, 1e12),
            ("sell", self.sell, 0.0, 1.0),
            ("burn", self.burn, 0.0, 1.0),
            ("cheaters", self.cheaters, 0.0, 1.0),
            ("saving", self.saving, 0.0, 1.0),
            ("cheater_conviction", self.cheater_conviction, 0.0, 1.0),
            ("honest_conviction", self.honest_conviction, 0.0, 1.0),
        ] {
            within(name, found, low, high)?;
        }
        self.shocks.iter().try_for_each(Shock::check)
    }
}

impl Shock {
    fn check(&self) -> Result<(), MarketError> {
        for (name, found, low, high) in [
            ("shocks.demand", self.demand, 0.0, 1e3),
            ("shocks.coin_price", self.coin_price, 0.01, 1.0),
            ("shocks.vanish", self.vanish, 0.0, 1.0),
            ("shocks.unlock", self.unlock, 0.0, 1e12),
            ("shocks.cost", self.cost, 0.0, 100.0),
            ("shocks.capacity", self.capacity, 0.0, 100.0),
            ("shocks.honest_conviction", self.honest_conviction, 0.0, 1.0),
            ("shocks.identities", self.identities.map(f64::from), 0.0, 1e5),
            ("shocks.price_lag", self.price_lag.map(f64::from), 0.0, 1e5),
            ("shocks.request_price", self.request_price, 1e-3, 1e3),
            ("shocks.cartel", self.cartel, 0.0, 1.0),
        ] {
            if let Some(found) = found {
                within(name, found, low, high)?;
            }
        }
        Ok(())
    }
}

fn within(name: &'static str, found: f64, low: f64, high: f64) -> Result<(), MarketError> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(MarketError {
            name,
            low,
            high,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    /// Fields of a type of this file, as they are written in it.
    fn fields(of: &str) -> Vec<&'static str> {
        let begin = format!("pub struct {of} {{");
        let lines = include_str!("params.rs").lines();
        lines
            .skip_while(|line| *line != begin)
            .take_while(|line| *line != "}")
            .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn the_page_on_worlds_has_a_row_for_every_field_of_a_market() {
        let page = include_str!("../../../../docs/worlds.md");
        let page = &page[page
            .find("### The fields of `market`")
            .expect("the section is there")..];
        let (market, shocks) = page.split_at(page.find("`shocks` is a list").expect("shocks are there"));
        let (of_market, of_shock) = (fields("MarketParams"), fields("Shock"));
        assert!(of_market.len() > 20 && of_shock.len() > 10);
        for (part, names) in [(market, of_market), (shocks, of_shock)] {
            for name in names {
                assert!(part.contains(&format!("\n| `{name}` | ")), "no row for `{name}`");
            }
        }
    }
}
