//! What the kernel tells of a process, by its id (`/proc/PID`, on Linux).

/// Bytes of memory, as the kernel counts them.
#[derive(Copy, Clone, Debug)]
pub struct Memory {
    /// `VmRSS`: with the pages of the program file that happened to be touched.
    pub resident: u64,
    /// `Anonymous`: heap and stacks alone.
    pub anonymous: u64,
    /// `Private_Clean` and `Private_Dirty`.
    pub private: u64,
}

/// Processor time, in milliseconds.
#[derive(Copy, Clone, Debug)]
pub struct Cpu {
    /// In the program.
    pub user: f64,
    /// In the kernel, on its behalf.
    pub system: f64,
}

impl Cpu {
    /// Both.
    pub fn total(self) -> f64 {
        self.user + self.system
    }

    /// What was used since `earlier`.
    pub fn since(self, earlier: Cpu) -> Cpu {
        Cpu { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

/// Its memory at present.
pub fn memory(process: u32) -> Memory {
    let status = file(process, "status");
    let rollup = file(process, "smaps_rollup");
    Memory {
        resident: kilobytes(&status, "VmRSS:"),
        anonymous: kilobytes(&rollup, "Anonymous:"),
        private: kilobytes(&rollup, "Private_Clean:") + kilobytes(&rollup, "Private_Dirty:"),
    }
}

/// `VmRSS` alone, which costs the kernel little to tell, in bytes.
pub fn resident(process: u32) -> u64 {
    kilobytes(&file(process, "status"), "VmRSS:")
}

/// `VmHWM`: the most that was resident since it started, in bytes.
pub fn peak(process: u32) -> u64 {
    kilobytes(&file(process, "status"), "VmHWM:")
}

/// Its processor time so far, of all threads.
pub fn cpu(process: u32) -> Cpu {
    let stat = file(process, "stat");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let mut ticks = after_name.split_whitespace().skip(11).map(|ticks| ticks.parse::<f64>());
    let mut next = || ticks.next().and_then(Result::ok).expect("stat has utime and stime") * MS_PER_TICK;
    Cpu { user: next(), system: next() }
}

/// Memory that the kernel holds for all TCP sockets of the machine, in pages.
pub fn tcp_pages() -> u64 {
    let sockets = std::fs::read_to_string("/proc/net/sockstat").expect("it is Linux");
    let line = sockets.lines().find(|line| line.starts_with("TCP:")).expect("the kernel tells it");
    line.split_whitespace().last().and_then(|pages| pages.parse().ok()).expect("a number of pages")
}

/// Milliseconds of a tick of `/proc/PID/stat` (`USER_HZ` is 100 on every Linux that Rust runs on).
const MS_PER_TICK: f64 = 10.0;

fn file(process: u32, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{process}/{name}")).expect("it lives, on Linux")
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells it");
    let number = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    number.expect("a number of kB") * 1024
}
