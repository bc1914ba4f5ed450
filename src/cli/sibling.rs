//! Commands that live in a binary of their own, so that this one stays quick to build.
//!
//! They are looked for beside the executable, as cargo and git look for theirs; where one is missing, the message is
//! the one command that builds it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::failure::{Failure, Reason};

const BINARY: &str = "stakeout-calibrate";
const PACKAGE: &str = "stakeout-replay";

/// Runs `stakeout calibrate` in the sibling that has it and ends with its exit code.
pub fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let path = beside(BINARY)?;
    if !path.exists() {
        return Err(Failure::new(
            Reason::Io,
            format!(
                "`stakeout calibrate` lives in the binary {BINARY}, which is not beside this one ({})\n\
                 build it with: cargo build --release --package {PACKAGE}",
                path.display(),
            ),
        ));
    }
    let status = Command::new(&path)
        .args(arguments)
        .status()
        .map_err(|error| Failure::io(&path, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => std::process::exit(code),
        None => Err(Failure::new(
            Reason::Bug,
            format!("{BINARY} was ended by a signal"),
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
