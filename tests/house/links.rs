//! Links between documents: every file and every heading that one leads to is there.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Where people read.
const READ: [&str; 6] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs", "deploy"];

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> = READ.iter().flat_map(|place| documents(&root.join(place))).collect();
    let mut links = 0;
    let mut dead = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for target in targets(&text) {
            links += 1;
            if !is_there(file, &target) {
                dead.push(format!("{}: {target}", file.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(links > 40, "{links} links were followed");
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn a_heading_is_found_by_its_anchor_and_a_missing_one_is_not() {
    let text = "# A `key` of [mail.dkim]\n\nSee [this](#a-key-of-maildkim), [that](OTHER.md#x) and [the Web](https://a.test/).\n";
    assert_eq!(targets(text), ["#a-key-of-maildkim", "OTHER.md#x"]);
    assert_eq!(anchors(text), ["a-key-of-maildkim"]);
}

/// The documents in a folder, or the one document that a file is.
fn documents(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return if place.extension().is_some_and(|end| end == "md") {
            vec![place.to_owned()]
        } else {
            Vec::new()
        };
    }
    let inner = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    inner.flat_map(|path| documents(&path)).collect()
}

/// Where a document's links lead, those into the Web left out.
fn targets(text: &str) -> Vec<String> {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let targets = link.captures_iter(text).map(|found| found[1].to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// Whether the file that a link names is there, with the heading that it names.
fn is_there(from: &Path, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let file = if file.is_empty() { from.to_owned() } else { from.parent().unwrap().join(file) };
    match anchor {
        None => file.exists(),
        Some(anchor) => {
            std::fs::read_to_string(&file).is_ok_and(|text| anchors(&text).iter().any(|of| of == anchor))
        }
    }
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| {
        let rest = line.trim_start_matches('#');
        (rest.len() < line.len()).then_some(rest)?.strip_prefix(' ')
    });
    let letter = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    };
    headings.map(|heading| heading.to_lowercase().chars().filter_map(letter).collect()).collect()
}
