//! What comes of an answer that somebody checks: verdicts, votes, and what they decide, at once.
//!
//! **Invariant.** Jobs and answers are the event fidelity's own; here they only wait for nobody. Those of one
//! round are taken in the order in which they would be ready, as a block takes them.

use crate::world::{Answer, AnswerKind, HostMark, Lane, Task, TaskKind, Window, is_done, prompt_word};

/// Does every job that has been mailed and commits what comes of it, until nothing is on its way; then ends the votes
/// that nothing has decided.
pub fn settle_mail(lane: &mut Lane, window: &Window<'_>) {
    if lane.out_tasks.to[0].is_empty() {
        return;
    }
    loop {
        lane.hold_vote(window);
        do_jobs(lane, window);
        commit_answers(lane, window);
        if lane.out_tasks.to[0].is_empty() && !lane.votes.is_due() {
            break;
        }
    }
    close_votes(lane, window);
    release_openers(lane);
}

fn do_jobs(lane: &mut Lane, window: &Window<'_>) {
    let mut jobs = std::mem::take(&mut lane.out_tasks.to[0]);
    let vote_ns = window.tables.vote_windows * window.tables.block_ns;
    let prompt = jobs.first().map_or(0, |job| prompt_word(job, window));
    debug_assert!(
        jobs.iter().all(|job| job.number == jobs[0].number),
        "one answer a round"
    );
    for job in &jobs {
        if check_plainly(lane, job, prompt, window) {
            continue;
        }
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

/// A check by a diligent validator who is there, as nearly all are; says whether it was one. Nobody waits for a slot here,
/// so that none is occupied. `prompt` is the word of the answer's prompt: the jobs of a round are about one answer.
fn check_plainly(lane: &mut Lane, job: &Task, prompt: u64, window: &Window<'_>) -> bool {
    let (tables, validator) = (window.tables, job.validator as usize);
    let is_plain = job.kind == TaskKind::Validation
        && !job.unavailable
        && tables.fresh_validation.is_none()
        && !lane.hosts[validator].has(HostMark::Outages)
        && lane.orders_of(job.validator).duty.is_plain()
        && is_done(lane.orders_of(job.validator).duty.works_below, job, window);
    if !is_plain {
        return false;
    }
    let rates = tables.rates(lane.hosts[validator].class, job.group);
    let work = (u64::from(job.prompt) + u64::from(job.answer)) * rates.prefill_ns;
    lane.hosts[validator].busy_ns += work;
    lane.totals.verification_ns += u128::from(work);
    let parity = usize::from(job.epoch_parity);
    lane.tallies[validator].required[parity] += 1;
    lane.tallies[validator].done[parity] += 1;
    let (kind, similarity_ppb) = lane.judge_knowing(prompt, job.validator, job, window);
    let kind = match kind {
        AnswerKind::Fail => lane.open_case(job.validator, job, window),
        kind => kind,
    };
    let answer = Answer::of(job, job.arrival + work, similarity_ppb, kind, tables);
    lane.out_answers.to[0].push(answer);
    true
}

/// The first moment from `time` on at which a host is up.
fn up_from(lane: &Lane, host: u32, time: u64) -> u64 {
    if !lane.hosts[host as usize].has(HostMark::Outages) {
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
