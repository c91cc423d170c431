//! What comes back: it names its mail, ends mail to an address without a mailbox, and nobody makes it up.

use std::io::Write;
use std::process::Stdio;

use super::home::list_source;
use super::sink::Sink;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// A home whose mail leaves through a sink, with one mail sent to one reader.
struct Told {
    site: Site,
    home: Home,
    sink: Sink,
}

impl Told {
    fn new() -> Option<Self> {
        let sink = Sink::start("what comes back from a relay")?;
        let site = Site::start();
        site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
        let home = Home::with_sources("");
        home.configure(&list_source(&site.url), &format!("smtp://127.0.0.1:{}", sink.port));
        home.configure_also("[inbox]\naddress = \"watch@tracker.example\"");
        home.subscribe("ann@example.org", "hikvision");
        home.check(0);
        let told = Self { site, home, sink };
        told.change(HIKVISION_AMENDED);
        Some(told)
    }

    fn change(&self, entry: (&str, &str, &str)) {
        self.site.page("/list", covered_list(&[HUAWEI, ZTE, entry]));
        self.home.check(0);
    }

    /// Hands over a message that came to an address; gives what became of it.
    fn comes(&self, recipient: &str, message: &str) -> serde_json::Value {
        let mut ingest = self.home.program();
        ingest.args(["mail", "ingest", "--json", "--recipient", recipient]);
        let mut process = ingest.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(message.replace('\n', "\r\n").as_bytes()).unwrap();
        serde_json::from_slice(&process.wait_with_output().unwrap().stdout).unwrap()
    }

    fn suppressed(&self) -> usize {
        let all = self.home.run(&["suppression", "list", "--json"]).expect(0).json();
        all["suppressions"].as_array().unwrap().len()
    }

    fn mails_in(&self, state: &str) -> usize {
        let all = self.home.run(&["outbox", "list", "--state", state, "--json"]).expect(0).json();
        all["mails"].as_array().unwrap().len()
    }
}

fn report(to: &str, fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: Undelivered Mail\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nIt could not be delivered.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n\
         Final-Recipient: rfc822; ann@example.org\n{fields}\n--b--\n"
    )
}

const GONE: &str = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n";

#[test]
fn a_mail_that_comes_back_ends_mail_to_its_address_until_somebody_says_otherwise() {
    let Some(told) = Told::new() else { return };
    let senders = told.sink.senders();
    let [sender] = &senders[..] else { panic!("one mail was sent: {senders:?}") };
    assert!(sender.starts_with("watch+bounce-") && sender.ends_with("@tracker.example"), "{sender}");

    let away =
        "From: ann@example.org\nTo: x\nSubject: Out of office: 5.1.1\n\nAction: failed\nStatus: 5.1.1\n";
    assert_eq!(told.comes(sender, away)["outcome"], "passed-over");
    let delayed = report(sender, "Action: delayed\nStatus: 4.4.1\n");
    assert_eq!(told.comes(sender, &delayed)["outcome"], "passed-over");
    let forged = sender.replace('@', "a@");
    assert_eq!(told.comes(&forged, &report(&forged, GONE))["outcome"], "passed-over");
    let ours = report(sender, "Action: failed\nStatus: 5.7.1\n");
    assert_eq!(told.comes(sender, &ours)["outcome"], "reported");
    assert_eq!(told.suppressed(), 0, "none of these is the address's fault");

    let gone = report(sender, GONE);
    assert_eq!(told.comes(sender, &gone)["outcome"], "reported");
    assert_eq!(told.comes(sender, &gone)["outcome"], "known");
    assert_eq!(told.suppressed(), 1);

    told.change(HIKVISION);
    assert_eq!((told.sink.copies().len(), told.mails_in("suppressed")), (1, 1), "kept and not sent");
    told.home.run(&["suppression", "remove", "ann@example.org"]).expect(0);
    told.change(HIKVISION_AMENDED);
    assert_eq!(told.sink.copies().len(), 2);
}

#[test]
fn an_operator_holds_shows_and_drops_a_mail() {
    let Some(told) = Told::new() else { return };
    drop(told.sink);
    told.site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    told.home.check(0);
    let mails = told.home.run(&["outbox", "list", "--state", "deferred", "--json"]).expect(0).json();
    let id = mails["mails"][0]["id"].as_str().unwrap();
    told.home.run(&["outbox", "hold", id]).expect(0);
    told.home.run(&["outbox", "hold", id]).expect(1);
    let shown = told.home.run(&["outbox", "show", id]).expect(0).stdout;
    assert!(shown.contains("held by an operator") && shown.contains("Subject: "), "{shown}");
    let incidents = told.home.run(&["incident", "list", "--json"]).expect(0).json();
    let kinds: Vec<&str> =
        incidents["incidents"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["first-start"], "nobody looked since: {incidents}");
    told.home.check(0);
    let incidents = told.home.run(&["incident", "list", "--json"]).expect(0).json();
    assert_eq!(incidents["incidents"][0]["kind"], "relay");
    told.home.run(&["outbox", "drop", id]).expect(0);
    assert_eq!(told.home.run(&["outbox", "retry", "--json"]).expect(0).json()["retried"], 0);
    let listed = told.home.run(&["outbox", "list", "--state", "dead"]).expect(0).stdout;
    assert!(listed.contains("dropped by an operator"), "{listed}");
}

#[test]
fn what_comes_back_in_words_alone_is_understood_or_looked_at() {
    let words = |to: &str, text: &str| {
        format!("From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: failure notice\n\n{text}\n")
    };
    let qmail = "Hi. This is the qmail-send program at mx.example.org.\n\n<ann@example.org>:\n\
                 Sorry, no mailbox here by that name. (#5.1.1)";
    let Some(told) = Told::new() else { return };
    let sender = told.sink.senders().remove(0);
    assert_eq!(told.comes(&sender, &words(&sender, qmail))["outcome"], "reported");
    assert_eq!((told.suppressed(), told.mails_in("failed"), told.mails_in("sent")), (1, 1, 0));

    let Some(told) = Told::new() else { return };
    let sender = told.sink.senders().remove(0);
    assert_eq!(told.comes(&sender, &words(&sender, "Nobody knows why."))["outcome"], "reported");
    assert_eq!((told.suppressed(), told.mails_in("failed"), told.mails_in("sent")), (0, 1, 0));
    let incidents = told.home.run(&["incident", "list"]).expect(0).stdout;
    assert!(incidents.contains("Nobody knows why."), "{incidents}");
}
