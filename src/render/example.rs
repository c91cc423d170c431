//! Every mail with example data written for it: how it looks before anybody gets one.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::addressed::Addressed;
use super::alert::notice;
use super::answer::answer;
use super::attestation::{Attestation, SeenChanges, attestation};
use super::foot::MailFoot;
use super::incident::incidents;
use super::notice::{Notice, ReportedChange};
use super::rendered::{RenderError, Rendered};
use super::retraction::{Withdrawal, retraction};
use super::screening_news::screening_news;
use crate::domain::change::{Change, ChangeKind, EntryChange, Evidence};
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::diff::diff;
use crate::domain::email::EmailAddress;
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::health::SourceHealth;
use crate::domain::id::{BodyHash, ChangeId, CompanyId, IncidentId, MailId, SourceId};
use crate::domain::inbound::{ConfirmToken, Purpose, ReplyKind, Selection};
use crate::domain::incident::{Incident, IncidentKind, Notification};
use crate::domain::listed::ListedOn;
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::noise::Noise;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::retraction::Retraction;
use crate::domain::scoring::Score;
use crate::domain::screening::{
    KnownFinding, ListFreshness, ListLook, Screened, ScreeningAnswer, ScreeningFinding, ScreeningNews, Since,
};
use crate::domain::subscription::{Cadence, EndedPause, Filter, Subscriber, Subscription, Wish};
use crate::domain::topic::Topic;

mod faces;

pub use faces::{AlertAbout, example_alert};

/// Where the reader of the examples is.
const ZONE: Tz = Tz::Europe__Berlin;

/// Puts a mail with example data into words.
///
/// # Errors
/// A template that cannot be filled in.
pub fn example(kind: MailKind, to: &EmailAddress, service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
    let example = Example::new(to);
    let selection = || Selection { topics: vec![example.topic.clone()], ..Selection::default() };
    match kind {
        MailKind::Confirmation => {
            let token = ConfirmToken::of(0x5eed_0000_0000_0000_0000_0000_0000_0000);
            let stranger = Subscriber::new(to.clone());
            example.answer(&stranger, &ReplyKind::Confirm(Purpose::Subscribe(selection()), token), service)
        }
        MailKind::Welcome => example.answer(&example.reader, &ReplyKind::Welcome(selection()), service),
        MailKind::List => example.answer(&example.reader, &ReplyKind::List, service),
        MailKind::Pause => {
            let mut reader = example.reader.clone();
            reader.begin_pause(Some(at("2031-03-01T00:00:00Z")), at("2031-02-10T09:00:00Z"));
            example.answer(&reader, &ReplyKind::Paused, service)
        }
        MailKind::Goodbye => {
            let mut reader = example.reader.clone();
            reader.leave(Some(&example.topic), at("2031-02-10T09:00:00Z"));
            example.answer(&reader, &ReplyKind::Goodbye(vec![example.topic.clone()]), service)
        }
        MailKind::Help => example.answer(&example.reader, &ReplyKind::Help, service),
        MailKind::Alert => example.notice(&example.changes[1..], Cadence::Immediate, service),
        MailKind::Digest => example.notice(&example.changes, Cadence::Daily, service),
        MailKind::Test => notice(&example.begun(service).as_test()),
        MailKind::NoContact => example.answer(&example.reader, &ReplyKind::Never, service),
        MailKind::Resume => {
            let since = Some(at("2031-02-03T09:00:00Z"));
            example.answer(&example.reader, &ReplyKind::Resumed(since), service)
        }
        MailKind::Notice => example.notice(&[example.listed_already()], Cadence::Immediate, service),
        MailKind::Summary => example.summary(service),
        MailKind::Coverage => example.attestation(service),
        MailKind::Retraction => example.retraction(service),
        MailKind::Screening => screening(service),
        MailKind::Incident => incident(Notification::Begun, service),
        MailKind::Recovery => incident(Notification::Over, service),
    }
}

