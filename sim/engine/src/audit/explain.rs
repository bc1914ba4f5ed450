//! Why a participant stands where it stands and has what it has, event by event.
//!
//! Invariant: every line names the event it comes from, the page of the rule and the coins it moved; the changes
//! of all lines, hidden ones included, sum to what the participant has gained or lost.

use std::collections::BTreeMap;

use super::balances::Balances;
use super::log_entry::LogEntry;
use super::posting::postings;
use crate::observe::event::status_test::{CHECK_COUNTS, FAILED_CHECKS, FAILURES_IN_A_ROW};
use crate::observe::event::{Event, EventKind, NO_INFERENCE};
use crate::observe::results_error::ResultsError;
use crate::observe::rows::{reason_name, status_name};
use crate::observe::spoken::{decimal, gnk};
use stakeout_protocol::status::{Status, StatusReason};

/// One thing that happened to a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Epoch of the network, once the log has told one.
    pub epoch: Option<u32>,
    /// Block.
    pub height: u64,
    /// Number of the event, or of the last one that a summary covers.
    pub event: u64,
    /// Name of the event's kind.
    pub kind: &'static str,
    /// Inference concerned.
    pub inference: Option<u64>,
    /// What it changed of the participant's coins, base units.
    pub change: i128,
    /// What the participant had afterwards (work, claimable, wallet, vesting, collateral), base units.
    pub wealth: i128,
    /// What happened and why.
    pub sentence: String,
    /// Page of the rule, from the repository's root.
    pub page: &'static str,
    /// Where the rule's parameters are in the scenario.
    pub parameters: &'static str,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The participant.
    pub participant: u32,
    /// Only lines of this epoch.
    pub epoch: Option<u32>,
    /// Payments, passes and draws one by one in place of their sums between other lines.
    pub is_detailed: bool,
    /// Names of the hosts.
    pub names: &'a BTreeMap<u32, String>,
    /// Number of hosts and of clients.
    pub accounts: (usize, usize),
}

/// What is remembered of an answer of the participant while it is checked.
#[derive(Clone, Debug, Default)]
struct Case {
    drawn: Vec<(u32, i64, i64)>,
    verdict: Option<(u32, i64, i64)>,
    for_invalid: i64,
    for_valid: i64,
    voters: u32,
    epochs: u8,
}

/// Routine events of one kind since the last line, told in one.
#[derive(Clone, Copy, Debug, Default)]
struct Routine {
    count: u64,
    change: i128,
    last: u64,
    height: u64,
}

/// A statistic before and after, by test.
type Moved = BTreeMap<u32, (i64, i64)>;

/// Reads a log for one participant.
#[derive(Debug)]
pub struct Explainer<'a> {
    question: Question<'a>,
    balances: Balances,
    epoch: Option<u32>,
    cases: BTreeMap<u64, Case>,
    moved: Moved,
    routine: BTreeMap<EventKind, Routine>,
    lines: Vec<Line>,
    number: u64,
    height: u64,
}

/// Explains what a log says of a participant.
///
/// # Errors
/// A log that cannot be read.
pub fn explain(
    entries: impl Iterator<Item = Result<LogEntry, ResultsError>>,
    question: Question<'_>,
) -> Result<Vec<Line>, ResultsError> {
    let mut explainer = Explainer {
        question,
        balances: Balances::new(),
        epoch: None,
        cases: BTreeMap::new(),
        moved: Moved::new(),
        routine: BTreeMap::new(),
        lines: Vec::new(),
        number: 0,
        height: 0,
    };
    for entry in entries {
        explainer.take(&entry?.event);
    }
    explainer.tell_routine(0);
    Ok(explainer.lines)
}

