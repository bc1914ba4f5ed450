//! Events on their way from the lanes of a world to whoever keeps them.
//!
//! **Invariant.** Events are read in the order in which blocks and what concerns the whole network came; inside a block the
//! order does not say how many lanes there were. Lanes hand over what they have as it is, since the simulation has better
//! things to do than to sort it and to make events of it; the reader, most often a thread of its own, does.

use super::event::Event;
use crate::world::block_log::BlockLog;
pub use crate::world::block_log::Places;

/// Events of whole blocks.
#[derive(Clone, Debug, Default)]
pub struct EventsInOrder {
    pieces: Vec<Piece>,
    events: usize,
    /// Room of pieces that were read, the last one on top.
    spare_events: Vec<Vec<Event>>,
    spare_blocks: Vec<BlockLog>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Events that stand where they are.
    Single(Vec<Event>),
    /// What the lanes left in one block.
    Block(BlockLog),
}

impl EventsInOrder {
    /// Adds an event that stands where it is.
    pub fn push(&mut self, event: Event) {
        self.events += 1;
        match self.pieces.last_mut() {
            Some(Piece::Single(events)) => events.push(event),
            _ => {
                let mut events = self.spare_events.pop().unwrap_or_default();
                events.push(event);
                self.pieces.push(Piece::Single(events));
            }
        }
    }

    /// Room for what lanes leave in a block.
    pub(crate) fn block_room(&mut self) -> BlockLog {
        self.spare_blocks.pop().unwrap_or_default()
    }

    /// Adds what lanes left in a block.
    pub(crate) fn push_block(&mut self, block: BlockLog) {
        match block.len() {
            0 => self.spare_blocks.push(block),
            events => {
                self.events += events;
                self.pieces.push(Piece::Block(block));
            }
        }
    }

    /// Takes what `later` holds behind what is here.
    pub fn append(&mut self, later: &mut Self) {
        self.pieces.append(&mut later.pieces);
        self.spare_events.append(&mut later.spare_events);
        self.spare_blocks.append(&mut later.spare_blocks);
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
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Single(mut events) => {
                    events.clear();
                    self.spare_events.push(events);
                }
                Piece::Block(mut block) => {
                    block.clear();
                    self.spare_blocks.push(block);
                }
            }
        }
        self.events = 0;
    }

    /// Hands every event to `act` in order, until it fails.
    ///
    /// # Errors
    /// That of `act`.
    #[inline]
    pub fn try_each<E>(
        &self,
        places: &mut Places,
        mut act: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in &self.pieces {
            match piece {
                Piece::Single(events) => events.iter().try_for_each(&mut act)?,
                Piece::Block(block) => block.try_each(places, &mut act)?,
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
            pieces: vec![Piece::Single(events)],
            ..Self::default()
        }
    }
}
