//! A vote that a whole group casts at once, without a letter to anybody: most of the work of a network with cheaters.
//!
//! Only the epoch fidelity holds votes so: there is nobody to wait for.
//!
//! **Invariant.** What comes of a vote is what comes of its jobs one by one. Voters are asked in the order in which a
//! block counts them, and once the vote is decided nobody's finding is drawn any more, since nobody would count it.

use smallvec::SmallVec;
use stakeout_protocol::dispute::VoteTally;
use stakeout_protocol::units::Weight;

use super::groups::Member;
use super::inference::State;
use super::jobs::{NEVER, is_done, prompt_word};
use super::lane::{HostMark, Lane};
use super::mail::Task;
use super::verdict::OpenTally;
use super::window::Window;
use crate::observe::frame::EventKind;

/// The vote that is due, and what is known of the groups that vote.
#[derive(Debug, Default)]
pub(crate) struct HeldVotes {
    /// Votes are held at once.
    pub is_on: bool,
    due: Option<HeldVote>,
    /// By model, the stamp of the group that was looked at, and what [`Lane::voters`] found.
    known: Vec<(u64, Option<Voters>)>,
    /// By model, time that every voter of the group owes to votes since it was last [settled](Lane::settle_votes), ns.
    owed: Vec<u64>,
    /// Voters who did not have to look at an answer, and the time that they owe too much for it.
    excused: Vec<(u32, u64)>,
}

/// What is known of a group whose votes can be held at once.
#[derive(Clone, Copy, Debug)]
struct Voters {
    /// Time that a model token takes each, ns.
    prefill_ns: u64,
    /// How many there are, if nobody ever leaves a job undone.
    diligent: Option<u64>,
}

/// A vote to be held.
#[derive(Clone, Copy, Debug)]
struct HeldVote {
    task: Task,
    /// Who has made up their minds: the validator who opened the case, and the executor.
    opener: u32,
    /// Who may not vote, or nobody.
    barred: u32,
    voters: Voters,
}

impl HeldVotes {
    /// Whether a vote has been called and not been held.
    pub(crate) fn is_due(&self) -> bool {
        self.due.is_some()
    }
}

impl HeldVote {
    /// Whether a member has to look at the answer.
    fn asks(&self, member: &Member) -> bool {
        let participant = member.participant;
        member.weight > 0
            && participant != self.opener
            && participant != self.task.executor
            && participant != self.barred
    }
}

impl Lane {
    /// Notes the vote of a whole group about an answer, to be [held](Self::hold_vote) at once, if it can be: every
    /// voter is there, finds for itself or keeps silent, and takes the same time, so that a block would count them in their
    /// order. Says what those have voted who have made up their minds.
    pub(super) fn note_vote(
        &mut self,
        task: &Task,
        (opener, barred): (u32, u32),
        window: &Window<'_>,
    ) -> Option<OpenTally> {
        let is_there = !self.hosts[(task.executor - self.first) as usize].has(HostMark::Outages)
            && !window.tables.conducts.get(task.substitute).is_withheld;
        if !self.votes.is_on || !is_there || window.tables.log {
            return None;
        }
        let voters = self.voters(task.group, window)?;
        self.votes.due = Some(HeldVote {
            task: *task,
            opener,
            barred,
            voters,
        });
        let group = &window.groups[usize::from(task.group)];
        let weight = |participant: u32| {
            let at = group.position(participant).filter(|_| participant != barred);
            at.map_or(0, |at| group.weights[at])
        };
        let out = group.position(barred).map_or(0, |at| group.weights[at]);
        Some(OpenTally {
            entitled: group.total - out,
            for_invalid: weight(opener),
            for_valid: if opener == task.executor {
                0
            } else {
                weight(task.executor)
            },
        })
    }

    /// The voters of a group, who all take the same time; `None` where somebody may be away or lie, or is slower than others.
    fn voters(&mut self, model: u16, window: &Window<'_>) -> Option<Voters> {
        let (at, stamp) = (usize::from(model), window.plan_stamps[usize::from(model)]);
        if self.votes.known.len() <= at {
            self.votes.known.resize(at + 1, (0, None));
        }
        if self.votes.known[at].0 != stamp {
            self.votes.known[at] = (stamp, self.find_voters(model, window));
        }
        self.votes.known[at].1
    }

    fn find_voters(&self, model: u16, window: &Window<'_>) -> Option<Voters> {
        if window.tables.fresh_validation.is_some() {
            return None;
        }
        let mut common = None;
        let (mut voters, mut is_diligent) = (0, true);
        for member in window.groups[usize::from(model)].members() {
            if member.weight == 0 {
                continue;
            }
            let host = &self.hosts[member.participant as usize];
            let rate = window.tables.rates(host.class, model).prefill_ns;
            let is_plain = !host.has(HostMark::Outages) && self.orders_of(member.participant).duty.is_plain();
            if !is_plain || *common.get_or_insert(rate) != rate {
                return None;
            }
            voters += 1;
            is_diligent &= self.orders_of(member.participant).duty.works_below == NEVER;
        }
        Some(Voters {
            prefill_ns: common?,
            diligent: is_diligent.then_some(voters),
        })
    }

