//! The addresses that mail leads to, over real HTTP: to look changes nothing, to act needs no more than the
//! address, and nothing is learned from an answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use regwatch::store::Store;

use super::by_mail::{INBOX, WATCH, from_ann};
use super::daemon::{Daemon, RUNS};
use super::home::{Letter, list_source};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// A running service with a page that it watches.
pub struct Service {
    pub site: Site,
    pub home: Home,
    daemon: Daemon,
    /// Where its web server listens.
    pub address: String,
    /// Where mail leads.
    pub base: String,
    /// The installation's own key.
    pub key: [u8; 32],
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Service {
    /// `more` are further keys of `[web]`.
    pub fn start(more: &str) -> Self {
        Self::start_at("http://127.0.0.1/watch", "127.0.0.1:0", more)
    }

    /// The same where mail leads to `base`.
    pub fn start_at(base: &str, listen: &str, more: &str) -> Self {
        let site = Site::start();
        site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
        let web = format!("[web]\nbase_url = \"{base}\"\nlisten = \"{listen}\"\n{more}");
        let home = Home::with_sources(&format!("{INBOX}\n{web}\n{}", list_source(&site.url)));
        home.check(0);
        let key = instance_key(&home);
        let mut daemon = Daemon::start(&home, "web server listening");
        let line = daemon.last_line().to_owned();
        daemon.wait_until_it_says(RUNS);
        let address = line.split("web.listen=").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { site, home, daemon, address, base: base.to_owned(), key }
    }

    /// Sends a request as it stands; gives the answer.
    #[track_caller]
    pub fn send(&self, request: &str) -> Page {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        Page { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    #[track_caller]
    fn ask(&self, method: &str, link: &str) -> Page {
        self.send(&format!("{method} {} HTTP/1.1\r\nHost: tracker.example\r\n\r\n", path(link)))
    }

    #[track_caller]
    pub fn get(&self, link: &str) -> Page {
        self.ask("GET", link)
    }

    #[track_caller]
    pub fn post(&self, link: &str, body: &str) -> Page {
        self.post_as("application/x-www-form-urlencoded", link, body)
    }

    #[track_caller]
    fn post_as(&self, kind: &str, link: &str, body: &str) -> Page {
        self.send(&format!(
            "POST {} HTTP/1.1\r\nHost: tracker.example\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            path(link),
            body.len()
        ))
    }

    /// What the records say of Ann.
    pub fn record(&self) -> serde_json::Value {
        self.home.run(&["sub", "show", "ann@example.org", "--json"]).expect(0).json()
    }

    /// Has the page change; gives how many were told.
    #[track_caller]
    pub fn told(&self) -> u64 {
        let amended = covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]);
        let before = self.site.is_page("/list", &amended);
        let next = if before { covered_list(&[HUAWEI, ZTE, HIKVISION]) } else { amended };
        self.site.page("/list", next);
        self.home.check(0)["mails_queued"].as_u64().unwrap()
    }

    /// Has Ann ask to follow Hikvision; gives the page of the question.
    #[track_caller]
    pub fn asked(&self) -> String {
        let asked = self.home.write(&from_ann(WATCH, "subscribe hikvision", ""));
        link(self, &asked[0], "confirm")
    }

    /// Has Ann follow Hikvision; gives a mail that told her of a change.
    #[track_caller]
    pub fn followed(&self) -> Letter {
        self.home.subscribe("ann@example.org", "hikvision");
        assert_eq!(self.told(), 1);
        self.home.letters().pop().unwrap()
    }
}

/// The key under which an installation's links are made, while nobody has its store.
fn instance_key(home: &Home) -> [u8; 32] {
    let settings = home.settings();
    // Tests that are driven by a runtime ask for it as well, and none can be in another.
    let asked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&settings).unwrap();
            let key = store.instance_key([0; 32]).await.unwrap();
            store.close().await.unwrap();
            key
        })
    });
    asked.join().unwrap()
}

/// What the proxy in front passes on: the path below the one it serves.
fn path(link: &str) -> String {
    link.strip_prefix("http://127.0.0.1/watch").unwrap_or(link).to_owned()
}

