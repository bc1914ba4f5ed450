//! The parts of a measurement on disk: one file a unit, written whole or not at all.
//!
//! A part is a line of JSON (the keys and lengths of its answers) and, after it, the scores as little-endian 32-bit
//! reals, eight a position. What is scored is what was stored: results are read back before they are used, so that a
//! resumed measurement and one in one piece see the same digits.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::derive::ScoredAnswer;
use crate::error::{ReplayError, Result};
use crate::observation::ReplayKey;
use crate::scores::TokenScore;

const FORMAT: &str = "stakeout-replay-part/1";

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    plan: String,
    answers: Vec<(ReplayKey, usize)>,
}

/// The folder of a measurement's parts.
pub struct Store {
    folder: PathBuf,
    plan: String,
}

impl Store {
    /// Opens or makes the folder; `plan` is the hash that every part must carry.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: &Path, plan: String) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| ReplayError::io(folder, error))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            plan,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.part"))
    }

    /// Whether the part is there and whole.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists() && self.read(name).is_ok()
    }

    /// Writes a part under a temporary name and renames it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, answers: &[ScoredAnswer]) -> Result<()> {
        let header = Header {
            format: FORMAT.into(),
            plan: self.plan.clone(),
            answers: answers
                .iter()
                .map(|answer| (answer.key.clone(), answer.positions.len()))
                .collect(),
        };
        let mut bytes =
            serde_json::to_vec(&header).map_err(|error| ReplayError::file(name, error.to_string()))?;
        bytes.push(b'\n');
        for score in answers.iter().flat_map(|answer| &answer.positions) {
            for value in numbers(score) {
                bytes.extend_from_slice(&(value as f32).to_le_bytes());
            }
        }
        let path = self.path(name);
        let temporary = path.with_extension("unfinished");
        std::fs::write(&temporary, bytes).map_err(|error| ReplayError::io(&temporary, error))?;
        std::fs::rename(&temporary, &path).map_err(|error| ReplayError::io(&path, error))
    }

    /// Reads a part.
    ///
    /// # Errors
    /// It is missing, cut short, or of another plan.
    pub fn read(&self, name: &str) -> Result<Vec<ScoredAnswer>> {
        let path = self.path(name);
        let fail = |problem: &str| ReplayError::file(path.display().to_string(), problem);
        let (header, scores) = self.header(name)?;
        if header.format != FORMAT || header.plan != self.plan {
            return Err(fail("belongs to another plan"));
        }
        let values: Vec<f64> = scores
            .chunks_exact(4)
            .map(|word| f64::from(f32::from_le_bytes([word[0], word[1], word[2], word[3]])))
            .collect();
        let mut scores = values.chunks_exact(8).map(score);
        let mut answers = Vec::new();
        for (key, length) in header.answers {
            let positions: Vec<TokenScore> = scores.by_ref().take(length).collect();
            if positions.len() != length {
                return Err(fail("is cut short"));
            }
            answers.push(ScoredAnswer { key, positions });
        }
        Ok(answers)
    }

    /// A part's header, and the bytes of its scores.
    fn header(&self, name: &str) -> Result<(Header, Vec<u8>)> {
        let path = self.path(name);
        let fail = |problem: &str| ReplayError::file(path.display().to_string(), problem);
        let mut bytes = std::fs::read(&path).map_err(|error| ReplayError::io(&path, error))?;
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| fail("has no header"))?;
        let header: Header =
            serde_json::from_slice(&bytes[..end]).map_err(|error| fail(&format!("header: {error}")))?;
        bytes.drain(..=end);
        Ok((header, bytes))
    }
}

fn numbers(score: &TokenScore) -> [f64; 8] {
    [
        score.js,
        score.kl,
        score.mae,
        score.deployed,
        score.margin,
        score.surprisal,
        score.entropy,
        score.varentropy,
    ]
}

fn score(values: &[f64]) -> TokenScore {
    TokenScore {
        js: values[0],
        kl: values[1],
        mae: values[2],
        deployed: values[3],
        margin: values[4],
        surprisal: values[5],
        entropy: values[6],
        varentropy: values[7],
    }
}
