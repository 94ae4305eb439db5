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
