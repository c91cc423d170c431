//! Whom a text is about: aliases found in prose, each with its explanation.
//!
//! One pass over a folded copy of the text finds every alias of every company.
//! Latin names must stand between word boundaries, Han names may stand
//! anywhere; where several overlap the longest wins, and a `not` name that wins
//! vetoes what it covers. Similarity scoring of list names is deliberately
//! absent: it belongs beside this module, as a second producer of [`Match`]es.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::company::{Alias, AliasKind, Company};
use super::id::CompanyId;
use super::text::{one_line, shorten};

/// By which rule a company was found concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// One of its names stands in the text.
    Alias,
    /// The whole source is about it, as configured.
    SourceBound,
}

/// Why a change concerns a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The company.
    pub company: CompanyId,
    /// The name that was found; empty for [`Rule::SourceBound`].
    pub alias: String,
    /// What sort of name it is.
    pub alias_kind: Option<AliasKind>,
    /// The rule.
    pub rule: Rule,
    /// The field it was found in; empty for [`Rule::SourceBound`].
    pub field: String,
    /// Byte range in that field's text.
    pub span: Range<usize>,
    /// The found words with a little of what surrounds them, on one line.
    pub excerpt: String,
}

/// Characters of context on each side of an excerpt.
const EXCERPT_CHARS: usize = 40;

/// The longest excerpt in a mail, in characters.
const MAX_EXCERPT_CHARS: usize = 160;

/// Whose a name is.
#[derive(Debug, Clone)]
struct Owner {
    company: CompanyId,
    /// `None` for a name that contains an alias and means somebody else.
    alias: Option<Alias>,
}

/// Every tracked company, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Watchlist {
    companies: BTreeMap<CompanyId, Company>,
    automaton: AhoCorasick,
    /// For each pattern: who owns it. Several companies may share one name.
    owners: Vec<Vec<Owner>>,
}

/// The watchlist could not be built.
#[derive(Debug, thiserror::Error)]
pub enum WatchlistError {
    /// A name holds no letter or digit.
    #[error("company {company}: the name {name:?} holds no letter or digit to look for")]
    EmptyName {
        /// The company.
        company: CompanyId,
        /// The name as configured.
        name: String,
    },
    /// The names together are too large for one automaton.
    #[error("the names of all companies together are too large to search for")]
    TooLarge(#[from] aho_corasick::BuildError),
}

/// One company's name found in a text.
struct Hit<'a> {
    owner: &'a Owner,
    folded: Range<usize>,
}

impl Watchlist {
    /// Prepares the companies' names.
    ///
    /// # Errors
    /// A name without a letter or digit, or more names than fit one automaton.
    pub fn new(companies: Vec<Company>) -> Result<Self, WatchlistError> {
        let mut patterns: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
        let mut add = |company: &CompanyId, name: &str, alias: Option<Alias>| {
            let folded = Folded::of(name).text;
            if folded.is_empty() {
                return Err(WatchlistError::EmptyName { company: company.clone(), name: name.to_owned() });
            }
            patterns.entry(folded).or_default().push(Owner { company: company.clone(), alias });
            Ok(())
        };
        for company in &companies {
            for alias in company.names() {
                add(&company.id, &alias.name.clone(), Some(alias))?;
            }
            for name in &company.not {
                add(&company.id, name, None)?;
            }
        }
        let (texts, owners): (Vec<String>, Vec<Vec<Owner>>) = patterns.into_iter().unzip();
        let automaton = AhoCorasickBuilder::new().kind(Some(AhoCorasickKind::DFA)).build(texts)?;
        let companies = companies.into_iter().map(|company| (company.id.clone(), company)).collect();
        Ok(Self { companies, automaton, owners })
    }

    /// A tracked company.
    #[must_use]
    pub fn company(&self, id: &CompanyId) -> Option<&Company> {
        self.companies.get(id)
    }

    /// All tracked companies, in the order of their ids.
    pub fn companies(&self) -> impl Iterator<Item = &Company> {
        self.companies.values()
    }

    /// What readers call a company; its id where it is no longer tracked.
    #[must_use]
    pub fn short_name<'a>(&'a self, id: &'a CompanyId) -> &'a str {
        self.company(id).map_or(id.as_str(), Company::short_name)
    }

    /// The companies named in a text. `field` names the text in the explanation.
    #[must_use]
    pub fn find(&self, field: &str, text: &str) -> Vec<Match> {
        let folded = Folded::of(text);
        self.longest_hits(&folded)
            .into_iter()
            .filter_map(|hit| {
                let alias = hit.owner.alias.as_ref()?;
                let span = folded.original(&hit.folded);
                let reads_as_written =
                    !alias.kind.is_case_sensitive() || bears_capitals(&text[span.clone()], &alias.name);
                reads_as_written.then(|| Match {
                    company: hit.owner.company.clone(),
                    alias: alias.name.clone(),
                    alias_kind: Some(alias.kind),
                    rule: Rule::Alias,
                    field: field.to_owned(),
                    excerpt: excerpt(text, &span),
                    span,
                })
            })
            .collect()
    }

    /// The companies concerned by a change: those its source is bound to, then those its texts name.
    /// One match a company and alias: the first place is proof enough.
    #[must_use]
    pub fn concerned(&self, bound: &[CompanyId], texts: &[(String, String)]) -> Vec<Match> {
        let mut matches: Vec<Match> = bound
            .iter()
            .map(|company| Match {
                company: company.clone(),
                alias: String::new(),
                alias_kind: None,
                rule: Rule::SourceBound,
                field: String::new(),
                span: 0..0,
                excerpt: String::new(),
            })
            .collect();
        for (field, text) in texts {
            for found in self.find(field, text) {
                let is_known =
                    matches.iter().any(|known| known.company == found.company && known.alias == found.alias);
                if !is_known {
                    matches.push(found);
                }
            }
        }
        matches
    }

