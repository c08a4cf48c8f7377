//! How fast logs are judged.

use std::io::{self, Read};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};

use kernlog::judge;

/// What a kernel says when nothing is wrong.
const QUIET: &str = "\
[    0.004123] ACPI: RSDP 0x00000000000F52E0 000014 (v00 BOCHS )
[    0.061840] clocksource: refined-jiffies: mask: 0xffffffff max_cycles: 0xffffffff, max_idle_ns: 1910969940391419 ns
[    0.310554] pci 0000:00:02.0: [8086:10d3] type 00 class 0x020000 PCIe Endpoint
[    0.402207] pci_bus 0000:00: resource 4 [io  0x0000-0x0cf7 window]
[    1.204881] cxl_mem mem0: endpoint3 <- devname: mem0 status: 0
[    1.310042] audit: type=2000 audit(1700000000.310:1): state=initialized audit_enabled=0 res=1
[    2.001337] systemd[1]: Started Journal Service.
[    2.100201] EXT4-fs (vda1): mounted filesystem 3e1e6bd0 r/w with ordered data mode. Quota mode: none.
";
/// One report, between quiet lines.
const REPORT: &str = "\
[    3.000000] ------------[ cut here ]------------
[    3.000010] WARNING: CPU: 1 PID: 99 at drivers/cxl/core/port.c:1434 cxl_port_probe+0x12/0x34 [cxl_core]
[    3.000020] Modules linked in: cxl_core
[    3.000030] CPU: 1 UID: 0 PID: 99 Comm: modprobe Not tainted 6.12.0 #1
[    3.000040] RIP: 0010:cxl_port_probe+0x12/0x34 [cxl_core]
[    3.000050] Call Trace:
[    3.000060]  <TASK>
[    3.000070]  cxl_bus_probe+0x1b/0x60 [cxl_core]
[    3.000080]  really_probe+0xde/0x340
[    3.000090]  </TASK>
[    3.000100] ---[ end trace 0000000000000000 ]---
";

/// A text repeated, as long as wanted.
struct Again<'a> {
    text: &'a [u8],
    at: usize,
    left: u64,
}

impl Read for Again<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.text[self.at..];
        let length = rest.len().min(into.len()).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        into[..length].copy_from_slice(&rest[..length]);
        self.at = (self.at + length) % self.text.len();
        self.left -= length as u64;
        Ok(length)
    }
}

/// What this process had of a processor: a busy machine does not make it longer.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let whole = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(whole, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Judges `size` bytes of each sort of log and says how fast one core does that.
pub(super) fn measure(rounds: usize, size: u64) -> Result<()> {
    let quiet = QUIET.repeat(100);
    let reports = format!("{}{REPORT}", QUIET.repeat(10)).repeat(10);
    let ktap = format!("ok 1 cxl_region_test\n# cxl_region_test: made a region\n{QUIET}").repeat(50);
    let long = "x".repeat(1 << 20);
    let start = "[    0.000000] Linux version 6.12.0\n[    0.900000] Run /init as init process\n";
    let sorts = [
        ("console, nothing wrong", start, quiet.as_str()),
        ("console, a report a page", start, &reports),
        ("KTAP in a console", "KTAP version 1\n", &ktap),
        ("one line without end", start, &long),
    ];
    for (what, start, text) in sorts {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let again = Again { text: text.as_bytes(), at: 0, left: size };
            let begun = processor_time();
            judge(start.as_bytes().chain(again), None).context("judging what was made up")?;
            times.push(processor_time().saturating_sub(begun));
        }
        let time = super::tool::middle(times);
        anstream::println!("{:24} {:8.2} s   {:.0} MB/s", what, time.as_secs_f64(), speed(size, time));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a few digits are shown")]
fn speed(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64().max(1e-9)
}
