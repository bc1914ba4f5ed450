//! The one place that looks at the terminal and at the environment, and the way to standard output.
//!
//! Invariant: data goes to standard output through [`print()`], everything else to standard error; nothing seen here
//! reaches a result. Tables are plain text, so NO_COLOR has nothing to turn off there; help and usage
//! errors are coloured by the argument parser, which honours it.

use std::io::{self, IsTerminal, Write};

use stakeout_engine::observe::display;

use super::failure::{Failure, Reason};

/// Whether progress may be drawn on standard error.
pub fn has_progress() -> bool {
    io::stderr().is_terminal() && !is_dumb()
}

/// Characters a line of standard output has room for, if it is a terminal; a pipe or a file takes lines of any length.
pub fn columns() -> Option<u16> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(out).map(|(width, _)| width.0)
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
    let _ = writeln!(io::stderr().lock(), "{}", calm(text));
}

/// The text without what a terminal would obey: names of a file reach messages, too.
fn calm(text: &str) -> String {
    display::escaped(text, &['\n', '\t'])
}

#[allow(clippy::disallowed_methods, reason = "decides about progress alone")]
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

#[cfg(test)]
mod tests {
    use super::calm;

    #[test]
    fn a_message_keeps_its_lines_and_loses_what_moves_the_cursor() {
        assert_eq!(calm("a\n\tb\u{1b}[2J\u{202e}é"), "a\n\tb\\u{1b}[2J\\u{202e}é");
    }
}
