//! Questions for `stakeout solve` that a test asks.

use super::files::root;
use super::program::{Folder, stakeout};

/// Writes a question about a network of the repository and answers it in a folder of its own.
pub fn answer(name: &str, network: &str, rest: &str) -> serde_json::Value {
    let folder = Folder::new();
    let network = root().join(network);
    let question = format!("solve: {name}\nscenario: '{}'\n{rest}", network.display());
    let file = folder.write("question.yaml", &question).display().to_string();
    let place = folder.path().join("place").display().to_string();
    stakeout(["solve", &file, "--out", &place, "--format", "json"])
        .expect(0)
        .json()
}
