//! The strategies of a lane's hosts.
//!
//! Invariant: two hosts share a strategy's roles only if these hold no bytes, and so nothing that one host's
//! answers could leave for another's.

use std::mem::size_of_val;

use crate::strategy::Roles;

/// Roles by host.
#[derive(Default)]
pub(crate) struct RolePool {
    roles: Vec<Roles>,
    /// Where each host's are.
    of_host: Vec<u32>,
    /// Where those of a strategy without memory are, by strategy.
    shared: Vec<Option<u32>>,
}

impl RolePool {
    /// Adds the roles of the next host, which follows the strategy of this number.
    pub(crate) fn push(&mut self, strategy: u16, build: impl FnOnce() -> Roles) {
        let strategy = usize::from(strategy);
        if self.shared.len() <= strategy {
            self.shared.resize(strategy + 1, None);
        }
        let at = self.shared[strategy].unwrap_or_else(|| {
            let roles = build();
            let at = self.roles.len() as u32;
            self.shared[strategy] = has_no_memory(&roles).then_some(at);
            self.roles.push(roles);
            at
        });
        self.of_host.push(at);
    }

    /// Gives back the room that nobody took.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.roles.shrink_to_fit();
        self.of_host.shrink_to_fit();
    }

    /// A host's roles.
    #[inline]
    pub(crate) fn of(&mut self, host: usize) -> &mut Roles {
        &mut self.roles[self.of_host[host] as usize]
    }
}

/// None of the five has a field.
fn has_no_memory(roles: &Roles) -> bool {
    let bytes = size_of_val(&*roles.executor)
        + size_of_val(&*roles.validator)
        + size_of_val(&*roles.transfer)
        + size_of_val(&*roles.requester)
        + size_of_val(&*roles.entrant);
    bytes == 0
}
