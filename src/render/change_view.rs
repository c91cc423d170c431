//! One change as its reader sees it: what happened, when, why they are told, where to look, and then the words.

use chrono::NaiveDate;

use super::explanation::{Explanation, explanation};
use super::face::{Face, SourceWords};
use super::field_view::{FieldBody, FieldView, Wording, fields_of};
use super::flow::{Indent, wrap};
use super::headline::{Headline, filing, place, said};
use super::link::SafeLink;
use super::notice::{Notice, ReportedChange};
use super::tied::tied;
use super::when;
use crate::domain::change::{Change, ChangeKind, Evidence};
use crate::domain::entry::LINKS;
use crate::domain::id::CompanyId;
use crate::domain::matching::{ChangePart, Match};
use crate::domain::text::{counted, one_line, shorten};
use crate::domain::topic::Topic;

/// A title longer than this is a paragraph.
const MAX_TITLE_CHARS: usize = 300;
/// Of a docket entry so much of its text stands in its line.
const MAX_FILED_CHARS: usize = 900;
/// Of a company's names found in a change, as many are explained.
const MAX_EXPLAINED: usize = 3;
/// What an operator says of a list is one paragraph.
const MAX_LISTING_CHARS: usize = 600;
/// Labels of facts end in this column of plain text.
const LABEL_COLUMNS: usize = 14;

/// The dates that a reader must act by, or from, and what they are called before anything else.
const DATES: [(&str, &str); 2] = [("effective", "Effective"), ("comments_close", "Comments close")];

/// One change, ready to be set.
pub(super) struct ChangeView {
    /// Its number, where there are several.
    pub number: Option<usize>,
    pub heading: String,
    pub facts: Vec<KeyFact>,
    pub why: Vec<Explanation>,
    /// Where the source says it.
    pub source: Option<SafeLink>,
    /// What stands over the words.
    pub words_heading: &'static str,
    /// A docket entry in the two lines of its docket.
    pub docket_lines: Vec<String>,
    pub fields: Vec<FieldView>,
    pub fields_left_out: usize,
    /// Whether the fields are told as they are, with nothing in them to be told apart.
    pub is_plain: bool,
    pub evidence: EvidenceView,
    pub id: String,
    pub plain: PlainChange,
}

/// What of a change stands in lines of plain text.
#[derive(Default)]
pub(super) struct PlainChange {
    /// The heading over a line of its own width.
    pub heading: String,
    /// What matters first, in two columns.
    pub facts: String,
    pub docket_lines: String,
    pub fields: String,
    pub evidence: String,
    /// How a reader without a page of the change asks for both texts.
    pub ask: String,
}

/// A line of what matters first.
pub(super) struct KeyFact {
    pub label: String,
    pub text: String,
    pub is_strong: bool,
}

/// The proof of both states.
pub(super) struct EvidenceView {
    pub read: String,
    pub address: Option<SafeLink>,
    pub compared: String,
    pub hashes: String,
}

impl ChangeView {
    /// `place` is the change's number, where there are several.
    pub(super) fn of(told: &ReportedChange, notice: &Notice, place: Option<usize>) -> Self {
        let change = told.change;
        let words = notice.words_of(change);
        let face = words.map_or_else(|| Face::of_change(change), |words| words.face);
        let wording = Wording { words, face, zone: notice.zone };
        let is_filed = face == Face::Docket && change.entry.kind != ChangeKind::Amended;
        let (fields, fields_left_out) = shown_fields(change, wording, is_filed);
        let whole = change.entry.kind != ChangeKind::Amended;
        let mut view = Self {
            number: place,
            heading: Headline::of(told, notice).lead,
            facts: facts(told, notice, wording, is_filed),
            why: why(told, notice, wording),
            source: change
                .entry
                .url
                .as_deref()
                .and_then(SafeLink::of)
                .or_else(|| SafeLink::of(&change.evidence.url)),
            words_heading: match change.entry.kind {
                ChangeKind::Amended => "What changed",
                ChangeKind::Removed => "What the entry said",
                ChangeKind::Added | ChangeKind::AlreadyListed => "What the entry says",
            },
            docket_lines: if is_filed { docket_lines(change, notice) } else { Vec::new() },
            fields: if whole { fields.into_iter().map(FieldView::unchanged).collect() } else { fields },
            fields_left_out,
            is_plain: whole,
            evidence: EvidenceView::of(change, notice),
            id: one_line(change.id.short()),
            plain: PlainChange::default(),
        };
        view.plain = PlainChange::of(&view);
        view
    }

