//! Documents that come in several answers: all of them, as one, or nothing.

use serde_json::{Value, json};

use super::{Home, Site};

const FIRST: &str = "/api/v1/documents.json";
const SECOND: &str = "/api/v1/documents/page-2";

fn source(site: &Site, more: &str) -> String {
    format!(
        "[[source]]\nid = \"register\"\nkind = \"federal-register\"\ntitle = \"Federal Register\"\n\
         url = \"{}{FIRST}\"\nschedule = \"@daily\"\n{more}\n",
        site.url
    )
}

fn document(number: &str, title: &str) -> Value {
    json!({ "document_number": number, "title": title, "publication_date": "2026-11-20" })
}

fn page(next: Option<&str>, documents: &[Value]) -> String {
    json!({ "count": documents.len(), "next_page_url": next, "results": documents }).to_string()
}

/// Serves the pages, each naming the next one.
fn serve(site: &Site, first: &[Value], second: &[Value]) {
    let json = [("content-type", "application/json"), ("etag", "\"first\"")];
    let next = format!("{}{SECOND}", site.url);
    site.answer(FIRST, 200, &json[..1], page(Some(&next), first));
    site.answer(SECOND, 200, &json[..1], page(None, second));
}

fn cameras(title: &str) -> [Value; 1] {
    [document("2026-00001", title)]
}

/// A home that has read both pages.
fn watched() -> (Site, Home) {
    let site = Site::start();
    serve(&site, &[document("2026-00002", "Fees")], &cameras("Order on cameras"));
    let home = Home::with_sources(&source(&site, ""));
    home.subscribe("ann@example.org", "hikvision");
    assert_eq!(home.check(0)["sources"][0]["entries"], 2);
    (site, home)
}

#[test]
fn a_change_on_a_later_page_is_told_with_the_proof_of_the_whole() {
    let (site, home) = watched();
    serve(&site, &[document("2026-00002", "Fees")], &cameras("Order on Hikvision cameras"));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Order on Hikvision cameras");
    let letter = &home.letters()[0];
    assert!(letter.text.contains(FIRST), "{}", letter.text);
    let accepted = home.run(&["source", "show", "register", "--json"]).expect(0).json();
    let hash = accepted["snapshots"][0]["sha256"].as_str().unwrap();
    assert!(letter.text.contains(hash), "{hash} is not in {}", letter.text);
}

