//! The architecture, held: a module imports only from strictly lower layers, and the domain is pure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Every top module of `src/` with its layer. Siblings do not see each other.
const LAYERS: [(&str, &[&str]); 8] = [
    ("L0", &["domain", "allocator"]),
    ("L1", &["settings", "extract", "render", "clock", "registry", "exchange", "metrics"]),
    ("L2", &["config", "fetch", "mail", "store", "convert", "archive", "evidence"]),
    (
        "L3",
        &[
            "check",
            "dispatch",
            "deliver",
            "subscribe",
            "reload",
            "escalate",
            "status",
            "view",
            "screen",
            "prove",
            "webhook",
        ],
    ),
    ("L4", &["scheduler", "control", "inbox", "web", "monitor", "backtest"]),
    ("L5", &["app"]),
    ("L6", &["doctor"]),
    ("L7", &["cli"]),
];

/// What the domain may not touch: I/O, waiting, clocks, randomness.
const IMPURE: &str = r"\b(tokio|reqwest|sled|lettre|scraper|axum|tracing|rand)::|\bstd::(fs|env|net|process|thread)\b|\b(Utc|Local|SystemTime|Instant)::now\b|\basync\s+fn\b|\.await\b";

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without its comments, line by line; comments may name any module.
fn code_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect()
}

fn module_of(path: &Path) -> Option<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(source).ok()?.components().next()?;
    let name = first.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// Upward and sideways imports, and impurities of the domain, as `file:line: what`.
fn breaches(files: &BTreeMap<PathBuf, Vec<String>>) -> Vec<String> {
    let import = Regex::new(r"\bcrate::\{?([a-z_]+)").unwrap();
    let impure = Regex::new(IMPURE).unwrap();
    let mut found = Vec::new();
    for (path, lines) in files {
        let Some(module) = module_of(path) else { continue };
        let Some(layer) = layer_of(&module) else {
            found.push(format!("{}: module {module} has no layer", path.display()));
            continue;
        };
        for (index, line) in lines.iter().enumerate() {
            let place = format!("{}:{}", path.display(), index + 1);
            for capture in import.captures_iter(line) {
                let other = &capture[1];
                match layer_of(other) {
                    Some(below) if below < layer || *other == module => {}
                    Some(_) => found.push(format!("{place}: {module} may not see {other}")),
                    None => found.push(format!("{place}: module {other} has no layer")),
                }
            }
            if module == "domain" && impure.is_match(line) {
                found.push(format!("{place}: the domain is pure: {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn a_module_imports_only_from_strictly_lower_layers_and_the_domain_is_pure() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = source_files(&source).into_iter().map(|path| (path.clone(), code_of(&path))).collect();
    let found = breaches(&files);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_breach_is_seen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let check = |file: &str, line: &str, is_breach: bool| {
        let files = BTreeMap::from([(source.join(file), vec![line.to_owned()])]);
        assert_eq!(!breaches(&files).is_empty(), is_breach, "{file}: {line}");
    };
    check("domain/diff.rs", "use crate::store::Store;", true);
    check("domain/diff.rs", "let now = Utc::now();", true);
    check("domain/diff.rs", "use std::fs;", true);
    check("domain/diff.rs", "use tokio::sync::mpsc;", true);
    check("fetch/mod.rs", "use crate::mail::Transport;", true);
    check("store/mod.rs", "use crate::config::Config;", true);
    check("store/mod.rs", "use crate::settings::StoreSettings;", false);
    check("check/mod.rs", "use crate::dispatch::Dispatcher;", true);
    check("check/mod.rs", "use crate::cli::run;", true);
    check("attic/mod.rs", "", true);
    check("check/mod.rs", "use crate::store::{Store, StoreError};", false);
    check("domain/diff.rs", "use crate::domain::entry::Entry;", false);
}
