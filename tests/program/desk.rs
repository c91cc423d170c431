//! The pages of the service over real HTTP: who may see what, what a change's page shows, what operators do, and what
//! those get who try to get round it.

use std::io::Write;
use std::process::Stdio;

use chrono::{DateTime, TimeDelta, Utc};
use regwatch::clock::{Clock, SystemClock};
use regwatch::domain::id::ChangeId;
use regwatch::domain::keyed_link::{LinkKey, WebAddresses};

use super::web::{Page, Service};
use super::{HIKVISION, HUAWEI, Home, ZTE, covered_list};

pub const PASSWORD: &str = "correct horse battery";

/// A service of this machine whose pages operators may log in to.
pub struct Desk {
    pub service: Service,
    /// Where it listens, as its base address has it.
    pub host: String,
    _folder: tempfile::TempDir,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The hash of the password, as the program makes it.
fn hash() -> String {
    let home = Home::with_sources("");
    let mut made = home.program();
    let mut child =
        made.args(["web", "hash-password"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

impl Desk {
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further keys of `[web]`.
    pub fn start_with(more: &str) -> Self {
        let host = format!("127.0.0.1:{}", free_port());
        let (base, listen) = (format!("http://{host}"), host.clone());
        Self::start_at(&base, host, &listen, more)
    }

    fn start_at(base: &str, host: String, listen: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ann.hash");
        std::fs::write(&path, hash()).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let file = path.display();
        let operators = format!(
            "client_rate = 10000\ntotal_rate = 10000\n{more}\n[[web.operator]]\nname = \"ann\"\npassword_hash_file = \"{file}\"\n\
             [[web.operator]]\nname = \"audit\"\nrole = \"reader\"\npassword_hash_file = \"{file}\"\n"
        );
        Self { service: Service::start_at(base, listen, &operators), host, _folder: folder }
    }

    /// Sends a request with these header lines.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Page {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = if method == "POST" {
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len())
        } else {
            String::new()
        };
        self.service.send(&format!("{method} {path} HTTP/1.1\r\n{lines}{length}\r\n{body}"))
    }

    /// Asks as somebody on this machine does.
    #[track_caller]
    pub fn get(&self, path: &str) -> Page {
        self.send("GET", path, &[&format!("Host: {}", self.host)], "")
    }

    fn log_in(&self, name: &str, password: &str) -> Page {
        let body = format!("name={name}&password={}&next=%2Freview", password.replace(' ', "+"));
        self.send("POST", "/login", &[&format!("Host: {}", self.host)], &body)
    }

    /// Logs somebody in; gives the cookie as a browser sends it back.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> String {
        let page = self.log_in(name, PASSWORD);
        assert_eq!(page.status, 303, "{page:?}");
        let line = page.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        format!("Cookie: {}", line.split(';').next().unwrap())
    }

    /// The token that stands in the forms of a session.
    #[track_caller]
    pub fn token(&self, cookie: &str) -> String {
        let page = self.send("GET", "/", &[&format!("Host: {}", self.host), cookie], "");
        let after = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("{page:?}"));
        after.split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    pub fn act(&self, cookie: &str, path: &str, body: &str) -> Page {
        let token = self.token(cookie);
        let origin = format!("Origin: http://{}", self.host);
        self.send(
            "POST",
            path,
            &[&format!("Host: {}", self.host), cookie, &origin],
            &format!("csrf={token}&{body}"),
        )
    }

