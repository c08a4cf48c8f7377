//! A program whose lines are counted, built and run as kbuild and a guest would: with a real compiler and a real gcov.

use std::fs;
use std::path::{Path, PathBuf};

use host::{Process, requirements};

/// `drivers/cxl/x.h` of it.
pub const COUNTED_HEADER: &str = "static inline int f(int a)\n{\n\tif (a)\n\t\treturn 1;\n\treturn 2;\n}\n";
/// `drivers/cxl/x.c` of it: `main()` calls `g(1)`, which calls `f(0)`.
pub const COUNTED_SOURCE: &str = "#include \"x.h\"\nint g(int a);\n/* text */\nint g(int a)\n{\n\tif (a > 2)\n\t\treturn f(a);\n\treturn f(0);\n}\n\
                                  int main(void)\n{\n\treturn g(1) != 2;\n}\n";

/// Such a program, in a folder: `src` and `obj` as kbuild has them, and the compiler's notes once more in `notes`.
pub struct CountedProgram(PathBuf);

impl CountedProgram {
    /// Builds and runs one in a folder; none on a machine without compiler or gcov.
    ///
    /// # Panics
    /// It does not compile.
    pub fn new(root: &Path, source: &str) -> Option<Self> {
        let there = |program| requirements::find_program(program).is_some();
        if !there("gcc") || !there("gcov") {
            return None;
        }
        for folder in ["src/drivers/cxl", "obj/drivers/cxl", "notes/obj/drivers/cxl"] {
            fs::create_dir_all(root.join(folder)).expect("made");
        }
        fs::write(root.join("src/drivers/cxl/x.h"), COUNTED_HEADER).expect("written");
        fs::write(root.join("src/drivers/cxl/x.c"), source).expect("written");
        let obj = root.join("obj");
        let options = ["-O0", "-fprofile-arcs", "-ftest-coverage", "-c", "-o", "drivers/cxl/x.o"];
        let gcc = || Process::new("gcc", [""; 0]).dir(&obj);
        options.iter().fold(gcc(), Process::arg).arg("../src/drivers/cxl/x.c").run().expect("compiled");
        gcc().arg("-fprofile-arcs").arg("drivers/cxl/x.o").arg("-o").arg("x").run().expect("linked");
        Process::new(obj.join("x"), [""; 0]).dir(&obj).run().expect("run");
        fs::copy(obj.join("drivers/cxl/x.gcno"), root.join("notes/obj/drivers/cxl/x.gcno")).expect("copied");
        Some(Self(root.to_owned()))
    }

    /// The folder of the notes.
    pub fn notes(&self) -> PathBuf {
        self.0.join("notes")
    }

    /// What a guest would send of its counters, if it called the object so.
    ///
    /// # Panics
    /// It has counted nothing.
    pub fn archive(&self, object: &str) -> Vec<u8> {
        let bytes = fs::read(self.0.join("obj/drivers/cxl/x.gcda")).expect("counted");
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, object, bytes.as_slice()).expect("packed");
        archive.into_inner().expect("packed")
    }
}
