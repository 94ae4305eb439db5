//! Hosts, ports and origins (RFC 3986 section 3.2, RFC 6454).  Law: what is parsed here is only ever compared, never
//! resolved.

use core::net::{Ipv4Addr, Ipv6Addr};

/// A host with an optional port, as in `Host`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in its brackets.
    pub host: &'a str,
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Takes `text` apart; `None` if it is no host with an optional port. User information is refused.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = split_port(text)?;
        if !is_host(host) {
            return None;
        }
        let port = match port {
            None | Some("") => None,
            Some(digits) => Some(parse_port(digits)?),
        };
        Some(Authority { host, port })
    }
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let after_host = match text.strip_prefix('[') {
        Some(inner) => inner.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at_checked(after_host)?;
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None => rest.is_empty().then_some((host, None)),
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn is_host(host: &str) -> bool {
    match in_brackets(host) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name_byte),
    }
}

fn in_brackets(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

/// What the names of hosts are made of. RFC 3986 would allow escapes and punctuation; no such name resolves.
fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~".contains(&b)
}

/// Does `host` (IPv6 in brackets) name this machine whatever a name server says: `localhost`, a name under it, or a
/// loopback address?
pub fn is_loopback_host(host: &str) -> bool {
    if let Some(address) = in_brackets(host) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()) {
        return true;
    }
    let last_label = name.rsplit('.').next().unwrap_or_default();
    last_label.eq_ignore_ascii_case("localhost") && !name.starts_with('.')
}

/// Where a page comes from, as browsers write it in `Origin`. `null` is no such place.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    pub scheme: &'a str,
    pub host: &'a str,
    pub port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Takes `text` apart: scheme, host, optional port and nothing after it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let good = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(good) {
            return None;
        }
        let Authority { host, port } = Authority::parse(rest)?;
        Some(Origin { scheme, host, port })
    }

    /// The port, unless it is the scheme's own.
    pub fn uncommon_port(self) -> Option<u16> {
        self.port.filter(|&port| Some(port) != default_port(self.scheme))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}

/// Is `origin` the place that `host` (the value of `Host`) names? The default port of the origin's scheme is left out
/// on both sides; the schemes are not compared, for TLS may end in front of us. `null`, and schemes that are not
/// `http` or `https`, never are.
pub fn same_origin(origin: &str, host: &str) -> bool {
    let (Some(origin), Some(own)) = (Origin::parse(origin), Authority::parse(host)) else { return false };
    let Some(default) = default_port(origin.scheme) else { return false };
    let own_port = own.port.filter(|&port| port != default);
    origin.host.eq_ignore_ascii_case(own.host) && origin.uncommon_port() == own_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        let cases = [
            ("a", Some(("a", None))),
            ("a:", Some(("a", None))),
            ("a:0", Some(("a", Some(0)))),
            ("Example.ORG:65535", Some(("Example.ORG", Some(65535)))),
            ("a_b-c.d~e.", Some(("a_b-c.d~e.", None))),
            ("127.0.0.1:080", Some(("127.0.0.1", Some(80)))),
            ("[::1]", Some(("[::1]", None))),
            ("[::1]:8080", Some(("[::1]", Some(8080)))),
            ("[::FFFF:1.2.3.4]", Some(("[::FFFF:1.2.3.4]", None))),
            ("", None),
            (":80", None),
            ("a:65536", None),
            ("a:+1", None),
            ("a:1:2", None),
            ("a:b", None),
            ("u@a", None),
            ("a/b", None),
            ("a b", None),
            ("a%20b", None),
            ("a,b", None),
            ("\u{e4}", None),
            ("[", None),
            ("[]", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[::1%25eth0]", None),
            ("[127.0.0.1]", None),
            ("[v1.x]", None),
            ("::1", None),
            ("[\u{e4}]", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(host, port)| Authority { host, port });
            assert_eq!(Authority::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn loopback_is_what_no_name_server_can_point_elsewhere() {
        let local = [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "a.b.LocalHost",
            "127.0.0.1",
            "127.255.1.2",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
        ];
        let others = [
            "",
            ".",
            "localhost.evil.example",
            "notlocalhost",
            ".localhost",
            "localhost..",
            "127.0.0.1.nip.io",
            "128.0.0.1",
            "0.0.0.0",
            "127.1",
            "0177.0.0.1",
            "2130706433",
            "[::]",
            "[::2]",
            "::1",
            "[::1",
        ];
        assert!(local.iter().all(|host| is_loopback_host(host)));
        for host in others {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn an_origin_is_own_if_host_and_port_agree() {
        let own = [
            ("http://a", "a"),
            ("http://a", "a:80"),
            ("http://a:80", "a"),
            ("https://a", "a"),
            ("https://a:443", "a"),
            ("https://a", "a:443"),
            ("http://A.example:8080", "a.EXAMPLE:8080"),
            ("https://a:8080", "a:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("HTTP://a", "a"),
            ("http://a:443", "a:443"),
        ];
        for (origin, host) in own {
            assert!(same_origin(origin, host), "{origin} {host}");
        }
        let foreign = [
            ("null", "null"),
            ("", ""),
            ("http://a", "b"),
            ("http://a", "a:8080"),
            ("http://a:8080", "a"),
            ("http://a", "a:443"),
            ("https://a", "a:80"),
            ("http://a.b", "b"),
            ("http://a/", "a"),
            ("http://a/b", "a"),
            ("http://u@a", "a"),
            ("http://a b", "a"),
            ("//a", "a"),
            ("a", "a"),
            ("file://a", "a"),
            ("chrome-extension://a", "a"),
            ("http://", ""),
            ("http://a, http://b", "a"),
        ];
        for (origin, host) in foreign {
            assert!(!same_origin(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn origins_are_taken_apart() {
        let origin = Origin::parse("https://a.b:8443").expect("well formed");
        assert_eq!((origin.scheme, origin.host, origin.port), ("https", "a.b", Some(8443)));
        assert_eq!(origin.uncommon_port(), Some(8443));
        assert_eq!(Origin::parse("https://a:443").and_then(Origin::uncommon_port), None);
        assert_eq!(Origin::parse("http://a:443").and_then(Origin::uncommon_port), Some(443));
        for bad in
            ["null", "", "http:", "http://", "://a", "1http://a", "ht tp://a", "http://a#", "http://a?"]
        {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }
}
