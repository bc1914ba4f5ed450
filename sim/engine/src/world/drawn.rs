//! A request as drawn.
//!
//! Invariant: what is drawn of a request depends on its number alone, not on what is drawn beside it.

use std::num::NonZeroU64;

use multiversion::multiversion;
use stakeout_kernel::sample::{QuantileTable, WeightedIndex, neg_ln_each};
use stakeout_kernel::streams::StreamKey;

use super::request::begin_of;
use super::tables::Tables;
use super::word::Word;

/// Requests whose words are computed side by side.
const BATCH: usize = 4;
/// Requests whose words are put into what they stand for at once: some batches.
const MANY: usize = 16 * BATCH;

/// A request as drawn, and as a trace pins it down: half a cache line, in words that a vector holds four of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// Time of arrival, ns; known once its window has come.
    pub time: u64,
    /// Word that chooses the executor.
    pub executor: u64,
    /// Client and prompt length.
    who: Word,
    /// Completion length, what the word begins with that says whether anybody checks the answer, nothing, and model.
    what: Word,
}

const _: () = assert!(size_of::<Drawn>() == 32);

/// What a request is for, and how long it and its answer would be.
#[derive(Clone, Copy, Default)]
pub(crate) struct Content {
    /// Model.
    pub model: u16,
    /// Prompt length, in model tokens.
    pub prompt: u32,
    /// Completion length, in model tokens.
    pub answer: u32,
}

impl Drawn {
    /// What two words and the content say of a request; `check` is the word that says whether anybody checks the answer.
    #[inline(always)]
    pub(crate) fn new(executor: u64, check: u64, client: u32, content: Content) -> Self {
        Self {
            time: 0,
            executor,
            who: Word::of_two(client, content.prompt),
            what: Word::of_four(content.answer, [begin_of(check), 0], content.model),
        }
    }

    /// Client.
    #[inline(always)]
    pub(crate) const fn client(&self) -> u32 {
        self.who.low()
    }

    /// Prompt length, in model tokens.
    #[inline(always)]
    pub(crate) const fn prompt(&self) -> u32 {
        self.who.high()
    }

    /// Completion length, in model tokens.
    #[inline(always)]
    pub(crate) const fn answer(&self) -> u32 {
        self.what.low()
    }

    /// Model.
    #[inline(always)]
    pub(crate) const fn model(&self) -> u16 {
        self.what.top()
    }

    /// What says all of the request but its time, its number and its executor, for one at this place in its lane: two words,
    /// the second like [`what`](Self::what) with the executor's place instead of the model.
    #[inline(always)]
    pub(crate) const fn fields_for(&self, host: u16) -> [Word; 2] {
        let what = self.what.bits();
        let model_to_host = what >> 48 ^ host as u64;
        [self.who, Word::of(what ^ model_to_host << 48)]
    }

    /// The same request at another time, ns.
    pub(crate) fn at(self, time: u64) -> Self {
        Self { time, ..self }
    }

    /// The same request of another client.
    pub(crate) fn of_client(self, client: u32) -> Self {
        let who = Word::of_two(client, self.prompt());
        Self { who, ..self }
    }

    /// The same request for something else.
    pub(crate) fn for_content(self, content: Content) -> Self {
        Self {
            who: Word::of_two(self.client(), content.prompt),
            what: Word::of_four(content.answer, [self.what.fifth(), 0], content.model),
            ..self
        }
    }
}

