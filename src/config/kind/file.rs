//! Files of data: delimited text, spreadsheets, JSON, XML, PDF.

use encoding_rs::Encoding;
use regex::Regex;
use serde_json_path::JsonPath;

use super::rows::{columns, fields_of, pairs, rows};
use crate::config::list;
use crate::config::node::{AllowedKeys, ConfigNode, ConfigTable};
use crate::domain::element_path::ElementPath;
use crate::domain::source::{
    CsvSettings, JsonSettings, Pairs, PdfTextSettings, SourceKind, XlsxSettings, XmlSettings,
};

pub(super) const CSV: AllowedKeys = AllowedKeys {
    heading: "csv",
    names: &["columns", "delimiter", "encoding", "skip_lines", "header", "final_newline", "skip"],
};

pub(super) const XLSX: AllowedKeys =
    AllowedKeys { heading: "xlsx", names: &["columns", "sheet", "skip_rows"] };

pub(super) const JSON: AllowedKeys =
    AllowedKeys { heading: "json", names: &["entries", "fields", "one_page"] };

pub(super) const XML: AllowedKeys = AllowedKeys { heading: "xml", names: &["entries", "fields", "one_page"] };

pub(super) const PDF_TEXT: AllowedKeys =
    AllowedKeys { heading: "pdf-text", names: &["begin", "end", "skip", "starts", "entry", "text_columns"] };

/// No list has so much above its table.
const MAX_SKIPPED: u32 = 1_000;

pub(super) fn csv(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let default = CsvSettings::default();
    let header = table.or("header", default.header, ConfigNode::flag);
    let columns = columns(table);
    let is_numbered =
        header != Some(false) || columns.as_ref().is_none_or(|columns| are_numbers(table, columns));
    let delimiter = table.or("delimiter", default.delimiter, |node| node.parse(delimiter));
    let encoding = table.optional("encoding", |node| node.parse(encoding));
    let skip_lines =
        table.or("skip_lines", 0, |node| node.number(0..=MAX_SKIPPED).map(|lines| lines as usize));
    let final_newline = table.or("final_newline", default.final_newline, ConfigNode::flag);
    let skip = skip(table);
    let rows = rows(table, fields_of(columns.as_ref()).as_deref());
    Some(SourceKind::Csv(CsvSettings {
        delimiter: delimiter?,
        encoding: encoding.ok()?,
        skip_lines: skip_lines?,
        header: header?,
        final_newline: final_newline?,
        skip: skip?,
        columns: columns.filter(|_| is_numbered)?,
        rows: rows?,
    }))
}

/// Whether columns without headers are named by numbers; notes those that are not.
fn are_numbers(table: &ConfigTable<'_>, columns: &Pairs) -> bool {
    let is_number = |name: &str| name.parse::<u16>().is_ok_and(|number| number > 0);
    let all = columns.0.iter().all(|(name, _)| is_number(name));
    if let (false, Some(node)) = (all, table.get("columns")) {
        for (key, name, _) in node.open().map(|columns| columns.pairs()).unwrap_or_default() {
            if !is_number(name) {
                key.fault("is not a column's number, expected one from 1 where there is no header");
            }
        }
    }
    all
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '"' | '\n' | '\r') => {
            Ok(c)
        }
        _ => Err(format!("found {text:?}, expected one character such as \",\", \";\" or \"\\t\"")),
    }
}

fn encoding(text: &str) -> Result<String, String> {
    let known = Encoding::for_label(text.as_bytes());
    known
        .map(|known| known.name().to_owned())
        .ok_or_else(|| format!("found {text:?}, expected a charset such as \"utf-8\" or \"windows-1252\""))
}

pub(super) fn xlsx(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let columns = columns(table);
    let sheet = table.optional("sheet", |node| node.line().map(str::to_owned));
    let skip_rows = table.or("skip_rows", 0, |node| node.number(0..=MAX_SKIPPED).map(|rows| rows as usize));
    let rows = rows(table, fields_of(columns.as_ref()).as_deref());
    Some(SourceKind::Xlsx(XlsxSettings {
        sheet: sheet.ok()?,
        skip_rows: skip_rows?,
        columns: columns?,
        rows: rows?,
    }))
}

pub(super) fn json(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let entries = table
        .require("entries", "the JSONPath of the values that are entries")
        .and_then(|node| node.parse(json_path));
    let fields = fields(table, "JSONPaths", json_path);
    let names = names_of(fields.as_ref());
    let rows = rows(table, names.as_deref());
    let one_page = table.or("one_page", false, ConfigNode::flag);
    Some(SourceKind::Json(JsonSettings {
        entries: entries?,
        fields: fields?,
        one_page: one_page?,
        rows: rows?,
    }))
}

