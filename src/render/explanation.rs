//! Why a change concerns a company, in one sentence a match.

use crate::domain::change::ChangeKind;
use crate::domain::matching::{Match, Part, Rule};
use crate::domain::text::{one_line, shorten};

/// The longest name that is shown whole.
const MAX_NAME_CHARS: usize = 80;
/// The longest reckoning that is shown whole.
const MAX_REASON_CHARS: usize = 240;

/// The sentence, without the company's name before it.
pub(super) fn explanation(found: &Match, kind: ChangeKind) -> String {
    let field = shown(&found.field);
    let excerpt = one_line(&found.excerpt);
    let name = format!("{} {} “{}”", whose(found), kind_of(found), shown(&found.alias));
    let sentence = match (found.rule, found.part) {
        (Rule::SourceBound, _) => return "everything on this source concerns it, as configured".to_owned(),
        (Rule::Exposure, part) => {
            let place = place(part, &field);
            let reason = shorten(&one_line(&found.reason), MAX_REASON_CHARS);
            format!("it is exposed without being named: {reason}; {place} say: “{excerpt}”")
        }
        (Rule::Name, _) => {
            let reason = shorten(&one_line(&found.reason), MAX_REASON_CHARS);
            format!("the {field} “{excerpt}” is nearly {name}, score {reason}")
        }
        (Rule::Caption, Part::Entry) => {
            format!("{name} stands in the caption of the proceeding: “{excerpt}”")
        }
        (_, Part::AddedWords) => format!("the words added to the {field} hold {name}: “{excerpt}”"),
        (_, Part::RemovedWords) => format!("the words removed from the {field} held {name}: “{excerpt}”"),
        (_, Part::Entry) if kind == ChangeKind::Amended => {
            format!("the amended entry names it: {name} stands in the {field}, as before: “{excerpt}”")
        }
        (_, Part::Entry) => format!("{name} stands in the {field}: “{excerpt}”"),
    };
    match found.path.as_slice() {
        [] => sentence,
        path => format!("{sentence}; ownership: {}", shorten(&one_line(&path.join(" → ")), MAX_REASON_CHARS)),
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

fn place(part: Part, field: &str) -> String {
    match part {
        Part::Entry => format!("words of the {field}"),
        Part::AddedWords => format!("words added to the {field}"),
        Part::RemovedWords => format!("words removed from the {field}"),
    }
}

fn shown(text: &str) -> String {
    shorten(&one_line(text), MAX_NAME_CHARS)
}