    /// The heading with its number.
    pub(super) fn numbered_heading(&self) -> String {
        self.number.map_or_else(|| self.heading.clone(), |number| format!("{number}. {}", self.heading))
    }

    fn ruled_heading(&self) -> String {
        let heading = wrap(&self.numbered_heading(), Indent::of(""));
        let width = heading.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0);
        format!("{heading}\n{}", "=".repeat(width))
    }

    fn plain_facts(&self) -> String {
        let mut lines: Vec<String> =
            self.facts.iter().map(|fact| in_columns(&fact.label, &fact.text)).collect();
        lines.extend(
            self.why
                .iter()
                .enumerate()
                .map(|(index, why)| in_columns(if index == 0 { WHY } else { "" }, &why.plain("*"))),
        );
        lines.join("\n")
    }

    fn wrapped_docket_lines(&self) -> String {
        let lines: Vec<String> =
            self.docket_lines.iter().map(|line| wrap(line, Indent { first: "  ", rest: "    " })).collect();
        lines.join("\n")
    }

    /// Whether some field needs the marks explained.
    pub(super) fn has_marks(&self) -> bool {
        self.fields.iter().any(FieldView::is_marked)
    }

    fn plain_fields(&self) -> String {
        let set = |field: &FieldView| if self.is_plain { field.listed() } else { field.plain() };
        self.fields.iter().map(set).collect::<Vec<_>>().join("\n")
    }

    /// How a reader without a page of the change asks for both texts.
    pub(super) fn ask(&self) -> String {
        format!("To see both texts in full, answer this mail and ask for change {}.", self.id)
    }

    fn plain_evidence(&self) -> String {
        let EvidenceView { read, address, compared, hashes } = &self.evidence;
        let line = |text: &str| wrap(text, Indent::of("  "));
        let mut lines = match address {
            Some(page) => vec![line(&format!("{read}, from")), format!("  {}", page.href)],
            None => vec![line(read)],
        };
        lines.extend([line(compared), line(hashes)]);
        lines.join("\n")
    }

    pub(super) fn has_words(&self) -> bool {
        !(self.fields.is_empty() && self.docket_lines.is_empty())
    }

    /// Where the source is opened, and whose it is.
    pub(super) fn source_host(&self) -> &str {
        self.source.as_ref().map_or("", |link| &link.host)
    }
}

impl PlainChange {
    fn of(view: &ChangeView) -> Self {
        Self {
            heading: view.ruled_heading(),
            facts: view.plain_facts(),
            docket_lines: view.wrapped_docket_lines(),
            fields: view.plain_fields(),
            evidence: view.plain_evidence(),
            ask: wrap(&view.ask(), Indent::of("  ")),
        }
    }
}

/// What stands before the reasons.
pub(super) const WHY: &str = "Why you";

/// A label and its text in two columns of plain text.
fn in_columns(label: &str, text: &str) -> String {
    let first = format!("{label:<LABEL_COLUMNS$}  ");
    wrap(text, Indent { first: &first, rest: &" ".repeat(LABEL_COLUMNS + 2) })
}

/// The fields that are shown as words: all that differ, save what was said before them.
fn shown_fields(change: &Change, wording: Wording, is_filed: bool) -> (Vec<FieldView>, usize) {
    if change.entry.kind == ChangeKind::Amended {
        return fields_of(change, Some(wording));
    }
    let said = |name: &str| {
        let is_a_date = DATES.iter().any(|(field, _)| *field == name);
        // A docket entry is told in its own two lines.
        (is_filed && name != LINKS) || (is_a_date && date(change, name).is_some())
    };
    let mut rest = change.clone();
    rest.entry.fields.retain(|field| {
        let text = field.after.as_deref().or(field.before.as_deref()).unwrap_or_default();
        !said(&field.name) && one_line(text) != one_line(&change.entry.title)
    });
    fields_of(&rest, Some(wording))
}

