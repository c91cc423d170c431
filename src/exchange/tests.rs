//! What goes out comes back, and what cannot be taken is told by its line.

use strum::VariantArray as _;

use super::*;
use crate::domain::company::Alias;
use crate::domain::id::CompanyId;
use crate::domain::identifier::Identifier;

fn id(text: &str) -> CompanyId {
    text.parse().unwrap()
}

fn cited(name: &str, kind: AliasKind) -> Alias {
    Alias { source: Some("https://amber.example/about".to_owned()), ..Alias::new(name, kind) }
}

fn number(scheme: IdentifierScheme, value: &str) -> Identifier {
    Identifier { scheme, value: value.to_owned(), source: Some("register, p. 1".to_owned()) }
}

/// Companies that have everything a company can have.
fn stones() -> Vec<Company> {
    let amber = Company {
        aliases: AliasKind::VARIANTS
            .iter()
            .map(|&kind| match kind {
                AliasKind::NativeScript => cited("琥珀网络", kind),
                AliasKind::Short => Alias::new("AMB", kind),
                kind => Alias::new(format!("Amber, \"{kind}\""), kind),
            })
            .collect(),
        not: vec!["Amber Alert".to_owned()],
        identifiers: vec![
            number(IdentifierScheme::Isin, "CNE100000PM8"),
            number(IdentifierScheme::Uscc, "91330000733796106P"),
            number(IdentifierScheme::Other, "HRB 1"),
        ],
        exposures: vec!["drones".parse().unwrap()],
        sources: vec!["https://amber.example/".to_owned(), "annual report".to_owned()],
        ..Company::new(id("amber"), "Amber Networks Co., Ltd.")
    };
    let onyx = Company { parent: Some(id("amber")), ..Company::new(id("onyx"), "Onyx") };
    vec![amber, onyx]
}

#[track_caller]
fn parsed(format: Format, text: &str) -> Vec<Company> {
    let Parsed { companies, faults } = format.parse(text);
    assert_eq!(faults, []);
    companies.into_iter().map(|incoming| incoming.company).collect()
}

#[test]
fn what_goes_out_as_csv_comes_back_the_same() {
    assert_eq!(parsed(Format::Csv, &Format::Csv.write(&stones()).unwrap()), stones());
}

#[test]
fn the_order_of_rows_does_not_matter_to_a_csv() {
    let rows = ["amber,name,Amber Networks,", "amber,trade,amber  networks,", "amber,exposed-to,drones,"];
    let read =
        |rows: &[&str]| parsed(Format::Csv, &format!("company,kind,value,source\n{}\n", rows.join("\n")));
    let company = read(&rows).remove(0);
    assert_eq!((company.aliases.len(), company.exposures.len()), (0, 1));
    assert_eq!(read(&[rows[2], rows[1], rows[0], rows[2]]), [company]);
}

#[test]
fn what_goes_out_as_ftm_comes_back_with_every_name_number_and_owner() {
    let back = parsed(Format::Ftm, &Format::Ftm.write(&stones()).unwrap());
    let texts = |companies: &[Company]| -> Vec<_> {
        let of = |company: &Company| {
            let mut names: Vec<String> = company.aliases.iter().map(|alias| alias.name.clone()).collect();
            names.extend(company.identifiers.iter().map(|number| number.value.clone()));
            names.sort();
            (company.id.clone(), company.name.clone(), names, company.parent.clone())
        };
        companies.iter().map(of).collect()
    };
    assert_eq!(texts(&back), texts(&stones()));
    let kinds: Vec<AliasKind> = back[0].aliases.iter().map(|alias| alias.kind).collect();
    for kind in [AliasKind::Legal, AliasKind::Short, AliasKind::Former, AliasKind::NativeScript] {
        assert!(kinds.contains(&kind), "{kind:?}: {kinds:?}");
    }
    let again = Format::Ftm.write(&back).unwrap();
    assert_eq!(Format::Ftm.write(&parsed(Format::Ftm, &again)).unwrap(), again);
}

#[test]
fn entities_as_they_are_published_are_taken_and_others_passed_over() {
    let text = r#"{"id":"NK-1","schema":"Company","properties":{"name":["琥珀网络有限公司","Amber Networks Co., Ltd."],"alias":["Amber"],"weakAlias":["AMB"],"registrationNumber":["91330000733796106P"],"country":["cn"]},"datasets":["x"]}
{"id":"NK-2","schema":"Organization","properties":{"name":["Amber Networks Co., Ltd."]}}
{"id":"NK-3","schema":"Person","properties":{"name":["Somebody"]}}

{"id":"NK-4","schema":"Ownership","properties":{"owner":["NK-1"],"asset":["NK-2"]}}
{"id":"NK-5","schema":"Ownership","properties":{"owner":["NK-3"],"asset":["NK-1"]}}
"#;
    let companies = parsed(Format::Ftm, text);
    let ids: Vec<&str> = companies.iter().map(|company| company.id.as_str()).collect();
    assert_eq!(ids, ["amber-networks-co-ltd", "amber-networks-co-ltd-2"]);
    assert_eq!(companies[1].parent.as_ref(), Some(&companies[0].id));
    assert_eq!(companies[0].parent, None, "a person is no company");
    assert_eq!(companies[0].aliases[0], Alias::new("琥珀网络有限公司", AliasKind::NativeScript));
    assert_eq!(companies[0].identifiers[0].scheme, IdentifierScheme::Uscc);
}

