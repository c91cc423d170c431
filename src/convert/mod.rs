//! Bodies that no extractor can read, turned into ones that it can.
//!
//! Extractors are pure; what needs another program, or is packed, is made readable here, between the
//! fetch and the extractor. The body that was fetched is what is hashed and
//! stored: a conversion is done anew whenever it is read.
//!
//! Deliberately absent: any judgement of what the text says.

mod member;
mod pdf;

pub use member::{MemberError, member_of};
pub use pdf::{ConversionError, pdf_text};
