//! A folder with a configuration and state, and the program run over it.

use std::path::{Path, PathBuf};
use std::process::Command;

use mail_parser::MessageParser;
use regwatch::settings::{DatabaseUrl, StoreSettings};
use tempfile::TempDir;

use crate::postgres::Server;

/// Names the database by which the stores of all homes are kept: `postgres` for a server's, and sled otherwise.
const STORE: &str = "REGWATCH_TEST_STORE";

/// The folder of a store that no server keeps.
const FOLDER: &str = "sled:../state/db";

/// One installation of regwatch.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    /// `store.url`.
    store: String,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless the exit code is this.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// What the operator of a new home is told first.
pub const FIRST_START: &str = "[regwatch] A first start: there was no store";

/// A mail as its reader sees it.
#[derive(Debug)]
pub struct Letter {
    /// The header, each field on one line.
    pub head: String,
    /// Its `X-Regwatch-Kind`.
    pub kind: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// The files that go with it, one after the other.
    pub attached: String,
}

const COMPANIES: &str = r#"
[[company]]
id = "hikvision"
name = "Hangzhou Hikvision Digital Technology Co., Ltd."
aliases = ["Hikvision", { name = "海康威视", kind = "native-script" }]

[[company]]
id = "zte"
name = "ZTE Corporation"
aliases = [{ name = "ZTE", kind = "short" }]
"#;

impl Home {
    /// A home whose configuration holds these `[[source]]` tables; mail goes into a Maildir.
    pub fn with_sources(sources: &str) -> Self {
        let is_of_server = std::env::var_os(STORE).is_some_and(|store| store == "postgres");
        let server = if is_of_server { Server::shared() } else { None };
        Self::with_store(sources, server.map_or_else(|| FOLDER.to_owned(), Server::database))
    }

    /// The same, with its store in a folder, whatever the others have: for what only a folder has.
    pub fn in_folder(sources: &str) -> Self {
        Self::with_store(sources, FOLDER.to_owned())
    }

    /// The same, with its store in a database of a server; nothing where there is no server.
    pub fn on_server(sources: &str) -> Option<Self> {
        Some(Self::with_store(sources, Server::shared()?.database()))
    }

