//! Reading the fields of a case. A field that is absent or of another kind fails the test by name.

use serde_json::Value;
use stakeout_protocol::units::{Amount, Decimal, Fraction, Height, Price, TokenCount, Weight};

/// The cases of a file.
pub fn cases(document: &Value) -> &[Value] {
    let cases = array(document, "cases");
    assert!(!cases.is_empty(), "a file without cases");
    cases
}

/// A field that has to be there; it may be null.
pub fn field<'a>(case: &'a Value, name: &str) -> &'a Value {
    case.get(name).unwrap_or_else(|| panic!("no `{name}` in {case}"))
}

/// A list.
pub fn array<'a>(case: &'a Value, name: &str) -> &'a [Value] {
    field(case, name)
        .as_array()
        .unwrap_or_else(|| panic!("`{name}` is no list in {case}"))
}

/// A text.
pub fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    field(case, name)
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` is no text in {case}"))
}

/// A whole number.
pub fn integer(case: &Value, name: &str) -> u64 {
    whole(field(case, name))
}

/// A whole number that stands alone.
pub fn whole(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no whole number"))
}

/// A whole number, or null.
pub fn integer_or_none(case: &Value, name: &str) -> Option<u64> {
    let value = field(case, name);
    (!value.is_null()).then(|| whole(value))
}

/// Yes or no.
pub fn flag(case: &Value, name: &str) -> bool {
    field(case, name)
        .as_bool()
        .unwrap_or_else(|| panic!("`{name}` is no flag in {case}"))
}

/// Coins, which may be a debt.
pub fn amount(case: &Value, name: &str) -> Amount {
    coins(field(case, name))
}

/// Coins that stand alone.
pub fn coins(value: &Value) -> Amount {
    let units = value.as_i64().unwrap_or_else(|| panic!("{value} is no amount"));
    Amount::from_base_units(i128::from(units))
}

/// A number with decimals, written as text.
pub fn decimal(case: &Value, name: &str) -> Decimal {
    let text = text(case, name);
    text.parse()
        .unwrap_or_else(|error| panic!("`{name}` in {case}: {error}"))
}

/// A share, written as text.
pub fn fraction(case: &Value, name: &str) -> Fraction {
    let value = decimal(case, name);
    let share = value.clamp_to_fraction();
    assert_eq!(Decimal::from(share), value, "`{name}` is no share in {case}");
    share
}

/// A price.
pub fn price(case: &Value, name: &str) -> Price {
    Price::new(integer(case, name))
}

/// A count of model tokens.
pub fn tokens(case: &Value, name: &str) -> TokenCount {
    TokenCount::new(integer(case, name))
}

/// A weight.
pub fn weight(case: &Value, name: &str) -> Weight {
    Weight::new(integer(case, name))
}

/// A list of weights.
pub fn weights(case: &Value, name: &str) -> Vec<Weight> {
    array(case, name)
        .iter()
        .map(|value| Weight::new(whole(value)))
        .collect()
}

/// A height.
pub fn height(case: &Value, name: &str) -> Height {
    Height::new(integer(case, name))
}

/// Stops at a file that the family doesn't know.
pub fn unknown(family: &str, file: &str) -> ! {
    panic!("tests/vectors/{family}/{file}.json is read by nobody")
}
