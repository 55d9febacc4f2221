//! The hard cases of JSON (RFC 8259), for every dialect that passes JSON on as it is. `y_`: it is JSON, and is passed
//! on byte by byte. `n_`: it is not JSON, and the client is told so. `i_`: the standard leaves it open, and
//! the test says what we do. The naming is that of JSONTestSuite; the cases are our own.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;
use switchboard::chat::{Command, Event, Mobile, messenger, mobile};
use switchboard::dialects::{Dialect, Incoming, Message};
use switchboard::timer::Zone;
use switchboard::ws::{Limits, Reader, Role, Violation};

/// The dialects that pass JSON on as it is. Those of the account realm decode it, and have tests of their own.
const DIALECTS: [Dialect; 2] = [Dialect::Sca, Dialect::Messenger];

/// A frame that carries any JSON to another person: what an app sends beside texts.
fn frame_with(dialect: Dialect, json: &str) -> String {
    match dialect == Dialect::Sca {
        true => format!(r#"{{"type":"signal","to":"4915112345678","data":{json}}}"#),
        // Metadata has to be an object.
        false => message(dialect, &format!(r#","content":"","metadata":{{"v":{json}}}"#)),
    }
}

/// A chat message to another person with these fields.
fn message(dialect: Dialect, fields: &str) -> String {
    match dialect == Dialect::Sca {
        true => format!(r#"{{"type":"message","to":"4915112345678"{fields}}}"#),
        false => {
            format!(r#"{{"type":"message_send","data":{{"id":"7","recipientId":"b"{fields}}}}}"#)
        }
    }
}

/// The key of a message's text.
fn text_key(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Sca { "text" } else { "content" }
}

/// The values that the recipient of the frame gets, as they are written; or the error for the sender.
fn relayed(dialect: Dialect, frame: &str) -> Result<BTreeMap<String, String>, &'static str> {
    let from = Mobile::parse(b"0123456789").expect("ten digits");
    let command = match dialect.read(Message::Text(frame)) {
        Incoming::Command(command) => command,
        Incoming::Malformed { detail, .. } => return Err(detail),
        other => panic!("{other:?}"),
    };
    let event = match &command {
        Command::Mobile(mobile::Command::Signal { data, .. }) => {
            Event::Mobile(mobile::Event::Signal { from, data })
        }
        Command::Mobile(mobile::Command::Message { text, id, to }) => {
            Event::Mobile(mobile::Event::Message { from, to: *to, text, id: *id })
        }
        Command::Messenger(messenger::Command::Message(message)) => {
            let taken_at = Duration::ZERO;
            let (is_outgoing, ticket) = (false, None);
            Event::Messenger(messenger::Event::Message {
                message,
                from: "a",
                taken_at,
                is_outgoing,
                ticket,
            })
        }
        other => panic!("{other:?}"),
    };
    let mut out = Vec::new();
    dialect.write(&event, &Zone::default(), &mut out);
    let fields = fields(str::from_utf8(&out).expect("JSON is UTF-8"));
    Ok(if dialect == Dialect::Messenger { self::fields(&fields["data"]) } else { fields })
}

/// The JSON that the recipient of `frame_with(dialect, json)` gets.
fn carried(dialect: Dialect, json: &str) -> Result<String, &'static str> {
    let mut values = relayed(dialect, &frame_with(dialect, json))?;
    Ok(match dialect == Dialect::Sca {
        true => values.remove("data").expect("a signal has data"),
        false => values["metadata"]
            .strip_prefix(r#"{"v":"#)
            .and_then(|rest| rest.strip_suffix('}'))
            .expect("as it was")
            .to_owned(),
    })
}

fn fields(object: &str) -> BTreeMap<String, String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(object).expect("an object");
    fields.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
}

const NO_OBJECT: &str = "a frame must be one JSON object";

#[test]
fn what_is_json_is_passed_on_to_the_byte() {
    let arrays = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let (deep, deep_objects) = (arrays(60), objects(60));
    let digits = "9".repeat(308);
    let fraction = format!("0.{}1", "0".repeat(10_000));
    for (name, data) in [
        ("y_null", "null"),
        ("y_number_zero", "0"),
        ("y_number_minus_zero", "-0"),
        ("y_number_zero_exponent", "-0.0E-0"),
        ("y_number_largest_double", "-1.7976931348623157E+308"),
        ("y_number_vanishing", "1e-400"),
        ("y_number_beyond_64_bits", "18446744073709551616"),
        ("y_number_not_exact_as_double", "9007199254740993"),
        ("y_number_trailing_zeros", "1.500000"),
        ("y_number_of_308_digits", &digits),
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
        for dialect in DIALECTS {
            assert_eq!(carried(dialect, data).as_deref(), Ok(data), "{name} {dialect:?}");
            if data.starts_with('"') {
                let key = text_key(dialect);
                let message = message(dialect, &format!(r#","{key}":{data}"#));
                let values = relayed(dialect, &message).expect("a message");
                assert_eq!(values[key], data, "{name} {dialect:?}");
            }
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
        for dialect in DIALECTS {
            assert_eq!(carried(dialect, data), Err(NO_OBJECT), "{name} {dialect:?}");
        }
    }
}

#[test]
fn a_frame_is_one_object_and_nothing_around_it() {
    for dialect in DIALECTS {
        let message = message(dialect, r#","text":"a","content":"a""#);
        let good = format!(" \t\r\n{message}\n ");
        assert_eq!(
            relayed(dialect, &good).expect("y_white_space_around")[text_key(dialect)],
            "\"a\""
        );
        for (name, frame) in [
            ("n_byte_order_mark", format!("\u{feff}{message}")),
            ("n_nul_behind", format!("{message}\0")),
            ("n_comma_behind", format!("{message},")),
            ("n_two_objects", format!("{message}{message}")),
            ("n_lines_of_objects", format!("{message}\n{message}")),
            ("n_in_an_array", format!("[{message}]")),
            ("n_array_of_values", r#"["message","4915112345678","a"]"#.to_owned()),
            ("n_cut_short", message[..message.len() - 1].to_owned()),
            ("n_empty", String::new()),
            ("n_string_of_json", format!("{message:?}")),
        ] {
            assert_eq!(relayed(dialect, &frame), Err(NO_OBJECT), "{name} {dialect:?}");
        }
    }
}

/// RFC 8259 lets a decoder limit numbers and nesting, and leaves open what it makes of a key that appears
/// twice and of half a surrogate pair. So a client may lose a frame with one of these, or its connection.
#[test]
fn what_some_clients_cannot_decode_is_not_passed_on() {
    let surrogate = "a string must not have an unpaired surrogate";
    let number = "a number must not be over 1.8e308";
    let arrays = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let digits = "9".repeat(10_000);
    for (name, data, detail) in [
        ("i_number_beyond_double", "1e400", number),
        ("i_number_beyond_double_inside", r#"[{"a":-1e999}]"#, number),
        ("i_number_beyond_any", "-1E+99999999999999999999", number),
        ("i_number_of_10_000_digits", &digits, number),
        ("i_string_lone_high_surrogate", r#""\ud800""#, surrogate),
        ("i_string_lone_low_surrogate_inside", r#"["\udfff"]"#, surrogate),
        ("i_key_lone_surrogate", r#"{"\ud800":1}"#, surrogate),
        ("i_key_twice_inside", r#"[{"a":1,"a":1}]"#, "a key appears twice"),
        ("i_key_twice_inside_once_escaped", r#"{"a":1,"\u0061":1}"#, "a key appears twice"),
        ("i_array_65_deep", &arrays(65), "nested over 64 levels deep"),
        ("i_array_very_deep", &arrays(8_000), "nested over 64 levels deep"),
        ("i_object_very_deep", &objects(2_700), "nested over 64 levels deep"),
    ] {
        for dialect in DIALECTS {
            let told = carried(dialect, data).expect_err("it is not passed on");
            assert!(told.contains(detail), "{name} {dialect:?}: {told}");
        }
    }
}

#[test]
fn what_json_leaves_open_has_one_answer() {
    let twice = Err("a key appears twice");
    let half = Err("a string must not have an unpaired surrogate");
    for dialect in DIALECTS {
        let key = text_key(dialect);
        let no_text = format!("{key} must be a string");
        for (name, fields, text) in [
            // One reader would take the first value, another one the last. So nobody gets either.
            ("i_key_twice", r#""KEY":"a","KEY":"b""#, twice),
            ("i_key_twice_and_equal", r#""KEY":"a","KEY":"a""#, twice),
            ("i_key_twice_once_escaped", r#""KEY":"a","\u0074ext":"b","con\u0074ent":"b""#, twice),
            ("i_key_twice_with_null", r#""KEY":null,"KEY":"b""#, twice),
            ("i_key_of_no_meaning_twice", r#""KEY":"a","x":1,"x":2"#, Ok(r#""a""#)),
            ("i_key_in_capitals", r#""Text":"a","Content":"a""#, Err(no_text.as_str())),
            ("i_key_inside_a_value", r#""KEY":"a","x":{"KEY":"b"}"#, Ok(r#""a""#)),
            // JSON's grammar allows half a surrogate pair, but it is no character, and an app may fail at it.
            ("i_text_lone_high_surrogate", r#""KEY":"\ud800""#, half),
            ("i_text_lone_low_surrogate", r#""KEY":"\udfff\ud800""#, half),
            ("i_text_pair_in_wrong_order", r#""KEY":"\ude00\ud83d""#, half),
            ("i_number_for_text", r#""KEY":1e400"#, Err(&no_text)),
        ] {
            let frame = message(dialect, &format!(",{}", fields.replace("KEY", key)));
            let values = relayed(dialect, &frame);
            let found = values.as_ref().map(|values| values[key].as_str()).map_err(|said| *said);
            assert_eq!(found, text, "{name} {dialect:?}");
        }
    }
}

#[test]
fn an_id_is_text_and_half_a_character_is_none() {
    let sca = message(Dialect::Sca, r#","text":"a","id":"\ud800""#);
    let detail = "id must be a string of 1 to 64 characters";
    assert_eq!(relayed(Dialect::Sca, &sca), Err(detail));
    let messenger = r#"{"type":"message_read","data":{"messageId":"\ud800"}}"#;
    assert!(relayed(Dialect::Messenger, messenger).is_err());
    // Such a key matches no field either.
    for dialect in DIALECTS {
        let frame = message(dialect, r#","text":"a","content":"a","\ud800":1"#);
        assert!(relayed(dialect, &frame).is_err(), "{dialect:?}");
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
    // UTF-16 without a byte order mark is valid UTF-8 here, but not a JSON object.
    let frame: String = r#"{"type":"ping"}"#.chars().flat_map(|c| [c, '\0']).collect();
    for dialect in DIALECTS {
        assert_eq!(relayed(dialect, &frame), Err(NO_OBJECT), "{dialect:?}");
    }
}
