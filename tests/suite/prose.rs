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
    let mut broken = Vec::new();
    for path in files(root(), &[".md"]) {
        let page = text(&path);
        for rest in prose(&page).iter().flat_map(|line| line.split("](").skip(1)) {
            let target = rest.split(')').next().unwrap_or_default();
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = path.parent().expect("a page lies in a folder");
            if !folder.join(file).exists() {
                broken.push(format!("{}: link to {target}", shown(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_repository_that_code_names_exists() {
    let mut missing = Vec::new();
    let is_path = |letter: &char| letter.is_ascii_alphanumeric() || "-_/.".contains(*letter);
    for path in files(root(), &[".rs", ".yaml", ".toml"]) {
        let source = text(&path);
        for (at, _) in source.match_indices("docs/") {
            // A longer path, or a citation such as `gonka-ai/gonka docs/page.md`, is a page of others.
            let before = source[..at].rsplit('\n').next().unwrap_or_default();
            if before.contains("gonka-ai/") || before.ends_with(|letter: char| is_path(&letter)) {
                continue;
            }
            let name: String = source[at..].chars().take_while(is_path).collect();
            let name = name.trim_end_matches('.');
            if name.ends_with(".md") && !name.contains("NNNN") && !root().join(name).exists() {
                missing.push(format!("{} names {name}", shown(&path)));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
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
