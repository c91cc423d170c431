//! What waits for the relay is held against what its reader wants when it is back; and what a mail says of what
//! it does not tell is so.

use std::net::TcpListener;

use super::by_mail::{INBOX, WATCH, from_ann};
use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// A home in which a mail to Ann waits for a relay that is down.
fn waiting(site: &Site) -> Home {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources("");
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    home.configure(&list_source(&site.url), &format!("smtp://127.0.0.1:{port}"));
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("ann@example.org", "zte");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE_AMENDED, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    assert_eq!(states(&home), ["deferred"]);
    home
}

const ZTE_AMENDED: (&str, &str, &str) =
    ("ZTE Corporation", ", its services and its affiliates.", "March 12, 2021");

fn states(home: &Home) -> Vec<String> {
    let mails = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mut states: Vec<String> = mails["mails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| mail["state"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    states
}

impl Home {
    /// Mail leaves again, by another way.
    fn relay_returns(&self, site: &Site) {
        self.configure(&list_source(&site.url), "maildir:../state/mail");
        self.check(0);
        self.run(&["outbox", "retry"]).expect(0);
    }
}

#[test]
fn who_left_while_the_relay_was_down_is_not_mailed_when_it_returns() {
    let site = Site::start();
    let home = waiting(&site);
    home.run(&["sub", "remove", "ann@example.org"]).expect(0);
    home.relay_returns(&site);
    assert_eq!(home.letters().len(), 0);
    assert_eq!(states(&home), ["unsubscribed"]);
    let mails = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let id = mails["mails"][0]["id"].as_str().unwrap();
    let shown = home.run(&["outbox", "show", id]).expect(0).stdout;
    assert!(shown.contains("no longer follows what it reports"), "{shown}");
}

#[test]
fn who_left_one_company_meanwhile_is_told_of_the_other_alone() {
    let site = Site::start();
    let home = waiting(&site);
    home.run(&["sub", "remove", "ann@example.org", "--company", "zte"]).expect(0);
    home.relay_returns(&site);
    home.check(0);
    let letters = home.letters();
    assert_eq!((letters.len(), states(&home)), (1, vec!["replaced".to_owned(), "sent".to_owned()]));
    let text = &letters[0].text;
    assert!(
        text.contains("and by any affiliate") && !text.contains("its services and its affiliates"),
        "{text}"
    );
    assert!(!letters[0].subject.contains("ZTE"), "{}", letters[0].subject);
}

#[test]
fn who_paused_meanwhile_gets_one_summary_when_the_pause_ends() {
    let site = Site::start();
    let home = waiting(&site);
    home.run(&["sub", "pause", "ann@example.org"]).expect(0);
    home.relay_returns(&site);
    assert_eq!(home.letters().len(), 0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    assert_eq!((home.letters().len(), states(&home)), (0, vec!["replaced".to_owned()]));
    home.run(&["sub", "resume", "ann@example.org"]).expect(0);
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0].subject.starts_with("[after a pause] 3 changes about Hikvision, ZTE"),
        "{}",
        letters[0].subject
    );
    home.check(0);
    assert_eq!(home.letters().len(), 1, "once");
}

#[test]
fn a_pause_may_have_an_end_which_is_a_day_to_come() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::watching_list(&site);
    home.subscribe("ann@example.org", "hikvision");
    let past = home.run(&["sub", "pause", "ann@example.org", "--until", "2001-01-01"]);
    assert!(past.code != Some(0) && past.stderr.contains("is not in the future"), "{past:?}");
    let paused = home.run(&["sub", "pause", "ann@example.org", "--until", "2101-02-03"]).expect(0).stdout;
    assert!(paused.contains("until 2101-02-03"), "{paused}");
    let kept = home.run(&["sub", "export"]).expect(0).stdout;
    assert!(kept.contains("2101-02-03T00:00:00Z"), "{kept}");
    let resumed = home.run(&["sub", "resume", "ann@example.org", "--json"]).expect(0).json();
    assert_eq!(resumed["paused_until"], serde_json::Value::Null);
}

/// Rows about one company.
fn many(count: usize, name: &str) -> Vec<(String, &'static str, &'static str)> {
    (0..count).map(|number| (format!("{name} {number}"), ", and its services.", "March 12, 2021")).collect()
}

fn page(rows: &[(String, &'static str, &'static str)]) -> String {
    let mut all = vec![HUAWEI, ZTE];
    all.extend(rows.iter().map(|(name, text, date)| (name.as_str(), *text, *date)));
    covered_list(&all)
}