    /// Hits between boundaries, in the order of the text. Of those that overlap and speak of one
    /// company the longest wins; where that is a `not` name, nothing is left of them.
    fn longest_hits(&self, folded: &Folded) -> Vec<Hit<'_>> {
        let mut hits: Vec<Hit> = self
            .automaton
            .find_overlapping_iter(&folded.text)
            .filter(|found| folded.stands_alone(&found.range()))
            .flat_map(|found| {
                self.owners[found.pattern()].iter().map(move |owner| Hit { owner, folded: found.range() })
            })
            .collect();
        hits.sort_by_key(|hit| (Reverse(hit.folded.len()), hit.folded.start));
        let mut chosen: Vec<Hit> = Vec::new();
        for hit in hits {
            let is_covered = chosen.iter().any(|other| {
                hit.owner.company == other.owner.company
                    && hit.folded.start < other.folded.end
                    && other.folded.start < hit.folded.end
            });
            if !is_covered {
                chosen.push(hit);
            }
        }
        chosen.sort_by_key(|hit| hit.folded.start);
        chosen.retain(|hit| hit.owner.alias.is_some());
        chosen
    }
}

/// Whether every cased letter of the alias is written in the text as in the alias.
fn bears_capitals(text: &str, alias: &str) -> bool {
    let letters = |text: &str| -> String { text.nfkc().filter(|c| c.is_alphanumeric()).collect() };
    letters(text).starts_with(&letters(alias))
}

fn excerpt(text: &str, span: &Range<usize>) -> String {
    let start = text[..span.start].char_indices().rev().nth(EXCERPT_CHARS - 1).map_or(0, |(index, _)| index);
    let end =
        text[span.end..].char_indices().nth(EXCERPT_CHARS).map_or(text.len(), |(index, _)| span.end + index);
    let mut words = String::new();
    if start > 0 {
        words.push('…');
    }
    words.push_str(&text[start..end]);
    if end < text.len() {
        words.push('…');
    }
    shorten(&one_line(&words), MAX_EXCERPT_CHARS)
}

/// Scripts written without blanks between words, where a name may stand anywhere.
fn is_unspaced_script(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02BC}' | '`')
}

/// A text in the form in which names are looked for, with the way back.
///
/// Compatibility forms and case are folded, a possessive `'s` and the full stops inside
/// abbreviations dropped, a word divided by a hyphen at a line's end joined, and every other
/// run of punctuation and white space becomes one blank.
struct Folded {
    text: String,
    /// For each byte of `text`: the byte range in the original that it came from.
    origins: Vec<(usize, usize)>,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut folded =
            Self { text: String::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let end = at + c.len_utf8();
            if c.is_alphanumeric() {
                folded.push_letter(c, at, end);
            } else if is_apostrophe(c) {
                let mut ahead = text[end..].chars();
                let is_possessive = matches!(ahead.next(), Some('s' | 'S'))
                    && !ahead.next().is_some_and(char::is_alphanumeric);
                if is_possessive {
                    rest.next();
                }
            } else if c == '.' && text[end..].starts_with(char::is_alphanumeric) {
                // "U.S.A." reads as one word, and so does an address, which then is no name.
            } else if c == '-' || c == '\u{2010}' {
                match line_break_after(&text[end..]) {
                    Some(blank_bytes) => {
                        while rest.next_if(|&(index, _)| index < end + blank_bytes).is_some() {}
                    }
                    None => folded.push_blank(at, end),
                }
            } else if !super::text::is_deceptive(c) {
                folded.push_blank(at, end);
            }
        }
        if folded.text.ends_with(' ') {
            folded.text.pop();
            folded.origins.pop();
        }
        folded
    }

    fn push_letter(&mut self, c: char, start: usize, end: usize) {
        for folded in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
            self.text.push(folded);
            self.origins.resize(self.text.len(), (start, end));
        }
    }

    fn push_blank(&mut self, start: usize, end: usize) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
            self.origins.push((start, end));
        }
    }

    /// Where a folded range stands in the original text.
    fn original(&self, folded: &Range<usize>) -> Range<usize> {
        self.origins[folded.start].0..self.origins[folded.end - 1].1
    }

    /// Whether no letter or digit of a spaced script continues the range on either side.
    fn stands_alone(&self, range: &Range<usize>) -> bool {
        let continues = |inside: Option<char>, outside: Option<char>| {
            matches!((inside, outside), (Some(inside), Some(outside))
                if outside.is_alphanumeric() && !is_unspaced_script(inside) && !is_unspaced_script(outside))
        };
        let inside = &self.text[range.clone()];
        !continues(inside.chars().next(), self.text[..range.start].chars().next_back())
            && !continues(inside.chars().next_back(), self.text[range.end..].chars().next())
    }
}

/// How many bytes of white space with a line break follow a hyphen, if a word goes on after them.
fn line_break_after(text: &str) -> Option<usize> {
    let blank = text.len() - text.trim_start().len();
    let goes_on = text[blank..].starts_with(char::is_alphabetic);
    (blank > 0 && goes_on && text[..blank].contains('\n')).then_some(blank)
}

#[cfg(test)]
mod tests;
