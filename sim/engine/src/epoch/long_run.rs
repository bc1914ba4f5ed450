//! Which models have had so many requests that the law of their sums is worth working out.
//!
//! **Invariant.** It depends on expected requests alone, so it is the same for every replicate and every twin.

use std::sync::Arc;

use stakeout_kernel::streams::StreamKey;

use super::sum_law::{Lot, SumDraws, SumLaw};
use crate::world::{LengthLaws, Lengths};

/// From so many expected requests of a model on: its laws take about as long to work out as a million single draws.
const REQUESTS: f64 = 1_048_576.0;

/// The laws of sums, by model.
#[derive(Debug, Default)]
pub struct LongRun {
    models: Vec<Model>,
    /// Laws that have been worked out, by the law of one length and where it is cut.
    known: Vec<(Arc<Lengths>, u32, Option<Arc<SumLaw>>)>,
}

#[derive(Debug, Default)]
struct Model {
    /// Requests that were expected until now.
    expected: f64,
    laws: Option<SumLaws>,
}

/// The laws of sums of a model's prompts and of its answers.
#[derive(Debug)]
pub struct SumLaws {
    prompt: Arc<SumLaw>,
    answer: Arc<SumLaw>,
}

impl SumLaws {
    /// Sums the lengths of the answers of many hosts into `sums`.
    pub fn sum_all(&self, key: StreamKey, hosts: &[Lot], sums: &mut [Vec<u64>; 2], draws: &mut SumDraws) {
        let [prompts, answers] = sums;
        self.prompt.sum_all((key, 0), hosts, prompts, draws);
        self.answer.sum_all((key, 1), hosts, answers, draws);
    }
}

impl LongRun {
    /// Counts requests of a model that are expected, whose answers are cut at `most`.
    pub fn expect(&mut self, model: usize, requests: f64, laws: &LengthLaws, most: u32) {
        if self.models.len() <= model {
            self.models.resize_with(model + 1, Model::default);
        }
        let before = self.models[model].expected;
        self.models[model].expected = before + requests;
        if before < REQUESTS && before + requests >= REQUESTS {
            let prompt = self.law(&laws.prompt, u32::MAX);
            let answer = self.law(&laws.answer, most);
            self.models[model].laws = prompt
                .zip(answer)
                .map(|(prompt, answer)| SumLaws { prompt, answer });
        }
    }

    /// The laws of sums of a model, if there are any yet.
    pub fn of(&self, model: usize) -> Option<&SumLaws> {
        self.models.get(model)?.laws.as_ref()
    }

    fn law(&mut self, law: &Arc<Lengths>, most: u32) -> Option<Arc<SumLaw>> {
        let mut known = self.known.iter();
        if let Some((_, _, sums)) = known.find(|(other, cut, _)| Arc::ptr_eq(other, law) && *cut == most) {
            return sums.clone();
        }
        let sums = SumLaw::new(Arc::clone(law), most).map(Arc::new);
        self.known.push((Arc::clone(law), most, sums.clone()));
        sums
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{LongRun, REQUESTS};
    use crate::scenario::LengthLaw;
    use crate::world::{LengthLaws, Lengths};

    #[test]
    fn laws_are_worked_out_at_the_millionth_request_and_once() {
        let law = Arc::new(Lengths::new(&LengthLaw::Uniform(10, 40)));
        let both = LengthLaws {
            prompt: Arc::clone(&law),
            answer: law,
        };
        let mut long_run = LongRun::default();
        for model in [0, 2] {
            long_run.expect(model, REQUESTS - 1.0, &both, 5_000);
            assert!(long_run.of(model).is_none());
            long_run.expect(model, 1.0, &both, 5_000);
            assert!(long_run.of(model).is_some());
            // Prompts and answers are cut at different lengths, models are not.
            assert_eq!(long_run.known.len(), 2);
        }
        assert!(long_run.of(1).is_none() && long_run.of(3).is_none());
    }

    #[test]
    fn a_law_without_sums_leaves_its_model_to_single_draws() {
        let long = LengthLaw::Exponential { mean: 60_000.0 };
        let both = LengthLaws {
            prompt: Arc::new(Lengths::new(&long)),
            answer: Arc::new(Lengths::new(&LengthLaw::Constant(3))),
        };
        let mut long_run = LongRun::default();
        long_run.expect(0, 2.0 * REQUESTS, &both, 5_000);
        assert!(long_run.of(0).is_none());
    }
}
