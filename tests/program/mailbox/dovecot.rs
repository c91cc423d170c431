//! A Dovecot of a test's own in a temporary folder, with one mailbox for every address.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::client::hand_over;
use super::{WATCH, await_that, free_port};
use crate::left_out::left_out;

const DOVECOT: &str = "/usr/sbin/dovecot";
const OPENSSL: &str = "/usr/bin/openssl";

/// The user `nobody`, to whom the mailboxes belong.
const NOBODY: u32 = 65534;

/// A running Dovecot; stopped when it is dropped.
pub struct Dovecot {
    folder: TempDir,
    process: Option<Child>,
    pub imap: u16,
    pub imaps: u16,
    lmtp: u16,
}

impl Dovecot {
    /// Starts one; none where the machine cannot.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with these further settings.
    pub fn start_with(settings: &str) -> Option<Self> {
        if !Path::new(DOVECOT).exists() || !Path::new(OPENSSL).exists() {
            left_out("a mailbox at a server", "dovecot or openssl is not installed");
            return None;
        }
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            left_out("a mailbox at a server", "only root starts a Dovecot");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut dovecot =
            Self { folder, process: None, imap: free_port(), imaps: free_port(), lmtp: free_port() };
        dovecot.configure(settings);
        dovecot.resume();
        Some(dovecot)
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn configure(&self, more: &str) {
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(self.path("mail")).unwrap();
        chown(self.path("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
        self.make_certificate();
        let (folder, Self { imap, imaps, lmtp, .. }) = (self.folder.path().display(), self);
        let settings = format!(
            "protocols = imap lmtp\nlisten = 127.0.0.1\nssl = yes\n\
             ssl_cert = <{folder}/certificate\nssl_key = <{folder}/key\ndisable_plaintext_auth = no\n\
             base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\n\
             default_internal_user = dovecot\ndefault_login_user = dovenull\nfirst_valid_uid = 1\n\
             mail_uid = nobody\nmail_gid = nogroup\nmail_location = maildir:{folder}/mail/%n\n\
             recipient_delimiter = +\nlmtp_hdr_delivery_address = final\npostmaster_address = postmaster@tracker.example\n\
             passdb {{\n  driver = static\n  args = password=secret\n}}\n\
             userdb {{\n  driver = static\n  args = uid=nobody gid=nogroup home={folder}/mail/%n allow_all_users=yes\n}}\n\
             namespace inbox {{\n  inbox = yes\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {imap}\n  }}\n  inet_listener imaps {{\n    port = {imaps}\n    ssl = yes\n  }}\n}}\n\
             service lmtp {{\n  inet_listener lmtp {{\n    address = 127.0.0.1\n    port = {lmtp}\n  }}\n}}\n{more}\n"
        );
        fs::write(self.path("settings"), settings).unwrap();
    }

    /// A certificate for `localhost` that nobody but itself vouches for.
    fn make_certificate(&self) {
        let mut openssl = Command::new(OPENSSL);
        openssl.args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"]);
        openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"]);
        openssl.args(["-addext", "subjectAltName = DNS:localhost"]);
        openssl.args(["-addext", "basicConstraints = critical, CA:FALSE"]);
        openssl.arg("-keyout").arg(self.path("key")).arg("-out").arg(self.path("certificate"));
        assert!(openssl.output().unwrap().status.success());
    }

    /// Starts it again where it was stopped.
    pub fn resume(&mut self) {
        let mut dovecot = Command::new(DOVECOT);
        dovecot.arg("-F").arg("-c").arg(self.path("settings")).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(dovecot.spawn().unwrap());
        for port in [self.imap, self.lmtp] {
            await_that(&format!("Dovecot listens:\n{}", self.log()), || {
                std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
            });
        }
    }

    /// Ends it, and every session with it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Asked to end, the master ends its children; killed, it would leave them.
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What `[inbox.imap]` says for it.
    pub fn table(&self, folder: &Path) -> String {
        let password = folder.join("imap-password");
        fs::write(&password, "secret\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        format!(
            "[inbox.imap]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nuser = \"{WATCH}\"\n\
             password_file = \"{}\"\n",
            self.imap,
            password.display()
        )
    }

    /// The UID validity of the mailbox, as its list of UIDs has it.
    pub fn uid_validity(&self) -> String {
        let list = fs::read_to_string(self.path("mail/watch/dovecot-uidlist")).unwrap();
        list.split_whitespace().find(|word| word.starts_with('V')).unwrap().to_owned()
    }

    /// Delivers a message, as the mail server does whose mailboxes these are.
    pub fn deliver(&self, to: &str, message: &str) {
        let replies = hand_over(self.lmtp, "ann@example.org", &[to], message);
        assert!(replies.last().unwrap().starts_with("250"), "{replies:?}\n{}", self.log());
    }

    /// Gives the mailbox a new UID validity, as a server does whose indexes were lost.
    pub fn renumber(&self) {
        let maildir = self.path("mail/watch");
        for entry in fs::read_dir(&maildir).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if ["dovecot-uid", "dovecot.index"].iter().any(|begin| name.starts_with(begin)) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// The files of the messages in a folder of the mailbox: `""`, `.Processed`, `.Failed`.
    pub fn messages(&self, folder: &str) -> Vec<PathBuf> {
        let maildir = self.path("mail/watch").join(folder);
        ["new", "cur"]
            .iter()
            .flat_map(|part| fs::read_dir(maildir.join(part)).into_iter().flatten())
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}
