//! Each head is fed whole, split at every position and byte by byte; what comes out may not differ.

use super::super::fields::storage;
use super::*;
use crate::limits::{HEADERS_MAX, Settings};
use crate::testing::laws::{every_split, mutations};

const MAX_HEAD: usize = 32 << 10;
const MAX_TARGET: usize = 8 << 10;

/// Feeds `pieces` as they would arrive and gives what `look` makes of the head.
fn feed<T>(pieces: &[&[u8]], look: impl Fn(Head<'_, '_>) -> T) -> Result<Option<T>, HeadError> {
    let (mut scanner, mut buf) = (HeadScanner::default(), Vec::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        if let Some(end) = scanner.find_end(&buf, MAX_HEAD)? {
            return parse(&buf[..end], &mut storage(), MAX_TARGET).map(look).map(Some);
        }
    }
    Ok(None)
}

/// What `look` makes of `input`, in every split; the same input with bytes behind it may not differ either.
fn outcome<T: PartialEq + core::fmt::Debug>(
    input: &[u8],
    look: impl Fn(Head<'_, '_>) -> T,
) -> Result<Option<T>, HeadError> {
    let whole = feed(&[input], &look);
    every_split(input, |pieces| assert_eq!(feed(pieces, &look), whole, "{}", input.escape_ascii()));
    if whole != Ok(None) {
        let more = [input, b"\n\r\n\0GET / HTTP/1.1\r\n\r\n"].concat();
        assert_eq!(feed(&[&more], &look), whole, "with more behind it: {}", input.escape_ascii());
    }
    whole
}

fn error_of(input: &[u8]) -> Option<HeadError> {
    outcome(input, |_| ()).err()
}

fn accepted(input: &[u8]) -> bool {
    outcome(input, |_| ()) == Ok(Some(()))
}

