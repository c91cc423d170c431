//! Subscribers from a file and into one.

use super::{HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched};

/// A file beside the configuration; gives its path.
fn file(home: &Home, text: &str) -> String {
    let path = home.path("subscribers.csv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn told_of_a_change(site: &Site, home: &Home) -> usize {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    home.letters().len()
}

#[test]
fn who_agreed_elsewhere_is_told_and_who_did_not_or_has_left_is_not() {
    let (site, home) = watched();
    home.check(0);
    home.subscribe("cleo@example.org", "hikvision");
    home.run(&["sub", "remove", "cleo@example.org"]).expect(0);
    let path = file(
        &home,
        "address,company,confirmed,channel\nann@example.org,hikvision,2026-01-02,paper form\n\
         bea@example.org,hikvision,,\ncleo@example.org,hikvision,2026-01-02,paper form\n",
    );
    let dry = home.run(&["sub", "import", &path, "--dry-run", "--json"]).expect(0).json();
    assert_eq!(dry["subscriptions"], serde_json::json!({"added": 2, "confirmed": 0, "known": 0, "left": 1}));
    home.run(&["sub", "show", "ann@example.org"]).expect(1);
    let done = home.run(&["sub", "import", &path, "--json"]).expect(0).json();
    assert_eq!(done["subscriptions"], dry["subscriptions"]);
    let shown = home.run(&["sub", "show", "ann@example.org"]).expect(0).stdout;
    assert!(shown.contains("confirmed 2026-01-02 00:00 UTC by paper form"), "{shown}");
    assert_eq!(told_of_a_change(&site, &home), 1, "the one who agreed");
}

#[test]
fn what_goes_out_comes_back_in_another_house() {
    let (_site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.run(&["sub", "add", "bea@example.org", "--company", "zte"]).expect(0);
    home.subscribe("cleo@example.org", "zte");
    let wishes = ["--digest", "daily", "--zone", "Europe/Berlin", "--quiet", "22:00-07:00"];
    home.run(&[&["sub", "set", "cleo@example.org", "--attestation", "weekly"], &wishes[..]].concat())
        .expect(0);
    home.run(&["sub", "pause", "bea@example.org"]).expect(0);
    let out = home.run(&["sub", "export"]).expect(0).stdout;
    assert!(out.contains("daily,Europe/Berlin,22:00-07:00,weekly"), "{out}");
    let (site, other) = watched();
    other.check(0);
    let path = file(&other, &out);
    other.run(&["sub", "import", &path]).expect(0);
    assert_eq!(other.run(&["sub", "export"]).expect(0).stdout, out);
    let again = other.run(&["sub", "import", &path, "--json"]).expect(0).json();
    assert_eq!(again["subscriptions"]["known"], 3);
    assert_eq!(told_of_a_change(&site, &other), 1);
}

#[test]
fn a_fault_is_told_by_its_place_and_nobody_is_imported() {
    let (_site, home) = watched();
    let path = file(&home, "address,company\nann@example.org,hikvision\nbea@example,hikvison\n");
    let ran = home.run(&["sub", "import", &path]).expect(1);
    for words in
        ["2 errors; nobody was imported", "subscribers.csv:3:1: address:", "subscribers.csv:3:2: company:"]
    {
        assert!(ran.stderr.contains(words), "{words:?} is missing in {}", ran.stderr);
    }
    home.run(&["sub", "show", "ann@example.org"]).expect(1);
}
