//! A request on its way to its executor.
//!
//! Invariant: with its window and its lane it says all that the record of its inference says. It is half as large: every
//! request is written to an inbox and read from it, and what that takes of the memory takes of the time.

use super::drawn::Drawn;
use super::groups::Group;
use super::inference::{Inference, State};
use super::tables::Tables;
use super::word::Word;

/// Bits of a request's group; the others of the word are its number.
const GROUP_BITS: u32 = 16;
/// Numbers of requests are below this.
pub(crate) const NUMBERS: u64 = 1 << (u64::BITS - GROUP_BITS);
/// Bits of the word that decides about a check which are not kept.
const CHECK_SHIFT: u32 = 56;

/// What a word that decides about a check begins with, or the bound that it is compared with.
#[inline(always)]
pub(crate) const fn begin_of(word: u64) -> u8 {
    (word >> CHECK_SHIFT) as u8
}

/// A request to a host of a lane: half a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
pub(crate) struct Request {
    /// Arrival at the executor, ns since the run's start.
    pub arrival: u64,
    /// Number in order of arrival, network-wide, and model group.
    number_and_group: u64,
    /// Client and prompt length.
    who: Word,
    /// Completion length, what the word begins with that decides about a check, what serves it, and host.
    what: Word,
}

impl Request {
    /// What was drawn, sent to a host of a lane.
    #[inline(always)]
    pub(crate) fn new(drawn: &Drawn, number: u64, host: u16) -> Self {
        // What serves it is 0, the promised model.
        let [who, what] = drawn.fields_for(host);
        Self {
            arrival: drawn.time,
            number_and_group: number << GROUP_BITS | u64::from(drawn.model()),
            who,
            what,
        }
    }

    /// The request of an inference.
    pub(crate) fn of(record: &Inference) -> Self {
        let host = u16::try_from(record.host).expect("a lane has no more hosts than a request can name");
        assert!(record.number < NUMBERS, "a request's number is below {NUMBERS}");
        Self {
            arrival: record.arrival,
            number_and_group: record.number << GROUP_BITS | u64::from(record.group),
            who: Word::of_two(record.client, record.prompt),
            what: Word::of_four(record.answer, [begin_of(record.check), record.substitute], host),
        }
    }

    /// The paying client.
    #[inline(always)]
    pub(crate) const fn client(&self) -> u32 {
        self.who.low()
    }

    /// Prompt length in model tokens.
    #[inline(always)]
    pub(crate) const fn prompt(&self) -> u32 {
        self.who.high()
    }

    /// Completion length in model tokens.
    #[inline(always)]
    pub(crate) const fn answer(&self) -> u32 {
        self.what.low()
    }

