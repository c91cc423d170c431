//! The words that people read, held against the style of this project: plain English, subject first.
//!
//! What is looked at: the documentation, the templates of mails and pages, what the configuration says of its
//! sources, and in the program's code every text between quotes (messages, errors, pages) and the help of commands.
//! A word that stands here is never right in them; there is no exception for a line or a file.

use std::path::{Path, PathBuf};

use regex::Regex;

/// What nobody writes, and what stands in its place.
const AVOIDED: [(&str, &str); 26] = [
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
    ("as it came", "as received"),
    ("asked back", "asked to confirm"),
    ("at most so many", "the most"),
    ("ended abruptly", "panicked, or broke"),
    ("heeded", "obeyed"),
    ("is told anew", "is reported again"),
    ("let go of", "removed, or dropped"),
    ("made where it is missing", "created if missing"),
    ("passed over", "skipped, or ignored"),
    ("stands already", "is already listed"),
    ("what stands", "what is there, or is listed"),
    ("who is told", "who gets alerts, or is notified"),
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
    assert_eq!(found("The manewal of many moreover, by anew_if_overtaken"), [""; 0]);
}

#[test]
fn what_the_program_says_is_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut said) = (Vec::new(), 0);
    for file in sources(&root.join("src")) {
        let code = std::fs::read_to_string(&file).unwrap();
        let file = file.strip_prefix(root).unwrap();
        for (number, text) in texts_of(&code, file.starts_with("src/cli")) {
            said += 1;
            found.extend(avoided_in(&text).map(|(phrase, instead)| {
                format!("{}:{number}: {phrase:?}; write {instead}", file.display())
            }));
        }
    }
    assert!(said > 5_000, "{said} texts");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn of_code_what_people_read_is_looked_at_and_nothing_else() {
    let code =
        "/// Read it anew.\n// anew\nlet anew = \"read \\\"anew\\\"\"; // \"anew\"\n#[cfg(test)]\n\"anew\"\n";
    let said = |is_help| texts_of(code, is_help).collect::<Vec<_>>();
    assert_eq!(said(false), [(3, "read \\\"anew\\\"".to_owned())]);
    assert_eq!(said(true).len(), 2, "the help, and the line of code");
}

/// What code says to people, line by line: texts between quotes, and where it is the help of commands the
/// documentation that becomes it. Tests say nothing.
fn texts_of(code: &str, is_help: bool) -> impl Iterator<Item = (usize, String)> {
    let quoted = Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap();
    let (code, _) = code.split_once("#[cfg(test)]").unwrap_or((code, ""));
    code.lines().enumerate().flat_map(move |(index, line)| {
        let line = line.trim_start();
        let said: Vec<String> = if line.starts_with("//") {
            let help = line.strip_prefix("/// ").filter(|_| is_help);
            help.map(str::to_owned).into_iter().collect()
        } else if is_help {
            // A help of several lines has quotes around all of it alone.
            vec![line.to_owned()]
        } else {
            let code = line.split(" // ").next().unwrap_or(line);
            let texts = quoted.captures_iter(code).map(|text| text[1].to_owned());
            // One word alone is a key or a name of something that is stored.
            texts.filter(|text| text.contains(' ')).collect()
        };
        said.into_iter().map(move |text| (index + 1, text))
    })
}

/// The program's own code in a folder, without its tests. Sentences that people write to us stand in one of these,
/// `people.rs`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let inner = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_read = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_code = path.is_dir() || path.extension().is_some_and(|end| end == "rs");
        is_code && name != "tests" && name != "people"
    };
    inner.filter(is_read).flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// What a line says that nobody writes.
fn avoided_in(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let small = line.to_lowercase();
    AVOIDED.into_iter().filter(move |(phrase, _)| {
        small.match_indices(phrase).any(|(at, _)| {
            // A part of a name in code is no word.
            let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
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
