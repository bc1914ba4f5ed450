//! Words in files of comma-separated values.
//!
//! **Invariant.** Whatever a scenario calls its hosts, a spreadsheet that opens the file reads words and runs nothing.

/// The words as one field. Text that a spreadsheet would take for a formula gets an apostrophe in front, which it shows as
/// text; this is what the OWASP page on CSV injection advises.
pub fn field(words: &str) -> String {
    let harmless = if is_formula(words) {
        format!("'{words}")
    } else {
        words.to_owned()
    };
    if harmless.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

/// Whether a spreadsheet would take the words for a formula. A sign before plain letters and digits (`-5 %`) is none.
fn is_formula(words: &str) -> bool {
    let mut letters = words.chars();
    match letters.next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => !letters.all(|letter| letter.is_alphanumeric() || "., %".contains(letter)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(field("-2+3+cmd|' /C calc'!A0"), "'-2+3+cmd|' /C calc'!A0");
        assert_eq!(
            field("=HYPERLINK(\"x\",\"y\")"),
            "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""
        );
        assert_eq!(field("\t=1"), "'\t=1");
    }

    #[test]
    fn plain_words_and_signed_figures_stay_as_they_are() {
        for plain in ["honest", "-5 %", "+1.5", "a=b", "", "swapper-1"] {
            assert_eq!(field(plain), plain);
        }
        assert_eq!(field("a,b"), "\"a,b\"");
    }
}
