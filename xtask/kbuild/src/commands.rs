//! The commands of a build from nothing, for whoever wants to see or repeat them. Runs none.

use std::ffi::OsString;
use std::path::Path;

use host::quote;

use super::make::{MOCK, prefixed};
use super::{Builder, Tree};

impl Builder<'_> {
    /// Every make and depmod of a build from nothing, in order, ready to paste.
    pub fn commands(&self, tree: &Tree) -> Vec<String> {
        let (obj, log) = (self.slot.join("obj"), self.slot.join("log/build.log"));
        let make = self.make(tree, &obj, &log);
        let run = |args: &[OsString]| make.process(args).command_line();
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let mock = prefixed("M=", &tree.src.join(MOCK));
        let install = |more: Option<&OsString>, root: &str| run(&install_args(more, &self.slot.join(root)));
        let depmod = |root: &str| {
            let map = obj.join("System.map");
            let depmod = quote(&self.toolchain.depmod);
            format!("{depmod} -a -b {} -F {} RELEASE", quote(self.slot.join(root)), quote(map))
        };
        let mut lines = vec![
            run(&words(&["tinyconfig"])),
            format!("# the fragments are appended to {}", obj.join(".config").display()),
            run(&words(&["olddefconfig"])),
        ];
        lines.extend(self.compile_commands(tree));
        lines.extend([
            install(None, "production"),
            depmod("production"),
            install(Some(&mock), "mock"),
            depmod("mock"),
        ]);
        lines
    }

    /// The one of them that installs the kernel's own modules, below this folder; it leaves depmod out.
    pub fn install_command(&self, tree: &Tree, root: &Path) -> String {
        let (obj, log) = (self.slot.join("obj"), self.slot.join("log/build.log"));
        self.make(tree, &obj, &log).process(&install_args(None, root)).command_line()
    }

    /// Those of them that compile: kernel and modules, then the mock modules.
    pub fn compile_commands(&self, tree: &Tree) -> Vec<String> {
        let (obj, log) = (self.slot.join("obj"), self.slot.join("log/build.log"));
        let make = self.make(tree, &obj, &log);
        let kernel = ["bzImage", "modules"].map(OsString::from);
        let mock = [prefixed("M=", &tree.src.join(MOCK)), "modules".into()];
        [&kernel[..], &mock[..]].map(|args| make.process(args).command_line()).into()
    }
}

fn install_args(more: Option<&OsString>, root: &Path) -> Vec<OsString> {
    let fixed = ["INSTALL_MOD_STRIP=1", "DEPMOD=true", "modules_install"].map(OsString::from);
    more.cloned().into_iter().chain([prefixed("INSTALL_MOD_PATH=", root)]).chain(fixed).collect()
}
