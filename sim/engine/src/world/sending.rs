//! Sending requests by several threads: while lanes serve what was sent before.
//!
//! Invariant: it reads nothing that a lane may change, and what it writes nobody reads before all lanes are done. What is paid
//! for, and what each executor gets, is as if one thread had sent one request after the other.

use rayon::prelude::*;

use super::World;
use super::address::{Address, Sender};
use super::bill::{Bill, Dues};
use super::demand::{Arrivals, Demand};
use super::drawn::Drawn;
use super::groups::Group;
use super::request::Request;
use super::tables::Tables;
use super::tray::Tray;

/// Requests that are worth a piece of their own.
const PIECE_MIN: usize = 1_024;
/// Requests of a piece that are sent at once; every tray has room for all of them.
const AT_ONCE: usize = 128;
/// Pieces a thread: the one that is done first takes another.
const PIECES_A_THREAD: usize = 2;

/// Consecutive requests of a window, sent by one thread and not yet paid for.
#[derive(Default)]
pub(super) struct Piece {
    /// Number of the first.
    first: u64,
    /// Where each of them goes.
    addresses: Vec<Address>,
    /// By lane.
    to: Vec<Sent>,
    /// What clients are asked for.
    dues: Dues,
    /// Requests that nobody can take.
    unassigned: u64,
}

/// Requests to the hosts of a lane, and the sum of their escrow in base units.
#[derive(Default)]
struct Sent {
    requests: Tray,
    escrow: u128,
}

/// What it takes to send the next requests of a window.
pub(super) struct Outgoing<'a> {
    pub demand: &'a mut Demand,
    /// What was sent and has not been handed over.
    pub pieces: &'a mut Vec<Piece>,
    pub sender: Sender<'a>,
    /// End of the window, ns.
    pub end: u64,
    pub lanes: usize,
    pub clients: usize,
}

impl Outgoing<'_> {
    /// Draws and sends the next requests, as many as are drawn at once.
    pub(super) fn send(&mut self) {
        let arrivals = self.demand.next_arrivals(self.end, self.sender.tables, true);
        let count = arrivals.requests.len();
        let wanted = (count / PIECE_MIN).clamp(1, PIECES_A_THREAD * rayon::current_num_threads());
        let size = count.div_ceil(wanted).max(1);
        self.pieces.resize_with(count.div_ceil(size), Piece::default);
        // Of few requests, bills are sooner gone through one by one than sums of all clients.
        let summed = if count >= self.clients { self.clients } else { 0 };
        for (piece, first) in self.pieces.iter_mut().zip((arrivals.first..).step_by(size)) {
            piece.first = first;
            piece.dues.reset(summed);
        }
        let (sender, lanes) = (&self.sender, self.lanes);
        let send = |(piece, requests): (&mut Piece, &[Drawn])| piece.send(requests, lanes, sender);
        if self.pieces.len() > 1 {
            let pieces = self.pieces.par_iter_mut();
            pieces.zip(arrivals.requests.par_chunks(size)).for_each(send);
        } else {
            let pieces = self.pieces.iter_mut();
            pieces.zip(arrivals.requests.chunks(size)).for_each(send);
        }
    }
}

impl World<'_> {
    /// Has what was sent paid for, or refused, and hands it to its lanes.
    pub(super) fn hand_over(&mut self) {
        let Self {
            demand,
            tables,
            groups,
            lanes,
            books,
            totals,
            pieces,
            ..
        } = self;
        let mut refused = Vec::new();
        let are_paid = Dues::are_paid(pieces.iter().map(|piece| &piece.dues), &mut books.clients);
        for piece in pieces {
            totals.unassigned += piece.unassigned;
            self.dispatched += piece.addresses.len() - piece.unassigned as usize;
            if !are_paid {
                let before = refused.len();
                piece.ask_in_order(demand.latest(), &mut books.clients, &mut refused);
                let refused = &refused[before..];
                self.dispatched -= refused.len();
                if !refused.is_empty() {
                    piece.take_back(refused, groups, tables);
                }
            }
            for (lane, sent) in lanes.iter_mut().zip(&mut piece.to) {
                lane.inbox.escrow += std::mem::take(&mut sent.escrow).cast_signed();
                let empty = lane.spare.pop().unwrap_or_default();
                lane.batches.push(std::mem::replace(&mut sent.requests, empty));
            }
        }
        self.refuse_all(&refused);
    }
}

impl Piece {
    /// Sends its requests to lanes; what was sent before has been fetched.
    fn send(&mut self, requests: &[Drawn], lanes: usize, sender: &Sender<'_>) {
        self.to.resize_with(lanes, Sent::default);
        self.unassigned = 0;
        self.addresses.clear();
        for (requests, first) in requests.chunks(AT_ONCE).zip((self.first..).step_by(AT_ONCE)) {
            let known = self.addresses.len();
            sender.address(requests, &mut self.addresses);
            self.to
                .iter_mut()
                .for_each(|sent| sent.requests.make_room(requests.len()));
            let addressed = requests.iter().zip(&self.addresses[known..]);
            for ((drawn, to), number) in addressed.zip(first..) {
                let Some(sent) = to.lane_of(&mut self.to) else {
                    to.check_is_nowhere();
                    self.unassigned += 1;
                    continue;
                };
                self.dues.add(drawn.client(), to.escrow);
                sent.escrow += u128::from(to.escrow);
                sent.requests.put(Request::new(drawn, number, to.host));
            }
        }
    }

    /// Asks the clients of its requests, which are among those that arrived last, one after the other; notes which they cannot
    /// pay for, and when those came.
    fn ask_in_order(&self, latest: Arrivals<'_>, clients: &mut [i64], refused: &mut Vec<(Bill, u64)>) {
        let requests = &latest.requests[(self.first - latest.first) as usize..];
        for (to, bill, time) in Bill::each(requests, &self.addresses, self.first) {
            if to.is_served() && !bill.is_paid(clients) {
                refused.push((bill, time));
            }
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
                    sent.escrow -= u128::from(tables.escrow(price, request.prompt()));
                }
                !is_refused
            });
        }
    }
}
