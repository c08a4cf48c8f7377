//! Ends of a boot, with a QEMU that is played by the test: a script that waits, and a thread that connects as
//! QEMU would.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{LazyLock, mpsc};

use tempfile::TempDir;

use wire::{Case, CaseEnd, PROTOCOL};

use super::*;
use crate::{Accel, EarlyGuest, LateFile, LostAt, no_requests};

/// Leaves its arguments in a file and ends as the test orders.
const QEMU: &str = r#"#!/bin/sh
printf '%s\n' "$@" > "$0.tmp"
mv "$0.tmp" "$0.args"
while [ ! -e "$0.end" ]; do sleep 0.02; done
. "$0.end"
"#;

struct Fake {
    folder: TempDir,
}

/// QEMU's side of the connections.
struct Guest {
    agent: UnixStream,
    console: UnixStream,
    qmp: UnixStream,
    end: PathBuf,
}

impl Guest {
    fn connect(folder: PathBuf) -> Self {
        let args = folder.join("qemu.args");
        while !args.exists() {
            thread::sleep(Duration::from_millis(5));
        }
        let args = fs::read_to_string(args).expect("arguments");
        let connect = |id: &str| {
            let value = args.lines().find(|line| line.ends_with(&format!(",id={id}"))).expect("a chardev");
            let path = value.trim_start_matches("socket,path=").trim_end_matches(&format!(",id={id}"));
            UnixStream::connect(path).expect("we listen")
        };
        let end = folder.join("qemu.end");
        Self { agent: connect("agent"), console: connect("console"), qmp: connect("qmp"), end }
    }

    fn send(&mut self, text: &str) {
        self.agent.write_all(text.as_bytes()).expect("the host reads");
    }

    fn print(&mut self, text: &str) {
        self.console.write_all(text.as_bytes()).expect("the host reads");
    }

    /// Reports why it shuts down, then ends as this shell command.
    fn end(mut self, reason: &str, command: &str) {
        let event = format!("{{\"event\":\"SHUTDOWN\",\"data\":{{\"reason\":\"{reason}\"}}}}\n");
        self.qmp.write_all(event.as_bytes()).expect("the host reads");
        self.quit(command);
    }

    fn quit(self, command: &str) {
        let temporary = self.end.with_extension("tmp");
        fs::write(&temporary, command).expect("an order");
        fs::rename(temporary, &self.end).expect("an order");
    }
}

impl Fake {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("qemu"), QEMU).expect("a QEMU");
        fs::set_permissions(folder.path().join("qemu"), Permissions::from_mode(0o755)).expect("a mode");
        fs::write(folder.path().join("image"), "").expect("an image");
        Self { folder }
    }

    fn run(&self, deadlines: Deadlines, play: impl FnOnce(Guest) + Send) -> Transcript {
        self.try_run(deadlines, play).expect("it runs")
    }

    fn try_run(&self, deadlines: Deadlines, play: impl FnOnce(Guest) + Send) -> Result<Transcript, VmError> {
        thread::scope(|scope| {
            scope.spawn(|| play(Guest::connect(self.folder.path().to_owned())));
            self.boot(deadlines)
        })
    }

    fn boot(&self, deadlines: Deadlines) -> Result<Transcript, VmError> {
        self.with_boot(deadlines, |boot| boot.run(&job(), &mut |_| {}, &no_requests()))
    }

    fn with_boot<T>(&self, deadlines: Deadlines, work: impl FnOnce(&Boot) -> T) -> T {
        let path = |name: &str| self.folder.path().join(name);
        let (qemu, image, boot) = (path("qemu"), path("image"), path("boot"));
        // Where its box lets it write beside the sockets.
        let memory = format!("x,mem-path={}", path("memory").display());
        let machine_args = ["-object".to_owned(), memory];
        let machine = Machine {
            qemu: &qemu,
            accel: Accel::Tcg,
            kernel: &image,
            image: &image,
            job: None,
            cmdline: &[],
            machine_args: &machine_args,
        };
        work(&Boot { machine, folder: &boot, deadlines })
    }
}

fn job() -> Job {
    Job {
        protocol: PROTOCOL,
        modules: Vec::new(),
        autoload: false,
        udev: false,
        deny: Vec::new(),
        memdevs: 0,
        settle_ms: 0,
        cases: vec![Case { name: "a".into(), script: "x".into(), timeout_ms: 1000 }],
        env: BTreeMap::new(),
        shell: false,
    }
}

