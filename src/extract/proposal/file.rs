//! Files of lists: delimited text, JSON and XML.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::Value;

use super::grid::Grid;
use super::shape::FileShape;
use super::{Guess, MIN_ROWS, column, lines, renamed};
use crate::domain::text::one_line;
use crate::extract::list;

/// So many rows of a file are looked at.
const MAX_ROWS: usize = 5_000;

/// So many fields of a row are looked at.
const MAX_FIELDS: usize = 64;

/// What parts two fields of a row, the most usual first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The settings that could read a file.
pub(super) fn of(text: &str) -> Vec<Guess> {
    if text.starts_with('<') {
        return xml(text).into_iter().map(Guess::from).collect();
    }
    json(text).map(Guess::from).into_iter().chain(csv(text)).chain(bare(text)).collect()
}

/// Delimited text whose first row names the columns, by the delimiter that finds the most of them.
fn csv(text: &str) -> Option<Guess> {
    let tables = DELIMITERS.iter().filter_map(|delimiter| {
        let (table, notes) = without_notes(text, *delimiter);
        Some((*delimiter, notes, csv_table(table, *delimiter)?))
    });
    let (delimiter, notes, (mut columns, mut grid)) =
        tables.max_by_key(|(_, _, (columns, _))| columns.len())?;
    // What stands in the first row stands below it as well: it is a row like the others.
    if is_like_rows(&columns, &grid) {
        return None;
    }
    let counts = grid.drop_counts(&mut columns);
    let mut pairs: Vec<(&str, Value)> = vec![("kind", "csv".into())];
    pairs.extend((delimiter != ',').then(|| ("delimiter", delimiter.to_string().into())));
    pairs.push(("columns", renamed(&columns)));
    let mut leaves_out = grid.without_header(false);
    leaves_out.extend(counts);
    if !notes.is_empty() {
        leaves_out.push("the notes at the foot of the table are no rows".to_owned());
        pairs.push(("skip", notes.into()));
    }
    pairs.extend(grid.settings());
    Some(Guess { settings: lines(&pairs), leaves_out })
}

/// So many lines at the foot of a table may be notes.
const MAX_NOTES: usize = 5;

/// So much of a note is what it begins with whenever it comes; what follows may be a day.
const MAX_NOTE_CHARS: usize = 24;

/// The table without the notes at its foot, lines in which nothing is parted; and expressions of these.
fn without_notes(text: &str, delimiter: char) -> (&str, Vec<String>) {
    let (mut table, mut notes) = (text.trim_end(), Vec::new());
    while let Some((rest, line)) = table.rsplit_once('\n') {
        if notes.len() == MAX_NOTES || line.contains([delimiter, '"']) || !rest.contains(delimiter) {
            break;
        }
        let begin: String =
            line.trim().chars().take_while(|c| !c.is_ascii_digit()).take(MAX_NOTE_CHARS).collect();
        let begin = if begin.trim().is_empty() { line.trim() } else { begin.trim_end() };
        notes.push(format!("^{}", regex::escape(begin)));
        table = rest.trim_end();
    }
    if notes.is_empty() { (text, notes) } else { (table, notes) }
}

type ProposedColumns = Vec<Option<(String, String)>>;

fn csv_table(text: &str, delimiter: char) -> Option<(ProposedColumns, Grid)> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(u8::try_from(delimiter).ok()?).from_reader(text.as_bytes());
    let columns: ProposedColumns = reader.headers().ok()?.iter().map(column).collect();
    let fields: Vec<Option<String>> =
        columns.iter().map(|column| column.as_ref().map(|(_, field)| field.clone())).collect();
    if fields.len() > MAX_FIELDS || fields.iter().flatten().count() < 2 {
        return None;
    }
    // A row that has more or fewer fields than there are columns ends the attempt.
    let rows: Result<Vec<_>, _> = reader.records().take(MAX_ROWS).collect();
    let rows: Vec<Vec<String>> = rows.ok()?.iter().map(|row| row.iter().map(one_line).collect()).collect();
    (rows.len() >= MIN_ROWS).then_some((columns, Grid { fields, rows }))
}

/// Delimited text without a row of headers: its columns are known by their numbers.
fn bare(text: &str) -> Option<Guess> {
    let of = |delimiter: char| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(delimiter).ok()?)
            .has_headers(false)
            .from_reader(text.as_bytes());
        // Rows of one width; what ended a file in DOS is none.
        let rows: Vec<Vec<String>> = reader
            .records()
            .take(MAX_ROWS)
            .take_while(Result::is_ok)
            .flatten()
            .map(|row| row.iter().map(one_line).collect())
            .collect();
        let width = rows.first().map_or(0, Vec::len);
        ((2..=MAX_FIELDS).contains(&width) && rows.len() >= MIN_ROWS).then_some((delimiter, width, rows))
    };
    let (delimiter, width, rows) =
        DELIMITERS.into_iter().filter_map(of).max_by_key(|(_, width, _)| *width)?;
    let field = |column: usize| format!("column_{}", column + 1);
    let grid = Grid { fields: (0..width).map(|column| Some(field(column))).collect(), rows };
    let columns: Vec<_> = (0..width).map(|column| ((column + 1).to_string(), field(column).into())).collect();
    let mut pairs: Vec<(&str, Value)> = vec![("kind", "csv".into()), ("header", false.into())];
    pairs.extend((delimiter != ',').then(|| ("delimiter", delimiter.to_string().into())));
    pairs.push(("columns", Value::Table(columns.into_iter().collect())));
    pairs.extend(grid.settings());
    let leaves_out = vec!["the columns have no headers: give them names".to_owned()];
    Some(Guess { settings: lines(&pairs), leaves_out })
}

