//! What is told, to whom, and what is passed over in silence.

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched};

#[test]
fn the_first_sight_of_a_source_is_a_baseline_and_tells_nobody() {
    let (_site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    let report = home.check(0);
    let source = &report["sources"][0];
    assert_eq!(source["baseline"], true);
    assert_eq!(source["entries"], 3);
    assert_eq!(source["changes"], serde_json::json!([]));
    assert_eq!(report["mails_queued"], 0);
    assert!(home.letters().is_empty());
}

#[test]
fn an_amended_entry_is_told_to_those_who_follow_the_company_and_to_nobody_else() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("bob@example.org", "zte");
    home.run(&["sub", "add", "eve@example.org", "--company", "hikvision"]).expect(0);
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    let change = &report["sources"][0]["changes"][0];
    assert_eq!(change["kind"], "amended");
    assert_eq!(change["companies"][0]["id"], "hikvision");
    let names: Vec<_> = change["fields"].as_array().unwrap().iter().map(|field| &field["name"]).collect();
    assert_eq!(names, ["text", "updated"]);
    assert_eq!(report["mails_queued"], 1);

    let letters = home.letters();
    assert_eq!(letters.len(), 1, "one subscriber follows the company and agreed to it");
    let letter = &letters[0];
    assert_eq!(letter.to, "ann@example.org");
    assert!(letter.subject.starts_with("Hikvision"), "{}", letter.subject);
    assert!(letter.text.contains("and by any affiliate, for public safety."), "{}", letter.text);
    assert!(letter.text.contains("SHA-256"), "{}", letter.text);
    assert!(!letter.text.contains("more entr"), "nothing else changed: {}", letter.text);
    assert!(letter.html.contains("affiliate"), "{}", letter.html);
    assert!(letter.message_id.ends_with("@tracker.example"), "{}", letter.message_id);
}

#[test]
fn one_mail_tells_a_subscriber_everything_one_check_found() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("ann@example.org", "zte");
    home.check(0);
    let zte = ("ZTE Corporation", ", its services and its affiliates.", "March 12, 2021");
    site.page("/list", covered_list(&[HUAWEI, zte, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("Hikvision") && letters[0].text.contains("ZTE"));
}

#[test]
fn changes_that_concern_somebody_else_are_counted() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let zte = ("ZTE Corporation", ", its services and its affiliates.", "March 12, 2021");
    site.page("/list", covered_list(&[HUAWEI, zte, HIKVISION_AMENDED]));
    home.check(0);
    let text = &home.letters()[0].text;
    assert!(text.contains("The same pages changed in one more entry"), "{text}");
    assert!(!text.contains("its services and its affiliates"), "{text}");
}

#[test]
fn a_mail_tells_the_changes_in_the_order_of_the_page() {
    let site = Site::start();
    let list = |text: &str| {
        let names = ["Hikvision Six", "Hikvision Two", "Hikvision Five", "Hikvision One", "Hikvision Four"];
        covered_list(&names.map(|name| (name, text, "March 12, 2021")))
    };
    site.page("/list", list(", as listed."));
    let home = Home::watching_list(&site);
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", list(", as amended."));
    home.check(0);
    let text = &home.letters()[0].text;
    let told: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("Entry           Hikvision ")).collect();
    assert_eq!(told, ["Six", "Two", "Five", "One", "Four"], "{text}");
}

#[test]
fn cosmetic_changes_are_passed_over_in_silence() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let page = covered_list(&[ZTE, HIKVISION, HUAWEI])
        .replace("Services*", "Services *")
        .replace("<table>", "<table class=\"wide\" data-build=\"7\">")
        .replace("for public safety.", "for  public\n safety.†");
    site.page("/list", page);
    let report = home.check(0);
    assert_eq!(report["sources"][0]["verdict"], "good");
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]));
    assert!(home.letters().is_empty());
}

#[test]
fn a_link_that_moves_is_a_change() {
    let site = Site::start();
    let list = |pdf: &str| {
        covered_list(&[HUAWEI, ZTE, HIKVISION])
            .replace("for public safety.", &format!("see the <a href=\"/{pdf}\">order</a>."))
    };
    site.page("/list", list("order.pdf?sid=1"));
    let home = Home::watching_list(&site);
    home.check(0);
    site.page("/list", list("order.pdf?sid=2"));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]), "a session id is noise");
    site.page("/list", list("order-rev1.pdf?sid=3"));
    let report = home.check(0);
    let field = &report["sources"][0]["changes"][0]["fields"][0];
    assert_eq!(field["name"], "links");
    assert!(field["after"].as_str().unwrap().contains("order-rev1.pdf"), "{field}");
}

#[test]
fn a_source_bound_to_a_company_concerns_it_whatever_the_entry_says() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources(&format!("{}companies = [\"zte\"]\n", list_source(&site.url)));
    home.subscribe("bob@example.org", "zte");
    home.check(0);
    let huawei = ("Huawei Technologies Company", ", services and affiliates.", "March 12, 2021");
    site.page("/list", covered_list(&[huawei, ZTE, HIKVISION]));
    let report = home.check(0);
    let company = &report["sources"][0]["changes"][0]["companies"][0];
    assert_eq!((&company["id"], &company["rule"]), (&"zte".into(), &"source-bound".into()));
    assert_eq!(home.letters().len(), 1);
}

#[test]
fn after_leaving_nothing_more_is_told() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    home.run(&["sub", "remove", "ann@example.org"]).expect(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 0);
    assert!(home.letters().is_empty());
    home.run(&["sub", "remove", "ann@example.org"]).expect(1);
}

#[test]
fn what_a_source_misses_is_told_when_somebody_subscribes_and_in_the_mail() {
    let (site, home) = watched();
    let kind = "kind = \"fcc-covered-list\"";
    home.amend(kind, &format!("{kind}\nmisses = \"Conditional approvals & exemptions.\""));
    let told =
        home.run(&["sub", "add", "ann@example.org", "--company", "hikvision", "--confirmed"]).expect(0);
    assert!(told.stdout.contains("Conditional approvals & exemptions."), "{}", told.stdout);
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let letter = &home.letters()[0];
    assert!(letter.text.contains("  * Covered List: Conditional approvals & exemptions."), "{}", letter.text);
    assert!(letter.html.contains("Conditional approvals &#38; exemptions."), "{}", letter.html);
}
