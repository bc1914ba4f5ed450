//! Counts of hosts over the epochs that have settled, in four bytes each where they fit.
//!
//! Invariant: a count is exact, however large it becomes.

use std::collections::BTreeMap;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunCount {
    /// Answers.
    Finished,
    /// Passing verdicts.
    Validated,
    /// Failing verdicts.
    Invalidated,
}

const KINDS: usize = 3;

/// Counts by host.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunCounts {
    narrow: Vec<[u32; KINDS]>,
    /// What does not fit, by host and kind: whole multiples of 2^32.
    carried: BTreeMap<(usize, usize), u64>,
}

impl RunCounts {
    /// Zeros for so many hosts.
    pub(crate) fn new(hosts: usize) -> Self {
        Self {
            narrow: vec![[0; KINDS]; hosts],
            carried: BTreeMap::new(),
        }
    }

    /// A host's count.
    pub(crate) fn get(&self, host: usize, count: RunCount) -> u64 {
        let at = count as usize;
        u64::from(self.narrow[host][at]) + self.carried.get(&(host, at)).copied().unwrap_or(0)
    }

    /// Adds what an epoch counted: finished, validated, invalidated.
    pub(crate) fn add(&mut self, host: usize, counts: [u32; KINDS]) {
        for (at, more) in counts.into_iter().enumerate() {
            let (sum, is_over) = self.narrow[host][at].overflowing_add(more);
            self.narrow[host][at] = sum;
            if is_over {
                *self.carried.entry((host, at)).or_default() += 1 << 32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RunCount, RunCounts};

    #[test]
    fn counts_beyond_four_bytes_are_exact() {
        let mut counts = RunCounts::new(2);
        for _ in 0..5 {
            counts.add(1, [u32::MAX, 1, 1 << 31]);
        }
        let all = [RunCount::Finished, RunCount::Validated, RunCount::Invalidated];
        assert_eq!(all.map(|count| counts.get(0, count)), [0; 3]);
        assert_eq!(
            all.map(|count| counts.get(1, count)),
            [5 * u64::from(u32::MAX), 5, 5 << 31]
        );
    }
}
