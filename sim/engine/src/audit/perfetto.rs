//! A window of a log in the trace format of Chrome, which Perfetto opens.
//!
//! Invariant: one process a host and one for the network; an inference is an asynchronous slice of its host from
//! arrival to completion or expiry. Times are microseconds with three decimals, so that no nanosecond is lost.
//! Format: Trace Event Format, the JSON array form with an object around it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::log_entry::LogEntry;
use super::ocel::Window;
use crate::observe::event::{EventKind, NO_INFERENCE, NOBODY};
use crate::observe::results_error::ResultsError;

/// Process of what concerns no host.
const NETWORK: u32 = 0;

/// Writes the events of a window.
///
/// # Errors
/// A log that cannot be read; the inner error is what the sink reports.
pub fn write_trace(
    entries: impl Iterator<Item = Result<LogEntry, ResultsError>>,
    window: Window,
    names: &BTreeMap<u32, String>,
    sink: &mut dyn Write,
) -> Result<io::Result<()>, ResultsError> {
    let mut writer = Writer {
        sink,
        is_first: true,
        hosts: BTreeSet::new(),
        open: BTreeSet::new(),
    };
    let mut written = writer.begin();
    for (number, entry) in entries.enumerate() {
        let entry = entry?;
        if written.is_err() {
            break;
        }
        if window.holds(entry.event.time_ns) {
            written = writer.event(&entry, number as u64);
        }
    }
    Ok(written.and_then(|()| writer.end(names)))
}

struct Writer<'a> {
    sink: &'a mut dyn Write,
    is_first: bool,
    hosts: BTreeSet<u32>,
    /// Inferences whose slice has begun and not ended.
    open: BTreeSet<u64>,
}

impl Writer<'_> {
    fn begin(&mut self) -> io::Result<()> {
        self.sink
            .write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")
    }

    /// Writes one object; the time is put in as text, because a float would round it.
    fn put(&mut self, time_ns: u64, mut object: Value) -> io::Result<()> {
        let separator = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        let fields = object.as_object_mut().map(std::mem::take).unwrap_or_default();
        let text = Value::Object(fields).to_string();
        write!(
            self.sink,
            "{separator}{{\"ts\":{}.{:03},{}",
            time_ns / 1_000,
            time_ns % 1_000,
            &text[1..]
        )
    }

    fn event(&mut self, entry: &LogEntry, number: u64) -> io::Result<()> {
        let event = &entry.event;
        let process = if event.participant == NOBODY || event.kind == EventKind::PriceChanged {
            NETWORK
        } else {
            self.hosts.insert(event.participant);
            event.participant + 1
        };
        let slice = |phase: &str| {
            json!({
                "ph": phase, "cat": "inference", "name": "inference", "id": event.inference,
                "pid": process, "tid": 0, "args": {"event": number, "value": event.value},
            })
        };
        match event.kind {
            EventKind::Started => {
                self.open.insert(event.inference);
                self.put(event.time_ns, slice("b"))
            }
            EventKind::Finished | EventKind::Expired if self.open.remove(&event.inference) => {
                self.put(event.time_ns, slice("e"))
            }
            EventKind::Balance => self.put(
                event.time_ns,
                json!({
                    "ph": "C", "name": crate::observe::frame::ACCOUNTS.get(event.other as usize).unwrap_or(&"?"),
                    "pid": NETWORK, "tid": 0, "args": {"base units": event.figure() as f64},
                }),
            ),
            EventKind::PriceChanged => self.put(
                event.time_ns,
                json!({
                    "ph": "C", "name": format!("price of model {}", event.participant),
                    "pid": NETWORK, "tid": 0, "args": {"base units per token of the model": event.value},
                }),
            ),
            EventKind::Funded | EventKind::Deposited => Ok(()),
            _ => {
                let inference = (event.inference != NO_INFERENCE).then_some(event.inference);
                let other = (event.other != NOBODY).then_some(event.other);
                let object = json!({
                    "ph": "i", "s": "p", "name": event.kind.name(), "pid": process, "tid": 0,
                    "args": {
                        "event": number, "height": event.height, "inference": inference, "other": other,
                        "value": event.value, "second": event.second,
                    },
                });
                self.put(event.time_ns, object)
            }
        }
    }

    fn end(&mut self, names: &BTreeMap<u32, String>) -> io::Result<()> {
        let network =
            json!({"ph": "M", "name": "process_name", "pid": NETWORK, "tid": 0, "args": {"name": "network"}});
        self.put(0, network)?;
        for host in std::mem::take(&mut self.hosts) {
            let name = names
                .get(&host)
                .cloned()
                .unwrap_or_else(|| format!("host {host}"));
            let object = json!({
                "ph": "M", "name": "process_name", "pid": host + 1, "tid": 0, "args": {"name": name},
            });
            self.put(0, object)?;
        }
        self.sink.write_all(b"\n]}\n")
    }
}
