//! Evidence: written, checked by two programs that share nothing, and refused when anything of it was changed.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use regwatch::clock::{Clock, SystemClock};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::desk::Desk;
use crate::home::{Home, Ran, run};
use crate::site::Site;
use crate::{HIKVISION, HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched};

type Members = BTreeMap<String, Vec<u8>>;

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn members(file: &Path) -> Members {
    let mut zip = ZipArchive::new(Cursor::new(std::fs::read(file).unwrap())).unwrap();
    let mut members = Members::new();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        members.insert(member.name().unwrap().into_owned(), content);
    }
    members
}

/// Packs members as another program would, folders and all.
fn pack(file: &Path, members: &Members) {
    let mut zip = ZipWriter::new(std::fs::File::create(file).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.add_directory("bodies/", options).unwrap();
    for (name, content) in members.iter().rev() {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

/// Puts every hash in the manifest right.
fn with_manifest(mut members: Members) -> Members {
    members.remove("manifest.sha256");
    let lines = members.iter().map(|(name, content)| format!("{}  {name}\n", hex(content)));
    let manifest: String = lines.collect();
    members.insert("manifest.sha256".to_owned(), manifest.into_bytes());
    members
}

/// Checks a file where there is neither configuration nor store.
fn verify(file: &Path) -> Ran {
    let nowhere = tempfile::tempdir().unwrap();
    let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
    program.env_remove("REGWATCH_CONFIG").env("NO_COLOR", "1").current_dir(nowhere.path());
    run(program.args(["evidence", "verify", "--json"]).arg(file))
}

/// The same by the other program.
fn verify_otherwise(file: &Path, authority: Option<&Path>) -> Ran {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify-evidence.py");
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).arg(file);
    if let Some(authority) = authority {
        python.arg("--ca").arg(authority);
    }
    run(&mut python)
}

/// A home whose list changed once, with unchanged reads before and after; gives the id of the change.
fn changed() -> (Site, Home, String) {
    let (site, home) = watched();
    for _ in 0..3 {
        home.check(0);
    }
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let id = change_of(&home.check(0));
    home.check(0);
    (site, home, id)
}

fn change_of(report: &serde_json::Value) -> String {
    report["sources"][0]["changes"][0]["id"].as_str().unwrap_or_else(|| panic!("{report}")).to_owned()
}

#[track_caller]
fn export(home: &Home, arguments: &[&str], name: &str) -> PathBuf {
    let file = home.path(name);
    let all = [&["evidence", "export"][..], arguments, &["--out", file.to_str().unwrap()]].concat();
    home.run(&all).expect(0);
    file
}

fn text_of(members: &Members, name: &str) -> String {
    String::from_utf8(members[name].clone()).unwrap()
}

#[test]
fn evidence_of_a_change_is_checked_by_two_programs_and_holds_all_reads_from_the_one_before() {
    let (_site, home, id) = changed();
    let file = export(&home, &[&id], "change.zip");
    let checked = verify(&file).expect(0).json();
    assert_eq!((&checked["is_sound"], &checked["checked"]["lines"]), (&true.into(), &4.into()), "{checked}");
    verify_otherwise(&file, None).expect(0);
    let members = members(&file);
    let chain = text_of(&members, "chain.jsonl");
    let lines: Vec<serde_json::Value> =
        chain.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "the read before, two that found the same, and the one that found it");
    let change: serde_json::Value = serde_json::from_slice(&members["change.json"]).unwrap();
    assert_eq!(lines[0]["at"], change["previous"]["read_at"]);
    assert_eq!(lines[3]["at"], change["evidence"]["read_at"]);
    assert_eq!(lines[3]["changes"], serde_json::json!([hex(&members["change.json"])]));
    for read in ["evidence", "previous"] {
        let body = &members[&format!("bodies/{}", change[read]["sha256"].as_str().unwrap())];
        assert!(String::from_utf8_lossy(body).contains("Hikvision"));
    }
    assert!(text_of(&members, "change.html").contains("by any affiliate"));
    assert!(members.keys().filter(|name| name.starts_with("headers/")).count() >= 2);
    let again = export(&home, &[&id[..12]], "again.zip");
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap(), "the same gives the same file");
    let refused = home.run(&["evidence", "export", &id, "--out", again.to_str().unwrap()]).expect(1);
    assert!(refused.stderr.contains("not overwritten"), "{}", refused.stderr);
    assert!(
        crate::home::files_of(&home.path("state"))
            .iter()
            .all(|path| !path.to_string_lossy().contains("evidence"))
    );
}

