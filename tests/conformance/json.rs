//! The hard cases of JSON (RFC 8259), shown to every dialect that reads it. `y_` is JSON and is passed on
//! as it came, to the byte; `n_` is none and is told so; `i_` the standard leaves open, and this is what
//! we do. The naming is JSONTestSuite's; the cases are our own.

use switchboard::chat::{Command, Event, Mobile};
use switchboard::dialects::{Dialect, Incoming, Message};
use switchboard::ws::{Limits, Reader, Role, Violation};

const TO: &str = "4915112345678";

/// What SCA makes of a signal with this for data.
fn signal(data: &str) -> Result<String, &'static str> {
    let frame = format!(r#"{{"type":"signal","to":"{TO}","data":{data}}}"#);
    relayed(&frame)
}

/// What the recipient gets of the frame's data or text, or what the sender is told.
fn relayed(frame: &str) -> Result<String, &'static str> {
    let to = Mobile::parse(TO.as_bytes()).expect("ten digits or more");
    let (event, key) = match Dialect::Sca.read(Message::Text(frame)) {
        Incoming::Command(Command::Signal { data, .. }) => {
            (Event::Signal { from: to, data }, r#""data":"#)
        }
        Incoming::Command(Command::Message { text, id, .. }) => {
            (Event::Message { from: to, to, text, id }, r#""text":"#)
        }
        Incoming::Malformed { detail, .. } => return Err(detail),
        other => panic!("{other:?}"),
    };
    let mut out = Vec::new();
    Dialect::Sca.write(&event, &mut out);
    let frame = String::from_utf8(out).expect("JSON is UTF-8");
    let value = frame.split_once(key).expect("it has the key").1;
    Ok(value.strip_suffix('}').expect("it is the last").to_owned())
}

const NO_OBJECT: &str = "a frame must be one JSON object";

#[test]
fn what_is_json_is_passed_on_to_the_byte() {
    let deep = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(2_700), "}".repeat(2_700));
    let digits = "9".repeat(10_000);
    let fraction = format!("0.{}1", "0".repeat(10_000));
    for (name, data) in [
        ("y_null", "null"),
        ("y_number_zero", "0"),
        ("y_number_minus_zero", "-0"),
        ("y_number_zero_exponent", "-0.0E-0"),
        ("y_number_beyond_double", "1e400"),
        ("y_number_beyond_any", "-1E+99999999999999999999"),
        ("y_number_vanishing", "1e-400"),
        ("y_number_beyond_64_bits", "18446744073709551616"),
        ("y_number_not_exact_as_double", "9007199254740993"),
        ("y_number_trailing_zeros", "1.500000"),
        ("y_number_of_10_000_digits", &digits),
        ("y_number_long_fraction", &fraction),
        ("y_string_empty", r#""""#),
        ("y_string_escapes", r#""\"\\\/\b\f\n\r\t""#),
        ("y_string_escaped_letter", r#""\u0041""#),
        ("y_string_hex_in_both_cases", r#""\uaBcD\u00e9""#),
        ("y_string_nul_escaped", r#""\u0000""#),
        ("y_string_pair", r#""\ud83d\ude00""#),
        ("y_string_non_character", "\"\u{ffff}\u{fdd0}\""),
        ("y_string_byte_order_mark", "\"\u{feff}\""),
        ("y_string_line_separator", "\"\u{2028}\u{2029}\""),
        ("y_string_delete", "\"\u{7f}\""),
        ("y_string_last_character", "\"\u{10ffff}\""),
        ("y_string_right_to_left", "\"\u{202e}\u{5d0}\""),
        ("y_array_deep", &deep),
        ("y_object_deep", &deep_objects),
        ("y_object_empty_key", r#"{"":0}"#),
        ("y_object_white_space", "{ \t\n\r\"a\" : [ ] }"),
    ] {
        assert_eq!(signal(data).as_deref(), Ok(data), "{name}");
        if data.starts_with('"') {
            let message = format!(r#"{{"text":{data},"to":"{TO}","type":"message"}}"#);
            assert_eq!(relayed(&message).as_deref(), Ok(data), "{name}");
        }
    }
}

#[test]
fn what_is_not_json_is_told_so() {
    let deep = "[".repeat(60_000);
    let deep_mixed = r#"[{"":"#.repeat(10_000);
    let unbalanced = format!("{}{}", "[".repeat(10_000), "]".repeat(9_999));
    for (name, data) in [
        ("n_nothing", ""),
        ("n_nan", "NaN"),
        ("n_infinity", "Infinity"),
        ("n_minus_infinity", "-Infinity"),
        ("n_undefined", "undefined"),
        ("n_null_in_capitals", "NULL"),
        ("n_true_cut_short", "tru"),
        ("n_number_plus", "+1"),
        ("n_number_minus_alone", "-"),
        ("n_number_leading_zero", "01"),
        ("n_number_leading_point", ".5"),
        ("n_number_trailing_point", "1."),
        ("n_number_empty_exponent", "1e"),
        ("n_number_hex", "0x1F"),
        ("n_number_underscore", "1_000"),
        ("n_number_other_digits", "\u{661}"),
        ("n_string_single_quotes", "'a'"),
        ("n_string_without_end", r#""a"#),
        ("n_string_ends_in_backslash", r#""a\"#),
        ("n_string_tab", "\"a\tb\""),
        ("n_string_line_break", "\"a\nb\""),
        ("n_string_nul", "\"a\0b\""),
        ("n_string_control", "\"\u{1f}\""),
        ("n_string_unknown_escape", r#""\x41""#),
        ("n_string_escape_in_capitals", r#""\U0041""#),
        ("n_string_escape_cut_short", r#""\u004""#),
        ("n_string_escape_no_hex", r#""\u00g0""#),
        ("n_array_trailing_comma", "[1,]"),
        ("n_array_leading_comma", "[,1]"),
        ("n_array_two_commas", "[1,,2]"),
        ("n_array_no_comma", "[1 2]"),
        ("n_array_open", "[1"),
        ("n_array_closed_by_brace", "[1}"),
        ("n_array_deep_and_open", &deep),
        ("n_mixed_deep_and_open", &deep_mixed),
        ("n_array_one_bracket_short", &unbalanced),
        ("n_object_trailing_comma", r#"{"a":1,}"#),
        ("n_object_bare_key", "{a:1}"),
        ("n_object_number_key", "{1:1}"),
        ("n_object_no_colon", r#"{"a" 1}"#),
        ("n_object_no_value", r#"{"a":}"#),
        ("n_comment", "1/**/"),
        ("n_comment_to_line_end", "1 // one\n"),
        ("n_form_feed_for_space", "\u{c}1"),
        ("n_no_break_space", "\u{a0}1"),
        ("n_byte_order_mark_inside", "\u{feff}1"),
        ("n_two_values", "1 2"),
    ] {
        assert_eq!(signal(data), Err(NO_OBJECT), "{name}");
    }
}

#[test]
fn a_frame_is_one_object_and_nothing_around_it() {
    let message = format!(r#"{{"type":"message","to":"{TO}","text":"a"}}"#);
    for (name, frame, relayed_as) in [
        ("y_white_space_around", format!(" \t\r\n{message}\n "), Ok("\"a\"")),
        ("n_byte_order_mark", format!("\u{feff}{message}"), Err(NO_OBJECT)),
        ("n_nul_behind", format!("{message}\0"), Err(NO_OBJECT)),
        ("n_comma_behind", format!("{message},"), Err(NO_OBJECT)),
        ("n_two_objects", format!("{message}{message}"), Err(NO_OBJECT)),
        ("n_lines_of_objects", format!("{message}\n{message}"), Err(NO_OBJECT)),
        ("n_in_an_array", format!("[{message}]"), Err(NO_OBJECT)),
        ("n_array_of_values", format!(r#"["message","{TO}","a"]"#), Err(NO_OBJECT)),
        ("n_cut_short", message[..message.len() - 1].to_owned(), Err(NO_OBJECT)),
        ("n_empty", String::new(), Err(NO_OBJECT)),
        ("n_string_of_json", format!("{message:?}"), Err(NO_OBJECT)),
    ] {
        assert_eq!(relayed(&frame).as_deref(), relayed_as.as_ref().copied(), "{name}");
    }
}

#[test]
fn what_json_leaves_open_has_one_answer() {
    let message = |fields: &str| format!(r#"{{"type":"message","to":"{TO}"{fields}}}"#);
    let text = r#","text":"a""#;
    let twice = Err("a key appears twice");
    for (name, frame, relayed_as) in [
        // Of two readers one would take the first, the other the last: nobody gets either.
        ("i_key_twice", message(r#","text":"a","text":"b""#), twice),
        ("i_key_twice_and_equal", message(r#","text":"a","text":"a""#), twice),
        ("i_key_twice_once_escaped", message(r#","text":"a","te\u0078t":"b""#), twice),
        ("i_key_twice_with_null", message(r#","text":null,"text":"b""#), twice),
        ("i_key_of_no_meaning_twice", message(&format!(r#"{text},"x":1,"x":2"#)), Ok("\"a\"")),
        ("i_key_in_capitals", message(r#","Text":"a""#), Err("text must be a string")),
        ("i_key_inside_a_value", message(&format!(r#"{text},"x":{{"text":"b"}}"#)), Ok("\"a\"")),
        // Half a pair is no character, but JSON's grammar has it, and some app may send it.
        ("i_text_lone_high_surrogate", message(r#","text":"\ud800""#), Ok(r#""\ud800""#)),
        (
            "i_text_lone_low_surrogate",
            message(r#","text":"\udfff\ud800""#),
            Ok(r#""\udfff\ud800""#),
        ),
        (
            "i_text_pair_in_wrong_order",
            message(r#","text":"\ude00\ud83d""#),
            Ok(r#""\ude00\ud83d""#),
        ),
        // An id is looked at, and has to be text.
        (
            "i_id_lone_surrogate",
            message(&format!(r#"{text},"id":"\ud800""#)),
            Err("id must be a string of 1 to 64 characters"),
        ),
        // No reader can give such a key a name.
        ("i_key_lone_surrogate", message(&format!(r#"{text},"\ud800":1"#)), Err(NO_OBJECT)),
        ("i_number_for_text", message(r#","text":1e400"#), Err("text must be a string")),
        (
            "i_number_for_recipient",
            format!(r#"{{"type":"message","to":{TO}{text}}}"#),
            Err("to must be a mobile number: a string of 10 to 32 digits"),
        ),
    ] {
        assert_eq!(relayed(&frame).as_deref(), relayed_as.as_ref().copied(), "{name}");
    }
}

#[test]
fn what_is_not_utf_8_never_reaches_a_dialect() {
    for (name, bytes) in [
        ("n_utf8_overlong_slash", &b"\xc0\xaf"[..]),
        ("n_utf8_overlong_in_three", b"\xe0\x80\xaf"),
        ("n_utf8_overlong_in_four", b"\xf0\x80\x80\xaf"),
        ("n_utf8_overlong_nul", b"\xc0\x80"),
        ("n_utf8_surrogate", b"\xed\xa0\x80"),
        ("n_utf8_pair_of_surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("n_utf8_beyond_unicode", b"\xf4\x90\x80\x80"),
        ("n_utf8_lone_continuation", b"\x80"),
        ("n_utf8_cut_short", b"\xe2\x82"),
        ("n_latin_1", b"\xe9"),
        ("n_utf16_with_mark", b"\xff\xfe{\0"),
    ] {
        // One final text frame, with a mask of zeros.
        let text = [br#"{"type":""#, bytes, br#""}"#].concat();
        let head = [0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        let mut frame = [&head[..], &text].concat();
        let verdict = Reader::new(Role::Server).read(&mut &mut frame[..], &Limits::default());
        assert_eq!(verdict, Err(Violation::TextNotUtf8), "{name}");
    }
    // The same in UTF-16 without a mark are characters, and not an object.
    let frame: String = r#"{"type":"ping"}"#.chars().flat_map(|c| [c, '\0']).collect();
    let verdict = Dialect::Sca.read(Message::Text(&frame));
    assert_eq!(verdict, Incoming::Malformed { detail: NO_OBJECT, refused_message: None });
}
