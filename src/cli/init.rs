//! `regwatch init`: a commented configuration to start from.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::screen::Screen;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder to write into; made where it is missing. Nothing in it is overwritten.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(init: &Init, screen: Screen) -> anyhow::Result<Exit> {
    let written = crate::config::write_starting_files(&init.folder)?;
    if screen.json {
        screen.object(&serde_json::json!({ "written": written }))?;
        return Ok(Exit::Done);
    }
    for path in &written {
        screen.line(format!("wrote {}", path.display()))?;
    }
    let config = init.folder.join("config/regwatch.toml");
    screen.line(format!(
        "\nnext: put your addresses into mail.from and fetch.contact of {}",
        config.display()
    ))?;
    screen.line(format!("then: regwatch --config {} check now", config.display()))?;
    Ok(Exit::Done)
}
