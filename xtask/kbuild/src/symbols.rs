//! From `function+offset` to file and line: what `scripts/decode_stacktrace.sh` of the kernel does, with the same addr2line,
//! but one call of it for all frames of an object instead of two processes a frame.
//!
//! The kernel and its modules carry line tables only where `CONFIG_DEBUG_INFO` is set. A frame whose function has another size
//! in the object is of another build, and is left as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use elf::ElfStream;
use elf::abi::{SHN_UNDEF, STT_FUNC, STT_NOTYPE};
use elf::endian::AnyEndian;
use regex::{Captures, Regex};
use walkdir::WalkDir;

use fault::{Fault, ToolError};
use host::{Confinement, Process, ProcessError};
use kernlog::Splat;

use super::Built;

/// The program, of binutils as the linker is.
const ADDR2LINE: &str = "addr2line";
/// Addresses on one command line.
const AT_ONCE: usize = 2000;
/// So much may lie between the end of a function and the next symbol, to which kallsyms counts.
const PADDING: u64 = 64;

/// Symbols that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SymbolError {
    /// There is no such file, or it is no ELF file.
    #[error("cannot read the symbols of {}: {why}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It has no line tables.
    #[error("{} has no debug info: functions keep their offsets", .file.display())]
    NoDebugInfo {
        /// The file.
        file: PathBuf,
    },
    /// addr2line failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl ToolError for SymbolError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Process(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some(
                "name the ELF file vmlinux of the kernel that printed the log, not its bzImage".to_owned(),
            ),
            Self::NoDebugInfo { .. } => {
                Some("build with CONFIG_DEBUG_INFO, as the flavour debug-info does".to_owned())
            }
            Self::Process(_) => None,
        }
    }
}

/// The symbols of one build: its kernel, and its modules as they are asked for.
#[derive(Debug)]
pub struct Symbols {
    kernel: Object,
    /// Where modules are looked for, in this order.
    modules: Vec<PathBuf>,
    loaded: BTreeMap<String, Option<Object>>,
    /// The source's folder, as the line tables name it.
    source: String,
}

/// How much was found out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Frames in all.
    pub frames: usize,
    /// Frames with file and line.
    pub found: usize,
}

/// One file with symbols.
#[derive(Debug)]
struct Object {
    file: PathBuf,
    functions: HashMap<String, Vec<Function>>,
    /// Names of the sections in which functions are.
    sections: BTreeMap<usize, String>,
    is_module: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Function {
    address: u64,
    size: u64,
    section: usize,
}

/// `function+0x12/0x34 [module]` in a line.
static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"([A-Za-z_$][\w.$]*)\+0x([0-9a-f]+)/0x([0-9a-f]+)(?: \[(\w+)[^\]]*\])?").ok()
});

/// Lines that say where a CPU was. What other lines name are return addresses: the call lies before them.
const EXACT: [&str; 8] = ["RIP:", "IP:", "EIP:", "pc :", "epc :", "PC is at", "WARNING: ", "NIP ["];

/// A frame's place in an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    module: Option<String>,
    section: usize,
    address: u64,
}

impl Symbols {
    /// The symbols of a kernel that was built with debug info, and of the modules below these folders.
    ///
    /// # Errors
    /// [`SymbolError`].
    pub fn open(vmlinux: &Path, modules: Vec<PathBuf>) -> Result<Self, SymbolError> {
        let kernel = Object::read(vmlinux, false)?;
        let mut symbols = Self { kernel, modules, loaded: BTreeMap::new(), source: String::new() };
        symbols.source = symbols.source_folder()?;
        Ok(symbols)
    }

    /// Those of a build; none where it has no debug info.
    ///
    /// # Errors
    /// [`SymbolError`].
    pub fn of(built: &Built, mock: bool) -> Option<Result<Self, SymbolError>> {
        let vmlinux = built.debug.join("vmlinux");
        let folder = |name: &str| built.debug.join(name);
        let folders =
            if mock { vec![folder("mock"), folder("production")] } else { vec![folder("production")] };
        vmlinux.is_file().then(|| Self::open(&vmlinux, folders))
    }