fn long() -> Deadlines {
    Deadlines { boot: Duration::from_secs(60), slack: Duration::from_secs(60) }
}

const HELLO: &str = "{\"frame\":\"hello\",\"protocol\":5,\"release\":\"6.12\",\"uptime_ms\":3}\n";
const BEGIN: &str = "{\"frame\":\"begin\",\"case\":0}\n";
const END: &str = "{\"frame\":\"end\",\"case\":0,\"how\":{\"exit\":0},\"ms\":5,\"dropped\":0,\"cut\":false,\"left\":false}\n";

#[test]
fn a_guest_that_powers_off() {
    let fake = Fake::new();
    let transcript = fake.run(long(), |mut guest| {
        guest.print("console\n");
        guest.send(&format!("{HELLO}{BEGIN}{END}{{\"frame\":\"bye\",\"ran\":1}}\n"));
        guest.end("guest-shutdown", "exit 0");
    });
    assert_eq!((transcript.end, transcript.bye), (VmEnd::PoweredOff, true));
    assert_eq!(transcript.cases[0].end, Some(CaseEnd::Exit(0)));
    assert_eq!(transcript.console, b"console\n");
    let log = fs::read(fake.folder.path().join("boot/console.log")).expect("a log");
    assert_eq!(log, b"console\n");
}

/// A kernel that took over its emulator.
#[test]
fn an_emulator_is_in_a_box() {
    let (fake, outside) = (Fake::new(), tempfile::tempdir().expect("a folder"));
    let at = |name: &str| outside.path().join(name);
    fs::write(at("secret"), "secret").expect("written");
    let dir = outside.path().display();
    let escapes = format!(
        "#!/bin/sh\ncat {dir}/secret > \"$0.stolen\"; echo x > {dir}/new; rm {dir}/secret; kill -TERM {}\n",
        std::process::id()
    );
    fs::write(fake.folder.path().join("qemu"), QEMU.replace("#!/bin/sh\n", &escapes)).expect("a QEMU");
    let transcript = fake.run(long(), |mut guest| {
        guest.send(&format!("{HELLO}{BEGIN}{END}{{\"frame\":\"bye\",\"ran\":1}}\n"));
        guest.end("guest-shutdown", "exit 0");
    });
    assert_eq!(transcript.end, VmEnd::PoweredOff);
    assert_eq!(fs::read_to_string(fake.folder.path().join("qemu.stolen")).expect("a file"), "");
    assert!(at("secret").exists() && !at("new").exists());
}

