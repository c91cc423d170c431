//! Subscribing by mail: the whole conversation, as a mail server hands it over.

use std::io::Write;
use std::process::Stdio;

use super::home::{Letter, Ran, list_source};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

pub const INBOX: &str =
    "[inbox]\naddress = \"watch@tracker.example\"\nauthserv_id = \"mx.tracker.example\"\n";

pub fn home(site: &Site) -> Home {
    Home::with_sources(&format!("{INBOX}\n{}", list_source(&site.url)))
}

pub fn site() -> Site {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    site
}

impl Home {
    /// Hands over a message, as a server's pipe does.
    pub fn hand_over(&self, envelope: &[&str], message: &str) -> Ran {
        let mut child = self
            .program()
            .args(["mail", "ingest", "--json"])
            .args(envelope)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(message.replace('\n', "\r\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Writes to the service; gives the answers that came.
    #[track_caller]
    pub fn write(&self, message: &str) -> Vec<Letter> {
        let before: Vec<String> = self.letters().into_iter().map(|letter| letter.message_id).collect();
        self.hand_over(&["--sender", "ann@example.org"], message).expect(0);
        let mut letters = self.letters();
        letters.retain(|letter| !before.contains(&letter.message_id));
        letters
    }
}

pub fn from_ann(to: &str, subject: &str, more: &str) -> String {
    format!(
        "From: Ann <ann@example.org>\nTo: {to}\nSubject: {subject}\nMessage-ID: <{}@example.org>\n{more}\nRegards\nAnn\n",
        subject.len()
    )
}

/// The token in a question.
#[track_caller]
fn token(letters: &[Letter]) -> String {
    let [letter] = letters else { panic!("{letters:#?}") };
    assert_eq!(letter.kind, "confirmation");
    let line = letter.text.lines().find_map(|line| line.strip_prefix("confirm "));
    line.unwrap_or_else(|| panic!("{}", letter.text)).trim().to_owned()
}

pub const WATCH: &str = "watch@tracker.example";

/// What the mail server notes of a sender whose domain vouches for them.
const VOUCHED: &str = "Authentication-Results: mx.tracker.example; dmarc=pass header.from=example.org\n";

/// Has Ann follow Hikvision.
#[track_caller]
pub fn subscribe(home: &Home) {
    let token = token(&home.write(&from_ann(WATCH, "subscribe hikvision", "")));
    let to = format!("watch+confirm-{token}@tracker.example");
    let answers =
        home.write(&from_ann(&to, "Re: Please confirm what you asked for", "\nYes please, confirm\n"));
    assert_eq!(answers[0].kind, "welcome");
}

#[test]
fn who_subscribes_and_confirms_is_told_and_who_leaves_is_not() {
    let site = site();
    let home = home(&site);
    home.check(0);
    let asked = home.write(&from_ann(WATCH, "subscribe hikvision", ""));
    assert!(asked[0].text.contains("Hikvision") && asked[0].to == "ann@example.org", "{asked:#?}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 0, "nobody is told who did not confirm");

    let answers = home.write(&from_ann(WATCH, &format!("confirm {}", token(&asked)), ""));
    assert_eq!(answers[0].kind, "welcome");
    let listed = "  * Covered List\n    - Hangzhou Hikvision Digital Technology Company (12 March 2021)\n";
    assert!(answers[0].text.contains("Already listed today"), "{}", answers[0].text);
    assert!(answers[0].text.replace('\r', "").contains(listed), "{}", answers[0].text);
    assert!(!answers[0].text.contains("ZTE"), "{}", answers[0].text);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    assert_eq!(home.check(0)["mails_queued"], 1);

    let token = token(&home.write(&from_ann(WATCH, "unsubscribe", "")));
    let goodbye = home.write(&from_ann(WATCH, &format!("confirm {token}"), ""));
    assert_eq!(goodbye[0].kind, "goodbye");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 0);
}

#[test]
fn who_writes_with_a_large_picture_is_heard() {
    let site = site();
    let home = home(&site);
    let picture =
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nRegards\n--b\nContent-Type: image/png\n\n";
    let message = from_ann(WATCH, "unsubscribe", picture) + &"aGVsbG8sIHBpY3R1cmU=\n".repeat(50_000);
    assert_eq!(home.write(&message)[0].kind, "confirmation");
}

#[test]
fn an_empty_answer_to_the_question_confirms_and_a_vacation_responder_does_not() {
    let site = site();
    let home = home(&site);
    let token = token(&home.write(&from_ann(WATCH, "subscribe hikvision", "")));
    let to = format!("watch+confirm-{token}@tracker.example");
    let away = from_ann(&to, "Automatic reply: Please confirm", "Auto-Submitted: auto-replied\n");
    assert_eq!(home.write(&away).len(), 0);
    assert!(home.run(&["sub", "list"]).expect(0).stdout.lines().all(|line| !line.contains("active")));
    let bounce = home.hand_over(&["--sender", "", "--recipient", &to], &from_ann(&to, "Undeliverable", ""));
    assert_eq!(bounce.expect(0).json()["outcome"], "passed-over");

    let person = from_ann(WATCH, "Re: Please confirm what you asked for", "").replace("Regards\nAnn\n", "");
    home.hand_over(&["--sender", "ann@example.org", "--recipient", &to], &person).expect(0);
    let shown = home.run(&["sub", "show", "ann@example.org"]).expect(0).stdout;
    assert!(shown.contains("confirmed") && shown.contains("agreed to: Send me mail"), "{shown}");
    assert!(shown.contains("Answered: an empty answer to the question"), "{shown}");
}

#[test]
fn a_sender_whose_domain_vouches_leaves_at_once_and_a_forged_one_does_nothing() {
    let site = site();
    let home = home(&site);
    subscribe(&home);
    let forged = "Authentication-Results: mx.tracker.example; dmarc=fail (p=reject)\n";
    assert_eq!(home.write(&format!("{forged}{}", from_ann(WATCH, "unsubscribe", ""))).len(), 0);
    let listed = home.write(&format!("{VOUCHED}{}", from_ann(WATCH, "list", "")));
    assert!(listed[0].text.contains("Hikvision, since"), "{}", listed[0].text);
    let goodbye = home.write(&format!("{VOUCHED}{}", from_ann(WATCH, "unsubscribe hikvision", "")));
    assert_eq!(goodbye[0].kind, "goodbye");
}

#[test]
fn what_is_left_of_a_question_is_asked_again_and_its_answer_counts_for_that_alone() {
    let site = site();
    let home = home(&site);
    let first = token(&home.write(&from_ann(WATCH, "subscribe hikvision, zte", "")));
    let answers = home.write(&format!("{VOUCHED}{}", from_ann(WATCH, "unsubscribe zte", "")));
    let kinds: Vec<&str> = answers.iter().map(|answer| answer.kind.as_str()).collect();
    assert!(
        kinds.contains(&"goodbye") && kinds.contains(&"confirmation") && kinds.len() == 2,
        "{answers:#?}"
    );
    let asked: Vec<Letter> = answers.into_iter().filter(|answer| answer.kind == "confirmation").collect();
    assert!(asked[0].text.contains("Hikvision") && !asked[0].text.contains("ZTE"), "{}", asked[0].text);
    assert_eq!(home.write(&from_ann(WATCH, &format!("confirm {first}"), ""))[0].kind, "list");
    assert!(!is_told(&home));
    let welcome = home.write(&from_ann(WATCH, &format!("confirm {}", token(&asked)), ""));
    assert_eq!(welcome[0].kind, "welcome");
    assert!(!welcome[0].text.contains("ZTE"), "{}", welcome[0].text);
    // The same at an operator's word.
    home.write(&from_ann(WATCH, "subscribe zte, hikvision", ""));
    let before = home.letters().len();
    home.run(&["sub", "remove", "ann@example.org", "--company", "hikvision"]).expect(0);
    let letters = home.letters();
    assert_eq!(letters.len(), before + 1);
    assert!(
        letters.iter().any(|letter| letter.subject == "Please confirm: alerts about ZTE"),
        "{letters:#?}"
    );
}

#[test]
fn who_vouches_for_one_sender_vouches_for_nobody_else_whose_token_they_know() {
    let site = site();
    let home = home(&site);
    let token = token(&home.write(&from_ann(WATCH, "subscribe hikvision", "")));
    home.write(&from_ann(WATCH, &format!("confirm {token}"), ""));
    assert!(is_told(&home));
    let by_bob = from_ann(WATCH, "hello", &format!("\nunsubscribe\nconfirm {token}\n"))
        .replace("From: Ann <ann@", "From: Bob <bob@");
    let answers = home.write(&format!("{VOUCHED}{by_bob}"));
    assert!(answers.iter().all(|answer| answer.kind != "goodbye"), "{answers:#?}");
    assert!(is_told(&home));
}

/// Ann follows Hikvision and was told of a change; with what the header of that mail has its reader send to
/// leave.
#[track_caller]
fn told_once(site: &Site) -> (Home, String) {
    let home = home(site);
    home.check(0);
    subscribe(&home);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let letters = home.letters_to("ann@example.org");
    let told = letters.iter().find(|letter| letter.head.contains("Auto-Submitted: auto-generated")).unwrap();
    let (_, seal) = told.head.split_once("watch@tracker.example?subject=unsubscribe%20").unwrap();
    let seal = seal.split_once('>').unwrap().0.to_owned();
    (home, seal)
}

#[track_caller]
fn is_told(home: &Home) -> bool {
    home.run(&["sub", "list"]).expect(0).stdout.lines().any(|line| line.contains(" active"))
}

#[test]
fn a_mail_program_that_calls_itself_automatic_ends_it_and_is_not_answered() {
    let site = site();
    let (home, seal) = told_once(&site);
    let by_machine = |subject: &str, more: &str| {
        from_ann(WATCH, subject, &format!("Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n{more}"))
    };
    let subject = format!("unsubscribe {seal}");
    assert_eq!(home.write(&by_machine("unsubscribe", "")).len(), 0);
    assert_eq!(home.write(&by_machine("Auto: hello", &format!("\n{subject}\n"))).len(), 0);
    let bounce = home.hand_over(&["--sender", ""], &by_machine(&subject, "X-Returned: yes\n")).expect(0);
    assert_eq!(bounce.json()["outcome"], "passed-over");
    assert!(is_told(&home));
    assert_eq!(home.write(&by_machine(&subject, "")).len(), 0);
    assert!(!is_told(&home));
}

#[test]
fn a_mail_program_ends_it_by_what_the_mail_says_and_nobody_is_asked_back() {
    let site = site();
    let (home, seal) = told_once(&site);
    let forged: String = seal.chars().rev().collect();
    for unopened in [&forged, &seal[1..]] {
        let asked = home.write(&from_ann(WATCH, &format!("unsubscribe {unopened}"), ""));
        assert!(asked.iter().all(|answer| answer.kind == "confirmation"), "{asked:#?}");
    }
    let questions = home.letters_to("ann@example.org");
    let questions = questions.iter().filter(|letter| letter.kind == "confirmation");
    assert_eq!(questions.count(), 2, "the one to follow, and one to leave that stands open");
    assert!(is_told(&home));
    let goodbye = home.write(&from_ann(WATCH, &format!("unsubscribe {seal}"), ""));
    assert_eq!(goodbye[0].kind, "goodbye");
    assert!(!is_told(&home));
}

#[test]
fn a_message_counts_once_however_often_a_servers_pipe_hands_it_over() {
    let site = site();
    let home = home(&site);
    let attempt = |minute: &str| {
        let line = format!("From ann@example.org  Mon Jan  5 12:{minute}:00 2026\n");
        let ran = home.hand_over(&["--sender", "ann@example.org"], &(line + &from_ann(WATCH, "help", "")));
        ran.expect(0).json()["outcome"].clone()
    };
    assert_eq!((attempt("00"), attempt("05")), ("answered".into(), "known".into()));
}

#[test]
fn a_pause_keeps_mail_back_and_its_end_says_how_much_was_missed() {
    let site = site();
    let home = home(&site);
    home.check(0);
    subscribe(&home);
    let vouched = |subject: &str| {
        format!(
            "Authentication-Results: mx.tracker.example; dmarc=pass header.from=example.org\n{}",
            from_ann(WATCH, subject, "")
        )
    };
    assert_eq!(home.write(&vouched("pause"))[0].kind, "pause");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 0);
    let resumed = home.write(&vouched("resume"));
    assert!(resumed[0].text.contains("One change was found"), "{}", resumed[0].text);
    home.check(0);
    let summary = home.letters().into_iter().find(|letter| letter.kind == "summary");
    assert!(summary.unwrap().text.contains("and by any affiliate"));
}

#[test]
fn what_was_written_is_never_sent_back_and_a_message_counts_once() {
    let site = site();
    let home = home(&site);
    let message = from_ann(WATCH, "subscribe http://evil.test/ hikvison", "");
    let answers = home.write(&message);
    assert_eq!(answers[0].kind, "help");
    assert!(answers[0].text.contains("Hikvision (hikvision)"), "{}", answers[0].text);
    for text in [&answers[0].text, &answers[0].html] {
        assert!(!text.contains("evil.test") && !text.contains("hikvison"), "{text}");
    }
    let again = home.hand_over(&["--sender", "ann@example.org"], &message).expect(0);
    assert_eq!(again.json()["outcome"], "known");
}

#[test]
fn a_server_is_asked_to_try_again_where_the_fault_is_here() {
    let site = site();
    let home = Home::watching_list(&site);
    let refused = home.hand_over(&[], &from_ann(WATCH, "help", "")).expect(75);
    assert!(refused.stderr.contains("[inbox]"), "{}", refused.stderr);
}

#[test]
fn an_answer_that_is_no_yes_is_told_once_how_to_confirm_and_a_machine_is_not() {
    let site = site();
    let home = home(&site);
    let token = token(&home.write(&from_ann(WATCH, "subscribe hikvision", "")));
    let to = format!("watch+confirm-{token}@tracker.example");
    let answer = |number: u8, words: &str| {
        let head = format!(
            "From: Ann <ann@example.org>\nTo: {to}\nSubject: Re: Please confirm what you asked for\n"
        );
        home.write(&format!("{head}Message-ID: <answer-{number}@example.org>\n\n{words}\n"))
    };
    let ticket = "Your request has been received and a ticket with the number 12 was created.";
    assert_eq!(answer(1, ticket).len(), 0, "a machine is not answered");
    let told = answer(2, "Who is this?");
    assert_eq!(told[0].kind, "confirmation");
    assert!(told[0].text.contains("not a clear yes") && told[0].text.contains(&token), "{}", told[0].text);
    assert_eq!(answer(3, "Spam!!!").len(), 0, "once");
    assert!(!is_told(&home));
    assert_eq!(answer(4, "Yes please, confirm")[0].kind, "welcome");
    let shown = home.run(&["sub", "show", "ann@example.org"]).expect(0).stdout;
    assert!(shown.contains("Answered: Yes please, confirm"), "{shown}");
}

#[test]
fn whoever_writes_their_address_in_other_letters_is_the_same_person() {
    let site = site();
    let home = home(&site);
    home.subscribe("Ann@example.org", "hikvision");
    let goodbye = home.write(&format!("{VOUCHED}{}", from_ann(WATCH, "please unsubscribe me", "")));
    assert_eq!((goodbye[0].kind.as_str(), goodbye[0].to.as_str()), ("goodbye", "Ann@example.org"));
    assert!(!is_told(&home));
}

#[test]
fn two_senders_in_one_mail_are_nobody() {
    let site = site();
    let home = home(&site);
    subscribe(&home);
    let two = format!("{VOUCHED}From: Eve <eve@example.org>\n{}", from_ann(WATCH, "unsubscribe", ""));
    assert_eq!(home.write(&two).len(), 0);
    assert!(is_told(&home));
}

#[test]
fn a_wish_for_what_nobody_tracks_is_answered_with_what_is_and_noted() {
    let site = site();
    let home = home(&site);
    let answer = home.write(&from_ann(WATCH, "subscribe Acme", ""));
    assert!(
        answer[0].text.contains("Companies you can follow") && answer[0].text.contains("Hikvision"),
        "{}",
        answer[0].text
    );
    assert!(!answer[0].text.contains("Acme"), "what was written is not sent back");
    let listed = home.run(&["sub", "list"]).expect(0).stdout;
    assert!(listed.contains("Acme"), "{listed}");
}

#[test]
fn who_is_subscribed_without_consent_is_asked_and_shown_as_waiting() {
    let site = site();
    let home = home(&site);
    let added = home.run(&["sub", "add", "ann@example.org", "--company", "hikvision"]).expect(0).stdout;
    assert!(added.contains("pending") && added.contains("to confirm; without a yes"), "{added}");
    let token = token(&home.letters());
    assert!(home.run(&["sub", "list"]).expect(0).stdout.contains("pending"));
    let again = home.run(&["sub", "add", "ann@example.org", "--company", "hikvision"]).expect(0).stdout;
    assert!(again.contains("no question was sent"), "{again}");
    home.write(&from_ann(WATCH, &format!("confirm {token}"), ""));
    assert!(is_told(&home));
    home.write(&from_ann(WATCH, "subscribe zte", "").replace("ann@", "bob@"));
    let listed = home.run(&["sub", "list"]).expect(0).stdout;
    assert!(
        listed.lines().any(|line| line.contains("bob@example.org") && line.contains("pending")),
        "{listed}"
    );
}
