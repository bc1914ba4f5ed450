//! Tables for a notebook.
//!
//! Invariant: every text is escaped, whoever wrote the scenario it comes from.

use std::fmt::Write;

use stakeout_engine::observe::display::is_obeyed;

/// A text that cannot open a tag, close an attribute or begin an entity.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if is_obeyed(c) && c != '\n' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A table with a caption; numbers stand on the right.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>], note: &str) -> String {
    let mut page = format!("<table><caption>{}</caption><thead><tr>", escaped(caption));
    for name in head {
        let _ = write!(page, "<th>{}</th>", escaped(name));
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            let style = if cell.parse::<f64>().is_ok() {
                " style=\"text-align:right\""
            } else {
                ""
            };
            let _ = write!(page, "<td{style}>{}</td>", escaped(cell));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
    if !note.is_empty() {
        let _ = write!(page, "<p>{}</p>", escaped(note));
    }
    page
}
