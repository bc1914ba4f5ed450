//! Which event each event follows from.
//!
//! Invariant: a cause is an earlier event of the same log. What is remembered is bounded by the inferences in
//! flight and the participants; an inference that nobody was drawn to check is forgotten with its finish, a
//! checked one sixteen epochs later, when no message can change it any more.

use super::checked_answers::{Checked, CheckedAnswers};
use super::log_entry::NO_CAUSE;
use super::log_step::{LogStep, STEP};
use super::open_inferences::OpenInferences;
use crate::observe::event::{Event, EventKind, NO_INFERENCE};

/// So many events ahead is asked for what is remembered of an inference, and twice as many ahead where that is.
const AHEAD: usize = 8;

/// What is remembered of a participant.
#[derive(Clone, Copy, Debug)]
struct Standing {
    test: u64,
    status: u64,
    settled: u64,
    claim: u64,
}

const FRESH: Standing = Standing {
    test: NO_CAUSE,
    status: NO_CAUSE,
    settled: NO_CAUSE,
    claim: NO_CAUSE,
};

/// Names causes, event after event.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    height: u64,
    /// Last event of each inference in flight, and the finishes of the block.
    open: OpenInferences,
    checked: CheckedAnswers,
    standings: Vec<Standing>,
    outcome: u64,
    epoch: u64,
    issued: u64,
    slashed: u64,
}

impl Causes {
    /// No event yet.
    pub fn new() -> Self {
        Self {
            outcome: NO_CAUSE,
            epoch: NO_CAUSE,
            issued: NO_CAUSE,
            slashed: NO_CAUSE,
            ..Self::default()
        }
    }

    /// Names the causes of the log's next events, of which the first has the number `first`.
    pub(super) fn name(&mut self, step: &mut LogStep, first: u64) {
        let rows = step.len();
        let mut row = 0;
        while row < rows {
            self.pass_to(step.height[row]);
            // Requests and answers come many in a row: of these nothing else is looked at.
            let run = row..row + count_alike(step, row);
            let (number, inferences) = (first + row as u64, &step.inference[run.clone()]);
            match step.kind[row] {
                EventKind::Started if !inferences.contains(&NO_INFERENCE) => {
                    self.open.open_all(inferences, number);
                    step.cause[run.clone()].fill(NO_CAUSE);
                }
                EventKind::Finished if !inferences.contains(&NO_INFERENCE) => {
                    self.open
                        .finish_all(inferences, number, &mut step.cause[run.clone()]);
                }
                _ => {
                    for row in run.clone() {
                        let [soon, later] =
                            [AHEAD, 2 * AHEAD].map(|ahead| step.inference[(row + ahead) % STEP]);
                        self.open.look_ahead(soon);
                        self.checked.look_ahead(soon);
                        self.checked.look_for(later);
                        step.cause[row] = self.cause_of(&step.event(row), first + row as u64);
                    }
                }
            }
            row = run.end;
        }
    }

    /// The cause of the log's next event, whose number is `number`.
    pub fn next(&mut self, event: &Event, number: u64) -> u64 {
        self.pass_to(event.height);
        self.cause_of(event, number)
    }

    #[inline]
    fn pass_to(&mut self, height: u64) {
        if height != self.height {
            self.height = height;
            self.open.close_gaps();
        }
    }

    #[inline(never)]
    fn cause_of(&mut self, event: &Event, number: u64) -> u64 {
        let inference = event.inference;
        match event.kind {
            _ if inference == NO_INFERENCE => self.of_participant(event, number),
            EventKind::Started => {
                self.open.open(inference, number);
                NO_CAUSE
            }
            EventKind::Served => {
                let cause = self.open.close(inference, number);
                self.open.open(inference, number);
                cause
            }
            EventKind::Finished => self.open.finish(inference, number),
            EventKind::Expired => {
                self.outcome = number;
                self.open.close(inference, number)
            }
            _ => self.of_checking(event, number),
        }
    }

    fn of_checking(&mut self, event: &Event, number: u64) -> u64 {
        let inference = event.inference;
        match event.kind {
            EventKind::Refused => NO_CAUSE,
            EventKind::Drawn => {
                let finished = self.open.finish_of(inference, number);
                let checked = self.checked.get_or_insert(inference, || Checked::new(finished));
                checked.drawn.push((event.other, number));
                checked.finished
            }
            EventKind::TestMoved => {
                self.standing(event.participant).test = number;
                self.outcome
            }
            _ => self.of_checked(event, number),
        }
    }

    fn of_checked(&mut self, event: &Event, number: u64) -> u64 {
        let Some(checked) = self.checked.get_mut(event.inference) else {
            return NO_CAUSE;
        };
        match event.kind {
            EventKind::Passed | EventKind::Disputed | EventKind::DisputeCapped => {
                let cause = checked.draw_of(event.other);
                checked.verdict = number;
                if event.kind == EventKind::Disputed {
                    (checked.disputed, checked.vote) = (number, number);
                }
                self.outcome = number;
                cause
            }
            EventKind::Voted => {
                checked.vote = number;
                checked.disputed
            }
            EventKind::Shared => checked.verdict,
            EventKind::Fined => checked.draw_of(event.participant),
            EventKind::Bounty => self.outcome,
            _ => {
                self.outcome = number;
                checked.vote
            }
        }
    }

    fn standing(&mut self, participant: u32) -> &mut Standing {
        let place = participant as usize;
        if place >= self.standings.len() {
            self.standings.resize(place + 1, FRESH);
        }
        &mut self.standings[place]
    }

    fn of_participant(&mut self, event: &Event, number: u64) -> u64 {
        let (issued, slashed) = (self.issued, self.slashed);
        match event.kind {
            EventKind::EpochBegan => {
                self.epoch = number;
                self.checked.age();
                NO_CAUSE
            }
            EventKind::Issued => {
                self.issued = number;
                self.epoch
            }
            EventKind::Governance | EventKind::Burned | EventKind::WeightSet | EventKind::ReputationSet => {
                issued
            }
            EventKind::SlashMoved => slashed,
            EventKind::StatusChanged => {
                let standing = self.standing(event.participant);
                // Who comes back does so because of what put it out.
                let cause = if event.second == 0 {
                    standing.status
                } else {
                    standing.test
                };
                standing.status = number;
                cause
            }
            EventKind::Slashed => {
                self.slashed = number;
                self.standing(event.participant).status
            }
            EventKind::Confirmed => {
                self.standing(event.participant).test = number;
                NO_CAUSE
            }
            EventKind::WorkSettled | EventKind::Rewarded => {
                self.standing(event.participant).settled = number;
                issued
            }
            EventKind::WorkLost | EventKind::WrittenOff | EventKind::Forfeited => issued,
            EventKind::Claimed | EventKind::ClaimRejected => {
                let standing = self.standing(event.participant);
                standing.claim = number;
                if standing.settled == NO_CAUSE {
                    issued
                } else {
                    standing.settled
                }
            }
            EventKind::ClaimLost | EventKind::Released => self.standing(event.participant).claim,
            _ => NO_CAUSE,
        }
    }
}

/// How many events from `row` on are of one kind and one block.
fn count_alike(step: &LogStep, row: usize) -> usize {
    let rows = step.kind[row..step.len()].iter().zip(&step.height[row..]);
    let is_alike =
        |(kind, height): &(&EventKind, &u64)| (**kind, **height) == (step.kind[row], step.height[row]);
    rows.take_while(is_alike).count()
}