/// The link of a mail that leads to a page; it stands in both of its bodies.
#[track_caller]
pub fn link(service: &Service, letter: &Letter, page: &str) -> String {
    let begin = format!("{}/{page}/", service.base);
    let found = letter.text.split_whitespace().find(|word| word.starts_with(&begin));
    let found = found.unwrap_or_else(|| panic!("no {begin} in {}", letter.text));
    assert!(letter.html.contains(&format!("href=\"{found}\"")), "{}", letter.html);
    found.to_owned()
}

#[test]
fn who_confirms_by_the_button_is_told_and_leaves_by_one_click() {
    let service = Service::start("");
    let question = service.asked();
    assert_eq!(service.told(), 0, "nobody is told who did not confirm");
    let page = service.get(&question);
    assert!(page.body.contains("alerts about Hikvision") && page.body.contains("<button"), "{page:?}");
    let page = service.post(&question, "");
    assert!(page.status == 200 && page.body.contains("You now follow"), "{page:?}");
    let record = service.record().to_string();
    assert!(record.contains("\"active\"") && record.contains("\"web\""), "{record}");

    assert_eq!(service.told(), 1);
    let letters = service.home.letters_to("ann@example.org");
    let alert = letters.iter().find(|letter| letter.subject.contains("Covered List")).unwrap();
    let (manage, leave) = (link(&service, alert, "manage"), link(&service, alert, "unsubscribe"));
    let (_, seal) = leave.rsplit_once('/').unwrap();
    let by_mail = format!("<mailto:watch@tracker.example?subject=unsubscribe%20{seal}>");
    let header = format!("List-Unsubscribe: <{leave}>, {by_mail}");
    assert!(alert.head.lines().any(|line| line == header), "{}", alert.head);
    assert!(alert.head.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{}", alert.head);
    assert!(letters.iter().any(|letter| letter.kind == "welcome"), "{letters:?}");

    for _ in 0..2 {
        let page = service.post(&leave, "List-Unsubscribe=One-Click");
        assert_eq!((page.status, page.head.contains("location:")), (200, false), "{page:?}");
    }
    assert_eq!(service.told(), 0, "who left is not told");
    assert!(service.get(&manage).body.contains("follows nothing"));
}

#[test]
fn to_look_at_every_address_of_a_mail_changes_nothing() {
    let service = Service::start("");
    let letter = service.followed();
    let question = service.asked();
    let before = service.record();
    for link in [&question, &link(&service, &letter, "manage"), &link(&service, &letter, "unsubscribe")] {
        for _ in 0..2 {
            assert_eq!(service.get(link).status, 200, "{link}");
            let head = service.ask("HEAD", link);
            assert_eq!((head.status, head.body.as_str()), (200, ""), "{link}");
        }
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
            assert_eq!(service.ask(method, link).status, 405, "{method} {link}");
        }
    }
    assert_eq!(service.record(), before);
    assert!(service.get(&question).body.contains("<button"), "the question still stands open");
    assert_eq!(service.told(), 1);
}