/// A reader, a company, a source and what changed there.
struct Example {
    reader: Subscriber,
    topic: Topic,
    watchlist: Watchlist,
    changes: Vec<Change>,
    health: Vec<SourceHealth>,
}

#[expect(clippy::expect_used, reason = "the texts are constants, each exercised by a test")]
fn constant<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a constant")
}

/// When the examples happen.
fn at(text: &str) -> DateTime<Utc> {
    constant(text)
}

impl Example {
    fn new(to: &EmailAddress) -> Self {
        let company: CompanyId = constant("example-cameras");
        let watchlist = watchlist(&company);
        let topic = Topic::from(company);
        let mut reader = Subscriber::new(to.clone());
        let wish = Wish {
            topic: &topic,
            only: Filter::default(),
            confirmed: true,
            channel: "mail",
            agreed_to: None,
        };
        reader.follow(wish, at("2031-01-07T09:00:00Z"));
        reader.preferences.zone = ZONE;
        let changes = changes(&watchlist);
        Self { reader, topic, watchlist, changes, health: health() }
    }

    fn answer(
        &self,
        reader: &Subscriber,
        said: &ReplyKind,
        service: &MailFoot<'_>,
    ) -> Result<Rendered, RenderError> {
        let addressed = Addressed {
            subscriber: reader,
            service: *service,
            watchlist: &self.watchlist,
            missed: 0,
            listed: &listed(),
            takes_mail: true,
            health: &[],
            now: at("2031-02-10T09:00:00Z"),
        };
        answer(said, &addressed)
    }

    fn retraction(&self, service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
        let changes: Vec<&Change> = self.changes.iter().take(1).collect();
        let told = Mail::queued(
            MailId::derive(&["example"]),
            self.reader.address.clone(),
            "Example Cameras: Example List entry added".to_owned(),
            "example@regwatch.invalid".to_owned(),
            changes.iter().map(|change| change.id.clone()).collect(),
            at("2031-02-10T06:20:00Z"),
        );
        let told = Mail { state: MailState::Sent, ..told };
        let reason = Some("The agency served a draft by mistake.".to_owned());
        let taken_back = Retraction {
            is_restored: true,
            ..Retraction::of(changes[0], &self.changes, reason, at("2031-02-10T09:00:00Z"))
        };
        retraction(&Withdrawal {
            retraction: &taken_back,
            mail: &told,
            changes,
            zone: ZONE,
            now: at("2031-02-10T09:00:00Z"),
            service: *service,
        })
    }

    fn begun<'a>(&'a self, service: &MailFoot<'a>) -> Notice<'a> {
        Notice::new(&self.reader.address, &self.watchlist, *service, at("2031-02-10T06:20:00Z")).in_zone(ZONE)
    }

    fn notice(
        &self,
        changes: &[Change],
        cadence: Cadence,
        service: &MailFoot<'_>,
    ) -> Result<Rendered, RenderError> {
        let followed: Vec<&Subscription> = self.reader.subscriptions.iter().collect();
        let told = changes
            .iter()
            .map(|change| ReportedChange { change, followed: followed.clone(), deadline: None, page: None })
            .collect();
        let health = if cadence.is_digest() { &self.health[..] } else { &[] };
        let told = Notice { told, cadence, ..self.begun(service).with_health(health) };
        notice(&told.leading_to(|change| self.page_of(change, service)))
    }

    /// Where the reader sees a change with its evidence, where there is a web server.
    fn page_of(&self, change: &Change, service: &MailFoot<'_>) -> Option<String> {
        service.web.map(|web| web.change(&change.id, &self.reader.address, at("2031-02-10T06:20:00Z")))
    }

    /// A change as of an entry that was there before its company was tracked.
    fn listed_already(&self) -> Change {
        let mut change = self.changes[0].clone();
        change.entry.kind = ChangeKind::AlreadyListed;
        change.id = ChangeId::derive(&["example", "listed already"]);
        change
    }