    /// The newest change's id.
    pub fn change(&self) -> String {
        let shown = self.service.home.run(&["changes", "list", "--json"]).expect(0).json();
        shown["changes"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The link to a change as a mail to Ann bears it that was made then.
    pub fn link(&self, change: &str, made_at: DateTime<Utc>) -> String {
        let base = format!("http://{}", self.host).parse().unwrap();
        let web = WebAddresses::new(&base, LinkKey::new(self.service.key));
        web.change(&ChangeId::from_text(change), &"ann@example.org".parse().unwrap(), made_at)
    }

    fn path_of(&self, link: &str) -> String {
        link.strip_prefix(&format!("http://{}", self.host)).unwrap().to_owned()
    }

    /// Has the page lose most of its entries, so that the read is held back.
    pub fn hold_a_read(&self) {
        self.service.site.page("/list", covered_list(&[HIKVISION]));
        self.service.home.check(4);
    }
}

/// Every page that names nobody.
pub const OPEN: [&str; 9] = [
    "/",
    "/changes",
    "/sources",
    "/sources/covered-list",
    "/companies",
    "/companies/hikvision",
    "/review",
    "/coverage",
    "/api/docs",
];

#[test]
fn on_this_machine_pages_without_people_are_read_without_a_log_in_and_only_there() {
    let desk = Desk::start();
    desk.service.followed();
    let change = format!("/changes/{}", desk.change());
    for path in OPEN.into_iter().chain(["/audit", &change]) {
        let page = desk.get(path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert!(page.body.contains("<h1>") && !page.body.contains("ann@example.org"), "{path}: {page:?}");
        assert!(
            !page.body.contains("href=\"/mails\"") && !page.body.contains("name=\"action\""),
            "{path}: {page:?}"
        );
        assert!(page.head.contains("cache-control: no-store"), "{path}");
        let host = format!("Host: {}", desk.host);
        for lines in [
            vec!["Host: evil.example"],
            vec!["Host: localhost"],
            vec![],
            vec![&host, "X-Forwarded-For: 127.0.0.1"],
            vec![&host, "Forwarded: for=127.0.0.1"],
            vec![&host, "Via: 1.1 proxy"],
            vec!["Host: evil.example", "X-Forwarded-Host: 127.0.0.1"],
        ] {
            let page = desk.send("GET", path, &lines, "");
            assert_eq!(page.status, 303, "{path} {lines:?}: {page:?}");
            assert!(page.head.contains("location: /login?next="), "{page:?}");
        }
    }
    for path in ["/mails", "/subscribers"] {
        assert_eq!(desk.get(path).status, 303, "{path}");
    }
    for path in ["/nowhere", "/changes/%2e%2e/mails", "/sources/../mails", "//mails", "/Mails", "/mails;x"] {
        let page = desk.get(path);
        assert!(
            [303, 404].contains(&page.status) && !page.body.contains("ann@example.org"),
            "{path}: {page:?}"
        );
    }
}

#[test]
fn behind_a_proxy_everything_but_what_is_open_on_purpose_needs_a_log_in() {
    let host = format!("127.0.0.1:{}", free_port());
    let listen = host.clone();
    let more = "trusted_proxies = [\"127.0.0.1\"]\npublic = [\"changes\"]\n";
    let desk = Desk::start_at("https://desk.example/watch/", host, &listen, more);
    desk.service.followed();
    let change = format!("/changes/{}", desk.change());
    let host = "Host: desk.example";
    assert_eq!(desk.send("GET", &change, &[host], "").status, 200);
    for path in
        OPEN.into_iter().filter(|path| *path != "/changes").chain(["/audit", "/mails", "/subscribers"])
    {
        let page = desk.send("GET", path, &[host], "");
        assert_eq!(page.status, 303, "{path}: {page:?}");
        assert!(page.head.contains("location: /watch/login?next=%2f"), "{page:?}");
    }
    let page = desk.send(
        "POST",
        "/login",
        &[host, "Origin: https://desk.example"],
        &format!("name=ann&password={}&next=%2Faudit", PASSWORD.replace(' ', "+")),
    );
    let cookie = page.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().to_owned();
    for mark in ["__secure-regwatch=", "; httponly", "; samesite=lax", "; secure", "; path=/watch/"] {
        assert!(cookie.contains(mark), "{mark} is missing in {cookie}");
    }
    assert!(page.head.contains("location: /watch/audit"), "{page:?}");
}

#[test]
fn a_change_is_shown_with_its_words_its_reason_and_its_proof() {
    let desk = Desk::start();
    desk.service.followed();
    let id = desk.change();
    let page = desk.get(&format!("/changes/{id}"));
    for words in [
        "<ins>",
        "Why it concerns",
        "<mark>Hangzhou Hikvision Digital Technology</mark>",
        "SHA-256",
        "Covered List",
        &id,
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert!(desk.get(&format!("/changes/{id}?view=side")).body.contains("<h4>Before</h4>"));
    let text = desk.get(&format!("/changes/{id}/now"));
    assert!(text.body.contains("by any affiliate") && !text.body.contains("&lt;td"), "{text:?}");
    let raw = desk.get(&format!("/changes/{id}/before/raw"));
    assert!(raw.body.contains("<td>") && !raw.body.contains("by any affiliate"), "{raw:?}");
    for header in [
        "content-type: application/octet-stream",
        "content-disposition: attachment;",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; sandbox",
    ] {
        assert!(raw.head.contains(header), "{header} is missing in {}", raw.head);
    }
    for other in [&id[..8], "0000000000000000", "x", "%00", "../mails"] {
        assert_ne!(desk.get(&format!("/changes/{other}")).status, 200, "{other}");
    }
    assert_eq!(desk.get(&format!("/changes/{id}/after/raw")).status, 404);
}

#[test]
fn the_link_of_an_alert_shows_one_change_for_ninety_days_and_while_its_reader_is_there() {
    let desk = Desk::start();
    desk.service.followed();
    desk.service.home.subscribe("bob@example.org", "hikvision");
    let (id, now) = (desk.change(), SystemClock.now());
    let path = desk.path_of(&desk.link(&id, now));
    let far = &["Host: tracker.example", "X-Forwarded-For: 192.0.2.1"][..];
    let get = |path: &str| desk.send("GET", path, far, "");
    let page = get(&path);
    assert!(page.status == 200 && page.body.contains("Why it concerns you"), "{page:?}");
    assert!(page.head.contains("referrer-policy: no-referrer"), "{}", page.head);
    assert!(!page.body.contains("@example.org") && !page.body.contains("href=\"/sources"), "{page:?}");
    assert_eq!(get(&format!("{path}.")).status, 200, "a mail program ended it with a full stop");
    let text = get(&format!("{path}/now"));
    assert!(text.body.contains("by any affiliate"), "{text:?}");
    assert!(get(&format!("{path}/before/raw")).head.contains("attachment"));
    assert_eq!(desk.send("POST", &path, far, "action=retract").status, 404);

    desk.service.told();
    let other = desk.change();
    assert_ne!(other, id);
    let expected = get("/confirm/x");
    let last = if path.ends_with('a') { 'b' } else { 'a' };
    for bad in [
        path.replace(&id, &other),
        format!("{}{last}", &path[..path.len() - 1]),
        desk.path_of(&desk.link(&id, now - TimeDelta::days(91))),
        format!("{path}/mails"),
        format!("{path}/now/raw/more"),
    ] {
        let page = get(&bad);
        assert_eq!((page.status, &page.body), (404, &expected.body), "{bad}");
    }
    assert_eq!(get(&desk.path_of(&desk.link(&id, now - TimeDelta::days(90)))).status, 200);
    desk.service.home.run(&["sub", "remove", "ann@example.org"]).expect(0);
    assert_eq!(get(&path).status, 404, "whoever left sees nothing by it");
}

#[test]
fn what_a_page_says_is_text_wherever_it_is_shown() {
    let desk = Desk::start();
    let evil = (
        "Hikvision<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
        ", \u{202e}evil.",
        "March 12, 2021",
    );
    let escaped = (
        "Hikvision&lt;script&gt;alert(1)&lt;/script&gt;\"'&gt;&lt;img src=x onerror=alert(1)&gt;",
        evil.1,
        evil.2,
    );
    desk.service.site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION, escaped]));
    desk.service.home.check(0);
    let id = desk.change();
    let paths = [
        format!("/changes/{id}"),
        format!("/changes/{id}?view=side"),
        format!("/changes/{id}/now"),
        "/changes?q=script".to_owned(),
        "/changes?q=%22%3E%3Cscript%3E&since=%3Cb%3E&source=%22%3E%3Cimg&before=x".to_owned(),
        "/sources/covered-list".to_owned(),
        "/sources?q=%3Cscript%3E&sort=%3Cb%3E".to_owned(),
        "/companies/hikvision?text=%3Cscript%3EHikvision".to_owned(),
        "/".to_owned(),
    ];
    for path in paths {
        let page = desk.get(&path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        let body = page.body.to_lowercase();
        for bad in ["<script", "<img", "<b>", "javascript:", " style=", "\u{202e}"] {
            assert!(!body.contains(bad), "{bad} in {path}: {}", page.body);
        }
    }
    assert!(desk.get(&format!("/changes/{id}")).body.contains("&#60;script&#62;"));
}

#[test]
fn an_operator_acts_by_forms_of_ours_alone_and_every_deed_is_noted() {
    let desk = Desk::start();
    desk.service.home.subscribe("ann@example.org", "hikvision");
    desk.hold_a_read();
    let (host, cookie) = (format!("Host: {}", desk.host), desk.cookie("ann"));
    let review = desk.send("GET", "/review/covered-list", &[&host, &cookie], "");
    let hash =
        review.body.split("name=\"sha256\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(review.body.contains("to 0 readers") || review.body.contains("to 1 reader"), "{review:?}");
    let token = desk.token(&cookie);
    let origin = format!("Origin: http://{}", desk.host);
    let form = format!("csrf={token}&sha256={hash}&action=reject");
    let (known, reader) = (desk.get("/review").body, desk.cookie("audit"));
    for (lines, body) in [
        (vec![&host[..], &origin], form.clone()),
        (vec![&host, &cookie, &origin], form.replace(&token, "0")),
        (vec![&host, &cookie, &origin], format!("sha256={hash}&action=reject")),
        (vec![&host, &cookie, "Origin: http://evil.example"], form.clone()),
        (vec![&host, &cookie, "Origin: null"], form.clone()),
        (vec![&host, &cookie, "Sec-Fetch-Site: cross-site"], form.clone()),
        (vec![&host, &reader, &origin], form.replace(&token, &desk.token(&reader))),
        (vec![&host, &cookie, &origin], format!("csrf={token}&sha256=0&action=reject")),
        (vec![&host, &cookie, &origin], format!("csrf={token}&sha256={hash}&action=burn")),
        (vec![&host, &cookie, &origin], format!("{form}&x={}", "x".repeat(20_000))),
    ] {
        let page = desk.send("POST", "/review/covered-list", &lines, &body);
        assert!([403, 404, 413, 422].contains(&page.status), "{lines:?} {body}: {page:?}");
    }
    for path in ["/review/covered-list?action=reject", "/login?name=ann", "/logout"] {
        desk.send("GET", path, &[&host, &cookie], "");
    }
    assert_eq!(desk.get("/review").body, known, "nothing was done");
    for method in ["PUT", "DELETE", "PATCH"] {
        assert!(desk.send(method, "/review/covered-list", &[&host, &cookie], "").status >= 400);
    }

    let page = desk.act(&cookie, "/review/covered-list", &format!("sha256={hash}&action=accept"));
    assert!(page.status == 303 && page.head.contains("location: /review?done=accept"), "{page:?}");
    assert!(desk.get("/review").body.contains("Nothing needs your decision"));
    assert!(desk.get("/changes").body.contains("ZTE"), "what it lost is told");
    let page = desk.act(&cookie, &format!("/changes/{}", desk.change()), "action=retract&reason=a+test");
    assert_eq!(page.status, 303, "{page:?}");
    assert!(desk.get(&format!("/changes/{}", desk.change())).body.contains("Retracted</strong>"));
    let page = desk.act(&cookie, "/sources/covered-list", "action=check");
    assert!(page.head.contains("location: /sources/covered-list?done=check"), "{page:?}");
    let log = desk.get("/audit").body;
    for deed in [
        "ann: log-in",
        "audit: log-in",
        "ann: accept <code>covered-list",
        &hash,
        "ann: retract",
        "a test",
        "ann: check",
    ] {
        assert!(log.contains(deed), "{deed} is missing in {log}");
    }
    desk.service.home.run(&["sub", "pause", "ann@example.org"]).expect(0);
    let log = desk.get("/audit").body;
    assert!(log.contains("command line: pause <code>a…@example.org</code>"), "{log}");
    let page = desk.act(&cookie, "/logout", "");
    assert_eq!(page.status, 303, "{page:?}");
    assert_eq!(desk.send("GET", "/mails", &[&host, &cookie], "").status, 303, "the session is over");
}

#[test]
fn an_operator_pauses_a_source_and_resumes_it() {
    let desk = Desk::start();
    desk.service.home.check(0);
    let (ann, audit) = (desk.cookie("ann"), desk.cookie("audit"));
    let list =
        |cookie: &str| desk.send("GET", "/sources", &[&format!("Host: {}", desk.host), cookie], "").body;
    let button = "aria-label=\"Pause: Covered List\"";
    assert!(list(&ann).contains(button) && !list(&audit).contains(button), "{}", list(&ann));
    let page = desk.act(&audit, "/sources/covered-list", "action=pause");
    assert_eq!(page.status, 403, "a reader acts nowhere: {page:?}");
    for day in ["2020-01-01", "tomorrow"] {
        let page = desk.act(&ann, "/sources/covered-list", &format!("action=pause&until={day}"));
        assert_eq!(page.status, 422, "{day}: {page:?}");
    }
    assert!(!desk.get("/sources/covered-list").body.contains("Paused since"));
    let page = desk.act(&ann, "/sources/covered-list", "action=pause&until=2999-01-01");
    assert!(page.head.contains("location: /sources/covered-list?done=pause-source"), "{page:?}");
    let page = desk.get("/sources/covered-list").body;
    assert!(page.contains("until 1 Jan 2999") || page.contains("until 1 January 2999"), "{page}");
    assert!(desk.get("/sources?state=paused").body.contains("/sources/covered-list"));
    let reads = desk.service.home.run(&["check", "now", "--json"]).expect(0).json();
    assert_eq!(reads["sources"].as_array().unwrap().len(), 0, "it is left alone: {reads}");
    let page = desk.act(&ann, "/sources/covered-list", "action=resume");
    assert!(page.head.contains("done=resume-source"), "{page:?}");
    assert!(!desk.get("/sources/covered-list").body.contains("Paused since"));
    let log = desk.get("/audit").body;
    for deed in ["ann: pause-source <code>covered-list", "ann: resume-source <code>covered-list"] {
        assert!(log.contains(deed), "{deed} is missing in {log}");
    }
}

#[test]
fn operators_see_mails_and_readers_do_not() {
    let desk = Desk::start();
    desk.service.followed();
    let host = format!("Host: {}", desk.host);
    let (ann, audit) = (desk.cookie("ann"), desk.cookie("audit"));
    for path in ["/mails", "/subscribers"] {
        let page = desk.send("GET", path, &[&host, &ann], "");
        assert!(page.status == 200 && page.body.contains("ann@example.org"), "{path}: {page:?}");
        let page = desk.send("GET", path, &[&host, &audit], "");
        assert!(page.status == 403 && !page.body.contains("@example.org"), "{path}: {page:?}");
    }
    let mails = desk.send("GET", "/mails", &[&host, &ann], "").body;
    let id = mails.split("/mails/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = desk.send("GET", &format!("/mails/{id}"), &[&host, &ann], "");
    assert!(page.status == 200 && page.body.contains("Hikvision"), "{page:?}");
    assert_eq!(desk.act(&ann, &format!("/mails/{id}"), "action=hold").status, 409, "it was sent");
    assert_eq!(desk.get(&format!("/mails/{id}")).status, 303);
}

#[test]
fn guessing_a_password_takes_for_ever_and_tells_nothing() {
    let desk = Desk::start();
    let wrong = desk.log_in("ann", "correct horse");
    assert_eq!(wrong.status, 422);
    let unknown = desk.log_in("nobody", PASSWORD);
    assert_eq!((unknown.status, &unknown.body), (422, &wrong.body), "nobody learns which names there are");
    let mut statuses: Vec<u16> = (0..5).map(|_| desk.log_in("ann", "guess").status).collect();
    statuses.push(desk.log_in("ann", PASSWORD).status);
    assert_eq!(statuses, [422, 422, 422, 429, 429, 429], "not even the right one is looked at");
    let log = desk.get("/audit").body;
    assert!(log.contains("ann: log-in-refused") && !log.contains("guess") && !log.contains("horse"), "{log}");
    let foreign = desk.send(
        "POST",
        "/login",
        &[&format!("Host: {}", desk.host), "Origin: http://evil.example"],
        "name=ann",
    );
    assert_eq!(foreign.status, 404, "nobody is logged in by another site");
}

#[test]
fn a_proxy_is_believed_by_its_secret_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "a-secret-of-24-characters").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let desk = Desk::start_with(&format!(
        "login_header = \"X-Remote-User\"\nlogin_secret_file = \"{}\"\n",
        path.display()
    ));
    let (host, user) = (format!("Host: {}", desk.host), "X-Remote-User: ann");
    let secret = "X-Regwatch-Secret: a-secret-of-24-characters";
    assert_eq!(desk.send("GET", "/mails", &[&host, user, secret], "").status, 200);
    for lines in [
        vec![&host[..], user],
        vec![&host, user, "X-Regwatch-Secret: a-secret-of-24-characterz"],
        vec![&host, user, secret, secret],
        vec![&host, user, "X-Remote-User: audit", secret],
        vec![&host, "X-Remote-User: eve", secret],
        vec![&host, secret],
    ] {
        assert_eq!(desk.send("GET", "/mails", &lines, "").status, 303, "{lines:?}");
    }
    assert_eq!(desk.get("/").status, 303, "where a proxy is named, nobody is let in by their address");
}

#[test]
fn changes_are_found_by_what_is_asked_for() {
    let desk = Desk::start();
    desk.service.followed();
    for (query, count) in [
        ("q=affiliate", "1 change found"),
        ("q=AFFILIATE+hikvision", "1 change found"),
        ("q=nothing+of+the+sort", "0 changes found"),
        ("company=hikvision&kind=amended", "1 change found"),
        ("company=zte", "0 changes found"),
        ("company=hangzhou+hikvision", "1 change found"),
        ("company=No+such+company", "0 changes found"),
        ("source=list+covered", "1 change found"),
        ("source=list+covered&site=elsewhere.test", "0 changes found"),
        ("source=No+such+source", "0 changes found"),
        ("source=covered-list&site=127.0.0.1", "1 change found"),
        ("since=2001-01-01&until=2001-12-31", "0 changes found"),
    ] {
        let page = desk.get(&format!("/changes?{query}"));
        assert!(page.body.contains(count), "{query}: {}", page.body);
    }
}

#[test]
fn a_company_is_shown_with_the_name_under_which_it_is_listed_and_since_when() {
    let desk = Desk::start();
    desk.service.followed();
    let page = desk.get("/companies/hikvision").body;
    let today = SystemClock.now().format("%-d %B %Y");
    for shown in [
        &format!("there at the first read on {today}"),
        "under the name Hangzhou Hikvision Digital Technology",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    let listed = desk.get("/api/v1/companies/hikvision").body;
    assert!(listed.contains("\"named_as\":[\"Hangzhou Hikvision"), "{listed}");
}

#[test]
fn two_states_of_a_source_are_compared() {
    let desk = Desk::start();
    desk.service.followed();
    let page = desk.get("/sources/covered-list/compare?before=1&after=2");
    assert!(page.status == 200 && page.body.contains("<ins>") && page.body.contains("affiliate"), "{page:?}");
    assert!(desk.get("/sources/covered-list/compare?before=2&after=2").body.contains("No differences"));
    assert!(desk.get("/sources/covered-list/compare?before=1&after=9").body.contains("there is no state 9"));
    assert!(
        desk.get("/sources/covered-list")
            .body
            .contains("aria-label=\"The last 30 days: 1 with good reads only")
    );
}

#[test]
fn other_settings_are_tried_over_what_is_kept_and_nothing_comes_of_it() {
    let desk = Desk::start();
    desk.service.followed();
    let (cookie, before) = (desk.cookie("ann"), desk.get("/changes").body);
    let table = |kind: &str, more: &str| {
        let text = format!(
            "[[source]]\nid = \"x\"\ntitle = \"X\"\nkind = \"{kind}\"\nurl = \"https://agency.test/\"\nschedule = \"@daily\"\n{more}"
        );
        format!("settings={}", url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
    };
    let page = desk.act(&cookie, "/sources/covered-list/try", &table("page-text", "keep = [\"table\"]\n"));
    assert!(
        page.status == 200 && page.body.contains("State 2") && page.body.contains("These settings"),
        "{page:?}"
    );
    let page = desk.act(&cookie, "/sources/covered-list/try", &table("no-such-kind", ""));
    assert!(page.status == 422 && page.body.contains("no-such-kind"), "{page:?}");
    let page =
        desk.act(&cookie, "/sources/covered-list/try", &table("feed", "token_file = \"/etc/shadow\"\n"));
    assert!(page.status == 422 && page.body.contains("leave keys of secrets out"), "{page:?}");
    let reader = desk.cookie("audit");
    assert_eq!(desk.act(&reader, "/sources/covered-list/try", &table("feed", "")).status, 403);
    assert_eq!(desk.get("/changes").body, before);
}
