//! The first words of a mail that tells changes, and what it does not tell.

use std::collections::BTreeSet;

use super::face::Face;
use super::headline::{Headline, place, said};
use super::notice::{Notice, ReportedChange};
use super::subject::in_short;
use super::tied::told_by;
use super::when::{day, day_of};
use crate::domain::deadline::Deadline;
use crate::domain::subscription::Cadence;
use crate::domain::text::{one_line, shorten};
use crate::domain::untold::Untold;

/// The first sentence.
pub(super) fn lead(notice: &Notice) -> String {
    let names: Vec<String> =
        notice.company_names().into_iter().map(|name| shorten(&one_line(name), 80)).collect();
    let names = listed(&names);
    let sources: BTreeSet<_> = notice.told.iter().map(|told| &told.change.source).collect();
    let sentence = match notice.told.as_slice() {
        [] => "This mail shows that our mail reaches you. Alerts will come from the same sender.".to_owned(),
        all if notice.pause.is_some() => summed_up(notice, all, &names),
        all if notice.is_of_what_stood() => what_stood(notice, all, &names),
        [told] => format!("{}.", Headline::of(told, notice).lead),
        all if names.is_empty() && sources.len() == 1 => {
            format!("{} changes on {}, which you follow.", all.len(), place(&all[0].change.source_title))
        }
        all if names.is_empty() => {
            format!("{} changes on {} sources that you follow.", all.len(), sources.len())
        }
        all if notice.concerning() < all.len() => {
            let on = match sources.len() {
                1 => format!("{}, which you follow", place(&all[0].change.source_title)),
                count => format!("{count} sources"),
            };
            let concern = match notice.concerning() {
                1 => "one concerns".to_owned(),
                count => format!("{count} concern"),
            };
            format!("{} changes on {on}; {concern} {names}.", all.len())
        }
        all if sources.len() == 1 => {
            format!("{} changes concern {names}, all on {}.", all.len(), place(&all[0].change.source_title))
        }
        all => format!("{} changes concern {names}, on {} sources.", all.len(), sources.len()),
    };
    let of = match notice.cadence {
        Cadence::Immediate => "",
        Cadence::Daily if notice.told.is_empty() => "",
        Cadence::Daily => "Your daily digest: ",
        Cadence::Weekly => "Your weekly digest: ",
    };
    format!("{of}{sentence}")
}

