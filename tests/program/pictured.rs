//! Every kind of mail as its reader sees it: pages and pictures that are kept for a person to look at.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::by_mail::{home, site};
use super::left_out::left_out;

/// Every kind of mail, as `mail preview` knows them.
const KINDS: [&str; 17] = [
    "alert",
    "digest",
    "notice",
    "summary",
    "coverage",
    "retraction",
    "confirmation",
    "welcome",
    "goodbye",
    "no-contact",
    "list",
    "pause",
    "resume",
    "help",
    "incident",
    "recovery",
    "test",
];

/// A phone and a window, each by day and by night: a name, its width, and what Chromium calls the scheme.
const VIEWS: [(&str, u32, u8); 4] =
    [("phone-light", 375, 1), ("phone-dark", 375, 0), ("window-light", 1_000, 1), ("window-dark", 1_000, 0)];

/// A blank picture is smaller.
const MIN_PICTURE_BYTES: u64 = 4_000;

/// Where the pages and pictures stay: `target/tmp/mails`.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn every_kind_of_mail_is_pictured_on_a_phone_and_in_a_window_by_day_and_by_night() {
    let site = site();
    let home = home(&site);
    let folder = folder();
    for kind in KINDS {
        let page = folder.join(format!("{kind}.html"));
        home.run(&["mail", "preview", kind, "--into", page.to_str().unwrap()]).expect(0);
    }
    if Command::new("chromium").arg("--version").stdout(Stdio::null()).status().is_err() {
        left_out("pictures of every mail", "chromium is not installed");
        return;
    }
    for kind in KINDS {
        for (view, width, scheme) in VIEWS {
            let picture = folder.join(format!("{kind}-{view}.png"));
            let _ = std::fs::remove_file(&picture);
            picture_of(&folder.join(format!("{kind}.html")), &picture, width, scheme);
            let bytes = std::fs::metadata(&picture).map(|file| file.len()).unwrap_or_default();
            assert!(bytes > MIN_PICTURE_BYTES, "{}: {bytes} bytes", picture.display());
        }
    }
}

fn picture_of(page: &Path, picture: &Path, width: u32, scheme: u8) {
    let profile = tempfile::tempdir().unwrap();
    let ran = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--window-size={width},1400"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", page.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(ran.success(), "{}", picture.display());
}
