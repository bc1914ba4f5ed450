//! A request as drawn.
//!
//! Invariant: what is drawn of a request depends on its number alone, not on what is drawn beside it.

use std::num::NonZeroU64;

use multiversion::multiversion;
use stakeout_kernel::sample::{WeightedIndex, below, neg_ln_each};

use super::request::begin_of;
use super::tables::Tables;

/// Requests whose words are computed side by side.
const BATCH: usize = 4;
/// Requests whose gaps are worked out at once: some batches.
const GAPS: usize = 16 * BATCH;

/// A request as drawn, and as a trace pins it down: half a cache line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drawn {
    /// Time of arrival, ns; known once its window has come.
    pub time: u64,
    /// Word that chooses the executor.
    pub executor: u64,
    /// Client.
    pub client: u32,
    /// Prompt length.
    pub prompt: u32,
    /// Completion length.
    pub answer: u32,
    /// Model.
    pub model: u16,
    /// What the word begins with that says whether anybody checks the answer.
    pub check: u8,
    /// A trace says that it is never answered, or a forged time stamp makes it so.
    pub missed: bool,
}

const _: () = assert!(size_of::<Drawn>() == 32);

/// What a request is for, and how long it and its answer would be.
struct Content {
    model: usize,
    prompt: u32,
    answer: u32,
}

/// Draws requests from number `first` on, and the gap before each of them in units of the mean gap. Panics unless there is room
/// for as many of both, whole batches.
///
/// What is marked like this is compiled twice, and the version that fits the processor is chosen while it runs: newer
/// instructions multiply into any register and work out four logarithms at a time. They give the same bits, as none of them
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
    // What is the same for all requests is looked up once.
    match (models.even(), tables.shared_tables()) {
        (even @ 1.., Some([prompts, answers])) => {
            draw_each::<BATCH>(tables, first, out, gaps, |model, [prompt, answer]| Content {
                model: below(u64::from(model) << 32, even as u64) as usize,
                prompt: prompts.sample32(prompt),
                answer: answers.sample32(answer),
            });
        }
        _ => draw_each::<BATCH>(tables, first, out, gaps, |model, lengths| {
            draw_content(models, tables, model, lengths)
        }),
    }
}

/// Draws one request without its gap.
pub(super) fn draw_request(models: &WeightedIndex, tables: &Tables, number: u64) -> Drawn {
    let mut drawn = Drawn::default();
    let (out, gap) = (std::slice::from_mut(&mut drawn), &mut [0.0]);
    draw_each::<1>(tables, number, out, gap, |model, lengths| {
        draw_content(models, tables, model, lengths)
    });
    drawn
}

/// What 96 bits say of a request.
#[inline(always)]
fn draw_content(models: &WeightedIndex, tables: &Tables, model: u32, [prompt, answer]: [u32; 2]) -> Content {
    let model = models.pick(u64::from(model) << 32);
    let laws = tables.lengths(model);
    Content {
        model,
        prompt: laws.prompt.sample(prompt),
        answer: laws.answer.sample(answer),
    }
}

/// Draws requests, of which the second of their two blocks of 128 bits says the `content`; `SIDE_BY_SIDE` at once.
#[inline(always)]
fn draw_each<const SIDE_BY_SIDE: usize>(
    tables: &Tables,
    first: u64,
    out: &mut [Drawn],
    gaps: &mut [f64],
    content: impl Fn(u32, [u32; 2]) -> Content,
) {
    let (clients, max_tokens) = (u64::from(tables.clients), tables.max_tokens);
    let (arrivals, requests) = (tables.keys.arrival, tables.keys.request);
    let mut gap_words = [NonZeroU64::MIN; GAPS];
    let several = out.chunks_mut(GAPS).zip(gaps.chunks_mut(GAPS));
    for ((out, gaps), first) in several.zip((first..).step_by(GAPS)) {
        let (batches, _) = out.as_chunks_mut::<SIDE_BY_SIDE>();
        let (gap_batches, _) = gap_words.as_chunks_mut::<SIDE_BY_SIDE>();
        let numbers = (first..).step_by(SIDE_BY_SIDE);
        for ((out, gap_words), number) in batches.iter_mut().zip(gap_batches).zip(numbers) {
            // One block after the other: what is drawn for a batch fills the registers.
            let words = arrivals.draw2_batch::<SIDE_BY_SIDE>(number, 0);
            *gap_words = words.map(gap_word);
            for (drawn, [executor, check]) in out.iter_mut().zip(words) {
                (drawn.executor, drawn.check) = (executor, begin_of(check));
            }
            let words = requests.draw2_batch::<SIDE_BY_SIDE>(number, 0);
            for (drawn, [who, lengths]) in out.iter_mut().zip(words) {
                let content = content(who as u32, [(lengths >> 32) as u32, lengths as u32]);
                drawn.client = (((who >> 32) * clients) >> 32) as u32;
                drawn.prompt = content.prompt;
                drawn.answer = content.answer.min(max_tokens);
                drawn.model = content.model as u16;
            }
        }
        neg_ln_each(&gap_words, gaps);
    }
}

/// The word whose logarithm is the gap before a request, from the first of the two blocks of 128 bits that are all that a
/// request costs: 48 bits choose its executor, 48 say whether anybody checks the answer, and these 32 are left over.
#[inline(always)]
fn gap_word([executor, check]: [u64; 2]) -> NonZeroU64 {
    // A bit below them is set so that the smallest draw is not the logarithm of zero.
    const BELOW: NonZeroU64 = NonZeroU64::new(1 << 31).unwrap();
    BELOW | (executor << 48 | (check & 0xFFFF) << 32)
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::WeightedIndex;

    use super::{BATCH, Drawn, GAPS, draw_request, draw_requests};
    use crate::scenario::tests::{SMALL, resolve};
    use crate::world::tables::Tables;

    /// Even and uneven demand for models, laws from tables that all share.
    #[test]
    fn requests_that_are_drawn_together_are_those_that_are_drawn_one_by_one() {
        let tables = Tables::new(&resolve(SMALL).unwrap(), 0, false);
        for models in [vec![3], vec![2, 2, 2], vec![1, 5]] {
            let models = WeightedIndex::new(&models);
            for (first, count) in [(0, BATCH), (17, GAPS + BATCH), (1 << 40, 3 * GAPS)] {
                let (mut out, mut gaps) = (vec![Drawn::default(); count], vec![0.0; count]);
                draw_requests(&models, &tables, first, &mut out, &mut gaps);
                assert!(gaps.iter().all(|&gap| gap > 0.0));
                for (drawn, number) in out.iter().zip(first..) {
                    let alone = draw_request(&models, &tables, number);
                    assert_eq!(format!("{drawn:?}"), format!("{alone:?}"), "request {number}");
                }
            }
        }
    }
}
