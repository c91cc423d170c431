//! People write through a real Postfix, which hands their mail to the daemon by LMTP.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::mta::Mta;
use crate::pipe::{CONFIG, files_of, write};
use crate::{Running, await_that, free_port};

/// What `deploy/postfix/README.md` says, with the mailbox of a test.
fn settings(port: u16) -> String {
    format!(
        "recipient_delimiter = +\n\
         virtual_mailbox_domains = tracker.example\n\
         virtual_mailbox_maps = inline:{{watch@tracker.example=watch/}}\n\
         transport_maps = inline:{{watch@tracker.example=lmtp:inet:[127.0.0.1]:{port}}}\n\
         minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s\n"
    )
}

/// An installation with the daemon that takes mail in.
struct Service {
    folder: TempDir,
}

impl Service {
    fn new(port: u16) -> Self {
        let service = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(service.path("config")).unwrap();
        let lmtp = format!("{CONFIG}[inbox.lmtp]\nlisten = \"127.0.0.1:{port}\"\n");
        fs::write(service.path("config/regwatch.toml"), lmtp).unwrap();
        service
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn start(&self) -> Running {
        let mut program = Command::new(env!("CARGO_BIN_EXE_regwatch"));
        program.arg("--config").arg(self.path("config/regwatch.toml")).arg("daemon");
        Running(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
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

#[tokio::test]
async fn people_subscribe_through_a_real_postfix_that_keeps_their_mail_while_nobody_takes_it() {
    let port = free_port();
    let service = Service::new(port);
    let Some(mta) = Mta::start_with(&settings(port), "lmtp unix - - n - - lmtp\n") else { return };
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    await_that("Postfix keeps the mail", || mta.log().contains("status=deferred"));
    let _daemon = service.start();
    let asked = service.answers(1).remove(0);
    let token = asked.lines().find_map(|line| line.strip_prefix("confirm ")).unwrap().to_owned();
    write(&mta, &format!("watch+confirm-{token}@tracker.example"), "Re: Please confirm").await;
    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You will be told"), "{}", answers[1]);
    await_that("both are handed over", || mta.log().matches("250 2.0.0 taken in").count() == 2);
}
