//! A configuration as it was shipped asks nobody but this machine, and mail in a folder was sent to nobody.

use super::daemon::{Daemon, RUNS};
use super::home::{list_source, run};
use super::{HIKVISION_AMENDED, HUAWEI, Home, ZTE, covered_list, watched};

/// An address that is public, and at which no test may ever ask.
const ELSEWHERE: &str = "http://23.1.2.3";

#[test]
fn what_init_writes_asks_no_site_and_says_which_lines_to_change() {
    let home = Home::with_sources("");
    let folder = home.path("fresh");
    run(home.program().args(["init", folder.to_str().unwrap()])).expect(0);
    let config = folder.join("config/regwatch.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let line = |beginning: &str| text.lines().position(|line| line.starts_with(beginning)).unwrap() + 1;
    let with = |verb: &[&str]| run(home.program_over(&config).args(verb));
    for verb in [&["check", "now"][..], &["daemon"]] {
        let refused = with(verb).expect(1);
        for words in [
            format!("mail.from at {}:{}", config.display(), line("from =")),
            format!("fetch.contact at {}:{}", config.display(), line("contact =")),
        ] {
            assert!(refused.stderr.contains(&words), "{words}: {refused:?}");
        }
    }
    assert!(!folder.join("state/db").exists(), "nothing was begun");
    assert!(with(&["config", "check"]).expect(0).stdout.contains("fetch.contact at"));
}

#[test]
fn this_machine_is_read_under_placeholders_and_nobody_it_sends_to() {
    let (site, home) = watched();
    home.check(0);
    site.answer("/list", 302, &[("location", &format!("{ELSEWHERE}/list"))], "");
    let report = home.check(4);
    let reason = report["sources"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("is not requested") && reason.contains("fetch.contact at"), "{reason}");
    let elsewhere = list_source(ELSEWHERE).replace("\"covered-list\"\nkind", "\"other\"\nkind");
    home.configure(&format!("{}{elsewhere}", list_source(&site.url)), "maildir:../state/mail");
    assert!(home.run(&["check", "now"]).expect(1).stderr.contains("source other is at"));
    assert!(home.run(&["daemon"]).expect(1).stderr.contains("source other is at"));
    home.run(&["check", "now", "covered-list"]).expect(4);
}

#[test]
fn what_lies_in_a_folder_is_stored_there_and_was_not_sent() {
    let (site, home) = watched();
    home.check(0);
    home.subscribe("ann@example.org", "hikvision");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let mut daemon = Daemon::start(&home, RUNS);
    home.check(0);
    daemon.wait_until_it_says(": stored in the Maildir");
    let test = home.run(&["mail", "test", "bob@example.org"]).expect(0).stdout;
    assert_eq!(test, "stored in the Maildir for bob@example.org\n");
    let listed = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mail = &listed["mails"][0];
    assert_eq!((&mail["state"], &mail["standing"]), (&"sent".into(), &"stored in the Maildir".into()));
    let id = mail["id"].as_str().unwrap();
    for verb in [&["outbox", "list"][..], &["outbox", "show", id]] {
        let shown = home.run(verb).expect(0).stdout;
        let head = shown.split("\n\n").next().unwrap();
        assert!(head.contains("stored in the Maildir") && !head.contains("sent"), "{shown}");
    }
}

#[test]
fn what_lets_somebody_in_stands_in_no_address_that_is_kept_or_told() {
    let (site, home) = watched();
    let host = site.url.strip_prefix("http://").unwrap();
    let signed = format!("http://me:geheim@{host}/signed?X-Amz-Signature=s3cr3t&page=1");
    site.answer("/list", 302, &[("location", &signed)], "");
    site.page("/signed", covered_list(&[HUAWEI, ZTE]));
    home.check(0);
    home.subscribe("ann@example.org", "hikvision");
    site.page("/signed", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let mut told = vec![home.run(&["--log", "debug", "check", "now"]).expect(0)];
    told.push(home.run(&["changes", "list", "--json"]).expect(0));
    assert!(told[1].stdout.contains("X-Amz-Signature=redacted"), "{:?}", told[1]);
    site.answer("/signed", 500, &[], "oops");
    told.push(home.run(&["--log", "debug", "check", "now"]).expect(4));
    site.answer("/list", 302, &[("location", "ftp://me:geheim@files.example/?X-Amz-Signature=s3cr3t")], "");
    told.push(home.run(&["check", "now", "--json"]).expect(4));
    told.push(home.run(&["source", "show", "covered-list"]).expect(0));
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    let told = format!("{told:?} {letters:?}");
    for secret in ["geheim", "s3cr3t"] {
        assert!(!told.contains(secret), "{told}");
    }
    for file in super::home::files_of(&home.path("state/db")) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for secret in [&b"geheim"[..], b"s3cr3t"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }
}
