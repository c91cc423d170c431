//! Which numbers a change has, and which it only speaks of.

use std::collections::BTreeSet;

use crate::domain::change::{ChangeKind, EntryChange};
use crate::domain::comparable::comparable;
use crate::domain::docket::{self, CaseNumber};
use crate::domain::entry::{LINKS, family};
use crate::domain::numbers::DocumentNumber;
use crate::domain::source::{Source, SourceKind};

/// A change that speaks of more documents is a collection, of which the first are kept.
const MAX_CITED: usize = 24;

/// Of a long text so much is looked through.
const MAX_TEXT_BYTES: usize = 100_000;

/// The numbers of the document or docket entry itself.
pub(super) fn own(source: &Source, entry: &EntryChange) -> Vec<DocumentNumber> {
    // Of entries that are about the same thing nobody can say which one a number means.
    if family(&entry.key) != entry.key {
        return Vec::new();
    }
    let numbers = match &source.kind {
        SourceKind::FederalRegister(_) => of_register(entry),
        SourceKind::Feed => of_item(entry),
        SourceKind::Ecfs(_) => DocumentNumber::ecfs_filing(&entry.key).into_iter().collect(),
        SourceKind::CourtRss(_)
        | SourceKind::PacerDocket(_)
        | SourceKind::ScotusDocket(_)
        | SourceKind::Courtlistener(_) => of_docket(source, entry),
        _ => Vec::new(),
    };
    numbers.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a field says now; of an entry that is gone what it said.
fn said<'a>(entry: &'a EntryChange, name: &str) -> Option<&'a str> {
    if let Some(changed) = entry.fields.iter().find(|field| field.name == name) {
        return changed.after.as_deref().or(changed.before.as_deref());
    }
    entry.context.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
}

/// A document of the Federal Register: its number, the page it begins on, and where the FCC released it the number of
/// that release, which stands among its dockets as a line of its own. A correction is about the document it corrects,
/// and is none that the FCC released under that number.
fn of_register(entry: &EntryChange) -> Vec<DocumentNumber> {
    let Some(number) = said(entry, "number").and_then(DocumentNumber::fr_document) else { return Vec::new() };
    let citation = said(entry, "citation").and_then(DocumentNumber::fr_citation);
    let is_correction = said(entry, "corrects").is_some_and(|corrected| !corrected.trim().is_empty());
    let dockets = said(entry, "docket").filter(|_| !is_correction).unwrap_or_default();
    let mut releases: Vec<DocumentNumber> = dockets.lines().filter_map(DocumentNumber::fcc).collect();
    // One that bears several is made of several, and is none of them.
    if releases.len() > 1 {
        releases.clear();
    }
    [number].into_iter().chain(citation).chain(releases).collect()
}

/// An item of a feed: the document at its address, or whose number its title begins with.
fn of_item(entry: &EntryChange) -> Vec<DocumentNumber> {
    let at_its_address = entry.url.as_deref().and_then(DocumentNumber::of_address);
    at_its_address.or_else(|| DocumentNumber::fcc_of_title(&entry.title)).into_iter().collect()
}

/// An entry with a number on the docket of a case. Case numbers are the same in many courts: the court must be known,
/// or the caption be the same.
fn of_docket(source: &Source, entry: &EntryChange) -> Vec<DocumentNumber> {
    let number = said(entry, docket::NUMBER).and_then(|number| number.trim().parse::<u32>().ok());
    let case = said(entry, docket::DOCKET).map(CaseNumber::of).and_then(|case| case.spelled());
    let (Some(number), Some(case)) = (number, case) else { return Vec::new() };
    let in_court = court(source, entry).map(|court| DocumentNumber::court_entry(&court, &case, number));
    let caption = said(entry, docket::CAPTION).map(folded).filter(|caption| caption.contains(" v "));
    let captioned = caption.map(|caption| DocumentNumber::captioned_entry(&caption, &case, number));
    in_court.into_iter().chain(captioned).collect()
}

