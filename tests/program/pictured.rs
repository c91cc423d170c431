//! Every kind of mail as its reader sees it: pages and pictures that are kept for a person to look at, each of them
//! held against what everybody can read.

use std::path::{Path, PathBuf};

use super::browser::{Browser, check_mail};
use super::by_mail::{home, site};

/// Every kind of mail, and an alert of every kind of source, as `mail preview` knows them.
const KINDS: [&str; 21] = [
    "alert",
    "alert-docket",
    "alert-listed",
    "alert-rule",
    "alert-many",
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

/// Those that read otherwise where there is no web side.
const WITHOUT_WEB: [&str; 5] = ["alert", "confirmation", "goodbye", "welcome", "alert-many"];

/// A phone and a window, each by day and by night: a name, its width, and whether it is dark.
const VIEWS: [(&str, u32, bool); 4] = [
    ("phone-light", 375, false),
    ("phone-dark", 375, true),
    ("window-light", 1_000, false),
    ("window-dark", 1_000, true),
];

/// Who sends the mails of the pictures.
const SENDER: &str =
    "name = \"Example Watch\"\npostal_address = \"Example Watch, 1 Example Street, 10115 Berlin\"\n";

/// A blank picture is smaller.
const MIN_PICTURE_BYTES: usize = 4_000;

/// Where the pages and pictures stay: what `REGWATCH_SCREENSHOTS` names, else `target/tmp/mails`.
fn folder() -> PathBuf {
    let folder = std::env::var_os("REGWATCH_SCREENSHOTS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes the pages of all mails; gives their names.
fn pages(folder: &Path) -> Vec<String> {
    let site = site();
    let home = home(&site);
    home.amend("[fetch]", &format!("{SENDER}\n[fetch]"));
    let mut names = Vec::new();
    let mut preview = |kind: &str, name: String| {
        let page = folder.join(format!("{name}.html"));
        home.run(&["mail", "preview", kind, "--into", page.to_str().unwrap()]).expect(0);
        names.push(name);
    };
    for kind in WITHOUT_WEB {
        preview(kind, format!("mail-{kind}-without-web"));
    }
    home.configure_also("[web]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://watch.example\"\n");
    for kind in KINDS {
        preview(kind, format!("mail-{kind}"));
    }
    names
}

#[test]
fn every_kind_of_mail_is_pictured_on_a_phone_and_in_a_window_by_day_and_by_night() {
    let folder = folder();
    let names = pages(&folder);
    for (view, width, is_dark) in VIEWS {
        let Some(browser) = Browser::open(width, is_dark) else { return };
        for name in &names {
            browser.go(&format!("file://{}", folder.join(format!("{name}.html")).display()));
            let picture = browser.picture();
            assert!(picture.len() > MIN_PICTURE_BYTES, "{name}, {view}: {} bytes", picture.len());
            std::fs::write(folder.join(format!("{name}-{view}.png")), picture).unwrap();
            check_mail(&browser, &format!("{name}, {view}"));
        }
    }
}
