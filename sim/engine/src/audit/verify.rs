//! Is this run directory what it claims to be?
//!
//! Invariant: every check is made and every failure told with its place; one failure hides no other. Hashes say
//! that nothing was changed since, the auditor's own balances that the coins went where the log says, and the run
//! once more that the scenario gives these bytes.

use std::fs;
use std::path::Path;

use super::balances::Balances;
use super::chain::Chain;
use super::log_entry::{LogEntry, NO_CAUSE};
use super::log_reader::LogReader;
use super::rerun::{Rerun, rerun};
use crate::observe::event::EventKind;
use crate::observe::frame::{ACCOUNTS, RunOutput};
use crate::observe::manifest::{EventLogEntry, MODEL_VERSION};
use crate::observe::replicate_state::{REPLICATES_FILE, ReplicateState};
use crate::observe::results_error::ResultsError;
use crate::observe::run_archive::{MANIFEST_MAX, RunDirectory};
use crate::observe::run_directory::MANIFEST_FILE;
use crate::run::LoggedRunError;
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// A page that `stakeout report` has put into the folder.
const PAGE_FILE: &str = "report.html";
/// Largest file of replicates that is read, bytes.
const REPLICATES_MAX: u64 = 1 << 30;
/// Accounts of a kind where the scenario, which knows how many there are, cannot be read.
const ACCOUNTS_MAX: usize = 1 << 24;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed,
    /// Not made, for the reason given.
    Skipped,
}

/// One check and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `seal`, `file`, `chain`, `order`, `balances`, `payouts`, `scenario`, `re-run`.
    pub check: &'static str,
    /// The file concerned.
    pub subject: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found, or what is wrong and where.
    pub detail: String,
}

impl Finding {
    fn new(check: &'static str, subject: &str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            check,
            subject: subject.to_string(),
            outcome,
            detail: detail.into(),
        }
    }

    fn passed(check: &'static str, subject: &str, detail: impl Into<String>) -> Self {
        Self::new(check, subject, Outcome::Passed, detail)
    }

    fn failed(check: &'static str, subject: &str, detail: impl Into<String>) -> Self {
        Self::new(check, subject, Outcome::Failed, detail)
    }
}

/// Checks hashes, logs and balances: all that needs no simulation.
///
/// # Errors
/// A directory that cannot be listed or read.
pub fn verify_files(run: &RunDirectory, scenario: Option<&Scenario>) -> Result<Vec<Finding>, ResultsError> {
    let mut findings = vec![check_seal(run)?];
    findings.extend(check_files(run)?);
    let states = read_states(run).ok();
    for log in &run.manifest().event_logs {
        let state = states
            .as_ref()
            .and_then(|states| states.iter().find(|state| state.replicate == log.replicate));
        findings.extend(check_log(run, log, scenario, state));
    }
    Ok(findings)
}

/// Simulates the run once more and compares it with what is there.
///
/// # Errors
/// A scenario that cannot be run, or files that cannot be read.
pub fn verify_by_rerun(
    run: &RunDirectory,
    scenario: &Scenario,
    registry: &Registry,
) -> Result<Vec<Finding>, LoggedRunError> {
    let version = run.manifest().model_version;
    if version != MODEL_VERSION {
        let detail = format!("the run has model version {version}, this release has {MODEL_VERSION}");
        return Ok(vec![Finding::new("re-run", "", Outcome::Skipped, detail)]);
    }
    let states = match read_states(run) {
        Ok(states) => states,
        Err(error) => {
            return Ok(vec![Finding::failed(
                "re-run",
                REPLICATES_FILE,
                error.to_string(),
            )]);
        }
    };
    let again = rerun(run, &states, scenario, registry)?;
    let mut findings = tell_rerun(run, &again);
    for output in &again.outputs {
        findings.extend(check_payouts(run, output));
    }
    Ok(findings)
}