    fn summary(&self, service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
        let pause = EndedPause { since: at("2031-02-03T09:00:00Z"), until: at("2031-02-10T09:00:00Z") };
        let followed: Vec<&Subscription> = self.reader.subscriptions.iter().collect();
        let told = self.changes.iter().map(|change| ReportedChange {
            change,
            followed: followed.clone(),
            deadline: None,
            page: None,
        });
        let told = Notice { told: told.collect(), pause: Some(pause), ..self.begun(service) };
        notice(&told.leading_to(|change| self.page_of(change, service)))
    }

    fn attestation(&self, service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
        attestation(&Attestation {
            reader: &self.reader,
            since: at("2031-02-03T08:00:00Z"),
            until: at("2031-02-10T08:00:00Z"),
            seen: SeenChanges::default(),
            health: &self.health,
            watchlist: &self.watchlist,
            service: *service,
        })
    }
}

#[expect(clippy::expect_used, reason = "one company of constant names, exercised by a test")]
fn watchlist(company: &CompanyId) -> Watchlist {
    let aliases = vec![
        Alias::new("Example Cameras", AliasKind::Trade),
        Alias::new("示例摄像科技", AliasKind::NativeScript),
    ];
    let name = "Example Cameras Technology Co., Ltd.";
    Watchlist::new(vec![Company { aliases, ..Company::new(company.clone(), name) }]).expect("constant names")
}

const BEFORE: &str = "Video surveillance equipment produced by Example Cameras Technology Co., Ltd., to the extent it \
    is used for the purpose of public safety or security of government facilities.";
const AFTER: &str = "Video surveillance equipment produced by Example Cameras Technology Co., Ltd. (示例摄像科技) or \
    any of its affiliates, to the extent it is used for the purpose of public safety, security of government \
    facilities or other national security purposes.";

/// One entry came and one was reworded.
fn changes(watchlist: &Watchlist) -> Vec<Change> {
    let entry = |key: &str, title: &str, text: &str| {
        let mut entry = Entry::new(key, title).with("equipment", text);
        entry.date = Some(constant("2031-02-03"));
        entry.url = Some(format!("https://agency.example/list#{key}"));
        entry
    };
    let list = |entries| Document::new(entries, Completeness::Whole, Resemblance::Title);
    let cameras = |text| entry("cameras", "Equipment of Example Cameras Technology", text);
    let services = entry("services", "Services", "Telecommunications services provided by Example Cameras.");
    let before = list(vec![cameras(BEFORE)]);
    let mut found = diff(&before, &list(vec![cameras(AFTER), services]), &Noise::default());
    found.sort_by_key(|change| change.kind);
    let together = found.len();
    found.into_iter().map(|entry| change(entry, together, watchlist)).collect()
}

fn change(entry: EntryChange, found_together: usize, watchlist: &Watchlist) -> Change {
    let evidence = |body: &str, read_at: &str| Evidence {
        url: "https://agency.example/list".to_owned(),
        read_at: at(read_at),
        status: 200,
        sha256: BodyHash::of(body.as_bytes()),
    };
    Change {
        id: ChangeId::derive(&["example", &entry.key]),
        source: constant("example-list"),
        source_title: "Example List of Covered Equipment".to_owned(),
        found_at: at("2031-02-10T06:15:03Z"),
        ordinal: 0,
        found_together,
        matches: watchlist.concerned(&[], &entry.context),
        possible: Vec::new(),
        numbers: crate::domain::event::Numbers::default(),
        retracted_at: None,
        evidence: evidence("after", "2031-02-10T06:15:02Z"),
        previous: evidence("before", "2031-02-09T06:15:02Z"),
        entry,
    }
}

fn listed() -> Vec<ListedOn> {
    let entry = ("Example Cameras Co., Ltd.".to_owned(), "2031-01-15".parse().ok());
    let nothing = |title: &str, is_read| ListedOn {
        source_title: title.to_owned(),
        entries: Vec::new(),
        more: 0,
        is_read,
        misses: None,
    };
    let list = ListedOn {
        source_title: "Example List of Covered Equipment".to_owned(),
        entries: vec![entry],
        more: 2,
        is_read: true,
        misses: Some("equipment that is authorised case by case".to_owned()),
    };
    vec![list, nothing("Example Court of Appeals", true), nothing("Example Register", false)]
}