/// The court on whose server a docket is read, as its host names it: `cadc` of `ecf.cadc.uscourts.gov`.
fn court(source: &Source, entry: &EntryChange) -> Option<String> {
    if matches!(source.kind, SourceKind::ScotusDocket(_)) {
        return Some("scotus".to_owned());
    }
    let of_entry = entry.url.as_deref().and_then(|url| url.parse::<url::Url>().ok());
    [Some(&source.url), of_entry.as_ref()].into_iter().flatten().find_map(|url| {
        let court = url.host_str()?.strip_suffix(".uscourts.gov")?;
        let court = court.rsplit('.').next().filter(|court| !court.is_empty() && *court != "pcl")?;
        Some(court.to_lowercase())
    })
}

/// A caption with nothing of it but its words.
fn folded(caption: &str) -> String {
    comparable(caption).replace(" vs ", " v ")
}

/// The numbers that the new words of a change speak of.
pub(super) fn cited(entry: &EntryChange) -> Vec<DocumentNumber> {
    let mut cited = BTreeSet::new();
    let new_words: Vec<(&str, &str, Option<&str>)> = match entry.kind {
        // What an amended entry said already is no news of another document.
        ChangeKind::Amended => entry
            .fields
            .iter()
            .filter_map(|field| Some((field.name.as_str(), field.after.as_deref()?, field.before.as_deref())))
            .collect(),
        _ => std::iter::once(("title", entry.title.as_str(), None))
            .chain(entry.fields.iter().filter_map(|field| {
                let text = field.after.as_deref().or(field.before.as_deref())?;
                Some((field.name.as_str(), text, None))
            }))
            .collect(),
    };
    for (name, after, before) in new_words {
        let known: BTreeSet<_> = before.map(|before| said_in(name, before)).unwrap_or_default();
        cited.extend(said_in(name, after).into_iter().filter(|number| !known.contains(number)));
    }
    cited.into_iter().take(MAX_CITED).collect()
}

