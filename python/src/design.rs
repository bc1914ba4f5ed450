//! The designs of a sweep by their names.

use stakeout_engine::experiment::sweep::factor::Design;

use crate::error::Failed;

/// A design from its name, with its size behind a colon: `grid`, `zip`, `corners`, `latin_hypercube:100`, `sobol:64`,
/// `morris:10/4`, `indices:128`.
///
/// # Errors
/// A name or size that does not exist.
pub fn read(text: &str) -> Result<Design, Failed> {
    let (name, size) = text.split_once(':').unwrap_or((text, ""));
    let count = |text: &str| text.trim().parse::<u32>().ok().filter(|&count| count > 0);
    let design = match name.trim() {
        "grid" if size.is_empty() => Some(Design::Grid),
        "zip" if size.is_empty() => Some(Design::Zip),
        "corners" if size.is_empty() => Some(Design::Corners),
        "latin_hypercube" => count(size).map(Design::LatinHypercube),
        "sobol" => count(size).map(Design::Sobol),
        "indices" => count(size).map(|rows| Design::Indices { rows }),
        "morris" => size.split_once('/').and_then(|(trajectories, levels)| {
            Some(Design::Morris {
                trajectories: count(trajectories)?,
                levels: count(levels)?,
            })
        }),
        _ => None,
    };
    design.ok_or_else(|| {
        Failed::usage(format!(
            "no design `{text}`; there are grid, zip, corners, latin_hypercube:N, sobol:N, morris:TRAJECTORIES/LEVELS \
             and indices:ROWS"
        ))
    })
}
