//! Offers and answers: RFC 7692 sections 5.1 and 7.1, the grammar of RFC 6455 section 9.1.

use super::*;

const BOTH: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The answer to these fields, without what is in all of them.
fn answer(fields: &[&str]) -> Option<String> {
    let agreement = negotiate(fields.iter().map(|field| field.as_bytes()))?;
    let text = agreement.to_string();
    Some(text.strip_prefix(BOTH).expect("both are always said").to_owned())
}

fn check(cases: &[(&str, Option<&str>)]) {
    for &(field, expected) in cases {
        assert_eq!(answer(&[field]).as_deref(), expected, "{field}");
    }
}

#[test]
fn each_parameter_has_its_answer() {
    check(&[
        ("permessage-deflate", Some("")),
        ("permessage-deflate; server_no_context_takeover", Some("")),
        ("permessage-deflate; client_no_context_takeover", Some("")),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", Some("")),
        ("permessage-deflate; client_max_window_bits", Some("; client_max_window_bits=15")),
        ("permessage-deflate; client_max_window_bits=8", Some("; client_max_window_bits=8")),
        ("permessage-deflate; client_max_window_bits=9", Some("; client_max_window_bits=9")),
        ("permessage-deflate; client_max_window_bits=10", Some("; client_max_window_bits=10")),
        ("permessage-deflate; client_max_window_bits=15", Some("; client_max_window_bits=15")),
        ("permessage-deflate; server_max_window_bits=9", Some("; server_max_window_bits=9")),
        ("permessage-deflate; server_max_window_bits=10", Some("; server_max_window_bits=10")),
        ("permessage-deflate; server_max_window_bits=14", Some("; server_max_window_bits=14")),
        ("permessage-deflate; server_max_window_bits=15", Some("; server_max_window_bits=15")),
        (
            "permessage-deflate; client_max_window_bits=12; server_no_context_takeover; \
             server_max_window_bits=11; client_no_context_takeover",
            Some("; server_max_window_bits=11; client_max_window_bits=12"),
        ),
    ]);
}

