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