#[test]
fn what_leads_nowhere_gets_one_answer_whatever_it_is() {
    let service = Service::start("");
    let letter = service.followed();
    let question = service.asked();
    let expected = service.get("/");
    assert_eq!(expected.status, 404);
    let head = |page: &Page| {
        let lines = page.head.lines().filter(|line| !line.starts_with("date:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let forged = |page: &str| {
        let real = path(&link(&service, &letter, page));
        let last = if real.ends_with('a') { 'b' } else { 'a' };
        format!("{}{last}", &real[..real.len() - 1])
    };
    let swapped = path(&link(&service, &letter, "manage")).replace("manage", "unsubscribe");
    let unknown = format!("/confirm/{}", "a".repeat(26));
    let twisted = format!("/manage/%ff{}", "a".repeat(60));
    let none = [forged("manage"), forged("unsubscribe"), swapped, unknown, twisted, "/confirm/x".to_owned()];
    for address in &none {
        for page in [service.get(address), service.post(address, "action=leave-all")] {
            assert_eq!(
                (page.status, &page.body, head(&page)),
                (404, &expected.body, head(&expected)),
                "{address}"
            );
        }
    }
    assert_eq!(service.told(), 1, "nothing was done");
    assert!(service.get(&question).body.contains("<button"));
}

#[test]
fn what_is_followed_is_shown_and_changed_and_no_address_stands_anywhere() {
    let service = Service::start("");
    service.home.subscribe("ann@example.org", "zte");
    let manage = link(&service, &service.followed(), "manage");
    assert!(!manage.contains("ann"), "{manage}");
    let page = service.get(&manage);
    assert!(page.body.contains("Hikvision, since") && page.body.contains("ZTE, since"), "{page:?}");
    assert!(page.body.contains("a…@example.org") && !page.body.contains("ann@"), "{page:?}");

    let page = service.post(&manage, "action=pause");
    assert!(page.body.contains("Mail is paused.") && page.body.contains("Nothing has been sent since"));
    assert_eq!(service.told(), 0);
    assert!(service.post(&manage, "action=resume").body.contains("Mail has resumed."));
    assert_eq!(service.told(), 1);

    assert!(page_chooses(&service.get(&manage), "immediate"));
    let page = service.post(&manage, "cadence=daily&attestation=weekly&action=prefer");
    assert!(page_chooses(&page, "daily") && page.body.contains("value=\"weekly\" checked"), "{page:?}");
    assert_eq!(service.told(), 0, "a digest waits for its morning");
    assert!(page_chooses(&service.post(&manage, "cadence=immediate&action=prefer"), "immediate"));

    let page = service.post(&manage, "action=leave&company=hikvision");
    assert!(page.body.contains("You will receive no further alerts about Hikvision."), "{page:?}");
    assert!(!page.body.contains("Hikvision, since") && page.body.contains("ZTE, since"), "{page:?}");
    assert_eq!(service.told(), 0);
    assert!(service.post(&manage, "action=leave-all").body.contains("follows nothing"));
    assert_eq!(service.post(&manage, "nothing=at&all").status, 422);
    let too_much = service.post(&manage, &"x".repeat(5000));
    assert_eq!(too_much.status, 413, "{too_much:?}");
}

#[test]
fn leaving_can_be_taken_back_by_a_button_and_nothing_is_missed() {
    let service = Service::start("");
    let letter = service.followed();
    let leave = link(&service, &letter, "unsubscribe");
    let page = service.post(&leave, "List-Unsubscribe=One-Click");
    assert!(page.body.contains("value=\"undo\"") && page.body.contains("<li>Hikvision</li>"), "{page:?}");
    assert_eq!(service.told(), 0, "who left is not told");
    let page = service.get(&leave);
    assert!(page.body.contains("You will receive no further alerts.") && page.body.contains("undo"));
    let before = service.home.letters().len();
    let page = service.post(&leave, "action=undo");
    assert!(page.body.contains("You follow Hikvision again."), "{page:?}");
    // What was found meanwhile is told, by the loop or by this.
    service.home.check(0);
    let deadline = Instant::now() + Duration::from_secs(30);
    while service.home.letters().len() == before {
        assert!(Instant::now() < deadline, "what was found meanwhile is told");
        std::thread::yield_now();
    }
    let manage = link(&service, &letter, "manage");
    let page = service.post(&manage, "action=leave&company=hikvision");
    assert!(page.body.contains("Follow again"), "{page:?}");
    assert!(service.post(&manage, "action=undo").body.contains("Hikvision, since"));
    assert!(service.post(&manage, "action=undo").body.contains("the day for undoing has passed"));
}

#[test]
fn a_link_that_a_mail_program_ended_with_a_full_stop_works() {
    let service = Service::start("");
    let letter = service.followed();
    for mark in [".", ",", ")", "%3E", "%3e.", "/"] {
        let manage = format!("{}{mark}", link(&service, &letter, "manage"));
        assert!(service.get(&manage).body.contains("Hikvision, since"), "{manage}");
    }
    let leave = format!("{}.", link(&service, &letter, "unsubscribe"));
    assert_eq!(service.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(service.told(), 0);
}

#[test]
fn an_old_confirmation_says_how_it_stands_now() {
    let service = Service::start("");
    let question = service.asked();
    assert!(service.post(&question, "").body.contains("You now follow"));
    let welcome = || {
        let letters = service.home.letters_to("ann@example.org");
        letters.into_iter().find(|letter| letter.kind == "welcome")
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while welcome().is_none() {
        assert!(Instant::now() < deadline, "a mail welcomes");
        std::thread::yield_now();
    }
    let leave = link(&service, &welcome().unwrap(), "unsubscribe");
    service.post(&leave, "List-Unsubscribe=One-Click");
    for page in [service.get(&question), service.post(&question, "")] {
        assert!(page.body.contains("This address follows nothing"), "{page:?}");
        assert!(!page.body.contains("From now on") && !page.body.contains("<button"), "{page:?}");
    }
    assert_eq!(service.told(), 0);
}

#[test]
fn a_pause_ends_on_a_day_to_come() {
    let service = Service::start("");
    let manage = link(&service, &service.followed(), "manage");
    let page = service.post(&manage, "action=pause&until=2001-01-01");
    assert!(page.status == 422 && page.body.contains("must end on a future day"), "{page:?}");
    let page = service.post(&manage, "action=pause&until=2101-02-03");
    assert!(page.body.contains("Alerts start again on 3 February 2101, 00:00 UTC"), "{page:?}");
}

#[test]
fn however_much_junk_is_asked_a_one_click_is_heard() {
    let service = Service::start("client_rate = 600\ntotal_rate = 60\n");
    let leave = link(&service, &service.followed(), "unsubscribe");
    let statuses: Vec<u16> = (0..70).map(|_| service.get("/confirm/x").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(service.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(service.told(), 0);
}

/// RFC 8058, 3.2: a mail program may send either encoding.
#[test]
fn one_click_is_heard_as_multipart_too() {
    let service = Service::start("");
    let leave = link(&service, &service.followed(), "unsubscribe");
    let body =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let page = service.post_as("multipart/form-data; boundary=x", &leave, body);
    assert_eq!((page.status, page.head.contains("location:")), (200, false), "{page:?}");
    assert_eq!(service.told(), 0, "who left is not told");
}

#[test]
fn when_mail_comes_is_shown_and_changed_and_a_wrong_time_changes_nothing() {
    let service = Service::start("");
    let manage = link(&service, &service.followed(), "manage");
    let page = service.get(&manage);
    assert!(page.body.contains("<option value=\"UTC\" selected>"), "{page:?}");
    let wish =
        "action=prefer&cadence=daily&events=once&zone=Europe%2FBerlin&quiet_from=22%3A00&quiet_until=07%3A00";
    let page = service.post(&manage, wish);
    for words in [
        "<option value=\"Europe/Berlin\" selected>",
        "name=\"quiet_from\" value=\"22:00\"",
        "name=\"quiet_until\" value=\"07:00\"",
        "name=\"events\" value=\"once\" checked",
        "Your mail settings are saved.",
    ] {
        assert!(page.status == 200 && page.body.contains(words), "{words} is missing in {page:?}");
    }
    let kept = service.record();
    let shown = kept.to_string();
    assert!(shown.contains("Europe/Berlin") && shown.contains("22:00-07:00"), "{shown}");
    for (fields, told) in [
        ("zone=Atlantis&quiet_from=&quiet_until=", "the time zone is unknown"),
        ("zone=UTC&quiet_from=22:00&quiet_until=", "two different times"),
        ("zone=UTC&quiet_from=%3Cb%3E&quiet_until=07:00", "two different times"),
    ] {
        let page = service.post(&manage, &format!("action=prefer&cadence=weekly&{fields}"));
        assert!(page.status == 422 && page.body.contains(told), "{fields}: {page:?}");
        assert!(page.body.contains("role=\"alert\"") && !page.body.contains("<b>"), "{page:?}");
        assert_eq!(service.record(), kept, "{fields}");
    }
    let page = service.post(&manage, "action=prefer&cadence=immediate&zone=UTC&quiet_from=&quiet_until=");
    assert!(page.body.contains("name=\"quiet_from\" value=\"\""), "{page:?}");
    assert!(!service.record().to_string().contains("22:00"));
    assert!(page.body.contains("name=\"events\" value=\"once\">"), "{page:?}");
}

fn page_chooses(page: &Page, cadence: &str) -> bool {
    page.body.contains(&format!("name=\"cadence\" value=\"{cadence}\" checked"))
}

#[test]
fn pages_run_nothing_are_framed_nowhere_and_are_kept_by_nobody() {
    let service = Service::start("");
    let page = service.get(&link(&service, &service.followed(), "manage"));
    for header in [
        "content-security-policy: default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
    ] {
        assert!(page.head.lines().any(|line| line == header), "{header} is missing in {}", page.head);
    }
    assert!(!page.head.contains("set-cookie") && !page.body.contains("<script"), "{page:?}");
    assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("width=device-width"), "{page:?}");
    assert!(page.body.contains("href=\"/watch/style.css\""), "{page:?}");
    let style = service.get("/style.css");
    assert!(style.status == 200 && style.head.contains("content-type: text/css"), "{style:?}");
}

#[test]
fn who_asks_too_often_waits_and_whoever_holds_a_link_does_not() {
    let service = Service::start("client_rate = 5\n");
    let leave = link(&service, &service.followed(), "unsubscribe");
    let statuses: Vec<u16> = (0..7).map(|_| service.get("/confirm/x").status).collect();
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429, 429]);
    let refused = service.post("/confirm/x", "");
    let wait = refused.head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    assert!(wait.is_some_and(|wait| (1..=60).contains(&wait.parse::<u32>().unwrap())), "{refused:?}");
    assert_eq!(service.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(service.told(), 0);
}

#[test]
fn slow_clients_are_hung_up_on_and_keep_nobody_out() {
    let service = Service::start("max_connections = 8\n");
    let connect = || {
        let mut stream = TcpStream::connect(&service.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: tracker").unwrap();
        stream
    };
    // A quarter of eight may wait for the rest of their header; the third is hung up on.
    let mut slow = [connect(), connect()];
    let began = Instant::now();
    let mut third = connect();
    assert!(matches!(third.read(&mut [0; 64]), Ok(0) | Err(_)), "it is hung up on");
    assert!(began.elapsed() < Duration::from_secs(5), "at once: {:?}", began.elapsed());
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(service.get("/").status, 404, "others are answered again");
}

#[test]
fn asked_to_end_the_service_ends_whoever_is_connected() {
    let mut service = Service::start("");
    let _idle = TcpStream::connect(&service.address).unwrap();
    service.daemon.signal("-TERM");
    assert_eq!(service.daemon.exit_code(), Some(0));
    assert!(TcpStream::connect(&service.address).is_err());
}

#[test]
fn the_archive_has_what_somebody_was_told_and_nothing_that_answers_for_them_or_belongs_to_others() {
    let service = Service::start("");
    let alert = service.followed();
    service.home.subscribe("bob@example.org", "hikvision");
    let manage = link(&service, &alert, "manage");
    let page = service.get(&manage);
    assert!(page.body.contains("href=\"?show=mails\""), "{page:?}");
    let archive = service.get(&format!("{manage}?show=mails"));
    assert_eq!(archive.status, 200);
    let hrefs: Vec<&str> =
        archive.body.split("<li><a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(hrefs.len(), 1, "no question and no welcome: {archive:?}");
    assert!(archive.body.contains(&alert.subject) && archive.body.contains("sent "), "{archive:?}");
    let mail = service.get(&format!("{manage}{}", hrefs[0]));
    assert_eq!(mail.status, 200);
    assert!(mail.body.contains("Text of the mail") && mail.body.contains("Hikvision"), "{mail:?}");
    let change = mail.body.split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(service.get(change).status, 200, "{change}");

    // The mail of somebody else and the question by which Ann subscribed are no mails of hers here.
    assert!(service.told() > 0);
    let outbox = service.home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mails = outbox["mails"].as_array().unwrap();
    let hidden =
        mails.iter().filter(|mail| mail["recipient"] != "ann@example.org" || mail["kind"] != "alert");
    let hidden: Vec<&str> = hidden.map(|mail| mail["id"].as_str().unwrap()).collect();
    assert!(!hidden.is_empty(), "{outbox}");
    for id in hidden.into_iter().chain(["", "0", "../x"]) {
        assert_eq!(service.get(&format!("{manage}?mail={id}")).status, 404, "{id}");
    }
    // Who left still sees what they had.
    assert_eq!(service.post(&manage, "action=leave-all").status, 200);
    assert!(service.get(&manage).body.contains("?show=mails"));
    assert!(service.get(&format!("{manage}?show=mails")).body.contains(&alert.subject));
}
