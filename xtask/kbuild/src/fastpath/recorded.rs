//! What kbuild wrote down of a target: the command that made it, and what it was made from (`.NAME.cmd`, by `if_changed` and
//! `if_changed_dep` in `scripts/Kbuild.include`, and by `scripts/basic/fixdep.c`).

use std::path::{Component, Path, PathBuf};

use fs_err as fs;

/// A target and its recorded command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recorded {
    /// The target, absolute.
    pub(super) target: PathBuf,
    /// Where its command runs, absolute: what it names is relative to here.
    pub(super) dir: PathBuf,
    /// The target as the command names it.
    pub(super) name: String,
    /// The command for a shell.
    pub(super) command: String,
    /// What it was made from, absolute, the source first; empty for what was linked, whose inputs are no dependencies here.
    pub(super) inputs: Vec<PathBuf>,
    /// The command as make reads it.
    escaped: String,
    /// What kbuild added behind the dependencies.
    behind: String,
}

impl Recorded {
    /// The record of a target, made in one of these folders; none where there is none, or none that is understood.
    pub(super) fn load(target: &Path, folders: &[&Path]) -> Option<Self> {
        let text = fs::read_to_string(beside(target, "cmd")).ok()?;
        Self::parse(&text, target, folders)
    }

    fn parse(text: &str, target: &Path, folders: &[&Path]) -> Option<Self> {
        let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (name, escaped) = head.strip_prefix("savedcmd_")?.split_once(" := ")?;
        let dir = *folders.iter().find(|dir| normal(&dir.join(name)) == target)?;
        let mut inputs = Vec::new();
        let mut behind = "";
        if let Some((_, listed)) = rest.split_once(&format!("deps_{name} := \\\n")) {
            let source = rest.lines().find_map(|line| line.strip_prefix(&format!("source_{name} := ")));
            let (listed, after) = listed.split_once("\n\n")?;
            let files = listed.lines().map(|line| line.trim_matches([' ', '\\']));
            let files = files.filter(|file| !file.is_empty() && !file.starts_with("$(wildcard "));
            inputs = source.into_iter().chain(files).map(|file| normal(&dir.join(file))).collect();
            behind = after.split_once(&format!("$(deps_{name}):\n"))?.1;
        }
        Some(Self {
            target: target.to_owned(),
            dir: dir.to_owned(),
            name: name.to_owned(),
            command: escaped.replace("$(pound)", "#").replace("$$", "$"),
            inputs,
            escaped: escaped.to_owned(),
            behind: behind.to_owned(),
        })
    }

    /// The source it was compiled from.
    pub(super) fn source(&self) -> Option<&Path> {
        self.inputs.first().map(PathBuf::as_path)
    }

    /// The whole for a shell: the command, then its record anew, as `cmd_and_fixdep` writes it. `fixdep` is kbuild's program.
    pub(super) fn script(&self, fixdep: &Path) -> String {
        if self.inputs.is_empty() {
            return self.command.clone();
        }
        let quote = |path: &Path| host::quote(path);
        let (listed, record) = (beside(&self.target, "d"), beside(&self.target, "cmd"));
        let fresh = record.with_extension("cmd.tmp");
        format!(
            "set -e; {command}; {{ {fixdep} {listed} {name} {escaped}; printf '%s' {behind}; }} >{fresh}; mv -f {fresh} {record}; \
             rm -f {listed}",
            command = self.command.trim_end().trim_end_matches(';'),
            fixdep = quote(fixdep),
            listed = quote(&listed),
            name = host::quote(&self.name),
            escaped = host::quote(&self.escaped),
            behind = host::quote(&self.behind),
            fresh = quote(&fresh),
            record = quote(&record),
        )
    }
}

/// `.NAME.cmd` and the like, beside a target.
pub(super) fn beside(target: &Path, ending: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{ending}"))
}

/// A path from the top of the object folder or the tree.
pub(super) fn shown(path: &Path, obj: &Path, src: &Path) -> String {
    let below = [obj, src].iter().find_map(|top| path.strip_prefix(top).ok());
    below.unwrap_or(path).display().to_string()
}

