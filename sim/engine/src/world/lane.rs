//! A lane: a contiguous range of hosts with everything that they alone can change.
//!
//! Lanes run in parallel inside a phase and share nothing. Invariant: no figure that leaves a lane
//! depends on which hosts share it.

use std::collections::BTreeMap;
use std::ops::Range;

use stakeout_kernel::digest::EffectSum;
use stakeout_kernel::sample::SubsetPlan;
use stakeout_protocol::collateral::CollateralAccount;
use stakeout_protocol::status::{Status, StatusCounters, StatusReason, StatusRule};
use stakeout_protocol::units::{Fraction, Reputation};

use super::block_log::LaneLog;
use super::calendar::Calendar;
use super::commit::Booked;
use super::demand::Errand;
use super::finish::{Finish, Served};
use super::held_vote::HeldVotes;
use super::inference::{Checks, GONE, Inference, NONE, State};
use super::mail::{Answer, Credit, Outbox, Task};
use super::order::Order;
use super::orders::HostOrders;
use super::outage::OutageTable;
use super::role_pool::RolePool;
use super::run_counts::{RunCount, RunCounts};
use super::slab::Slab;
use super::sums::Sums;
use super::tray::Tray;
use crate::observe::frame::{Conviction, EpochRow};
use crate::strategy::ExecutorView;

/// What the service loop reads and writes of a host: half a cache line, and its slots beside it.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct HostHot {
    /// Time spent on requests and validations in this epoch, ns.
    pub busy_ns: u64,
    /// First job of the queue.
    pub head: u32,
    /// Last job of the queue.
    pub tail: u32,
    /// First of its slots in the lane's slot array.
    pub first_slot: u32,
    /// The slot in that array that is asked first.
    pub next_slot: u32,
    /// Number of slots.
    pub slots: u16,
    /// GPU class.
    pub class: u16,
    /// Its standing orders among the lane's, and [marks](HostMark) above them.
    orders_and_marks: u32,
}

/// What keeps a host from serving every request as promised as soon as one of its slots is free.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum HostMark {
    /// It may do otherwise than promised.
    Deviant = 1 << 31,
    /// Jobs wait in its queue.
    Queue = 1 << 30,
    /// Its outage table is not empty.
    Outages = 1 << 29,
}

/// Orders are numbered below the least mark.
const ORDERS: u32 = HostMark::Outages as u32;

/// What every finish reads and writes of a host: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct HostState {
    /// Counters of the status tests.
    pub counters: StatusCounters,
    /// Work coins of the epoch, base units; may be negative.
    pub work: i64,
    /// Inferences finished since its counters were [brought up to date](Lane::count_finished).
    pub uncounted: u32,
    /// First of its (host, model) pairs in the lane's plan array.
    pub first_pair: u32,
    /// Model of that pair.
    pub first_model: u16,
    /// Status.
    pub status: Status,
    /// Why.
    pub reason: StatusReason,
    /// Reputation in force.
    pub reputation: Reputation,
    /// A word that decides about a check and begins with less than this says that there is none, as long as the plan of its
    /// only model holds; 0 where that is not known.
    pub spared_below: u8,
}

/// What is counted about a host when something else than a plain finish happens: one cache line.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(crate) struct HostTally {
    /// Weight in force.
    pub weight: u64,
    /// What few hosts have done in the run.
    pub past: Option<Box<HostPast>>,
    /// Validations required, by parity of the epoch.
    pub required: [u32; 2],
    /// Validations done, by parity of the epoch.
    pub done: [u32; 2],
    /// Open cases as a validator.
    pub open_cases: u32,
    /// Finished inferences of the epoch that have been counted.
    pub finished: u32,
    /// Missed requests of the epoch.
    pub missed: u32,
    /// Passing validations of the epoch.
    pub validated: u32,
    /// Invalidated answers of the epoch.
    pub invalidated: u32,
    /// Answers of the epoch for which somebody was drawn.
    pub checked: u32,
    /// Answers of the epoch served by a substitute.
    pub cheated: u32,
}

/// What few hosts have done in the run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HostPast {
    /// Answers served by a substitute.
    pub cheated: u64,
    /// Answers since the last failing verdict on a substitute, for hosts that have used one.
    pub since_detection: u64,
    /// Expelled at least once.
    pub was_convicted: bool,
}

impl HostTally {
    /// What the host has done, to be added to.
    pub(crate) fn past_mut(&mut self) -> &mut HostPast {
        self.past.get_or_insert_default()
    }

    /// Whether the host has been expelled.
    pub(crate) fn was_convicted(&self) -> bool {
        self.past.as_ref().is_some_and(|past| past.was_convicted)
    }
}

