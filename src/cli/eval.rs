//! `regwatch eval`: how well names are matched, on labelled files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::Context;
use super::exit::Exit;
use super::output::Output;
use crate::app::watchlist;
use crate::domain::evaluation::{self, Evaluation, EvaluationFigures, MissKind};

#[derive(Debug, Subcommand)]
pub(super) enum Eval {
    /// Evaluate pairs of names: CSV with the columns name1, name2 and `is_match`.
    Pairs(File),
    /// Evaluate entries of lists: CSV with the columns source, list, name, aliases and tracked.
    Entries {
        #[command(flatten)]
        file: File,
        /// Wrong labels to correct: CSV with the columns row, tracked and reason.
        #[arg(long, value_name = "FILE")]
        corrections: Option<PathBuf>,
    },
    /// Evaluate free texts: JSON Lines with text and expected, a list of company, start and end in bytes.
    Text(File),
}

#[derive(Debug, Args)]
pub(super) struct File {
    /// The labelled file.
    file: PathBuf,
    /// Print every wrong result.
    #[arg(long)]
    misses: bool,
}

pub(super) fn run(verb: &Eval, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let (file, evaluation) = match verb {
        Eval::Pairs(file) => (file, evaluation::pairs(&read(&file.file)?, config.matching)),
        Eval::Entries { file, corrections } => {
            let corrections = match corrections {
                Some(path) => evaluation::corrections(&read(path)?).with_context(|| in_file(path))?,
                None => Vec::new(),
            };
            let (table, watchlist) = (read(&file.file)?, watchlist(&config)?);
            (file, evaluation::entries(&table, &corrections, &watchlist, config.matching.alert_at))
        }
        Eval::Text(file) => (file, evaluation::texts(&read(&file.file)?, &watchlist(&config)?)),
    };
    let mut evaluation = evaluation.with_context(|| in_file(&file.file))?;
    if !file.misses {
        evaluation.misses.clear();
    }
    print(&evaluation, context.output)?;
    Ok(Exit::Done)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn in_file(path: &Path) -> String {
    path.display().to_string()
}

fn print(evaluation: &Evaluation, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(evaluation);
    }
    output.line(format!("{} cases, {} labels corrected", evaluation.cases, evaluation.corrected))?;
    output.line(in_words(&evaluation.figures))?;
    for (what, figures) in &evaluation.also {
        output.line(format!("{} ({what})", in_words(figures)))?;
    }
    for miss in &evaluation.misses {
        let fault = match miss.fault {
            MissKind::FalsePositive => "found, and wrongly",
            MissKind::FalseNegative => "not found",
        };
        output.line(format!(
            "line {}: {fault}: {}\n  {}",
            miss.line,
            miss.subject.join(" | "),
            miss.reason
        ))?;
    }
    Ok(())
}

fn in_words(figures: &EvaluationFigures) -> String {
    let tally = figures.tally;
    format!(
        "precision {:.4}  recall {:.4}  F1 {:.4}  ({} right, {} wrong, {} missing)",
        figures.precision,
        figures.recall,
        figures.f1,
        tally.true_positives,
        tally.false_positives,
        tally.false_negatives
    )
}
