//! Who wants to be forgotten is.

use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched};

#[test]
fn nothing_names_who_was_erased_and_nothing_is_sent_to_them_until_they_confirm_anew() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("bob@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let erased = home.run(&["sub", "erase", "ann@example.org", "--json"]).expect(0).json();
    assert_eq!(erased, serde_json::json!({ "subscriptions": 1, "mails": 1, "under_way": 0 }));

    for view in [&["sub", "list"][..], &["outbox", "list"], &["suppression", "list"], &["sub", "export"]] {
        let shown = home.run(view).expect(0).stdout;
        assert!(!shown.contains("ann@") && !shown.contains("a…@"), "{view:?}: {shown}");
    }
    home.run(&["sub", "show", "ann@example.org"]).expect(1);
    home.run(&["sub", "erase", "ann@example.org"]).expect(1);

    // An operator's slip brings no mail to them; bob goes on being told.
    home.run(&["sub", "add", "ann@example.org", "--company", "hikvision"]).expect(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    let told: Vec<String> = home.letters().into_iter().map(|letter| letter.to).collect();
    assert_eq!(told.iter().filter(|to| *to == "bob@example.org").count(), 2);
    assert_eq!(told.iter().filter(|to| *to == "ann@example.org").count(), 1, "the one of before");

    // Agreeing anew is.
    home.run(&["sub", "confirm", "ann@example.org"]).expect(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 2);
}
