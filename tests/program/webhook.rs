//! Webhooks over real HTTP: what their receivers get, what becomes of those that fail, and what a process that is
//! killed leaves behind.

use std::collections::{BTreeMap, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::api::problem;
use super::desk::Desk;
use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// What a receiver got.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The change that it tells of.
    fn change(&self) -> String {
        self.json()["data"]["change"]["id"].as_str().unwrap().to_owned()
    }
}

/// How a receiver answers: with a status and a header, or by hanging up.
#[derive(Debug, Clone)]
enum Answer {
    Status(u16, &'static str, String),
    HangUp,
    Endless,
}

#[derive(Debug, Default)]
struct Inside {
    got: Vec<Got>,
    /// The next answers, then 204.
    answers: VecDeque<Answer>,
}

/// A receiver in a thread of its own; it ends with the test.
#[derive(Debug, Clone)]
struct Receiver {
    url: String,
    inside: Arc<Mutex<Inside>>,
}

impl Receiver {
    fn start() -> Self {
        let inside = Arc::new(Mutex::new(Inside::default()));
        let router = Router::new().fallback(take).with_state(Arc::clone(&inside));
        Self { url: Site::serve(router), inside }
    }

    fn answer(&self, answers: &[Answer]) {
        self.inside.lock().unwrap().answers.extend(answers.iter().cloned());
    }

    fn got(&self) -> Vec<Got> {
        self.inside.lock().unwrap().got.clone()
    }
}

async fn take(State(inside): State<Arc<Mutex<Inside>>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let got = Got { path: head.uri.path().to_owned(), headers: head.headers, body };
    let answer = {
        let mut inside = inside.lock().unwrap();
        inside.got.push(got);
        inside.answers.pop_front()
    };
    match answer {
        None => Response::builder().status(204).body(Body::empty()).unwrap(),
        Some(Answer::Status(status, name, value)) => {
            let response = Response::builder().status(status);
            let response = if name.is_empty() { response } else { response.header(name, value) };
            response.body(Body::from("said")).unwrap()
        }
        // A body that breaks off before it begins.
        Some(Answer::HangUp) => panic!("hanging up"),
        Some(Answer::Endless) => {
            let stream = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
            Response::builder().status(200).body(Body::from_stream(stream)).unwrap()
        }
    }
}

/// A home that watches the list, read once.
fn watched() -> (Site, Home) {
    let (site, home) = super::watched();
    home.check(0);
    (site, home)
}

#[track_caller]
fn add(home: &Home, url: &str, more: &[&str]) -> Value {
    let fixed = ["webhook", "add", url, "--owner", "owner@example.org", "--json"];
    home.run(&[&fixed[..], more].concat()).expect(0).json()
}

fn id(hook: &Value) -> &str {
    hook["id"].as_str().unwrap()
}

/// Has the list amended, or back as it was.
fn amend(site: &Site, home: &Home) -> Value {
    let amended = covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]);
    let next =
        if site.is_page("/list", &amended) { covered_list(&[HUAWEI, ZTE, HIKVISION]) } else { amended };
    site.page("/list", next);
    home.check(0)
}

fn log(home: &Home, hook: &Value) -> Vec<Value> {
    let log = home.run(&["webhook", "log", id(hook), "--json"]).expect(0).json();
    log["deliveries"].as_array().unwrap().clone()
}

