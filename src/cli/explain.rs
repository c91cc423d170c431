//! Matches with everything that speaks for them.

use super::screen::Screen;
use crate::domain::change::Change;
use crate::domain::matching::Match;
use crate::render::match_for_terminal;

/// Why a change concerns whom, and whom it may concern.
pub(super) fn change(change: &Change, screen: Screen) -> anyhow::Result<()> {
    if screen.json {
        let (matches, possible) = (&change.matches, &change.possible);
        return screen
            .object(&serde_json::json!({ "id": change.id, "matches": matches, "possible": possible }));
    }
    let title = ("title".to_owned(), change.entry.title.clone());
    let texts: Vec<(String, String)> = change.entry.context.iter().cloned().chain([title]).collect();
    if change.matches.is_empty() {
        screen.line("it concerns no tracked company")?;
    }
    print(&change.matches, &texts, screen)?;
    if !change.possible.is_empty() {
        screen.line("possible, no alert was raised:")?;
        print(&change.possible, &texts, screen)?;
    }
    Ok(())
}

/// Whom a text names, and whom it would name as the name of an entry on a list.
pub(super) fn text(
    text: &str,
    matches: &[Match],
    resembling: &[Match],
    screen: Screen,
) -> anyhow::Result<()> {
    if screen.json {
        return screen.object(&serde_json::json!({ "matches": matches, "as_list_name": resembling }));
    }
    let texts = [("text".to_owned(), text.to_owned())];
    if matches.is_empty() {
        screen.line("no tracked company is named")?;
    }
    print(matches, &texts, screen)?;
    if !resembling.is_empty() {
        screen.line("as a name on a list it would be compared:")?;
        print(resembling, &texts, screen)?;
    }
    Ok(())
}

fn print(matches: &[Match], texts: &[(String, String)], screen: Screen) -> anyhow::Result<()> {
    matches
        .iter()
        .try_for_each(|found| screen.line(match_for_terminal(found, texts, screen.colour).trim_end()))
}
