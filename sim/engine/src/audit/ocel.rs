//! A window of a log as an object-centric event log, OCEL 2.0 in JSON, for process mining.
//!
//! Invariant: every object that an event relates to is declared. Object types are host, client, inference and
//! epoch; time 0 of the run is 1970-01-01T00:00:00Z. Format: ocel-standard.org, OCEL 2.0 specification, section 8.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::log_entry::LogEntry;
use crate::observe::event::{Counterpart, Event, EventKind, NO_INFERENCE, NOBODY, counterpart};
use crate::observe::results_error::ResultsError;

/// A stretch of simulated time, from its first nanosecond to before its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First nanosecond.
    pub from_ns: u64,
    /// End, not included.
    pub to_ns: u64,
}

impl Window {
    /// Whether a time lies in it.
    pub const fn holds(&self, time_ns: u64) -> bool {
        self.from_ns <= time_ns && time_ns < self.to_ns
    }
}

/// Writes the events of a window.
///
/// # Errors
/// A log that cannot be read; the inner error is what the sink reports.
pub fn write_ocel(
    entries: impl Iterator<Item = Result<LogEntry, ResultsError>>,
    window: Window,
    names: &BTreeMap<u32, String>,
    sink: &mut dyn Write,
) -> Result<io::Result<()>, ResultsError> {
    let mut objects: BTreeSet<(&'static str, u64)> = BTreeSet::new();
    let mut written = sink.write_all(b"{\"events\":[");
    let mut separator = "\n";
    for (number, entry) in entries.enumerate() {
        let entry = entry?;
        if written.is_err() {
            break;
        }
        if window.holds(entry.event.time_ns) {
            let event = of_event(&entry, number as u64, &mut objects);
            written = write!(sink, "{separator}{event}");
            separator = ",\n";
        }
    }
    Ok(written.and_then(|()| write_rest(&objects, names, sink)))
}

fn of_event(entry: &LogEntry, number: u64, objects: &mut BTreeSet<(&'static str, u64)>) -> Value {
    let event = &entry.event;
    let related = relations(event);
    let relationships: Vec<Value> = related
        .iter()
        .map(|(kind, id, role)| json!({"objectId": format!("{kind}-{id}"), "qualifier": role}))
        .collect();
    objects.extend(related.iter().map(|(kind, id, _)| (*kind, *id)));
    json!({
        "id": format!("e{number}"),
        "type": event.kind.name(),
        "time": timestamp(event.time_ns),
        "attributes": [
            {"name": "height", "value": event.height},
            {"name": "value", "value": event.value},
            {"name": "second", "value": event.second},
        ],
        "relationships": relationships,
    })
}

/// What an event relates to: type, number and role.
fn relations(event: &Event) -> Vec<(&'static str, u64, &'static str)> {
    let mut related = Vec::new();
    if event.inference != NO_INFERENCE {
        related.push(("inference", event.inference, "about"));
    }
    if event.participant != NOBODY {
        let kind = if event.kind == EventKind::PriceChanged {
            "model"
        } else {
            "host"
        };
        related.push((kind, u64::from(event.participant), "of"));
    }
    if event.other != NOBODY {
        match (counterpart(event.kind), event.kind) {
            (Counterpart::Host, _) => related.push(("host", u64::from(event.other), "by")),
            (Counterpart::Client, _) => related.push(("client", u64::from(event.other), "for")),
            (_, EventKind::EpochBegan | EventKind::Issued) => {
                related.push(("epoch", u64::from(event.other), "of"))
            }
            _ => {}
        }
    }
    related
}

fn write_rest(
    objects: &BTreeSet<(&'static str, u64)>,
    names: &BTreeMap<u32, String>,
    sink: &mut dyn Write,
) -> io::Result<()> {
    sink.write_all(b"\n],\n\"objects\":[")?;
    let mut separator = "\n";
    for (kind, id) in objects {
        let name = match (*kind, u32::try_from(*id)) {
            ("host", Ok(host)) => names.get(&host).cloned(),
            _ => None,
        };
        let name = name.unwrap_or_else(|| format!("{kind} {id}"));
        let attribute = json!({"name": "name", "time": timestamp(0), "value": name});
        let object = json!({"id": format!("{kind}-{id}"), "type": kind, "attributes": [attribute]});
        write!(sink, "{separator}{object}")?;
        separator = ",\n";
    }
    let named = json!([{"name": "name", "type": "string"}]);
    let types: Vec<Value> = ["client", "epoch", "host", "inference", "model"]
        .iter()
        .map(|name| json!({"name": name, "attributes": named}))
        .collect();
    let figures: Vec<Value> = ["height", "value", "second"]
        .iter()
        .map(|name| json!({"name": name, "type": "integer"}))
        .collect();
    let kinds: Vec<Value> = EventKind::ALL
        .iter()
        .map(|kind| json!({"name": kind.name(), "attributes": figures}))
        .collect();
    writeln!(
        sink,
        "\n],\n\"objectTypes\":{},\n\"eventTypes\":{}\n}}",
        json!(types),
        json!(kinds)
    )
}

/// A time of the run as ISO 8601, counted from 1970.
fn timestamp(time_ns: u64) -> String {
    let (seconds, nanos) = (time_ns / 1_000_000_000, time_ns % 1_000_000_000);
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(mut day: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    (year, month as u64 + 1, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(timestamp(1), "1970-01-01T00:00:00.000000001Z");
        assert_eq!(civil(59), (1970, 3, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
    }
}