/// The states of the run's replicates, as its directory keeps them.
///
/// # Errors
/// A file that is missing or broken.
pub fn read_states(run: &RunDirectory) -> Result<Vec<ReplicateState>, ResultsError> {
    let text = run.read_file(REPLICATES_FILE, REPLICATES_MAX)?;
    serde_json::from_slice(&text).map_err(|error| ResultsError::Broken {
        path: run.path().join(REPLICATES_FILE),
        reason: error.to_string(),
    })
}

fn check_seal(run: &RunDirectory) -> Result<Finding, ResultsError> {
    let name = MANIFEST_FILE;
    let text = run.read_file(name, MANIFEST_MAX)?;
    Ok(if run.manifest().is_seal_whole(&text) {
        Finding::passed("seal", name, "its seal is that of its text")
    } else {
        Finding::failed("seal", name, "changed since it was sealed")
    })
}

fn check_files(run: &RunDirectory) -> Result<Vec<Finding>, ResultsError> {
    let changed = run.changed_files()?;
    let mut findings = Vec::new();
    for file in &run.manifest().files {
        findings.push(if changed.contains(&file.name) {
            let length = fs::metadata(run.path().join(&file.name)).map(|found| found.len());
            let detail = match length {
                Err(_) => "missing".to_string(),
                Ok(length) if length != file.bytes => {
                    format!("{length} bytes; the manifest says {}", file.bytes)
                }
                Ok(_) => "its bytes are not those that the manifest has the hash of".to_string(),
            };
            Finding::failed("file", &file.name, detail)
        } else {
            Finding::passed(
                "file",
                &file.name,
                format!("{} bytes, blake3 as stated", file.bytes),
            )
        });
    }
    let listed = fs::read_dir(run.path());
    for entry in ResultsError::wrap("list", run.path(), listed)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == PAGE_FILE {
            let why = "a page made from the run afterwards; what it says is not checked";
            findings.push(Finding::new("file", &name, Outcome::Skipped, why));
        } else if name != MANIFEST_FILE && run.manifest().files.iter().all(|file| file.name != name) {
            findings.push(Finding::failed("file", &name, "the manifest does not know it"));
        }
    }
    Ok(findings)
}

/// What reading one log brings to light.
struct LogCheck<'a> {
    name: &'a str,
    hosts: usize,
    clients: usize,
    balances: Balances,
    number: u64,
    height: u64,
    order: Option<String>,
    contradiction: Option<String>,
}

impl LogCheck<'_> {
    fn take(&mut self, entry: &LogEntry) {
        let (event, number) = (&entry.event, self.number);
        if self.order.is_none() {
            if event.height < self.height {
                self.order = Some(format!("event {number} goes back from block {}", self.height));
            } else if entry.cause != NO_CAUSE && entry.cause >= number {
                self.order = Some(format!(
                    "event {number} follows from the later event {}",
                    entry.cause
                ));
            }
        }
        self.height = event.height;
        if self.contradiction.is_none() {
            let found = self.balances.book(event, number, self.hosts, self.clients);
            self.contradiction = found.map(|found| format!("event {}: {}", found.number, found.what));
        }
        self.number += 1;
    }
}

fn check_log(
    run: &RunDirectory,
    log: &EventLogEntry,
    scenario: Option<&Scenario>,
    state: Option<&ReplicateState>,
) -> Vec<Finding> {
    let name = log.file.as_str();
    let unreadable = |error: &ResultsError| vec![Finding::failed("chain", name, error.to_string())];
    if name.contains(['/', '\\']) {
        return vec![Finding::failed("chain", name, "names a file elsewhere")];
    }
    let mut reader = match LogReader::open(&run.path().join(name), log.replicate) {
        Ok(reader) => reader,
        Err(error) => return unreadable(&error),
    };
    let mut check = LogCheck {
        name,
        hosts: scenario.map_or(ACCOUNTS_MAX, |scenario| scenario.hosts.len()),
        clients: scenario.map_or(ACCOUNTS_MAX, |scenario| scenario.clients.accounts()),
        balances: Balances::new(),
        number: 0,
        height: 0,
        order: None,
        contradiction: None,
    };
    let chained = match check_chain(run, log, &mut reader, &mut check) {
        Ok(chained) => chained,
        Err(error) => return unreadable(&error),
    };
    let mut findings = vec![chained];
    findings.push(match check.order.take() {
        Some(wrong) => Finding::failed("order", name, wrong),
        None => Finding::passed("order", name, "blocks ascend, causes come first"),
    });
    findings.push(close_balances(&check, state));
    findings
}

