//! The price over a stretch of blocks that all serve the expected number of model tokens.
//!
//! **Invariant.** Every block's price is the rule's own; only what a block serves is replaced by its mean.

use stakeout_protocol::pricing::{PriceMode, compute_next_price, compute_price_in_force};
use stakeout_protocol::units::{EpochIndex, TokenCount};

use crate::world::World;

/// Moves a model's price through `blocks` blocks in which `tokens` model tokens are served in all, and books the
/// prices in the epoch's mean. Returns the mean price in force over the stretch, base units per model token, to the
/// nearest.
pub fn charge(world: &mut World<'_>, model: usize, blocks: u64, tokens: f64) -> u64 {
    let params = &world.scenario.protocol.pricing;
    let group = &mut world.groups[model];
    let market = &mut world.market[model];
    if params.mode == PriceMode::Fixed || blocks == 0 {
        world.price_sum += u128::from(group.price) * u128::from(blocks);
        world.price_blocks += blocks;
        return group.price;
    }
    let (mut sum, mut paid, mut steady, mut rest) = (0_u128, 0.0_f64, 0_u32, 0.0_f64);
    for block in 0..blocks {
        rest += tokens / blocks as f64;
        let served = rest.floor();
        rest -= served;
        market.utilisation.record_block(TokenCount::new(served as u64));
        let utilisation = market.utilisation.utilisation(group.total, params.block_seconds);
        let next = compute_next_price(params, market.price, utilisation);
        steady = if next == market.price { steady + 1 } else { 0 };
        market.price = next;
        group.price = compute_price_in_force(params, next, EpochIndex::new(world.epoch)).get();
        sum += u128::from(group.price);
        paid += group.price as f64;
        if steady > 2 * params.window_blocks {
            // The window holds nothing but such blocks, and they no longer move the price.
            let left = blocks - 1 - block;
            sum += u128::from(group.price) * u128::from(left);
            paid += group.price as f64 * left as f64;
            break;
        }
    }
    world.price_sum += sum;
    world.price_blocks += blocks;
    (paid / blocks as f64 + 0.5) as u64
}
