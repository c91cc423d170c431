//! A mail's subject: whom it concerns, what happened, where, and the date that matters, at a glance.

use std::collections::BTreeSet;

use super::headline::{Headline, named};
use super::notice::{Notice, ReportedChange};
use super::when::short_day;
use crate::domain::deadline::Deadline;
use crate::domain::subscription::Cadence;
use crate::domain::text::{one_line, shorten};

/// Longer subjects are cut by most readers' lists.
pub(super) const MAX_SUBJECT_CHARS: usize = 70;

/// One line without control characters, at most 70 characters.
///
/// The company comes first, then what happened to it. The words depend on the source and the kind of change only,
/// so that a reader's filters and threads hold. Of several changes the gravest is told and the others are counted.
pub(super) fn subject(notice: &Notice) -> String {
    let mark = match notice.cadence {
        _ if notice.test => "[test] ",
        _ if notice.pause.is_some() => "[after a pause] ",
        _ if notice.is_of_what_stood() => "[notice] ",
        Cadence::Immediate => "",
        Cadence::Daily => "[daily] ",
        Cadence::Weekly => "[weekly] ",
    };
    let part = notice.part.map(|(part, of)| format!(" (part {part} of {of})")).unwrap_or_default();
    let Some(first) = notice.told.first() else {
        let text = format!("{mark}{} can reach you", notice.service.name);
        return shorten(&one_line(&text), MAX_SUBJECT_CHARS);
    };
    if notice.pause.is_some() {
        let about = match named(notice.company_names()) {
            names if names.is_empty() => " on sources that you follow".to_owned(),
            names if notice.concerning() < notice.told.len() => {
                format!(", {} about {names}", notice.concerning())
            }
            names => format!(" about {names}"),
        };
        let text = format!("{mark}{}{about}{part}", counted(notice));
        return shorten(&one_line(&text), MAX_SUBJECT_CHARS);
    }
    let headline = Headline::of(first, notice);
    let together = together(&headline, notice);
    let others = notice.told.len() - together.max(1);
    let what = match (together, headline.deed) {
        (2.., Some(deed)) => What { head: format!(" {deed} "), place: format!("{together} lists") },
        _ => What { head: headline.head, place: headline.place },
    };
    let noun =
        if notice.is_of_what_stood() { ("entry", "entries") } else { ("other change", "other changes") };
    let fits = |text: &String| text.chars().count() <= MAX_SUBJECT_CHARS;
    let date = date(first, notice);
    let dates =
        [date.map(|date| format!(", {}", in_short(date))), date.map(|date| format!(", {}", in_days(date)))];
    // The whole of it where there is room, else with less said of what matters least.
    let heads = [what.place.as_str(), what.place.strip_prefix("the ").unwrap_or(&what.place)];
    let counts = [counted_others(others, noun), counted_others(others, ("more", "more"))];
    for (place, date, others) in [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)] {
        let date = dates[date].as_deref().unwrap_or_default();
        let text =
            format!("{mark}{}{}{}{date}{}{part}", headline.names, what.head, heads[place], counts[others]);
        let text = one_line(&text);
        if fits(&text) {
            return text;
        }
    }
    let tail = format!("{}{}{part}", dates[1].as_deref().unwrap_or_default(), counts[1]);
    fitted(&format!("{mark}{}{}", headline.names, what.head), heads[1], &tail)
}

/// What happened and where.
struct What {
    head: String,
    place: String,
}

/// `3 changes`, or `1 entry` where nothing is new.
fn counted(notice: &Notice) -> String {
    match (notice.told.len(), notice.is_of_what_stood()) {
        (1, true) => "1 entry".to_owned(),
        (count, true) => format!("{count} entries"),
        (1, false) => "1 change".to_owned(),
        (count, false) => format!("{count} changes"),
    }
}

/// ` (+3 other changes)`; nothing where there are no others.
fn counted_others(others: usize, (one, many): (&str, &str)) -> String {
    match others {
        0 => String::new(),
        1 => format!(" (+1 {one})"),
        others => format!(" (+{others} {many})"),
    }
}

/// On how many lists the very same happened to the same companies.
fn together(first: &Headline, notice: &Notice) -> usize {
    let Some(deed) = first.deed else { return 0 };
    let is_same = |told: &&ReportedChange| {
        let headline = Headline::of(told, notice);
        headline.deed == Some(deed) && headline.names == first.names
    };
    let same: Vec<&ReportedChange> = notice.told.iter().filter(is_same).collect();
    let lists: BTreeSet<_> = same.iter().map(|told| &told.change.source).collect();
    // Several entries on one list are not several lists.
    if lists.len() == same.len() { lists.len() } else { 0 }
}

/// The date that matters most: what presses, else what is still to come of the gravest change.
fn date(first: &ReportedChange, notice: &Notice) -> Option<Deadline> {
    let today = super::when::day_of(notice.now, notice.zone);
    notice.deadline().or_else(|| Deadline::of(first.change, today))
}

/// `effective 28 Nov 2026`.
pub(super) fn in_short(date: Deadline) -> String {
    format!("{} {}", what_then(date), short_day(date.date))
}

/// `effective 28 Nov`.
fn in_days(date: Deadline) -> String {
    format!("{} {}", what_then(date), date.date.format("%-d %b"))
}

fn what_then(date: Deadline) -> &'static str {
    if date.what == "takes effect" { "effective" } else { date.what }
}

/// Shortens what stands in the middle rather than what says what happened.
fn fitted(head: &str, middle: &str, tail: &str) -> String {
    let room = MAX_SUBJECT_CHARS.saturating_sub(head.chars().count() + tail.chars().count());
    let middle = shorten(&one_line(middle), room.max(12));
    shorten(&one_line(&format!("{head}{middle}{tail}")), MAX_SUBJECT_CHARS)
}
