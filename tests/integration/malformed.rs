//! What is not HTTP as RFC 9112 has it: refused with its status, and the connection closes. Never guessed at.

use crate::support::process::Server;

/// `GET /livez` with these lines behind the request line.
fn get(fields: &str) -> Vec<u8> {
    format!("GET /livez HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

/// A publish with these lines and this body.
fn post(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /channels/a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}").into_bytes()
}

/// A publish with this chunked body.
fn chunked(body: &str) -> Vec<u8> {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// A request with this request line.
fn line(line: &str) -> Vec<u8> {
    format!("{line}\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// Sends each request to a connection of its own: the status comes, then the end, and nothing was done.
fn refuse(cases: Vec<(&str, Vec<u8>, u16)>) {
    let server = Server::start(&[]);
    for (what, bytes, status) in cases {
        let mut client = server.connect();
        client.send(&bytes);
        let answer = client.response();
        assert_eq!(answer.status(), status, "{what}: {}", String::from_utf8_lossy(&answer.body));
        assert!(answer.head.lists("Connection", "close"), "{what}: {:?}", answer.head);
        answer.problem(status);
        assert!(client.is_ended(), "{what}: the connection closes");
    }
    let mut client = server.connect();
    assert_eq!(client.json("/channels/a?since=start")["messages"], serde_json::json!([]));
}

#[test]
fn request_lines() {
    let long = format!("GET /{} HTTP/1.1", "x".repeat(9 << 10));
    refuse(vec![
        ("two spaces before the target", line("GET  /livez HTTP/1.1"), 400),
        ("two spaces behind the target", line("GET /livez  HTTP/1.1"), 400),
        ("a tab as separator", line("GET\t/livez HTTP/1.1"), 400),
        ("a space before the method", line(" GET /livez HTTP/1.1"), 400),
        ("a space behind the version", line("GET /livez HTTP/1.1 "), 400),
        ("a space in the target", line("GET /li vez HTTP/1.1"), 400),
        ("HTTP/0.9", b"GET /livez\r\n\r\n".to_vec(), 400),
        ("no method", line("/livez HTTP/1.1"), 400),
        ("a method that is no token", line("G@T /livez HTTP/1.1"), 400),
        ("a target without a slash", line("GET livez HTTP/1.1"), 400),
        ("a fragment", line("GET /livez#x HTTP/1.1"), 400),
        ("raw UTF-8 in the target", line("GET /\u{e4} HTTP/1.1"), 400),
        ("a control in the target", line("GET /\u{1} HTTP/1.1"), 400),
        ("a NUL in the target", line("GET /\0 HTTP/1.1"), 400),
        ("* with GET", line("GET * HTTP/1.1"), 400),
        ("HTTP/2.0", line("GET /livez HTTP/2.0"), 505),
        ("HTTP/0.9 as a word", line("GET /livez HTTP/0.9"), 505),
        ("a minor version of two digits", line("GET /livez HTTP/1.10"), 400),
        ("a version in lower case", line("GET /livez http/1.1"), 400),
        ("a version without minor", line("GET /livez HTTP/1"), 400),
        ("another protocol", line("GET /livez ICAP/1.0"), 400),
        ("two empty lines before it", [b"\r\n\r\n".to_vec(), line("GET /livez HTTP/1.1")].concat(), 400),
        ("an empty line of LF before it", [b"\n".to_vec(), line("GET /livez HTTP/1.1")].concat(), 400),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        ("a target beyond the bound", line(&long), 414),
    ]);
}

#[test]
fn header_fields() {
    let many: String = (0..120).map(|n| format!("X-{n}: x\r\n")).collect();
    let large = format!("Host: localhost\r\nX-A: {}\r\n", "x".repeat(40 << 10));
    refuse(vec![
        ("bare LF", b"GET /livez HTTP/1.1\nHost: localhost\n\n".to_vec(), 400),
        ("bare LF behind one field", get("Host: localhost\nX-A: b\r\n"), 400),
        ("bare CR in a value", get("Host: localhost\r\nX-A: b\rc\r\n"), 400),
        ("NUL in a value", get("Host: localhost\r\nX-A: b\0c\r\n"), 400),
        ("a control in a value", get("Host: localhost\r\nX-A: b\u{1}c\r\n"), 400),
        ("DEL in a value", get("Host: localhost\r\nX-A: b\u{7f}c\r\n"), 400),
        ("a space before the colon", get("Host: localhost\r\nX-A : b\r\n"), 400),
        ("no colon", get("Host: localhost\r\nX-A\r\n"), 400),
        ("no name", get("Host: localhost\r\n: b\r\n"), 400),
        ("a name that is no token", get("Host: localhost\r\nX(A): b\r\n"), 400),
        ("obs-fold", get("Host: localhost\r\nX-A: b\r\n c\r\n"), 400),
        ("a fold behind the request line", get(" Host: localhost\r\n"), 400),
        ("too many fields", get(&format!("Host: localhost\r\n{many}")), 431),
        ("too large a head", get(&large), 431),
        ("an unknown expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n", "x"), 417),
    ]);
}

#[test]
fn host_fields() {
    refuse(vec![
        ("no Host", get(""), 400),
        ("two Hosts", get("Host: localhost\r\nHost: localhost\r\n"), 400),
        ("a Host with a space", get("Host: local host\r\n"), 400),
        ("a Host with a path", get("Host: localhost/x\r\n"), 400),
        ("a Host with a user", get("Host: me@localhost\r\n"), 400),
        ("a Host with a bad port", get("Host: localhost:8o\r\n"), 400),
        ("a Host with a port too large", get("Host: localhost:65536\r\n"), 400),
        ("a Host list", get("Host: localhost, localhost\r\n"), 400),
        ("an unclosed bracket", get("Host: [::1\r\n"), 400),
    ]);
}

#[test]
fn body_framing() {
    refuse(vec![
        ("length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400),
        ("lengths that differ", post("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"), 400),
        ("equal lengths twice", post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400),
        ("a list of lengths", post("Content-Length: 1, 1\r\n", "x"), 400),
        ("a signed length", post("Content-Length: +1\r\n", "x"), 400),
        ("a negative length", post("Content-Length: -1\r\n", "x"), 400),
        ("a hexadecimal length", post("Content-Length: 0x1\r\n", "x"), 400),
        ("an empty length", post("Content-Length:\r\n", "x"), 400),
        ("a length in words", post("Content-Length: one\r\n", "x"), 400),
        ("a length beyond 64 bits", post("Content-Length: 99999999999999999999999\r\n", "x"), 413),
        ("a length beyond the bound", post("Content-Length: 1048577\r\n", ""), 413),
        ("an unknown coding", post("Transfer-Encoding: gzip\r\n", ""), 501),
        ("gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501),
        ("a coding that looks like chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501),
        (
            "chunked in HTTP/1.0",
            b"POST /channels/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_vec(),
            400,
        ),
    ]);
}

#[test]
fn chunks() {
    refuse(vec![
        ("a size that is no number", chunked("x\r\n"), 400),
        ("an empty size", chunked("\r\n"), 400),
        ("a negative size", chunked("-1\r\nx\r\n"), 400),
        ("a prefixed size", chunked("0x1\r\nx\r\n0\r\n\r\n"), 400),
        ("a space before the size", chunked(" 1\r\nx\r\n0\r\n\r\n"), 400),
        ("a size of 17 digits", chunked("10000000000000000\r\nx"), 400),
        ("bare LF behind the size", chunked("1\nx\r\n0\r\n\r\n"), 400),
        ("LF in an extension", chunked("1;a\nb\r\nx\r\n0\r\n\r\n"), 400),
        ("NUL in an extension", chunked("1;a\0b\r\nx\r\n0\r\n\r\n"), 400),
        ("no CRLF behind the data", chunked("1\r\nxx\r\n0\r\n\r\n"), 400),
        ("bare LF behind the data", chunked("1\r\nx\n0\r\n\r\n"), 400),
        ("bare LF behind the last chunk", chunked("1\r\nx\r\n0\n\r\n"), 400),
        ("a trailer without a colon", chunked("1\r\nx\r\n0\r\nX\r\n\r\n"), 400),
        ("a trailer with a space before the colon", chunked("1\r\nx\r\n0\r\nX : y\r\n\r\n"), 400),
    ]);
}

#[test]
fn what_a_chunk_announces_meets_its_bound_first() {
    let trailers = format!("1\r\nx\r\n0\r\nX: {}\r\n\r\n", "y".repeat(10 << 10));
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.send(chunked(&trailers));
    let status = client.response().status();
    assert!(matches!(status, 400 | 413 | 431), "trailers are bounded: {status}");
    let mut client = server.connect();
    client.send(chunked("7fffffffffffffff\r\nx"));
    let status = client.response().status();
    assert!(matches!(status, 400 | 413), "a size of nearly 64 bits: {status}");
}

#[test]
fn a_malformed_request_behind_good_ones_does_not_spoil_them() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let good = client.request("GET", "/livez", &[], b"");
    client.send([&good[..], &good, b"GARBAGE\r\n\r\n", &good].concat());
    client.response().expect(200);
    client.response().expect(200);
    client.response().problem(400);
    assert!(client.is_ended(), "nothing behind it is read");
}

#[test]
fn targets_and_queries() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let bad = [
        "/channels/%",
        "/channels/%2",
        "/channels/%zz",
        "/channels/%ff",
        "/channels/%00",
        "/channels/a?since=%zz",
        "/channels/a?since=%ff",
        "/channels?channel=%",
    ];
    for target in bad {
        client.get(target).problem(400);
    }
    client.get("/livez").expect(200);
}