/// Draws requests from number `first` on, and the gap before each of them in units of the mean gap. Panics unless there is room
/// for as many of both, whole batches.
///
/// What is marked like this is compiled twice, and the version that fits the processor is chosen while it runs: newer
/// instructions multiply into any register and work on four words at a time. They give the same bits, as none of them
/// rounds a product and a sum at once.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt"))]
pub(super) fn draw_requests(
    models: &WeightedIndex,
    tables: &Tables,
    first: u64,
    out: &mut [Drawn],
    gaps: &mut [f64],
) {
    assert!(
        out.len() == gaps.len() && out.len().is_multiple_of(BATCH),
        "requests are drawn in whole batches"
    );
    let mut words = Words::NONE;
    let mut contents = Contents::NONE;
    let several = out.chunks_mut(MANY).zip(gaps.chunks_mut(MANY));
    for ((out, gaps), first) in several.zip((first..).step_by(MANY)) {
        words.draw(tables, first, out.len());
        neg_ln_each(&words.gap, gaps);
        // What is the same for all requests is looked up once.
        match (models.even(), tables.shared_tables()) {
            (even @ 1.., Some(laws)) => contents.draw_evenly(&words, even as u32, laws, tables.max_tokens),
            _ => contents.draw(&words, models, tables),
        }
        contents.put_together(&words, tables.clients, out);
    }
}

/// Draws one request without its gap.
pub(super) fn draw_request(models: &WeightedIndex, tables: &Tables, number: u64) -> Drawn {
    let [executor, check] = tables.keys.arrival.draw2(number, 0);
    let [who, lengths] = tables.keys.request.draw2(number, 0);
    let content = draw_content(models, tables, who, lengths);
    Drawn::new(executor, check, client_of(who, tables.clients), content)
}

/// The client that a word says.
#[inline(always)]
fn client_of(who: u64, clients: u32) -> u32 {
    (((who >> 32) * u64::from(clients)) >> 32) as u32
}

/// What 96 bits say of a request.
#[inline(always)]
fn draw_content(models: &WeightedIndex, tables: &Tables, who: u64, lengths: u64) -> Content {
    let model = models.pick(who << 32);
    let laws = tables.lengths(model);
    Content {
        model: model as u16,
        prompt: laws.prompt.sample((lengths >> 32) as u32),
        answer: laws.answer.sample(lengths as u32).min(tables.max_tokens),
    }
}

/// The words of consecutive requests: two blocks of 128 bits are all that a request costs.
struct Words {
    /// 48 bits that choose the executor, and 16 that are left over.
    executor: [u64; MANY],
    /// 48 bits that say whether anybody checks the answer, and 16 that are left over.
    check: [u64; MANY],
    /// 32 bits of client, and 32 of model.
    who: [u64; MANY],
    /// 32 bits of prompt length, and 32 of completion length.
    lengths: [u64; MANY],
    /// Those whose logarithms are the gaps before the requests: the 32 bits that the first block leaves over.
    gap: [NonZeroU64; MANY],
}

impl Words {
    const NONE: Self = Self {
        executor: [0; MANY],
        check: [0; MANY],
        who: [0; MANY],
        lengths: [0; MANY],
        gap: [NonZeroU64::MIN; MANY],
    };

    /// Draws those of so many requests, whole batches, from number `first` on.
    #[inline(always)]
    fn draw(&mut self, tables: &Tables, first: u64, count: usize) {
        draw_blocks(
            tables.keys.arrival,
            first,
            count,
            &mut self.executor,
            &mut self.check,
        );
        draw_blocks(
            tables.keys.request,
            first,
            count,
            &mut self.who,
            &mut self.lengths,
        );
        // A bit below is set so that the smallest draw is not the logarithm of zero.
        const BELOW: NonZeroU64 = NonZeroU64::new(1 << 31).unwrap();
        let words = self.executor.iter().zip(&self.check);
        for (gap, (executor, check)) in self.gap.iter_mut().zip(words) {
            *gap = BELOW | (executor << 48 | (check & 0xFFFF) << 32);
        }
    }
}

