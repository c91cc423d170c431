//! The API over real HTTP: what programs read and do, who may, and what they are told when they may not.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::desk::Desk;
use super::left_out::left_out;
use super::web::Page;

impl Desk {
    /// Sends a request with a body of JSON and, where one is given, a token.
    #[track_caller]
    pub(super) fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Page {
        let host = &self.host;
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        self.service.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// What an address of the API says.
    #[track_caller]
    pub(super) fn json(&self, path: &str) -> Value {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert!(page.head.contains("content-type: application/json"), "{path}: {page:?}");
        serde_json::from_str(&page.body).unwrap()
    }
}

impl Desk {
    /// What an address of the API says to whoever has a token.
    #[track_caller]
    pub(super) fn json_by(&self, path: &str, token: &str) -> Value {
        let page = self.call("GET", path, token, "");
        assert_eq!(page.status, 200, "{path}: {page:?}");
        serde_json::from_str(&page.body).unwrap()
    }
}

/// What a problem says.
#[track_caller]
pub(super) fn problem(page: &Page, status: u16) -> Value {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.head.contains("content-type: application/problem+json"), "{page:?}");
    let problem: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["title"].is_string() && problem["type"] == "about:blank", "{problem}");
    problem
}

#[test]
fn changes_come_in_pages_that_lead_to_each_other_and_are_sent_once() {
    let desk = Desk::start();
    desk.service.followed();
    desk.service.told();
    let first = desk.json("/api/v1/changes?limit=1");
    let newest = first["items"][0]["id"].as_str().unwrap();
    assert_eq!((first["items"].as_array().unwrap().len(), newest), (1, desk.change().as_str()));
    let next = first["next"].as_str().unwrap();
    let second = desk.json(next.strip_prefix(&format!("http://{}", desk.host)).unwrap());
    assert_ne!(second["items"][0]["id"], newest);
    assert_eq!(second["next"], Value::Null);

    let one = desk.json(&format!("/api/v1/changes/{newest}"));
    assert_eq!(one["companies"], json!(["hikvision"]));
    assert_eq!(one["others"], json!([second["items"][0]["id"]]));
    assert_eq!(one["evidence"]["sha256"].as_str().unwrap().len(), 64);
    let body = desk.get(&format!("/api/v1/changes/{newest}/bodies/now"));
    assert!(body.status == 200 && body.head.contains("content-disposition: attachment"), "{body:?}");
    for (query, count) in
        [("company=hikvision", 2), ("company=zte", 0), ("kind=amended&q=hikvision", 2), ("kind=added", 0)]
    {
        let found = desk.json(&format!("/api/v1/changes?{query}"));
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}: {found}");
    }

    let whole = desk.get("/api/v1/changes");
    let tag = whole.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = desk.get_with("/api/v1/changes", &[&format!("If-None-Match: {tag}")]);
    assert_eq!((again.status, again.body.as_str()), (304, ""), "{again:?}");
}

#[test]
fn every_error_is_a_problem_that_programs_read() {
    let desk = Desk::start();
    let (token, _) = desk.token_of(&["read", "operate", "subscribers"]);
    for path in [
        "/api/v1/nothing",
        "/api/v2/changes",
        "/api",
        "/api/v1/changes/0123",
        "/api/v1/sources/none",
        "/api/v1/companies/No%20Body",
        "/api/v1/reviews/covered-list",
    ] {
        problem(&desk.get(path), 404);
    }
    for query in
        ["limit=0", "limit=101", "limit=x", "since=soon", "kind=other", "company=No+Body", "nothing=1"]
    {
        let said = problem(&desk.get(&format!("/api/v1/changes?{query}")), 400);
        assert!(said["detail"].is_string(), "{query}: {said}");
    }
    let refused = desk.call("DELETE", "/api/v1/changes", &token, "");
    problem(&refused, 405);
    assert!(refused.head.contains("allow: get"), "{refused:?}");
    problem(&desk.call("GET", "/api/v1/check", "", ""), 405);
    for body in ["", "{", "[]", "{\"sources\":[1]}", "{\"sources\":[],\"more\":1}"] {
        problem(&desk.call("POST", "/api/v1/check", &token, body), 400);
    }
    problem(
        &desk.call("POST", "/api/v1/check", &token, &format!("{{\"x\":\"{}\"}}", "x".repeat(100_000))),
        413,
    );
    problem(&desk.call("POST", "/api/v1/check", &token, "{\"sources\":[\"none\"]}"), 404);
    let host = format!("Host: {}", desk.host);
    let form = desk.send("POST", "/api/v1/check", &[&host, &format!("Authorization: Bearer {token}")], "a=b");
    problem(&form, 415);
}

