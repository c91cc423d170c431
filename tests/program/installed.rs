//! What an installation brings besides the program: completions, man pages, the unit, errors for programs.

use std::path::Path;
use std::process::Command;

use crate::home::{Home, run};
use crate::watched;

fn project(below: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let home = Home::with_sources("");
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&["completions", shell]).expect(0).stdout;
        for verb in ["status", "doctor", "backup", "pause"] {
            assert!(script.contains(verb), "{verb} in {shell}");
        }
    }
    let page = home.run(&["man"]).expect(0).stdout;
    assert!(page.starts_with(".ie") && page.contains("regwatch"), "{page}");
    let folder = home.path("man");
    home.run(&["man", folder.to_str().unwrap()]).expect(0);
    for page in ["regwatch.1", "regwatch-status.1", "regwatch-store-backup.1"] {
        assert!(folder.join(page).exists(), "{page}");
    }
}

#[test]
fn where_json_is_wanted_errors_are_json_too() {
    let (_site, home) = watched();
    let refused = home.run(&["source", "show", "nothing", "--json"]).expect(1);
    assert!(refused.json()["error"].as_str().unwrap().contains("no source nothing"), "{refused:?}");
    let mistyped = home.run(&["sources", "--json"]).expect(2);
    assert!(mistyped.json()["error"].as_str().unwrap().contains("sources"), "{mistyped:?}");
    let words = home.run(&["source", "show", "nothing"]).expect(1);
    assert_eq!(words.stdout, "");
}

#[test]
fn the_unit_exposes_little() {
    let analyze = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(project("deploy/regwatch.service"))
        .output();
    let Ok(output) = analyze else {
        return crate::left_out::left_out("the exposure of the unit", "there is no systemd-analyze");
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let level = text.split("exposure level for regwatch.service: ").nth(1);
    let Some(level) = level.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok()) else {
        return crate::left_out::left_out("the exposure of the unit", "systemd-analyze does not say it");
    };
    println!("exposure of deploy/regwatch.service: {level}");
    assert!(level <= 2.0, "{text}");
}

#[test]
fn the_files_of_the_package_are_there() {
    let manifest: toml::Table = std::fs::read_to_string(project("Cargo.toml")).unwrap().parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    for asset in deb["assets"].as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        if source.starts_with("target/") {
            continue;
        }
        let found = glob::glob(project(source).to_str().unwrap()).unwrap().count();
        assert!(found > 0, "{source}");
    }
    for script in ["postinst", "postrm"] {
        let checked = run(Command::new("sh").arg("-n").arg(project("deploy/debian").join(script)));
        assert_eq!(checked.code, Some(0), "{checked:?}");
    }
}

#[test]
fn people_are_shown_local_time_with_its_zone_and_programs_utc() {
    let (_site, home) = watched();
    home.check(0);
    let shown = run(home.program().env("TZ", "America/New_York").args(["source", "list"])).stdout;
    assert!(shown.contains(" EST") || shown.contains(" EDT"), "{shown}");
    let json = run(home.program().env("TZ", "America/New_York").args(["source", "list", "--json"])).json();
    assert!(json["sources"][0]["next_due_at"].as_str().unwrap().ends_with('Z'), "{json}");
}
