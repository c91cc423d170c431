//! What was found: a company, by which name and rule, and where.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::domain::company::AliasKind;
use crate::domain::id::CompanyId;
use crate::domain::scoring::Score;
use crate::domain::text::{one_line, shorten};

/// By which rule a company was found concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchRule {
    /// One of its names stands in the text.
    Alias,
    /// The whole source is about it, as configured.
    SourceBound,
    /// The entry's name is nearly one of its names.
    Name,
    /// It is a party of the proceeding that the entry belongs to.
    Caption,
    /// It is covered without being named: by a category, or as a part of a company that is named.
    Exposure,
}

impl MatchRule {
    /// The rule in words, as in "found by …".
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Alias => "its name",
            Self::SourceBound => "its source",
            Self::Name => "a name nearly its own",
            Self::Caption => "the caption",
            Self::Exposure => "exposure",
        }
    }
}

/// Which part of a change speaks of the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangePart {
    /// The entry as it stands, or stood; for an amended one, what was not amended.
    #[default]
    Entry,
    /// Words that are new.
    AddedWords,
    /// Words that are gone.
    RemovedWords,
}

impl ChangePart {
    /// The part in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Entry => "the entry",
            Self::AddedWords => "added words",
            Self::RemovedWords => "removed words",
        }
    }
}

/// Why a change concerns a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The company.
    pub company: CompanyId,
    /// The name that was found; empty for [`MatchRule::SourceBound`].
    pub alias: String,
    /// What sort of name it is.
    pub alias_kind: Option<AliasKind>,
    /// The rule.
    pub rule: MatchRule,
    /// The field it was found in; empty for [`MatchRule::SourceBound`].
    pub field: String,
    /// Byte range in that field's text.
    pub span: Range<usize>,
    /// The found words with a little of what surrounds them, on one line.
    pub excerpt: String,
    /// How sure it is: less than 1 where a name was compared and not found as it is.
    #[serde(default)]
    pub score: Score,
    /// From whoever is named up to the company, where that is not the company itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Which part of the change it is.
    #[serde(default)]
    pub part: ChangePart,
    /// What the rule rests on beside the words found: the steps of a score, or what an exposure
    /// comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Match {
    /// A company whose name stands in a text.
    #[must_use]
    pub fn by_alias(company: CompanyId, alias: String, kind: AliasKind) -> Self {
        Self { alias, alias_kind: Some(kind), ..Self::of(company, MatchRule::Alias) }
    }

    /// A company to which the whole source is bound.
    #[must_use]
    pub fn by_source(company: CompanyId) -> Self {
        Self::of(company, MatchRule::SourceBound)
    }

    fn of(company: CompanyId, rule: MatchRule) -> Self {
        Self {
            company,
            alias: String::new(),
            alias_kind: None,
            rule,
            field: String::new(),
            span: 0..0,
            excerpt: String::new(),
            score: Score::default(),
            path: Vec::new(),
            part: ChangePart::Entry,
            reason: String::new(),
        }
    }

    /// The same at a place in a field's text.
    #[must_use]
    pub fn at(self, field: &str, text: &str, span: Range<usize>) -> Self {
        Self { field: field.to_owned(), excerpt: excerpt(text, &span), span, ..self }
    }

    /// Whether this is the text that the match was found in.
    #[must_use]
    pub fn stands_in(&self, text: &str) -> bool {
        text.get(self.span.clone()).is_some() && excerpt(text, &self.span) == self.excerpt
    }

    /// What stands before the match in its text, its words, and what stands after them, with as
    /// much on either side as an excerpt shows.
    #[must_use]
    pub fn around<'a>(&self, text: &'a str) -> (&'a str, &'a str, &'a str) {
        let around = surroundings(text, &self.span);
        let (start, end) = (self.span.start, self.span.end);
        (&text[around.start..start], &text[start..end], &text[end..around.end])
    }

    /// Whether the company, or one that belongs to it, is named or the source is its own: not a
    /// mere exposure.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.rule != MatchRule::Exposure
    }
}

/// Characters of context on each side of an excerpt.
const EXCERPT_CHARS: usize = 40;

/// The longest excerpt in a mail, in characters.
const MAX_EXCERPT_CHARS: usize = 160;

/// The words of a span with a little of what surrounds them.
pub(super) fn excerpt(text: &str, span: &Range<usize>) -> String {
    let Range { start, end } = surroundings(text, span);
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

/// A span with a little of what surrounds it.
fn surroundings(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].char_indices().rev().nth(EXCERPT_CHARS - 1).map_or(0, |(index, _)| index);
    let end =
        text[span.end..].char_indices().nth(EXCERPT_CHARS).map_or(text.len(), |(index, _)| span.end + index);
    start..end
}
