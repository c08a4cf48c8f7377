//! One guest of a cell: its job packed, its commands recorded for a replay, its boot followed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err as fs;
use walkdir::WalkDir;

use cxl_topology::Topology;
use cxl_topology::qemu::Backing;
use event::{CellId, Event, Stage, StageEnd, Transcript, VmEnd};
use guest::{Archive, JobFile};
use spec::{CaseFile, ModuleSet, Userland};
use vm::{Accel, Deadlines, LateFile, Machine, QemuRequests, VmError};
use wire::{FromGuest, Job, PROTOCOL};

use super::accel::{self, Accelerator};
use super::code;
use super::hardware::{Hardware, instrumented};
use super::head_start::Ahead;
use super::history::Times;
use super::scenarios::LIB;
use super::{Cell, CellJob, Options, Plan, PreparedKernel, RunContext, RunError, machine};

/// Longest wait for the devices to come to rest, in milliseconds of the guest's clock.
const SETTLE_MS: u64 = 20_000;

/// Some of a cell's cases, in one guest.
pub(super) struct BootRequest<'a> {
    pub(super) job: &'a CellJob,
    pub(super) boot: &'a super::Boot,
    /// Number of the boot within the cell.
    pub(super) number: usize,
    /// Those of the boot's cases that can run here.
    pub(super) cases: &'a [CaseFile],
}

/// Chooses the accelerator, booting the kernel under KVM where nothing is known yet.
pub(super) fn accelerator(
    context: &RunContext,
    (kernel, flavour): (&str, &str),
    ready: &PreparedKernel,
    options: &Options,
) -> Accelerator {
    let (kernel, flavour) = (kernel.to_owned(), flavour.to_owned());
    let (event_kernel, event_flavour) = (kernel.clone(), flavour.clone());
    context.sink.emit(&Event::StageStarted { kernel, flavour, stage: Stage::Probe });
    let begun = Instant::now();
    let (choice, cached) =
        accel::choose(options.accel, &options.qemu, &ready.built.kernel, context.cache, || {
            let folder = host::TempFolder::new().map_err(|error| error.to_string())?;
            let smallest = ready.image(ModuleSet::Production, Userland::Busybox).map_err(str::to_owned)?;
            vm::kvm_works(&options.qemu, &ready.built.kernel, &smallest.path, folder.path())
                .unwrap_or_else(|error| Err(fault::one_line(&error).into()))
        });
    if let Some(raw) = choice.raw.as_ref().filter(|_| !cached) {
        context.sink.emit(&Event::Remark { text: format!("QEMU under KVM: {raw}") });
    }
    context.sink.emit(&Event::StageFinished {
        kernel: event_kernel,
        flavour: event_flavour,
        stage: Stage::Probe,
        end: if cached { StageEnd::Cached } else { StageEnd::Done },
        seconds: begun.elapsed().as_secs_f64(),
        note: format!("{}: {}", choice.accelerator, choice.why),
    });
    choice
}

/// What `kvm` and `tcg` are to QEMU.
pub(super) fn accel_of(choice: &Accelerator) -> Accel {
    if choice.accelerator == "kvm" { Accel::Kvm } else { Accel::Tcg }
}

/// How often a boot is begun that ends through no fault of the guest's.
const TRIES: u32 = 3;

/// Boots a guest for a cell's cases and follows it. What QEMU spoiled is no result of the kernel: it is reported, kept
/// beside, and booted again.
pub(super) fn boot(
    context: &RunContext,
    machine: &machine::Machine,
    request: &BootRequest,
) -> Result<Transcript, RunError> {
    let folder = request.job.folder.join(format!("boot{}", request.number));
    for spoiled in 1..TRIES {
        let result = boot_once(context, machine, request, &folder);
        let Some(reason) = spoiled_by(&result) else { return result.map(|booted| booted.transcript) };
        let text = format!("{}: {reason}: booting again", request.job.cell.id);
        context.sink.emit(&Event::Notice { text });
        let beside = folder.with_extension(format!("spoiled{spoiled}"));
        fs::rename(&folder, &beside)?;
    }
    boot_once(context, machine, request, &folder).map(|booted| booted.transcript)
}

/// What a guest has shown.
struct Booted {
    transcript: Transcript,
    /// Whether it was started before its modules were there.
    early: bool,
}

