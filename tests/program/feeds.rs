//! What feed readers, spreadsheets and calendars fetch: as they read it themselves, and only with a token where pages
//! need a log-in.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use regwatch::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::desk::Desk;
use super::left_out::left_out;
use super::web::Page;
use super::{HIKVISION_AMENDED, HUAWEI, ZTE, covered_list};

impl Desk {
    /// Asks on this machine with further header lines.
    #[track_caller]
    pub fn get_with(&self, path: &str, lines: &[&str]) -> Page {
        let host = format!("Host: {}", self.host);
        self.send("GET", path, &[&[host.as_str()], lines].concat(), "")
    }

    /// Asks as somebody of whom nobody knows who they are.
    #[track_caller]
    pub fn far(&self, path: &str, lines: &[&str]) -> Page {
        self.get_with(path, &[&["X-Forwarded-For: 192.0.2.1"], lines].concat())
    }

    /// Makes a token; gives it with its id.
    #[track_caller]
    pub fn token_of(&self, scopes: &[&str]) -> (String, String) {
        let mut arguments = vec!["token", "add", "--name", "a reader", "--json"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let made = self.service.home.run(&arguments).expect(0).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("token"), text("id"))
    }

    /// Has an entry come whose name a spreadsheet would take for a formula.
    fn told_of_a_formula(&self) {
        let formula = ("=1+1 Hikvision", ", and its <script>services</script>.", "November 20, 2026");
        self.service.site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED, formula]));
        self.service.home.check(0);
    }
}

/// A header's value.
fn header<'a>(page: &'a Page, name: &str) -> &'a str {
    let mut lines = page.head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| *known == name).map(|(_, value)| value).unwrap_or_default()
}

#[track_caller]
fn parsed(page: &Page) -> feed_rs::model::Feed {
    assert_eq!(page.status, 200, "{page:?}");
    feed_rs::parser::parse(page.body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {page:?}"))
}

#[test]
fn what_a_query_of_the_changes_finds_is_a_feed_and_a_table() {
    let desk = Desk::start();
    desk.service.followed();
    desk.told_of_a_formula();
    let page = desk.get("/changes?company=hikvision&kind=added");
    let query = "?company=hikvision&#38;kind=added";
    for (path, media) in [
        ("changes.atom", "application/atom+xml"),
        ("changes.json", "application/feed+json"),
        ("changes.csv", "text/csv"),
    ] {
        let mark = format!("<link rel=\"alternate\" type=\"{media}\"");
        assert!(page.body.contains(&mark) && page.body.contains(&format!("{path}{query}\"")), "{page:?}");
        assert!(header(&desk.get(&format!("/{path}")), "content-type").starts_with(media));
    }

    let (atom, json) = (parsed(&desk.get("/changes.atom")), parsed(&desk.get("/changes.json")));
    let ids =
        |feed: &feed_rs::model::Feed| feed.entries.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&atom).len(), 2, "{atom:?}");
    assert_eq!(ids(&atom), ids(&json), "an item has one id in every feed");
    assert!(ids(&atom).iter().all(|id| id.starts_with("urn:uuid:")), "{atom:?}");
    let first = &atom.entries[0];
    let content = first.content.as_ref().unwrap().body.as_deref().unwrap();
    assert!(content.contains("Hikvision") && !content.contains("<script"), "{content}");
    let page = first.links.iter().find(|link| link.rel.as_deref() == Some("alternate")).unwrap();
    let path = page.href.strip_prefix(&format!("http://{}", desk.host)).unwrap();
    assert_eq!(desk.get(path).status, 200, "{path}");

    let added = parsed(&desk.get("/changes.atom?company=hikvision&kind=added"));
    assert_eq!(ids(&added), ids(&atom)[..1]);
    assert_eq!(parsed(&desk.get("/changes.json?company=zte")).entries.len(), 0);

    let table = desk.get("/changes.csv").body;
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0]["title"].starts_with("'=1+1 Hikvision"), "{table}");
    assert_eq!((rows[0]["kind"].as_str(), rows[0]["companies"].as_str()), ("added", "hikvision"));
    assert_eq!(rows[0]["evidence_sha256"].len(), 64);
}

