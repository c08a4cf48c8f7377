//! `replay.sh`: the same guest again, without this tool.

use minijinja::{Environment, UndefinedBehavior, context};

use host::quote;

use super::VmError;
use super::command::{Machine, Plumbing};

const TEMPLATE: &str = include_str!("replay.sh.j2");
/// Stand for what the script finds out when it runs; no path of ours has control characters.
const VARIABLES: [(&str, &str); 3] =
    [("\u{1}kernel", "\"$kernel\""), ("\u{1}folder/", "\"$folder\"/"), ("\u{1}accel", "\"$accel\"")];

/// A self-contained shell script that boots this machine again, with the console on the terminal. It looks
/// for the job's archive beside itself, under its file name; kernel and image are named by path.
///
/// # Errors
/// The template does not render.
pub fn replay_script(machine: &Machine<'_>) -> Result<String, VmError> {
    let fail = |source| VmError::Template { name: "replay.sh", source };
    let plumbing = Plumbing {
        agent: "file,path=\u{1}folder/agent.jsonl".into(),
        console: "stdio,mux=on,signal=off".into(),
        monitor: vec!["-mon".into(), "chardev=console,mode=readline".into()],
        initrd: "\u{1}folder/initrd".into(),
    };
    let kernel = std::path::Path::new("\u{1}kernel");
    let arguments = Machine { kernel, ..machine.clone() }.arguments(&plumbing);
    // The first two are the accelerator.
    let words: Vec<String> = arguments[2..].iter().map(|word| shell_word(word)).collect();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let job = machine.job.and_then(std::path::Path::file_name).map(quote);
    environment
        .render_str(
            TEMPLATE,
            context! {
                qemu => quote(machine.qemu),
                kernel => quote(machine.kernel),
                image => quote(machine.image),
                accel => machine.accel.argument(),
                job,
                arguments => words,
            },
        )
        .map(|script| script + "\n")
        .map_err(fail)
}

/// Quotes all but the variables.
fn shell_word(word: &str) -> String {
    for (mark, variable) in VARIABLES {
        if let Some((before, after)) = word.split_once(mark) {
            let part = |text: &str| if text.is_empty() { String::new() } else { quote(text) };
            return format!("{}{variable}{}", part(before), part(after));
        }
    }
    quote(word)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::Accel;
    use host::Process;

    /// The script, run with a QEMU that prints its arguments and what it finds at `-initrd`.
    #[test]
    fn the_script_rebuilds_the_initrd_and_starts_the_same_qemu() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let qemu = "#!/bin/sh\nfor word; do echo \"<$word>\"; [ \"$last\" = -initrd ] && od -c \"$word\"; last=$word; done\n";
        fs::write(path("it's a qemu"), qemu).expect("a QEMU");
        fs::write(path("image"), "abcde").expect("an image");
        fs::write(path("job.cpio"), "job").expect("a job");
        fs::write(path("bzImage"), "").expect("a kernel");
        fs::set_permissions(path("it's a qemu"), Permissions::from_mode(0o755)).expect("a mode");
        let machine_args = ["-object", "x,a=b c,d='$HOME'"].map(str::to_owned);
        let script = replay_script(&Machine {
            qemu: &path("it's a qemu"),
            accel: Accel::Tcg,
            kernel: &path("bzImage"),
            image: &path("image"),
            job: Some(Path::new("/elsewhere/job.cpio")),
            cmdline: &["a.b=\"c d\"".into()],
            machine_args: &machine_args,
        })
        .expect("it renders");
        fs::write(path("replay.sh"), script).expect("a script");
        let run = Process::new("sh", ["replay.sh"]).dir(folder.path()).env("TMPDIR", folder.path());
        let text = run.run().expect("it runs").text();
        let text = text.replace(&folder.path().to_string_lossy().into_owned(), "HERE");
        let start = text.find("HERE/patchbench-replay-").expect("a folder of its own");
        let text = text.replace(&text[start..start + "HERE/patchbench-replay-XXXXXX".len()], "TMP");
        insta::assert_snapshot!(text, @r#"
        <-accel>
        <tcg,thread=multi>
        <-object>
        <x,a=b c,d='$HOME'>
        <-nodefaults>
        <-no-user-config>
        <-display>
        <none>
        <-vga>
        <none>
        <-net>
        <none>
        <-no-reboot>
        <-kernel>
        <HERE/bzImage>
        <-initrd>
        <TMP/initrd>
        0000000   a   b   c   d   e  \0  \0  \0   j   o   b
        0000013
        <-append>
        <console=ttyS0 panic=-1 oops=panic printk.devkmsg=on loglevel=7 no_timer_check a.b="c d">
        <-chardev>
        <stdio,mux=on,signal=off,id=console>
        <-serial>
        <chardev:console>
        <-chardev>
        <file,path=TMP/agent.jsonl,id=agent>
        <-device>
        <virtio-serial-pci,id=bench,bus=pcie.0,addr=0x1d>
        <-device>
        <virtserialport,bus=bench.0,chardev=agent,name=patchbench.0>
        <-mon>
        <chardev=console,mode=readline>
        "#);
    }
}
