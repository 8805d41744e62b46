// SPDX-License-Identifier: Apache-2.0
//! The reader against the standard library's numbers and `serde_json`'s idea of JSON.

use proptest::prelude::*;

use super::{NumberKind, ReadResult, Reader, ShortQargs, Span, path};

fn number(text: &str) -> Option<(f64, NumberKind)> {
    let mut reader = Reader::new(text.as_bytes()).ok()?;
    let number = reader.number().ok()?;
    reader.finish().ok()?;
    Some((number.value, number.kind))
}

fn accepts(text: &str) -> bool {
    let Ok(mut reader) = Reader::new(text.as_bytes()) else { return false };
    reader.skip().and_then(|_| reader.finish()).is_ok()
}

#[test]
fn numbers_keep_their_form() {
    assert_eq!(number("1"), Some((1.0, NumberKind::Integer)));
    assert_eq!(number("1.0"), Some((1.0, NumberKind::Float)));
    assert_eq!(number("1e0"), Some((1.0, NumberKind::Float)));
    assert_eq!(number("9007199254740991"), Some((9_007_199_254_740_991.0, NumberKind::Integer)));
    assert_eq!(number("9007199254740993"), Some((9_007_199_254_740_992.0, NumberKind::BigInteger)));
    assert_eq!(number("-0").map(|(value, _)| value.to_bits()), Some(0.0_f64.to_bits()));
    assert_eq!(number("-0.0").map(|(value, _)| value.to_bits()), Some((-0.0_f64).to_bits()));
    assert_eq!(number("-Infinity"), Some((f64::NEG_INFINITY, NumberKind::Float)));
    assert!(number("NaN").is_some_and(|(value, _)| value.is_nan()));
}

