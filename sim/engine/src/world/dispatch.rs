//! Sending a window's requests to their executors.
//!
//! Invariant: requests are paid for, or refused, in order of arrival, and each executor gets its own in that
//! order, whether one thread sends them or several.

use prefetch_index::prefetch_index;
use rayon::prelude::*;

use super::World;
use super::address::{Address, Sender, draw_executor};
use super::admission::Admission;
use super::bill::Bill;
use super::demand::{Arrival, Arrivals, Drawn, Errand};
use super::groups::Group;
use super::inference::NONE;
use super::lane::{Lane, Special};
use super::request::Request;
use super::tables::Tables;
use super::window::Window;

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
    addresses: Vec<Address>,
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
            (true, false) => Self::dispatch_plainly,
            (false, _) => Self::dispatch_with_care,
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

    /// Takes requests of the window, asks whether their clients can pay, and sends them to whom they were drawn to. Says
    /// whether there were any.
    fn dispatch_plainly(&mut self, end: u64) -> bool {
        let arrivals = self
            .demand
            .next_arrivals(end, &self.tables, self.options.parallel);
        let sender = Sender {
            groups: &self.groups,
            preserved: &self.preserved,
            tables: &self.tables,
            is_paused: self.paused_until >= end,
            cut: self.cut,
        };
        sender.address(arrivals.requests, &mut self.addresses);
        let (mut escrow, mut unassigned) = (0, 0);
        let mut refused = Vec::new();
        let addressed = arrivals.requests.iter().zip(&self.addresses);
        for ((drawn, to), number) in addressed.zip(arrivals.first..) {
            if to.executor == NONE {
                unassigned += 1;
                continue;
            }
            let bill = Bill::new(drawn, number, to.escrow);
            if !bill.is_paid(&mut self.books.clients) {
                refused.push((bill, drawn.time));
                continue;
            }
            escrow += i128::from(to.escrow);
            let inbox = &mut self.lanes[sender.cut.lane(to.executor)].inbox;
            put_in(
                &mut inbox.requests,
                Request::new(drawn, number, sender.cut.place(to.executor)),
            );
        }
        self.lanes[0].inbox.escrow += escrow;
        self.totals.unassigned += unassigned as u64;
        self.dispatched += arrivals.requests.len() - unassigned - refused.len();
        let were_any = !arrivals.requests.is_empty();
        self.refuse_all(&refused);
        were_any
    }

    /// Counts requests that their clients cannot pay for; beside each is when it came.
    fn refuse_all(&mut self, refused: &[(Bill, u64)]) {
        let height = self.schedule.origin + self.window + 1;
        for (bill, time) in refused {
            bill.refuse(&mut self.totals, &mut self.effects);
            if self.tables.log {
                self.events.push(bill.refused(height, *time));
            }
        }
    }

    /// The same where requests may go elsewhere, or may have been sent by somebody with a purpose.
    fn dispatch_with_care(&mut self, end: u64) -> bool {
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
            ..
        } = self;
        let is_paused = self.paused_until >= end;
        let cut = self.cut;
        let max_tokens = u64::from(tables.max_tokens);
        let height = self.schedule.origin + self.window + 1;
        let arrivals = demand.next_arrivals(end, tables, self.options.parallel);
        let (mut escrow, mut refused) = (0, Vec::new());
        for (at, drawn) in arrivals.requests.iter().enumerate() {
            let number = arrivals.first + at as u64;
            look_ahead(arrivals.requests, at, groups);
            let group = &groups[usize::from(drawn.model)];
            let mut changed = Arrival {
                number,
                drawn: *drawn,
                errand: Errand::None,
            };
            if !purse.is_empty() && !purse.takes(&mut changed, tables) {
                continue;
            }
            let is_drawn = drawn.named.is_none() && group.total > 0 && !is_paused;
            let is_routed = is_drawn && !routing.is_plain(&changed);
            let routed = is_routed.then(|| group.executors.at(routing.route(&mut changed, group, tables)));
            let executor = routed.or_else(|| match changed.drawn.named {
                Some(executor) => group.has(executor).then_some(executor),
                None => draw_executor(&changed.drawn, group, preserved, is_paused),
            });
            let (drawn, errand) = (&changed.drawn, changed.errand);
            let admits = |limit: &mut Admission| limit.admits(height, drawn.prompt, max_tokens);
            let is_admitted = admission.as_mut().is_none_or(admits);
            let Some(executor) = executor.filter(|_| is_admitted) else {
                totals.unassigned += 1;
                continue;
            };
            let bill = Bill::new(drawn, number, tables.escrow(group.price, drawn.prompt));
            if !bill.is_paid(&mut books.clients) {
                refused.push((bill, drawn.time));
                continue;
            }
            self.dispatched += 1;
            let lane = &mut lanes[cut.lane(executor)];
            escrow += i128::from(bill.escrow);
            if drawn.missed || errand != Errand::None {
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
        let were_any = !arrivals.requests.is_empty();
        self.refuse_all(&refused);
        were_any
    }

    /// As [`dispatch_plainly`](Self::dispatch_plainly), where every request goes to whom it was drawn to: several threads send
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
        let mut refused = Vec::new();
        for piece in pieces {
            totals.unassigned += piece.unassigned;
            let before = refused.len();
            for &bill in &piece.bills {
                if !bill.is_paid(&mut books.clients) {
                    let drawn = &arrivals.requests[(bill.number - arrivals.first) as usize];
                    refused.push((bill, drawn.time));
                }
            }
            self.dispatched += piece.bills.len();
            if refused.len() > before {
                self.dispatched -= refused.len() - before;
                piece.take_back(&refused[before..], groups, tables);
            }
            for (lane, sent) in lanes.iter_mut().zip(&mut piece.to) {
                lane.inbox.escrow += std::mem::take(&mut sent.escrow).cast_signed();
                let empty = lane.spare.pop().unwrap_or_default();
                lane.batches.push(std::mem::replace(&mut sent.requests, empty));
            }
        }
        self.refuse_all(&refused);
        true
    }
}

