//! The committed pages are those that this version makes of the committed tables, byte for byte.
//!
//! Where a page is meant to change: `cargo run --release -- report TABLES -o PAGE`, with both as in the list below.

use std::fs;
use std::path::Path;

use stakeout_reports::page::Shown;
use stakeout_reports::subject::Subject;

/// What a page is made of, and the page, below the root of the repository.
const PAGES: [(&str, &str); 6] = [
    ("reports/gallery/first/run", "reports/gallery/first/page.html"),
    (
        "reports/gallery/gonka-launch/run",
        "reports/gallery/gonka-launch/page.html",
    ),
    (
        "reports/gallery/gonka-mainnet-epoch56/run",
        "reports/gallery/gonka-mainnet-epoch56/page.html",
    ),
    (
        "reports/gallery/deterrence-frontier",
        "reports/gallery/deterrence-frontier/page.html",
    ),
    (
        "reports/gallery/proof-of-sampling",
        "reports/gallery/proof-of-sampling/page.html",
    ),
    (
        "scenarios/calibration/smollm2-135m.yaml",
        "reports/gallery/smollm2-135m.html",
    ),
];
/// Bytes of a committed page at most.
const BYTES_MAX: usize = 1_700_000;

#[test]
fn the_pages_of_the_gallery_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (tables, page) in PAGES {
        let made = Subject::open(&root.join(tables))
            .unwrap()
            .page(Shown::Interactive)
            .unwrap();
        let kept = fs::read_to_string(root.join(page)).unwrap();
        assert!(
            made == kept,
            "stale: cargo run --release -- report {tables} -o {page}"
        );
        assert!(made.len() <= BYTES_MAX, "{page}: {} bytes", made.len());
    }
}
