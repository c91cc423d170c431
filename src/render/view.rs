//! What the templates show, already inert: every text here went through
//! [`one_line`] or [`inert`], every address through [`Link`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::difference::{Budget, Piece, difference, inert};
use super::explanation::explanation;
use super::flow::{Indent, set, wrap};
use super::link::Link;
use super::notice::{Notice, Told};
use crate::domain::change::{Change, ChangeKind, Evidence, FieldChange};
use crate::domain::entry::LINKS;
use crate::domain::id::CompanyId;
use crate::domain::matching::{Match, Part, Watchlist};
use crate::domain::subscription::Subscription;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::Fate;
use crate::domain::untold::Untold;

/// Of a change, at most so many fields are shown.
const MAX_FIELDS: usize = 12;
/// Of a link list, at most so many links are shown.
const MAX_LINKS: usize = 15;
/// A title longer than this is a paragraph.
const MAX_TITLE_CHARS: usize = 300;
/// Of a company's names found in a change, as many are explained.
const MAX_EXPLAINED: usize = 3;
/// What an operator says of a source's gaps is one line.
const MAX_MISSED_CHARS: usize = 300;
/// Texts up to this length are shown whole, before and after on lines of their own.
const SHORT_CHARS: usize = 160;

/// One change, ready to be set.
pub(super) struct ChangeView {
    pub heading: String,
    pub title: String,
    pub date: Option<String>,
    /// By when its reader must have acted.
    pub deadline: Option<String>,
    /// Of a notice: since when the entry is known to be there.
    pub listed_since: Option<String>,
    pub link: Option<Link>,
    pub found_at: String,
    pub fields: Vec<FieldView>,
    pub fields_left_out: usize,
    pub concerns: Vec<String>,
    pub others: Option<String>,
    pub proof: ProofView,
    pub previous: ProofView,
    pub id: String,
}

/// One field that differs.
pub(super) struct FieldView {
    pub name: String,
    pub body: FieldBody,
    /// What is not shown, in words.
    pub left_out: Option<String>,
}

/// What is shown of a field.
pub(super) enum FieldBody {
    /// A text: its pieces, and where it is short both whole texts.
    Words { pieces: Vec<Piece>, whole: Option<(String, String)> },
    /// Links that came or went.
    Links(Vec<LinkRow>),
}

/// One link that came or went.
pub(super) struct LinkRow {
    pub fate: Fate,
    pub label: String,
    /// The address where it may be followed, else as text.
    pub link: Result<Link, String>,
}

/// The proof of one state.
pub(super) struct ProofView {
    pub link: Option<Link>,
    pub address: String,
    pub read_at: String,
    pub status: u16,
    pub sha256: String,
}

impl ChangeView {
    /// `place` is the change's number and how many there are, where there are several.
    pub(super) fn of(told: &Told, watchlist: &Watchlist, place: Option<(usize, usize)>) -> Self {
        let change = told.change;
        let source = shorten(&one_line(&change.source_title), MAX_TITLE_CHARS);
        let what = format!("{source}: entry {}", change.entry.happened());
        let heading =
            place.map_or_else(|| what.clone(), |(index, count)| format!("{index} of {count} · {what}"));
        let (fields, fields_left_out) = fields_of(change);
        let followed: Vec<&CompanyId> = told.followed.iter().map(|follow| &follow.company).collect();
        let (concerns, others) = concerns(change, &followed, |id| watchlist.short_name(id).to_owned());
        Self {
            heading,
            title: shorten(&one_line(&change.entry.title), MAX_TITLE_CHARS),
            date: change.entry.date.map(|date| date.to_string()),
            deadline: told.deadline.map(|deadline| deadline.to_string()),
            listed_since: change.is_notice().then(|| listed_since(change)),
            link: change.entry.url.as_deref().and_then(Link::of),
            found_at: moment(change.found_at),
            fields,
            fields_left_out,
            concerns,
            others,
            proof: ProofView::of(&change.evidence),
            previous: ProofView::of(&change.previous),
            id: one_line(change.id.short()),
        }
    }

