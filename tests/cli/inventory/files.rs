//! The files: formats, schemas, whose they are, and what becomes of them when the reading does not end well.

use super::*;
use std::path::Path;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Rule, When};

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON")
}

/// Whether a document is as its schema says, and holds no field that the schema does not know.
fn must_fit(name: &str, document: &Value) {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", schema(name)).expect("a resource");
    let compiled = compiler.compile("schema.json", &mut schemas).expect("a schema");
    schemas.validate(document, compiled).unwrap_or_else(|error| panic!("{error}: {document}"));
    must_be_known(document, &schema(name), "");
}

fn must_be_known(document: &Value, schema: &Value, at: &str) {
    match document {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let known = schema["properties"].get(name).or(schema.get("additionalProperties"));
            must_be_known(value, known.unwrap_or_else(|| panic!("{at}.{name}")), &format!("{at}.{name}"));
        }),
        Value::Array(items) => items.iter().for_each(|it| must_be_known(it, &schema["items"], at)),
        _ => (),
    }
}

fn troubled() -> Api {
    let api = Api::of((1..=4).map(|n| subaccount(n, 2)).collect());
    api.account_by_hand(1, 2);
    api.account_by_hand(2, 1);
    let [.., cnam] = api.account_by_hand(3, 2);
    api.decide(&cnam, Verdict::Rejected(vec![11006]));
    api
}

