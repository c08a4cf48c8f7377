//! The page of a run in a real headless Chromium: it renders, the filter works, a log opens, no script fails, and what a guest
//! says stays text. Where there is no Chromium it says so and tests nothing: `apt-get install chromium`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::{CaseReport, CellId, Event, Sink};
use host::Process;
use kernlog::{CaseOutcome, Subtest, Verdict};
use report::{Store, Stored, html};

/// Hears every error before the page's own script runs.
const EARS: &str = "window.errors = [];\
    addEventListener('error', (e) => errors.push(String(e.message)));\
    addEventListener('securitypolicyviolation', (e) => errors.push('policy: ' + e.violatedDirective));";

/// Does what a reader does, and writes down what came of it.
const READER: &str = r##"
const $ = (id) => document.getElementById(id);
const rows = () => [...$("rows").rows].filter((row) => row.getClientRects().length);
const key = (key, at) => (at || document.activeElement).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const seen = { rows: rows().length, squares: document.querySelectorAll("#matrix button.o").length };
seen.loaded = Math.round(performance.now());
key("/", document.body);
seen.slash = document.activeElement.id;
document.activeElement.value = "cell3 case07";
document.activeElement.dispatchEvent(new Event("input"));
seen.filtered = rows().length;
seen.dimmed = document.querySelectorAll("#matrix button.dim").length;
$("filter").value = ""; $("filter").dispatchEvent(new Event("input"));
document.querySelector('.chip[data-outcome="fail"]').click();
seen.red = rows().length;
document.activeElement.blur();
key("j", document.body); key("j"); key("k"); key("j");
seen.at = rows().indexOf(document.activeElement);
key("Enter");
seen.open = $("viewer").open;
seen.lines = $("v-lines").children.length;
seen.inside = [...document.querySelectorAll("#v-lines .in")].map((line) => line.textContent);
seen.scrolled = $("v-lines").scrollTop > 0;
seen.replay = $("v-commands").textContent;
seen.elements = $("v-lines").querySelectorAll("script, b").length;
key("/");
seen.search = document.activeElement.id;
$("v-search").value = "needle"; $("v-search").dispatchEvent(new Event("input"));
seen.hits = $("v-hits").textContent;
$("v-close").click();
seen.closed = !$("viewer").open;
seen.hacked = Boolean(window.hacked);
seen.wide = document.documentElement.scrollWidth > innerWidth;
seen.errors = errors;
const outcome = document.createElement("pre");
outcome.id = "outcome"; outcome.textContent = JSON.stringify(seen);
document.body.append(outcome);
"##;

/// Twenty cells of fifty cases.
fn a_thousand_cases(results: &Path) -> Stored {
    let store = Store::create(results, serde_json::json!({})).expect("a store");
    let cell = |n: usize| CellId {
        kernel: "lts".to_owned(),
        flavour: "plain".to_owned(),
        topology: format!("cell{n}"),
        suite: if n.is_multiple_of(2) { "even".to_owned() } else { "odd".to_owned() },
        variant: "default".to_owned(),
    };
    let cells: Vec<CellId> = (0..20).map(cell).collect();
    store.emit(&Event::RunStarted {
        id: store.id().to_owned(),
        time: store.time().to_owned(),
        command: "cargo xtask run <b>".to_owned(),
        version: "0.1.0".to_owned(),
        cells: cells.clone(),
    });
    for (n, cell) in cells.iter().enumerate() {
        one_cell(&store, n, cell);
    }
    store.emit(&Event::RunFinished { verdict: Verdict::Fail, seconds: 60.0, interrupted: false });
    Stored::load(store.dir()).expect("a run")
}

