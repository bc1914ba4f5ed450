//! Reading a case, and remembering which of its fields were looked at.

use super::read;
use serde_json::{Map, Value};
use stakeout_protocol::units::{Decimal, Fraction, Reputation, Weight};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Checks one case of a table; says what differs.
pub type CaseCheck = fn(table: &str, case: &Case) -> Result<(), String>;

/// One case: an object whose fields are inputs and expected outputs.
pub struct Case {
    fields: Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
}

/// Checks every case of a file, and that no field of a case went unread.
///
/// Fails with all that differs, not only the first.
pub fn check_cases(family: &str, table: &str, document: &Value, check: CaseCheck) {
    let cases = read::cases(document).iter().map(Case::new);
    let failures: Vec<String> = cases
        .enumerate()
        .filter_map(|(number, case)| {
            let problem = check_case(table, &case, check).err()?;
            Some(format!("{family}/{table}.json, case {}: {problem}", number + 1))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check_case(table: &str, case: &Case, check: CaseCheck) -> Result<(), String> {
    check(table, case)?;
    match case.unread() {
        unread if unread.is_empty() => Ok(()),
        unread => Err(format!("no check looked at {}", unread.join(", "))),
    }
}

impl Case {
    fn new(case: &Value) -> Self {
        let fields = case
            .as_object()
            .cloned()
            .unwrap_or_else(|| panic!("{case} is no object"));
        Self {
            fields,
            read: RefCell::default(),
        }
    }

    /// Fields that nothing asked for; `note` is for the reader.
    pub fn unread(&self) -> Vec<String> {
        let read = self.read.borrow();
        self.fields
            .keys()
            .filter(|key| *key != "note" && !read.contains(*key))
            .cloned()
            .collect()
    }

    pub fn optional(&self, key: &str) -> Option<&Value> {
        self.read.borrow_mut().insert(key.to_owned());
        self.fields.get(key)
    }

    pub fn value(&self, key: &str) -> &Value {
        self.optional(key)
            .unwrap_or_else(|| panic!("the case has no `{key}`: {:?}", self.fields))
    }

    pub fn text(&self, key: &str) -> &str {
        self.value(key)
            .as_str()
            .unwrap_or_else(|| panic!("`{key}` is no text"))
    }

    pub fn flag(&self, key: &str) -> bool {
        self.value(key)
            .as_bool()
            .unwrap_or_else(|| panic!("`{key}` is no truth value"))
    }

    /// An integer, written as a number or, above 2^53, as a text.
    pub fn integer(&self, key: &str) -> i128 {
        to_integer(self.value(key)).unwrap_or_else(|| panic!("`{key}` is no integer"))
    }

    pub fn count(&self, key: &str) -> u64 {
        u64::try_from(self.integer(key)).unwrap_or_else(|_| panic!("`{key}` is no count"))
    }

    /// A decimal, written as a text or as an integer.
    pub fn decimal(&self, key: &str) -> Decimal {
        to_decimal(self.value(key)).unwrap_or_else(|| panic!("`{key}` is no decimal"))
    }

    pub fn fraction(&self, key: &str) -> Fraction {
        to_fraction(self.decimal(key)).unwrap_or_else(|| panic!("`{key}` is not within 0 and 1"))
    }

    pub fn weight(&self, key: &str) -> Weight {
        Weight::new(self.count(key))
    }

    pub fn reputation(&self, key: &str) -> Reputation {
        Reputation::new(u8::try_from(self.count(key)).unwrap())
    }

    pub fn list(&self, key: &str) -> &[Value] {
        self.value(key)
            .as_array()
            .unwrap_or_else(|| panic!("`{key}` is no list"))
    }

    pub fn decimals(&self, key: &str) -> Vec<Decimal> {
        self.list(key)
            .iter()
            .map(|value| to_decimal(value).unwrap())
            .collect()
    }

    pub fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }
}

pub fn to_integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub fn to_fraction(value: Decimal) -> Option<Fraction> {
    Decimal::from(value.clamp_to_fraction())
        .eq(&value)
        .then(|| value.clamp_to_fraction())
}

/// Equality, said with both values.
pub fn expect<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Result<(), String> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what} is {actual:?}, not {expected:?}"))
    }
}

/// Closeness, said with both values.
pub fn expect_near(what: &str, actual: Decimal, expected: Decimal, tolerance: Decimal) -> Result<(), String> {
    let gap = (actual - expected).parts().abs();
    if gap <= tolerance.parts() {
        Ok(())
    } else {
        Err(format!("{what} is {actual}, not {expected} within {tolerance}"))
    }
}

/// The refusal of a table that a family does not know.
pub fn unknown_table(table: &str) -> Result<(), String> {
    Err(format!("no check reads the table {table}"))
}

#[test]
fn a_field_that_nobody_reads_is_a_failure() {
    let problem = |text: &str| {
        let case = Case::new(&serde_json::from_str(text).unwrap());
        check_case("draws", &case, super::hash_draw::check_draw).unwrap_err()
    };
    let typo = problem(r#"{"seed": 0, "id": "inference-3", "u": "0.8815494969577052", "typo": 1}"#);
    assert!(typo.contains("typo"), "{typo}");
    let wrong = problem(r#"{"seed": 0, "id": "inference-3", "u": "0.8815494969577053"}"#);
    assert!(wrong.contains("8815494969577053"), "{wrong}");
}
