//! This test binary once more, as a process that writes until it is ended.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::numbered::{Acknowledgements, note};

/// Names the database folder to the writing process.
pub const FOLDER: &str = "REGWATCH_TEST_STORE";

/// Said before the store is opened.
pub const OPENING: &str = "opening";

/// Said before the reason for which the store refused a write.
pub const REFUSED: &str = "refused: ";

/// A line comes, or the writer is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running writer; it is killed with the test.
pub struct Writer {
    child: Child,
    lines: Receiver<String>,
}

impl Writer {
    /// Starts one and waits until it is about to open the store.
    pub fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["killed::writer", "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let writer = Self { child, lines };
        while writer.next_line() != OPENING {}
        writer
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// Waits for so many acknowledgements and notes them.
    pub fn await_lines(&self, count: u64, acknowledged: &mut Acknowledgements) {
        for _ in 0..count {
            note(acknowledged, &self.next_line());
        }
    }

    /// Notes what was said meanwhile.
    pub fn drain(&self, acknowledged: &mut Acknowledgements) {
        self.lines.try_iter().for_each(|line| note(acknowledged, &line));
    }

    /// Kills it without warning; notes all it had said.
    pub fn kill(mut self, acknowledged: &mut Acknowledgements) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // The channel ends when all that was said has been read.
        self.lines.iter().for_each(|line| note(acknowledged, &line));
    }

    /// Waits until it ends because a write was refused; notes all it had said and gives the reason.
    pub fn await_refusal(mut self, acknowledged: &mut Acknowledgements) -> Option<String> {
        let mut reason = None;
        for line in &self.lines {
            note(acknowledged, &line);
            reason = reason.or_else(|| line.strip_prefix(REFUSED).map(str::to_owned));
        }
        self.child.wait().unwrap();
        reason
    }

    /// Halts it where it is; it is halted when this returns.
    pub fn stop(&self) {
        self.signal("STOP");
        // One thread may stop before another has left the kernel.
        while !self.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let done = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.id())]).status().unwrap();
        assert!(done.success(), "the writer has ended by itself");
    }

    fn is_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        threads.map_while(Result::ok).all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // The state follows the name, which stands in parentheses. A thread that ended has none.
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
