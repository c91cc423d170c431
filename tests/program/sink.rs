//! A relay that takes everything and keeps one file a message: `smtp-sink`, which Postfix brings.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::home::{Letter, files_of, read_letter};
use super::left_out::left_out;

const SINK: &str = "/usr/sbin/smtp-sink";

/// A sink that keeps one file a message, like the mailbox of a reader who sees every copy.
pub struct Sink {
    process: Child,
    folder: TempDir,
    pub port: u16,
}

impl Sink {
    /// Starts one; none where the machine cannot, with what is left out for it.
    pub fn start(what: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(SINK);
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        command.arg("-d").arg(folder.path().join("%M%S."));
        command.arg(format!("127.0.0.1:{port}")).arg("256").stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            left_out(what, "smtp-sink is not installed");
            return None;
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the sink does not listen");
            std::thread::yield_now();
        }
        Some(Self { process, folder, port })
    }

    /// All copies that arrived whole: a process killed within a message leaves a part of one, which no
    /// server would deliver.
    pub fn copies(&self) -> Vec<Letter> {
        let is_whole =
            |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes.trim_ascii_end().ends_with(b"--"));
        files_of(self.folder.path()).iter().filter(|path| is_whole(path)).map(read_letter).collect()
    }

    /// The envelope's senders, in no order.
    pub fn senders(&self) -> Vec<String> {
        let texts =
            files_of(self.folder.path()).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        let sender = |text: String| {
            let line = text.lines().find(|line| line.starts_with("X-Mail-Args:"))?;
            Some(line.split_once('<')?.1.split_once('>')?.0.to_owned())
        };
        texts.filter_map(sender).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0")
}
