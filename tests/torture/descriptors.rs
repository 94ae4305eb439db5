//! Descriptors used up: who is in is served, nobody is left waiting, the loop does not spin; when some leave, others
//! get in.

use crate::HANG;
use crate::kit::CHANNEL;
use crate::report::Report;
use crate::support::body::Body;
use crate::support::client::Client;
use crate::support::holds_within;
use crate::told::payload;
use crate::trial::Trial;
use std::time::Duration;

const DESCRIPTORS: u32 = 256;
const CONNECTIONS: usize = 600;
/// Of 256 some are the server's own; far fewer readers than this would be a bound that nobody asked for.
const READERS_MIN: usize = 200;
const QUIET: Duration = Duration::from_millis(1500);
/// A loop that spins takes all of it.
const QUIET_CPU_MS_MAX: f64 = 500.0;
const MEMORY_MAX: u64 = 64 << 20;

pub fn check(report: &mut Report) {
    report
        .tried(format_args!("{CONNECTIONS} connections to a server that may have {DESCRIPTORS} descriptors"));
    let mut trial = Trial::start_starved(DESCRIPTORS, &["--max-connections", "1000", "--heartbeat", "10m"]);
    let crowd: Vec<Client> = (0..CONNECTIONS).map(|_| trial.server.connect()).collect();
    let mut readers: Vec<Body> = crowd.into_iter().filter_map(subscribe).collect();
    let in_first = readers.len();
    assert!((READERS_MIN..DESCRIPTORS as usize).contains(&in_first), "{in_first} are in");
    report.held(format_args!("{in_first} are in, the others were closed, nobody was left waiting"));

    let quiet_ms = trial.cpu_during(QUIET);
    let waiting: Vec<Client> = (0..CONNECTIONS).map(|_| trial.server.connect()).collect();
    let besieged_ms = trial.cpu_during(QUIET);
    report.held(format_args!(
        "processor time in {QUIET:?}: {quiet_ms:.0} ms with nothing to do, {besieged_ms:.0} ms with \
         {CONNECTIONS} more at the door"
    ));
    assert!(quiet_ms <= QUIET_CPU_MS_MAX && besieged_ms <= QUIET_CPU_MS_MAX, "it spins");
    deliver(&mut trial, &mut readers, 0);
    report.held("who is in gets a message, once");

    drop(waiting);
    readers.truncate(in_first / 2);
    trial.await_figure("readers", readers.len() as u64);
    // Places become free in the server's own time; until then one who comes is closed, and comes again.
    let came = holds_within(HANG, || {
        readers.extend(subscribe(trial.server.connect()));
        readers.len() == in_first
    });
    assert!(came, "only {} are in again", readers.len());
    deliver(&mut trial, &mut readers, 1);
    report.held(format_args!("half of them left, as many others got in, and a message reached all"));
    drop(readers);
    trial.end(report, MEMORY_MAX);
}

/// Opens a stream, unless the server closes the connection.
fn subscribe(mut client: Client) -> Option<Body> {
    let request =
        client.request("GET", &format!("/channels/{CHANNEL}"), &[("Accept", "application/x-ndjson")], b"");
    client.try_send(request).ok()?;
    if !client.fill() {
        return None;
    }
    let head = client.head();
    assert_eq!(head.status, 200, "{head:?}");
    let mut body = Body::new(client);
    let line = body.line().expect("it begins with a position");
    assert!(line.contains("\"notice\":\"position\""), "{line}");
    Some(body)
}

/// One message to all of them, and nothing else.
fn deliver(trial: &mut Trial, readers: &mut [Body], number: u64) {
    let text = payload(number, 64);
    trial.publish(&text);
    for reader in readers {
        let line = reader.line().expect("the stream goes on");
        assert!(line.contains(&text), "{line} where {text} is due");
    }
}
