//! `stakeout-report`: a run directory in, a page or drawings out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use stakeout_reports::{ReportError, Run, page, plot};

/// Exit code for input and output errors (docs/exit-codes.md).
const INPUT_OUTPUT: u8 = 4;

/// Makes a self-contained page of a run, or its drawings.
///
/// Examples:
///   stakeout-report runs/first-0123456789abcdef/seed-1 -o report.html
///   stakeout-report plot runs/first-0123456789abcdef/seed-1 --out figures
#[derive(Parser)]
#[command(version, verbatim_doc_comment, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    page: Option<PageArgs>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct PageArgs {
    /// Run directory (`runs/<scenario>-<hash>/seed-<n>`)
    run: PathBuf,
    /// Where the page goes [default: report.html in the run directory]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Write the drawings of a run as SVG files
    Plot {
        /// Run directory
        run: PathBuf,
        /// Folder for the drawings, created if absent
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match (cli.command, cli.page) {
        (Some(Command::Plot { run, out }), _) => write_plots(&run, &out),
        (None, Some(PageArgs { run, output })) => {
            let output = output.unwrap_or_else(|| run.join("report.html"));
            write_page(&run, &output)
        }
        (None, None) => {
            eprintln!("error: a run directory is needed; see --help");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(written) => {
            written.iter().for_each(|path| println!("{}", path.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(INPUT_OUTPUT)
        }
    }
}

fn write_page(run: &Path, output: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let html = page::render(&Run::open(run)?)?;
    write_whole(output, &html)?;
    Ok(vec![output.to_path_buf()])
}

fn write_plots(run: &Path, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let charts = page::charts(&Run::open(run)?)?;
    let io = |source| ReportError::Io {
        action: "create",
        path: folder.to_path_buf(),
        source,
    };
    fs::create_dir_all(folder).map_err(io)?;
    let draw = |chart: &stakeout_reports::series::Chart| {
        let path = folder.join(format!("{}.svg", chart.name));
        write_whole(&path, &plot::draw(chart)?)?;
        Ok(path)
    };
    charts.iter().map(draw).collect()
}

/// Writes to a sibling and renames, so that a full disk leaves the old file.
fn write_whole(path: &Path, text: &str) -> Result<(), ReportError> {
    let mut sibling = path.as_os_str().to_owned();
    sibling.push(".tmp");
    let sibling = PathBuf::from(sibling);
    let write = || {
        let mut file = fs::File::create(&sibling)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&sibling, path)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&sibling);
        ReportError::Io {
            action: "write",
            path: path.to_path_buf(),
            source,
        }
    })
}
