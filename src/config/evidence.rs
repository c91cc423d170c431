//! The table `[evidence]`: who puts a time to the seals over what was read.

use super::node::{Keys, Node};
use super::value;
use crate::settings::EvidenceSettings;

pub(super) const EVIDENCE: Keys = Keys { heading: "[evidence]", names: &["tsa"] };

/// Reads the table; without it seals have no time stamp.
pub(super) fn evidence(section: &Node<'_>) -> Option<EvidenceSettings> {
    let table = section.table(&EVIDENCE)?;
    let tsa = table.optional("tsa", |node| node.parse(value::page_url));
    Some(EvidenceSettings { tsa: tsa.ok()? })
}