    /// The heading over a line of its own width.
    pub(super) fn ruled_heading(&self) -> String {
        let heading = wrap(&self.heading, Indent::of(""));
        let width = heading.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0);
        format!("{heading}\n{}", "=".repeat(width))
    }

    pub(super) fn wrapped_title(&self) -> String {
        wrap(&self.title, Indent::of(""))
    }

    pub(super) fn wrapped_concerns(&self) -> String {
        let lines: Vec<String> = self.concerns.iter().chain(&self.others).map(|line| item(line)).collect();
        lines.join("\n")
    }

    /// Whether some field needs the marks explained.
    pub(super) fn has_marks(&self) -> bool {
        self.fields.iter().any(FieldView::is_marked)
    }

    /// The fields as plain text.
    pub(super) fn plain_fields(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(FieldView::plain).collect();
        fields.join("\n")
    }
}

/// A line of a list in plain text.
pub(super) fn item(text: &str) -> String {
    wrap(text, Indent { first: "  * ", rest: "    " })
}

/// A list in plain text.
pub(super) fn items(lines: &[String]) -> String {
    lines.iter().map(|line| item(line)).collect::<Vec<_>>().join("\n")
}

/// The lines of a postal address, blank ones left out.
pub(super) fn postal_lines(address: Option<&str>) -> Vec<String> {
    address.unwrap_or_default().lines().map(one_line).filter(|line| !line.is_empty()).collect()
}

/// The fields of a change within its budget, and how many are not shown.
pub(super) fn fields_of(change: &Change) -> (Vec<FieldView>, usize) {
    let mut budget = Budget::of_a_change(change.entry.fields.len().min(MAX_FIELDS));
    let mut fields = Vec::new();
    let sought = found_words(change);
    for field in change.entry.fields.iter().take(MAX_FIELDS) {
        if budget.is_spent() {
            break;
        }
        let field = FieldView::of(field, &sought, &mut budget);
        fields.push(if change.is_notice() { field.unchanged() } else { field });
    }
    let left_out = change.entry.fields.len() - fields.len();
    (fields, left_out)
}

