//! Counts the system calls of a process while something happens, by `strace -c`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// `strace`, attached.
pub struct Strace {
    child: Child,
    says: BufReader<std::process::ChildStderr>,
}

/// System calls by name, most frequent first.
pub type Counts = Vec<(String, u64)>;

impl Strace {
    /// Attaches to the process and its threads.
    ///
    /// # Errors
    /// There is no strace, or it may not attach.
    pub fn attach(process: u32) -> Result<Strace, String> {
        let mut command = Command::new("strace");
        command.args(["-c", "-f", "-p", &process.to_string()]);
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| format!("strace: {error}"))?;
        let mut says = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        says.read_line(&mut line).map_err(|error| format!("strace: {error}"))?;
        if line.contains("attached") { Ok(Strace { child, says }) } else { Err(line.trim().to_owned()) }
    }

    /// Detaches; what was called meanwhile.
    pub fn counts(mut self) -> Counts {
        // It tells the table when it is interrupted, as from a keyboard.
        let interrupted = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(interrupted.is_ok_and(|status| status.success()), "kill is everywhere");
        let mut counts: Counts = self.says.by_ref().lines().map_while(Result::ok).filter_map(row).collect();
        let _ = self.child.wait();
        counts.sort_by_key(|(_, calls)| core::cmp::Reverse(*calls));
        counts
    }
}

/// `% time, seconds, usecs/call, calls, [errors], syscall`: the calls and the name.
fn row(line: String) -> Option<(String, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let is_row = matches!(fields.len(), 5 | 6) && fields[0].parse::<f64>().is_ok();
    let name = fields.last().filter(|name| is_row && **name != "total")?;
    Some(((*name).to_owned(), fields[3].parse().ok()?))
}
