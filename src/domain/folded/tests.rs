use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(Folded::of(text).words(), expected, "{text:?}");
}

/// Where `part` of the folded text came from.
#[track_caller]
fn check_origin(text: &str, part: &str, expected: &str) {
    let folded = Folded::of(text);
    let whole = String::from_utf8(folded.bytes().to_vec()).unwrap();
    let start = whole.find(part).unwrap_or_else(|| panic!("{part:?} is not in {whole:?}"));
    assert_eq!(&text[folded.original(&(start..start + part.len()))], expected, "{text:?}");
}

#[test]
fn punctuation_case_and_white_space_fold() {
    check("  Huawei  Technologies Co., Ltd. ", "huawei technologies co ltd");
    check("Ｈｕａｗｅｉ\u{a0}Tech\u{3000}Co", "huawei tech co");
    check("(Hikvision)—“Dahua”", "hikvision dahua");
    check("Procter & Gamble", "procter and gamble");
    check("", "");
    check(" … ", "");
}

#[test]
fn full_stops_inside_abbreviations_go_and_others_part() {
    check("U.S.A. and Z.T.E.", "usa and zte");
    check("Hikvision.The", "hikvision the");
    check("Co.Ltd", "co ltd");
    check("B.V. S.p.A. d.o.o.", "bv spa doo");
    check("002415.SZ", "002415 sz");
    check("www.zte.com.cn", "www zte com cn");
}

#[test]
fn apostrophes_go_except_where_they_part_words() {
    check("Hikvision's Hikvision’s", "hikvisions hikvisions");
    check("d'Huawei et l’Hikvision", "d huawei et l hikvision");
    check("Al Qa'ida", "al qaida");
}

#[test]
fn a_word_divided_at_a_lines_end_is_joined() {
    check("Hik-\n  vision", "hikvision");
    check("Hik-\r\nvision", "hikvision");
    check("Hik\u{ad}vision Hik\u{200b}vision", "hikvision hikvision");
    check("Coca-Cola", "coca cola");
    check("2019-\n2020", "2019 2020");
}

#[test]
fn blanks_part_scripts_and_none_stay_inside_han() {
    check("中国ZTE公司", "中国 zte 公司");
    check("海康\n威視", "海康威视");
    check("华为、中兴", "华为 中兴");
    check("奇虎360科技", "奇虎 360 科技");
}

#[test]
fn footnote_marks_are_no_part_of_a_word() {
    check("Hikvision² Huawei™ ZTE®", "hikvision huawei zte");
}

#[test]
fn a_part_is_led_back_to_where_it_stood() {
    check_origin("by Hikvision, Inc.", "hikvision", "Hikvision");
    check_origin("by  Hikvision  ,  Inc.", "hikvision inc", "Hikvision  ,  Inc");
    check_origin("the Hik-\n  vision list", "hikvision", "Hik-\n  vision");
    check_origin("Ｈｉｋ the", "hik", "Ｈｉｋ");
    check_origin("é É Straße, ZTE", "strasse zte", "Straße, ZTE");
    check_origin("(海康\n威視)", "海康威视", "海康\n威視");
    check_origin("中国ZTE公司", "zte", "ZTE");
    check_origin("A & B", "a and b", "A & B");
    check_origin("cafe\u{301} noir", "noir", "noir");
    check_origin("AT&T", "t", "T");
}

proptest::proptest! {
    #[test]
    fn every_part_is_led_back_to_whole_characters(text in "[\\PC\\n\\-' .&\u{ad}\u{301}海視Ａéß]{0,60}") {
        let folded = Folded::of(&text);
        let whole = String::from_utf8(folded.bytes().to_vec()).unwrap();
        let words: Vec<(usize, &str)> = whole.match_indices(|c| c != ' ').collect();
        for (first, (start, _)) in words.iter().enumerate() {
            for (end, letter) in words.iter().skip(first).take(12) {
                let span = folded.original(&(*start..end + letter.len()));
                proptest::prop_assert!(!span.is_empty());
                proptest::prop_assert!(text.get(span).is_some());
            }
        }
    }

    /// A blank that parted two Han words is one inside a name the second time.
    #[test]
    fn folding_a_folded_text_changes_no_letter(text in "\\PC{0,60}") {
        let once = Folded::of(&text).words().into_owned();
        let twice = Folded::of(&once).words().into_owned();
        proptest::prop_assert_eq!(once.replace(' ', ""), twice.replace(' ', ""));
    }
}