fn check_chain(
    run: &RunDirectory,
    log: &EventLogEntry,
    reader: &mut LogReader,
    check: &mut LogCheck<'_>,
) -> Result<Finding, ResultsError> {
    let manifest = run.manifest();
    let mut chain = Chain::new(&manifest.scenario_hash, manifest.seed, log.replicate);
    let checkpoints = reader.checkpoints();
    let (mut segment, mut wrong) = (0, None);
    while segment < reader.segments() {
        let first = check.number;
        let head = chain.close_segment(reader.hash_stored()?).to_hex();
        let Some(entries) = reader.next_segment()? else {
            break;
        };
        entries.iter().for_each(|entry| check.take(entry));
        if wrong.is_none()
            && checkpoints
                .get(segment)
                .is_none_or(|stated| *stated != head.as_str())
        {
            wrong = Some(format!(
                "checkpoint {segment} is broken: events {first} to {} are not those that were hashed",
                check.number - 1
            ));
        }
        segment += 1;
    }
    let head = chain.head().to_hex();
    let wrong = wrong.or_else(|| {
        let stated = (log.events, log.head.as_str());
        (stated != (check.number, head.as_str())).then(|| {
            format!(
                "{} events with head {head}; the manifest says {} with {}",
                check.number, log.events, log.head
            )
        })
    });
    Ok(match wrong {
        Some(wrong) => Finding::failed("chain", &log.file, wrong),
        None => Finding::passed(
            "chain",
            &log.file,
            format!(
                "{} events, {segment} checkpoints, head {}",
                check.number,
                &head[..16]
            ),
        ),
    })
}

/// The balances that the postings give, against those that the run left behind.
fn close_balances(check: &LogCheck<'_>, state: Option<&ReplicateState>) -> Finding {
    if let Some(wrong) = &check.contradiction {
        return Finding::failed("balances", check.name, wrong.clone());
    }
    let derived = check.balances.totals();
    let Some(state) = state else {
        let detail = format!("{REPLICATES_FILE} does not state the balances at the end");
        return Finding::failed("balances", check.name, detail);
    };
    for (name, balance) in ACCOUNTS.iter().zip(derived) {
        let stated = state.balances.iter().find(|(account, _)| account == name);
        let stated = stated.and_then(|(_, text)| text.parse::<i128>().ok());
        if stated != Some(*balance) {
            let stated =
                stated.map_or_else(|| "nothing".to_string(), |stated| format!("{stated} base units"));
            let detail =
                format!("{name} at the end: the run states {stated}, the log's postings give {balance}");
            return Finding::failed("balances", check.name, detail);
        }
    }
    let total: i128 = derived.iter().sum();
    let detail = format!(
        "{} kinds of account as stated at every epoch and at the end, sum {total}",
        ACCOUNTS.len()
    );
    Finding::passed("balances", check.name, detail)
}

