//! The labelled passages of `tests/matching`: written out with their spans, and sound.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regwatch::config::load;
use regwatch::domain::evaluation::texts;
use regwatch::domain::matching::Watchlist;
use serde::{Deserialize, Serialize};

/// One text, and the companies that must be found in it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passage {
    id: String,
    about: String,
    text: String,
    expected: Vec<Mention>,
}

/// Where a company is named: bytes of the text, the end not among them.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mention {
    company: String,
    start: usize,
    end: usize,
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn written_out() -> PathBuf {
    project().join("tests/matching/free_text.jsonl")
}

/// What stands in the file that `regwatch eval text` reads.
fn passages() -> Vec<Passage> {
    let text = fs::read_to_string(written_out()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The passages as they are written by hand, in the order of their files.
fn marked_passages() -> Vec<Passage> {
    let folder = project().join("tests/matching/passages");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| marked_file(file)).collect()
}

/// A passage is a heading `# what it is about` and the lines up to the next heading.
fn marked_file(path: &Path) -> Vec<Passage> {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let headed = format!("\n{text}");
    let blocks = headed.split("\n# ").skip(1);
    blocks
        .map(|block| {
            let (about, marked) = block.split_once('\n').unwrap();
            let (text, expected) = unmarked(marked.trim_matches('\n'));
            Passage { id: format!("{stem}/{}", slug(about)), about: about.to_owned(), text, expected }
        })
        .collect()
}

/// Takes the marks `[[company|name]]` out of a text and tells where the names stand then.
fn unmarked(marked: &str) -> (String, Vec<Mention>) {
    let marked = unescaped(marked);
    let mut pieces = marked.split("[[");
    let mut text = pieces.next().unwrap().to_owned();
    let mut mentions = Vec::new();
    for piece in pieces {
        let (company, rest) = piece.split_once('|').unwrap_or_else(|| panic!("no company in [[{piece}"));
        let (name, after) = rest.split_once("]]").unwrap_or_else(|| panic!("no end of [[{piece}"));
        let start = text.len();
        text.push_str(name);
        mentions.push(Mention { company: company.to_owned(), start, end: text.len() });
        text.push_str(after);
    }
    (text, mentions)
}

/// Characters that nobody can see or that editors change are written `\u{AD}`.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split("\\u{");
    let mut plain = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_once('}').unwrap_or_else(|| panic!("no end of \\u{{{piece}"));
        plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        plain.push_str(rest);
    }
    plain
}

/// "Two firms, one name" as `two-firms-one-name`.
fn slug(about: &str) -> String {
    let lower = about.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[test]
fn the_file_says_what_is_marked_in_the_passages() {
    let passages = marked_passages();
    let expected: String =
        passages.iter().map(|passage| serde_json::to_string(passage).unwrap() + "\n").collect();
    if fs::read_to_string(written_out()).unwrap_or_default() != expected {
        fs::write(written_out(), expected).unwrap();
        panic!("{} was behind tests/matching/passages and is written anew", written_out().display());
    }
}

#[test]
fn every_company_is_one_of_the_default_registry() {
    let config = load(&project().join("config/regwatch.toml")).unwrap();
    let known: BTreeSet<&str> = config.companies.iter().map(|company| company.id.as_str()).collect();
    let passages = passages();
    let named: BTreeSet<&str> = passages
        .iter()
        .flat_map(|passage| passage.expected.iter().map(|mention| mention.company.as_str()))
        .collect();
    assert_eq!(named, known, "every tracked company is named, and no other");
}

#[test]
fn spans_are_names_in_the_order_of_the_text() {
    for Passage { id, text, expected, .. } in passages() {
        let mut end = 0;
        for mention in expected {
            let name = text.get(mention.start..mention.end).unwrap_or_else(|| panic!("{id}: {mention:?}"));
            assert!(
                mention.start >= end && name == name.trim() && !name.is_empty(),
                "{id}: {mention:?} {name:?}"
            );
            end = mention.end;
        }
    }
}

#[test]
fn no_passage_stands_there_twice() {
    let passages = passages();
    let ids: BTreeSet<&str> = passages.iter().map(|passage| passage.id.as_str()).collect();
    let texts: BTreeSet<&str> = passages.iter().map(|passage| passage.text.as_str()).collect();
    assert_eq!((ids.len(), texts.len()), (passages.len(), passages.len()));
}

#[test]
fn companies_are_found_where_they_stand_and_nowhere_else() {
    let config = load(&project().join("config/regwatch.toml")).unwrap();
    let watchlist = Watchlist::with(config.companies, config.categories, config.matching).unwrap();
    let evaluation = texts(&fs::read_to_string(written_out()).unwrap(), &watchlist).unwrap();
    let figures = evaluation.figures;
    assert!(figures.precision >= 0.99 && figures.recall >= 0.98, "{figures:?}\n{:#?}", evaluation.misses);
}

#[test]
fn the_set_is_large_and_a_good_part_of_it_names_nobody() {
    let passages = passages();
    let negatives = passages.iter().filter(|passage| passage.expected.is_empty()).count();
    assert!(passages.len() >= 500 && negatives >= 150, "{} passages, {negatives} negatives", passages.len());
}
