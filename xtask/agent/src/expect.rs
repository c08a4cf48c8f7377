//! The `cxl-expect` command: compares `/sys/bus/cxl` with what the job says that the topology implies.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use wire::EXPECT_PATH;

use crate::cxl_expect;
use crate::port::console;

/// Ports and endpoints come after the memdevs that the guest has waited for; the case's deadline is longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Prints KTAP; 0 when all is as it must be, 1 when not, 2 when it is not known what must be.
pub fn command() -> ExitCode {
    let expect = fs::read(EXPECT_PATH).and_then(|text| Ok(serde_json::from_slice(&text)?));
    let expect = match expect {
        Ok(expect) => expect,
        Err(error) => {
            console(&format!("cxl-expect: reading {EXPECT_PATH}: {error}\n"));
            return ExitCode::from(2);
        }
    };
    let (text, good) = cxl_expect::wait(&expect, Path::new("/sys"), PATIENCE);
    let _ = io::stdout().write_all(text.as_bytes());
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
