//! A request on its way to its executor.
//!
//! Invariant: with its window and its lane it says all that the record of its inference says. It is half as large: every
//! request is written to an inbox and read from it, and what that takes of the memory takes of the time.

use stakeout_kernel::sample::bernoulli;

use super::demand::Drawn;
use super::groups::Group;
use super::inference::{Inference, State};
use super::tables::Tables;

/// Bits of a request's group; the others of the word are its number.
const GROUP_BITS: u32 = 16;
/// Numbers of requests are below this.
pub(crate) const NUMBERS: u64 = 1 << (u64::BITS - GROUP_BITS);
/// Bits of the word that decides about a check which are not kept.
const CHECK_SHIFT: u32 = 56;

/// A request to a host of a lane: half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(crate) struct Request {
    /// Arrival at the executor, ns since the run's start.
    pub arrival: u64,
    /// Number in order of arrival, network-wide, and model group.
    number_and_group: u64,
    /// The paying client.
    pub client: u32,
    /// Prompt length in model tokens.
    pub prompt: u32,
    /// Completion length in model tokens.
    pub answer: u32,
    host: u16,
    /// What the word that decides about a check begins with.
    check: u8,
    /// What serves it: 0 is the promised model.
    substitute: u8,
}

impl Request {
    /// What was drawn, sent to a host of a lane.
    #[inline(always)]
    pub(crate) fn new(drawn: &Drawn, number: u64, host: usize) -> Self {
        Self {
            arrival: drawn.time,
            number_and_group: number << GROUP_BITS | u64::from(drawn.model),
            client: drawn.client,
            prompt: drawn.prompt,
            answer: drawn.answer,
            host: host as u16,
            check: (drawn.check >> CHECK_SHIFT) as u8,
            substitute: 0,
        }
    }

    /// The request of an inference.
    pub(crate) fn of(record: &Inference) -> Self {
        Self {
            arrival: record.arrival,
            number_and_group: record.number << GROUP_BITS | u64::from(record.group),
            client: record.client,
            prompt: record.prompt,
            answer: record.answer,
            host: record.host as u16,
            check: (record.check >> CHECK_SHIFT) as u8,
            substitute: record.substitute,
        }
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
        u32::from(self.host)
    }

    /// What serves it: 0 is the promised model.
    #[inline(always)]
    pub(crate) fn substitute(&self) -> u8 {
        self.substitute
    }

    /// Whether the word that decides about a check is below `none_below`: what it begins with mostly says so, and else
    /// it is drawn again.
    #[inline(always)]
    pub(crate) fn is_unchecked(&self, none_below: u64, tables: &Tables) -> bool {
        u64::from(self.check) < none_below >> CHECK_SHIFT || bernoulli(self.check_word(tables), none_below)
    }

    /// The whole word that decides about a check.
    #[inline(never)]
    fn check_word(&self, tables: &Tables) -> u64 {
        let word = tables.check_word(self.number());
        debug_assert_eq!(
            self.check,
            (word >> CHECK_SHIFT) as u8,
            "the word is drawn from the number alone"
        );
        word
    }

    /// The record of the inference, at the price in force, for a lane whose first participant is `first`.
    #[inline(never)]
    pub(crate) fn record(&self, first: u32, groups: &[Group], tables: &Tables) -> Inference {
        let group = &groups[usize::from(self.group())];
        let member = group.position(first + self.host());
        Inference {
            number: self.number(),
            arrival: self.arrival,
            completion: 0,
            price: group.price,
            check: self.check_word(tables),
            client: self.client,
            host: self.host(),
            prompt: self.prompt,
            answer: self.answer,
            member: member.expect("who serves a model is a member of its group") as u32,
            group: self.group(),
            substitute: self.substitute,
            state: State::Running,
        }
    }
}
