//! Request targets in their four forms, and what is escaped in them.

use crate::row::{Row, TARGET_MAX, check, line, row};

#[test]
fn targets() {
    check(rows());
}

pub fn rows() -> Vec<Row> {
    [forms(), bytes(), escapes()].into_iter().flatten().collect()
}

/// A request for `target` by `Host: HOST`.
fn hosted(target: &str, host: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn forms() -> Vec<Row> {
    let at = |target: &str| line(&format!("GET {target} HTTP/1.1"));
    vec![
        row("an absolute target", "9112 3.2.2", at("http://localhost/livez"), "200 stays").says("alive"),
        row("an absolute target with a port", "9112 3.2.2", at("http://localhost:8080/livez"), "200 stays"),
        row("an absolute target in upper case", "3986 3.1", at("HTTP://LOCALHOST/livez"), "200 stays"),
        row("an absolute target of https", "9112 3.2.2", at("https://localhost/livez"), "200 stays"),
        row("an absolute target without a path", "9112 3.2.1", at("http://localhost"), "200 stays"),
        row("an absolute target, a query and no path", "9112 3.2.1", at("http://localhost?a=b"), "200 stays"),
        row(
            "an absolute target outweighs Host",
            "9112 3.2.2",
            hosted("http://localhost/livez", "evil.example"),
            "200 stays",
        ),
        row(
            "a foreign absolute target outweighs Host",
            "9112 3.2.2",
            hosted("http://evil.example/livez", "localhost"),
            "421 stays",
        ),
        row(
            "an absolute target and a bad Host",
            "9112 3.2",
            hosted("http://localhost/livez", "a b"),
            "400 ends",
        ),
        row(
            "an absolute target and no Host",
            "9112 3.2",
            "GET http://localhost/livez HTTP/1.1\r\n\r\n",
            "400 ends",
        ),
        row(
            "an absolute target in HTTP/1.0",
            "9112 3.2.2",
            "GET http://localhost/livez HTTP/1.0\r\n\r\n",
            "200 ends",
        ),
        row("an absolute target of another scheme", "9112 3.2.2", at("ftp://localhost/livez"), "400 ends"),
        row("an absolute target of a WebSocket", "9112 3.2.2", at("ws://localhost/livez"), "400 ends"),
        row("an absolute target without a host", "9110 4.2.1", at("http:///livez"), "400 ends"),
        row("an absolute target with one slash", "9112 3.2.2", at("http:/livez"), "400 ends"),
        row("an absolute target with a user", "9110 4.2.4", at("http://me@localhost/livez"), "400 ends"),
        row("an absolute target with a bad port", "3986 3.2.3", at("http://localhost:8o/livez"), "400 ends"),
        row("a scheme and no slashes", "9112 3.2", at("javascript:alert(1)"), "400 ends"),
        row("an authority with GET", "9112 3.2.3", at("localhost:80"), "400 ends"),
        row("CONNECT", "9110 9.3.6", line("CONNECT localhost:80 HTTP/1.1"), "405 stays"),
        row("CONNECT without a port", "9112 3.2.3", line("CONNECT localhost HTTP/1.1"), "400 ends"),
        row("CONNECT with a path", "9112 3.2.3", line("CONNECT /livez HTTP/1.1"), "400 ends"),
        row("CONNECT with a URL", "9112 3.2.3", line("CONNECT http://localhost:80/ HTTP/1.1"), "400 ends"),
        row("OPTIONS *", "9112 3.2.4", line("OPTIONS * HTTP/1.1"), "204 stays"),
        row("GET *", "9112 3.2.4", at("*"), "400 ends"),
        row("OPTIONS *x", "9112 3.2.4", line("OPTIONS *x HTTP/1.1"), "400 ends"),
        row("a path without a slash", "9112 3.2.1", at("livez"), "400 ends"),
        row("a query alone", "9112 3.2.1", at("?a=b"), "400 ends"),
        row("a path of two slashes", "9112 3.2.1", at("//livez"), "404 stays"),
        row("an absolute target behind a slash", "9112 3.2.1", at("/http://localhost/livez"), "404 stays"),
    ]
}

fn bytes() -> Vec<Row> {
    let at = |target: &str| line(&format!("GET {target} HTTP/1.1"));
    let long = |length: usize| at(&format!("/{}", "x".repeat(length - 1)));
    vec![
        row("a fragment", "9112 3.2", at("/livez#x"), "400 ends"),
        row("a fragment in a query", "9112 3.2", at("/livez?a#x"), "400 ends"),
        row("UTF-8 in a path", "3986 2.1", at("/\u{e4}"), "400 ends"),
        row("UTF-8 in a query", "3986 2.1", at("/livez?\u{e4}"), "400 ends"),
        row(
            "a byte beyond ASCII",
            "3986 2.1",
            b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(),
            "400 ends",
        ),
        row("NUL in a target", "9112 3.2", at("/livez\0"), "400 ends"),
        row("a control in a target", "9112 3.2", at("/\u{1}"), "400 ends"),
        row("DEL in a target", "9112 3.2", at("/\u{7f}"), "400 ends"),
        row(
            "what browsers do not escape in a query",
            "3986 3.4",
            at("/livez?a={\"b|c\"}[d]\\^`"),
            "200 stays",
        ),
        row("a backslash in a path", "3986 3.3", at("/\\..\\livez"), "404 stays"),
        row("a semicolon in a path", "3986 3.3", at("/livez;a=b"), "404 stays"),
        row("two question marks", "3986 3.4", at("/livez??a=b?"), "200 stays"),
        row("a target at the bound", "9112 3", long(TARGET_MAX), "404 stays"),
        row("a target over the bound", "9112 3", long(TARGET_MAX + 1), "414 ends"),
        row(
            "an absolute target over the bound",
            "9112 3",
            at(&format!("http://localhost/{}", "x".repeat(TARGET_MAX))),
            "414 ends",
        ),
    ]
}

fn escapes() -> Vec<Row> {
    let at = |target: &str| line(&format!("GET {target} HTTP/1.1"));
    vec![
        row("an escaped letter", "3986 2.3", at("/%61.txt"), "200 stays").says("a file"),
        row("an escaped slash in a channel", "3986 2.2", at("/channels/a%2Fb"), "200 stays"),
        row("a plus in a channel's path", "3986 2.2", at("/channels/a+b"), "200 stays"),
        row("an escape of nothing", "3986 2.1", at("/channels/a%"), "400 stays"),
        row("an escape of one digit", "3986 2.1", at("/channels/a%2"), "400 stays"),
        row("an escape of letters", "3986 2.1", at("/channels/a%zz"), "400 stays"),
        row("an escape of a sign", "3986 2.1", at("/channels/a%+1"), "400 stays"),
        row("an escape in an escape", "3986 2.4", at("/channels/a%252F"), "400 stays"),
        row("an escaped NUL", "3986 2.1", at("/channels/a%00"), "400 stays"),
        row("an escaped CR LF", "3986 2.1", at("/channels/a%0d%0aX:%20y"), "400 stays"),
        row("an escaped space", "3986 2.1", at("/channels/a%20b"), "400 stays"),
        row("an escape that is no UTF-8", "3629 3", at("/channels/a%ff"), "400 stays"),
        row("an overlong escape of a slash", "3629 3", at("/channels/a%c0%af"), "400 stays"),
        row("an escaped surrogate", "3629 3", at("/channels/a%ed%a0%80"), "400 stays"),
        row("an escape of nothing in a query", "3986 2.1", at("/channels/a?since=%"), "400 stays"),
        row("an escaped NUL in a query", "3986 2.1", at("/channels/a?since=%00"), "400 stays"),
        row("dots for a channel", "3986 5.2.4", at("/channels/.."), "400 stays"),
        row("dots in a path", "3986 5.2.4", at("/sub/../a.txt"), "404 stays"),
        row("escaped dots in a path", "3986 5.2.4", at("/%2e%2e/a.txt"), "404 stays"),
        row("an escaped slash in a file's path", "3986 2.2", at("/sub%2f..%2fa.txt"), "404 stays"),
        row("an escaped NUL in a file's path", "3986 2.1", at("/a.txt%00"), "400 stays"),
        row("an escape of nothing in a file's path", "3986 2.1", at("/a.txt%"), "400 stays"),
    ]
}
