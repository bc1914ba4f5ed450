//! Sending a window's requests to their executors.
//!
//! Invariant: requests are paid for, or refused, in order of arrival, and each executor gets its own in that
//! order, whether one thread sends them or several.

use super::World;
use super::address::{Sender, draw_executor};
use super::admission::Admission;
use super::bill::Bill;
use super::demand::{Arrival, Errand};
use super::drawn::Drawn;
use super::groups::Group;
use super::lane::{Lane, Special};
use super::request::Request;
use super::window::Window;

/// Requests that are sent out before they are served: half a megabyte, half of a core's own cache.
const STINT: usize = 16_384;
/// So many requests before its turn is asked for what chooses its executor.
const AHEAD: usize = 8;

type Phase = fn(&mut Lane, &Window<'_>);

impl World<'_> {
    /// Draws the window's requests, sends them to executors, and lets those serve.
    ///
    /// They are served whenever there are as many as stay in the cores' caches; each host's in the same order,
    /// so that it makes no difference to them.
    pub(super) fn serve(&mut self, end: u64) {
        self.dispatched = 0;
        let is_plain = self.admission.is_none() && !self.has_deviants() && !self.demand.is_trace();
        if !is_plain {
            self.serve_after(Self::dispatch_with_care, end);
        } else if self.options.parallel && self.lanes.len() > 1 {
            self.serve_side_by_side(end);
        } else {
            self.serve_after(Self::dispatch_plainly, end);
        }
    }

    /// Sends requests, and lets the lanes serve whenever there are enough.
    fn serve_after(&mut self, dispatch: fn(&mut Self, u64) -> bool, end: u64) {
        let mut served = 0;
        let mut open: Phase = Lane::begin_service;
        while dispatch(self, end) {
            if self.dispatched - served >= STINT {
                served = self.dispatched;
                self.each_lane(end, serving(open));
                open = |_, _| ();
            }
        }
        self.serve_last(end, open);
    }

    /// The same by several threads: while lanes serve what was sent, whoever has no lane sends what comes next.
    fn serve_side_by_side(&mut self, end: u64) {
        let mut served = 0;
        let mut open: Phase = Lane::begin_service;
        self.outgoing(end).send();
        loop {
            self.hand_over();
            if self.demand.is_over(end) {
                break;
            }
            // What is drawn at once is a stint, of which some may have been refused.
            if self.dispatched - served < STINT / 2 {
                self.outgoing(end).send();
                continue;
            }
            served = self.dispatched;
            self.each_lane_beside(end, serving(open), |mut outgoing| outgoing.send());
            open = |_, _| ();
        }
        self.serve_last(end, open);
    }

    /// Lets the lanes serve what was sent last, and closes their windows.
    fn serve_last(&mut self, end: u64, open: Phase) {
        self.each_lane(end, |lane, window| {
            serving(open)(lane, window);
            lane.end_service(window);
        });
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
        self.addresses.clear();
        sender.address(arrivals.requests, &mut self.addresses);
        let count = arrivals.requests.len();
        let (clients, lanes) = (&mut self.books.clients[..], &mut self.lanes[..]);
        lanes
            .iter_mut()
            .for_each(|lane| lane.inbox.requests.make_room(count));
        let (mut escrow, mut unassigned, mut refused) = (0, 0, 0);
        let addressed = arrivals.requests.iter().zip(&mut self.addresses);
        for ((drawn, to), number) in addressed.zip(arrivals.first..) {
            let Some(lane) = to.lane_of(lanes) else {
                to.check_is_nowhere();
                unassigned += 1;
                continue;
            };
            if !Bill::new(drawn, number, to.escrow).is_paid(clients) {
                to.refuse();
                refused += 1;
                continue;
            }
            escrow += i128::from(to.escrow);
            let request = Request::new(drawn, number, to.host);
            lane.inbox.requests.put(request);
        }
        self.lanes[0].inbox.escrow += escrow;
        self.totals.unassigned += unassigned as u64;
        self.dispatched += count - unassigned - refused;
        if refused > 0 {
            self.refuse_marked();
        }
        count > 0
    }

    /// Counts the requests of the latest that were marked as refused.
    #[cold]
    fn refuse_marked(&mut self) {
        let arrivals = self.demand.latest();
        let refused: Vec<_> = Bill::each(arrivals.requests, &self.addresses, arrivals.first)
            .filter(|(to, ..)| to.is_refused())
            .map(|(_, bill, time)| (bill, time))
            .collect();
        self.refuse_all(&refused);
    }

    /// Counts requests that their clients cannot pay for; beside each is when it came.
    pub(super) fn refuse_all(&mut self, refused: &[(Bill, u64)]) {
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
            let group = &groups[usize::from(drawn.model())];
            let note = arrivals.notes.get(at).copied().unwrap_or_default();
            let mut changed = Arrival {
                number,
                drawn: *drawn,
                errand: Errand::None,
                is_missed: note.is_missed,
            };
            if !purse.is_empty() && !purse.takes(&mut changed, tables) {
                continue;
            }
            let is_drawn = note.executor.is_none() && group.total > 0 && !is_paused;
            let is_routed = is_drawn && !routing.is_plain(&changed);
            let routed = is_routed.then(|| group.executors.at(routing.route(&mut changed, group, tables)));
            let executor = routed.or_else(|| match note.executor {
                Some(executor) => group.has(executor).then_some(executor),
                None => draw_executor(&changed.drawn, group, preserved, is_paused),
            });
            let (drawn, errand) = (&changed.drawn, changed.errand);
            let admits = |limit: &mut Admission| limit.admits(height, drawn.prompt(), max_tokens);
            let is_admitted = admission.as_mut().is_none_or(admits);
            let Some(executor) = executor.filter(|_| is_admitted) else {
                totals.unassigned += 1;
                continue;
            };
            let bill = Bill::new(drawn, number, tables.escrow(group.price, drawn.prompt()));
            if !bill.is_paid(&mut books.clients) {
                refused.push((bill, drawn.time));
                continue;
            }
            self.dispatched += 1;
            let lane = &mut lanes[cut.lane(executor)];
            escrow += i128::from(bill.escrow);
            if changed.is_missed || errand != Errand::None {
                lane.specials.push(Special {
                    number,
                    is_missed: changed.is_missed,
                    errand,
                });
            }
            lane.inbox.requests.make_room(1);
            let request = Request::new(drawn, number, cut.named_place(executor));
            lane.inbox.requests.put(request);
        }
        lanes[0].inbox.escrow += escrow;
        let were_any = !arrivals.requests.is_empty();
        self.refuse_all(&refused);
        were_any
    }
}

/// What opens a lane's window, if that is not open yet, and then serves what was sent.
fn serving(open: Phase) -> impl Fn(&mut Lane, &Window<'_>) + Sync {
    move |lane, window| {
        open(lane, window);
        lane.serve_requests(window);
    }
}

/// Asks for what chooses the executor of a request that comes later than the one at `at`.
#[inline(always)]
fn look_ahead(requests: &[Drawn], at: usize, groups: &[Group]) {
    if let Some(later) = requests.get(at + AHEAD) {
        groups[usize::from(later.model())].look_ahead(later.executor);
    }
}
