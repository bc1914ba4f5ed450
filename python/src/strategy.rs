//! Strategies written in Python, beside those of the program.
//!
//! A scenario names them like any other. Each has one parameter more than its class states, `python`, which holds the
//! hash of its source: a run of another source has another scenario hash, and kept cells are not taken for those of an
//! older version of the class.
//!
//! Invariant: each participant has an object of its own, made and asked with Python's lock held; an exception ends the
//! run and is handed on with its cause.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};
use stakeout_engine::scenario::ParamValue;
use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, Registry, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, StrategyFailure};
use stakeout_protocol::units::Fraction;

use crate::error::Failed;
use crate::policy::{self, View};

/// The parameter that holds the hash of the source.
const SOURCE: &str = "python";
/// Largest count that Python's floats, and JSON, keep exactly.
const COUNT_MAX: u64 = 1 << 53;
/// Units of a length of time.
const TIMES: [&str; 6] = ["ns", "ms", "s", "min", "h", "d"];

/// A class under a name; the last one of a name is the one that scenarios mean.
struct Known {
    key: &'static str,
    descriptor: StrategyDescriptor,
    class: Py<PyAny>,
}

static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());
static FAILURE: Mutex<Option<(String, PyErr)>> = Mutex::new(None);
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

fn known() -> MutexGuard<'static, Vec<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every strategy that a scenario may name from here.
pub fn registry() -> Registry {
    let mut all: Vec<StrategyDescriptor> = stakeout_agents::registry().iter().copied().collect();
    for known in known().iter() {
        match all.iter_mut().find(|other| other.name == known.descriptor.name) {
            Some(older) => *older = known.descriptor,
            None => all.push(known.descriptor),
        }
    }
    Registry::new(all)
}

/// Whether a strategy has raised in the work at hand.
pub fn has_failed() -> bool {
    HAS_FAILED.load(Ordering::SeqCst)
}

/// Begins new work.
pub fn forget_failure() {
    take_failure();
}

/// What the first strategy that failed said, and its exception.
pub fn take_failure() -> Option<(String, PyErr)> {
    HAS_FAILED.store(false, Ordering::SeqCst);
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Makes a class known under a name. `key` is the hash of its source; `parameters` are names with their defaults.
#[pyfunction]
pub fn register_strategy(
    name: String,
    class: Py<PyAny>,
    key: String,
    summary: String,
    parameters: Vec<(String, Bound<'_, PyAny>)>,
) -> Result<(), Failed> {
    if stakeout_agents::registry().get(&name).is_some() {
        return Err(Failed::usage(format!(
            "the strategy `{name}` comes with the program; choose another name"
        )));
    }
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if !is_word(&name) || name.len() > 64 {
        return Err(Failed::usage(format!(
            "`{name}` is no strategy's name: use small letters, digits and _"
        )));
    }
    let mut descriptors = Vec::new();
    for (parameter, default) in parameters {
        if !is_word(&parameter) || parameter == SOURCE || parameter.len() > 64 {
            return Err(Failed::usage(format!("`{parameter}` is no parameter's name")));
        }
        descriptors.push(descriptor(&parameter, &default)?);
    }
    let key: &'static str = key.leak();
    let keys: &'static [&'static str] = vec![key].leak();
    descriptors.push(ParamDescriptor {
        name: SOURCE,
        kind: ParamKind::OneOf(keys),
        default: Some(key),
        doc: "Hash of the source of the class in Python.",
    });
    let descriptor = StrategyDescriptor {
        name: name.leak(),
        summary: summary.leak(),
        params: descriptors.leak(),
        build,
    };
    known().push(Known {
        key,
        descriptor,
        class,
    });
    Ok(())
}

/// The kind of a parameter follows from its default.
fn descriptor(name: &str, default: &Bound<'_, PyAny>) -> Result<ParamDescriptor, Failed> {
    let (kind, text) = if let Ok(switch) = default.cast::<PyBool>() {
        (ParamKind::Switch, switch.is_true().to_string())
    } else if default.cast::<PyInt>().is_ok() {
        let count: u64 = default.extract()?;
        (
            ParamKind::Count {
                min: 0,
                max: COUNT_MAX,
            },
            count.to_string(),
        )
    } else if let Ok(text) = default.cast::<PyString>() {
        let text = text.to_cow()?.into_owned();
        let is_time = text
            .split_once(' ')
            .is_some_and(|(number, unit)| number.parse::<f64>().is_ok() && TIMES.contains(&unit));
        match text.ends_with('%') {
            true => (ParamKind::Fraction, text),
            false if is_time => (ParamKind::Duration, text),
            false => (ParamKind::Name, text),
        }
    } else {
        return Err(Failed::usage(format!(
            "the default of `{name}` is {}; write a share '5 %', a length of time '10 s', a name, a whole number or a \
             switch",
            default.repr()?
        )));
    };
    Ok(ParamDescriptor {
        name: name.to_owned().leak(),
        kind,
        default: Some(text.leak()),
        doc: "A parameter of a strategy written in Python.",
    })
}

/// Makes one participant's object. The signature is the registry's, so a failure can only unwind.
fn build(given: &[(String, ParamValue)]) -> Roles {
    let key = given.iter().find_map(|(name, value)| match value {
        ParamValue::Name(key) if name == SOURCE => Some(key.as_str()),
        _ => None,
    });
    let key = key.expect("the registry gives every parameter");
    let made = Python::attach(
        |py| -> Result<(&'static str, Py<PyAny>), (&'static str, Failed)> {
            let (name, class) = known()
                .iter()
                .rev()
                .find(|known| known.key == key)
                .map(|known| (known.descriptor.name, known.class.clone_ref(py)))
                .expect("a key in a checked scenario is known");
            let object = || -> PyResult<Py<PyAny>> {
                let keywords = PyDict::new(py);
                for (name, value) in given.iter().filter(|(name, _)| name != SOURCE) {
                    match value {
                        ParamValue::Fraction(share) => keywords.set_item(name, number(*share))?,
                        ParamValue::Count(count) => keywords.set_item(name, count)?,
                        ParamValue::Duration(time) => keywords.set_item(name, time.as_seconds())?,
                        ParamValue::Name(text) => keywords.set_item(name, text)?,
                        ParamValue::Switch(switch) => keywords.set_item(name, switch)?,
                    }
                }
                class.call(py, (), Some(&keywords))
            };
            Ok((name, object().map_err(|error| (name, Failed::Python(error)))?))
        },
    );
    match made {
        Ok((name, object)) => Roles {
            executor: Box::new(Asked { name, object }),
            ..Roles::honest()
        },
        Err((name, error)) => fail(name, error),
    }
}

fn number(share: Fraction) -> f64 {
    share.parts() as f64 / Fraction::ONE.parts() as f64
}

/// An object of Python that is asked once an epoch.
struct Asked {
    name: &'static str,
    object: Py<PyAny>,
}

impl ExecutorStrategy for Asked {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let answer = Python::attach(|py| -> Result<ExecutorPolicy, Failed> {
            let answer = self.object.bind(py).call_method1("policy", (View::from(view),))?;
            policy::read(&answer)
        });
        answer.unwrap_or_else(|error| fail(self.name, error))
    }
}

/// Ends the run; the first failure is kept for the caller.
fn fail(name: &str, error: Failed) -> ! {
    let error = PyErr::from(error);
    let message = format!("the strategy `{name}` failed: {error}");
    let mut first = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    first.get_or_insert_with(|| (message.clone(), error));
    drop(first);
    HAS_FAILED.store(true, Ordering::SeqCst);
    panic::resume_unwind(Box::new(StrategyFailure(message)))
}
