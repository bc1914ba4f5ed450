//! A tree written back as one line of YAML, for values that are handed on as overrides.

use crate::scenario::document::{Node, Value};

/// The node in flow style; it reads back as the same tree.
pub fn to_flow(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, is_plain, .. } if *is_plain && is_safe(text) => text.clone(),
        Value::Scalar { text, is_plain, .. } if *is_plain && text.is_empty() => "null".to_owned(),
        Value::Scalar { text, .. } => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(to_flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let pairs = entries.iter().map(|entry| {
                let key = if is_safe(&entry.key) {
                    entry.key.clone()
                } else {
                    quoted(&entry.key)
                };
                format!("{key}: {}", to_flow(&entry.node))
            });
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Whether a plain scalar means the same inside brackets.
fn is_safe(text: &str) -> bool {
    let starts = text
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    starts
        && text.trim() == text
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.+/% ".contains(c))
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' => vec!['\\', '"'],
            '\\' => vec!['\\', '\\'],
            '\n' => vec!['\\', 'n'],
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Source;
    use crate::scenario::document::parse;

    #[test]
    fn a_tree_reads_back_from_its_line() {
        let text =
            "strategy: { model_swapper: { rate: 50 %, substitute: int4 } }\nlist: [a, 'b: c', \"d\\\"e\"]\n";
        let tree = parse(&Source::file("x", text)).unwrap();
        let line = to_flow(&tree);
        assert!(!line.contains('\n'));
        let again = parse(&Source::file("y", &line)).unwrap();
        assert_eq!(to_flow(&again), line);
        assert_eq!(again.get("list").unwrap().describe(), "a list of 3");
    }
}
