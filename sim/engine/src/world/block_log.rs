//! What the lanes leave for the event log of one block.
//!
//! Invariant: read in order, the events do not say how many lanes there were. First stand the requests that were sent, by their
//! number; then what happened while hosts served, by executor; then the finishes, by the number of the request; then
//! what the block's other transactions changed, by executor. Of one executor they stand in the order in which they were
//! committed.
//!
//! A request that was sent and an answer that was included say all that their events say. They are nearly all events
//! of a run: the simulation hands its own records over, and whoever reads them, most often a thread of its own, makes
//! events of them.

use prefetch_index::prefetch_index;

use super::finish::{Finish, Served, price_of};
use super::request::Request;
use super::tables::{Tables, compute_escrow};
use super::tray::Tray;
use crate::observe::event::{Event, EventKind};

/// Numbers of a word.
const WORD: usize = u64::BITS as usize;
/// Numbers that a ring holds at most; records whose numbers lie further apart are sorted.
const RING_MAX: usize = 1 << 22;
/// So many records before its turn one is asked for, where they come one after the other.
const FAR: usize = 64;
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
    /// Requests that it was sent, a stint after the other, each by number.
    pub sent: Vec<Vec<Request>>,
    /// Room for more of them.
    pub spare: Vec<Vec<Request>>,
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
    /// Numbers that there are, a bit each, in a ring as long as they are apart.
    present: Vec<u64>,
    /// Lane and place there, of those.
    found: Vec<(u32, u32)>,
    /// Number, lane and place of records that lie too far apart for the ring.
    sorted: Vec<(u64, u32, u32)>,
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
        let stints = self.lanes.iter().map(|lane| lane.sent.len()).max();
        let mut next = 0;
        for stint in 0..stints.unwrap_or(0) {
            let sent = |lane: usize| self.lanes[lane].sent.get(stint).map_or(&[][..], Vec::as_slice);
            let Some(ends) = places.deal(self.lanes.len(), sent, Request::number) else {
                continue;
            };
            assert!(ends.0 >= next, "stints are sent one after the other");
            next = ends.1 + 1;
            // Each lane's stand by number: a core sees by itself what comes.
            let ask = |_, _| {};
            places.try_each(ends, ask, |lane, at| {
                act(&self.started(&sent(lane)[at], self.lanes[lane].first))
            })?;
        }
        for lane in &self.lanes {
            try_by_participant(&lane.events[..lane.before_commit], lane, places, act)?;
        }
        let finished = |lane: usize| self.lanes[lane].finished.as_slice();
        if let Some(ends) = places.deal(self.lanes.len(), finished, Finish::number) {
            let ask = |lane, at| prefetch_index(finished(lane), at);
            places.try_each(ends, ask, |lane, at| {
                act(&self.finished(&finished(lane)[at], self.lanes[lane].first))
            })?;
        }
        for lane in &self.lanes {
            try_by_participant(&lane.events[lane.before_commit..], lane, places, act)?;
        }
        Ok(())
    }

    /// A request was sent to its executor.
    #[inline(always)]
    fn started(&self, request: &Request, first: u32) -> Event {
        let price = self.terms.prices[usize::from(request.group())];
        let escrow = compute_escrow(price, request.prompt(), self.terms.max_tokens);
        let event = Event::at(EventKind::Started, self.height, request.arrival)
            .of(first + request.host())
            .with(request.client())
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
        let price = price_of(finish, |substitute| self.terms.is_unpaid[usize::from(substitute)]);
        let payment = price.min(escrow);
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
    /// Takes requests of a stint, which are over; leaves room for others.
    pub(crate) fn take_sent(&mut self, tray: &mut Tray) {
        let room = self.spare.pop().unwrap_or_default();
        self.sent.push(tray.exchange(room));
    }

    /// What comes from now on comes with the block.
    pub(crate) fn note_commit(&mut self) {
        self.before_commit = self.events.len();
    }

    fn len(&self) -> usize {
        let sent: usize = self.sent.iter().map(Vec::len).sum();
        sent + self.finished.len() + self.events.len()
    }

    fn clear(&mut self) {
        self.spare.append(&mut self.sent);
        self.finished.clear();
        self.events.clear();
        self.before_commit = 0;
    }
}

impl Places {
    /// Finds the places of lanes' records by their numbers, which differ; returns the first number and the last.
    #[inline(always)]
    fn deal<'a, T: 'a>(
        &mut self,
        lanes: usize,
        records: impl Fn(usize) -> &'a [T],
        number: impl Fn(&T) -> u64,
    ) -> Option<(u64, u64)> {
        self.sorted.clear();
        loop {
            self.present.fill(0);
            let mask = self.found.len().wrapping_sub(1);
            let (mut first, mut last) = (u64::MAX, 0);
            for lane in 0..lanes {
                let records = records(lane);
                for (at, record) in records.iter().enumerate() {
                    // The simulation wrote them, on another core.
                    prefetch_index(records, at + FAR);
                    if let Some(later) = records.get(at + AHEAD) {
                        prefetch_index(&self.found, number(later) as usize & mask);
                    }
                    let number = number(record);
                    (first, last) = (first.min(number), last.max(number));
                    let place = number as usize & mask;
                    if let (Some(word), Some(found)) =
                        (self.present.get_mut(place / WORD), self.found.get_mut(place))
                    {
                        *word |= 1 << (place % WORD);
                        *found = (lane as u32, at as u32);
                    }
                }
            }
            if first > last {
                return None;
            }
            // No word may hold numbers of both ends.
            let room = usize::try_from(last - first).map_or(usize::MAX, |span| span.saturating_add(WORD + 1));
            if room <= self.found.len() {
                return Some((first, last));
            }
            if room > RING_MAX {
                self.sort_by_number(lanes, &records, &number);
                return Some((first, last));
            }
            let room = room.next_power_of_two();
            self.present.resize(room / WORD, 0);
            self.found.resize(room, (0, 0));
        }
    }

