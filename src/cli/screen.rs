//! `regwatch screen`: suppliers held against the lists.

mod standing;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use self::standing::StandingVerb;
use super::Context;
use super::exit::Exit;
use super::output::{Output, is_standard_output, print_bytes};
use crate::control::command;
use crate::domain::screening::{Screened, ScreeningAnswer};
use crate::domain::text::counted;
use crate::exchange::screening::{csv, not_current, since, xlsx};
use crate::extract::column;
use crate::render::screening_report;

/// A larger file is no list of suppliers.
const MAX_FILE_BYTES: u64 = 64 << 20;

const HELP: &str = "\
Reads CSV (UTF-8 or GB18030) and XLSX. For each name it shows where the name is listed today, under which name, with \
which score and reason, since when and with what effect. It also shows names that are only exposed (an owner is listed, \
a category covers it) and listed names that are close. For a clear name it shows which lists were compared, and which of \
them are stale, quarantined or were never read.

Exit codes:
  0  no supplier is listed
  1  error, also if no list was read yet
  2  wrong usage
  3  a supplier is listed

Example: regwatch screen suppliers.xlsx --column Lieferant --format html --out report.html";

#[derive(Debug, Args)]
#[command(after_help = HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Screen {
    #[command(subcommand)]
    verb: Option<StandingVerb>,
    /// The table of suppliers; `-` for standard input. Write ./list for a file named like a command.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// The heading of the column with their names; case does not matter.
    #[arg(long, value_name = "COLUMN", default_value = "name")]
    column: String,
    /// The format of the answers.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: AnswerFormat,
    /// The file to write to; `-` for standard output [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// In which form answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    /// A table on the terminal.
    #[default]
    Table,
    /// One row for each finding and each clear name.
    Csv,
    /// The same as a workbook, with a sheet of the lists.
    Xlsx,
    /// A self-contained page.
    Html,
}

pub(super) async fn run(arguments: Screen, context: &Context) -> anyhow::Result<Exit> {
    if let Some(verb) = arguments.verb {
        return standing::run(verb, context).await;
    }
    let file = arguments.file.as_deref().unwrap_or(Path::new("-"));
    let names = names_of(file, &arguments.column)?;
    let screened = context.ask(command::ScreenNames { names }).await?;
    write(&screened, &arguments, context.output)?;
    Ok(exit_of(&screened))
}

fn exit_of(screened: &Screened) -> Exit {
    if screened.count(ScreeningAnswer::Listed) > 0 { Exit::Found } else { Exit::Done }
}

/// The names that a file holds.
fn names_of(file: &Path, named: &str) -> anyhow::Result<Vec<String>> {
    let shown = file.display();
    let body = if file == Path::new("-") {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut body)
            .context("cannot read standard input")?;
        body
    } else {
        let size = std::fs::metadata(file).with_context(|| format!("cannot read {shown}"))?.len();
        anyhow::ensure!(
            size <= MAX_FILE_BYTES,
            "{shown} has {size} bytes, expected at most {MAX_FILE_BYTES}"
        );
        std::fs::read(file).with_context(|| format!("cannot read {shown}"))?
    };
    let found = column(&body, named).with_context(|| shown.to_string())?;
    anyhow::ensure!(!found.is_empty(), "{shown}: the column {named:?} has no names");
    Ok(found)
}

fn write(screened: &Screened, arguments: &Screen, output: Output) -> anyhow::Result<()> {
    let bytes = match arguments.format {
        AnswerFormat::Csv => Some(csv(screened)?),
        AnswerFormat::Xlsx => Some(xlsx(screened)?),
        AnswerFormat::Html => Some(screening_report(screened)?.into_bytes()),
        AnswerFormat::Table => None,
    };
    let out = arguments.out.as_deref().filter(|out| !is_standard_output(out));
    match (out, bytes) {
        (Some(path), bytes) => {
            let bytes = bytes.unwrap_or_else(|| table(screened).into_bytes());
            std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            if !output.json {
                output.item(&summary(screened))?;
                output.item(&format!("written: {}", path.display()))?;
            }
        }
        (None, Some(bytes)) if !output.json => return print_bytes(&bytes),
        (None, None) if !output.json => return show(screened, output),
        (None, _) => {}
    }
    if output.json {
        let standings = screened.standings();
        output.object(&screened.report(&standings))?;
    }
    Ok(())
}

const HEADINGS: [&str; 6] = ["NAME", "ANSWER", "LIST", "FOUND AS", "SINCE", "WHY"];

fn found(screened: &Screened) -> impl Iterator<Item = [String; HEADINGS.len()]> + '_ {
    screened.names.iter().flat_map(|name| {
        name.findings.iter().map(|finding| {
            [
                name.name.clone(),
                finding.answer.to_string(),
                finding.list.to_string(),
                finding.name.clone(),
                since(finding),
                finding.reason.clone(),
            ]
        })
    })
}

fn clear(screened: &Screened) -> impl Iterator<Item = &str> {
    screened.names.iter().filter(|name| name.findings.is_empty()).map(|name| name.name.as_str())
}

fn show(screened: &Screened, output: Output) -> anyhow::Result<()> {
    if screened.names.iter().any(|name| !name.findings.is_empty()) {
        output.table(HEADINGS, found(screened))?;
        output.line("")?;
    }
    for name in clear(screened) {
        output.line(format!("clear  {}", crate::domain::text::one_line(name)))?;
    }
    lines_on_lists(screened).into_iter().try_for_each(|line| output.item(&line))?;
    output.item(&summary(screened))
}

/// The same as tab-separated text, for a file.
fn table(screened: &Screened) -> String {
    let mut lines = vec![HEADINGS.join("\t")];
    lines.extend(found(screened).map(|row| row.map(|cell| crate::domain::text::one_line(&cell)).join("\t")));
    lines.extend(clear(screened).map(|name| format!("{}\tclear", crate::domain::text::one_line(name))));
    lines.extend(lines_on_lists(screened));
    lines.push(summary(screened));
    lines.join("\n") + "\n"
}

/// What an answer rests on: how fresh each list is, and what it does not show.
fn lines_on_lists(screened: &Screened) -> Vec<String> {
    let mut lines = vec![String::new()];
    for list in &screened.lists {
        let read = list
            .read_at
            .map_or_else(|| "never read".to_owned(), |at| format!("read {}", super::output::moment(at)));
        let why = list
            .reason
            .as_ref()
            .map(|reason| format!(", {}: {reason}", list.standing.word()))
            .unwrap_or_default();
        let gap =
            list.does_not_show.as_ref().map(|gap| format!("; does not show: {gap}")).unwrap_or_default();
        let entries = counted(list.entries, "entry", "entries");
        let line = format!("{}: {read}, {entries}{why}{gap}", list.id);
        lines.push(crate::domain::text::one_line(&line));
    }
    lines
}

fn summary(screened: &Screened) -> String {
    let [listed, exposed, possible, clear] = [
        ScreeningAnswer::Listed,
        ScreeningAnswer::Exposed,
        ScreeningAnswer::Possible,
        ScreeningAnswer::Clear,
    ]
    .map(|answer| screened.count(answer));
    let warning = match not_current(screened) {
        lists if lists.is_empty() => String::new(),
        lists => format!("; not current: {lists}"),
    };
    format!(
        "{}: {listed} listed, {exposed} exposed, {possible} possible, {clear} clear{warning}",
        counted(screened.names.len(), "name", "names")
    )
}
