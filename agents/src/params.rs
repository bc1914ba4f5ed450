//! Parameters that several strategies share, and reading a strategy's parameters.
//!
//! The scenario front end has checked them against the descriptor before a strategy is built, so a
//! parameter that is absent or of another kind is a mistake of this program and panics.

use stakeout_engine::scenario::ParamValue;
use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind};
use stakeout_protocol::units::Fraction;

/// What serves in place of the promised model.
pub(crate) const SUBSTITUTE: ParamDescriptor = ParamDescriptor {
    name: "substitute",
    kind: ParamKind::Name,
    default: Some("int4"),
    doc: "Name of the substitute in the calibration.",
};

/// How much of the work a substitute does.
pub(crate) const RATE: ParamDescriptor = ParamDescriptor {
    name: "rate",
    kind: ParamKind::Fraction,
    default: Some("100 %"),
    doc: "Share of the requests that the substitute serves.",
};

/// How much of its own work an executor treats in its way.
pub(crate) const RATE_TREATED: ParamDescriptor = ParamDescriptor {
    name: "rate",
    kind: ParamKind::Fraction,
    default: Some("100 %"),
    doc: "Share of the requests that are treated so.",
};

/// Whom a transfer agent harms.
pub(crate) const VICTIM: ParamDescriptor = ParamDescriptor {
    name: "victim",
    kind: ParamKind::Name,
    default: None,
    doc: "Owner whose executors are harmed.",
};

/// How much of the work that passes a transfer agent it treats in its way.
pub(crate) const SHARE_TREATED: ParamDescriptor = ParamDescriptor {
    name: "share",
    kind: ParamKind::Fraction,
    default: Some("100 %"),
    doc: "Share of the requests through it that are treated so.",
};

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