#[test]
fn whoever_has_no_token_reads_where_pages_are_open_and_does_nothing() {
    let desk = Desk::start();
    desk.service.followed();
    let asked = desk.service.site.asked().len();
    let check = |token: &str| desk.call("POST", "/api/v1/check", token, "{\"sources\":[\"covered-list\"]}");
    let refused = check("");
    problem(&refused, 401);
    assert!(refused.head.contains("www-authenticate: bearer"), "{refused:?}");
    let cookie = desk.cookie("ann");
    let host = format!("Host: {}", desk.host);
    problem(&desk.send("POST", "/api/v1/check", &[&host, &cookie], ""), 401);
    let (read, _) = desk.token_of(&["read"]);
    let (feeds, _) = desk.token_of(&["feeds"]);
    problem(&check(&read), 403);
    problem(&check("rwt_0"), 401);
    assert_eq!(desk.service.site.asked().len(), asked, "nothing was read");

    for path in ["/api/v1/changes", "/api/v1/status", "/api/v1/openapi.json", "/api/v1/audit"] {
        problem(&desk.far(path, &[]), 401);
        problem(&desk.far(path, &[&format!("Authorization: Bearer {feeds}")]), 403);
        assert_eq!(desk.far(path, &[&format!("Authorization: Bearer {read}")]).status, 200, "{path}");
    }
    for path in ["/api/v1/mails", "/api/v1/subscribers", "/api/v1/subscribers/ann@example.org"] {
        problem(&desk.get(path), 401);
        problem(&desk.call("GET", path, &read, ""), 403);
        assert_eq!(desk.get_with(path, &[&cookie]).status, 200, "{path}: the pages show it to operators");
        problem(&desk.get_with(path, &[&desk.cookie("audit")]), 401);
    }
    let public = Desk::start_with("public = [\"changes\"]");
    assert_eq!(public.far("/api/v1/changes", &[]).status, 200);
    problem(&public.far("/api/v1/sources", &[]), 401);
}

#[test]
fn a_program_reads_now_decides_and_subscribes_and_stands_in_the_audit_log() {
    let desk = Desk::start();
    let (token, _) = desk.token_of(&["read", "operate", "subscribers"]);
    let call = |path: &str, body: Value| {
        let page = desk.call("POST", path, &token, &body.to_string());
        assert!(page.status < 300, "{path}: {page:?}");
        serde_json::from_str::<Value>(&page.body).unwrap()
    };
    let asked = desk.service.site.asked().len();
    assert_eq!(call("/api/v1/check", json!({}))["sources"], json!(["covered-list"]));
    desk.service.site.wait_until_asked("/list", asked + 1);

    let wish = |confirmed| json!({ "address": "bob@example.org", "companies": ["hikvision"], "confirmed": confirmed });
    assert_eq!(call("/api/v1/subscribers", wish(false))["is_asked"], true);
    assert_eq!(call("/api/v1/subscribers", wish(true))["is_asked"], false);
    let get = |path: &str| serde_json::from_str::<Value>(&desk.call("GET", path, &token, "").body).unwrap();
    assert_eq!(get("/api/v1/subscribers/bob@example.org")["subscriptions"][0]["state"], "active");
    let left = desk.call("DELETE", "/api/v1/subscribers/bob@example.org", &token, "");
    assert!(left.status == 200 && left.body.contains("unsubscribed"), "{left:?}");
    problem(
        &desk.call(
            "POST",
            "/api/v1/subscribers",
            &token,
            &wish(true).to_string().replace("hikvision", "nobody"),
        ),
        400,
    );

    desk.hold_a_read();
    let held = desk.json("/api/v1/reviews");
    let sha256 = held["items"][0]["evidence"]["sha256"].as_str().unwrap();
    assert!(desk.json("/api/v1/reviews/covered-list")["changes"].is_array());
    let other = json!({ "sha256": "0".repeat(64) }).to_string();
    problem(&desk.call("POST", "/api/v1/reviews/covered-list/accept", &token, &other), 409);
    let accepted = call("/api/v1/reviews/covered-list/accept", json!({ "sha256": sha256 }));
    let change = accepted["changes"][0]["id"].as_str().unwrap();
    let retracted = call(&format!("/api/v1/changes/{change}/retract"), json!({ "reason": "a mistake" }));
    assert!(retracted["changes"].as_array().unwrap().contains(&change.into()), "{retracted}");
    problem(&desk.call("POST", &format!("/api/v1/changes/{change}/retract"), &token, "{}"), 409);
    problem(
        &desk.call("POST", &format!("/api/v1/changes/{change}/decide"), &token, "{\"is_meant\":true}"),
        409,
    );

    let audit = desk.json("/api/v1/audit?limit=100").to_string();
    for deed in ["\"check\"", "\"subscribe\"", "\"unsubscribe\"", "\"accept\"", "\"retract\"", "a reader"] {
        assert!(audit.contains(deed), "{deed} is missing in {audit}");
    }
    assert!(!audit.contains("bob@example.org"), "{audit}");
}