#[test]
fn who_has_a_feed_is_not_sent_it_again_until_it_is_another() {
    let desk = Desk::start();
    desk.service.followed();
    for path in ["/changes.atom", "/changes.json", "/changes.csv", "/deadlines.ics"] {
        let whole = desk.get(path);
        let known = format!("If-None-Match: {}", header(&whole, "etag"));
        let again = desk.get_with(path, &[&known]);
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}: {again:?}");
        assert_eq!(header(&again, "etag"), header(&whole, "etag"));
        assert_eq!(desk.get_with(path, &["If-None-Match: \"other\""]).body, whole.body, "{path}");
    }
    let known = format!("If-None-Match: {}", header(&desk.get("/changes.atom"), "etag"));
    desk.told_of_a_formula();
    assert_eq!(desk.get_with("/changes.atom", &[&known]).status, 200);
}

const FEEDS: [&str; 4] = ["/changes.atom", "/changes.json", "/changes.csv", "/deadlines.ics"];

#[test]
fn where_pages_need_a_log_in_a_feed_needs_a_token_that_can_be_revoked() {
    let desk = Desk::start();
    desk.service.followed();
    let (feeds, id) = desk.token_of(&["feeds"]);
    let (read, _) = desk.token_of(&["read"]);
    let (both, _) = desk.token_of(&["feeds", "read"]);
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    for path in FEEDS {
        let page = desk.far(path, &[]);
        assert_eq!(page.status, 401, "{path}: {page:?}");
        assert!(header(&page, "www-authenticate").starts_with("basic realm="), "{page:?}");
        let in_address = |token: &str| desk.far(&format!("{path}?token={token}"), &[]).status;
        assert_eq!((in_address(&feeds), in_address("rwt_0"), in_address("")), (200, 401, 401), "{path}");
        assert_eq!(
            (in_address(&read), in_address(&both)),
            (401, 401),
            "a token of more is no part of an address"
        );
        assert_eq!(desk.far(path, &[&bearer(&read)]).status, 200, "{path}");
        assert_eq!(desk.get_with(path, &[&bearer("wrong")]).status, 401, "{path}: a token speaks alone");
    }
    let feed = parsed(&desk.far(&format!("/changes.atom?token={feeds}"), &[]));
    assert!(feed.links.iter().all(|link| !link.href.contains("rwt_")), "{feed:?}");
    for path in ["/changes", "/", "/review", "/audit", "/subscribers"] {
        assert_ne!(desk.far(path, &[&bearer(&feeds)]).status, 200, "{path} is no feed");
    }
    assert_eq!(desk.far("/changes", &[&bearer(&read)]).status, 200);
    assert_ne!(desk.far("/subscribers", &[&bearer(&read)]).status, 200);
    assert_ne!(desk.far(&format!("/changes?token={feeds}"), &[]).status, 200);

    let listed = desk.service.home.run(&["token", "list", "--json"]).expect(0);
    assert!(
        listed.stdout.contains(&id) && !listed.stdout.contains("rwt_") && !listed.stdout.contains("hash")
    );
    desk.service.home.run(&["token", "revoke", &id]).expect(0);
    assert_eq!(desk.far(&format!("/changes.atom?token={feeds}"), &[]).status, 401);
    let audit = desk.get("/audit").body;
    for deed in ["add-token", "revoke-token"] {
        assert!(audit.contains(deed), "{deed} is missing in {audit}");
    }
    assert!(!audit.contains("rwt_"), "{audit}");
    desk.service.home.run(&["token", "revoke", "nothing"]).expect(1);
    desk.service.home.run(&["token", "add", "--name", "x", "--scope", "all"]).expect(2);
}

const REGISTER: &str = "/api/v1/documents.json";

fn serve_documents(desk: &Desk, documents: &[Value]) {
    let text = json!({ "count": documents.len(), "next_page_url": null, "results": documents }).to_string();
    desk.service.site.answer(REGISTER, 200, &[("content-type", "application/json")], text);
}

fn document(number: &str, title: &str, effective: Option<&str>, closes: Option<&str>) -> Value {
    json!({
        "document_number": number, "title": title, "publication_date": "2026-11-20",
        "effective_on": effective, "comments_close_on": closes, "html_url": "https://register.example/d",
    })
}

