//! Many players stood for by few: the deviation-preserving reduction of Wiedenbeck and Wellman 2012, which keeps the
//! payoff of a single deviator exact.

/// Every way to put `players` players on `strategies` strategies, as counts, in lexicographic order.
pub fn reduced_profiles(strategies: usize, players: u32) -> Vec<Vec<u32>> {
    if strategies == 0 {
        return if players == 0 {
            vec![Vec::new()]
        } else {
            Vec::new()
        };
    }
    if strategies == 1 {
        return vec![vec![players]];
    }
    (0..=players)
        .flat_map(|first| {
            reduced_profiles(strategies - 1, players - first)
                .into_iter()
                .map(move |rest| [vec![first], rest].concat())
        })
        .collect()
}

/// The full game's profile that stands behind the payoff of `own` in a reduced profile: one player on `own`, the other
/// `full - 1` in the proportions of the reduced others. None if nobody plays `own` there, or if the full game's others
/// are no multiple of the reduced ones.
pub fn full_profile(reduced: &[u32], own: usize, full: u32) -> Option<Vec<u32>> {
    let players: u32 = reduced.iter().sum();
    let others = players.checked_sub(1)?;
    if reduced.get(own).is_none_or(|&count| count == 0) {
        return None;
    }
    let factor = match others {
        0 => 0,
        some if (full - 1).is_multiple_of(some) => (full - 1) / some,
        _ => return None,
    };
    let mut profile: Vec<u32> = reduced.iter().map(|count| count * factor).collect();
    profile[own] = (reduced[own] - 1) * factor + 1;
    if others == 0 {
        profile[own] = full;
    }
    Some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_strategies_and_four_players_make_seventy_profiles() {
        assert_eq!(reduced_profiles(5, 4).len(), 70);
        assert_eq!(reduced_profiles(2, 2), [[0, 2], [1, 1], [2, 0]]);
        assert_eq!(reduced_profiles(3, 0), [[0, 0, 0]]);
    }

    #[test]
    fn a_deviator_stays_single_and_the_others_keep_their_proportions() {
        // Four players stand for a hundred: three others for ninety-nine.
        assert_eq!(full_profile(&[1, 2, 1], 0, 100), Some(vec![1, 66, 33]));
        assert_eq!(full_profile(&[1, 2, 1], 1, 100), Some(vec![33, 34, 33]));
        assert_eq!(full_profile(&[0, 4, 0], 1, 100), Some(vec![0, 100, 0]));
        assert_eq!(full_profile(&[0, 4, 0], 0, 100), None);
        assert_eq!(full_profile(&[1, 2, 1], 0, 99), None);
    }
}