#[test]
fn sheet_and_defects_are_csv_workbooks_or_json_as_their_schemas_say() {
    let api = troubled();
    let (code, printed) = api.inventory(&["--defects", "list.json", "-o", "sheet.json"]);
    assert_eq!(code, 4);
    must_fit("inventory", &printed);
    assert!(printed["plan"].is_null(), "a plan does not read JSON");
    let read = |name: &str| -> Value { serde_json::from_str(&api.fixture.read(name)).expect(name) };
    assert_eq!(read("list.json"), printed);
    must_fit("inventory-sheet", &read("sheet.json"));
    assert_eq!(read("sheet.json")["rows"].as_array().map(Vec::len), Some(3));
    let (_, printed) = api.inventory(&["-o", "sheet.xlsx"]);
    assert_eq!(printed["files"]["defects"], "sheet-defects.xlsx");
    let (_, printed) = api.inventory(&[]);
    must_fit("inventory", &printed);
    let lines = api.fixture.read("inventory-defects.csv");
    let listed: Vec<&str> = lines.lines().skip(1).map(|it| it.split(',').next().expect("a kind")).collect();
    let kinds: Vec<String> = defects(&printed).into_iter().map(|it| it[0].clone()).collect();
    assert_eq!(listed, kinds);
    // Defects hold no personal data, whatever the sheet does.
    for (name, holds) in [("inventory.csv", true), ("inventory-defects.csv", false), ("list.json", false)] {
        for text in ["Okafor", "quarrylane.com", "+1628555"] {
            assert_eq!(api.fixture.read(name).contains(text), holds, "{text} in {name}");
        }
    }
    for (arguments, words) in [
        (&["-o", "sheet.txt"][..], "must end with"),
        (&["-o", "a.csv", "--defects", "./a.csv"], "same file"),
        (&["BU00000000000000000000000000000001"], "name subaccounts"),
        (&["nothing.csv"], "nothing.csv"),
    ] {
        let done = api.run(&[&["inventory"], arguments].concat());
        assert!([1, 2].contains(&done.code) && done.err.contains(words), "{arguments:?}: {}", done.err);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_written_and_it_is_said_that_it_holds_personal_data() {
    use std::os::unix::fs::PermissionsExt;
    let api = troubled();
    let done = api.run(&["inventory"]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    assert!(done.err.contains("personal data") && done.err.contains("0600"), "{}", done.err);
    for name in ["inventory.csv", "inventory-defects.csv"] {
        let mode = std::fs::metadata(api.fixture.path(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mut left: Vec<String> = std::fs::read_dir(&api.fixture.folder)
        .expect("a folder")
        .map(|it| it.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    left.sort();
    assert_eq!(left, ["inventory-defects.csv", "inventory.csv"], "no ledger, and nothing else");
    for words in ["number_not_registered: ", "rejected_bundle: ", "What a run would do with it:"] {
        assert!(done.out.contains(words), "{words}: {}", done.out);
    }
}

#[test]
fn what_somebody_has_changed_is_not_replaced_unless_it_is_said() {
    let api = troubled();
    api.run(&["inventory"]);
    let mine = format!("{}mine\n", api.fixture.read("inventory.csv"));
    api.fixture.write("inventory.csv", &mine);
    let done = api.run(&["inventory"]);
    assert!(done.err.contains("left as it is"), "{}", done.err);
    assert!(
        done.out.contains("Sheet: inventory-2.csv") && done.out.contains("plan inventory-2.csv"),
        "{}",
        done.out
    );
    assert_eq!(api.fixture.read("inventory.csv"), mine);
    api.run(&["inventory", "--overwrite"]);
    assert_ne!(api.fixture.read("inventory.csv"), mine);
}

#[test]
fn an_account_that_cannot_be_read_is_told_and_the_others_are_read() {
    let api = troubled();
    let fault =
        Rule { fault: Fault::FailBefore(500), among: Among::Account(sid("AC", 2)), when: When::Always };
    api.sandbox.misbehave(Faults { rules: vec![fault], ..Faults::default() });
    let (code, document) = api.inventory(&[]);
    assert_eq!(code, 5);
    assert_eq!(
        (document["counts"]["not_read"].as_u64(), document["counts"]["rows"].as_u64()),
        (Some(1), Some(2))
    );
    let of_it: Vec<String> =
        defects(&document).into_iter().filter(|it| it[1] == sid("AC", 2)).map(|it| it[0].clone()).collect();
    assert_eq!(of_it, ["account_not_read"]);
    assert!(!api.rows("inventory.csv").contains_key(&sid("AC", 2)));
    // Nothing can be said without the list of accounts, and nothing is written then.
    let among = Among::Matching(Method::Get, "/2010-04-01/Accounts.json".to_owned());
    let fault = Rule { fault: Fault::FailBefore(500), among, when: When::Always };
    api.sandbox.misbehave(Faults { rules: vec![fault], ..Faults::default() });
    let before = api.fixture.read("inventory.csv");
    let done = api.run(&["inventory", "--overwrite"]);
    assert_eq!((done.code, api.fixture.read("inventory.csv")), (1, before), "{}", done.err);
    assert!(done.err.contains("cannot be read"), "{}", done.err);
}

#[test]
fn lost_and_torn_answers_are_asked_for_again_and_nothing_of_it_shows() {
    let api = troubled();
    let undisturbed = api.inventory(&[]);
    let sheet = api.fixture.read("inventory.csv");
    for seed in 0..2 {
        api.sandbox.misbehave(Faults::storm(seed, 0.15));
        let (code, document) = api.inventory(&["--timeout", "5s"]);
        api.sandbox.misbehave(Faults::default());
        assert_eq!((code, &document["defects"]), (4, &undisturbed.1["defects"]), "seed {seed}");
        assert_eq!(api.fixture.read("inventory.csv"), sheet, "seed {seed}");
    }
}

#[cfg(unix)]
#[test]
fn a_reading_that_is_stopped_says_how_far_it_came_and_writes_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let api = Api::of((1..=20).map(|n| subaccount(n, 1)).collect());
    api.account_by_hand(20, 1);
    api.account_by_hand(19, 1);
    let slow =
        Rule { fault: Fault::DelayAnswer(600_000), among: Among::Account(sid("AC", 15)), when: When::Always };
    api.sandbox.misbehave(Faults { rules: vec![slow], ..Faults::default() });
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
    command.current_dir(&api.fixture.folder).args(["inventory", "--rate", "unlimited"]);
    command.args(["--base-url", api.server.base_url(), "--concurrency", "1", "--timeout", "1h"]);
    command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child");
    // The accounts before it are asked for the same, so that they are done when as much was asked of each.
    let is_at_it = || {
        let asked = api.sandbox.requests().latest;
        let of = |n: usize| asked.iter().filter(|it| it.account_sid == Some(sid("AC", n))).count();
        of(17) > 0 && of(16) == of(17)
    };
    for _ in 0..60_000 {
        if is_at_it() {
            break;
        }
        std::thread::yield_now();
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let lines: Vec<String> =
        BufReader::new(child.stderr.take().expect("stderr")).lines().map(|it| it.expect("a line")).collect();
    let code = child.wait().expect("an end").code();
    let said = lines.join("\n");
    assert_eq!(code, Some(5), "{said}");
    // Whether the last answer was still heard is a matter of chance.
    let is_told = |count: u32| said.contains(&format!("no file was written: {count} accounts read"));
    assert!(is_told(4) || is_told(5), "{said}");
    let left = std::fs::read_dir(&api.fixture.folder).expect("a folder").count();
    assert_eq!(left, 0, "nothing was written");
}
