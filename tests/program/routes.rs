//! A wall before the source's own page, and copies in between: told once, as copies, and nothing is removed by them.

use std::process::Stdio;

use serde_json::Value;

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// A home whose list has an archive's copy for another route.
fn home(site: &Site) -> Home {
    let route = format!(
        "routes = [{{ url = \"{}/web/2026id_/list\", by = \"the archive\", copy = true }}]\n\
         guard = {{ min_entries = 2, max_drop = \"60%\" }}\n",
        site.url
    );
    let source = list_source(&site.url).replace("guard = { min_entries = 2, max_drop = \"20%\" }\n", &route);
    let home = Home::with_sources(&source);
    home.subscribe("a@reader.example", "hikvision");
    home
}

fn wall(site: &Site) {
    site.answer(
        "/list",
        403,
        &[("content-type", "text/html"), ("server", "AkamaiGHost")],
        "<html><head><title>Access Denied</title></head><body>Access Denied</body></html>",
    );
}

/// The archive has taken a copy of this page at this moment.
fn copied(site: &Site, stamp: &str, rows: &[(&str, &str, &str)]) {
    let place = format!("/web/{stamp}id_/list");
    site.page(&place, covered_list(rows));
    site.answer("/web/2026id_/list", 302, &[("location", &place)], "");
}

/// A moment after every read of this test.
const LATER: &str = "29990101000000";
const LATER_YET: &str = "29990102000000";

fn only(report: &Value) -> &Value {
    &report["sources"][0]
}

fn changes(report: &Value) -> Vec<String> {
    let changes = only(report)["changes"].as_array().unwrap().iter();
    changes.map(|change| format!("{} {}", change["kind"], change["title"])).collect()
}

fn letters(home: &Home) -> usize {
    home.letters_to("a@reader.example").len()
}

#[test]
fn a_copy_adds_and_amends_is_told_as_a_copy_and_once() {
    let site = Site::start();
    let home = home(&site);
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    home.check(0);

    wall(&site);
    copied(&site, LATER, &[HUAWEI, HIKVISION]);
    let report = home.check(4);
    assert_eq!(only(&report)["verdict"], "suspect", "the refusal stands: {report:#}");
    assert!(only(&report)["reason"].to_string().contains("a copy taken at 1 January 2999"), "{report:#}");
    let [change] = &changes(&report)[..] else { panic!("ZTE is not removed: {report:#}") };
    assert!(change.starts_with("\"added\"") && change.contains("Hikvision"), "{change}");
    let told = home.letters_to("a@reader.example");
    assert_eq!(told.len(), 1);
    let text = told[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("read from a copy taken at 1 January 2999, 00:00 UTC by the archive"), "{text}");

    assert_eq!(changes(&home.check(4)), Vec::<String>::new(), "the same copy is no news");
    copied(&site, LATER_YET, &[HUAWEI, ZTE, HIKVISION_AMENDED]);
    let [change] = &changes(&home.check(4))[..] else { panic!("one amendment") };
    assert!(change.starts_with("\"amended\""), "{change}");
    assert_eq!(letters(&home), 2);

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    assert_eq!((only(&report)["verdict"].clone(), changes(&report)), ("good".into(), Vec::new()));
    assert_eq!(letters(&home), 2, "nothing is told twice");
}

#[test]
fn an_older_copy_changes_nothing_and_one_without_its_moment_is_not_believed() {
    let site = Site::start();
    let home = home(&site);
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    home.check(0);
    wall(&site);
    copied(&site, "20200101000000", &[HUAWEI, HIKVISION]);
    let report = home.check(4);
    assert!(only(&report)["reason"].to_string().contains("is no newer than what is known"), "{report:#}");
    site.page("/web/2026id_/list", covered_list(&[HUAWEI, HIKVISION]));
    let report = home.check(4);
    assert!(only(&report)["reason"].to_string().contains("does not say when"), "{report:#}");
    assert_eq!(letters(&home), 0);
}

#[test]
fn a_page_that_contradicts_the_copy_is_an_incident() {
    let site = Site::start();
    let home = home(&site);
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    home.check(0);
    wall(&site);
    copied(&site, LATER, &[HUAWEI, ZTE, HIKVISION]);
    assert_eq!(changes(&home.check(4)).len(), 1);
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    home.check(0);
    let incidents = home.run(&["incident", "list"]).expect(0).stdout;
    assert!(incidents.contains("the archive says otherwise than the source"), "{incidents}");
}

#[test]
fn killed_between_the_wall_and_the_copy_it_is_told_once() {
    let site = Site::start();
    let home = home(&site);
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    home.check(0);
    wall(&site);
    copied(&site, LATER, &[HUAWEI, ZTE, HIKVISION]);
    for path in ["/list", "/web/2026id_/list", "/web/29990101000000id_/list"] {
        let before = site.asked().iter().filter(|asked| asked.path == path).count();
        site.hold(path);
        let mut run = home.program();
        let mut run = run.args(["check", "now"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        site.wait_until_asked(path, before + 1);
        run.kill().unwrap();
        run.wait().unwrap();
        site.release(path);
    }
    assert_eq!(letters(&home), 0);
    assert_eq!(changes(&home.check(4)).len(), 1);
    home.check(4);
    assert_eq!(letters(&home), 1);
}