#[test]
fn companies_of_one_name_are_numbered_in_time_that_grows_with_them() {
    let entity =
        |n| format!("{{\"id\":\"É{n}\",\"schema\":\"Company\",\"properties\":{{\"name\":[\"Onyx\"]}}}}\n");
    let companies = parsed(Format::Ftm, &(0..20_000).map(entity).collect::<String>());
    assert_eq!(companies.last().unwrap().id, id("onyx-20000"));
}

#[track_caller]
fn check_faults(format: Format, text: &str, expected: &[(u64, &str)]) {
    let faults = format.parse(text).faults;
    let lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, expected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), "{faults:?}");
    for (fault, (_, words)) in faults.iter().zip(expected) {
        assert!(fault.message.contains(words), "{fault}");
    }
}

#[test]
fn every_fault_of_a_csv_is_told_by_its_line() {
    check_faults(Format::Csv, "id,name\n", &[(1, "has no column \"company\"")]);
    check_faults(
        Format::Csv,
        "company,kind,value\nAmber,name,Amber\namber,trade,Technology\namber,lei,1\namber,hue,yellow\namber,trade,\nonyx,name,Onyx\nonyx,name,Onyx 2\n",
        &[
            (2, "company id \"Amber\" is not valid"),
            (3, "times in"),
            (3, "company amber has no row of kind name"),
            (4, "expected an LEI"),
            (5, "found the kind \"hue\""),
            (6, "is blank"),
            (8, "is called \"Onyx\" already"),
        ],
    );
}

#[test]
fn every_fault_of_an_entity_is_told_by_its_line() {
    check_faults(
        Format::Ftm,
        "{\n{\"id\":\"a\",\"schema\":\"Company\"}\n{\"id\":\"b\",\"schema\":\"Company\",\"properties\":{\"name\":[\"Basalt\"],\"weakAlias\":[\"China\"],\"leiCode\":[\"1\"]}}\n{\"id\":\"琥\",\"schema\":\"Company\",\"properties\":{\"name\":[\"琥珀网络\"]}}\n",
        &[
            (1, "is no FollowTheMoney entity"),
            (2, "has no name"),
            (3, "times in"),
            (3, "expected an LEI"),
            (4, "no id can be made"),
        ],
    );
}

#[test]
fn a_twin_shares_an_id_a_name_or_a_number_and_a_relative_is_none() {
    let known = TrackedCompanies::of(&stones());
    let twins =
        |company: &Company| -> Vec<String> { known.twins(company).iter().map(ToString::to_string).collect() };
    let mut company = Company::new(id("beryl"), "AMBER NETWORKS CO LTD");
    assert_eq!(twins(&company), ["amber"]);
    company.parent = Some(id("onyx"));
    assert_eq!(twins(&company), [""; 0], "it may bear the name of a company above it");
    let mut numbered = Company::new(id("onyx"), "Beryl");
    numbered.identifiers.push(number(IdentifierScheme::Isin, "CNE100000PM8"));
    numbered.aliases.push(Alias::new("Amber Alert", AliasKind::Trade));
    assert_eq!(twins(&numbered), ["amber", "onyx"]);
}

#[test]
fn only_what_is_new_is_beyond_what_is_known() {
    let amber = stones().remove(0);
    let mut known = TrackedCompanies::of(&stones());
    let nothing = Company::new(id("amber"), "Amber Networks Co., Ltd.");
    assert_eq!(known.merge(&amber.id, amber.clone()), Some(nothing));
    let mut more = amber.clone();
    more.name = "Amber Group".to_owned();
    more.aliases.push(Alias::new("Succinite", AliasKind::Brand));
    more.parent = Some(id("onyx"));
    let beyond = known.merge(&amber.id, more).unwrap();
    let names: Vec<&str> = beyond.aliases.iter().map(|alias| alias.name.as_str()).collect();
    assert_eq!(names, ["Amber Group", "Succinite"]);
    assert_eq!(beyond.parent, Some(id("onyx")));
    assert_eq!(known.twins(&Company::new(id("other"), "succinite")).len(), 1, "it is known from then on");
}

#[test]
fn thirty_thousand_names_of_one_company_are_told_apart_in_no_time() {
    // A look at every earlier name for each would take minutes.
    let names = |number: u32| format!("amber,trade,Amber {number}\n");
    let rows: String = (0..30_000).map(names).collect();
    let parsed = Format::Csv.parse(&format!("company,kind,value\namber,name,Amber Works\n{rows}{rows}"));
    assert_eq!(parsed.faults, []);
    assert_eq!(parsed.companies[0].company.aliases.len(), 30_000);
    let mut known = TrackedCompanies::of(&stones());
    for number in 0..30_000 {
        let more = known.merge(&id("amber"), Company::new(id("other"), format!("Succinite {number}")));
        assert_eq!(more.unwrap().aliases.len(), 1);
    }
    assert_eq!(known.get(&id("amber")).unwrap().aliases.len(), stones()[0].aliases.len() + 30_000);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,80}", number in 0..3_usize) {
        let text = ["", "company,kind,value\n", "{\"id\":\"a\",\"schema\":\"Company\","][number].to_owned() + &text;
        let _ = (Format::Csv.parse(&text), Format::Ftm.parse(&text));
    }
}
