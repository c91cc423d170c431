//! Mails as their readers get them, and hostile text that must stay inert in them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::domain::alert::{AlertItem, all_alerts_of};
use crate::domain::change::{Change, ChangeKind, EntryChange, Evidence, FieldChange};
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::deadline::Deadline;
use crate::domain::email::EmailAddress;
use crate::domain::event::{DocumentNumber, Tie};
use crate::domain::grouping::{CollectionRules, MAX_ITEMS, WaitingItem, plan};
use crate::domain::health::SourceHealth;
use crate::domain::id::{BodyHash, ChangeId, CompanyId};
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Cadence, EndedPause, Filter, Subscriber, Wish};
use crate::domain::untold::Untold;

const OLD_TEXT: &str = "Video surveillance and telecommunications equipment produced by Hangzhou Hikvision \
    Digital Technology Company, to the extent it is used for the purpose of public safety, security of \
    government facilities, physical security surveillance of critical infrastructure, and other national \
    security purposes, including equipment produced by any subsidiary of such an entity.";
const NEW_TEXT: &str = "Video surveillance and telecommunications equipment produced by Hangzhou Hikvision \
    Digital Technology Company, to the extent it is used for the purpose of public safety, security of \
    government facilities, physical security surveillance of critical infrastructure, and other national \
    security purposes, including equipment produced by any subsidiary or affiliate of such an entity, and \
    services provided by it.";

pub(super) fn company(id: &str, name: &str, alias: &str) -> Company {
    let aliases = vec![Alias::new(alias, AliasKind::Trade)];
    Company { aliases, ..Company::new(id.parse().unwrap(), name) }
}