fn said_in(name: &str, text: &str) -> BTreeSet<DocumentNumber> {
    let text = &text[..crate::domain::text::boundary_before(text, MAX_TEXT_BYTES.min(text.len()))];
    match name {
        LINKS => {
            let addresses = text.lines().filter_map(|line| Some(line.split_once('\t')?.1));
            addresses.filter_map(DocumentNumber::of_address).collect()
        }
        "corrects" | "corrected_by" => text.lines().filter_map(DocumentNumber::fr_document).collect(),
        _ => DocumentNumber::said_in(text).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Numbers;
    use super::*;
    use crate::domain::diff::whole;
    use crate::domain::entry::Entry;
    use crate::domain::source::{DocketSettings, FederalRegisterSettings};

    fn numbers(kind: SourceKind, url: &str, entry: &Entry) -> (Vec<String>, Vec<String>) {
        let source = Source { url: url.parse().unwrap(), ..Source::sample(kind) };
        let Numbers { own, cited } = Numbers::of(&source, &whole(ChangeKind::Added, entry));
        let shown = |numbers: Vec<DocumentNumber>| numbers.iter().map(ToString::to_string).collect();
        (shown(own), shown(cited))
    }

    fn register(entry: &Entry) -> (Vec<String>, Vec<String>) {
        let kind = SourceKind::FederalRegister(FederalRegisterSettings { inspection: None, pages: 1 });
        numbers(kind, "https://www.federalregister.gov/api/v1/documents.json", entry)
    }

    fn document(number: &str) -> Entry {
        Entry::new(number, "Additions to the list").with("number", number)
    }

    #[test]
    fn a_document_of_the_register_has_its_number_its_page_and_the_release_that_it_publishes() {
        let entry = document("2026-25555")
            .with("citation", "91 FR 12345")
            .with("docket", "ET Docket No. 21-232\nDA 26-1011\nFR ID 317032")
            .with("abstract", "The list of 85 FR 29853 grows.");
        let (own, cited) = register(&entry);
        assert_eq!(own, ["FR Doc. 2026-25555", "91 FR 12345", "DA 26-1011"]);
        assert_eq!(cited, ["85 FR 29853"]);
    }

    #[test]
    fn a_correction_is_not_the_release_that_it_corrects() {
        let entry = document("C1-2026-25555").with("docket", "DA 26-1011").with("corrects", "2026-25555");
        assert_eq!(register(&entry).0, ["FR Doc. C1-2026-25555"]);
        let of_two = document("2026-25555").with("docket", "DA 26-1011\nFCC 26-71");
        assert_eq!(register(&of_two).0, ["FR Doc. 2026-25555"]);
    }

    #[test]
    fn what_an_item_of_a_feed_speaks_of_is_not_its_own() {
        let item = |title: &str, url: Option<&str>, text: &str| {
            let mut entry = Entry::new("g-1", title).with("text", text);
            entry.url = url.map(str::to_owned);
            numbers(SourceKind::Feed, "https://agency.test/feed", &entry)
        };
        let fr = "https://www.federalregister.gov/documents/2026/11/20/2026-25555/x";
        assert_eq!(item("A rule", Some(fr), "It follows 90 FR 1.").0, ["FR Doc. 2026-25555"]);
        assert_eq!(item("DA 26-1011: A notice", None, "").0, ["DA 26-1011"]);
        let (own, cited) =
            item("Comments on DA 26-1011", Some("https://agency.test/1"), "See FR Doc. 2026-1.");
        assert_eq!(
            (own.as_slice(), cited.as_slice()),
            (&[][..], &["FR Doc. 2026-1".to_owned(), "DA 26-1011".to_owned()][..])
        );
    }

    #[test]
    fn an_entry_of_a_docket_is_known_by_its_court_or_its_caption_and_not_by_its_number_alone() {
        let entry = |caption: &str, number: &str| {
            Entry::new(format!("23-1032/{number}"), "x")
                .with(docket::DOCKET, "23-1032")
                .with(docket::KIND, "order")
                .with(docket::NUMBER, number)
                .with(docket::CAPTION, caption)
        };
        let own = |url: &str, entry: Entry| {
            let source = Source {
                url: url.parse().unwrap(),
                ..Source::sample(SourceKind::CourtRss(DocketSettings::default()))
            };
            let own = Numbers::of(&source, &whole(ChangeKind::Added, &entry)).own;
            own.into_iter().map(|number| number.value).collect::<Vec<_>>()
        };
        let feed = "https://ecf.cadc.uscourts.gov/feed";
        assert_eq!(
            own(feed, entry("Hikvision USA, Inc. v. FCC", "5")),
            ["23-1032#5@cadc", "23-1032#5@hikvision usa inc v fcc"]
        );
        let elsewhere = "https://courts.test/feed";
        assert_eq!(
            own(elsewhere, entry("Hikvision USA Inc vs. FCC", "5")),
            ["23-1032#5@hikvision usa inc v fcc"]
        );
        assert_eq!(own(elsewhere, entry("In re Hikvision", "5")), [""; 0]);
        assert_eq!(
            own(feed, entry("Hikvision USA, Inc. v. FCC", "")),
            [""; 0],
            "a minute entry has no number"
        );
        let mut twin = entry("Hikvision USA, Inc. v. FCC", "5");
        twin.key.push_str("~2");
        assert_eq!(own(feed, twin), [""; 0]);
    }

    #[test]
    fn an_amended_entry_speaks_of_what_its_new_words_speak_of() {
        let field = |before: &str, after: &str| crate::domain::change::FieldChange {
            name: "citation".to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        };
        let mut amended = whole(ChangeKind::Amended, &Entry::new("a", "DA 20-1: a title of old"));
        amended.fields = vec![field("84 FR 22963, 5/21/19.", "84 FR 22963, 5/21/19. 91 FR 12345, 11/20/26.")];
        let shown: Vec<String> = cited(&amended).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["91 FR 12345"]);
    }
}
