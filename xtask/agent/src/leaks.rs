//! What the cases left behind in the kernel's memory, where the kernel keeps count of it (`CONFIG_DEBUG_KMEMLEAK`).

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::port::console;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";
/// Younger objects are not reported (`MSECS_MIN_AGE`, `mm/kmemleak.c`).
const MIN_AGE: Duration = Duration::from_millis(5_500);
/// Bytes of the report that are printed on the console.
const PRINTED: usize = 16 << 10;

/// Scans twice, as an object that changes while it is looked at is left for the next scan. The kernel itself prints how many
/// it suspects, which is what is judged; which ones follows.
pub fn scan() {
    if !Path::new(KMEMLEAK).exists() {
        return;
    }
    for _ in 0..2 {
        thread::sleep(MIN_AGE);
        // Without the right to scan, or with kmemleak disabled by an error of its own, which it has reported.
        let _ = fs::write(KMEMLEAK, "scan");
    }
    let report = fs::read(KMEMLEAK).unwrap_or_default();
    let report = String::from_utf8_lossy(&report[..report.len().min(PRINTED)]);
    for line in report.lines() {
        console(&format!("{line}\n"));
    }
}