    /// Number in order of arrival, network-wide.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        self.number_and_group >> GROUP_BITS
    }

    /// Model group.
    #[inline(always)]
    pub(crate) fn group(&self) -> u16 {
        self.number_and_group as u16
    }

    /// Executor, local to the lane.
    #[inline(always)]
    pub(crate) fn host(&self) -> u32 {
        u32::from(self.what.top())
    }

    /// What serves it: 0 is the promised model.
    #[inline(always)]
    pub(crate) fn substitute(&self) -> u8 {
        self.what.sixth()
    }

    /// What the word that decides about a check begins with.
    #[inline(always)]
    pub(crate) fn check_begin(&self) -> u8 {
        self.what.fifth()
    }

    /// The whole word that decides about a check: it is drawn again.
    #[inline(never)]
    pub(crate) fn check_word(&self, tables: &Tables) -> u64 {
        let word = tables.check_word(self.number());
        assert_eq!(
            self.check_begin(),
            begin_of(word),
            "the word is drawn from the number alone"
        );
        word
    }

    /// The record of the inference, at the price in force, for a lane whose first participant is `first`; `check` is its word
    /// that decides about a check.
    #[inline(never)]
    pub(crate) fn record(&self, first: u32, groups: &[Group], check: u64) -> Inference {
        let group = &groups[usize::from(self.group())];
        let member = group.position(first + self.host());
        Inference {
            number: self.number(),
            arrival: self.arrival,
            completion: 0,
            price: group.price,
            check,
            client: self.client(),
            host: self.host(),
            prompt: self.prompt(),
            answer: self.answer(),
            member: member.expect("who serves a model is a member of its group") as u32,
            group: self.group(),
            substitute: self.substitute(),
            state: State::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use stakeout_kernel::sample::bernoulli;
    use stakeout_kernel::streams::StreamKey;

    use super::{NUMBERS, Request, begin_of};
    use crate::scenario::tests::{SMALL, resolve};
    use crate::world::drawn::{Content, Drawn};
    use crate::world::finish::{Finish, Served};
    use crate::world::groups::Group;
    use crate::world::tables::Tables;

    fn tables() -> Tables {
        Tables::new(&resolve(SMALL).unwrap(), 0, false)
    }

    /// A request as it is drawn.
    fn sent(number: u64, model: u16, host: usize, tables: &Tables) -> Request {
        let content = Content {
            model,
            prompt: 400,
            answer: u32::MAX,
        };
        let drawn = Drawn::new(0, tables.check_word(number), 7, content);
        Request::new(&drawn.at(3 * number), number, host as u16)
    }

    /// Two groups, one of members that follow one another; hosts 5 and 9 serve both models. The lane begins at host 4.
    #[test]
    fn a_record_is_put_together_from_its_request_and_taken_apart_again() {
        let tables = tables();
        let mut groups = [Group::of((2..12).collect()), Group::of(vec![1, 5, 9, 70_000])];
        (groups[0].price, groups[1].price) = (11, 13);
        for (model, participant, member) in [(0, 5, 3), (0, 9, 7), (1, 5, 1), (1, 9, 2)] {
            for number in [0, 5, NUMBERS - 1] {
                let request = sent(number, model, participant - 4, &tables);
                let word = request.check_word(&tables);
                let mut record = request.record(4, &groups, word);
                assert_eq!(
                    (record.number, record.group, record.member),
                    (number, model, member)
                );
                assert_eq!(record.price, groups[usize::from(model)].price);
                assert_eq!(word, tables.check_word(number));
                (record.completion, record.price, record.substitute) = (1 << 60, u64::MAX, 200);
                assert_eq!(Finish::of(&record).record(4, &groups, word), record);
            }
        }
    }

    #[test]
    fn what_a_word_begins_with_never_says_otherwise_than_the_word() {
        let tables = tables();
        for number in 0..2_000 {
            let (word, request) = (tables.check_word(number), sent(number, 0, 0, &tables));
            let edges = [
                0,
                1,
                u64::MAX,
                u64::MAX - 1,
                word,
                word + 1,
                word - 1,
                word & !(u64::MAX >> 8),
            ];
            for none_below in edges {
                let is_spared = request.check_begin() < begin_of(none_below);
                assert!(
                    !is_spared || bernoulli(word, none_below),
                    "{number}, {none_below}"
                );
            }
            assert!(request.check_begin() == u8::MAX || request.check_begin() < begin_of(u64::MAX));
        }
    }

    #[test]
    fn after_a_branch_a_word_is_still_that_of_the_stream_it_was_drawn_from() {
        let mut tables = tables();
        let keys = [3, 4, 5].map(StreamKey::from_raw);
        tables.earlier_arrivals = vec![(10, keys[0]), (20, keys[1])];
        tables.keys.arrival = keys[2];
        for (number, key) in [(0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (1_000, 2)] {
            assert_eq!(tables.check_word(number), keys[key].draw2(number, 0)[1]);
        }
    }

    #[test]
    fn a_request_is_half_a_cache_line() {
        assert_eq!(size_of::<Request>(), 32);
    }
}
