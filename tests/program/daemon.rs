//! The daemon: it reads by itself, owns the store, answers commands, and ends in good order.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command as Program, Stdio};

use regwatch::check::ReadOptions;
use regwatch::control::{Client, ProgressReporter, StoreOwner, command};

use super::home::list_source;
use super::{
    HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched, watched_in_folder,
};

/// A running daemon; killed when dropped.
pub struct Daemon {
    process: Child,
    log: BufReader<ChildStderr>,
    last_line: String,
}

impl Daemon {
    /// Starts it and waits until it says this.
    pub fn start(home: &Home, until: &str) -> Self {
        Self::start_with(home, &[], until)
    }

    /// The same in this environment.
    pub fn start_with(home: &Home, environment: &[(&str, &str)], until: &str) -> Self {
        Self::start_of(home.program(), environment, until)
    }

    /// The same of this program, which is given its verb.
    pub fn start_of(mut program: Program, environment: &[(&str, &str)], until: &str) -> Self {
        program.arg("daemon").envs(environment.iter().copied());
        let mut process = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut daemon = Self { process, log, last_line: String::new() };
        daemon.wait_until_it_says(until);
        daemon
    }

    pub fn wait_until_it_says(&mut self, words: &str) {
        let mut said = String::new();
        while !said.lines().last().is_some_and(|line| line.contains(words)) {
            let read = self.log.read_line(&mut said).unwrap();
            assert!(read > 0, "the daemon ended without saying {words:?}:\n{said}");
        }
        self.last_line = said.lines().last().unwrap_or_default().to_owned();
    }

    /// The line that was waited for last.
    pub fn last_line(&self) -> &str {
        &self.last_line
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.exit_code(), Some(0));
    }

    pub fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub const RUNS: &str = "started: watching";

#[test]
fn it_reads_what_it_never_read_at_once_and_every_command_works_through_it() {
    let (site, home) = watched();
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    home.subscribe("ann@example.org", "hikvision");
    let sources = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(sources["sources"][0]["entries"], 3);

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["kind"], "amended");
    assert_eq!(report["mails_queued"], 1);
    assert_eq!(home.letters().len(), 1);
    let refused = home.run(&["check", "now", "nothing-like-it"]).expect(1);
    assert!(refused.stderr.contains("no source nothing-like-it"), "{refused:?}");
}

#[test]
fn the_control_socket_is_its_owner_s_alone() {
    let (_site, home) = watched();
    let _daemon = Daemon::start(&home, RUNS);
    let mode = std::fs::metadata(home.path("state/db.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_check_through_the_socket_streams_each_reading_as_it_comes() {
    let (site, home) = watched();
    // Another host: one host is asked for one page at a time.
    let slow = Site::start();
    let second = list_source(&slow.url).replace("\"covered-list\"\nkind", "\"second\"\nkind");
    slow.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.configure(&format!("{}\n{second}", list_source(&site.url)), "maildir:../state/mail");
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    daemon.wait_until_it_says("source read");

    slow.hold("/list");
    let owner = StoreOwner::of(&home.settings());
    let client = Client::connect(&home.path("state/db.sock"), &owner).await.unwrap().unwrap();
    let (sender, mut readings) = tokio::sync::mpsc::channel(8);
    let progress = ProgressReporter::to(sender);
    let check = command::Check { sources: Vec::new(), options: ReadOptions::default() };
    let (reply, ()) = tokio::join!(
        async {
            let reply = client.execute(check, &progress).await;
            drop(progress);
            reply
        },
        async {
            assert_eq!(readings.recv().await.unwrap().id.as_str(), "covered-list");
            slow.release("/list");
            assert_eq!(readings.recv().await.unwrap().id.as_str(), "second");
        }
    );
    assert_eq!(reply.unwrap().sources.len(), 2);
}

#[test]
fn asked_to_end_it_finishes_the_read_under_way() {
    let (site, home) = watched();
    site.hold("/list");
    let mut daemon = Daemon::start(&home, RUNS);
    site.wait_until_asked("/list", 1);
    daemon.signal("-TERM");
    daemon.wait_until_it_says("stopping");
    site.release("/list");
    daemon.wait_until_it_says("source read");
    assert_eq!(daemon.exit_code(), Some(0));
    assert!(!home.path("state/db.sock").exists(), "it takes its socket with it");
    let sources = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(sources["sources"][0]["entries"], 3);
}

#[test]
fn what_a_killed_daemon_leaves_behind_stops_nobody() {
    let (_site, home) = watched();
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    daemon.signal("-KILL");
    assert_eq!(daemon.exit_code(), None);
    assert!(home.path("state/db.sock").exists(), "the stale socket is there");
    let sources = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(sources["sources"][0]["entries"], 3);
    let _again = Daemon::start(&home, RUNS);
    home.check(0);
}

#[test]
fn a_second_daemon_waits_for_the_store_and_says_who_has_it() {
    let (_site, home) = watched_in_folder();
    let first = Daemon::start(&home, RUNS);
    let in_use = format!("in use by process {}", first.process.id());
    let mut second = Daemon::start(&home, &in_use);
    drop(first);
    second.wait_until_it_says(RUNS);
}

#[test]
fn a_source_that_fails_keeps_no_other_from_being_read() {
    let (site, home) = watched();
    site.answer("/broken", 500, &[], "oops");
    let broken = list_source(&site.url).replace("\"covered-list\"\nkind", "\"broken\"\nkind");
    let broken = broken.replace("/list\"", "/broken\"");
    home.configure(&format!("{broken}\n{}", list_source(&site.url)), "maildir:../state/mail");
    let _daemon = Daemon::start(&home, RUNS);
    site.wait_until_asked("/broken", 1);
    site.wait_until_asked("/list", 1);
    let report = home.run(&["check", "now", "covered-list", "--json"]).expect(0).json();
    assert_eq!(report["sources"][0]["entries"], 3);
}

#[test]
fn it_confirms_a_removal_by_itself_long_before_the_schedule_would() {
    let (site, home) = watched();
    let guard = "max_drop = \"40%\", confirm_reads = 2, confirm_delay = \"1s\"";
    let source =
        list_source(&site.url).replace("max_drop = \"20%\"", guard).replace("15 */2 * * *", "@yearly");
    home.configure(&source, "maildir:../state/mail");
    home.subscribe("bob@example.org", "zte");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, HIKVISION]));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    daemon.wait_until_it_says(": stored in the Maildir");
    assert!(home.letters()[0].text.contains("ZTE"), "{:?}", home.letters());
}

#[test]
fn it_tells_its_operator_of_a_source_that_is_held() {
    let (site, home) = watched();
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    site.page("/list", "<html><head><title>Request Rejected</title></head></html>");
    let mut daemon = Daemon::start(&home, RUNS);
    while home.letters().len() < 2 {
        daemon.wait_until_it_says(": stored in the Maildir");
    }
    assert_eq!(
        home.trouble_told_to("ops@tracker.example")[0].subject,
        "[regwatch] Covered List looks wrong and waits for you"
    );
    let held = home.run(&["review", "list", "--json"]).expect(0).json();
    assert_eq!(held["held"][0]["source"], "covered-list");
    home.run(&["review", "reject", "covered-list"]).expect(0);
}