fn json_path(text: &str) -> Result<String, String> {
    JsonPath::parse(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("found {text:?} ({error}), expected a JSONPath such as \"$.results[*]\""))
}

pub(super) fn xml(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let entries = table
        .require("entries", "the path of the elements that are entries, or a list of paths")
        .and_then(|node| one_or_more(&node, "paths", entries_path));
    let fields = fields(table, "paths", element_path);
    let names = names_of(fields.as_ref());
    let rows = rows(table, names.as_deref());
    let one_page = table.or("one_page", false, ConfigNode::flag);
    Some(SourceKind::Xml(XmlSettings {
        entries: entries?,
        fields: fields?,
        one_page: one_page?,
        rows: rows?,
    }))
}

fn element_path(text: &str) -> Result<String, String> {
    text.parse::<ElementPath>().map(|path| path.to_string()).map_err(|error| error.to_string())
}

fn entries_path(text: &str) -> Result<String, String> {
    let path = text.parse::<ElementPath>().map_err(|error| error.to_string())?;
    let is_of_elements = !path.steps.is_empty() && path.end == crate::domain::element_path::PathEnd::Text;
    is_of_elements.then(|| path.to_string()).ok_or_else(|| {
        format!("found {text:?}, expected a path to elements such as \"list/entry\" or \"//entry\"")
    })
}

/// Fields, each with the paths of what it says.
fn fields(
    table: &ConfigTable<'_>,
    of_what: &str,
    read: impl Fn(&str) -> Result<String, String> + Copy,
) -> Option<Pairs<Vec<String>>> {
    let node = table.require("fields", &format!("a table of fields and their {of_what}"))?;
    pairs(&node, "field", |_, _, paths| one_or_more(paths, of_what, read))
}

pub(super) fn one_or_more(
    node: &ConfigNode<'_>,
    of_what: &str,
    read: impl Fn(&str) -> Result<String, String>,
) -> Option<Vec<String>> {
    if node.is_list() {
        list::parsed(&node.some_items(of_what)?, read)
    } else {
        node.parse(read).map(|path| vec![path])
    }
}

pub(super) fn names_of(fields: Option<&Pairs<Vec<String>>>) -> Option<Vec<String>> {
    fields.map(|fields| fields.0.iter().map(|(field, _)| field.clone()).collect())
}

/// A page of more columns is a table.
const MAX_TEXT_COLUMNS: u32 = 4;

pub(super) fn pdf_text(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let pattern =
        |name| table.optional(name, |node| node.parse(expression).map(|regex| regex.as_str().to_owned()));
    let (begin, end, starts) = (pattern("begin"), pattern("end"), pattern("starts"));
    let skip = skip(table);
    let text_columns = table.or("text_columns", 1, |node| node.number(1..=MAX_TEXT_COLUMNS));
    let entry = table
        .require("entry", "a regular expression of an entry, with named groups such as \"(?<name>.+)\"")
        .and_then(|node| node.parse(entry));
    let names =
        entry.as_ref().map(|regex| regex.capture_names().flatten().map(str::to_owned).collect::<Vec<_>>());
    let rows = rows(table, names.as_deref());
    Some(SourceKind::PdfText(PdfTextSettings {
        begin: begin.ok()?,
        end: end.ok()?,
        skip: skip?,
        starts: starts.ok()?,
        text_columns: usize::try_from(text_columns?).ok()?,
        entry: entry?.as_str().to_owned(),
        rows: rows?,
    }))
}

/// Regular expressions of lines that are no part of an entry.
fn skip(table: &ConfigTable<'_>) -> Option<Vec<String>> {
    table.or("skip", Vec::new(), |node| {
        let expressions = list::parsed(&node.items("regular expressions")?, expression)?;
        Some(expressions.iter().map(|regex| regex.as_str().to_owned()).collect())
    })
}

fn expression(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| {
        // The crate draws the expression over several lines; the reason is in the last.
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("found {text:?} ({reason}), expected a regular expression")
    })
}

fn entry(text: &str) -> Result<Regex, String> {
    let regex = expression(text)?;
    let has_fields = regex.capture_names().flatten().next().is_some();
    has_fields
        .then_some(regex)
        .ok_or_else(|| format!("found {text:?}, expected named groups in it, such as \"(?<name>.+)\""))
}
