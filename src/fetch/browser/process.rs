//! The browser's processes: started with nothing of ours, ended together.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::settings::BrowserSettings;

/// How it is started, beside its profile and its way into the network.
const OPTIONS: [&str; 22] = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-features=MediaRouter,DialMediaRouteProvider,OptimizationHints,Translate,AutofillServerCommunication",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--mute-audio",
    "--password-store=basic",
    "--blink-settings=imagesEnabled=false",
    "--js-flags=--max-old-space-size=512",
    // Nothing goes round the proxy: no datagrams of WebRTC, and not even loopback addresses.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
];

/// Gives the browser the two pipes it is spoken to through, as its descriptors 3 and 4.
const WITH_PIPES: &str = "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(250);

/// Between two looks whether the killed processes are gone.
const GLANCE: Duration = Duration::from_millis(10);

/// So long they may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running browser; killed with all its processes when dropped.
#[derive(Debug)]
pub(super) struct BrowserProcess {
    child: Child,
    group: Option<Pid>,
    pipes: Option<Pipes>,
    /// Removed when the browser has ended.
    _profile: TempDir,
}

/// What is said to the browser, and what it says.
pub(super) type Pipes = (ChildStdin, ChildStdout);

impl BrowserProcess {
    /// Starts a browser that reaches the network through `passage` alone.
    pub(super) fn start(settings: &BrowserSettings, passage: SocketAddr) -> io::Result<Self> {
        let profile = TempDir::with_prefix("regwatch-browser-")?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WITH_PIPES, "sh"]).arg(&settings.program).args(OPTIONS);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!("--proxy-server=http://{passage}"));
        // Should it look a name up by itself all the same, there is none.
        command.arg(format!("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {}", passage.ip()));
        if geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        command.arg("about:blank");
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("HOME", profile.path()).env("TMPDIR", profile.path());
        command.current_dir(profile.path()).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pipes = child.stdin.take().zip(child.stdout.take());
        Ok(Self { child, group, pipes, _profile: profile })
    }

    /// The pipes, to be taken once.
    pub(super) fn pipes(&mut self) -> Option<Pipes> {
        self.pipes.take()
    }

    /// Waits until the browser uses more memory than this, and says so.
    pub(super) async fn overrun(&self, max_bytes: usize) -> String {
        let mut clock = tokio::time::interval(LOOK);
        loop {
            clock.tick().await;
            let Some(group) = self.group else { continue };
            let used = memory_of(group.as_raw_nonzero().get());
            if used > max_bytes {
                return format!("it used more than {max_bytes} bytes of memory (fetch.browser_max_memory)");
            }
        }
    }

    /// Ends all its processes and waits until they are gone: only then is nobody left who writes into
    /// the profile.
    pub(super) async fn end(mut self) {
        self.kill();
        let _ = self.child.wait().await;
        self.others_gone().await;
        // Its id may be somebody else's from now on.
        self.group = None;
    }

    /// Waits until no process of the group is left. Killed they are all; the system takes its time to
    /// clear away what used much memory.
    async fn others_gone(&self) {
        let Some(group) = self.group else { return };
        let cleared = async {
            while has_living(group.as_raw_nonzero().get()) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        // A process that cannot die, for a disk that does not answer, must not hold up the read.
        let _ = tokio::time::timeout(PATIENCE, cleared).await;
    }

    fn kill(&self) {
        if let Some(group) = self.group {
            // Fails only where no process of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for BrowserProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The memory that the processes of a group do not share with others, in bytes; proc(5).
fn memory_of(group: i32) -> usize {
    let pages: usize = living(group).filter_map(|process| private_pages(&process)).sum();
    pages.saturating_mul(rustix::param::page_size())
}

fn has_living(group: i32) -> bool {
    living(group).next().is_some()
}

/// The processes of a group but for the dead ones that nobody has taken notice of yet.
fn living(group: i32) -> impl Iterator<Item = PathBuf> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    processes.map(|process| process.path()).filter(move |process| living_group_of(process) == Some(group))
}

fn living_group_of(process: &Path) -> Option<i32> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_dead = matches!(fields.next()?, "Z" | "X");
    let group = fields.nth(1)?.parse().ok()?;
    (!is_dead).then_some(group)
}

fn private_pages(process: &Path) -> Option<usize> {
    let statm = std::fs::read_to_string(process.join("statm")).ok()?;
    let mut numbers = statm.split_whitespace().skip(1).map(|number| number.parse::<usize>().unwrap_or(0));
    Some(numbers.next()?.saturating_sub(numbers.next()?))
}
