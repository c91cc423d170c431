//! The first mail to a reader: what they follow, what of it stands already, and where nothing does.

use super::addressed::{Addressed, MAX_NAME_CHARS, promise, short_names};
use super::health::unread;
use super::letter::{LetterView, ListedEntries, mail};
use super::rendered::{RenderError, Rendered};
use super::view::missed_on;
use super::when::day;
use crate::domain::entry::EntryDate;
use crate::domain::inbound::Selection;
use crate::domain::listed::ListedOn;
use crate::domain::text::{counted, one_line, shorten};

mail!(letter_mail, Welcome, "welcome/subject.txt", "welcome/mail.txt", "welcome/mail.html");

/// Longer titles of entries are cut.
const MAX_LISTED_CHARS: usize = 160;

/// Of so many sources it is told what stands there; the others are named.
const MAX_SOURCES: usize = 12;

/// Of sources in one sentence, as many are named.
const MAX_NAMED: usize = 8;

/// Of so many sources it is told what never appears there.
const MAX_MISSES: usize = 10;

/// Puts the welcome of whoever follows a selection from now on into words.
///
/// # Errors
/// A template that cannot be filled in.
pub(super) fn welcome(to: &Addressed<'_>, selection: &Selection) -> Result<Rendered, RenderError> {
    let (standing, others): (Vec<&ListedOn>, Vec<&ListedOn>) =
        to.listed.iter().partition(|on| !on.entries.is_empty());
    let (shown, unshown) = standing.split_at(standing.len().min(MAX_SOURCES));
    let (read, never): (Vec<&ListedOn>, Vec<&ListedOn>) = others.into_iter().partition(|on| on.is_read);
    let unlisted = [
        ("Also listed already on", unshown.to_vec()),
        ("Nothing about it is listed on", read),
        ("Watched, but not read yet:", never),
    ];
    letter_mail::render(&LetterView {
        listed: shown.iter().map(|on| listed(on)).collect(),
        unlisted: unlisted.iter().filter_map(|(words, sources)| named(words, sources)).collect(),
        misses: misses(to.listed),
        lead: format!("Confirmed. {}", promise(to.subscriber, to.now)),
        unread: unread(to.health, to.subscriber.preferences.zone),
        about: short_names(to, &selection.topics),
        ..to.letter(to.selected(selection))
    })
}

/// What stands on one source, a line an entry.
fn listed(on: &ListedOn) -> ListedEntries {
    let line = |(title, date): &(String, Option<EntryDate>)| {
        let date = date.map(|date| format!(" ({})", day(date.day()))).unwrap_or_default();
        format!("{}{date}", shorten(&one_line(title), MAX_LISTED_CHARS))
    };
    let more = (on.more > 0).then(|| format!("{} more", on.more));
    ListedEntries { source: title(on), entries: on.entries.iter().map(line).chain(more).collect() }
}

/// A sentence that names sources; nothing where there are none.
fn named(words: &str, sources: &[&ListedOn]) -> Option<String> {
    let titles: Vec<String> = sources.iter().take(MAX_NAMED).map(|on| title(on)).collect();
    let more = sources.len() - titles.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!titles.is_empty()).then(|| format!("{words} {}{more}", titles.join("; ")))
}

fn misses(all: &[ListedOn]) -> Vec<String> {
    let known: Vec<String> =
        all.iter().filter_map(|on| Some(missed_on(&on.source_title, on.misses.as_deref()?))).collect();
    let more = known.len().saturating_sub(MAX_MISSES);
    let more = (more > 0).then(|| {
        let sources = counted(more, "more source leaves", "more sources leave");
        format!("{sources} something out; ask us which")
    });
    known.into_iter().take(MAX_MISSES).chain(more).collect()
}

fn title(on: &ListedOn) -> String {
    shorten(&one_line(&on.source_title), MAX_NAME_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(number: usize, entries: usize, is_read: bool) -> ListedOn {
        ListedOn {
            source_title: format!("List {number}"),
            entries: vec![("Example".to_owned(), None); entries],
            more: 0,
            is_read,
            misses: Some("what is decided by telephone".to_owned()),
        }
    }

    #[test]
    fn however_many_sources_are_watched_few_are_named() {
        let all: Vec<ListedOn> = (0..300).map(|number| on(number, 0, number % 2 == 0)).collect();
        let all: Vec<&ListedOn> = all.iter().collect();
        let sentence = named("Nothing stands yet on", &all).unwrap();
        assert!(sentence.starts_with("Nothing stands yet on List 0; List 1;"), "{sentence}");
        assert!(sentence.ends_with("List 7 and 292 more"), "{sentence}");
        assert_eq!(named("Nothing stands yet on", &[]), None);
        let all: Vec<ListedOn> = (0..300).map(|number| on(number, 1, true)).collect();
        let misses = misses(&all);
        assert_eq!(misses.len(), MAX_MISSES + 1);
        assert!(misses[MAX_MISSES].starts_with("290 more sources"), "{misses:?}");
    }
}
