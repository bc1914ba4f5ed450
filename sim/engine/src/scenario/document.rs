//! A YAML text as a tree that knows where everything stands.
//!
//! Scalars are kept as written: what `5 s` or `010` means is for the field they stand in to say. The
//! tree is built from the parser's events without recursion.
//!
//! Invariant: time and memory are bounded by the size limit, whatever the text is: anchors, aliases,
//! tags and further documents are refused, and depth and number of nodes have a limit.

use std::sync::Arc;

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::error::{Place, Problem, Source, quoted};

/// Largest scenario file, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 20;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;
const MAX_PROBLEMS: usize = 1_000;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it starts.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text as written, without quotes.
    Scalar {
        /// The text.
        text: String,
        /// Written without quotes.
        is_plain: bool,
        /// Written over several lines.
        is_multiline: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A plain scalar at a place.
    #[must_use]
    pub fn scalar(place: &Place, text: &str) -> Self {
        let value = Value::Scalar {
            text: text.to_owned(),
            is_plain: true,
            is_multiline: false,
        };
        Self {
            place: place.clone(),
            value,
        }
    }

    /// The text, if this is a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Nothing was written here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, is_plain: true, .. } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The value of a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.node),
            _ => None,
        }
    }

    /// How a message describes it.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } if self.is_empty() && text.is_empty() => "nothing".to_owned(),
            Value::Scalar { text, .. } => quoted(text),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(entries) => format!("a map of {}", entries.len()),
        }
    }
}

/// A collection whose end has not come yet.
struct Open {
    place: Place,
    items: Vec<Node>,
    entries: Vec<Entry>,
    key: Option<(String, Place)>,
    is_map: bool,
}

/// Reads one document. An empty text is an empty map.
///
/// # Errors
/// The first syntax error, or every construct that scenarios do not have.
pub fn parse(source: &Arc<Source>) -> Result<Node, Vec<Problem>> {
    if source.text.len() as u64 > MAX_FILE_BYTES {
        let found = format!("{} bytes", source.text.len());
        return Err(vec![
            Problem::new(&source.start(), "", found).allowed(format!("at most {MAX_FILE_BYTES} bytes")),
        ]);
    }
    let mut builder = Builder {
        source,
        open: Vec::new(),
        root: None,
        problems: Vec::new(),
        nodes: 0,
        documents: 0,
    };
    for next in Parser::new_from_str_with_options(&source.text, parser_options()) {
        let is_done = match next {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let mark = error.marker();
                let place = Place {
                    source: Arc::clone(source),
                    line: mark.line() as u32,
                    column: mark.col() as u32 + 1,
                    width: 1,
                };
                builder.problems.push(Problem::new(
                    &place,
                    "",
                    format!("not valid YAML: {}", error.info()),
                ));
                true
            }
        };
        if is_done || builder.problems.len() > MAX_PROBLEMS {
            break;
        }
    }
    if !builder.problems.is_empty() {
        return Err(builder.problems);
    }
    Ok(builder.root.unwrap_or_else(|| Node {
        place: source.start(),
        value: Value::Map(Vec::new()),
    }))
}

fn parser_options() -> Options {
    let mut options = Options::default();
    options.disallow_directives = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.set_emit_comments(false);
    options
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    root: Option<Node>,
    problems: Vec<Problem>,
    nodes: usize,
    documents: usize,
}

