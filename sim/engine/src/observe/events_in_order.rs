//! Events on their way from the lanes of a world to whoever keeps them.
//!
//! **Invariant.** Read in order, a block's events stand by participant, each participant's in the order in which they
//! were committed, and then what concerns the whole network: the order does not say how many lanes there were. Lanes
//! hand their events over as they are, since the simulation has better things to do than to sort them; the reader,
//! most often a thread of its own, does.

use super::event::Event;

/// Events of whole blocks.
#[derive(Clone, Debug, Default)]
pub struct EventsInOrder {
    pieces: Vec<Piece>,
    events: usize,
    /// Room of pieces that were read.
    spare: Vec<Vec<Event>>,
}

#[derive(Clone, Debug)]
struct Piece {
    events: Vec<Event>,
    /// First participant of the lane that left them in its own order, and their number.
    lane: Option<(u32, usize)>,
}

/// Scratch of a reader.
#[derive(Clone, Debug, Default)]
pub struct Places {
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl EventsInOrder {
    /// Adds an event that stands where it is.
    pub fn push(&mut self, event: Event) {
        self.events += 1;
        match self.pieces.last_mut() {
            Some(Piece { events, lane: None }) => events.push(event),
            _ => {
                let mut events = self.spare.pop().unwrap_or_default();
                events.push(event);
                self.pieces.push(Piece { events, lane: None });
            }
        }
    }

    /// Takes a lane's events of one block, and leaves it room for others; `first` and `participants` say whom they may
    /// concern.
    pub fn take_lane(&mut self, events: &mut Vec<Event>, first: u32, participants: usize) {
        if events.is_empty() {
            return;
        }
        self.events += events.len();
        let room = self.spare.pop().unwrap_or_default();
        self.pieces.push(Piece {
            events: std::mem::replace(events, room),
            lane: Some((first, participants)),
        });
    }

    /// Takes what `later` holds behind what is here.
    pub fn append(&mut self, later: &mut Self) {
        self.pieces.append(&mut later.pieces);
        self.spare.append(&mut later.spare);
        self.events += std::mem::take(&mut later.events);
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Forgets the events, not the room for them.
    pub fn clear(&mut self) {
        self.spare.extend(self.pieces.drain(..).map(|piece| {
            let mut events = piece.events;
            events.clear();
            events
        }));
        self.events = 0;
    }

    /// Hands every event to `act` in order, until it fails.
    ///
    /// # Errors
    /// That of `act`.
    pub fn try_each<E>(
        &self,
        places: &mut Places,
        mut act: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), E> {
        for Piece { events, lane } in &self.pieces {
            match *lane {
                None => events.iter().try_for_each(&mut act)?,
                Some((first, participants)) => {
                    places.sort(events, first, participants);
                    let mut in_order = places.order.iter().map(|&at| &events[at as usize]);
                    in_order.try_for_each(&mut act)?;
                }
            }
        }
        Ok(())
    }

    /// All events in order.
    pub fn to_vec(&self) -> Vec<Event> {
        let mut all = Vec::with_capacity(self.len());
        let Ok(()) = self.try_each(&mut Places::default(), |event| {
            all.push(*event);
            Ok::<_, std::convert::Infallible>(())
        });
        all
    }
}

impl From<Vec<Event>> for EventsInOrder {
    fn from(events: Vec<Event>) -> Self {
        Self {
            events: events.len(),
            pieces: vec![Piece { events, lane: None }],
            spare: Vec::new(),
        }
    }
}

impl Places {
    /// Finds the order of a lane's events by participant: counts, then deals.
    fn sort(&mut self, events: &[Event], first: u32, participants: usize) {
        let slot = |event: &Event| (event.participant - first) as usize;
        self.starts.clear();
        self.starts.resize(participants, 0);
        for event in events {
            self.starts[slot(event)] += 1;
        }
        let mut start = 0;
        for count in &mut self.starts {
            start += std::mem::replace(count, start);
        }
        self.order.clear();
        self.order.resize(events.len(), 0);
        for (at, event) in events.iter().enumerate() {
            let place = &mut self.starts[slot(event)];
            self.order[*place as usize] = at as u32;
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::event::EventKind;

    fn event(participant: u32, time: u64) -> Event {
        Event::at(EventKind::Finished, 1, time).of(participant)
    }

    #[test]
    fn lanes_are_read_by_participant_and_everything_else_where_it_stands() {
        let mut events = EventsInOrder::default();
        events.push(event(9, 0));
        events.take_lane(
            &mut vec![event(1, 1), event(0, 2), event(1, 3), event(0, 4)],
            0,
            2,
        );
        events.take_lane(&mut Vec::new(), 2, 3);
        events.take_lane(&mut vec![event(6, 5), event(5, 6)], 5, 2);
        events.push(event(2, 7));
        let mut later = EventsInOrder::default();
        later.take_lane(&mut vec![event(4, 8), event(3, 9)], 3, 2);
        later.push(event(1, 10));
        events.append(&mut later);
        let times: Vec<u64> = events.to_vec().iter().map(|event| event.time_ns).collect();
        assert_eq!(times, [0, 2, 4, 1, 3, 6, 5, 7, 9, 8, 10]);
        assert!(later.is_empty() && events.len() == times.len());
    }
}
