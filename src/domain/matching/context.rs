//! Whether a name that was found is meant as one: by its capitals, and by what stands around it.

use std::collections::HashSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::ordinary::{OtherMeaning, is_ordinary, other_meaning};
use crate::domain::company::{Alias, AliasKind};
use crate::domain::scoring::sets_apart;
use crate::domain::script::{is_apostrophe, is_hyphen};
use crate::domain::text::{boundary_after, boundary_before};

/// A name from so many letters on may stand in the plural.
const MIN_PLURAL_BYTES: usize = 5;
/// So far around a name its context is looked at, in bytes.
const NEAR: usize = 80;
/// An address is looked for within so many bytes.
const MAX_ADDRESS_BYTES: usize = 300;

/// What follows a company's name and no other word: legal forms, what companies do, what they have.
const AFTER: [&str; 62] = [
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "plc",
    "sa",
    "ag",
    "gmbh",
    "group",
    "holdings",
    "technologies",
    "technology",
    "said",
    "says",
    "announced",
    "announces",
    "reported",
    "reports",
    "filed",
    "sued",
    "sues",
    "agreed",
    "told",
    "denied",
    "argued",
    "argues",
    "acquired",
    "launched",
    "shares",
    "stock",
    "stores",
    "spokesman",
    "spokeswoman",
    "spokesperson",
    "executives",
    "ceo",
    "products",
    "devices",
    "cameras",
    "equipment",
    "phones",
    "drones",
    "employees",
    "subsidiary",
    "subsidiaries",
    "usa",
    "america",
    "electronics",
    "communications",
    "customers",
    "lawyers",
    "investors",
    "officials",
    "engineers",
    "branded",
    "security",
    "systems",
];
/// What is said near companies that make what lists name.
const NEAR_MAKERS: [&str; 44] = [
    "camera",
    "cameras",
    "surveillance",
    "recorder",
    "recorders",
    "nvr",
    "nvrs",
    "dvr",
    "dvrs",
    "cctv",
    "video",
    "oem",
    "brand",
    "brands",
    "branded",
    "rebranded",
    "relabeled",
    "reseller",
    "resellers",
    "distributor",
    "distributors",
    "drone",
    "drones",
    "covered",
    "company",
    "manufacturer",
    "companies",
    "manufacturers",
    "shares",
    "stock",
    "subsidiary",
    "subsidiaries",
    "affiliate",
    "affiliates",
    "entity",
    "entities",
    "sanctions",
    "sanctioned",
    "blacklist",
    "blacklisted",
    "1260h",
    "china",
    "chinese",
    "beijing",
];
/// Legal forms as they end the names of such companies.
const LEGAL_WORDS: [&str; 11] =
    ["inc", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "plc", "group", "institute"];
/// Titles of people: "Mr. Kaspersky" is no company.
const TITLES: [&str; 14] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "professor",
    "judge",
    "justice",
    "sir",
    "madam",
    "herr",
    "frau",
    "monsieur",
];
/// What makes a place of the name before it: "Dahua County", "99 Huawei Road".
const PLACES: [&str; 21] = [
    "county",
    "district",
    "road",
    "rd",
    "street",
    "st",
    "avenue",
    "ave",
    "boulevard",
    "lane",
    "highway",
    "town",
    "township",
    "village",
    "prefecture",
    "river",
    "lake",
    "station",
    "bridge",
    "square",
    "autonomous",
];
/// What is nothing but a name, or begins one, may be meant from so many letters on; fewer are a mark in a table, or
/// anybody's initials.
const MIN_ALONE_BYTES: usize = 4;
/// Words with a full stop after which no sentence ends.
const ABBREVIATED: [&str; 16] =
    ["v", "vs", "mr", "mrs", "ms", "dr", "no", "inc", "corp", "co", "ltd", "st", "jr", "re", "cf", "al"];

/// A name where it was found.
pub(super) struct Sight<'a> {
    pub text: &'a str,
    pub span: Range<usize>,
    pub alias: &'a Alias,
    /// The name as it was looked for.
    pub folded: &'a str,
    /// Whether it is only the beginning of the name, without its legal form.
    pub is_core: bool,
    /// Whether an "s" follows.
    pub is_plural: bool,
}

