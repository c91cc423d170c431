//! What sort of thing an entry is to its reader, and what its fields are called.

use std::collections::BTreeMap;

use crate::domain::change::Change;
use crate::domain::entry::{HIDDEN, LINKS, SECTION, STRUCK};
use crate::domain::source::{Announcer, ListMeaning, Source, SourceKind};
use crate::domain::text::{capitalised, one_line, shorten};

/// Longer labels are cut.
const MAX_LABEL_CHARS: usize = 80;

/// What sort of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Somebody or something on a list.
    List,
    /// A filing on a docket.
    Docket,
    /// A document of the Federal Register.
    Rule,
    /// Prose: a section of a page, an item of a feed, a filing with an agency.
    Text,
}

/// What a mail says of a source beside what changed there.
#[derive(Debug, Clone)]
pub struct SourceWords {
    /// What readers call it.
    pub title: String,
    /// What sort of thing its entries are.
    pub face: Face,
    /// What its columns are called, by field; the words of its own header.
    pub labels: BTreeMap<String, String>,
    /// What never appears in it, in its operator's words.
    pub misses: Option<String>,
    /// What it means to stand on it.
    pub listing: Option<ListMeaning>,
    /// Other sources that announce what changes on it.
    pub announcers: Vec<Announcer>,
}

impl SourceWords {
    /// What is said of a source.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        Self {
            title: source.title.clone(),
            face: Face::of_kind(&source.kind),
            labels: labels(&source.kind),
            misses: source.misses.clone(),
            listing: source.listing.clone(),
            announcers: source.request.announcers.clone(),
        }
    }
}

impl Face {
    fn of_kind(kind: &SourceKind) -> Self {
        match kind {
            SourceKind::FederalRegister(_) => Self::Rule,
            kind if kind.docket().is_some() => Self::Docket,
            kind if kind.is_list() => Self::List,
            _ => Self::Text,
        }
    }

    /// The face of an entry whose source is no longer known.
    pub(super) fn of_change(change: &Change) -> Self {
        if change.entry.event().is_some() { Self::Docket } else { Self::List }
    }
}

/// The headers of a configured list, by the field that each becomes; of several the first.
fn labels(kind: &SourceKind) -> BTreeMap<String, String> {
    let columns = match kind {
        SourceKind::HtmlTable(settings) => &settings.columns,
        SourceKind::Csv(settings) => &settings.columns,
        SourceKind::Xlsx(settings) => &settings.columns,
        _ => return BTreeMap::new(),
    };
    let mut labels = BTreeMap::new();
    for (header, field) in &columns.0 {
        let is_a_word = header.chars().any(char::is_alphabetic);
        if is_a_word {
            labels.entry(field.clone()).or_insert_with(|| header.clone());
        }
    }
    labels
}

/// Fields that are called the same everywhere.
const COMMON: [(&str, &str); 5] = [
    (LINKS, "Links"),
    (SECTION, "Section"),
    (STRUCK, "Struck-through text"),
    (HIDDEN, "Text the page hides"),
    ("aliases", "Other names"),
];

const OF_A_DOCKET: [(&str, &str); 11] = [
    ("kind", "Type"),
    ("docket", "Case number"),
    ("caption", "Case"),
    ("parties", "Parties"),
    ("number", "Entry number"),
    ("filed", "Filed"),
    ("entered", "Entered"),
    ("text", "Text"),
    ("documents", "Number of documents"),
    ("access", "Access"),
    (LINKS, "Documents"),
];

const OF_A_RULE: [(&str, &str); 14] = [
    ("number", "Document number"),
    ("agencies", "Agency"),
    ("docket", "Docket"),
    ("abstract", "Summary"),
    ("note", "Editorial note"),
    ("filing", "Type of filing"),
    ("filed", "Filed for inspection"),
    ("effective", "Effective date"),
    ("comments_close", "Comments close"),
    ("corrects", "Corrects"),
    ("corrected_by", "Corrected by"),
    ("published", "Published"),
    ("dates", "Dates"),
    ("type", "Type"),
];

const OF_A_LIST: [(&str, &str); 5] = [
    ("included", "Date of inclusion"),
    ("updated", "Updated"),
    ("effective", "Effective date"),
    ("parent", "Listed under"),
    ("text", "Text"),
];

/// What a field is called: by its source's own header, by what its kind calls it, or by its key as words.
pub(super) fn label(words: Option<&SourceWords>, face: Face, field: &str) -> String {
    let own = words.and_then(|words| words.labels.get(field)).map(String::as_str);
    let of_face: &[(&str, &str)] = match face {
        Face::Docket => &OF_A_DOCKET,
        Face::Rule => &OF_A_RULE,
        Face::List | Face::Text => &OF_A_LIST,
    };
    let known = || of_face.iter().chain(&COMMON).find(|(key, _)| *key == field).map(|(_, label)| *label);
    let label = own.or_else(known).map_or_else(|| in_words(field), one_line);
    shorten(&label, MAX_LABEL_CHARS)
}

/// A key as a person would write it: `date_listed` is `Date listed`.
fn in_words(field: &str) -> String {
    capitalised(&one_line(&field.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::{CsvSettings, Pairs};

    #[test]
    fn a_field_is_called_by_its_own_header_then_by_its_kind_then_by_its_key() {
        let columns = Pairs::of(&[("Date listed on", "date_listed"), ("3", "citation")]);
        let kind = SourceKind::Csv(CsvSettings { columns, ..CsvSettings::default() });
        let words = SourceWords::of(&Source::sample(kind));
        let label = |face, field| label(Some(&words), face, field);
        assert_eq!(label(Face::List, "date_listed"), "Date listed on");
        assert_eq!(label(Face::List, "citation"), "Citation");
        assert_eq!(label(Face::Docket, "kind"), "Type");
        assert_eq!(label(Face::Rule, "comments_close"), "Comments close");
        assert_eq!(label(Face::Text, "law_firms"), "Law firms");
    }
}
