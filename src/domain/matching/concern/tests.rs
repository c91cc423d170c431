use super::*;
use crate::domain::category::Category;
use crate::domain::change::{ChangeKind, FieldChange};
use crate::domain::company::{Alias, AliasKind};
use crate::domain::diff::whole;
use crate::domain::noise::Noise;
use crate::domain::scoring::Thresholds;
use crate::domain::source::{PageTextSettings, RequestSettings, SourceKind};

fn watchlist() -> Watchlist {
    let company = |id: &str, name: &str, alias: &str, kind| Company {
        aliases: vec![Alias::new(alias, kind)],
        ..Company::new(id.parse().unwrap(), name)
    };
    let marine = Company {
        parent: Some("huawei".parse().unwrap()),
        ..company("marine", "HMN Technologies Co., Ltd.", "HMN Tech", AliasKind::Trade)
    };
    let drones = Company {
        exposures: vec!["drones".parse().unwrap()],
        ..company("dji", "SZ DJI Technology Co., Ltd.", "DJI", AliasKind::Short)
    };
    let category = Category {
        id: "drones".parse().unwrap(),
        title: "foreign drones".to_owned(),
        phrases: vec!["uncrewed aircraft systems".to_owned()],
    };
    Watchlist::with(
        vec![
            company("huawei", "Huawei Technologies Co., Ltd.", "HiSilicon", AliasKind::Subsidiary),
            company(
                "hikvision",
                "Hangzhou Hikvision Digital Technology Co., Ltd.",
                "Hikvision",
                AliasKind::Trade,
            ),
            marine,
            drones,
        ],
        vec![category],
        Thresholds::default(),
    )
    .unwrap()
}

fn source(kind: SourceKind) -> Source {
    Source {
        id: "list".parse().unwrap(),
        title: "A list".to_owned(),
        url: "https://agency.test/list".parse().unwrap(),
        schedule: "@hourly".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        guard: kind.default_guard(),
        noise: Noise::default(),
        request: RequestSettings::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: crate::domain::catalogue::Catalogue::default(),
        listing: None,
        kind,
    }
}

fn added(title: &str, field: &str, text: &str) -> EntryChange {
    EntryChange {
        kind: ChangeKind::Added,
        key: "entry".to_owned(),
        title: title.to_owned(),
        date: None,
        url: None,
        fields: vec![FieldChange { name: field.to_owned(), before: None, after: Some(text.to_owned()) }],
        context: vec![(field.to_owned(), text.to_owned())],
    }
}

fn amended(before: &str, after: &str) -> EntryChange {
    let text = |text: &str| ("text".to_owned(), text.to_owned());
    EntryChange {
        kind: ChangeKind::Amended,
        fields: vec![FieldChange {
            name: "text".to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        }],
        context: vec![text(before), text(after)],
        ..added("an entry", "text", after)
    }
}

/// Each match as `company rule part`.
#[track_caller]
fn check(kind: SourceKind, change: &EntryChange, matches: &[&str], possible: &[&str]) -> Concern {
    let concern = watchlist().concern(&source(kind), change);
    let said = |found: &Match| format!("{} {:?} {:?}", found.company, found.rule, found.part);
    assert_eq!(concern.matches.iter().map(said).collect::<Vec<_>>(), matches);
    let said: Vec<&str> = concern.possible.iter().map(|found| found.company.as_str()).collect();
    assert_eq!(said, possible);
    concern
}

#[test]
fn words_that_changed_are_told_from_the_entry_they_stand_in() {
    let list = SourceKind::FccCoveredList;
    check(
        list.clone(),
        &amended("made by Hikvision, one", "made by Hikvision, two"),
        &["hikvision Alias Entry"],
        &[],
    );
    check(
        list.clone(),
        &amended("made by us", "made by us and Hikvision"),
        &["hikvision Alias AddedWords"],
        &[],
    );
    check(list, &amended("made by us and Hikvision", "made by us"), &["hikvision Alias RemovedWords"], &[]);
}

