//! What a finished world reports.

use stakeout_kernel::histogram::LogHistogram;

use super::World;
use crate::observe::frame::{EventKind, RunOutput};

impl World<'_> {
    /// Closes the books and reports.
    pub(crate) fn into_output(mut self) -> RunOutput {
        self.check_conservation();
        self.close_digest();
        assert_eq!(
            self.books.vesting.locked(),
            self.books.locked,
            "the sum of vesting coins has drifted"
        );
        let balances = self.balances();
        let [mut sojourn, mut waiting, mut answers_to_detection] = [const { LogHistogram::new() }; 3];
        for sums in self.thread_sums.and(&mut self.lanes[0].sums) {
            sojourn.merge(&sums.sojourn);
            waiting.merge(&sums.waits);
            waiting.record_many(0, sums.started_at_once);
            answers_to_detection.merge(&sums.detection);
        }
        let latency = shifted(&sojourn, 2 * self.tables.transfer_ns);
        let open = self
            .lanes
            .iter()
            .map(|lane| (lane.kept.len() + lane.finishes.iter().count()) as u64)
            .sum();
        self.convictions
            .sort_by_key(|conviction| (conviction.time_ns, conviction.participant));
        let epochs = self.rows.len() + 1;
        RunOutput {
            replicate: self.replicate,
            digest: self.digest.to_string(),
            blocks: self.window,
            time_ns: self.window * self.tables.block_ns,
            epochs: self.rows,
            participants: self.participant_rows,
            convictions: self.convictions,
            stages: self.schedule.heights.into_iter().take(epochs).collect(),
            latency,
            sojourn,
            waiting,
            answers_to_detection,
            balances,
            open,
            events: self.options.event_log.then(|| self.events.to_vec()),
        }
    }

    /// What has been started and has not ended is the last thing that enters the digest: everything else
    /// about an inference shows in how it ended.
    fn close_digest(&mut self) {
        for lane in &self.lanes {
            for record in lane.open() {
                self.effects.add(
                    EventKind::Started as u64,
                    record.number(),
                    u64::from(record.client()) << 32 | u64::from(lane.first + record.host()),
                    self.tables.escrow(record.price(), record.prompt()),
                );
            }
        }
        self.digest
            .close_block(self.schedule.origin + self.window + 1, &self.effects);
    }

    /// Balance by kind of account, in a fixed order; with issuance they sum to 0.
    pub(super) fn balances(&self) -> Vec<(&'static str, i128)> {
        let escrow = self.lanes.iter().map(|lane| lane.inbox.escrow).sum();
        let work = self
            .lanes
            .iter()
            .flat_map(|lane| &lane.states)
            .map(|state| i128::from(state.work))
            .sum();
        let accounts = self.lanes.iter().flat_map(|lane| &lane.collateral);
        let collateral = accounts.map(super::lane::total_of).sum();
        let slashed = self.lanes.iter().map(|lane| lane.slashed).sum();
        let mut balances = self.books.accounts().to_vec();
        balances.extend([
            ("escrow", escrow),
            ("work", work),
            ("collateral", collateral),
            ("slashed", slashed),
        ]);
        balances
    }
}

/// The histogram of the same values, each `by` more. Sum and extremes are exact; a value moves with the
/// middle of its cell, so a quantile keeps the histogram's own precision.
fn shifted(values: &LogHistogram, by: u64) -> LogHistogram {
    let (Some(min), Some(max)) = (values.min(), values.max()) else {
        return LogHistogram::new();
    };
    if by == 0 {
        return values.clone();
    }
    let mut moved = LogHistogram::new();
    for (least, width, count) in values.cells() {
        moved.record_many(least + (width - 1) / 2 + by, count);
    }
    let sum = values.sum() + u128::from(values.total()) * u128::from(by);
    LogHistogram::from_parts(moved.counts().to_vec(), sum, min + by, max + by)
}
