//! PDF → text, by `pdftotext` of the Poppler project.
//!
//! A PDF is a program for a machine that many have attacked. So it is read by a
//! process of its own, which is given no environment, a gibibyte of memory and
//! seconds of time, and which is gone when its text is too long or too late.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The program, looked for where the shell looks.
const PROGRAM: &str = "pdftotext";

/// Sets the limits (KiB of memory, seconds of processor time), then becomes the program.
const LIMITED: &str = "ulimit -v 1048576 && ulimit -t 20 && exec \"$@\"";

/// What the shell answers where there is no such program.
const NOT_FOUND: i32 = 127;

/// The most time it may take, waiting included.
const LIMIT: Duration = Duration::from_secs(30);

/// The longest text; a list of ten thousand parties is a hundredth of it.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// So much of what the program complains of is told.
const MAX_COMPLAINT_BYTES: u64 = 512;

/// Within so many bytes a PDF says that it is one.
const MARK_WITHIN: usize = 1024;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// Something else than a PDF.
    #[error("the body is no PDF")]
    NoPdf,
    /// A PDF that gives no text.
    #[error("the PDF cannot be read: {0}")]
    Unreadable(String),
    /// A PDF whose text is beyond measure.
    #[error("the PDF's text is longer than {} MiB", MAX_TEXT_BYTES >> 20)]
    TooLong,
    /// A PDF over which the program broods.
    #[error("the PDF was not read within {} s", LIMIT.as_secs())]
    TooSlow,
    /// The program is not installed.
    #[error("{0} is not installed, expected it for the kind pdf-text (Debian: poppler-utils)")]
    NotInstalled(String),
    /// The machine did not let the program run.
    #[error("{PROGRAM} could not be run")]
    NotRun(#[source] std::io::Error),
}

impl ConversionError {
    /// Whether the body is at fault, and not this machine.
    #[must_use]
    pub fn is_of_body(&self) -> bool {
        !matches!(self, Self::NotInstalled(_) | Self::NotRun(_))
    }
}

/// The text of a PDF in UTF-8, laid out as on its pages, which end with form feeds.
///
/// # Errors
/// Why there is none.
pub async fn pdf_text(body: &[u8]) -> Result<Bytes, ConversionError> {
    text_by(PROGRAM, body).await
}

async fn text_by(program: &str, body: &[u8]) -> Result<Bytes, ConversionError> {
    let head = &body[..body.len().min(MARK_WITHIN)];
    if !head.windows(5).any(|bytes| bytes == b"%PDF-") {
        return Err(ConversionError::NoPdf);
    }
    let child = Command::new("/bin/sh")
        .args(["-c", LIMITED, "sh", program, "-layout", "-enc", "UTF-8", "-", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(ConversionError::NotRun)?;
    timeout(LIMIT, converse(program, child, body)).await.map_err(|_| ConversionError::TooSlow)?
}

/// Gives the program the PDF and takes its text, both at once: each waits for the other's pipe.
async fn converse(program: &str, mut child: Child, body: &[u8]) -> Result<Bytes, ConversionError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // A program that has read enough, or has ended, closes its side; what it says counts.
            let _ = stdin.write_all(body).await;
        }
    };
    let (mut text, mut complaint) = (Vec::new(), Vec::new());
    let take = async {
        match stdout {
            Some(stdout) => stdout.take(MAX_TEXT_BYTES + 1).read_to_end(&mut text).await,
            None => Ok(0),
        }
    };
    let listen = async {
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(MAX_COMPLAINT_BYTES).read_to_end(&mut complaint).await;
            // The rest is read as well, or the program would wait for somebody to do so.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
    };
    let ((), taken, ()) = tokio::join!(give, take, listen);
    taken.map_err(ConversionError::NotRun)?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        return Err(ConversionError::TooLong);
    }
    let status = child.wait().await.map_err(ConversionError::NotRun)?;
    match status.code() {
        Some(0) => Ok(text.into()),
        Some(NOT_FOUND) => Err(ConversionError::NotInstalled(program.to_owned())),
        _ => Err(ConversionError::Unreadable(complaint_of(&complaint, &status.to_string()))),
    }
}

/// The first line of what the program complained of.
fn complaint_of(said: &[u8], otherwise: &str) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().map(crate::domain::text::one_line).find(|line| !line.is_empty());
    line.unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

    #[tokio::test]
    async fn another_body_is_not_even_tried() {
        let error = text_by("true", b"<html>%PDF</html>").await.unwrap_err();
        assert!(matches!(error, ConversionError::NoPdf) && error.is_of_body());
    }

    #[tokio::test]
    async fn a_program_that_is_not_installed_is_named() {
        let error = text_by("no-such-program", PDF).await.unwrap_err();
        assert!(!error.is_of_body());
        assert_eq!(
            error.to_string(),
            "no-such-program is not installed, expected it for the kind pdf-text (Debian: poppler-utils)"
        );
    }

    #[tokio::test]
    async fn a_program_that_fails_is_told_with_its_own_words() {
        let error = text_by("ls", PDF).await.unwrap_err();
        assert!(matches!(&error, ConversionError::Unreadable(said) if said.contains("ls:")), "{error}");
    }

    #[tokio::test]
    async fn a_text_without_end_is_cut_off() {
        // `yes` repeats its arguments for ever.
        let error = text_by("yes", PDF).await.unwrap_err();
        assert!(matches!(error, ConversionError::TooLong | ConversionError::Unreadable(_)), "{error}");
    }

    #[tokio::test]
    async fn what_the_program_writes_is_the_text() {
        let text = text_by("echo", PDF).await.unwrap();
        assert_eq!(text, "-layout -enc UTF-8 - -\n");
    }
}
