//! What comes of an answer that somebody checks: verdicts, votes, and what they decide, at once.
//!
//! **Invariant.** Jobs and answers are the event fidelity's own; here they only wait for nobody. Those of one
//! round are taken in the order in which they would be ready, as a block takes them.

use crate::world::{Lane, TaskKind, Window};

/// Does every job that has been mailed and commits what comes of it, until nothing is on its way; then ends the votes
/// that nothing has decided.
pub fn settle_mail(lane: &mut Lane, window: &Window<'_>) {
    if lane.out_tasks.to[0].is_empty() {
        return;
    }
    loop {
        do_jobs(lane, window);
        commit_answers(lane, window);
        if lane.out_tasks.to[0].is_empty() {
            break;
        }
    }
    close_votes(lane, window);
    release_openers(lane);
}

fn do_jobs(lane: &mut Lane, window: &Window<'_>) {
    let mut jobs = std::mem::take(&mut lane.out_tasks.to[0]);
    let vote_ns = window.tables.vote_windows * window.tables.block_ns;
    for job in &jobs {
        if job.kind == TaskKind::Validation {
            lane.tallies[job.validator as usize].required[usize::from(job.epoch_parity)] += 1;
        }
        let start = up_from(lane, job.validator, job.arrival);
        if job.kind == TaskKind::Vote && start - job.arrival > vote_ns {
            continue; // The vote is over when the voter is back.
        }
        lane.start_task(job.validator, job, start, window);
    }
    jobs.clear();
    lane.out_tasks.to[0] = jobs;
}

/// The first moment from `time` on at which a host is up.
fn up_from(lane: &Lane, host: u32, time: u64) -> u64 {
    if !lane.hosts[host as usize].has_outages {
        return time;
    }
    match lane.outages[host as usize].next(time) {
        Some((down, until)) if down <= time => until,
        _ => time,
    }
}

fn commit_answers(lane: &mut Lane, window: &Window<'_>) {
    let mut answers = std::mem::take(&mut lane.out_answers.to[0]);
    answers.sort_unstable_by_key(|answer| (answer.ready, answer.number, answer.validator, answer.kind));
    for answer in &answers {
        lane.commit_answer(answer, window);
    }
    answers.clear();
    lane.out_answers.to[0] = answers;
}

/// Ends the votes that have reached no quorum although everybody has voted.
fn close_votes(lane: &mut Lane, window: &Window<'_>) {
    let end = window.index + window.tables.vote_windows;
    let open = lane.disputes.take_early(end);
    let late = Window {
        index: end,
        ..*window
    };
    for deadline in &open {
        lane.close_overdue(deadline, &late);
    }
    lane.disputes.give_back(open);
}

/// Closed cases no longer count against those who opened them.
fn release_openers(lane: &mut Lane) {
    while let Some(opener) = lane.releases.pop() {
        lane.tallies[opener as usize].open_cases -= 1;
    }
}
