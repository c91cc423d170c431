//! Dockets: what became of an entry, which cases and which kinds of entry are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::cli::check_schema;
use super::{Home, Site};

/// A docket page in the structure of an appellate court's, its rows given as (number, document, text).
fn docket_page(rows: &[(&str, &str, &str)], receipt: &str) -> String {
    let rows: String = rows
        .iter()
        .map(|(number, document, text)| {
            format!(
                "<tr><td>02/03/2026</td><td><input value='{number}'>{document}</td><td>{text}</td></tr>\n"
            )
        })
        .collect();
    format!(
        "<html><head><title>23-1032 Docket</title></head><body><!-- NEW SECTION - Case Stub --><table>\
         <tr><td><b>Court of Appeals Docket #: </b>23-1032</td></tr><tr><td>Example v. FCC</td></tr></table>\
         <!-- NEW SECTION - DOCKET ENTRIES --><table>\n{rows}</table>\
         <center><table><tr><th>Search Criteria:</th><td>23-1032</td></tr><tr><td>{receipt}</td></tr></table></center>\
         </body></html>"
    )
}

const DOCUMENT: &str = "<a href='/docs1/01218400001' title='Open Document'>Document</a>";
const PETITION: (&str, &str, &str) =
    ("900001", "", "PETITION FOR REVIEW filed [Entered: 02/03/2026 09:53 AM]");
const APPEARANCE: (&str, &str, &str) = ("900002", "", "APPEARANCE of counsel filed by Jane Doe");
const ORDER: (&str, &str, &str) = ("900003", "", "PER CURIAM ORDER filed denying motion");

#[test]
fn what_became_of_an_entry_is_told_and_what_is_not_wanted_is_not() {
    let site = Site::start();
    site.page("/docket", docket_page(&[PETITION], "01/06/2026 $0.10"));
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"docket\"\nkind = \"pacer-docket\"\ntitle = \"The case\"\nurl = \"{}/docket\"\n\
         schedule = \"@daily\"\ncompanies = [\"hikvision\"]\ndockets = [\"23-1032\"]\n\
         entries = {{ drop = [\"appearance\"] }}\n",
        site.url
    ));
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let check = |rows: &[(&str, &str, &str)]| -> Vec<(String, String)> {
        site.page("/docket", docket_page(rows, "another receipt"));
        let report = home.check(0);
        check_schema(&report);
        let changes = report["sources"][0]["changes"].as_array().unwrap().clone();
        let said = |change: &Value, name: &str| change[name].as_str().unwrap().to_owned();
        changes.iter().map(|change| (said(change, "kind"), said(change, "event"))).collect()
    };
    let told = |kind: &str, event: &str| vec![(kind.to_owned(), event.to_owned())];
    assert_eq!(check(&[PETITION]), []);
    assert_eq!(check(&[PETITION, APPEARANCE]), []);
    assert_eq!(check(&[PETITION, APPEARANCE, ORDER]), told("added", "new"));
    let attached = (PETITION.0, DOCUMENT, PETITION.2);
    assert_eq!(check(&[attached, APPEARANCE, ORDER]), told("amended", "document-attached"));
    assert_eq!(check(&[attached, APPEARANCE]), told("removed", "gone"));
    let letters = home.letters();
    let texts: String = letters.iter().map(|letter| letter.text.replace('\n', " ")).collect();
    assert_eq!(letters.len(), 3);
    for said in ["Order filed in ", "Document attached to ", "gone from the docket of "] {
        assert!(texts.contains(said), "{said}: {texts}");
    }
    assert!(!texts.contains("Jane Doe"), "{texts}");
}

#[test]
fn the_docket_of_another_case_is_held_back() {
    let site = Site::start();
    site.page("/docket", docket_page(&[PETITION], ""));
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"docket\"\nkind = \"pacer-docket\"\ntitle = \"The case\"\nurl = \"{}/docket\"\n\
         schedule = \"@daily\"\ndockets = [\"23-1073\"]\n",
        site.url
    ));
    let report = home.check(4);
    assert_eq!(report["sources"][0]["verdict"], "suspect");
    let reason = report["sources"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("expected that of 23-1073") && reason.contains("23-1032"), "{reason}");
}

#[test]
fn the_api_is_asked_for_every_page_with_the_token() {
    let site = Site::start();
    let json = [("content-type", "application/json")];
    let filing = |id: u64, text: &str| json!({ "id": id, "docket": 77, "date_filed": "2026-02-03", "description": text });
    let serve = |newest: &[Value]| {
        let next = format!("{}/api/entries/next", site.url);
        let first = json!({ "next": next, "previous": null, "results": newest });
        let last = json!({ "next": null, "previous": "x", "results": [filing(1, "COMPLAINT by Example")] });
        site.answer("/api/entries", 200, &json, first.to_string());
        site.answer("/api/entries/next", 200, &json, last.to_string());
        let case = json!({ "id": 77, "docket_number": "1:26-cv-00077", "case_name": "Hikvision v. Example" });
        site.answer("/api/case", 200, &json, case.to_string());
    };
    serve(&[filing(2, "MOTION to dismiss")]);
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"docket\"\nkind = \"courtlistener\"\ntitle = \"The case\"\nurl = \"{0}/api/entries\"\n\
         case = \"{0}/api/case\"\nschedule = \"@daily\"\ntoken_file = \"token\"\n\
         token_as = \"Authorization: Token {{}}\"\ndockets = [\"26-cv-77\"]\n",
        site.url
    ));
    fs::write(home.path("config/token"), "0123456789abcdef").unwrap();
    fs::set_permissions(home.path("config/token"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.check(0)["sources"][0]["entries"], 2);
    for asked in site.asked().iter().filter(|asked| asked.path.starts_with("/api")) {
        assert_eq!(asked.headers["authorization"], "Token 0123456789abcdef", "{}", asked.path);
    }
    serve(&[filing(3, "ORDER granting the motion"), filing(2, "MOTION to dismiss")]);
    let report = home.check(0);
    let change = &report["sources"][0]["changes"][0];
    assert_eq!((&change["event"], &change["key"]), (&json!("new"), &json!("1:26-cv-00077/3")));
    assert_eq!(change["title"], "1:26-cv-00077 Hikvision v. Example: ORDER granting the motion");
    assert_eq!(change["companies"][0]["id"], "hikvision", "the caption names it");
}
