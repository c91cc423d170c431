//! What takes mail in by itself: from a Maildir, from a mailbox at a server, and from a mail server
//! on this machine.
//!
//! All three end in [`crate::subscribe::Inbox`], the one function behind every way in, and follow
//! one order: a message's effects are kept first, and only then it leaves the place from which it
//! came. Killed between the two, the next run takes it again, and it is known.
//!
//! Deliberately absent: what a message is about, and the protocols ([`crate::mail`]).

mod imap;
mod lmtp;
mod mail_poller;
mod maildir;

pub use imap::ImapLoop;
pub use lmtp::{Listener, LmtpListenError, LmtpServer};
pub use mail_poller::{IntakeParts, MailPoller};
pub use maildir::MaildirLoop;
