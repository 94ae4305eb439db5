//! Where lines end: CR LF and nothing else, in heads and before them.

use crate::row::{Row, check, chunked, get, line, row};

#[test]
fn lines() {
    check(rows());
}

pub fn rows() -> Vec<Row> {
    let livez = || line("GET /livez HTTP/1.1");
    let behind = |before: &[u8]| [before, &livez()].concat();
    vec![
        row("an empty line before a request", "9112 2.2", behind(b"\r\n"), "200 stays"),
        row(
            "an empty line before each of two requests",
            "9112 2.2",
            [behind(b"\r\n"), behind(b"\r\n")].concat(),
            "200 200 stays",
        ),
        row("two empty lines before a request", "9112 2.2", behind(b"\r\n\r\n"), "400 ends"),
        row("an empty line of LF before a request", "9112 2.2", behind(b"\n"), "400 ends"),
        row("an empty line of CR before a request", "9112 2.2", behind(b"\r"), "400 ends"),
        row("CR CR LF before a request", "9112 2.2", behind(b"\r\r\n"), "400 ends"),
        row("a line of a space before a request", "9112 2.2", behind(b" \r\n"), "400 ends"),
        row("a line of a tab before a request", "9112 2.2", behind(b"\t\r\n"), "400 ends"),
        row("nothing but an empty line", "9112 2.2", "\r\n", "stays"),
        row("nothing but half an empty line", "9112 2.2", "\r", "waits"),
        row("LF behind every line", "9112 2.2", "GET /livez HTTP/1.1\nHost: localhost\n\n", "400 ends"),
        row(
            "LF behind the request line",
            "9112 2.2",
            "GET /livez HTTP/1.1\nHost: localhost\r\n\r\n",
            "400 ends",
        ),
        row("LF behind a field", "9112 2.2", "GET /livez HTTP/1.1\r\nHost: localhost\n\r\n", "400 ends"),
        row("LF for the last line", "9112 2.2", "GET /livez HTTP/1.1\r\nHost: localhost\r\n\n", "400 ends"),
        row(
            "CR behind the request line",
            "9112 2.2",
            "GET /livez HTTP/1.1\rHost: localhost\r\n\r\n",
            "400 ends",
        ),
        row(
            "CR behind a field",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n",
            "400 ends",
        ),
        row(
            "CR for the last line",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\nHost: localhost\r\n\rGET",
            "400 ends",
        ),
        row(
            "CR CR LF behind a field",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\nHost: localhost\r\r\n\r\n",
            "400 ends",
        ),
        row("LF CR behind a field", "9112 2.2", "GET /livez HTTP/1.1\r\nHost: localhost\n\r\n\r", "400 ends"),
        row("CR in a value", "9112 2.2", get("X: a\rb\r\n"), "400 ends"),
        row("LF in a value", "9112 2.2", get("X: a\nb\r\n"), "400 ends"),
        row("LF and a field in a value", "9112 2.2", get("X: a\nTransfer-Encoding: chunked\r\n"), "400 ends"),
        row("CR in a name", "9112 2.2", get("X\rY: a\r\n"), "400 ends"),
        row("LF in a name", "9112 2.2", get("X\nY: a\r\n"), "400 ends"),
        row("CR in the target", "9112 2.2", line("GET /li\rvez HTTP/1.1"), "400 ends"),
        row("LF in the target", "9112 2.2", line("GET /li\nvez HTTP/1.1"), "400 ends"),
        row("CR in the version", "9112 2.2", line("GET /livez HTTP/1\r.1"), "400 ends"),
        row("LF as space", "9112 2.2", line("GET\n/livez HTTP/1.1"), "400 ends"),
        row("the line separator of Unicode", "9112 2.2", get("X: a\u{2028}Y: b\r\n"), "200 stays"),
        row("a vertical tab as line end", "9112 2.2", get("X: a\u{b}Y: b\r\n"), "400 ends"),
        row("LF behind a chunk size", "9112 7.1", chunked("1\nx\r\n0\r\n\r\n"), "400 ends"),
        row("LF behind a chunk", "9112 7.1", chunked("1\r\nx\n0\r\n\r\n"), "400 ends"),
        row("LF behind the last chunk size", "9112 7.1", chunked("1\r\nx\r\n0\n\r\n"), "400 ends"),
        row("LF for the last line of chunks", "9112 7.1", chunked("1\r\nx\r\n0\r\n\n"), "400 ends"),
        row("LF behind a trailer", "9112 7.1.2", chunked("1\r\nx\r\n0\r\nX: y\n\r\n"), "400 ends"),
        row("CR behind a chunk size", "9112 7.1", chunked("1\rx\r\n0\r\n\r\n"), "400 ends"),
        row("CR behind a chunk", "9112 7.1", chunked("1\r\nx\r0\r\n\r\n"), "400 ends"),
        row("CR CR LF behind a chunk size", "9112 7.1", chunked("1\r\r\nx\r\n0\r\n\r\n"), "400 ends"),
        row("CR in a trailer", "9112 7.1.2", chunked("1\r\nx\r\n0\r\nX: y\rz\r\n\r\n"), "400 ends"),
    ]
}
