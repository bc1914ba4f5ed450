//! How a command fails: a message for the user and an exit code of `docs/exit-codes.md`.

use std::fmt;
use std::io;
use std::path::Path;

use stakeout_engine::observe::results_error::ResultsError;
use stakeout_engine::run::LoggedRunError;
use stakeout_reports::ReportError;

/// Why the program ends; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// An invariant or an asserted expectation failed.
    Expectation = 1,
    /// Wrong usage of the command line.
    Usage = 2,
    /// An invalid scenario, calibration or data file.
    Invalid = 3,
    /// Input or output failed.
    Io = 4,
    /// A limit was refused before it hurt.
    Limit = 5,
    /// A verification failed.
    Verification = 6,
    /// A bug of ours, caught.
    Bug = 70,
    /// Interrupted; what was finished is kept.
    Interrupted = 130,
}

/// A reason with its message; the message may span lines and does not begin with `error:`.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub reason: Reason,
    /// For the user; empty where everything has been said already.
    pub message: String,
}

impl Failure {
    /// A failure of this kind with this message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Failure {
            reason,
            message: message.into(),
        }
    }

    /// Wrong usage of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Reason::Usage, message)
    }

    /// A file or folder that could not be read or written.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Failure::new(Reason::Io, format!("{}: {}", path.display(), describe(error)))
    }

    /// What helps with a file that is not there: shipped files are named as they lie in the sources.
    pub fn advice(&self) -> Option<&'static str> {
        let is_shipped = self.message.contains("scenarios/") && !Path::new("scenarios").exists();
        (self.reason == Reason::Io && is_shipped)
            .then_some("`scenarios/` comes with the sources: go to their folder, or see `stakeout examples`")
    }

    /// A limit that the request would have broken.
    pub fn limit(message: impl Into<String>) -> Self {
        Failure::new(Reason::Limit, message)
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        let reason = match error {
            ResultsError::Broken { .. } => Reason::Verification,
            _ => Reason::Io,
        };
        let advice = match &error {
            ResultsError::Exists { .. } => {
                "\nuse --resume to keep what is finished and add what is missing, --replace to run again, \
                 or --out for another place"
            }
            ResultsError::Differs { .. } | ResultsError::NotExtendable { .. } => {
                "\nuse --replace to run again, or --out for another place"
            }
            _ => "",
        };
        Failure::new(reason, format!("{error}{advice}"))
    }
}

impl From<LoggedRunError> for Failure {
    fn from(error: LoggedRunError) -> Self {
        match error {
            LoggedRunError::Run(error) => Failure::new(Reason::Invalid, error.to_string()),
            LoggedRunError::Log(error) => error.into(),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let reason = match error.exit_code() {
            2 => Reason::Usage,
            3 => Reason::Invalid,
            _ => Reason::Io,
        };
        Failure::new(reason, error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An input/output error without the operating system's number.
fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        io::ErrorKind::StorageFull => "no space left".to_string(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_string()
        }
    }
}