/// What is special about a request of the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Special {
    /// Inference number.
    pub number: u64,
    /// It is never answered.
    pub is_missed: bool,
    /// What a purse sent it for.
    pub errand: Errand,
}

/// An inference whose expiry must be looked at, and the number that says whether it is still the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub inference: u32,
    pub number: u64,
}

/// A participant that changed status in this block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusChange {
    pub participant: u32,
    pub status: Status,
}

/// What nearly every finish needs of the sampling plan of a (host, model) pair.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlanHead {
    /// A first word below this says that nobody checks the answer, without a look at the plan.
    pub none_below: u64,
    /// The group's [stamp](super::window::Window::plan_stamps) for which the plan holds.
    pub stamp: u64,
}

/// What every request touches of its lane, whichever that is: one cache line.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Inbox {
    /// Requests of the window.
    pub requests: Tray,
    /// Coins of clients locked in open inferences, base units; what one thread sent out is booked in the first lane.
    pub escrow: i128,
}

/// A range of hosts.
pub(crate) struct Lane {
    /// First participant of the range.
    pub first: u32,
    pub hosts: Vec<HostHot>,
    /// Standing orders for the epoch, each that some host has.
    pub orders: Vec<HostOrders>,
    pub slots: Vec<u64>,
    pub states: Vec<HostState>,
    pub tallies: Vec<HostTally>,
    /// What hosts had done in the run when the epoch began.
    pub run_counts: RunCounts,
    /// Accounts of those who deposited something; no entries where nobody did.
    pub collateral: Vec<Option<Box<CollateralAccount>>>,
    /// Collateral slashed in the epoch by host, base units.
    pub slashes: BTreeMap<usize, i128>,
    pub roles: RolePool,
    /// What those know who decide request by request.
    pub views: BTreeMap<u32, ExecutorView>,
    /// When hosts are down; no entries where nobody ever is.
    pub outages: Vec<OutageTable>,
    /// Model and head of the plan of each pair, host by host.
    pub pair_models: Vec<u16>,
    pub plan_heads: Vec<PlanHead>,
    /// The whole plans, of the stamps of their heads; no entries where there are so many pairs that a plan is
    /// rather worked out again than kept.
    pub plans: Vec<Option<SubsetPlan>>,
    /// Ratios that a confirmation of compute has just found, by host.
    pub confirmed: Vec<Fraction>,
    /// Hosts whose queue is not empty, in no particular order.
    pub waiting: Vec<u32>,
    /// Inferences with places of their own: they wait, may expire, or are being checked.
    pub kept: Slab<Inference>,
    /// Of each of them, beside it so that it stays one cache line: the next job in the executor's queue while queued; the
    /// entry in `checks` once finished.
    pub links: Vec<u32>,
    pub tasks: Slab<Task>,
    pub checks: Slab<Checks>,
    pub inbox: Inbox,
    /// Requests that several threads sent: consecutive batches, and emptied ones.
    pub batches: Vec<Tray>,
    pub spare: Vec<Tray>,
    /// What is special about some of them, in the same order.
    pub specials: Vec<Special>,
    pub task_calendar: Calendar<Task>,
    /// Jobs that arrive in the window, and their order.
    pub jobs: Vec<Task>,
    pub job_order: Order,
    /// How many of them have been taken, and (arrival, number) of the next.
    pub jobs_taken: usize,
    pub next_job: (u64, u64),
    pub finishes: Calendar<Finish>,
    pub expiries: Calendar<Deadline>,
    pub answers: Calendar<Answer>,
    pub disputes: Calendar<Deadline>,
    /// A vote that is held at once, where nobody waits.
    pub votes: HeldVotes,
    pub in_tasks: Vec<Vec<Task>>,
    pub in_answers: Vec<Vec<Answer>>,
    pub out_tasks: Outbox<Task>,
    pub out_answers: Outbox<Answer>,
    pub credits: Vec<Credit>,
    pub releases: Vec<u32>,
    /// Of the first lane, the sums of all that are worked on one after the other; to others they are lent for their turn.
    pub sums: Sums,
    pub changes: Vec<StatusChange>,
    pub convictions: Vec<Conviction>,
    /// Collateral burned or sent to governance since the last epoch, base units.
    pub slashed: i128,
    /// Totals of the epoch.
    pub totals: EpochRow,
    /// What of them has not been added yet.
    pub booked: Booked,
    pub effects: EffectSum,
    /// What the event log is told of the block.
    pub left: LaneLog,
    /// Reused buffers.
    pub scratch: Scratch,
}

/// Buffers that keep their capacity from window to window.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub order: Order,
    pub selected: Vec<u32>,
    /// Places of finishes that somebody may check.
    pub doubtful: Vec<u32>,
}

