//! Selection: who checks a finished answer.
//!
//! Nearly every answer is known to be checked by nobody from one byte at its host. The others are put aside and asked about
//! together, when what they need has been fetched. Invariant: nothing that selection reads changes within a block, so that
//! it does not matter when an answer of the block is asked about.

use prefetch_index::prefetch_index;
use stakeout_kernel::sample::{SubsetPlan, below, bernoulli, threshold};

use super::finish::{Finish, Served, price_of};
use super::groups::Group;
use super::inference::Inference;
use super::lane::{Lane, PlanHead};
use super::request::begin_of;
use super::routing::session_slot;
use super::window::{Draw, Window};
use crate::scenario::Assignment;

/// So many answers before its turn a host's plan is asked for; twice as many before it the host, and three times the answer.
const AHEAD: usize = 8;

impl Lane {
    /// Draws who checks the finishes at these places, and forgets the places. What is drawn for one does not depend on what
    /// the others changed: nothing that sampling reads changes within the block.
    #[inline(never)]
    pub(super) fn draw_checks(&mut self, due: &[Finish], places: &mut Vec<u32>, window: &Window<'_>) {
        let finish = |place: u32| &due[place as usize];
        for (at, &place) in places.iter().enumerate() {
            if let Some(&later) = places.get(at + 3 * AHEAD) {
                prefetch_index(due, later as usize);
            }
            if let Some(&later) = places.get(at + 2 * AHEAD) {
                prefetch_index(&self.states, finish(later).host() as usize);
            }
            if let Some(&later) = places.get(at + AHEAD) {
                let pair = self.pair_of(finish(later).host(), finish(later).group());
                prefetch_index(&self.plan_heads, pair);
                prefetch_index(&self.plans, pair);
                prefetch_index(&self.plans, pair + 1); // A plan may end in the next cache line.
                prefetch_index(&self.tallies, finish(later).host() as usize);
                prefetch_index(&self.hosts, finish(later).host() as usize);
            }
            self.draw_check(finish(place), window);
        }
        places.clear();
    }

    /// Draws who checks a finished answer, and mails their jobs.
    pub(super) fn draw_check(&mut self, record: &impl Served, window: &Window<'_>) {
        let tables = window.tables;
        let word = record.check_word(tables);
        let is_independent = window.draw == Draw::Independent;
        if is_independent && self.is_unchecked(record, word, window) {
            return;
        }
        let price = price_of(record, |substitute| tables.conducts.get(substitute).is_unpaid);
        let payment = price.min(tables.escrow(record.price(), record.prompt()));
        let record = record.record(self.first, window.groups, word);
        if is_independent {
            self.choose_validators(&record, payment, window);
        } else {
            self.draw_otherwise(&record, payment, window);
        }
    }

    /// Whether an answer's word already says that nobody checks it; notes at the host which words do.
    #[inline]
    fn is_unchecked(&mut self, record: &impl Served, word: u64, window: &Window<'_>) -> bool {
        let pair = self.pair_of(record.host(), record.group());
        let stamp = window.plan_stamps[usize::from(record.group())];
        let is_unchecked = if self.plan_heads[pair].stamp == stamp {
            bernoulli(word, self.plan_heads[pair].none_below)
        } else {
            let record = record.record(self.first, window.groups, word);
            self.plan_anew(pair, &record, window)
        };
        let head = self.plan_heads[pair];
        if head.stamp == stamp && self.has_one_model(record.host()) {
            self.states[record.host() as usize].spared_below = begin_of(head.none_below);
        }
        is_unchecked
    }

    /// Whether a host serves a single model.
    fn has_one_model(&self, host: u32) -> bool {
        let next = self.states.get(host as usize + 1);
        let end = next.map_or(self.pair_models.len(), |next| next.first_pair as usize);
        end - self.states[host as usize].first_pair as usize == 1
    }

    /// Draws who checks the answer under the rules that name validators one by one.
    #[cold]
    #[inline(never)]
    fn draw_otherwise(&mut self, record: &Inference, payment: u64, window: &Window<'_>) {
        let mut selected = std::mem::take(&mut self.scratch.selected);
        selected.clear();
        match window.draw {
            Draw::ByHash => self.select_by_hash(record, window, &mut selected),
            Draw::Designated | Draw::Slots => self.select_by_name(record, window, &mut selected),
            Draw::Nobody | Draw::Independent => {}
        }
        self.mail_validations(record, payment, &selected, window);
        self.scratch.selected = selected;
    }

    /// Chooses designated validators, or holders of the session's slots.
    fn select_by_name(&self, record: &Inference, window: &Window<'_>, selected: &mut Vec<u32>) {
        let group = &window.groups[usize::from(record.group)];
        if group.total == group.weights[record.member as usize] {
            return;
        }
        let rate = window.targets.rate(self.states[record.host as usize].reputation);
        if window.draw == Draw::Slots {
            select_slots(record, group, rate, window, selected);
        } else {
            select_designated(record, group, rate, window, selected);
        }
    }

    /// Works out how the answers of a (host, model) pair are sampled from now on, until weights or rates,
    /// and with them the host's reputation, change; then as [`is_unchecked`](Self::is_unchecked).
    #[inline(never)]
    pub(crate) fn plan_anew(&mut self, pair: usize, record: &Inference, window: &Window<'_>) -> bool {
        let group = &window.groups[usize::from(record.group)];
        let others = group.total - group.weights[record.member as usize];
        if others == 0 {
            return true; // There is nobody else who could check.
        }
        let reputation = self.states[record.host as usize].reputation;
        let plan = compute_plan(group, record.member, window.targets.rate(reputation));
        let is_newcomer = window.at_least_one && reputation.get() == 0;
        let none_below = if is_newcomer { 0 } else { plan.none_below() };
        self.plan_heads[pair] = PlanHead {
            stamp: window.plan_stamps[usize::from(record.group)],
            none_below,
        };
        if let Some(kept) = self.plans.get_mut(pair) {
            *kept = Some(plan);
        }
        bernoulli(record.check, none_below)
    }

