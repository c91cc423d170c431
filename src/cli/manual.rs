//! `regwatch completions` and `regwatch man`: from the command line as it is.

use std::path::PathBuf;

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::exit::Exit;
use super::output::{Output, print_bytes};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for every command into this folder, instead of printing the main page.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn completions(
    completions: &Completions,
    mut command: Command,
    output: Output,
) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut command, "regwatch", &mut script);
    if output.json {
        let shell = completions.shell.to_possible_value().map(|value| value.get_name().to_owned());
        output.object(&serde_json::json!({ "shell": shell, "script": String::from_utf8_lossy(&script) }))?;
    } else {
        print_bytes(&script)?;
    }
    Ok(Exit::Done)
}

pub(super) fn man(man: &Man, command: Command, output: Output) -> anyhow::Result<Exit> {
    if let Some(folder) = &man.folder {
        std::fs::create_dir_all(folder)?;
        clap_mangen::generate_to(command, folder)?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    if output.json {
        output.object(&serde_json::json!({ "roff": String::from_utf8_lossy(&page) }))?;
    } else {
        print_bytes(&page)?;
    }
    Ok(Exit::Done)
}