/// A path without `.` and `..`, by its words alone: trees of kernels have no links to folders.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 6.12 writes it, through ccache.
    const COMPILED: &str = "savedcmd_drivers/cxl/mem.o := ccache gcc -Wp,-MMD,drivers/cxl/.mem.o.d -D'X=$(pound)y' -c -o \
        drivers/cxl/mem.o /w/src/drivers/cxl/mem.c   ; ./tools/objtool/objtool --orc drivers/cxl/mem.o $$HOME\n\n\
        source_drivers/cxl/mem.o := ../src/drivers/cxl/mem.c\n\n\
        deps_drivers/cxl/mem.o := \\\n    $(wildcard include/config/CXL_PMEM) \\\n  ../src/include/linux/kconfig.h \\\n  \
        /w/src/drivers/cxl/core/../cxlmem.h \\\n  include/generated/autoconf.h \\\n\n\
        drivers/cxl/mem.o: $(deps_drivers/cxl/mem.o)\n\n$(deps_drivers/cxl/mem.o):\n\n\
        drivers/cxl/mem.o: $(wildcard ./tools/objtool/objtool)\n";

    fn parse(text: &str, target: &str) -> Option<Recorded> {
        Recorded::parse(
            text,
            Path::new(target),
            &[Path::new("/w/obj"), Path::new("/w/src/tools/testing/cxl")],
        )
    }

    #[test]
    fn a_compiled_object_has_a_command_and_inputs() {
        let recorded = parse(COMPILED, "/w/obj/drivers/cxl/mem.o").expect("a record");
        assert_eq!(recorded.dir, Path::new("/w/obj"));
        assert!(recorded.command.contains("-D'X=#y'") && recorded.command.ends_with("mem.o $HOME"));
        let inputs: Vec<_> = recorded.inputs.iter().map(|path| path.display().to_string()).collect();
        insta::assert_debug_snapshot!(inputs, @r#"
        [
            "/w/src/drivers/cxl/mem.c",
            "/w/src/include/linux/kconfig.h",
            "/w/src/drivers/cxl/cxlmem.h",
            "/w/obj/include/generated/autoconf.h",
        ]
        "#);
    }

    #[test]
    fn its_record_is_written_anew_as_kbuild_writes_it() {
        // Names with a blank: each has to reach the shell whole.
        let top = tempfile::Builder::new().prefix("a b").tempdir().expect("a folder");
        let obj = top.path().join("obj");
        fs::create_dir_all(obj.join("drivers/cxl")).expect("made");
        let (object, record) = (obj.join("drivers/cxl/mem.o"), obj.join("drivers/cxl/.mem.o.cmd"));
        let command = "touch drivers/cxl/.mem.o.d drivers/cxl/mem.o '$(pound)' '$$HOME' 'it''s'";
        let text = COMPILED.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
        let text = format!("savedcmd_drivers/cxl/mem.o := {command}\n{text}");
        fs::write(&record, &text).expect("written");
        // What fixdep prints up to where kbuild's own lines begin.
        let fixdep = top.path().join("fixdep");
        let end =
            text.find("$(deps_drivers/cxl/mem.o):\n").expect("an end") + "$(deps_drivers/cxl/mem.o):\n".len();
        let printed = text[..end].replacen(command, "$CMD", 1);
        fs::write(top.path().join("printed"), printed).expect("written");
        fs::write(
            &fixdep,
            "#!/bin/sh\nCMD=$3 awk '{ i = index($0, \"$CMD\"); if (i) $0 = substr($0, 1, i - 1) \
            ENVIRON[\"CMD\"]; print }' ../printed; [ -e \"$1\" ] && [ \"$2\" = drivers/cxl/mem.o ]\n",
        )
        .expect("written");
        std::os::unix::fs::symlink("/bin/sh", top.path().join("sh")).expect("linked");
        let recorded = Recorded::load(&object, &[&obj]).expect("a record");
        let script =
            recorded.script(&fixdep).replace(&host::quote(&fixdep), &format!("sh {}", host::quote(&fixdep)));
        host::Process::new("sh", ["-c", &script]).dir(&obj).run().expect("it runs");
        assert_eq!(fs::read_to_string(&record).expect("a record"), text);
        assert!(object.is_file() && !obj.join("drivers/cxl/.mem.o.d").exists());
    }

    #[test]
    fn what_was_linked_has_no_inputs_and_what_is_elsewhere_is_none() {
        let text =
            "savedcmd_drivers/cxl/cxl_mem.o := ld -r -o drivers/cxl/cxl_mem.o @drivers/cxl/cxl_mem.mod \n";
        let linked = parse(text, "/w/obj/drivers/cxl/cxl_mem.o").expect("a record");
        assert_eq!((linked.inputs.len(), linked.source()), (0, None));
        assert_eq!(parse(text, "/w/obj/drivers/cxl/cxl_port.o"), None);
        assert_eq!(parse("cmd_x.o := gcc x.c\n", "/w/obj/x.o"), None, "before 6.4 the word was another");
        let mock = "savedcmd_../../../drivers/cxl/mem.o := gcc\n";
        assert_eq!(
            parse(mock, "/w/src/drivers/cxl/mem.o").expect("a record").dir,
            Path::new("/w/src/tools/testing/cxl")
        );
    }
}
