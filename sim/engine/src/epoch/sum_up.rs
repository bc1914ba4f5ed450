//! Lengths of answers that nobody looks at alone, summed up for all hosts of a round together: one after the other, what
//! they are drawn with stays in the nearest caches.
//!
//! **Invariant.** Nobody asks what a host's answers cost before its round is over.

use super::lengths::{Sums, Words};
use super::long_run::LongRun;
use super::serve::Keys;
use super::sum_law::{Lot, SumDraws};
use crate::observe::frame::EventKind;
use crate::world::{Lane, Window};

/// Answers of a host whose lengths are to be summed up.
#[derive(Clone, Copy, Debug)]
pub struct Unsummed {
    /// Participant.
    pub participant: u32,
    /// Model.
    pub model: u16,
    /// Price of a model token, base units.
    pub price: u64,
    /// Number of the first answer.
    pub first: u64,
    /// Answers in all.
    pub taken: u32,
    /// Of them, those whose lengths are yet to be drawn.
    pub count: u32,
    /// Lengths of the others, which were looked at alone.
    pub sums: Sums,
}

/// What is to be summed up at the end of a round, and memory to do it in.
#[derive(Debug, Default)]
pub struct SumUp {
    /// By model.
    unsummed: Vec<Vec<Unsummed>>,
    /// Laws of the sums of lengths.
    pub long_run: LongRun,
    lots: Vec<Lot>,
    sums: [Vec<u64>; 2],
    draws: SumDraws,
}

impl SumUp {
    /// Adds a host's answers.
    pub fn add(&mut self, answers: Unsummed) {
        let model = usize::from(answers.model);
        if self.unsummed.len() <= model {
            self.unsummed.resize_with(model + 1, Vec::new);
        }
        self.unsummed[model].push(answers);
    }

    /// Sums up the answers of a round and books them; says what they cost, base units.
    pub(super) fn book(&mut self, lane: &mut Lane, window: &Window<'_>, keys: &Keys) -> i128 {
        let mut booked = 0;
        for (model, unsummed) in self.unsummed.iter_mut().enumerate() {
            self.lots.clear();
            self.lots.extend(unsummed.iter().map(Unsummed::lot));
            if let Some(laws) = self.long_run.of(model) {
                laws.sum_all(keys.sums, &self.lots, &mut self.sums, &mut self.draws);
            } else {
                let (laws, most) = (window.tables.lengths(model), window.tables.max_tokens);
                let sums = self.lots.iter().map(|lot| {
                    let words = Words {
                        key: keys.lengths,
                        first: lot.first,
                        count: lot.count,
                    };
                    let sums = words.sum(&laws.prompt, &laws.answer, most);
                    (sums.prompt, sums.answer)
                });
                let [prompts, answers] = &mut self.sums;
                (*prompts, *answers) = sums.unzip();
            }
            let sums = self.sums[0].iter().zip(&self.sums[1]);
            for (mut answers, (prompt, answer)) in unsummed.drain(..).zip(sums) {
                answers.sums.prompt += prompt;
                answers.sums.answer += answer;
                booked += answers.book(lane, window);
            }
        }
        booked
    }
}

impl Unsummed {
    const fn lot(&self) -> Lot {
        Lot {
            first: self.first,
            count: self.count,
        }
    }

    fn book(&self, lane: &mut Lane, window: &Window<'_>) -> i128 {
        let (host, sums) = (self.participant as usize, self.sums);
        let rates = window.tables.rates(lane.hosts[host].class, self.model);
        let work = sums.prompt * rates.prefill_ns + sums.answer * rates.decode_ns;
        let payment = i128::from(self.price) * i128::from(sums.tokens());
        lane.states[host].work += payment as i64;
        lane.hosts[host].busy_ns += work;
        lane.sums.finished[usize::from(self.model)].tokens += sums.tokens();
        lane.totals.service_ns += u128::from(work);
        lane.totals.work_coins += payment;
        lane.effects.add(
            EventKind::Finished as u64 | sums.tokens() << 8,
            self.first,
            u64::from(self.participant) << 32 | u64::from(self.taken),
            payment as u64,
        );
        payment
    }
}
