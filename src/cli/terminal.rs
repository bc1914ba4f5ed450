//! The one place that looks at the terminal and at the environment, and the way to standard output.
//!
//! Invariant: data goes to standard output through [`print`], everything else to standard error; nothing seen here
//! reaches a result.

use std::io::{self, IsTerminal, Write};

use super::failure::{Failure, Reason};

/// Whether an escape sequence may be written to standard output.
pub fn has_colour() -> bool {
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb()
}

/// Whether progress may be drawn on standard error.
pub fn has_progress() -> bool {
    io::stderr().is_terminal() && !is_dumb()
}

/// Writes data to standard output. A reader that closed the pipe has seen enough: that ends the program quietly.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(Reason::Io, format!("standard output: {error}"))),
    }
}

/// Writes a remark to standard error; a closed standard error is nobody's loss.
pub fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[allow(clippy::disallowed_methods, reason = "decides about colour alone")]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

#[allow(
    clippy::disallowed_methods,
    reason = "decides about colour and progress alone"
)]
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}
