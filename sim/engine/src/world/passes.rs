//! An answer that all of its validators pass, without a letter to any of them: nearly every check there is.
//!
//! Only the epoch fidelity checks so: there is nobody to wait for.
//!
//! **Invariant.** What comes of it is what comes of its jobs one by one. Nothing is booked before everybody has passed the
//! answer; where somebody does not, or may do something else than check, the jobs are mailed instead.

use super::inference::{Inference, NONE};
use super::jobs::{is_done, prompt_word};
use super::lane::{HostMark, Lane};
use super::mail::{AnswerKind, Task, TaskKind};
use super::verdict::share_anew;
use super::window::Window;
use crate::observe::frame::EventKind;

/// Validators of an answer that is looked at so; the jobs of more are mailed.
const MOST: usize = 8;

/// What a validator finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Pass {
    /// Time that the check takes, ns: who is done first is counted first.
    work: u64,
    validator: u32,
    similarity_ppb: u32,
}

impl Lane {
    /// Draws who checks the answer, and books it at once if all of them pass it; otherwise mails their jobs. `recalled`
    /// says who does the job of a validator that was drawn (participants).
    pub(crate) fn check_at_once(
        &mut self,
        record: &Inference,
        payment: u64,
        recalled: impl Fn(u32) -> u32,
        window: &Window<'_>,
    ) {
        let selected = self.select_validators(record, window);
        let group = &window.groups[usize::from(record.group)];
        let mut passes = [Pass::default(); MOST];
        let mut count = 0;
        let is_passed = selected.len() <= MOST && self.may_pass_at_once(record, window) && {
            let mut job = self.task_of(record, NONE, TaskKind::Validation, 0, selected.len() > 1, window);
            let prompt = prompt_word(&job, window);
            selected.iter().all(|&member| {
                job.validator = recalled(group.executors.at(member as usize));
                let pass = self.passes(prompt, &job, window);
                passes[count] = pass.unwrap_or_default();
                count += 1;
                pass.is_some()
            })
        };
        if !is_passed {
            self.mail_validations(record, payment, &selected, window);
            for job in &mut self.out_tasks.to[0] {
                job.validator = recalled(job.validator);
            }
        } else if count > 0 {
            for &member in &selected {
                let validator = u64::from(group.executors.at(member as usize));
                self.effects
                    .add(EventKind::Drawn as u64, record.number, validator, 0);
            }
            passes[..count].sort_unstable();
            self.book_passes(record, payment, &passes[..count], window);
        }
        self.scratch.selected = selected;
    }

    /// Whether validators of this answer get its payload at once and have nothing to do but replay it.
    fn may_pass_at_once(&self, record: &Inference, window: &Window<'_>) -> bool {
        let tables = window.tables;
        tables.fresh_validation.is_none()
            && !tables.log
            && window.measures.planted.is_none()
            && !self.hosts[record.host as usize].has(HostMark::Outages)
            && !tables.conducts.get(record.substitute).is_withheld
    }

    /// What a validator finds who replays the answer and passes it; `None` for anybody else.
    fn passes(&self, prompt: u64, job: &Task, window: &Window<'_>) -> Option<Pass> {
        let (host, duty) = (
            &self.hosts[job.validator as usize],
            &self.orders_of(job.validator).duty,
        );
        let is_plain =
            !host.has(HostMark::Outages) && duty.is_plain() && is_done(duty.works_below, job, window);
        if !is_plain {
            return None;
        }
        let (kind, similarity_ppb) = self.judge_knowing(prompt, job.validator, job, window);
        let rates = window.tables.rates(host.class, job.group);
        (kind == AnswerKind::Pass).then(|| Pass {
            work: (u64::from(job.prompt) + u64::from(job.answer)) * rates.prefill_ns,
            validator: job.validator,
            similarity_ppb,
        })
    }

    /// Books the checks of an answer that everybody has passed.
    fn book_passes(&mut self, record: &Inference, payment: u64, passes: &[Pass], window: &Window<'_>) {
        self.totals.checked += 1;
        self.totals.validations_drawn += passes.len() as u64;
        self.totals.passed += passes.len() as u64;
        self.tallies[record.host as usize].checked += 1;
        let parity = usize::from(window.parity);
        let mut earlier = [0; MOST];
        for (count, pass) in passes.iter().enumerate() {
            let validator = pass.validator as usize;
            self.hosts[validator].busy_ns += pass.work;
            self.totals.verification_ns += u128::from(pass.work);
            let tally = &mut self.tallies[validator];
            tally.required[parity] += 1;
            tally.done[parity] += 1;
            let (passed, similarity) = (EventKind::Passed as u64, u64::from(pass.similarity_ppb));
            self.effects
                .add(passed, record.number, u64::from(pass.validator), similarity);
            if window.tables.share_with_validators {
                let work = &mut self.states[record.host as usize].work;
                share_anew(
                    payment,
                    &earlier[..count],
                    pass.validator,
                    work,
                    &mut self.credits,
                );
                earlier[count] = pass.validator;
            }
            self.count_pass(record.host, record.number, window);
        }
    }
}
