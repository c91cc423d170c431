//! What a step decides, as pure functions: what is known goes in, what is to be written comes out.
//!
//! Whatever database stands behind the store looks up what a function asks for, calls it and writes what it says, all
//! in one step of its own. No tree, no transaction and no key is named here.

pub(super) mod bounces;
pub(super) mod intake;
pub(super) mod mails;
pub(super) mod people;
pub(super) mod reads;
pub(super) mod telling;
