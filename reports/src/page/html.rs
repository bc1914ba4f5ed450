//! HTML text, safe by construction: what comes from a file passes through [`escaped`].

use std::fmt::Write;

use stakeout_engine::observe::display::is_obeyed;

/// Text as it may stand between tags or in a quoted attribute; control characters become U+FFFD.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Bidirectional controls could reorder what a reader sees.
            c if is_obeyed(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words, aligned to the left.
    Text(String),
    /// A number, aligned to the right.
    Number(String),
}

/// A table with a header; cells are escaped here.
pub fn table(header: &[(&str, bool)], rows: &[Vec<Cell>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    for (name, is_text) in header {
        let class = if *is_text { " class=\"text\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(name));
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let (class, text) = match cell {
                Cell::Text(text) => ("text", text),
                Cell::Number(text) => ("number", text),
            };
            let _ = write!(html, "<td class=\"{class}\">{}</td>", escaped(text));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_open_a_tag_or_close_an_attribute() {
        let hostile = "</td><script>\"'&\u{0}\u{1b}[31m\u{202e}";
        let safe = escaped(hostile);
        assert!(
            !safe.contains(['<', '>', '"', '\'', '\u{0}', '\u{1b}', '\u{202e}']),
            "{safe}"
        );
        assert!(table(&[(hostile, true)], &[vec![Cell::Text(hostile.into())]]).contains("&lt;script&gt;"));
    }
}
