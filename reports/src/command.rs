//! `report` and `plot`, as the command line offers them.
//!
//! **Invariant.** A file is written whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};
use stakeout_engine::observe::run_archive::named_run;

use crate::draw;
use crate::error::ReportError;
use crate::page::Shown;
use crate::picture::Picture;
use crate::pictures::sweep::{Wish, wished};
use crate::subject::Subject;

/// Examples of `report`, for its help.
pub const REPORT_EXAMPLES: &str = "\
Examples:
  stakeout report latest -o report.html
  stakeout report sweeps/sampling-floor                # of `stakeout sweep scenarios/sweeps/sampling-floor.yaml`
  stakeout report sweeps/cheapest-floor                # of `stakeout solve scenarios/sweeps/cheapest-floor.yaml`
  stakeout report scenarios/calibration/smollm2-135m.yaml -o calibration.html";

/// Examples of `plot`, for its help.
pub const PLOT_EXAMPLES: &str = "\
Examples:
  stakeout plot latest --out figures
  stakeout plot latest --list
  stakeout plot latest --picture profit -o profit.png
  stakeout plot sweeps/sampling-floor --x protocol.sampling.flat_rate --y cheating_premium --by cheater -o x.svg
  stakeout plot sweeps/sampling-floor --x protocol.sampling.flat_rate --y cheater --z cheating_premium -o map.svg";

/// Arguments of `report`.
#[derive(Args, Debug)]
#[command(before_help = REPORT_EXAMPLES)]
pub struct Report {
    /// A run directory or `latest`, the folder of a sweep, of a solved question or of a game, or a calibration file
    #[arg(value_parser = run_path())]
    path: PathBuf,
    /// Where the page goes [default: report.html in the folder, or beside the file]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave the script out: a page a tenth as large whose pictures cannot be pointed at
    #[arg(long)]
    still: bool,
}

/// Arguments of `plot`.
#[derive(Args, Debug)]
#[command(before_help = PLOT_EXAMPLES)]
pub struct Plot {
    /// A run directory or `latest`, the folder of a sweep or its results.csv, of a solved question or a game, or a calibration file
    #[arg(value_parser = run_path())]
    path: PathBuf,
    /// Folder for all pictures, created if absent
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
    /// File for one picture; its ending says which kind: svg, png or csv
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Which picture, by name
    #[arg(long, value_name = "NAME")]
    picture: Option<String>,
    /// List the names of the pictures
    #[arg(long)]
    list: bool,
    /// Of a sweep, or of any table: the factor on the horizontal axis, or with --pareto a figure
    #[arg(long, value_name = "FACTOR", requires = "y")]
    x: Option<String>,
    /// Of a sweep: the figure on the vertical axis, or with --z a factor
    #[arg(long, value_name = "FIGURE", requires = "x")]
    y: Option<String>,
    /// Of a sweep: the factor that tells curves apart
    #[arg(long, value_name = "FACTOR", requires = "x", conflicts_with = "z")]
    by: Option<String>,
    /// Of a sweep: the figure, or the column of words, that becomes colours
    #[arg(long, value_name = "FIGURE", requires = "x")]
    z: Option<String>,
    /// Powers of ten along the horizontal axis
    #[arg(long, requires = "x")]
    log_x: bool,
    /// Of a sweep: the points of the plane of two figures, with those that nothing beats in both
    #[arg(long, requires = "x", conflicts_with_all = ["z", "by"])]
    pareto: bool,
}

/// Reads a path, or `latest`: the run that was written last.
pub fn run_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(named_run)
}

/// Makes the page and returns where it is.
///
/// # Errors
/// What lies at the path cannot be read, or the page cannot be written.
pub fn report(arguments: &Report) -> Result<Vec<PathBuf>, ReportError> {
    let subject = Subject::open(&arguments.path)?;
    let shown = if arguments.still {
        Shown::Still
    } else {
        Shown::Interactive
    };
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| match arguments.path.is_dir() {
            true => arguments.path.join("report.html"),
            false => arguments.path.with_extension("html"),
        });
    write_whole(&output, subject.page(shown)?.as_bytes())?;
    Ok(vec![output])
}

/// What came of `plot`.
#[derive(Debug)]
pub enum Drawn {
    /// The files that were written.
    Files(Vec<PathBuf>),
    /// The pictures that there are, where only they were asked for.
    Listed(Vec<Listed>),
}

