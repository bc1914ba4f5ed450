//! Sending a window's requests to their executors.
//!
//! Invariant: requests are paid for, or refused, in order of arrival, and each executor gets its own in that
//! order, whether one thread sends them or several.

use prefetch_index::prefetch_index;
use rayon::prelude::*;
use stakeout_kernel::digest::EffectSum;

use super::World;
use super::admission::Admission;
use super::cut::Cut;
use super::demand::{Arrival, Arrivals, Drawn, Errand};
use super::groups::Group;
use super::lane::{Lane, Special};
use super::preserved::Preserved;
use super::request::Request;
use super::tables::Tables;
use super::window::Window;
use crate::observe::event::Event;
use crate::observe::frame::{EpochRow, EventKind};

/// Requests that one thread sends out before they are served: a megabyte, half of a core's own cache.
const STINT: usize = 16_384;
/// So many requests before its turn is asked for what chooses its executor.
const AHEAD: usize = 8;
/// So many requests ahead is asked for the place of one in an inbox.
const ROOM: usize = 4;
/// Requests that are worth a piece of their own.
const PIECE_MIN: usize = 1_024;
/// Pieces a thread: the one that is done first takes another.
const PIECES_A_THREAD: usize = 4;

/// Consecutive requests of a window, sent by one thread and not yet paid for.
#[derive(Default)]
pub(super) struct Piece {
    /// By lane.
    to: Vec<Sent>,
    /// What clients are asked for, in order of arrival.
    bills: Vec<Bill>,
    /// Requests that nobody can take.
    unassigned: u64,
}

/// Requests to the hosts of a lane, and the sum of their escrow in base units.
#[derive(Default)]
struct Sent {
    requests: Vec<Request>,
    escrow: u128,
}

/// An escrow that a client has to lay down, in base units.
#[derive(Clone, Copy)]
struct Bill {
    number: u64,
    escrow: u64,
    client: u32,
}

/// What a request needs to find its executor.
struct Sender<'a> {
    groups: &'a [Group],
    preserved: &'a Preserved,
    tables: &'a Tables,
    is_paused: bool,
    cut: Cut,
}