    /// Sorts the places of lanes' records by their numbers.
    #[cold]
    fn sort_by_number<'a, T: 'a>(
        &mut self,
        lanes: usize,
        records: &impl Fn(usize) -> &'a [T],
        number: &impl Fn(&T) -> u64,
    ) {
        for lane in 0..lanes {
            let records = records(lane).iter().zip(0_u32..);
            let places = records.map(|(record, at)| (number(record), lane as u32, at));
            self.sorted.extend(places);
        }
        self.sorted.sort_unstable();
    }

    /// Hands lane and place of the records that were dealt to `act`, by their numbers, and some before to `ask`.
    #[inline(always)]
    fn try_each<E>(
        &self,
        (first, last): (u64, u64),
        ask: impl Fn(usize, usize),
        mut act: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.sorted.is_empty() {
            let mut sorted = self.sorted.iter();
            return sorted.try_for_each(|&(_, lane, at)| act(lane as usize, at as usize));
        }
        let mut near = [(0, 0); 2 * WORD];
        let mut count = 0;
        for word in first as usize / WORD..=last as usize / WORD {
            let word = word & (self.present.len() - 1);
            let mut bits = self.present[word];
            while bits != 0 {
                let (lane, at) = self.found[word * WORD + bits.trailing_zeros() as usize];
                bits &= bits - 1;
                ask(lane as usize, at as usize);
                near[count] = (lane, at);
                count += 1;
            }
            // The next word adds as many at most.
            if count > WORD {
                for &(lane, at) in &near[..count] {
                    act(lane as usize, at as usize)?;
                }
                count = 0;
            }
        }
        near[..count]
            .iter()
            .try_for_each(|&(lane, at)| act(lane as usize, at as usize))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as lanes have them, by number.
    fn dealt(places: &mut Places, lanes: &[Vec<u64>]) -> Vec<u64> {
        let mut numbers = Vec::new();
        if let Some(ends) = places.deal(lanes.len(), |lane| &lanes[lane], |&number| number) {
            let Ok(()) = places.try_each(
                ends,
                |_, _| {},
                |lane, at| {
                    numbers.push(lanes[lane][at]);
                    Ok::<_, std::convert::Infallible>(())
                },
            );
        }
        numbers
    }

    #[test]
    fn records_of_all_lanes_are_found_by_number_however_far_apart() {
        let mut places = Places::default();
        for (count, step, first) in [
            (1_000, 1, 5),
            (40, 30_011, 7),
            (40, 1 << 50, 7),
            (0, 1, 0),
            (3_000, 3, 1 << 40),
        ] {
            let mut lanes = vec![Vec::new(); 4];
            let expected: Vec<u64> = (0..count).map(|place| first + place * step).collect();
            for (place, &number) in expected.iter().enumerate() {
                // One lane has nothing, the others nearly but not quite ascending numbers.
                let lane = &mut lanes[place * 7 % 3];
                lane.insert(lane.len() / 9 * 9, number);
            }
            assert_eq!(dealt(&mut places, &lanes), expected);
            // Where they stand does not matter.
            lanes.reverse();
            assert_eq!(dealt(&mut places, &lanes), expected);
        }
    }

    #[test]
    fn events_of_a_lane_are_found_by_participant_in_the_order_in_which_they_came() {
        let event = |participant, time| Event::at(EventKind::Drawn, 1, time).of(participant);
        let mut block = BlockLog::default();
        let mut lanes = [LaneLog::default(), LaneLog::default()];
        lanes[1].events = vec![event(6, 1), event(5, 2)];
        lanes[1].note_commit();
        lanes[1].events.push(event(5, 7));
        lanes[0].events = vec![event(1, 3), event(0, 4)];
        lanes[0].note_commit();
        lanes[0].events.extend([event(1, 5), event(0, 6), event(1, 8)]);
        block.take_lane(0, 0, 3, &mut lanes[0]);
        block.take_lane(1, 5, 2, &mut lanes[1]);
        let mut times = Vec::new();
        let Ok(()) = block.try_each(&mut Places::default(), &mut |event| {
            times.push(event.time_ns);
            Ok::<_, std::convert::Infallible>(())
        });
        assert_eq!((times, block.len()), (vec![4, 3, 2, 1, 6, 5, 8, 7], 8));
        block.clear();
        assert_eq!(block.len(), 0);
    }
}
