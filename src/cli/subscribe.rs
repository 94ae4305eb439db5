//! `holdline sub`: follows channels, over lost connections and restarts.  Law: a line is printed when it is whole, and
//! the next connection begins after the last line that was whole, so nothing is printed twice and nothing left out that
//! the server did not tell as a gap.

use super::args::SubArgs;
use super::ending::{Ending, tell};
use super::output::{self, Output};
use super::patience::Patience;
use super::remote::{self, Call, Fault, Remote};
use super::streamed::Streamed;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

/// How long a server may be out of reach before the first connection.
const FIRST_CONTACT: Duration = Duration::from_secs(10);
/// A connection that lasted so long was no failure, as one that brought a message was none.
const STEADY: Duration = Duration::from_secs(5);

/// Does it.
pub fn run(args: SubArgs) -> Result<(), Ending> {
    if args.channels.iter().any(String::is_empty) {
        return Err(Ending::Usage("CHANNEL is empty; name a channel, such as news".to_owned()));
    }
    let mut follower = Follower {
        remote: Remote::new(&args.common)?,
        output: Output::new(),
        whole: Patience::new(args.timeout),
        left: args.count,
        seen: 0,
        cursor: None,
        args: &args,
    };
    output::end_when_unread();
    follower.follow()
}

/// Whoever follows.
struct Follower<'a> {
    args: &'a SubArgs,
    remote: Remote,
    output: Output,
    /// The time of `--timeout`.
    whole: Patience,
    /// Messages to go until `--count`.
    left: Option<u64>,
    /// Messages that came.
    seen: u64,
    /// The last id or position that was told.
    cursor: Option<String>,
}

/// How a connection ended.
enum Over {
    /// All was printed that was asked for.
    Done,
    /// The server has closed the channels.
    Closed,
    /// It broke off, or was refused for now; how long the server asks to wait.
    Lost(String, Option<Duration>),
}

impl Follower<'_> {
    fn follow(&mut self) -> Result<(), Ending> {
        let mut first = Patience::new(Some(self.whole.at_most(FIRST_CONTACT)));
        let mut later = Patience::new(self.args.timeout);
        let mut contact = false;
        loop {
            let began = Patience::new(Some(STEADY));
            let before = self.seen;
            let (why, hint) = match self.connection(&mut contact)? {
                Over::Done => return Ok(()),
                Over::Closed if self.args.until_closed => return Ok(()),
                Over::Closed => ("the channels are closed".to_owned(), None),
                Over::Lost(why, hint) => (why, hint),
            };
            if self.whole.is_over() && contact {
                return self.time_is_up();
            }
            if began.is_over() || self.seen > before {
                later.reset();
            }
            let patience = if contact { &mut later } else { &mut first };
            if !patience.wait(&why, hint) {
                return if contact { self.time_is_up() } else { Err(Ending::Unreachable(why)) };
            }
        }
    }

    fn connection(&mut self, contact: &mut bool) -> Result<Over, Ending> {
        let target = self.target();
        let fields = [("accept", "application/x-ndjson"), ("cache-control", "no-cache")];
        let call = Call { method: "GET", target: &target, fields: &fields, body: None };
        let opened = match self.remote.open(&call, self.args.silence, self.whole.left()) {
            Ok(opened) => opened,
            Err(Fault::Passing(why)) => return Ok(Over::Lost(why, None)),
            Err(Fault::Lasting(why)) if !*contact => return Err(Ending::Unreachable(why)),
            Err(Fault::Lasting(why)) => return Ok(Over::Lost(why, None)),
        };
        let stream = match opened {
            Ok(stream) => stream,
            Err(answer) if answer.status == 204 => {
                *contact = true;
                return Ok(Over::Closed);
            }
            Err(answer) if answer.is_passing() => {
                return Ok(Over::Lost(answer.problem(), answer.retry_after()));
            }
            Err(answer) => return Err(Ending::Refused(answer.problem())),
        };
        self.read(stream, contact)
    }

    /// Takes a stream line by line, to its end.
    fn read(&mut self, stream: impl Read, contact: &mut bool) -> Result<Over, Ending> {
        let mut stream = BufReader::with_capacity(64 << 10, stream);
        let mut line = Vec::new();
        let mut hint = None;
        loop {
            line.clear();
            match stream.read_until(b'\n', &mut line) {
                Ok(_) if line.last() != Some(&b'\n') => {
                    return Ok(Over::Lost("the server ended the stream".to_owned(), hint));
                }
                Ok(_) => {}
                Err(error) => {
                    let why = format!("the connection is lost: {}", remote::reason(&error));
                    return Ok(Over::Lost(why, hint));
                }
            }
            *contact = true;
            line.pop();
            if let Some(told) = self.take(&line)? {
                hint = Some(told);
            }
            if self.left == Some(0) {
                return Ok(Over::Done);
            }
        }
    }

    /// Where to read on.
    fn target(&self) -> String {
        let channels = self.args.channels.iter().map(|channel| ("channel", Some(channel.as_str())));
        let last = self.args.last.map(|last| last.to_string());
        let (since, last) = match &self.cursor {
            Some(cursor) => (Some(cursor.as_str()), None),
            None => (self.args.since.as_deref(), last.as_deref()),
        };
        format!("/channels{}", remote::query(channels.chain([("since", since), ("last", last)])))
    }

    /// One line without its end: prints it if it is wanted. What the server asks to wait, if it says so.
    fn take(&mut self, line: &[u8]) -> Result<Option<Duration>, Ending> {
        let Some(told) = Streamed::parse(line) else {
            return Err(Ending::Refused("the answer is no stream of JSON lines".to_owned()));
        };
        if let Some(cursor) = told.id.as_ref().or(told.cursor.as_ref()) {
            self.cursor = Some(cursor.to_string());
        }
        self.seen += u64::from(told.id.is_some());
        match told.notice.as_deref() {
            Some("position") => {}
            Some(_) => {
                if let Some(sentence) = told.sentence() {
                    tell(&sentence);
                }
                if !self.args.data {
                    self.output.line(line)?;
                }
            }
            None if self.is_wanted(&told) => {
                if self.args.data {
                    self.output.line(&told.payload().unwrap_or_default())?;
                } else {
                    self.output.line(line)?;
                }
                self.left = self.left.map(|left| left.saturating_sub(1));
            }
            None => {}
        }
        Ok(told.reconnect_ms.map(Duration::from_millis))
    }

    fn is_wanted(&self, told: &Streamed<'_>) -> bool {
        let events = &self.args.events;
        events.is_empty() || told.event.as_ref().is_some_and(|event| events.iter().any(|one| one == event))
    }

    /// `--timeout` has passed, which is an end like any other unless more was wanted.
    fn time_is_up(&self) -> Result<(), Ending> {
        match self.args.count.zip(self.left) {
            Some((count, left)) => {
                Err(Ending::Missed(format!("only {} of {count} messages came in time", count - left)))
            }
            None => Ok(()),
        }
    }
}
