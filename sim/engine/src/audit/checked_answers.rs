//! What is remembered of answers that are being checked, found by the inference's number.
//!
//! Invariant: an answer is forgotten sixteen epochs after it was first drawn, when no message can change it any more; a
//! verdict comes within the next epoch, unless its validator's queue is longer than that.

use std::collections::VecDeque;

use prefetch_index::prefetch_index;
use smallvec::SmallVec;

use super::log_entry::NO_CAUSE;

/// Epochs for which a finished answer's draws are remembered.
const EPOCHS_KEPT: u8 = 16;
/// Inferences of a page: one a bit of a word.
const PAGE: u64 = u64::BITS as u64;

/// Events of an answer that is being checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The event that finished it.
    pub(super) finished: u64,
    /// Validator and number of the event that drew it.
    pub(super) drawn: SmallVec<[(u32, u64); 1]>,
    /// The last verdict.
    pub(super) verdict: u64,
    /// The verdict that opened a dispute.
    pub(super) disputed: u64,
    /// The last vote, or what opened the dispute.
    pub(super) vote: u64,
    epochs_left: u8,
}

impl Checked {
    /// An answer whose first validator is about to be drawn.
    pub(super) fn new(finished: u64) -> Self {
        Self {
            finished,
            drawn: SmallVec::new(),
            verdict: NO_CAUSE,
            disputed: NO_CAUSE,
            vote: NO_CAUSE,
            epochs_left: EPOCHS_KEPT,
        }
    }

    /// The event that drew a validator; the finish where none did.
    pub(super) fn draw_of(&self, validator: u32) -> u64 {
        let drawn = self.drawn.iter().find(|(of, _)| *of == validator);
        drawn.map_or(self.finished, |(_, number)| *number)
    }
}

/// Answers that are being checked. Numbers ascend by and large, so a page is found by its place in a row of pages.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckedAnswers {
    /// Number of the first page.
    first: u64,
    pages: VecDeque<Page>,
}

/// Answers to inferences whose numbers differ in their last six bits.
#[derive(Clone, Debug, Default)]
struct Page {
    /// Which of them there are.
    present: u64,
    /// Those, in ascending order.
    answers: Vec<Checked>,
}

impl Page {
    /// Where the answer to an inference stands among those that are there.
    fn rank(&self, inference: u64) -> usize {
        let lower = (1_u64 << (inference % PAGE)) - 1;
        (self.present & lower).count_ones() as usize
    }

    fn holds(&self, inference: u64) -> bool {
        self.present >> (inference % PAGE) & 1 == 1
    }
}

impl CheckedAnswers {
    /// Asks where that is what is remembered of an answer, before it is [asked for itself](Self::look_ahead).
    #[inline]
    pub(super) fn look_for(&self, inference: u64) {
        let place = (inference / PAGE).wrapping_sub(self.first) as usize;
        let (front, back) = self.pages.as_slices();
        match place.checked_sub(front.len()) {
            None => prefetch_index(front, place),
            Some(place) => prefetch_index(back, place),
        }
    }

    /// Asks for what is remembered of an answer that is about to be asked for.
    #[inline]
    pub(super) fn look_ahead(&self, inference: u64) {
        let place = (inference / PAGE).wrapping_sub(self.first);
        if let Some(page) = self.pages.get(place as usize) {
            prefetch_index(&page.answers, page.rank(inference));
        }
    }

    /// What is remembered of an answer.
    pub(super) fn get_mut(&mut self, inference: u64) -> Option<&mut Checked> {
        let place = (inference / PAGE).checked_sub(self.first)?;
        let page = self.pages.get_mut(usize::try_from(place).ok()?)?;
        let rank = page.rank(inference);
        page.holds(inference).then(|| &mut page.answers[rank])
    }

    /// The same, put there if it is not.
    pub(super) fn get_or_insert(&mut self, inference: u64, new: impl FnOnce() -> Checked) -> &mut Checked {
        let page = self.page(inference / PAGE);
        let rank = page.rank(inference);
        if !page.holds(inference) {
            page.present |= 1 << (inference % PAGE);
            page.answers.insert(rank, new());
        }
        &mut page.answers[rank]
    }

    fn page(&mut self, number: u64) -> &mut Page {
        if self.pages.is_empty() {
            self.first = number;
        }
        while number < self.first {
            self.pages.push_front(Page::default());
            self.first -= 1;
        }
        let place = usize::try_from(number - self.first).expect("the answers being checked fit into memory");
        if place >= self.pages.len() {
            self.pages.resize_with(place + 1, Page::default);
        }
        &mut self.pages[place]
    }

    /// An epoch has begun: forgets what is old.
    pub(super) fn age(&mut self) {
        for page in &mut self.pages {
            let mut left = page.present;
            page.answers.retain_mut(|answer| {
                let bit = left & left.wrapping_neg();
                left &= left - 1;
                answer.epochs_left -= 1;
                let is_kept = answer.epochs_left > 0;
                if !is_kept {
                    page.present &= !bit;
                }
                is_kept
            });
        }
        while self.pages.front().is_some_and(|page| page.present == 0) {
            self.pages.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn pages_hold_what_a_map_does_and_forget_it_sixteen_epochs_later() {
        let (mut pages, mut map) = (CheckedAnswers::default(), BTreeMap::<u64, Checked>::new());
        for step in 0..40_000_u64 {
            let inference = 5_000 + step / 2 - (step * 7919) % 499;
            if step % 5 == 0 {
                let drawn = (step as u32 % 7, step);
                pages
                    .get_or_insert(inference, || Checked::new(step))
                    .drawn
                    .push(drawn);
                let answer = map.entry(inference).or_insert_with(|| Checked::new(step));
                answer.drawn.push(drawn);
            }
            assert_eq!(
                pages.get_mut(inference + 3),
                map.get_mut(&(inference + 3)),
                "{step}"
            );
            if step % 1_000 == 999 {
                pages.age();
                map.values_mut().for_each(|answer| answer.epochs_left -= 1);
                map.retain(|_, answer| answer.epochs_left > 0);
            }
        }
        assert!(map.len() > 1_000);
        assert_eq!(
            pages.pages.iter().map(|page| page.answers.len()).sum::<usize>(),
            map.len()
        );
        for _ in 0..EPOCHS_KEPT {
            pages.age();
        }
        assert!(pages.pages.is_empty());
    }
}