#[test]
fn the_host_answers_a_hello_and_when_it_has_all_the_bye() {
    let transcript = Fake::new().run(long(), |mut guest| {
        guest.send(HELLO);
        let mut lines = BufReader::new(guest.agent.try_clone().expect("a clone")).lines();
        let mut answer = || lines.next().expect("an answer").expect("a line");
        assert_eq!(answer(), r#"{"frame":"hello"}"#);
        guest.send(&format!("{BEGIN}{END}{{\"frame\":\"bye\",\"ran\":1}}\n"));
        assert_eq!(answer(), r#"{"frame":"bye"}"#);
        guest.end("guest-shutdown", "exit 0");
    });
    assert_eq!((transcript.end, transcript.cases[0].end), (VmEnd::PoweredOff, Some(CaseEnd::Exit(0))));
}

#[test]
fn a_panic_is_a_reset_and_the_case_stays_open() {
    let transcript = Fake::new().run(long(), |mut guest| {
        guest.send(&format!("{HELLO}{BEGIN}"));
        guest.print("Kernel panic - not syncing: x\n");
        guest.end("guest-reset", "exit 0");
    });
    assert_eq!(transcript.end, VmEnd::Reset);
    assert!(transcript.cases[0].begun && transcript.cases[0].end.is_none());
}

#[test]
fn a_killed_qemu_died() {
    let killed = Fake::new().run(long(), |mut guest| {
        guest.send(HELLO);
        guest.quit("echo last words >&2; kill -KILL $$");
    });
    assert_eq!(killed.end, VmEnd::QemuDied { how: "SIGKILL".into(), stderr: "last words".into() });
    let terminated = Fake::new().run(long(), |guest| guest.end("host-signal", "exit 0"));
    let how = "exit status 0 after host-signal".to_owned();
    assert_eq!(terminated.end, VmEnd::QemuDied { how, stderr: String::new() });
}

#[test]
fn a_qemu_that_refuses_its_arguments_died() {
    let fake = Fake::new();
    fs::write(fake.folder.path().join("qemu.end"), "echo 'no such device' >&2; exit 1").expect("an order");
    let transcript = fake.boot(long()).expect("it runs");
    let how = "exit status 1".to_owned();
    assert_eq!(transcript.end, VmEnd::QemuDied { how, stderr: "no such device".into() });
}

#[test]
fn a_guest_that_hangs_is_asked_where_and_ended() {
    let short = Deadlines { boot: Duration::from_millis(300), slack: Duration::from_millis(300) };
    let transcript = Fake::new().run(short, |guest| {
        let mut pressed = Vec::new();
        for line in BufReader::new(guest.qmp.try_clone().expect("a clone")).lines().map_while(Result::ok) {
            let asked = serde_json::from_str::<serde_json::Value>(&line).expect("JSON");
            let answer = match (asked["execute"].as_str(), asked["arguments"]["command-line"].as_str()) {
                (Some("query-cpus-fast"), _) => serde_json::json!([{ "cpu-index": 0 }]),
                (_, Some("info registers")) => serde_json::json!("RIP=12 RFL=00000046 CPL=0 HLT=0"),
                (_, Some("info lapic")) => serde_json::json!("ISR\t (none)\r\nIRR\t 32 236 \r\n"),
                _ => serde_json::json!({}),
            };
            writeln!(&guest.qmp, "{}", serde_json::json!({ "return": answer, "id": asked["id"] }))
                .expect("the host reads");
            if asked["execute"] == "chardev-send-break" {
                let mut key = [0];
                (&guest.console).read_exact(&mut key).expect("a key");
                pressed.push(key[0]);
                if pressed.len() == 2 {
                    break;
                }
            }
        }
        assert_eq!(pressed, b"lw");
    });
    assert_eq!(transcript.end, VmEnd::Deadline { ms: 300 });
    let notes = [
        "the guest hangs: the agent's hello did not come within 0 s",
        "processor 0 runs at 12, interrupts disabled, pending 32 236",
        "the kernel does not answer to SysRq on its console",
    ];
    assert_eq!(transcript.notes, notes);
}

#[test]
fn a_dead_kernel_is_not_waited_for() {
    let begun = Instant::now();
    let transcript = Fake::new().run(long(), |mut guest| {
        guest.send(&format!("{HELLO}{BEGIN}"));
        guest.print("Kernel panic - not syncing: x\n");
        // Hangs on: the end comes from the host.
        let _ = io::copy(&mut guest.agent, &mut io::sink());
    });
    assert_eq!(transcript.end, VmEnd::Dead);
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[test]
fn a_flood_passes() {
    let transcript = Fake::new().run(long(), |mut guest| {
        guest.send(&format!("{HELLO}{BEGIN}"));
        guest.print(&"\u{1b}[2J\u{7}noise".repeat(100_000));
        guest.send(&"garbage \u{1b}[31m\n".repeat(10_000));
        guest.send(&"x".repeat(3 << 20));
        guest.send(&format!("\n{END}"));
        guest.end("guest-shutdown", "exit 0");
    });
    assert_eq!((transcript.end, transcript.console.len()), (VmEnd::PoweredOff, 1_000_000));
    assert_eq!(transcript.cases[0].end, Some(CaseEnd::Exit(0)));
    assert_eq!(transcript.notes.last().map(String::as_str), Some("9801 more notes were dropped"));
}

#[test]
fn an_interrupt_that_qemu_lost_is_no_verdict_on_the_guest() {
    let result = Fake::new().try_run(long(), |mut guest| {
        guest.send(HELLO);
        let mut looks = 0;
        for line in BufReader::new(guest.qmp.try_clone().expect("a clone")).lines() {
            let Ok(line) = line else { break };
            let asked = serde_json::from_str::<serde_json::Value>(&line).expect("JSON");
            let words = asked["arguments"]["command-line"].as_str().unwrap_or_default();
            // Processor 0 sleeps as it may; processor 1 has interrupt 236 in service, but for the first look.
            let answer = match (words, asked["arguments"]["cpu-index"].as_u64()) {
                ("info registers", _) => serde_json::json!("RIP=0 RFL=00000246 CPL=0 HLT=1"),
                ("info lapic", Some(1)) if looks > 1 => serde_json::json!("ISR\t 236 \r\nIRR\t 32 236 \r\n"),
                ("info lapic", _) => serde_json::json!("ISR\t (none)\r\nIRR\t (none)\r\n"),
                _ => {
                    looks += usize::from(asked["execute"] == "query-cpus-fast");
                    serde_json::json!([{ "cpu-index": 0 }, { "cpu-index": 1 }])
                }
            };
            let answer = serde_json::json!({ "return": answer, "id": asked["id"] });
            if writeln!(&guest.qmp, "{answer}").is_err() {
                break;
            }
        }
        assert_eq!(looks, 3);
    });
    assert!(
        matches!(result, Err(VmError::LostInterrupt { cpu: 1, vector: 236, at: LostAt::Service })),
        "{result:?}"
    );
}

#[test]
fn a_guest_that_hangs_since_a_processor_does_not_wake_is_no_verdict() {
    let short = Deadlines { boot: Duration::from_millis(300), slack: Duration::from_millis(300) };
    let hanging = |wakes_at: usize| {
        Fake::new().try_run(short, move |guest| {
            let mut looks = 0;
            for line in BufReader::new(guest.qmp.try_clone().expect("a clone")).lines().map_while(Result::ok)
            {
                let asked = serde_json::from_str::<serde_json::Value>(&line).expect("JSON");
                let answer = match asked["arguments"]["command-line"].as_str() {
                    Some("info registers") => {
                        looks += 1;
                        serde_json::json!(format!("RFL=00000246 HLT={}", u8::from(looks != wakes_at)))
                    }
                    Some(_) => serde_json::json!("ISR\t (none)\r\nIRR\t 236 \r\nAPR 0x00 TPR 0x10\r\n"),
                    None => serde_json::json!([{ "cpu-index": 0 }]),
                };
                let answer = serde_json::json!({ "return": answer, "id": asked["id"] });
                if writeln!(&guest.qmp, "{answer}").is_err() {
                    break;
                }
            }
        })
    };
    let lost = hanging(0);
    assert!(
        matches!(lost, Err(VmError::LostInterrupt { cpu: 0, vector: 236, at: LostAt::Pending })),
        "{lost:?}"
    );
    // A busy host lets one sleep for a while.
    let late = hanging(3).expect("a transcript");
    assert_eq!(late.end, VmEnd::Deadline { ms: 300 });
}

#[test]
fn a_guest_that_was_started_early_gets_its_files_and_goes_on() {
    static CONSOLE: LazyLock<String> = LazyLock::new(|| "Linux version 6.12\n".repeat(10_000));
    let fake = &Fake::new();
    let late = |path: &str, bytes: &[u8]| LateFile { path: path.into(), mode: 0o644, bytes: bytes.to_vec() };
    // More than a socket holds: the guest's own frames must not wait for it.
    let large = vec![7; 1 << 20];
    let files = &[late("/lib/modules/a.ko", &large), late("/bench/job.json", b"{}\n")];
    let (printed, has_printed) = mpsc::channel();
    let transcript = fake.with_boot(long(), |boot| {
        let early = EarlyGuest::start(&boot.machine).expect("started");
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut guest = Guest::connect(fake.folder.path().to_owned());
                // Character by character, as a serial port does. Nobody asks for the guest yet.
                (0..CONSOLE.len()).for_each(|at| guest.print(&CONSOLE[at..=at]));
                printed.send(()).expect("the test waits");
                let mut port = BufReader::new(guest.agent.try_clone().expect("a clone"));
                let mut taken = Vec::new();
                loop {
                    let mut line = String::new();
                    port.read_line(&mut line).expect("a frame");
                    let wire::ToGuest::File { path, mode, bytes } =
                        serde_json::from_str(&line).expect("a frame")
                    else {
                        break;
                    };
                    let mut text = Vec::new();
                    port.by_ref().take(bytes).read_to_end(&mut text).expect("a file");
                    taken.push(LateFile { path, mode, bytes: text });
                }
                assert!(taken == *files, "{} files", taken.len());
                guest.send(&format!("{HELLO}{BEGIN}{END}"));
                guest.end("guest-shutdown", "echo 'a word of QEMU' >&2; exit 0");
            });
            has_printed
                .recv_timeout(Duration::from_secs(30))
                .expect("the guest prints without being followed");
            boot.go_on(early, files, &job(), &mut |_| {}, &no_requests())
        })
    });
    let transcript = transcript.expect("it runs");
    assert_eq!((transcript.end, transcript.cases[0].end), (VmEnd::PoweredOff, Some(CaseEnd::Exit(0))));
    let read = |name: &str| fs::read_to_string(fake.folder.path().join("boot").join(name)).expect("a log");
    assert_eq!(read("console.log"), *CONSOLE);
    assert!(read("qemu.log").contains("a word of QEMU"));
}

