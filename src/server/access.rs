//! Who may do what, before anything is done: `Host`, `Origin`, proxies, CORS (API: Browsers).
//! Law: a page of another origin does nothing and reads nothing unless `--allow-origin` names its origin.

use super::problem::Problem;
use crate::http::{Authority, Head, Headers, Method, Origin, is_loopback_host, same_origin};
use crate::limits::{OriginRule, Settings};

/// What the browser is told about who may read the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// The origin to echo; `None`: nobody else may read.
    pub allow: Option<Box<str>>,
    /// Cookies and other credentials may be sent along.
    pub credentials: bool,
}

/// Headers that a page may send, besides `Holdline-…`.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Cache-Control, Last-Event-ID, If-None-Match, Prefer, \
    Idempotency-Key";
/// Headers of ours, which a preflight must have by name.
pub const HOLDLINE_HEADERS: [&str; 6] = [
    "Holdline-Event",
    "Holdline-Except",
    "Holdline-TTL",
    "Holdline-Key",
    "Holdline-Retain",
    "Holdline-Session",
];
/// Headers of an answer that a page may read.
pub const EXPOSED_HEADERS: &str = "ETag, Location, Retry-After, Preference-Applied, Holdline-Client, \
    Holdline-Session, Holdline-Ask, Holdline-Answered-By, Holdline-Subscribers, Holdline-Repeated";
/// Methods that a page may use.
pub const METHODS: &str = "GET, HEAD, POST, DELETE";
/// Seconds a preflight holds: the longest that browsers keep one.
pub const PREFLIGHT_MAX_AGE_S: u32 = 7200;

/// What a preflight allows to be sent.
pub fn request_headers() -> String {
    HOLDLINE_HEADERS.iter().fold(REQUEST_HEADERS.to_owned(), |list, name| list + ", " + name)
}

/// Does a foreign name lead here, or a proxy? `loopback`: the listener is one that only this machine reaches.
pub fn check_host(settings: &Settings, loopback: bool, head: &Head<'_, '_>) -> Result<(), Problem> {
    let is_local = loopback && !settings.open;
    if is_local
        && ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| head.headers.has(name))
    {
        return Err(Problem::new(
            403,
            "this request came through a proxy, but the server is for programs of this machine only; start it with \
             --open if everybody whom the proxy lets in may read and publish",
        ));
    }
    if !is_local && settings.hosts.is_empty() {
        return Ok(());
    }
    let host = head.host.and_then(Authority::parse).map(|authority| authority.host);
    let is_known = match host {
        // HTTP/1.0 has no Host, and no browser sends such a request.
        None => head.host.is_none(),
        Some(host) => {
            (loopback && is_loopback_host(host))
                || settings.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
        }
    };
    if is_known {
        Ok(())
    } else {
        Err(Problem::new(421, "this server is not known by that Host; name it with --host"))
    }
}

/// Whether the origin of a request may act and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// No browser sent it, or not from a page.
    Nobodys,
    /// A page of our own.
    Own,
    /// A page that `--allow-origin` names.
    Listed,
    /// Another page.
    Foreign,
}

/// Whose request is it?
pub fn whose(settings: &Settings, head: &Head<'_, '_>) -> Whose {
    let mut origins = head.headers.all("origin");
    let Some(origin) = origins.next() else {
        let site = head.headers.get("sec-fetch-site").unwrap_or_default();
        let is_foreign = site.eq_ignore_ascii_case(b"cross-site") || site.eq_ignore_ascii_case(b"same-site");
        return if is_foreign { Whose::Foreign } else { Whose::Nobodys };
    };
    match core::str::from_utf8(origin) {
        Ok(origin) if origins.next().is_none() => whose_origin(settings, origin, head.host),
        _ => Whose::Foreign,
    }
}

/// Whose is `origin`, at a server that was called `host`?
pub fn whose_origin(settings: &Settings, origin: &str, host: Option<&str>) -> Whose {
    if host.is_some_and(|host| same_origin(origin, host)) {
        Whose::Own
    } else if settings.allow_origins.iter().any(|rule| allows(rule, origin)) {
        Whose::Listed
    } else {
        Whose::Foreign
    }
}

