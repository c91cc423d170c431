//! A change as a web page shows it: every word of it, unlike a mail, and already inert.

use chrono_tz::Tz;

use super::difference::inert;
use super::explanation::explanation;
use super::face::{Face, SourceWords, label};
use super::link::SafeLink;
use super::when::{day, exact_moment, moment, readable};
use crate::domain::change::{Change, Evidence, FieldChange};
use crate::domain::docket::DocketEvent;
use crate::domain::entry::LINKS;
use crate::domain::id::CompanyId;
use crate::domain::matching::{Match, Watchlist};
use crate::domain::source::Source;
use crate::domain::text::{is_deceptive, one_line, shorten};
use crate::domain::text_diff::{WordFate, words};

/// A title longer than this is a paragraph.
const MAX_TITLE_CHARS: usize = 300;

/// Of one field as much is compared; the bodies hold the rest.
const MAX_FIELD_BYTES: usize = 256 * 1024;

/// A change, ready to be shown.
#[derive(Debug)]
pub struct ChangePage {
    /// Its id.
    pub id: String,
    /// What happened and to what, on one line.
    pub title: String,
    /// What happened: `added`, `amended (document attached)`.
    pub happened: String,
    /// Where.
    pub source_title: String,
    /// The date the entry bears.
    pub date: Option<String>,
    /// Where the source itself shows the entry.
    pub link: Option<SafeLink>,
    /// When it was found.
    pub found_at: String,
    /// Whether it tells what was there already.
    pub is_notice: bool,
    /// When the read that shows it was found not to be the source's.
    pub retracted_at: Option<String>,
    /// What differs.
    pub fields: Vec<FieldPage>,
    /// Whom it concerns and why.
    pub concerns: Vec<ConcernView>,
    /// Companies it may concern.
    pub possible: Vec<ConcernView>,
    /// The read that shows it, and the one before.
    pub reads: [EvidencePage; 2],
}

/// One field that differs.
#[derive(Debug)]
pub struct FieldPage {
    /// Its name.
    pub name: String,
    /// Its words, each with what became of it; line breaks are kept.
    pub pieces: Vec<(WordFate, String)>,
    /// Links that came or went.
    pub links: Vec<(WordFate, String, Option<SafeLink>)>,
    /// Whether not all of it was compared.
    pub is_cut: bool,
}

impl FieldPage {
    /// Whether there was any of it before.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.pieces.iter().any(|(fate, _)| *fate != WordFate::Added)
    }

    /// Whether there is any of it now.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.pieces.iter().any(|(fate, _)| *fate != WordFate::Removed)
    }
}

/// Why a change concerns a company.
#[derive(Debug)]
pub struct ConcernView {
    /// The company.
    pub company: CompanyId,
    /// What readers call it.
    pub name: String,
    /// The reason in a sentence.
    pub reason: String,
    /// The words found with what stands around them, where they stand in a text.
    pub excerpt: Option<(String, String, String)>,
}

/// The proof of one state.
#[derive(Debug)]
pub struct EvidencePage {
    /// The address that answered.
    pub link: Option<SafeLink>,
    /// The same as text.
    pub address: String,
    /// When, to the second.
    pub read_at: String,
    /// The HTTP status.
    pub status: u16,
    /// The body's hash.
    pub sha256: String,
}

/// Who looks at a change, and in which words it is shown.
#[derive(Debug, Clone, Copy)]
pub struct ChangeReader<'a> {
    /// What companies are called.
    pub watchlist: &'a Watchlist,
    /// The companies that the reader follows; of all companies where there is none.
    pub followed: Option<&'a [CompanyId]>,
    /// The reader's time zone; UTC where nobody knows it.
    pub zone: Tz,
    /// The change's source as it is configured today: it says what the fields are called.
    pub source: Option<&'a Source>,
}

impl<'a> ChangeReader<'a> {
    /// Anybody who may see all of it.
    #[must_use]
    pub fn of_all(watchlist: &'a Watchlist, source: Option<&'a Source>) -> Self {
        Self { watchlist, followed: None, zone: Tz::UTC, source }
    }
}

impl ChangePage {
    /// A change for its reader.
    #[must_use]
    pub fn of(change: &Change, reader: ChangeReader<'_>) -> Self {
        let ChangeReader { watchlist, followed, zone, source } = reader;
        let words = source.map(SourceWords::of);
        let is_shown = |found: &&Match| followed.is_none_or(|ids| ids.contains(&found.company));
        let concern = |found: &Match| ConcernView::of(found, change, watchlist);
        Self {
            id: one_line(change.id.as_str()),
            title: line(&change.entry.title),
            happened: happened(change),
            source_title: line(&change.source_title),
            date: change.entry.date.map(|date| day(date.day())),
            link: change.entry.url.as_deref().and_then(SafeLink::of),
            found_at: moment(change.found_at, zone),
            is_notice: change.is_notice(),
            retracted_at: change.retracted_at.map(|at| moment(at, zone)),
            fields: change
                .entry
                .fields
                .iter()
                .map(|field| FieldPage::of(field, change, (words.as_ref(), zone)))
                .collect(),
            concerns: change.matches.iter().filter(is_shown).map(concern).collect(),
            possible: change.possible.iter().filter(is_shown).map(concern).collect(),
            reads: [EvidencePage::of(&change.evidence, zone), EvidencePage::of(&change.previous, zone)],
        }
    }
}