/// A head of HTTP/1.1 with these lines after the request line.
fn with_fields(fields: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

#[test]
fn a_head_is_found_and_taken_apart() {
    let input = b"GET /a%20b?x=1?2 HTTP/1.1\r\nHost: example.org:81\r\nACCEPT: \t text/html \t\r\nempty:\r\nx: \xe4\t!\r\n\r\n";
    let seen = outcome(input, |head| {
        assert_eq!((head.method, head.method_text, head.version), (Method::Get, "GET", Version::Http11));
        assert_eq!(head.raw_target, "/a%20b?x=1?2");
        assert_eq!(head.target, Target { path: "/a%20b", query: Some("x=1?2"), authority: None });
        assert_eq!(head.headers.text("accept"), Some("text/html"));
        assert_eq!(head.headers.get("Empty"), Some(&b""[..]));
        assert_eq!((head.headers.get("x"), head.headers.text("x")), (Some(&b"\xe4\t!"[..]), None));
        assert_eq!(head.host, Some("example.org:81"));
        assert_eq!(head.headers.iter().count(), 4);
        (head.framing, head.keep_alive, head.expect_continue)
    });
    assert_eq!(seen, Ok(Some((Framing::None, true, false))));
}

#[test]
fn one_empty_line_before_the_request_line_is_stepped_over() {
    assert!(accepted(b"\r\nGET / HTTP/1.0\r\n\r\n"));
    assert!(accepted(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(error_of(b"\r\n\r\nGET / HTTP/1.0\r\n\r\n"), Some(HeadError::Method));
    assert_eq!(error_of(b"\nGET / HTTP/1.0\r\n\r\n"), Some(HeadError::BareLf));
    assert_eq!(error_of(b"\rGET / HTTP/1.0\r\n\r\n"), Some(HeadError::BareCr));
}

#[test]
fn what_follows_the_head_is_not_counted() {
    let input = b"GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n";
    assert_eq!(HeadScanner::default().find_end(input, MAX_HEAD), Ok(Some(18)));
    assert_eq!(HeadScanner::default().find_end(&input[..17], MAX_HEAD), Ok(None));
    assert_eq!(HeadScanner::default().find_end(b"", MAX_HEAD), Ok(None));
}

#[test]
fn request_lines_are_three_parts_with_single_spaces() {
    use HeadError::*;
    let cases: [(&[u8], HeadError); 46] = [
        (b"GET /\r\n", RequestLine),
        (b"GET\r\n", Method),
        (b"GET \r\n", RequestLine),
        (b"GET  / HTTP/1.1\r\n", RequestLine),
        (b"GET /  HTTP/1.1\r\n", RequestLine),
        (b"GET / HTTP/1.1 \r\n", RequestLine),
        (b"GET /a b HTTP/1.1\r\n", RequestLine),
        (b"GET\t/ HTTP/1.1\r\n", Method),
        (b"GET /\tHTTP/1.1\r\n", RequestLine),
        (b" GET / HTTP/1.1\r\n", Method),
        (b"G(T / HTTP/1.1\r\n", Method),
        (b"G\0T / HTTP/1.1\r\n", Method),
        (b"\x16\x03\x01\x02\x00\x01", Method),
        (b"\xef\xbb\xbfGET / HTTP/1.1\r\n", Method),
        (b"GETGETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\n", MethodTooLong),
        (b"GET / HTTP/1.1\n", BareLf),
        (b"GET / HTTP/1.1\rHost: a\r\n\r\n", BareCr),
        (b"GET / HTTP/1.1\r\r\n", BareCr),
        (b"GET /\n\n", BareLf),
        // Versions.
        (b"GET / http/1.1\r\n", Version),
        (b"GET / Http/1.1\r\n", Version),
        (b"GET / HTTP/1.10\r\n", Version),
        (b"GET / HTTP/11\r\n", Version),
        (b"GET / HTTP/1\r\n", Version),
        (b"GET / HTTP/1.\r\n", Version),
        (b"GET / HTTP/1,1\r\n", Version),
        (b"GET / HTTP/+1.1\r\n", Version),
        (b"GET / HTTPS/1.1\r\n", Version),
        (b"GET / x\r\n", Version),
        (b"GET / HTTP/2.0\r\n", VersionUnknown),
        (b"GET / HTTP/3.1\r\n", VersionUnknown),
        (b"GET / HTTP/0.9\r\n", VersionUnknown),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", VersionUnknown),
        // Targets, by their bytes.
        (b"GET /\xc3\xa4 HTTP/1.1\r\n", Target),
        (b"GET /a#b HTTP/1.1\r\n", Target),
        (b"GET /a\x7f HTTP/1.1\r\n", Target),
        (b"GET /a\0 HTTP/1.1\r\n", Target),
        // Targets, by their form; these are seen once the head is whole.
        (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        (b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", Target),
    ];
    for (input, expected) in cases {
        assert_eq!(error_of(input), Some(expected), "{}", input.escape_ascii());
    }
}

#[test]
fn a_wrong_first_line_is_refused_before_the_head_is_whole() {
    for input in ["\x16", "GET\r", "(", "GET / HTTP/2.0\r\n", "GET /\r\n", "GET /\n", "\r\n\r"] {
        assert!(HeadScanner::default().find_end(input.as_bytes(), MAX_HEAD).is_err(), "{input:?}");
    }
}

#[test]
fn targets_come_in_four_forms() {
    let cases = [
        ("GET / HTTP/1.1", ("/", None, None)),
        ("GET /? HTTP/1.1", ("/", Some(""), None)),
        ("GET //a/../b HTTP/1.1", ("//a/../b", None, None)),
        ("GET /a?b=c&d?e HTTP/1.1", ("/a", Some("b=c&d?e"), None)),
        ("GET /{a}|\"<b>\\^` HTTP/1.1", ("/{a}|\"<b>\\^`", None, None)),
        ("GET http://b HTTP/1.1", ("/", None, Some("b"))),
        ("GET HTTP://b:8080/c?d HTTP/1.1", ("/c", Some("d"), Some("b:8080"))),
        ("GET https://[::1]?d/e HTTP/1.1", ("/", Some("d/e"), Some("[::1]"))),
        ("OPTIONS * HTTP/1.1", ("*", None, None)),
        ("OPTIONS /a HTTP/1.1", ("/a", None, None)),
        ("CONNECT b:443 HTTP/1.1", ("*", None, Some("b:443"))),
    ];
    for (line, (path, query, authority)) in cases {
        let input = format!("{line}\r\nHost: a\r\n\r\n");
        let seen = outcome(input.as_bytes(), |head| {
            assert_eq!((head.target.path, head.target.query), (path, query), "{line}");
            assert_eq!(head.target.authority, authority, "{line}");
            assert_eq!(head.host, Some(authority.unwrap_or("a")), "an absolute target wins: {line}");
        });
        assert_eq!(seen, Ok(Some(())), "{line}");
    }
}

#[test]
fn methods_are_case_sensitive_tokens() {
    let cases = [
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("POST", Method::Post),
        ("DELETE", Method::Delete),
        ("OPTIONS", Method::Options),
        ("get", Method::Other),
        ("PUT", Method::Other),
        ("M-SEARCH", Method::Other),
        ("!#$%&'*+-.^_`|~09", Method::Other),
        ("GETGETGETGETGETGETGETGETGETGETGE", Method::Other),
    ];
    for (text, method) in cases {
        let input = format!("{text} / HTTP/1.0\r\n\r\n");
        let seen = outcome(input.as_bytes(), |head| {
            assert_eq!(head.method_text, text);
            head.method
        });
        assert_eq!(seen, Ok(Some(method)));
    }
}

#[test]
fn field_lines_are_a_token_a_colon_and_clean_text() {
    use HeadError::*;
    let cases: [(&[u8], HeadError); 23] = [
        (b"Host : a\r\n", FieldName),
        (b"Host\t: a\r\n", FieldName),
        (b" Host: a\r\n", FieldName),
        (b"Host: a\r\n folded\r\n", FieldName),
        (b"Host: a\r\n\tfolded\r\n", FieldName),
        (b"Host: a\r\nx:\r\n folded\r\n", FieldName),
        (b"Host: a\r\nno colon\r\n", FieldName),
        (b"Host: a\r\nnocolon\r\n", FieldName),
        (b"Host: a\r\n: no name\r\n", FieldName),
        (b"Host: a\r\nna(me: x\r\n", FieldName),
        (b"Host: a\r\nna\0me: x\r\n", FieldName),
        (b"Host: a\r\nn\xc3\xa4me: x\r\n", FieldName),
        (b"Host: a\r\nx: \0\r\n", FieldValue),
        (b"Host: a\r\nx: a\0b\r\n", FieldValue),
        (b"Host: a\r\nx: a\x01b\r\n", FieldValue),
        (b"Host: a\r\nx: a\x0bb\r\n", FieldValue),
        (b"Host: a\r\nx: a\x1bb\r\n", FieldValue),
        (b"Host: a\r\nx: a\x7fb\r\n", FieldValue),
        (b"Host: a\nx: y\r\n", BareLf),
        (b"Host: a\r\nx: y\n\r\n", BareLf),
        (b"Host: a\r\nx: y\rz: w\r\n", BareCr),
        (b"Host: a\r\nx: y\r\r\n", BareCr),
        (b"Host: a\r\n\n", BareLf),
    ];
    for (fields, expected) in cases {
        let input = [b"GET / HTTP/1.1\r\n", fields, b"\r\n"].concat();
        assert_eq!(error_of(&input), Some(expected), "{}", fields.escape_ascii());
    }
}

/// Every byte in every kind of place: what httparse lets pass is known, byte by byte, also where it looks at many bytes
/// at once.
#[test]
fn every_byte_is_judged_in_names_and_values() {
    for b in 0..=255_u8 {
        for lead in [0, 1, 15, 16, 31, 40] {
            let padding = vec![b'a'; lead];
            let name = [b"GET / HTTP/1.0\r\nx", &padding[..], &[b], &padding[..], b": v\r\n\r\n"].concat();
            let value = [b"GET / HTTP/1.0\r\nx: v", &padding[..], &[b], &padding[..], b"v\r\n\r\n"].concat();
            let target = [b"GET /", &padding[..], &[b], &padding[..], b" HTTP/1.0\r\n\r\n"].concat();
            let one_piece = |input: &[u8]| feed(&[input], |_| ()) == Ok(Some(()));
            assert_eq!(one_piece(&name), syntax::is_tchar(b) || b == b':', "name {b:#x} after {lead}");
            assert_eq!(one_piece(&value), syntax::is_field_byte(b), "value {b:#x} after {lead}");
            assert_eq!(one_piece(&target), b.is_ascii_graphic() && b != b'#', "target {b:#x} after {lead}");
        }
    }
}

#[test]
fn host_is_there_once_and_well_formed() {
    use HeadError::*;
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n", HostMissing),
        ("GET http://a/ HTTP/1.1\r\n\r\n", HostMissing),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HostRepeated),
        ("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", HostRepeated),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.1\r\nHost: \u{e4}\r\n\r\n", HostMalformed),
        ("GET / HTTP/1.0\r\nHost: ::1\r\n\r\n", HostMalformed),
        ("GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", HostMalformed),
    ];
    for (input, expected) in cases {
        assert_eq!(error_of(input.as_bytes()), Some(expected), "{input:?}");
    }
    let host = |input: &str| outcome(input.as_bytes(), |head| head.host.map(str::to_owned));
    assert_eq!(host("GET / HTTP/1.0\r\n\r\n"), Ok(Some(None)));
    assert_eq!(host("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), Ok(Some(Some("a".into()))));
    assert_eq!(host("GET http://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(Some(Some("b:1".into()))));
}

#[test]
fn framing_is_read_from_the_head() {
    let cases = [
        ("Content-Length: 5\r\n", Ok(Framing::Length(5))),
        ("Transfer-Encoding: chunked\r\n", Ok(Framing::Chunked)),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(HeadError::LengthAndTransferEncoding)),
        ("Content-Length: 5\r\ncontent-length: 5\r\n", Err(HeadError::LengthRepeated)),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(HeadError::TransferEncoding)),
        ("Transfer-Encoding: gzip\r\ntransfer-encoding: chunked\r\n", Err(HeadError::TransferCodingUnknown)),
        ("Transfer-Encoding : chunked\r\n", Err(HeadError::FieldName)),
        ("Transfer-Encoding:\r\n chunked\r\n", Err(HeadError::FieldName)),
    ];
    for (fields, expected) in cases {
        let input = with_fields(&format!("Host: a\r\n{fields}"));
        assert_eq!(outcome(&input, |head| head.framing), expected.map(Some), "{fields:?}");
    }
}

#[test]
fn connections_stay_open_as_their_version_has_it() {
    let cases = [
        ("HTTP/1.1", "", true),
        ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: Keep-Alive, CLOSE\r\n", false),
        ("HTTP/1.1", "Connection: upgrade\r\nConnection: x ,\tclose\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ];
    for (version, fields, expected) in cases {
        let input = format!("GET / {version}\r\nHost: a\r\n{fields}\r\n");
        let seen = outcome(input.as_bytes(), |head| head.keep_alive);
        assert_eq!(seen, Ok(Some(expected)), "{version} {fields:?}");
    }
}

#[test]
fn the_only_expectation_is_100_continue() {
    let cases = [
        ("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 1\r\n", Ok(true)),
        ("HTTP/1.1", "Expect: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n", Ok(true)),
        ("HTTP/1.1", "Expect: 100-continue\r\n", Ok(false)),
        ("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", Ok(false)),
        ("HTTP/1.1", "Expect: 200-ok\r\n", Err(HeadError::Expectation)),
        ("HTTP/1.1", "Expect: 100-continue, x\r\nContent-Length: 1\r\n", Err(HeadError::Expectation)),
        ("HTTP/1.1", "Expect: 100-continue;a=b\r\nContent-Length: 1\r\n", Err(HeadError::Expectation)),
        ("HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n", Ok(false)),
        ("HTTP/1.0", "Expect: x\r\nContent-Length: 1\r\n", Ok(false)),
    ];
    for (version, fields, expected) in cases {
        let input = format!("POST / {version}\r\nHost: a\r\n{fields}\r\n");
        let seen = outcome(input.as_bytes(), |head| head.expect_continue);
        assert_eq!(seen, expected.map(Some), "{version} {fields:?}");
    }
}

#[test]
fn fields_are_looked_up_without_case_and_lists_are_joined() {
    let input = b"GET / HTTP/1.0\r\nA: 1\r\nB: x, y ,,\r\na: 2\r\nb: z,\xff\r\n\r\n";
    let seen = outcome(input, |head| {
        let headers = head.headers;
        assert_eq!(headers.all("a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(headers.tokens("B").collect::<Vec<_>>(), ["x", "y", "z"]);
        assert_eq!((headers.get("A"), headers.only("A")), (Some(&b"1"[..]), None));
        assert!(headers.has("b") && !headers.has("c"));
        assert_eq!(headers.get("c"), None);
    });
    assert_eq!(seen, Ok(Some(())));
}

#[test]
fn a_head_is_bounded_to_the_byte() {
    let head = b"GET / HTTP/1.0\r\nx: 0123456789\r\n\r\n";
    let (exact, last) = (head.len(), &head[..head.len() - 1]);
    assert_eq!(HeadScanner::default().find_end(head, exact), Ok(Some(exact)));
    assert_eq!(HeadScanner::default().find_end(last, exact), Ok(None));
    assert_eq!(HeadScanner::default().find_end(last, exact - 1), Err(HeadError::TooLarge));
    for bound in 1..exact {
        let whole = HeadScanner::default().find_end(head, bound);
        let expected = if bound < 16 { HeadError::TargetTooLong } else { HeadError::TooLarge };
        assert_eq!(whole, Err(expected), "bound {bound}");
        every_split(head, |pieces| {
            let (mut scanner, mut buf) = (HeadScanner::default(), Vec::new());
            let first = pieces.iter().find_map(|piece| {
                buf.extend_from_slice(piece);
                scanner.find_end(&buf, bound).err()
            });
            assert_eq!(first, Some(expected), "bound {bound}");
        });
    }
}

#[test]
fn targets_and_fields_are_bounded() {
    let target = |len: usize| format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(len - 1)).into_bytes();
    let one_piece = |input: &[u8]| feed(&[input], |_| ());
    assert_eq!(one_piece(&target(MAX_TARGET)), Ok(Some(())));
    assert_eq!(one_piece(&target(MAX_TARGET + 1)), Err(HeadError::TargetTooLong));
    assert_eq!(one_piece(&target(MAX_HEAD)), Err(HeadError::TargetTooLong));
    let fields = |count| format!("GET / HTTP/1.0\r\n{}\r\n", "x:y\r\n".repeat(count)).into_bytes();
    assert_eq!(one_piece(&fields(HEADERS_MAX)), Ok(Some(())));
    assert_eq!(one_piece(&fields(HEADERS_MAX + 1)), Err(HeadError::TooManyFields));
    assert!(Settings::default().max_head >= MAX_TARGET + 100, "a target of full length fits a head");
}

#[test]
fn every_error_knows_its_answer() {
    use HeadError::*;
    let all = [
        (BareLf, 400),
        (BareCr, 400),
        (Method, 400),
        (MethodTooLong, 501),
        (RequestLine, 400),
        (Target, 400),
        (TargetTooLong, 414),
        (Version, 400),
        (VersionUnknown, 505),
        (FieldName, 400),
        (FieldValue, 400),
        (TooLarge, 431),
        (TooManyFields, 431),
        (HostMissing, 400),
        (HostRepeated, 400),
        (HostMalformed, 400),
        (TransferEncoding, 400),
        (TransferEncodingIn10, 400),
        (TransferCodingUnknown, 501),
        (LengthAndTransferEncoding, 400),
        (Length, 400),
        (LengthRepeated, 400),
        (LengthTooLarge, 413),
        (Expectation, 417),
    ];
    for (error, status) in all {
        assert_eq!(error.status(), status, "{error:?}");
        assert!(!error.detail().is_empty());
    }
}

#[test]
fn no_bytes_are_read_differently_by_their_split() {
    let samples: [&[u8]; 5] = [
        b"GET /a?b HTTP/1.1\r\nHost: a:80\r\n\r\n",
        b"\r\nPOST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
        b"POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nConnection: close, upgrade\r\n\r\n",
        b"CONNECT a:1 HTTP/2.0\r\n\r\n",
    ];
    mutations(&samples, 1, 2_000, |input| {
        let _ = outcome(input, |head| (head.framing, head.keep_alive));
    });
}
