//! Every dependency has its reason written down.

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_dependency_has_a_line_in_the_decision_about_them() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let decision = read("docs/adr/0002-dependencies.md");
    let names: Vec<String> = ["dependencies", "dev-dependencies"]
        .iter()
        .flat_map(|section| manifest[*section].as_table().unwrap().keys().cloned())
        .collect();
    assert!(names.len() > 40, "{names:?}");
    let missing: Vec<&String> =
        names.iter().filter(|name| !decision.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "no reason in docs/adr/0002-dependencies.md: {missing:?}");
}
