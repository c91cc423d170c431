//! A PostgreSQL server of the tests' own: made in a temporary folder, reached through a socket there, and ended with
//! the process that started it, however that ends.
//!
//! There are two versions: the system's, with which everything is tested, and a newer one that CI puts beside its other
//! tools, with which everything is tested that the server itself decides.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::left_out::left_out;

/// The newer version, below the folder of the crate: its server alone, without programs that talk to one.
const NEWER: &str = "target/postgres/native/bin";

/// A server starts within this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of a server whose tests cut no power.
const NOTHING_FORCED: &str = "-c fsync=off -c full_page_writes=off";

/// Makes a database cluster, runs its server until its own standard input ends, and removes it.
const KEEP: &str = r#"
"$1/initdb" -D "$2/data" -A trust -U regwatch -E UTF8 --locale=C --no-sync >"$2/initdb.log" 2>&1 || exit 1
"$1/pg_ctl" start -D "$2/data" -l "$2/log" -s -o "-k $2 -c listen_addresses= -c max_connections=300 $3" || exit 1
cat >/dev/null
"$1/pg_ctl" stop -D "$2/data" -m immediate -s
rm -rf "$2"
"#;

/// Makes a standby of the server in $3, runs it until its own standard input ends, and removes it.
#[allow(dead_code, reason = "not every suite has one")]
const KEEP_STANDBY: &str = r#"
"$1/pg_basebackup" -h "$3" -U regwatch -D "$2/data" -R -X stream -c fast >"$2/backup.log" 2>&1 || exit 1
"$1/pg_ctl" start -D "$2/data" -l "$2/log" -s -o "-k $2 -c listen_addresses= -c max_connections=300" || exit 1
cat >/dev/null
"$1/pg_ctl" stop -D "$2/data" -m immediate -s
rm -rf "$2"
"#;

/// A server; it ends with this, or with the process.
pub struct Server {
    keeper: Child,
    folder: PathBuf,
    programs: PathBuf,
    /// Programs that talk to it.
    clients: PathBuf,
    databases: AtomicU32,
}

impl Server {
    /// Returns the server that all tests of this process share; `None` if none is installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(NOTHING_FORCED)).as_ref()
    }

    /// The same of the newer version.
    #[allow(dead_code, reason = "not every suite needs both versions")]
    pub fn newer() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(Self::start_newer).as_ref()
    }

    /// Starts one with these options; nothing where none is installed.
    pub fn start(options: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            left_out("the store in PostgreSQL", "there is no server (Debian: postgresql)");
            return None;
        };
        Some(Self::started((programs.clone(), programs), options))
    }

    fn start_newer() -> Option<Self> {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join(NEWER);
        let mut server = as_other_than_root(programs.join("postgres").to_str().unwrap());
        // It may lie where the server's user may not go.
        let runs = server.arg("--version").current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        let runs = runs.status().is_ok_and(|status| status.success());
        let Some(clients) = self::programs().filter(|_| runs) else {
            left_out(
                "the store in a newer PostgreSQL",
                "there is none below target/postgres that can be run",
            );
            return None;
        };
        Some(Self::started((programs, clients), NOTHING_FORCED))
    }

    fn started(programs: (PathBuf, PathBuf), options: &str) -> Self {
        let server = Self::kept(KEEP, programs, options);
        server.await_start();
        server
    }

    fn kept(script: &str, (programs, clients): (PathBuf, PathBuf), argument: &str) -> Self {
        let folder = own_folder();
        let mut keep = as_other_than_root("sh");
        keep.args(["-c", script, "keep"]).arg(&programs).arg(&folder).arg(argument);
        // What ends a group of processes leaves it to end by itself, and to tidy up.
        keep.process_group(0).current_dir("/").stdin(Stdio::piped());
        // It outlives the test by a moment, and is not to be waited for; what goes wrong stands in its logs.
        let keeper = keep.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { keeper, folder, programs, clients, databases: AtomicU32::new(0) }
    }

    /// A standby that has all that this server acknowledges from now on.
    #[allow(dead_code, reason = "not every suite has one")]
    pub fn standby(&self) -> Self {
        let programs = (self.programs.clone(), self.clients.clone());
        let standby = Self::kept(KEEP_STANDBY, programs, self.folder.to_str().unwrap());
        standby.await_start();
        for text in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
            assert!(
                self.run("psql", &["-q", "-d", "postgres", "-c", text]).output().unwrap().status.success()
            );
        }
        standby
    }

    /// Ends for good, as if its machine had, and has its standby take over.
    #[allow(dead_code, reason = "not every suite has one")]
    pub fn fail_over_to(&self, standby: &Self) {
        for (server, deed) in [(self, &["stop", "-m", "immediate", "-s"][..]), (standby, &["promote", "-s"])]
        {
            let mut pg_ctl = as_other_than_root(server.programs.join("pg_ctl").to_str().unwrap());
            pg_ctl.arg(deed[0]).arg("-D").arg(server.folder.join("data")).args(&deed[1..]).current_dir("/");
            assert!(pg_ctl.status().unwrap().success(), "{deed:?}");
        }
    }

    /// The address of a database of this server, wherever it is after a standby took over.
    #[allow(dead_code, reason = "not every suite has one")]
    pub fn with_standby(&self, url: &str, standby: &Self) -> String {
        let (here, there) = (self.folder.display(), standby.folder.display());
        let both = url.replace(&format!("host={here}"), &format!("host={here}&host={there}"));
        format!("{both}&target_session_attrs=read-write")
    }

    fn await_start(&self) {
        let end = Instant::now() + PATIENCE;
        while !self.run("pg_isready", &["--quiet"]).status().unwrap().success() {
            let log = |name: &str| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            assert!(Instant::now() < end, "{}\n{}", log("initdb.log"), log("log"));
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// A program of PostgreSQL that talks to this server.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.clients.join(program));
        command.arg("-h").arg(&self.folder).args(["-U", "regwatch"]).args(arguments);
        command
    }

    /// Ends it at once, as if it had been killed, and starts it again.
    pub fn restart_at_once(&self) {
        let mut restart = as_other_than_root(self.programs.join("pg_ctl").to_str().unwrap());
        restart.arg("restart").arg("-D").arg(self.folder.join("data")).arg("-l").arg(self.folder.join("log"));
        let ran = restart.args(["-m", "immediate", "-s"]).current_dir("/").status().unwrap();
        assert!(ran.success(), "the server does not start again");
    }

    /// The processor time that its processes have taken which are there.
    #[allow(dead_code, reason = "it is for measurements")]
    pub fn cpu(&self) -> Duration {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        let pid = pid.lines().next().unwrap_or_default().to_owned();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ticks = processes.filter_map(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let is_ours = fields.get(1) == Some(&pid.as_str());
            let of = |at: usize| fields.get(at)?.parse::<u64>().ok();
            is_ours.then_some(of(11)? + of(12)?)
        });
        // A tick is a hundredth of a second wherever Linux runs.
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// The address of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        assert!(self.run("createdb", &[&name]).status().unwrap().success());
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user=regwatch&host={}", self.folder.display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Where the server's programs lie, those of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").is_file() && programs.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs)
}

/// The server refuses to run as root.
fn as_other_than_root(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0)
}

/// A folder that belongs to the server's user; its path is short enough for a socket's address.
fn own_folder() -> PathBuf {
    let made = as_other_than_root("mktemp").args(["-d", "/tmp/regwatch-pg.XXXXXX"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Path::new(String::from_utf8(made.stdout).unwrap().trim()).to_owned()
}
