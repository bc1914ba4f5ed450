//! Where a request goes.
//!
//! Invariant: of one request, the executor depends on its word and the group alone, whoever looks it up.

use super::cut::Cut;
use super::drawn::Drawn;
use super::groups::Group;
use super::preserved::Preserved;
use super::tables::Tables;

/// What a request needs to find its executor.
pub(super) struct Sender<'a> {
    pub groups: &'a [Group],
    pub preserved: &'a Preserved,
    pub tables: &'a Tables,
    pub is_paused: bool,
    pub cut: Cut,
}

/// In place of the lane of a request that nobody can serve.
const NOWHERE: u32 = u32::MAX;
/// In place of the lane of a request that its client cannot pay for.
const REFUSED: u32 = u32::MAX - 1;

/// Where a request goes, and what it locks.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// Base units.
    pub escrow: u64,
    lane: u32,
    /// The executor's place in its lane.
    pub host: u16,
}

impl Address {
    /// Of the lanes that there are, the executor's, unless the request goes nowhere.
    #[inline(always)]
    pub(super) fn lane_of<'a, T>(&self, lanes: &'a mut [T]) -> Option<&'a mut T> {
        lanes.get_mut(self.lane as usize)
    }

    /// Whether somebody can serve the request.
    pub(super) fn is_served(&self) -> bool {
        self.lane != NOWHERE
    }

    /// Panics if there should have been a lane.
    #[inline]
    pub(super) fn check_is_nowhere(&self) {
        assert!(!self.is_served(), "every executor has a lane");
    }

    /// Notes that the client cannot pay.
    #[inline(always)]
    pub(super) fn refuse(&mut self) {
        self.lane = REFUSED;
    }

    /// Whether that has been noted.
    pub(super) fn is_refused(&self) -> bool {
        self.lane == REFUSED
    }
}

impl Sender<'_> {
    /// Looks up where requests go, and adds it to `addresses`. Nothing is written meanwhile that is read, so that the processor
    /// looks up many at once.
    pub(super) fn address(&self, requests: &[Drawn], addresses: &mut Vec<Address>) {
        addresses.extend(requests.iter().map(|drawn| {
            let group = &self.groups[usize::from(drawn.model())];
            let escrow = self.tables.escrow(group.price, drawn.prompt());
            match draw_executor(drawn, group, self.preserved, self.is_paused) {
                Some(executor) => Address {
                    escrow,
                    lane: self.cut.lane(executor) as u32,
                    host: self.cut.named_place(executor),
                },
                None => Address {
                    escrow,
                    lane: NOWHERE,
                    host: 0,
                },
            }
        }));
    }
}

/// The executor that a request was drawn to, if anybody serves.
#[inline(always)]
pub(super) fn draw_executor(
    drawn: &Drawn,
    group: &Group,
    preserved: &Preserved,
    is_paused: bool,
) -> Option<u32> {
    if is_paused {
        let member = preserved.pick(drawn.model(), drawn.executor);
        member.map(|member| group.executors.at(member))
    } else {
        group.draw(drawn.executor)
    }
}
