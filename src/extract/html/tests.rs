use super::*;

fn url() -> Url {
    "https://agency.test/lists/one".parse().unwrap()
}

#[track_caller]
fn check_text(html: &str, expected: &str) {
    assert_eq!(Markup::parse(html, &url()).unwrap().text(), expected);
}

#[test]
fn blocks_begin_lines_and_inline_elements_do_not() {
    check_text("a<b>b</b>c <i>d</i>\n e", "abc d e");
    check_text("<p>one<p>two<br>three<ul><li>four<li>five</ul>", "one\ntwo\nthree\nfour\nfive");
    check_text("<table><tr><th>a<td>b<tr><td>c</table>", "a\nb\nc");
    check_text("<pre>one\n  two</pre>x\ny", "one\ntwo\nx y");
    check_text("27,<sup>#</sup>  (b)", "27,# (b)");
}

#[test]
fn a_footnote_mark_is_raised_and_a_word_is_not() {
    check_text("ZTE<sup>1</sup> and <a href='#fn12'>[12]</a>", "ZTE¹ and ¹²");
    check_text("ZTE<a href='#_ftn1'><sup>[1]</sup></a>, x<sup>a, b</sup>", "ZTE¹, xᵃ, ᵇ");
    check_text("ZTE<span class='footnote-ref'>2</span> <span class=year>2</span>", "ZTE² 2");
    check_text("2<sup>nd</sup> of 10<sup>6</sup> m<sup>2</sup>, X<sup>TM</sup>", "2nd of 10⁶ m², XTM");
    check_text("see <a href='#fees'>5</a> and [1]", "see 5 and [1]");
}

#[test]
fn a_mail_address_hidden_from_robots_is_read_as_readers_see_it() {
    for link in [
        "<a href='/cdn-cgi/l/email-protection' class=__cf_email__ data-cfemail='5f3e'>[email&#160;protected]</a>",
        "<a href='/cdn-cgi/l/email-protection#5f3e'>[email&#160;protected]</a>",
    ] {
        check_text(&format!("write to {link} now"), "write to a now");
    }
    check_text("<a href='/cdn-cgi/l/email-protection#5f3e'>the bureau</a>", "the bureau");
}

#[test]
fn what_is_not_shown_is_not_read() {
    check_text(
        "<title>t</title><style>s</style>a<script>b</script><noscript>c</noscript><!-- d --><svg><text>e</text></svg>f",
        "af",
    );
}

#[track_caller]
fn check_shown(html: &str, expected: &str) {
    let markup = Markup::parse(html, &url()).unwrap();
    assert_eq!(shown(markup.tree.root_element()), expected, "{html}");
}

#[test]
fn a_picture_that_is_alone_in_its_cell_says_its_name() {
    let cell = |content: &str| format!("<table><tr><td>{content}</table>");
    check_shown(&cell("<img src='/img/red-cross.png?v=3'>"), "red-cross");
    check_shown(&cell("<img alt='' src='/img/tick.3f2a9c81.svg'>"), "tick");
    check_shown(&cell("<a href=x><img src=blank.gif data-src='x/withdrawn.png'></a>"), "withdrawn");
    check_shown(&cell("<img src='tick.png' alt=Active>"), "Active");
    check_shown(&cell("ZTE <img src='flag.png'>"), "ZTE");
    check_shown(&cell("<img src='data:image/png;base64,QUJD'>"), "");
    check_shown("<p><img src='/img/spacer.png'></p>", "");
}

#[test]
fn what_the_page_s_own_style_sheet_hides_is_marked() {
    let page = "<style>.gone { display: none }</style><table><tr class=gone><td>ZTE<tr><td>Hikvision</table>";
    let markup = Markup::parse(page, &url()).unwrap();
    let rows = selector("tr").unwrap();
    let hidden: Vec<String> = markup.tree.select(&rows).map(|row| said(row).hidden).collect();
    assert_eq!(hidden, ["ZTE", ""]);
}

#[test]
fn what_stands_for_words_is_read() {
    check_shown("<img src=a alt=Revoked>", "Revoked");
    check_shown("<img src=a alt='' title=Revoked>", "Revoked");
    check_shown(
        "<svg><title>Revoked</title><defs><text>no</text></defs><path d=M0 /><text>3</text></svg>",
        "Revoked 3",
    );
    check_shown("<span role=img aria-label=Revoked></span>", "Revoked");
    check_shown("<i class=icon title=Revoked></i>", "Revoked");
    check_shown("<input type=checkbox checked> in force <input type=checkbox> ended", "☑ in force ☐ ended");
    check_shown("<input type=radio checked>a<input type=radio>b", "◉ a ○ b");
    check_shown("<select><option selected>Listed<option>Revoked</select>", "☑ Listed\nRevoked");
    check_shown("<input value=Revoked readonly><input type=hidden value=nonce>", "Revoked");
    check_shown("<meter value=0.9></meter>", "0.9");
}