/// Whether what seem to be headers are a row: a number stands among them, or one is what rows below say.
fn is_like_rows(columns: &ProposedColumns, grid: &Grid) -> bool {
    columns.iter().enumerate().any(|(at, column)| {
        let Some((header, _)) = column else { return false };
        let is_number = header.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '/'));
        is_number || grid.rows.iter().take(MAX_ROWS).any(|row| row.get(at).is_some_and(|cell| cell == header))
    })
}

/// JSON: the longest list of objects, at the root or right beneath it.
pub(super) fn json(text: &str) -> Option<String> {
    let value = list::json::parse(text).ok()?;
    let (path, entries) = match &value {
        Json::Array(entries) => ("$[*]".to_owned(), entries),
        Json::Object(members) => {
            let lists = members.iter().filter_map(|(name, member)| Some((name, member.as_array()?)));
            let (name, entries) = lists.max_by_key(|(_, entries)| entries.len())?;
            (format!("{}[*]", json_path(name)?), entries)
        }
        _ => return None,
    };
    let entries: Vec<_> = entries.iter().take(MAX_ROWS).filter_map(Json::as_object).collect();
    let mut paths: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for (name, member) in entries.iter().flat_map(|entry| entry.iter()) {
        let Some((_, field)) = column(name).filter(|_| paths.len() < MAX_FIELDS) else { continue };
        let Some(path) = json_path(name) else { continue };
        let path = if member.is_array() { format!("{path}[*]") } else { path };
        paths.entry(field).or_insert((path, name));
    }
    let row = |entry: &&serde_json::Map<String, Json>| {
        paths.values().map(|(_, name)| entry.get(*name).map(plain).unwrap_or_default()).collect()
    };
    let grid =
        Grid { fields: paths.keys().cloned().map(Some).collect(), rows: entries.iter().map(row).collect() };
    let paths = paths.into_iter().map(|(field, (path, _))| (field, path)).collect();
    settings("json", path.into(), paths, &grid)
}

/// The path of a member; `None` for a name that would have to be escaped.
fn json_path(name: &str) -> Option<String> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let needs_escape = name.contains(|c: char| c == '\'' || c == '\\' || c.is_control());
    match (is_plain, needs_escape) {
        (true, _) => Some(format!("$.{name}")),
        (false, false) => Some(format!("$['{name}']")),
        (false, true) => None,
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => one_line(text),
        other => other.to_string(),
    }
}

/// XML: the elements nearest to the root that come several times and have fields, and those that
/// stand as they do under another name.
fn xml(text: &str) -> Vec<String> {
    let Ok(shape) = FileShape::of(text) else { return Vec::new() };
    let guesses = shape.entries(MIN_ROWS).into_iter();
    guesses.filter_map(|entries| xml_entries(text, &shape, entries)).collect()
}

fn xml_entries(text: &str, shape: &FileShape, entries: Vec<String>) -> Option<String> {
    let named = |path: String| Some((column(path.trim_start_matches('@'))?.1, path));
    let fields = shape.fields_of(&entries).into_iter().filter_map(named).take(MAX_FIELDS);
    let fields: BTreeMap<String, String> = fields.collect();
    let paths: Vec<&str> = fields.values().map(String::as_str).collect();
    let mut rows = list::xml::texts(text, &entries, &paths).ok()?;
    rows.truncate(MAX_ROWS);
    let grid = Grid { fields: fields.keys().cloned().map(Some).collect(), rows };
    settings("xml", entries.into(), fields, &grid)
}

/// The settings of a kind that finds fields by paths.
fn settings(kind: &str, entries: Value, fields: BTreeMap<String, String>, grid: &Grid) -> Option<String> {
    if grid.rows.len() < MIN_ROWS || fields.is_empty() {
        return None;
    }
    let fields = Value::Table(fields.into_iter().map(|(field, path)| (field, path.into())).collect());
    let mut pairs: Vec<(&str, Value)> = vec![("kind", kind.into()), ("entries", entries), ("fields", fields)];
    pairs.extend(grid.settings());
    pairs.extend(grid.link().map(|field| ("row_link", field.into())));
    Some(lines(&pairs))
}
