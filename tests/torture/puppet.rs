//! A client in a process of its own, so that it can be stopped and killed: this program itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The argument that makes this program be a client: with a name of [`ACTS`] and an address behind it.
const ARGUMENT: &str = "--be-a-client";

/// What a client can do. It returns when everything is as it is meant to be, with what must be kept until the end.
type Act = fn(SocketAddr) -> Box<dyn std::any::Any>;

/// Every act, by name.
const ACTS: [(&str, Act); 2] =
    [("listeners", crate::half_open::listeners), ("half-sayers", crate::killed::half_sayers)];

/// If this process was started to be a client, it is that until it is killed or its starter is gone.
pub fn be_it_if_asked() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [argument, name, address] = &arguments[..] else { return };
    if argument != ARGUMENT {
        return;
    }
    let (_, act) = ACTS.iter().find(|(known, _)| known == name).expect("a known act");
    let kept = act(address.parse().expect("an address"));
    println!("ready");
    std::io::stdout().flush().expect("somebody reads it");
    let _ = std::io::stdin().read(&mut [0]);
    drop(kept);
    std::process::exit(0);
}

/// Such a process. It is killed when dropped.
pub struct Puppet {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Puppet {
    /// Starts a client of the server at `address`.
    pub fn start(act: &str, address: SocketAddr) -> Puppet {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args([ARGUMENT, act, &address.to_string()]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process can be made");
        let says = BufReader::new(child.stdout.take().expect("piped"));
        Puppet { child, says }
    }

    /// Waits until it has done what it is to do.
    pub fn await_ready(&mut self) {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("it talks");
        assert_eq!(line.trim_end(), "ready", "a client failed");
    }

    /// Stops it: its kernel still acknowledges what comes, but nobody reads or answers.
    pub fn stop(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("sh").args(["-c", &format!("kill -STOP {id}")]).status();
        assert!(status.is_ok_and(|status| status.success()), "our own child");
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
