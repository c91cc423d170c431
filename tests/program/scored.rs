//! Every mail as a foreign filter and a foreign reader see it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::by_mail::{WATCH, from_ann, home, site, subscribe};
use super::home::{files_of, read_letter};
use super::left_out::left_out;
use super::{HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// Filters take a mail for spam at 5; ours keep away from that.
const MAX_SCORE: f64 = 2.0;

/// Larger mails are cut by Gmail.
const MAX_HTML_BYTES: usize = 102 * 1024;

/// What a hostile or merely foreign page may hold: markup, a text that turns the line around, a word without an
/// end, Arabic and Chinese.
fn hostile() -> String {
    format!(
        ", 杭州海康威视数字技术股份有限公司 &lt;script&gt;alert(1)&lt;/script&gt; \u{202e}evil\u{202c} شركة هيكفيجن \
         <a href=\"javascript:alert(1)\">here</a> <a href=\"https://agency.example/a?b=1&amp;c=2\">order</a> {}",
        "W".repeat(3_000)
    )
}

/// A home that has sent a mail of every kind that people and pages can bring about in a minute.
fn home_of_every_mail() -> (Site, Home) {
    let site = site();
    let home = home(&site);
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    home.check(0);
    subscribe(&home);
    let vouched = |subject: &str| {
        format!(
            "Authentication-Results: mx.tracker.example; dmarc=pass header.from=example.org\n{}",
            from_ann(WATCH, subject, "")
        )
    };
    for subject in ["help", "list", "pause", "resume"] {
        assert_eq!(home.write(&vouched(subject)).len(), 1, "{subject}");
    }
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let hostile = hostile();
    let amended = (HIKVISION_AMENDED.0, &*hostile, HIKVISION_AMENDED.2);
    site.page("/list", covered_list(&[HUAWEI, ZTE, amended]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    site.page("/list", "<html><head><title>Access Denied</title></head><body>no</body></html>");
    home.check(4);
    site.page("/list", covered_list(&[HUAWEI, ZTE, amended]));
    home.check(0);
    assert_eq!(home.write(&vouched("unsubscribe")).len(), 1);
    (site, home)
}

fn mails_of(home: &Home) -> Vec<PathBuf> {
    let mails = files_of(&home.path("state/mail/new"));
    assert!(mails.len() >= 11, "{} mails", mails.len());
    mails
}

/// What the filter makes of a mail, by its rules alone: no network, no learned words.
fn score(mail: &Path, home: &Home) -> (f64, String) {
    let mut child = Command::new("spamassassin")
        .args(["-L", "-t", "--cf=use_bayes 0"])
        .env("HOME", home.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(mail).unwrap()).unwrap();
    let report = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
    let status = report.split("score=").nth(1).unwrap_or_else(|| panic!("{report}"));
    let score = status.split_whitespace().next().unwrap().parse().unwrap();
    (score, report)
}

#[test]
fn no_mail_looks_like_spam() {
    if Command::new("spamassassin").arg("--version").stdout(Stdio::null()).status().is_err() {
        left_out("the score of every mail", "spamassassin is not installed");
        return;
    }
    let (_site, home) = home_of_every_mail();
    // What takes a week to come about is shown with example data.
    let shown = ["digest", "attestation"].map(|kind| {
        let path = home.path(&format!("{kind}.eml"));
        home.run(&["mail", "preview", kind, "--into", path.to_str().unwrap()]).expect(0);
        path
    });
    for mail in mails_of(&home).into_iter().chain(shown) {
        let (score, report) = score(&mail, &home);
        assert!(score < MAX_SCORE, "{} scores {score}:\n{report}", read_letter(&mail).subject);
    }
}

#[test]
fn every_mail_is_small_says_in_text_what_it_links_to_and_holds_nothing_that_deceives() {
    let (_site, home) = home_of_every_mail();
    let mut links = 0;
    for mail in mails_of(&home) {
        let letter = read_letter(&mail);
        assert!(letter.html.len() < MAX_HTML_BYTES, "{}: {} bytes", letter.subject, letter.html.len());
        for target in letter.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            // Within the mail itself.
            if target.starts_with('#') {
                continue;
            }
            let target = target.replace("&#38;", "&").replace("&amp;", "&");
            let plain = target.trim_start_matches("mailto:");
            let plain = plain.split('?').next().filter(|_| target.starts_with("mailto:")).unwrap_or(plain);
            let told = letter.text.replace('\n', "").contains(plain) || letter.text.contains(plain);
            assert!(told, "{}: {target} is not in\n{}", letter.subject, letter.text);
            assert!(!target.contains("javascript:"), "{target}");
            links += 1;
        }
        let is_deceptive =
            |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}');
        for part in [&letter.subject, &letter.text, &letter.html] {
            assert!(!part.contains(is_deceptive), "{part}");
        }
        assert!(!letter.html.contains("<script"), "{}", letter.html);
    }
    assert!(links > 10, "{links} links");
}

#[test]
fn any_mail_can_be_looked_at_before_anybody_gets_one() {
    let site = site();
    let home = home(&site);
    let kinds = ["confirmation", "welcome", "alert", "digest", "attestation", "incident", "recovery", "help"];
    for kind in kinds {
        let shown = home.run(&["mail", "preview", kind]).expect(0).stdout;
        assert!(shown.starts_with("Subject: ") && shown.len() > 200, "{shown}");
        let [eml, html] = ["eml", "html"].map(|ending| home.path(&format!("{kind}.{ending}")));
        for path in [&eml, &html] {
            home.run(&["mail", "preview", kind, "--into", path.to_str().unwrap()]).expect(0);
        }
        assert_eq!(
            read_letter(&eml).html.trim(),
            std::fs::read_to_string(&html).unwrap().replace('\n', "\r\n").trim()
        );
    }
    assert!(home.letters().is_empty(), "nothing was sent");
    home.run(&["mail", "preview", "nonsense"]).expect(2);
}
