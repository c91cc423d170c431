//! A Postfix of a test's own in a temporary folder: its queue on disk, its mailboxes beside it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::left_out::left_out;
use crate::{await_listener, await_that, free_port, have, is_root};

const POSTFIX: &str = "/usr/sbin/postfix";
const OPENSSL: &str = "/usr/bin/openssl";

/// The user `nobody`, to whom the mailboxes belong; Postfix delivers to no mailbox as root.
pub const NOBODY: u32 = 65534;

/// The services that it takes to accept mail and to put it into mailboxes.
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// A running Postfix that has one mailbox, `ann@example.org`; stopped when it is dropped.
pub struct Mta {
    folder: TempDir,
    pub port: u16,
}

impl Mta {
    /// Starts one with these further lines of `main.cf`; none where the machine cannot.
    pub fn start(settings: &str) -> Option<Self> {
        Self::start_with(settings, "")
    }

    /// The same with these further services in `master.cf`.
    pub fn start_with(settings: &str, services: &str) -> Option<Self> {
        if !have(&[POSTFIX, OPENSSL]) {
            return None;
        }
        if !is_root() {
            left_out("a real Postfix", "only root starts one");
            return None;
        }
        let mta = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        mta.make_folders();
        mta.make_certificate();
        mta.configure(settings);
        mta.offer(services);
        mta.resume();
        Some(mta)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn make_folders(&self) {
        // Postfix's processes run as users of their own and pass through.
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["config", "queue", "data", "mail"] {
            fs::create_dir(self.path(name)).unwrap();
        }
        chown(self.path("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
        let id = Command::new("id").args(["-u", "postfix"]).output().unwrap();
        let postfix = String::from_utf8(id.stdout).unwrap().trim().parse().unwrap();
        chown(self.path("data"), Some(postfix), None).unwrap();
    }

    /// A certificate for `localhost` that nobody but itself vouches for.
    fn make_certificate(&self) {
        let request = "[req]\ndistinguished_name = name\nx509_extensions = server\nprompt = no\n\
                       [name]\nCN = localhost\n\
                       [server]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost\n";
        fs::write(self.path("request"), request).unwrap();
        let mut openssl = Command::new(OPENSSL);
        openssl.args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"]);
        openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1"]).arg("-config").arg(self.path("request"));
        openssl.arg("-keyout").arg(self.path("key")).arg("-out").arg(self.certificate());
        run(&mut openssl);
    }

    /// The relay's certificate, for those who trust it.
    pub fn certificate(&self) -> PathBuf {
        self.path("certificate")
    }

    /// Writes the configuration, for the next start.
    pub fn configure(&self, settings: &str) {
        let folder = self.folder.path().display();
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {folder}/queue\n\
             data_directory = {folder}/data\n\
             service_throttle_time = 1s\n\
             maillog_file = {folder}/log\n\
             maillog_file_prefixes = {folder}\n\
             inet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\n\
             myhostname = relay.test\n\
             mydestination =\n\
             alias_maps =\n\
             virtual_mailbox_domains = example.org\n\
             virtual_mailbox_maps = inline:{{ann@example.org=ann/}}\n\
             virtual_mailbox_base = {folder}/mail\n\
             virtual_uid_maps = static:{NOBODY}\n\
             virtual_gid_maps = static:{NOBODY}\n\
             smtpd_tls_cert_file = {folder}/certificate\n\
             smtpd_tls_key_file = {folder}/key\n\
             {settings}\n"
        );
        fs::write(self.path("config/main.cf"), main).unwrap();
        let master = format!("127.0.0.1:{} inet n - n - - smtpd\n{SERVICES}", self.port);
        fs::write(self.path("config/master.cf"), master).unwrap();
    }

    /// Adds services, for the next start.
    fn offer(&self, services: &str) {
        let file = self.path("config/master.cf");
        let master = fs::read_to_string(&file).unwrap();
        fs::write(file, master + services).unwrap();
    }

    /// Starts it again, after [`Self::stop`].
    pub fn resume(&self) {
        run(&mut self.control("start"));
        await_listener(self.port);
    }

    /// Ends it and everything that it started.
    pub fn stop(&self) {
        run(&mut self.control("stop"));
    }

    fn control(&self, verb: &str) -> Command {
        let mut command = Command::new(POSTFIX);
        command.arg("-c").arg(self.path("config")).arg(verb);
        command
    }

    /// What lies in the mailbox, once this many mails have arrived.
    pub fn mailbox(&self, count: usize) -> Vec<String> {
        let files = || files_of(&self.path("mail/ann/new"));
        await_that("the mails are in the mailbox", || files().len() >= count);
        files().iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }

    /// Waits until it has done with every mail it took.
    #[allow(dead_code, reason = "the bench of mail waits for it")]
    pub fn await_idle(&self) {
        let queues = ["queue/incoming", "queue/active"];
        await_that("the queue is empty", || {
            queues.iter().all(|queue| files_of(&self.path(queue)).is_empty())
        });
    }

    /// What it wrote about its work.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

impl Drop for Mta {
    fn drop(&mut self) {
        let _ = self.control("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Runs a command to its end. Its output goes nowhere: a daemon that it leaves behind would
/// hold a pipe open.
fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
