//! Mails that are letters: a few words and lines in one frame, with a folder of templates each: subject, text
//! and HTML.

use super::flow::{Indent, wrap};
use super::foot::{Foot, MailFoot};
use super::view::{item, items};
use crate::domain::email::EmailAddress;

/// What the templates show; each takes what it needs.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one condition of a template")]
pub(super) struct LetterView {
    /// What stands in the subject besides its own words.
    pub about: String,
    /// What stands over it; the subject where it says nothing.
    pub headline: String,
    pub lead: String,
    /// What is said after it.
    pub detail: String,
    pub lines: Vec<String>,
    /// What stands already, a source after the other.
    pub listed: Vec<ListedEntries>,
    /// On which sources nothing stands, in a sentence each.
    pub unlisted: Vec<String>,
    /// What never appears in a source, each with its name.
    pub misses: Vec<String>,
    /// How mail comes, where it does not come as to everybody.
    pub ways: Vec<String>,
    pub mailbox: String,
    pub mailbox_uri: String,
    pub token: String,
    pub confirm_address: String,
    pub confirm_uri: String,
    /// Where to write to so as never to be asked again.
    pub never_address: String,
    pub never_uri: String,
    pub confirm_link: Option<String>,
    /// Whether a question can be answered by mail.
    pub takes_mail: bool,
    /// Whether it is the second of the same question: the first was answered unclearly.
    pub is_explained: bool,
    /// Until when a question can be answered.
    pub until: String,
    /// Who can be followed.
    pub followable: Vec<String>,
    /// Requests as a person would write them, each with what it does.
    pub examples: Vec<(String, &'static str)>,
    /// Whether it answers what was not understood, or cannot be done.
    pub is_unknown: bool,
    /// What was read of the sources.
    pub coverage: Vec<ReadCoverage>,
    /// Whether it answers a wish about how mail comes.
    pub is_changed: bool,
    /// Since when nothing is sent and until when.
    pub paused: Option<String>,
    /// Where somebody who just left takes that back.
    pub undo_link: Option<String>,
    /// Sources that cannot be read just now, a sentence each.
    pub unread: Vec<String>,
    /// What a retraction takes back.
    pub retracted: Vec<RetractedChange>,
    /// Of a retraction: whether the source is compared with what it said before.
    pub is_restored: bool,
    pub missed: usize,
    pub recipient: String,
    pub foot: Foot,
}

/// What was read of one source in a time.
#[derive(Debug)]
pub(super) struct ReadCoverage {
    pub source: String,
    pub good: u32,
    pub failed: u32,
    pub last: String,
    /// Whether silence about it means something.
    pub is_read: bool,
    pub state: String,
}

impl ReadCoverage {
    /// How often it was read, and when for the last time.
    pub fn reads(&self) -> String {
        let Self { good, failed, last, .. } = self;
        let reads = if *good == 1 { "read" } else { "reads" };
        format!("{good} good {reads}, {failed} failed. Last good read: {last}")
    }
}

/// A change that is taken back.
#[derive(Debug)]
pub(super) struct RetractedChange {
    pub words: String,
    /// The page of the change, where there is a web side.
    pub link: Option<String>,
}

/// What stands on one source.
#[derive(Debug)]
pub(super) struct ListedEntries {
    pub source: String,
    pub entries: Vec<String>,
}

impl LetterView {
    /// A letter without words to a reader.
    pub fn to(recipient: &EmailAddress, service: MailFoot<'_>) -> Self {
        Self {
            mailbox: service.mailbox.to_string(),
            mailbox_uri: service.mailbox.to_uri(),
            recipient: recipient.to_string(),
            foot: Foot::to_reader(recipient, service),
            ..Self::default()
        }
    }

    /// What stands over it: its own headline, or its subject without the mark for filters.
    pub fn headline_or<'a>(&'a self, subject: &'a str) -> &'a str {
        let unmarked = subject.strip_prefix('[').and_then(|marked| marked.split_once("] "));
        if self.headline.is_empty() { unmarked.map_or(subject, |(_, words)| words) } else { &self.headline }
    }

