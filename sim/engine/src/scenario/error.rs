//! What is wrong with a scenario, all of it at once.
//!
//! Invariant: a problem says where it is, what was found there and what would be allowed; the text of a
//! hostile file is cropped and its control characters are shown as escapes.

use std::fmt;
use std::sync::Arc;

/// Characters of a source line that a message shows.
const SNIPPET_CHARS: usize = 96;
/// Problems listed before the rest is only counted.
const LISTED: usize = 64;

/// A text that values come from: a file, an embedded preset or the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// How messages call it.
    pub name: String,
    /// Its text; empty where there is none to show.
    pub text: String,
    /// It is the command line, which has no line numbers.
    pub is_command_line: bool,
}

impl Source {
    /// A file or preset with this text.
    #[must_use]
    pub fn file(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            is_command_line: false,
        })
    }

    /// One command-line argument, as typed.
    #[must_use]
    pub fn command_line(text: &str) -> Arc<Self> {
        Arc::new(Self {
            name: "command line".to_owned(),
            text: text.to_owned(),
            is_command_line: true,
        })
    }

    /// The place of its very start, for problems of the whole.
    #[must_use]
    pub fn start(self: &Arc<Self>) -> Place {
        Place {
            source: Arc::clone(self),
            line: 0,
            column: 0,
            width: 0,
        }
    }
}

/// A stretch of one line of a source; line and column count from 1, and line 0 is the whole source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text it lies in.
    pub source: Arc<Source>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters underlined.
    pub width: u32,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// Dotted path of the value, if it has one.
    pub path: String,
    /// What was found, or what is missing.
    pub found: String,
    /// Allowed values, range or units.
    pub allowed: Option<String>,
    /// The nearest allowed word or a likely repair.
    pub hint: Option<String>,
}

/// What is said of a number whose field is coarser.
pub(super) const TOO_FINE: &str = ", which has more digits than can be held exactly";

impl Problem {
    /// Whether a number has more digits than its field holds, and nothing else is wrong with it.
    pub fn is_too_fine(&self) -> bool {
        self.found.ends_with(TOO_FINE)
    }

    /// A problem at a place.
    #[must_use]
    pub fn new(place: &Place, path: &str, found: impl Into<String>) -> Self {
        let (path, found) = (path.to_owned(), found.into());
        Self {
            place: place.clone(),
            path,
            found,
            allowed: None,
            hint: None,
        }
    }

    /// The same, with what would be allowed.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// The same, with a hint if there is one.
    #[must_use]
    pub fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    fn write_snippet(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            source,
            line,
            column,
            width,
        } = &self.place;
        if *line == 0 {
            return writeln!(f, "  --> {}", printable(&source.name));
        }
        let gutter = if source.is_command_line {
            String::new()
        } else {
            line.to_string()
        };
        let margin = " ".repeat(gutter.len());
        if source.is_command_line {
            writeln!(f, "  --> {}", source.name)?;
        } else {
            writeln!(f, "  --> {}:{line}:{column}", printable(&source.name))?;
        }
        let text = source
            .text
            .split('\n')
            .nth(*line as usize - 1)
            .unwrap_or("")
            .trim_end_matches('\r');
        let from = (*column as usize - 1).saturating_sub(SNIPPET_CHARS / 2);
        let shown: String = text.chars().skip(from).take(SNIPPET_CHARS).map(visible).collect();
        let ellipsis = if from > 0 { "..." } else { "" };
        let indent = " ".repeat(ellipsis.len() + *column as usize - 1 - from);
        let room = SNIPPET_CHARS.saturating_sub(*column as usize - 1 - from).max(1);
        let carets = "^".repeat((*width as usize).clamp(1, room));
        writeln!(f, " {margin} |")?;
        writeln!(f, " {gutter} | {ellipsis}{shown}")?;
        writeln!(f, " {margin} | {indent}{carets}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        writeln!(
            f,
            "error: {}{separator}{}",
            printable(&self.path),
            printable(&self.found)
        )?;
        self.write_snippet(f)?;
        if let Some(allowed) = &self.allowed {
            writeln!(f, "  = allowed: {}", printable(allowed))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  = {}", printable(hint))?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a scenario, in the order of its files and lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioErrors {
    /// The problems; never empty.
    pub problems: Vec<Problem>,
    /// The scenario could not be read at all (a missing file, a refused folder).
    pub is_io: bool,
}

impl ScenarioErrors {
    /// These problems, sorted by place, with repetitions removed.
    #[must_use]
    pub fn new(mut problems: Vec<Problem>) -> Self {
        // Stable, so that problems of one place keep the order in which they were found.
        problems.sort_by_key(|p| {
            (
                p.place.source.is_command_line,
                p.place.source.name.clone(),
                p.place.line,
                p.place.column,
            )
        });
        problems.dedup();
        Self {
            problems,
            is_io: false,
        }
    }

