//! Where the reward of somebody convicted goes.
//!
//! Invariant: what was forfeited arrives, to the last base unit.

use super::split::{Contribution, SplitRule, split_reward};
use crate::units::{Amount, Fraction, Rounding};

/// The destination of a forfeited reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForfeitRule {
    /// The governance account.
    Governance,
    /// The other providers, by weight.
    Peers,
    /// Nobody: the coins are destroyed.
    Burn,
    /// Whoever reported the offence gets this part, the rest is destroyed.
    WhistleBlower {
        /// The reporter's part.
        share: Fraction,
    },
}

/// A forfeit, by destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForfeitShares {
    /// To governance.
    pub governance: Amount,
    /// To each of the peers, in their order.
    pub peers: Vec<Amount>,
    /// Destroyed.
    pub burned: Amount,
    /// To the reporter.
    pub reporter: Amount,
}

/// Distributes a forfeit. Without peers that have weight, their part goes to governance.
///
/// # Panics
/// When the forfeit is negative.
#[must_use]
pub fn distribute_forfeit(rule: ForfeitRule, forfeit: Amount, peers: &[Contribution]) -> ForfeitShares {
    let mut shares = ForfeitShares {
        governance: Amount::ZERO,
        peers: vec![Amount::ZERO; peers.len()],
        burned: Amount::ZERO,
        reporter: Amount::ZERO,
    };
    match rule {
        ForfeitRule::Governance => shares.governance = forfeit,
        ForfeitRule::Burn => shares.burned = forfeit,
        ForfeitRule::Peers => {
            (shares.peers, shares.governance) = split_reward(SplitRule::Weight, forfeit, peers)
        }
        ForfeitRule::WhistleBlower { share } => {
            shares.reporter = forfeit.share(share, Rounding::Down);
            shares.burned = forfeit - shares.reporter;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_hands_on_the_whole_forfeit() {
        let peer = |weight| Contribution {
            work: 0,
            weight,
            utilisation: Fraction::ZERO,
            coverage: Fraction::ZERO,
        };
        let rules = [
            ForfeitRule::Governance,
            ForfeitRule::Peers,
            ForfeitRule::Burn,
            ForfeitRule::WhistleBlower {
                share: Fraction::from_percent(33),
            },
        ];
        for rule in rules {
            for peers in [vec![], vec![peer(0)], vec![peer(3), peer(4)]] {
                let shares = distribute_forfeit(rule, Amount::from_base_units(101), &peers);
                let all = shares.governance + shares.burned + shares.reporter + shares.peers.iter().sum();
                assert_eq!(all.base_units(), 101, "{rule:?} with {} peers", peers.len());
            }
        }
    }
}
