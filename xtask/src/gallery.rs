//! The gallery: committed pages with the command that makes each again, and whether they are current.
//!
//! A check at full size would take minutes, so it is made at smoke size: one replicate of each entry must give the digest
//! that the list holds for it, and its page must come out. `--accept` makes all pages at full size.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::step::{Outcome, build_stakeout, read, root, scratch, timed, write};

const LIST: &str = "reports/gallery/gallery.json";
const PAGE: &str = "reports/gallery/README.md";

/// Makes every entry at smoke size and compares.
pub fn compare() -> Outcome {
    timed("gallery", || {
        let binary = build_stakeout()?;
        let mut wrong = Vec::new();
        for entry in list()? {
            let name = text(&entry, "name")?;
            let found = make(&binary, &entry, Size::Smoke)?;
            if found.digest != text(&entry, "smoke_digest")? {
                wrong.push(format!("{name}: one replicate now gives {}", found.digest));
            }
            let committed = root().join(format!("reports/gallery/{name}.html"));
            let page = String::from_utf8_lossy(&read(&committed)?).into_owned();
            if !page.contains(text(&entry, "digest")?) {
                wrong.push(format!("{name}: the page is not the one of the list"));
            }
            let made = String::from_utf8_lossy(&read(&found.page)?).into_owned();
            if policy(&page) != policy(&made) {
                wrong.push(format!(
                    "{name}: the page carries another script or policy than one made now"
                ));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}\nif that is meant: cargo xtask gallery --accept",
            wrong.join("\n")
        ))
    })
}

/// Makes every entry at full size and writes pages, list and table.
pub fn accept() -> Outcome {
    timed("making the gallery", || {
        let binary = build_stakeout()?;
        let mut entries = list()?;
        for entry in &mut entries {
            let name = text(entry, "name")?.to_string();
            let smoke = make(&binary, entry, Size::Smoke)?;
            let full = make(&binary, entry, Size::Full)?;
            let page = String::from_utf8_lossy(&read(&full.page)?).into_owned();
            write(&root().join(format!("reports/gallery/{name}.html")), &page)?;
            entry["smoke_digest"] = json!(smoke.digest);
            entry["digest"] = json!(full.digest);
            eprintln!("   {name}: {} ({} KB)", full.digest, page.len() / 1024);
        }
        write(&root().join(PAGE), &table(&entries)?)?;
        let list = serde_json::to_string_pretty(&json!(entries)).expect("a JSON value is printable");
        write(&root().join(LIST), &(list + "\n"))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Smoke,
    Full,
}

struct Made {
    page: PathBuf,
    digest: String,
}

fn list() -> Outcome<Vec<Value>> {
    let path = root().join(LIST);
    let list: Value = serde_json::from_slice(&read(&path)?).map_err(|error| format!("{LIST}: {error}"))?;
    list.as_array()
        .cloned()
        .ok_or_else(|| format!("{LIST}: not a list"))
}

fn text<'a>(entry: &'a Value, key: &str) -> Outcome<&'a str> {
    entry[key]
        .as_str()
        .ok_or_else(|| format!("{LIST}: an entry has no `{key}`"))
}

/// The command of an entry, without the program's name.
fn command(entry: &Value, size: Size) -> Outcome<Vec<String>> {
    let kind = text(entry, "kind")?;
    let mut words = vec![kind.to_string(), text(entry, "file")?.to_string()];
    let replicates = match (size, entry["replicates"].as_u64()) {
        (Size::Smoke, _) => Some(1),
        (Size::Full, replicates) => replicates,
    };
    if let Some(replicates) = replicates {
        words.extend(["--replicates".to_string(), replicates.to_string()]);
    }
    if size == Size::Smoke && kind == "run" {
        words.push("--no-twins".to_string());
    }
    Ok(words)
}

fn make(binary: &Path, entry: &Value, size: Size) -> Outcome<Made> {
    let (name, kind) = (text(entry, "name")?, text(entry, "kind")?);
    let folder = scratch(binary, &format!("gallery-{name}"))?;
    let page = folder.join("page.html");
    let subject = match kind {
        "run" | "sweep" => {
            let out = folder.join("results");
            let mut words = command(entry, size)?;
            words.extend(["--out".to_string(), out.display().to_string()]);
            ask(binary, &words)?;
            if kind == "run" { run_below(&out)? } else { out }
        }
        "calibration" => root().join(text(entry, "file")?),
        other => return Err(format!("{LIST}: there is no kind `{other}`")),
    };
    let words = [
        "report",
        &subject.display().to_string(),
        "-o",
        &page.display().to_string(),
    ];
    ask(binary, &words.map(str::to_string))?;
    Ok(Made {
        digest: digest(&page)?,
        page,
    })
}

fn ask(binary: &Path, words: &[String]) -> Outcome {
    let status = Command::new(binary)
        .args(words)
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot start `{}`: {error}", binary.display()))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("stakeout {} failed: {status}", words.join(" "))),
    }
}

/// The one run below a results folder.
fn run_below(folder: &Path) -> Outcome<PathBuf> {
    let inside = |folder: &Path| {
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folders = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir());
        folders
            .max()
            .ok_or_else(|| format!("{}: nothing in it", folder.display()))
    };
    inside(&inside(folder)?)
}

/// The digest that a page names first.
fn digest(page: &Path) -> Outcome<String> {
    let text = String::from_utf8_lossy(&read(page)?).into_owned();
    let found = text
        .split_once("Digest <code>")
        .and_then(|(_, rest)| rest.split_once("</code>"));
    found
        .map(|(digest, _)| digest.to_string())
        .ok_or_else(|| format!("{}: the page names no digest", page.display()))
}

/// The content policy of a page, which holds the hash of its script.
fn policy(page: &str) -> &str {
    let from = page.find("Content-Security-Policy").unwrap_or(0);
    let rest = &page[from..];
    &rest[..rest.find('>').unwrap_or(0)]
}

fn table(entries: &[Value]) -> Outcome<String> {
    let mut page = String::from(
        "# Gallery\n\n\
         Pages that `stakeout report` made, each with the commands that make it again. A page is one file without any\n\
         request to the outside: download it and open it. `cargo xtask gallery` checks that one replicate of each still gives\n\
         the digest in `gallery.json`; `cargo xtask gallery --accept` makes all of them anew.\n\n\
         | page | question | again | digest |\n|---|---|---|---|\n",
    );
    for entry in entries {
        let (name, kind) = (text(entry, "name")?, text(entry, "kind")?);
        let words = command(entry, Size::Full)?.join(" ");
        let again = match kind {
            "calibration" => format!("`stakeout report {}`", text(entry, "file")?),
            "run" => format!("`stakeout {words}`, then `stakeout report` on its run directory"),
            _ => format!("`stakeout {words}`, then `stakeout report` on its folder"),
        };
        let digest = text(entry, "digest")?;
        let short = if digest.len() == 64 { &digest[..16] } else { digest };
        page += &format!(
            "| [{name}]({name}.html) | {} | {again} | `{short}` |\n",
            text(entry, "question")?
        );
    }
    Ok(page)
}
