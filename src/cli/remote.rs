//! The server as the clients see it: requests through `ureq`, tried again where that may help.  Law: the token goes into one
//! header and nowhere else, and to nobody but the server that was named.

use super::answer::Answer;
use super::args::Common;
use super::ending::Ending;
use super::patience::Patience;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::error::Error as _;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;
use ureq::http::{Request, header::HeaderValue};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, BodyReader, Error, Proxy};

const CONNECT: Duration = Duration::from_secs(10);
/// What an answer may have; streams have no bound.
const ANSWER_MAX: u64 = 1 << 30;
/// What a refusal may have.
const PROBLEM_MAX: u64 = 64 << 10;
/// All that no name, path or query needs to have encoded.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &PLAIN.remove(b'/').remove(b':').remove(b'@').remove(b'+');

/// A server, and who we are to it.
pub struct Remote {
    agent: Agent,
    base: String,
    bearer: Option<HeaderValue>,
}

/// Why there is no answer.
pub enum Fault {
    /// Another try may do.
    Passing(String),
    /// Another try would fail as this one.
    Lasting(String),
}

/// One request.
pub struct Call<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub fields: &'a [(&'a str, &'a str)],
    /// `None` where the method has none.
    pub body: Option<&'a [u8]>,
}

impl Remote {
    /// The server of `--url`, with the token of `--token`.
    pub fn new(common: &Common) -> Result<Self, Ending> {
        let base = common.url.trim_end_matches('/').to_owned();
        let uri: ureq::http::Uri = base.parse().map_err(|_| bad_url(&base))?;
        let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(bad_url(&base));
        };
        // A proxy is for the world outside; what is on this machine is not behind one.
        let proxy = if is_local(host) { None } else { Proxy::try_from_env() };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("holdline/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .timeout_connect(Some(CONNECT))
            .proxy(proxy)
            .build()
            .new_agent();
        Ok(Remote { agent, base, bearer: common.token.as_deref().map(bearer).transpose()? })
    }

    /// Sends a request and reads the answer, all within `limit`.
    pub fn send(&self, call: &Call<'_>, limit: Duration) -> Result<Answer, Fault> {
        let answer = match call.body {
            Some(body) => self.run(call, body, Some(limit), None),
            None => self.run(call, (), Some(limit), None),
        };
        read_whole(answer?, ANSWER_MAX)
    }

    /// Opens a stream. It is lost when it is silent for `silence`, and when `limit` has passed.
    pub fn open(
        &self,
        call: &Call<'_>,
        silence: Duration,
        limit: Option<Duration>,
    ) -> Result<Result<BodyReader<'static>, Answer>, Fault> {
        let answer = self.run(call, (), limit, Some(silence))?;
        if answer.status() == 200 {
            return Ok(Ok(answer.into_body().into_with_config().limit(u64::MAX).reader()));
        }
        read_whole(answer, PROBLEM_MAX).map(Err)
    }

    /// Sends a request again until it is answered by something that does not pass by itself, or the time is up.
    pub fn persist(
        &self,
        call: &Call<'_>,
        patience: &mut Patience,
        limit: Duration,
    ) -> Result<Answer, Ending> {
        loop {
            let (why, hint) = match self.send(call, patience.at_most(limit)) {
                Ok(answer) if !answer.is_passing() => return Ok(answer),
                failed => failure(failed)?,
            };
            if !patience.wait(&why, hint) {
                return Err(Ending::Unreachable(why));
            }
        }
    }

    fn run(
        &self,
        call: &Call<'_>,
        body: impl AsSendBody,
        limit: Option<Duration>,
        silence: Option<Duration>,
    ) -> Result<ureq::http::Response<ureq::Body>, Fault> {
        let mut request = Request::builder().method(call.method).uri(format!("{}{}", self.base, call.target));
        for (name, value) in call.fields {
            request = request.header(*name, *value);
        }
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        let request = request.body(body).map_err(|error| Fault::Lasting(format!("no request: {error}")))?;
        let request = self.agent.configure_request(request);
        let request = request.timeout_global(limit).timeout_per_read(silence).build();
        self.agent.run(request).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &Error) -> Fault {
        let why = match error {
            Error::Io(error) => reason(error),
            error => error.to_string(),
        };
        let sentence = format!("{} cannot be reached: {why}", self.base);
        match error {
            Error::Io(error) if is_lasting(error) => Fault::Lasting(sentence),
            Error::Io(_) | Error::Timeout(_) | Error::HostNotFound | Error::ConnectionFailed => {
                Fault::Passing(sentence)
            }
            Error::Protocol(_) | Error::BodyStalled | Error::ConnectProxyFailed(_) => {
                Fault::Passing(sentence)
            }
            _ => Fault::Lasting(sentence),
        }
    }
}

/// Why to try again, and how long the server asks to wait; or that it is no use.
pub fn failure(failed: Result<Answer, Fault>) -> Result<(String, Option<Duration>), Ending> {
    match failed {
        Ok(answer) => Ok((answer.problem(), answer.retry_after())),
        Err(Fault::Passing(why)) => Ok((why, None)),
        Err(Fault::Lasting(why)) => Err(Ending::Unreachable(why)),
    }
}

/// A channel as it stands in a path.
pub fn path(channel: &str) -> String {
    utf8_percent_encode(channel, PATH).to_string()
}

/// `?name=value&…` of those that are there.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        out.push(if out.is_empty() { '?' } else { '&' });
        out += &format!("{name}={}", utf8_percent_encode(value, PLAIN));
    }
    out
}

/// What an error is for, down to its last cause.
pub fn reason(error: &io::Error) -> String {
    match error.source() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}

/// A certificate that is not trusted today is not trusted in a second.
fn is_lasting(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput)
}

fn read_whole(answer: ureq::http::Response<ureq::Body>, most: u64) -> Result<Answer, Fault> {
    let (head, body) = answer.into_parts();
    let mut whole = Vec::new();
    let read = body.into_with_config().limit(most).reader().read_to_end(&mut whole);
    read.map_err(|error| Fault::Passing(format!("the answer broke off: {}", reason(&error))))?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: whole })
}

fn bad_url(url: &str) -> Ending {
    Ending::Usage(format!(
        "--url {url}: write http:// or https://, a host and perhaps a port, such as http://127.0.0.1:8080"
    ))
}

fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The header's value. No error shows the token.
fn bearer(token: &str) -> Result<HeaderValue, Ending> {
    let token = match token.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Ending::Usage(format!("--token @{path} cannot be read: {error}")))?,
        None => token.to_owned(),
    };
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| {
        Ending::Usage("--token: a token has only printable characters, on one line".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reach_the_server_as_they_are() {
        for (channel, written) in [
            ("news/eu", "news/eu"),
            ("a:b@c+d~e", "a:b@c+d~e"),
            ("a b?c#d%", "a%20b%3Fc%23d%25"),
            ("ä", "%C3%A4"),
        ] {
            assert_eq!(path(channel), written);
        }
        assert_eq!(query([("a", None)]), "");
        assert_eq!(query([("a", Some("x&y+z")), ("b", None), ("c", Some("1"))]), "?a=x%26y%2Bz&c=1");
    }
}
