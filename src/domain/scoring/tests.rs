use super::*;

fn score(a: &str, b: &str) -> f64 {
    compare(&Name::of(a), &Name::of(b)).score
}

#[track_caller]
fn explain(a: &str, b: &str) -> String {
    compare(&Name::of(a), &Name::of(b)).to_string()
}

#[track_caller]
fn alert(a: &str, b: &str) {
    assert!(score(a, b) >= Thresholds::default().alert_at, "{a:?} and {b:?}: {}", explain(a, b));
}

#[track_caller]
fn possible(a: &str, b: &str) {
    let Thresholds { alert_at, possible_at } = Thresholds::default();
    assert!((possible_at..alert_at).contains(&score(a, b)), "{a:?} and {b:?}: {}", explain(a, b));
}

#[track_caller]
fn silent(a: &str, b: &str) {
    assert!(score(a, b) < Thresholds::default().possible_at, "{a:?} and {b:?}: {}", explain(a, b));
}

#[test]
fn writing_and_legal_forms_set_no_names_apart() {
    alert("Hangzhou Hikvision Digital Technology Co., Ltd.", "HANGZHOU HIKVISION DIGITAL TECHNOLOGY COMPANY");
    alert("Rheinwerk Aktiengesellschaft", "Rheinwerk AG");
    alert("RheinwerkAG", "Rheinwerk AG");
    alert("Rheinwerk Aktiengeselschaft", "Rheinwerk AG");
    alert("ПАО «Газпром»", "Gazprom PJSC");
    alert("杭州海康威視數字技術股份有限公司", "杭州海康威视数字技术");
    alert("Harbour Stone Works International Corporation (HSWIC)", "Harbour Stone Works International Corp.");
    alert("OBSHCHESTVO S OGRANICHENNOI OTVETSTVENNOSTYU 'KEDR-SEVER'", "Kedr-Sever, OOO");
    alert("H.M. Stone & Sons", "HM Stone and Sons Ltd");
    alert("Quick Silver Metals", "Quicksilver Metals Inc.");
}

#[test]
fn numbers_decide_however_they_are_written() {
    alert("Brigade Forty-Four", "Brigade 44");
    alert("1st Harbour Bank", "First Harbour Bank");
    silent("27th Repair Plant", "46th Repair Plant");
    silent("Harbour Solutions", "Harbour Solutions II");
    possible("Stonehill Capital Fund IV L.P.", "Stonehill Capital Fund V L.P.");
}

#[test]
fn one_word_may_be_further_off_where_all_else_is_the_same_and_says_what_they_deal_in() {
    possible("China Taiwen Steel Group Co., Ltd.", "China Taiwu Steel Group Co., Ltd.");
    possible("QRB Shipping Corporation", "QRD Shipping Corporation");
    silent("QRB Shipping Corporation", "TRB Shipping Corporation");
    silent("QRB Shipping Corporation", "QTD Shipping Corporation");
    silent("QRB Trading LLC", "QRD Trading LLC");
    silent("Taiwen Group", "Taiwu Group");
    silent("Taiwen Steel", "Taiwu Petroleum");
    silent("China Taiwen Steel", "Taiwu China Steel");
}

#[test]
fn siblings_stay_apart() {
    silent("Banco Meridional México S.A.", "Banco Meridional Chile S.A.");
    silent("Harbour Works of Shanghai", "Harbour Works of Beijing");
    silent("Bank of Iran", "Bank of Iraq");
    silent("Rheinwerk Gas Company", "Rheinwerk Oil Company");
    possible("Banco Meridional, S.A.", "Banco Meridional Mexico, S.A.");
}

#[test]
fn a_letter_in_the_one_word_of_a_name_is_for_a_person_to_decide() {
    possible("Narinco", "Norinco");
    possible("Sensatime Group", "SenseTime Group Inc.");
    possible("Hikvison", "Hikvision");
}

#[test]
fn institutions_of_one_house_stay_apart() {
    silent("Deutsche Bank AG", "Deutsche Bank Trust Company");
    silent("Deutsche Bank AG", "Deutsche Bank Trust Company Americas");
}

#[test]
fn ind_is_industry() {
    alert("China North Ind. Corp.", "China North Industries Corporation");
}

#[test]
fn letters_may_be_wrong_in_long_words_only() {
    alert("Hikvison Digital Technology", "Hikvision Digital Technology");
    possible("Dahau Technology", "Dahua Technology");
    possible("HSWN Shanghai", "Harbour Stone Works North (Shanghai) Co., Ltd.");
    silent("BD plc", "BP plc");
    silent("ABC Company", "CDE Company");
}

#[test]
fn a_word_that_tells_nothing_is_no_resemblance() {
    silent("International Trading Company", "International Holding Company");
    silent("Westport Management Company", "Management Company");
    silent("Technology Co., Ltd.", "Huawei Technology Co., Ltd.");
}

#[test]
fn a_foundation_is_not_a_company() {
    silent("ANO Kedr", "OOO Kedr");
    alert("AO Kedr", "Kedr JSC");
}

#[test]
fn a_comparison_explains_itself() {
    assert_eq!(
        explain("Banco Meridional, S.A.", "Banco Meridional Mexico, S.A."),
        "0.80: the weight of the words they share (× 1.00), only one names a place (× 0.80); \
         shared: bank, meridional; left over: mexico"
    );
}

#[test]
fn nothing_is_like_nothing() {
    silent("", "");
    silent("…", "Huawei");
}

#[test]
fn a_name_of_a_megabyte_is_compared_at_once() {
    let long = "hikvision ".repeat(100_000);
    let other = "a".repeat(1_000_000);
    assert!(score(&long, &other) < 0.1);
    assert!(score(&long, &long) > 0.99);
}

proptest::proptest! {
    #[test]
    fn a_score_is_symmetric_and_between_nothing_and_one(
        a in "(\\PC{0,8}|huawei|bank|co ltd|mexico|first|44|ii| ){0,6}",
        b in "(\\PC{0,8}|huawai|bank|gmbh|chile|second|44|iv| ){0,6}",
    ) {
        let (forth, back) = (score(&a, &b), score(&b, &a));
        proptest::prop_assert!((0.0..=1.0).contains(&forth));
        proptest::prop_assert!((forth - back).abs() < 1e-12, "{} and {}", forth, back);
    }

    #[test]
    fn a_name_is_itself(name in "\\PC{0,40}[a-z]{2}\\PC{0,40}") {
        proptest::prop_assert!(score(&name, &name) > 0.99);
    }
}
