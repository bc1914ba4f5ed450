//! `stakeout audit trace`: a window of the log in the formats of other tools.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stakeout_engine::audit::log_reader::LogReader;
use stakeout_engine::audit::ocel::{Window, write_ocel};
use stakeout_engine::audit::perfetto::write_trace;
use stakeout_engine::observe::results_error::ResultsError;

use super::super::failure::Failure;
use super::super::run_path;
use super::super::terminal::remark;
use super::open_logged;

/// Formats of other tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Chrome's trace format, for Perfetto and other trace viewers
    Perfetto,
    /// Object-centric event log 2.0, for process mining
    Ocel,
}

/// Arguments of `audit trace`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout audit trace latest --to '600 s' --out trace.json\n  \
    stakeout audit trace latest --form ocel > log.ocel.json"
)]
pub struct Trace {
    /// The run directory
    #[arg(value_parser = run_path::parser())]
    run: PathBuf,
    /// Start of the window, in simulated time
    #[arg(long, value_name = "TIME", default_value = "0 s", value_parser = parse_time)]
    from: u64,
    /// End of the window; the end of the run where not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<u64>,
    /// Which format
    #[arg(long, value_enum, default_value_t = Form::Perfetto, value_name = "FORM")]
    form: Form,
    /// The replicate
    #[arg(long, value_name = "N", default_value_t = 0)]
    replicate: u32,
    /// The file to write, which must not exist; standard output where not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the window.
pub fn run(arguments: &Trace) -> Result<(), Failure> {
    let window = Window {
        from_ns: arguments.from,
        to_ns: arguments.to.unwrap_or(u64::MAX),
    };
    if window.from_ns >= window.to_ns {
        return Err(Failure::usage("the window ends before it begins"));
    }
    let run = open_logged(&arguments.run)?;
    let (entries, names) = (run.events(arguments.replicate)?, run.host_names()?);
    let Some(path) = &arguments.out else {
        let written = write(arguments.form, entries, window, &names, &mut io::stdout().lock())?;
        return match written {
            // Whoever reads has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| Failure::io("standard output".as_ref(), &error)),
        };
    };
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = BufWriter::new(file.map_err(|error| Failure::io(path, &error))?);
    let written = write(arguments.form, entries, window, &names, &mut file)?;
    written
        .and_then(|()| file.flush())
        .map_err(|error| Failure::io(path, &error))?;
    remark(&format!("wrote {}", path.display()));
    Ok(())
}

fn write(
    form: Form,
    entries: LogReader,
    window: Window,
    names: &BTreeMap<u32, String>,
    sink: &mut dyn Write,
) -> Result<io::Result<()>, ResultsError> {
    match form {
        Form::Perfetto => write_trace(entries, window, names, sink),
        Form::Ocel => write_ocel(entries, window, names, sink),
    }
}

/// A time with its unit, in nanoseconds.
fn parse_time(text: &str) -> Result<u64, String> {
    let (number, unit) = text
        .trim()
        .split_once(' ')
        .ok_or("write a number and a unit: '90 s' or '5 min'")?;
    let factor: u64 = match unit.trim() {
        "ns" => 1,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        other => return Err(format!("`{other}` is no unit of time: ns, ms, s, min or h")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{number}` is no whole number"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "longer than any run".to_string())
}
