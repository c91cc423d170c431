//! People write through a real Postfix, which hands their mail to `regwatch mail ingest`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regwatch::config::SmtpSecurity;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::outbox::Outcome;
use tempfile::TempDir;

use crate::mta::{Mta, NOBODY};
use crate::{await_that, mail, patient, relay, settings};

/// What `deploy/postfix/README.md` says, with the mailbox of a test.
const SETTINGS: &str = "\
recipient_delimiter = +
virtual_mailbox_domains = tracker.example
virtual_mailbox_maps = inline:{watch@tracker.example=watch/}
transport_maps = inline:{watch@tracker.example=regwatch:}
regwatch_destination_recipient_limit = 1
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
";

pub const CONFIG: &str = r#"
[mail]
from = "regwatch <alerts@tracker.example>"
[inbox]
address = "watch@tracker.example"
[fetch]
contact = "ops@tracker.example"
[[company]]
id = "hikvision"
name = "Hangzhou Hikvision Digital Technology Co., Ltd."
aliases = ["Hikvision"]
"#;

/// An installation that belongs to `nobody`, as whom Postfix runs the program.
struct Service {
    folder: TempDir,
}

impl Service {
    fn new() -> Self {
        let service = Self { folder: tempfile::tempdir().unwrap() };
        fs::set_permissions(service.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["config", "state"] {
            fs::create_dir(service.path(name)).unwrap();
            chown(service.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        service.configure();
        // Where the program was built may be closed to others.
        fs::copy(env!("CARGO_BIN_EXE_regwatch"), service.path("regwatch")).unwrap();
        service
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn configure(&self) {
        fs::write(self.path("config/regwatch.toml"), CONFIG).unwrap();
    }

    /// The line of `master.cf` by which Postfix hands mail over.
    fn transport(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            "regwatch unix - n n - 1 pipe\n  flags=DRXhu user=nobody null_sender=\n  \
             argv={folder}/regwatch --config {folder}/config/regwatch.toml \
             mail ingest --sender=${{sender}} --recipient=${{recipient}}\n"
        )
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(self.path("regwatch"));
        program.arg("--config").arg(self.path("config/regwatch.toml"));
        program.args(arguments).output().unwrap()
    }

    /// The texts of the answers, once there are so many, the latest last.
    fn answers(&self, count: usize) -> Vec<String> {
        let folder = self.path("state/mail/new");
        await_that("the answers are there", || files_of(&folder).len() >= count);
        let mut files = files_of(&folder);
        files.sort_by_key(|file| fs::metadata(file).unwrap().modified().unwrap());
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }
}

pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// Ann writes.
pub async fn write(mta: &Mta, to: &str, subject: &str) {
    let (mail, _) = mail(subject, to);
    let ann: EmailAddress = "ann@example.org".parse().unwrap();
    let message = format!(
        "From: Ann <ann@example.org>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\
         Message-ID: <{}@example.org>\r\n\r\nRegards\r\n",
        mail.id
    );
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    let outcome = transport.deliver(&mail, &ann, message.as_bytes()).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    transport.close().await;
}

#[tokio::test]
async fn people_subscribe_through_a_real_postfix_and_nothing_is_lost_while_the_service_is_broken() {
    let service = Service::new();
    let Some(mta) = Mta::start_with(SETTINGS, &service.transport()) else { return };
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    let asked = service.answers(1).remove(0);
    let token = asked.lines().find_map(|line| line.strip_prefix("confirm ")).unwrap().to_owned();

    // With its configuration gone the program cannot say what to do: Postfix keeps the mail.
    fs::remove_file(service.path("config/regwatch.toml")).unwrap();
    write(&mta, &format!("watch+confirm-{token}@tracker.example"), "Re: Please confirm").await;
    await_that("Postfix keeps the mail", || mta.log().contains("status=deferred"));
    service.configure();

    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You will be told"), "{}", answers[1]);
    let listed = service.run(&["sub", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("ann@example.org") && listed.contains("active"), "{listed}");
}
