//! The names that an entry of a list bears.
//!
//! Most lists give each name a field of its own. Some set them in a sentence ("Equipment produced by Example
//! Corporation, including …") or in lines of text; there whatever is written like a name is one.

use crate::domain::entry::Entry;
use crate::domain::scoring::ends_in_legal_form;
use crate::domain::source::{Source, SourceKind};

/// A name has at most so many bytes; what is longer is prose.
const MAX_NAME_BYTES: usize = 200;

/// A name written in a sentence has at most so many words.
const MAX_NAME_WORDS: usize = 12;

/// Parts of a field's name that say that it holds names of whom the entry is about.
const NAMING: [&str; 19] = [
    "title",
    "name",
    "names",
    "alias",
    "aliases",
    "aka",
    "akas",
    "fka",
    "known",
    "entity",
    "entities",
    "company",
    "companies",
    "party",
    "parties",
    "firm",
    "organisation",
    "organization",
    "manufacturer",
];

/// Parts of a field's name that say that it names something else.
const OF_OTHERS: [&str; 8] = ["country", "program", "list", "city", "state", "vessel", "ship", "regime"];

/// What stands in brackets before another name.
const ALSO: [&str; 8] =
    ["a.k.a.", "f.k.a.", "d.b.a.", "aka ", "fka ", "also known as", "formerly known as", "formerly "];

/// Words that stand within a name and begin none.
const WITHIN: [&str; 8] = ["of", "de", "del", "da", "do", "für", "y", "et"];

/// Whether a source sets the names of its entries in sentences.
pub(super) fn is_written(source: &Source) -> bool {
    source.kind.is_prose() || source.kind == SourceKind::FccCoveredList
}

/// Whether a field holds names of whom the entry is about.
pub(super) fn is_naming(field: &str) -> bool {
    let mut is_naming = false;
    for part in field.split(|c: char| !c.is_alphanumeric()) {
        if OF_OTHERS.iter().any(|other| part.eq_ignore_ascii_case(other)) {
            return false;
        }
        is_naming |= NAMING.iter().any(|naming| part.eq_ignore_ascii_case(naming));
    }
    is_naming
}

/// Shows every name that an entry bears: the text in which it stands as it is written, and the name.
pub(super) fn of<'a>(source: &Source, entry: &'a Entry, mut take: impl FnMut(&'a str)) {
    for (field, text) in entry.texts() {
        if is_naming(field) {
            text.split([';', '\n']).for_each(|name| parts(name, &mut take));
        } else if field == "text" && is_written(source) {
            for line in text.lines() {
                parts(line, &mut take);
                written(line, &mut take);
            }
        }
    }
}

/// A name, the name without what stands in brackets, and that.
fn parts<'a>(text: &'a str, take: &mut impl FnMut(&'a str)) {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        return;
    }
    take(text);
    let Some((before, rest)) = text.split_once(['(', '（']) else { return };
    let (inside, after) = rest.split_once([')', '）']).unwrap_or((rest, ""));
    let inside = inside.trim();
    let said = ALSO.iter().find_map(|also| {
        let (head, rest) = inside.split_at_checked(also.len())?;
        head.eq_ignore_ascii_case(also).then_some(rest.trim())
    });
    for part in [before.trim(), said.unwrap_or(inside)] {
        if !part.is_empty() && after.trim().is_empty() {
            take(part);
        }
    }
}

/// Whatever is written like a name in a line of prose.
fn written<'a>(line: &'a str, take: &mut impl FnMut(&'a str)) {
    let mut run: Option<(usize, usize, usize)> = None;
    let mut end_run = |run: &mut Option<(usize, usize, usize)>| {
        if let Some((start, end, _)) = run.take() {
            take(line[start..end].trim_matches(|c: char| !c.is_alphanumeric() && c != '.'));
        }
    };
    for (start, word) in words(line) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_capital = bare.starts_with(|c: char| c.is_uppercase() || !c.is_ascii() || c.is_ascii_digit());
        let opens = word.starts_with(['(', '“', '"', '（']);
        if opens {
            end_run(&mut run);
        }
        let end = start + word.len();
        match &mut run {
            Some((_, last, count)) if *count < MAX_NAME_WORDS && (is_capital || word == "&") => {
                (*last, *count) = (end, *count + 1);
            }
            // A word that stands within names is of one only if another follows.
            Some((_, _, count)) if *count < MAX_NAME_WORDS && WITHIN.contains(&word) => *count += 1,
            Some(_) => end_run(&mut run),
            None if is_capital => run = Some((start, end, 1)),
            None => {}
        }
        let closes = match word.chars().last() {
            Some(',') => !ends_in_legal_form(line[end..].split_whitespace().next().unwrap_or_default()),
            Some('.') => !ends_in_legal_form(bare) && bare.chars().count() > 1,
            Some(last) => matches!(last, ';' | ':' | ')' | '”' | '"' | '）'),
            None => false,
        };
        if closes {
            end_run(&mut run);
        }
    }
    end_run(&mut run);
}

/// The words of a line, each with where it begins.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split_whitespace().map(move |word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let mut found = Vec::new();
        written(line, &mut |name| found.push(name));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn a_name_in_a_sentence_is_what_is_written_like_one() {
        check(
            "Video surveillance equipment produced by Hangzhou Example Digital Technology Co., Ltd., to the extent it is used for public safety, including that of Basalt Lab, Inc. or its subsidiaries.",
            &["Video", "Hangzhou Example Digital Technology Co., Ltd.", "Basalt Lab, Inc."],
        );
        check(
            "Services provided by Pacific Amber Corp. and its subsidiary AmberNet (USA) LLC, and by Bank of Basalt.",
            &["Services", "Pacific Amber Corp.", "AmberNet", "USA", "LLC", "Bank of Basalt."],
        );
        check("by Amber of the many", &["Amber"]);
    }

    #[test]
    fn a_field_is_known_by_its_name() {
        for field in ["title", "name", "aliases", "other_names", "name-original-script", "entity"] {
            assert!(is_naming(field), "{field}");
        }
        for field in ["remarks", "country_name", "list", "address", "program_name", "filename"] {
            assert!(!is_naming(field), "{field}");
        }
    }

    #[test]
    fn brackets_at_the_end_hold_another_name() {
        let mut found = Vec::new();
        parts("Amber Network Corp (Amber)", &mut |name| found.push(name));
        assert_eq!(found, ["Amber Network Corp (Amber)", "Amber Network Corp", "Amber"]);
        found.clear();
        parts("Amber Corp (formerly known as Basalt Corp)", &mut |name| found.push(name));
        assert_eq!(found[1..], ["Amber Corp", "Basalt Corp"]);
        found.clear();
        parts("Amber (Hong Kong) Limited", &mut |name| found.push(name));
        assert_eq!(found, ["Amber (Hong Kong) Limited"]);
    }
}
