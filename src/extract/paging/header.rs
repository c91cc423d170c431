//! The header `Link` (RFC 8288): where an answer is continued.

use url::Url;

/// The address of the next page that a `Link` header names, from where the answer stands.
pub(in crate::extract) fn address_of_next(header: &str, base: &Url) -> Option<Url> {
    let target =
        links(header).into_iter().find_map(|(target, parameters)| is_next(parameters).then_some(target))?;
    base.join(target.trim()).ok()
}

/// The links of a header, each with its parameters.
fn links(header: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, behind)) = rest.split_once('<') {
        let Some((target, behind)) = behind.split_once('>') else { break };
        let end = end_of_parameters(behind);
        found.push((target, &behind[..end]));
        rest = &behind[end..];
    }
    found
}

/// Where the parameters of a link end: at a comma that is not within quotes.
fn end_of_parameters(text: &str) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel")
            && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::address_of_next;

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        let base = "https://agency.test/api/list".parse().unwrap();
        assert_eq!(address_of_next(header, &base).map(String::from).as_deref(), expected, "{header}");
    }

    #[test]
    fn the_next_page_is_found_among_the_links() {
        check(
            "<https://agency.test/api/list?page=2>; rel=\"next\"",
            Some("https://agency.test/api/list?page=2"),
        );
        check(
            "<?page=1>; rel=prev, <?page=3>; title=\"a, b\"; rel=\"next last\"",
            Some("https://agency.test/api/list?page=3"),
        );
        check("</a,b>; REL=Next", Some("https://agency.test/a,b"));
        for none in [
            "",
            "<?page=2>; rel=prev",
            "<?page=2>; title=\"rel=next\"; rel=last",
            "<?page=2",
            "?page=2; rel=next",
        ] {
            check(none, None);
        }
    }
}
