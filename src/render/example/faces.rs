//! Alerts about the kinds of sources that the example of an alert is not about, and one of many changes.

use std::collections::BTreeMap;

use super::{Example, at, constant};
use crate::domain::change::{Change, ChangeKind, EntryChange, Evidence};
use crate::domain::deadline::Deadline;
use crate::domain::diff::diff;
use crate::domain::email::EmailAddress;
use crate::domain::entry::{Completeness, Document, Entry, LINKS, Resemblance};
use crate::domain::id::{BodyHash, ChangeId, SourceId};
use crate::domain::noise::Noise;
use crate::domain::source::ListMeaning;
use crate::domain::subscription::Subscription;
use crate::render::alert::notice;
use crate::render::face::{Face, SourceWords};
use crate::render::foot::MailFoot;
use crate::render::notice::{Notice, ReportedChange};
use crate::render::rendered::{RenderError, Rendered};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertAbout {
    /// A filing on a docket.
    Docket,
    /// A company that was added to a list.
    Listed,
    /// A rule.
    Rule,
    /// So many changes that they are a table.
    Many,
}

impl AlertAbout {
    /// Each with the word for it.
    pub const ALL: [(&'static str, Self); 4] = [
        ("alert-docket", Self::Docket),
        ("alert-listed", Self::Listed),
        ("alert-rule", Self::Rule),
        ("alert-many", Self::Many),
    ];
}

/// Puts an alert with example data into words.
///
/// # Errors
/// A template that cannot be filled in.
pub fn example_alert(
    about: AlertAbout,
    to: &EmailAddress,
    service: &MailFoot<'_>,
) -> Result<Rendered, RenderError> {
    let example = Example::new(to);
    let changes = match about {
        AlertAbout::Docket => vec![docket()],
        AlertAbout::Listed => vec![listed("Example Cameras Technology Co., Ltd.")],
        AlertAbout::Rule => vec![rule()],
        AlertAbout::Many => many(),
    };
    let changes: Vec<Change> = changes.into_iter().map(|found| found.change(&example)).collect();
    let (followed, words): (Vec<&Subscription>, _) = (example.reader.subscriptions.iter().collect(), words());
    let begun = example.begun(service);
    let today = crate::render::when::day_of(begun.now, begun.zone);
    let told = changes.iter().map(|change| ReportedChange {
        change,
        followed: followed.clone(),
        deadline: Deadline::of(change, today),
        page: None,
    });
    let told = Notice { told: told.collect(), ..begun }.leading_to(|change| example.page_of(change, service));
    notice(&told.knowing(&words))
}

/// An entry and the source on which it came.
struct FoundEntry {
    source: &'static str,
    title: &'static str,
    entry: Entry,
}

impl FoundEntry {
    fn change(self, example: &Example) -> Change {
        let Self { source, title, entry } = self;
        let list = |entries| Document::new(entries, Completeness::Whole, Resemblance::Title);
        let found = diff(&list(Vec::new()), &list(vec![entry]), &Noise::default());
        let read = |body: &str, read_at: &str| Evidence {
            url: format!("https://agency.example/{source}"),
            read_at: at(read_at),
            status: 200,
            sha256: BodyHash::of(body.as_bytes()),
        };
        let entry = found.into_iter().next().unwrap_or_else(|| nothing(title));
        Change {
            id: ChangeId::derive(&["example", source, &entry.key]),
            source: constant(source),
            source_title: title.to_owned(),
            found_at: at("2031-02-10T06:15:03Z"),
            ordinal: 0,
            found_together: 1,
            matches: example.watchlist.concerned(&[], &entry.context),
            possible: Vec::new(),
            numbers: crate::domain::event::Numbers::default(),
            retracted_at: None,
            evidence: read("after", "2031-02-10T06:15:02Z"),
            previous: read("before", "2031-02-09T06:15:02Z"),
            entry,
        }
    }
}

/// What stands for an entry in which nothing differs, which no example has.
fn nothing(title: &str) -> EntryChange {
    EntryChange {
        kind: ChangeKind::Added,
        key: String::new(),
        title: title.to_owned(),
        date: None,
        url: None,
        fields: Vec::new(),
        context: Vec::new(),
    }
}

fn docket() -> FoundEntry {
    let text = "Per curiam order filed: the petition for review of Example Cameras Technology Co., Ltd. is denied. \
        Before: Judges A, B and C. [2104]";
    let mut entry = Entry::new("2104", "Order: petition of Example Cameras denied")
        .with("number", "2104")
        .with("kind", "order")
        .with("docket", "31-1032")
        .with("caption", "Example Cameras USA, Inc. v. Example Commission")
        .with("text", text)
        .with(LINKS, "document 2104\thttps://court.example/docs/2104.pdf");
    entry.date = Some(constant("2031-02-07"));
    entry.url = Some("https://court.example/31-1032#2104".to_owned());
    FoundEntry { source: "example-court", title: "Example Court of Appeals", entry }
}

fn listed(name: &str) -> FoundEntry {
    let mut entry = Entry::new(name, name)
        .with("address", "100 Example Road, Example City")
        .with("licence", "For all items subject to the rules; presumption of denial")
        .with("effective", "2031-02-12")
        .with("citation", "96 FR 10001");
    entry.url = Some("https://agency.example/entity-list".to_owned());
    FoundEntry { source: "example-entities", title: "Example Entity List", entry }
}

fn rule() -> FoundEntry {
    let mut entry = Entry::new("2031-02345", "Protecting Example Networks Against Covered Equipment")
        .with("type", "Proposed Rule")
        .with("agencies", "Example Communications Commission")
        .with("docket", "ET Docket No. 31-232")
        .with("comments_close", "2031-03-12")
        .with(
            "abstract",
            "The Commission proposes to revoke authorizations of equipment that Example Cameras and its affiliates \
             produced before the rule took effect.",
        );
    entry.date = Some(constant("2031-02-10"));
    entry.url = Some("https://register.example/2031-02345".to_owned());
    FoundEntry { source: "example-register", title: "Example Register", entry }
}

fn many() -> Vec<FoundEntry> {
    let branch = |number: u32| listed(&format!("Example Cameras Branch {number} Co., Ltd."));
    // The gravest first, as mails have it.
    (1..=22).map(branch).chain([docket(), rule()]).collect()
}

fn words() -> BTreeMap<SourceId, SourceWords> {
    let of = |face| SourceWords {
        title: "An example".to_owned(),
        face,
        labels: BTreeMap::new(),
        misses: None,
        listing: None,
        announcers: Vec::new(),
    };
    let labels = [("licence", "Licence policy"), ("citation", "Federal Register citation")];
    let listing = ListMeaning {
        effect: "Exports to the company need a licence".to_owned(),
        authority: "Example Export Regulations, part 744".to_owned(),
        deadline: None,
    };
    let entities = SourceWords {
        labels: labels.map(|(field, label)| (field.to_owned(), label.to_owned())).into(),
        listing: Some(listing),
        ..of(Face::List)
    };
    [
        (constant("example-court"), of(Face::Docket)),
        (constant("example-register"), of(Face::Rule)),
        (constant("example-entities"), entities),
    ]
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_source_has_an_alert_in_its_own_form() {
        let (to, help) = (constant("ann@example.org"), constant("help@tracker.example"));
        let service = MailFoot {
            name: "Example Watch",
            mailbox: &help,
            help_address: &help,
            postal_address: None,
            web: None,
        };
        let said = |about| example_alert(about, &to, &service).unwrap();
        let docket = said(AlertAbout::Docket).text.replace('\n', " ");
        assert!(docket.contains("#2104 · 7 February 2031 · Order · Per curiam order filed"), "{docket}");
        let listed = said(AlertAbout::Listed);
        assert_eq!(listed.subject, "Example Cameras added to Example Entity List, effective 12 Feb 2031",);
        assert!(listed.text.contains("Licence policy: For all items"), "{}", listed.text);
        assert!(said(AlertAbout::Rule).text.contains("Comments close  12 March 2031"));
        assert!(said(AlertAbout::Many).html.contains("<th scope=\"col\""));
    }
}
