//! The mail that takes an earlier one back.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::foot::MailFoot;
use super::letter::{LetterView, RetractedChange, mail};
use super::rendered::{RenderError, Rendered};
use super::when::moment;
use crate::domain::change::Change;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::retraction::Retraction;
use crate::domain::text::{one_line, shorten};

mail!(letter_mail, Retraction, "retraction/subject.txt", "retraction/mail.txt", "retraction/mail.html");

/// Longer words of the operator are cut.
const MAX_REASON_CHARS: usize = 500;

/// What is taken back, and from whom.
#[derive(Debug)]
pub struct Withdrawal<'a> {
    /// What is taken back.
    pub retraction: &'a Retraction,
    /// The mail that told it.
    pub mail: &'a Mail,
    /// The changes that are none, of those the mail told.
    pub changes: Vec<&'a Change>,
    /// The time zone of whoever got it.
    pub zone: Tz,
    /// The present, from which links to the changes are counted.
    pub now: DateTime<Utc>,
    /// Who sends it.
    pub service: MailFoot<'a>,
}

/// Puts a retraction into words.
///
/// # Errors
/// A template that cannot be filled in.
pub fn retraction(withdrawal: &Withdrawal<'_>) -> Result<Rendered, RenderError> {
    let Withdrawal { retraction, mail, changes, zone, now, service } = withdrawal;
    let reason = retraction.reason.as_deref().map(|reason| shorten(&one_line(reason), MAX_REASON_CHARS));
    let line = |change: &&Change| {
        let title = shorten(&one_line(&change.entry.title), 200);
        let source = shorten(&one_line(&change.source_title), 80);
        let happened = change.entry.happened();
        let link = service.web.map(|web| web.change(&change.id, &mail.recipient, *now));
        let asked_for =
            if link.is_some() { String::new() } else { format!("; change {}", change.id.short()) };
        RetractedChange { words: format!("{source}: {title} ({happened}{asked_for})"), link }
    };
    letter_mail::render(&LetterView {
        about: one_line(&mail.subject),
        headline: "An alert we sent you was wrong. We take it back.".to_owned(),
        detail: format!(
            "On {} {} \u{201c}{}\u{201d}. What we had read was not the source's own page.{}",
            moment(mail.queued_at, *zone),
            if mail.state == MailState::Sent { "we wrote" } else { "we wrote, or tried to write," },
            one_line(&mail.subject),
            reason.map(|reason| format!(" The operator says: {reason}")).unwrap_or_default(),
        ),
        retracted: changes.iter().map(line).collect(),
        is_restored: retraction.is_restored,
        ..LetterView::to(&mail.recipient, *service)
    })
}
