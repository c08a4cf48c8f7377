//! Those who try to get out: shell and Perl in real boxes, of each kind that this machine can make.

use std::fs;
use std::time::Duration;

use super::*;
use crate::{Output, Process, ProcessError, Running};

/// Longer than any of the scripts takes.
const LONG: Duration = Duration::from_secs(60);

/// A folder that the box may write to, beside one that it may not see.
struct Scene {
    folder: tempfile::TempDir,
    strength: Strength,
}

impl Scene {
    /// One for each kind of box.
    fn each() -> Vec<Self> {
        let here = Strength::here().clone();
        let weaker = match landlock::abi() {
            0 => None,
            abi => Some(Strength::Landlock { abi, why: "tried as well".to_owned() }),
        };
        let kinds: Vec<Strength> =
            std::iter::once(here.clone()).chain(weaker.filter(|weaker| *weaker != here)).collect();
        kinds.into_iter().filter(|kind| !matches!(kind, Strength::None { .. })).map(Self::new).collect()
    }

    fn new(strength: Strength) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["mine", "others"] {
            fs::create_dir(folder.path().join(name)).expect("made");
        }
        fs::write(folder.path().join("others/secret"), "secret\n").expect("written");
        Self { folder, strength }
    }

    fn inside(&self) -> Confinement {
        Confinement::new().write(self.folder.path().join("mine")).strength(self.strength.clone())
    }

    fn process(&self, program: &str, script: &str) -> Process {
        let mine = self.folder.path().join("mine");
        let option = if program == "perl" { "-e" } else { "-c" };
        Process::new(program, [option, script]).arg("0").dir(mine).deadline(LONG).confined(self.inside())
    }

    fn shell(&self, script: &str) -> Output {
        self.process("sh", script).output().expect("a box")
    }

    fn perl(&self, script: &str) -> String {
        self.process("perl", script).output().expect("a box").text()
    }
}

#[test]
fn what_it_works_on_is_there_and_nothing_else() {
    for scene in Scene::each() {
        let others = scene.folder.path().join("others");
        let output = scene.shell(&format!(
            "echo made > made && echo more > \"$TMPDIR/scratch\" || exit 1; cat {0}/secret; echo x > {0}/new; \
             rm {0}/secret; ln {0}/secret stolen; echo x >> /etc/passwd; cat /etc/shadow; ls \"$HOME\"",
            others.display()
        ));
        assert_eq!(output.text(), "scratch", "{}: {:?}", scene.strength, output.tail);
        assert_eq!(fs::read_to_string(scene.folder.path().join("mine/made")).expect("its file"), "made\n");
        let left: Vec<_> =
            fs::read_dir(&others).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["secret"]);
        assert!(!scene.folder.path().join("mine/stolen").exists());
    }
}

#[test]
fn a_link_leads_nowhere() {
    for scene in Scene::each() {
        let (mine, others) = (scene.folder.path().join("mine"), scene.folder.path().join("others"));
        std::os::unix::fs::symlink(&others, mine.join("link")).expect("a link");
        let output = scene.shell("cat link/secret; echo x > link/new");
        assert!(output.text().is_empty() && !others.join("new").exists(), "{}", scene.strength);
    }
}

#[test]
fn it_talks_to_nobody() {
    for scene in Scene::each() {
        // AF_UNIX, then INET, INET6, NETLINK, PACKET, BLUETOOTH, ALG, VSOCK, XDP.
        let script = "print join ' ', grep { socket(my $s, $_, 2, 0) || socket($s, $_, 3, 0) || socket($s, $_, 1, 0) } \
                      (1, 2, 10, 16, 17, 31, 38, 40, 44)";
        assert_eq!(scene.perl(script), "1", "{}", scene.strength);
    }
}

#[test]
fn other_processes_are_out_of_its_reach() {
    for scene in Scene::each() {
        let me = std::process::id();
        let output = scene.shell(&format!("kill -0 {me} && echo signalled; cat /proc/{me}/environ"));
        assert!(
            !output.text().contains("signalled") && !output.text().contains("PATH="),
            "{}: {}",
            scene.strength,
            output.text()
        );
        // ptrace(PTRACE_ATTACH) and pidfd_getfd(), by their numbers.
        let numbers = [libc::SYS_ptrace, libc::SYS_pidfd_getfd, libc::SYS_unshare, libc::SYS_io_uring_setup];
        for number in numbers {
            let script = format!("syscall({number}, 16, {me}, 0, 0); print $! + 0");
            assert_eq!(scene.perl(&script), libc::EPERM.to_string(), "{} {number}", scene.strength);
        }
    }
}

#[test]
fn the_machine_stays_as_it_is_set() {
    for scene in Scene::each() {
        let before = fs::read_to_string("/proc/sys/kernel/core_pattern").expect("it is there");
        // The value that it has: nothing is changed where it is let through.
        let script =
            format!("printf '%s' '{}' > /proc/sys/kernel/core_pattern && echo written", before.trim_end());
        assert_eq!(scene.shell(&script).text(), "", "{}", scene.strength);
        assert_eq!(scene.shell("grep CapEff /proc/self/status").text(), "CapEff:\t0000000000000000");
    }
}