    /// Adds file and line to every frame of these reports, and to the reports where the function to blame stands.
    ///
    /// # Errors
    /// [`SymbolError::Process`], and [`SymbolError::Unreadable`] for a module.
    pub fn annotate<'a>(
        &mut self,
        splats: impl IntoIterator<Item = &'a mut Splat>,
    ) -> Result<Resolved, SymbolError> {
        let mut splats: Vec<_> = splats.into_iter().collect();
        let lines: Vec<&str> = splats.iter().flat_map(|splat| &splat.excerpt).map(String::as_str).collect();
        let places = self.places(&lines)?;
        let mut resolved = Resolved::default();
        for splat in &mut splats {
            for line in &mut splat.excerpt {
                let Some((text, counts)) = self.annotated(line, &places) else { continue };
                resolved.frames += counts.frames;
                resolved.found += counts.found;
                if splat.at.is_none() && splat.function.as_deref().is_some_and(|name| names(line, name)) {
                    splat.at = first_place(&text);
                }
                *line = text;
            }
        }
        Ok(resolved)
    }

    /// Where every frame of these lines is.
    fn places(&mut self, lines: &[&str]) -> Result<BTreeMap<At, String>, SymbolError> {
        let Some(frame) = FRAME.as_ref() else { return Ok(BTreeMap::new()) };
        for name in lines.iter().flat_map(|line| frame.captures_iter(line)).filter_map(|found| found.get(4)) {
            self.load(name.as_str())?;
        }
        let wanted: BTreeSet<At> = lines
            .iter()
            .flat_map(|line| frame.captures_iter(line).filter_map(|found| self.at(line, &found)))
            .collect();
        let mut by_section: BTreeMap<(Option<String>, usize), Vec<u64>> = BTreeMap::new();
        for At { module, section, address } in wanted {
            by_section.entry((module, section)).or_default().push(address);
        }
        let mut places = BTreeMap::new();
        for ((module, section), addresses) in by_section {
            let Some(object) = self.object(module.as_deref()) else { continue };
            for (address, place) in object.places(section, &addresses, &self.source)? {
                places.insert(At { module: module.clone(), section, address }, place);
            }
        }
        Ok(places)
    }

    fn load(&mut self, module: &str) -> Result<(), SymbolError> {
        if self.loaded.contains_key(module) {
            return Ok(());
        }
        let is_it = |path: &Path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
            stem == module && path.extension().is_some_and(|extension| extension == "ko")
        };
        let files = self.modules.iter().flat_map(|folder| WalkDir::new(folder).sort_by_file_name());
        let file = files.filter_map(Result::ok).map(walkdir::DirEntry::into_path).find(|path| is_it(path));
        let object = match file.map(|file| Object::read(&file, true)) {
            // A module without line tables, among others that have them: as one that is not there.
            None | Some(Err(SymbolError::NoDebugInfo { .. })) => None,
            Some(object) => Some(object?),
        };
        self.loaded.insert(module.to_owned(), object);
        Ok(())
    }

    fn object(&self, module: Option<&str>) -> Option<&Object> {
        match module {
            None => Some(&self.kernel),
            Some(name) => self.loaded.get(name)?.as_ref(),
        }
    }

    fn at(&self, line: &str, found: &Captures<'_>) -> Option<At> {
        let number = |group| u64::from_str_radix(&found[group], 16).ok();
        let (offset, size) = (number(2)?, number(3)?);
        let module = found.get(4).map(|name| name.as_str().to_owned());
        let function = self.object(module.as_deref())?.function(&found[1], size)?;
        let exact = offset == 0 || EXACT.iter().any(|mark| line.contains(mark));
        let address = function.address + offset - u64::from(!exact);
        Some(At { module, section: function.section, address })
    }

    /// A line with the places of its frames behind them; none where it has no frame.
    fn annotated(&self, line: &str, places: &BTreeMap<At, String>) -> Option<(String, Resolved)> {
        let frame = FRAME.as_ref()?;
        let mut counts = Resolved::default();
        let text = frame.replace_all(line, |found: &Captures<'_>| {
            counts.frames += 1;
            match self.at(line, found).and_then(|at| places.get(&at)) {
                Some(place) => {
                    counts.found += 1;
                    format!("{} ({place})", &found[0])
                }
                None => found[0].to_owned(),
            }
        });
        (counts.frames > 0).then(|| (text.into_owned(), counts))
    }

    /// The folder above `init/main.c`, of which every kernel has a function.
    fn source_folder(&self) -> Result<String, SymbolError> {
        let known = ["kernel_init", "start_kernel"];
        let Some(function) = known.iter().find_map(|name| self.kernel.functions.get(*name)?.first()) else {
            return Ok(String::new());
        };
        let places = self.kernel.places(function.section, &[function.address], "")?;
        let folder = places.values().find_map(|place| place.split_once("init/main.c:"));
        Ok(folder.map(|(folder, _)| folder.to_owned()).unwrap_or_default())
    }
}

