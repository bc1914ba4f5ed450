//! Calibrations that come with the program, so that a scenario works without a file beside it.

use std::sync::OnceLock;

use crate::error::CalibrationError;
use crate::file::Calibration;

const BUILTIN: [(&str, &str); 3] = [
    (
        "published-gonka",
        include_str!("../../../scenarios/calibration/published-gonka.yaml"),
    ),
    (
        "demo-large",
        include_str!("../../../scenarios/calibration/demo-large.yaml"),
    ),
    (
        "smollm2-135m",
        include_str!("../../../scenarios/calibration/smollm2-135m.yaml"),
    ),
];

/// Names of the built-in calibrations.
pub const BUILTIN_NAMES: [&str; BUILTIN.len()] = [BUILTIN[0].0, BUILTIN[1].0, BUILTIN[2].0];

impl Calibration {
    /// The built-in calibration of this name. Its text, up to half a megabyte, is read once however many scenarios use it.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn builtin(name: &str) -> Result<Calibration, CalibrationError> {
        static READ: [OnceLock<Option<Calibration>>; BUILTIN.len()] =
            [const { OnceLock::new() }; BUILTIN.len()];
        match BUILTIN.iter().zip(&READ).find(|((known, _), _)| *known == name) {
            Some(((_, text), read)) => match read.get_or_init(|| Self::from_yaml(text).ok()) {
                Some(calibration) => Ok(calibration.clone()),
                // A broken one is read again for what is wrong with it.
                None => Self::from_yaml(text),
            },
            None => Err(CalibrationError::UnknownName {
                name: name.into(),
                known: BUILTIN_NAMES.join(", "),
            }),
        }
    }
}
