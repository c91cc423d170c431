//! The process is killed where it hurts; afterwards every mail is there, once.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

#[test]
fn killed_while_a_relay_keeps_it_waiting_it_delivers_the_mail_once_afterwards() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let relay = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let home = Home::with_sources("");
    let sources = list_source(&site.url);
    home.configure(&sources, &format!("smtp://127.0.0.1:{}", relay.local_addr().unwrap().port()));
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let mut check = home.program().args(["check", "now"]).stdout(Stdio::null()).spawn().unwrap();
    // The relay takes the connection and never says a word: the mail is leased, its fate open.
    let _connection = relay.accept().unwrap();
    check.kill().unwrap();
    check.wait().unwrap();

    home.configure(&sources, "maildir:../state/mail");
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]), "the change was kept before the mail");
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("and by any affiliate"), "{}", letters[0].text);
    home.check(0);
    assert_eq!(home.letters().len(), 1);
}

/// How far apart the moments are at which the process is killed, and how many there are. A whole
/// check takes some 50 ms here, so that the last ones let it end.
const STEP: Duration = Duration::from_micros(1_500);
const KILLS: u32 = 60;

#[test]
fn killed_at_any_moment_it_tells_every_change_once_afterwards() {
    let site = Site::start();
    let list = |number: u32| {
        let text = format!(", version {number}.");
        covered_list(&[HUAWEI, ZTE, ("Hikvision", &text, "March 12, 2021")])
    };
    site.page("/list", list(0));
    let home = Home::watching_list(&site);
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    for number in 1..=KILLS {
        site.page("/list", list(number));
        let asked = site.asked().len();
        let mut check = home.program().args(["check", "now"]).stdout(Stdio::null()).spawn().unwrap();
        site.wait_until_asked("/list", asked + 1);
        let moment = Instant::now() + STEP * number;
        while Instant::now() < moment && check.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        let _ = check.kill();
        check.wait().unwrap();
    }
    home.check(0);

    let changes = home.run(&["changes", "list", "--limit", "1000", "--json"]).expect(0).json();
    let changes = changes["changes"].as_array().unwrap();
    let texts: Vec<(&str, &str)> = changes
        .iter()
        .map(|change| &change["fields"][0])
        .map(|field| (field["before"].as_str().unwrap(), field["after"].as_str().unwrap()))
        .collect();
    assert!(texts[0].1.contains(&format!("version {KILLS}.")), "{texts:?}");
    assert!(texts.last().unwrap().0.contains("version 0."), "{texts:?}");
    for pair in texts.windows(2) {
        assert_eq!(pair[0].0, pair[1].1, "no version between was passed over or told twice");
    }

    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let letters = home.letters();
    for change in changes {
        let id = change["id"].as_str().unwrap();
        let mails = letters.iter().filter(|letter| letter.text.contains(&id[..16])).count();
        told.insert(id, mails);
    }
    assert!(told.values().all(|mails| *mails == 1), "{told:?}");
    let open = home.run(&["outbox", "list", "--json"]).expect(0).json();
    assert!(open["mails"].as_array().unwrap().iter().all(|mail| mail["state"] == "sent"), "{open}");
}