/// What became of an entry, in words.
fn happened(change: &Change) -> String {
    match change.entry.event() {
        None | Some(DocketEvent::New) => change.entry.kind.to_string(),
        Some(event) => format!("{} ({event})", change.entry.kind),
    }
}

impl FieldPage {
    fn of(field: &FieldChange, change: &Change, (wording, zone): (Option<&SourceWords>, Tz)) -> Self {
        let sort = wording.map_or_else(|| Face::of_change(change), |source| source.face);
        let name = label(wording, sort, &field.name);
        let is_notice = change.is_notice();
        // Where two texts are told apart each is quoted: whoever looks for it at the source must find it.
        let is_amended = field.before.is_some() && field.after.is_some();
        let cut = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            if let Some(worded) = readable(text, zone).filter(|_| !is_amended) {
                return worded;
            }
            text[..crate::domain::text::boundary_before(text, MAX_FIELD_BYTES.min(text.len()))].to_owned()
        };
        let (before, after) = (cut(&field.before), cut(&field.after));
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let is_cut = length(&field.before).max(length(&field.after)) > MAX_FIELD_BYTES;
        let fate = |fate| if is_notice { WordFate::Kept } else { fate };
        if field.name == LINKS {
            let links = links(&before, &after).into_iter().map(|(of, label, link)| (fate(of), label, link));
            return Self { name, pieces: Vec::new(), links: links.collect(), is_cut };
        }
        let pieces = words(&before, &after).into_iter().map(|run| (fate(run.fate), with_lines(&run.text)));
        Self { name, pieces: pieces.collect(), links: Vec::new(), is_cut }
    }
}

/// Links that came or went, a line each.
fn links(before: &str, after: &str) -> Vec<(WordFate, String, Option<SafeLink>)> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| (WordFate::Removed, *line));
    let come = after.iter().filter(|line| !before.contains(line)).map(|line| (WordFate::Added, *line));
    let row = |(fate, row): (WordFate, &str)| {
        let (label, address) = row.split_once('\t').unwrap_or(("", row));
        let label = if label.trim().is_empty() { address } else { label };
        (fate, shorten(&one_line(label), 200), SafeLink::of(address))
    };
    gone.chain(come).map(row).collect()
}

impl ConcernView {
    fn of(found: &Match, change: &Change, watchlist: &Watchlist) -> Self {
        let mut texts = change.entry.context.iter().filter(|(name, _)| *name == found.field);
        let text = texts.find(|(_, text)| !found.span.is_empty() && found.stands_in(text));
        let excerpt = text.map(|(_, text)| {
            let (before, hit, after) = found.around(text);
            (inert(before), inert(hit), inert(after))
        });
        Self {
            company: found.company.clone(),
            name: line(watchlist.short_name(&found.company)),
            reason: explanation(found, change, str::to_owned).plain(""),
            excerpt,
        }
    }
}

impl EvidencePage {
    /// The proof of a state.
    #[must_use]
    pub fn of(evidence: &Evidence, zone: Tz) -> Self {
        Self {
            link: SafeLink::of(&evidence.url),
            address: shorten(&one_line(&evidence.url), 500),
            read_at: exact_moment(evidence.read_at, zone),
            status: evidence.status,
            sha256: one_line(evidence.sha256.as_str()),
        }
    }
}

/// A text on one line, not too long to be a title.
#[must_use]
pub fn line(text: &str) -> String {
    shorten(&one_line(text), MAX_TITLE_CHARS)
}

/// A text without characters that deceive, its lines kept.
#[must_use]
pub fn with_lines(text: &str) -> String {
    let kept = text.chars().filter(|c| *c == '\n' || *c == '\t' || !is_deceptive(*c));
    kept.map(|c| if c.is_whitespace() && c != '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_text_stay_and_what_deceives_goes() {
        assert_eq!(with_lines("a\u{202e}b\r\n c\u{200b}\td"), "ab\n c d");
    }

    #[test]
    fn links_that_came_and_went_are_told_and_only_web_addresses_lead_anywhere() {
        let rows = links(
            "Order\thttps://a.test/1\nSame\thttps://a.test/s",
            "Same\thttps://a.test/s\nEvil\tjavascript:x",
        );
        let shown: Vec<(WordFate, &str, bool)> =
            rows.iter().map(|(fate, label, link)| (*fate, label.as_str(), link.is_some())).collect();
        assert_eq!(shown, [(WordFate::Removed, "Order", true), (WordFate::Added, "Evil", false)]);
    }
}
