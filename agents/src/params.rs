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
