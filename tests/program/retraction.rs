//! A read that was believed and was not the source's is taken back.

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
    let alert = letters.iter().find(|letter| !letter.subject.starts_with("[retracted]")).unwrap();
    let letter = letters.iter().find(|letter| letter.subject.starts_with("[retracted]")).unwrap();
    assert!(letter.text.contains("The agency served a draft by"), "{}", letter.text);
    assert!(letter.text.contains(&change) && letter.text.contains("we take it back"), "{}", letter.text);
    assert_eq!(letter.references.as_ref(), Some(&alert.message_id));

    // The same body is not believed again, and the page as it was before is no change.
    let report = home.check(4);
    assert_eq!(report["sources"][0]["verdict"], "suspect", "{report}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]), "{report}");
    assert_eq!(home.letters().len(), 2);
    let again = home.run(&["review", "retract", &change]).expect(1);
    assert!(again.stderr.contains("was taken back before"), "{}", again.stderr);

    // A change that comes true later is told as any other.
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]).replace("affiliate", "partner"));
    assert_eq!(home.check(0)["mails_queued"], 1);
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
