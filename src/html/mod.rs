//! HTML on the ground: a parser that hostile markup cannot make slow or large, and the words of a letter.
//!
//! What a page of a source says is read by [`crate::extract`], which has much more to look at.

pub(crate) mod elements;
pub(crate) mod ending;
mod letter;
pub(crate) mod limits;
pub(crate) mod parser;

pub use letter::own_words;
