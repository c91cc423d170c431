//! What can be shown to somebody who believes nobody: the reads of a source as a chain, its sealed heads, and the
//! changes that are bound to them.
//!
//! Every durable read is a line of its source's chain, which names the SHA-256 of the line before ([`mod@line`]). The heads
//! of all chains are sealed together, once a day at least ([`seal`]): a Merkle tree over them ([`merkle`]), whose root
//! an authority may put a time to. A change is bound by the line of the read that found it ([`told`]). So whoever drops,
//! exchanges or adds a line breaks what follows, up to the seal.
//!
//! Here the rules alone: nothing is read, kept or packed.

mod brief;
mod chain;
mod line;
pub mod merkle;
pub mod seal;
mod silence;
mod told;

pub use brief::{LAST_OF_BRIEF, StoredLine};
pub use chain::{BrokenChain, Chain, ChainedLine};
pub use line::{ChainLine, ChainVerdict, ChainedRead, NOTHING_BEFORE, headers_text};
pub use silence::{Gap, Silence, allowed_distance};
pub use told::{ToldChange, digest_of_change};
