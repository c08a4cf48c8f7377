//! Random edits of the CXL drivers and their mock bus: what a developer saves between two runs, mistakes among it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// New texts of files; none for one that is removed.
pub type Edit = BTreeMap<String, Option<String>>;

/// The files of a tree as they are before an edit.
pub struct Files(pub BTreeMap<String, String>);

/// Numbers that depend on the seed alone.
pub struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    pub fn new(seed: u64, number: usize) -> Self {
        Self { seed: seed ^ ((number as u64) << 32), drawn: 0 }
    }

    fn below(&mut self, end: usize) -> usize {
        self.drawn += 1;
        let hash = host::digest([&self.seed.to_le_bytes()[..], &self.drawn.to_le_bytes()]);
        usize::from_str_radix(&hash[..12], 16).expect("hexadecimal digits") % end.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// A sort of edit; none where the picked file has no place for it.
type Sort = fn(&Files, &mut Random, usize) -> Option<Edit>;

/// Every sort, and how often it comes among all.
const SORTS: [(&str, usize, Sort); 18] = [
    ("body", 6, body),
    ("comment", 2, comment),
    ("two bodies", 2, |files, random, number| {
        let mut edit = body(files, random, number)?;
        edit.extend(body(files, random, number)?);
        Some(edit)
    }),
    ("constant in a header", 3, constant),
    ("inline function", 3, inline_function),
    ("macro", 2, macro_),
    ("new exported symbol", 2, |files, random, number| exported(files, random, number).map(|(edit, _)| edit)),
    ("new exported symbol, used", 3, exported_and_used),
    ("symbol not exported any more", 1, not_exported),
    ("alias of a module", 2, alias),
    ("namespace not imported", 1, not_imported),
    ("added header", 2, added_header),
    ("removed header", 1, |files, random, _| removed(files, random, ".h")),
    ("removed source", 1, |files, random, _| removed(files, random, ".c")),
    ("mistake", 4, mistake),
    ("mistake in a header", 1, mistake_in_header),
    ("built-in source", 1, |_, _, number| {
        Some([("drivers/acpi/numa/hmat.c".to_owned(), Some(format!("APPEND/* edit {number} */\n")))].into())
    }),
    ("documentation", 1, |_, _, number| {
        Some([("Documentation/driver-api/cxl/edit.rst".to_owned(), Some(format!("Edit {number}\n")))].into())
    }),
];

/// The edit of this number, and what sort it is of.
pub fn edit(files: &Files, seed: u64, number: usize) -> (&'static str, Edit) {
    let mut random = Random::new(seed, number);
    let sorts: Vec<_> = SORTS.iter().flat_map(|sort| std::iter::repeat_n(sort, sort.1)).collect();
    loop {
        let (name, _, sort) = random.pick(&sorts).expect("a sort");
        if let Some(edit) = sort(files, &mut random, number) {
            return (name, edit);
        }
    }
}

impl Files {
    fn ending(&self, ending: &str) -> Vec<&String> {
        self.0.keys().filter(|file| file.ends_with(ending)).collect()
    }

    fn with(&self, file: &str, change: impl FnOnce(&str) -> String) -> Edit {
        [(file.to_owned(), Some(change(&self.0[file])))].into()
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

/// Where the body of a function begins.
static BODY: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^[^\n#/ \t][^\n=]*\)\n\{\n"));

/// Puts a statement at the beginning of some function.
fn with_statement(text: &str, random: &mut Random, statement: &str) -> Option<String> {
    let bodies: Vec<_> = BODY.find_iter(text).map(|found| found.end()).collect();
    let at = *random.pick(&bodies)?;
    Some(format!("{}\t{statement}\n{}", &text[..at], &text[at..]))
}

fn body(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let file = *random.pick(&files.ending(".c"))?;
    let text =
        with_statement(&files.0[file], random, &format!("if (jiffies == {number}) pr_info(\"edit\\n\");"))?;
    Some(files.with(file, |_| text))
}

fn comment(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let file = *random.pick(&files.0.keys().collect::<Vec<_>>())?;
    Some(files.with(file, |text| format!("{text}/* edit {number} */\n")))
}

fn constant(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    static CONSTANT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^#define\s+\w+\s+(0x[0-9a-fA-F]+|\d+)$"));
    let file = *random.pick(&files.ending(".h"))?;
    let text = &files.0[file];
    let places: Vec<_> = CONSTANT.captures_iter(text).filter_map(|found| found.get(1)).collect();
    let place = random.pick(&places)?;
    let value = format!("({} + {})", place.as_str(), 1 + number % 3);
    Some(files.with(file, |text| format!("{}{value}{}", &text[..place.start()], &text[place.end()..])))
}

/// A header of the drivers' own, and a source that includes it.
fn header_and_user<'a>(files: &'a Files, random: &mut Random) -> Option<(&'a String, &'a String)> {
    let header = *random.pick(&files.ending(".h"))?;
    let name = header.rsplit('/').next().expect("a name");
    let included = regex(&format!("(?m)^#include [\"<](?:[^\">]*/)?{}[\">]", regex::escape(name)));
    let users: Vec<_> =
        files.ending(".c").into_iter().filter(|file| included.is_match(&files.0[*file])).collect();
    Some((header, random.pick(&users)?))
}

/// Puts lines before the last line of a header, which ends its guard.
fn into_header(text: &str, lines: &str) -> Option<String> {
    let at = text.rfind("#endif")?;
    Some(format!("{}{lines}{}", &text[..at], &text[at..]))
}

fn inline_function(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let (header, user) = header_and_user(files, random)?;
    let lines = format!(
        "static inline int cxl_edit_{number}(unsigned long x)\n{{\n\treturn x % {};\n}}\n",
        number + 2
    );
    let header_text = into_header(&files.0[header], &lines)?;
    let statement = format!("if (cxl_edit_{number}(jiffies)) pr_info(\"edit\\n\");");
    let user_text = with_statement(&files.0[user], random, &statement)?;
    Some([(header.clone(), Some(header_text)), (user.clone(), Some(user_text))].into())
}

fn macro_(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let file = *random.pick(&files.ending(".c"))?;
    let text = with_statement(&files.0[file], random, "CXL_EDIT();")?;
    let at = BODY.find(&text)?.start();
    let lines = format!("#define CXL_EDIT() pr_debug(\"edit {number}\\n\")\n");
    Some(files.with(file, |_| format!("{}{lines}{}", &text[..at], &text[at..])))
}

static EXPORT: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?m)^EXPORT_SYMBOL_NS_GPL\((\w+), ("?\w+"?)\);\n"#));

/// A file that exports symbols of the drivers, and one of its exports.
fn exporter<'a>(files: &'a Files, random: &mut Random) -> Option<(&'a String, regex::Captures<'a>)> {
    let file = *random.pick(&files.ending(".c"))?;
    let exports: Vec<_> = EXPORT.captures_iter(&files.0[file]).collect();
    let at = random.below(exports.len());
    Some((file, exports.into_iter().nth(at)?))
}

fn exported(files: &Files, random: &mut Random, number: usize) -> Option<(Edit, String)> {
    let (file, export) = exporter(files, random)?;
    let (symbol, namespace) = (format!("cxl_edit_{number}"), &export[2]);
    let lines = format!(
        "int {symbol}(int x);\nint {symbol}(int x)\n{{\n\treturn x + {number};\n}}\nEXPORT_SYMBOL_NS_GPL({symbol}, {namespace});\n"
    );
    Some((files.with(file, |text| format!("{text}{lines}")), symbol))
}

fn exported_and_used(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let (mut edit, symbol) = exported(files, random, number)?;
    let user = *random.pick(&files.ending(".c"))?;
    if edit.contains_key(user) {
        return None;
    }
    let text =
        with_statement(&files.0[user], random, &format!("if ({symbol}(jiffies)) pr_info(\"edit\\n\");"))?;
    let at = BODY.find(&text)?.start();
    edit.insert(user.clone(), Some(format!("{}int {symbol}(int x);\n{}", &text[..at], &text[at..])));
    Some(edit)
}

fn not_exported(files: &Files, random: &mut Random, _: usize) -> Option<Edit> {
    let (file, export) = exporter(files, random)?;
    Some(files.with(file, |text| text.replacen(&export[0], "", 1)))
}

fn alias(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let modules = files.ending(".c").into_iter().filter(|file| files.0[*file].contains("\nMODULE_LICENSE("));
    let file = *random.pick(&modules.collect::<Vec<_>>())?;
    Some(files.with(file, |text| format!("{text}MODULE_ALIAS(\"edit:{number}\");\n")))
}

fn not_imported(files: &Files, random: &mut Random, _: usize) -> Option<Edit> {
    static IMPORT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^MODULE_IMPORT_NS\(.*\n"));
    let modules = files.ending(".c").into_iter().filter(|file| IMPORT.is_match(&files.0[*file]));
    let file = *random.pick(&modules.collect::<Vec<_>>())?;
    Some(files.with(file, |text| IMPORT.replace(text, "").into_owned()))
}

fn added_header(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let user = *random.pick(&files.ending(".c"))?;
    let name = format!("edit_{number}.h");
    let header = format!("{}/{name}", user.rsplit_once('/').expect("a folder").0);
    let mut edit =
        files.with(user, |text| format!("#include \"{name}\"\n{text}\nconst int cxl_edit = CXL_EDIT;\n"));
    edit.insert(header, Some(format!("#define CXL_EDIT {number}\nextern const int cxl_edit;\n")));
    Some(edit)
}

fn removed(files: &Files, random: &mut Random, ending: &str) -> Option<Edit> {
    let file = *random.pick(&files.ending(ending))?;
    Some([(file.clone(), None)].into())
}

fn mistake(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let statements = [
        "return cxl_undeclared;".to_owned(),
        format!("cxl_edit_{number}(1);"),
        "if (jiffies == 1".to_owned(),
        "char *text = 1.0;".to_owned(),
        "#error a mistake".to_owned(),
        "struct cxl_unknown unknown;".to_owned(),
    ];
    let statement = random.pick(&statements)?;
    let file = *random.pick(&files.ending(".c"))?;
    let text = with_statement(&files.0[file], random, statement)?;
    Some(files.with(file, |_| text))
}

fn mistake_in_header(files: &Files, random: &mut Random, number: usize) -> Option<Edit> {
    let (header, _) = header_and_user(files, random)?;
    let text = into_header(
        &files.0[header],
        &format!("static inline int cxl_edit_{number}(void) {{ return x; }}\n"),
    )?;
    Some(files.with(header, |_| text))
}
