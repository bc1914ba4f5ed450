//! A vote that everybody else of a group casts at once: most of the work of a network with cheaters.
//!
//! **Invariant.** What comes of a vote is what comes of its jobs one by one. Voters are asked in the order in which a
//! block counts them, and once the vote is decided nobody's finding is drawn any more, since nobody would count it.

use crate::world::{Answer, Lane, State, Task, TaskKind, Window, is_done, prompt_word};

/// Holds one vote if these jobs are one, of voters who are there, who find for themselves or keep silent, and whom
/// the block counts in this order; says whether it was.
pub fn hold(lane: &mut Lane, jobs: &[Task], window: &Window<'_>) -> bool {
    let Some(first) = jobs.first() else {
        return false;
    };
    let Some(end) = plain_vote_end(lane, first, jobs, window) else {
        return false;
    };
    let tables = window.tables;
    let tokens = u64::from(first.prompt) + u64::from(first.answer);
    let does = |lane: &Lane, job: &Task| {
        let duty = &lane.duties[job.validator as usize];
        is_done(duty.works_below, job, window)
    };
    for job in jobs {
        if !does(lane, job) {
            continue;
        }
        let hot = &mut lane.hosts[job.validator as usize];
        let work = tokens * tables.rates(hot.class, first.group).prefill_ns;
        hot.busy_ns += work;
        lane.totals.verification_ns += u128::from(work);
    }
    let prompt = prompt_word(first, window);
    for job in jobs {
        if !does(lane, job) {
            continue; // Nobody waits for a single vote.
        }
        let (kind, similarity_ppb) = lane.judge_knowing(prompt, job.validator, job, window);
        let answer = Answer::of(job, end, similarity_ppb, kind, tables);
        lane.commit_answer(&answer, window);
        let record = &lane.kept[job.inference];
        if record.number != job.number || record.state != State::Disputed {
            break;
        }
    }
    true
}

/// When the voters are done, the same for all: `None` where a voter may be away or lie, or is slower than others.
fn plain_vote_end(lane: &Lane, first: &Task, jobs: &[Task], window: &Window<'_>) -> Option<u64> {
    let tables = window.tables;
    if tables.fresh_validation.is_some() || first.unavailable {
        return None;
    }
    let rate = |job: &Task| {
        tables
            .rates(lane.hosts[job.validator as usize].class, first.group)
            .prefill_ns
    };
    let prefill_ns = rate(first);
    let mut last = None;
    let is_plain = jobs.iter().all(|job| {
        let is_next = last.replace(job.validator) < Some(job.validator);
        is_next
            && job.kind == TaskKind::Vote
            && job.number == first.number
            && job.arrival == first.arrival
            && !lane.hosts[job.validator as usize].has_outages
            && lane.duties[job.validator as usize].is_plain()
            && rate(job) == prefill_ns
    });
    let work = (u64::from(first.prompt) + u64::from(first.answer)) * prefill_ns;
    is_plain.then(|| first.arrival + work)
}
