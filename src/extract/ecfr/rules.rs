//! Rules of the Federal Register that amend a list of the Code, in their full text: whom each puts on the list, in which
//! words it takes others off. They say so days before the Code itself does.
//!
//! Several answers make a document. The first is a search of the API; which rules it finds is the source's own word for
//! its state, since the text of a rule never changes. The others are the texts of the newest rules, as XML: the amended
//! rows stand in tables with the list's columns, and what goes is named in the instructions.

use std::collections::HashSet;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;

use super::listed;
use super::part::{Division, PartCell, PartRow};
use crate::domain::bundle::BundlePart;
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use crate::domain::source::RulesSettings;
use crate::domain::text::{lines, one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::following::{WantedAnswer, address};
use crate::extract::table::folded;
use crate::extract::xml::{self, resolved, unexpected};
use crate::extract::{RawDocument, charset, entity, json};

/// A cell that is the only one of its row stands across the table.
const ACROSS: usize = 5;

/// So much of an instruction is its title.
const MAX_TITLE_CHARS: usize = 160;

/// See [`super::super::extract`].
pub(in crate::extract) fn extract(
    settings: &RulesSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    let Some(search) = parts.first() else {
        return Err(Unreadable::Missing { what: "the search for rules".to_owned() });
    };
    let found = FoundRule::newest(settings, search)?;
    let (mut entries, mut keys) = (Vec::new(), HashSet::new());
    for rule in &found {
        let Some(text) = parts.iter().find(|part| part.name == rule.document_number) else {
            return Err(Unreadable::Missing { what: format!("the text of {}", rule.document_number) });
        };
        // A rule that amends two tables may repeat a row.
        let amended = amended(text)?.into_iter().map(|entry| rule.entry(entry));
        entries.extend(amended.filter(|entry| keys.insert(entry.key.clone())));
    }
    if entries.is_empty() && !found.is_empty() {
        let what = format!("a table Country / Entity, or an entry that is removed, in {} rules", found.len());
        return Err(Unreadable::Missing { what });
    }
    Ok(Document::new(entries, Completeness::Window, Resemblance::Never))
}

/// The text of the newest rule that was not read yet.
pub(in crate::extract) fn wanted(
    settings: &RulesSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let Some(search) = parts.first() else { return Ok(None) };
    let is_read = |rule: &FoundRule| parts.iter().any(|part| part.name == rule.document_number);
    let Some(rule) = FoundRule::newest(settings, search)?.into_iter().find(|rule| !is_read(rule)) else {
        return Ok(None);
    };
    let Some(text) = rule.full_text_xml_url else {
        return Err(Unreadable::Missing {
            what: format!("the address of the text of {}", rule.document_number),
        });
    };
    Ok(Some(WantedAnswer { name: rule.document_number, url: address(search, &text)? }))
}

/// Which rules are the newest.
pub(in crate::extract) fn signal(settings: &RulesSettings, first: &BundlePart<'_>) -> Option<String> {
    let found = FoundRule::newest(settings, first).ok()?;
    let numbers: Vec<&str> = found.iter().map(|rule| rule.document_number.as_str()).collect();
    Some(numbers.join(" "))
}

#[derive(Deserialize)]
struct RuleSearch {
    results: Option<Vec<FoundRule>>,
    count: Option<u64>,
}

/// A rule that was found.
#[derive(Deserialize)]
struct FoundRule {
    document_number: String,
    title: Option<String>,
    publication_date: Option<String>,
    html_url: Option<String>,
    full_text_xml_url: Option<String>,
}

impl FoundRule {
    /// The rules that amend the list, the newest first.
    fn newest(settings: &RulesSettings, search: &BundlePart<'_>) -> Result<Vec<Self>, Unreadable> {
        let RuleSearch { results, count } = json::parse(&RawDocument::from(search))?;
        let results = match (results, count) {
            (Some(results), _) => results,
            // Where there are none, the API says only how many.
            (None, Some(0)) => Vec::new(),
            (None, _) => return Err(Unreadable::Missing { what: "the results of the search".to_owned() }),
        };
        let mut rules: Vec<Self> = results.into_iter().filter(|found| found.is_meant(settings)).collect();
        rules.sort_by(|one, other| other.publication_date.cmp(&one.publication_date));
        rules.truncate(settings.documents);
        Ok(rules)
    }

    fn is_meant(&self, settings: &RulesSettings) -> bool {
        let title = one_line(self.title.as_deref().unwrap_or_default()).to_lowercase();
        let says = |words: &String| title.contains(&words.to_lowercase());
        says(&settings.rules) && !settings.unless.iter().any(says)
    }

    /// What the rule says, as an entry of its own: the list may say it again.
    fn entry(&self, entry: Entry) -> Entry {
        let day = self.publication_date.as_deref().and_then(|day| day.parse().ok());
        let rule =
            format!("{} (FR Doc. {})", self.title.as_deref().unwrap_or_default(), self.document_number);
        let key = format!("{}/{}", self.document_number, entry.key);
        Entry { key, date: day.map(EntryDate::Day), url: self.html_url.clone(), ..entry }
            .with("rule", one_line(&rule))
    }
}

/// The rows that a rule adds or revises, and what it says of those that it removes.
fn amended(part: &BundlePart<'_>) -> Result<Vec<Entry>, Unreadable> {
    let text = charset::decode(&RawDocument::from(part));
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = &*entity::resolved(text)?;
    xml::check(text)?;
    let RuleWalk { tables, instructions, .. } = RuleWalk::through(text)?;
    // Other tables than the list's may stand in a rule.
    let rows = tables.iter().filter_map(|table| listed::entries(table).ok()).flatten();
    let removals = instructions.iter().filter(|words| is_removal(words)).map(|words| {
        let title = shorten(words, MAX_TITLE_CHARS);
        Entry::new(format!("instruction/{}", folded(&title)), title).with("text", words.clone())
    });
    Ok(rows.chain(removals).collect())
}

/// Whether an instruction names entries that go. Those that are added or revised stand in a table.
fn is_removal(instruction: &str) -> bool {
    let words = instruction.to_lowercase();
    words.contains("remov") && (words.contains("entry") || words.contains("entries"))
}

/// The XML of a rule, read from its beginning to its end without a tree.
#[derive(Default)]
struct RuleWalk {
    /// The names of the open elements.
    path: Vec<String>,
    tables: Vec<Division>,
    /// The table that is being read.
    rows: Option<Vec<PartRow>>,
    instructions: Vec<String>,
    instruction: Option<String>,
}

impl RuleWalk {
    fn through(text: &str) -> Result<Self, Unreadable> {
        let mut reader = Reader::from_str(text);
        let mut walk = Self::default();
        loop {
            match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
                Event::Start(tag) => walk.start(tag.local_name().as_ref()),
                Event::Empty(tag) => {
                    walk.start(tag.local_name().as_ref());
                    walk.end();
                }
                Event::End(_) => walk.end(),
                Event::Text(text) => walk.text(&text.xml10_content()),
                Event::CData(text) => walk.text(&text.xml10_content()),
                Event::GeneralRef(reference) => walk.text(&resolved(&reference)),
                Event::Eof => return Ok(walk),
                _ => {}
            }
        }
    }

    fn start(&mut self, name: &str) {
        let name = name.to_ascii_uppercase();
        match (&*name, &mut self.rows) {
            ("GPOTABLE", _) => self.rows = Some(Vec::new()),
            ("AMDPAR", _) => self.instruction = Some(String::new()),
            ("BOXHD" | "ROW", Some(rows)) => rows.push(PartRow::default()),
            ("CHED" | "ENT", Some(rows)) => {
                let cell = PartCell { text: String::new(), is_header: name == "CHED", columns: 1, rows: 1 };
                if let Some(row) = rows.last_mut() {
                    row.cells.push(cell);
                }
            }
            // Further lines of a cell.
            ("LI" | "P", _) => self.text_line("\n"),
            _ => {}
        }
        self.path.push(name);
    }

    fn end(&mut self) {
        match self.path.pop().as_deref() {
            Some("GPOTABLE") => {
                let rows = self.rows.take().unwrap_or_default();
                self.tables.push(Division::of_rows(rows.into_iter().filter_map(settled).collect()));
            }
            Some("AMDPAR") => {
                let words = one_line(&self.instruction.take().unwrap_or_default());
                if !words.is_empty() {
                    self.instructions.push(words);
                }
            }
            Some("LI" | "P") => self.text_line("\n"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        // What stands within a line of the source may be broken there; it is one line.
        let flat: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        self.text_line(&flat);
    }

    fn text_line(&mut self, text: &str) {
        if let Some(instruction) = &mut self.instruction {
            instruction.push_str(text);
        }
        let is_in_cell = self.path.iter().any(|name| name == "ENT" || name == "CHED");
        let row = self.rows.as_mut().and_then(|rows| rows.last_mut());
        if let Some(cell) = row.and_then(|row| row.cells.last_mut()).filter(|_| is_in_cell) {
            cell.text.push_str(text);
        }
    }
}

/// A row as the list's own are: one that says where rows were left out says nothing, and a cell that stands alone stands
/// across the table.
fn settled(mut row: PartRow) -> Option<PartRow> {
    let says = |cell: &PartCell| cell.text.chars().any(char::is_alphanumeric);
    if !row.cells.iter().any(says) {
        return None;
    }
    for cell in &mut row.cells {
        cell.text = lines(&cell.text);
    }
    if let [only] = &mut row.cells[..]
        && !only.is_header
    {
        only.columns = ACROSS;
    }
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::tests::part;

    const SEARCH: &str = "https://register.test/api/v1/documents.json?conditions[term]=list";

    fn settings() -> RulesSettings {
        RulesSettings { rules: "timber list".to_owned(), unless: vec!["correction".to_owned()], documents: 2 }
    }

    fn result(number: &str, title: &str, day: &str) -> String {
        format!(
            "{{\"document_number\":\"{number}\",\"title\":\"{title}\",\"publication_date\":\"{day}\",\
             \"html_url\":\"https://register.test/d/{number}\",\
             \"full_text_xml_url\":\"https://register.test/documents/full_text/xml/{number}.xml\"}}"
        )
    }

    fn search() -> String {
        let results = [
            result("2031-1", "Additions to the Timber List", "2031-01-07"),
            result("2031-3", "Timber List; Correction", "2031-08-01"),
            result("2031-2", "Revisions to the  Timber List", "2031-06-10"),
            result("2031-4", "Another rule", "2031-07-01"),
            result("2030-9", "Additions to the Timber List", "2030-07-01"),
        ];
        format!("{{\"count\": 5, \"results\": [{}]}}", results.join(","))
    }

    const STARS: &str = "<ROW><ENT I=\"28\">*         *         *         *</ENT></ROW>";

    fn rule(instructions: &str, rows: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<RULE><PREAMB><AGENCY>DEPARTMENT OF TREES</AGENCY></PREAMB>\
             <SUPLINF><GPOTABLE COLS=\"2\"><BOXHD><CHED H=\"1\">Year</CHED><CHED H=\"1\">Cost</CHED></BOXHD>\
             <ROW><ENT I=\"01\">2031</ENT><ENT>5</ENT></ROW></GPOTABLE></SUPLINF>\
             <REGTEXT TITLE=\"15\" PART=\"744\"><AMDPAR>1. The authority citation continues to read as follows:</AMDPAR>\
             {instructions}<GPOTABLE COLS=\"5\" OPTS=\"L1\"><BOXHD><CHED H=\"1\">Country</CHED><CHED H=\"1\">Entity</CHED>\
             <CHED H=\"1\">License<LI>requirement</LI></CHED><CHED H=\"1\">License review policy</CHED>\
             <CHED H=\"1\">Federal Register citation</CHED></BOXHD>{STARS}{rows}{STARS}</GPOTABLE></REGTEXT></RULE>"
        )
    }

    fn first() -> String {
        let rows = "<ROW><ENT I=\"01\">FREEDONIA, REPUBLIC OF</ENT></ROW>\
             <ROW><ENT I=\"22\"> </ENT><ENT>Alder &amp; Sons Co., Ltd., <E T=\"03\">a.k.a.,</E> the following one alias:\
             <LI>—Aldersons.</LI><LI>1 Elm Street,\n Freetown.</LI></ENT><ENT>For all items.</ENT>\
             <ENT>Presumption of denial.</ENT><ENT>96 FR [INSERT FR PAGE NUMBER], 1/7/31.</ENT></ROW>\
             <ROW><ENT I=\"22\"/><ENT>Birch Inc., 2 Elm Street.</ENT><ENT>For all items.</ENT><ENT>Case by case.</ENT><ENT/></ROW>";
        rule("<AMDPAR>2. Supplement No. 4 is amended by adding entries for “Alder”.</AMDPAR>", rows)
    }

    fn second() -> String {
        let row = "<ROW><ENT I=\"01\">SYLVANIA</ENT><ENT>Cedar Corp., 3 Elm Street.</ENT><ENT>For all items.</ENT>\
                   <ENT>Presumption of denial.</ENT><ENT>96 FR 1, 6/10/31.</ENT></ROW>";
        let removal = "<AMDPAR>a. Under SYLVANIA, by removing the <E T=\"03\">entry</E> for\n “Dogwood Trading LLC”;</AMDPAR>";
        rule(removal, row)
    }

    fn read(texts: &[(&str, String)]) -> Result<Document, String> {
        let search = search();
        let mut parts = vec![part("first", SEARCH, &search)];
        for (number, text) in texts {
            parts.push(part(number, &format!("https://register.test/{number}.xml"), text));
        }
        let body = crate::domain::bundle::encode(&parts);
        let url = SEARCH.parse().unwrap();
        let page = RawDocument { body: &body, content_type: None, url: &url };
        extract(&settings(), &page).map_err(|unreadable| unreadable.to_string())
    }

    #[test]
    fn the_texts_of_the_newest_rules_are_asked_for_one_after_the_other() {
        let search = search();
        let mut parts = vec![part("first", SEARCH, &search)];
        assert_eq!(signal(&settings(), &parts[0]).as_deref(), Some("2031-2 2031-1"));
        for number in ["2031-2", "2031-1"] {
            let next = wanted(&settings(), &parts).unwrap().unwrap();
            assert_eq!(
                next.url.as_str(),
                format!("https://register.test/documents/full_text/xml/{number}.xml")
            );
            parts.push(part(&next.name, next.url.as_str(), "text"));
        }
        assert_eq!(wanted(&settings(), &parts), Ok(None));
        let none = "{\"count\": 0}";
        assert_eq!(wanted(&settings(), &[part("first", SEARCH, none)]), Ok(None));
        assert!(wanted(&settings(), &[part("first", SEARCH, "{}")]).is_err());
        let elsewhere = search.replace("https://register.test/documents", "https://elsewhere.test/documents");
        assert!(wanted(&settings(), &[part("first", SEARCH, &elsewhere)]).is_err());
    }

    #[test]
    fn whom_a_rule_lists_is_an_entry_with_its_country_and_what_it_removes_is_one_in_its_words() {
        let document = read(&[("2031-2", second()), ("2031-1", first())]).unwrap();
        let shown: Vec<_> = document
            .entries
            .iter()
            .map(|entry| {
                (entry.key.as_str(), entry.title.as_str(), entry.fields.get("country").map(String::as_str))
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("2031-2/cedar-corp/sylvania", "Cedar Corp.", Some("SYLVANIA")),
                (
                    "2031-2/instruction/a-under-sylvania-by-removing-the-entry-for-dogwood-trading-llc",
                    "a. Under SYLVANIA, by removing the entry for “Dogwood Trading LLC”;",
                    None
                ),
                (
                    "2031-1/alder-sons-co-ltd/freedonia-republic-of",
                    "Alder & Sons Co., Ltd.",
                    Some("FREEDONIA, REPUBLIC OF")
                ),
                ("2031-1/birch-inc/freedonia-republic-of", "Birch Inc.", Some("FREEDONIA, REPUBLIC OF")),
            ]
        );
        let alder = &document.entries[2];
        assert_eq!(alder.fields["aliases"], "Aldersons.");
        assert_eq!(alder.fields["requirement"], "For all items.");
        assert_eq!(alder.fields["rule"], "Additions to the Timber List (FR Doc. 2031-1)");
        assert_eq!(alder.date.map(|date| date.to_string()).as_deref(), Some("2031-01-07"));
        assert_eq!(alder.url.as_deref(), Some("https://register.test/d/2031-1"));
        assert_eq!(document.completeness, Completeness::Window);
    }

    #[test]
    fn rules_that_are_not_there_or_list_nobody_are_refused() {
        assert!(read(&[("2031-2", second())]).unwrap_err().contains("the text of 2031-1"));
        let prose = "<RULE><P>Nobody.</P></RULE>".to_owned();
        let refused = read(&[("2031-2", prose.clone()), ("2031-1", prose.clone())]).unwrap_err();
        assert!(refused.contains("a table Country / Entity"), "{refused}");
        assert!(
            read(&[("2031-2", second()), ("2031-1", prose)]).is_ok(),
            "one of them may amend something else"
        );
        assert!(read(&[("2031-2", second()), ("2031-1", "<html>Request Access".to_owned())]).is_err());
    }
}
