//! The words that people read, held against the style of this project: plain English, subject first.
//!
//! What is looked at: the documentation, the templates of mails and pages, and what the configuration says of its
//! sources. A word that stands here is never right in them; there is no exception for a line or a file.

use std::path::{Path, PathBuf};

/// What nobody writes, and what stands in its place.
const AVOIDED: [(&str, &str); 14] = [
    ("anew", "again"),
    ("any more", "no longer, or no further"),
    ("for ever", "forever"),
    ("of late", "recently"),
    ("in vain", "without success"),
    ("whoever", "anybody who, or the person's role"),
    ("whosoever", "anybody who"),
    ("as it now stands", "as updated"),
    ("at its word", "believed"),
    ("begun anew", "started again"),
    ("is told so", "is told"),
    ("of who is listed", "of listed persons"),
    ("with who is listed", "with listed persons"),
    ("nothing where", "nothing if"),
];

/// Where people read.
const READ: [&str; 9] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "config",
    "deploy",
    "src/render/templates",
    "src/web/templates",
];

#[test]
fn what_people_read_is_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> = READ.iter().flat_map(|place| texts(&root.join(place))).collect();
    assert!(files.len() > 60, "{}", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            found.extend(avoided_in(line).map(|(phrase, instead)| {
                let file = file.strip_prefix(root).unwrap().display();
                format!("{file}:{}: {phrase:?}; write {instead}", number + 1)
            }));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_phrase_is_found_as_words_and_not_within_others() {
    let found = |line: &str| avoided_in(line).map(|(phrase, _)| phrase).collect::<Vec<_>>();
    assert_eq!(found("It is read Anew, whoever asks."), ["anew", "whoever"]);
    assert_eq!(found("The manewal of many moreover"), [""; 0]);
}

/// What a line says that nobody writes.
fn avoided_in(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let small = line.to_lowercase();
    AVOIDED.into_iter().filter(move |(phrase, _)| {
        small.match_indices(phrase).any(|(at, _)| {
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !is_letter(small[..at].chars().next_back())
                && !is_letter(small[at + phrase.len()..].chars().next())
        })
    })
}

/// The texts in a folder, or the one text that a file is.
fn texts(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let inner = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let is_text = |path: &PathBuf| {
        path.is_dir()
            || ["md", "html", "txt", "toml", "yml", "yaml", "service", "env"]
                .iter()
                .any(|end| path.extension().is_some_and(|extension| extension == *end))
    };
    inner.filter(is_text).flat_map(|path| texts(&path)).collect()
}