/// Who or what it is about, the dates that matter, and what a listing means.
fn facts(told: &ReportedChange, notice: &Notice, wording: Wording, is_filed: bool) -> Vec<KeyFact> {
    let change = told.change;
    let fact = |label: &str, text: String| KeyFact { label: label.to_owned(), text, is_strong: false };
    let title = shorten(&one_line(&change.entry.title), MAX_TITLE_CHARS);
    let mut facts = Vec::new();
    if !is_filed {
        facts.push(fact(if wording.face == Face::Rule { "Document" } else { "Entry" }, title));
    }
    facts.push(fact("Source", shorten(&one_line(&change.source_title), MAX_TITLE_CHARS)));
    let today = when::day_of(notice.now, notice.zone);
    for (field, label) in DATES {
        let Some(day) = date(change, field) else { continue };
        let left = when::left(day, today);
        let is_strong = left.is_some() && change.entry.kind != ChangeKind::Removed;
        let left = left.map(|left| format!(" ({left})")).unwrap_or_default();
        facts.push(KeyFact { is_strong, ..fact(label, format!("{}{left}", when::day(day))) });
    }
    if let Some(day) = own_date(change, is_filed) {
        facts.push(fact("Dated", when::day(day)));
    }
    if change.is_notice() {
        facts.push(fact("Listed since", listed_since(change, notice)));
    }
    facts.extend(tied(change, notice.ties_of(change), notice.zone).map(|(label, text)| fact(label, text)));
    facts.extend(wording.words.and_then(listing).map(|text| fact("Listing means", text)));
    facts
}

/// The entry's own date, where no field shows it already.
fn own_date(change: &Change, is_filed: bool) -> Option<NaiveDate> {
    let day = change.entry.date?.day();
    let says = |field: &str| date(change, field) == Some(day);
    let is_said = is_filed || change.is_notice() || change.entry.context.iter().any(|(name, _)| says(name));
    (!is_said).then_some(day)
}

/// A field that is a day, as it is now or was at last.
fn date(change: &Change, field: &str) -> Option<NaiveDate> {
    let text = said(change, field)?.trim();
    NaiveDate::parse_from_str(text.get(..10).unwrap_or(text), "%Y-%m-%d").ok()
}

/// What it means to stand on the source's list.
fn listing(words: &SourceWords) -> Option<String> {
    let listing = words.listing.as_ref()?;
    let deadline = listing.deadline.as_deref().map(|deadline| format!(" {deadline}")).unwrap_or_default();
    let text = format!("{} ({}).{deadline}", listing.effect.trim_end_matches('.'), listing.authority);
    Some(shorten(&one_line(&text), MAX_LISTING_CHARS))
}

/// Since when a notice's entry is known to be there.
fn listed_since(change: &Change, notice: &Notice) -> String {
    match change.entry.date {
        Some(date) => format!("{}, the date of the entry", when::day(date.day())),
        None => format!(
            "{} or earlier, when we first read it",
            when::moment(change.previous.read_at, notice.zone)
        ),
    }
}

/// A docket entry as dockets show it: number, day, type and words; then the case.
fn docket_lines(change: &Change, notice: &Notice) -> Vec<String> {
    let value = |field: &str| said(change, field).map(one_line).filter(|text| !text.is_empty());
    let kind = value("kind").map(|kind| filing(&kind));
    let day = change.entry.date.map(|date| when::day(date.day()));
    let entered = value("entered").and_then(|text| when::readable(&text, notice.zone));
    let text = value("text").map(|text| shorten(&text, MAX_FILED_CHARS));
    let number = value("number").map(|number| format!("#{number}"));
    let entry: Vec<String> = [number, day.or(entered), kind, text].into_iter().flatten().collect();
    let access = value("access").map(|access| format!("access: {access}"));
    let documents = value("documents").map(|count| format!("documents: {count}"));
    let case: Vec<String> =
        [value("docket"), value("caption").or_else(|| value("parties")), documents, access]
            .into_iter()
            .flatten()
            .collect();
    [entry, case].into_iter().filter(|parts| !parts.is_empty()).map(|parts| parts.join(" · ")).collect()
}

/// Why its reader is told: a sentence a name, and who else is named.
fn why(told: &ReportedChange, notice: &Notice, wording: Wording) -> Vec<Explanation> {
    let followed = told.companies();
    let short_name = |id: &CompanyId| notice.watchlist.short_name(id).to_owned();
    let (mut lines, others) = concerns(told.change, &followed, short_name, |field| wording.label(field));
    let by_source = told.is_of_a_source().then(|| "You follow this source.".to_owned());
    let words = others.into_iter().chain(announced(told, notice)).chain(by_source);
    lines.extend(words.map(|before| Explanation { before, ..Explanation::default() }));
    lines
}