/// Draws the blocks of so many requests, and parts their words.
#[inline(always)]
fn draw_blocks(key: StreamKey, first: u64, count: usize, one: &mut [u64; MANY], other: &mut [u64; MANY]) {
    let (ones, _) = one[..count].as_chunks_mut::<BATCH>();
    let (others, _) = other[..count].as_chunks_mut::<BATCH>();
    for ((ones, others), number) in ones.iter_mut().zip(others).zip((first..).step_by(BATCH)) {
        let blocks = key.draw2_batch::<BATCH>(number, 0);
        (*ones, *others) = (blocks.map(|[one, _]| one), blocks.map(|[_, other]| other));
    }
}

/// What consecutive requests are for.
struct Contents {
    /// Each in a word as wide as those it is drawn from.
    model: [u64; MANY],
    prompt: [u32; MANY],
    answer: [u32; MANY],
    /// The words that say how long prompts and answers are.
    lengths: [[u32; MANY]; 2],
}

impl Contents {
    const NONE: Self = Self {
        model: [0; MANY],
        prompt: [0; MANY],
        answer: [0; MANY],
        lengths: [[0; MANY]; 2],
    };

    /// Where each of so many models is as likely, and lengths come from the same two tables.
    #[inline(always)]
    fn draw_evenly(&mut self, words: &Words, models: u32, laws: [&QuantileTable; 2], max_tokens: u32) {
        let [prompts, answers] = laws;
        for (model, who) in self.model.iter_mut().zip(&words.who) {
            *model = (u64::from(*who as u32) * u64::from(models)) >> 32;
        }
        let [of_prompt, of_answer] = &mut self.lengths;
        for ((prompt, answer), word) in of_prompt.iter_mut().zip(&mut *of_answer).zip(&words.lengths) {
            (*prompt, *answer) = ((word >> 32) as u32, *word as u32);
        }
        prompts.sample32_each(of_prompt, &mut self.prompt);
        answers.sample32_each(of_answer, &mut self.answer);
        self.answer
            .iter_mut()
            .for_each(|answer| *answer = (*answer).min(max_tokens));
    }

    /// By the law of each model.
    #[inline(always)]
    fn draw(&mut self, words: &Words, models: &WeightedIndex, tables: &Tables) {
        for at in 0..MANY {
            let content = draw_content(models, tables, words.who[at], words.lengths[at]);
            (self.model[at], self.prompt[at], self.answer[at]) =
                (u64::from(content.model), content.prompt, content.answer);
        }
    }

    /// Writes down as many requests as there is room for.
    #[inline(always)]
    fn put_together(&self, words: &Words, clients: u32, out: &mut [Drawn]) {
        for (at, drawn) in out.iter_mut().enumerate().take(MANY) {
            let content = Content {
                model: self.model[at] as u16,
                prompt: self.prompt[at],
                answer: self.answer[at],
            };
            *drawn = Drawn::new(
                words.executor[at],
                words.check[at],
                client_of(words.who[at], clients),
                content,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::WeightedIndex;

    use super::{BATCH, Drawn, MANY, draw_request, draw_requests};
    use crate::scenario::tests::{SMALL, resolve};
    use crate::world::tables::Tables;

    /// Even and uneven demand for models, laws from tables that all share.
    #[test]
    fn requests_that_are_drawn_together_are_those_that_are_drawn_one_by_one() {
        let tables = Tables::new(&resolve(SMALL).unwrap(), 0, false);
        for models in [vec![3], vec![2, 2, 2], vec![1, 5]] {
            let models = WeightedIndex::new(&models);
            for (first, count) in [(0, BATCH), (17, MANY + BATCH), (1 << 40, 3 * MANY)] {
                let (mut out, mut gaps) = (vec![Drawn::default(); count], vec![0.0; count]);
                draw_requests(&models, &tables, first, &mut out, &mut gaps);
                assert!(gaps.iter().all(|&gap| gap > 0.0));
                for (drawn, number) in out.iter().zip(first..) {
                    let alone = draw_request(&models, &tables, number);
                    assert_eq!(*drawn, alone, "request {number}");
                }
            }
        }
    }
}
