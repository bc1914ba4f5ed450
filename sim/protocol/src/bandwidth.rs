//! How much traffic the chain carries: the transfer agent's limiter and the limits of a block.
//!
//! Invariant: a request that is refused leaves the limiter untouched.
//!
//! Reference: gonka-ai/gonka decentralized-api/internal/bandwidth_limiter.go, proposals/limits,
//! proposals/inference-performance.

use crate::units::{Fraction, Height, Rounding, TokenCount};
use std::collections::VecDeque;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// An amount of data on the chain, in tenths of a byte, so that the estimates below are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataSize(u64);

impl DataSize {
    /// No data.
    pub const ZERO: Self = Self(0);

    /// This many tenths of a byte.
    #[must_use]
    pub const fn from_tenths_of_byte(tenths: u64) -> Self {
        Self(tenths)
    }

    /// This many kilobytes of 1000 bytes.
    #[must_use]
    pub const fn from_kilobytes(kilobytes: u64) -> Self {
        Self(kilobytes * 10_000)
    }

    /// Tenths of a byte.
    #[must_use]
    pub const fn tenths_of_byte(self) -> u64 {
        self.0
    }
}

impl Add for DataSize {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("a data size overflowed"))
    }
}

impl Sub for DataSize {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a data size fell below zero"))
    }
}

impl Sum for DataSize {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}

/// The parameters of the limiter and of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandwidthParams {
    /// Estimated data per prompt token.
    pub per_prompt_token: DataSize,
    /// Estimated data per token of the answer.
    pub per_completion_token: DataSize,
    /// What all transfer agents together may put into one block on average.
    pub limit_per_block: DataSize,
    /// Blocks for which a request counts after the one it arrived in.
    pub lifespan_blocks: u64,
    /// Finished and started inferences that fit into one block; none for no limit.
    pub inferences_per_block_max: Option<u32>,
}

/// The estimated size of a request, by the longest answer it may get.
#[must_use]
pub fn compute_data_size(params: &BandwidthParams, prompt: TokenCount, max_tokens: TokenCount) -> DataSize {
    let part = |per: DataSize, tokens: TokenCount| {
        per.0
            .checked_mul(tokens.get())
            .map(DataSize)
            .expect("a data size overflowed")
    };
    part(params.per_prompt_token, prompt) + part(params.per_completion_token, max_tokens)
}

/// One transfer agent's share of the block limit, by its share of the nodes' weight; rounded down.
#[must_use]
pub fn compute_agent_limit(params: &BandwidthParams, weight_share: Fraction) -> DataSize {
    DataSize(weight_share.of(params.limit_per_block.0, Rounding::Down))
}

/// Whether a block that holds so many inference messages takes no more.
#[must_use]
pub fn is_block_full(params: &BandwidthParams, inferences: u32) -> bool {
    params
        .inferences_per_block_max
        .is_some_and(|max| inferences >= max)
}

/// Why a request was turned away: the average over the window would pass the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted:?} over the window of blocks, where {allowed:?} are allowed")]
pub struct BandwidthExceeded {
    /// The data in the window with the request.
    pub wanted: DataSize,
    /// The most the window may hold.
    pub allowed: DataSize,
}

/// A limit on the average data per block over a sliding window of `lifespan + 1` blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandwidthLimiter {
    allowed: DataSize,
    lifespan_blocks: u64,
    /// Data by block, oldest first; blocks without data are absent.
    blocks: VecDeque<(Height, DataSize)>,
    used: DataSize,
}

impl BandwidthLimiter {
    /// A limiter that has seen nothing.
    #[must_use]
    pub fn new(limit_per_block: DataSize, lifespan_blocks: u64) -> Self {
        let allowed = limit_per_block
            .0
            .checked_mul(lifespan_blocks + 1)
            .expect("a data size overflowed");
        Self {
            allowed: DataSize(allowed),
            lifespan_blocks,
            blocks: VecDeque::new(),
            used: DataSize::ZERO,
        }
    }

    /// Admits a request at this height, or says by how much it is too much. Heights never go back.
    ///
    /// # Errors
    /// When the window would hold more than `(lifespan + 1)` times the limit of a block.
    pub fn admit(&mut self, now: Height, size: DataSize) -> Result<(), BandwidthExceeded> {
        self.forget_before(now);
        let wanted = self.used + size;
        if wanted > self.allowed {
            return Err(BandwidthExceeded {
                wanted,
                allowed: self.allowed,
            });
        }
        self.record(now, size);
        Ok(())
    }

    /// Counts data without asking, as for a request that another rule has let in.
    pub fn record(&mut self, now: Height, size: DataSize) {
        self.forget_before(now);
        self.used = self.used + size;
        match self.blocks.back_mut() {
            Some((height, data)) if *height == now => *data = *data + size,
            _ => self.blocks.push_back((now, size)),
        }
    }

    /// The data that counts now.
    #[must_use]
    pub const fn used(&self) -> DataSize {
        self.used
    }

    fn forget_before(&mut self, now: Height) {
        while let Some(&(height, data)) = self.blocks.front() {
            if now.get().saturating_sub(height.get()) <= self.lifespan_blocks {
                return;
            }
            self.used = self.used - data;
            self.blocks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_request_leaves_the_limiter_untouched() {
        let mut limiter = BandwidthLimiter::new(DataSize::from_kilobytes(100), 10);
        limiter
            .admit(Height::new(5), DataSize::from_kilobytes(1_000))
            .unwrap();
        let before = limiter.clone();
        assert!(
            limiter
                .admit(Height::new(5), DataSize::from_kilobytes(101))
                .is_err()
        );
        assert_eq!(limiter, before);
    }

    #[test]
    fn a_request_stops_counting_once_its_lifespan_is_over() {
        let mut limiter = BandwidthLimiter::new(DataSize::from_kilobytes(100), 10);
        let all = DataSize::from_kilobytes(1_100);
        limiter.admit(Height::new(5), all).unwrap();
        assert!(
            limiter
                .admit(Height::new(15), DataSize::from_kilobytes(1))
                .is_err()
        );
        limiter.admit(Height::new(16), all).unwrap();
        assert_eq!(limiter.used(), all);
    }
}
