//! `stakeout init`: a first scenario, short enough to read.

use std::path::{Path, PathBuf};

use clap::Args;

use super::examples::EXAMPLES;
use super::failure::Failure;
use super::files::create_new;
use super::terminal::print;

/// Arguments of `init`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:\n  stakeout init\n  stakeout run first.yaml")]
pub struct Init {
    /// Where to write it
    #[arg(default_value = "first.yaml")]
    path: PathBuf,
}

/// Writes the scenario and says what to do with it.
pub fn run(arguments: &Init) -> Result<(), Failure> {
    let first = EXAMPLES.first().map_or("", |example| example.text);
    create_new(&arguments.path, first)?;
    print(&next_steps(&arguments.path))
}

fn next_steps(path: &Path) -> String {
    let path = path.display();
    format!(
        "wrote {path}\n\nnext:\n  stakeout run {path}\n  stakeout run {path} --replicates 20 --resume\n  \
         stakeout report latest\n  \
         stakeout run {path} --set protocol.sampling.flat_rate='50 %' --replicates 20 --out strict\n  \
         stakeout scenario explain {path}\n"
    )
}
