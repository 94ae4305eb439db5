//! `holdline ask`.  Law: a question of ours that nobody will wait for any more is withdrawn.  It is asked without being
//! held, so that its id is known before anything can interrupt us, and then held on to by that id.

use super::answer::Answer;
use super::args::AskArgs;
use super::ending::{Ending, tell};
use super::output::{self, Output};
use super::patience::Patience;
use super::publish::{content_type, fresh_key};
use super::remote::{self, Call, Remote};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much longer than the server holds a request its answer may take.
const GRACE: Duration = Duration::from_secs(10);
/// A server that does not hold requests is not asked more often than this.
const PACE: Duration = Duration::from_millis(250);
/// How long an end may take to withdraw the question.
const WITHDRAWING: Duration = Duration::from_secs(2);

/// Does it.
pub fn run(args: AskArgs) -> Result<(), Ending> {
    if args.channel.is_empty() {
        return Err(Ending::Usage("CHANNEL is empty; name a channel, such as door".to_owned()));
    }
    let question = Arc::new(Question {
        remote: Remote::new(&args.common)?,
        place: Mutex::default(),
        asked: Condvar::new(),
    });
    let data = output::data(&args.data)?;
    withdraw_when_interrupted(question.clone())?;
    let mut patience = Patience::new(Some(args.timeout));
    let answer = question.ask(&args, &data, &mut patience)?;
    let answer = question.hold(&args, answer, &mut patience);
    // Whoever is interrupting us holds on to the place, and ends us: what its withdrawal made of the question is no news.
    question.is_at(Place::Over);
    let answer = answer?;
    match answer.header("holdline-ask") {
        Some("answered") => tell_answer(&answer),
        Some("expired") => {
            Err(Ending::Missed(format!("nobody answered before the question expired{}", listeners(&answer))))
        }
        Some("withdrawn") => Err(Ending::Missed("the question was withdrawn".to_owned())),
        _ => Err(Ending::Refused(answer.problem())),
    }
}

/// A question on its way.
struct Question {
    remote: Remote,
    place: Mutex<Place>,
    asked: Condvar,
}

/// Where it can be asked after.
#[derive(Default)]
enum Place {
    /// It is being asked.
    #[default]
    Unknown,
    /// `/asks/…`.
    Known(String),
    /// It is over, or never was asked.
    Over,
}

impl Question {
    /// Asks, without being held.
    fn ask(&self, args: &AskArgs, data: &[u8], patience: &mut Patience) -> Result<Answer, Ending> {
        let lives = args.ttl.unwrap_or_else(|| whole_seconds(args.timeout)).to_string();
        let event = args.kind.event.as_deref();
        let query = remote::query([("event", event), ("ttl", Some(&*lives)), ("wait", Some("0"))]);
        let target = format!("/ask/{}{query}", remote::path(&args.channel));
        let key = args.kind.idempotency_key.clone().map_or_else(fresh_key, Ok)?;
        let fields = [("content-type", content_type(&args.kind, data)), ("idempotency-key", &key)];
        let call = Call { method: "POST", target: &target, fields: &fields, body: Some(data) };
        let answer = self.remote.persist(&call, patience, GRACE);
        self.is_at(answer.as_ref().ok().and_then(pending).map_or(Place::Over, Place::Known));
        answer
    }

    /// Asks after it until it is over or the time is up.
    fn hold(&self, args: &AskArgs, mut answer: Answer, patience: &mut Patience) -> Result<Answer, Ending> {
        while let Some(place) = pending(&answer) {
            let left = patience.at_most(Duration::from_secs(args.wait));
            if left.is_zero() {
                return self.give_up(&place, &answer);
            }
            let wait = whole_seconds(left).to_string();
            let target = format!("{place}{}", remote::query([("wait", Some(&*wait))]));
            let call = Call { method: "GET", target: &target, fields: &[], body: None };
            let pace = Patience::new(Some(PACE));
            answer = match self.remote.send(&call, left + GRACE) {
                Ok(next) if !next.is_passing() => next,
                failed => {
                    let (why, hint) = remote::failure(failed)?;
                    if !patience.wait(&why, hint) {
                        self.withdraw(&place);
                        return Err(Ending::Unreachable(why));
                    }
                    continue;
                }
            };
            if answer.status == 404 && answer.header("holdline-ask").is_none() {
                return Err(Ending::Missed("the server has forgotten the question".to_owned()));
            }
            if pending(&answer).is_some() {
                std::thread::sleep(pace.at_most(PACE));
            }
        }
        Ok(answer)
    }

    /// Nobody answered in time. An answer that came at the last moment counts: whoever gave it was told so.
    fn give_up(&self, place: &str, last: &Answer) -> Result<Answer, Ending> {
        if !self.withdraw(place) {
            let call = Call { method: "GET", target: place, fields: &[], body: None };
            if let Ok(answer) = self.remote.send(&call, GRACE)
                && answer.header("holdline-ask") == Some("answered")
            {
                return Ok(answer);
            }
        }
        Err(Ending::Missed(format!("nobody answered in time{}", listeners(last))))
    }

    /// Takes the question back; `true` if it had been open until then.
    fn withdraw(&self, place: &str) -> bool {
        let call = Call { method: "DELETE", target: place, fields: &[], body: None };
        self.remote.send(&call, WITHDRAWING).is_ok_and(|answer| answer.is_done())
    }

    fn is_at(&self, place: Place) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        self.asked.notify_all();
    }

    /// Takes the question back as soon as it is known where it is. While the result lives nobody else goes on.
    fn abandon(&self) -> MutexGuard<'_, Place> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unknown = |place: &mut Place| matches!(place, Place::Unknown);
        let waited = self.asked.wait_timeout_while(place, WITHDRAWING, is_unknown);
        let (place, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Place::Known(place) = &*place {
            self.withdraw(place);
        }
        place
    }
}

/// Where an answer says that its question is to be asked after, if it is still open. Only the path counts: nobody else
/// is to get our token.
fn pending(answer: &Answer) -> Option<String> {
    let location = answer.header("location").filter(|_| answer.status == 202)?;
    let at = location.find("/asks/")?;
    location.get(at..).map(str::to_owned)
}

/// How many hear the question, as the end of a sentence.
fn listeners(answer: &Answer) -> String {
    match answer.header("holdline-subscribers") {
        Some("0") => "; nobody listens to the channel".to_owned(),
        Some(count) => format!("; listening: {count}"),
        None => String::new(),
    }
}

fn tell_answer(answer: &Answer) -> Result<(), Ending> {
    Output::new().whole(&answer.body)?;
    if answer.is_done() { Ok(()) } else { Err(Ending::Declined(answer.status)) }
}

/// Not less than it was.
fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

/// From here on a signal takes the question back before it ends us.
fn withdraw_when_interrupted(question: Arc<Question>) -> Result<(), Ending> {
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
    let mut signals = signals.map_err(|error| Ending::Local(format!("signals cannot be heard: {error}")))?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _held = question.abandon();
            tell("interrupted");
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}