    /// The same, with its store there.
    pub fn with_store(sources: &str, store: String) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap(), store };
        home.configure(sources, "maildir:../state/mail");
        home
    }

    /// Another machine's home with the same store.
    pub fn elsewhere(&self, sources: &str) -> Self {
        Self::with_store(sources, self.store.clone())
    }

    /// The same with the configuration that this one has now.
    pub fn elsewhere_alike(&self) -> Self {
        let home = Self::with_store("", self.store.clone());
        std::fs::copy(self.path("config/regwatch.toml"), home.path("config/regwatch.toml")).unwrap();
        home
    }

    /// `store.url`.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// Whether the store is a folder.
    pub fn is_in_folder(&self) -> bool {
        self.store == FOLDER
    }

    /// The same as the program takes it.
    pub fn settings(&self) -> StoreSettings {
        match self.store.strip_prefix("sled:../") {
            Some(folder) => StoreSettings::Sled { path: self.path(folder) },
            None => StoreSettings::Postgres {
                url: DatabaseUrl::new(&self.store, None).unwrap(),
                local: self.path("state/db"),
            },
        }
    }

    /// A home that watches one FCC-style list.
    pub fn watching_list(site: &super::Site) -> Self {
        Self::with_sources(&list_source(&site.url))
    }

    /// Writes the configuration anew.
    pub fn configure(&self, sources: &str, transport: &str) {
        self.put(sources, transport, COMPANIES);
    }

    /// Writes the configuration anew, with these `[[company]]` tables.
    pub fn track(&self, sources: &str, companies: &str) {
        self.put(sources, "maildir:../state/mail", companies);
    }

    fn put(&self, sources: &str, transport: &str, companies: &str) {
        let store = &self.store;
        let text = format!(
            "[store]\nurl = \"{store}\"\n\n\
             [mail]\nfrom = \"regwatch <alerts@tracker.example>\"\ntransport = \"{transport}\"\n\
             group_within = \"0s\"\n\n\
             [fetch]\ncontact = \"ops@tracker.example\"\nallow_private = [\"127.0.0.1\"]\nhost_interval = \"0s\"\n\n\
             [daemon]\njitter = \"0s\"\n\n{sources}\n{companies}"
        );
        std::fs::create_dir_all(self.path("config")).unwrap();
        std::fs::write(self.path("config/regwatch.toml"), text).unwrap();
    }

    /// Adds to the configuration.
    pub fn configure_also(&self, text: &str) {
        let path = self.path("config/regwatch.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}\n{text}\n")).unwrap();
    }

    /// Replaces a part of the configuration.
    #[track_caller]
    pub fn amend(&self, old: &str, new: &str) {
        let path = self.path("config/regwatch.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old:?} is not in {text}");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Puts somebody's addresses in place of the placeholders, without which no other site is asked.
    pub fn name_somebody(&self) {
        self.amend("alerts@tracker.example", "alerts@desk.example");
        self.amend("ops@tracker.example", "ops@desk.example");
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The program, ready to be given a verb.
    pub fn program(&self) -> Command {
        self.program_over(&self.path("config/regwatch.toml"))
    }

    /// The same over another configuration.
    pub fn program_over(&self, config: &Path) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        command.env_remove("REGWATCH_LOG").env("NO_COLOR", "1").current_dir(self.folder.path());
        command.arg("--config").arg(config);
        command
    }

    /// Runs the program with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(self.program().args(arguments))
    }

    /// Runs `check now --json` and gives the report; the run must end with this code.
    #[track_caller]
    pub fn check(&self, code: i32) -> serde_json::Value {
        self.run(&["check", "now", "--json"]).expect(code).json()
    }

    /// Subscribes an address, confirmed.
    #[track_caller]
    pub fn subscribe(&self, address: &str, company: &str) {
        self.run(&["sub", "add", address, "--company", company, "--confirmed"]).expect(0);
    }

    /// The mails to one address, in no order.
    pub fn letters_to(&self, address: &str) -> Vec<Letter> {
        self.letters().into_iter().filter(|letter| letter.to == address).collect()
    }

    /// The mails of trouble to the operator, without that of the first start, which the daemon of every new home
    /// sends once.
    #[track_caller]
    pub fn trouble_told_to(&self, operator: &str) -> Vec<Letter> {
        let is_first_start = |letter: &Letter| letter.subject == FIRST_START;
        let (first_start, trouble): (Vec<_>, Vec<_>) =
            self.letters_to(operator).into_iter().partition(is_first_start);
        assert!(first_start.len() <= 1, "a first start is told once");
        trouble
    }

    /// Every mail in the Maildir, in the order of their recipients.
    pub fn letters(&self) -> Vec<Letter> {
        let mut letters: Vec<Letter> =
            files_of(&self.path("state/mail/new")).iter().map(read_letter).collect();
        letters.sort_by(|a, b| a.to.cmp(&b.to));
        letters
    }
}

pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The `[[source]]` of an FCC-style list at `/list`.
pub fn list_source(url: &str) -> String {
    format!(
        "[[source]]\nid = \"covered-list\"\nkind = \"fcc-covered-list\"\ntitle = \"Covered List\"\n\
         url = \"{url}/list\"\nschedule = \"15 */2 * * *\"\ntimezone = \"America/New_York\"\n\
         guard = {{ min_entries = 2, max_drop = \"20%\" }}\n"
    )
}

pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

pub fn read_letter(path: &PathBuf) -> Letter {
    let bytes = std::fs::read(path).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let head = text.split("\n\n").next().unwrap_or_default().replace("\n ", " ").replace("\n\t", " ");
    let kind = head.lines().find_map(|line| line.strip_prefix("X-Regwatch-Kind: ")).unwrap_or_default();
    Letter {
        kind: kind.to_owned(),
        head,
        to,
        attached: mail.attachments().map(|file| String::from_utf8_lossy(file.contents())).collect(),
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        html: mail.body_html(0).unwrap_or_default().into_owned(),
        message_id: mail.message_id().unwrap_or_default().to_owned(),
    }
}
