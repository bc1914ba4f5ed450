//! A uniform-price double auction.
//!
//! Invariant: nobody sells below its ask or buys above its bid, and as much is bought as sold.

/// An offer to buy or to sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Price of one unit: the least a seller takes, the most a buyer gives.
    pub price: u64,
    /// Units.
    pub quantity: u64,
}

/// What an auction decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// The price of every unit; the mean of the last accepted ask and bid, rounded down.
    pub price: u64,
    /// Units traded.
    pub quantity: u64,
}

/// Matches the cheapest asks with the highest bids as long as a bid is not below an ask. `None` where they never
/// meet.
#[must_use]
pub fn clear(asks: &[Order], bids: &[Order]) -> Option<Clearing> {
    let (mut asks, mut bids) = (asks.to_vec(), bids.to_vec());
    asks.sort_by_key(|order| order.price);
    bids.sort_by_key(|order| std::cmp::Reverse(order.price));
    let (mut ask, mut bid, mut quantity) = (0, 0, 0_u64);
    let mut last = None;
    while ask < asks.len() && bid < bids.len() && bids[bid].price >= asks[ask].price {
        let traded = asks[ask].quantity.min(bids[bid].quantity);
        if traded > 0 {
            last = Some((asks[ask].price, bids[bid].price));
        }
        quantity = quantity
            .checked_add(traded)
            .expect("a market left the range of 64-bit integers");
        asks[ask].quantity -= traded;
        bids[bid].quantity -= traded;
        ask += usize::from(asks[ask].quantity == 0);
        if bids[bid].quantity == 0 {
            bid += 1;
        }
    }
    last.map(|(sold, bought)| Clearing {
        price: sold + (bought - sold) / 2,
        quantity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(orders: &[(u64, u64)]) -> Vec<Order> {
        orders
            .iter()
            .map(|&(price, quantity)| Order { price, quantity })
            .collect()
    }

    #[test]
    fn the_market_clears_where_supply_meets_demand() {
        let asks = book(&[(5, 10), (2, 10), (9, 10)]);
        let bids = book(&[(8, 5), (10, 10), (1, 50)]);
        // Fifteen units: the ten at 2 and five at 5; the last bid accepted is 8.
        assert_eq!(
            clear(&asks, &bids),
            Some(Clearing {
                price: 6,
                quantity: 15
            })
        );
        assert_eq!(clear(&asks, &book(&[(1, 5)])), None);
        assert_eq!(clear(&[], &bids), None);
    }
}
