//! Values of Python as a scenario writes them.
//!
//! Invariant: a text stays as it is, so a quantity carries its unit; a list or map becomes one of YAML in one line, in
//! which texts are quoted wherever they could be taken for something else.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::error::Failed;

/// Deepest nesting of lists and maps.
const DEPTH: usize = 32;

/// The value as it would stand behind `--set path=`.
#[pyfunction]
pub fn written(value: &Bound<'_, PyAny>) -> Result<String, Failed> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => flow(value, 0),
    }
}

/// The value inside a list or a map.
fn flow(value: &Bound<'_, PyAny>, depth: usize) -> Result<String, Failed> {
    if depth > DEPTH {
        return Err(Failed::usage(format!("a value is nested deeper than {DEPTH}")));
    }
    if value.is_none() {
        return Ok("null".to_owned());
    }
    if let Ok(switch) = value.cast::<PyBool>() {
        return Ok(switch.is_true().to_string());
    }
    if value.cast::<PyInt>().is_ok() {
        return Ok(value.str()?.to_cow()?.into_owned());
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        let number = number.value();
        return if number.is_finite() {
            Ok(number.to_string())
        } else {
            Err(Failed::usage(format!("{number} is no finite number")))
        };
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(quoted(&text.to_cow()?));
    }
    if let Ok(map) = value.cast::<PyDict>() {
        let entries = map
            .iter()
            .map(|(key, value)| {
                Ok(format!(
                    "{}: {}",
                    quoted(&key.str()?.to_cow()?),
                    flow(&value, depth + 1)?
                ))
            })
            .collect::<Result<Vec<_>, Failed>>()?;
        return Ok(format!("{{ {} }}", entries.join(", ")));
    }
    if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
        let items = value
            .try_iter()?
            .map(|item| flow(&item?, depth + 1))
            .collect::<Result<Vec<_>, Failed>>()?;
        return Ok(format!("[{}]", items.join(", ")));
    }
    let class = value.get_type();
    Err(Failed::usage(format!(
        "a value of type {} cannot stand in a scenario: write a text, a number, a switch, a list or a dict",
        class.name()?
    )))
}

fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " _-.%/".contains(c))
        && !text.ends_with(' ');
    if is_plain {
        return text.to_owned();
    }
    // A JSON text is a double-quoted scalar of YAML.
    serde_json::to_string(text).unwrap_or_default()
}

/// Paths and values from a mapping, or from pairs.
pub fn changes(given: &Bound<'_, PyAny>) -> Result<Vec<(String, String)>, Failed> {
    let mut found = Vec::new();
    if let Ok(map) = given.cast::<PyDict>() {
        for (path, value) in map.iter() {
            found.push((path.extract::<String>()?, written(&value)?));
        }
        return Ok(found);
    }
    for pair in given.try_iter()? {
        let (path, value): (String, Bound<'_, PyAny>) = pair?.extract()?;
        found.push((path, written(&value)?));
    }
    Ok(found)
}
