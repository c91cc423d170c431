//! What comes back: reports on mails that were not delivered (RFC 3464) or not wanted (RFC 5965).
//!
//! Only a report of a permanent failure counts against an address, and only where the failure is the
//! address's: a full mailbox counts when it stays full for days, and what the receiving side holds
//! against us never. A delay, a receipt and an absence note are no news.

use std::fmt;

use super::text::{one_line, shorten};

mod words;

pub use words::{Returned, in_words};

/// An enhanced status code (RFC 3463), such as `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 2, 4 or 5: done, later, never.
    pub class: u16,
    /// What it is about: 1 the address, 2 the mailbox, 7 policy.
    pub subject: u16,
    /// What of it.
    pub detail: u16,
}

/// Whose fault a permanent failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// There is no such mailbox.
    NoMailbox,
    /// The mailbox takes nothing for now.
    Passing,
    /// The receiving side holds it against us: our address, our reputation, our content.
    Ours,
    /// Nobody's, as far as can be told.
    Unclear,
}

impl EnhancedStatus {
    /// The status at the beginning of a text.
    #[must_use]
    pub fn leading(text: &str) -> Option<Self> {
        let word = text.split_whitespace().next().filter(|word| word.len() <= 9)?;
        let number = |part: Option<&str>| {
            let part = part.filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))?;
            part.parse().ok()
        };
        let mut parts = word.split('.');
        let status = Self {
            class: number(parts.next())?,
            subject: number(parts.next())?,
            detail: number(parts.next())?,
        };
        (parts.next().is_none() && matches!(status.class, 2 | 4 | 5)).then_some(status)
    }

    /// Whose fault it is. 5.1.7 and 5.1.8 are about the sender's address; 5.7.17 and 5.7.18 (RFC 7293)
    /// say that the address has another owner now.
    #[must_use]
    pub fn blame(self) -> Blame {
        match (self.subject, self.detail) {
            (1, 7 | 8) => Blame::Ours,
            (1, 9) => Blame::Unclear,
            (1, _) | (2, 1) | (7, 17 | 18) => Blame::NoMailbox,
            (2, 2) | (3, 1) | (4, _) => Blame::Passing,
            (7, _) => Blame::Ours,
            _ => Blame::Unclear,
        }
    }

    fn says_nothing(self) -> bool {
        self.subject == 0 && self.detail == 0
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// What a report means for the mail it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BounceKind {
    /// There is no such mailbox.
    NoMailbox {
        /// The reporting side's words.
        words: String,
    },
    /// The mailbox took nothing; it may pass.
    Passing {
        /// The reporting side's words.
        words: String,
    },
    /// Not delivered, and the address is not to blame.
    Undelivered {
        /// The reporting side's words.
        words: String,
    },
    /// The recipient does not want our mail.
    Complaint {
        /// What they call it.
        words: String,
    },
    /// No news.
    Nothing {
        /// Why not.
        why: String,
    },
}

/// Why a report says nothing that says it of nobody.
pub const NO_RECIPIENT: &str = "the report names no recipient";

/// A block of fields, names in small letters, values on one line.
type ReportFields = Vec<(String, String)>;

/// Of a report, so many blocks and so many fields of each are looked at.
const MAX_BLOCKS: usize = 50;
const MAX_FIELDS: usize = 50;

/// Longer values are cut.
const MAX_VALUE_CHARS: usize = 240;

/// What the part `message/delivery-status` of a report says. Its first block is about the message, each
/// other one about a recipient; a mail of ours has one, so that the worst that is said is said of it.
#[must_use]
pub fn delivery_status(text: &str) -> BounceKind {
    let blocks = blocks(text);
    let verdicts: Vec<BounceKind> = blocks.iter().filter_map(of_recipient).collect();
    let worst = |verdict: &&BounceKind| match verdict {
        BounceKind::NoMailbox { .. } => 3,
        BounceKind::Passing { .. } => 2,
        BounceKind::Undelivered { .. } => 1,
        BounceKind::Complaint { .. } | BounceKind::Nothing { .. } => 0,
    };
    let nothing = || BounceKind::Nothing { why: NO_RECIPIENT.to_owned() };
    verdicts.iter().max_by_key(worst).cloned().unwrap_or_else(nothing)
}

