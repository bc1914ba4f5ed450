//! How a call fails: the engine's own message, as an exception of the package.
//!
//! Invariant: the text of an exception is the text that the command line prints, and a scenario's mistakes come one by
//! one as well, each with its place and its likely repair.

use std::fmt::Display;

use pyo3::prelude::*;
use pyo3::types::PyList;
use stakeout_engine::experiment::sweep::SweepError;
use stakeout_engine::observe::results_error::ResultsError;
use stakeout_engine::oracle::OracleError;
use stakeout_engine::run::{LoggedRunError, RunError};
use stakeout_engine::scenario::{Problem, ScenarioErrors};

/// Why a call fails; each kind is a class of `stakeout._errors`.
#[derive(Debug)]
pub enum Failed {
    /// A scenario or an experiment's file is wrong.
    Invalid {
        /// The whole message.
        message: String,
        /// The mistakes one by one; none for a file without places.
        problems: Vec<Problem>,
    },
    /// A call that makes no sense.
    Usage(String),
    /// A file or folder refused.
    InputOutput(String),
    /// A limit would have been broken.
    Limit(String),
    /// A file does not hold what it should.
    Verification(String),
    /// Cells are missing that a whole result needs.
    Incomplete(String),
    /// A strategy written in Python raised; its own exception is the cause.
    Strategy(String, Option<PyErr>),
    /// A bug of ours.
    Bug(String),
    /// Python's own: Ctrl-C, or an exception of something that was called.
    Python(PyErr),
}

impl Failed {
    /// A call that makes no sense.
    pub fn usage(message: impl Display) -> Self {
        Self::Usage(message.to_string())
    }
}

impl From<ScenarioErrors> for Failed {
    fn from(errors: ScenarioErrors) -> Self {
        let message = errors.to_string();
        if errors.is_io {
            return Self::InputOutput(message);
        }
        Self::Invalid {
            message,
            problems: errors.problems,
        }
    }
}

impl From<SweepError> for Failed {
    fn from(error: SweepError) -> Self {
        let message = error.to_string();
        match error {
            SweepError::File(problems) => Self::Invalid { message, problems },
            SweepError::Scenario(errors) => Self::Invalid {
                message,
                problems: errors.problems,
            },
            SweepError::Unfit(_) => Self::Invalid {
                message,
                problems: Vec::new(),
            },
            SweepError::Io { .. } | SweepError::OtherPlan { .. } => Self::InputOutput(message),
            SweepError::Limit(_) => Self::Limit(message),
            SweepError::Interrupted | SweepError::Incomplete { .. } => Self::Incomplete(message),
        }
    }
}

impl From<ResultsError> for Failed {
    fn from(error: ResultsError) -> Self {
        match error {
            ResultsError::Broken { .. } => Self::Verification(error.to_string()),
            _ => Self::InputOutput(error.to_string()),
        }
    }
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self::Invalid {
            message: error.to_string(),
            problems: Vec::new(),
        }
    }
}

impl From<LoggedRunError> for Failed {
    fn from(error: LoggedRunError) -> Self {
        match error {
            LoggedRunError::Run(error) => error.into(),
            LoggedRunError::Log(error) => error.into(),
        }
    }
}

impl From<OracleError> for Failed {
    fn from(error: OracleError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<PyErr> for Failed {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Failed> for PyErr {
    fn from(failed: Failed) -> Self {
        Python::attach(|py| exception(py, failed).unwrap_or_else(|broken| broken))
    }
}

/// The exception, made by the package's own classes.
fn exception(py: Python<'_>, failed: Failed) -> PyResult<PyErr> {
    let classes = py.import("stakeout._errors")?;
    let plain = |class: &str, message: String| -> PyResult<PyErr> {
        Ok(PyErr::from_value(classes.getattr(class)?.call1((message,))?))
    };
    match failed {
        Failed::Invalid { message, problems } => {
            let class = classes.getattr("Problem")?;
            let listed = PyList::empty(py);
            for problem in &problems {
                listed.append(mistake(&class, problem)?)?;
            }
            let raised = classes.getattr("ScenarioError")?.call1((message, listed))?;
            Ok(PyErr::from_value(raised))
        }
        Failed::Usage(message) => plain("UsageError", message),
        Failed::InputOutput(message) => plain("InputOutputError", message),
        Failed::Limit(message) => plain("LimitError", message),
        Failed::Verification(message) => plain("VerificationError", message),
        Failed::Incomplete(message) => plain("ExpectationError", message),
        Failed::Strategy(message, cause) => {
            let error = plain("StrategyError", message)?;
            error.set_cause(py, cause);
            Ok(error)
        }
        Failed::Bug(message) => plain("InternalError", message),
        Failed::Python(error) => Ok(error),
    }
}

/// One mistake as Python sees it. Line and column are none for a source without lines.
fn mistake<'py>(class: &Bound<'py, PyAny>, problem: &Problem) -> PyResult<Bound<'py, PyAny>> {
    let place = &problem.place;
    let has_place = place.line > 0 && !place.source.is_command_line;
    class.call1((
        problem.path.as_str(),
        problem.found.as_str(),
        has_place.then_some(place.line),
        has_place.then_some(place.column),
        place.source.name.as_str(),
        problem.allowed.as_deref(),
        problem.hint.as_deref(),
    ))
}