fn health() -> Vec<SourceHealth> {
    let source = |id: &str, title: &str, failing_since: Option<DateTime<Utc>>| SourceHealth {
        source: constant::<SourceId>(id),
        title: title.to_owned(),
        last_good_at: Some(at("2031-02-10T06:15:02Z")),
        failing_since,
        good: 84,
        unread: u32::from(failing_since.is_some()),
    };
    vec![
        source("example-list", "Example List of Covered Equipment", None),
        source("example-court", "Example Court of Appeals", Some(at("2031-02-10T07:00:00Z"))),
    ]
}

fn incident(telling: Notification, service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
    let opened_at = at("2031-02-10T06:15:02Z");
    let incident = Incident {
        id: IncidentId::derive(&["example"]),
        kind: IncidentKind::Held,
        source: Some(constant("example-list")),
        title: "Example List of Covered Equipment".to_owned(),
        reason: "looks like a block page: the title is \"Access Denied\"".to_owned(),
        members: Vec::new(),
        opened_at,
        reopened_at: None,
        closed_at: (telling == Notification::Over).then_some(opened_at + TimeDelta::hours(5)),
        told_at: None,
        times_told: 0,
        end_told_at: None,
        ending: None,
    };
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    incidents(service.name, &[(telling, &incident)], day, opened_at + TimeDelta::hours(6))
}

/// What is new of suppliers: one is listed, and another is no longer.
fn screening(service: &MailFoot<'_>) -> Result<Rendered, RenderError> {
    let at = at("2031-02-10T09:00:00Z");
    let list: SourceId = constant("example-list");
    let finding = ScreeningFinding {
        answer: ScreeningAnswer::Listed,
        list: list.clone(),
        key: "example".to_owned(),
        entry: "Example Cameras Co., Ltd.".to_owned(),
        name: "Example Cameras Co., Ltd.".to_owned(),
        score: Score::of(1.0),
        reason: "1.00: the weight of the words they share (× 1.00); shared: example, camera".to_owned(),
        company: None,
        date: "2031-02-09".parse().ok(),
        since: Some(Since { at, was_added: true }),
        url: Some("https://www.example.gov/list".to_owned()),
    };
    let gone = KnownFinding {
        name: "Sample Drones".to_owned(),
        list: list.clone(),
        key: "sample".to_owned(),
        answer: ScreeningAnswer::Possible,
        entry: "Sample Drone Works".to_owned(),
    };
    let look = ListLook {
        id: list,
        title: "Example List of Covered Equipment".to_owned(),
        read_at: Some(at),
        entries: 120,
        standing: ListFreshness::Current,
        reason: None,
        does_not_show: None,
        effect: Some("Equipment on the list gets no new authorization".to_owned()),
        authority: Some("47 CFR 2.903".to_owned()),
        url: "https://www.example.gov/list".to_owned(),
    };
    let news = ScreeningNews { found: vec![("Example Cameras".to_owned(), finding)], gone: vec![gone] };
    let screened = Screened { at, lists: vec![look], names: Vec::new() };
    screening_news(service.name, (&constant("suppliers"), true), &news, &screened)
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_kind_of_mail_has_an_example() {
        let (to, help) = (constant("ann@example.org"), constant("help@tracker.example"));
        let service = MailFoot {
            name: "Example Watch",
            mailbox: &help,
            help_address: &help,
            postal_address: Some("Example Street 1"),
            web: None,
        };
        let mut subjects = std::collections::BTreeSet::new();
        for &kind in MailKind::VARIANTS {
            let mail = example(kind, &to, &service).unwrap();
            assert!(mail.text.len() > 100 && mail.html.contains("<html"), "{kind}");
            assert_eq!(mail.kind, kind);
            subjects.insert(mail.subject);
        }
        assert_eq!(subjects.len(), MailKind::VARIANTS.len(), "{subjects:#?}");
    }
}
