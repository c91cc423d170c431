//! The whole database as lines of JSON, for programs of others and for later ones of ours.
//!
//! The first line says what it is, each further one is a record or a body, and the last has their number and the
//! SHA-256 of all lines before it. Text keys stand as they are, others in hexadecimal digits; a record is the JSON
//! that is kept, byte for byte, wherever it lies; what is no JSON stands in Base64.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::admission::file_error;
use super::archive::Metered;
use super::tally;
use super::trees::{TreeName, Trees};
use super::walk::Walk;
use super::writes::Writes;
use crate::domain::id::hex;
use crate::domain::meter::{Meter, WorkPart};
use crate::store::boundary::Archived;
use crate::store::error::StoreError;
use crate::store::record::RecordForm;

const FORMAT: &str = "regwatch-export";
const FORM: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct FirstLine {
    format: String,
    form: u32,
    program: String,
    installation: String,
    commits: u64,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct LastLine {
    end: bool,
    records: u64,
    sha256: String,
}

/// Any other line.
#[derive(Debug, Serialize, Deserialize)]
struct RecordLine<'a> {
    tree: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    record: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl<'a> RecordLine<'a> {
    fn of(tree: TreeName, key: &[u8]) -> Self {
        let text = std::str::from_utf8(key).ok().filter(|text| !text.contains(char::is_control));
        Self {
            tree: tree.name().to_owned(),
            key: text.map(str::to_owned),
            key_hex: text.is_none().then(|| hex(key)),
            record: None,
            base64: None,
        }
    }

    fn with_record(self, json: &'a [u8]) -> Option<Self> {
        Some(Self { record: Some(serde_json::from_slice(json).ok()?), ..self })
    }

    fn with_bytes(self, bytes: &[u8]) -> Self {
        Self { base64: Some(STANDARD.encode(bytes)), ..self }
    }

    fn key(&self) -> Option<Vec<u8>> {
        match (&self.key, &self.key_hex) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
                .collect(),
            (None, None) => None,
        }
    }
}

/// Lines on their way into a file.
struct LineWriter {
    out: BufWriter<File>,
    hasher: Sha256,
}

impl LineWriter {
    fn put(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hasher.update(&bytes);
        self.out.write_all(&bytes)
    }
}

/// Writes the records of a database into a file, which must not be there yet: what a walk hands out, and what of it
/// lies among the bodies. It is on the disk when this returns.
///
/// # Errors
/// A record that cannot be read; the system's.
pub(super) fn write(
    (trees, walk): (&Trees, &Walk<'_>),
    (installation, commits): (String, u64),
    path: &Path,
    writing: &WorkPart,
) -> Result<Archived, StoreError> {
    let of_file = |error: io::Error| file_error(path, &error);
    let file = File::create_new(path).map_err(of_file)?;
    let mut lines = LineWriter { out: BufWriter::new(file), hasher: Sha256::new() };
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let first = FirstLine { format: FORMAT.to_owned(), form: FORM, program, installation, commits };
    lines.put(&first).map_err(of_file)?;
    let (mut records, mut apart) = (0_u64, HashSet::new());
    for tree in TreeName::all().filter(|tree| *tree != TreeName::Bodies) {
        walk(tree, &mut |key, value| {
            writing.advance(1);
            if !tally::counts(tree, key) {
                return Ok(());
            }
            let json = match RecordForm::decode(tree.what(), key, value) {
                Ok(RecordForm::Inline(json)) => Some(json),
                Ok(RecordForm::AsBody(digest)) => {
                    apart.insert(digest);
                    trees.body(&digest)?
                }
                Err(_) => None,
            };
            let line = json.as_deref().and_then(|json| RecordLine::of(tree, key).with_record(json));
            let line = line.unwrap_or_else(|| RecordLine::of(tree, key).with_bytes(value));
            records += 1;
            lines.put(&line).map_err(of_file)
        })?;
    }
    for name in trees.body_names()?.into_iter().filter(|name| !apart.contains(name)) {
        writing.advance(1);
        if let Some(content) = trees.body(&name)? {
            lines.put(&RecordLine::of(TreeName::Bodies, &name).with_bytes(&content)).map_err(of_file)?;
            records += 1;
        }
    }
    let sha256 = hex(&lines.hasher.clone().finalize());
    lines.put(&LastLine { end: true, records, sha256: sha256.clone() }).map_err(of_file)?;
    let file = lines.out.into_inner().map_err(io::IntoInnerError::into_error).map_err(of_file)?;
    file.sync_all().map_err(of_file)?;
    let bytes = file.metadata().map_err(of_file)?.len();
    Ok(Archived { path: path.to_owned(), bytes, records, commits, sha256 })
}

/// What one line says.
#[derive(Debug, Clone)]
pub(super) struct ImportedLine {
    pub(super) tree: TreeName,
    pub(super) key: Vec<u8>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Record(Box<RawValue>),
    Bytes(Vec<u8>),
}

impl ImportedLine {
    /// Writes it.
    pub(super) fn write(&self, trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
        match &self.content {
            Content::Record(record) => writes.put(trees, self.tree, &self.key, record),
            Content::Bytes(content) if self.tree == TreeName::Bodies => {
                writes.put_body(trees, content).map(drop)
            }
            Content::Bytes(value) => writes.put_raw(self.tree, &self.key, value.clone()),
        }
    }

    /// The bytes that stand under its key, where it is no record.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Record(_) => None,
            Content::Bytes(bytes) => Some(bytes),
        }
    }
}

