//! `holdline pub --lines`: each line of stdin as a message, many in one request.  Law: a line waits for no other: what
//! one read of stdin brought in whole lines leaves in one request, and the next read comes after it.

use super::args::PubArgs;
use super::ending::{Ending, tell};
use super::output::{self, Output};
use super::patience::Patience;
use super::publish::{fresh_key, read};
use super::remote::{Call, Remote};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::{self, BufRead, BufReader, Read};

/// What one read takes: as much as a pipe holds.
const READ: usize = 64 << 10;

/// A line of `POST /publish`.
#[derive(Serialize)]
struct Line<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    except: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retain: Option<u8>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(&'a str),
    Json(&'a RawValue),
}

/// Lines that leave together.
#[derive(Default)]
struct Batch {
    body: Vec<u8>,
    messages: usize,
}

/// Stdin, with the number of the line that was read last.
struct Lines<R> {
    stdin: BufReader<R>,
    line: Vec<u8>,
    number: usize,
}

/// Publishes until stdin ends.
pub fn run(args: &PubArgs, remote: &Remote) -> Result<(), Ending> {
    let mut lines = Lines::over(io::stdin().lock());
    let mut output = Output::new();
    let mut published = 0;
    let mut step = || -> Result<bool, Ending> {
        let batch = lines.gather(args)?;
        if batch.messages > 0 {
            let ids = publish(args, remote, &batch)?;
            published += batch.messages;
            if !args.quiet {
                output.line(ids.join("\n").as_bytes())?;
            }
        }
        Ok(batch.messages > 0)
    };
    let ended = loop {
        match step() {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(ending) => break ending,
        }
    };
    if !matches!(ended, Ending::Unread) {
        // Whoever goes on must know where.
        tell(&format!("{published} messages were published before this"));
    }
    Err(ended)
}

impl<R: Read> Lines<R> {
    fn over(stdin: R) -> Self {
        Lines { stdin: BufReader::with_capacity(READ, stdin), line: Vec::new(), number: 0 }
    }

    /// The next line, waited for, and all whole ones that came with it. Nothing: stdin has ended.
    fn gather(&mut self, args: &PubArgs) -> Result<Batch, Ending> {
        let mut batch = Batch::default();
        while batch.messages == 0 || self.stdin.buffer().contains(&b'\n') {
            self.line.clear();
            if self.stdin.read_until(b'\n', &mut self.line).map_err(output::unreadable)? == 0 {
                break;
            }
            self.number += 1;
            let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            batch.add(args, text, self.number)?;
        }
        Ok(batch)
    }
}

impl Batch {
    fn add(&mut self, args: &PubArgs, text: &[u8], number: usize) -> Result<(), Ending> {
        let is_json = args.kind.json;
        if is_json && text.trim_ascii().is_empty() {
            return Ok(());
        }
        let utf8 = core::str::from_utf8(text).ok();
        let data = match utf8 {
            Some(text) if is_json => Some(Value::Json(serde_json::from_str(text).map_err(not_json(number))?)),
            Some(text) => Some(Value::Text(text)),
            None if is_json => {
                return Err(Ending::Local(format!("line {number} is no JSON: it is not UTF-8")));
            }
            None => None,
        };
        let line = Line {
            channel: &args.channel,
            data_base64: data.is_none().then(|| STANDARD.encode(text)),
            data,
            content_type: if is_json { Some("application/json") } else { args.kind.content_type.as_deref() },
            event: args.kind.event.as_deref(),
            ttl: args.ttl,
            key: args.key.as_deref(),
            except: args.except.as_deref(),
            retain: args.no_retain.then_some(0),
        };
        serde_json::to_writer(&mut self.body, &line)
            .expect("texts and numbers are JSON, and a Vec takes all");
        self.body.push(b'\n');
        self.messages += 1;
        Ok(())
    }
}

fn not_json(number: usize) -> impl Fn(serde_json::Error) -> Ending {
    move |error| Ending::Local(format!("line {number} is no JSON: {error}"))
}

fn publish(args: &PubArgs, remote: &Remote, batch: &Batch) -> Result<Vec<String>, Ending> {
    #[derive(Deserialize)]
    struct Published {
        ids: Vec<String>,
    }
    let key = fresh_key()?;
    let fields = [("content-type", "application/x-ndjson"), ("idempotency-key", &*key)];
    let call = Call { method: "POST", target: "/publish", fields: &fields, body: Some(&batch.body) };
    let answer = remote.persist(&call, &mut Patience::new(Some(args.timeout)), args.timeout)?.done()?;
    read::<Published>(&answer).map(|published| published.ids)
}
