//! A run directory as the command line takes it.
//!
//! Invariant: `latest` and a path mean the same run in every command; a pattern that matched several is named as such.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
pub use stakeout_reports::command::run_path as parser;

/// What to say in place of clap's words where a shell pattern has put several run directories in the place of one.
pub fn several_runs(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    PathBuf::from(word).join("manifest.json").exists().then(|| {
        format!(
            "one run is taken here, and `{word}` is another: a pattern such as runs/first-*/seed-7 matches every run of \
             that name; name one, or write `latest` for the one that was written last (`stakeout runs` lists them)"
        )
    })
}
