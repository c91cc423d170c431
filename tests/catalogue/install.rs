//! An installation of the shipped configuration that asks through the proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regwatch::config::{Config, load};
use regwatch::domain::source::Source;
use serde_json::Value;
use tempfile::TempDir;

use crate::proxy::Proxy;

/// The shipped configuration.
pub fn shipped() -> Config {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regwatch.toml")).unwrap()
}

/// Every host that a source is read at.
pub fn hosts(sources: &[&Source]) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    for source in sources {
        hosts.insert(source.url.host_str().unwrap().to_owned());
        hosts.extend(source.request.link.iter().flat_map(|link| link.hosts.clone()));
        let witness = source.request.witness.as_ref().and_then(|witness| witness.url.host_str());
        hosts.extend(witness.map(str::to_owned));
        let landed = source.catalogue.observed.as_ref().and_then(|observed| observed.landed.as_ref());
        hosts.extend(landed.and_then(|url| url.host_str()).map(str::to_owned));
    }
    hosts
}

/// One installation.
#[derive(Debug)]
pub struct Install {
    folder: TempDir,
    pub proxy: Proxy,
}

/// A run of the program.
#[derive(Debug)]
pub struct Ran {
    pub json: Value,
    pub peak_kib: u64,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

impl Install {
    /// The same with everything switched on that ships as switched off for what is not confirmed.
    pub fn switched_on(sources: &[&Source], groups: &[&str]) -> Self {
        let install = Self::of(sources, groups);
        for file in std::fs::read_dir(install.path("config/sources")).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with("off = "));
            std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
        }
        install
    }

    /// The configuration as it ships, with these groups switched on.
    pub fn of(sources: &[&Source], groups: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config"), &folder.path().join("config"));
        let proxy = Proxy::start(folder.path(), &hosts(sources));
        let install = Self { folder, proxy };
        let main = install.path("config/regwatch.toml");
        let mut text = std::fs::read_to_string(&main).unwrap();
        let way = format!(
            "[fetch]\nproxy = \"{}\"\nca_file = \"{}\"\n",
            install.proxy.url,
            install.proxy.authority.display()
        );
        for (there, here) in [
            ("alerts@tracker.example", "alerts@desk.test-house.org"),
            ("contact = \"ops@tracker.example\"", "contact = \"ops@desk.test-house.org\""),
            ("[fetch]\n", way.as_str()),
        ] {
            assert_eq!(text.matches(there).count(), 1, "{there:?}");
            text = text.replace(there, here);
        }
        if !groups.is_empty() {
            text = format!("groups = {groups:?}\n{text}");
        }
        std::fs::write(main, text).unwrap();
        install
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Runs the program and gives the JSON that it prints; it may end with any of these codes.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], codes: &[i32]) -> Ran {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        command.env_remove("REGWATCH_LOG").env("NO_COLOR", "1").arg("--config");
        command.arg(self.path("config/regwatch.toml")).args(arguments);
        let (out, said) = (self.path("stdout"), self.path("stderr"));
        command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&said).unwrap());
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut peak_kib = 0;
        let status = loop {
            peak_kib = peak_kib.max(peak(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        let text = std::fs::read_to_string(out).unwrap();
        let complaint = std::fs::read_to_string(said).unwrap();
        assert!(codes.contains(&status.code().unwrap()), "{arguments:?}: {status}: {text}\n{complaint}");
        Ran { json: serde_json::from_str(&text).unwrap_or(Value::Null), peak_kib }
    }

    /// Reads sources, all where none are named, and gives the reports by their ids.
    #[track_caller]
    pub fn check(&self, ids: &[&str], codes: &[i32]) -> (BTreeMap<String, Value>, u64) {
        let arguments = [&["check", "now", "--json"], ids].concat();
        let ran = self.run(&arguments, codes);
        let sources = ran.json["sources"].as_array().unwrap().iter();
        let reports = sources.map(|source| (source["id"].as_str().unwrap().to_owned(), source.clone()));
        (reports.collect(), ran.peak_kib)
    }
}

/// The most memory that a process has had in use, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}
