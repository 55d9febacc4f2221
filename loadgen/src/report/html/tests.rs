//! Checks small parts of the page. The page as a whole is checked in `tests/outputs.rs`.

use super::*;

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!([0, 7, 999, 1000, 1_234_567].map(grouped), ["0", "7", "999", "1,000", "1,234,567"]);
    assert_eq!([0.0123, 1.5, 12.34, 450.4].map(millis), ["0.012", "1.50", "12.3", "450"]);
}

#[test]
fn a_page_without_a_run_says_why_and_escapes_it() {
    let page = page_of_no_run("cannot connect to <b>", &Origin::default());
    assert!(page.contains("cannot connect to &lt;b&gt;") && page.ends_with("</html>\n"), "{page}");
}

#[test]
fn the_page_is_made_for_paper_and_for_a_narrow_screen_too() {
    let page = page_of_no_run("nobody answers", &Origin::default());
    let (screen, paper) = page.split_once("@media print").expect("there are rules for paper");
    for rule in ["prefers-color-scheme: dark", "max-width: 560px"] {
        assert!(screen.contains(rule), "{rule}: what is for paper comes last, and so wins");
    }
    assert!(paper.contains("break-inside: avoid") && paper.contains("color-scheme: light"));
}

/// The number behind this in a style.
fn pixels(style: &str, before: &str) -> f64 {
    let (_, rest) = style.split_once(before).expect(before);
    let end = rest.find("px").expect("a length");
    rest[..end].parse().expect("a number")
}

#[test]
fn on_a_phone_the_labels_of_every_chart_have_ten_pixels_or_more() {
    /// The width of a phone, and what stands beside a chart there: the page's and the card's padding, the border.
    const PHONE: f64 = 390.0;
    const BESIDE: f64 = 2.0 * (14.0 + 14.0 + 1.0);
    let (_, narrow) = STYLE.split_once("@media (max-width: 560px)").expect("rules for phones");
    let label = pixels(narrow, "svg text { font-size: ");
    let shapes = narrow.contains("svg.whole { display: none; } svg.narrow { display: block; }");
    assert!(shapes && label * (PHONE - BESIDE) / chart::NARROW_WIDTH >= 10.0, "{label}");
    let (_, paper) = STYLE.split_once("@media print").expect("rules for paper");
    assert!(
        paper.contains("svg.whole { display: block;")
            && paper.contains("svg.narrow { display: none; }")
    );
}