impl Lane {
    /// Gives an inference a place of its own.
    #[inline]
    pub(crate) fn keep(&mut self, record: Inference, link: u32) -> u32 {
        let index = self.kept.insert(record);
        match self.links.get_mut(index as usize) {
            Some(place) => *place = link,
            None => self.links.push(link),
        }
        index
    }

    /// Appends a job to a host's queue and notes that the host has one.
    #[inline]
    pub(crate) fn enqueue(&mut self, host: u32, job: u32) {
        self.set_link(job, NONE);
        let hot = &mut self.hosts[host as usize];
        let tail = hot.tail;
        hot.tail = job;
        if tail == NONE {
            hot.head = job;
            hot.mark(HostMark::Queue, true);
            self.waiting.push(host);
        } else {
            self.set_link(tail, job);
        }
    }

    /// Next job after `job` in its queue.
    #[inline]
    pub(crate) fn link(&self, job: u32) -> u32 {
        if job & TASK == 0 {
            self.links[job as usize]
        } else {
            self.tasks[job & !TASK].link
        }
    }

    #[inline]
    fn set_link(&mut self, job: u32, next: u32) {
        if job & TASK == 0 {
            self.links[job as usize] = next;
        } else {
            self.tasks[job & !TASK].link = next;
        }
    }

    /// The earliest time from `arrival` on at which one of the host's slots is free.
    #[inline]
    pub(crate) fn next_free(&self, hot: &HostHot, arrival: u64) -> u64 {
        hot.free_slot(&self.slots, arrival).1
    }

    /// Occupies a slot that is free at `start`, or the one that is free first, until `end`.
    #[inline]
    pub(crate) fn occupy_slot(&mut self, host: u32, start: u64, end: u64) {
        let hot = &mut self.hosts[host as usize];
        let (slot, _) = hot.free_slot(&self.slots, start);
        self.slots[slot] = end;
        hot.turn_to_slot_after(slot);
    }
}

impl Lane {
    /// Inferences that have been started and have not ended.
    pub(crate) fn open(&self) -> impl Iterator<Item = &dyn Served> {
        let waiting = self
            .kept
            .iter()
            .filter(|record| record.number != GONE && matches!(record.state, State::Queued | State::Running));
        let finishes = self.finishes.iter().map(|finish| finish as &dyn Served);
        finishes.chain(waiting.map(|record| record as &dyn Served))
    }

    /// Answers that a host has finished in the run.
    pub(crate) fn run_finished(&self, host: usize) -> u64 {
        let counted = self.run_counts.get(host, RunCount::Finished) + u64::from(self.tallies[host].finished);
        counted + u64::from(self.states[host].uncounted)
    }

    /// Brings a host's counters up to date. What an answer in time does to them is the same for each, so that answers are
    /// only numbered until somebody asks.
    #[inline]
    pub(crate) fn count_finished(&mut self, host: u32, status: &StatusRule) {
        let state = &mut self.states[host as usize];
        let uncounted = std::mem::take(&mut state.uncounted);
        if uncounted > 0 {
            status.record_served_times(&mut state.counters, uncounted);
            self.tallies[host as usize].finished += uncounted;
        }
    }

    /// A host's account of collateral, if it deposited something.
    pub(crate) fn collateral_of(&self, host: usize) -> Option<&CollateralAccount> {
        self.collateral.get(host)?.as_deref()
    }
}

impl HostHot {
    /// Its slots in the lane's slot array.
    #[inline(always)]
    pub(crate) fn slot_range(&self) -> Range<usize> {
        let first = self.first_slot as usize;
        first..first + usize::from(self.slots)
    }

    /// Of the lane's slots, one of its own that is free at `time`, or the one of them that is free first; and from when on.
    ///
    /// Jobs start in the order in which they come, so that it makes no difference which of several free slots one
    /// takes. Slots are taken in turn: the next one was taken longest ago and is nearly always free, or else the one
    /// after it.
    #[inline(always)]
    pub(crate) fn free_slot(&self, slots: &[u64], time: u64) -> (usize, u64) {
        let next = self.next_slot as usize;
        if slots[next] <= time {
            return (next, time);
        }
        let own = self.slot_range();
        if next + 1 < own.end && slots[next + 1] <= time {
            return (next + 1, time);
        }
        let (first, free) = first_free(&slots[own.clone()]);
        (own.start + first, free.max(time))
    }

    /// Has the slot after this one be asked first.
    #[inline(always)]
    pub(crate) fn turn_to_slot_after(&mut self, slot: usize) {
        let own = self.slot_range();
        let next = if slot + 1 == own.end { own.start } else { slot + 1 };
        self.next_slot = next as u32;
    }

    /// Its standing orders among the lane's.
    #[inline(always)]
    pub(crate) const fn orders(&self) -> usize {
        (self.orders_and_marks & (ORDERS - 1)) as usize
    }

