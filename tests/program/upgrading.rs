//! The program takes over what the last release left: its configuration and its store.

use std::path::PathBuf;
use std::process::Command;

use super::home::{Ran, files_of, read_letter, run};
use super::{Site, old_store};

const PAGES: [&str; 3] = ["register", "notices", "parties"];

/// An installation of the last release, whose sources say what they said when it ended.
struct Installation {
    folder: tempfile::TempDir,
    config: PathBuf,
    site: Site,
}

impl Installation {
    fn of_the_last_release() -> Self {
        let (folder, site) = (tempfile::tempdir().unwrap(), Site::start());
        let config = old_store::unpack(folder.path(), &site.url);
        let installation = Self { folder, config, site };
        for page in PAGES {
            installation.site.page(&format!("/{page}"), installation.origin(page));
        }
        installation
    }

    fn origin(&self, page: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("origin").join(page)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        let program = program.env("NO_COLOR", "1").current_dir(self.folder.path());
        run(program.arg("--config").arg(&self.config).args(arguments))
    }

    /// What a read of everything found: each source's verdict and its changes.
    #[track_caller]
    fn check(&self) -> Vec<(String, usize)> {
        let report = self.run(&["check", "now", "--json"]).expect(0).json();
        let sources = report["sources"].as_array().unwrap();
        let found = |source: &serde_json::Value| {
            let verdict = source["verdict"].as_str().unwrap().to_owned();
            (verdict, source["changes"].as_array().unwrap().len())
        };
        sources.iter().map(found).collect()
    }

    /// Every mail that left, as recipient and subject, in their order.
    fn letters(&self) -> Vec<(String, String)> {
        let mut letters: Vec<(String, String)> = files_of(&self.folder.path().join("state/mail/new"))
            .iter()
            .map(read_letter)
            .map(|letter| (letter.to, letter.subject))
            .collect();
        letters.sort();
        letters
    }

    fn letters_to_readers(&self) -> Vec<(String, String)> {
        self.letters().into_iter().filter(|(to, _)| to != "ops@tracker.example").collect()
    }

    /// Mails in the outbox that wait for another attempt.
    fn owed(&self) -> Vec<(String, String)> {
        let listed = self.run(&["outbox", "list", "--json"]).expect(0).json();
        let mails = listed["mails"].as_array().unwrap().iter();
        let waits = |mail: &&serde_json::Value| mail["state"] == "queued" || mail["state"] == "deferred";
        let text = |mail: &serde_json::Value, key: &str| mail[key].as_str().unwrap().to_owned();
        let mut owed: Vec<(String, String)> =
            mails.filter(waits).map(|mail| (text(mail, "recipient"), text(mail, "subject"))).collect();
        owed.sort();
        owed
    }
}

#[test]
fn it_opens_what_the_last_release_left_sends_what_was_owed_and_alarms_nobody() {
    let installation = Installation::of_the_last_release();
    installation.run(&["config", "check"]).expect(0);
    let owed = installation.owed();
    assert_eq!(owed.len(), 2, "{owed:?}");
    let found = installation.check();
    assert!(found.iter().all(|(verdict, changes)| verdict == "good" && *changes == 0), "{found:?}");
    let letters = installation.letters();
    for mail in &owed {
        assert_eq!(letters.iter().filter(|letter| *letter == mail).count(), 1, "{mail:?} of {letters:?}");
    }
    let owed_to_readers: Vec<_> =
        owed.into_iter().filter(|(recipient, _)| recipient != "ops@tracker.example").collect();
    assert_eq!(installation.letters_to_readers(), owed_to_readers);
    // What else left tells the operator that trouble of the last release is over.
    let others =
        letters.iter().filter(|(to, subject)| to == "ops@tracker.example" && subject.contains("Over:"));
    assert!(letters.len() <= owed_to_readers.len() + 1 + others.count(), "{letters:?}");
    assert!(!letters.iter().any(|(_, subject)| subject.contains("first start")), "{letters:?}");

    installation.check();
    installation.check();
    assert_eq!(installation.letters(), letters, "nothing is told twice");
    installation.run(&["store", "verify"]).expect(0);
}

#[test]
fn what_changes_after_it_was_taken_over_is_told_to_who_follows_it() {
    let installation = Installation::of_the_last_release();
    installation.check();
    let before = installation.letters_to_readers();
    let parties = installation.origin("parties") + "Orchid Telecom Co. Ltd.,XC,export\n";
    installation.site.page("/parties", parties);
    let found: usize = installation.check().iter().map(|(_, changes)| changes).sum();
    assert_eq!(found, 1);
    let mut told: Vec<String> = installation.letters_to_readers().into_iter().map(|(to, _)| to).collect();
    for (to, _) in before {
        told.remove(told.iter().position(|known| *known == to).unwrap());
    }
    told.sort_by_key(|to| to.to_lowercase());
    let told: Vec<String> = told.iter().map(|to| to.to_lowercase()).collect();
    assert_eq!(told, ["ann@client.example", "ben@client.example"]);
}