/// How a boot was spoiled, where it was: by QEMU, or by us.
fn spoiled_by(result: &Result<Booted, RunError>) -> Option<String> {
    match result {
        Err(RunError::Vm(error @ VmError::LostInterrupt { .. })) => Some(fault::one_line(error)),
        Err(_) => None,
        Ok(Booted { transcript, early }) => {
            // If the kernel is at fault, it will be so again, in a guest that had everything from the start.
            let silent = *early && transcript.release.is_none() && transcript.end != VmEnd::Interrupted;
            let assertion =
                transcript.end.broken_assertion().map(|assertion| format!("QEMU broke: {assertion}"));
            assertion
                .or_else(|| silent.then(|| "the guest that was started early did not come up".to_owned()))
        }
    }
}

fn boot_once(
    context: &RunContext,
    machine: &machine::Machine,
    request: &BootRequest,
    folder: &Path,
) -> Result<Booted, RunError> {
    let cell = &request.job.cell;
    let (times, recorded) = (times(machine, cell), machine.history.of(&cell.id));
    let job = job(request, times, &recorded);
    let (packed, archive) = pack(cell, &job, folder)?;
    let image = request.job.kernel.image(cell.suite.modules, request.boot.userland);
    let image = image.map_err(|why| RunError::NoMock { why: why.to_owned() })?;
    let hardware = Hardware::of(machine.capabilities, cell, request.boot)?;
    let built = &request.job.kernel.built;
    let qemu = Machine {
        qemu: machine.qemu,
        accel: machine.accel,
        kernel: &built.kernel,
        image: &image.path,
        job: Some(&packed),
        cmdline: &hardware.cmdline,
        machine_args: &hardware.machine_args,
    };
    write(&folder.join("replay.sh"), vm::replay_script(&qemu)?.as_bytes())?;

    let boot = u32::try_from(request.number).unwrap_or(u32::MAX);
    let cases: Vec<String> = request.cases.iter().map(|case| case.name.clone()).collect();
    context.sink.emit(&Event::BootStarted {
        cell: cell.id.clone(),
        boot,
        accel: machine.accel.to_string(),
        cases: cases.clone(),
    });
    let begun = Instant::now();
    let later = cxl_topology::qemu::later_args(&cell.topology, machine.capabilities, &Backing::Ram);
    let requests = QemuRequests::new(&[&hardware.machine_args[..], &later].concat());
    let deadlines = Deadlines::new(machine.accel, times).at_least(recorded.boot().unwrap_or_default());
    let on_frame = &mut |frame: &FromGuest| emit_frame(context, &cell.id, boot, &cases, begun, frame);
    let guest = vm::Boot { machine: qemu, folder, deadlines };
    let ahead = machine.head_start.take(cell, request.boot.userland, machine.accel, &hardware, built);
    let early = ahead.is_some();
    let transcript = match ahead {
        None => guest.run(&job, on_frame, &requests),
        Some(Ahead { guest: early, mut files }) => {
            context.sink.emit(&Event::Remark { text: format!("{}: {}", cell.id, told_early(&files)) });
            let of_job = archive.into_files();
            files.extend(of_job.map(|(path, mode, bytes)| LateFile {
                path: format!("/{path}"),
                mode,
                bytes,
            }));
            guest.go_on(early, &files, &job, on_frame, &requests)
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    context.sink.emit(&Event::BootFinished { cell: cell.id.clone(), boot, seconds });
    let transcript = transcript?;
    code::check(&transcript.build_ids, (built, cell.suite.modules), &image.path, &cell.id)?;
    Ok(Booted { transcript, early })
}

/// Of a guest that was started before its build was done: which of its files came late.
fn told_early(files: &[LateFile]) -> String {
    let names = files.iter().filter_map(|file| Path::new(&file.path).file_name()?.to_str());
    match names.collect::<Vec<_>>().as_slice() {
        [] => "the guest was started before its build was looked at, and lacked nothing".to_owned(),
        names => format!(
            "the guest was started before its build was done, and got over its port: {}",
            names.join(", ")
        ),
    }
}

/// What a guest with a shell has.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Which modules are on its disk.
    pub modules: ModuleSet,
    /// What it has besides.
    pub userland: Userland,
    /// Modules to load first, in order.
    pub load: Vec<String>,
    /// Words for the kernel's command line.
    pub cmdline: Vec<String>,
}

/// A shell in a guest, on our own terminal.
///
/// # Errors
/// The kernel cannot be made, or QEMU not be started.
pub fn shell(
    context: &RunContext,
    plan: &Plan,
    topology: &Topology,
    shell: &Shell,
    options: &Options,
) -> Result<(), RunError> {
    let (modules, userland) = (shell.modules, shell.userland);
    let capabilities = vm::probe(&options.qemu, context.cache.path())?.capabilities();
    let ready = super::prepare_guests(context, plan, &[(modules, userland)].into())?;
    let accel = accel_of(&accelerator(context, (&plan.kernel.name, &plan.flavour), &ready, options));
    let image = ready.image(modules, userland).map_err(|why| RunError::NoMock { why: why.to_owned() })?;
    let machine_args = cxl_topology::qemu::machine_args(topology, &capabilities, &Backing::Ram)?;
    let mut cmdline = cxl_topology::qemu::kernel_args(topology, &capabilities);
    cmdline.extend(shell.cmdline.iter().cloned());
    let (load, udev) = (shell.load.clone(), userland == Userland::Ndctl);
    let env = environment(modules, &BTreeMap::new());
    let job = Job { shell: true, memdevs: memdevs(topology), modules: load, udev, env, ..empty_job() };
    let folder = host::TempFolder::new()?;
    let archive = guest::job_archive(
        &job,
        Some(&cxl_topology::expect(topology)),
        &[],
        &lib(&context.root.join("scenarios"))?,
    )?;
    let packed = folder.path().join("job.cpio");
    write(&packed, &archive.bytes())?;
    let machine = Machine {
        qemu: &options.qemu,
        accel,
        kernel: &ready.built.kernel,
        image: &image.path,
        job: Some(&packed),
        cmdline: &cmdline,
        machine_args: &machine_args,
    };
    vm::Boot { machine, folder: folder.path(), deadlines: Deadlines::new(accel, 1) }.shell()?;
    Ok(())
}

/// How many times as long as on a plain kernel and an idle machine everything may take.
fn times(machine: &machine::Machine, cell: &Cell) -> u32 {
    let busy = if machine.accel == Accel::Tcg { machine::slowness() } else { 1 };
    vm::timeout_scale(instrumented(cell))
        .saturating_mul(cell.settings.timeout_times.unwrap_or(1))
        .saturating_mul(busy)
}

/// How many times as long as it took when it last passed a case may always take.
const LONGER: f64 = 4.0;

fn job(request: &BootRequest, times: u32, recorded: &Times) -> Job {
    let cell = &request.job.cell;
    let longest = |case: &CaseFile| {
        let recorded = Duration::try_from_secs_f64(recorded.case(&case.name).unwrap_or_default() * LONGER);
        let recorded = recorded.unwrap_or_default();
        case.timeout.saturating_mul(times).max(recorded)
    };
    let cases = request.cases.iter().map(|case| wire::Case {
        name: case.name.clone(),
        script: format!("{}/{}", wire::SUITE_PATH, case.script),
        timeout_ms: u64::try_from(longest(case).as_millis()).unwrap_or(u64::MAX),
    });
    let mut env = environment(cell.suite.modules, &cell.variant.env);
    env.insert("TIMEOUT_SCALE".to_owned(), times.to_string());
    Job {
        modules: cell.suite.load.clone(),
        deny: request.boot.deny.clone(),
        memdevs: if request.boot.deny.is_empty() { memdevs(&cell.topology) } else { 0 },
        cases: cases.collect(),
        env,
        udev: request.boot.userland == Userland::Ndctl,
        ..empty_job()
    }
}

/// What a case finds in its environment: `MODULES`, which of the two sets is on disk, and what the variant adds.
fn environment(modules: ModuleSet, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let set = match modules {
        ModuleSet::Production => "production",
        ModuleSet::Mock => "mock",
    };
    let mut env = BTreeMap::from([("MODULES".to_owned(), set.to_owned())]);
    env.extend(more.clone());
    env
}

fn empty_job() -> Job {
    Job {
        protocol: PROTOCOL,
        modules: Vec::new(),
        autoload: true,
        udev: false,
        deny: Vec::new(),
        memdevs: 0,
        settle_ms: SETTLE_MS,
        cases: Vec::new(),
        env: BTreeMap::new(),
        shell: false,
    }
}

fn memdevs(topology: &Topology) -> u32 {
    u32::try_from(topology.devices().len()).unwrap_or(u32::MAX)
}

/// Writes the job's archive into the boot's folder, where a replay finds it.
fn pack(cell: &Cell, job: &Job, folder: &Path) -> Result<(PathBuf, Archive), RunError> {
    let mut suite = match &cell.suite.base_suite {
        Some(base_suite) => suite_files(base_suite)?,
        None => Vec::new(),
    };
    let own = suite_files(&cell.suite.dir)?;
    suite.retain(|inherited| own.iter().all(|file| file.name != inherited.name));
    suite.extend(own);
    let archive = guest::job_archive(
        job,
        Some(&cxl_topology::expect(&cell.topology)),
        &suite,
        &lib(cell.suite.dir.parent().unwrap_or(&cell.suite.dir))?,
    )?;
    fs::create_dir_all(folder)?;
    let path = folder.join("job.cpio");
    write(&path, &archive.bytes())?;
    Ok((path, archive))
}

/// What cases source, in the folder of the suites.
fn lib(scenarios: &Path) -> Result<Vec<u8>, RunError> {
    Ok(fs::read(scenarios.join(LIB))?)
}

/// Every file of a suite's folder: cases may lean on others beside them.
fn suite_files(dir: &Path) -> Result<Vec<JobFile>, RunError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::from)?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(dir).unwrap_or(entry.path()).to_string_lossy().into_owned();
            files.push(JobFile { name, bytes: fs::read(entry.path())? });
        }
    }
    Ok(files)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    Ok(fs::write(path, bytes)?)
}

