//! `show`: a calibration file in words.

use std::path::{Path, PathBuf};

use clap::Args;
use stakeout_calibration::Calibration;

use crate::error::{ReplayError, Result};
use crate::model::read_small;
use crate::report::show;

/// Explain a calibration.
#[derive(Args, Debug)]
pub struct Show {
    /// A built-in calibration, a file, or the folder of a measurement
    name: String,
}

impl Show {
    /// Prints the explanation as Markdown.
    ///
    /// # Errors
    /// There is no such calibration, or its file is broken.
    pub fn run(self) -> Result<()> {
        let refused =
            |error: stakeout_calibration::CalibrationError| ReplayError::file(&self.name, error.to_string());
        let path = Path::new(&self.name);
        let calibration = if path.is_dir() {
            Calibration::from_yaml(&read_small(&inside(path)?)?)
        } else if path.is_file() {
            Calibration::from_yaml(&read_small(path)?)
        } else {
            Calibration::builtin(&self.name)
        };
        print!("{}", show(&calibration.map_err(refused)?));
        Ok(())
    }
}

/// The calibration file of a measurement's folder `calibrate-NAME`.
fn inside(folder: &Path) -> Result<PathBuf> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().to_string())
        .unwrap_or_default();
    let path = folder.join(format!("{}.yaml", name.trim_start_matches("calibrate-")));
    if path.is_file() {
        return Ok(path);
    }
    Err(ReplayError::Usage(format!(
        "{} is no finished measurement",
        folder.display()
    )))
}