    /// Holds the vote that has been noted, if there is one.
    pub(crate) fn hold_vote(&mut self, window: &Window<'_>) {
        let Some(vote) = self.votes.due.take() else {
            return;
        };
        let job = vote.task;
        let work = (u64::from(job.prompt) + u64::from(job.answer)) * vote.voters.prefill_ns;
        let busy = match vote.voters.diligent {
            Some(voters) => voters - self.owe_vote(&vote, work, window),
            None => self.work_on_vote(&vote, work, window),
        };
        self.totals.verification_ns += u128::from(work) * u128::from(busy);
        let record = &self.kept[job.inference];
        if record.number == job.number && record.state == State::Disputed {
            self.count_votes(&vote, window);
        }
    }

    /// Has every voter who does the job work on it; says how many do.
    fn work_on_vote(&mut self, vote: &HeldVote, work: u64, window: &Window<'_>) -> u64 {
        let mut job = vote.task;
        let group = &window.groups[usize::from(job.group)];
        let mut busy = 0;
        for member in group.members().filter(|member| vote.asks(member)) {
            job.validator = member.participant;
            if is_done(self.orders_of(job.validator).duty.works_below, &job, window) {
                self.hosts[job.validator as usize].busy_ns += work;
                busy += 1;
            }
        }
        busy
    }

    /// Has every voter of the group owe the work; says how many are not asked, and are excused.
    fn owe_vote(&mut self, vote: &HeldVote, work: u64, window: &Window<'_>) -> u64 {
        let model = usize::from(vote.task.group);
        if self.votes.owed.len() <= model {
            self.votes.owed.resize(model + 1, 0);
        }
        self.votes.owed[model] += work;
        let group = &window.groups[model];
        let others = [vote.opener, vote.task.executor, vote.barred];
        let mut count = 0;
        for (at, &participant) in others.iter().enumerate() {
            let is_voter = group
                .position(participant)
                .is_some_and(|place| group.weights[place] > 0);
            if is_voter && !others[..at].contains(&participant) {
                self.votes.excused.push((participant, work));
                count += 1;
            }
        }
        count
    }

    /// Adds to everybody's busy time what it owes to votes. To be done before a group changes.
    pub(crate) fn settle_votes(&mut self, window: &Window<'_>) {
        let owed = self.votes.owed.iter_mut().map(std::mem::take);
        for (group, work) in window.groups.iter().zip(owed) {
            if work == 0 {
                continue;
            }
            for member in group.members().filter(|member| member.weight > 0) {
                self.hosts[member.participant as usize].busy_ns += work;
            }
        }
        for (participant, work) in self.votes.excused.drain(..) {
            self.hosts[participant as usize].busy_ns -= work;
        }
    }

    /// Asks one voter after the other until the vote is decided.
    fn count_votes(&mut self, vote: &HeldVote, window: &Window<'_>) {
        let mut job = vote.task;
        let group = &window.groups[usize::from(job.group)];
        let (prompt, key) = (prompt_word(&job, window), window.tables.keys.score);
        let checks = &self.checks[self.links[job.inference as usize]];
        let mut tally = VoteTally {
            for_invalid: Weight::new(checks.for_invalid),
            for_valid: Weight::new(checks.for_valid),
            total: Weight::new(checks.entitled),
        };
        let needed = tally.weight_needed(window.dispute.quorum);
        let mut bars: SmallVec<[(u8, Option<u64>); 4]> = SmallVec::new();
        let mut outcome = None;
        for member in group.members().filter(|member| vote.asks(member)) {
            job.validator = member.participant;
            if !is_done(self.orders_of(job.validator).duty.works_below, &job, window) {
                continue; // Nobody waits for a single vote.
            }
            // Hosts of one kernel judge alike but for their own words, so each needs no more than a look at its word.
            let kernel = window.tables.kernels[usize::from(self.hosts[job.validator as usize].class)];
            let bar = match bars.iter().find(|(known, _)| *known == kernel) {
                Some((_, bar)) => *bar,
                None => {
                    let bar = self.passing_word(prompt, job.validator, &job, window);
                    bars.push((kernel, bar));
                    bar
                }
            };
            let own = key.draw(job.number, u64::from(job.validator));
            let is_invalid = bar.is_none_or(|bar| own < bar);
            let (voted, voter) = (EventKind::Voted as u64, u64::from(job.validator));
            self.effects.add(voted, job.number, voter, u64::from(is_invalid));
            tally.record_vote(Weight::new(member.weight), !is_invalid);
            outcome = tally.outcome_at(needed);
            if outcome.is_some() {
                break;
            }
        }
        let checks = &mut self.checks[self.links[job.inference as usize]];
        (checks.for_invalid, checks.for_valid) = (tally.for_invalid.get(), tally.for_valid.get());
        self.end_vote(job.inference, outcome, window);
    }
}