    pub fn wrapped_lines(&self) -> String {
        items(&self.lines)
    }

    pub fn wrapped_retracted(&self) -> String {
        let row = |of: &RetractedChange| {
            let link = of.link.as_ref().map(|link| format!("\n    {link}"));
            format!("{}{}", item(&of.words), link.unwrap_or_default())
        };
        self.retracted.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    pub fn wrapped_listed(&self) -> String {
        let of_source = |on: &ListedEntries| {
            let entry = |entry: &String| wrap(entry, Indent { first: "    - ", rest: "      " });
            let entries: Vec<String> = on.entries.iter().map(entry).collect();
            format!("{}\n{}", item(&on.source), entries.join("\n"))
        };
        self.listed.iter().map(of_source).collect::<Vec<_>>().join("\n")
    }

    pub fn wrapped_unlisted(&self) -> String {
        items(&self.unlisted)
    }

    pub fn wrapped_misses(&self) -> String {
        items(&self.misses)
    }

    pub fn wrapped_unread(&self) -> String {
        items(&self.unread)
    }

    pub fn wrapped_paused(&self) -> String {
        self.paused.as_deref().map(|paused| wrap(paused, Indent::of(""))).unwrap_or_default()
    }

    pub fn wrapped_ways(&self) -> String {
        items(&self.ways)
    }

    pub fn wrapped_followable(&self) -> String {
        wrap(&self.followable_line(), Indent::of("  "))
    }

    pub fn followable_line(&self) -> String {
        self.followable.join("; ")
    }

    pub fn wrapped_detail(&self) -> String {
        wrap(&self.detail, Indent::of(""))
    }

    pub fn plain_coverage(&self) -> String {
        let row = |row: &ReadCoverage| {
            let head = item(&format!("{}: {}", row.source, row.state));
            format!("{head}\n{}", wrap(&row.reads(), Indent::of("    ")))
        };
        self.coverage.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    pub fn wrapped_lead(&self) -> String {
        wrap(&self.lead, Indent::of(""))
    }
}

/// The three templates of one mail, in a module that renders them.
macro_rules! mail {
    ($module:ident, $kind:ident, $subject:literal, $text:literal, $html:literal) => {
        mod $module {
            use askama::Template;

            use crate::domain::mail_kind::MailKind;
            use crate::domain::text::{one_line, shorten};
            use crate::render::filters;
            use crate::render::foot::{Foot, Leave};
            use crate::render::letter::LetterView;
            use crate::render::rendered::{RenderError, Rendered};
            use crate::render::subject::MAX_SUBJECT_CHARS;

            #[derive(Template)]
            #[template(path = $subject, escape = "none")]
            struct LetterSubject<'a> {
                #[allow(dead_code, reason = "most subjects are the same for everybody")]
                letter: &'a LetterView,
            }

            #[derive(Template)]
            #[template(path = $text, escape = "none")]
            struct LetterText<'a> {
                headline: &'a str,
                letter: &'a LetterView,
                foot: &'a Foot,
            }

            #[derive(Template)]
            #[template(path = $html)]
            struct Html<'a> {
                subject: &'a str,
                headline: &'a str,
                letter: &'a LetterView,
                foot: &'a Foot,
            }

            pub(super) fn render(letter: &LetterView) -> Result<Rendered, RenderError> {
                let subject = shorten(&one_line(&LetterSubject { letter }.render()?), MAX_SUBJECT_CHARS);
                let foot = &letter.foot;
                let headline = letter.headline_or(&subject);
                let text = LetterText { headline, letter, foot }.render()?;
                let html = Html { subject: &subject, headline, letter, foot }.render()?;
                Ok(Rendered { kind: MailKind::$kind, subject, text, html, attachment: None })
            }
        }
    };
}

pub(super) use mail;