    /// How the answers of a (host, model) pair are sampled, if that is kept.
    pub(crate) fn plan_of(&self, pair: usize) -> Option<SubsetPlan> {
        *self.plans.get(pair)?
    }

    /// Takes over how the answers of a pair are sampled from one of a host of the same model, weight and reputation.
    pub(crate) fn take_plan(&mut self, pair: usize, plan: SubsetPlan, head: PlanHead) {
        self.plan_heads[pair] = head;
        self.plans[pair] = Some(plan);
    }

    /// Chooses the validators of an answer that somebody may check, and mails their jobs.
    #[inline(never)]
    pub(crate) fn choose_validators(&mut self, record: &Inference, payment: u64, window: &Window<'_>) {
        let selected = self.select_validators(record, window);
        self.mail_validations(record, payment, &selected, window);
        self.scratch.selected = selected;
    }

    /// The validators of an answer that somebody may check, by their places in its group. Their memory is the lane's, to be
    /// given back.
    pub(super) fn select_validators(&mut self, record: &Inference, window: &Window<'_>) -> Vec<u32> {
        let mut selected = std::mem::take(&mut self.scratch.selected);
        selected.clear();
        let group = &window.groups[usize::from(record.group)];
        // Members' weights are far away, and nearly always there are others who bear some.
        if group.has_one_bearer && group.total == group.weights[record.member as usize] {
            return selected;
        }
        let reputation = self.states[record.host as usize].reputation;
        let pair = self.pair_of(record.host, record.group);
        let plan = match self.plans.get(pair) {
            Some(Some(kept)) => *kept,
            _ => compute_plan(group, record.member, window.targets.rate(reputation)),
        };
        let is_newcomer = window.at_least_one && reputation.get() == 0;
        let (key, number, member) = (window.tables.keys.sampling, record.number, record.member);
        group
            .ranking()
            .select_from(&plan, record.check, key, number, &mut selected);
        if selected.is_empty() && is_newcomer {
            selected.push(designated(group, member, key.draw(number, 1 << 40)));
        }
        selected
    }

    /// Where the plan of a (host, model) pair is kept.
    #[inline]
    pub(crate) fn pair_of(&self, host: u32, model: u16) -> usize {
        let state = &self.states[host as usize];
        let mut pair = state.first_pair as usize;
        if state.first_model != model {
            while self.pair_models[pair] != model {
                pair += 1;
            }
        }
        pair
    }
}

/// As many validators by weight as the rate says, its fraction by chance; nobody twice.
fn select_designated(
    record: &Inference,
    group: &Group,
    rate: f64,
    window: &Window<'_>,
    selected: &mut Vec<u32>,
) {
    let key = window.tables.keys.sampling;
    let whole = rate as u64;
    let extra = bernoulli(key.draw(record.number, 0), threshold(rate - whole as f64));
    for turn in 0..whole + u64::from(extra) {
        let validator = designated(group, record.member, key.draw(record.number, 1 << 40 | turn));
        if !selected.contains(&validator) {
            selected.push(validator);
        }
    }
    selected.sort_unstable();
}

/// Each slot of the client's session that is not the executor's, with the chance that makes their sum the rate.
fn select_slots(record: &Inference, group: &Group, rate: f64, window: &Window<'_>, selected: &mut Vec<u32>) {
    let Assignment::RoundRobin { slots } = window.measures.assignment else {
        return select_designated(record, group, rate, window, selected);
    };
    let holders: Vec<u32> = session_members(record, group, slots, window);
    let others = holders.iter().filter(|&&member| member != record.member).count();
    if others == 0 {
        return;
    }
    let mut members = holders.clone();
    members.sort_unstable();
    members.dedup();
    for member in members.into_iter().filter(|&member| member != record.member) {
        let held = holders.iter().filter(|&&holder| holder == member).count();
        let chance = threshold(rate * held as f64 / others as f64);
        if bernoulli(
            window
                .tables
                .keys
                .sampling
                .draw(record.number, 1 << 41 | u64::from(member)),
            chance,
        ) {
            selected.push(member);
        }
    }
}

/// The members that hold the slots of the session that an answer belongs to, slot by slot.
pub(super) fn session_members(
    record: &Inference,
    group: &Group,
    slots: u32,
    window: &Window<'_>,
) -> Vec<u32> {
    // Once everybody is expelled nobody holds a slot.
    let slots = if group.total == 0 { 0 } else { slots };
    (0..slots)
        .map(|slot| {
            session_slot(
                window.tables,
                group,
                record.client,
                window.epoch,
                record.group,
                slot,
            ) as u32
        })
        .collect()
}

/// The one validator that a newcomer's answer gets when nobody was drawn: by weight, not the executor.
pub(super) fn designated(group: &Group, executor: u32, draw: u64) -> u32 {
    let own = group.weights[executor as usize];
    let mut target = below(draw, group.total - own);
    let before = group.pick.weight_before(executor as usize);
    if target >= before {
        target += own;
    }
    group.pick.locate(target) as u32
}

/// How the answers of a member are sampled at a rate: it is spread over all others by weight, of whom there
/// must be some.
fn compute_plan(group: &Group, member: u32, rate: f64) -> SubsetPlan {
    let others = group.total - group.weights[member as usize];
    group.ranking().plan(rate / others as f64, Some(member))
}