#[test]
fn a_receiver_is_told_of_what_it_wants_with_a_signature_of_the_standard() {
    let (site, home) = watched();
    let receiver = Receiver::start();
    let hook = |path: &str, more: &[&str]| add(&home, &format!("{}{path}", receiver.url), more);
    let meant = hook("/meant", &["--company", "hikvision", "--source", "covered-list", "--kind", "amended"]);
    for (path, more) in [("/company", ["--company", "zte"]), ("/kind", ["--kind", "removed"])] {
        hook(path, &more);
    }
    let report = amend(&site, &home);
    let change = report["sources"][0]["changes"][0]["id"].as_str().unwrap();
    let got = receiver.got();
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!((got[0].path.as_str(), got[0].change().as_str()), ("/meant", change));
    let told = got[0].json();
    assert_eq!(told["type"], "change.found");
    assert_eq!(told["data"]["companies"][0]["name"], "Hikvision");

    let standard = Webhook::new(meant["secret"].as_str().unwrap()).unwrap();
    standard.verify(&got[0].body, &got[0].headers).unwrap();
    assert!(standard.verify(b"{}", &got[0].headers).is_err());
    assert_eq!(log(&home, &meant)[0]["id"], got[0].id());

    home.run(&["webhook", "pause", id(&meant)]).expect(0);
    amend(&site, &home);
    assert_eq!(receiver.got().len(), 1, "a paused one is told nothing");
    home.run(&["webhook", "resume", id(&meant)]).expect(0);
    assert_eq!(receiver.got().len(), 2, "what was found meanwhile waited");

    // Taken back, it is told to whom it was told, and to nobody else.
    home.run(&["review", "retract", change]).expect(0);
    let got = receiver.got();
    assert_eq!(got.len(), 3, "{got:?}");
    assert_eq!((&got[2].json()["type"], got[2].change().as_str()), (&"change.retracted".into(), change));
    let listed = home.run(&["webhook", "list", "--json"]).expect(0);
    assert!(!listed.stdout.contains("whsec_") && !listed.stdout.contains("/meant"), "{}", listed.stdout);
    home.run(&["webhook", "remove", id(&meant)]).expect(0);
    amend(&site, &home);
    assert_eq!(receiver.got().len(), 3);
}

#[test]
fn whatever_a_receiver_does_nothing_is_lost_and_nothing_is_another_delivery() {
    let (site, home) = watched();
    let receiver = Receiver::start();
    let hook = add(&home, &format!("{}/hook", receiver.url), &[]);
    let redirect = format!("{}/elsewhere", receiver.url);
    receiver.answer(&[
        Answer::Status(500, "", String::new()),
        Answer::HangUp,
        Answer::Status(307, "location", redirect),
        Answer::Status(429, "retry-after", "7200".to_owned()),
        Answer::Status(401, "", String::new()),
        Answer::Status(422, "", String::new()),
    ]);
    amend(&site, &home);
    for attempt in 1..=6 {
        let log = log(&home, &hook);
        assert_eq!((log.len(), &log[0]["state"]), (1, &"deferred".into()), "{attempt}: {log:?}");
        assert_eq!(log[0]["tried"], attempt, "{log:?}");
        // It is left alone until its time has come, whoever else is told something.
        home.check(0);
        assert_eq!(receiver.got().len(), attempt);
        home.run(&["webhook", "resume", id(&hook)]).expect(0);
    }
    let log = log(&home, &hook);
    assert_eq!((&log[0]["state"], &log[0]["tried"]), (&"delivered".into(), &7.into()), "{log:?}");
    let attempts: Vec<Option<u64>> =
        log[0]["attempts"].as_array().unwrap().iter().map(|one| one["status"].as_u64()).collect();
    assert_eq!(attempts, [Some(500), None, Some(307), Some(429), Some(401), Some(422), Some(204)]);
    let got = receiver.got();
    assert!(
        got.iter().all(|one| one.path == "/hook" && one.id() == got[0].id()),
        "a redirect is not followed"
    );

    receiver.answer(&[Answer::Endless]);
    let again = home.run(&["webhook", "redeliver", &got[0].id(), "--json"]).expect(0).json();
    assert_eq!((&again["id"], &again["state"]), (&got[0].id().into(), &"delivered".into()));
    home.run(&["webhook", "test", id(&hook)]).expect(0);
    assert_eq!(receiver.got().last().unwrap().json()["type"], "test");
    receiver.answer(&[Answer::Status(500, "", String::new())]);
    home.run(&["webhook", "test", id(&hook)]).expect(1);
}

