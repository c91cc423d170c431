//! An archive taken in as history: since when what stands there is listed, and nobody is told.

use super::daemon::{Daemon, RUNS};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

fn archived() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let home = Home::watching_list(&site);
    std::fs::create_dir(home.path("captures")).unwrap();
    for (file, rows) in
        [("2024-02-01.html", &[HUAWEI, ZTE][..]), ("2025-03-01.html", &[HUAWEI, ZTE, HIKVISION])]
    {
        std::fs::write(home.path("captures").join(file), covered_list(rows)).unwrap();
    }
    home.subscribe("ann@example.org", "hikvision");
    (site, home)
}

/// Since when each supplier is seen on the list, and whether it came after the first state.
fn since(home: &Home) -> Vec<(String, bool)> {
    std::fs::write(home.path("s.csv"), "name\nHikvision\nZTE\n").unwrap();
    let report = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    let names = report["names"].as_array().unwrap();
    let of = |name: &serde_json::Value| {
        let finding = &name["listed"][0];
        let day = finding["since"].as_str().unwrap()[..10].to_owned();
        (day, finding["was_added"].as_bool().unwrap())
    };
    names.iter().map(of).collect()
}

#[test]
fn an_archive_says_since_when_and_tells_nobody() {
    let (site, home) = archived();
    let refused = home.run(&["backfill", "covered-list", "captures"]).expect(1);
    assert!(refused.stderr.contains("was never read"), "{refused:?}");
    home.check(0);
    let before = since(&home);
    assert!(before.iter().all(|(_, was_added)| !was_added));
    let tried = home.run(&["backfill", "covered-list", "captures", "--dry-run", "--json"]).expect(0).json();
    assert_eq!((tried["states"].as_u64(), tried["changes"].as_u64()), (Some(2), Some(2)));
    assert_eq!(since(&home), before);
    let shown = home.run(&["backfill", "covered-list", "captures"]).expect(0).stdout;
    assert!(shown.contains("2 states and 2 changes imported as history"), "{shown}");
    assert_eq!(since(&home), [("2025-03-01".to_owned(), true), ("2024-02-01".to_owned(), false)]);
    home.check(0);
    assert!(home.letters_to("ann@example.org").is_empty(), "nobody is told of the past");
    let again = home.run(&["backfill", "covered-list", "captures", "--json"]).expect(0).json();
    assert_eq!(again["states"], 0);
    let source = home.run(&["source", "show", "covered-list", "--json"]).expect(0).json();
    let snapshots = source["snapshots"].as_array().unwrap();
    let sequences: Vec<u64> = snapshots.iter().map(|state| state["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, [3, 2, 1]);

    // What happens from now on is told as ever.
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    assert_eq!(home.letters_to("ann@example.org").len(), 1);
    home.run(&["store", "verify"]).expect(0);
}

#[test]
fn a_daemon_takes_an_archive_in() {
    let (_site, home) = archived();
    home.check(0);
    let _daemon = Daemon::start(&home, RUNS);
    home.run(&["backfill", "covered-list", "captures"]).expect(0);
    assert_eq!(since(&home)[0], ("2025-03-01".to_owned(), true));
}