    /// Gives it standing orders.
    pub(crate) fn set_orders(&mut self, place: u32) {
        assert!(place < ORDERS, "a lane has fewer than {ORDERS} hosts");
        self.orders_and_marks = self.orders_and_marks & !(ORDERS - 1) | place;
    }

    /// Whether it bears the mark.
    #[inline(always)]
    pub(crate) const fn has(&self, mark: HostMark) -> bool {
        self.orders_and_marks & mark as u32 != 0
    }

    /// Marks it, or takes the mark away.
    #[inline(always)]
    pub(crate) const fn mark(&mut self, mark: HostMark, is_on: bool) {
        self.orders_and_marks &= !(mark as u32);
        if is_on {
            self.orders_and_marks |= mark as u32;
        }
    }

    /// Whether it serves every request as promised as soon as one of its slots is free: it bears no mark.
    #[inline(always)]
    pub(crate) const fn serves_at_once(&self) -> bool {
        self.orders_and_marks < ORDERS
    }
}

/// The slot that is free first, and when.
///
/// Which of two slots that is, is chance: the choice is made without a branch, which would be mistaken half of the time.
#[inline(always)]
fn first_free(slots: &[u64]) -> (usize, u64) {
    let (mut first, mut earliest) = (0, u64::MAX);
    for (slot, &end) in slots.iter().enumerate() {
        let is_earlier = end < earliest;
        first = std::hint::select_unpredictable(is_earlier, slot, first);
        earliest = std::hint::select_unpredictable(is_earlier, end, earliest);
    }
    (first, earliest)
}

/// Marks a job reference as a task; without it it is an inference.
pub(crate) const TASK: u32 = 1 << 31;

impl Lane {
    /// Coins that the lane holds for others: escrow, work coins and collateral, base units.
    pub(crate) fn money(&self) -> i128 {
        let work: i128 = self.states.iter().map(|state| i128::from(state.work)).sum();
        let collateral: i128 = self.collateral.iter().map(total_of).sum();
        // Slashed collateral stays here until the books take it at the epoch's end.
        self.inbox.escrow + work + collateral + self.slashed
    }
}

/// Collateral of a host, base units.
pub(crate) fn total_of(account: &Option<Box<CollateralAccount>>) -> i128 {
    account.as_ref().map_or(0, |account| account.total().base_units())
}

/// A host that has done nothing yet, without outages and with no orders.
pub(crate) const fn idle(first_slot: u32, slots: u16, class: u16) -> HostHot {
    HostHot {
        busy_ns: 0,
        head: NONE,
        tail: NONE,
        first_slot,
        slots,
        next_slot: first_slot,
        class,
        orders_and_marks: HostMark::Deviant as u32,
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::{HostMark, idle};

    /// A host whose three slots stand between those of others, which are always free.
    #[test]
    fn slots_are_taken_in_turn_and_else_the_one_that_is_free_first() {
        let mut hot = idle(2, 3, 0);
        let mut slots = [0, 0, 0, 0, 0, 0, 0];
        for (time, end, expected) in [
            (5, 30, (2, 5)),
            (6, 20, (3, 6)),
            (7, 40, (4, 7)),
            (8, 50, (3, 20)),
            (9, 60, (2, 30)),
            (41, 70, (4, 41)),
        ] {
            let found = hot.free_slot(&slots, time);
            assert_eq!(found, expected, "at {time}");
            slots[found.0] = end;
            hot.turn_to_slot_after(found.0);
        }
        assert_eq!(slots, [0, 0, 60, 50, 70, 0, 0]);
    }

    #[test]
    fn a_host_serves_at_once_where_nothing_keeps_it_from_it_and_its_orders_stand_beside() {
        let mut hot = idle(0, 1, 0);
        hot.mark(HostMark::Deviant, false);
        hot.set_orders(7);
        assert!(hot.serves_at_once());
        for mark in [HostMark::Deviant, HostMark::Queue, HostMark::Outages] {
            hot.mark(mark, true);
            assert!(hot.has(mark) && !hot.serves_at_once());
            hot.set_orders(9);
            assert!(hot.has(mark) && hot.orders() == 9);
            hot.mark(mark, false);
            assert!(!hot.has(mark) && hot.serves_at_once());
        }
    }

    #[test]
    fn what_a_request_and_a_finish_touch_of_a_host_is_a_cache_line_at_most() {
        assert_eq!(size_of::<super::HostHot>(), 32);
        assert_eq!(size_of::<super::HostState>(), 64);
        assert_eq!(size_of::<super::PlanHead>(), 16);
        assert_eq!(size_of::<super::HostTally>(), 64);
    }
}