/// Turns what the guest sends into events as it comes.
fn emit_frame(
    context: &RunContext,
    cell: &CellId,
    boot: u32,
    cases: &[String],
    begun: Instant,
    frame: &FromGuest,
) {
    let name = |index: u32| cases.get(index as usize).cloned().unwrap_or_default();
    let event = match frame {
        FromGuest::Hello { release, .. } => Event::GuestUp {
            cell: cell.clone(),
            boot,
            seconds: begun.elapsed().as_secs_f64(),
            release: release.clone(),
        },
        FromGuest::Begin { case } => Event::CaseStarted { cell: cell.clone(), case: name(*case) },
        FromGuest::Output { case, text } => {
            Event::CaseOutput { cell: cell.clone(), case: name(*case), text: text.clone() }
        }
        FromGuest::Note { text } => Event::Notice { text: format!("{cell}: {text}") },
        FromGuest::End { .. }
        | FromGuest::Markers { .. }
        | FromGuest::Ask { .. }
        | FromGuest::Kmsg { .. }
        | FromGuest::Health { .. }
        | FromGuest::Code { .. }
        | FromGuest::FileBegin { .. }
        | FromGuest::FileData { .. }
        | FromGuest::FileEnd { .. }
        | FromGuest::Bye { .. } => return,
    };
    context.sink.emit(&event);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booted(end: VmEnd, release: Option<&str>, early: bool) -> Booted {
        let transcript = Transcript {
            anchor: None,
            cases: Vec::new(),
            release: release.map(str::to_owned),
            bye: false,
            notes: Vec::new(),
            console: Vec::new(),
            console_dropped: 0,
            kmsg: String::new(),
            health: Vec::new(),
            build_ids: BTreeMap::new(),
            end,
        };
        Booted { transcript, early }
    }

    #[test]
    fn a_guest_that_was_started_early_counts_once_it_is_up() {
        let spoiled = |booted| spoiled_by(&Ok(booted)).is_some();
        for end in [VmEnd::PoweredOff, VmEnd::Reset, VmEnd::Dead, VmEnd::Deadline { ms: 1 }] {
            assert!(spoiled(booted(end.clone(), None, true)), "{end:?}");
            assert!(!spoiled(booted(end.clone(), None, false)), "{end:?}");
            assert!(!spoiled(booted(end.clone(), Some("6.12"), true)), "{end:?}");
        }
        assert!(!spoiled(booted(VmEnd::Interrupted, None, true)));
    }
}
