//! `regwatch web`: who may log in to the pages.

use std::io::{BufRead, stdin};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::exit::Exit;
use super::output::Output;
use crate::settings::PasswordHash;

/// A shorter password can be guessed.
const MIN_PASSWORD_CHARS: usize = 12;

#[derive(Debug, Subcommand)]
pub(super) enum WebVerb {
    /// Read a password from standard input, one line, and print its hash for `password_hash_file`.
    HashPassword,
}

pub(super) fn run(verb: &WebVerb, output: Output) -> anyhow::Result<Exit> {
    let WebVerb::HashPassword = verb;
    let mut password = String::new();
    stdin().lock().read_line(&mut password).context("cannot read standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < MIN_PASSWORD_CHARS {
        bail!("the password has fewer than {MIN_PASSWORD_CHARS} characters");
    }
    let hash = PasswordHash::make(password, rand::random()).map_err(anyhow::Error::msg)?;
    output.line(hash.as_str())?;
    Ok(Exit::Done)
}
