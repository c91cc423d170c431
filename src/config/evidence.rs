//! The table `[evidence]`: who puts a time to the seals over what was read.

use super::node::{AllowedKeys, ConfigNode};
use super::value;
use crate::settings::EvidenceSettings;

pub(super) const EVIDENCE: AllowedKeys = AllowedKeys { heading: "[evidence]", names: &["tsa"] };

/// Reads the table; without it seals have no time stamp.
pub(super) fn evidence(section: &ConfigNode<'_>) -> Option<EvidenceSettings> {
    let table = section.table(&EVIDENCE)?;
    let tsa = table.optional("tsa", |node| node.parse(value::page_url));
    Some(EvidenceSettings { tsa: tsa.ok()? })
}
