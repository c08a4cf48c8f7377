//! What a changed file can mean, before anything is looked up.

use std::path::Path;

/// Why a file's change is kbuild's to follow, whoever is compiled from it; none where the records say all about it.
pub(super) fn beyond_records(file: &str) -> Option<&'static str> {
    let path = Path::new(file);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let starts = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if starts(&["Makefile", "Kbuild", "Kconfig"]) {
        return Some("kbuild reads it");
    }
    let tools = file.starts_with("tools/") && !file.starts_with("tools/testing/");
    if tools || file.starts_with("scripts/") {
        return Some("the kernel is built with it");
    }
    // Whether one is there decides whether a wrapper is generated (scripts/Makefile.asm-headers).
    if file.starts_with("include/asm-generic/") || (file.starts_with("arch/") && file.contains("/include/")) {
        return Some("headers are generated from what is there");
    }
    let is_code = path.extension().is_some_and(|ending| ending == "c" || ending == "h");
    (!is_code && !is_prose(file)).then_some("it is neither C nor documentation")
}

/// Whether nothing is ever built from it.
pub(super) fn is_prose(file: &str) -> bool {
    let ending = Path::new(file).extension().unwrap_or_default();
    let by_name =
        ["CREDITS", "MAINTAINERS", ".clang-format", ".get_maintainer.ignore", ".gitignore", ".mailmap"];
    file.starts_with("Documentation/")
        || ending == "rst"
        || by_name.iter().any(|name| file == *name || file.ends_with(&format!("/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_compiled_is_the_records_affair() {
        for (file, why) in [
            ("drivers/cxl/mem.c", None),
            ("drivers/cxl/core/core.h", None),
            ("tools/testing/cxl/test/mem.c", None),
            ("Documentation/driver-api/cxl/Makefile.rst", Some("kbuild reads it")),
            ("Documentation/admin-guide/x.txt", None),
            ("MAINTAINERS", None),
            ("drivers/cxl/.gitignore", None),
            ("drivers/cxl/Kconfig", Some("kbuild reads it")),
            ("tools/testing/cxl/Kbuild", Some("kbuild reads it")),
            ("tools/objtool/check.c", Some("the kernel is built with it")),
            ("scripts/mod/modpost.c", Some("the kernel is built with it")),
            ("arch/x86/include/asm/cxl.h", Some("headers are generated from what is there")),
            ("arch/x86/lib/memcpy_64.S", Some("it is neither C nor documentation")),
            ("localversion-cxl", Some("it is neither C nor documentation")),
        ] {
            assert_eq!(beyond_records(file), why, "{file}");
        }
    }
}