fn allows(rule: &OriginRule, origin: &str) -> bool {
    match rule {
        OriginRule::Any => true,
        OriginRule::Exact(exact) => exact == &serialized(origin),
        OriginRule::Below { scheme, suffix } => Origin::parse(origin).is_some_and(|origin| {
            let host = origin.host.to_ascii_lowercase();
            scheme.as_deref().is_none_or(|scheme| {
                scheme.strip_suffix("://").is_some_and(|scheme| scheme.eq_ignore_ascii_case(origin.scheme))
            }) && host.len() > suffix.len()
                && host.ends_with(suffix.as_str())
        }),
    }
}

/// As browsers write it: lower case, without a default port.
fn serialized(origin: &str) -> String {
    let lower = origin.to_ascii_lowercase();
    match Origin::parse(&lower) {
        Some(parsed) if parsed.port.is_some() && parsed.uncommon_port().is_none() => {
            format!("{}://{}", parsed.scheme, parsed.host)
        }
        _ => lower,
    }
}

/// A deed (a POST, a DELETE, a WebSocket) of a foreign page is refused before anything is done: CORS hides an answer,
/// it does not stop a deed.
pub fn check_deed(settings: &Settings, head: &Head<'_, '_>, is_websocket: bool) -> Result<(), Problem> {
    let is_deed = matches!(head.method, Method::Post | Method::Delete) || is_websocket;
    if is_deed && whose(settings, head) == Whose::Foreign {
        return Err(Problem::new(
            403,
            "pages of this origin may do nothing here; allow it with --allow-origin",
        ));
    }
    Ok(())
}

/// What to tell the browser about who may read the answer.
pub fn cors(settings: &Settings, head: &Head<'_, '_>) -> Cors {
    if !head.headers.has("origin") || !matches!(whose(settings, head), Whose::Own | Whose::Listed) {
        return Cors::default();
    }
    let credentials = !settings.allow_origins.contains(&OriginRule::Any);
    Cors { allow: head.headers.text("origin").map(Into::into), credentials }
}

/// May this page load a script that tells it the messages (JSONP)? Script loads send no `Origin`.
pub fn check_jsonp(settings: &Settings, head: &Head<'_, '_>) -> Result<(), Problem> {
    let headers = head.headers;
    let is_any = settings.allow_origins.contains(&OriginRule::Any);
    let is_same = headers.get("sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case(b"same-origin"));
    if is_any || is_same || referrer_may_read(settings, headers, head.host) {
        return Ok(());
    }
    Err(Problem::new(
        403,
        "a script is loaded only by pages of this origin, or of one that --allow-origin names, and that send a Referer",
    ))
}

fn referrer_may_read(settings: &Settings, headers: Headers<'_, '_>, host: Option<&str>) -> bool {
    let Some(origin) = headers.text("referer").and_then(origin_of) else { return false };
    matches!(whose_origin(settings, origin, host), Whose::Own | Whose::Listed)
}

/// The origin at the front of a URL.
fn origin_of(url: &str) -> Option<&str> {
    let begin = url.find("://")? + 3;
    let end = url[begin..].find(['/', '?', '#']).map_or(url.len(), |at| begin + at);
    Some(&url[..end])
}

/// The page that a hidden iframe may post to.
pub fn check_iframe(
    settings: &Settings,
    origin: Option<&str>,
    host: Option<&str>,
) -> Result<Box<str>, Problem> {
    let refusal = "?origin= must name this server's own origin, or one that --allow-origin names";
    let origin = origin.ok_or_else(|| Problem::new(403, refusal))?;
    // It becomes part of a header and of a script: nothing but an origin will do, also where every origin may read.
    if Origin::parse(origin).is_none() || whose_origin(settings, origin, host) == Whose::Foreign {
        return Err(Problem::new(403, refusal));
    }
    Ok(serialized(origin).into())
}
