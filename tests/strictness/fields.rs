//! Field lines: a token, a colon right behind it, a value without controls, on one line.

use crate::row::{Row, check, get, row};

#[test]
fn field_lines() {
    check(rows());
}

pub fn rows() -> Vec<Row> {
    [names(), values(), folds()].into_iter().flatten().collect()
}

fn names() -> Vec<Row> {
    vec![
        row(
            "a name in upper case",
            "9110 5.1",
            "GET /livez HTTP/1.1\r\nHOST: localhost\r\n\r\n",
            "200 stays",
        ),
        row(
            "a name in lower case",
            "9110 5.1",
            "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n",
            "200 stays",
        ),
        row("a name of punctuation", "9110 5.6.2", get("!#$%&'*+-.^_`|~: x\r\n"), "200 stays"),
        row("a space before the colon", "9112 5.1", get("X : y\r\n"), "400 ends"),
        row("a tab before the colon", "9112 5.1", get("X\t: y\r\n"), "400 ends"),
        row(
            "a space before the colon of Host",
            "9112 5.1",
            "GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n",
            "400 ends",
        ),
        row("a space in a name", "9112 5", get("X Y: z\r\n"), "400 ends"),
        row("a vertical tab before the colon", "9112 5.1", get("X\u{b}: y\r\n"), "400 ends"),
        row("no colon", "9112 5", get("X\r\n"), "400 ends"),
        row("no colon and a space", "9112 5", get("X y\r\n"), "400 ends"),
        row("no name", "9112 5", get(": y\r\n"), "400 ends"),
        row("a colon alone", "9112 5", get(":\r\n"), "400 ends"),
        row("NUL in a name", "9112 5", get("X\0: y\r\n"), "400 ends"),
        row("a control in a name", "9112 5", get("X\u{1}: y\r\n"), "400 ends"),
        row("DEL in a name", "9112 5", get("X\u{7f}: y\r\n"), "400 ends"),
        row("UTF-8 in a name", "9112 5", get("X\u{e4}: y\r\n"), "400 ends"),
        row("a name in quotes", "9112 5", get("\"X\": y\r\n"), "400 ends"),
        row("a name in parentheses", "9112 5", get("X(Y): z\r\n"), "400 ends"),
        row("a name in brackets", "9112 5", get("[X]: y\r\n"), "400 ends"),
        row("a slash in a name", "9112 5", get("X/Y: z\r\n"), "400 ends"),
        row("an at sign in a name", "9112 5", get("X@Y: z\r\n"), "400 ends"),
        row("a comma in a name", "9112 5", get("X,Y: z\r\n"), "400 ends"),
        row("a semicolon in a name", "9112 5", get("X;Y: z\r\n"), "400 ends"),
        row("an equals sign in a name", "9112 5", get("X=Y: z\r\n"), "400 ends"),
        row("a backslash in a name", "9112 5", get("X\\Y: z\r\n"), "400 ends"),
        row("a brace in a name", "9112 5", get("{X}: z\r\n"), "400 ends"),
        row("a name of HTTP/2", "9112 5", get(":path: /\r\n"), "400 ends"),
        row("a second request line for a field", "9112 5", get("GET /livez HTTP/1.1\r\n"), "400 ends"),
        row(
            "a field of the request line's kind with a colon",
            "9112 5",
            get("GET http://x/ HTTP/1.1\r\n"),
            "400 ends",
        ),
    ]
}

/// A field whose value need not be text.
fn raw(value: &[u8]) -> Vec<u8> {
    [b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ", value, b"\r\n\r\n"].concat()
}

fn values() -> Vec<Row> {
    vec![
        row("an empty value", "9110 5.5", get("X:\r\n"), "200 stays"),
        row("a value of blanks", "9112 5.1", get("X: \t \r\n"), "200 stays"),
        row(
            "no space before a value",
            "9112 5.1",
            "GET /livez HTTP/1.1\r\nHost:localhost\r\n\r\n",
            "200 stays",
        ),
        row(
            "a tab before a value",
            "9110 5.6.3",
            "GET /livez HTTP/1.1\r\nHost:\tlocalhost\r\n\r\n",
            "200 stays",
        ),
        row(
            "blanks around a value",
            "9110 5.6.3",
            "GET /livez HTTP/1.1\r\nHost: \t localhost\t \r\n\r\n",
            "200 stays",
        ),
        row("a tab in a value", "9110 5.5", get("X: a\tb\r\n"), "200 stays"),
        row("tabs in a list", "9110 5.6.1", get("Connection:\tx\t,\tclose\t\r\n"), "200 ends"),
        row("empty elements in a list", "9110 5.6.1.2", get("Connection: ,,close,\r\n"), "200 ends"),
        row("UTF-8 in a value", "9110 5.5", get("X: \u{e4}\u{1f600}\r\n"), "200 stays"),
        row("bytes that are no UTF-8 in a value", "9110 5.5", raw(b"\x80\xff"), "200 stays"),
        row("the next line of ISO 8859 in a value", "9110 5.5", raw(b"a\x85Y: b"), "200 stays"),
        row("colons in a value", "9110 5.5", get("X: a: b::\r\n"), "200 stays"),
        row("NUL in a value", "9110 5.5", get("X: a\0b\r\n"), "400 ends"),
        row("NUL at the end of a value", "9110 5.5", get("X: a\0\r\n"), "400 ends"),
        row("NUL before a value", "9110 5.5", get("X:\0a\r\n"), "400 ends"),
        row("a control in a value", "9110 5.5", get("X: a\u{1}b\r\n"), "400 ends"),
        row("a backspace in a value", "9110 5.5", get("X: a\u{8}b\r\n"), "400 ends"),
        row("an escape in a value", "9110 5.5", get("X: a\u{1b}[0mb\r\n"), "400 ends"),
        row("a vertical tab in a value", "9110 5.5", get("X: a\u{b}b\r\n"), "400 ends"),
        row("a form feed in a value", "9110 5.5", get("X: a\u{c}b\r\n"), "400 ends"),
        row("DEL in a value", "9110 5.5", get("X: a\u{7f}b\r\n"), "400 ends"),
    ]
}

fn folds() -> Vec<Row> {
    vec![
        row("a folded value", "9112 5.2", get("X: a\r\n b\r\n"), "400 ends"),
        row("a value folded by a tab", "9112 5.2", get("X: a\r\n\tb\r\n"), "400 ends"),
        row("an empty value folded", "9112 5.2", get("X:\r\n b\r\n"), "400 ends"),
        row("a fold that looks like a field", "9112 5.2", get("X: a\r\n Y: b\r\n"), "400 ends"),
        row("a fold of blanks", "9112 5.2", get("X: a\r\n \r\n"), "400 ends"),
        row(
            "a fold behind the request line",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n",
            "400 ends",
        ),
        row(
            "a tab behind the request line",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\n\tX: y\r\nHost: localhost\r\n\r\n",
            "400 ends",
        ),
        row(
            "a blank line behind the request line",
            "9112 2.2",
            "GET /livez HTTP/1.1\r\n \r\nHost: localhost\r\n\r\n",
            "400 ends",
        ),
        row("a folded Host", "9112 5.2", "GET /livez HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n", "400 ends"),
        row("a fold in HTTP/1.0", "9112 5.2", "GET /livez HTTP/1.0\r\nX: a\r\n b\r\n\r\n", "400 ends"),
    ]
}