#[test]
fn of_150_entries_at_once_no_mail_says_of_the_others_that_they_name_nobody() {
    let site = Site::start();
    site.page("/list", page(&[]));
    let home = Home::watching_list(&site);
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", page(&many(150, "Hikvision")));
    assert_eq!(home.check(0)["mails_queued"], 2);
    let mut said: Vec<String> = Vec::new();
    for letter in home.letters() {
        let text = letter.text.replace('\n', " ");
        assert!(!text.contains("no company you follow"), "{text}");
        let counts = ["50 more entries about what you follow", "100 more entries about what you follow"];
        said.extend(counts.iter().filter(|count| text.contains(**count)).map(|count| (*count).to_owned()));
    }
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn what_a_filter_left_out_is_not_said_to_name_nobody() {
    let site = Site::start();
    let gone = ("Hikvision Harbour Cranes".to_owned(), ", for piers, locks and dredging.", "May 1, 2020");
    let mut before = many(6, "Hikvision");
    before.push(gone);
    site.page("/list", page(&before));
    let home = Home::watching_list(&site);
    let file = "address,company,only,confirmed\nann@example.org,hikvision,removed,2026-01-01\n";
    std::fs::write(home.path("readers.csv"), file).unwrap();
    home.run(&["sub", "import", home.path("readers.csv").to_str().unwrap()]).expect(0);
    home.check(0);
    let mut after = before[..6].to_vec();
    let come = |name: &str, text| (name.to_owned(), text, "November 20, 2026");
    after.push(come("Optical Lenses of Hikvision", ", in glass and quartz, polished."));
    after.push(come("Railway Signals by Hikvision", ", on tracks and at level crossings."));
    site.page("/list", page(&after));
    home.check(0);
    site.page("/list", page(&after));
    home.check(0);
    let letters = home.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let text = letters[0].text.replace('\n', " ");
    assert!(
        text.contains("in ways you did not ask for") && !text.contains("no company you follow"),
        "{text}"
    );
}

#[test]
fn a_source_taken_out_of_the_configuration_is_not_said_to_be_read_again() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::watching_list(&site);
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    home.check(0);
    site.page("/list", covered_list(&[]));
    home.check(4);
    home.amend("id = \"covered-list\"", "id = \"renamed-list\"");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    let subjects: Vec<String> = home.letters().into_iter().map(|letter| letter.subject).collect();
    assert!(
        subjects.contains(&"[regwatch] Closed: Covered List is no longer watched".to_owned()),
        "{subjects:?}"
    );
    assert!(!subjects.iter().any(|subject| subject.contains("read again")), "{subjects:?}");
}

/// A home of Ann's, who was welcomed to two companies and asked what she follows while the relay was down.
fn answers_waiting(site: &Site) -> Home {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let sources = format!("{INBOX}\n{}", list_source(&site.url));
    let home = Home::with_sources(&sources);
    home.check(0);
    let asked = home.write(&from_ann(WATCH, "subscribe hikvision, zte", ""));
    let token =
        asked[0].text.lines().find_map(|line| line.strip_prefix("confirm ")).unwrap().trim().to_owned();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    home.configure(&sources, &format!("smtp://127.0.0.1:{port}"));
    assert!(home.write(&from_ann(WATCH, &format!("confirm {token}"), "")).is_empty());
    let vouched = "Authentication-Results: mx.tracker.example; dmarc=pass header.from=example.org\n";
    assert!(home.write(&format!("{vouched}{}", from_ann(WATCH, "list", ""))).is_empty());
    home
}

#[test]
fn a_welcome_and_a_list_of_which_only_a_part_is_still_true_are_composed_again() {
    let site = Site::start();
    let home = answers_waiting(&site);
    home.run(&["sub", "remove", "ann@example.org", "--company", "zte"]).expect(0);
    home.configure(&format!("{INBOX}\n{}", list_source(&site.url)), "maildir:../state/mail");
    home.check(0);
    home.run(&["outbox", "retry"]).expect(0);
    home.check(0);
    home.check(0);
    let mut letters = home.letters_to("ann@example.org");
    letters.retain(|letter| letter.kind != "confirmation");
    let mut subjects: Vec<&str> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["What you follow", "You now follow Hikvision"]);
    for letter in &letters {
        assert!(letter.text.contains("Hikvision") && !letter.text.contains("ZTE"), "{}", letter.text);
    }
    assert_eq!(states(&home), ["replaced", "replaced", "sent", "sent", "sent"]);
}

#[test]
fn a_welcome_to_what_nobody_follows_any_more_is_not_sent() {
    let site = Site::start();
    let home = answers_waiting(&site);
    home.run(&["sub", "remove", "ann@example.org"]).expect(0);
    home.configure(&format!("{INBOX}\n{}", list_source(&site.url)), "maildir:../state/mail");
    home.check(0);
    home.run(&["outbox", "retry"]).expect(0);
    home.check(0);
    let subjects: Vec<String> =
        home.letters_to("ann@example.org").into_iter().map(|letter| letter.subject).collect();
    assert!(!subjects.iter().any(|subject| subject.starts_with("You now follow")), "{subjects:?}");
}
