use super::*;

fn company(id: &str, name: &str, aliases: &[(&str, AliasKind)], not: &[&str]) -> Company {
    Company {
        aliases: aliases.iter().map(|&(name, kind)| Alias::new(name, kind)).collect(),
        not: not.iter().map(|&name| name.to_owned()).collect(),
        ..Company::new(id.parse().unwrap(), name)
    }
}

fn watchlist() -> Watchlist {
    Watchlist::new(vec![
        company(
            "hikvision",
            "Hangzhou Hikvision Digital Technology Co., Ltd.",
            &[
                ("Hikvision", AliasKind::Trade),
                ("海康威视", AliasKind::NativeScript),
                ("91330000733796106P", AliasKind::Identifier),
            ],
            &[],
        ),
        company(
            "dahua",
            "Zhejiang Dahua Technology Co., Ltd.",
            &[("Dahua", AliasKind::Trade), ("大华股份", AliasKind::NativeScript)],
            &["Dahua Electronics Corporation"],
        ),
        company("zte", "ZTE Corporation", &[("ZTE", AliasKind::Short)], &[]),
    ])
    .unwrap()
}

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let list = watchlist();
    let found: Vec<(String, String)> = list
        .find("text", text)
        .into_iter()
        .map(|found| (found.company.to_string(), text[found.span].to_owned()))
        .collect();
    let expected: Vec<(String, String)> =
        expected.iter().map(|&(id, span)| (id.to_owned(), span.to_owned())).collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[test]
fn a_name_is_found_in_its_many_spellings() {
    check("by Hikvision today", &[("hikvision", "Hikvision")]);
    check("HIKVISION", &[("hikvision", "HIKVISION")]);
    check("Hikvision's cameras", &[("hikvision", "Hikvision")]);
    check("Hikvision’s cameras", &[("hikvision", "Hikvision")]);
    check("the Hik-\n  vision list", &[("hikvision", "Hik-\n  vision")]);
    check("Ｈｉｋｖｉｓｉｏｎ", &[("hikvision", "Ｈｉｋｖｉｓｉｏｎ")]);
    check("杭州海康威视数字技术股份有限公司", &[("hikvision", "海康威视")]);
    check("杭州海康威視數字技術", &[("hikvision", "海康威視")]);
    check("海康\n威视", &[("hikvision", "海康\n威视")]);
    check("Hikvisions and HIKVISION'S", &[("hikvision", "Hikvision"), ("hikvision", "HIKVISION")]);
    check(
        "a Hikvision-made camera, non-Hikvision",
        &[("hikvision", "Hikvision"), ("hikvision", "Hikvision")],
    );
    check("中国ZTE公司", &[("zte", "ZTE")]);
    check("code 91330000733796106P,", &[("hikvision", "91330000733796106P")]);
}

#[test]
fn the_longest_name_wins() {
    check(
        "Hangzhou Hikvision Digital Technology Co., Ltd. (PRC)",
        &[("hikvision", "Hangzhou Hikvision Digital Technology Co., Ltd")],
    );
    check(
        "Hangzhou Hikvision Digital Technology Company",
        &[("hikvision", "Hangzhou Hikvision Digital Technology")],
    );
}

#[test]
fn a_name_inside_a_word_or_an_address_is_no_hit() {
    check("Dahuang Mining", &[]);
    check("see www.zte.com.cn or mail zte@zte.com.cn", &[]);
    check("the zte protocol; bazteck", &[]);
    check("ZTE and Zte", &[("zte", "ZTE")]);
    check("https://www.hikvision.com/en/hikvision and sales@hikvision.com, Hikvision.com", &[]);
    check("see fcc.gov/docs/Hikvision or hikvision_list.pdf", &[]);
    check(r"D:\evidence\Hikvision\mail.pst /srv/Hikvision/x", &[]);
    check("by _Hikvision_ itself", &[("hikvision", "Hikvision")]);
    check(
        "a Dahua-\nbranded and a Hik-\nvision camera",
        &[("dahua", "Dahua"), ("hikvision", "Hik-\nvision")],
    );
    check("by Hikvision.The order", &[("hikvision", "Hikvision")]);
}

