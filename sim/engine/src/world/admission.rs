//! The transfer agents' limiter: how much data the network takes in.
//!
//! All transfer agents together are one limiter with the whole network's limit: which of them a
//! client asks has no public record, and each is given its share of the weight.

use stakeout_protocol::bandwidth::{BandwidthLimiter, BandwidthParams, compute_data_size, is_block_full};
use stakeout_protocol::units::{Height, TokenCount};

/// Decides whether a request is let in.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    params: BandwidthParams,
    limiter: BandwidthLimiter,
    height: u64,
    in_block: u32,
}

impl Admission {
    /// A limiter that has seen nothing.
    pub(super) fn new(params: &BandwidthParams) -> Self {
        Self {
            params: params.clone(),
            limiter: BandwidthLimiter::new(params.limit_per_block, params.lifespan_blocks),
            height: 0,
            in_block: 0,
        }
    }

    /// Whether a request for the block at `height` is let in; counts it if so.
    pub(super) fn admits(&mut self, height: u64, prompt: u32, max_tokens: u64) -> bool {
        if height != self.height {
            (self.height, self.in_block) = (height, 0);
        }
        if is_block_full(&self.params, self.in_block) {
            return false;
        }
        let prompt = TokenCount::new(u64::from(prompt));
        let size = compute_data_size(&self.params, prompt, TokenCount::new(max_tokens));
        let is_admitted = self.limiter.admit(Height::new(height), size).is_ok();
        self.in_block += u32::from(is_admitted);
        is_admitted
    }
}