#[test]
fn what_is_no_number_is_refused() {
    for text in
        ["", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x1", "1_0", "nan", "1e400", "-1e999", "--1"]
    {
        assert_eq!(number(text), None, "{text}");
    }
    assert_eq!(number(&"9".repeat(309)), None);
}

#[test]
fn hard_cases_are_rounded_once() {
    // Halfway between two floats, just above, just below; many digits; the ends of each short way.
    for text in [
        "9007199254740993",
        "9007199254740993.0000000001",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "0.1",
        "123456789012345678e-27",
        "18446744073709551615e-27",
        "18446744073709551616e-3",
        "1e22",
        "1e23",
        "9007199254740992e22",
        "5e-324",
        "2.2250738585072014e-308",
        "1e-400",
        "0.00000000000000000000000000000000000000000000000000001",
        "8.988465674311579e307",
        "4503599627370497.5e0",
    ] {
        let expected: f64 = text.parse().expect("a number");
        assert_eq!(number(text).map(|(value, _)| value.to_bits()), Some(expected.to_bits()), "{text}");
    }
}

#[test]
fn strings_are_decoded() {
    let decode = |text: &str| {
        let mut reader = Reader::new(text.as_bytes()).expect("short");
        reader.text().map(|text| text.decode().into_owned()).ok()
    };
    assert_eq!(decode(r#""plain""#).as_deref(), Some("plain"));
    assert_eq!(decode(r#""\u00b5s\n\"\\\/\b\f\r\t""#).as_deref(), Some("µs\n\"\\/\u{8}\u{c}\r\t"));
    assert_eq!(decode(r#""\ud83d\ude00 \ud83d x \ude00""#).as_deref(), Some("😀 \u{fffd} x \u{fffd}"));
    assert_eq!(decode("\"é\"").as_deref(), Some("é"));
    for text in ["\"", "\"a", "\"\\\"", "\"\\u12\"", "\"\\x\"", "\"\n\"", "'a'"] {
        assert_eq!(decode(text), None, "{text}");
    }
}

#[test]
fn short_lists_are_taken_whole() {
    let few = |text: &str| Reader::new(text.as_bytes()).expect("short").match_short_qargs();
    let padding = " ".repeat(16);
    assert_eq!(few(&format!("[7]{padding}")), Some(ShortQargs::One(7)));
    assert_eq!(few(&format!("[12, 345]{padding}")), Some(ShortQargs::Two(12, 345)));
    assert_eq!(few(&format!("[1234567,7654321]{padding}")), None);
    assert_eq!(few(&format!("[123456,654321]{padding}")), Some(ShortQargs::Two(123_456, 654_321)));
    for text in
        ["[]", "[01]", "[1, 02]", "[1 ]", "[ 1]", "[1,  2]", "[1, 2, 3]", "[-1]", "[1.5]", "[1, ]", "1", "[12345678]"]
    {
        assert_eq!(few(&format!("{text}{padding}")), None, "{text}");
    }
}

#[test]
fn values_like_earlier_ones_are_still_checked() {
    let list = |last: &str| {
        format!(
            r#"[{{"a": [1.5, 2], "b12": "x9"}}, {{"a": [2.25, 3], "b7": "x10"}}, {last}, {{"a": [1.5, 2], "b12": "x9"}}]"#
        )
    };
    for right in [
        r#"{"a": [100.05, 4], "b123": "x"}"#,
        r#"{"a": [1.5, 2], "b12": "x9"}"#,
        r#"{"a": [0.5, 0], "b0": "x00"}"#,
        r#"{"a": [1.5e3, 2], "b12": "x9"}"#,
        r#"{"a": [-1.5, 2], "b12": "x9"}"#,
    ] {
        assert!(accepts(&list(right)), "{right}");
    }
    for wrong in [
        r#"{"a": [01.5, 2], "b12": "x9"}"#,
        r#"{"a": [1., 2], "b12": "x9"}"#,
        r#"{"a": [1.5, 02], "b12": "x9"}"#,
        r#"{"a": [1.5, 2}, "b12": "x9"}"#,
        r#"{"a": [.5, 2], "b12": "x9"}"#,
        r#"{"a": [1.5, ], "b12": "x9"}"#,
    ] {
        assert!(!accepts(&list(wrong)), "{wrong}");
    }
}

#[test]
fn paths_are_found_again() {
    let text = br#"{"a": [{"b c": [1, {"d": "x,}]\"", "e": tru}]}], "f": 2}"#;
    let at = |needle: &str| text.windows(needle.len()).position(|window| window == needle.as_bytes()).expect("there");
    assert_eq!(path::path_at(text, at("tru")), r#"$.a[0]["b c"][1].e"#);
    assert_eq!(path::path_at(text, at("2}")), "$.f");
    assert_eq!(path::path_at(text, 0), "$");
    assert_eq!(path::describe(text, at("tru")), "`tru`");
    assert_eq!(path::describe(text, text.len()), "the end of the payload");
    assert_eq!(path::describe(b"\"\xff\xfe", 0), "\"\\xff\\xfe");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has neither NaN nor infinities", |it| it.is_finite()).prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{0,20}", inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn decimal_text_is_read_to_the_nearest_float(text in r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,30})?(e-?[0-9]{1,2})?") {
        let expected: f64 = text.parse().expect("a number");
        let (value, _) = number(&text).expect("in range");
        prop_assert!(value.to_bits() == expected.to_bits() || (value == 0.0 && expected == 0.0));
    }

    #[test]
    fn floats_survive_being_printed(value in any::<f64>().prop_filter("finite", |it| it.is_finite())) {
        let text = serde_json::to_string(&value).expect("finite");
        prop_assert_eq!(number(&text).map(|(value, _)| value.to_bits()), Some(value.to_bits()));
    }

    #[test]
    fn json_is_accepted(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        prop_assert!(accepts(&text.expect("JSON")));
    }

    #[test]
    fn damaged_json_is_judged_as_serde_json_does(value in json(), at in any::<prop::sample::Index>(), byte in r#"[\[\]{}",:0-9a\\ .e-]"#) {
        let text = serde_json::to_string(&value).expect("JSON");
        let at = (0..=at.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (at + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let damaged = format!("{}{byte}{}", &text[..at], &text[end..]);
        prop_assert_eq!(accepts(&damaged), serde_json::from_str::<serde::de::IgnoredAny>(&damaged).is_ok(), "{}", damaged);
    }
}

#[test]
fn every_read_passes_over_white_space_first() {
    fn read<T>(json: &'static str, read: impl FnOnce(&mut Reader<'static>) -> ReadResult<T>) -> T {
        let mut reader = Reader::new(json.as_bytes()).expect("short");
        let value = read(&mut reader).expect(json);
        reader.finish().expect(json);
        value
    }
    assert!(read(" \n\t1.5 ", Reader::number).value > 1.0);
    assert_eq!(read(" \r\"a\" ", Reader::text).decode(), "a");
    assert_eq!(read("  7 ", |reader| reader.index(8)), 7);
    assert_eq!(read("  7 ", Reader::count), 7);
    assert!(read("  true ", Reader::boolean) && read("  null ", Reader::null));
    read("  [ ] ", |reader| reader.array(|_| Ok(())));
    read("  { } ", |reader| reader.object(|_, _| Ok(())));
    assert_eq!(read("  [1] ", Reader::skip), Span { start: 2, end: 5 });
    assert_eq!(read("  \"b\" ", Reader::optional_text).as_deref(), Some("b"));
}