impl Explainer<'_> {
    fn take(&mut self, event: &Event) {
        let (hosts, clients) = self.question.accounts;
        let who = self.question.participant;
        self.height = event.height;
        let _ = self.balances.book(event, self.number, hosts, clients);
        if event.kind == EventKind::EpochBegan {
            self.tell_routine(0);
            self.epoch = Some(event.other);
            self.cases.retain(|_, case| {
                case.epochs += 1;
                case.epochs <= 2
            });
        }
        let is_concerned = event.participant == who && event.kind != EventKind::PriceChanged;
        let is_paid = matches!(event.kind, EventKind::Shared | EventKind::Bounty);
        let is_counterpart = is_paid && event.other == who;
        if is_concerned || is_counterpart {
            self.remember(event);
            self.tell(event);
        }
        self.number += 1;
    }

    /// Keeps what later lines refer to.
    fn remember(&mut self, event: &Event) {
        match event.kind {
            EventKind::Drawn => {
                let case = self.cases.entry(event.inference).or_default();
                case.drawn.push((event.other, event.value, event.second));
            }
            EventKind::Passed | EventKind::Disputed | EventKind::DisputeCapped => {
                let case = self.cases.entry(event.inference).or_default();
                case.verdict = Some((event.other, event.value, event.second));
                if event.kind == EventKind::Disputed {
                    (case.for_invalid, case.for_valid, case.voters) = (0, 0, 0);
                }
            }
            EventKind::Voted => {
                let case = self.cases.entry(event.inference).or_default();
                case.voters += 1;
                if event.value == 1 {
                    case.for_invalid += event.second;
                } else {
                    case.for_valid += event.second;
                }
            }
            EventKind::TestMoved => {
                self.moved.insert(event.other, (event.second, event.value));
            }
            EventKind::StatusChanged if event.second == 0 => self.moved.clear(),
            _ => {}
        }
    }

    fn tell(&mut self, event: &Event) {
        let who = self.question.participant;
        let change: i128 = postings(event)
            .into_iter()
            .flatten()
            .map(|posting| {
                let side = |account: super::posting::Account| i128::from(account.participant() == Some(who));
                posting.amount * (side(posting.to) - side(posting.from))
            })
            .sum();
        if is_routine(event.kind) && !self.question.is_detailed {
            let routine = self.routine.entry(event.kind).or_default();
            routine.count += 1;
            routine.change += change;
            (routine.last, routine.height) = (self.number, event.height);
            return;
        }
        let sentence = self.sentence(event);
        if !sentence.is_empty() {
            self.tell_routine(change);
            let inference = (event.inference != NO_INFERENCE).then_some(event.inference);
            let place = (event.height, self.number, inference);
            self.push(event.kind, place, (change, self.wealth()), sentence);
        }
    }

    /// Tells what was routine since the last line, a line a kind, before an event that has changed the participant's coins
    /// by `change`.
    fn tell_routine(&mut self, change: i128) {
        let mut routines: Vec<(EventKind, Routine)> = std::mem::take(&mut self.routine).into_iter().collect();
        routines.sort_by_key(|(_, routine)| routine.last);
        let since: i128 = routines.iter().map(|(_, routine)| routine.change).sum();
        let mut wealth = self.wealth() - change - since;
        for (kind, routine) in routines {
            wealth += routine.change;
            let what = match kind {
                EventKind::Finished => ("answer finished and paid", "answers finished and paid"),
                EventKind::Passed => ("check passed", "checks passed"),
                EventKind::Shared => ("change of a share in payments", "changes of shares in payments"),
                _ => continue,
            };
            let sentence = format!(
                "{} {}",
                routine.count,
                if routine.count == 1 { what.0 } else { what.1 }
            );
            let place = (routine.height, routine.last, None);
            self.push(kind, place, (routine.change, wealth), sentence);
        }
    }

    /// What the participant has now, base units.
    fn wealth(&self) -> i128 {
        self.balances.wealth(self.question.participant)
    }

    fn push(
        &mut self,
        kind: EventKind,
        (height, event, inference): (u64, u64, Option<u64>),
        (change, wealth): (i128, i128),
        sentence: String,
    ) {
        if self.question.epoch.is_some_and(|epoch| self.epoch != Some(epoch)) {
            return;
        }
        let (page, parameters) = rule_of(kind);
        self.lines.push(Line {
            epoch: self.epoch,
            height,
            event,
            kind: kind.name(),
            inference,
            change,
            wealth,
            sentence,
            page,
            parameters,
        });
    }

    fn name(&self, host: u32) -> String {
        let known = self.question.names.get(&host).cloned();
        known.unwrap_or_else(|| format!("host {host}"))
    }

    fn sentence(&self, event: &Event) -> String {
        let coins = gnk(event.figure());
        let paid = gnk(i128::from(event.value));
        match event.kind {
            EventKind::Deposited => format!("had {coins} of collateral at the start"),
            EventKind::Finished => format!("finished answer {} for {paid}", event.inference),
            EventKind::Passed => format!("answer {}: {}", event.inference, self.verdict(event)),
            EventKind::Shared => {
                let validator = self.name(event.other);
                format!(
                    "of answer {}, {paid} went to {validator}, who had passed it",
                    event.inference
                )
            }
            EventKind::Bounty => {
                let (executor, opener) = (self.name(event.participant), self.name(event.other));
                format!(
                    "{executor} paid {opener} {paid} for finding answer {}",
                    event.inference
                )
            }
            EventKind::Expired => format!(
                "request {} expired: it counts as missed; {}",
                event.inference,
                self.tests(&[4])
            ),
            EventKind::Disputed => {
                format!("answer {} was disputed: {}", event.inference, self.verdict(event))
            }
            EventKind::DisputeCapped => {
                format!(
                    "answer {}: {}, ignored at the cap on open cases",
                    event.inference,
                    self.verdict(event)
                )
            }
            EventKind::Invalidated => format!(
                "answer {} was invalidated and {paid} went back to its client: {}",
                event.inference,
                self.case(event)
            ),
            EventKind::Revalidated => {
                format!("answer {} was found valid: {}", event.inference, self.case(event))
            }
            EventKind::Undecided => format!(
                "the vote on answer {} closed undecided: {}",
                event.inference,
                self.case(event)
            ),
            EventKind::InvalidatedLate => format!(
                "answer {} was invalidated after its epoch was settled, which changes nothing: {}",
                event.inference,
                self.case(event)
            ),
            EventKind::TestMoved if event.other != CHECK_COUNTS => format!(
                "{} after inference {}",
                self.tests(&[event.other]),
                event.inference
            ),
            EventKind::TestMoved => format!(
                "{} failed and {} passed checks in the epoch",
                event.value, event.second
            ),
            EventKind::StatusChanged => self.status(event),
            EventKind::Confirmed => format!(
                "a confirmation measured weight {} of {}",
                event.value, event.second
            ),
            EventKind::WeightSet => format!("weight {} in place of {}", event.value, event.second),
            EventKind::ReputationSet => format!("reputation {} in place of {}", event.value, event.second),
            EventKind::Forfeited => {
                let why = match event.other {
                    1 => "because of its status",
                    2 => "because it failed the test of missed work",
                    _ => "although its own record was clean",
                };
                format!("{coins} less reward than with clean records, {why}")
            }
            EventKind::ClaimRejected => {
                format!(
                    "claim rejected: {} of {} validations missing",
                    event.value, event.second
                )
            }
            EventKind::ProofRefused => format!(
                "proofs of compute refused: voting power {} for them, {} against, too little for",
                event.value, event.second
            ),
            EventKind::Claimed if event.other > 0 => {
                format!("claimed {coins}, vesting over {} epochs", event.other)
            }
            _ => amount(event.kind).map_or_else(String::new, |what| format!("{coins} {what}")),
        }
    }

    fn verdict(&self, event: &Event) -> String {
        format!(
            "{} found similarity {} against the threshold {}",
            self.name(event.other),
            billionths(event.value),
            billionths(event.second)
        )
    }

    /// Who was drawn, what was found and how the votes went.
    fn case(&self, event: &Event) -> String {
        let Some(case) = self.cases.get(&event.inference) else {
            return "its checks lie before this log".to_string();
        };
        let drawn: Vec<String> = case
            .drawn
            .iter()
            .map(|(host, chance, _)| format!("{} (chance {})", self.name(*host), billionths(*chance)))
            .collect();
        let rate = case.drawn.first().map_or(0, |(_, _, rate)| *rate);
        let mut text = format!(
            "drawn at the target rate {} were {}; ",
            billionths(rate),
            drawn.join(", ")
        );
        if let Some((host, similarity, threshold)) = case.verdict {
            let (similarity, threshold) = (billionths(similarity), billionths(threshold));
            text.push_str(&format!(
                "{} found similarity {similarity} against {threshold}; ",
                self.name(host)
            ));
        }
        text.push_str(&format!(
            "{} votes with weight {} for invalid and {} for valid of {} entitled",
            case.voters, case.for_invalid, case.for_valid, event.second
        ));
        text
    }

    fn tests(&self, which: &[u32]) -> String {
        let told: Vec<String> = which
            .iter()
            .filter_map(|test| {
                let (before, after) = self.moved.get(test)?;
                Some(match *test {
                    FAILED_CHECKS => format!(
                        "the sum of the test of failed checks went from {} to {}",
                        sum(*before),
                        sum(*after)
                    ),
                    FAILURES_IN_A_ROW => format!("failures in a row went from {before} to {after}"),
                    CHECK_COUNTS => format!("{after} checks failed and {before} passed in the epoch"),
                    _ => format!(
                        "the sum of the test of missed requests went from {} to {}",
                        sum(*before),
                        sum(*after)
                    ),
                })
            })
            .collect();
        told.join(", ")
    }

    fn status(&self, event: &Event) -> String {
        let status = Status::ALL
            .into_iter()
            .find(|status| *status as i64 == event.value);
        let status = status.map_or("unknown", status_name);
        let reason = StatusReason::ALL
            .into_iter()
            .find(|reason| *reason as i64 == event.second);
        let tests = match reason {
            Some(StatusReason::ConsecutiveFailures) => self.tests(&[2]),
            Some(StatusReason::StatisticalInvalidations) => self.tests(&[1, 3]),
            Some(StatusReason::Downtime) => self.tests(&[4]),
            _ => String::new(),
        };
        let separator = if tests.is_empty() { "" } else { ": " };
        format!(
            "status became {status} ({}){separator}{tests}",
            reason.map_or("unknown", reason_name)
        )
    }
}

