//! `holdline pub`: one message, or one for each line of stdin.  Law: what is tried again carries the same
//! `Idempotency-Key`, so a message whose answer was lost is published once.

use super::answer::Answer;
use super::args::{Kind, PubArgs};
use super::ending::Ending;
use super::lines;
use super::output::{self, Output};
use super::patience::Patience;
use super::remote::{self, Call, Remote};
use serde::Deserialize;

/// Does it.
pub fn run(args: PubArgs) -> Result<(), Ending> {
    if args.channel.is_empty() {
        return Err(Ending::Usage("CHANNEL is empty; name a channel, such as news".to_owned()));
    }
    let remote = Remote::new(&args.common)?;
    if args.lines {
        return match args.data.as_deref() {
            None | Some("-") => lines::run(&args, &remote),
            Some(_) => Err(Ending::Usage("--lines reads stdin; leave DATA out".to_owned())),
        };
    }
    let data = output::data(args.data.as_deref().unwrap_or_default())?;
    let ttl = args.ttl.map(|ttl| ttl.to_string());
    let target = format!(
        "/channels/{}{}",
        remote::path(&args.channel),
        remote::query([
            ("event", args.kind.event.as_deref()),
            ("ttl", ttl.as_deref()),
            ("key", args.key.as_deref()),
            ("retain", args.no_retain.then_some("0")),
            ("except", args.except.as_deref()),
        ])
    );
    let key = args.kind.idempotency_key.clone().map_or_else(fresh_key, Ok)?;
    let fields = [("content-type", content_type(&args.kind, &data)), ("idempotency-key", &key)];
    let call = Call { method: "POST", target: &target, fields: &fields, body: Some(&data) };
    let answer = remote.persist(&call, &mut Patience::new(Some(args.timeout)), args.timeout)?.done()?;
    if args.quiet {
        return Ok(());
    }
    #[derive(Deserialize)]
    struct Published {
        id: String,
    }
    let published: Published = read(&answer)?;
    Output::new().line(published.id.as_bytes())
}

/// The media type that DATA is sent with.
pub fn content_type<'a>(kind: &'a Kind, data: &[u8]) -> &'a str {
    match &kind.content_type {
        Some(given) => given,
        None if kind.json => "application/json",
        None if core::str::from_utf8(data).is_ok() => "text/plain",
        None => "application/octet-stream",
    }
}

/// A key that nobody else uses.
pub fn fresh_key() -> Result<String, Ending> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Ending::Local(format!("the system gives no random bytes: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The JSON of a success.
pub fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Ending> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| Ending::Refused(format!("the answer {} is not a holdline server's", answer.status)))
}