#[test]
fn evidence_that_was_zipped_anew_is_sound_and_any_other_change_is_refused() {
    let (_site, home, id) = changed();
    let whole = members(&export(&home, &[&id], "change.zip"));
    let file = home.path("tried.zip");
    pack(&file, &whole);
    verify(&file).expect(0);
    verify_otherwise(&file, None).expect(0);
    for name in whole.keys() {
        let mut tried = whole.clone();
        let content = tried.get_mut(name).unwrap();
        let at = content.len() / 2;
        content[at] ^= 1;
        pack(&file, &tried);
        verify(&file).expect(6);
        verify_otherwise(&file, None).expect(6);
        // With every hash put right the content itself gives it away.
        pack(&file, &with_manifest(tried));
        if name != "manifest.sha256" {
            let refused = verify(&file).expect(6).json();
            assert_eq!(refused["is_sound"], false, "{name}: {refused}");
        }
        let mut dropped = whole.clone();
        dropped.remove(name);
        pack(&file, &if name == "manifest.sha256" { dropped } else { with_manifest(dropped) });
        verify(&file).expect(6);
    }
    for (number, edit) in edits().into_iter().enumerate() {
        let mut tried = whole.clone();
        edit(&mut tried);
        pack(&file, &with_manifest(tried));
        let refused = verify(&file).expect(6).stdout;
        assert!(refused.contains("reason"), "edit {number}: {refused}");
        verify_otherwise(&file, None).expect(6);
    }
    std::fs::write(&file, b"no ZIP").unwrap();
    verify(&file).expect(6);
    verify(&home.path("nothing.zip")).expect(1);
}

type Edit = fn(&mut Members);

