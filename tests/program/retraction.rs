//! A read that was believed and was not the source's is taken back.

use super::home::Letter;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched};

#[test]
fn whoever_was_told_is_told_otherwise_and_the_way_back_is_no_news() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("bob@example.org", "zte");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    let change = report["sources"][0]["changes"][0]["id"].as_str().unwrap().to_owned();
    let reason = "The agency served a draft by mistake.\nBcc: eve@example.org";
    let retracted = home.run(&["review", "retract", &change, "--reason", reason, "--json"]).expect(0).json();
    assert_eq!(retracted["mails_queued"], 1, "{retracted}");
    assert_eq!(retracted["retraction"]["changes"].as_array().unwrap().len(), 1);

    let letters = home.letters();
    assert!(letters.iter().all(|letter| letter.to == "ann@example.org"), "only who was told: {letters:#?}");
    let alert = letters.iter().find(|letter| letter.kind != "retraction").unwrap();
    let letter = letters.iter().find(|letter| letter.kind == "retraction").unwrap();
    assert!(
        letter.text.replace('\n', " ").contains("The agency served a draft by mistake."),
        "{}",
        letter.text
    );
    assert!(
        letter.text.contains(&change[..16]) && letter.text.contains("We take it back"),
        "{}",
        letter.text
    );
    assert!(field(letter, "References").ends_with(&format!(" <{}>", alert.message_id)), "{}", letter.head);

    // The same body is not believed again, and the page as it was before is no change.
    let report = home.check(4);
    assert_eq!(report["sources"][0]["verdict"], "suspect", "{report}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]), "{report}");
    assert_eq!(home.letters().len(), 2);
    let again = home.run(&["review", "retract", &change]).expect(1);
    assert!(again.stderr.contains("has already been retracted"), "{}", again.stderr);

    // A change that comes true later is told as any other.
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]).replace("affiliate", "partner"));
    assert_eq!(home.check(0)["mails_queued"], 1);
}

/// A field of a letter's header.
#[track_caller]
fn field<'a>(letter: &'a Letter, name: &str) -> &'a str {
    let found = letter.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in {}", letter.head))
}

/// Gmail wants the same references and the same subject, others the message before, Outlook its own headers.
#[test]
fn an_alert_its_update_and_their_retraction_are_one_conversation() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let amended = covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]);
    site.page("/list", &*amended);
    home.check(0);
    let [alert] = &home.letters()[..] else { panic!("not one alert") };
    site.page("/list", amended.replace("affiliate", "partner"));
    let report = home.check(0);
    let change = report["sources"][0]["changes"][0]["id"].as_str().unwrap();
    home.run(&["review", "retract", change]).expect(0);

    let letters = home.letters();
    let retraction = letters.iter().find(|letter| letter.kind == "retraction").unwrap();
    let update = letters
        .iter()
        .find(|letter| letter.message_id != alert.message_id && letter.message_id != retraction.message_id)
        .unwrap();
    assert_eq!(letters.len(), 3);
    let beginning = field(alert, "References");
    for follower in [alert, update] {
        assert_eq!(field(follower, "References"), beginning);
        assert_eq!(field(follower, "In-Reply-To"), beginning);
        assert_eq!(follower.subject, alert.subject);
    }
    let before = format!("<{}>", update.message_id);
    assert_eq!(field(retraction, "References"), format!("{beginning} {before}"));
    assert_eq!(field(retraction, "In-Reply-To"), before);
    assert_eq!(retraction.subject, format!("[retracted] {}", alert.subject));
    for letter in &letters {
        assert_eq!(field(letter, "Thread-Topic"), "Hikvision: Covered List");
        assert_eq!(field(letter, "Thread-Index"), field(alert, "Thread-Index"));
    }
}

#[test]
fn a_mail_that_nobody_has_yet_is_not_sent() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    // A relay that is not there.
    home.amend("maildir:../state/mail", "smtp://127.0.0.1:9");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    let change = report["sources"][0]["changes"][0]["id"].as_str().unwrap().to_owned();
    let retracted = home.run(&["review", "retract", &change, "--json"]).expect(0).json();
    assert_eq!(retracted["mails_queued"], 0, "{retracted}");
    let outbox = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mail = &outbox["mails"][0];
    assert!(mail["last_error"].as_str().unwrap().contains("retracted before it was sent"), "{outbox}");
}
