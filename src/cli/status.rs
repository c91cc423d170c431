//! `regwatch status`: whether all is well, at a glance.

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;

use super::Context;
use super::exit::Exit;
use super::output::{Output, wrapped};
use crate::control::command;
use crate::domain::text::one_line;
use crate::status::{Overview, StatusFigures};

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Repeat the output every few seconds until interrupted.
    #[arg(long)]
    watch: bool,
}

/// Between two looks of `--watch`.
const EVERY: Duration = Duration::from_secs(5);

/// Clears a terminal and moves to its beginning.
const CLEAR: &str = "\x1b[2J\x1b[H";

pub(super) async fn run(status: &Status, context: &Context) -> anyhow::Result<Exit> {
    loop {
        let overview = context.ask(command::ShowStatus {}).await?;
        if status.watch && !context.output.json && io::stdout().is_terminal() {
            context.output.line(CLEAR)?;
        }
        if context.output.json {
            context.output.object(&overview.figures)?;
        } else {
            show(&overview, context.output)?;
        }
        if !status.watch {
            return Ok(if overview.is_well() { Exit::Done } else { Exit::Attention });
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn show(overview: &Overview, output: Output) -> anyhow::Result<()> {
    output.paragraph(&format!("{}.", overview.sentence))?;
    if !overview.needs.is_empty() {
        output.line("")?;
    }
    for need in &overview.needs {
        for line in wrapped(&format!("- {}", one_line(&need.what)), "  ") {
            output.line(line)?;
        }
        output.line(format!("    {}", need.command))?;
    }
    output.line("")?;
    output.table(["", ""], rows(&overview.figures))
}

fn rows(figures: &StatusFigures) -> Vec<[String; 2]> {
    let StatusFigures { sources, mails, store, workers, daemons } = figures;
    let sources = format!(
        "{} in all, {} in time, {} failing, {} quarantined, {} paused",
        sources.total, sources.in_time, sources.failing, sources.quarantined, sources.paused
    );
    let mails = match mails.waiting {
        0 => format!("none waits, {} failed", mails.attention),
        1 => format!("1 waits, for {} s, {} failed", mails.oldest_s, mails.attention),
        waiting => {
            format!("{waiting} wait, the oldest for {} s, {} failed", mails.oldest_s, mails.attention)
        }
    };
    let store = format!("{}, of which {} can be reclaimed", size(store.bytes), size(store.reclaimable));
    let daemon = if workers.is_empty() {
        "does not run".to_owned()
    } else {
        let tasks = workers.iter().map(|worker| format!("{} {}", worker.running, worker.name));
        tasks.collect::<Vec<_>>().join(", ")
    };
    let mut rows = vec![
        ["sources".to_owned(), sources],
        ["mails".to_owned(), mails],
        ["store".to_owned(), store],
        ["daemon".to_owned(), daemon],
    ];
    rows.extend(daemons.iter().map(|daemon| [format!("worker {}", daemon.id), daemon.words()]));
    rows
}

/// A number of bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.iter().find(|(length, _)| bytes >= *length);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(length, unit)| format!("{}.{} {unit}", bytes / length, bytes % length * 10 / length),
    )
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_in_the_largest_unit_that_fits() {
        let sizes = [0, 1023, 1024, 1536, 5 << 20, (1 << 30) * 7 / 2].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.5 GiB"]);
    }
}