/// The names by which a change concerns anybody, as its texts have them.
fn found_words(change: &Change) -> Vec<&str> {
    let texts = |found: &Match| {
        let context = change.entry.context.iter().filter(|(name, _)| *name == found.field);
        context.map(|(_, text)| text.as_str()).find(|text| found.stands_in(text))
    };
    let words = |found: &Match| texts(found)?.get(found.span.clone());
    let mut found: Vec<&str> =
        change.matches.iter().filter_map(words).filter(|words| !words.is_empty()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

impl FieldView {
    fn of(field: &FieldChange, sought: &[&str], budget: &mut Budget) -> Self {
        let name = shorten(&one_line(&field.name), 80);
        if field.name == LINKS {
            return Self::of_links(name, field);
        }
        let difference = difference(field, sought, budget);
        let whole = match (&field.before, &field.after) {
            (Some(before), Some(after)) => Some((inert(before), inert(after))).filter(|(before, after)| {
                difference.left_out_chars == 0
                    && before.chars().count().max(after.chars().count()) <= SHORT_CHARS
            }),
            _ => None,
        };
        let left_out = (difference.left_out_chars > 0)
            .then(|| format!("{} more changed characters are not shown", difference.left_out_chars));
        Self { name, body: FieldBody::Words { pieces: difference.pieces, whole }, left_out }
    }

    fn of_links(name: String, field: &FieldChange) -> Self {
        let lines = |text: &Option<String>| -> Vec<String> {
            text.as_deref().unwrap_or_default().lines().map(str::to_owned).collect()
        };
        let (before, after) = (lines(&field.before), lines(&field.after));
        let gone = before.iter().filter(|line| !after.contains(line)).map(|line| (Fate::Removed, line));
        let come = after.iter().filter(|line| !before.contains(line)).map(|line| (Fate::Added, line));
        let mut rows: Vec<LinkRow> = gone.chain(come).map(|(fate, line)| LinkRow::of(fate, line)).collect();
        let hidden = rows.len().saturating_sub(MAX_LINKS);
        rows.truncate(MAX_LINKS);
        let left_out = (hidden > 0).then(|| format!("{hidden} more links are not shown"));
        Self { name, body: FieldBody::Links(rows), left_out }
    }

    /// The same with nothing in it new: a notice tells what was there already.
    fn unchanged(mut self) -> Self {
        match &mut self.body {
            FieldBody::Words { pieces, .. } => {
                for piece in pieces {
                    if let Piece::Words(fate, _) = piece {
                        *fate = Fate::Kept;
                    }
                }
            }
            FieldBody::Links(rows) => rows.iter_mut().for_each(|row| row.fate = Fate::Kept),
        }
        self
    }

    /// Whether removed and added words are told apart by marks inside the text.
    pub(super) fn is_marked(&self) -> bool {
        let is_changed = |piece: &Piece| matches!(piece, Piece::Words(Fate::Removed | Fate::Added, _));
        match &self.body {
            FieldBody::Words { pieces, whole: None } => {
                pieces.iter().any(is_changed) && !is_one_sided(pieces)
            }
            _ => false,
        }
    }

    /// The field as plain text: its name, then lines that begin with `-` and `+`, or a marked text.
    pub(super) fn plain(&self) -> String {
        let mut lines = vec![format!("  {}", self.name)];
        lines.extend(match &self.body {
            FieldBody::Words { whole: Some((before, after)), .. } => {
                vec![signed(Fate::Removed, before), signed(Fate::Added, after)]
            }
            FieldBody::Words { pieces, whole: None } if is_one_sided(pieces) => {
                vec![set(pieces, indent_of(fate_of(pieces)), |_, words| words.to_owned())]
            }
            FieldBody::Words { pieces, whole: None } => {
                vec![set(&marked(pieces), Indent::of("    "), |_, words| words.to_owned())]
            }
            FieldBody::Links(rows) => rows.iter().map(|row| signed(row.fate, &row.words())).collect(),
        });
        lines.extend(self.left_out.iter().map(|left_out| format!("    ({left_out})")));
        lines.join("\n")
    }
}

/// Whether nothing but removed words, or nothing but added ones, is there.
fn is_one_sided(pieces: &[Piece]) -> bool {
    let fate = fate_of(pieces);
    fate != Fate::Kept
        && pieces.iter().all(|piece| match piece {
            Piece::Words(other, _) => *other == fate,
            Piece::Gap => true,
        })
}

fn fate_of(pieces: &[Piece]) -> Fate {
    pieces
        .iter()
        .find_map(|piece| match piece {
            Piece::Words(fate, _) => Some(*fate),
            Piece::Gap => None,
        })
        .unwrap_or(Fate::Kept)
}

pub(super) fn indent_of(fate: Fate) -> Indent<'static> {
    let first = match fate {
        Fate::Kept => "      ",
        Fate::Removed => "    - ",
        Fate::Added => "    + ",
    };
    Indent { first, rest: "      " }
}

fn signed(fate: Fate, text: &str) -> String {
    wrap(text, indent_of(fate))
}

/// The pieces with `[-removed-]` and `{+added+}` as part of their text. Marks that the source
/// itself wrote are parted by a blank, so that it cannot forge them.
fn marked(pieces: &[Piece]) -> Vec<Piece> {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Gap => Piece::Gap,
            Piece::Words(fate, text) => {
                let text =
                    text.replace("[-", "[ -").replace("-]", "- ]").replace("{+", "{ +").replace("+}", "+ }");
                let words = text.trim();
                let (open, close) = match fate {
                    _ if words.is_empty() => ("", ""),
                    Fate::Kept => ("", ""),
                    Fate::Removed => ("[-", "-]"),
                    Fate::Added => ("{+", "+}"),
                };
                let head = if text.starts_with(' ') { " " } else { "" };
                let tail = if text.ends_with(' ') { " " } else { "" };
                Piece::Words(Fate::Kept, format!("{head}{open}{words}{close}{tail}"))
            }
        })
        .collect()
}

