//! The files of `deploy/`, with the places of a test in the place of an installation's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::left_out::left_out;
use crate::mta::NOBODY;
use crate::{Running, await_that, free_port, have, is_root};

/// What every installation here has beside its way in.
const CONFIG: &str = r#"
[mail]
from = "regwatch <alerts@tracker.example>"
[fetch]
contact = "ops@tracker.example"
[[company]]
id = "hikvision"
name = "Hangzhou Hikvision Digital Technology Co., Ltd."
aliases = ["Hikvision"]
"#;

const SETPRIV: &str = "/usr/bin/setpriv";

/// Postfix tries again at once.
pub const IMPATIENT: &str = "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s\n\
     transport_retry_time = 1s\n";

/// An installation that belongs to `nobody`, as whom Postfix runs the program and the daemon runs.
pub struct Installation {
    folder: TempDir,
    /// Where LMTP is listened for.
    pub port: u16,
}

impl Installation {
    /// One whose `[inbox]` is the changed one of `deploy/postfix/`; none where the machine cannot.
    pub fn new(change: impl Fn(&str) -> String) -> Option<Self> {
        if !have(&[SETPRIV]) {
            return None;
        }
        if !is_root() {
            left_out("what deploy/postfix says", "only root gives an installation a user of its own");
            return None;
        }
        let installation = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        fs::set_permissions(installation.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["lib", "lib/config", "lib/state", "postfix"] {
            fs::create_dir(installation.path(name)).unwrap();
            chown(installation.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let config = change(&installation.file("regwatch.toml")) + CONFIG;
        fs::write(installation.config(), config).unwrap();
        // Where the program was built may be closed to others.
        fs::copy(env!("CARGO_BIN_EXE_regwatch"), installation.program()).unwrap();
        Some(installation)
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn config(&self) -> PathBuf {
        self.path("lib/config/regwatch.toml")
    }

    fn program(&self) -> PathBuf {
        self.path("regwatch")
    }

    /// A file of `deploy/postfix/`.
    pub fn file(&self, name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postfix").join(name);
        let text = fs::read_to_string(&path).unwrap();
        let folder = self.folder.path().display();
        text.replace("/etc/postfix/", &format!("{folder}/postfix/"))
            .replace("/var/lib/regwatch/", &format!("{folder}/lib/"))
            .replace("/usr/local/bin/regwatch", &format!("{folder}/regwatch"))
            .replace("user=regwatch", "user=nobody")
            .replace("hash:/etc/aliases, ", "")
            .replace(":2424", &format!(":{}", self.port))
    }

    /// Puts such a file where Postfix reads it, as its owner's.
    pub fn install(&self, name: &str, place: &str) -> PathBuf {
        let path = self.path("postfix").join(place);
        fs::write(&path, self.file(name)).unwrap();
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        path
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts the daemon as the user to whom it belongs.
    pub fn start(&self) -> Running {
        let mut daemon = self.command(&["daemon"]);
        daemon.stdout(Stdio::null()).stderr(Stdio::null());
        Running(daemon.spawn().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(SETPRIV);
        program.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        program.arg(self.program()).arg("--config").arg(self.config()).args(arguments);
        program
    }

    /// The texts of the answers, once there are so many, the latest last.
    pub fn answers(&self, count: usize) -> Vec<String> {
        let folder = self.path("lib/state/mail/new");
        await_that("the answers are there", || files_of(&folder).len() >= count);
        let mut files = files_of(&folder);
        files.sort_by_key(|file| fs::metadata(file).unwrap().modified().unwrap());
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }

    /// Asserts that Ann is subscribed.
    pub fn expect_ann(&self) {
        let listed = String::from_utf8(self.run(&["sub", "list"]).stdout).unwrap();
        assert!(listed.contains("ann@example.org") && listed.contains("active"), "{listed}");
    }
}

pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}
