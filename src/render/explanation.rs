//! Why a change concerns a company, in one sentence a match, the words that were found told apart.

use crate::domain::change::{Change, ChangeKind};
use crate::domain::matching::{ChangePart, Match, MatchRule};
use crate::domain::text::{one_line, shorten};

/// The longest name that is shown whole.
const MAX_NAME_CHARS: usize = 80;
/// The longest reckoning that is shown whole.
const MAX_REASON_CHARS: usize = 240;
/// The longest words that are shown whole.
const MAX_FOUND_CHARS: usize = 160;

/// A sentence in three parts, already inert; what was found stands in the middle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Explanation {
    pub before: String,
    pub found: String,
    pub after: String,
}

impl Explanation {
    fn of(sentence: String) -> Self {
        Self { before: sentence, ..Self::default() }
    }

    /// The same after some words.
    pub(super) fn behind(self, words: &str) -> Self {
        Self { before: format!("{words}{}", self.before), ..self }
    }

    /// The sentence in plain text; `mark` stands on both sides of what was found.
    pub(super) fn plain(&self, mark: &str) -> String {
        let mark = if self.found.is_empty() { "" } else { mark };
        format!("{}{mark}{}{mark}{}", self.before, self.found, self.after)
    }
}

/// The sentence, without the company's name before it. `label` says what a field is called.
pub(super) fn explanation(found: &Match, change: &Change, label: impl Fn(&str) -> String) -> Explanation {
    let field = field_words(found, label);
    let name = format!("{} {} “{}”", whose(found), kind_of(found), shown(&found.alias));
    let quoted = |sentence: &str| quote(sentence, found, change);
    let reason = || shorten(&one_line(&found.reason), MAX_REASON_CHARS);
    let sentence = match (found.rule, found.part) {
        (MatchRule::SourceBound, _) => {
            return Explanation::of("the operator bound this whole source to it".to_owned());
        }
        (MatchRule::Exposure, part) => {
            let place = match part {
                ChangePart::Entry => format!("{field} says"),
                ChangePart::AddedWords => format!("the words added to {field} say"),
                ChangePart::RemovedWords => format!("the words removed from {field} said"),
            };
            quoted(&format!("it is not named, and may be affected: {}; {place}: ", reason()))
        }
        (MatchRule::Name, _) => quoted(&format!("{field} is nearly {name} (score {}): ", reason())),
        (MatchRule::Caption, ChangePart::Entry) => {
            quoted(&format!("the caption of the case contains {name}: "))
        }
        (_, ChangePart::AddedWords) => quoted(&format!("the words added to {field} contain {name}: ")),
        (_, ChangePart::RemovedWords) => {
            quoted(&format!("the words removed from {field} contained {name}: "))
        }
        (_, ChangePart::Entry) if change.entry.kind == ChangeKind::Amended => {
            quoted(&format!("{field} contains {name}, as it did before the change: "))
        }
        (_, ChangePart::Entry) => quoted(&format!("{field} contains {name}: ")),
    };
    let mut sentence = sentence;
    if !found.path.is_empty() {
        let path = shorten(&one_line(&found.path.join(" → ")), MAX_REASON_CHARS);
        sentence.after = format!("{}; ownership: {path}", sentence.after);
    }
    sentence
}

/// A sentence with the words of a match behind it, in quotes, between a little of what surrounds them.
fn quote(sentence: &str, found: &Match, change: &Change) -> Explanation {
    let texts = change.entry.context.iter().filter(|(name, _)| *name == found.field);
    let text = texts.map(|(_, text)| text.as_str()).find(|text| found.stands_in(text));
    let words = text.map(|text| found.around(text)).filter(|(_, words, _)| !words.is_empty());
    let Some((before, words, after)) = words else {
        return Explanation::of(format!("{sentence}“{}”", one_line(&found.excerpt)));
    };
    let is_cut_before = found.span.start > before.len();
    let is_cut_after = text.is_some_and(|text| found.span.end + after.len() < text.len());
    let (before, after) = (one_line(&format!("|{before}|")), one_line(&format!("|{after}|")));
    let (before, after) = (bare(&before), bare(&after));
    Explanation {
        before: format!("{sentence}“{}{before}", if is_cut_before { "…" } else { "" }),
        found: shorten(&one_line(words), MAX_FOUND_CHARS),
        after: format!("{after}{}”", if is_cut_after { "…" } else { "" }),
    }
}

/// A text without the bars that kept the blanks at its ends.
fn bare(text: &str) -> &str {
    let text = text.strip_prefix('|').unwrap_or(text);
    text.strip_suffix('|').unwrap_or(text)
}

/// What the field is called in a sentence.
fn field_words(found: &Match, label: impl Fn(&str) -> String) -> String {
    match found.field.as_str() {
        "title" => "the title".to_owned(),
        "text" => "the text".to_owned(),
        field => format!("“{}”", label(field)),
    }
}

/// "its", or "the" where the name is that of a company it owns.
fn whose(found: &Match) -> &'static str {
    let is_own = match found.path.len() {
        0 => true,
        2 => found.path.first() == Some(&found.alias),
        _ => false,
    };
    if is_own { "its" } else { "the" }
}

fn kind_of(found: &Match) -> &'static str {
    found.alias_kind.map_or("name", |kind| kind.label())
}

fn shown(text: &str) -> String {
    shorten(&one_line(text), MAX_NAME_CHARS)
}