#[test]
fn a_company_that_is_named_concerns_those_who_own_it() {
    let concern = check(
        SourceKind::Feed,
        &added("news", "text", "A contract went to HMN Tech."),
        &["marine Alias Entry", "huawei Alias Entry"],
        &[],
    );
    assert!(concern.matches[0].path.is_empty());
    assert_eq!(concern.matches[1].path, ["HMN Tech", "Huawei Technologies Co., Ltd."]);
    let concern =
        check(SourceKind::Feed, &added("news", "text", "HiSilicon chips"), &["huawei Alias Entry"], &[]);
    assert_eq!(concern.matches[0].path, ["HiSilicon", "Huawei Technologies Co., Ltd."]);
}

#[test]
fn a_clause_and_a_category_expose_and_never_hit() {
    let clause = "Equipment produced by Huawei Technologies Company, or by any subsidiaries or affiliates of such entities";
    let concern = check(
        SourceKind::FccCoveredList,
        &added("row", "text", clause),
        &["huawei Alias Entry", "marine Exposure Entry"],
        &[],
    );
    assert_eq!(concern.matches[1].path, ["Huawei Technologies Co., Ltd.", "HMN Tech"]);
    assert!(!concern.matches[1].is_hit());
    let category = "Uncrewed aircraft systems produced in a foreign country";
    let concern =
        check(SourceKind::FccCoveredList, &added("row", "text", category), &["dji Exposure Entry"], &[]);
    assert_eq!(concern.matches[0].reason, "the category “foreign drones” covers it");
    check(SourceKind::Feed, &added("news", "text", category), &[], &[]);
}

#[test]
fn a_caption_concerns_every_entry_of_its_docket() {
    let change = added("order", CAPTION, "Hikvision USA, Inc. v. FCC");
    check(SourceKind::Feed, &change, &["hikvision Caption Entry"], &[]);
}

#[test]
fn a_name_on_a_list_that_is_nearly_one_of_ours_is_told_or_kept_as_possible() {
    let named = |name: &str| added(name, "name", name);
    let misspelt = named("Hangzhou Hikvison Digital Technologies Company");
    let concern = check(SourceKind::FccCoveredList, &misspelt, &["hikvision Name Entry"], &[]);
    assert!(concern.matches[0].score < Score::default());
    assert!(concern.matches[0].reason.contains("hikvision = hikvison"), "{}", concern.matches[0].reason);
    let sibling = named("Hikvison Digital Technology (Mexico) S.A.");
    check(SourceKind::FccCoveredList, &sibling, &[], &["hikvision"]);
    check(SourceKind::Feed, &misspelt, &[], &[]);
}

#[test]
fn a_record_from_before_there_were_scores_is_read() {
    let record = r#"{"company":"zte","alias":"ZTE","alias_kind":"short","rule":"alias","field":"text",
        "span":{"start":0,"end":3},"excerpt":"ZTE"}"#;
    let found: Match = serde_json::from_str(record).unwrap();
    assert_eq!((found.score, found.part), (Score::default(), ChangePart::Entry));
    assert!(found.path.is_empty() && found.reason.is_empty());
}

/// The companies that a change of a section concerns.
fn concerned_by(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    use crate::domain::diff::diff;
    use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
    let source = source(SourceKind::PageText(PageTextSettings {
        keep: vec!["main".to_owned()],
        drop: Vec::new(),
        one_page: false,
    }));
    let source = Source { noise: Noise::of(source.kind.default_noise()), ..source };
    let page = |fields: &[(&str, &str)]| {
        let section = Entry::new("notices", "Notices");
        let section = fields.iter().fold(section, |section, (name, text)| section.with(*name, *text));
        Document::new(vec![section], Completeness::Whole, Resemblance::Text)
    };
    let changes = diff(&page(before), &page(after), &source.noise);
    let matches = changes.iter().flat_map(|change| watchlist().concern(&source, change).matches);
    let mut companies: Vec<String> = matches.map(|found| found.company.to_string()).collect();
    companies.sort();
    companies.dedup();
    companies
}

