//! Lists of parties as their publishers give them: every row is read, under the name it has.

mod bureau;
mod csl;
mod ofac;
mod open;
mod uflpa;
mod un;

use std::collections::BTreeMap;
use std::fs;

use regwatch::domain::diff::diff;
use regwatch::domain::entry::{Document, Entry};
use regwatch::domain::noise::Noise;
use regwatch::domain::source::SourceKind;
use regwatch::domain::verdict::Unreadable;
use regwatch::extract::{RawDocument, extract};

/// A capture of a list, if captures are here.
fn capture(path: &str) -> Option<Vec<u8>> {
    let folder = crate::corpus()?.join("entity_lists");
    Some(fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

fn read(kind: &SourceKind, body: &[u8]) -> Result<Document, Unreadable> {
    let url = "https://agency.test/list".parse().unwrap();
    extract(kind, &RawDocument { body, content_type: None, url: &url })
}

/// Reads a capture and says how much it was.
#[track_caller]
fn good(kind: &SourceKind, path: &str, body: &[u8]) -> Document {
    let document = read(kind, body).unwrap_or_else(|error| panic!("{path}: {error}"));
    println!("{path}: {} bytes, {} entries as {kind}", body.len(), document.entries.len());
    document
}

/// The entry with this key.
#[track_caller]
fn entry<'a>(document: &'a Document, key: &str) -> &'a Entry {
    document.entries.iter().find(|entry| entry.key == key).unwrap_or_else(|| panic!("no entry {key}"))
}

fn fields(entry: &Entry) -> BTreeMap<&str, &str> {
    entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// The titles, in their order.
fn titles(document: &Document) -> Vec<&str> {
    let mut titles: Vec<&str> = document.entries.iter().map(|entry| entry.title.as_str()).collect();
    titles.sort_unstable();
    titles
}

/// The rows of a delimited file, read by the crate alone.
fn rows(body: &[u8], delimiter: u8, has_headers: bool) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(has_headers)
        .flexible(true)
        .from_reader(body);
    reader.records().map(Result::unwrap).collect()
}

/// The table with its rows in another order, the first `headers` lines where they were.
fn reordered(body: &[u8], headers: usize) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (head, rows) = lines.split_at(headers);
    let rows = rows.iter().rev().map(|row| format!("{}\n", row.trim_end_matches(['\r', '\n'])));
    head.iter().map(|line| (*line).to_owned()).chain(rows).collect::<String>().into_bytes()
}

/// Reading the two bodies one after the other tells nothing.
#[track_caller]
fn same(kind: &SourceKind, before: &[u8], after: &[u8]) {
    let noise = Noise::of(kind.default_noise());
    assert_eq!(diff(&read(kind, before).unwrap(), &read(kind, after).unwrap(), &noise), []);
}
