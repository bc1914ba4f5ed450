//! What the lanes leave for the event log of one block.
//!
//! Invariant: read in order, the events do not say how many lanes there were. First stand the requests that were sent, by their
//! number; then what happened while hosts served, then the finishes, then what the block's other transactions changed,
//! each by executor and of one executor in the order in which it was committed.
//!
//! A request that was sent and an answer that was included say all that their events say. They are nearly all events
//! of a run: the simulation hands its own records over, and whoever reads them, most often a thread of its own, makes
//! events of them.

use prefetch_index::prefetch_index;

use super::finish::{Finish, Served};
use super::request::Request;
use super::tables::{Tables, compute_escrow};
use crate::observe::event::{Event, EventKind};

/// What stands for a number under which nothing was sent.
const NO_LANE: u16 = u16::MAX;
/// So many events ahead is asked for the record of one.
const AHEAD: usize = 12;

/// What lanes leave in one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockLog {
    height: u64,
    terms: Terms,
    lanes: Vec<LaneLog>,
}

/// What one lane leaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct LaneLog {
    /// First participant of the lane and their number, once they are known.
    first: u32,
    participants: usize,
    /// Requests that it was sent, by number.
    pub sent: Vec<Request>,
    /// Answers that the block included, in the order of its messages.
    pub finished: Vec<Finish>,
    /// Everything else.
    pub events: Vec<Event>,
    /// How many of them happened before the block committed.
    before_commit: usize,
}

/// What it takes to say what a request costs.
#[derive(Clone, Debug, Default)]
struct Terms {
    max_tokens: u32,
    /// By model group.
    prices: Vec<u64>,
    /// Kinds of answer that nobody pays for.
    is_unpaid: Vec<bool>,
}

/// Scratch of a reader.
#[derive(Clone, Debug, Default)]
pub struct Places {
    starts: Vec<u32>,
    order: Vec<u32>,
    lanes: Vec<u16>,
    taken: Vec<usize>,
}

impl BlockLog {
    /// Begins with the block of this height, in which prices were these; nothing is in it.
    pub(crate) fn open(&mut self, height: u64, prices: impl Iterator<Item = u64>, tables: &Tables) {
        self.height = height;
        self.terms.max_tokens = tables.max_tokens;
        self.terms.prices.clear();
        self.terms.prices.extend(prices);
        self.terms.is_unpaid.clear();
        self.terms.is_unpaid.extend(tables.conducts.unpaid());
    }

    /// Takes what the lane of this place left, and leaves it room for other.
    pub(crate) fn take_lane(&mut self, place: usize, first: u32, participants: usize, left: &mut LaneLog) {
        if place >= self.lanes.len() {
            self.lanes.resize_with(place + 1, LaneLog::default);
        }
        let room = &mut self.lanes[place];
        std::mem::swap(room, left);
        (room.first, room.participants) = (first, participants);
    }

    /// Number of events.
    pub(crate) fn len(&self) -> usize {
        self.lanes.iter().map(LaneLog::len).sum()
    }

    /// Forgets the events, not the room for them.
    pub(crate) fn clear(&mut self) {
        self.lanes.iter_mut().for_each(LaneLog::clear);
    }

    /// Hands every event to `act` in order, until it fails.
    ///
    /// # Errors
    /// That of `act`.
    #[inline(always)]
    pub(crate) fn try_each<E>(
        &self,
        places: &mut Places,
        act: &mut impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), E> {
        self.try_sent(places, act)?;
        for lane in &self.lanes {
            try_by_participant(&lane.events[..lane.before_commit], lane, places, act)?;
        }
        for lane in &self.lanes {
            places.sort(&lane.finished, lane.participants, |finish| finish.host() as usize);
            for (at, &place) in places.order.iter().enumerate() {
                if let Some(&later) = places.order.get(at + AHEAD) {
                    prefetch_index(&lane.finished, later as usize);
                }
                act(&self.finished(&lane.finished[place as usize], lane.first))?;
            }
        }
        for lane in &self.lanes {
            try_by_participant(&lane.events[lane.before_commit..], lane, places, act)?;
        }
        Ok(())
    }