#[test]
fn the_same_parts_are_the_same_body() {
    let (_site, home) = watched();
    let again = home.check(0);
    assert_eq!(again["sources"][0]["changes"], json!([]));
    let accepted = home.run(&["source", "show", "register", "--json"]).expect(0).json();
    assert_eq!(accepted["snapshots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_part_that_does_not_come_fails_the_whole_read() {
    let (site, home) = watched();
    let changed = page(Some(&format!("{}{SECOND}", site.url)), &[document("2026-00003", "Hikvision")]);
    site.answer(FIRST, 200, &[], changed);
    for (status, body, verdict, reason) in [
        (404, "not found", "failed", "/page-2 answered 404 Not Found, expected 200"),
        (200, "", "suspect", "the answer has no body"),
        (200, "<title>Request Rejected</title>", "suspect", "block page"),
        (200, "{\"count\": 7}", "suspect", "none, but a count of 7"),
    ] {
        site.answer(SECOND, status, &[], body);
        let report = home.check(4);
        let source = &report["sources"][0];
        assert_eq!(source["verdict"], verdict, "{source}");
        assert!(source["reason"].as_str().unwrap().contains(reason), "{source}");
        assert_eq!(source["changes"], json!([]));
    }
    serve(&site, &[document("2026-00003", "Hikvision")], &cameras("Order on cameras"));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["key"], "2026-00003", "what was not believed is told now");
}

#[test]
fn pages_that_lead_in_a_circle_or_elsewhere_are_not_followed() {
    let site = Site::start();
    let home = Home::with_sources(&source(&site, ""));
    let here = format!("{}{FIRST}", site.url);
    site.answer(FIRST, 200, &[], page(Some(&here), &[]));
    let report = home.check(4);
    let reason = report["sources"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("leads back to"), "{reason}");
    let other = Site::start();
    site.answer(FIRST, 200, &[], page(Some(&format!("{}{SECOND}", other.url)), &[]));
    assert_eq!(home.check(4)["sources"][0]["verdict"], "suspect");
    assert!(other.asked().is_empty());
}

#[test]
fn a_304_of_one_page_never_hides_a_change_on_another() {
    let site = Site::start();
    let tagged = [("etag", "\"a\"")];
    site.answer(FIRST, 200, &tagged, page(None, &cameras("Order")));
    let home = Home::with_sources(&source(&site, ""));
    home.check(0);
    assert_eq!(home.check(0)["sources"][0]["verdict"], "not-modified", "one answer is the whole document");

    let first = page(Some(&format!("{}{SECOND}", site.url)), &[]);
    site.answer(FIRST, 200, &[("etag", "\"b\"")], first);
    site.answer(SECOND, 200, &tagged, page(None, &cameras("Order")));
    home.check(0);
    site.answer(SECOND, 200, &tagged, page(None, &cameras("Order on appeal")));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Order on appeal");
    let last = site.asked().pop().unwrap();
    assert_eq!((last.path.as_str(), last.headers.get("if-none-match")), (SECOND, None));
}

#[test]
fn other_settings_read_the_stored_parts_anew_and_tell_nothing() {
    let (site, home) = watched();
    home.configure(&source(&site, "pages = 2"), "maildir:../state/mail");
    let report = home.check(0);
    let source_report = &report["sources"][0];
    assert_eq!((&source_report["changes"], &source_report["baseline"]), (&json!([]), &json!(false)));
}

#[test]
fn saved_parts_are_read_together_in_their_order_or_by_their_names() {
    let (site, home) = watched();
    let write = |name: &str, body: String| {
        std::fs::write(home.path(name), body).unwrap();
        home.path(name).to_str().unwrap().to_owned()
    };
    let first = write("one.json", page(Some(&format!("{}{SECOND}", site.url)), &cameras("One")));
    let second = write("two.json", page(None, &[document("2026-00002", "Two")]));
    let test = |files: &[&str], code: i32| {
        let mut arguments = vec!["source", "test", "register", "--json"];
        for file in files {
            arguments.extend(["--file", *file]);
        }
        home.run(&arguments).expect(code).json()
    };
    let alone = test(&[&first], 0);
    assert_eq!(alone["entries"].as_array().unwrap().len(), 1);
    let reason = alone["reason"].as_str().unwrap();
    assert!(reason.starts_with("without \"first, page 2\" (http://"), "{reason}");
    for files in [[&first[..], &second], [&first, &format!("first, page 2={second}")]] {
        let both = test(&files, 0);
        assert_eq!((both["entries"].as_array().unwrap().len(), &both["reason"]), (2, &Value::Null));
    }
    let asked_for = site.asked().len();
    let odd = test(&[&first, &format!("alt={second}")], 4);
    assert!(odd["reason"].as_str().unwrap().contains("no part \"alt\" is asked for here"), "{odd}");
    let surplus = test(&[&first, &second, &second], 4);
    assert_eq!(surplus["reason"], "3 files are given, only 2 are asked for");
    assert_eq!(site.asked().len(), asked_for, "nothing is asked for where files are given");
}

#[test]
fn a_token_goes_with_every_part_and_into_nothing_that_is_kept() {
    const SECRET: &str = "Zwiebelkuchen";
    let site = Site::start();
    serve(&site, &[document("2026-00002", &format!("Fees {SECRET}"))], &cameras("Order"));
    let home = Home::with_sources("");
    std::fs::write(home.path("config/token"), SECRET).unwrap();
    std::fs::set_permissions(home.path("config/token"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let keys = "token_file = \"token\"\ntoken_as = \"Authorization: Token {}\"";
    home.configure(&source(&site, keys), "maildir:../state/mail");
    home.check(0);
    for asked in site.asked() {
        assert_eq!(asked.headers.get("authorization").unwrap(), &format!("Token {SECRET}"), "{}", asked.path);
    }
    for verb in [
        &["source", "show", "register", "--json"][..],
        &["source", "test", "register", "--json"],
        &["config", "show"],
        &["--log", "trace", "check", "now", "--force"],
    ] {
        let ran = home.run(verb).expect(0);
        assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{ran:?}");
    }
}
