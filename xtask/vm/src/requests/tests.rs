use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use super::*;

/// Asks with a QEMU that gives the answers in turn; the result, and the commands that QEMU got.
fn ask(words: &[&str], answers: &[&'static str]) -> (Result<String, String>, Vec<String>) {
    ask_all(&[words], answers)
}

/// Asks one after the other; the last result.
fn ask_all(all: &[&[&str]], answers: &[&'static str]) -> (Result<String, String>, Vec<String>) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let qmp = Qmp::start(&ours).expect("it starts");
    let answers = answers.to_vec();
    let qemu = std::thread::spawn(move || {
        let mut reader = BufReader::new(theirs.try_clone().expect("a clone"));
        let mut writer = theirs;
        let mut commands = Vec::new();
        for answer in std::iter::once(&"{\"return\":{},\"id\":ID}").chain(&answers) {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a command");
            let message: Value = serde_json::from_str(&line).expect("JSON");
            let answer = answer.replace("ID", &message["id"].to_string());
            writeln!(writer, "{answer}").expect("an answer");
            commands.push(format!("{} {}", message["execute"], message["arguments"]));
        }
        commands.remove(0);
        commands
    });
    let args = [
        "-object",
        "ram,id=m0,size=1",
        "-device",
        "cxl-type3,bus=rp0,memdev=m0,id=mem0",
        "-device",
        "cxl-rp,id=rp1,bus=hb0",
        "-device",
        "x",
    ]
    .map(str::to_owned);
    let requests = QemuRequests::new(&args);
    let mut result = Err("nothing was asked".to_owned());
    for words in all {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        result = requests.answer(&words, &qmp);
    }
    drop((qmp, ours));
    (result, qemu.join().unwrap_or_default())
}

#[test]
fn a_device_is_deleted_once_the_guest_has_let_go() {
    let (result, commands) = ask(
        &["device-del", "mem0"],
        &["{\"return\":{},\"id\":ID}\n{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/x\"}}\n\
           {\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"mem0\"}}"],
    );
    assert_eq!(result.as_deref(), Ok("mem0 deleted"));
    assert_eq!(commands, ["\"device_del\" {\"id\":\"mem0\"}"]);
}

#[test]
fn a_device_whose_event_never_comes_is_deleted_when_it_is_gone() {
    let gone = "{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"not found\"},\"id\":ID}";
    let there = "{\"return\":[],\"id\":ID}";
    let (result, commands) = ask(&["device-del", "mem0"], &[there, there, gone]);
    assert_eq!(result.as_deref(), Ok("mem0 deleted"));
    assert_eq!(commands[2], "\"qom-list\" {\"path\":\"/machine/peripheral/mem0\"}");
}

#[test]
fn a_device_is_put_back_on_memory_of_its_own() {
    let done = "{\"return\":\"\",\"id\":ID}";
    let (result, commands) = ask(&["device-add", "mem0"], &[done, done]);
    assert_eq!(result.as_deref(), Ok("mem0 added"));
    assert!(commands[0].ends_with(r#"{"command-line":"object_add ram,id=m0.1,size=1"}"#), "{commands:?}");
    assert!(
        commands[1].ends_with(r#"{"command-line":"device_add cxl-type3,bus=rp0,id=mem0,memdev=m0.1"}"#),
        "{commands:?}"
    );
}

#[test]
fn refusals_are_told_in_qemus_words() {
    let refusal = &["{\"error\":{\"class\":\"X\",\"desc\":\"Device 'mem9' not found\"},\"id\":ID}"];
    assert_eq!(ask(&["device-del", "mem9"], refusal).0, Err("Device 'mem9' not found".into()));
    let refusal = &["{\"return\":\"Error: no\\r\\n\",\"id\":ID}"];
    assert_eq!(ask(&["device-add", "mem0"], refusal).0, Err("Error: no".into()));
    assert_eq!(ask(&["aer", "rp0", "SDN"], refusal).0, Err("Error: no".into()));
}

#[test]
fn poison_and_errors_reach_qemu_as_they_should() {
    let done = &["{\"return\":{},\"id\":ID}"];
    let (result, commands) = ask(&["inject-poison", "mem0", "0x40", "64"], done);
    assert_eq!(result.as_deref(), Ok(""));
    let wanted = r#""cxl-inject-poison" {"path":"/machine/peripheral/mem0","start":64,"length":64}"#;
    assert_eq!(commands, [wanted]);
    let (result, commands) = ask(&["aer", "rp0", "SDN"], &["{\"return\":\"OK id: rp0\\r\\n\",\"id\":ID}"]);
    assert_eq!(result.as_deref(), Ok("OK id: rp0"));
    assert_eq!(commands, [r#""human-monitor-command" {"command-line":"pcie_aer_inject_error rp0 SDN"}"#]);
}

#[test]
fn a_guest_cannot_reach_the_host() {
    for words in [
        &["qmp", r#"{"execute":"migrate","arguments":{"uri":"exec:true"}}"#][..],
        &["qmp", "nonsense"],
        &["aer", "rp0 SDN\nmigrate exec:true", "x"],
        &["aer", "-x", "x"],
        &["device-add", "mem9"],
        &["inject-poison", "mem0", "-1", "64"],
        &["rm", "-rf"],
        &[],
    ] {
        assert!(ask(words, &[]).0.is_err(), "{words:?}");
    }
}

const DONE: &str = "{\"return\":{},\"id\":ID}";

#[test]
fn a_device_is_put_into_another_slot_and_remembered_there() {
    let qmp =
        &["{\"return\":\"\",\"id\":ID}", "{\"return\":\"\",\"id\":ID}", "{\"return\":\"OK id\",\"id\":ID}"];
    let (result, commands) = ask_all(&[&["device-add", "mem0", "rp1"], &["surprise-down", "mem0"]], qmp);
    assert_eq!(result.as_deref(), Ok("OK id"));
    assert!(commands[1].ends_with(r#"device_add cxl-type3,bus=rp1,id=mem0,memdev=m0.1"}"#), "{commands:?}");
    assert!(commands[2].ends_with(r#"{"command-line":"pcie_aer_inject_error rp1 SDN"}"#), "{commands:?}");
    let (result, _) = ask(&["device-add", "mem0", "rp7"], &[]);
    assert_eq!(result, Err("the topology has no device rp7".into()));
}

#[test]
fn a_port_is_its_own() {
    let (_, commands) = ask(&["surprise-down", "rp1"], &["{\"return\":\"OK\",\"id\":ID}"]);
    assert!(commands[0].ends_with(r#"{"command-line":"pcie_aer_inject_error rp1 SDN"}"#), "{commands:?}");
}

/// The schema is asked for once; every other command is the case's.
#[test]
fn events_take_the_fields_that_this_qemu_has() {
    let schema = r#"{"return":[
        {"meta-type":"command","name":"cxl-inject-dram-event","arg-type":"5"},
        {"meta-type":"object","name":"5","members":[
            {"name":"path","type":"str"},{"name":"log","type":"str"},{"name":"dpa","type":"int"},
            {"name":"row","type":"int","default":null}]},
        {"meta-type":"builtin","name":"int","json-type":"int"}],"id":ID}"#;
    let schema: &'static str = schema.replace('\n', "").leak();
    let (result, commands) = ask_all(
        &[&["inject-dram-event", "mem0", "row=3"], &["inject-dram-event", "mem0", "dpa=0x40", "log=fatal"]],
        &[schema, DONE, DONE],
    );
    assert_eq!(result.as_deref(), Ok(""));
    let commands = commands[1..].join("\n");
    insta::assert_snapshot!(commands, @r#"
    "cxl-inject-dram-event" {"path":"/machine/peripheral/mem0","log":"informational","row":3,"dpa":0}
    "cxl-inject-dram-event" {"path":"/machine/peripheral/mem0","log":"fatal","dpa":64}
    "#);
    let (result, _) = ask(&["inject-memory-module-event", "mem0"], &[schema]);
    assert_eq!(result, Err("this QEMU has no cxl-inject-memory-module-event".into()));
    assert!(ask(&["can", "cxl-inject-dram-event"], &[schema]).0.is_ok());
    assert!(ask(&["can", "cxl-inject-poison"], &[schema]).0.is_err());
}

#[test]
fn protocol_errors_reach_qemu_with_a_header() {
    let (_, commands) = ask(&["inject-uncorrectable-error", "mem0", "internal", "mem-be-parity"], &[DONE]);
    assert!(commands[0].contains(r#""errors":[{"type":"internal","header":[0,1,2,"#), "{commands:?}");
    assert!(commands[0].contains(r#",31]},{"type":"mem-be-parity","header":"#), "{commands:?}");
    let (_, commands) = ask(&["inject-correctable-error", "mem0", "physical"], &[DONE]);
    let wanted = r#""cxl-inject-correctable-error" {"path":"/machine/peripheral/mem0","type":"physical"}"#;
    assert_eq!(commands, [wanted]);
    assert!(ask(&["inject-uncorrectable-error", "mem0"], &[]).0.is_err());
}

#[test]
fn a_new_device_has_an_id_a_serial_and_a_memory_of_its_own() {
    let text = "{\"return\":\"\",\"id\":ID}";
    let (result, commands) = ask(&["device-new", "new0", "mem0", "rp1"], &[text, text]);
    assert_eq!(result.as_deref(), Ok("0x1"));
    let wanted = r#"device_add cxl-type3,bus=rp1,id=new0,memdev=m0.1,sn=0x1"}"#;
    assert!(commands[1].ends_with(wanted), "{commands:?}");
    assert!(ask(&["device-new", "mem0", "mem0", "rp1"], &[]).0.is_err());
    assert!(ask(&["device-new", "new0", "mem9", "rp1"], &[]).0.is_err());
}

#[test]
fn a_port_without_power_controller_keeps_its_device() {
    let with = r#"{"return":[{"name":"port"},{"name":"power_controller_present"}],"id":ID}"#;
    assert_eq!(ask(&["can-take", "rp1"], &[with]).0.as_deref(), Ok(""));
    let without = r#"{"return":[{"name":"port"}],"id":ID}"#;
    let wanted = "cxl-rp of this QEMU has no power controller: it never takes rp1 out";
    assert_eq!(ask(&["can-take", "rp1"], &[without]).0, Err(wanted.into()));
}

#[test]
fn the_page_of_cases_has_all_requests() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cases.md");
    let page = std::fs::read_to_string(page).expect("docs/cases.md");
    assert!(page.contains(&format!("```\n{REQUESTS}\n```")), "the list of docs/cases.md is another");
}
