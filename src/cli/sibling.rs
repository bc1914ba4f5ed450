//! Commands that live in a binary of their own, so that this one stays quick to build.
//!
//! They are looked for beside the executable, as cargo and git look for theirs; where one is missing, the message is
//! the one command that builds it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::failure::{Failure, Reason};

/// A sibling binary and how to get it.
struct Sibling {
    binary: &'static str,
    package: &'static str,
}

/// Runs `stakeout <verb>` in the sibling that has it and ends with its exit code.
pub fn run(verb: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let sibling = match verb {
        "calibrate" => Sibling {
            binary: "stakeout-calibrate",
            package: "stakeout-replay",
        },
        _ => Sibling {
            binary: "stakeout-report",
            package: "stakeout-reports",
        },
    };
    let path = beside(sibling.binary)?;
    if !path.exists() {
        return Err(Failure::new(
            Reason::Io,
            format!(
                "`stakeout {verb}` lives in the binary {}, which is not beside this one ({})\n\
                 build it with: cargo build --release --package {}",
                sibling.binary,
                path.display(),
                sibling.package
            ),
        ));
    }
    let mut command = Command::new(&path);
    // The report is what the binary does when nothing more is said; every other verb is passed on.
    if !matches!(verb, "report" | "calibrate") {
        command.arg(verb);
    }
    let status = command
        .args(arguments)
        .status()
        .map_err(|error| Failure::io(&path, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => std::process::exit(code),
        None => Err(Failure::new(
            Reason::Bug,
            format!("{} was ended by a signal", sibling.binary),
        )),
    }
}

fn beside(binary: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| {
        Failure::new(
            Reason::Io,
            format!("cannot find this program's own place: {error}"),
        )
    })?;
    let folder = own.parent().unwrap_or(&own);
    Ok(folder.join(format!("{binary}{}", std::env::consts::EXE_SUFFIX)))
}
