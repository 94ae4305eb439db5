//! `Host`: once, well formed, a name by which the server is known.

use crate::row::{Row, check, row};

#[test]
fn hosts() {
    check(rows());
}

/// `GET /livez` with these fields and no others.
fn with(fields: &str) -> Vec<u8> {
    format!("GET /livez HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

pub fn rows() -> Vec<Row> {
    vec![
        row("a host with a port", "9110 7.2", with("Host: localhost:8080\r\n"), "200 stays"),
        row("a host with an empty port", "3986 3.2.3", with("Host: localhost:\r\n"), "200 stays"),
        row("a host in upper case", "3986 3.2.2", with("Host: LOCALHOST\r\n"), "200 stays"),
        row("a host below localhost", "9110 7.2", with("Host: app.localhost\r\n"), "200 stays"),
        row("an IPv4 host", "3986 3.2.2", with("Host: 127.0.0.1\r\n"), "200 stays"),
        row("an IPv6 host", "3986 3.2.2", with("Host: [::1]\r\n"), "200 stays"),
        row("an IPv6 host with a port", "3986 3.2.2", with("Host: [::1]:8080\r\n"), "200 stays"),
        row("a host that is not ours", "9110 7.4", with("Host: rebound.example\r\n"), "421 stays"),
        row("an address that is not ours", "9110 7.4", with("Host: 192.0.2.1\r\n"), "421 stays"),
        row("no Host", "9112 3.2", with(""), "400 ends"),
        row("no Host in HTTP/1.0", "9112 3.2", "GET /livez HTTP/1.0\r\n\r\n", "200 ends"),
        row("two Hosts", "9112 3.2", with("Host: localhost\r\nHost: evil.example\r\n"), "400 ends"),
        row("two equal Hosts", "9112 3.2", with("Host: localhost\r\nHost: localhost\r\n"), "400 ends"),
        row(
            "two Hosts, one in lower case",
            "9112 3.2",
            with("Host: localhost\r\nhost: evil.example\r\n"),
            "400 ends",
        ),
        row(
            "two Hosts in HTTP/1.0",
            "9112 3.2",
            "GET /livez HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
            "400 ends",
        ),
        row("two Hosts, the second empty", "9112 3.2", with("Host: localhost\r\nHost:\r\n"), "400 ends"),
        row("an empty Host", "9112 3.2", with("Host:\r\n"), "400 ends"),
        row("a Host of blanks", "9112 3.2", with("Host: \t\r\n"), "400 ends"),
        row("an empty Host in HTTP/1.0", "9112 3.2", "GET /livez HTTP/1.0\r\nHost:\r\n\r\n", "400 ends"),
        row("a list of hosts", "9112 3.2", with("Host: localhost, evil.example\r\n"), "400 ends"),
        row(
            "a list of hosts without space",
            "9112 3.2",
            with("Host: localhost,evil.example\r\n"),
            "400 ends",
        ),
        row(
            "a host and a space and a host",
            "9112 3.2",
            with("Host: localhost evil.example\r\n"),
            "400 ends",
        ),
        row("a host with a user", "9112 3.2", with("Host: me@localhost\r\n"), "400 ends"),
        row(
            "a host with a user and a password",
            "9112 3.2",
            with("Host: evil.example:80@localhost\r\n"),
            "400 ends",
        ),
        row("a host with a path", "9112 3.2", with("Host: localhost/x\r\n"), "400 ends"),
        row("a host with a query", "9112 3.2", with("Host: localhost?x\r\n"), "400 ends"),
        row("a host with a fragment", "9112 3.2", with("Host: localhost#x\r\n"), "400 ends"),
        row("a host with a scheme", "9112 3.2", with("Host: http://localhost\r\n"), "400 ends"),
        row("a host with a backslash", "9112 3.2", with("Host: localhost\\x\r\n"), "400 ends"),
        row("a port alone", "9112 3.2", with("Host: :80\r\n"), "400 ends"),
        row("a port in letters", "9112 3.2", with("Host: localhost:http\r\n"), "400 ends"),
        row("a signed port", "9112 3.2", with("Host: localhost:+80\r\n"), "400 ends"),
        row("a port beyond 16 bits", "9112 3.2", with("Host: localhost:65536\r\n"), "400 ends"),
        row("two ports", "9112 3.2", with("Host: localhost:80:80\r\n"), "400 ends"),
        row("a bracket that is not closed", "3986 3.2.2", with("Host: [::1\r\n"), "400 ends"),
        row("letters behind a bracket", "3986 3.2.2", with("Host: [::1]evil.example\r\n"), "400 ends"),
        row("IPv6 without brackets", "3986 3.2.2", with("Host: ::1\r\n"), "400 ends"),
        row("IPv4 in brackets", "3986 3.2.2", with("Host: [127.0.0.1]\r\n"), "400 ends"),
        row("UTF-8 in Host", "9112 3.2", with("Host: loc\u{e4}lhost\r\n"), "400 ends"),
        row("an escape in Host", "9112 3.2", with("Host: local%68ost\r\n"), "400 ends"),
        row(
            "a name that only begins with localhost",
            "9110 7.4",
            with("Host: localhost.evil.example\r\n"),
            "421 stays",
        ),
        row(
            "a request that came through a proxy",
            "9110 7.4",
            with("Host: localhost\r\nVia: 1.1 x\r\n"),
            "403 stays",
        ),
    ]
}
