//! Where a request goes.
//!
//! Invariant: of one request, the executor depends on its word and the group alone, whoever looks it up.

use super::cut::Cut;
use super::demand::Drawn;
use super::groups::Group;
use super::inference::NONE;
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

/// Whom a request goes to, and what it locks.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// Base units.
    pub escrow: u64,
    /// Participant; [`NONE`] if nobody serves the model.
    pub executor: u32,
}

impl Sender<'_> {
    /// Looks up where requests go. Nothing is written meanwhile that is read, so that the processor looks up many at once.
    pub(super) fn address(&self, requests: &[Drawn], addresses: &mut Vec<Address>) {
        addresses.clear();
        addresses.extend(requests.iter().map(|drawn| {
            let group = &self.groups[usize::from(drawn.model)];
            let executor = draw_executor(drawn, group, self.preserved, self.is_paused);
            Address {
                escrow: self.tables.escrow(group.price, drawn.prompt),
                executor: executor.unwrap_or(NONE),
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
        let member = preserved.pick(drawn.model, drawn.executor);
        member.map(|member| group.executors.at(member))
    } else {
        group.draw(drawn.executor)
    }
}
