//! Claims: a settled epoch is paid to those who did their share of checking.
//!
//! Invariant: every settled payout is paid once or goes to governance, and nothing of an epoch is paid
//! after the next one has settled.

use stakeout_kernel::sample::below;
use stakeout_protocol::claims::{is_claim_accepted, is_retry_allowed};
use stakeout_protocol::units::Height;

use super::World;
use super::settle::{RefusedClaim, Settled};
use crate::observe::event::NOBODY;
use crate::observe::frame::{EventKind, ParticipantRow};

impl World<'_> {
    /// Everybody claims the settled epoch for the first time.
    pub(super) fn process_claims(&mut self, end: u64) {
        self.try_claims(end);
        let is_final = self.scenario.protocol.claims.retry_blocks.is_none();
        if is_final || self.settled.as_ref().is_some_and(Settled::is_claimed) {
            self.close_claims(end);
        }
    }

    /// Those who were refused claim again, if enough blocks have passed.
    pub(crate) fn retry_claims(&mut self, end: u64) {
        let now = Height::new(self.schedule.origin + self.window + 1);
        let Some(settled) = &self.settled else { return };
        let is_due = settled.last_attempt.is_some()
            && is_retry_allowed(&self.scenario.protocol.claims, settled.last_attempt, now);
        if is_due {
            self.try_claims(end);
            if self.settled.as_ref().is_some_and(Settled::is_claimed) {
                self.close_claims(end);
            }
        }
    }

    /// Pays those of the open claims whose validator duty was done. At first everybody claims.
    fn try_claims(&mut self, end: u64) {
        let Some(mut settled) = self.settled.take() else {
            return;
        };
        let mut refused = std::mem::take(&mut settled.refused);
        let mut rows = std::mem::take(&mut settled.participants);
        if settled.attempts == 0 {
            rows.change(|row| {
                let duty = self.claim(row, &settled, end).unwrap_or_else(|duty| {
                    refused.push(RefusedClaim {
                        participant: row.participant,
                        duty,
                        is_open: true,
                    });
                    duty
                });
                (row.validations_required, row.validations_done) = (u64::from(duty.0), u64::from(duty.1));
            });
        } else {
            let mut rows = rows.iter();
            for claim in refused.iter_mut().filter(|claim| claim.is_open) {
                let row = rows
                    .find(|row| row.participant == claim.participant)
                    .expect("refused claims and rows are in order of participant");
                let outcome = self.claim(&row, &settled, end);
                claim.is_open = outcome.is_err();
                claim.duty = outcome.unwrap_or_else(|duty| duty);
            }
        }
        (settled.refused, settled.participants) = (refused, rows);
        settled.attempts += 1;
        settled.last_attempt = Some(Height::new(self.schedule.origin + self.window + 1));
        self.settled = Some(settled);
    }

    /// Pays a claim, or refuses it; in either case says which validations were required of the claimant, and done.
    fn claim(&mut self, row: &ParticipantRow, settled: &Settled, end: u64) -> Result<(u32, u32), (u32, u32)> {
        let participant = row.participant;
        let (required, missing) = self.duty(participant, settled);
        let duty = (required, required - missing);
        if !self.is_accepted(row, (required, missing), settled) {
            return Err(duty);
        }
        let epochs = self.scenario.protocol.vesting_epochs;
        let due = row.reward + row.work_coins;
        self.books.claimable -= due;
        self.books.pay(participant as usize, due, epochs);
        self.log_if_any(EventKind::Claimed, participant, epochs, due, end);
        Ok(duty)
    }

    /// Whether this attempt of a claimant finds its duty done.
    fn is_accepted(&self, row: &ParticipantRow, (required, missing): (u32, u32), settled: &Settled) -> bool {
        if row.reward + row.work_coins == 0 || missing == 0 {
            return true;
        }
        let params = self.scenario.protocol.claims;
        let others = settled.row.finished.saturating_sub(row.inferences);
        let (looked_at, missed) = match params.sample_max {
            Some(sample) if sample < others => {
                let key = self.tables.keys.claims;
                let attempt = u64::from(row.epoch) << 32 | u64::from(settled.attempts);
                let draw = |item: u32| key.draw(u64::from(row.participant) << 32 | u64::from(item), attempt);
                sample_duty(draw, others, sample, required, missing)
            }
            _ => (required, missing),
        };
        is_claim_accepted(params.rule, u64::from(looked_at), u64::from(missed))
    }

    /// Validations asked of a participant in the settled epoch, and those that are missing.
    fn duty(&self, participant: u32, settled: &Settled) -> (u32, u32) {
        let parity = usize::from(settled.parity);
        let lane = &self.lanes[self.cut.lane(participant)];
        let tally = &lane.tallies[self.cut.place(participant)];
        if let Some(ground) = self.grind(participant, settled) {
            return (ground, ground);
        }
        let required = tally.required[parity];
        (required, required.saturating_sub(tally.done[parity]))
    }

    /// The claims of an epoch end: what was not claimed goes to governance (since v0.2.7), and the rows are
    /// final. Nothing happens while nobody could claim yet.
    pub(crate) fn close_claims(&mut self, end: u64) {
        if self
            .settled
            .as_ref()
            .is_none_or(|settled| settled.last_attempt.is_none())
        {
            return;
        }
        let mut settled = self.settled.take().expect("it was there");
        let mut refused = std::mem::take(&mut settled.refused).into_iter().peekable();
        let mut rows = std::mem::take(&mut settled.participants);
        if refused.peek().is_some() {
            rows.change(|row| {
                if let Some(claim) = refused.next_if(|claim| claim.participant == row.participant) {
                    self.close_claim(&claim, row, &mut settled, end);
                }
            });
        }
        self.row_buffer = rows.move_to(&mut self.participant_rows);
        let parity = usize::from(settled.parity);
        for tally in self.lanes.iter_mut().flat_map(|lane| &mut lane.tallies) {
            (tally.required[parity], tally.done[parity]) = (0, 0);
        }
        self.rows.push(settled.row);
    }
}

