//! When a host is down, drawn ahead.
//!
//! Invariant: a host's intervals are disjoint, ascending, and depend on that host's own stream alone.

use stakeout_kernel::sample::{bernoulli, exponential_ns, threshold};

use super::purpose::Keys;
use crate::scenario::{OutageLaw, Outages};

/// Down intervals of one host, `[start, end)` in ns since the run's start.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutageTable {
    intervals: Box<[(u64, u64)]>,
    /// Start of the outage in force or to come; no moment before it is down. `u64::MAX` without one.
    pub next_down: u64,
}

impl OutageTable {
    /// Draws a host's intervals up to `horizon` ns.
    pub(crate) fn draw(outages: &Outages, keys: &Keys, participant: u32, horizon: u64) -> Self {
        let mut intervals = Vec::new();
        if let Some(law) = outages.per_host {
            Self::draw_independent(law, keys, participant, horizon, &mut intervals);
        }
        for (index, shared) in outages.shared.iter().enumerate() {
            let hit = threshold(shared.share.parts() as f64 / 1e18);
            if bernoulli(keys.shared_outage.draw(u64::from(participant), index as u64), hit) {
                let start = shared.at.nanos();
                intervals.push((start, start.saturating_add(shared.lasts.nanos())));
            }
        }
        intervals.sort_unstable();
        Self::of(merged(intervals))
    }

    fn of(intervals: Vec<(u64, u64)>) -> Self {
        Self {
            next_down: intervals.first().map_or(u64::MAX, |&(start, _)| start),
            intervals: intervals.into(),
        }
    }

    fn draw_independent(law: OutageLaw, keys: &Keys, host: u32, horizon: u64, out: &mut Vec<(u64, u64)>) {
        let (mut now, mut step) = (0_u64, 0_u64);
        loop {
            let [up, down] = keys.outage.draw2(u64::from(host), step);
            let start = now.saturating_add(exponential_ns(up, law.mean_up.nanos() as f64));
            if start >= horizon {
                return;
            }
            let end = start.saturating_add(exponential_ns(down, law.mean_down.nanos() as f64).max(1));
            out.push((start, end));
            (now, step) = (end, step + 1);
        }
    }

    /// No outage ever.
    pub(crate) fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// The first interval that ends after `time`.
    pub(crate) fn next(&self, time: u64) -> Option<(u64, u64)> {
        let index = self.intervals.partition_point(|&(_, end)| end <= time);
        self.intervals.get(index).copied()
    }

    /// Whether the host is down at `time`.
    pub(crate) fn is_down(&self, time: u64) -> bool {
        self.next(time).is_some_and(|(start, _)| start <= time)
    }

    /// Time within `[from, to)` during which the host is up.
    pub(crate) fn up_time(&self, from: u64, to: u64) -> u64 {
        let first = self.intervals.partition_point(|&(_, end)| end <= from);
        let down: u64 = self.intervals[first..]
            .iter()
            .take_while(|&&(start, _)| start < to)
            .map(|&(start, end)| end.min(to) - start.max(from))
            .sum();
        (to - from) - down
    }
}

fn merged(sorted: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
    for (start, end) in sorted {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{OutageTable, merged};

    #[test]
    fn overlapping_intervals_are_one_outage() {
        let table = OutageTable::of(merged(vec![(10, 20), (15, 30), (40, 50)]));
        assert_eq!(table.next(0), Some((10, 30)));
        assert_eq!(table.next(30), Some((40, 50)));
        assert!(table.is_down(29) && !table.is_down(30));
        assert_eq!(table.up_time(0, 45), 20);
        assert_eq!(table.up_time(12, 18), 0);
    }
}
