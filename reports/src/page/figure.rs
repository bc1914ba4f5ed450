//! One picture on a page: drawing, caption, every number, and what a script needs to make a chart of it.

use std::fmt::Write;

use stakeout_engine::observe::display::is_obeyed;

use super::Shown;
use super::html::{Cell, escaped, table};
use super::tables::number;
use crate::draw;
use crate::error::ReportError;
use crate::picture::{Entry, Picture, Sheet};
use crate::vega;

/// Rows of the table on the page; the file has all of them.
const ROWS_SHOWN: usize = 120;

/// The figure.
///
/// # Errors
/// A picture that cannot be drawn.
pub fn render(picture: &Picture, shown: Shown) -> Result<String, ReportError> {
    let drawing = draw::themed(&draw::svg(picture)?);
    let label = format!("<svg role=\"img\" aria-label=\"{}\"", escaped(&picture.title));
    let mut caption = picture.caption.trim_end_matches('.').to_string();
    if !caption.is_empty() {
        caption.push('.');
    }
    if picture.omitted > 0 {
        let _ = write!(caption, " {} more are not drawn.", picture.omitted);
    }
    let sheet = picture.sheet();
    let mut html = format!(
        "<figure id=\"{name}\" data-chart=\"{state}\">\n<div class=\"drawing\">{}</div>\n",
        drawing.replacen("<svg", &label, 1),
        name = escaped(&picture.name),
        state = if shown == Shown::Interactive {
            "drawn"
        } else {
            "still"
        },
    );
    if shown == Shown::Interactive {
        let _ = write!(
            html,
            "<p class=\"chart-title\" hidden>{}</p><div class=\"chart\" hidden></div>\n<script type=\"application/json\">{}</script>\n",
            escaped(&picture.title),
            json(&vega::spec(picture))
        );
    }
    let _ = write!(
        html,
        "<figcaption>{}</figcaption>\n<details><summary>Numbers</summary>\n<p><a download=\"{}.csv\" \
         href=\"data:text/csv;charset=utf-8,{}\">Download as CSV</a></p>\n{}</details>\n</figure>\n",
        escaped(&caption),
        escaped(&picture.name),
        percent_encoded(&sheet.to_csv()),
        sheet_table(&sheet),
    );
    Ok(html)
}

/// JSON that can stand in a script element: nothing in it can end the element or open a comment.
fn json(value: &serde_json::Value) -> String {
    let text: String = value
        .to_string()
        .chars()
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn sheet_table(sheet: &Sheet) -> String {
    let header: Vec<(&str, bool)> = sheet
        .columns
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), sheet.is_words(at)))
        .collect();
    let cell = |entry: &Entry| match entry {
        Entry::Words(words) => Cell::Text(words.clone()),
        Entry::Number(value) => Cell::Number(number(*value)),
        Entry::Nothing => Cell::Text(String::new()),
    };
    let rows: Vec<Vec<Cell>> = sheet
        .rows
        .iter()
        .take(ROWS_SHOWN)
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let rest = sheet.rows.len().saturating_sub(ROWS_SHOWN);
    let note = match rest {
        0 => String::new(),
        n => format!("<p class=\"quiet\">{n} further rows are in the CSV.</p>\n"),
    };
    table(&header, &rows) + &note
}

/// Text as it may stand in a data address.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 8);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                encoded.push(char::from(byte))
            }
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_in_a_script_element_cannot_leave_it() {
        let text = json(&serde_json::json!({"a": "</script><!--<script>&"}));
        assert!(!text.contains(['<', '>', '&']));
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["a"], "</script><!--<script>&");
    }

    #[test]
    fn an_address_of_data_has_no_letter_that_means_something_there() {
        assert_eq!(percent_encoded("a,b\n\"1 %\"#é"), "a,b%0A%221%20%25%22%23%C3%A9");
    }
}
