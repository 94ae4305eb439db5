//! Addresses, host names and origins as operators write them.  Law: what is accepted is in the one form that the
//! server compares with: lower case, no default port. Each error says what would be right.

use crate::limits::{Listen, OriginRule};
use crate::server::OWN_NAMES;
use core::net::{Ipv6Addr, SocketAddr};

/// Reads a value of `--listen`.
pub fn parse_listen(text: &str) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        if path.is_empty() || path.contains('\0') {
            return Err("write the path of the socket, such as unix:/run/holdline.sock".to_owned());
        }
        return Ok(Listen::Unix(path.into()));
    }
    let address: Result<SocketAddr, _> = text.parse();
    address.map(Listen::Tcp).map_err(|_| {
        "write ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080, or unix:PATH (a name is no address)"
            .to_owned()
    })
}

/// Can only programs on this machine reach it? A unix socket may stand behind a proxy, so it does not count.
pub fn is_loopback(listen: &Listen) -> bool {
    match listen {
        Listen::Tcp(address) => address.ip().to_canonical().is_loopback(),
        Listen::Unix(_) => false,
    }
}

/// Reads a value of `--host`: a name or an address, without port.
pub fn parse_host(text: &str) -> Result<String, String> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(format!("[{address}]"));
    }
    host(text).ok_or_else(|| "write a host name or address without port, such as chat.example.org".to_owned())
}

/// Reads a value of `--socketio-path`: a path of its own, which gets a slash at its end.
pub fn parse_path(text: &str) -> Result<Box<str>, String> {
    let inner = text.trim_matches('/');
    if inner.split('/').next().is_some_and(|first| OWN_NAMES.contains(&first)) {
        return Err(format!("the server answers {text} itself; write another path, such as /socket.io/"));
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    match text.starts_with('/') && !inner.is_empty() && inner.bytes().all(is_plain) && !inner.contains("//") {
        true => Ok(format!("/{inner}/").into()),
        false => Err("write a path such as /socket.io/ or /live/socket.io/".to_owned()),
    }
}

/// Reads a value of `--allow-origin`.
pub fn parse_origin(text: &str) -> Result<OriginRule, String> {
    match text {
        "*" => return Ok(OriginRule::Any),
        "null" => return Ok(OriginRule::Exact("null".to_owned())),
        _ => {}
    }
    let (scheme, authority) = match text.split_once("://") {
        Some((scheme, authority)) => (Some(checked_scheme(scheme)?), authority),
        None => (None, text),
    };
    if let Some(domain) = authority.strip_prefix("*.") {
        let domain = host(domain).filter(|domain| !domain.starts_with('['));
        let domain =
            domain.ok_or("write a pattern as *.example.org or https://*.example.org, without port")?;
        return Ok(OriginRule::Below {
            scheme: scheme.map(|scheme| scheme + "://"),
            suffix: format!(".{domain}"),
        });
    }
    let scheme = scheme.ok_or("write the scheme too, such as https://example.org, or *.example.org")?;
    exact(&scheme, authority).map(OriginRule::Exact).ok_or_else(|| {
        "write an origin as browsers do, without path or slash at the end, such as https://example.org:8443".to_owned()
    })
}

fn checked_scheme(scheme: &str) -> Result<String, String> {
    let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if fits { Ok(scheme.to_ascii_lowercase()) } else { Err("write a scheme such as https://".to_owned()) }
}

/// The origin in the form of RFC 6454 section 6.2: lower case, and no port if it is the scheme's own.
fn exact(scheme: &str, authority: &str) -> Option<String> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let (name, port) = match authority[after_bracket..].find(':') {
        Some(colon) => {
            let (name, port) = authority.split_at(after_bracket + colon);
            (name, Some(parse_port(&port[1..])?))
        }
        None => (authority, None),
    };
    let name = host(name)?;
    let default = match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    Some(match port.filter(|port| Some(*port) != default) {
        Some(port) => format!("{scheme}://{name}:{port}"),
        None => format!("{scheme}://{name}"),
    })
}

/// Digits only: `parse` alone would take a plus sign.
fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A host as it stands in a URL, in lower case. Names outside ASCII have to be written as browsers send them
/// (`xn--…`).
fn host(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]"));
    }
    let fits = (1..=253).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text.split('.').all(|label| !label.is_empty());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_comes_out_in_the_form_browsers_send() {
        let exact = |text: &str| OriginRule::Exact(text.to_owned());
        let below = |scheme: Option<&str>, suffix: &str| OriginRule::Below {
            scheme: scheme.map(str::to_owned),
            suffix: suffix.to_owned(),
        };
        for (text, rule) in [
            ("*", OriginRule::Any),
            ("null", exact("null")),
            ("https://a.example", exact("https://a.example")),
            ("HTTPS://A.Example:443", exact("https://a.example")),
            ("http://a.example:80", exact("http://a.example")),
            ("http://a.example:443", exact("http://a.example:443")),
            ("http://localhost:3000", exact("http://localhost:3000")),
            ("http://[::1]:3000", exact("http://[::1]:3000")),
            ("http://[0:0:0:0:0:0:0:1]", exact("http://[::1]")),
            ("chrome-extension://abcdef", exact("chrome-extension://abcdef")),
            ("*.Example.org", below(None, ".example.org")),
            ("https://*.example.org", below(Some("https://"), ".example.org")),
        ] {
            assert_eq!(parse_origin(text), Ok(rule), "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "example.org",
            "https://",
            "https://example.org/",
            "https://example.org/app",
            "https://u@example.org",
            "https://example.org:",
            "https://example.org:+1",
            "https://example.org:65536",
            "https://exämple.org",
            "https://a..b",
            "https://[::1",
            "https://[::1]x:1",
            "https://*",
            "https://*.",
            "https://*.example.org:8443",
            "https://a*.example.org",
            "*.*.example.org",
            "*.[::1]",
            "://a",
            "1a://a",
            "https://a b",
        ] {
            assert!(parse_origin(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn hosts_have_no_port() {
        for (text, name) in [
            ("Chat.Example.org", "chat.example.org"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(parse_host(text).as_deref(), Ok(name));
        }
        for text in ["", "a:80", "http://a", "a/b", ".a", "[a]", "*"] {
            assert!(parse_host(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_path_gets_a_slash_at_both_ends() {
        for (text, expected) in
            [("/socket.io", "/socket.io/"), ("/socket.io/", "/socket.io/"), ("/a/b", "/a/b/")]
        {
            assert_eq!(parse_path(text).as_deref(), Ok(expected));
        }
        for wrong in ["", "/", "//", "a", "a/", "/a?b", "/a//b", "/a b", "/%61"] {
            assert!(parse_path(wrong).is_err(), "{wrong}");
        }
        for own in OWN_NAMES {
            let told = parse_path(&format!("/{own}/live")).expect_err("the server answers that itself");
            assert!(told.contains(own), "{told}");
        }
    }

    #[test]
    fn addresses_are_tcp_or_unix() {
        assert_eq!(parse_listen("[::1]:0"), Ok(Listen::Tcp("[::1]:0".parse().unwrap())));
        assert_eq!(parse_listen("unix:a b"), Ok(Listen::Unix("a b".into())));
        for text in ["", "8080", ":8080", "localhost:8080", "127.0.0.1", "::1:80x", "1.2.3.4:65536", "unix:"]
        {
            assert!(parse_listen(text).is_err(), "{text:?}");
        }
        for (text, loopback) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.0.1:1", false),
            ("unix:/a", false),
        ] {
            assert_eq!(is_loopback(&parse_listen(text).unwrap()), loopback, "{text}");
        }
    }
}
