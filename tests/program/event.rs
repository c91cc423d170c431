//! One event that several sources tell: said in the mail, shown on pages, and one mail for who wants one.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::home::{Letter, files_of, read_letter};
use super::sink::Sink;
use super::{Home, Site};

/// Two searches of the Federal Register and an agency's feed. Ann wants one mail for an event, Bob does not.
struct Told {
    site: Site,
    home: Home,
}

/// A document of the register with what else is said of it.
fn document(number: &str, title: &str, more: &Value) -> Value {
    let mut document = json!({
        "document_number": number, "title": title, "type": "Rule", "publication_date": "2026-11-20",
        "agencies": [{ "name": "Commerce Department", "slug": "commerce-department" }],
        "html_url": format!("https://www.federalregister.gov/documents/2026/11/20/{number}/x"),
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

const NUMBER: &str = "2026-25555";
const TITLE: &str = "Addition of Hikvision to the List";

impl Told {
    fn new() -> Self {
        Self::with("maildir:../state/mail")
    }

    fn with(transport: &str) -> Self {
        let told = Self { site: Site::start(), home: Home::with_sources("") };
        let search = |id: &str, title: &str| {
            format!(
                "[[source]]\nid = \"{id}\"\nkind = \"federal-register\"\ntitle = \"{title}\"\nurl = \"{}/{id}\"\n\
                 schedule = \"@daily\"\n",
                told.site.url
            )
        };
        let feed = format!(
            "[[source]]\nid = \"releases\"\nkind = \"feed\"\ntitle = \"Releases\"\nurl = \"{}/releases\"\n\
             schedule = \"@daily\"\n",
            told.site.url
        );
        let sources = format!("{}{}{feed}", search("rules", "Rules"), search("bureau", "The Bureau"));
        told.home.configure(&sources, transport);
        told.home.configure_also("[inbox]\naddress = \"watch@tracker.example\"");
        told.register("rules", &[]);
        told.register("bureau", &[]);
        told.releases(&[]);
        for address in ["ann@example.org", "bob@example.org"] {
            told.home.run(&["sub", "add", address, "--company", "hikvision", "zte", "--confirmed"]).expect(0);
        }
        told.home.run(&["sub", "set", "ann@example.org", "--events", "once"]).expect(0);
        told.home.check(0);
        told
    }

    fn register(&self, search: &str, documents: &[Value]) {
        let old = document("2026-00001", "An older document", &json!({}));
        let all: Vec<&Value> = documents.iter().chain([&old]).collect();
        let body = json!({ "count": all.len(), "results": all });
        let json = [("content-type", "application/json")];
        self.site.answer(&format!("/{search}"), 200, &json, body.to_string());
    }

    fn releases(&self, items: &[(&str, &str)]) {
        let old = ("An older release", "Nothing.");
        let items: String = items
            .iter()
            .chain([&old])
            .map(|(title, text)| {
                format!("<item><title>{title}</title><guid isPermaLink='false'>{title}</guid><description>{text}</description></item>")
            })
            .collect();
        let body = format!(
            "<?xml version='1.0'?><rss version='2.0'><channel><title>R</title>{items}</channel></rss>"
        );
        self.site.answer("/releases", 200, &[("content-type", "application/rss+xml")], body);
    }

    /// The texts of the mails to somebody, each on one line.
    fn mails_to(&self, name: &str) -> Vec<String> {
        let letters = self.home.letters_to(&format!("{name}@example.org"));
        letters.iter().map(|letter| on_one_line(&letter.text)).collect()
    }

    /// How many mails Ann and Bob have.
    fn counts(&self) -> (usize, usize) {
        (self.mails_to("ann").len(), self.mails_to("bob").len())
    }

    /// The change that a check found.
    #[track_caller]
    fn found(&self) -> String {
        let report = self.home.check(0);
        let changes: Vec<&Value> = report["sources"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|source| source["changes"].as_array().unwrap())
            .collect();
        assert_eq!(changes.len(), 1, "{report}");
        changes[0]["id"].as_str().unwrap().to_owned()
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_second_source_tells_is_said_to_be_told_and_one_mail_is_enough_for_who_wants_one() {
    let told = Told::new();
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    let first = told.found();
    assert_eq!(told.counts(), (1, 1));
    told.register("bureau", &[document(NUMBER, TITLE, &json!({}))]);
    let second = told.found();
    assert_eq!(told.counts(), (1, 2), "Ann was told");
    let letters = told.home.letters_to("bob@example.org");
    let letter = letters.iter().find(|letter| letter.text.contains("Also told by")).unwrap();
    let said = format!("(FR Doc. {NUMBER})");
    assert!(on_one_line(&letter.text).contains("Also told by Rules, "), "{}", letter.text);
    assert!(on_one_line(&letter.text).contains(&said) && letter.html.contains(&said), "{}", letter.html);
    assert!(letter.html.contains("Also told by"), "{}", letter.html);

    let shown = told.home.run(&["changes", "show", &first, "--json"]).expect(0).json();
    assert_eq!(shown["ties"].as_array().unwrap().len(), 1, "{shown}");
    let tie = &shown["ties"][0];
    assert_eq!((&tie["id"], &tie["is_same"]), (&json!(second), &json!(true)), "{tie}");
    assert_eq!((&tie["number"], &tie["is_certain"]), (&json!(format!("FR Doc. {NUMBER}")), &json!(true)));
    let text = told.home.run(&["changes", "show", &second]).expect(0).stdout;
    assert!(text.contains("also told by Rules, ") && text.contains(&first[..8]), "{text}");
}

#[test]
fn what_is_told_together_is_one_mail_that_says_so() {
    let told = Told::new();
    for search in ["rules", "bureau"] {
        told.register(search, &[document(NUMBER, TITLE, &json!({}))]);
    }
    told.home.check(0);
    assert_eq!(told.counts(), (1, 1));
    let mail = &told.mails_to("ann")[0];
    assert!(mail.contains("Also told by Rules, ") && mail.contains("Also told by The Bureau, "), "{mail}");
}

#[test]
fn a_second_source_that_tells_more_is_told() {
    for (title, more) in [
        (TITLE, json!({ "effective_on": "2027-01-15" })),
        (TITLE, json!({ "type": "Proposed Rule" })),
        (TITLE, json!({ "correction_of": "https://www.federalregister.gov/api/v1/documents/2026-20000" })),
        ("Addition of Hikvision and ZTE to the List", json!({})),
    ] {
        let told = Told::new();
        told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
        told.home.check(0);
        told.register("bureau", &[document(NUMBER, title, &more)]);
        told.home.check(0);
        assert_eq!(told.counts(), (2, 2), "{title} {more}");
    }
}

#[test]
fn what_another_source_amends_or_removes_is_told() {
    let told = Told::new();
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    told.register("bureau", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    told.register("bureau", &[document(NUMBER, TITLE, &json!({ "action": "Final rule; stay." }))]);
    told.home.check(0);
    assert_eq!(told.counts(), (2, 3), "an amendment is another event");
    told.register("rules", &[document(NUMBER, TITLE, &json!({ "action": "Final rule; stay." }))]);
    told.home.check(0);
    assert_eq!(told.counts(), (2, 4), "the same amendment is not");
}

#[test]
fn a_number_that_a_text_only_speaks_of_keeps_nothing_back() {
    let told = Told::new();
    told.register("rules", &[document(NUMBER, TITLE, &json!({ "docket_ids": ["Docket No. 21-232"] }))]);
    told.home.check(0);
    told.releases(&[("Hikvision answers", "It speaks of FR Doc. 2026-25555 and Docket No. 21-232.")]);
    told.home.check(0);
    assert_eq!(told.counts(), (2, 2));
    let mails = told.mails_to("ann");
    let mail = mails.iter().find(|mail| mail.contains("Hikvision answers")).unwrap();
    assert!(mail.contains("See also Rules, ") && !mail.contains("Also told by"), "{mail}");
    // Another document of the same docket is another document.
    told.register(
        "bureau",
        &[document("2026-25556", TITLE, &json!({ "docket_ids": ["Docket No. 21-232"] }))],
    );
    told.home.check(0);
    assert_eq!(told.counts(), (3, 3));
}

#[test]
fn a_release_and_its_publication_are_one_event_and_the_parts_of_an_order_are_several() {
    let told = Told::new();
    let published = |number: &str| {
        document(number, TITLE, &json!({ "docket_ids": ["ET Docket No. 21-232", "FCC 26-71"] }))
    };
    told.releases(&[("FCC 26-71: Hikvision is added to the List", "")]);
    told.home.check(0);
    told.register("rules", &[published(NUMBER)]);
    told.home.check(0);
    assert_eq!(told.counts(), (1, 2));
    told.register("bureau", &[published("2026-25556")]);
    told.home.check(0);
    assert_eq!(told.counts(), (2, 3), "another document under the number of the same order");
}

#[test]
fn once_what_was_told_is_taken_back_what_was_kept_back_for_it_is_told() {
    let told = Told::new();
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    let first = told.found();
    told.register("bureau", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    assert_eq!(told.counts(), (1, 2));
    told.home.run(&["review", "retract", &first]).expect(0);
    told.home.check(4);
    let mails: Vec<String> =
        told.home.letters_to("ann@example.org").into_iter().map(|letter| letter.kind).collect();
    assert_eq!(mails.iter().filter(|kind| *kind == "alert").count(), 2, "{mails:?}");
    assert_eq!(mails.iter().filter(|kind| *kind == "retraction").count(), 1, "{mails:?}");
}

#[test]
fn a_mail_that_was_not_sent_tells_nobody() {
    let told = Told::new();
    told.home.amend("maildir:../state/mail", "smtp://127.0.0.1:9");
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    told.register("bureau", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    let outbox = told.home.run(&["outbox", "list", "--json"]).expect(0).json();
    let to_ann =
        outbox["mails"].as_array().unwrap().iter().filter(|mail| mail["recipient"] == "ann@example.org");
    assert_eq!(to_ann.count(), 2, "{outbox}");
}

#[test]
fn once_the_mail_comes_back_what_was_kept_back_for_it_is_told() {
    let Some(sink) = Sink::start("an event whose mail comes back") else { return };
    let told = Told::with(&format!("smtp://127.0.0.1:{}", sink.port));
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    told.register("bureau", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    let to_ann = |sink: &Sink| {
        sink.copies().into_iter().filter(|letter: &Letter| letter.to == "ann@example.org").count()
    };
    assert_eq!(to_ann(&sink), 1);
    let outbox = told.home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mails = outbox["mails"].as_array().unwrap();
    let id =
        mails.iter().find(|mail| mail["recipient"] == "ann@example.org").unwrap()["id"].as_str().unwrap();
    let sender = sink.senders().into_iter().find(|sender| sender.contains(&id[..16])).unwrap();
    let report = format!(
        "From: MAILER-DAEMON@mx.example.org\nTo: {sender}\nSubject: Undelivered Mail\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nIt could not be delivered.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n\
         Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.7.1\n\n--b--\n"
    );
    let mut ingest = told.home.program();
    ingest.args(["mail", "ingest", "--json", "--recipient", &sender]);
    let mut process = ingest.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(report.replace('\n', "\r\n").as_bytes()).unwrap();
    assert!(process.wait_with_output().unwrap().status.success());
    told.home.check(0);
    assert_eq!(to_ann(&sink), 2);
}

#[test]
fn who_is_forgotten_is_forgotten_here_as_well() {
    let told = Told::new();
    told.register("rules", &[document(NUMBER, TITLE, &json!({}))]);
    told.home.check(0);
    let key: String = b"ann@example.org".iter().map(|byte| format!("{byte:02x}")).collect();
    let names_ann = || {
        let lines = told.home.path("lines");
        let _ = std::fs::remove_file(&lines);
        told.home.run(&["store", "export", lines.to_str().unwrap()]).expect(0);
        let text = String::from_utf8(std::fs::read(&lines).unwrap()).unwrap();
        text.lines().filter(|line| line.contains("\"told\"") && line.contains(&key)).count()
    };
    assert_eq!(names_ann(), 1);
    told.home.run(&["sub", "erase", "ann@example.org"]).expect(0);
    assert_eq!(names_ann(), 0);
    told.home.run(&["store", "verify"]).expect(0);
    let mails = files_of(&told.home.path("state/mail/new"));
    assert!(
        mails.iter().map(read_letter).any(|letter| letter.to == "ann@example.org"),
        "she was told before"
    );
}

#[test]
fn fields_that_are_asked_for_from_now_on_are_no_news_and_tie_what_comes() {
    let told = Told::new();
    let rule = |more: &Value| document(NUMBER, TITLE, more);
    let ids: Vec<String> = (1..40).map(|number| format!("2026-3{number:04}")).collect();
    let all = |more: &Value| -> Vec<Value> {
        [rule(more)].into_iter().chain(ids.iter().map(|id| document(id, TITLE, more))).collect()
    };
    told.register("rules", &all(&json!({})));
    told.home.check(0);
    let (of_ann, of_bob) = told.counts();
    // Mass or not: neither a mail nor anything that is held for a person.
    told.home
        .amend("/rules\"", "/rules?fields[]=title&fields[]=abstract&fields[]=docket_ids&fields[]=agencies\"");
    told.register("rules", &all(&json!({ "docket_ids": ["FCC 26-71"] })));
    let report = told.home.check(0);
    assert!(!report.to_string().contains("differ"), "{report:#}");
    assert_eq!(told.counts(), (of_ann, of_bob));
    let mut amended = all(&json!({ "docket_ids": ["FCC 26-71"] }));
    amended[0]["docket_ids"] = json!(["FCC 26-72"]);
    told.register("rules", &amended);
    told.found();
}
