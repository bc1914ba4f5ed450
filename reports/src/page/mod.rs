//! One self-contained page: the verdict first, then figures, tables and how to make it again.
//!
//! **Invariant.** The page loads nothing: styles, drawings, numbers and the one script that it may run stand in the page
//! itself, a content security policy forbids everything else, and every name from a file is escaped.

mod beside;
pub mod calibration;
mod figure;
pub mod game;
pub mod html;
pub mod run;
pub mod solve;
pub mod sweep;
mod tables;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::error::ReportError;
use crate::picture::Picture;
use html::escaped;
pub use tables::number;
pub(crate) use tables::tidy;

const STYLE: &str = include_str!("style.css");
/// Vega as its makers publish it (docs/dependencies.md says which version and how to get it again).
const VEGA: &str = include_str!("../../assets/vega.min.js");
/// The part of Vega that walks expressions where a policy forbids to compile them.
const INTERPRETER: &str = include_str!("../../assets/vega-interpreter.min.js");
const LICENCE: &str = include_str!("../../assets/vega-LICENSE.txt");
const CHARTS: &str = include_str!("charts.js");

/// What a page may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Drawings become charts that can be pointed at, where scripts run.
    Interactive,
    /// No script: a page a tenth as large.
    Still,
}

/// A page before it is text. Title, heading and verdict are plain words; body and source are HTML.
pub struct Page {
    /// Title of the window.
    pub title: String,
    /// What the page is about, above the verdict.
    pub heading: String,
    /// One sentence.
    pub verdict: String,
    /// What follows.
    pub body: String,
    /// Where it comes from.
    pub source: String,
}

impl Page {
    /// The page as text.
    pub fn render(&self, shown: Shown) -> String {
        let script = match shown {
            Shown::Interactive => script(),
            Shown::Still => String::new(),
        };
        let (policy, script, licence) = match shown {
            Shown::Interactive => (
                format!(
                    "script-src 'sha256-{}'; ",
                    STANDARD.encode(Sha256::digest(&script))
                ),
                format!("<script>{script}</script>\n"),
                format!(
                    "<details><summary>Licence of Vega, which draws the charts of this page</summary><pre>{}</pre></details>\n",
                    escaped_lines(LICENCE)
                ),
            ),
            Shown::Still => Default::default(),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; {policy}\
             style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style></head>\n<body>\n<header>\n<p class=\"about\">{}</p>\n\
             <h1>{}</h1>\n</header>\n<main>\n{}</main>\n<footer>\n<h2>Where this comes from</h2>\n{}{licence}</footer>\n\
             {script}</body></html>\n",
            escaped(&self.title),
            escaped(&self.heading),
            escaped(&self.verdict),
            self.body,
            self.source,
        )
    }
}

/// The one script of a page.
fn script() -> String {
    [VEGA, INTERPRETER, CHARTS].join("\n;\n")
}

fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// A title and what was asked in words, where it was.
fn heading(title: &str, question: Option<&str>) -> String {
    format!("{title} · {}", question.unwrap_or_default())
        .trim_end_matches([' ', '·'])
        .to_string()
}

/// Pictures as figures, one below the other.
///
/// # Errors
/// A picture that cannot be drawn.
pub fn figures(pictures: &[Picture], shown: Shown) -> Result<String, ReportError> {
    pictures
        .iter()
        .map(|picture| figure::render(picture, shown))
        .collect()
}
