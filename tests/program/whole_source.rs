//! A source that is followed as such: by the operator, by mail and on the pages; and what its readers choose there.

use super::by_mail::{INBOX, WATCH, from_ann, site};
use super::home::{Letter, list_source};
use super::web::{Service, link};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, ZTE, covered_list};

/// An entry that names nobody who is tracked.
const NOBODY: (&str, &str, &str) = ("Basalt Optics", "", "May 1, 2026");

fn home(site: &super::Site) -> Home {
    Home::with_sources(&format!("{INBOX}\n{}", list_source(&site.url)))
}

#[track_caller]
fn alert(home: &Home, to: &str) -> Letter {
    let mut alerts = home.letters_to(to);
    alerts.retain(|letter| letter.kind == "alert");
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    alerts.remove(0)
}

#[test]
fn whoever_follows_a_source_is_told_of_what_names_nobody_and_why() {
    let site = site();
    let home = home(&site);
    home.check(0);
    let add =
        |address: &str, more: &[&str]| home.run(&[&["sub", "add", address, "--confirmed"], more].concat());
    add("sue@example.org", &["--source", "covered-list"]).expect(0);
    add("ann@example.org", &["--company", "hikvision"]).expect(0);
    add("both@example.org", &["--company", "hikvision", "--source", "covered-list"]).expect(0);
    let refused = add("sue@example.org", &["--source", "covered-lst"]).expect(1);
    assert!(refused.stderr.contains("no source covered-lst") && refused.stderr.contains("covered-list"));
    add("sue@example.org", &[]).expect(2);

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION, NOBODY]));
    assert_eq!(home.check(0)["mails_queued"], 2, "who follows Hikvision alone is told nothing");
    let told = alert(&home, "sue@example.org");
    assert!(told.subject.contains("Basalt Optics") && told.subject.contains("Covered List"), "{told:#?}");
    assert!(
        told.text.contains("You follow this source.") && told.text.contains("everything on Covered List")
    );
    assert_eq!(alert(&home, "both@example.org").subject, told.subject);
    assert!(home.letters_to("ann@example.org").is_empty());
    home.check(0);
    assert_eq!(alert(&home, "sue@example.org").message_id, told.message_id, "nothing is told twice");

    home.run(&["sub", "remove", "sue@example.org", "--source", "covered-list"]).expect(0);
    let lenses = (NOBODY.0, ", and lenses.", NOBODY.2);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED, lenses]));
    assert_eq!(home.check(0)["mails_queued"], 2);
    alert(&home, "sue@example.org");
    let both = home.letters_to("both@example.org");
    let amended = both.iter().find(|letter| letter.subject.contains("amended")).unwrap();
    assert!(amended.subject.starts_with("Hikvision: entry amended on"), "{amended:#?}");
    assert!(amended.text.contains("You follow this source."), "{}", amended.text);
    let words = amended.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("which you follow; one concerns Hikvision."), "{words}");
    let shown = home.run(&["sub", "list"]).expect(0).stdout;
    assert!(shown.contains("source:covered-list"), "{shown}");
}

#[test]
fn a_source_is_followed_by_mail_and_left_by_mail() {
    let site = site();
    let home = home(&site);
    home.check(0);
    let asked = home.write(&from_ann(WATCH, "follow source covered list", ""));
    assert!(asked[0].text.contains("everything on Covered List"), "{:#?}", asked[0]);
    let token =
        asked[0].text.lines().find_map(|line| line.strip_prefix("confirm ")).unwrap().trim().to_owned();
    let welcome = home.write(&from_ann(&format!("watch+confirm-{token}@tracker.example"), "yes", ""));
    assert_eq!(welcome[0].kind, "welcome", "{welcome:#?}");
    assert!(!welcome[0].text.contains("Nothing about it is listed"), "{}", welcome[0].text);
    let record = home.run(&["sub", "show", "ann@example.org"]).expect(0).stdout;
    assert!(record.contains("when anything changes on the source covered-list"), "{record}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION, NOBODY]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    home.write(&from_ann(WATCH, "unsubscribe", ""));
    let unknown = home.write(&from_ann(WATCH, "follow docket 99-1234", ""));
    assert_eq!(unknown[0].kind, "help", "{unknown:#?}");
}

#[test]
fn an_outsider_chooses_a_source_how_often_and_where_and_then_what_of_it() {
    let service = Service::start("");
    let form =
        "address=eve%40example.org&whole=covered-list&whole=nothing&cadence=daily&zone=Europe%2FBerlin";
    let page = service.post(&format!("{}/subscribe", service.base), form);
    assert!(page.status == 200 && page.body.contains("We sent a mail"), "{page:?}");
    service.home.check(0);
    let asked = service.home.letters_to("eve@example.org").remove(0);
    for words in ["everything on Covered List", "daily", "Europe/Berlin"] {
        assert!(asked.text.contains(words), "{words} is missing in {}", asked.text);
    }
    assert_eq!(service.post(&link(&service, &asked, "confirm"), "").status, 200);
    let show = || service.home.run(&["sub", "show", "eve@example.org", "--json"]).expect(0).json();
    let record = show();
    assert_eq!(record["subscriptions"][0]["company"], "source:covered-list");
    assert_eq!(
        (&record["preferences"]["cadence"], &record["preferences"]["zone"]),
        (&"daily".into(), &"Europe/Berlin".into())
    );

    service.home.check(0);
    let welcome = service.home.letters_to("eve@example.org");
    let welcome = welcome.iter().find(|letter| letter.kind == "welcome").unwrap();
    let manage = link(&service, welcome, "manage");
    service.site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION, NOBODY]));
    service.home.check(0);
    let found = service.get(&format!("{manage}?show=found"));
    assert!(found.body.contains("Basalt Optics") && found.body.contains("Not mailed yet"), "{found:?}");
    let change = found.body.split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(service.get(&change).body.contains("You follow this source."), "{change}");

    let page = service.post(&manage, "action=refine&company=source:covered-list&kind=removed");
    assert!(page.status == 200 && page.body.contains("is saved"), "{page:?}");
    assert_eq!(show()["subscriptions"][0]["only"]["changes"][0], "removed");
    let found = service.get(&format!("{manage}?show=found"));
    assert!(!found.body.contains("Basalt Optics"), "it is no removal: {found:?}");
    let page = service
        .post(&manage, "action=refine&company=source:covered-list&kind=removed&kind=added&kind=amended");
    assert_eq!(page.status, 200);
    assert_eq!(show()["subscriptions"][0]["only"], serde_json::Value::Null, "all kinds are everything");
    for bad in ["action=refine&kind=removed", "action=refine&company=../x"] {
        assert_eq!(service.post(&manage, bad).status, 422, "{bad}");
    }
}