fn of_recipient(fields: &ReportFields) -> Option<BounceKind> {
    let action = value(fields, "action")?.to_ascii_lowercase();
    if action != "failed" {
        return Some(BounceKind::Nothing { why: format!("a report on a mail that was {action}") });
    }
    let diagnosis = value(fields, "diagnostic-code").unwrap_or_default();
    let status = value(fields, "status").and_then(EnhancedStatus::leading);
    // Some servers say 5.0.0 and leave the rest to the words of the one that refused.
    let status = match status {
        Some(status) if !status.says_nothing() => Some(status),
        vague => {
            diagnosed(diagnosis).filter(|found| vague.is_none_or(|it| it.class == found.class)).or(vague)
        }
    };
    let Some(status) = status.filter(|status| !status.says_nothing()) else {
        // A failure it is all the same, and the words of the server that refused may say whose.
        let words =
            if diagnosis.is_empty() { "a failure without a status".to_owned() } else { diagnosis.to_owned() };
        let is_permanent = status.is_none_or(|status| status.class == 5) && code_of(diagnosis) != Some(4);
        return Some(if is_permanent {
            words::of_text(&diagnosis.to_lowercase(), &words)
        } else {
            BounceKind::Undelivered { words }
        });
    };
    let words = format!("{status} {diagnosis}").trim_end().to_owned();
    Some(match (status.class, status.blame()) {
        (5, Blame::NoMailbox) => BounceKind::NoMailbox { words },
        (5, Blame::Passing) => BounceKind::Passing { words },
        (4 | 5, _) => BounceKind::Undelivered { words },
        _ => BounceKind::Nothing { why: format!("a failure with the status {status}") },
    })
}

/// The status in `smtp; 550 5.1.1 no such user`.
fn diagnosed(diagnosis: &str) -> Option<EnhancedStatus> {
    diagnosis.split_whitespace().take(6).find_map(EnhancedStatus::leading)
}

/// The class of the reply in `smtp; 550 no such user`.
fn code_of(diagnosis: &str) -> Option<u32> {
    let mut words = diagnosis.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 3);
    words.next().and_then(|code| code.parse::<u32>().ok()).map(|code| code / 100)
}

/// What the part `message/feedback-report` of a report says.
#[must_use]
pub fn feedback(text: &str) -> BounceKind {
    let blocks = blocks(text);
    let kind = blocks.first().and_then(|fields| value(fields, "feedback-type")).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    match kind.as_str() {
        "abuse" | "fraud" | "virus" | "opt-out" | "opt-out-list" | "other" => {
            BounceKind::Complaint { words: format!("the recipient's side calls it {kind}") }
        }
        _ => BounceKind::Nothing { why: format!("feedback of the kind {kind:?} is not a complaint") },
    }
}

/// The sender to which a complaint says that the mail would have come back.
#[must_use]
pub fn original_sender(text: &str) -> Option<String> {
    let blocks = blocks(text);
    let sender = blocks.first().and_then(|fields| value(fields, "original-mail-from"))?;
    Some(sender.trim().trim_matches(['<', '>']).to_owned())
}

fn value<'a>(fields: &'a ReportFields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The blocks of fields of a text, parted by blank lines.
fn blocks(text: &str) -> Vec<ReportFields> {
    let mut blocks: Vec<ReportFields> = vec![ReportFields::new()];
    for line in text.lines() {
        let is_open = blocks.last().is_some_and(|fields| !fields.is_empty());
        let Some(fields) = blocks.last_mut() else { break };
        if line.trim().is_empty() {
            if is_open && blocks.len() == MAX_BLOCKS {
                break;
            }
            if is_open {
                blocks.push(ReportFields::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut().filter(|(_, value)| value.len() < MAX_VALUE_CHARS) {
                value.push(' ');
                value.push_str(&inert(line));
            }
        } else if let Some((name, value)) = line.split_once(':').filter(|_| fields.len() < MAX_FIELDS) {
            fields.push((name.trim().to_ascii_lowercase(), inert(value)));
        }
    }
    blocks
}

fn inert(value: &str) -> String {
    // Cut before it is looked at character by character: a line may be as long as the message.
    let head: String = value.chars().take(4 * MAX_VALUE_CHARS).collect();
    shorten(&one_line(&head), MAX_VALUE_CHARS)
}

#[cfg(test)]
mod tests;
