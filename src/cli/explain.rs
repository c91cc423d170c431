//! Matches with everything that speaks for them.

use super::output::Output;
use crate::domain::change::Change;
use crate::domain::matching::Match;
use crate::render::match_for_terminal;

/// Why a change concerns whom, and whom it may concern.
pub(super) fn change(change: &Change, output: Output) -> anyhow::Result<()> {
    if output.json {
        let (matches, possible) = (&change.matches, &change.possible);
        return output
            .object(&serde_json::json!({ "id": change.id, "matches": matches, "possible": possible }));
    }
    let title = ("title".to_owned(), change.entry.title.clone());
    let texts: Vec<(String, String)> = change.entry.context.iter().cloned().chain([title]).collect();
    if change.matches.is_empty() {
        output.line("it concerns no tracked company")?;
    }
    print(&change.matches, &texts, output)?;
    if !change.possible.is_empty() {
        output.line("possible, no alert was raised:")?;
        print(&change.possible, &texts, output)?;
    }
    Ok(())
}

/// Whom a text names, and whom it would name as the name of an entry on a list.
pub(super) fn text(
    text: &str,
    matches: &[Match],
    resembling: &[Match],
    output: Output,
) -> anyhow::Result<()> {
    if output.json {
        return output.object(&serde_json::json!({ "matches": matches, "as_list_name": resembling }));
    }
    let texts = [("text".to_owned(), text.to_owned())];
    if matches.is_empty() {
        output.line("no tracked company is named")?;
    }
    print(matches, &texts, output)?;
    if !resembling.is_empty() {
        output.line("as a name on a list it would be compared:")?;
        print(resembling, &texts, output)?;
    }
    Ok(())
}

fn print(matches: &[Match], texts: &[(String, String)], output: Output) -> anyhow::Result<()> {
    matches
        .iter()
        .try_for_each(|found| output.line(match_for_terminal(found, texts, output.colour).trim_end()))
}