fn watchlist() -> Watchlist {
    Watchlist::new(vec![
        company("hikvision", "Hangzhou Hikvision Digital Technology Co., Ltd.", "Hikvision"),
        company("dahua", "Zhejiang Dahua Technology Co., Ltd.", "Dahua"),
        company("zte", "ZTE Corporation", "ZTE"),
    ])
    .unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn evidence(body: &str, read_at: &str) -> Evidence {
    Evidence {
        url: "https://agency.test/supplychain/coveredlist".to_owned(),
        read_at: at(read_at),
        status: 200,
        sha256: BodyHash::of(body.as_bytes()),
    }
}

fn field(name: &str, before: Option<&str>, after: Option<&str>) -> FieldChange {
    FieldChange { name: name.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

fn change(kind: ChangeKind, title: &str, fields: Vec<FieldChange>) -> Change {
    let mut context = vec![("title".to_owned(), title.to_owned())];
    context.extend(
        fields
            .iter()
            .flat_map(|f| [&f.after, &f.before].map(|t| (f.name.clone(), t.clone().unwrap_or_default()))),
    );
    Change {
        ordinal: 0,
        found_together: 1,
        id: ChangeId::derive(&["covered-list", title]),
        source: "covered-list".parse().unwrap(),
        source_title: "FCC Covered List".to_owned(),
        matches: watchlist().concerned(&[], &context),
        possible: Vec::new(),
        numbers: crate::domain::event::Numbers::default(),
        retracted_at: None,
        entry: EntryChange {
            kind,
            key: "key".to_owned(),
            title: title.to_owned(),
            date: "2021-03-12".parse().ok(),
            url: Some("https://agency.test/supplychain/coveredlist#hikvision".to_owned()),
            fields,
            context,
        },
        found_at: at("2026-11-24T06:00:03Z"),
        evidence: evidence("new", "2026-11-24T06:00:02Z"),
        previous: evidence("old", "2026-11-23T06:00:04Z"),
    }
}

fn amended() -> Change {
    change(
        ChangeKind::Amended,
        "Video surveillance equipment produced by Hikvision and Dahua",
        vec![
            field("date", Some("March 12, 2021"), Some("March 12, 2021; amended November 20, 2026")),
            field("equipment", Some(OLD_TEXT), Some(NEW_TEXT)),
            field(
                "links",
                Some("Public Notice\thttps://agency.test/DA-21-309\nOrder\tjavascript:alert(1)"),
                Some(
                    "Public Notice\thttps://agency.test/DA-21-309\nAmendment\thttps://docs.agency.test/DA-26-1",
                ),
            ),
        ],
    )
}

fn subscriber() -> Subscriber {
    let mut subscriber = Subscriber::new("ann@example.org".parse().unwrap());
    for (company, channel, since) in
        [("hikvision", "operator", "2026-11-02T09:00:00Z"), ("zte", "mail", "2026-11-03T09:00:00Z")]
    {
        let wish = Wish {
            topic: &id(company).into(),
            only: Filter::default(),
            confirmed: true,
            channel,
            agreed_to: None,
        };
        subscriber.follow(wish, at(since));
    }
    subscriber
}

fn id(text: &str) -> CompanyId {
    text.parse().unwrap()
}

/// A service without a web server or a mailbox: a person takes every wish in.
fn service(help: &EmailAddress) -> MailFoot<'_> {
    MailFoot { name: "Example Watch", mailbox: help, help_address: help, postal_address: None, web: None }
}

pub(super) fn told(changes: &[Change]) -> Rendered {
    told_with(changes, &BTreeMap::new())
}

fn told_with(changes: &[Change], ties: &BTreeMap<ChangeId, Vec<Tie>>) -> Rendered {
    let (subscriber, watchlist) = (subscriber(), watchlist());
    let help: EmailAddress = "help@tracker.example".parse().unwrap();
    let items: Vec<_> = changes
        .iter()
        .flat_map(|change| {
            all_alerts_of(change).iter().map(|alert| (AlertItem::of(alert), change)).collect::<Vec<_>>()
        })
        .collect();
    let waiting = items.iter().map(|(item, change)| WaitingItem { item, change, told_as: None });
    let collecting = CollectionRules { wait: TimeDelta::zero(), lead: TimeDelta::days(7) };
    let plan = plan(&subscriber, waiting, collecting, at("2026-11-24T06:00:04Z"));
    let postal = Some("Example Watch\n1 Example Street, 10115 Berlin");
    let service = MailFoot { postal_address: postal, ..service(&help) };
    let built = Notice::new(&subscriber.address, &watchlist, service, at("2026-11-24T06:00:04Z"))
        .telling(&plan.bundles[0])
        .tied_by(ties);
    notice(&built).unwrap()
}

/// That another source told the same, or only cites it.
fn tie(change: &Change, source: &str, is_certain: bool) -> Tie {
    let number = DocumentNumber::fr_document("2026-25555").unwrap();
    let id = ChangeId::derive(&[source]);
    let source_title = format!("{source}\r\nBcc: <b>x</b>");
    Tie {
        change: Change { id, source: source.parse().unwrap(), source_title, ..change.clone() },
        number,
        is_certain,
    }
}

#[test]
fn what_other_sources_tell_is_named_in_every_form_of_a_mail() {
    let one = amended();
    let ties = vec![tie(&one, "register", true), tie(&one, "feed", false), tie(&one, "bureau", true)];
    let mail = told_with(std::slice::from_ref(&one), &[(one.id.clone(), ties.clone())].into());
    let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["Also told by register", "; bureau", "(FR Doc. 2026-25555)", "See also feed"] {
        assert!(text.contains(words), "{words}: {}", mail.text);
    }
    assert!(mail.html.contains("Also told by") && mail.html.contains("See also"), "{}", mail.html);
    assert!(!mail.html.contains("<b>x") && !mail.text.contains("\nBcc"), "{}", mail.text);

    let many: Vec<Change> = (0..25)
        .map(|number| Change { id: ChangeId::derive(&[&number.to_string()]), ..one.clone() })
        .collect();
    let all = many.iter().map(|change| (change.id.clone(), ties.clone())).collect();
    let mail = told_with(&many, &all);
    assert_eq!(mail.html.matches("; also told by bureau").count(), 25, "{}", mail.html);
    assert!(!told(&many).html.contains("also told by"));
}

#[test]
fn an_amended_entry_is_told_with_its_difference_its_reason_and_its_proof() {
    let mail = told(&[amended()]);
    assert_eq!(mail.subject, "Hikvision: entry amended on the FCC Covered List");
    insta::assert_snapshot!("amended.txt", mail.text);
    insta::assert_snapshot!("amended.html", mail.html);
}

#[test]
fn what_differs_is_quoted_as_its_source_has_it() {
    let mut change = amended();
    change.entry.fields = vec![field("date", Some("2021-03-12"), Some("2021-12-03"))];
    let Rendered { text, html, .. } = told(&[change]);
    for quoted in ["2021-03-12", "2021-12-03"] {
        assert!(text.contains(quoted), "{quoted}: {text}");
        assert!(html.contains(quoted), "{quoted}: {html}");
    }
}

#[test]
fn what_became_of_a_docket_entry_is_said() {
    let mut filed = change(
        ChangeKind::Amended,
        "23-1032 Hikvision USA, Inc. v. FCC: ORDER",
        vec![field("links", None, Some("document 7\thttps://court.test/docs1/7"))],
    );
    filed.entry.context.push(("docket".to_owned(), "23-1032".to_owned()));
    filed.entry.context.push(("kind".to_owned(), "order".to_owned()));
    let mail = told(std::slice::from_ref(&filed));
    assert_eq!(mail.subject, "Hikvision: document attached to order in 23-1032");
    assert!(mail.text.contains("Document attached to order in 23-1032 (Hikvision)."), "{}", mail.text);
    assert!(mail.html.contains("Document attached to order in 23-1032 (Hikvision)."), "{}", mail.html);
    let shown = for_terminal(&filed, ToString::to_string, chrono_tz::Tz::UTC, false);
    assert!(shown.contains(" amended (document attached)  FCC Covered List"), "{shown}");
    filed.entry.kind = ChangeKind::Removed;
    let text = told(&[filed]).text.replace('\n', " ");
    assert!(text.contains("Order gone from the docket of 23-1032 (Hikvision)."), "{text}");
}

#[test]
fn several_changes_are_one_mail() {
    let added = change(
        ChangeKind::Added,
        "ZTE modems",
        vec![
            field("equipment", None, Some("Modems produced by ZTE Corporation")),
            field("date", None, Some("2026")),
        ],
    );
    let mail = told(&[amended(), added]);
    assert_eq!(mail.subject, "ZTE added to the FCC Covered List (+1 other change)");
    insta::assert_snapshot!("several.txt", mail.text);
}

#[test]
fn what_stood_already_is_told_as_a_notice_in_which_nothing_is_new() {
    let fields = vec![
        field("equipment", None, Some("Modems produced by ZTE Corporation")),
        field("links", None, Some("Order\thttps://agency.test/DA-21-309")),
    ];
    let mut listed = change(ChangeKind::AlreadyListed, "ZTE modems", fields);
    listed.entry.date = None;
    let mail = told(std::slice::from_ref(&listed));
    assert_eq!(mail.subject, "[notice] ZTE already listed on the FCC Covered List");
    insta::assert_snapshot!("notice.txt", mail.text);
    assert!(!mail.html.contains("<ins") && !mail.html.contains("<del"), "{}", mail.html);
    let second = Change { id: ChangeId::derive(&["second"]), ..listed.clone() };
    let mail = told(&[listed, second]);
    assert_eq!(mail.subject, "[notice] ZTE already listed on the FCC Covered List (+1 entry)");
    assert!(mail.text.contains("2 entries about ZTE are already on the FCC Covered List"), "{}", mail.text);
}

/// A notice that differs from one before it says so.
#[test]
fn what_is_made_once_for_many_is_what_each_would_have_been_told_alone() {
    let (ann, watchlist) = (subscriber(), watchlist());
    let (help, bob): (EmailAddress, EmailAddress) =
        ("help@tracker.example".parse().unwrap(), "bob@example.org".parse().unwrap());
    let mut changes = [amended(), change(ChangeKind::Added, "Radios produced by Hikvision", Vec::new())];
    // How many days are left depends on when it is told.
    changes[0].entry.context.push(("comments_close".to_owned(), "2026-12-10".to_owned()));
    let told = |change, of: &[usize], deadline| ReportedChange {
        change,
        followed: of.iter().map(|index| &ann.subscriptions[*index]).collect(),
        deadline,
        page: None,
    };
    let alert = |to| Notice {
        told: vec![told(&changes[0], &[0], None)],
        ..Notice::new(to, &watchlist, service(&help), at("2026-11-24T06:00:04Z"))
    };
    let page = |of: &str| Some(format!("https://tracker.example/{of}"));
    let with_page = |to, of| alert(to).leading_to(|_| page(of));
    let presses = Deadline { date: "2026-12-01".parse().unwrap(), what: "comments close" };
    let since = at("2026-11-01T09:00:00Z");
    let health = [SourceHealth {
        source: "covered-list".parse().unwrap(),
        title: "FCC Covered List".to_owned(),
        last_good_at: Some(since),
        failing_since: None,
        good: 3,
        unread: 0,
    }];
    let notices = [
        alert(&ann.address),
        alert(&bob),
        with_page(&ann.address, "ann"),
        with_page(&bob, "bob"),
        Notice { told: vec![told(&changes[0], &[0, 1], None)], ..alert(&bob) },
        Notice { told: vec![told(&changes[0], &[0], Some(presses))], ..alert(&bob) },
        Notice { told: vec![told(&changes[1], &[0], None)], ..alert(&bob) },
        Notice { told: changes.iter().map(|change| told(change, &[0], None)).collect(), ..alert(&bob) },
        alert(&bob).in_zone(chrono_tz::America::New_York),
        Notice { now: at("2026-11-25T06:00:04Z"), ..alert(&bob) },
        Notice { part: Some((1, 2)), ..alert(&bob) },
        Notice { cadence: Cadence::Weekly, ..alert(&bob) },
        Notice { pause: Some(EndedPause { since, until: at("2026-11-20T09:00:00Z") }), ..alert(&bob) },
        alert(&bob).with_health(&health),
        alert(&bob).leaving_out(Untold { of_nobody: 1, ..Untold::default() }),
        alert(&bob).as_test(),
    ];
    let views = AlertViews::default();
    let alone: Vec<Rendered> = notices.iter().map(|one| notice(one).unwrap()).collect();
    for _ in 0..2 {
        for (one, alone) in notices.iter().zip(&alone) {
            assert_eq!(views.notice(one).unwrap(), *alone);
        }
    }
    let different: BTreeSet<(&str, &str)> = alone.iter().map(|mail| (&*mail.subject, &*mail.html)).collect();
    assert_eq!(different.len(), notices.len(), "each shows in what it differs");
}

#[test]
fn what_else_the_same_read_found_is_counted_and_not_shown() {
    let (subscriber, watchlist) = (subscriber(), watchlist());
    let help: EmailAddress = "help@tracker.example".parse().unwrap();
    let leaving_out = |untold| {
        let blank = Notice::new(&subscriber.address, &watchlist, service(&help), at("2026-11-24T06:00:04Z"));
        notice(&blank.leaving_out(untold)).unwrap().text.replace('\n', " ")
    };
    for (untold, words) in [
        (Untold { of_nobody: 1, ..Untold::default() }, "changed in one more entry, which names no company"),
        (Untold { of_nobody: 3, ..Untold::default() }, "changed in 3 more entries, which name no company"),
        (
            Untold { elsewhere: 50, ..Untold::default() },
            "50 more entries about what you follow, in separate mails",
        ),
        (Untold { unasked: 1, ..Untold::default() }, "in a way you did not ask for"),
        (Untold { possible: 2, ..Untold::default() }, "a person checks them first"),
        (Untold { other: 1, ..Untold::default() }, "which is not part of this mail"),
    ] {
        let text = leaving_out(untold);
        assert!(text.contains(words), "{text}");
        assert_eq!(text.contains("no company you follow"), untold.of_nobody > 0, "{text}");
    }
    assert!(!leaving_out(Untold::default()).contains("more entr"), "all that was found is shown");
}

#[test]
fn with_a_web_server_the_foot_leads_to_the_readers_own_pages() {
    let (subscriber, watchlist) = (subscriber(), watchlist());
    let help: EmailAddress = "help@tracker.example".parse().unwrap();
    let base = "https://tracker.example/".parse().unwrap();
    let web = WebAddresses::new(&base, LinkKey::new([7; 32]));
    let links = web.of(&subscriber.address);
    let service = MailFoot { web: Some(&web), ..service(&help) };
    let mail =
        notice(&Notice::new(&subscriber.address, &watchlist, service, at("2026-11-24T06:00:04Z"))).unwrap();
    for link in [&links.manage, &links.unsubscribe] {
        assert!(mail.text.lines().any(|line| line.trim() == link), "{}", mail.text);
        assert!(mail.html.contains(&format!("<a href=\"{link}\">")), "{}", mail.html);
    }
    assert!(!mail.text.contains("write \"unsubscribe\""), "{}", mail.text);
}

#[test]
fn a_test_says_that_it_is_one() {
    let (subscriber, watchlist) = (subscriber(), watchlist());
    let help: EmailAddress = "help@tracker.example".parse().unwrap();
    let mail = notice(
        &Notice::new(&subscriber.address, &watchlist, service(&help), at("2026-11-24T06:00:04Z")).as_test(),
    )
    .unwrap();
    assert_eq!(mail.subject, "[test] Example Watch can reach you");
    insta::assert_snapshot!("test.txt", mail.text);
}

#[test]
fn a_terminal_shows_the_same_with_and_without_colour() {
    let names = watchlist();
    let plain = for_terminal(&amended(), |id| names.short_name(id).to_owned(), chrono_tz::Tz::UTC, false);
    insta::assert_snapshot!("terminal.txt", plain);
    let coloured = for_terminal(&amended(), |id| names.short_name(id).to_owned(), chrono_tz::Tz::UTC, true);
    insta::assert_snapshot!("terminal.ansi", coloured.replace('\u{1b}', "␛"));
}

pub(super) const HOSTILE: &str = "Hikvision</p><script>alert(1)</script><a href=\"https://evil.test\">agency.test</a> \
    \u{202e}gpj.exe\u{202c} \u{1b}]0;owned\u{7}\u{1b}[2J\r\nBcc: victim@example.org\r\n\r\n.\r\n {{ 7*7 }} & 'x'";

pub(super) fn hostile() -> Change {
    let mut change = change(
        ChangeKind::Amended,
        HOSTILE,
        vec![
            field(HOSTILE, Some("Hikvision"), Some(HOSTILE)),
            field(
                "links",
                None,
                Some(&format!("{HOSTILE}\tjavascript:alert(1)\nx\thttps://agency.test@evil.test/")),
            ),
            field("long", Some(&"Hikvision [-forged-] ".repeat(20)), Some(HOSTILE)),
        ],
    );
    change.source_title = HOSTILE.to_owned();
    change.entry.url = Some("javascript:alert(1)".to_owned());
    change.evidence.url = format!("https://agency.test/\"><script>{HOSTILE}");
    change
}

#[test]
fn hostile_text_stays_text() {
    let mail = told(&[hostile()]);
    let is_inert = |c: char| c == '\n' || !crate::domain::text::is_deceptive(c);
    for text in [&mail.subject, &mail.text, &mail.html] {
        assert!(text.chars().all(is_inert), "{text}");
    }
    assert!(!mail.subject.contains('\n') && mail.subject.chars().count() <= 70, "{}", mail.subject);
    for tag in ["<script", "<a href=\"https://evil", "href=\"javascript", "@evil.test/\"", "&quot;><"] {
        assert!(!mail.html.contains(tag), "{tag} in {}", mail.html);
    }
    assert!(mail.html.contains("&#60;script&#62;") || mail.html.contains("&lt;script&gt;"));
    assert!(!mail.text.contains("[-forged-]"), "{}", mail.text);
    assert!(!mail.text.lines().any(|line| line.starts_with("Bcc")), "{}", mail.text);
    let names = watchlist();
    let shown = for_terminal(&hostile(), |id| names.short_name(id).to_owned(), chrono_tz::Tz::UTC, true);
    let sequences = shown.matches('\u{1b}').count();
    let own = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().find_iter(&shown).count();
    assert_eq!(sequences, own, "{shown:?}");
}

#[test]
fn a_mail_stays_small_however_much_changed() {
    let long = "<&\"海 x> ".repeat(2_000);
    let fields = || (0..14).map(|n| field(&format!("field{n}"), Some("old"), Some(&long))).collect();
    let many = (0..300).map(|n| {
        let title = format!("Hikvision {n} {}", "&".repeat(500));
        let mut change = change(ChangeKind::Amended, &title, Vec::new());
        change.entry.fields = fields();
        change
    });
    let changes: Vec<Change> = many.collect();
    for count in [1, 2, 300] {
        let mail = told(&changes[..count]);
        assert!(mail.html.len() < 100_000, "{count}: {} bytes", mail.html.len());
        assert!(mail.text.len() < 100_000, "{count}: {} bytes", mail.text.len());
        assert!(mail.text.contains("more fields are not shown"));
        assert!(mail.text.contains("more changed characters are not shown"));
    }
    let mail = told(&changes);
    let others = format!(" (+{} more) (part 1 of 3)", MAX_ITEMS - 1);
    assert!(mail.subject.starts_with("Hikvision: ") && mail.subject.ends_with(&others), "{}", mail.subject);
    for change in &changes[..MAX_ITEMS] {
        let id = change.id.short();
        assert!(mail.text.contains(id) && mail.html.contains(id), "{id} is not named");
    }
}

#[test]
fn alternating_words_stay_small_too() {
    let before: String = (0..3_000).map(|n| format!("<a{n}> same ")).collect();
    let after: String = (0..3_000).map(|n| format!("<b{n}> same ")).collect();
    let fields = (0..12).map(|n| field(&format!("f{n} Hikvision"), Some(&before), Some(&after))).collect();
    let mail = told(&[change(ChangeKind::Amended, "Hikvision", fields)]);
    assert!(mail.html.len() < 100_000, "{} bytes", mail.html.len());
}

#[test]
fn text_lines_keep_to_76_columns() {
    use unicode_width::UnicodeWidthStr;
    for line in told(&[amended()]).text.lines() {
        assert!(line.width() <= 76 || !line.trim().contains(' '), "{line}");
    }
}
