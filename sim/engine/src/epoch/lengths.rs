//! Sums of the lengths of answers that nobody looks at alone.
//!
//! **Invariant.** Each prompt and each answer is drawn from its law by a word of its own, as a single request's are: a
//! sum has exactly the law of a sum of such draws.

use stakeout_kernel::streams::StreamKey;

use crate::world::Lengths;

/// Blocks of words that are computed side by side, two requests each.
const BATCH: usize = 4;

/// Sums over requests, in model tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of prompts.
    pub prompt: u64,
    /// Of answers.
    pub answer: u64,
}

impl Sums {
    /// Adds one request.
    #[inline(always)]
    pub fn add(&mut self, prompt: u32, answer: u32) {
        self.prompt += u64::from(prompt);
        self.answer += u64::from(answer);
    }

    /// Prompts and answers together.
    pub fn tokens(&self) -> u64 {
        self.prompt + self.answer
    }
}

/// The words of requests that are summed up.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Their stream.
    pub key: StreamKey,
    /// Counter of the first block.
    pub first: u64,
    /// Requests.
    pub count: u32,
}

impl Words {
    /// Sums lengths by the laws of prompts and of answers, the latter cut at `most`.
    pub fn sum(&self, prompt: &Lengths, answer: &Lengths, most: u32) -> Sums {
        match (prompt, answer) {
            // The usual laws, without a question about their kind at every request.
            (Lengths::Table(prompt), Lengths::Table(answer)) => self.sum_of(|word| {
                (
                    prompt.sample32(high(word)),
                    answer.sample32(word as u32).min(most),
                )
            }),
            (prompt, answer) => {
                self.sum_of(|word| (prompt.sample(high(word)), answer.sample(word as u32).min(most)))
            }
        }
    }

    #[inline(always)]
    fn sum_of(&self, lengths: impl Fn(u64) -> (u32, u32)) -> Sums {
        let mut sums = Sums::default();
        let (mut left, mut block) = (self.count as usize, self.first);
        while left > 0 {
            let words = self.key.draw2_batch::<BATCH>(block, 0);
            let words = words.as_flattened();
            let used = left.min(words.len());
            for &word in &words[..used] {
                let (prompt, answer) = lengths(word);
                sums.add(prompt, answer);
            }
            left -= used;
            block += BATCH as u64;
        }
        sums
    }
}

#[inline(always)]
fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::{Sums, Words, high};
    use crate::scenario::LengthLaw;
    use crate::world::Lengths;
    use stakeout_kernel::streams::StreamKey;

    /// Two requests a block, whatever their number, and the law of each is asked word by word.
    #[test]
    fn a_sum_is_that_of_its_requests() {
        let key = StreamKey::from_raw(3);
        let tabled = |median, p95| Lengths::new(&LengthLaw::Lognormal { median, p95 });
        let plain = Lengths::new(&LengthLaw::Exponential { mean: 90.0 });
        let constant = Lengths::new(&LengthLaw::Constant(7));
        let (prompt, answer) = (tabled(300.0, 3_000.0), tabled(220.0, 1_400.0));
        for (prompt, answer) in [(&prompt, &answer), (&plain, &answer), (&prompt, &constant)] {
            for count in [0, 1, 2, 7, 8, 9, 131] {
                let mut expected = Sums::default();
                for request in 0..count {
                    let word = key.draw2(50 + u64::from(request / 2), 0)[request as usize % 2];
                    expected.add(prompt.sample(high(word)), answer.sample(word as u32).min(900));
                }
                let words = Words {
                    key,
                    first: 50,
                    count,
                };
                assert_eq!(words.sum(prompt, answer, 900), expected, "{count} requests");
            }
        }
    }
}
