//! Documents that come in several answers: all of them, as one, or nothing.

use axum::Router;
use axum::routing::post;
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
    assert!(letter.attached.contains(hash), "{hash} is not in {}", letter.attached);
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
    let elsewhere = write("else.json", page(Some("https://register.example/api/page-2"), &cameras("One")));
    let saved_elsewhere = test(&[&elsewhere], 0);
    assert_eq!(saved_elsewhere["entries"].as_array().unwrap().len(), 1);
    let reason = saved_elsewhere["reason"].as_str().unwrap();
    assert!(reason.contains("https://register.example/api/page-2, which is not at"), "{reason}");
    let broken = write("broken.json", "{\"count\": 7}".to_owned());
    assert!(test(&[&broken], 4)["reason"].as_str().unwrap().contains("structure is not there"));
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

const TITLES: &str = "/api/versioner/v1/titles.json";

fn regulations_on(day: &str) -> String {
    format!("/api/versioner/v1/full/{day}/title-15.xml")
}

/// Serves a list of these names, last amended on this day.
fn serve_list(site: &Site, amended: &str, as_of: &str, names: &[&str]) {
    let title = json!({
        "number": 15,
        "latest_amended_on": amended,
        "latest_issue_date": amended,
        "up_to_date_as_of": as_of,
    });
    site.answer(TITLES, 200, &[], json!({ "titles": [title], "meta": {} }).to_string());
    let rows: String =
        names.iter().map(|name| ["<TR><TD>CHINA</TD><TD>", name, ", Port City</TD></TR>"].concat()).collect();
    let list = format!(
        "<DIV5 N=\"744\" TYPE=\"PART\"><DIV9 N=\"Supplement No. 4 to Part 744\" TYPE=\"APPENDIX\"><TABLE>\
         <TR><TH>Country</TH><TH>Entity</TH></TR>{rows}</TABLE></DIV9></DIV5>"
    );
    site.answer(&regulations_on(amended), 200, &[("content-type", "application/xml")], list);
}

#[test]
fn while_the_code_says_it_was_not_amended_the_regulations_are_not_asked_for() {
    let site = Site::start();
    let source = format!(
        "[[source]]\nid = \"entity-list\"\nkind = \"ecfr\"\ntitle = \"Entity List\"\nurl = \"{}{TITLES}\"\n\
         schedule = \"@daily\"\ncfr_title = 15\ncfr_part = \"744\"\nappendix = \"Supplement No. 4 to Part 744\"\n",
        site.url
    );
    let home = Home::with_sources(&source);
    let asked = |day: &str| site.asked().iter().filter(|asked| asked.path == regulations_on(day)).count();
    serve_list(&site, "2026-06-01", "2026-06-02", &["Northwind Co., Ltd."]);
    assert_eq!(home.check(0)["sources"][0]["entries"], 1);

    serve_list(&site, "2026-06-01", "2026-06-03", &["Northwind Co., Ltd."]);
    assert_eq!(home.check(0)["sources"][0]["verdict"], "not-modified");
    assert_eq!(asked("2026-06-01"), 1, "the code's own word was enough");

    home.run(&["check", "now", "--force"]).expect(0);
    assert_eq!(asked("2026-06-01"), 2, "a full read is a full read");

    serve_list(&site, "2026-06-05", "2026-06-05", &["Northwind Co., Ltd.", "Hikvision Example Co., Ltd."]);
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Hikvision Example Co., Ltd.");
    assert_eq!((asked("2026-06-01"), asked("2026-06-05")), (2, 1));
}

#[test]
fn a_document_on_inspection_is_new_once_and_its_publication_is_told_as_such() {
    let site = Site::start();
    let inspected = "/api/v1/public-inspection-documents.json";
    let home = Home::with_sources(&source(&site, &format!("inspection = \"{}{inspected}\"", site.url)));
    home.subscribe("ann@example.org", "hikvision");
    let empty = page(None, &[]);
    site.answer(FIRST, 200, &[], empty.clone());
    site.answer(inspected, 200, &[], empty.clone());
    home.check(0);

    let order = [document("2026-00009", "Order on Hikvision cameras")];
    site.answer(inspected, 200, &[], page(None, &order));
    let change = &home.check(0)["sources"][0]["changes"][0];
    assert_eq!((&change["kind"], &change["key"]), (&json!("added"), &json!("2026-00009")));

    site.answer(FIRST, 200, &[], page(None, &order));
    site.answer(inspected, 200, &[], empty);
    let report = home.check(0);
    let change = &report["sources"][0]["changes"][0];
    assert_eq!((&change["kind"], &change["key"]), (&json!("amended"), &json!("2026-00009")));
    assert_eq!(change["fields"][0]["before"], "on public inspection");
    assert_eq!(change["fields"][0]["after"], "published");
    assert_eq!(home.letters().len(), 2);
}

#[test]
fn a_list_goes_on_where_the_header_of_its_answer_says() {
    let site = Site::start();
    let link = format!("<{}/list-2.json>; rel=\"next\"", site.url);
    let rows = |names: &[&str]| {
        let rows: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        serde_json::to_string(&rows).unwrap()
    };
    site.answer("/list.json", 200, &[("link", &link)], rows(&["Alpha", "Beta"]));
    site.answer("/list-2.json", 200, &[], rows(&["Gamma"]));
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"list\"\nkind = \"json\"\ntitle = \"List\"\nurl = \"{}/list.json\"\nschedule = \"@daily\"\n\
         entries = \"$[*]\"\nfields = {{ name = \"$.name\" }}\nkey = [\"name\"]\n",
        site.url
    ));
    assert_eq!(home.check(0)["sources"][0]["entries"], 3);
    site.answer("/list-2.json", 200, &[], rows(&["Gamma", "Delta"]));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Delta", "{report:#}");
}

/// An API that is asked by POST, which numbers its pages in the question and says how many notices there are in all.
fn notices(names: &'static [&'static str]) -> String {
    let answer = async move |question: String| {
        let question: Value = serde_json::from_str(&question).unwrap();
        assert_eq!(question["query"], "timber");
        let page = usize::try_from(question["page"].as_u64().unwrap()).unwrap();
        let rows: Vec<Value> = names
            .chunks(2)
            .nth(page - 1)
            .unwrap_or_default()
            .iter()
            .map(|name| json!({ "name": name }))
            .collect();
        json!({ "totalNoticeCount": names.len(), "notices": rows }).to_string()
    };
    Site::serve(Router::new().route("/search", post(answer)))
}

#[test]
fn the_pages_of_an_api_that_is_asked_by_post_are_one_document() {
    let url = notices(&["Alder", "Birch", "Cedar", "Dogwood", "Elm"]);
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"notices\"\nkind = \"json\"\ntitle = \"Notices\"\nurl = \"{url}/search\"\n\
         schedule = \"@daily\"\nquestion = '{{\"query\": \"timber\", \"page\": 1, \"limit\": 2}}'\n\
         entries = \"$.notices[*]\"\nfields = {{ name = \"$.name\" }}\nkey = [\"name\"]\n"
    ));
    assert_eq!(home.check(0)["sources"][0]["entries"], 5);
    assert_eq!(home.check(0)["sources"][0]["verdict"], "good");
}