#[test]
fn what_is_said_of_words_stands_behind_them() {
    check_shown("<abbr title=Revoked>R</abbr> x", "R (Revoked) x");
    check_shown(
        "<a href=x title='The Notice' aria-label='the notice, as PDF'>The notice</a>",
        "The notice (the notice, as PDF)",
    );
    check_shown("<time datetime=2026-11-01>Effective</time>", "Effective (2026-11-01)");
    check_shown("<time datetime=2026-11-01T09:00:00Z>November 1, 2026</time>", "November 1, 2026");
    check_shown("<time datetime=2026-11-01></time>", "2026-11-01");
    check_shown("<data value=0>in force</data>", "in force (0)");
    check_shown("<nav aria-label=Primary>Home</nav><section aria-label=News>x</section>", "Home\nx");
    check_shown("<input type=text title='Enter a word'>", "");
}

#[track_caller]
fn check_said(html: &str, text: &str, name: &str, struck: &str, hidden: &str) {
    let markup = Markup::parse(html, &url()).unwrap();
    let cells = selector("td").unwrap();
    let said = said(markup.tree.select(&cells).next().unwrap());
    let found = (said.text.as_str(), said.name(), said.struck.as_str(), said.hidden.as_str());
    assert_eq!(found, (text, name, struck, hidden), "{html}");
}

#[test]
fn struck_and_hidden_words_are_kept_and_marked() {
    check_said("<table><td>a <del>b</del> <s>c</s>", "a b c", "a b c", "b\nc", "");
    check_said(
        "<table><td>a<span style='Text-Decoration: line-through red'> b</span>",
        "a b",
        "a b",
        "b",
        "",
    );
    check_said(
        "<table><td>a<p hidden>b<p style='display : NONE !important'>c",
        "a\nb\nc",
        "a\nb\nc",
        "",
        "b\nc",
    );
    check_said("<table><tr style='visibility:collapse'><td><b>a</b>", "a", "a", "", "a");
    check_said("<div hidden><table><td>a</table></div>", "a", "a", "", "");
    check_said("<table><td>a<span aria-hidden=true>b</span><template>c</template>", "ab", "ab", "", "");
    check_said(
        "<table><td>Acme <img alt=China> <abbr title=Limited>Ltd</abbr>",
        "Acme China Ltd (Limited)",
        "Acme Ltd",
        "",
        "",
    );
}

#[track_caller]
fn check_links(html: &str, expected: &str) {
    let markup = Markup::parse(html, &url()).unwrap();
    assert_eq!(link_list(markup.links_in(markup.tree.root_element())), expected);
}

#[test]
fn links_are_absolute_labelled_and_lead_to_the_web() {
    check_links("<a href='two'>The\n <b>next</b></a>", "The next\thttps://agency.test/lists/two");
    check_links("<a href=' /x '>a</a><a href='/x'>a</a>", "a\thttps://agency.test/x");
    check_links("<base href='https://cdn.test/d/'><a href=e>f</a>", "f\thttps://cdn.test/d/e");
    check_links("<a href='javascript:x()'>a</a><a href='mailto:a@b.test'>b</a><a name=c>c</a>", "");
    check_links("<a href='http://['>broken</a>", "");
}

#[track_caller]
fn check_title(html: &str, expected: Option<&str>) {
    let url = url();
    let page = RawDocument { body: html.as_bytes(), content_type: None, url: &url };
    assert_eq!(title(&page).as_deref(), expected);
}

#[test]
fn the_title_is_found_without_a_tree() {
    check_title("<html><head><title>Access&#32;Denied&amp;\n more</title>", Some("Access Denied& more"));
    check_title("<TITLE lang=en>Just a moment...</TITLE ><title>two</title>", Some("Just a moment..."));
    check_title(
        "<!-- <title>no</title> --><script>'<title>no</title>'</script><title>yes</title>",
        Some("yes"),
    );
    check_title("<svg><title>drawing</title></svg><title>page</title>", Some("page"));
    check_title("<title>cut off", Some("cut off"));
    check_title("<title> \n</title>", None);
    check_title("no markup", None);
    check_title(&format!("<a {}><title>x</title>", "a b c ".repeat(50_000)), None);
}

#[test]
fn character_references_are_resolved_once() {
    assert_eq!(
        unescape("Food &amp; Water &lt;b&gt; a<b &nbsp; &amp;amp;"),
        "Food & Water <b> a<b \u{a0} &amp;"
    );
}

#[test]
fn an_answer_declared_to_be_no_page_is_none() {
    let url = url();
    let page = |content_type| RawDocument { body: b"<p>x", content_type: Some(content_type), url: &url };
    assert!(Markup::of(&page("application/pdf")).is_err());
    assert!(Markup::of(&page("Text/HTML; charset=utf-8")).is_ok());
}
