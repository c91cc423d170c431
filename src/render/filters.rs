//! What templates of plain text do to their prose.

#![expect(
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "askama wants filters of this form"
)]

use std::fmt::Display;

use super::flow::{Indent, wrap};
use crate::domain::text::one_line;

/// One paragraph, set in lines however the template breaks it.
#[askama::filter_fn]
pub(super) fn wrapped(prose: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(wrap(&one_line(&prose.to_string()), Indent::of("")))
}
