//! A vote that a whole group casts at once, without a letter to anybody: most of the work of a network with cheaters.
//!
//! Only the epoch fidelity holds votes so: there is nobody to wait for.
//!
//! **Invariant.** What comes of a vote is what comes of its jobs one by one. Voters are asked in the order in which a
//! block counts them, and once the vote is decided nobody's finding is drawn any more, since nobody would count it.

use stakeout_protocol::dispute::VoteTally;
use stakeout_protocol::units::Weight;

use super::groups::Member;
use super::inference::State;
use super::jobs::{is_done, prompt_word};
use super::lane::Lane;
use super::mail::{AnswerKind, Task};
use super::verdict::OpenTally;
use super::window::Window;
use crate::observe::frame::EventKind;

/// The vote that is due, and what is known of the groups that vote.
#[derive(Debug, Default)]
pub(crate) struct HeldVotes {
    /// Votes are held at once.
    pub is_on: bool,
    due: Option<HeldVote>,
    /// By model, the stamp of the group that was looked at, and what [`Lane::common_rate`] found.
    known: Vec<(u64, Option<u64>)>,
}

/// A vote to be held.
#[derive(Clone, Copy, Debug)]
struct HeldVote {
    task: Task,
    /// Who has made up their minds: the validator who opened the case, and the executor.
    opener: u32,
    /// Who may not vote, or nobody.
    barred: u32,
    /// Time that a model token takes a voter, ns.
    prefill_ns: u64,
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
        let is_there = !self.hosts[(task.executor - self.first) as usize].has_outages
            && !window.tables.conducts.get(task.substitute).is_withheld;
        if !self.votes.is_on || !is_there || window.tables.log {
            return None;
        }
        let prefill_ns = self.common_rate(task.group, window)?;
        self.votes.due = Some(HeldVote {
            task: *task,
            opener,
            barred,
            prefill_ns,
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

    /// Time that a model token takes every member of a group, ns; `None` where somebody may be away or lie, or is slower
    /// than others.
    fn common_rate(&mut self, model: u16, window: &Window<'_>) -> Option<u64> {
        let (at, stamp) = (usize::from(model), window.plan_stamps[usize::from(model)]);
        if self.votes.known.len() <= at {
            self.votes.known.resize(at + 1, (0, None));
        }
        if self.votes.known[at].0 != stamp {
            self.votes.known[at] = (stamp, self.find_common_rate(model, window));
        }
        self.votes.known[at].1
    }

    fn find_common_rate(&self, model: u16, window: &Window<'_>) -> Option<u64> {
        if window.tables.fresh_validation.is_some() {
            return None;
        }
        let mut common = None;
        for member in window.groups[usize::from(model)].members() {
            if member.weight == 0 {
                continue;
            }
            let host = &self.hosts[member.participant as usize];
            let rate = window.tables.rates(host.class, model).prefill_ns;
            let is_plain = !host.has_outages && self.orders_of(member.participant).duty.is_plain();
            if !is_plain || *common.get_or_insert(rate) != rate {
                return None;
            }
        }
        common
    }

    /// Holds the vote that has been noted, if there is one.
    pub(crate) fn hold_vote(&mut self, window: &Window<'_>) {
        let Some(vote) = self.votes.due.take() else {
            return;
        };
        let mut job = vote.task;
        let group = &window.groups[usize::from(job.group)];
        let work = (u64::from(job.prompt) + u64::from(job.answer)) * vote.prefill_ns;
        let mut busy = 0;
        for member in group.members().filter(|member| vote.asks(member)) {
            job.validator = member.participant;
            if is_done(self.orders_of(job.validator).duty.works_below, &job, window) {
                self.hosts[job.validator as usize].busy_ns += work;
                busy += 1;
            }
        }
        self.totals.verification_ns += u128::from(work) * busy;
        let record = &self.kept[job.inference];
        if record.number == job.number && record.state == State::Disputed {
            self.count_votes(&vote, window);
        }
    }

    /// Asks one voter after the other until the vote is decided.
    fn count_votes(&mut self, vote: &HeldVote, window: &Window<'_>) {
        let mut job = vote.task;
        let group = &window.groups[usize::from(job.group)];
        let prompt = prompt_word(&job, window);
        let checks = &self.checks[self.links[job.inference as usize]];
        let mut tally = VoteTally {
            for_invalid: Weight::new(checks.for_invalid),
            for_valid: Weight::new(checks.for_valid),
            total: Weight::new(checks.entitled),
        };
        let mut outcome = None;
        for member in group.members().filter(|member| vote.asks(member)) {
            job.validator = member.participant;
            if !is_done(self.orders_of(job.validator).duty.works_below, &job, window) {
                continue; // Nobody waits for a single vote.
            }
            let (kind, _) = self.judge_knowing(prompt, job.validator, &job, window);
            let is_invalid = kind == AnswerKind::VoteInvalid;
            let (voted, voter) = (EventKind::Voted as u64, u64::from(job.validator));
            self.effects.add(voted, job.number, voter, u64::from(is_invalid));
            tally.record_vote(Weight::new(member.weight), !is_invalid);
            outcome = tally.outcome(window.dispute.quorum);
            if outcome.is_some() {
                break;
            }
        }
        let checks = &mut self.checks[self.links[job.inference as usize]];
        (checks.for_invalid, checks.for_valid) = (tally.for_invalid.get(), tally.for_valid.get());
        self.end_vote(job.inference, outcome, window);
    }
}
