//! A change as a page to be read, with nothing in it that the change does not say. Part of form 1: a package is
//! checked by making its pages again, so nothing here may ever change.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::domain::change::Evidence;
use crate::domain::evidence::ToldChange;

/// The page of a change; told is also when a person took it back.
pub(super) fn change_page(change: &ToldChange, retracted_at: Option<DateTime<Utc>>) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    let title = shown(&change.title);
    let _ = writeln!(
        page,
        "<title>{title}</title><style>body{{font:1rem/1.5 sans-serif;max-width:50rem;margin:2rem auto}}\
         th{{text-align:left;vertical-align:top;padding-right:1rem}}td{{white-space:pre-wrap}}\
         code{{overflow-wrap:anywhere}}</style></head><body>\n<h1>{title}</h1>"
    );
    if let Some(at) = retracted_at {
        let _ = writeln!(
            page,
            "<p><strong>Taken back on {}: a person said that the read which shows this was not the source's.</strong></p>",
            at.to_rfc3339()
        );
    }
    let _ = writeln!(page, "<table>");
    row(&mut page, "What happened", &change.kind.to_string());
    row(&mut page, "Source", &change.source_title);
    if let Some(date) = &change.date {
        row(&mut page, "Date", &date.to_string());
    }
    if let Some(url) = &change.url {
        row(&mut page, "Address", url);
    }
    row(&mut page, "Found", &change.found_at.to_rfc3339());
    row(&mut page, "Change", change.id.as_str());
    let _ = writeln!(
        page,
        "</table>\n<h2>What differs</h2>\n<table><tr><th></th><th>Before</th><th>After</th></tr>"
    );
    for field in &change.fields {
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{}</td><td>{}</td></tr>",
            shown(&field.name),
            shown(field.before.as_deref().unwrap_or_default()),
            shown(field.after.as_deref().unwrap_or_default())
        );
    }
    let _ = writeln!(page, "</table>\n<h2>What the entry says</h2>\n<table>");
    for (name, text) in &change.context {
        row(&mut page, name, text);
    }
    let _ = writeln!(page, "</table>");
    read(&mut page, "The read that shows it", &change.evidence);
    read(&mut page, "The read before it", &change.previous);
    page.push_str("</body></html>\n");
    page
}

fn read(page: &mut String, heading: &str, evidence: &Evidence) {
    let _ = writeln!(page, "<h2>{heading}</h2>\n<table>");
    row(page, "Address", &evidence.url);
    row(page, "Read", &evidence.read_at.to_rfc3339());
    row(page, "HTTP status", &evidence.status.to_string());
    row(page, "SHA-256", evidence.sha256.as_str());
    let _ = writeln!(page, "</table>");
}

fn row(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, "<tr><th>{}</th><td>{}</td></tr>", shown(name), shown(text));
}

/// Text of a source: no markup, and nothing that hides or turns what stands beside it.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            '\n' | '\t' => shown.push(letter),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                shown.push('\u{fffd}');
            }
            letter if letter.is_control() => shown.push('\u{fffd}'),
            letter => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_says_is_text_and_nothing_else() {
        assert_eq!(
            shown("<b a='\"'>&\u{202e}\u{0}x\n"),
            "&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{fffd}\u{fffd}x\n"
        );
    }
}
