//! An answer that will be included in a block: what the calendar keeps of an inference once its finish is certain.
//!
//! Invariant: it says all that the record of the inference would say.

use super::groups::Group;
use super::inference::Inference;
use super::request::{Request, begin_of};
use super::tables::Tables;

/// A finish on file.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(crate) struct Finish {
    /// What was asked for.
    pub request: Request,
    /// Completion, ns since the run's start.
    pub completion: u64,
    /// Price locked at the start, base units per model token.
    pub price: u64,
}

impl Finish {
    /// The finish of an inference that has been served.
    pub(crate) fn of(record: &Inference) -> Self {
        Self {
            request: Request::of(record),
            completion: record.completion,
            price: record.price,
        }
    }
}

/// An answer as its commit reads it, whichever form it is kept in.
pub(crate) trait Served {
    /// Number in order of arrival, network-wide.
    fn number(&self) -> u64;
    /// Arrival at the executor, ns since the run's start.
    fn arrival(&self) -> u64;
    /// Completion, ns since the run's start.
    fn completion(&self) -> u64;
    /// Price locked at the start, base units per model token.
    fn price(&self) -> u64;
    /// The paying client.
    fn client(&self) -> u32;
    /// Executor, local to the lane.
    fn host(&self) -> u32;
    /// Prompt length in model tokens.
    fn prompt(&self) -> u32;
    /// Completion length in model tokens.
    fn answer(&self) -> u32;
    /// Model group.
    fn group(&self) -> u16;
    /// What served it: 0 is the promised model.
    fn substitute(&self) -> u8;
    /// What the word that decides about a check begins with.
    fn check_begin(&self) -> u8;
    /// The whole of that word.
    fn check_word(&self, tables: &Tables) -> u64;
    /// The whole record, for a lane whose first participant is `first`; `check` is that word.
    fn record(&self, first: u32, groups: &[Group], check: u64) -> Inference;

    /// Model tokens of prompt and answer.
    #[inline(always)]
    fn tokens(&self) -> u64 {
        u64::from(self.prompt()) + u64::from(self.answer())
    }
}

/// What a finished answer costs its client, however little it locked; `is_unpaid` says of what served it, where that was not
/// the promised model, whether nobody pays for it.
#[inline(always)]
pub(crate) fn price_of(record: &impl Served, is_unpaid: impl FnOnce(u8) -> bool) -> u64 {
    if record.substitute() != 0 && is_unpaid(record.substitute()) {
        return 0;
    }
    record.price() * record.tokens()
}

impl Served for Finish {
    #[inline(always)]
    fn number(&self) -> u64 {
        self.request.number()
    }

    #[inline(always)]
    fn arrival(&self) -> u64 {
        self.request.arrival
    }

    #[inline(always)]
    fn completion(&self) -> u64 {
        self.completion
    }

    #[inline(always)]
    fn price(&self) -> u64 {
        self.price
    }

    #[inline(always)]
    fn client(&self) -> u32 {
        self.request.client()
    }

    #[inline(always)]
    fn host(&self) -> u32 {
        self.request.host()
    }

    #[inline(always)]
    fn prompt(&self) -> u32 {
        self.request.prompt()
    }

    #[inline(always)]
    fn answer(&self) -> u32 {
        self.request.answer()
    }

    #[inline(always)]
    fn group(&self) -> u16 {
        self.request.group()
    }

    #[inline(always)]
    fn substitute(&self) -> u8 {
        self.request.substitute()
    }

    #[inline(always)]
    fn check_begin(&self) -> u8 {
        self.request.check_begin()
    }

    fn check_word(&self, tables: &Tables) -> u64 {
        self.request.check_word(tables)
    }

    fn record(&self, first: u32, groups: &[Group], check: u64) -> Inference {
        Inference {
            completion: self.completion,
            price: self.price,
            ..self.request.record(first, groups, check)
        }
    }
}

impl Served for Inference {
    #[inline(always)]
    fn number(&self) -> u64 {
        self.number
    }

    #[inline(always)]
    fn arrival(&self) -> u64 {
        self.arrival
    }

    #[inline(always)]
    fn completion(&self) -> u64 {
        self.completion
    }

    #[inline(always)]
    fn price(&self) -> u64 {
        self.price
    }

    #[inline(always)]
    fn client(&self) -> u32 {
        self.client
    }

    #[inline(always)]
    fn host(&self) -> u32 {
        self.host
    }

    #[inline(always)]
    fn prompt(&self) -> u32 {
        self.prompt
    }

    #[inline(always)]
    fn answer(&self) -> u32 {
        self.answer
    }

    #[inline(always)]
    fn group(&self) -> u16 {
        self.group
    }

    #[inline(always)]
    fn substitute(&self) -> u8 {
        self.substitute
    }

    #[inline(always)]
    fn check_begin(&self) -> u8 {
        begin_of(self.check)
    }

    #[inline(always)]
    fn check_word(&self, _: &Tables) -> u64 {
        self.check
    }

    #[inline(always)]
    fn record(&self, _: u32, _: &[Group], _: u64) -> Inference {
        *self
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    #[test]
    fn a_finish_is_three_quarters_of_a_cache_line() {
        assert_eq!(size_of::<super::Finish>(), 48);
    }
}
