//! Which event each event follows from.
//!
//! Invariant: a cause is an earlier event of the same log. What is remembered is bounded by the inferences in
//! flight and the participants; an inference that nobody was drawn to check is forgotten with its finish, a
//! checked one sixteen epochs later, when no message can change it any more.

use std::collections::BTreeMap;

use super::encoding::NO_CAUSE;
use super::open_inferences::OpenInferences;
use crate::observe::event::{Event, EventKind, NO_INFERENCE};

/// What is remembered of an answer that is being checked.
#[derive(Clone, Debug, Default)]
struct Checked {
    finished: u64,
    /// Validator and number of the event that drew it.
    drawn: Vec<(u32, u64)>,
    verdict: u64,
    disputed: u64,
    vote: u64,
    epochs_left: u8,
}

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

/// Epochs for which a finished answer's draws are remembered. A verdict comes within the next epoch, unless its
/// validator's queue is longer than that.
const EPOCHS_KEPT: u8 = 16;

/// Names causes, event after event.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    height: u64,
    /// Last event of each inference in flight.
    open: OpenInferences,
    /// The inference that finished last, and that event: who is drawn to check it follows at once.
    finished: Option<(u64, u64)>,
    checked: BTreeMap<u64, Checked>,
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

    /// The cause of the log's next event, whose number is `number`.
    pub fn next(&mut self, event: &Event, number: u64) -> u64 {
        if event.height != self.height {
            self.height = event.height;
            self.open.close_gaps();
        }
        match event.inference {
            NO_INFERENCE => self.of_participant(event, number),
            _ => self.of_inference(event, number),
        }
    }

    fn of_inference(&mut self, event: &Event, number: u64) -> u64 {
        let inference = event.inference;
        match event.kind {
            EventKind::Refused => NO_CAUSE,
            EventKind::Started => {
                self.open.set(inference, number);
                NO_CAUSE
            }
            EventKind::Served => {
                let cause = self.open.take(inference);
                self.open.set(inference, number);
                cause
            }
            EventKind::Finished | EventKind::Expired => {
                self.finished = Some((inference, number));
                self.outcome = number;
                self.open.take(inference)
            }
            EventKind::Drawn => {
                let finished = match self.finished {
                    Some((of, number)) if of == inference => number,
                    _ => NO_CAUSE,
                };
                let checked = self.checked.entry(inference).or_insert_with(|| Checked {
                    finished,
                    verdict: NO_CAUSE,
                    disputed: NO_CAUSE,
                    vote: NO_CAUSE,
                    epochs_left: EPOCHS_KEPT,
                    drawn: Vec::new(),
                });
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
        let Some(checked) = self.checked.get_mut(&event.inference) else {
            return NO_CAUSE;
        };
        match event.kind {
            EventKind::Passed | EventKind::Disputed | EventKind::DisputeCapped => {
                let drawn = checked
                    .drawn
                    .iter()
                    .find(|(validator, _)| *validator == event.other);
                let cause = drawn.map_or(checked.finished, |(_, number)| *number);
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
            EventKind::Fined => {
                let drawn = checked
                    .drawn
                    .iter()
                    .find(|(validator, _)| *validator == event.participant);
                drawn.map_or(checked.finished, |(_, number)| *number)
            }
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
                self.checked.retain(|_, checked| {
                    checked.epochs_left = checked.epochs_left.saturating_sub(1);
                    checked.epochs_left > 0
                });
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
