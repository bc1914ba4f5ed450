//! Which executor a request goes to when it is not simply the first draw: transfer agents that deviate, and
//! sessions whose slots take turns.
//!
//! Invariant: a request's agent, and every further draw that an agent makes for it, depend on the request's
//! number alone.

use stakeout_kernel::sample::{below, bernoulli};

use super::demand::{Arrival, Errand};
use super::groups::Group;
use super::tables::{Tables, threshold_of};
use crate::scenario::Assignment;
use crate::strategy::{Harm, TransferPolicy};

/// One deviating agent's orders, compiled.
#[derive(Clone, Copy, Debug)]
struct Orders {
    participant: u32,
    owner: u32,
    draws: u32,
    victim: Option<(u32, Harm)>,
    acts_below: u64,
}

/// How requests find their executors.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    rule: Assignment,
    /// Deviating agents, by participant.
    agents: Vec<Orders>,
    participants: u32,
    /// Requests of each client so far, where sessions take turns.
    turns: Vec<u32>,
    epoch: u32,
    /// Owner of the purse, and draws of an executor for its own trade.
    wash: (u32, u32),
}

impl Routing {
    /// Everybody neutral.
    pub(crate) fn new(rule: Assignment, participants: u32, clients: u32) -> Self {
        let has_turns = matches!(rule, Assignment::RoundRobin { .. });
        Self {
            rule,
            agents: Vec::new(),
            participants: participants.max(1),
            turns: vec![0; if has_turns { clients as usize } else { 0 }],
            epoch: 0,
            wash: (u32::MAX, 1),
        }
    }

    /// Forgets all orders: an epoch begins.
    pub(crate) fn clear(&mut self, epoch: u32) {
        self.agents.clear();
        self.wash = (u32::MAX, 1);
        self.epoch = epoch;
    }

    /// Takes in the orders of an agent; agents come in order of participant.
    pub(crate) fn order(
        &mut self,
        participant: u32,
        owner: u32,
        policy: &TransferPolicy,
        victim: Option<u32>,
    ) {
        // Where the draw can be verified, an agent has nothing to decide.
        if self.rule != Assignment::ByAgent || *policy == TransferPolicy::neutral() {
            return;
        }
        let harm = policy.victim.as_ref().map(|(_, harm)| *harm);
        self.agents.push(Orders {
            participant,
            owner,
            draws: policy.draws.max(1),
            victim: victim.zip(harm),
            acts_below: threshold_of(policy.share),
        });
    }

    /// Takes in how the purse trades with itself.
    pub(crate) fn order_wash(&mut self, owner: u32, draws: u32) {
        if self.rule == Assignment::ByAgent {
            self.wash = (owner, draws.max(1));
        }
    }

    /// No request needs more than its first draw, unless a purse sends it.
    pub(crate) fn is_neutral(&self) -> bool {
        self.agents.is_empty() && self.turns.is_empty()
    }

    /// The first participant whose orders as a transfer agent deviate.
    pub(crate) fn first_deviant(&self) -> Option<u32> {
        self.agents.first().map(|agent| agent.participant)
    }

    /// The first draw decides.
    #[inline]
    pub(crate) fn is_plain(&self, arrival: &Arrival) -> bool {
        self.agents.is_empty() && self.turns.is_empty() && arrival.errand != Errand::Wash
    }

    /// The position of the executor in its group; may turn the request into one that is never answered.
    #[cold]
    pub(crate) fn route(&mut self, arrival: &mut Arrival, group: &Group, tables: &Tables) -> usize {
        if let Assignment::RoundRobin { slots } = self.rule {
            let client = arrival.drawn.client();
            // A purse has no turns of its own: its requests are a client's like all others.
            let turns = self.turns.len().max(1);
            let turn = &mut self.turns[client as usize % turns];
            *turn = turn.wrapping_add(1);
            return session_slot(
                tables,
                group,
                client,
                self.epoch,
                arrival.drawn.model(),
                *turn % slots.max(1),
            );
        }
        let first = group.pick.pick(arrival.drawn.executor);
        let owner_of = |member: usize| tables.owners[group.executors.at(member) as usize];
        let redraw = |number: u32| {
            let word = tables.keys.agent.draw(arrival.number, u64::from(number));
            group.pick.pick(word)
        };
        if arrival.errand == Errand::Wash {
            let (owner, draws) = self.wash;
            let mut tries = std::iter::once(first).chain((1..draws).map(redraw));
            return tries.find(|&member| owner_of(member) == owner).unwrap_or(first);
        }
        let [who, acts] = tables.keys.agent.draw2(arrival.number, 1 << 32);
        let agent = below(who, u64::from(self.participants)) as u32;
        let Ok(at) = self
            .agents
            .binary_search_by_key(&agent, |orders| orders.participant)
        else {
            return first;
        };
        let orders = self.agents[at];
        if !bernoulli(acts, orders.acts_below) {
            return first;
        }
        let mut member = first;
        if orders.draws > 1 {
            let mut tries = std::iter::once(first).chain((1..orders.draws).map(redraw));
            member = tries
                .find(|&member| owner_of(member) == orders.owner)
                .unwrap_or(first);
        }
        match orders.victim {
            Some((victim, Harm::Starve)) if owner_of(member) == victim => {
                // Thirty-two draws miss everybody but the victim only where hardly anybody else is left.
                (1..33)
                    .map(redraw)
                    .find(|&member| owner_of(member) != victim)
                    .unwrap_or(member)
            }
            Some((victim, Harm::Forge)) if owner_of(member) == victim => {
                arrival.is_missed = true;
                member
            }
            _ => member,
        }
    }
}

/// The member that holds a slot of a client's session in an epoch.
pub(crate) fn session_slot(
    tables: &Tables,
    group: &Group,
    client: u32,
    epoch: u32,
    model: u16,
    slot: u32,
) -> usize {
    let session = u64::from(client) << 32 | u64::from(epoch);
    let word = tables
        .keys
        .session
        .draw(session, u64::from(model) << 32 | u64::from(slot));
    group.pick.pick(word)
}
