//! Lays down the files of something new, with the headings it has to fill in.

use std::path::PathBuf;

use crate::step::{Outcome, root, write};

/// Creates the files of a `strategy`, a `scenario` or a `rule`; refuses to overwrite.
pub fn new(kind: &str, name: &str) -> Outcome {
    let files: Vec<(String, &str)> = match kind {
        "strategy" => {
            check_name(name, "_")?;
            vec![(
                format!("agents/src/{name}.rs"),
                include_str!("templates/strategy.rs.txt"),
            )]
        }
        "scenario" => {
            check_name(name, "-/")?;
            vec![(
                format!("scenarios/{name}.yaml"),
                include_str!("templates/scenario.yaml.txt"),
            )]
        }
        "rule" => {
            check_name(name, "_")?;
            vec![
                (
                    format!("sim/protocol/src/{name}.rs"),
                    include_str!("templates/rule.rs.txt"),
                ),
                (
                    format!("docs/spec/{}.md", name.replace('_', "-")),
                    include_str!("templates/rule.md.txt"),
                ),
                (
                    format!("tests/vectors/{name}/first.json"),
                    include_str!("templates/vector.json.txt"),
                ),
            ]
        }
        _ => {
            return Err(format!(
                "cannot make a `{kind}`; choose strategy, scenario or rule"
            ));
        }
    };
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| root().join(path)).collect();
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        return Err(format!("{} exists already", taken.display()));
    }
    for ((shown, template), path) in files.iter().zip(&paths) {
        write(path, &fill(template, name))?;
        println!("{shown}");
    }
    println!("next: {}", next_step(kind));
    Ok(())
}

/// Puts the name into a template: `{name}` as given, `{slug}` with dashes, `{Type}` in camel case.
fn fill(template: &str, name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let camel: String = last
        .split(['_', '-'])
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect();
    template
        .replace("{name}", last)
        .replace("{slug}", &last.replace('_', "-"))
        .replace("{Type}", &camel)
}

fn next_step(kind: &str) -> &'static str {
    match kind {
        "strategy" => "declare the module in agents/src/lib.rs and add its descriptor to the registry",
        "scenario" => "cargo run --release -- scenario check on it",
        _ => "declare the module in sim/protocol/src/lib.rs, and a parameter in the engine's field table",
    }
}

/// Lower-case letters, digits and the listed separators, beginning with a letter.
fn check_name(name: &str, separators: &str) -> Outcome {
    let fits =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || separators.contains(letter);
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins && name.chars().all(fits) && !name.ends_with('/') && !name.contains("//") {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name: lower-case letters, digits and any of `{separators}`, a letter first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_its_folder_is_refused() {
        for name in ["../up", "/etc", "a//b", "a/", "A", "1a", "", "a b"] {
            assert!(check_name(name, "-/").is_err(), "{name}");
        }
        assert!(check_name("attacks/late-riser", "-/").is_ok());
    }

    #[test]
    fn a_template_gets_the_name_in_each_spelling() {
        assert_eq!(
            fill("{name} {slug} {Type}", "late_riser"),
            "late_riser late-riser LateRiser"
        );
    }
}
