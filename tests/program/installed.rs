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

#[test]
fn init_on_a_terminal_asks_for_the_address_and_the_relay_and_keeps_its_password_to_itself() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    if Command::new("script").arg("--version").output().is_err() {
        return crate::left_out::left_out("init on a terminal", "there is no script(1)");
    }
    let home = Home::with_sources("");
    let folder = home.path("fresh");
    let program = assert_cmd::cargo::cargo_bin!("regwatch");
    let line = format!("{} init {}", program.display(), folder.display());
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::piped());
    let mut running = terminal.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut keys = running.stdin.take().unwrap();
    let answers = "no address\nann@desk.example\nrelay\nsmtp://ann:x@relay.desk.example\n\
                   smtp://ann@relay.desk.example:587\n";
    keys.write_all(answers.as_bytes()).unwrap();
    // The question is asked once the terminal shows nothing any more of what is typed.
    let mut shown = String::new();
    let mut output = std::io::BufReader::new(running.stdout.take().unwrap());
    while !shown.contains("Its password") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut output, &mut byte).unwrap();
        shown.push(char::from(byte[0]));
    }
    keys.write_all(b"a secret of the relay\n").unwrap();
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut output, &mut rest).unwrap();
    shown.push_str(&String::from_utf8_lossy(&rest));
    assert!(running.wait().unwrap().success(), "{shown}");
    assert!(!shown.contains("a secret of the relay"), "{shown}");
    let password = folder.join("config/smtp-password");
    assert_eq!(std::fs::read_to_string(&password).unwrap(), "a secret of the relay\n");
    assert_eq!(std::fs::metadata(&password).unwrap().permissions().mode() & 0o777, 0o600);
    let config = folder.join("config/regwatch.toml");
    let checked = run(home.program_over(&config).args(["config", "check"])).expect(0);
    assert!(!checked.stdout.contains("CHANGE") && !checked.stdout.contains("mail.from at"), "{checked:?}");
    let shown = run(home.program_over(&config).args(["config", "show"])).expect(0).stdout;
    for value in ["ann@desk.example", "smtp://ann@relay.desk.example:587"] {
        assert!(shown.contains(value), "{value} is missing in {shown}");
    }
    assert!(std::fs::read_to_string(&config).unwrap().contains("\npassword_file = \"smtp-password\"\n"));
}