#[test]
fn one_that_is_gone_is_told_nothing_more_and_its_owner_is_mailed() {
    let (site, home) = watched();
    let receiver = Receiver::start();
    let hook = add(&home, &format!("{}/hook", receiver.url), &["--name", "the desk"]);
    receiver.answer(&[Answer::Status(410, "", String::new())]);
    amend(&site, &home);
    home.check(0);
    let letters = home.letters_to("owner@example.org");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].subject.contains("the desk") && letters[0].text.contains("410"), "{letters:?}");
    amend(&site, &home);
    assert_eq!(receiver.got().len(), 1, "nothing more is told");
    assert_eq!(home.letters_to("owner@example.org").len(), 1, "the owner is mailed once");
    assert!(home.run(&["webhook", "list"]).expect(0).stdout.contains("disabled"));
    let needs = || home.run(&["status"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let status = needs();
    assert!(status.contains("the webhook the desk") && status.contains("410"), "{status}");
    assert!(status.contains(&format!("regwatch webhook resume {}", id(&hook))), "{status}");
    home.run(&["webhook", "resume", id(&hook)]).expect(0);
    assert!(!needs().contains("the desk"));
    assert_eq!(receiver.got().len(), 3, "what was found meanwhile waited");
}

#[test]
fn what_is_taken_in_as_history_is_told_to_no_receiver() {
    let (site, home) = watched();
    let receiver = Receiver::start();
    add(&home, &format!("{}/hook", receiver.url), &[]);
    std::fs::create_dir(home.path("captures")).unwrap();
    std::fs::write(home.path("captures/2025-03-01.html"), covered_list(&[HUAWEI, ZTE])).unwrap();
    let taken = home.run(&["backfill", "covered-list", "captures", "--json"]).expect(0).json();
    assert_eq!(taken["changes"], 1, "{taken}");
    home.check(0);
    assert_eq!(receiver.got().len(), 0);
    amend(&site, &home);
    assert_eq!(receiver.got().len(), 1, "what happens from now on is told as ever");
}

#[test]
fn a_receiver_is_told_only_where_pages_may_be_read() {
    let (_site, home) = watched();
    let refused = |url: &str| {
        let fixed = ["webhook", "add", url, "--owner", "owner@example.org"];
        home.run(&fixed).expect(1).stderr
    };
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]:1/", "http://2130706434/"]
    {
        assert!(refused(url).contains("not public"), "{url}: {}", refused(url));
    }
    assert!(refused("ftp://example.org/").contains("http"));
    let named = home.run(&[
        "webhook",
        "add",
        "http://127.0.0.1:1/",
        "--owner",
        "o@example.org",
        "--company",
        "hikvison",
    ]);
    assert!(named.expect(1).stderr.contains("hikvision"));

    // What may be asked is looked at again each time.
    let receiver = Receiver::start();
    let hook = add(&home, &format!("{}/secret-path", receiver.url), &[]);
    home.amend("allow_private = [\"127.0.0.1\"]", "allow_private = []");
    home.run(&["webhook", "test", id(&hook)]).expect(1);
    let log = log(&home, &hook)[0].to_string();
    assert!(log.contains("not public") && !log.contains("secret-path"), "{log}");
    assert!(receiver.got().is_empty());
}

#[test]
fn slack_and_teams_get_messages_of_their_own() {
    let (site, home) = watched();
    let receiver = Receiver::start();
    add(&home, &format!("{}/slack", receiver.url), &["--format", "slack"]);
    add(&home, &format!("{}/teams", receiver.url), &["--format", "teams"]);
    amend(&site, &home);
    let got: BTreeMap<String, Value> =
        receiver.got().iter().map(|got| (got.path.clone(), got.json())).collect();
    assert_eq!(got["/slack"]["text"], "Hikvision: amended on Covered List");
    assert!(got["/slack"]["blocks"].to_string().contains("and by any affiliate"), "{got:?}");
    let card = &got["/teams"]["attachments"][0]["content"];
    assert_eq!(card["type"], "AdaptiveCard");
    assert!(card.to_string().contains("and by any affiliate"), "{card}");
}