    /// A source that could not be read.
    #[must_use]
    pub fn unreadable(name: &str, reason: impl Into<String>) -> Self {
        let place = Source::file(name, "").start();
        Self {
            problems: vec![Problem::new(&place, "", reason)],
            is_io: true,
        }
    }
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            _ if self.is_io => write!(f, "the scenario cannot be read")?,
            1 => write!(f, "the scenario has 1 error")?,
            n if n > LISTED => write!(f, "the scenario has {n} errors, the first {LISTED} shown")?,
            n => write!(f, "the scenario has {n} errors")?,
        }
        for problem in self.problems.iter().take(LISTED) {
            // A problem ends its own last line; the text as a whole does not.
            write!(f, "\n\n{}", problem.to_string().trim_end())?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}

/// A character that cannot move the cursor or end the line.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() || is_invisible(c) => '\u{fffd}',
        c => c,
    }
}

/// Marks that change the order or the width of what is shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text of bounded length without control characters.
fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(2_000).map(visible).collect();
    if text.chars().nth(2_000).is_some() {
        shown.push_str("...");
    }
    shown
}

/// A value as a message quotes it, cropped.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

/// `did you mean ...`, if one of the names is near enough.
#[must_use]
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if word.len() > 80 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let distance = strsim::damerau_levenshtein(word, name);
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    let (distance, name) = best?;
    let (length, other) = (word.chars().count(), name.chars().count());
    // A third of the letters may differ, but never all of a short word.
    let is_near = distance <= 1.max(length.min(other) / 3) && distance < length.min(other);
    is_near.then(|| format!("did you mean `{name}`?"))
}

/// Names that are listed whole; of more, only those that a word resembles are told.
const NAMES_TOLD: usize = 12;

/// `there is no WHAT NAME`, with the names that were perhaps meant: the nearest, and those that contain the word.
/// Where none is, all names if they are few, and otherwise `list`, which says where they stand.
#[must_use]
pub fn unknown_name(what: &str, name: &str, known: &[&str], list: &str) -> String {
    const OFFERED: usize = 4;
    let no_such = format!("there is no {what} {}", quoted(name));
    if let Some(hint) = nearest(name, known.iter().copied()) {
        return format!("{no_such}; {hint} {list}").trim_end().to_owned();
    }
    let word = name.to_ascii_lowercase();
    let holds = |other: &&&str| word.len() >= 3 && other.to_ascii_lowercase().contains(&word);
    let like: Vec<String> = known
        .iter()
        .filter(holds)
        .take(OFFERED)
        .map(|other| quoted(other))
        .collect();
    match like.is_empty() {
        false => format!("{no_such}; did you mean {}? {list}", like.join(" or "))
            .trim_end()
            .to_owned(),
        true if known.len() <= NAMES_TOLD || list.is_empty() => {
            format!("{no_such}; there are {}", known.join(", "))
        }
        true => format!("{no_such}; {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word_and_a_stranger_does_not() {
        let names = ["sample_rate", "slashing"];
        assert_eq!(
            nearest("sample_rat", names),
            Some("did you mean `sample_rate`?".to_owned())
        );
        assert_eq!(nearest("zzz", names), None);
    }

    #[test]
    fn a_part_of_a_name_finds_the_name_and_many_names_are_not_listed() {
        let known: Vec<String> = (0..40).map(|at| format!("queue-{at}-threshold")).collect();
        let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
        known.push("posp-threshold");
        let list = "`stakeout validate --list` names them";
        assert_eq!(
            unknown_name("closed form", "posp", &known, list),
            format!("there is no closed form `posp`; did you mean `posp-threshold`? {list}")
        );
        assert_eq!(
            unknown_name("closed form", "zzz", &known, list),
            format!("there is no closed form `zzz`; {list}")
        );
        assert_eq!(
            unknown_name("figure", "x", &["b", "a"], ""),
            "there is no figure `x`; there are b, a"
        );
    }

    #[test]
    fn a_hostile_line_is_cropped_and_cannot_write_to_the_terminal() {
        let source = Source::file("x.yaml", &format!("a: \u{1b}[31m{}", "z".repeat(100_000)));
        let place = Place {
            source,
            line: 1,
            column: 4,
            width: 90_000,
        };
        let text = Problem::new(&place, "a", "found").to_string();
        assert!(text.len() < 500, "{}", text.len());
        assert!(!text.contains('\u{1b}'));
    }
}