    /// Hands over the requests that were sent. Every lane has its own in order: what is missing is whose the next one is.
    #[inline(always)]
    fn try_sent<E>(
        &self,
        places: &mut Places,
        act: &mut impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), E> {
        let ends = |of: fn(&[Request]) -> Option<&Request>| {
            let ends = self.lanes.iter().filter_map(move |lane| of(&lane.sent));
            ends.map(Request::number)
        };
        let Some((first, last)) = ends(<[Request]>::first).min().zip(ends(<[Request]>::last).max()) else {
            return Ok(());
        };
        places.lanes.clear();
        places.lanes.resize((last - first) as usize + 1, NO_LANE);
        for (lane, log) in self.lanes.iter().enumerate() {
            for request in &log.sent {
                places.lanes[(request.number() - first) as usize] = lane as u16;
            }
        }
        places.taken.clear();
        places.taken.resize(self.lanes.len(), 0);
        for (&lane, number) in places.lanes.iter().zip(first..) {
            if lane == NO_LANE {
                continue;
            }
            let (log, taken) = (&self.lanes[usize::from(lane)], &mut places.taken[usize::from(lane)]);
            let request = &log.sent[*taken];
            assert_eq!(request.number(), number, "a lane is sent requests in their order");
            *taken += 1;
            act(&self.started(request, log.first))?;
        }
        Ok(())
    }

    /// A request was sent to its executor.
    #[inline(always)]
    fn started(&self, request: &Request, first: u32) -> Event {
        let price = self.terms.prices[usize::from(request.group())];
        let escrow = compute_escrow(price, request.prompt, self.terms.max_tokens);
        let event = Event::at(EventKind::Started, self.height, request.arrival)
            .of(first + request.host())
            .with(request.client)
            .figures(escrow as i64, price as i64);
        Event {
            inference: request.number(),
            ..event
        }
    }

    /// An answer's finish message was committed.
    #[inline(always)]
    fn finished(&self, finish: &Finish, first: u32) -> Event {
        let escrow = compute_escrow(finish.price, finish.prompt(), self.terms.max_tokens);
        let payment = match finish.substitute() {
            0 => finish.price * finish.tokens(),
            substitute if self.terms.is_unpaid[usize::from(substitute)] => 0,
            _ => finish.price * finish.tokens(),
        };
        let payment = payment.min(escrow);
        let event = Event::at(EventKind::Finished, self.height, finish.completion)
            .of(first + finish.host())
            .with(finish.client())
            .figures(payment as i64, (escrow - payment) as i64);
        Event {
            inference: finish.number(),
            ..event
        }
    }
}

/// Hands events over by participant.
#[inline(always)]
fn try_by_participant<E>(
    events: &[Event],
    lane: &LaneLog,
    places: &mut Places,
    act: &mut impl FnMut(&Event) -> Result<(), E>,
) -> Result<(), E> {
    if events.is_empty() {
        return Ok(());
    }
    places.sort(events, lane.participants, |event| {
        (event.participant - lane.first) as usize
    });
    for (at, &place) in places.order.iter().enumerate() {
        if let Some(&later) = places.order.get(at + AHEAD) {
            prefetch_index(events, later as usize);
        }
        act(&events[place as usize])?;
    }
    Ok(())
}

impl LaneLog {
    /// What comes from now on comes with the block.
    pub(crate) fn note_commit(&mut self) {
        self.before_commit = self.events.len();
    }

    fn len(&self) -> usize {
        self.sent.len() + self.finished.len() + self.events.len()
    }

    fn clear(&mut self) {
        self.sent.clear();
        self.finished.clear();
        self.events.clear();
        self.before_commit = 0;
    }
}

impl Places {
    /// Finds the order of a lane's records by participant: counts, then deals.
    fn sort<T>(&mut self, records: &[T], participants: usize, slot: impl Fn(&T) -> usize) {
        self.starts.clear();
        self.starts.resize(participants, 0);
        for record in records {
            self.starts[slot(record)] += 1;
        }
        let mut start = 0;
        for count in &mut self.starts {
            start += std::mem::replace(count, start);
        }
        self.order.clear();
        self.order.resize(records.len(), 0);
        for (at, record) in records.iter().enumerate() {
            let place = &mut self.starts[slot(record)];
            self.order[*place as usize] = at as u32;
            *place += 1;
        }
    }
}
