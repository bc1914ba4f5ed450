//! An answer of a host that is looked at request by request, of which nothing comes but its payment: nobody checks it, and
//! it comes in time.
//!
//! **Invariant.** What is booked is what the event fidelity's steps book; queues, waits and the deposit that comes
//! back at once are left out, because nobody reads them.

use stakeout_kernel::digest::EffectSum;
use stakeout_kernel::sample::bernoulli;
use stakeout_protocol::status::Status;

use super::serve::Server;
use crate::scenario::Unsampled;
use crate::world::{Draw, HostMark, Inference, Lane};

/// What such answers of a host have in common.
#[derive(Clone, Copy, Debug)]
pub struct Unremarkable {
    /// A check word below this says that nobody checks; 0 if every answer has to be looked at.
    none_below: u64,
    /// An answer that takes no longer than this is in time, ns.
    longest: u64,
    /// The host's rate of validation, parts per 10^9.
    rate_ppb: u32,
}

impl Server<'_> {
    /// What the host's unremarkable answers have in common, as long as its checks are drawn as they are.
    pub(super) fn unremarkable(&self, lane: &mut Lane) -> Unremarkable {
        let host = self.load.participant as usize;
        let tables = self.window.tables;
        let state = lane.states[host];
        let may_be = self.window.draw == Draw::Independent
            && self.window.measures.unsampled == Unsampled::Ignored
            && !lane.hosts[host].has(HostMark::Outages);
        let none_below = if !may_be {
            0
        } else if self.is_alone() {
            u64::MAX
        } else {
            self.make_plan(lane)
        };
        Unremarkable {
            none_below,
            longest: tables.expiration_windows.saturating_mul(tables.block_ns),
            rate_ppb: self.window.targets.ppb(state.reputation),
        }
    }

    /// Books the answer to a request that has not been lost, if it is unremarkable; says what it costs then, base units.
    pub(super) fn book_unremarkable(
        &self,
        lane: &mut Lane,
        record: &Inference,
        common: &Unremarkable,
    ) -> Option<i128> {
        let (tables, host) = (self.window.tables, record.host as usize);
        // A host on probation is judged with every answer, and a verdict may have put it there since the first.
        let is_watched = lane.states[host].status == Status::Ramping;
        if is_watched || !bernoulli(record.check, common.none_below) {
            return None;
        }
        let work = tables.work(lane.hosts[host].class, record);
        if work > common.longest {
            return None;
        }
        let payment = lane.payment_of(record, tables);
        let mut effects = EffectSum::default();
        lane.book_finish(record, payment, &mut effects);
        lane.totals.nominal_rate_ppb_sum += u128::from(common.rate_ppb);
        lane.take_over(&effects);
        lane.hosts[host].busy_ns += work;
        lane.totals.requests += 1;
        lane.totals.finished += 1;
        lane.totals.service_ns += u128::from(work);
        Some(i128::from(payment))
    }
}