/// Why those are told who follow what another source is about, of which the change speaks and which could not be read.
fn announced<'a>(told: &'a ReportedChange, notice: &'a Notice) -> impl Iterator<Item = String> + 'a {
    let unread = notice.unread_of(told);
    let unread = unread.first().map_or_else(|| "a source".to_owned(), |title| place(title));
    told.announced_to().map(move |topic| match topic {
        Topic::Source(_) => {
            format!("You follow {unread}. This speaks of it, and {unread} itself could not be read.")
        }
        Topic::Company(company) => {
            let name = shorten(&one_line(notice.watchlist.short_name(company)), 80);
            format!("{name} stands on {unread}. This speaks of it, and {unread} itself could not be read.")
        }
    })
}

/// Why a change concerns the companies `followed`, and which others it names. Where none is
/// followed, all it concerns are explained.
pub(super) fn concerns(
    change: &Change,
    followed: &[&CompanyId],
    short_name: impl Fn(&CompanyId) -> String,
    label: impl Fn(&str) -> String,
) -> (Vec<Explanation>, Option<String>) {
    let all = change.companies();
    let (mine, others): (Vec<&CompanyId>, Vec<&CompanyId>) =
        all.into_iter().partition(|company| followed.is_empty() || followed.contains(company));
    let mut lines = Vec::new();
    for company in mine {
        let name = shorten(&one_line(&short_name(company)), 80);
        let found = proofs(change, company);
        let sentence = |found: &&Match| explanation(found, change, &label).behind(&format!("{name}: "));
        lines.extend(found.iter().take(MAX_EXPLAINED).map(sentence));
        let more = found.len().saturating_sub(MAX_EXPLAINED);
        if more > 0 {
            let before = format!("{name}: found by {}", counted(more, "more name", "more names"));
            lines.push(Explanation { before, ..Explanation::default() });
        }
    }
    let others: Vec<String> =
        others.into_iter().map(|company| shorten(&one_line(&short_name(company)), 80)).collect();
    let others = (!others.is_empty()).then(|| format!("Also named, not followed: {}", others.join(", ")));
    (lines, others)
}

/// Why a change concerns one company: the words that changed, or else, of an amended entry, one
/// name that it bears as before.
fn proofs<'a>(change: &'a Change, company: &CompanyId) -> Vec<&'a Match> {
    let all: Vec<&Match> = change.matches.iter().filter(|found| found.company == *company).collect();
    if change.entry.kind != ChangeKind::Amended {
        return all;
    }
    let (changed, stood): (Vec<&Match>, Vec<&Match>) =
        all.into_iter().partition(|found| found.part != ChangePart::Entry);
    if changed.is_empty() { stood.into_iter().take(1).collect() } else { changed }
}

impl EvidenceView {
    fn of(change: &Change, notice: &Notice) -> Self {
        let zone = notice.zone;
        let (now, before) = (&change.evidence, &change.previous);
        let earlier = when::exact_moment(before.read_at, zone);
        Self {
            read: format!("Read {}", when::exact_moment(now.read_at, zone)),
            address: SafeLink::of(&now.url),
            compared: if change.is_notice() {
                format!("First read {earlier}")
            } else {
                format!("Compared with the read of {earlier}")
            },
            hashes: format!("SHA-256 {} / {}", short_hash(now), short_hash(before)),
        }
    }
}

/// The ends of a hash, by which two are told apart; the whole of it stands with the evidence.
fn short_hash(evidence: &Evidence) -> String {
    let hash = one_line(evidence.sha256.as_str());
    match (hash.get(..4), hash.get(hash.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if hash.len() > 8 => format!("{head}…{tail}"),
        _ => hash,
    }
}

impl FieldView {
    /// The field as a line of a list: what it is called and what it says.
    fn listed(&self) -> String {
        let mut text = match &self.body {
            FieldBody::Words { .. } => self.text(),
            FieldBody::Links(rows) => {
                rows.iter().map(super::field_view::LinkRow::words).collect::<Vec<_>>().join("; ")
            }
        };
        if let Some(left_out) = &self.left_out {
            text = format!("{text} ({left_out})");
        }
        wrap(&format!("{}: {text}", self.name), Indent { first: "  ", rest: "    " })
    }
}
