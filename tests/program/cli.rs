//! The command line: what each verb answers, and with which exit code.

use std::net::TcpListener;
use std::path::Path;

use super::home::{list_source, run};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched};

/// A home that has seen one change and told it.
fn told() -> (Site, Home) {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    (site, home)
}

/// Fails unless the report is as `docs/check.schema.json` says.
#[track_caller]
pub fn check_schema(report: &serde_json::Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let faults: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(report)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{report:#}");
}

#[test]
fn a_check_answers_with_the_documented_object_and_exit_code() {
    let (site, home) = watched();
    let check = |arguments: &[&str], code: i32| {
        let report = home.run(&[&["check", "now", "--json"], arguments].concat()).expect(code).json();
        check_schema(&report);
        report
    };
    check(&["--exit-code"], 0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = check(&["--exit-code"], 3);
    assert_eq!(report["sources"][0]["changes"][0]["companies"][0]["rule"], "alias");
    check(&["--exit-code"], 0);
    site.page("/list", covered_list(&[HUAWEI, HIKVISION_AMENDED, ("Hytera", "", "May 1, 2026")]));
    check(&[], 0);
    site.answer("/list", 503, &[("retry-after", "120")], "later");
    assert_eq!(check(&["--exit-code"], 4)["sources"][0]["verdict"], "failed");
}

#[test]
fn a_schema_that_does_not_fit_is_noticed() {
    let schema_holds =
        |report: serde_json::Value| std::panic::catch_unwind(move || check_schema(&report)).is_ok();
    assert!(schema_holds(serde_json::json!({ "sources": [], "mails_queued": 0 })));
    assert!(!schema_holds(serde_json::json!({ "sources": [{}], "mails_queued": 0 })));
    assert!(!schema_holds(serde_json::json!({ "sources": [] })));
}

#[test]
fn wrong_usage_is_told_from_an_error() {
    let (_site, home) = told();
    for usage in
        [&["check", "then"][..], &["sub", "add", "not-an-address", "--company", "zte"], &["nonsense"]]
    {
        home.run(usage).expect(2);
    }
    for (error, words) in [
        (
            &["check", "now", "nothing-like-it"][..],
            "no source nothing-like-it; `regwatch source list` shows the configured ones",
        ),
        (&["source", "show", "nothing-like-it"], "no source nothing-like-it"),
        (&["company", "show", "nobody"], "no company nobody"),
        (&["changes", "show", "ffff"], "no change ffff"),
        (&["outbox", "retry", "ffff"], "no mail ffff"),
        (&["sub", "add", "a@example.org", "--company", "nobody"], "no company nobody"),
        (&["sub", "remove", "nobody@example.org"], "nobody@example.org has no subscription"),
        (&["source", "test", "covered-list", "--file", "/nowhere"], "cannot read /nowhere"),
    ] {
        let ran = home.run(error).expect(1);
        assert!(ran.stderr.contains(words), "{error:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{error:?}");
    }
}

#[test]
fn help_has_examples_and_the_exit_codes() {
    let (_site, home) = told();
    let help = home.run(&["--help"]).expect(0).stdout;
    for words in ["Examples:", "regwatch check now", "Exit codes:", "a source could not be read"] {
        assert!(help.contains(words), "{words:?} is missing in:\n{help}");
    }
    for verb in [
        "init", "check", "daemon", "demo", "source", "company", "changes", "eval", "sub", "outbox", "mail",
        "config",
    ] {
        home.run(&[verb, "--help"]).expect(0);
    }
}

#[test]
fn changes_are_listed_shown_and_told_apart_word_by_word() {
    let (_site, home) = told();
    let list = home.run(&["changes", "list", "--company", "hikvision", "--json"]).expect(0).json();
    let id = list["changes"][0]["id"].as_str().unwrap().to_owned();
    // A table shows the beginning of an id, which is enough to name it by.
    assert!(home.run(&["changes", "list"]).expect(0).stdout.contains(&id[..16]));
    let others = home.run(&["changes", "list", "--company", "zte", "--json"]).expect(0).json();
    assert_eq!(others["changes"], serde_json::json!([]));
    for (option, id, meant) in
        [("--company", "hikvison", "\"hikvision\""), ("--source", "coverd-list", "\"covered-list\"")]
    {
        for verb in [["changes", "list"], ["export", "changes"]] {
            let refused = home.run(&[verb[0], verb[1], option, id]).expect(1);
            assert!(refused.stderr.contains(meant), "{}", refused.stderr);
        }
    }
    let future = home.run(&["changes", "list", "--since", "2999-01-01", "--json"]).expect(0).json();
    assert_eq!(future["changes"], serde_json::json!([]));

    let shown = home.run(&["changes", "show", &id[..6]]).expect(0).stdout;
    for words in ["amended  Covered List", "sha256", "as it did before the change"] {
        assert!(shown.contains(words), "{words:?} is missing in:\n{shown}");
    }
    let explained = home.run(&["changes", "explain", &id]).expect(0).stdout;
    for words in [
        "hikvision  by its name, score 1.00",
        "legal name “Hangzhou",
        "[Hangzhou Hikvision Digital Technology] Company",
    ] {
        assert!(explained.contains(words), "{words:?} is missing in:\n{explained}");
    }
    let explained = home.run(&["changes", "explain", &id, "--json"]).expect(0).json();
    assert_eq!(explained["matches"][0]["score"], 1.0);
    let possible = home.run(&["changes", "list", "--possible", "--json"]).expect(0).json();
    assert_eq!(possible["changes"], serde_json::json!([]));
    let diff = home.run(&["changes", "diff", &id]).expect(0).stdout;
    assert!(diff.contains("Company, {+and by any affiliate, +}for public safety."), "{diff}");
    let diff = home.run(&["changes", "diff", &id, "--json"]).expect(0).json();
    let (mut before, mut after) = (String::new(), String::new());
    for run in diff["fields"][0]["runs"].as_array().unwrap() {
        let text = run["text"].as_str().unwrap();
        if run["fate"] != "added" {
            before.push_str(text);
        }
        if run["fate"] != "removed" {
            after.push_str(text);
        }
    }
    let field = &list["changes"][0]["fields"][0];
    assert_eq!((&field["before"], &field["after"]), (&before.into(), &after.into()));
}

#[test]
fn a_saved_body_is_tried_and_nothing_is_stored() {
    let (_site, home) = told();
    let body = home.path("saved.html");
    std::fs::write(&body, covered_list(&[HUAWEI, ZTE])).unwrap();
    let trial = ["source", "test", "covered-list", "--file", body.to_str().unwrap(), "--json"];
    let report = home.run(&trial).expect(0).json();
    assert_eq!(report["verdict"], "good");
    let entry = &report["entries"][0];
    assert_eq!(entry["title"], "Huawei Technologies Company");
    assert_eq!(entry["date"], "2021-03-12");
    assert!(entry["fields"]["text"].as_str().unwrap().contains("and its services."));
    assert!(entry.get("key").is_some() && entry.get("url").is_some());

    std::fs::write(&body, "<html><title>Just a moment...</title></html>").unwrap();
    let report = home.run(&trial).expect(4).json();
    assert_eq!(report["verdict"], "suspect");
    let sources = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(sources["sources"][0]["entries"], 3);
}

#[test]
fn a_mail_that_could_not_leave_waits_and_is_sent_on_demand() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources("");
    let sources = list_source(&site.url);
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    home.configure(&sources, &format!("smtp://127.0.0.1:{nobody}"));
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let waiting = home.run(&["outbox", "list", "--state", "deferred", "--json"]).expect(0).json();
    let mail = &waiting["mails"][0];
    assert_eq!((&mail["recipient"], &mail["attempts"]), (&"ann@example.org".into(), &0.into()));
    assert!(mail["last_error"].as_str().unwrap().contains("127.0.0.1"), "{mail}");

    home.configure(&sources, "maildir:../state/mail");
    assert_eq!(home.run(&["outbox", "retry", "--json"]).expect(0).json()["retried"], 1);
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].message_id, mail["message_id"].as_str().unwrap());
    assert_eq!(home.run(&["outbox", "retry", "--json"]).expect(0).json()["retried"], 0);
}

