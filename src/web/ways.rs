//! How mail comes, as a form shows it.

use std::collections::BTreeMap;

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::domain::subscription::{Cadence, Preferences};

/// What can be chosen, and what is.
pub(super) struct Ways {
    pub cadences: Vec<RadioChoice>,
    /// Zones by the part of the world.
    pub zones: Vec<(&'static str, Vec<RadioChoice>)>,
    /// When nothing is sent: from and until, both empty where mail comes at any hour.
    pub quiet: (String, String),
    /// Whether silence is attested.
    pub is_attested: bool,
    /// Whether an event that several sources tell is one mail.
    pub is_told_once: bool,
}

/// One of several of which one is chosen.
pub(super) struct RadioChoice {
    pub value: &'static str,
    pub label: String,
    pub is_chosen: bool,
}

/// The parts of the world by which zones are named; what else the database knows are older names of the same.
const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

impl Ways {
    /// The choices of somebody.
    pub(super) fn of(preferences: &Preferences) -> Self {
        let quiet = preferences.quiet.map(|hours| hours.to_string());
        let quiet = quiet.as_deref().and_then(|hours| hours.split_once('-')).unwrap_or_default();
        Self {
            cadences: Cadence::ALL.map(|(value, cadence)| cadence_choice(value, cadence, preferences)).into(),
            zones: zones(preferences.zone),
            quiet: (quiet.0.to_owned(), quiet.1.to_owned()),
            is_attested: preferences.attested_until.is_some(),
            is_told_once: preferences.is_told_once,
        }
    }
}

fn cadence_choice(value: &'static str, cadence: Cadence, preferences: &Preferences) -> RadioChoice {
    let label = match cadence {
        Cadence::Immediate => "As soon as something changed",
        Cadence::Daily => "Once a day, at 8 in the morning",
        Cadence::Weekly => "Once a week, on Monday at 8 in the morning",
    };
    RadioChoice { value, label: label.to_owned(), is_chosen: preferences.cadence == cadence }
}

/// Every zone once, the chosen one even by an older name.
fn zones(chosen: Tz) -> Vec<(&'static str, Vec<RadioChoice>)> {
    let mut regions: BTreeMap<&'static str, Vec<RadioChoice>> = BTreeMap::new();
    for zone in &TZ_VARIANTS {
        let (name, is_chosen) = (zone.name(), *zone == chosen);
        let (region, place) = name.split_once('/').unwrap_or(("", name));
        let region = REGIONS.into_iter().find(|known| *known == region);
        if region.is_some() || is_chosen || *zone == Tz::UTC {
            let label = if region.is_some() { place.replace('_', " ") } else { name.to_owned() };
            let choice = RadioChoice { value: name, label, is_chosen };
            regions.entry(region.unwrap_or("World")).or_default().push(choice);
        }
    }
    regions.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(zone: Tz) -> Vec<(&'static str, &'static str)> {
        let all = zones(zone);
        let choices = all.iter().flat_map(|(region, zones)| zones.iter().map(move |zone| (*region, zone)));
        choices.filter(|(_, zone)| zone.is_chosen).map(|(region, zone)| (region, zone.value)).collect()
    }

    #[test]
    fn the_chosen_zone_is_among_those_that_can_be_chosen() {
        assert_eq!(chosen(Tz::Europe__Berlin), [("Europe", "Europe/Berlin")]);
        assert_eq!(chosen(Tz::UTC), [("World", "UTC")]);
        assert_eq!(chosen(Tz::US__Eastern), [("World", "US/Eastern")]);
        let regions: Vec<&str> = zones(Tz::UTC).iter().map(|(region, _)| *region).collect();
        assert_eq!(regions.len(), REGIONS.len() + 1);
    }
}