impl LinkRow {
    fn of(fate: Fate, row: &str) -> Self {
        let (label, address) = row.split_once('\t').unwrap_or(("", row));
        let link = Link::of(address).ok_or_else(|| shorten(&one_line(address), 200));
        Self { fate, label: shorten(&one_line(label), 200), link }
    }

    /// The link as plain text.
    pub(super) fn words(&self) -> String {
        let address = match &self.link {
            Ok(link) => format!("<{}>", link.href),
            Err(text) => text.clone(),
        };
        if self.label.is_empty() { address } else { format!("{} {address}", self.label) }
    }
}

impl ProofView {
    pub(super) fn of(evidence: &Evidence) -> Self {
        Self {
            link: Link::of(&evidence.url),
            address: shorten(&one_line(&evidence.url), 500),
            read_at: evidence.read_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            status: evidence.status,
            sha256: one_line(evidence.sha256.as_str()),
        }
    }
}

/// Since when a notice's entry is known to be there, in words.
pub(super) fn listed_since(change: &Change) -> String {
    match change.entry.date {
        Some(date) => format!("{date}, the date it bears"),
        None => format!("{} or earlier, when it was read first", moment(change.previous.read_at)),
    }
}

/// Why a change concerns the companies `followed`, and which others it names. Where none is
/// followed, all it concerns are explained.
pub(super) fn concerns(
    change: &Change,
    followed: &[&CompanyId],
    short_name: impl Fn(&CompanyId) -> String,
) -> (Vec<String>, Option<String>) {
    let all = change.companies();
    let (mine, others): (Vec<&CompanyId>, Vec<&CompanyId>) =
        all.into_iter().partition(|company| followed.is_empty() || followed.contains(company));
    let mut lines = Vec::new();
    for company in mine {
        let name = shorten(&one_line(&short_name(company)), 80);
        let found = proofs(change, company);
        lines.extend(
            found
                .iter()
                .take(MAX_EXPLAINED)
                .map(|found| format!("{name}: {}", explanation(found, change.entry.kind))),
        );
        let more = found.len().saturating_sub(MAX_EXPLAINED);
        if more > 0 {
            lines.push(format!("{name}: found by {more} more names"));
        }
    }
    let others: Vec<String> =
        others.into_iter().map(|company| shorten(&one_line(&short_name(company)), 80)).collect();
    let others = (!others.is_empty()).then(|| format!("also named, not followed: {}", others.join(", ")));
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
        all.into_iter().partition(|found| found.part != Part::Entry);
    if changed.is_empty() { stood.into_iter().take(1).collect() } else { changed }
}

/// The first sentence.
pub(super) fn lead(notice: &Notice) -> String {
    let names: Vec<String> =
        notice.company_names().into_iter().map(|name| shorten(&one_line(name), 80)).collect();
    let names = listed(&names);
    let sources: BTreeSet<_> = notice.told.iter().map(|told| &told.change.source).collect();
    match notice.told.as_slice() {
        [] => {
            "This mail proves that regwatch can reach you. Alerts will come from the same sender.".to_owned()
        }
        all if notice.pause.is_some() => summed_up(notice, all, &names),
        all if notice.is_of_what_stood() => what_stood(all, &names),
        [told] => format!(
            "{names}: an entry of “{}” was {}.",
            shorten(&one_line(&told.change.source_title), MAX_TITLE_CHARS),
            told.change.entry.happened()
        ),
        all if sources.len() == 1 => format!(
            "{names}: {} entries of “{}” changed.",
            all.len(),
            shorten(&one_line(&all[0].change.source_title), MAX_TITLE_CHARS)
        ),
        all => format!("{names}: {} entries of {} sources changed.", all.len(), sources.len()),
    }
}

