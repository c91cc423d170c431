//! What an earlier program kept is read anew, and nobody is told of what only the program reads otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;

use super::Site;
use super::home::run;

/// See `tests/old_store/README.md`.
const SPREADSHEET: &[u8] = include_bytes!("../old_store/spreadsheet-read-by-extractor-5.zip");

/// Puts the installation with a spreadsheet into a folder, its source behind `proxy`; gives the configuration's
/// path, the body that was read and a later one.
fn unpack(folder: &Path, proxy: &str) -> (PathBuf, [Vec<u8>; 2]) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(SPREADSHEET)).unwrap();
    archive.extract(folder).unwrap();
    std::fs::create_dir_all(folder.join("state/db/blobs")).unwrap();
    let config = folder.join("regwatch.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("http://127.0.0.1:9\"", &format!("{proxy}\""))).unwrap();
    let body = |name: &str| std::fs::read(folder.join("origin").join(name)).unwrap();
    (config, [body("bans.xlsx"), body("bans-later.xlsx")])
}

type Body = Arc<Mutex<Vec<u8>>>;

async fn answer(State(body): State<Body>) -> Vec<u8> {
    body.lock().unwrap().clone()
}

#[test]
fn a_spreadsheet_that_an_earlier_extractor_read_alarms_nobody_and_its_next_change_is_told_alone() {
    let body: Body = Body::default();
    let proxy = Site::serve(Router::new().fallback(answer).with_state(Arc::clone(&body)));
    let folder = tempfile::tempdir().unwrap();
    let (config, [read, later]) = unpack(folder.path(), &proxy);
    let check = || {
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        program.arg("--config").arg(&config).args(["check", "now", "--json"]).current_dir(folder.path());
        run(&mut program).expect(0).json()
    };
    *body.lock().unwrap() = read;
    let report = check();
    let source = &report["sources"][0];
    assert_eq!(
        (&source["baseline"], &source["changes"]),
        (&false.into(), &serde_json::json!([])),
        "{report:#}"
    );
    assert_eq!(report["mails_queued"], 0);

    *body.lock().unwrap() = later;
    let report = check();
    let changes = report["sources"][0]["changes"].as_array().unwrap();
    let [change] = changes.as_slice() else { panic!("{report:#}") };
    assert_eq!((&change["kind"], &change["title"]), (&"amended".into(), &"Basalt Works".into()));
    let after = |field: &str| {
        let fields = change["fields"].as_array().unwrap();
        let found = fields.iter().find(|found| found["name"] == field || found["field"] == field);
        found.unwrap_or_else(|| panic!("no {field} in {change:#}"))["after"].as_str().unwrap().to_owned()
    };
    assert_eq!(after("number"), "1234567890123456784");
    assert!(after("hidden").contains("Basalt Works"));
    assert_eq!(report["mails_queued"], 1);
}
