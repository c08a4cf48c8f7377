//! QEMU's arguments around those of the topology. Pure.

use std::path::Path;

use host::Confinement;

use super::Accel;

/// What is booted, and on what.
#[derive(Debug, Clone)]
pub struct Machine<'a> {
    /// QEMU's binary.
    pub qemu: &'a Path,
    /// How it runs the guest's code.
    pub accel: Accel,
    /// `bzImage`.
    pub kernel: &'a Path,
    /// The guest's initramfs; the job comes on top.
    pub image: &'a Path,
    /// A second archive with the job, appended to the image. Without one the agent sends its hello and powers off.
    pub job: Option<&'a Path>,
    /// Words for the kernel's command line beyond those that every boot has.
    pub cmdline: &'a [String],
    /// The topology's arguments: machine, processor, memory, CXL devices.
    pub machine_args: &'a [String],
}

/// Where the two channels lead, and the monitor.
pub(super) struct Plumbing {
    pub agent: String,
    pub console: String,
    pub monitor: Vec<String>,
    pub initrd: String,
}

/// The kernel's command line.
///
/// - `panic=-1` with `-no-reboot`: a panic ends QEMU at once.
/// - `oops=panic`: what runs after an oops proves nothing, and may hang on a lock that nobody will release.
/// - `printk.devkmsg=on`: the case markers are not rate-limited.
/// - `loglevel=7`: everything but debug messages reaches the console, which is the kernel log that is judged.
///   It costs no time that can be measured (20 KiB to init, 6.12 under TCG).
/// - `no_timer_check`: on a busy host the check of the timer interrupt panics without cause.
pub fn command_line(extra: &[String]) -> String {
    let always =
        ["console=ttyS0", "panic=-1", "oops=panic", "printk.devkmsg=on", "loglevel=7", "no_timer_check"];
    always.into_iter().chain(extra.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// A value within a comma-separated option.
pub(super) fn escape(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

/// The fields of a comma-separated option, as they were before [`escape`].
fn fields(option: &str) -> Vec<String> {
    option.replace(",,", "\0").split(',').map(|field| field.replace('\0', ",")).collect()
}

impl Machine<'_> {
    /// The command as a boot runs it, ready to paste; the sockets' folder, which is made anew each time, is `$dir`.
    pub fn shown(&self) -> String {
        let socket = |name: &str| format!("socket,path=$dir/{name}");
        let arguments = self.arguments(&Plumbing {
            agent: socket("agent"),
            console: socket("console"),
            monitor: vec![
                "-chardev".into(),
                format!("{},id=qmp", socket("qmp")),
                "-mon".into(),
                "chardev=qmp,mode=control".into(),
            ],
            initrd: self.image.to_string_lossy().into_owned(),
        });
        host::Process::new(self.qemu, arguments).command_line()
    }

    /// The box of this QEMU: what its arguments name, read-only but for the files that are a device's memory.
    pub(super) fn inside(&self) -> Confinement {
        let boots = Confinement::new().read(self.kernel).read(self.image);
        let boots = if self.accel == Accel::Kvm { boots.device("/dev/kvm") } else { boots };
        let fields = self.machine_args.iter().flat_map(|argument| fields(argument));
        fields.fold(boots, |inside, field| {
            let (name, value) = field.split_once('=').unwrap_or(("", &field));
            let path = Path::new(value);
            match name {
                _ if !path.is_absolute() => inside,
                "mem-path" => inside.write(path.parent().unwrap_or(path)),
                _ => inside.read(path),
            }
        })
    }

    pub(super) fn arguments(&self, plumbing: &Plumbing) -> Vec<String> {
        let mut args: Vec<String> = vec!["-accel".into(), self.accel.argument().into()];
        args.extend_from_slice(self.machine_args);
        let mut add = |words: &[&str]| args.extend(words.iter().map(|word| (*word).to_owned()));
        // No option ROMs, no display: each costs a good second under TCG.
        add(&["-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", "-net", "none"]);
        add(&["-no-reboot"]);
        let kernel = self.kernel.to_string_lossy();
        add(&["-kernel", &kernel, "-initrd", &plumbing.initrd, "-append", &command_line(self.cmdline)]);
        add(&["-chardev", &format!("{},id=console", plumbing.console), "-serial", "chardev:console"]);
        add(&["-chardev", &format!("{},id=agent", plumbing.agent)]);
        // A place of its own, so that the topology's devices lie where they lie without it.
        add(&["-device", "virtio-serial-pci,id=bench,bus=pcie.0,addr=0x1d"]);
        add(&["-device", &format!("virtserialport,bus=bench.0,chardev=agent,name={}", wire::PORT_NAME)]);
        args.extend_from_slice(&plumbing.monitor);
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_command() {
        let machine = Machine {
            qemu: Path::new("qemu-system-x86_64"),
            accel: Accel::Tcg,
            kernel: Path::new("/k/bzImage"),
            image: Path::new("/i/image"),
            job: None,
            cmdline: &["driver_async_probe=cxl_mem".into()],
            machine_args: &["-M".into(), "q35".into()],
        };
        let plumbing = Plumbing {
            agent: format!("socket,path={}", escape(Path::new("/tmp/a,b/agent"))),
            console: "stdio".into(),
            monitor: vec!["-mon".into(), "x".into()],
            initrd: "/tmp/initrd".into(),
        };
        insta::assert_snapshot!(machine.arguments(&plumbing).join("\n"), @r"
        -accel
        tcg,thread=multi
        -M
        q35
        -nodefaults
        -no-user-config
        -display
        none
        -vga
        none
        -net
        none
        -no-reboot
        -kernel
        /k/bzImage
        -initrd
        /tmp/initrd
        -append
        console=ttyS0 panic=-1 oops=panic printk.devkmsg=on loglevel=7 no_timer_check driver_async_probe=cxl_mem
        -chardev
        stdio,id=console
        -serial
        chardev:console
        -chardev
        socket,path=/tmp/a,,b/agent,id=agent
        -device
        virtio-serial-pci,id=bench,bus=pcie.0,addr=0x1d
        -device
        virtserialport,bus=bench.0,chardev=agent,name=patchbench.0
        -mon
        x
        ");
    }

    #[test]
    fn a_comma_in_a_path_is_no_end_of_it() {
        let escaped = escape(Path::new("/tmp/a,b/m"));
        assert_eq!(
            fields(&format!("x,mem-path={escaped},share=on")),
            ["x", "mem-path=/tmp/a,b/m", "share=on"]
        );
    }
}
