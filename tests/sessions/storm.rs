//! Clients that do anything at any time, well and badly, while channels are published to and deleted.  Law: whatever was
//! done, the bounds hold, and when everybody is gone nothing of them is left.

use crate::page::socket_request;
use holdline::limits::Settings;
use holdline::testing::dice::Dice;
use holdline::testing::driver::{Line, World};

const WORLDS: u64 = 30;
const DEEDS: usize = 300;
const SESSIONS_MAX: usize = 12;

/// Small enough that each bound is met.
fn settings() -> Settings {
    Settings {
        ping_interval_ms: 3_000,
        ping_timeout_ms: 2_000,
        session_grace_ms: 5_000,
        presence_grace_ms: 1_000,
        max_message: 4_000,
        max_queue: 3_000,
        max_pinned: 30_000,
        max_incoming: 9_000,
        max_subscriptions: 6,
        max_sessions: SESSIONS_MAX,
        max_remembered: 15,
        max_batch: 1_500,
        retain_messages: 8,
        max_channels: 30,
        ..Settings::default()
    }
}

/// Everybody at once.
struct Storm {
    world: World,
    dice: Dice,
    requests: Vec<Line>,
    sockets: Vec<Line>,
    /// What was told of late: sids, pids, and ids of clients.
    sids: Vec<String>,
    pids: Vec<String>,
    clients: Vec<String>,
}

impl Storm {
    fn new(seed: u64) -> Self {
        Storm {
            world: World::new(settings()),
            dice: Dice::new(seed),
            requests: Vec::new(),
            sockets: Vec::new(),
            sids: Vec::new(),
            pids: Vec::new(),
            clients: Vec::new(),
        }
    }

    fn known(&mut self, list: impl Fn(&Self) -> &Vec<String>) -> String {
        let place = self.dice.below(8);
        list(self).get(place).cloned().unwrap_or_else(|| "none".to_owned())
    }

    /// The packets by which most sessions begin.
    fn joining(&mut self) -> [String; 2] {
        let pid = self.known(|storm| &storm.pids);
        let auths = ["", "{\"presence\":true,\"since\":\"start\"}", &format!("{{\"pid\":\"{pid}\"}}")];
        ["40", "40/a,"].map(|connect| format!("{connect}{}", self.dice.pick(&auths)))
    }

    /// Mostly what joined clients say.
    fn packet(&mut self) -> String {
        let pid = self.known(|storm| &storm.pids);
        let Storm { dice, .. } = self;
        let namespace = *dice.pick(&["", "/a,"]);
        let channel = *dice.pick(&["a", "b", "main", "x", "y", "z"]);
        let (number, long) = (dice.below(99), "v".repeat(dice.below(600)));
        if dice.one_in(40) {
            let bad = ["1", "9", "", "44{}", "40,,", "2", "bAAAA", "2probe", "40/main,", "451-[\"e\"]"];
            return (*dice.pick(&bad)).to_owned();
        }
        match dice.below(14) {
            0..=3 => format!("42{namespace}{number}[\"e\",\"{long}\"]"),
            4 => format!("42{namespace}[\"e\",1,2]"),
            5 => format!("42{namespace}7[\"holdline:subscribe\",[\"{channel}\",\"b\"],\"0-0\"]"),
            6 => format!("42{namespace}7[\"holdline:unsubscribe\",\"{channel}\"]"),
            7 => format!("42{namespace}7[\"holdline:presence\"]"),
            8 => "451-[\"e\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAAAA".to_owned(),
            9 => format!("43{namespace}{number}[1]"),
            10 => format!("40/b,{{\"pid\":\"{pid}\",\"offset\":\"0-0\"}}"),
            11 => format!("41{namespace}"),
            _ => "3".to_owned(),
        }
    }

