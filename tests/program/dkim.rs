//! Mail signed by our own key, looked at by somebody else's verifier.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::home::files_of;
use super::left_out::left_out;
use super::{HIKVISION_AMENDED, HUAWEI, Home, ZTE, covered_list, watched};

/// Debian's `python3-dkim`, which its own Python alone finds.
const PYTHON: &str = "/usr/bin/python3";

/// Verifies the message on standard input with the record given as an argument.
const VERIFY: &str = r#"
import sys, dkim
record = sys.argv[2].encode()
names = []
def answer(name, timeout=5):
    names.append(name.decode())
    return record
ok = dkim.verify(sys.stdin.buffer.read(), dnsfunc=answer)
assert names in ([sys.argv[1] + "."], []), names
sys.exit(0 if ok else 1)
"#;

fn can_verify() -> bool {
    let has = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    let can = has("openssl", &["version"]) && has(PYTHON, &["-c", "import dkim, nacl"]);
    if !can {
        left_out("signed mail", "openssl, python3-dkim or python3-nacl is not installed");
    }
    can
}

/// Makes a key of this kind, which its owner alone can read.
fn make_key(path: &Path, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command.arg("genpkey").args(arguments).arg("-out").arg(path).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn is_verified(message: &[u8], name: &str, record: &str) -> bool {
    let mut child = Command::new(PYTHON)
        .args(["-c", VERIFY, name, record])
        .stdin(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    child.wait().unwrap().success()
}

/// A signed alert as it goes over the wire, and the record that `mail dns` says to publish.
fn signed_alert(home: &Home, change: impl FnOnce()) -> (Vec<u8>, String, String) {
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    change();
    assert_eq!(home.check(0)["mails_queued"], 1);
    let [letter] = &files_of(&home.path("state/mail/new"))[..] else { panic!("not one letter") };
    // A Maildir holds its messages with the line ends of this system.
    let message = String::from_utf8(std::fs::read(letter).unwrap()).unwrap().replace('\n', "\r\n");
    let records = home.run(&["mail", "dns", "--json"]).expect(0).json();
    let records = records["records"].as_array().unwrap().clone();
    let key = records.iter().find(|record| record["name"].as_str().unwrap().contains("_domainkey")).unwrap();
    let text = |field: &str| key[field].as_str().unwrap().to_owned();
    (message.into_bytes(), text("name"), text("value"))
}

#[track_caller]
fn check_kind(kind: &str, arguments: &[&str]) {
    if !can_verify() {
        return;
    }
    let (site, home) = watched();
    let web = "[web]\nbase_url = \"https://tracker.example\"\n";
    home.configure_also(&format!("{web}[mail.dkim]\nselector = \"s1\"\nkey_file = \"dkim.pem\"\n"));
    make_key(&home.path("config/dkim.pem"), arguments);
    let amended = || site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let (message, name, record) = signed_alert(&home, amended);
    assert_eq!(name, "s1._domainkey.tracker.example");
    assert!(record.starts_with(&format!("v=DKIM1; k={kind}; p=")), "{record}");
    assert!(is_verified(&message, &name, &record), "{}", String::from_utf8_lossy(&message));

    let text = String::from_utf8(message).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n\t", "").to_lowercase();
    let signature = head.lines().find(|line| line.starts_with("dkim-signature:")).unwrap();
    assert!(!signature.contains("content-type"), "{signature}");
    assert!(
        signature.contains("list-unsubscribe:") && signature.contains("list-unsubscribe-post"),
        "{signature}"
    );
    for (what, forged) in [
        ("a changed body", text.replacen("Covered", "Uncovered", 9)),
        ("a changed link", text.replacen("/unsubscribe/", "/unsubscribe/x", 1)),
        ("a second sender", text.replacen("From: ", "From: mallory@example.net\r\nFrom: ", 1)),
    ] {
        assert_ne!(forged, text, "{what}");
        assert!(!is_verified(forged.as_bytes(), &name, &record), "{what}");
    }
}

#[test]
fn a_mail_signed_with_rsa_is_verified_by_others_and_a_changed_one_is_not() {
    check_kind("rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
}

#[test]
fn a_mail_signed_with_ed25519_is_verified_by_others_and_a_changed_one_is_not() {
    check_kind("ed25519", &["-algorithm", "ED25519"]);
}

#[test]
fn what_to_publish_is_told_with_and_without_a_key() {
    let (_site, home) = watched();
    let told = home.run(&["mail", "dns"]).expect(0).stdout;
    assert!(told.contains("tracker.example. IN TXT \"v=spf1 mx a ~all\""), "{told}");
    assert!(told.contains("_dmarc.tracker.example. IN TXT \"v=DMARC1; p=none;"), "{told}");
    assert!(!told.contains("_domainkey"), "{told}");
}