/// A picture that can be asked for.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub title: String,
}

/// Draws, or lists what could be drawn.
///
/// # Errors
/// What lies at the path cannot be read, a picture that there is not, or a file that cannot be written.
pub fn plot(arguments: &Plot) -> Result<Drawn, ReportError> {
    // Before anything is read, which may take a while.
    let kind = arguments.output.as_deref().map(Kind::of).transpose()?;
    let subject = Subject::open(&arguments.path)?;
    let pictures = arguments.pictures(&subject)?;
    if arguments.list {
        let listed = pictures.into_iter().map(|picture| Listed {
            name: picture.name,
            title: picture.title,
        });
        return Ok(Drawn::Listed(listed.collect()));
    }
    if let (Some(output), Some(kind)) = (&arguments.output, kind) {
        let [picture] = pictures.as_slice() else {
            return Err(ReportError::Several {
                known: pictures.iter().map(|picture| picture.name.clone()).collect(),
            });
        };
        write_whole(output, &kind.drawn(picture)?)?;
        return Ok(Drawn::Files(vec![output.clone()]));
    }
    let Some(folder) = &arguments.out else {
        return Err(ReportError::NoPlace {
            path: arguments.path.clone(),
        });
    };
    fs::create_dir_all(folder).map_err(|source| ReportError::io("create", folder, source))?;
    let draw = |picture: &Picture| {
        let path = folder.join(format!("{}.svg", picture.name));
        write_whole(&path, &Kind::Svg.drawn(picture)?)?;
        Ok(path)
    };
    let written = pictures.iter().map(draw).collect::<Result<_, ReportError>>()?;
    Ok(Drawn::Files(written))
}

/// A kind of file that a picture can be written as.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Svg,
    Png,
    Csv,
}

impl Kind {
    /// The endings of files, each with its kind.
    const ALL: [(&str, Self); 3] = [("svg", Self::Svg), ("png", Self::Png), ("csv", Self::Csv)];

    /// The kind that a file's ending says.
    fn of(path: &Path) -> Result<Self, ReportError> {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let is_said = |known: &&(&str, Self)| ending.as_ref().is_some_and(|ending| ending == known.0);
        let found = Self::ALL.iter().find(is_said);
        found
            .map(|(_, kind)| *kind)
            .ok_or_else(|| ReportError::OtherKind {
                path: path.to_path_buf(),
            })
    }

    fn drawn(self, picture: &Picture) -> Result<Vec<u8>, ReportError> {
        match self {
            Self::Svg => Ok(draw::svg(picture)?.into_bytes()),
            Self::Png => draw::png(picture),
            Self::Csv => Ok(picture.sheet().to_csv().into_bytes()),
        }
    }
}

impl Plot {
    /// The pictures that were asked for.
    fn pictures(&self, subject: &Subject) -> Result<Vec<Picture>, ReportError> {
        if let (Some(x), Some(y)) = (&self.x, &self.y) {
            let Subject::Sweep(sweep) = subject else {
                return Err(ReportError::NotForThis {
                    path: self.path.clone(),
                    kind: subject.kind(),
                    options: "--x and --y are for the results of a sweep, or for any table",
                });
            };
            let wish = Wish {
                x: x.clone(),
                y: y.clone(),
                by: self.by.clone(),
                z: self.z.clone(),
                is_log: self.log_x,
                is_front: self.pareto,
            };
            return Ok(vec![wished(sweep, &wish)?]);
        }
        let all = subject.pictures()?;
        let Some(name) = &self.picture else { return Ok(all) };
        let known: Vec<String> = all.iter().map(|picture| picture.name.clone()).collect();
        let found: Vec<Picture> = all.into_iter().filter(|picture| picture.name == *name).collect();
        match found.is_empty() {
            true => Err(ReportError::Unknown {
                what: "picture",
                name: name.clone(),
                known,
            }),
            false => Ok(found),
        }
    }
}

/// Writes to a sibling and renames, so that a full disk leaves the old file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let mut sibling = path.as_os_str().to_owned();
    sibling.push(".tmp");
    let sibling = PathBuf::from(sibling);
    let write = || {
        let mut file = fs::File::create(&sibling)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&sibling, path)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&sibling);
        ReportError::io("write", path, source)
    })
}