    fn ask(&mut self, method: &str, target: &str, body: &str) {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}", body.len());
        let request = format!("{head}\r\n\r\n{body}");
        let is_cut = self.dice.one_in(20);
        let end = if is_cut { self.dice.below(request.len()) } else { request.len() };
        let line = self.world.connect();
        self.world.send(line, &request.as_bytes()[..end]);
        self.requests.push(line);
    }

    fn post(&mut self, sid: &str, packets: &[String]) {
        let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        self.ask("POST", &target, &packets.join("\u{1e}"));
    }

    fn say(&mut self, line: Line, text: &str) {
        if self.world.is_closed(line) {
            return;
        }
        let len = text.len() as u16;
        let mut frame = vec![0x81, 0x80 | 126, (len >> 8) as u8, len as u8, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.world.send(line, &frame);
    }

    fn open_socket(&mut self, query: &str, said: &[String]) {
        let line = self.world.open(&socket_request(query));
        self.sockets.push(line);
        said.iter().for_each(|text| self.say(line, text));
    }

    fn do_something(&mut self) {
        let channel = *self.dice.pick(&["a", "b", "main", "z"]);
        let sid = self.known(|storm| &storm.sids);
        let client = self.known(|storm| &storm.clients);
        let long = "m".repeat(self.dice.below(500));
        match self.dice.below(24) {
            0 | 1 => {
                self.ask("GET", "/socket.io/?EIO=4&transport=polling", "");
                self.world.settle();
                self.learn();
                let (sid, joining) = (self.sids.last().cloned().unwrap_or_default(), self.joining());
                self.post(&sid, &joining);
            }
            2 => {
                let joining = self.joining();
                self.open_socket("", &joining);
            }
            3..=7 => self.ask("GET", &format!("/socket.io/?EIO=4&transport=polling&sid={sid}"), ""),
            8..=11 => {
                let packets: Vec<String> = (0..=self.dice.below(3)).map(|_| self.packet()).collect();
                self.post(&sid, &packets);
            }
            12 => {
                let taken = 1 + self.dice.below(2);
                self.open_socket(&format!("&sid={sid}"), &["2probe".to_owned(), "5".to_owned()][..taken]);
            }
            13..=16 if !self.sockets.is_empty() => {
                let (line, packet) = (*self.dice.pick(&self.sockets), self.packet());
                self.say(line, &packet);
            }
            17 => self.ask("POST", &format!("/channels/{channel}"), &long),
            18 => self.ask("DELETE", &format!("/channels/{channel}"), ""),
            19 => self.ask("POST", &format!("/ask/{channel}?wait=0"), "?"),
            20 => {
                let method = *self.dice.pick(&["POST", "DELETE"]);
                self.ask(method, &format!("/clients/{client}"), "");
            }
            21 => self.break_one(),
            _ => self.world.pass(*self.dice.pick(&[10, 200, 1_500, 4_000])),
        }
        if !self.dice.one_in(3) {
            self.world.settle();
        }
    }

    /// One connection breaks, ends, or reads slowly or not at all.
    fn break_one(&mut self) {
        let all: Vec<Line> = self.requests.iter().chain(&self.sockets).copied().collect();
        if all.is_empty() {
            return;
        }
        let line = *self.dice.pick(&all);
        match self.dice.below(4) {
            0 => self.world.reset(line),
            1 if !self.world.is_closed(line) => self.world.end(line),
            _ => self.world.narrow(line, *self.dice.pick(&[None, Some(0), Some(50)])),
        }
    }

    /// Reads what was told of late.
    fn learn(&mut self) {
        for line in self.requests.iter().chain(&self.sockets) {
            let told = String::from_utf8_lossy(&self.world.take_written(*line)).into_owned();
            let values = |key: &str| {
                let parts = told.split(key).skip(1).filter_map(|part| part.split('"').next());
                parts.map(str::to_owned).collect::<Vec<_>>()
            };
            for sid in values("\"sid\":\"") {
                // One of them is a session's, the other a client's.
                let list = if sid.len() == 16 { &mut self.clients } else { &mut self.sids };
                list.push(sid);
            }
            self.pids.extend(values("\"pid\":\""));
        }
        for list in [&mut self.sids, &mut self.pids, &mut self.clients] {
            list.drain(..list.len().saturating_sub(8));
        }
    }

    fn end(mut self, seed: u64) {
        let all: Vec<Line> = self.requests.iter().chain(&self.sockets).copied().collect();
        all.iter().for_each(|line| self.world.narrow(*line, None));
        self.world.pass(60_000);
        all.iter().for_each(|line| self.world.reset(*line));
        self.world.pass(60_000);
        let stats = self.world.stats();
        let left = [
            (stats.sessions, "sessions"),
            (stats.readers, "readers"),
            (stats.subscribers, "subscribers"),
            (stats.by_transport.socket_io, "namespaces"),
            (stats.clients, "clients"),
            (stats.waiting, "requests"),
            (stats.incoming_bytes, "bytes of input"),
            (stats.pinned_bytes, "bytes to be said"),
        ];
        assert!(left.iter().all(|(count, _)| *count == 0), "world {seed}: {left:?}");
    }
}

#[test]
fn nothing_is_left_of_sessions_whatever_their_clients_did() {
    let mut delivered = 0;
    for seed in 0..WORLDS {
        let mut storm = Storm::new(seed);
        for _ in 0..DEEDS {
            storm.do_something();
            storm.learn();
            assert!(storm.world.stats().sessions <= SESSIONS_MAX, "world {seed}");
        }
        delivered += storm.world.stats().messages_out;
        storm.end(seed);
    }
    assert!(delivered > 20 * WORLDS, "a storm in which nobody hears anything tries nothing: {delivered}");
}