/// Debian's modules, which its own Python alone finds.
const PYTHON: &str = "/usr/bin/python3";

/// Events as a calendar parser of others reads them: summary, begin, end, uid.
fn read_by(python: &str, calendar: &str) -> Option<Vec<(String, String, String, String)>> {
    let mut child = Command::new(PYTHON)
        .args(["-c", python])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(calendar.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("ModuleNotFoundError") {
        return None;
    }
    assert!(output.status.success(), "{errors}\n{calendar}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

const BY_ICALENDAR: &str = "import sys, json, icalendar
c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(json.dumps([[str(e['SUMMARY']), str(e['DTSTART'].dt), str(e['DTEND'].dt), str(e['UID'])] for e in c.walk('VEVENT')]))";

const BY_VOBJECT: &str = "import sys, json, vobject
c = vobject.readOne(sys.stdin)
print(json.dumps([[e.summary.value, str(e.dtstart.value), str(e.dtend.value), e.uid.value] for e in c.contents.get('vevent', [])]))";

#[test]
fn what_is_due_is_read_by_calendars_and_moves_with_its_day() {
    let desk = Desk::start();
    let day = |days: i64| (SystemClock.now().date_naive() + chrono::Duration::days(days)).to_string();
    let source = format!(
        "[[source]]\nid = \"register\"\nkind = \"federal-register\"\ntitle = \"Federal Register\"\n\
         url = \"{}{REGISTER}\"\nschedule = \"@daily\"\n",
        desk.service.site.url
    );
    let cameras = "Cameras of Hikvision; rules, and \\ a comma";
    let (old, long) = (document("2026-1", "Old", Some("2020-01-01"), None), "Drones of ZTE ".repeat(20));
    serve_documents(&desk, &[document("2026-2", cameras, Some(&day(30)), Some(&day(10))), old.clone()]);
    desk.service.home.configure_also(&source);
    desk.service.home.run(&["reload"]).expect(0);
    desk.service.home.check(0);
    let read = |path: &str| {
        let calendar = desk.get(path);
        assert_eq!(header(&calendar, "content-type"), "text/calendar; charset=utf-8");
        assert!(calendar.body.lines().all(|line| line.len() <= 76), "{}", calendar.body);
        let Some(events) = read_by(BY_ICALENDAR, &calendar.body) else {
            left_out("calendars", "python3-icalendar is not installed");
            return None;
        };
        match read_by(BY_VOBJECT, &calendar.body) {
            Some(others) => assert_eq!(events, others),
            None => left_out("calendars", "python3-vobject is not installed"),
        }
        Some(events)
    };
    let Some(first) = read("/deadlines.ics") else { return };
    let shown = |events: &[(String, String, String, String)]| {
        events
            .iter()
            .map(|(summary, begin, end, _)| [summary.clone(), begin.clone(), end.clone()])
            .collect::<Vec<_>>()
    };
    let closes = format!("Comments close: {cameras} (Hikvision)");
    let effective = format!("Takes effect: {cameras} (Hikvision)");
    assert_eq!(
        shown(&first),
        [[closes.clone(), day(10), day(11)], [effective.clone(), day(30), day(31)]],
        "what is due at first sight is due"
    );

    // The day is moved, and another document comes.
    let next = document("2026-3", &long, Some(&day(5)), None);
    serve_documents(&desk, &[next, document("2026-2", cameras, Some(&day(40)), Some(&day(10))), old]);
    desk.service.home.check(0);
    let second = read("/deadlines.ics").unwrap();
    assert_eq!(second.len(), 3, "{second:?}");
    assert!(second[0].0.starts_with("Takes effect: Drones of ZTE") && second[0].1 == day(5), "{second:?}");
    assert_eq!(shown(&second)[2], [effective, day(40), day(41)]);
    assert_eq!(second[2].3, first[1].3, "an event that is moved stays the same");
    let of_company = read("/deadlines.ics?company=hikvision").unwrap();
    assert_eq!(of_company.len(), 2, "{of_company:?}");
    assert_eq!(read("/deadlines.ics?company=nobody").unwrap(), []);
    assert_eq!(read("/deadlines.ics?company=No+Body").unwrap(), []);
}
