//! The pictures of a run, in the order of its page.

use std::collections::BTreeSet;

use super::{economy, latency, over_time, survival, timeline};
use crate::error::ReportError;
use crate::frames::Frames;
use crate::picture::Picture;
use crate::run::Run;

/// Names of the pictures with epochs along the foot.
const OVER_EPOCHS: [&str; 4] = ["profit", "cheater-share", "sampling", "reputation"];

/// All that show something.
///
/// # Errors
/// A columnar file that is missing or unreadable.
pub fn all(run: &Run) -> Result<Vec<Picture>, ReportError> {
    Ok(of(&Frames::read(&run.path)?))
}

/// The pictures of frames.
pub fn of(frames: &Frames) -> Vec<Picture> {
    let participants = &frames.participants;
    let all = [
        over_time::profit(participants),
        over_time::cheater_share(&frames.epochs, participants),
        survival::time_to_detection(participants, &frames.convictions),
        timeline::attack(participants, &frames.convictions),
        over_time::sampling(&frames.epochs),
        over_time::reputation(participants),
        economy::flow(&frames.epochs, participants),
        economy::supply(participants),
        economy::lorenz(participants),
        latency::latency(&frames.histograms),
    ];
    // What is drawn over epochs says nothing of a single one: a dot for each curve.
    let epochs: BTreeSet<u32> = frames.epochs.epoch.iter().copied().collect();
    let is_over_epochs = |picture: &Picture| OVER_EPOCHS.contains(&picture.name.as_str());
    all.into_iter()
        .filter(|picture| !picture.is_empty() && (epochs.len() > 1 || !is_over_epochs(picture)))
        .collect()
}