/// The first sentence of what sums a pause up.
fn summed_up(notice: &Notice, told: &[Told], names: &str) -> String {
    let (stood, news): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|told| told.change.is_notice());
    let entries = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("one entry {one}")),
        count => Some(format!("{count} entries {many}")),
    };
    let parts = [
        entries(news.len(), "changed", "changed"),
        entries(stood.len(), "that stood already was matched", "that stood already were matched"),
    ];
    let when = notice.pause.map(|pause| format!(" from {} to {}", moment(pause.since), moment(pause.until)));
    format!(
        "{names}: while your mail was paused{}, {}. This one mail tells all of it.",
        when.unwrap_or_default(),
        parts.into_iter().flatten().collect::<Vec<_>>().join(", and ")
    )
}

/// The first sentence of a notice.
fn what_stood(told: &[Told], names: &str) -> String {
    let titles: BTreeSet<String> =
        told.iter().map(|told| shorten(&one_line(&told.change.source_title), MAX_TITLE_CHARS)).collect();
    let titles: Vec<String> = titles.into_iter().map(|title| format!("“{title}”")).collect();
    let entries = match told.len() {
        1 => format!("an entry about {names} stands"),
        many => format!("{many} entries about {names} stand"),
    };
    format!(
        "This is a notice, not news: the company registry changed, and on {} {entries} already.",
        listed(&titles)
    )
}

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

/// Names the changes that are not shown in full.
pub(super) fn brief(told: &[Told]) -> Vec<String> {
    let line = |told: &Told| {
        let change = told.change;
        let title = shorten(&one_line(&change.entry.title), 120);
        let source = shorten(&one_line(&change.source_title), 80);
        format!("{source}: {title} ({}, {})", change.entry.happened(), change.id.short())
    };
    told.iter().map(line).collect()
}

/// Counts what else the same reads found and the mail does not show, each part with its reason.
pub(super) fn untold(untold: Untold) -> Option<String> {
    let Untold { elsewhere, unasked, other, possible, of_nobody } = untold;
    let parts: [(usize, &str, &str); 5] = [
        (
            elsewhere,
            "one more entry about what you follow, which is told in a mail of its own",
            "more entries about what you follow, which are told in mails of their own",
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
            "one more entry that may name a company you follow; a person looks at it first",
            "more entries that may name a company you follow; a person looks at them first",
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

/// By what right a mail's reader is told, each subscription once.
pub(super) fn reasons(notice: &Notice) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for subscription in notice.told.iter().flat_map(|told| &told.followed) {
        let reason = reason(subscription, notice.watchlist);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// What never appears in the sources of a mail: each once, in the order in which they are told.
pub(super) fn misses(notice: &Notice) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for Told { change, .. } in &notice.told {
        let Some(missed) = notice.misses.and_then(|misses| misses.get(&change.source)) else { continue };
        let line = missed_on(&change.source_title, missed);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What never appears in a source, after its name.
pub(super) fn missed_on(source_title: &str, missed: &str) -> String {
    format!("{}: {}", shorten(&one_line(source_title), 80), shorten(&one_line(missed), MAX_MISSED_CHARS))
}

fn reason(subscription: &Subscription, watchlist: &Watchlist) -> String {
    let since = subscription.confirmed_at.unwrap_or(subscription.requested_at).format("%Y-%m-%d");
    let by = match subscription.channel.as_str() {
        "operator" => "asked for by the operator".to_owned(),
        "mail" | "email" => "confirmed by mail".to_owned(),
        "web" => "confirmed on the web".to_owned(),
        channel => format!("by {}", shorten(&one_line(channel), 40)),
    };
    let name = shorten(&one_line(watchlist.short_name(&subscription.company)), 80);
    format!("{name} since {since} ({by})")
}

/// A moment to the minute, in UTC.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