#[test]
fn a_test_mail_says_that_it_is_one() {
    let (_site, home) = told();
    let ran = home.run(&["mail", "test", "bob@example.org"]).expect(0);
    assert_eq!(ran.stdout, "stored in the Maildir for bob@example.org\n");
    let letters = home.letters();
    let test = letters.iter().find(|letter| letter.to == "bob@example.org").unwrap();
    assert_eq!(test.kind, "test");
    let listed = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let kinds: Vec<_> =
        listed["mails"].as_array().unwrap().iter().map(|mail| mail["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("test"), Some("alert")], "{listed}");
}

#[test]
fn a_configuration_that_cannot_be_taken_is_refused_with_every_place() {
    let (_site, home) = told();
    let path = home.path("config/regwatch.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let bad = good.replace("schedule = \"15 */2", "schedule = \"75 */2").replace("jitter", "jiter");
    std::fs::write(&path, bad).unwrap();
    let refused = home.run(&["config", "check"]).expect(1);
    let line_of = |words: &str| {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().position(|line| line.contains(words)).unwrap() + 1
    };
    for (words, expected) in [("75 */2", "\"75\" is not a minute"), ("jiter", "did you mean \"jitter\"")] {
        let place = format!("{}:{}:", path.display(), line_of(words));
        let told = refused.stderr.lines().find(|line| line.contains(&place));
        assert!(told.is_some_and(|line| line.contains(expected)), "{place} {expected}:\n{}", refused.stderr);
    }
    std::fs::write(&path, good).unwrap();
    assert!(home.run(&["config", "check"]).expect(0).stdout.contains("1 source, 2 companies"));
    assert!(home.run(&["config", "show"]).expect(0).stdout.contains("[[source]]"));
    let shown = home.run(&["config", "show", "--json"]).expect(0).json();
    assert_eq!(shown["source"][0]["id"], "covered-list", "{shown}");
}

#[test]
fn a_new_configuration_works_as_it_is_and_an_old_one_is_never_overwritten() {
    let (_site, home) = told();
    let folder = home.path("fresh");
    let written = home.run(&["init", folder.to_str().unwrap(), "--json"]).expect(0).json();
    assert!(written["written"].as_array().unwrap().len() > 3, "{written}");
    let config = folder.join("config/regwatch.toml");
    let fresh = |arguments: &[&str]| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        run(command.arg("--config").arg(&config).args(arguments))
    };
    fresh(&["config", "check"]).expect(0);
    let companies = fresh(&["company", "list"]).expect(0).stdout;
    for id in ["hikvision", "dahua", "huawei", "zte", "hytera"] {
        assert!(companies.contains(id), "{id} is missing in:\n{companies}");
    }
    let found = fresh(&["company", "test", "an order against 海康威视", "--json"]).expect(0).json();
    assert_eq!(found["matches"][0]["company"], "hikvision");
    let before = std::fs::read(&config).unwrap();
    home.run(&["init", folder.to_str().unwrap()]).expect(1);
    assert_eq!(std::fs::read(&config).unwrap(), before);
}

#[test]
fn sources_out_of_reach_are_named_one_by_one_and_nothing_is_changed() {
    let home = Home::with_sources("");
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let source = list_source(&format!("http://{nobody}"));
    let unknown =
        list_source("http://regulator.invalid").replace("\"covered-list\"\nkind", "\"unknown\"\nkind");
    home.configure(&format!("{source}\n{unknown}"), "maildir:../state/mail");
    home.name_somebody();
    let report = home.check(4);
    check_schema(&report);
    for source in report["sources"].as_array().unwrap() {
        assert_eq!(source["verdict"], "failed", "{source}");
        assert!(source["reason"].as_str().unwrap().contains("could not be reached"), "{source}");
    }
    let shown = home.run(&["source", "show", "unknown", "--json"]).expect(0).json();
    assert_eq!(shown["snapshots"], serde_json::json!([]));
    assert!(home.letters().is_empty());
}

#[test]
fn the_unit_starts_the_program_with_arguments_it_takes() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/regwatch.service");
    let unit = std::fs::read_to_string(unit).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments: Vec<&str> = start.split_whitespace().skip(1).collect();
    let (_site, home) = told();
    // With help asked for as well, everything before it must be understood.
    home.run(&[&arguments[..], &["--help"]].concat()[..]).expect(0);
}
