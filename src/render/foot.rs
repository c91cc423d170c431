//! The end of every mail to a reader: whom it went to and why, how to stop it, who answers, and where the
//! service is.

use super::flow::{Indent, wrap};
use super::view::{items, postal_lines};
use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::{PersonalLinks, WebAddresses};
use crate::domain::text::{one_line, shorten};

/// Longer names of who sends it are cut.
const MAX_NAME_CHARS: usize = 80;

/// What stands in every mail of a service.
#[derive(Debug, Clone, Copy)]
pub struct MailFoot<'a> {
    /// Who runs it, as readers know them.
    pub name: &'a str,
    /// Where people write to; where nothing is taken in, whoever answers.
    pub mailbox: &'a EmailAddress,
    /// Where a person answers.
    pub help_address: &'a EmailAddress,
    /// The postal address of whoever runs it (CAN-SPAM, 15 U.S.C. 7704(a)(5)).
    pub postal_address: Option<&'a str>,
    /// Where its links lead, where there is a web server.
    pub web: Option<&'a WebAddresses>,
}

/// How a reader stops the mails.
#[derive(Debug, Default)]
pub(super) enum Leave {
    /// There is nothing to stop: they follow nothing.
    #[default]
    Nothing,
    /// By their own links.
    Links(PersonalLinks),
    /// By writing to an address, which is given as a `mailto:` URI as well.
    Mail(String, String),
}

/// The end of a mail, already inert.
#[derive(Debug, Default)]
pub(super) struct Foot {
    /// Who sends it.
    pub name: String,
    pub recipient: String,
    /// By what right they are written to, a line a subscription.
    pub reasons: Vec<String>,
    pub leave: Leave,
    pub help: String,
    /// The same as a `mailto:` URI.
    pub help_uri: String,
    pub postal: Vec<String>,
}

impl Foot {
    /// The foot of a mail to somebody who follows nothing.
    pub(super) fn to_stranger(recipient: &EmailAddress, service: MailFoot<'_>) -> Self {
        Self {
            name: shorten(&one_line(service.name), MAX_NAME_CHARS),
            recipient: recipient.to_string(),
            reasons: Vec::new(),
            leave: Leave::Nothing,
            help: service.help_address.to_string(),
            help_uri: service.help_address.to_uri(),
            postal: postal_lines(service.postal_address),
        }
    }

    /// The foot of a mail to somebody who is or was a subscriber.
    pub(super) fn to_reader(recipient: &EmailAddress, service: MailFoot<'_>) -> Self {
        let leave = match service.web {
            Some(web) => Leave::Links(web.of(recipient)),
            None => Leave::Mail(service.mailbox.to_string(), service.mailbox.to_uri()),
        };
        Self { leave, ..Self::to_stranger(recipient, service) }
    }

    pub(super) fn wrapped_whom(&self) -> String {
        let Self { name, recipient, .. } = self;
        let end = if self.reasons.is_empty() { "." } else { ", who follows" };
        wrap(&format!("{name} sent this mail to {recipient}{end}"), Indent::of(""))
    }

    pub(super) fn wrapped_reasons(&self) -> String {
        items(&self.reasons)
    }
}
