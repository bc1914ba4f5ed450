//! `manifest.json`: which program made a run, on what, and how long it took.
//!
//! **Invariant.** This is the one file of a run directory that may differ between two runs of the same
//! scenario and seed; every other file is a function of both and of the model version.

use serde::{Deserialize, Serialize};

/// Layout of run directories; a reader refuses a number it does not know.
pub const RESULTS_FORMAT: u32 = 1;

/// Version of the simulated model: two releases with the same number give the same results for the same
/// scenario and seed. Raised with a reason in the changelog.
pub const MODEL_VERSION: u32 = 2;

/// What identifies a run and what surrounded it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout of the directory, [`RESULTS_FORMAT`].
    pub format: u32,
    /// Release of the program.
    pub version: String,
    /// Version of the model, [`MODEL_VERSION`].
    pub model_version: u32,
    /// Scenario name.
    pub scenario: String,
    /// First 16 hex digits of the scenario's hash.
    pub scenario_hash: String,
    /// Root seed.
    pub seed: u64,
    /// Number of replicates.
    pub replicates: u32,
    /// Digest over all replicates, lower-case hex.
    pub digest: String,
    /// Event logs with their heads, by replicate; empty where none was asked for.
    #[serde(default)]
    pub event_logs: Vec<EventLogEntry>,
    /// Files in the directory with their hashes, in the order in which they were written.
    pub files: Vec<FileEntry>,
    /// Where it ran, as the caller describes it.
    pub platform: Platform,
    /// How long it took, as the caller measured it.
    pub timing: Timing,
    /// blake3 hash of this file with sixty-four zeros in this place, lower-case hex.
    #[serde(default)]
    pub seal: String,
}

/// The event log of one replicate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLogEntry {
    /// Replicate.
    pub replicate: u32,
    /// File name.
    pub file: String,
    /// Number of events.
    pub events: u64,
    /// Last head of the log's hash chain, lower-case hex (docs/audit.md).
    pub head: String,
}

/// One file of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// File name.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// blake3 hash of the content, lower-case hex.
    pub blake3: String,
}

/// Where a run ran. The engine does not look: the caller says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub architecture: String,
    /// Threads used.
    pub threads: u32,
}

/// How long a run took. The engine reads no clock: the caller measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Time on the wall for all replicates, in milliseconds.
    pub wall_ms: u64,
    /// Start of the run in seconds since 1970-01-01 UTC, if the caller knows.
    pub started_unix_s: Option<u64>,
}

/// What stands in the seal's place while the seal is computed.
const NO_SEAL: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Manifest {
    /// The text of `manifest.json`, sealed.
    ///
    /// # Errors
    /// What the serializer reports.
    pub fn sealed(&mut self) -> serde_json::Result<String> {
        self.seal = NO_SEAL.to_string();
        let text = serde_json::to_string_pretty(self)? + "\n";
        self.seal = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(text.replacen(NO_SEAL, &self.seal, 1))
    }

    /// Whether this text of a manifest is the one that its seal was put on.
    pub fn is_seal_whole(&self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            return false;
        };
        let unsealed = text.replacen(&self.seal, NO_SEAL, 1);
        self.seal.len() == NO_SEAL.len() && blake3::hash(unsealed.as_bytes()).to_hex().as_str() == self.seal
    }
}
