//! Reports as servers write them, and as nobody should.

use super::*;

fn report(recipient: &str) -> String {
    format!(
        "Reporting-MTA: dns; mx.example.org\nArrival-Date: Tue, 24 Nov 2026 10:00:00 +0000\n\n{recipient}"
    )
}

#[track_caller]
fn check(recipient: &str, expected: &str) {
    for text in [report(recipient), report(recipient).replace('\n', "\r\n")] {
        let verdict = delivery_status(&text);
        let name = match &verdict {
            BounceKind::NoMailbox { .. } => "no mailbox",
            BounceKind::Passing { .. } => "passing",
            BounceKind::Undelivered { .. } => "undelivered",
            BounceKind::Complaint { .. } => "complaint",
            BounceKind::Nothing { .. } => "nothing",
        };
        assert_eq!(name, expected, "{recipient:?} gives {verdict:?}");
    }
}

#[test]
fn only_a_failure_for_good_counts_against_an_address() {
    check("Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n", "no mailbox");
    check("Action: FAILED\nStatus: 5.1.10 (null MX)\n", "no mailbox");
    check("Action: failed\nStatus: 5.2.1\n", "no mailbox");
    check("Action: failed\nStatus: 5.2.2\n", "passing");
    check("Action: failed\nStatus: 5.4.4\n", "passing");
    check("Action: failed\nStatus: 5.1.8\n", "undelivered");
    check("Action: failed\nStatus: 5.7.1\n", "undelivered");
    check("Action: failed\nStatus: 5.7.26\n", "undelivered");
    check("Action: failed\nStatus: 5.3.4\n", "undelivered");
    check("Action: failed\nStatus: 4.4.7\n", "undelivered");
    for action in ["delayed", "delivered", "relayed", "expanded"] {
        check(&format!("Action: {action}\nStatus: 5.1.1\n"), "nothing");
    }
    check("Action: failed\n", "undelivered");
    check("Action: failed\nStatus: 5.1\n", "undelivered");
    check("Action: failed\nDiagnostic-Code: smtp; 550 User unknown\n", "no mailbox");
    check("Action: failed\nDiagnostic-Code: smtp; 451 user unknown for now\n", "undelivered");
    for bad in ["", "Status: 5.1.1\n", "garbage"] {
        check(bad, "nothing");
    }
    check("Action: failed\nStatus: 2.1.5\n", "nothing");
}

#[test]
fn a_status_that_says_nothing_is_made_good_by_the_words_of_the_server_that_refused() {
    let of = |words: &str| format!("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp;\n {words}\n");
    check(&of("550 5.1.1 no such user"), "no mailbox");
    check(&of("552 5.2.2 over quota"), "passing");
    check(&of("550 no such user"), "no mailbox");
    check(&of("550 no such user here, and you are on a blocklist"), "undelivered");
    check(&of("450 4.2.2 over quota"), "undelivered");
    let verdict = delivery_status(&report(&of("550 5.1.1 no such user")));
    assert_eq!(verdict, BounceKind::NoMailbox { words: "5.1.1 smtp; 550 5.1.1 no such user".to_owned() });
}

#[test]
fn of_several_recipients_the_worst_counts() {
    check("Action: delayed\nStatus: 4.4.1\n\nAction: failed\nStatus: 5.1.1\n", "no mailbox");
    check("Action: failed\nStatus: 5.2.2\n\nAction: relayed\nStatus: 2.0.0\n", "passing");
}

#[test]
fn complaints_are_told_from_other_feedback() {
    let of =
        |kind: &str| format!("Feedback-Type: {kind}\nVersion: 1\nOriginal-Mail-From: <a+b@example.org>\n");
    for kind in ["abuse", "Abuse", "opt-out", "fraud"] {
        assert!(matches!(feedback(&of(kind)), BounceKind::Complaint { .. }), "{kind}");
    }
    for kind in ["not-spam", "auth-failure", "dmarc", ""] {
        assert!(matches!(feedback(&of(kind)), BounceKind::Nothing { .. }), "{kind}");
    }
    assert_eq!(original_sender(&of("abuse")).as_deref(), Some("a+b@example.org"));
    assert_eq!(original_sender(""), None);
}

#[test]
fn a_hostile_report_is_read_in_bounds() {
    let long = "x".repeat(200_000);
    let many = "Action: failed\nStatus: 5.1.1\n\n".repeat(20_000);
    let folded = format!("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: {}", " y\n".repeat(100_000));
    for text in [&long, &many, &folded, &format!("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: {long}")] {
        let verdict = delivery_status(text);
        if let BounceKind::NoMailbox { words } = verdict {
            assert!(words.chars().count() < 2 * MAX_VALUE_CHARS, "{}", words.len());
        }
    }
    let terminal = delivery_status("\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: \x1b[2J\u{202e}x\n");
    assert_eq!(terminal, BounceKind::NoMailbox { words: "5.1.1 [2Jx".to_owned() });
}
