//! The prose of the repository: pages that read alone, links that lead somewhere, nothing of anyone's machine.

use crate::support::files::{files, root, shown, text};

/// Lines of a Markdown page outside fenced blocks.
fn prose(page: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push(line);
        }
    }
    lines
}

#[test]
fn every_page_has_exactly_one_title() {
    for path in files(root(), &[".md"]) {
        let page = text(&path);
        let titles = prose(&page).iter().filter(|line| line.starts_with("# ")).count();
        assert_eq!(titles, 1, "{}", shown(&path));
    }
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    for path in files(root(), &[".md"]) {
        let page = text(&path);
        for line in prose(&page) {
            for rest in line.split("](").skip(1) {
                let target = rest.split(')').next().unwrap_or_default();
                let file = target.split('#').next().unwrap_or_default();
                if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                let folder = path.parent().expect("a page lies in a folder");
                assert!(folder.join(file).exists(), "{}: link to {target}", shown(&path));
            }
        }
    }
}

#[test]
fn every_page_of_the_repository_that_code_names_exists() {
    for path in files(root(), &[".rs", ".yaml", ".toml"]) {
        let source = text(&path);
        for rest in source.split("docs/").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || "-_/.".contains(*letter))
                .collect();
            let name = name.trim_end_matches('.');
            if name.ends_with(".md") && !name.contains("NNNN") {
                assert!(
                    root().join("docs").join(name).exists(),
                    "{} names docs/{name}",
                    shown(&path)
                );
            }
        }
    }
}

#[test]
fn nothing_names_a_place_on_somebodys_machine() {
    // Written in two parts so that this file does not find itself.
    let places = [
        ["/ho", "me/"],
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/Us", "ers/"],
        ["C:", "\\Users"],
    ]
    .map(|part| part.concat());
    for path in files(
        root(),
        &[
            ".md", ".rs", ".yaml", ".toml", ".json", ".csv", ".txt", ".lock", ".html", ".svg",
        ],
    ) {
        let text = text(&path);
        for (number, line) in text.lines().enumerate() {
            for place in &places {
                let named = line.match_indices(place.as_str()).any(|(at, _)| {
                    // A path begins here, or follows a quote or a space; `network/` in a longer path is no such place.
                    !line[..at]
                        .ends_with(|letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter))
                });
                assert!(!named, "{}:{}: {place}", shown(&path), number + 1);
            }
        }
    }
}

#[test]
fn text_files_end_with_one_newline_and_hold_no_trailing_blanks() {
    for path in files(root(), &[".md", ".rs", ".yaml", ".toml"]) {
        let text = text(&path);
        assert!(
            text.is_empty() || (text.ends_with('\n') && !text.ends_with("\n\n")),
            "{}",
            shown(&path)
        );
        for (number, line) in text.lines().enumerate() {
            assert_eq!(
                line.trim_end(),
                line,
                "{}:{}: trailing blanks",
                shown(&path),
                number + 1
            );
        }
    }
}