/// What else the text says of whom it is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backing {
    /// It names the company otherwise, too.
    pub is_backed: bool,
    /// It names another company beside it.
    pub is_accompanied: bool,
}

impl Sight<'_> {
    /// Whether the name is meant.
    pub fn is_meant(&self, backing: Backing) -> bool {
        if self.is_in_address() || (self.is_plural && !self.may_be_plural()) {
            return false;
        }
        let is_backed = backing.is_backed;
        match self.alias.kind {
            AliasKind::Identifier => self.is_written_as_alias(),
            _ if self.is_person_or_place() => false,
            AliasKind::Short => self.is_meant_as_letters(backing),
            _ if is_ordinary(self.folded) => self.is_meant_as_word(is_backed),
            _ if self.has_lost_hyphen() => false,
            _ if self.is_core => {
                is_backed || (self.has_long_words_capitalised() && !self.is_beginning_of_another())
            }
            _ => true,
        }
    }

    /// Whether the name needs nothing else to be believed.
    pub fn is_plain(&self) -> bool {
        let needs_context = self.alias.kind == AliasKind::Short || is_ordinary(self.folded) || self.is_core;
        !needs_context && self.is_meant(Backing::default())
    }

    fn words(&self) -> &str {
        &self.text[self.span.clone()]
    }

    fn is_meant_as_letters(&self, Backing { is_backed, is_accompanied }: Backing) -> bool {
        let is_named = self.is_before_company_word();
        let is_written = self.is_written_as_alias()
            || self.is_in_capitals_of_several_words()
            || self.words() == self.alias.name.to_uppercase()
            || (is_named && self.is_capitalised());
        if !is_written || self.is_code() || (!is_backed && self.abbreviates_words_before()) {
            return false;
        }
        let Some(OtherMeaning { is_usual, words, trade }) = other_meaning(self.folded) else { return true };
        let near = self.near();
        let stands_near = |words: &HashSet<&str>| near.iter().any(|word| words.contains(word.as_str()));
        let is_of_trade = stands_near(trade);
        if stands_near(words) && !is_of_trade {
            return is_named;
        }
        let is_long = self.folded.len() >= MIN_ALONE_BYTES;
        let is_alone = self.text.trim() == self.words();
        let is_expected = || near.iter().any(|word| NEAR_MAKERS.contains(&word.as_str()));
        !is_usual
            || is_named
            || is_backed
            || is_accompanied
            || is_of_trade
            || (is_long && (is_alone || self.begins_company_name()))
            || is_expected()
    }

    /// "AVIC Asset Management Corporation": capitalised words up to a legal form follow.
    fn begins_company_name(&self) -> bool {
        let after = &self.text[self.span.end..];
        let to = boundary_before(after, NEAR);
        let name = after[..to].split([';', '(', '\n', '.', ':']).next().unwrap_or_default();
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.take_while(|word| begins_upper(word) || matches!(*word, "of" | "and" | "the"));
        after.starts_with(' ')
            && words.map(str::to_lowercase).any(|word| LEGAL_WORDS.contains(&word.as_str()))
    }

    /// "Mr. Kaspersky", "Dahua County": somebody's or some place's name.
    fn is_person_or_place(&self) -> bool {
        let before = self.text[..self.span.start].trim_end_matches([' ', '.', '\u{a0}']);
        let start = before.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
        let title = before.get(start..).unwrap_or_default().to_lowercase();
        let has_title = before.len() < self.span.start && TITLES.contains(&title.as_str());
        let after = &self.text[self.span.end..];
        let place = word_after(after).filter(|word| begins_upper(word)).map(str::to_lowercase);
        // "ZTE St. Petersburg" is told from "ZTE St." by nothing but the rest of the line.
        has_title || (after.starts_with(' ') && place.is_some_and(|place| PLACES.contains(&place.as_str())))
    }

    /// "Deutsche Bank Trust Company", "Banco Santander Chile": a name that goes on after the words of this one and
    /// is somebody else's, of one house perhaps.
    fn is_beginning_of_another(&self) -> bool {
        let Some(next) =
            word_after(&self.text[self.span.end..]).filter(|_| self.text[self.span.end..].starts_with(' '))
        else {
            return false;
        };
        begins_upper(next) && sets_apart(&next.to_lowercase())
    }

    fn is_meant_as_word(&self, is_backed: bool) -> bool {
        let begins_as_name = begins_upper(self.words()) || self.is_written_as_alias();
        if !begins_as_name {
            return false;
        }
        let is_alone = self.text.trim() == self.words();
        let is_told_by_capital = !self.is_at_sentence_head() && self.capitals_tell();
        is_alone || is_backed || self.is_before_company_word() || is_told_by_capital
    }

    /// Whether every cased letter is written as in the alias.
    fn is_written_as_alias(&self) -> bool {
        let letters = |text: &str| -> String { text.nfkc().filter(|c| c.is_alphanumeric()).collect() };
        letters(self.words()) == letters(&self.alias.name)
    }

    /// "CHINA TELECOM": in a heading the capitals of several words are no others than its own.
    fn is_in_capitals_of_several_words(&self) -> bool {
        self.folded.contains(' ') && !self.words().chars().any(char::is_lowercase)
    }

    /// Whether each word begins with a capital.
    fn is_capitalised(&self) -> bool {
        let mut words = self.words().split_whitespace();
        words.all(|word| !word.chars().next().is_some_and(char::is_lowercase))
    }

    /// The same, "of" and "the" left aside.
    fn has_long_words_capitalised(&self) -> bool {
        let mut words = self.words().split_whitespace().filter(|word| word.chars().count() > 3);
        words.all(|word| !word.chars().next().is_some_and(char::is_lowercase))
    }

    /// Whether two parts of a name that a hyphen joins stand apart, and not as a name: "TP link".
    fn has_lost_hyphen(&self) -> bool {
        self.alias.name.contains(is_hyphen) && !self.words().contains(is_hyphen) && !self.is_capitalised()
    }

    /// ".DJI": the code of something, a full stop before it.
    fn is_code(&self) -> bool {
        let before = &self.text[..self.span.start];
        before.strip_suffix('.').is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
    }

    /// "Community Rehabilitation and Recovery Center (CRRC)": the letters are explained, as
    /// something else than the company.
    fn abbreviates_words_before(&self) -> bool {
        let Some(before) = self.text[..self.span.start].strip_suffix('(') else { return false };
        let begin = boundary_before(before, before.len().saturating_sub(2 * NEAR));
        let initials: String = before[begin..]
            .split(|c: char| !c.is_alphanumeric())
            .filter_map(|word| word.chars().next().filter(|c| c.is_uppercase()))
            .flat_map(char::to_lowercase)
            .collect();
        !initials.is_empty() && initials.ends_with(self.folded)
    }

    /// "Hikvisions", "Hikvision's": the plural of a long name, the possessive of any.
    fn may_be_plural(&self) -> bool {
        let mut following = self.text[self.span.end..].chars();
        let next = following.next();
        let is_possessive = next.is_some_and(is_apostrophe);
        let is_capitals_and_s = self.alias.kind == AliasKind::Short && next == Some('s');
        let is_long = self.folded.len() >= MIN_PLURAL_BYTES && !self.folded.ends_with('s');
        let is_exact = matches!(self.alias.kind, AliasKind::Short | AliasKind::Identifier);
        is_possessive
            || is_capitals_and_s
            || (is_long && !is_exact && !self.is_core && !is_ordinary(self.folded))
    }

    /// Whether it stands in a mail address, a web address, a host's or a file's name.
    fn is_in_address(&self) -> bool {
        let (before, after) =
            (around_before(self.text, self.span.start), around_after(self.text, self.span.end));
        let joins = |c: char| c.is_ascii_alphanumeric();
        let is_mail = match (before.rfind('@'), after.find('@')) {
            (Some(at), _) if before[..at].ends_with(joins) => true,
            (_, Some(at)) => after[at + 1..].starts_with(joins),
            _ => false,
        };
        let is_web = before.contains("://") || before.to_ascii_lowercase().starts_with("www.");
        let mut following = after.chars();
        let is_host = following.next() == Some('.')
            && following.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let is_below_host = before.ends_with('.')
            && before.trim_end_matches('.').ends_with(joins)
            && self.words().starts_with(|c: char| c.is_ascii_lowercase());
        let is_path = before.split_once('/').is_some_and(|(host, _)| {
            let mut parts = host.rsplit('.');
            let top = parts.next().unwrap_or_default();
            parts.next().is_some_and(|rest| rest.ends_with(joins))
                && top.len() >= 2
                && top.chars().all(|c| c.is_ascii_lowercase())
        });
        let is_file = before.strip_suffix('_').is_some_and(|rest| rest.ends_with(joins))
            || after.strip_prefix('_').is_some_and(|rest| rest.starts_with(joins));
        let is_path = is_path || before.starts_with('/') || before.contains('\\');
        is_mail || is_web || is_host || is_below_host || is_path || is_file
    }

    /// Whether the next word, or the one after a hyphen, is one that follows a company's name.
    fn is_before_company_word(&self) -> bool {
        let after = &self.text[self.span.end..];
        let after =
            after.trim_start_matches(|c: char| is_apostrophe(c) || is_hyphen(c) || c == ',' || c == 's');
        let word: String = after
            .chars()
            .skip_while(|c| c.is_whitespace())
            .take_while(|c| c.is_alphabetic())
            .take(16)
            .flat_map(char::to_lowercase)
            .collect();
        AFTER.contains(&word.as_str())
    }

    /// The words around it in lower case.
    fn near(&self) -> Vec<String> {
        let from = boundary_before(self.text, self.span.start.saturating_sub(NEAR));
        let to = boundary_after(self.text, self.span.end + NEAR);
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect()
        };
        let mut near = words(&self.text[from..self.span.start]);
        near.extend(words(&self.text[self.span.end..to]));
        near
    }

    /// Whether a sentence or a line begins with it, so that its capital tells nothing.
    fn is_at_sentence_head(&self) -> bool {
        let before = self.text[..self.span.start].trim_end_matches(|c: char| {
            c != '\n' && (c.is_whitespace() || matches!(c, '"' | '“' | '‘' | '(' | '[' | '\''))
        });
        let Some(last) = before.chars().next_back() else { return true };
        match last {
            '.' => {
                let rest = before.trim_end_matches('.');
                let start = rest.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
                let word = rest.get(start..).unwrap_or_default().to_lowercase();
                !ABBREVIATED.contains(&word.as_str())
            }
            '!' | '?' | ':' | ';' | '\n' | '•' | '·' | '—' | '–' => true,
            _ => false,
        }
    }

    /// Whether capitals tell names from words around it: not in a headline, nor in capitals only.
    fn capitals_tell(&self) -> bool {
        let from = boundary_before(self.text, self.span.start.saturating_sub(NEAR));
        let to = boundary_after(self.text, self.span.end + NEAR);
        let around = [&self.text[from..self.span.start], &self.text[self.span.end..to]];
        let words = around.iter().flat_map(|text| text.split_whitespace()).filter(|word| word.len() > 3);
        let (mut lower, mut upper) = (0, 0);
        for word in words {
            match word.chars().next() {
                Some(c) if c.is_lowercase() => lower += 1,
                Some(c) if c.is_uppercase() => upper += 1,
                _ => {}
            }
        }
        lower >= 1 && lower * 2 >= upper
    }
}

/// The word that a text begins with, after blanks.
fn word_after(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

fn begins_upper(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_uppercase)
}

/// Where an address ends.
fn parts_addresses(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | '[' | ']' | ',' | ';' | '“' | '”')
}

fn around_before(text: &str, end: usize) -> &str {
    let from = boundary_before(text, end.saturating_sub(MAX_ADDRESS_BYTES));
    let near = &text[from..end];
    near.rfind(parts_addresses).map_or(near, |at| near[at..].trim_start_matches(parts_addresses))
}

fn around_after(text: &str, start: usize) -> &str {
    let to = boundary_after(text, start + MAX_ADDRESS_BYTES);
    let near = &text[start..to];
    near.find(parts_addresses).map_or(near, |at| &near[..at])
}
