//! What is told of, and is no report: what a machine did and the kernel only says, and what a healthy kernel may meet on a slow
//! or odd machine. A run of one's own kernel may still forbid all messages of a level.
//!
//! The rule: a finding of the kernel's about itself is a report, be it without a trace. What a device, the firmware or a memory
//! module did is a note, and so is what depends on how fast the machine is.

use super::row::Role::Note;
use super::row::Row;
use super::row::Trust::Sure;
use crate::SplatKind as K;

const fn note(
    needles: &'static [&'static str],
    pattern: &'static str,
    why: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Row {
    Row { kind: K::Other, role: Note, trust: Sure, needles, pattern, title: why, examples }
}

/// An IOMMU's fault is a driver's error as often as the firmware's: machines with such firmware print it at each boot.
const BLOCKED: &str = "an access of a device that its IOMMU stopped";
const HARDWARE: &str = "an error of the hardware";
const DEVICE: &str = "an error that a PCIe or CXL device reported";
const SLOW: &str = "a slow or busy machine, or a clock that is off";
const MISUSED: &str = "a driver that does not count right";

pub(super) const ROWS: &[Row] = &[
    // arch/x86/kernel/cpu/mce/core.c, print_mce(), of what was corrected; drivers/acpi/apei/ghes.c, __ghes_print_estatus().
    note(
        &["Hardware Error]: "],
        r"^(?:mce: |\{\d+\})?\[Hardware Error\]: (?:CPU \d+: Machine Check: |Hardware error from APEI)",
        HARDWARE,
        &[
            ("mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: 8c00000000000000", HARDWARE),
            ("{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 7", HARDWARE),
        ],
    ),
    // arch/powerpc/kernel/mce.c, of what was recovered.
    note(
        &["achine check"],
        r"^(?:mce: )?(?:MCE: CPU\d+: machine check \(|\w+ Machine check interrupt \[)",
        HARDWARE,
        &[("MCE: CPU3: machine check (Warning)  UE Load/Store [Recovered]", HARDWARE)],
    ),
    // drivers/edac/edac_mc.c, edac_ce_error(), edac_ue_error().
    note(
        &["EDAC MC"],
        r"^EDAC MC\d+: \d+ [CU]E ",
        HARDWARE,
        &[("EDAC MC0: 1 CE sample on unknown memory (channel:0 slot:0 page:0x0)", HARDWARE)],
    ),
    // mm/memory-failure.c; also what hwpoison injects.
    note(
        &["Memory failure: "],
        r"^Memory failure: 0x[0-9a-f]+: ",
        "memory that is poisoned",
        &[(
            "Memory failure: 0x12345: recovery action for dirty LRU page: Recovered",
            "memory that is poisoned",
        )],
    ),
    // drivers/pci/pcie/aer.c, aer_print_error(); drivers/pci/pcie/dpc.c, dpc_process_error().
    note(
        &["Bus Error: severity"],
        r"^[^\s\[][^\[]{0,80}: (?:PCIe|CXL) Bus Error: severity=",
        DEVICE,
        &[(
            "pcieport 0000:0c:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Transaction Layer, (Requester ID)",
            DEVICE,
        )],
    ),
    note(
        &["containment event, "],
        r"^[^\s\[][^\[]{0,80}: (?:DPC: )?containment event, status:",
        DEVICE,
        &[(
            "pcieport 0000:0c:00.0: DPC: containment event, status:0x1f01: unmasked uncorrectable error detected",
            DEVICE,
        )],
    ),
    // drivers/iommu: intel/dmar.c, dmar_fault_do_one(); amd/iommu.c, iommu_print_event() and others; arm/arm-smmu/arm-smmu.c and
    // arm-smmu-v3/arm-smmu-v3.c, arm_smmu_dump_raw_event(); virtio-iommu.c, viommu_fault_handler().
    note(
        &["[fault reason 0x"],
        r"^DMAR: \[.*\] Request device \[.*\] fault .*\[fault reason 0x",
        BLOCKED,
        &[(
            "DMAR: [DMA Write NO_PASID] Request device [0000:0d:00.0] fault addr 0x1000 [fault reason 0x05] sample",
            BLOCKED,
        )],
    ),
    note(
        &["Event logged ["],
        r"^[^\s\[][^\[]{0,80}: Event logged \[[A-Z_]+ ",
        BLOCKED,
        &[(
            "cxl_pci 0000:0d:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0001 address=0x1000 flags=0x0020]",
            BLOCKED,
        )],
    ),
    note(
        &["Unhandled ", "event 0x", " fault from EP "],
        r"^[^\s\[][^\[]{0,80}: (?:Unhandled context fault: fsr=|event 0x[0-9a-f]{2} received:|\w+ fault from EP \d)",
        BLOCKED,
        &[
            ("arm-smmu 9050000.iommu: Unhandled context fault: fsr=0x402, iova=0x1000", BLOCKED),
            ("arm-smmu-v3 9050000.iommu: event 0x10 received:", BLOCKED),
            ("virtio_iommu virtio0: page fault from EP 8 at 0x1000 [W]", BLOCKED),
        ],
    ),
    // arch/x86/kernel/nmi.c, unknown_nmi_error(), pci_serr_error(); arch/x86/kernel/irq.c, __common_interrupt().
    note(
        &["NMI received for", "(SERR) for reason"],
        r"^(?:Uhhuh\. NMI received for unknown reason|NMI: PCI system error \(SERR\) for reason) ",
        "an interrupt that nobody asked for",
        &[
            ("Uhhuh. NMI received for unknown reason 2d on CPU 0.", "an interrupt that nobody asked for"),
            ("NMI: PCI system error (SERR) for reason b1 on CPU 0.", "an interrupt that nobody asked for"),
        ],
    ),
    note(
        &["irq handler for vector"],
        r"^\S*(?:__common_interrupt|do_IRQ): \d+\.\d+ No irq handler for vector",
        "an interrupt that nobody asked for",
        &[("__common_interrupt: 1.55 No irq handler for vector", "an interrupt that nobody asked for")],
    ),
    // kernel/time/clocksource.c, since 7.1 in other words; kernel/time/tick-sched.c, report_idle_softirq(); kernel/workqueue.c,
    // wq_cpu_intensive_report(); kernel/sched/rt.c, sched_rt_runtime_exceeded().
    note(
        &["Marking cl"],
        r"^clocksource: (?:timekeeping watchdog on CPU\d+: )?Marking clocksource \S+ (?:as )?unstable",
        SLOW,
        &[
            (
                "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:",
                SLOW,
            ),
            ("clocksource: Marking clocksource tsc unstable due to frequency skew", SLOW),
        ],
    ),
    note(
        &["tick-stop error"],
        r"^NOHZ tick-stop error: ",
        SLOW,
        &[("NOHZ tick-stop error: local softirq work is pending, handler #80!!!", SLOW)],
    ),
    note(
        &[" hogged CPU for"],
        r"^workqueue: \S+(?: \[\w+\])? hogged CPU for ",
        SLOW,
        &[(
            "workqueue: cxl_sample_work [cxl_core] hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
            SLOW,
        )],
    ),
    note(
        &["RT throttling"],
        r"^sched: RT throttling activated",
        SLOW,
        &[("sched: RT throttling activated", SLOW)],
    ),
    // drivers/base/power/runtime.c, pm_runtime_enable(), rpm_drop_usage_count(): told without a trace, and nothing breaks.
    note(
        &["Unbalanced pm_", "usage count underflow"],
        r"^[^\s\[][^\[]{0,80}: (?:Unbalanced pm_runtime_enable|Runtime PM usage count underflow)!",
        MISUSED,
        &[
            ("cxl_pci 0000:0d:00.0: Unbalanced pm_runtime_enable!", MISUSED),
            ("cxl_pci 0000:0d:00.0: Runtime PM usage count underflow!", MISUSED),
        ],
    ),
];
