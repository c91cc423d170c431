//! Evidence as a file that anybody can check: packing it, checking it, and having a time put to a seal.
//!
//! A package is a ZIP of plain members. Every one of them is either named by the SHA-256 of its content in a chain that
//! is sealed, or follows from the others byte for byte ([`derived`]); the manifest lists all of them. So whoever
//! changes a member and puts its hash right in the manifest is still seen, up to what a forger could have written from
//! the beginning: without a time stamp ([`stamp`]) a package is consistent, and with one it is also as old as that.
//!
//! Deliberately absent: what goes into a package (`prove`), and the store.

mod authority;
mod contents;
mod derived;
mod pack;
mod package;
mod page;
mod stamp;
mod verify;
mod warc;

pub use authority::{Authority, AuthorityError};
pub use contents::{PackageContents, Warc};
pub use pack::PackageWriter;
pub use package::{CompanyNames, Package, PackageKind, PackagedSource};
pub use stamp::{StampError, Stamped};
pub use verify::{CheckedSeal, UnsoundPackage, VerifiedPackage, verify};