/// Kinds that happen all the time and are told as an epoch's sum.
const fn is_routine(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Started
            | EventKind::Served
            | EventKind::Finished
            | EventKind::Drawn
            | EventKind::Passed
            | EventKind::Shared
            | EventKind::Voted
            | EventKind::TestMoved
    )
}

/// What happened to the coins of an event of one figure.
const fn amount(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Slashed => "of collateral slashed",
        EventKind::Fined => "of work coins fined for passing a planted mismatch",
        EventKind::EntryPaid => "paid from outside for its entry",
        EventKind::WorkSettled => "of work coins settled",
        EventKind::WorkLost => "of work coins lost at settlement",
        EventKind::WrittenOff => "of debt written off",
        EventKind::Rewarded => "of reward settled",
        EventKind::Claimed => "claimed and paid at once",
        EventKind::ClaimLost => "lost to governance with the rejected claim",
        EventKind::Released => "of vesting coins released",
        _ => return None,
    })
}

/// The page of the rule behind a kind of event, and where its parameters are in a scenario.
pub const fn rule_of(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::Drawn => ("docs/spec/sampling.md", "protocol.sampling"),
        EventKind::Fined => ("docs/spec/sampling.md", "protocol.validation"),
        EventKind::Bounty => ("docs/spec/dispute.md", "protocol.dispute"),
        EventKind::EntryPaid => ("docs/spec/ledger.md", "protocol.identity"),
        EventKind::Passed => ("docs/spec/artifact.md", "models"),
        EventKind::Shared => ("docs/spec/sharing.md", "protocol.share_with_validators"),
        EventKind::Disputed
        | EventKind::DisputeCapped
        | EventKind::Voted
        | EventKind::Invalidated
        | EventKind::Revalidated
        | EventKind::Undecided
        | EventKind::InvalidatedLate => ("docs/spec/dispute.md", "protocol.dispute"),
        EventKind::StatusChanged | EventKind::TestMoved => ("docs/spec/status.md", "protocol.status"),
        EventKind::Slashed | EventKind::SlashMoved | EventKind::Deposited => {
            ("docs/spec/collateral.md", "protocol.collateral")
        }
        EventKind::Claimed | EventKind::ClaimRejected | EventKind::ClaimLost => {
            ("docs/spec/claims.md", "protocol.claims")
        }
        EventKind::Released => ("docs/spec/vesting.md", "protocol.vesting_epochs"),
        EventKind::WorkSettled
        | EventKind::WorkLost
        | EventKind::WrittenOff
        | EventKind::Rewarded
        | EventKind::Issued
        | EventKind::Burned
        | EventKind::Governance
        | EventKind::Forfeited => ("docs/spec/settlement.md", "protocol.rewards"),
        EventKind::WeightSet | EventKind::EpochBegan => ("docs/spec/weights.md", "protocol.power_cap"),
        EventKind::Confirmed | EventKind::ProofRefused => ("docs/spec/poc.md", "protocol.poc"),
        EventKind::ReputationSet => ("docs/spec/reputation.md", "protocol.reputation"),
        EventKind::PriceChanged => ("docs/spec/pricing.md", "protocol.pricing"),
        EventKind::Started
        | EventKind::Refused
        | EventKind::Served
        | EventKind::Finished
        | EventKind::Expired => ("docs/spec/escrow.md", "protocol.escrow"),
        EventKind::Funded | EventKind::Balance => ("docs/spec/ledger.md", "clients"),
    }
}

/// Parts per 10^9 as a decimal.
fn billionths(parts: i64) -> String {
    decimal(i128::from(parts), 9)
}

/// Parts per 10^12 as a decimal.
fn sum(parts: i64) -> String {
    decimal(i128::from(parts), 12)
}
