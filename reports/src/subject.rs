//! What lies at a path: a run, a sweep, a solved question, a game or a calibration.
//!
//! **Invariant.** What a path is follows from the files that lie there, in a fixed order, and from nothing else.

use std::path::Path;

use stakeout_calibration::Calibration;
use stakeout_engine::observe::run_archive::list_runs;

use crate::error::ReportError;
use crate::game::{Game, KNOWN_BY};
use crate::page::{self, Shown};
use crate::picture::Picture;
use crate::pictures;
use crate::run::Run;
use crate::solve::Solve;
use crate::sweep::Sweep;

/// Something that a report can be made of.
#[derive(Debug)]
pub enum Subject {
    /// A run directory.
    Run(Box<Run>),
    /// The folder of a sweep, or its table of results.
    Sweep(Box<Sweep>),
    /// The folder of a solved question.
    Solve(Box<Solve>),
    /// The folder of a game.
    Game(Box<Game>),
    /// A calibration file, and the blake3 of its bytes.
    Calibration(Box<Calibration>, String),
}

impl Subject {
    /// Finds out what lies at a path and reads it.
    ///
    /// # Errors
    /// Nothing known lies there, or a file of it is missing or broken.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let has = |name: &str| path.join(name).exists();
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        if !path.exists() {
            let error = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(ReportError::io("read", path, error));
        }
        if has("manifest.json") {
            return Ok(Self::Run(Box::new(Run::open(path)?)));
        }
        if has("frontier.csv") && has("search.csv") {
            return Ok(Self::Solve(Box::new(Solve::open(path)?)));
        }
        if path.is_dir() && KNOWN_BY.into_iter().any(has) {
            return Ok(Self::Game(Box::new(Game::open(path)?)));
        }
        if has("results.csv") || (path.is_file() && extension.as_deref() == Some("csv")) {
            return Ok(Self::Sweep(Box::new(Sweep::open(path)?)));
        }
        if path.is_file() && matches!(extension.as_deref(), Some("yaml" | "yml")) {
            return calibration(path);
        }
        let runs = list_runs(path).unwrap_or_default();
        if let Some(run) = runs.first() {
            let reason = format!(
                "it is a folder of runs; name one, such as {}, or {} for the one that was written last",
                run.path.display(),
                path.join("latest").display()
            );
            return Err(ReportError::NoSubject {
                path: path.to_path_buf(),
                reason,
            });
        }
        Err(ReportError::NoSubject {
            path: path.to_path_buf(),
            reason: "there is no manifest.json (a run), results.csv (a sweep), frontier.csv (a solved question) or rests.csv (a \
                     game) in it"
                .into(),
        })
    }

    /// What it is, for a sentence.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "a run",
            Self::Sweep(_) => "the results of a sweep",
            Self::Solve(_) => "a solved question",
            Self::Game(_) => "a game",
            Self::Calibration(..) => "a calibration",
        }
    }

    /// The page.
    ///
    /// # Errors
    /// A file that is missing or broken, or a picture that cannot be drawn.
    pub fn page(&self, shown: Shown) -> Result<String, ReportError> {
        match self {
            Self::Run(run) => page::run::render(run, shown),
            Self::Sweep(sweep) => page::sweep::render(sweep, shown),
            Self::Solve(solve) => page::solve::render(solve, shown),
            Self::Game(game) => page::game::render(game, shown),
            Self::Calibration(calibration, digest) => page::calibration::render(calibration, digest, shown),
        }
    }

    /// The pictures of the page, in its order.
    ///
    /// # Errors
    /// A file that is missing or broken.
    pub fn pictures(&self) -> Result<Vec<Picture>, ReportError> {
        match self {
            Self::Run(run) => pictures::run::all(run),
            Self::Sweep(sweep) => pictures::sweep::all(sweep),
            Self::Solve(solve) => Ok(pictures::solve::all(solve)),
            Self::Game(game) => pictures::game::all(game),
            Self::Calibration(calibration, _) => Ok(pictures::calibration::all(calibration)),
        }
    }
}

fn calibration(path: &Path) -> Result<Subject, ReportError> {
    let text = stakeout_engine::scenario::files::read_text(path)
        .map_err(|error| ReportError::io("read", path, error))?;
    let calibration = Calibration::from_yaml(&text).map_err(|error| {
        let reason = match text.contains("stakeout-calibration/") {
            true => error.to_string(),
            false => "a file has to be a calibration, with `format: stakeout-calibration/1`; a scenario is run first".into(),
        };
        ReportError::NoSubject {
            path: path.to_path_buf(),
            reason,
        }
    })?;
    let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
    Ok(Subject::Calibration(Box::new(calibration), digest))
}
