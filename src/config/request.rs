//! How a source is asked for, beyond its address.

use std::collections::BTreeMap;
use std::path::Path;

use super::header::headers;
use super::node::{Keys, Node, Table};
use super::spelling::none_of;
use super::{section, token};
use crate::domain::source::{Request, SourceKind};

pub(super) const ROBOTS: Keys = Keys { heading: "robots", names: &["ignore", "because"] };

/// Who may show a page before it is read.
const RENDERERS: [&str; 2] = ["none", "browser"];

/// The request's keys of a source's table.
pub(super) fn request(table: &Table<'_>, folder: &Path, kind: &SourceKind) -> Option<Request> {
    let headers = table.or("headers", BTreeMap::new(), headers);
    let proxy = section::proxy(table, folder);
    let token = token::token(table, folder, kind);
    let ignores_robots = table.or("robots", None, robots);
    let in_browser = table.or("render", false, |node| render(node, table));
    Some(Request {
        headers: headers?,
        proxy: proxy.ok()?,
        token: token.ok()?,
        ignores_robots: ignores_robots?,
        in_browser: in_browser?,
    })
}

/// Why robots.txt is passed over, if it is: whoever does so says why.
#[expect(clippy::option_option, reason = "the outer one is a fault, the inner one a choice")]
fn robots(node: &Node<'_>) -> Option<Option<String>> {
    let table = node.table(&ROBOTS)?;
    let ignores = table.or("ignore", false, Node::flag)?;
    if !ignores {
        let Some(because) = table.get("because") else { return Some(None) };
        because.fault("is given although robots.txt is heeded, expected none");
        return None;
    }
    let because = table.require("because", "the reason why robots.txt does not speak of this source")?;
    Some(Some(because.line()?.to_owned()))
}

fn render(node: &Node<'_>, table: &Table<'_>) -> Option<bool> {
    let name = node.text()?;
    if !RENDERERS.contains(&name) {
        node.fault(none_of(name, &RENDERERS));
        return None;
    }
    let in_browser = name == "browser";
    // A browser's way out is the program's own, which keeps it out of private networks, and a token
    // would be shown to every script on the page.
    let unusable: Vec<Node<'_>> =
        ["proxy", "token_file", "token_variable"].into_iter().filter_map(|key| table.get(key)).collect();
    if in_browser && !unusable.is_empty() {
        for node in &unusable {
            node.fault("cannot be used by a browser, expected none beside render");
        }
        return None;
    }
    Some(in_browser)
}
