//! A mail's subject: whom it concerns and what happened, at a glance.

use std::collections::BTreeSet;

use super::notice::Notice;
use crate::domain::subscription::Cadence;
use crate::domain::text::{one_line, shorten};

/// Longer subjects are cut by most readers' lists.
pub(super) const MAX_SUBJECT_CHARS: usize = 70;

/// Of more companies the rest is counted.
const MAX_NAMED: usize = 2;

/// One line without control characters, at most 70 characters.
///
/// The company comes first, then what presses; the words else depend on source and kind only, so
/// that a reader's filters and threads hold.
pub(super) fn subject(notice: &Notice) -> String {
    let is_of_what_stood = notice.is_of_what_stood();
    let mark = match (notice.test, is_of_what_stood, notice.cadence) {
        (true, ..) => "[test] ",
        _ if notice.pause.is_some() => "[after a pause] ",
        (false, true, _) => "[notice] ",
        (false, false, Cadence::Immediate) => "",
        (false, false, Cadence::Daily) => "[daily] ",
        (false, false, Cadence::Weekly) => "[weekly] ",
    };
    let deadline = notice.deadline().map(|deadline| format!("{deadline}, ")).unwrap_or_default();
    let what = if is_of_what_stood { "entries already" } else { "changes" };
    let names = names(notice);
    let sources: BTreeSet<_> = notice.told.iter().map(|told| &told.change.source).collect();
    let text = match notice.told.as_slice() {
        [] => "regwatch can reach you".to_owned(),
        [told] => {
            let head = format!("{mark}{names}: {deadline}");
            let tail = format!(" entry {}", told.change.entry.happened());
            return fitted(&head, &told.change.source_title, &tail);
        }
        all if sources.len() == 1 => {
            let head = format!("{mark}{names}: {deadline}{} {what} on ", all.len());
            return fitted(&head, &all[0].change.source_title, "");
        }
        all => format!("{names}: {deadline}{} {what} on {} sources", all.len(), sources.len()),
    };
    shorten(&one_line(&format!("{mark}{text}")), MAX_SUBJECT_CHARS)
}

/// Shortens what stands in the middle rather than what says what happened.
fn fitted(head: &str, middle: &str, tail: &str) -> String {
    let room = MAX_SUBJECT_CHARS.saturating_sub(head.chars().count() + tail.chars().count());
    let middle = shorten(&one_line(middle), room.max(12));
    shorten(&one_line(&format!("{head}{middle}{tail}")), MAX_SUBJECT_CHARS)
}

fn names(notice: &Notice) -> String {
    let names: Vec<&str> = notice.company_names().into_iter().collect();
    let shown: Vec<String> = names.iter().take(MAX_NAMED).map(|name| shorten(&one_line(name), 24)).collect();
    let more = names.len() - shown.len();
    let shown = shown.join(", ");
    if more > 0 { format!("{shown} +{more}") } else { shown }
}
