//! The table `[matching]`: from which score on a name counts.

use super::node::{AllowedKeys, ConfigNode};
use crate::domain::scoring::Thresholds;

pub(super) const MATCHING: AllowedKeys =
    AllowedKeys { heading: "[matching]", names: &["alert_at", "possible_at"] };

/// Reads the thresholds; a name that raises an alert is possible, too.
pub(super) fn matching(section: Option<&ConfigNode<'_>>) -> Option<Thresholds> {
    let default = Thresholds::default();
    let Some(section) = section else { return Some(default) };
    let table = section.table(&MATCHING)?;
    let alert_at = table.or("alert_at", default.alert_at, ConfigNode::share);
    let possible_at = table.or("possible_at", default.possible_at, ConfigNode::share);
    let thresholds = Thresholds { alert_at: alert_at?, possible_at: possible_at? };
    if thresholds.possible_at > thresholds.alert_at {
        let Thresholds { alert_at, possible_at } = thresholds;
        let place = table.get("possible_at").unwrap_or_else(|| section.clone());
        place.fault(format_args!("is {possible_at}, expected at most alert_at, which is {alert_at}"));
        return None;
    }
    Some(thresholds)
}
