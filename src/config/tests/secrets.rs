//! Secrets are taken from where only the service can read, and never shown.

use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;
use crate::settings::TransportSettings;

const SECRET: &str = "Zwiebelkuchen";

fn with_relay(more: &str) -> Folder {
    let text = LEAST.replace("[fetch]", &format!("transport = \"smtp://me@relay.example\"\n{more}\n[fetch]"));
    Folder::with(&text)
}

fn password_of(config: &Config) -> &str {
    let TransportSettings::Smtp(relay) = &config.mail.transport else { panic!() };
    relay.credentials.as_ref().unwrap().password.expose_secret()
}

fn put_secret(folder: &Folder, text: &str, mode: u32) {
    let path = folder.put("config/secret", text);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_password_comes_from_its_file_or_from_the_environment() {
    let folder = with_relay("password_file = \"secret\"");
    put_secret(&folder, &format!("{SECRET}\n"), 0o640);
    assert_eq!(password_of(&folder.load_with_password("another").unwrap()), SECRET);
    assert_eq!(password_of(&with_relay("").load_with_password(SECRET).unwrap()), SECRET);
}

const SOURCE: &str = "[[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\n\
                      url = \"https://a.example/\"\nschedule = \"@daily\"\n";

#[test]
fn a_token_comes_from_its_file_or_from_the_environment_and_is_never_shown() {
    for (keys, place) in [
        ("token_file = \"secret\"", "Authorization: Bearer {}"),
        ("token_file = \"secret\"\ntoken_as = \"Authorization: Token {}\"", "Authorization: Token {}"),
        // Cargo sets it for every test.
        ("token_variable = \"CARGO_PKG_REPOSITORY\"\ntoken_as = \"?api_key={}\"", "?api_key={}"),
    ] {
        let folder = Folder::with(&format!("{LEAST}{SOURCE}{keys}\n"));
        put_secret(&folder, &format!("{SECRET}\n"), 0o600);
        let config = folder.load().unwrap();
        let token = config.sources[0].request.token.as_ref().unwrap();
        assert_eq!(token.place().to_string(), place);
        let debugged = format!("{config:?}{}", show(&config));
        assert!(!debugged.contains(SECRET), "{debugged}");
    }
}

#[track_caller]
fn check_file(text: &str, mode: u32, expected: &str) {
    let folder = with_relay("password_file = \"secret\"");
    put_secret(&folder, text, mode);
    assert_eq!(folder.faults(), [format!("regwatch.toml:4:17: mail.password_file: secret {expected}")]);
}

#[test]
fn a_password_file_must_be_the_services_own() {
    check_file(SECRET, 0o644, "has mode 0644 and can be read by everyone, expected 0600 or 0640");
    check_file("\n", 0o600, "is empty, expected the secret");
    check_file("a\nb\n", 0o600, "holds more than one line, expected the secret alone");
    check_file(&"x".repeat(4097), 0o600, "has 4097 bytes, expected at most 4096");
}

#[test]
fn no_secret_is_shown_or_debugged() {
    let text = format!(
        "[mail]\nfrom = \"a@tracker.example\"\ntransport = \"smtp://me@relay.example\"\n\
         [fetch]\ncontact = \"a@tracker.example\"\nheaders = {{ X-Api-Key = \"{SECRET}\", Accept = \"*/*\" }}\n\
         proxy = \"http://me@proxy.example:3128\"\nproxy_password_file = \"secret\"\n\
         [[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\nurl = \"https://a.example/\"\nschedule = \"@daily\"\n\
         headers = {{ Authorization = \"Token {SECRET}\", Cookie = \"{SECRET}\" }}\n\
         proxy = \"socks5://me@proxy.example:1080\"\nproxy_password_file = \"secret\"\n"
    );
    let folder = Folder::with(&text);
    put_secret(&folder, SECRET, 0o600);
    let config = folder.load_with_password(SECRET).unwrap();
    assert_eq!(config.fetch.proxy.as_ref().and_then(|proxy| proxy.password()), Some(SECRET));
    assert_eq!(config.sources[0].request.proxy.as_ref().and_then(|proxy| proxy.password()), Some(SECRET));
    let shown = show(&config);
    assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(shown.contains("Accept = \"*/*\"") && shown.contains("[redacted]"), "{shown}");
    assert!(shown.contains("smtp://me@relay.example:587"), "{shown}");
    let debugged = format!("{config:?}");
    assert!(!debugged.contains(SECRET), "{debugged}");
}

#[test]
fn no_fault_repeats_a_secret() {
    let folder = Folder::with(&format!(
        "[store]\nurl = \"postgres://me:{SECRET}@db\"\n\
         [mail]\nfrom = \"a@tracker.example\"\ntransport = \"smtp://me:{SECRET}@relay.example\"\n\
         [fetch]\ncontact = \"a@tracker.example\"\nproxy = \"http://me:{SECRET}@proxy.example\"\n\
         headers = {{ Authorization = \"{SECRET}\\n\" }}\n\
         [[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\nurl = \"https://me:{SECRET}@a.example/\"\n\
         schedule = \"@daily\"\n"
    ));
    let faults = folder.faults();
    assert_eq!(faults.len(), 5, "{faults:#?}");
    assert!(faults.iter().all(|fault| !fault.contains(SECRET)), "{faults:#?}");
}

fn with_key(key: &[u8], mode: u32, lines: &str) -> Folder {
    let text = format!(
        "[mail]\nfrom = \"alerts@mail.tracker.example\"\n[fetch]\ncontact = \"a@tracker.example\"\n\
         [mail.dkim]\nselector = \"s1\"\nkey_file = \"dkim.pem\"\n{lines}"
    );
    let folder = Folder::with(&text);
    let path = folder.put("config/dkim.pem", key);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    folder
}

/// A key in PEM, made for this run.
fn ed25519_pem() -> String {
    let der = mail_auth::common::crypto::Ed25519Key::generate_pkcs8().unwrap();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

#[track_caller]
fn check_key(key: &[u8], mode: u32, lines: &str, expected: &str) {
    assert_eq!(with_key(key, mode, lines).faults(), [format!("regwatch.toml:{expected}")]);
}

#[test]
fn a_key_that_signs_mail_is_taken_and_never_shown() {
    let pem = ed25519_pem();
    for (domain, signs) in
        [("", "mail.tracker.example"), ("domain = \"Tracker.example\"\n", "tracker.example")]
    {
        let config = with_key(pem.as_bytes(), 0o600, domain).load().unwrap();
        assert_eq!(config.mail.dkim.as_ref().unwrap().domain, signs);
        let body = pem.lines().nth(1).unwrap();
        let shown = format!("{config:?}{}", show(&config));
        assert!(!shown.contains(body) && shown.contains("selector = \"s1\""), "{shown}");
    }
}

#[test]
fn a_key_that_signs_no_mail_or_is_everybodys_is_refused() {
    let pem = ed25519_pem();
    let expected = "expected a private key in PEM, RSA of 2048 bits or more, or Ed25519";
    let no_key = format!("7:12: mail.dkim.key_file: dkim.pem holds no private key, {expected}");
    check_key(b"not a key\n", 0o600, "", &no_key);
    let other = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let no_kind = format!("7:12: mail.dkim.key_file: dkim.pem holds a key that signs no mail, {expected}");
    check_key(other, 0o600, "", &no_kind);
    let open =
        "7:12: mail.dkim.key_file: dkim.pem has mode 0644 and can be read by everyone, expected 0600 or 0640";
    check_key(pem.as_bytes(), 0o644, "", open);
    let domain = "8:10: mail.dkim.domain: found \"racker.example\", expected \"mail.tracker.example\", the domain of mail.from, or one above it";
    check_key(pem.as_bytes(), 0o600, "domain = \"racker.example\"\n", domain);
    let folder = with_key(b"", 0o600, "");
    fs::remove_file(folder.folder.path().join("config/dkim.pem")).unwrap();
    let missing = "regwatch.toml:7:12: mail.dkim.key_file: dkim.pem cannot be read: No such file or directory (os error 2)";
    assert_eq!(folder.faults(), [missing]);
}

const IMAP: &str = "[inbox]\naddress = \"watch@tracker.example\"\nmaildir = \"../state/inbox\"\n\
    [inbox.lmtp]\nlisten = \"unix:../state/lmtp.sock\"\n\
    [inbox.imap]\nhost = \"imap.tracker.example\"\nuser = \"watch\"\npassword_file = \"secret\"\n";

#[test]
fn a_mailbox_s_password_comes_from_its_file_and_is_never_shown() {
    let folder = Folder::with(&format!("{LEAST}{IMAP}"));
    put_secret(&folder, &format!("{SECRET}\n"), 0o600);
    let config = folder.load().unwrap();
    let imap = config.ways_in.imap.as_ref().unwrap();
    assert_eq!((imap.port, imap.password.expose_secret()), (993, SECRET));
    let shown = show(&config);
    assert!(!format!("{config:?}{shown}").contains(SECRET));
    for key in ["processed = \"Processed\"", "tls = \"implicit\"", "lmtp.sock", "state/inbox"] {
        assert!(shown.contains(key), "{key} is missing in {shown}");
    }
    let open = IMAP.replace("user", "tls = \"none\"\nuser");
    let folder = Folder::with(&format!("{LEAST}{open}"));
    put_secret(&folder, SECRET, 0o600);
    let faults = folder.faults();
    assert!(faults[0].contains("inbox.imap.tls: would send the password in the clear"), "{faults:?}");
}