/// Is handed what each line says.
pub(super) type TakeLine<'a> = dyn FnMut(ImportedLine) -> Result<(), StoreError> + 'a;

/// Reads lines to their end, and hands each to `take`. What was taken counts for nothing unless this returns well.
///
/// # Errors
/// [`StoreError::BadBackup`] naming the line; what `take` returns.
pub(super) fn read(
    path: &Path,
    (meter, part): (&Meter, Range<u8>),
    take: &mut TakeLine<'_>,
) -> Result<Archived, StoreError> {
    let bad = |line: u64, reason: &str| StoreError::BadBackup {
        path: path.display().to_string(),
        reason: format!("line {line}: {reason}"),
    };
    let file = File::open(path).map_err(|error| file_error(path, &error))?;
    let bytes = file.metadata().map_err(|error| file_error(path, &error))?.len();
    let mut lines = BufReader::new(Metered { inner: file, part: meter.part(part, bytes) });
    let (mut text, mut number, mut hasher) = (Vec::new(), 1, Sha256::new());
    let mut next = |text: &mut Vec<u8>| -> Result<bool, StoreError> {
        text.clear();
        lines.read_until(b'\n', text).map_err(|error| file_error(path, &error))?;
        Ok(text.ends_with(b"\n"))
    };
    next(&mut text)?;
    let first: FirstLine =
        serde_json::from_slice(&text).map_err(|_| bad(1, "expected the first line of an export"))?;
    if first.format != FORMAT || first.form > FORM {
        return Err(bad(1, "another format; use a newer regwatch"));
    }
    hasher.update(&text);
    let mut records = 0;
    loop {
        number += 1;
        if !next(&mut text)? {
            return Err(bad(number, "it was cut short"));
        }
        if let Ok(last) = serde_json::from_slice::<LastLine>(&text) {
            let sha256 = hex(&hasher.finalize());
            if (last.records, &last.sha256) != (records, &sha256) || next(&mut text)? || !text.is_empty() {
                return Err(bad(number, "it is not what was written"));
            }
            return Ok(Archived { path: path.to_owned(), bytes, records, commits: first.commits, sha256 });
        }
        hasher.update(&text);
        records += 1;
        let line: RecordLine<'_> =
            serde_json::from_slice(&text).map_err(|error| bad(number, &error.to_string()))?;
        let tree = TreeName::all().find(|tree| tree.name() == line.tree);
        let tree = tree.ok_or_else(|| bad(number, "an unknown tree; use a newer regwatch"))?;
        let key = line.key().ok_or_else(|| bad(number, "expected a key"))?;
        let content = match (line.record, &line.base64) {
            (Some(record), None) => Content::Record(record.to_owned()),
            (None, Some(base64)) => {
                let value = STANDARD.decode(base64).map_err(|error| bad(number, &error.to_string()))?;
                if tree == TreeName::Bodies && Sha256::digest(&value)[..] != key[..] {
                    return Err(bad(number, "a body is not what its name says"));
                }
                Content::Bytes(value)
            }
            _ => return Err(bad(number, "expected record or base64")),
        };
        take(ImportedLine { tree, key, content })?;
    }
}
