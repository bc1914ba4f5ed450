//! What to say where an option wants a number and got something else.
//!
//! Invariant: only errors of reading a number are put in other words; what clap says of everything else is its own.

use std::error::Error;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::error::{ContextKind, ContextValue};

/// The sentence in place of clap's.
pub fn told(error: &clap::Error) -> Option<String> {
    let cause = error.source()?;
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (value, option) = (said(ContextKind::InvalidValue)?, said(ContextKind::InvalidArg)?);
    if cause.is::<ParseFloatError>() {
        return Some(format!("`{value}` is no number: {option} takes one"));
    }
    Some(match cause.downcast_ref::<ParseIntError>()?.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => {
            format!("`{value}` is beyond the numbers that {option} takes")
        }
        _ => format!("`{value}` is no whole number: {option} takes one"),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser, Debug)]
    struct Options {
        #[arg(long, value_name = "N", default_value_t = 1)]
        replicates: u32,
        #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
        share: f64,
    }

    fn sentence(argument: &str) -> Option<String> {
        let error = Options::try_parse_from(["program", argument]).expect_err("refused");
        told(&error)
    }

    #[test]
    fn a_word_in_place_of_a_number_is_told_in_words_of_ours_and_other_errors_are_left() {
        let expected = "`many` is no whole number: --replicates <N> takes one";
        assert_eq!(sentence("--replicates=many").as_deref(), Some(expected));
        let expected = "`half` is no number: --share <SHARE> takes one";
        assert_eq!(sentence("--share=half").as_deref(), Some(expected));
        let expected = "`99999999999999999999` is beyond the numbers that --replicates <N> takes";
        assert_eq!(
            sentence("--replicates=99999999999999999999").as_deref(),
            Some(expected)
        );
        assert_eq!(sentence("--replicate=1"), None);
    }
}