#[test]
fn a_guest_that_was_started_early_and_is_not_needed_is_ended() {
    let fake = Fake::new();
    fake.with_boot(long(), |boot| {
        let early = EarlyGuest::start(&boot.machine).expect("started");
        let guest = Guest::connect(fake.folder.path().to_owned());
        drop(early);
        // Its shell is gone: the order to end is not taken any more.
        let end = guest.end.clone();
        guest.quit("touch \"$0.late\"");
        thread::sleep(Duration::from_millis(100));
        assert!(end.exists() && !fake.folder.path().join("qemu.late").exists());
    });
}

#[test]
fn files_of_the_guest_lie_in_the_boots_folder_and_what_is_cut_short_does_not() {
    let fake = Fake::new();
    let transcript = fake.run(long(), |mut guest| {
        guest.send(&format!("{HELLO}{BEGIN}"));
        let mut lines = BufReader::new(guest.agent.try_clone().expect("a clone")).lines();
        let mut answer = || lines.next().expect("an answer").expect("text");
        assert_eq!(answer(), r#"{"frame":"hello"}"#);
        guest.send("{\"frame\":\"file-begin\",\"file\":1,\"case\":0,\"name\":\"../../console.log\"}\n");
        assert!(answer().starts_with(r#"{"frame":"answer","id":1,"ok":false,"text":"the name `../"#));
        guest.send("{\"frame\":\"file-begin\",\"file\":2,\"case\":0,\"name\":\"trace\"}\n");
        guest.send("{\"frame\":\"file-data\",\"file\":2,\"at\":0,\"data\":\"AP8K\"}\n");
        guest.send("{\"frame\":\"file-end\",\"file\":2,\"bytes\":3,\"problem\":null}\n");
        assert_eq!(answer(), r#"{"frame":"answer","id":2,"ok":true,"text":"files/a/trace"}"#);
        guest.send("{\"frame\":\"file-begin\",\"file\":3,\"case\":null,\"name\":\"log\"}\n");
        guest.send("{\"frame\":\"file-data\",\"file\":3,\"at\":0,\"data\":\"AP8K\"}\n");
        // Crashes in the middle of it.
        guest.end("guest-panic", "exit 0");
    });
    let folder = fake.folder.path().join("boot/files");
    assert_eq!(fs::read(folder.join("a/trace")).expect("it is stored"), b"\x00\xff\n");
    assert_eq!(fs::read_dir(folder.join("agent")).expect("a folder").count(), 0);
    let notes = transcript.notes.join("\n").replace(&folder.display().to_string(), "FILES");
    insta::assert_snapshot!(notes, @r"
    a file of the guest is not kept: the name `../../console.log` starts with a dot or a dash
    file agent/log is not kept: the guest ended before it did
    FILES: 1 file of the guest, 3 bytes
    ");
}

#[test]
fn a_guest_that_floods_its_port_with_files_and_reads_nothing_is_ended_at_its_deadline() {
    let short = Deadlines { boot: Duration::from_secs(1), slack: Duration::from_secs(1) };
    let begun = Instant::now();
    let transcript = Fake::new().run(short, |mut guest| {
        guest.send(HELLO);
        let refused = "{\"frame\":\"file-begin\",\"file\":1,\"case\":0,\"name\":\"/\"}\n".repeat(100);
        while guest.agent.write_all(refused.as_bytes()).is_ok() {}
    });
    assert!(matches!(transcript.end, VmEnd::Deadline { .. }), "{:?}", transcript.end);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
