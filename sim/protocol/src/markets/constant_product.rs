//! A pool in which the product of two reserves is kept.
//!
//! Invariant: no swap lowers the product of the reserves.
//!
//! Reference: Uniswap/v2-core contracts/UniswapV2Pair.sol.

use crate::units::{Rounding, mul_div};

/// Two reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Coins of the network.
    pub coins: u128,
    /// Money.
    pub money: u128,
    /// Parts of 10,000 that stay in the pool of what is paid in.
    pub fee_bps: u32,
}

/// What a swap out of a pool left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The pool after it.
    pub pool: Pool,
    /// What came out.
    pub out: u128,
}

impl Pool {
    /// Pays coins in and takes money out.
    ///
    /// ```text
    /// out = floor(money·in' / (coins + in')),   in' = in less the fee
    /// ```
    ///
    /// # Panics
    /// When a reserve leaves the range, or the fee is above everything.
    #[must_use]
    pub fn sell(&self, coins: u128) -> Swap {
        let out = swap(coins, self.coins, self.money, self.fee_bps);
        Swap {
            pool: Self {
                coins: self.coins + coins,
                money: self.money - out,
                ..*self
            },
            out,
        }
    }

    /// Pays money in and takes coins out.
    ///
    /// # Panics
    /// As [`Pool::sell`].
    #[must_use]
    pub fn buy(&self, money: u128) -> Swap {
        let out = swap(money, self.money, self.coins, self.fee_bps);
        Swap {
            pool: Self {
                coins: self.coins - out,
                money: self.money + money,
                ..*self
            },
            out,
        }
    }
}

fn swap(paid: u128, from: u128, to: u128, fee_bps: u32) -> u128 {
    let counted = mul_div(
        paid,
        u128::from(10_000_u32.checked_sub(fee_bps).expect("a fee above everything")),
        10_000,
        Rounding::Down,
    );
    if counted == 0 {
        return 0;
    }
    mul_div(to, counted, from + counted, Rounding::Down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_swap_lowers_the_product() {
        let mut pool = Pool {
            coins: 1_000_003,
            money: 999_983,
            fee_bps: 0,
        };
        for step in 1..500_u128 {
            let before = pool.coins * pool.money;
            let swap = if step % 3 == 0 {
                pool.buy(step * 7)
            } else {
                pool.sell(step * 5)
            };
            pool = swap.pool;
            assert!(pool.coins * pool.money >= before);
        }
    }

    #[test]
    fn a_fee_stays_in_the_pool() {
        let pool = Pool {
            coins: 1_000_000,
            money: 1_000_000,
            fee_bps: 30,
        };
        assert_eq!(pool.sell(1_000).out, 996);
        assert_eq!(Pool { fee_bps: 0, ..pool }.sell(1_000).out, 999);
    }
}