#[test]
fn neither_our_files_nor_our_variables_nor_our_terminal_are_its_own() {
    for scene in Scene::each() {
        let others = scene.folder.path().join("others");
        // As a shell hands it on that has a file open.
        let open = fs::File::open(&others).expect("a folder");
        rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).expect("kept open");
        let number = std::os::fd::AsRawFd::as_raw_fd(&open);
        let script = format!("ls /proc/self/fd/{number}/; echo x > /dev/tty && echo terminal; env");
        let text = scene.process("sh", &script).env("MINE", "1").output().expect("a box").text();
        assert!(!text.contains("secret") && !text.contains("terminal"), "{}: {text}", scene.strength);
        assert!(text.contains("MINE=1") && !text.contains("CARGO"), "{}: {text}", scene.strength);
    }
}

#[test]
fn it_gets_no_new_privileges() {
    for scene in Scene::each() {
        let output = scene.shell("grep NoNewPrivs /proc/self/status");
        assert_eq!(output.text(), "NoNewPrivs:\t1", "{}", scene.strength);
    }
}

fn limit(scene: &Scene, limits: Limits, program: &str, script: &str) -> Broken {
    let process = scene.process(program, script).confined(scene.inside().limits(limits));
    match process.output() {
        Err(ProcessError::Limit { broken, .. }) => broken,
        other => panic!("{}: {other:?}", scene.strength),
    }
}

#[test]
fn it_is_ended_beyond_its_limits() {
    for scene in Scene::each() {
        let limits = Limits { processes: 20, ..Limits::default() };
        let forks = "for i in $(seq 40); do sleep 50 & done; wait";
        let broken = limit(&scene, limits, "sh", forks);
        assert!(matches!(broken, Broken::Processes(had, 20) if had > 20), "{broken:?}");

        let limits = Limits { memory: 50 << 20, ..Limits::default() };
        let broken = limit(&scene, limits, "perl", "my $text = 'x' x (200 << 20); sleep 50");
        assert!(matches!(broken, Broken::Memory(had, _) if had > 100 << 20), "{broken:?}");

        let disk = rustix::fs::statvfs(scene.folder.path()).expect("a disk");
        let limits = Limits { disk_left: disk.f_bavail * disk.f_frsize - (64 << 20), ..Limits::default() };
        let broken = limit(&scene, limits, "sh", "dd if=/dev/zero of=large bs=1M count=256; sleep 50");
        assert!(matches!(broken, Broken::Disk(..)), "{broken:?}");
    }
}

/// A guest is asked after as it goes, without waiting.
#[test]
fn limits_hold_for_who_only_looks() {
    for scene in Scene::each() {
        let limits = Limits { processes: 5, ..Limits::default() };
        let process = scene.process("sh", "for i in 1 2 3 4 5 6 7 8; do sleep 50 & done; wait");
        let mut running = process.confined(scene.inside().limits(limits)).start().expect("started");
        let begun = std::time::Instant::now();
        while running.wait(Duration::ZERO).is_none() {
            assert!(begun.elapsed() < LONG, "{}", scene.strength);
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(matches!(running.finish().broken, Some(Broken::Processes(..))), "{}", scene.strength);
    }
}

#[test]
fn how_it_ends_is_how_its_command_ends() {
    for scene in Scene::each() {
        assert_eq!(scene.shell("exit 3").status.to_string(), "exit status 3");
        assert_eq!(scene.shell("kill -KILL $$").status.to_string(), "SIGKILL", "{}", scene.strength);
        let nothing = Process::new("/nowhere/program", [""; 0]).confined(scene.inside()).run();
        assert!(nothing.is_err(), "{}", scene.strength);
    }
}

#[test]
fn nothing_of_it_stays() {
    let kind = Strength::here().clone();
    if !kind.is_whole() {
        return;
    }
    let scene = Scene::new(kind);
    // A process that leaves the group of its parents, and then the same in a box that is stopped.
    let leave = "setsid sh -c 'echo $$ > pid; sleep 500' & until [ -s pid ]; do sleep 0.1; done";
    scene.shell(leave);
    let mut running: Running =
        scene.process("sh", &format!("rm pid; {leave}; sleep 500")).start().expect("started");
    // Wherever in its making that is.
    running.wait(Duration::from_millis(u64::from(std::process::id() % 7)));
    running.stop(Duration::from_secs(1));
    let is_left = |entry: fs::DirEntry| {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        words.split(|byte| *byte == 0).eq([&b"sleep"[..], b"500", b""])
    };
    let left = || fs::read_dir("/proc").expect("processes").flatten().any(is_left);
    for _ in 0..100 {
        if !left() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("a process of the box is left");
}

#[test]
fn a_program_of_the_users_is_there_and_their_home_is_not() {
    for scene in Scene::each() {
        // As ~/bin/tool, in a home with more in it.
        let home = scene.folder.path();
        for name in ["bin", "lib"] {
            fs::create_dir(home.join(name)).expect("made");
        }
        let tool = home.join("bin/tool");
        fs::write(&tool, format!("#!/bin/sh\ncat {0}/lib/data; cat {0}/others/secret\n", home.display()))
            .expect("written");
        fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
        fs::write(home.join("lib/data"), "data\n").expect("written");
        let itself = Process::new(&tool, [""; 0]).confined(scene.inside()).output().expect("a box");
        assert_eq!(itself.text(), "data", "{}: {:?}", scene.strength, itself.tail);
        let named = scene.process("sh", &tool.display().to_string()).confined(scene.inside().program(&tool));
        assert_eq!(named.output().expect("a box").text(), "data", "{}", scene.strength);
    }
}