#[test]
fn what_cannot_be_kept_or_means_nothing_is_declined() {
    check(&[
        ("", None),
        (" , ,", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-bzip2", None),
        ("Permessage-Deflate", None),
        ("permessage-deflate2", None),
        // Zlib cannot make this window.
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_max_window_bits=", None),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=0", None),
        ("permessage-deflate; server_max_window_bits=1", None),
        ("permessage-deflate; server_max_window_bits=09", None),
        ("permessage-deflate; server_max_window_bits=010", None),
        ("permessage-deflate; server_max_window_bits=+9", None),
        ("permessage-deflate; server_max_window_bits=9.0", None),
        ("permessage-deflate; server_max_window_bits=1e1", None),
        ("permessage-deflate; server_max_window_bits=true", None),
        ("permessage-deflate; server_max_window_bits=100", None),
        ("permessage-deflate; server_max_window_bits=265", None),
        ("permessage-deflate; server_max_window_bits=4294967305", None),
        ("permessage-deflate; client_max_window_bits=", None),
        ("permessage-deflate; client_max_window_bits=7", None),
        ("permessage-deflate; client_max_window_bits=16", None),
        ("permessage-deflate; client_max_window_bits=08", None),
        ("permessage-deflate; client_max_window_bits=x", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; server_no_context_takeover=true", None),
        ("permessage-deflate; server_no_context_takeover=\"\"", None),
        ("permessage-deflate; client_no_context_takeover=false", None),
        ("permessage-deflate; client_no_context_takeover=", None),
        ("permessage-deflate; Server_No_Context_Takeover", None),
        ("permessage-deflate; foo", None),
        ("permessage-deflate; foo=1", None),
        ("permessage-deflate; client_max_window_bits; foo", None),
    ]);
}

#[test]
fn a_parameter_that_comes_twice_spoils_the_offer() {
    check(&[
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        ("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits=15", None),
        (
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9; client_max_window_bits=9",
            None,
        ),
    ]);
}

#[test]
fn the_grammar_is_that_of_the_rfc() {
    check(&[
        ("permessage-deflate;server_max_window_bits=10", Some("; server_max_window_bits=10")),
        ("\tpermessage-deflate \t;\tclient_max_window_bits ", Some("; client_max_window_bits=15")),
        ("permessage-deflate; server_max_window_bits = 10", Some("; server_max_window_bits=10")),
        ("permessage-deflate; server_max_window_bits=\"10\"", Some("; server_max_window_bits=10")),
        ("permessage-deflate; client_max_window_bits=\"8\"", Some("; client_max_window_bits=8")),
        ("permessage-deflate; server_max_window_bits=\"\\1\\0\"", Some("; server_max_window_bits=10")),
        (", ,permessage-deflate,", Some("")),
        ("permessage-deflate; server_max_window_bits=\"10", None),
        ("permessage-deflate; server_max_window_bits=10\"", None),
        ("permessage-deflate; server_max_window_bits=\"1\"0\"", None),
        ("permessage-deflate; server_max_window_bits=\"10\\\"", None),
        ("permessage-deflate; server_max_window_bits=\" 10\"", None),
        ("permessage-deflate; server_max_window_bits=\"\"", None),
        ("permessage-deflate; server_max_window_bits='10'", None),
        ("permessage-deflate; server_max_window_bits=1 0", None),
        ("permessage-deflate; server_max_window_bits==10", None),
        ("permessage-deflate;", None),
        ("permessage-deflate; ; client_max_window_bits", None),
        ("permessage-deflate client_max_window_bits", None),
        ("; permessage-deflate", None),
        ("permessage-deflate=1", None),
        ("\"permessage-deflate\"", None),
        ("permessage-deflate; =10", None),
        ("permessage-deflate; \u{e9}", None),
    ]);
}

#[test]
fn the_first_offer_that_can_be_kept_is_taken() {
    check(&[
        // RFC 7692 section 7.1.3.
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            Some("; server_max_window_bits=10; client_max_window_bits=15"),
        ),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, \
             permessage-deflate; client_max_window_bits",
            Some("; server_max_window_bits=10; client_max_window_bits=15"),
        ),
        // And section 5.1.
        ("permessage-foo; use_y, permessage-foo, permessage-deflate", Some("")),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", Some("")),
        (
            "permessage-deflate; foo, permessage-deflate; server_max_window_bits=9",
            Some("; server_max_window_bits=9"),
        ),
        (
            "permessage-deflate; =, permessage-deflate; server_max_window_bits=9",
            Some("; server_max_window_bits=9"),
        ),
        ("permessage-deflate, permessage-deflate; server_max_window_bits=9", Some("")),
        // A comma, a semicolon and a quote in quotes separate nothing.
        (
            "foo; a=\"b, permessage-deflate; c\", permessage-deflate; client_max_window_bits=9",
            Some("; client_max_window_bits=9"),
        ),
        ("foo; a=\"\\\", permessage-deflate", None),
        ("foo; a=\"\\\\\", permessage-deflate", Some("")),
        ("foo; a=\\, permessage-deflate", Some("")),
    ]);
}

#[test]
fn fields_are_one_list_and_quotes_do_not_reach_from_one_to_the_next() {
    let expected = Some("; server_max_window_bits=9".to_owned());
    assert_eq!(answer(&["foo", "permessage-deflate; server_max_window_bits=9"]), expected);
    assert_eq!(answer(&["", "foo; a=\"", "permessage-deflate; server_max_window_bits=9"]), expected);
    assert_eq!(
        answer(&["permessage-deflate; foo", "permessage-deflate; server_max_window_bits=9"]),
        expected
    );
    assert_eq!(answer(&[]), None);
    assert_eq!(negotiate([&b"permessage-deflate; \xff"[..], b"\xff"].into_iter()), None);
}

#[test]
fn the_list_is_read_so_far_and_no_further() {
    let after = |count: usize| answer(&[&"foo, ".repeat(count), "permessage-deflate"]);
    assert_eq!(after(15), Some(String::new()));
    assert_eq!(after(16), None);
}

#[test]
fn the_window_is_the_one_that_the_client_bounds() {
    let window = |field: &str| negotiate([field.as_bytes()].into_iter()).expect("a proper offer").window();
    assert_eq!(window("permessage-deflate"), WindowBits::MAX);
    assert_eq!(window("permessage-deflate; client_max_window_bits=9"), WindowBits::MAX);
    assert_eq!(window("permessage-deflate; server_max_window_bits=15"), WindowBits::MAX);
    for bits in WindowBits::all() {
        assert_eq!(window(&format!("permessage-deflate; server_max_window_bits={}", bits.get())), bits);
    }
}