impl Piece {
    /// Sends consecutive requests to lanes; what was sent before has been fetched.
    fn send(&mut self, arrivals: Arrivals<'_>, lanes: usize, sender: &Sender<'_>) {
        self.to.resize_with(lanes, Sent::default);
        self.bills.clear();
        self.unassigned = 0;
        sender.address(arrivals.requests, &mut self.addresses);
        let addressed = arrivals.requests.iter().zip(&self.addresses);
        for ((drawn, to), number) in addressed.zip(arrivals.first..) {
            if to.executor == NONE {
                self.unassigned += 1;
                continue;
            }
            self.bills.push(Bill::new(drawn, number, to.escrow));
            let sent = &mut self.to[sender.cut.lane(to.executor)];
            sent.escrow += u128::from(to.escrow);
            put_in(
                &mut sent.requests,
                Request::new(drawn, number, sender.cut.place(to.executor)),
            );
        }
    }

    /// Takes back what was sent for clients who cannot pay.
    #[cold]
    fn take_back(&mut self, refused: &[(Bill, u64)], groups: &[Group], tables: &Tables) {
        for sent in &mut self.to {
            sent.requests.retain(|request| {
                let number = request.number();
                let is_refused = refused
                    .binary_search_by_key(&number, |(bill, _)| bill.number)
                    .is_ok();
                if is_refused {
                    let price = groups[usize::from(request.group())].price;
                    sent.escrow -= u128::from(tables.escrow(price, request.prompt));
                }
                !is_refused
            });
        }
    }
}

/// Asks for what chooses the executor of a request that comes later than the one at `at`.
#[inline(always)]
fn look_ahead(requests: &[Drawn], at: usize, groups: &[Group]) {
    if let Some(later) = requests.get(at + AHEAD) {
        groups[usize::from(later.model)].look_ahead(later.executor);
    }
}

/// Puts a request into an inbox.
#[inline(always)]
fn put_in(inbox: &mut Vec<Request>, request: Request) {
    prefetch_index(&*inbox, inbox.len() + ROOM);
    inbox.push(request);
}
