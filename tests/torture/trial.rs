//! A server under trial, and its end: nothing may be left of what was done to it.

use crate::kit::usage;
use crate::report::{Report, mebibytes};
use crate::support::client::Client;
use crate::support::holds_within;
use crate::support::process::Server;
use crate::{HANG, kit};
use std::thread::sleep;
use std::time::Duration;

/// Flags of every trial: what is not the check's subject must not end its connections, and a log of every request
/// would be the load.
const FLAGS: [&str; 4] = ["--log", "warn", "--idle-timeout", "10m"];

/// Figures of `GET /stats` that are 0 when nobody is there.
const NOTHING_LEFT: [&str; 6] =
    ["readers", "subscribers", "parked", "incoming_bytes", "pieces", "pinned_bytes"];

/// The server, and a connection that asks and publishes.
pub struct Trial {
    pub server: Server,
    operator: Client,
    descriptors: usize,
}

impl Trial {
    /// A server with these flags besides those of every trial.
    pub fn start(flags: &[&str]) -> Trial {
        Trial::over(Server::start(&[&FLAGS, flags].concat()))
    }

    /// The same with no more than so many descriptors.
    pub fn start_starved(descriptors: u32, flags: &[&str]) -> Trial {
        Trial::over(Server::starved(descriptors, &[&FLAGS, flags].concat()))
    }

    fn over(server: Server) -> Trial {
        let mut operator = server.connect();
        assert_eq!(operator.figure("connections"), 1);
        let descriptors = server.descriptors();
        Trial { server, operator, descriptors }
    }

    /// Publishes to the channel that everybody reads; the message's id.
    pub fn publish(&mut self, payload: &str) -> String {
        self.publish_to(kit::CHANNEL, payload)
    }

    /// Publishes to another channel; the message's id.
    pub fn publish_to(&mut self, channel: &str, payload: &str) -> String {
        self.operator.publish(channel, payload)
    }

    /// Begins to publish; [`Trial::published`] must follow.
    pub fn begin_publish(&mut self, payload: &str) {
        self.operator.begin("POST", &format!("/channels/{}", kit::CHANNEL), &[], payload.as_bytes());
    }

    /// The id of the message whose publishing was begun.
    pub fn published(&mut self) -> String {
        let answer = self.operator.response().expect(200).json();
        answer["id"].as_str().expect("a publish is answered with its id").to_owned()
    }

    /// Publishes all of them in one request; their ids.
    pub fn publish_all(&mut self, payloads: &[String]) -> Vec<String> {
        let line = |data| format!("{{\"channel\":\"{}\",\"data\":\"{data}\"}}\n", kit::CHANNEL);
        let lines: String = payloads.iter().map(line).collect();
        let fields = [("Content-Type", "application/x-ndjson")];
        let answer = self.operator.ask("POST", "/publish", &fields, lines.as_bytes()).expect(200).json();
        let ids = answer["ids"].as_array().expect("as many ids as lines");
        ids.iter().map(|id| id.as_str().expect("an id is text").to_owned()).collect()
    }

    /// One figure of `GET /stats`.
    pub fn figure(&mut self, name: &str) -> u64 {
        self.operator.figure(name)
    }

    /// Waits until `GET /stats` says so.
    pub fn await_figure(&mut self, name: &str, wanted: u64) {
        let mut last = 0;
        let came = holds_within(HANG, || {
            last = self.figure(name);
            last == wanted
        });
        assert!(came, "{name} is {last} and does not become {wanted}");
    }

    /// Memory at present, in bytes.
    pub fn resident(&self) -> u64 {
        usage::resident(self.server.pid())
    }

    /// Milliseconds of processor time that it takes while `time` passes.
    pub fn cpu_during(&self, time: Duration) -> f64 {
        let before = usage::cpu(self.server.pid());
        sleep(time);
        usage::cpu(self.server.pid()).since(before).total()
    }

    /// When all clients are gone: nothing is left of them, and it ends by itself when it is told to. Its peak memory
    /// must be at most `memory_max` bytes.
    pub fn end(mut self, report: &mut Report, memory_max: u64) {
        self.await_figure("connections", 1);
        for name in NOTHING_LEFT {
            self.await_figure(name, 0);
        }
        let before = self.descriptors;
        let came = holds_within(HANG, || self.server.descriptors() <= before);
        assert!(came, "{} descriptors, before {before}", self.server.descriptors());
        assert!(self.server.is_alive(), "it ended by itself");
        let peak = usage::peak(self.server.pid());
        report.take_peak(peak);
        drop(self.operator);
        self.server.signal("TERM");
        assert_eq!(self.server.exit_code(), Some(0), "the exit code after SIGTERM");
        report.held(format_args!(
            "nothing is left of it in /stats nor in descriptors; ends with 0; peak RSS {}, allowed {}",
            mebibytes(peak),
            mebibytes(memory_max)
        ));
        assert!(peak <= memory_max, "more memory than is allowed");
    }
}
