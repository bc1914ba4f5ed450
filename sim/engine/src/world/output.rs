//! What a finished world reports.

use stakeout_kernel::histogram::LogHistogram;

use super::World;
use super::lane::Lane;
use crate::observe::frame::RunOutput;

impl World<'_> {
    /// Closes the books and reports.
    pub(super) fn into_output(mut self) -> RunOutput {
        self.check_conservation();
        let balances = self.balances();
        let merged = |figure: fn(&Lane) -> &LogHistogram| {
            let mut all = LogHistogram::new();
            self.lanes.iter().for_each(|lane| all.merge(figure(lane)));
            all
        };
        let (latency, sojourn) = (merged(|lane| &lane.latency), merged(|lane| &lane.sojourn));
        let (waiting, answers_to_detection) = (merged(|lane| &lane.waits), merged(|lane| &lane.detection));
        let open = self.lanes.iter().map(|lane| lane.inferences.len() as u64).sum();
        self.convictions.sort_by_key(|conviction| (conviction.time_ns, conviction.participant));
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
            events: self.options.event_log.then_some(self.events),
        }
    }

    /// Balance by kind of account, in a fixed order; with issuance they sum to 0.
    fn balances(&self) -> Vec<(&'static str, i128)> {
        let escrow = self.lanes.iter().map(|lane| lane.escrow).sum();
        let work = self.lanes.iter().flat_map(|lane| &lane.states).map(|state| i128::from(state.work)).sum();
        let accounts = self.lanes.iter().flat_map(|lane| &lane.collateral);
        let collateral = accounts.map(|account| account.total().base_units()).sum();
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