#[test]
fn what_the_pages_show_the_api_says() {
    let desk = Desk::start();
    desk.service.followed();
    let source = desk.json("/api/v1/sources/covered-list");
    assert_eq!((&source["state"], &source["entries"]), (&"good".into(), &3.into()));
    assert_eq!(desk.json("/api/v1/sources?limit=1")["items"][0]["id"], "covered-list");
    assert!(desk.json("/api/v1/sources/covered-list/reads")["items"][0]["verdict"].is_string());
    assert_eq!(desk.json("/api/v1/sources/covered-list/snapshots?limit=1")["items"][0]["entries"], 3);
    let entries = desk.json("/api/v1/sources/covered-list/entries?limit=2");
    let next = entries["next"].as_str().unwrap().strip_prefix(&format!("http://{}", desk.host)).unwrap();
    assert_eq!(desk.json(next)["items"].as_array().unwrap().len(), 1);
    let company = desk.json("/api/v1/companies/hikvision");
    assert_eq!(company["listed"][0]["source"], "covered-list");
    assert_eq!(desk.json("/api/v1/companies?limit=1")["items"][0]["id"], "hikvision");
    assert!(desk.json("/api/v1/status")["sentence"].is_string());
    assert_eq!(desk.json("/api/v1/coverage")["items"][0]["source"], "covered-list");
    assert_eq!(desk.json("/api/v1/deadlines")["items"], json!([]));

    let page = desk.get("/api/docs");
    assert!(page.status == 200 && page.body.contains("GET /api/v1/changes"), "{page:?}");
    for foreign in ["src=\"", "<script", "href=\"http", "@import"] {
        assert!(!page.body.contains(foreign), "{foreign} in {}", page.body);
    }
}

/// The fuzzer, as `.ci/run` installs it.
const SCHEMATHESIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/schemathesis");

#[test]
fn whatever_is_asked_the_document_is_kept_and_nothing_fails_here() {
    if !Path::new(SCHEMATHESIS).exists() {
        left_out("fuzzing of the API", "schemathesis is not installed");
        return;
    }
    let desk = Desk::start();
    desk.service.followed();
    desk.hold_a_read();
    let (token, _) = desk.token_of(&["read", "operate", "subscribers"]);
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(SCHEMATHESIS)
        .args(["run", &format!("http://{}/api/v1/openapi.json", desk.host)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args([
            "--checks",
            "not_a_server_error,content_type_conformance,response_schema_conformance,ignored_auth",
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "5",
            "--seed",
            "1",
            "--workers",
            "2",
        ])
        .args(["--suppress-health-check", "all", "--no-color"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