/// What is to be known of the first sentence.
pub(super) fn aside(notice: &Notice) -> Option<String> {
    let is_of_what_stood = notice.pause.is_none() && !notice.told.is_empty() && notice.is_of_what_stood();
    let not_new = is_of_what_stood.then(|| NOT_NEW.to_owned());
    let part = notice.part.map(|(part, of)| format!("This is part {part} of {of}."));
    let sentences: Vec<String> = not_new.into_iter().chain(part).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Of entries that were there before their company was tracked.
const NOT_NEW: &str = "This is not a new change: our list of companies and names changed, not the source.";

/// The first sentence of what sums a pause up.
fn summed_up(notice: &Notice, told: &[ReportedChange], names: &str) -> String {
    let (stood, news): (Vec<&ReportedChange>, Vec<&ReportedChange>) =
        told.iter().partition(|told| told.change.is_notice());
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("one {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(news.len(), "change", "changes"),
        counted(stood.len(), "earlier listing", "earlier listings"),
    ];
    let in_days = |at| day(day_of(at, notice.zone));
    let when =
        notice.pause.map(|pause| format!(", from {} to {}", in_days(pause.since), in_days(pause.until)));
    let about = match names {
        "" => " on the sources that you follow".to_owned(),
        names if notice.concerning() < told.len() => {
            format!(", {} of them about {names}", notice.concerning())
        }
        names => format!(" about {names}"),
    };
    format!(
        "While your mail was paused{}, we found {}{about}.",
        when.unwrap_or_default(),
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    )
}

/// The first sentence of a notice.
fn what_stood(notice: &Notice, told: &[ReportedChange], names: &str) -> String {
    let places: BTreeSet<String> = told.iter().map(|told| place(&told.change.source_title)).collect();
    let places: Vec<String> = places.into_iter().collect();
    match told {
        [one] => format!("{}.", Headline::of(one, notice).lead),
        many => format!("{} entries about {names} are already on {}.", many.len(), listed(&places)),
    }
}

/// The changes of a mail in a line each: what happened, which entry, and what presses.
pub(super) fn overview(notice: &Notice, title_chars: usize) -> Vec<LeadLine> {
    let today = day_of(notice.now, notice.zone);
    // A table may be all that is shown of a change.
    let is_table = notice.is_table();
    let also = |told: &ReportedChange| {
        let sources = told_by(told.change, notice.ties_of(told.change)).filter(|_| is_table);
        sources.map(|sources| format!("; also told by {sources}")).unwrap_or_default()
    };
    let line = |(index, told): (usize, &ReportedChange)| {
        let date = told.deadline.or_else(|| Deadline::of(told.change, today));
        LeadLine {
            number: index + 1,
            id: one_line(told.change.id.short()),
            what: Headline::of(told, notice).line(),
            entry: format!("{}{}", shorten(&one_line(entry(told, notice)), title_chars), also(told)),
            date: date.map(in_short),
        }
    };
    notice.told.iter().enumerate().map(line).collect()
}

/// What an overview calls an entry: its title, which of a filing says the case once more, so that its words are told.
fn entry<'a>(told: &'a ReportedChange, notice: &Notice) -> &'a str {
    let change = told.change;
    let face = notice.words_of(change).map_or_else(|| Face::of_change(change), |words| words.face);
    let filed = said(change, "text").filter(|text| !text.trim().is_empty());
    filed.filter(|_| face == Face::Docket).unwrap_or(&change.entry.title)
}

/// One change in an overview.
pub(super) struct LeadLine {
    pub number: usize,
    pub id: String,
    pub what: String,
    pub entry: String,
    pub date: Option<String>,
}

impl LeadLine {
    /// The line in plain text.
    pub(super) fn plain(&self) -> String {
        let date = self.date.as_deref().map(|date| format!(" ({date})")).unwrap_or_default();
        format!("{}: {}{date}", self.what, self.entry)
    }
}

/// Names in a row.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().take(9).map(String::as_str).collect();
            let more = names.len() - 1 - head.len();
            let more = if more > 0 { format!(", {more} more") } else { String::new() };
            format!("{}{more} and {last}", head.join(", "))
        }
    }
}

/// Counts what else the same reads found and the mail does not show, each part with its reason.
pub(super) fn untold(untold: Untold) -> Option<String> {
    let Untold { elsewhere, unasked, other, possible, of_nobody } = untold;
    let parts: [(usize, &str, &str); 5] = [
        (
            elsewhere,
            "one more entry about what you follow, in a separate mail",
            "more entries about what you follow, in separate mails",
        ),
        (
            other,
            "one more entry about what you follow, which is not part of this mail",
            "more entries about what you follow, which are not part of this mail",
        ),
        (
            unasked,
            "one more entry that names a company you follow, in a way you did not ask for",
            "more entries that name a company you follow, in ways you did not ask for",
        ),
        (
            possible,
            "one more entry that may name a company you follow; a person checks it first",
            "more entries that may name a company you follow; a person checks them first",
        ),
        (
            of_nobody,
            "one more entry, which names no company you follow",
            "more entries, which name no company you follow",
        ),
    ];
    let sentence = |(count, one, many): &(usize, &str, &str)| match count {
        0 => None,
        1 => Some(format!("The same pages changed in {one}.")),
        count => Some(format!("The same pages changed in {count} {many}.")),
    };
    let sentences: Vec<String> = parts.iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
