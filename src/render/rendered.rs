//! A mail in words.

use crate::domain::mail_kind::MailKind;

/// A mail in words; `mail::compose` makes MIME of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What sort of mail it is.
    pub kind: MailKind,
    /// One line without control characters, at most 70 characters.
    pub subject: String,
    /// The whole mail as plain text, lines up to 76 columns unless a single word is longer.
    pub text: String,
    /// The whole mail as HTML with inline styles, no images and nothing loaded from elsewhere.
    pub html: String,
    /// A file that goes with it.
    pub attachment: Option<Attachment>,
}

/// A template could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template could not be filled in.
    #[error("failed to render the mail")]
    Template(#[from] askama::Error),
    /// The evidence could not be written.
    #[error("the evidence cannot be attached")]
    Evidence(#[from] serde_json::Error),
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called: ASCII, without blanks.
    pub name: &'static str,
    /// What sort of file it is.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}
