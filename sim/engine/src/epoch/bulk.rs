//! A host whose answers are all what they should be: only those that somebody may check are looked at alone.
//!
//! Whether anybody checks an answer is a coin with the same chance for every answer of a host in a stretch, so that the
//! number of answers between two that somebody checks is geometric. The others are sums.
//!
//! **Invariant.** Which answers are checked, and what they are, does not depend on how many the host gets to give.

use stakeout_kernel::sample::{SubsetPlan, below};
use stakeout_protocol::status::Status;

use super::checks::settle_mail;
use super::gaps::Chosen;
use super::lengths::Sums;
use super::serve::{Request, Server};
use super::sum_up::{SumUp, Unsummed};
use crate::scenario::Unsampled;
use crate::world::{Draw, HostMark, Lane, PlanHead};

/// Places of the memory of chances; a power of two.
const PLACES: usize = 256;

/// Memory that hosts which are summed up share.
#[derive(Debug, Default)]
pub struct Memory {
    /// Which of the host's answers somebody may check.
    checked: Vec<u32>,
    /// The chance that nobody checks an answer, where it was worked out last: the same for hosts of one weight and reputation.
    chances: Vec<Chance>,
    /// Requests of a host that is looked at request by request.
    pub(super) requests: Vec<Request>,
    /// Answers of this round whose lengths are to be summed up.
    pub(super) sum_up: SumUp,
}

/// That nobody checks an answer of such a host.
#[derive(Clone, Copy, Debug, Default)]
struct Chance {
    /// Stamp of the weights and rates that it holds for; none is 0.
    stamp: u64,
    weight: u64,
    model: u16,
    reputation: u8,
    coin: Chosen,
    /// Who checks, where that is kept, for one of the hosts.
    plan: Option<SubsetPlan>,
}

impl Chance {
    fn is_of(&self, other: &Self) -> bool {
        (self.stamp, self.weight, self.model, self.reputation)
            == (other.stamp, other.weight, other.model, other.reputation)
    }

    fn place(&self) -> usize {
        let word = self.weight ^ u64::from(self.reputation) << 40 ^ u64::from(self.model) << 48;
        (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % PLACES
    }
}

impl Server<'_> {
    /// Every answer is the promised model's, none is lost, and none changes a status by being given.
    pub(super) fn is_plain(&self, lane: &Lane) -> bool {
        let host = self.load.participant as usize;
        let (hot, tables) = (&lane.hosts[host], self.window.tables);
        let is_up = || {
            let next = lane.outages[host].next(self.stretch.from);
            next.is_none_or(|(down, _)| down >= self.stretch.to)
        };
        let in_time = || {
            let rates = tables.rates(hot.class, self.load.model);
            let longest = u64::from(tables.longest_prompt(usize::from(self.load.model))) * rates.prefill_ns
                + u64::from(tables.max_tokens) * rates.decode_ns;
            tables.window_of(longest.saturating_add(tables.inclusion_ns)) < tables.expiration_windows
        };
        lane.orders_of(self.load.participant).is_honest()
            && self.window.draw == Draw::Independent
            && self.window.measures.unsampled == Unsampled::Ignored
            && lane.states[host].status != Status::Ramping
            && (!hot.has(HostMark::Outages) || is_up())
            && in_time()
    }

    /// Serves requests whose lengths are summed up later, and looks at those alone that somebody may check. Says when the
    /// host's expulsion reached the block, if it was expelled, ns since the run's start.
    pub(super) fn serve_in_bulk(
        &self,
        lane: &mut Lane,
        all_taken: &mut u32,
        memory: &mut Memory,
    ) -> Option<u64> {
        let load = self.load;
        let (coin, plan) = self.coin(lane, &mut memory.chances);
        let checked = &mut memory.checked;
        let first = self.number(load.first);
        coin.find(self.keys.unchecked, first, load.count, checked);
        if !checked.is_empty() {
            self.take_plan(lane, coin, plan);
        }
        let (mut taken, mut left_at) = (load.count, None);
        let step = (self.stretch.to - self.stretch.from) as f64 / f64::from(load.count);
        let time_of = |index: u32| self.stretch.from + (step * (f64::from(index) + 0.5)) as u64;
        let (mut seen, mut alone) = (0, Sums::default());
        for &index in &*checked {
            if index >= taken {
                break;
            }
            self.check(lane, index, time_of(index), coin.none_below, &mut alone);
            seen += 1;
            if left_at.is_none() {
                left_at = self.left_at(lane, time_of(index));
                let is_taken = |time: u64| left_at.is_none_or(|left_at| time < left_at);
                while taken > index + 1 && !is_taken(time_of(taken - 1)) {
                    taken -= 1;
                }
            }
        }
        memory.sum_up.add(Unsummed {
            participant: load.participant,
            model: load.model,
            price: load.price,
            first,
            taken,
            count: taken - seen,
            sums: alone,
        });
        self.count(lane, taken);
        *all_taken = taken;
        left_at
    }

