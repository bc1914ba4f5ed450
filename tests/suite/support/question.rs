//! Questions for `stakeout solve` that a test asks.

use super::files::root;
use super::program::{Folder, Outcome, stakeout};

/// Writes a question about a network of the repository and answers it in a folder of its own.
pub fn answer(name: &str, network: &str, rest: &str) -> serde_json::Value {
    let folder = Folder::new();
    let network = root().join(network);
    let question = format!("solve: {name}\nscenario: '{}'\n{rest}", network.display());
    solve(&folder, "question.yaml", &question, "place")
        .expect(0)
        .json()
}

/// Writes a question into `folder` and answers it in the folder `place` there.
pub fn solve(folder: &Folder, name: &str, question: &str, place: &str) -> Outcome {
    let file = folder.write(name, question).display().to_string();
    let place = folder.path().join(place).display().to_string();
    stakeout(["solve", &file, "--out", &place, "--format", "json"])
}
