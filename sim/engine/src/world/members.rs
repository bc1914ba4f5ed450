//! Who belongs to a model group.
//!
//! Invariant: members are in ascending order, each once.

/// Participants, by their position in the group.
///
/// Hosts of one model mostly follow one another: then the first says who the others are, and nothing is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// So many from this one on.
    Run {
        /// The first participant.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Any others.
    List(Vec<u32>),
}

impl Default for Members {
    fn default() -> Self {
        Self::Run { first: 0, count: 0 }
    }
}

impl Members {
    /// These participants, in ascending order.
    pub(crate) fn new(participants: Vec<u32>) -> Self {
        let first = participants.first().copied().unwrap_or(0);
        if participants
            .iter()
            .copied()
            .eq((first..).take(participants.len()))
        {
            let count = participants.len() as u32;
            Self::Run { first, count }
        } else {
            Self::List(participants)
        }
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Run { count, .. } => *count as usize,
            Self::List(list) => list.len(),
        }
    }

    /// The participant at a position, which must be one.
    #[inline(always)]
    pub(crate) fn at(&self, position: usize) -> u32 {
        match self {
            Self::Run { first, .. } => first + position as u32,
            Self::List(list) => list[position],
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + Clone {
        (0..self.len()).map(|position| self.at(position))
    }

    /// Position of a participant.
    pub(crate) fn position(&self, participant: u32) -> Option<usize> {
        match self {
            Self::Run { first, count } => {
                let position = participant.checked_sub(*first)?;
                (position < *count).then_some(position as usize)
            }
            Self::List(list) => list.binary_search(&participant).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn those_who_follow_one_another_and_those_who_do_not_are_found() {
        for (participants, is_run) in [
            (vec![], true),
            (vec![0], true),
            (vec![7, 8, 9], true),
            (vec![7, 9, 10], false),
        ] {
            let members = Members::new(participants.clone());
            assert_eq!(matches!(members, Members::Run { .. }), is_run);
            assert_eq!(members.len(), participants.len());
            assert_eq!(members.iter().collect::<Vec<_>>(), participants);
            for participant in 0..12 {
                let position = participants.iter().position(|&member| member == participant);
                assert_eq!(members.position(participant), position, "{participant}");
            }
        }
    }
}
