//! How the server would answer what it is asked often: by an index, or by reading a whole table.
//!
//! A step that read a whole table is in the way of everybody who writes it, and takes longer with every record. Where
//! an index leads, the connections forbid it ([`statements::SET_UP`]), so that a plan which does so nevertheless says
//! that an index is missing, or that a question was written for which there is none.

use tokio_postgres::types::ToSql;

use super::fault::ServerFault;
use super::link::ServerLink;
use super::statements::{self, RangeEnd, RangeOf, sql};
use crate::store::error::StoreError;
use crate::store::kept::trees::{TreeName, Trees};

type Parameter<'a> = &'a (dyn ToSql + Sync);

/// The questions for which the server would read a whole table.
pub(super) fn without_index(link: &ServerLink) -> Result<Vec<String>, StoreError> {
    let key: &[u8] = b"m";
    let (keys, limit, at, horizon) = (vec![key], 100_i64, 1_i32, "1:1:");
    let (lasting, configuration) = (20_f64, Some("m"));
    let within: [Parameter<'_>; 2] = [&key, &key];
    let mut findings = Vec::new();
    let mut look = |text: &str, parameters: &[Parameter<'_>]| -> Result<(), StoreError> {
        let plan = explain(link, text, parameters)?;
        if let Some(step) = read_whole(&plan) {
            findings.push(format!("no index leads to what is asked by {text}: {step}"));
        }
        Ok(())
    };
    for tree in TreeName::all() {
        let statements = sql(tree);
        look(&statements.get, &[&key])?;
        look(&statements.get_all, &[&keys])?;
        look(&statements.has, &[&key])?;
        look(&statements.remove, &[&keys])?;
        for end in [RangeEnd::Front, RangeEnd::Back] {
            let closed = RangeOf { end, has_values: true, is_open: false };
            look(statements.range(closed), &[&key, &limit, &key])?;
            let open = RangeOf { is_open: true, ..closed };
            look(statements.range(open), &[&key, &limit])?;
        }
        if let Some(claim) = &statements.claim {
            look(claim, &[&key, &limit, &keys, &lasting, &configuration])?;
        }
        if let Some(wanted) = &statements.wanted {
            look(wanted, &[&keys, &horizon])?;
        }
    }
    let [from, to] = within;
    look(statements::END_OF_RUN, &[from, to, &at, &limit])?;
    look(statements::WAYS_OF_RUN, &[from, to, &key, &key])?;
    look(statements::READERS_OF_RUN, &[from, to, &at, &keys])?;
    look(statements::UNSEEN_OF_RUN, &[from, to, &at, &key, &key, &keys, &keys])?;
    look(statements::GIVE_TO_RUN, &[from, to, &at, &keys, &keys, &key, &key, &keys])?;
    let (name, number, note) = ("m", 1_i64, None::<&[u8]>);
    let (names, numbers, times) = (vec![name], vec![number], vec![lasting]);
    look(statements::CLAIM, &[&names, &number, &number, &lasting, &configuration])?;
    look(statements::FREE_IN, &[&names])?;
    look(statements::KEEP_UP, &[&names, &numbers, &times, &number])?;
    look(statements::GIVE_BACK, &[&name, &number, &number, &lasting, &note])?;
    look(statements::HOLDS, &[&name, &number, &number])?;
    // As it is asked: of steps that ended a moment ago.
    let since = link.look(Trees::horizon)?;
    look(statements::RUNG_SINCE, &[&since, &number])?;
    Ok(findings)
}

fn explain(link: &ServerLink, text: &str, parameters: &[Parameter<'_>]) -> Result<Vec<String>, StoreError> {
    let client = link.client()?;
    let rows = link.block_on(client.query(&format!("EXPLAIN (COSTS OFF) {text}"), parameters));
    let rows = rows.map_err(|error| StoreError::from(ServerFault::of(&error)))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The step of a plan that reads all of a table, or all of an index: one for which no condition leads into an index.
fn read_whole(plan: &[String]) -> Option<&str> {
    let is_step = |line: &&String| line.contains("->") || !line.starts_with(' ');
    for (number, line) in plan.iter().enumerate() {
        let of_step = plan[number + 1..].iter().take_while(|line| !is_step(line));
        let is_scan = ["Index Scan", "Index Only Scan"].iter().any(|scan| line.contains(scan));
        let says = |word: &str| of_step.clone().any(|line| line.trim_start().starts_with(word));
        // The first rows of an index, whichever they are, are not all of it.
        let is_front =
            number > 0 && plan[number - 1].trim_start_matches([' ', '-', '>']) == "Limit" && !says("Filter:");
        if line.contains("Seq Scan") || (is_scan && !is_front && !says("Index Cond:")) {
            return Some(line.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(plan: &str) -> Option<String> {
        let lines: Vec<String> = plan.lines().map(str::to_owned).collect();
        read_whole(&lines).map(str::to_owned)
    }

    #[test]
    fn a_plan_that_reads_a_whole_table_is_told_from_one_that_is_led_by_an_index() {
        let led = "Limit\n  ->  Index Scan using mails_due_pkey on mails_due\n        Index Cond: (key < 'm'::bytea)\n        Filter: true";
        assert_eq!(found(led), None);
        let whole =
            led.replace("Index Scan using mails_due_pkey", "Seq Scan").replace("Index Cond", "Filter");
        assert_eq!(found(&whole).as_deref(), Some("->  Seq Scan on mails_due"));
        let all_of_index = led.replace("        Index Cond: (key < 'm'::bytea)\n", "");
        assert_eq!(found(&all_of_index).as_deref(), Some("->  Index Scan using mails_due_pkey on mails_due"));
        let front = all_of_index.replace("\n        Filter: true", "");
        assert_eq!(found(&front), None, "the first of an index");
        // The condition of one step is not another's.
        let two = format!("Index Scan using a on a\n{led}");
        assert_eq!(found(&two).as_deref(), Some("Index Scan using a on a"));
        assert_eq!(found("Index Only Scan using a on a\n  Index Cond: (key = '\\x6d'::bytea)"), None);
    }
}