impl Object {
    fn read(file: &Path, is_module: bool) -> Result<Self, SymbolError> {
        let unreadable = |why: String| SymbolError::Unreadable { file: file.to_owned(), why };
        let opened = File::open(file).map_err(|error| unreadable(error.to_string()))?;
        let mut elf = ElfStream::<AnyEndian, _>::open_stream(opened)
            .map_err(|_| unreadable("it is no ELF file".to_owned()))?;
        let lines =
            elf.section_header_by_name(".debug_line").map_err(|error| unreadable(error.to_string()))?;
        if lines.is_none() {
            return Err(SymbolError::NoDebugInfo { file: file.to_owned() });
        }
        let mut functions: HashMap<String, Vec<Function>> = HashMap::new();
        let mut used = BTreeSet::new();
        if let Some((symbols, names)) = elf.symbol_table().map_err(|error| unreadable(error.to_string()))? {
            for symbol in symbols.iter() {
                let is_code = symbol.st_symtype() == STT_FUNC
                    || symbol.st_symtype() == STT_NOTYPE && symbol.st_shndx != SHN_UNDEF;
                let Some(name) =
                    names.get(symbol.st_name as usize).ok().filter(|name| is_code && !name.is_empty())
                else {
                    continue;
                };
                let section = usize::from(symbol.st_shndx);
                used.insert(section);
                let function = Function { address: symbol.st_value, size: symbol.st_size, section };
                functions.entry(name.to_owned()).or_default().push(function);
            }
        }
        let mut sections = BTreeMap::new();
        if let Ok((headers, Some(names))) = elf.section_headers_with_strtab() {
            for number in used {
                let name = headers.get(number).and_then(|header| names.get(header.sh_name as usize).ok());
                sections.extend(name.map(|name| (number, name.to_owned())));
            }
        }
        Ok(Self { file: file.to_owned(), functions, sections, is_module })
    }

    /// The one function of this name whose size fits. What stands in a trace is the distance to the next symbol, which for the
    /// last one of a module is a section's end (Linux, `kernel/module/kallsyms.c`, `find_kallsyms_symbol()`).
    fn function(&self, name: &str, size: u64) -> Option<Function> {
        let fits = |function: &&Function| {
            let over = size.checked_sub(function.size);
            over.is_some_and(|over| self.is_module || function.size == 0 || over < PADDING)
        };
        let mut fitting = self.functions.get(name)?.iter().filter(fits);
        let first = fitting.next()?;
        // Two static functions of one name and size: nobody knows which.
        fitting.next().is_none().then_some(*first)
    }

    /// Asks addr2line. An inlined function comes first, and where it was inlined after it.
    fn places(
        &self,
        section: usize,
        addresses: &[u64],
        source: &str,
    ) -> Result<BTreeMap<u64, String>, SymbolError> {
        let mut places = BTreeMap::new();
        for addresses in addresses.chunks(AT_ONCE) {
            let mut process = Process::new(ADDR2LINE, ["-a", "-i", "-e"]).arg(&self.file);
            if let Some(section) = self.sections.get(&section).filter(|_| self.is_module) {
                process = process.arg("-j").arg(section);
            }
            for address in addresses {
                process = process.arg(format!("{address:#x}"));
            }
            let mut current = None;
            let process = process.env("LC_ALL", "C").confined(Confinement::new().read(&self.file));
            for line in process.read()?.lines() {
                if let Some(address) = line.strip_prefix("0x") {
                    current = u64::from_str_radix(address, 16).ok();
                } else if let Some(address) =
                    current.filter(|_| !line.starts_with("??") && !line.ends_with(":?"))
                {
                    let line = line.split(" (discriminator").next().unwrap_or(line);
                    let line = line.strip_prefix(source).unwrap_or(line);
                    let line = line.strip_prefix("./").unwrap_or(line);
                    let place: &mut String = places.entry(address).or_default();
                    let gap = if place.is_empty() { "" } else { " " };
                    place.push_str(gap);
                    place.push_str(line);
                }
            }
        }
        Ok(places)
    }
}

/// Whether a line has a frame of this function, whatever the compiler added to its name.
fn names(line: &str, function: &str) -> bool {
    let is_it =
        |name: &str| name.strip_prefix(function).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    FRAME.as_ref().is_some_and(|frame| frame.captures_iter(line).any(|found| is_it(&found[1])))
}

/// The last place of the first frame of a line: where the function itself stands, whatever was inlined into it.
fn first_place(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" (")?;
    let (places, _) = rest.split_once(')')?;
    places.rsplit(' ').next().map(str::to_owned)
}

#[cfg(test)]
#[path = "symbols_tests.rs"]
mod tests;
