//! Which event each event follows from.
//!
//! Invariant: a cause is an earlier event of the same log. What is remembered is bounded by the inferences in
//! flight and the participants; an inference that nobody was drawn to check is forgotten with its finish, a
//! checked one sixteen epochs later, when no message can change it any more.

use super::checked_answers::{Checked, CheckedAnswers};
use super::encoding::{LogEntry, NO_CAUSE};
use super::open_inferences::OpenInferences;
use crate::observe::event::{Event, EventKind, NO_INFERENCE};

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
    /// Last event of each inference in flight.
    open: OpenInferences,
    /// The inference that finished last, and that event: who is drawn to check it follows at once.
    finished: Option<(u64, u64)>,
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
    pub fn name(&mut self, entries: &mut [LogEntry], first: u64) {
        self.open
            .look_ahead(entries.iter().map(|entry| entry.event.inference));
        for (entry, number) in entries.iter_mut().zip(first..) {
            entry.cause = self.next(&entry.event, number);
        }
    }

    /// The cause of the log's next event, whose number is `number`.
    #[inline]
    pub fn next(&mut self, event: &Event, number: u64) -> u64 {
        if event.height != self.height {
            self.height = event.height;
            self.open.close_gaps();
        }
        let inference = event.inference;
        match event.kind {
            _ if inference == NO_INFERENCE => self.of_participant(event, number),
            EventKind::Started => {
                self.open.set(inference, number);
                NO_CAUSE
            }
            EventKind::Served => {
                let cause = self.open.take(inference, number);
                self.open.set(inference, number);
                cause
            }
            EventKind::Finished | EventKind::Expired => {
                self.finished = Some((inference, number));
                self.outcome = number;
                self.open.take(inference, number)
            }
            _ => self.of_checking(event, number),
        }
    }

    #[inline(never)]
    fn of_checking(&mut self, event: &Event, number: u64) -> u64 {
        let inference = event.inference;
        match event.kind {
            EventKind::Refused => NO_CAUSE,
            EventKind::Drawn => {
                let finished = match self.finished {
                    Some((of, number)) if of == inference => number,
                    _ => NO_CAUSE,
                };
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

    #[inline(never)]
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