impl Builder<'_> {
    /// Takes one event; `true` stops the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let place = self.place(&span);
        self.nodes += 1;
        if self.nodes > MAX_NODES || self.open.len() > MAX_DEPTH {
            let found = "too many values or too deep a nesting";
            let allowed = format!("at most {MAX_NODES} values, nested at most {MAX_DEPTH} deep");
            self.problems
                .push(Problem::new(&place, "", found).allowed(allowed));
            return true;
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problems
                        .push(Problem::new(&place, "", "a second document").allowed("one document a file"));
                    return true;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) | Event::Anchor(..) => {
                self.refuse_anchor(&place);
                return true;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_multiline = span.start.line() != span.end.line();
                let is_plain = style == ScalarStyle::Plain;
                self.refuse_properties(&place, anchor, tag.is_some());
                let value = Value::Scalar {
                    text: text.into_owned(),
                    is_plain,
                    is_multiline,
                };
                self.place_node(Node { place, value });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_properties(&place, anchor, tag.is_some());
                self.open(place, false);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_properties(&place, anchor, tag.is_some());
                self.open(place, true);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
        false
    }

    fn place(&self, span: &Span) -> Place {
        let is_one_line = span.start.line() == span.end.line();
        let width = if is_one_line {
            span.end.col().saturating_sub(span.start.col()).max(1)
        } else {
            1
        };
        Place {
            source: Arc::clone(self.source),
            line: span.start.line() as u32,
            column: span.start.col() as u32 + 1,
            width: width as u32,
        }
    }

    fn refuse_anchor(&mut self, place: &Place) {
        let problem = Problem::new(place, "", "an anchor or alias");
        self.problems
            .push(problem.allowed("presets for what several places share: `preset: [a, b]`"));
    }

    fn refuse_properties(&mut self, place: &Place, anchor: usize, has_tag: bool) {
        if anchor != 0 {
            self.refuse_anchor(place);
        }
        if has_tag {
            self.problems
                .push(Problem::new(place, "", "a YAML tag").allowed("values without tags"));
        }
    }

    fn open(&mut self, place: Place, is_map: bool) {
        let place = Place { width: 1, ..place };
        self.open.push(Open {
            place,
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            is_map,
        });
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let value = if open.is_map {
            Value::Map(open.entries)
        } else {
            Value::List(open.items)
        };
        self.place_node(Node {
            place: open.place,
            value,
        });
    }

    fn place_node(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        if !open.is_map {
            open.items.push(node);
            return;
        }
        match open.key.take() {
            Some((key, place)) => open.entries.push(Entry { key, place, node }),
            None => match node.value {
                Value::Scalar { text, .. } => open.key = Some((text, node.place)),
                _ => {
                    self.problems.push(
                        Problem::new(&node.place, "", "a key that is no word").allowed("plain words as keys"),
                    );
                    open.key = Some((String::new(), node.place));
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Vec<Problem>> {
        parse(&Source::file("test.yaml", text))
    }

    fn refusal(text: &str) -> String {
        read(text)
            .expect_err("accepted")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn scalars_keep_their_text_and_their_place() {
        let tree = read("a: 010\nb:\n  - '5 s'\n  - yes\n").unwrap();
        assert_eq!(tree.get("a").unwrap().text(), Some("010"));
        let Value::List(items) = &tree.get("b").unwrap().value else {
            panic!("no list")
        };
        assert_eq!(
            (items[1].text(), items[1].place.line, items[1].place.column),
            (Some("yes"), 4, 5)
        );
        assert_eq!(items[0].text(), Some("5 s"));
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        for text in ["", "\n", "# only a comment\n", "---\n"] {
            let tree = read(text).unwrap();
            assert!(
                tree.is_empty() || tree.value == Value::Map(Vec::new()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_could_grow_without_bound_is_refused() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert!(refusal(bomb).contains("an anchor or alias"));
        assert!(refusal(&"[".repeat(100_000)).contains("error"));
        let deep: String = (0..3_000)
            .map(|i| format!("{}a:\n", " ".repeat(i.min(300))))
            .collect();
        assert!(refusal(&deep).contains("error"));
        assert!(refusal(&"- {a: b}\n".repeat(60_000)).contains("too many values"));
        assert!(refusal(&format!("a: {}", "x".repeat(50_000_000))).contains("at most 1048576 bytes"));
        assert!(refusal("a: 1\n---\nb: 2\n").contains("a second document"));
        assert!(refusal("a: !!int 5\n").contains("a YAML tag"));
        assert!(refusal("%YAML 1.2\n---\na: 1\n").contains("error"));
        assert!(refusal("a:\n\tb: 1\n").contains("not valid YAML"));
        assert!(refusal("? [a]\n: b\n").contains("a key that is no word"));
        assert!(refusal("a: 'open\n").contains("not valid YAML"));
    }
}