impl World<'_> {
    /// Draws the window's requests, sends them to executors, and lets those serve.
    ///
    /// They are served whenever there are as many as stay in the cores' caches; each host's in the same order,
    /// so that it makes no difference to them.
    pub(super) fn serve(&mut self, end: u64) {
        let is_parallel = self.options.parallel && self.lanes.len() > 1;
        let is_plain = self.admission.is_none() && !self.has_deviants() && !self.demand.is_trace();
        let threads = if is_parallel {
            rayon::current_num_threads()
        } else {
            1
        };
        let dispatch = match (is_plain, is_parallel) {
            (true, true) => Self::dispatch_side_by_side,
            (true, false) => Self::dispatch::<true>,
            (false, _) => Self::dispatch::<false>,
        };
        self.dispatched = 0;
        let mut served = 0;
        let mut phase: fn(&mut Lane, &Window<'_>) = Lane::open_window;
        while dispatch(self, end) {
            if self.dispatched - served >= STINT * threads {
                served = self.dispatched;
                self.each_lane(end, phase);
                phase = Lane::serve_requests;
            }
        }
        self.each_lane(end, phase);
        self.each_lane(end, Lane::end_service);
    }

    /// Somebody sends requests elsewhere than where they were drawn to, or requests of its own.
    fn has_deviants(&self) -> bool {
        !self.purse.is_empty() || !self.routing.is_neutral()
    }

    /// Takes requests of the window, asks whether their clients can pay, and sends them to executors. Says
    /// whether there were any. `PLAIN` is where every request goes to whom it was drawn to.
    fn dispatch<const PLAIN: bool>(&mut self, end: u64) -> bool {
        let Self {
            demand,
            admission,
            purse,
            routing,
            tables,
            groups,
            preserved,
            lanes,
            books,
            totals,
            effects,
            events,
            ..
        } = self;
        let is_paused = self.paused_until >= end;
        let cut = self.cut;
        let max_tokens = u64::from(tables.max_tokens);
        let height = self.schedule.origin + self.window + 1;
        let arrivals = demand.next_arrivals(end, tables, self.options.parallel);
        let mut escrow = 0;
        for (at, drawn) in arrivals.requests.iter().enumerate() {
            let number = arrivals.first + at as u64;
            look_ahead(arrivals.requests, at, groups);
            let group = &groups[usize::from(drawn.model)];
            let mut changed;
            let (drawn, errand, member) = if PLAIN {
                let member = draw_member(drawn, group, preserved, is_paused);
                (drawn, Errand::None, member)
            } else {
                changed = Arrival {
                    number,
                    drawn: *drawn,
                    errand: Errand::None,
                };
                if !purse.is_empty() && !purse.takes(&mut changed, tables) {
                    continue;
                }
                let is_drawn = drawn.named.is_none() && group.total > 0 && !is_paused;
                let is_routed = is_drawn && !routing.is_plain(&changed);
                let routed = is_routed.then(|| routing.route(&mut changed, group, tables));
                let member = routed.or_else(|| match changed.drawn.named {
                    Some(executor) => group.position(executor),
                    None => draw_member(&changed.drawn, group, preserved, is_paused),
                });
                let admits = |limit: &mut Admission| limit.admits(height, changed.drawn.prompt, max_tokens);
                let is_admitted = admission.as_mut().is_none_or(admits);
                (&changed.drawn, changed.errand, member.filter(|_| is_admitted))
            };
            let Some(member) = member else {
                totals.unassigned += 1;
                continue;
            };
            let bill = Bill {
                number,
                escrow: tables.escrow(group.price, drawn.prompt),
                client: drawn.client,
            };
            if !bill.is_paid(&mut books.clients) {
                bill.refuse(totals, effects);
                if tables.log {
                    events.push(bill.refused(height, drawn.time));
                }
                continue;
            }
            self.dispatched += 1;
            let executor = group.executors.at(member);
            let lane = &mut lanes[cut.lane(executor)];
            escrow += i128::from(bill.escrow);
            if !PLAIN && (drawn.missed || errand != Errand::None) {
                lane.specials.push(Special {
                    number,
                    is_missed: drawn.missed,
                    errand,
                });
            }
            put_in(
                &mut lane.inbox.requests,
                Request::new(drawn, number, cut.place(executor)),
            );
        }
        lanes[0].inbox.escrow += escrow;
        !arrivals.requests.is_empty()
    }

    /// As [`dispatch`](Self::dispatch), where every request goes to whom it was drawn to: several threads send
    /// consecutive pieces, and one then has them paid for in order.
    fn dispatch_side_by_side(&mut self, end: u64) -> bool {
        let Self {
            demand,
            tables,
            groups,
            preserved,
            lanes,
            books,
            totals,
            effects,
            events,
            pieces,
            ..
        } = self;
        let arrivals = demand.next_arrivals(end, tables, true);
        let count = arrivals.requests.len();
        if count == 0 {
            return false;
        }
        let wanted = (count / PIECE_MIN).clamp(1, PIECES_A_THREAD * rayon::current_num_threads());
        let size = count.div_ceil(wanted);
        pieces.resize_with(count.div_ceil(size), Piece::default);
        let sender = Sender {
            groups,
            preserved,
            tables,
            is_paused: self.paused_until >= end,
            cut: self.cut,
        };
        let lane_count = lanes.len();
        let send = |(piece, (at, requests)): (&mut Piece, (usize, &[Drawn]))| {
            let first = arrivals.first + (at * size) as u64;
            piece.send(Arrivals { first, requests }, lane_count, &sender);
        };
        if pieces.len() > 1 {
            let chunks = arrivals.requests.par_chunks(size).enumerate();
            pieces.par_iter_mut().zip(chunks).for_each(send);
        } else {
            let chunks = arrivals.requests.chunks(size).enumerate();
            pieces.iter_mut().zip(chunks).for_each(send);
        }
        let height = self.schedule.origin + self.window + 1;
        let mut refused = Vec::new();
        for piece in pieces {
            totals.unassigned += piece.unassigned;
            for bill in &piece.bills {
                if !bill.is_paid(&mut books.clients) {
                    bill.refuse(totals, effects);
                    if tables.log {
                        let drawn = &arrivals.requests[(bill.number - arrivals.first) as usize];
                        events.push(bill.refused(height, drawn.time));
                    }
                    refused.push(bill.number);
                }
            }
            self.dispatched += piece.bills.len();
            if !refused.is_empty() {
                self.dispatched -= refused.len();
                piece.take_back(&refused, groups, tables);
                refused.clear();
            }
            for (lane, sent) in lanes.iter_mut().zip(&mut piece.to) {
                lane.inbox.escrow += std::mem::take(&mut sent.escrow).cast_signed();
                let empty = lane.spare.pop().unwrap_or_default();
                lane.batches.push(std::mem::replace(&mut sent.requests, empty));
            }
        }
        true
    }
}