fn edit_chain(members: &mut Members, edit: fn(&mut Vec<String>)) {
    let mut lines: Vec<String> = text_of(members, "chain.jsonl").lines().map(str::to_owned).collect();
    edit(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    members.insert("chain.jsonl".to_owned(), text.into_bytes());
}

/// Hashes the lines anew, from the first that was edited.
fn link(lines: &mut [String]) {
    for index in 1..lines.len() {
        let mut line: serde_json::Value = serde_json::from_str(&lines[index]).unwrap();
        line["previous"] = hex(lines[index - 1].as_bytes()).into();
        lines[index] = line.to_string();
    }
}

/// What somebody might do who puts every hash in the manifest right afterwards.
fn edits() -> Vec<Edit> {
    vec![
        |members| edit_chain(members, |lines| drop(lines.remove(1))),
        |members| edit_chain(members, |lines| drop(lines.remove(0))),
        |members| edit_chain(members, |lines| drop(lines.pop())),
        |members| edit_chain(members, |lines| lines.swap(1, 2)),
        |members| edit_chain(members, |lines| lines.insert(1, lines[1].clone())),
        |members| edit_chain(members, |lines| lines[1] = lines[1].replace("\"good\"", "\"failed\"")),
        // All lines are linked again, which the seal over the head gives away.
        |members| {
            edit_chain(members, |lines| {
                lines[1] = lines[1].replace("\"good\"", "\"suspect\"");
                link(lines);
            });
        },
        |members| {
            let change = text_of(members, "change.json").replace("affiliate", "subsidiary");
            members.insert("change.json".to_owned(), change.into_bytes());
        },
        // The line names the edited change, and the seal another line.
        |members| {
            let before = hex(&members["change.json"]);
            let change = text_of(members, "change.json").replace("affiliate", "subsidiary").into_bytes();
            let chain = text_of(members, "chain.jsonl").replace(&before, &hex(&change));
            members.insert("change.json".to_owned(), change);
            members.insert("chain.jsonl".to_owned(), chain.into_bytes());
        },
        |members| drop(members.insert("another.txt".to_owned(), b"added".to_vec())),
        |members| {
            let body = b"a body that nobody read".to_vec();
            members.insert(format!("bodies/{}", hex(&body)), body);
        },
    ]
}

#[test]
fn silence_about_a_company_is_every_read_of_every_source_with_its_gaps() {
    let (site, home) = watched();
    home.check(0);
    let failing = [("content-type", "text/html")];
    site.answer("/list", 503, &failing, "down");
    home.check(4);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    let day = home.run(&["changes", "list", "--json"]).expect(0);
    assert!(day.stdout.contains("[]"), "{}", day.stdout);
    let file = export(&home, &["--company", "hikvision", "--from", "2020-01-01"], "silence.zip");
    let checked = verify(&file).expect(0).json()["checked"].clone();
    let silence = &checked["silence"][0];
    assert_eq!((&silence["reads"], &silence["seen"]), (&3.into(), &2.into()), "{checked}");
    assert_eq!(silence["changes"], serde_json::json!([]));
    let gaps = silence["gaps"].as_array().unwrap();
    assert_eq!(gaps[0]["from"], "2020-01-01T00:00:00Z", "before the first read nobody looked: {checked}");
    verify_otherwise(&file, None).expect(0);
    let whole = members(&file);
    assert_eq!(text_of(&whole, "covered-list/chain.jsonl").lines().count(), 3);
    let told = text_of(&whole, "covered-list/chain.jsonl");
    assert!(told.contains("\"failed\"") && told.contains("503"), "{told}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let id = change_of(&home.check(0));
    for (company, expected) in [("hikvision", serde_json::json!([id])), ("zte", serde_json::json!([]))] {
        let file = export(&home, &["--company", company], &format!("{company}.zip"));
        let checked = verify(&file).expect(0).json()["checked"].clone();
        assert_eq!(checked["silence"][0]["changes"], expected, "{company}: {checked}");
        assert_eq!(
            checked["changes"],
            serde_json::json!([id]),
            "all that was found is told, whoever it names"
        );
        verify_otherwise(&file, None).expect(0);
        // What was found cannot be left out.
        let mut hidden = members(&file);
        hidden.retain(|name, _| !name.starts_with("changes/"));
        let package = text_of(&hidden, "package.json").replace(&format!("\"{id}\""), "");
        hidden.insert("package.json".to_owned(), package.into_bytes());
        let tried = home.path("hidden.zip");
        pack(&tried, &with_manifest(hidden));
        verify(&tried).expect(6);
        verify_otherwise(&tried, None).expect(6);
    }
    let file = export(&home, &["--source", "covered-list", "--from", "2026-01-01"], "source.zip");
    assert_eq!(verify(&file).expect(0).json()["checked"]["changes"], serde_json::json!([id]));
    verify_otherwise(&file, None).expect(0);
    let whole = members(&file);
    let mut dropped = whole.clone();
    edit_chain(&mut dropped, |lines| drop(lines.pop()));
    pack(&file, &with_manifest(dropped));
    verify(&file).expect(6);
    let unknown = home.run(&["evidence", "export", "--company", "hikvison", "--out", "x.zip"]).expect(1);
    assert!(unknown.stderr.contains("company hikvison is not tracked"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("did you mean \"hikvision\"?"), "{}", unknown.stderr);
    assert!(!home.path("x.zip").exists());
}

/// A time-stamping authority of `openssl ts` with such a key, at an address of its own; gives its certificate too.
fn authority(folder: &Path, key: &[&str]) -> (String, PathBuf) {
    let place = |name: &str| folder.join(name).display().to_string();
    let settings = format!(
        "[req]\ndistinguished_name = dn\nprompt = no\nx509_extensions = v3\n[dn]\nCN = Test authority\n[v3]\n\
         basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n\
         extendedKeyUsage = critical, timeStamping\n[tsa]\ndefault_tsa = t\n[t]\nserial = {}\nsigner_cert = {}\n\
         signer_key = {}\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\n\
         ess_cert_id_alg = sha256\n",
        place("serial"),
        place("tsa.pem"),
        place("tsa.key"),
    );
    std::fs::write(folder.join("tsa.cnf"), settings).unwrap();
    std::fs::write(folder.join("serial"), "01\n").unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey"])
        .args(key)
        .args(["-nodes", "-days", "30", "-config"])
        .arg(place("tsa.cnf"))
        .args(["-keyout", &place("tsa.key"), "-out", &place("tsa.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let folder = folder.to_owned();
    let answer = move |question: Bytes| {
        let folder = folder.clone();
        async move {
            std::fs::write(folder.join("question"), &question).unwrap();
            let made = Command::new("openssl")
                .args(["ts", "-reply", "-config"])
                .arg(folder.join("tsa.cnf"))
                .arg("-queryfile")
                .arg(folder.join("question"))
                .arg("-out")
                .arg(folder.join("answer"))
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
            std::fs::read(folder.join("answer")).unwrap()
        }
    };
    let certificate = PathBuf::from(place("tsa.pem"));
    (Site::serve(Router::new().route("/", post(answer))), certificate)
}

#[test]
fn an_authority_puts_its_time_to_a_seal_and_openssl_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let (url, certificate) = authority(folder.path(), &["rsa:2048"]);
    let (site, home) = watched();
    home.configure_also(&format!("[evidence]\ntsa = \"{url}/\""));
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let id = change_of(&home.check(0));
    let file = export(&home, &[&id], "change.zip");
    let seal = verify(&file).expect(0).json()["checked"]["seals"][0].clone();
    assert_eq!(seal["stamped_by"], "CN=Test authority", "{seal}");
    assert!(seal["stamped_at"].as_str().is_some());
    verify_otherwise(&file, Some(&certificate)).expect(0);
    let whole = members(&file);
    let stamp = whole.keys().find(|name| name.contains(".tsr")).unwrap().clone();
    let sealed = stamp.replace(".tsr", ".json");
    for (name, bytes) in [(&stamp, &whole[&stamp]), (&sealed, &whole[&sealed])] {
        std::fs::write(folder.path().join(name.trim_start_matches("seals/")), bytes).unwrap();
    }
    let checked = Command::new("openssl")
        .current_dir(folder.path())
        .args(["ts", "-verify", "-in", stamp.trim_start_matches("seals/"), "-data"])
        .arg(sealed.trim_start_matches("seals/"))
        .arg("-CAfile")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    // Each byte of what is signed counts, and so does each of the signature.
    let tried = home.path("tried.zip");
    let length = whole[&stamp].len();
    for at in [length / 4, length / 2, length - 20] {
        let mut edited = whole.clone();
        edited.get_mut(&stamp).unwrap()[at] ^= 1;
        pack(&tried, &with_manifest(edited));
        verify(&tried).expect(6);
    }
    // A seal that was made anew has no time.
    let mut edited = whole;
    let seal = text_of(&edited, &sealed).replace("\"heads\":1", "\"heads\":2");
    edited.insert(sealed, seal.into_bytes());
    pack(&tried, &with_manifest(edited));
    verify(&tried).expect(6);
    verify_otherwise(&tried, Some(&certificate)).expect(6);
}

#[test]
fn the_signature_of_an_authority_with_another_kind_of_key_is_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let (url, certificate) = authority(folder.path(), &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let (_site, home) = watched();
    home.configure_also(&format!("[evidence]\ntsa = \"{url}/\""));
    home.check(0);
    let file = export(&home, &["--source", "covered-list"], "source.zip");
    let checked = verify(&file).expect(0).json();
    assert_eq!(checked["checked"]["seals"][0]["stamped_by"], "CN=Test authority", "{checked}");
    assert!(!checked["checked"]["notes"].to_string().contains("does not check"), "{checked}");
    verify_otherwise(&file, Some(&certificate)).expect(0);
}

#[test]
fn an_authority_that_does_not_answer_holds_nothing_up() {
    let (site, home) = watched();
    home.configure_also(&format!("[evidence]\ntsa = \"{}/no-authority\"", site.url));
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let id = change_of(&home.check(0));
    let file = export(&home, &[&id], "change.zip");
    let checked = verify(&file).expect(0).json();
    assert!(checked["checked"]["notes"].to_string().contains("no time stamp"), "{checked}");
}

#[test]
fn warcio_reads_the_reads() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/python");
    let has_warcio = Command::new(&python)
        .args(["-B", "-c", "import warcio"])
        .output()
        .is_ok_and(|asked| asked.status.success());
    if !has_warcio {
        crate::left_out::left_out("evidence as WARC", "warcio is not installed");
        return;
    }
    let (_site, home, id) = changed();
    let whole = members(&export(&home, &[&id], "change.zip"));
    let file = home.path("evidence.warc");
    std::fs::write(&file, &whole["evidence.warc"]).unwrap();
    let script = "import sys, hashlib, warcio.archiveiterator as a\n\
        for r in a.ArchiveIterator(open(sys.argv[1], 'rb'), check_digests='raise'):\n\
        \x20   body = r.content_stream().read()\n\
        \x20   print(r.rec_type, r.rec_headers.get_header('WARC-Target-URI'), hashlib.sha256(body).hexdigest())\n";
    let read = Command::new(&python).args(["-B", "-c", script]).arg(&file).output().unwrap();
    let text = String::from_utf8_lossy(&read.stdout);
    assert!(read.status.success(), "{read:?}");
    let responses: Vec<&str> = text.lines().filter(|line| line.starts_with("response ")).collect();
    assert!(text.starts_with("warcinfo ") && responses.len() >= 2, "{text}");
    for name in whole.keys().filter_map(|name| name.strip_prefix("bodies/")) {
        assert!(responses.iter().any(|line| line.ends_with(name)), "{name}: {text}");
    }
}

#[test]
fn a_change_of_an_older_program_is_not_shown_to_be_proven() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::old_store::unpack(folder.path(), crate::old_store::ORIGIN);
    let program = |arguments: &[&str]| {
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        program.env("NO_COLOR", "1").current_dir(folder.path()).arg("--config").arg(&config).args(arguments);
        run(&mut program)
    };
    let changes = program(&["changes", "list", "--json"]).expect(0).json();
    let id = changes["changes"][0]["id"].as_str().unwrap().to_owned();
    let refused = program(&["evidence", "export", &id, "--out", "change.zip"]).expect(1).stderr;
    assert!(refused.contains("no read is in that chain yet"), "{refused}");
    assert!(!folder.path().join("change.zip").exists());
}

/// The body of an answer, byte for byte.
fn download(desk: &Desk, path: &str, lines: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(&desk.service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{lines}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status == 200 {
        assert!(head.contains("application/zip") && head.contains("attachment"), "{head}");
    }
    (status, answer.split_off(end))
}

#[test]
fn the_page_of_a_change_and_the_link_of_its_alert_lead_to_its_evidence() {
    let desk = Desk::start();
    desk.service.followed();
    let id = desk.change();
    let here = format!("Host: {}", desk.host);
    assert!(desk.get(&format!("/changes/{id}")).body.contains(&format!("/changes/{id}/evidence")));
    let link = desk.link(&id, SystemClock.now());
    let link = link.strip_prefix(&format!("http://{}", desk.host)).unwrap().to_owned();
    let far = "Host: tracker.example\r\nX-Forwarded-For: 192.0.2.1";
    let file = desk.service.home.path("change.zip");
    for (path, lines) in [(format!("/changes/{id}"), here.as_str()), (link.clone(), far)] {
        let (status, body) = download(&desk, &format!("{path}/evidence"), lines);
        assert_eq!(status, 200, "{path}");
        std::fs::write(&file, body).unwrap();
        let checked = verify(&file).expect(0).json();
        assert_eq!(checked["checked"]["changes"], serde_json::json!([id]));
    }
    let last = if link.ends_with('a') { 'b' } else { 'a' };
    let forged = format!("{}{last}/evidence", &link[..link.len() - 1]);
    for path in [forged, format!("/changes/{id}/evidence"), format!("{link}/evidence/raw")] {
        assert_ne!(download(&desk, &path, far).0, 200, "{path}");
    }
    assert_eq!(download(&desk, "/changes/0000000000000000/evidence", &here).0, 404);
}

#[test]
fn what_a_person_accepted_and_what_was_listed_already_are_bound_as_well() {
    let (site, home) = watched();
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI]));
    home.check(4);
    home.run(&["review", "accept", "covered-list"]).expect(0);
    let newest = || {
        let listed = home.run(&["changes", "list", "--json"]).expect(0).json();
        listed["changes"][0].clone()
    };
    let accepted = newest();
    assert_eq!(accepted["kind"], "removed", "{accepted}");
    home.configure_also("[[company]]\nid = \"huawei\"\nname = \"Huawei Technologies Company\"");
    home.check(0);
    let notice = newest();
    assert_eq!(notice["kind"], "already-listed", "{notice}");
    for (name, change, verdict) in [("accepted", &accepted, "accepted"), ("notice", &notice, "matched")] {
        let id = change["id"].as_str().unwrap();
        let file = export(&home, &[id], &format!("{name}.zip"));
        verify(&file).expect(0);
        verify_otherwise(&file, None).expect(0);
        let chain = text_of(&members(&file), "chain.jsonl");
        let last: serde_json::Value = serde_json::from_str(chain.lines().last().unwrap()).unwrap();
        assert_eq!((&last["verdict"], &last["read_at"]), (&verdict.into(), &change["evidence"]["read_at"]));
    }
    let reason = ["review", "retract", accepted["id"].as_str().unwrap(), "--reason", "a test page"];
    home.run(&reason).expect(0);
    let file = export(&home, &[accepted["id"].as_str().unwrap()], "retracted.zip");
    verify(&file).expect(0);
    verify_otherwise(&file, None).expect(0);
    assert!(text_of(&members(&file), "change.html").contains("Taken back on"));
    let file = export(&home, &["--source", "covered-list"], "source.zip");
    verify(&file).expect(0);
    verify_otherwise(&file, None).expect(0);
    assert!(text_of(&members(&file), "chain.jsonl").contains("\"retracted\""));
}