    /// The coin that says whether somebody may check an answer: nobody does if there is nobody who could. And who does, as
    /// far as that is the same for all hosts of this weight and reputation.
    fn coin(&self, lane: &mut Lane, chances: &mut Vec<Chance>) -> (Chosen, Option<SubsetPlan>) {
        let load = self.load;
        if self.is_alone() {
            return (Chosen::new(u64::MAX), None);
        }
        let weight = self.window.groups[usize::from(load.model)].weights[load.member as usize];
        let mut wanted = Chance {
            stamp: self.window.plan_stamps[usize::from(load.model)],
            weight,
            model: load.model,
            reputation: lane.states[load.participant as usize].reputation.get(),
            coin: Chosen::default(),
            plan: None,
        };
        chances.resize(PLACES, Chance::default());
        let kept = &mut chances[wanted.place()];
        if !kept.is_of(&wanted) {
            wanted.coin = Chosen::new(self.make_plan(lane));
            wanted.plan = lane.plan_of(lane.pair_of(load.participant, load.model));
            *kept = wanted;
        }
        (kept.coin, kept.plan)
    }

    /// Has the host sampled as one of the same weight and reputation.
    fn take_plan(&self, lane: &mut Lane, coin: Chosen, plan: Option<SubsetPlan>) {
        let Some(plan) = plan else {
            self.make_plan(lane);
            return;
        };
        let pair = lane.pair_of(self.load.participant, self.load.model);
        let head = PlanHead {
            stamp: self.window.plan_stamps[usize::from(self.load.model)],
            none_below: coin.none_below,
        };
        lane.take_plan(pair, plan.excluding(self.load.member), head);
    }

    /// Whether nobody else has a weight by which it could be drawn.
    pub(super) fn is_alone(&self) -> bool {
        let group = &self.window.groups[usize::from(self.load.model)];
        group.total == group.weights[self.load.member as usize]
    }

    /// Works out how the host's answers are sampled, if that was not done; says below which word nobody checks one.
    pub(super) fn make_plan(&self, lane: &mut Lane) -> u64 {
        let pair = lane.pair_of(self.load.participant, self.load.model);
        if lane.plan_heads[pair].stamp != self.window.plan_stamps[usize::from(self.load.model)] {
            let record = self.record(0, self.stretch.from, [0, 0]);
            lane.plan_anew(pair, &record, self.window);
        }
        lane.plan_heads[pair].none_below
    }

    /// Draws who checks an answer, and has them do it.
    #[inline(never)]
    fn check(&self, lane: &mut Lane, index: u32, arrival: u64, none_below: u64, sums: &mut Sums) {
        let index = self.load.first + index;
        let [lengths, word] = self.keys.answer.draw2(self.number(index), 0);
        // That somebody may check is known: the word is one of those that say so.
        let check = match none_below {
            0 => word,
            _ => none_below + below(word, none_below.wrapping_neg()),
        };
        let mut record = self.record(index, arrival, [lengths, check]);
        sums.add(record.prompt, record.answer);
        let rates = self
            .window
            .tables
            .rates(lane.hosts[record.host as usize].class, record.group);
        record.completion +=
            u64::from(record.prompt) * rates.prefill_ns + u64::from(record.answer) * rates.decode_ns;
        let payment = record.price * record.tokens();
        let window = self.window_at(arrival);
        let recalled = |validator| self.recalled(record.number, validator, arrival);
        lane.check_at_once(&record, payment, recalled, &window);
        settle_mail(lane, &window);
    }

    /// When the host's expulsion reaches the block, if a check of an answer to a request of this moment has convicted
    /// it.
    fn left_at(&self, lane: &Lane, arrival: u64) -> Option<u64> {
        let is_convicted = lane.states[self.load.participant as usize].status == Status::Invalid;
        is_convicted.then_some(arrival + self.stretch.delay_ns)
    }

    /// Counts answers whose lengths are summed up later.
    fn count(&self, lane: &mut Lane, taken: u32) {
        let load = self.load;
        let state = &mut lane.states[load.participant as usize];
        state.uncounted += taken;
        let ppb = self.window.targets.ppb(state.reputation);
        lane.sums.finished[usize::from(load.model)].inferences += u64::from(taken);
        let totals = &mut lane.totals;
        totals.requests += u64::from(taken);
        totals.finished += u64::from(taken);
        totals.nominal_rate_ppb_sum += u128::from(ppb) * u128::from(taken);
    }
}
