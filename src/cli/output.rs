//! Printing: results to standard output, everything else to standard error.

mod table;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::LazyLock;

use anstream::{AutoStream, ColorChoice};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use textwrap::core::display_width;

use crate::domain::text::one_line;
use crate::render::{exact_on_terminal, on_terminal};

/// Somebody who sets this wants lines of that width, on a terminal or not.
const COLUMNS: &str = "COLUMNS";

/// No terminal in use is narrower.
const NARROWEST: usize = 20;

/// How wide a terminal is of which nothing is known.
const USUAL_WIDTH: usize = 80;

/// Where results go and how they look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Whether one JSON object is wanted instead of words.
    pub json: bool,
    /// Whether standard output shows colours.
    pub colour: bool,
}

/// Whether a stream shows colours; `NO_COLOR` and its kin are respected.
pub(super) fn has_colour(stream: &impl anstream::stream::RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// Whether an error only says that the reader of our output has gone.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json, colour: has_colour(&io::stdout()) }
    }

    /// Prints text as it is, and a line feed.
    pub(super) fn line(self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let choice = if self.colour { ColorChoice::Always } else { ColorChoice::Never };
        let mut out = AutoStream::new(io::stdout(), choice);
        writeln!(out, "{}", text.as_ref())?;
        Ok(())
    }

    /// Prints several lines as they are.
    pub(super) fn lines(self, lines: &[String]) -> anyhow::Result<()> {
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Prints a paragraph: in lines that fit the terminal, and as one line where no person reads along.
    pub(super) fn paragraph(self, text: &str) -> anyhow::Result<()> {
        match width() {
            Some(_) => self.lines(&wrapped(text, "")),
            None => self.line(text),
        }
    }

    /// Prints one item of a list, as a paragraph whose later lines are set in.
    pub(super) fn item(self, text: &str) -> anyhow::Result<()> {
        self.prefixed(text, "  ")
    }

    /// Prints a paragraph whose later lines begin so.
    pub(super) fn prefixed(self, text: &str, prefix: &str) -> anyhow::Result<()> {
        match width() {
            Some(_) => self.lines(&wrapped(text, prefix)),
            None => self.line(text),
        }
    }

    /// Prints one JSON object.
    pub(super) fn object(self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Prints an error with its causes to standard error; where JSON is wanted, as an object on standard output too.
    pub(super) fn error(self, error: &anyhow::Error) {
        if self.json {
            // Whoever reads it may have gone.
            let _ = self.object(&serde_json::json!({ "error": format!("{error:#}") }));
        }
        print_error(error);
    }

    /// Prints rows under headings, as wide as the terminal. Nothing in a cell can move the cursor.
    pub(super) fn table<const N: usize>(
        self,
        headings: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> anyhow::Result<()> {
        self.table_with_spares(headings, &[], rows)
    }

    /// The same; where the terminal has no room for all columns, the spare ones are left out, the first of them first.
    pub(super) fn table_with_spares<const N: usize>(
        self,
        headings: [&str; N],
        spares: &[&str],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> anyhow::Result<()> {
        let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
        let (lines, left_out) = table::lines(&headings, spares, &rows, width());
        lines.iter().try_for_each(|line| self.line(line))?;
        if !left_out.is_empty() {
            print_note(&format!("the terminal has no room for {}; --json shows all", left_out.join(", ")));
        }
        Ok(())
    }

    /// Prints rows under headings, each on one line: of the last cell so much is left as the terminal has room for.
    pub(super) fn one_line_each<const N: usize>(
        self,
        headings: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> anyhow::Result<()> {
        let rows = rows.into_iter().map(|row| row.map(|cell| one_line(&cell)));
        let rows: Vec<[String; N]> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
        let width = |column: usize| rows.iter().map(|row| display_width(&row[column])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..N).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let room = if column + 1 < N { widths[column] - display_width(cell) + GAP } else { 0 };
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', room));
            }
            self.cut_line(line.trim_end())?;
        }
        Ok(())
    }

    /// Prints a line, or so much of it as the terminal has room for.
    pub(super) fn cut_line(self, text: &str) -> anyhow::Result<()> {
        match width() {
            Some(width) => self.line(cut(text, width)),
            None => self.line(text),
        }
    }
}

/// Between two columns.
const GAP: usize = 2;

/// A line that is no wider than that.
fn cut(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let (mut kept, mut room) = (String::new(), width.saturating_sub(1));
    for character in text.chars() {
        let needed = display_width(character.encode_utf8(&mut [0; 4]));
        if needed > room {
            break;
        }
        room -= needed;
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

/// The time zone of this machine; UTC where the machine names none.
pub(super) fn zone() -> Tz {
    static ZONE: LazyLock<Tz> = LazyLock::new(|| {
        let named =
            std::env::var_os("TZ").map(|zone| zone.to_string_lossy().trim_start_matches(':').to_owned());
        let zone = named.filter(|zone| !zone.is_empty()).or_else(|| iana_time_zone::get_timezone().ok());
        zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC)
    });
    *ZONE
}

/// A moment for people, to the second, in the time of this machine with its zone named.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    exact_on_terminal(at, zone())
}

/// The same to the minute.
pub(super) fn minute(at: DateTime<Utc>) -> String {
    on_terminal(at, zone())
}

/// The calendar day of a moment where this machine is.
pub(super) fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&zone()).date_naive().to_string()
}

/// How wide lines on standard output may be; `None` where no person reads along.
fn width() -> Option<usize> {
    let out = io::stdout();
    let asked = std::env::var_os(COLUMNS).and_then(|columns| columns.to_str()?.parse().ok());
    let known = || terminal_size::terminal_size_of(&out).map(|(width, _)| usize::from(width.0));
    let width = asked.or_else(known).filter(|width| *width >= NARROWEST);
    // Of some terminals nobody knows how wide they are.
    width.or_else(|| out.is_terminal().then_some(USUAL_WIDTH))
}

/// Text in lines that fit; those after the first begin with `indent`.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let width = width().unwrap_or(USUAL_WIDTH);
    let options = textwrap::Options::new(width).subsequent_indent(indent).break_words(false);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Whether a file that somebody named means standard output.
pub(super) fn is_standard_output(file: &Path) -> bool {
    file == Path::new("-")
}

/// Refuses standard output where a file is needed.
///
/// # Errors
/// What to name instead.
pub(super) fn require_file(file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !is_standard_output(file),
        "found -, expected a file: it is read again once it is written (./- names a file called -)"
    );
    Ok(())
}

/// Prints bytes to standard output and nothing else.
pub(super) fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Prints what somebody should know beside the result to standard error.
pub(super) fn print_note(note: &str) {
    let mut err = AutoStream::auto(io::stderr());
    let bold = anstyle::Style::new().bold();
    let _ = writeln!(err, "{bold}note{bold:#}: {note}");
}

/// Prints an error with its causes to standard error.
pub(super) fn print_error(error: &anyhow::Error) {
    let mut err = AutoStream::auto(io::stderr());
    let bold_red = anstyle::AnsiColor::Red.on_default().bold();
    let _ = writeln!(err, "{bold_red}error{bold_red:#}: {error:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_by_its_width_on_a_terminal() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abc def", 5), "abc…");
        assert_eq!(cut("海康威视", 8), "海康威视");
        assert_eq!(cut("海康威视", 6), "海康…");
    }
}