#[test]
fn of_a_section_only_the_paragraph_that_changed_counts() {
    let before = "HiSilicon was fined in 2021\nHikvision answered in 2024\nThe docket is open";
    let after = "HiSilicon was fined in 2021\nHikvision answered in 2025\nThe docket is open";
    assert_eq!(concerned_by(&[("text", before)], &[("text", after)]), ["hikvision"]);
    let closed = "HiSilicon was fined in 2021\nHikvision answered in 2024\nThe docket is closed";
    assert!(concerned_by(&[("text", before)], &[("text", closed)]).is_empty());
    let gone = "Hikvision answered in 2024\nThe docket is open";
    assert_eq!(concerned_by(&[("text", before)], &[("text", gone)]), ["huawei"]);
}

#[test]
fn a_paragraph_has_its_label_and_one_that_moved_is_no_news() {
    let before = "Respondent: HiSilicon\nDistributor:\nnone yet\nDealer: Hikvision";
    let labelled = "HiSilicon:\nfined\nHikvision:\nwarned";
    let relabelled = "HiSilicon:\nfined\nHikvision:\nbarred";
    assert_eq!(concerned_by(&[("text", labelled)], &[("text", relabelled)]), ["hikvision"]);
    let moved = "Dealer: Hikvision\nRespondent: HiSilicon\nDistributor:\nExample Works";
    assert!(concerned_by(&[("text", before)], &[("text", moved)]).is_empty());
}

#[test]
fn a_link_that_moved_concerns_the_row_in_which_it_stands() {
    let text = "HiSilicon | fined | View\nHikvision | warned | View";
    let before = "HiSilicon: View\thttps://a.test/1\nHikvision: View\thttps://a.test/2";
    let after = "HiSilicon: View\thttps://a.test/1\nHikvision: View\thttps://a.test/2-rev1";
    let concerned = concerned_by(&[("text", text), ("links", before)], &[("text", text), ("links", after)]);
    assert_eq!(concerned, ["hikvision"]);
    let unlabelled = concerned_by(
        &[("text", text), ("links", "\thttps://a.test/1")],
        &[("text", text), ("links", "\thttps://a.test/2")],
    );
    assert_eq!(unlabelled, ["hikvision", "huawei"], "where the link stands is not known");
}

#[test]
fn whom_an_entry_names_is_whom_its_matches_name() {
    let watchlist = watchlist();
    let cases: &[(&str, &str, &[&str])] = &[
        ("ZTE Corporation", "Video cameras", &[]),
        ("Hikvision", "Video cameras, and those of HiSilicon", &["hikvision", "huawei"]),
        ("Video cameras", "of HMN Tech", &["huawei", "marine"]),
        ("Hangzhou Hikvision Digital Technolgy Co., Ltd.", "Video cameras", &["hikvision"]),
        ("Hangzhou Hikvisoin Digital Technology", "Video cameras", &["hikvision"]),
        ("Hikvison Digital Technology (Mexico) S.A.", "Video cameras", &[]),
        ("Notice", "uncrewed aircraft systems", &[]),
        ("DJI", "DJI", &["dji"]),
    ];
    for (title, text, expected) in cases {
        let bound = vec!["zte".parse().unwrap()];
        let source = Source { companies: bound, ..source(SourceKind::FccCoveredList) };
        let entry = Entry::new("1", *title).with("text", *text);
        let named: Vec<&str> =
            watchlist.named_in(&source, &entry).into_iter().map(CompanyId::as_str).collect();
        assert_eq!(named, *expected, "{title}");
        let matches = watchlist.concern(&source, &whole(ChangeKind::AlreadyListed, &entry)).matches;
        let is_named = |found: &&Match| !matches!(found.rule, MatchRule::SourceBound | MatchRule::Exposure);
        let of_matches: BTreeSet<&str> =
            matches.iter().filter(is_named).map(|found| found.company.as_str()).collect();
        assert_eq!(of_matches.into_iter().collect::<Vec<_>>(), *expected, "{title}");
    }
}