impl World<'_> {
    /// A claim that was refused at first is not made again.
    fn close_claim(
        &mut self,
        claim: &RefusedClaim,
        row: &mut ParticipantRow,
        settled: &mut Settled,
        end: u64,
    ) {
        let participant = row.participant;
        (row.validations_required, row.validations_done) = (u64::from(claim.duty.0), u64::from(claim.duty.1));
        if !claim.is_open {
            return;
        }
        let (required, missing) = self.duty(participant, settled);
        let (reward, work) = (row.reward, row.work_coins);
        self.books.claimable -= reward + work;
        self.books.governance += reward + work;
        settled.row.claims_rejected += 1;
        settled.row.rewards -= reward;
        settled.row.forfeited += reward;
        settled.row.governance += reward;
        (row.reward, row.work_coins) = (0, 0);
        row.forfeited += reward;
        self.add_effect(EventKind::ClaimRejected, participant, i128::from(missing));
        let duty = (i64::from(missing), i64::from(required));
        self.log_pair(EventKind::ClaimRejected, participant, NOBODY, duty, end);
        self.log(EventKind::ClaimLost, participant, reward + work, end);
    }
}

/// How many of a claimant's duties a sample of `sample` from `answers` answers holds, and how many of these it
/// missed: item by item, each is in the sample with the chance of what is left, so that the pair is exactly
/// hypergeometric.
fn sample_duty(
    draw: impl Fn(u32) -> u64,
    answers: u64,
    sample: u64,
    required: u32,
    missing: u32,
) -> (u32, u32) {
    let mut answers = answers.max(u64::from(required));
    let mut room = sample.min(answers);
    let (mut looked_at, mut missed) = (0, 0);
    for item in 0..required {
        if below(draw(item), answers) < room {
            room -= 1;
            looked_at += 1;
            missed += u32::from(item < missing);
        }
        answers -= 1;
    }
    (looked_at, missed)
}

#[cfg(test)]
mod tests {
    use super::sample_duty;
    use stakeout_kernel::streams::StreamKey;

    // 20,000 samples of 30 from 100 answers, 20 of them duties and 4 of these missed: means 6 and 1.2,
    // variances 20·.3·.7·80/99 = 3.39 and 4·.3·.7·96/99 = .815. Five and a half standard errors each way on
    // two means: a false alarm below 1e-7.
    #[test]
    fn a_sampled_duty_is_hypergeometric() {
        let key = StreamKey::from_raw(15);
        let count = 20_000_u64;
        let (mut looked_at, mut missed) = (0_u64, 0_u64);
        for run in 0..count {
            let (a, b) = sample_duty(|item| key.draw(u64::from(item), run), 100, 30, 20, 4);
            assert!(b <= a && a <= 20 && b <= 4);
            (looked_at, missed) = (looked_at + u64::from(a), missed + u64::from(b));
        }
        let mean = |sum: u64| sum as f64 / count as f64;
        assert!((mean(looked_at) - 6.0).abs() < 5.5 * (3.39_f64 / count as f64).sqrt());
        assert!((mean(missed) - 1.2).abs() < 5.5 * (0.815_f64 / count as f64).sqrt());
    }

    #[test]
    fn a_sample_of_everything_holds_every_duty() {
        let key = StreamKey::from_raw(16);
        assert_eq!(
            sample_duty(|item| key.draw(u64::from(item), 0), 50, 50, 20, 4),
            (20, 4)
        );
    }
}
