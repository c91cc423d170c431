//! Problems that many sources have at once, each in one line: a list of the same words says less.

use std::collections::BTreeMap;

use crate::domain::id::SourceId;

/// Fewer sources are each told by themselves.
const MANY: usize = 3;

/// As many of them are named.
const NAMED: usize = 2;

/// What the system says where a name leads nowhere (getaddrinfo(3)).
const NO_NAME: &str = "failed to lookup address information";

/// What it says where there is no way to any network (ENETUNREACH).
const NO_NETWORK: &str = "Network is unreachable";

/// A problem, and whose it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SharedProblem<'a> {
    cause: String,
    pub sources: Vec<&'a SourceId>,
}

impl SharedProblem<'_> {
    /// The problem in a line.
    pub(super) fn line(&self) -> String {
        let named: Vec<&str> = self.sources.iter().take(NAMED).map(|source| source.as_str()).collect();
        let more = self.sources.len() - named.len();
        format!("{} sources: {} ({} and {more} more)", self.sources.len(), self.cause, named.join(", "))
    }
}

/// The problems that many share, those of most sources first.
pub(super) fn shared<'a>(
    problems: impl IntoIterator<Item = (&'a SourceId, &'a str)>,
) -> Vec<SharedProblem<'a>> {
    let mut by_cause: BTreeMap<String, Vec<&SourceId>> = BTreeMap::new();
    for (source, reason) in problems {
        by_cause.entry(cause(reason)).or_default().push(source);
    }
    let many = by_cause.into_iter().filter(|(_, sources)| sources.len() >= MANY);
    let mut shared: Vec<SharedProblem> =
        many.map(|(cause, sources)| SharedProblem { cause, sources }).collect();
    shared.sort_by_key(|problem| std::cmp::Reverse(problem.sources.len()));
    shared
}

/// A reason without what is one source's alone.
fn cause(reason: &str) -> String {
    if reason.contains(NO_NAME) {
        return "this machine cannot resolve names".to_owned();
    }
    if reason.contains(NO_NETWORK) {
        return "this machine has no network connection".to_owned();
    }
    let general = |word: &'_ str| if word.contains("://") { "the address" } else { word }.to_owned();
    reason.split(' ').map(general).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_sources_have_is_one_line_and_what_few_have_is_theirs() {
        let ids: Vec<SourceId> =
            ["list", "docket", "feed", "page", "other"].iter().map(|id| id.parse().unwrap()).collect();
        let unresolved = "https://a.test/ could not be reached: failed to lookup address information: Name or service not known";
        let refused = |host: &str| format!("https://{host}.test/x could not be reached: Connection refused");
        let (a, b) = (refused("a"), refused("b"));
        let problems = [unresolved, unresolved, &a, unresolved, &b];
        let found = shared(ids.iter().zip(problems));
        let lines: Vec<String> = found.iter().map(SharedProblem::line).collect();
        assert_eq!(lines, ["3 sources: this machine cannot resolve names (list, docket and 1 more)"]);
        let all = [&a[..], &b, &a, &b];
        let lines: Vec<String> = shared(ids.iter().zip(all)).iter().map(SharedProblem::line).collect();
        assert_eq!(
            lines,
            ["4 sources: the address could not be reached: Connection refused (list, docket and 2 more)"]
        );
    }
}
