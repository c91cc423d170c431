//! What people ask for by mail, and which mail is never answered.
//!
//! Pure: a parsed message's texts and headers in, requests or the reason for
//! silence out. Parsing MIME is `mail`'s, acting on a request `subscribe`'s.

mod automatic;
mod command;
mod conversation;
mod correspondence;
mod selection;
mod token;

pub use automatic::{Headers, LOOP_MARK, is_bounce, silence};
pub use command::{MAX_COMMANDS, MailCommand, MailText, commands};
pub use conversation::{Answer, BY_MAIL, Conversation, ON_WEB, Request, Trust, converse};
pub use correspondence::{AskBudget, Asked, Correspondence, Purpose};
pub use selection::{Selection, Unresolved, companies, select};
pub use token::{ConfirmToken, InvalidToken, TokenHash};
