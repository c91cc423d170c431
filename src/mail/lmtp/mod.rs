//! Mail in from a mail server on this machine, by LMTP (RFC 2033): what SMTP is between servers, with
//! an answer for every recipient once the message was handed over.
//!
//! [`Dialogue`] is the protocol without a wire: bytes in, replies and messages out. [`LmtpSession`]
//! holds one over a connection. A message is answered with yes only when its taker says so, after its
//! effects are kept.
//!
//! Deliberately absent: TLS, log-in and everything else that a server open to others would need. It
//! is listened on where only this machine can connect.

mod data;
mod dialogue;
mod session;

pub use dialogue::{DeliveryStatus, Dialogue, HandedMessage, NextAction};
pub use session::LmtpSession;
