//! What people ask for by mail, and which mail is never answered.
//!
//! Pure: a parsed message's texts and headers in, requests or the reason for
//! silence out. Parsing MIME is `mail`'s, acting on a request `subscribe`'s.

mod automatic;
mod command;
mod consent;
mod conversation;
mod correspondence;
mod leaving;
mod lexicon;
mod own_words;
mod selection;
mod untracked;

pub use super::confirm_token::{ConfirmToken, InvalidToken, TokenHash};
pub use automatic::{Headers, LOOP_MARK, is_bounce, is_rather_a_machines, silence};
pub use command::{MAX_COMMANDS, MailCommand, MailText, commands};
pub use conversation::{BY_MAIL, Conversation, ON_WEB, PersonRequest, ReplyKind, Trust, converse};
pub use correspondence::{AskBudget, Correspondence, MailedQuestion, OPEN_FOR, Purpose, Taking};
pub use leaving::LeavingWish;
pub use selection::{Selection, Unresolved, select, topics};
pub use untracked::UntrackedWish;