/// What each host was paid according to the log, against its rows.
fn check_payouts(run: &RunDirectory, output: &RunOutput) -> Option<Finding> {
    let name = &run
        .manifest()
        .event_logs
        .iter()
        .find(|log| log.replicate == output.replicate)?
        .file;
    let reader = LogReader::open(&run.path().join(name), output.replicate).ok()?;
    let hosts = output
        .participants
        .iter()
        .map(|row| row.participant as usize + 1)
        .max()
        .unwrap_or(0);
    let mut paid = vec![0_i128; hosts];
    for entry in reader {
        let event = entry.ok()?.event;
        if event.kind == EventKind::Claimed && (event.participant as usize) < hosts {
            paid[event.participant as usize] += event.figure();
        }
    }
    for row in &output.participants {
        paid[row.participant as usize] -= row.work_coins.max(0) + row.reward;
    }
    Some(match paid.iter().position(|&rest| rest != 0) {
        None => Finding::passed(
            "payouts",
            name,
            format!("{hosts} hosts were paid what their rows say"),
        ),
        Some(host) => {
            let detail = format!(
                "host {host} was paid {} base units more than its rows say",
                paid[host]
            );
            Finding::failed("payouts", name, detail)
        }
    })
}

fn tell_rerun(run: &RunDirectory, again: &Rerun) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = run.manifest().files.iter().map(|file| file.name.as_str());
    for file in files.chain([MANIFEST_FILE]) {
        let different = again
            .differences
            .iter()
            .find(|difference| difference.file == file);
        findings.push(if again.extras.iter().any(|extra| extra == file) {
            let detail = "set beside the run afterwards; its hash alone is checked";
            Finding::new("re-run", file, Outcome::Skipped, detail)
        } else if let Some(found) = different {
            Finding::failed(
                "re-run",
                file,
                format!("at byte {}: {}", found.offset, found.what),
            )
        } else {
            Finding::passed("re-run", file, "the same bytes")
        });
    }
    for found in &again.events {
        let side = |entry: &Option<LogEntry>| entry.as_ref().map_or_else(|| "nothing".to_string(), describe);
        let detail = format!(
            "event {} of replicate {}: the log has {}, the run gives {}",
            found.number,
            found.replicate,
            side(&found.logged),
            side(&found.simulated)
        );
        findings.push(Finding::failed("re-run", &file_of(run, found.replicate), detail));
    }
    findings
}

fn file_of(run: &RunDirectory, replicate: u32) -> String {
    let log = run
        .manifest()
        .event_logs
        .iter()
        .find(|log| log.replicate == replicate);
    log.map_or_else(String::new, |log| log.file.clone())
}

/// An event in one line.
pub fn describe(entry: &LogEntry) -> String {
    let event = &entry.event;
    let mut text = format!(
        "{} at block {} ({} ns)",
        event.kind.name(),
        event.height,
        event.time_ns
    );
    let known = [
        (
            "inference",
            (event.inference != u64::MAX).then_some(event.inference),
        ),
        (
            "participant",
            (event.participant != u32::MAX).then_some(u64::from(event.participant)),
        ),
        (
            "other",
            (event.other != u32::MAX).then_some(u64::from(event.other)),
        ),
        ("cause", (entry.cause != NO_CAUSE).then_some(entry.cause)),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    text.push_str(&format!(", {}, {}", event.value, event.second));
    text
}

/// The scenario of a run, from its own directory; `files` is where the scenario's data files lie.
///
/// Its text stays as it is there: what is read again has other origins of its values, and nothing else.
///
/// # Errors
/// A scenario that is missing, refused, or not the one that the manifest has the hash of.
pub fn scenario_of(run: &RunDirectory, files: &Path, registry: &Registry) -> Result<Scenario, String> {
    let text = run.scenario().map_err(|error| error.to_string())?;
    let read = crate::scenario::from_str_in(files, "scenario.yaml", &text, &[], registry);
    let mut scenario = read.map_err(|error| error.to_string())?;
    let (hash, stated) = (&scenario.hash, &run.manifest().scenario_hash);
    if hash != stated {
        return Err(format!(
            "the scenario has the hash {hash}, the manifest says {stated}"
        ));
    }
    scenario.canonical = text;
    Ok(scenario)
}