fn one_cell(store: &Store, n: usize, cell: &CellId) {
    let id = || cell.clone();
    let mut log: String = (0..300).map(|n| format!("[    0.{n:06}] booting <b>{n}</b>\n")).collect();
    store.emit(&Event::CellStarted { cell: id() });
    store.emit(&Event::BootStarted { cell: id(), boot: 0, accel: "tcg".to_owned(), cases: vec![] });
    store.emit(&Event::GuestUp { cell: id(), boot: 0, seconds: 2.0, release: "6.12".to_owned() });
    store.emit(&Event::BootFinished { cell: id(), boot: 0, seconds: 3.0 });
    for case in 0..50 {
        let name = format!("case{case:02}");
        let red = case == 7 && n % 4 == 3;
        log += &format!("[    2.0] patchbench[ab]: begin {name}\n");
        log += "<script>window.hacked = true</script> \x1b[2J needle\n";
        log += &format!("[    3.0] patchbench[ab]: end {name}\n");
        let report = CaseReport {
            name,
            outcome: if red { CaseOutcome::Fail } else { CaseOutcome::Pass },
            reason: if red {
                "</script><script>window.hacked = true</script>".to_owned()
            } else {
                String::new()
            },
            seconds: 0.1,
            subtests: vec![Subtest {
                name: "<img src=x onerror='window.hacked = true'>".to_owned(),
                outcome: CaseOutcome::Pass,
                reason: String::new(),
            }],
            diagnostics: vec![],
        };
        store.emit(&Event::CaseFinished { cell: id(), report });
    }
    let boot = store.cell_dir(cell).expect("a folder").join("boot0");
    fs::create_dir_all(&boot).expect("a folder");
    fs::write(boot.join("console.log"), log).expect("a log");
    let verdict = if n % 4 == 3 { Verdict::Fail } else { Verdict::Pass };
    store.emit(&Event::CellFinished { cell: id(), verdict, reason: String::new(), seconds: 3.0 });
}

fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| which::which(name).ok())
}

/// The page with the reader in it, under the page's own policy.
fn read_by_script(page: &str) -> String {
    let nonce = page.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let script = |text: &str| format!("<script nonce=\"{nonce}\">{text}</script>");
    page.replacen("<title>", &format!("{}<title>", script(EARS)), 1).replacen(
        "</body>",
        &format!("{}</body>", script(READER)),
        1,
    )
}

fn look(chromium: &Path, page: &Path, width: u32) -> serde_json::Value {
    let profile = tempfile::tempdir().expect("a folder");
    let dom = Process::new(
        chromium,
        ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"],
    )
    .arg(format!("--user-data-dir={}", profile.path().display()))
    .arg(format!("--window-size={width},900"))
    .arg(format!("file://{}", page.display()))
    .deadline(Duration::from_secs(120))
    .run()
    .expect("Chromium")
    .text();
    let outcome = dom.split("<pre id=\"outcome\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let outcome = outcome
        .unwrap_or_else(|| panic!("the reader did not come to its end: {}", &dom[..dom.len().min(2000)]));
    let outcome = outcome.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&outcome).expect("JSON")
}

#[test]
fn a_reader_finds_their_way_through_a_thousand_cases() {
    let Some(chromium) = chromium() else {
        println!("skipped: there is no Chromium here (apt-get install chromium)");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let run = a_thousand_cases(folder.path());
    let page = folder.path().join("page.html");
    fs::write(&page, read_by_script(&html(&run, &[], None).expect("a page"))).expect("written");
    for width in [1280, 500] {
        let seen = look(&chromium, &page, width);
        let is = |key: &str, wanted: serde_json::Value| {
            assert_eq!(seen[key], wanted, "{key}, {width} wide: {seen:#}");
        };
        is("errors", serde_json::json!([]));
        is("rows", 1000.into());
        is("squares", 1000.into());
        is("slash", "filter".into());
        is("filtered", 1.into());
        is("dimmed", 999.into());
        is("red", 5.into());
        is("at", 1.into());
        is("open", true.into());
        is("lines", 450.into());
        let inside = "<script>window.hacked = true</script> \\x1b[2J needle";
        is(
            "inside",
            serde_json::json!([
                "[    2.0] patchbench[ab]: begin case07",
                inside,
                "[    3.0] patchbench[ab]: end case07"
            ]),
        );
        is("scrolled", true.into());
        is("elements", 0.into());
        is("search", "v-search".into());
        is("hits", "1 of 50 lines".into());
        is("closed", true.into());
        is("hacked", false.into());
        is("wide", false.into());
        println!("{width} wide: loaded after {} ms", seen["loaded"]);
    }
}
