//! Reading a strategy's parameters.
//!
//! The scenario front end has checked them against the descriptor before a strategy is built, so a
//! parameter that is absent or of another kind is a mistake of this program and panics.

use stakeout_engine::scenario::ParamValue;
use stakeout_protocol::units::Fraction;

/// Parameters as `build` receives them.
pub(crate) type Params = [(String, ParamValue)];

fn value<'a>(params: &'a Params, name: &str) -> &'a ParamValue {
    let found = params.iter().find(|(known, _)| known == name);
    &found
        .unwrap_or_else(|| panic!("the parameter `{name}` was not given to the strategy"))
        .1
}

/// A probability or share.
pub(crate) fn fraction(params: &Params, name: &str) -> Fraction {
    match value(params, name) {
        ParamValue::Fraction(fraction) => *fraction,
        other => panic!("the parameter `{name}` is no share: {other:?}"),
    }
}

/// A name.
pub(crate) fn name<'a>(params: &'a Params, name: &str) -> &'a str {
    match value(params, name) {
        ParamValue::Name(text) => text,
        other => panic!("the parameter `{name}` is no name: {other:?}"),
    }
}

/// A count.
pub(crate) fn count(params: &Params, name: &str) -> u64 {
    match value(params, name) {
        ParamValue::Count(count) => *count,
        other => panic!("the parameter `{name}` is no count: {other:?}"),
    }
}

/// A length of time in nanoseconds.
pub(crate) fn nanos(params: &Params, name: &str) -> u64 {
    match value(params, name) {
        ParamValue::Duration(time) => time.nanos(),
        other => panic!("the parameter `{name}` is no length of time: {other:?}"),
    }
}

/// An owner's name; `None` for `everybody`.
pub(crate) fn owner(params: &Params, name: &str) -> Option<String> {
    Some(self::name(params, name))
        .filter(|owner| *owner != "everybody")
        .map(str::to_owned)
}