fn of_many_meanings() -> Watchlist {
    Watchlist::new(vec![
        company("target", "Target Corporation", &[("Target", AliasKind::Trade)], &[]),
        company("lts", "LT Security Inc.", &[("LTS", AliasKind::Short)], &[]),
        company("dji", "SZ DJI Technology Co., Ltd.", &[("DJI", AliasKind::Short)], &[]),
        company("pacific", "Pacific Networks Corp.", &[], &[]),
        company("mobile", "China Mobile Limited", &[("China Mobile", AliasKind::Short)], &[]),
    ])
    .unwrap()
}

#[track_caller]
fn check_meant(text: &str, expected: &[&str]) {
    let list = of_many_meanings();
    let found: Vec<String> =
        list.find("text", text).iter().map(|found| text[found.span.clone()].to_owned()).collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[test]
fn a_word_that_is_also_a_name_needs_capitals_that_tell_or_company() {
    check_meant("Target dates were missed by the agency.", &[]);
    check_meant("The agency missed its target.", &[]);
    check_meant("THE TARGET OF THE ORDER", &[]);
    check_meant("Agency Finds New Target In Probe", &[]);
    check_meant("Regulators say that Target sold banned cameras to shoppers.", &["Target"]);
    check_meant("Target Corp. sold banned cameras.", &["Target"]);
    check_meant("Target said it would stop.", &["Target"]);
    check_meant("Target", &["Target"]);
}

#[test]
fn a_few_letters_with_another_meaning_need_context() {
    check_meant("Ubuntu 24.04 LTS is supported for five years", &[]);
    check_meant("the LTS release of the kernel", &[]);
    check_meant("cameras sold by LTS under its own brand", &["LTS"]);
    check_meant("DJI drones are grounded", &["DJI"]);
    check_meant("the Dow Jones index (DJI) fell 300 points", &[]);
    check_meant("FCC BARS DJI FROM NEW GRANTS", &["DJI"]);
    check_meant("results, dji and djinn", &[]);
    check_meant("firefighters fly DJIs, DJI's best", &["DJI", "DJI"]);
    check_meant("the Drone Jury Initiative (DJI) meets", &[]);
    check_meant(".DJI -0.4%", &[]);
    check_meant("the county flies DJIs", &["DJI"]);
}

#[test]
fn a_short_name_of_words_needs_its_capitals_or_only_capitals() {
    check_meant("a licence of China Mobile lapsed", &["China Mobile"]);
    check_meant("LICENCE OF CHINA MOBILE LAPSES", &["CHINA MOBILE"]);
    check_meant("China mobile phones cost less", &[]);
}

#[test]
fn a_name_without_its_legal_form_needs_capitals() {
    check_meant("an order against Pacific Networks and others", &["Pacific Networks"]);
    check_meant("cables link pacific networks to each other", &[]);
}

#[test]
fn a_veto_covers_only_what_it_covers() {
    check("DAHUA ELECTRONICS CORPORATION, Flushing NY", &[]);
    check("Dahua Electronics Corporation; Dahua Technology", &[("dahua", "Dahua")]);
}

#[test]
fn a_bound_source_concerns_its_company_whatever_the_entry_says() {
    let list = watchlist();
    let texts = [("text".to_owned(), "Order Filed (CLERK)".to_owned())];
    let matches = list.concerned(&["hikvision".parse().unwrap()], &texts);
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].rule, MatchRule::SourceBound);
}

#[test]
fn a_match_explains_itself() {
    let list = watchlist();
    let found = list.find(
        "text",
        "equipment produced by Dahua Technology Company, to the extent it is used for a purpose",
    );
    assert_eq!(found[0].alias, "Dahua");
    assert_eq!(found[0].field, "text");
    assert!(found[0].excerpt.contains("produced by Dahua Technology"));
}

#[test]
fn a_name_without_letters_is_refused() {
    let result = Watchlist::new(vec![company("x", "…", &[], &[])]);
    assert!(matches!(result, Err(WatchlistError::EmptyName { .. })));
}

proptest::proptest! {
    #[test]
    fn any_text_is_searched_without_a_fault_and_spans_are_whole_characters(text in "\\PC{0,80}") {
        for found in watchlist().find("text", &text) {
            proptest::prop_assert!(text.get(found.span).is_some());
        }
    }
}
