//! The price over a stretch of blocks that all serve the expected number of model tokens.
//!
//! **Invariant.** Every block's price is the rule's own; only what a block serves is replaced by its mean.

use stakeout_protocol::pricing::PriceMode;

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
        let before = market.price;
        group.price = market.step(params, group.total, served as u64, world.epoch);
        steady = if market.price == before { steady + 1 } else { 0 };
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