/// How often a check is killed.
const KILLS: usize = 30;

#[test]
fn killed_again_and_again_it_tells_every_change_and_copies_have_one_id() {
    let site = Site::start();
    let list = |number: usize| {
        let text = format!(", version {number}.");
        covered_list(&[HUAWEI, ZTE, ("Hikvision", &text, "March 12, 2021")])
    };
    site.page("/list", list(0));
    let home = Home::with_sources(&list_source(&site.url));
    let begin = Instant::now();
    home.check(0);
    let mut longest = begin.elapsed();
    let receiver = Receiver::start();
    let hook = add(&home, &format!("{}/hook", receiver.url), &["--company", "hikvision"]);

    for number in 1..=KILLS {
        site.page("/list", list(number));
        let asked = site.asked().len();
        let mut check = home.program();
        let mut check =
            check.args(["check", "now"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        site.wait_until_asked("/list", asked + 1);
        // The moments go through the whole of its life, again and again.
        let share = u32::try_from(number * 7 % 20).unwrap();
        let begin = Instant::now();
        while begin.elapsed() < longest * share / 20 && check.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let was_killed = check.try_wait().unwrap().is_none();
        let _ = check.kill();
        check.wait().unwrap();
        longest = longest * if was_killed { 110 } else { 85 } / 100;
    }
    home.check(0);

    let changes = home.run(&["changes", "list", "--limit", "1000", "--json"]).expect(0).json();
    let changes: Vec<String> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(changes.len() > KILLS / 3, "{changes:?}");
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for got in receiver.got() {
        ids.entry(got.change()).or_default().push(got.id());
    }
    for change in &changes {
        let told = ids.get_mut(change).unwrap_or_else(|| panic!("{change} was not told"));
        told.dedup();
        assert_eq!(told.len(), 1, "{change} is one delivery, however often it was sent");
    }
    assert_eq!(ids.len(), changes.len(), "nothing else was told");
    let log = home.run(&["webhook", "log", id(&hook), "--limit", "1000", "--json"]).expect(0).json();
    let log = log["deliveries"].as_array().unwrap();
    assert_eq!(log.len(), changes.len());
    assert!(log.iter().all(|delivery| delivery["state"] == "delivered"), "{log:?}");
}

/// Waits until something is so.
#[track_caller]
fn wait(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it did not come to be");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a call of the API said.
#[track_caller]
fn called(desk: &Desk, token: &str, (method, path): (&str, &str), body: &Value, status: u16) -> Value {
    let page = desk.call(method, path, token, &body.to_string());
    assert_eq!(page.status, status, "{method} {path}: {page:?}");
    serde_json::from_str(&page.body).unwrap()
}

#[test]
fn the_api_makes_a_webhook_tries_it_and_forgets_it_and_all_of_it_stands_in_the_audit_log() {
    let (desk, receiver) = (Desk::start(), Receiver::start());
    desk.service.followed();
    let (token, _) = desk.token_of(&["read", "operate"]);
    let wish = json!({
        "url": format!("{}/hook?key=letmein", receiver.url), "owner": "ann@desk.example", "name": "the desk",
        "only": { "companies": ["hikvision"], "kinds": ["amended", "removed"] },
    });
    let made = called(&desk, &token, ("POST", "/api/v1/webhooks"), &wish, 201);
    let (secret, hook) = (made["secret"].as_str().unwrap(), &made["webhook"]);
    assert_eq!(
        (&hook["name"], &hook["format"], &hook["state"]),
        (&json!("the desk"), &json!("standard"), &json!("active"))
    );
    assert_eq!(hook["only"]["companies"], json!(["hikvision"]));
    let path = format!("/api/v1/webhooks/{}", hook["id"].as_str().unwrap());
    let act =
        |what: &str, body: Value| called(&desk, &token, ("POST", &format!("{path}/{what}")), &body, 200);

    assert_eq!(act("test", json!({}))["state"], "delivered");
    let test = receiver.got().remove(0);
    Webhook::new(secret).unwrap().verify(&test.body, &test.headers).unwrap();
    assert_eq!(act("pause", json!({ "is_paused": true }))["state"], "paused");
    desk.service.told();
    let log = || desk.json_by(&format!("{path}/deliveries"), &token);
    wait(|| log()["items"].as_array().unwrap().iter().any(|one| one["kind"] == "change.found"));
    assert_eq!(receiver.got().len(), 1, "it is paused");
    assert_eq!(act("pause", json!({ "is_paused": false }))["state"], "active");
    wait(|| receiver.got().iter().any(|got| got.json()["type"] == "change.found"));
    wait(|| log()["items"].as_array().unwrap().iter().all(|one| one["state"] == "delivered"));
    let told =
        log()["items"].as_array().unwrap().iter().find(|one| one["kind"] == "change.found").cloned().unwrap();
    let before = receiver.got().len();
    act(&format!("deliveries/{}/redeliver", told["id"].as_str().unwrap()), json!({}));
    assert_eq!(receiver.got().len(), before + 1);

    // Neither the secret nor the address, which lets in whoever has it, is shown again, nor whose it is.
    for shown in [desk.json_by("/api/v1/webhooks", &token), desk.json_by(&path, &token)] {
        let shown = shown.to_string();
        assert!(shown.contains("127.0.0.1"), "{shown}");
        for hidden in [secret, "letmein", "ann@desk.example"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
    called(&desk, &token, ("DELETE", &path), &json!({}), 200);
    problem(&desk.call("GET", &path, &token, ""), 404);
    let audit = desk.json("/api/v1/audit?limit=100").to_string();
    for deed in
        ["add-webhook", "test-webhook", "pause-webhook", "resume-webhook", "redeliver", "remove-webhook"]
    {
        assert!(audit.contains(deed), "{deed} is missing in {audit}");
    }
    assert!(!audit.contains("letmein") && !audit.contains("ann@desk.example"), "{audit}");
}

#[test]
fn the_api_makes_no_webhook_for_whoever_may_not_nor_one_that_cannot_be_told() {
    let desk = Desk::start();
    let (read, _) = desk.token_of(&["read", "subscribers"]);
    let (token, _) = desk.token_of(&["operate"]);
    let wish = |more: Value| {
        let mut wish = json!({ "url": "http://127.0.0.1:9/", "owner": "ann@desk.example" });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wish.to_string()
    };
    problem(&desk.call("POST", "/api/v1/webhooks", "", &wish(json!({}))), 401);
    problem(&desk.call("GET", "/api/v1/webhooks", "", ""), 401);
    problem(&desk.call("POST", "/api/v1/webhooks", &read, &wish(json!({}))), 403);
    problem(&desk.call("GET", "/api/v1/webhooks", &read, ""), 403);
    for (more, words) in [
        (json!({ "url": "ftp://desk.example/" }), "expected an http or https address"),
        (json!({ "url": "http://10.1.2.3/" }), "10.1.2.3"),
        (json!({ "name": " " }), "expected 1 to 80 characters"),
        (json!({ "only": { "companies": ["hikvison"] } }), "hikvision"),
        (json!({ "only": { "sources": ["covered-lst"] } }), "covered-list"),
        (json!({ "only": { "groups": ["none"] } }), "no source is of the group"),
        (json!({ "only": { "kinds": ["other"] } }), "kinds"),
        (json!({ "owner": "nobody" }), "body"),
        (json!({ "secret": "mine" }), "secret"),
    ] {
        let said = problem(&desk.call("POST", "/api/v1/webhooks", &token, &wish(more.clone())), 400);
        assert!(said["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{more}: {said}");
    }
    assert_eq!(desk.json_by("/api/v1/webhooks", &token)["items"], json!([]));
    for path in ["/api/v1/webhooks/0", "/api/v1/webhooks/0/deliveries"] {
        problem(&desk.call("GET", path, &token, ""), 404);
    }
    problem(&desk.call("POST", "/api/v1/webhooks/0/deliveries/1/redeliver", &token, "{}"), 404);
}
