//! What a row of the table holds.

use crate::SplatKind;

/// One kernel report: how its heading is found, and what it comes to.
pub(in crate::kernel_log) struct Row {
    pub kind: SplatKind,
    pub role: Role,
    pub trust: Trust,
    /// Literals: every line that `pattern` matches contains one of them. The prefilter is made of these alone, and each costs
    /// time. A row without any is looked for only where a report stands anyway: above a trace, and behind `cut here`.
    pub needles: &'static [&'static str],
    /// Matches the line without its prefix. The groups `f` and `m` are function and module, `s` is the subject.
    pub pattern: &'static str,
    /// What it is; of a note, what there is to say of it. `$1` and `$2` stand for the groups of these numbers; [`OWN_WORDS`] for the line itself.
    pub title: &'static str,
    /// Lines as the kernel prints them, each with what it is read as: the title, the function and its module.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests read it"))]
    pub examples: &'static [(&'static str, &'static str)],
}

/// A title that is the line itself, without what changes from run to run.
pub(in crate::kernel_log) const OWN_WORDS: &str = "$0";

/// The title of a report of which the log has only the middle or the end.
pub(in crate::kernel_log) const TORN: &str = "report without its beginning";

/// What a heading is within an event of several headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel_log) enum Role {
    /// A report of its own.
    Report,
    /// Announces a report whose own heading comes within the next lines.
    Prelude,
    /// The numbered line of `die()`: belongs to the report before it, or is one by itself.
    Die,
    /// `Kernel panic`: the end of the event before it, or one by itself.
    Panic,
    /// Continues a report of the same kind, if one is open.
    Sequel,
    /// No report: a machine's defect, or what the kernel worked around. It is told as a note.
    Note,
    /// The middle or the end of a report whose beginning the log lost.
    Torn,
}

/// Whether a heading is enough by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel_log) enum Trust {
    /// Only the kernel's report code prints this.
    Sure,
    /// A driver or a program may print the same words: counts only when registers or a trace follow.
    WithTrace,
}

/// A symbol as `%pS` prints it, or as a symboliser does, with its module.
macro_rules! symbol {
    () => {
        r"(?P<f>[A-Za-z_.$][\w.$]*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: [\w./-]+\.[ch]:\d+)?(?: \[inline\])?(?: \[(?P<m>\w+)[^\]]*\])?"
    };
}
pub(super) use symbol;