impl Piece {
    /// Sends consecutive requests to lanes; what was sent before has been fetched.
    fn send(&mut self, arrivals: Arrivals<'_>, lanes: usize, sender: &Sender<'_>) {
        self.to.resize_with(lanes, Sent::default);
        self.bills.clear();
        self.unassigned = 0;
        for (at, drawn) in arrivals.requests.iter().enumerate() {
            let number = arrivals.first + at as u64;
            look_ahead(arrivals.requests, at, sender.groups);
            let group = &sender.groups[usize::from(drawn.model)];
            let Some(member) = draw_member(drawn, group, sender.preserved, sender.is_paused) else {
                self.unassigned += 1;
                continue;
            };
            let escrow = sender.tables.escrow(group.price, drawn.prompt);
            self.bills.push(Bill {
                number,
                escrow,
                client: drawn.client,
            });
            let executor = group.executors.at(member);
            let sent = &mut self.to[sender.cut.lane(executor)];
            sent.escrow += u128::from(escrow);
            put_in(
                &mut sent.requests,
                Request::new(drawn, number, sender.cut.place(executor)),
            );
        }
    }

    /// Takes back what was sent for clients who cannot pay.
    #[cold]
    fn take_back(&mut self, refused: &[u64], groups: &[Group], tables: &Tables) {
        for sent in &mut self.to {
            sent.requests.retain(|request| {
                let is_refused = refused.binary_search(&request.number()).is_ok();
                if is_refused {
                    let price = groups[usize::from(request.group())].price;
                    sent.escrow -= u128::from(tables.escrow(price, request.prompt));
                }
                !is_refused
            });
        }
    }
}

impl Bill {
    /// Lays the escrow down if the client has it.
    #[inline(always)]
    fn is_paid(&self, clients: &mut [i64]) -> bool {
        let balance = &mut clients[self.client as usize];
        // A balance is never negative, and what it covers fits.
        let is_covered = balance.cast_unsigned() >= self.escrow;
        if is_covered {
            *balance -= self.escrow.cast_signed();
        }
        is_covered
    }

    /// Counts a request that its client cannot pay for.
    #[cold]
    fn refuse(&self, totals: &mut EpochRow, effects: &mut EffectSum) {
        totals.refused += 1;
        effects.add(
            EventKind::Refused as u64,
            self.number,
            u64::from(self.client),
            self.escrow,
        );
    }

    /// What the log says of it.
    #[cold]
    fn refused(&self, height: u64, time: u64) -> Event {
        let refused = Event::at(EventKind::Refused, height, time).with(self.client);
        Event {
            inference: self.number,
            ..refused
        }
        .wide(i128::from(self.escrow))
    }
}

/// Asks for what chooses the executor of a request that comes later than the one at `at`.
#[inline(always)]
fn look_ahead(requests: &[Drawn], at: usize, groups: &[Group]) {
    if let Some(later) = requests.get(at + AHEAD) {
        groups[usize::from(later.model)].pick.look_ahead(later.executor);
    }
}

/// Puts a request into an inbox.
#[inline(always)]
fn put_in(inbox: &mut Vec<Request>, request: Request) {
    prefetch_index(&*inbox, inbox.len() + ROOM);
    inbox.push(request);
}

/// The position of the executor that a request was drawn to, if anybody serves.
#[inline(always)]
fn draw_member(drawn: &Drawn, group: &Group, preserved: &Preserved, is_paused: bool) -> Option<usize> {
    if is_paused {
        preserved.pick(drawn.model, drawn.executor)
    } else {
        (group.total > 0).then(|| group.draw(drawn.executor))
    }
}
