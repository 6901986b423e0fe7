//! `plan`: what a run would do, before it does it; kept, and held against what has become of the rows.

use crate::fixture::*;
use serde_json::Value;
use trusthub_onboard::sandbox::{self, Sandbox, Seed, SeedAccount};

fn sheet(fixture: &Fixture, rows: usize, change: impl Fn(&mut [Vec<String>])) {
    let mut all = sample_rows();
    all.truncate(rows + 1);
    change(&mut all);
    fixture.write("sheet.csv", csv_of(&all));
}

fn set(rows: &mut [Vec<String>], row: usize, name: &str, value: &str) {
    let at = column(rows, name);
    rows[row][at] = value.to_owned();
}

fn listed(rows: &mut [Vec<String>]) {
    for row in 1..rows.len() {
        set(rows, row, "phone_numbers", &format!("+162855501{row:02}"));
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Everything that a document may not lack or have besides, by the schema in the docs.
fn must_fit(schema: &Value, value: &Value, at: &str) {
    if let Some(constant) = schema.get("const") {
        assert_eq!(constant, value, "{at}");
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{at}: {value}");
    }
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
    };
    match &schema["type"] {
        Value::String(wanted) => assert_eq!(wanted, kind, "{at}: {value}"),
        Value::Array(wanted) => assert!(wanted.contains(&kind.into()), "{at}: {value}"),
        _ => (),
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{at} lacks {name}");
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(of), _) | (None, Some(of)) => must_fit(of, value, &format!("{at}.{name}")),
            (None, None) => panic!("{at}.{name} is not in the schema"),
        }
    }
    for (place, value) in value.as_array().into_iter().flatten().enumerate() {
        must_fit(&schema["items"], value, &format!("{at}[{place}]"));
    }
}

fn schema() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/plan.json");
    json(&std::fs::read_to_string(path).expect("the schema"))
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.split_whitespace().next_back().and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_number_of_calls_that_validate_and_plan_say_is_that_of_the_run() {
    let fixture = Fixture::new();
    sheet(&fixture, 6, listed);
    let said = fixture.run(&["validate", "sheet.csv"]).out;
    let line = said.lines().find(|it| it.contains("A run makes")).expect("the estimate");
    assert!(!line.contains("makes at least"), "{line}");
    let planned = fixture.run(&["plan", "sheet.csv", "--sandbox"]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let run = fixture.run(&["run", "sheet.csv", "--sandbox", "--wait", "0s", "--review-seconds", "600"]);
    let calls = number_before(&run.err, " calls in ");
    assert_eq!(number_before(line, " calls:"), calls);
    assert!(planned.out.contains(&format!("6 customers, {calls} calls")), "{}", planned.out);
}

#[test]
fn a_row_that_says_all_makes_it_at_least() {
    let fixture = Fixture::new();
    sheet(&fixture, 2, |rows| {
        listed(rows);
        set(rows, 1, "phone_numbers", "all");
    });
    for command in [&["validate", "sheet.csv"][..], &["plan", "sheet.csv"]] {
        let said = fixture.run(command).out;
        assert!(said.contains("at least") && !said.contains("customers, 5"), "{said}");
        assert!(said.lines().any(|it| it.contains("at least") && it.contains(" calls")), "{said}");
    }
    let online = fixture.run(&["plan", "sheet.csv", "--sandbox", "--online"]).out;
    assert!(online.contains("2 customers, ") && !online.contains("customers, at least"), "{online}");
}

#[test]
fn a_plan_leaves_nothing_behind_and_counts_only_the_rows_that_are_taken_on() {
    let fixture = Fixture::new();
    sheet(&fixture, 5, listed);
    let of = |arguments: &[&str]| {
        json(&fixture.run(&[&["plan", "sheet.csv", "--format", "json"], arguments].concat()).out)
    };
    let whole = of(&[]);
    let first = of(&["--limit", "1"]);
    assert_eq!((&whole["counts"]["customers"], &first["counts"]["customers"]), (&5.into(), &1.into()));
    assert!(first["counts"]["calls"].as_u64() < whole["counts"]["calls"].as_u64());
    assert_eq!(first["counts"]["actions"]["not_selected"], 4);
    assert_eq!(of(&["--only", "failed"])["counts"]["customers"], 0);
    let left: Vec<_> =
        std::fs::read_dir(&fixture.folder).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["sheet.csv"]);
}

#[test]
fn the_json_is_what_its_schema_says_and_the_csv_has_a_line_for_every_row() {
    let fixture = Fixture::new();
    let mistakes = sample("mistakes.csv");
    for (sheet, online) in [(mistakes.as_str(), false), (mistakes.as_str(), true)] {
        let mut arguments = vec!["plan", sheet, "--sandbox", "--format", "json"];
        arguments.extend(online.then_some("--online"));
        let planned = fixture.run(&arguments);
        let document = json(&planned.out);
        must_fit(&schema(), &document, "plan");
        assert_eq!(document["exit"]["code"], planned.code);
        assert_eq!((planned.code, &document["counts"]["rows"]), (3, &72.into()));
        assert_eq!(document["rows"].as_array().map(Vec::len), Some(72));
    }
    let csv = fixture.run(&["plan", &mistakes, "--sandbox", "--format", "csv"]).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("a header").get(2), Some("action"));
    assert_eq!(reader.records().filter(Result::is_ok).count(), 72);
}

#[test]
fn the_exit_code_says_whether_anything_is_to_be_done_where_that_is_asked_for() {
    let fixture = Fixture::new();
    sheet(&fixture, 2, listed);
    let code =
        |arguments: &[&str]| fixture.run(&[&["plan", "sheet.csv", "--sandbox"], arguments].concat()).code;
    assert_eq!((code(&[]), code(&["--exit-code"])), (0, 7));
    fixture.run(&["run", "sheet.csv", "--sandbox", "--wait", "0s", "--review-seconds", "600"]);
    assert_eq!(code(&["--exit-code"]), 0, "it only waits");
    sheet(&fixture, 2, |rows| {
        listed(rows);
        set(rows, 1, "business_name", "Another Name");
    });
    assert_eq!((code(&[]), code(&["--exit-code"])), (4, 4));
    sheet(&fixture, 2, |rows| {
        listed(rows);
        set(rows, 1, "email", "nobody");
    });
    assert_eq!((code(&[]), code(&["--exit-code"])), (3, 3));
}

#[test]
fn rows_that_do_the_same_are_one_line_and_a_blocked_one_says_what_to_look_at() {
    let fixture = Fixture::new();
    sheet(&fixture, 4, listed);
    fixture.run(&["run", "sheet.csv", "--sandbox", "--wait", "0s", "--review-seconds", "600"]);
    sheet(&fixture, 4, |rows| {
        listed(rows);
        set(rows, 2, "business_name", "Another Name");
    });
    let said = fixture.run(&["plan", "sheet.csv", "--sandbox"]).out;
    assert!(said.contains("       3  wait for the review of customer_profile, the first since 20"), "{said}");
    assert!(said.contains("(rows 2, 4-5)"), "{said}");
    let blocked = said.lines().find(|it| it.contains("blocked at")).expect("a blocked row");
    assert!(blocked.contains("changed_after_submission") && blocked.contains("business_name"), "{blocked}");
    assert!(blocked.contains("(row 3)"), "{blocked}");
}

#[test]
fn a_run_of_a_kept_plan_does_what_it_says_and_holds_back_what_has_changed() {
    let fixture = Fixture::new();
    sheet(&fixture, 4, listed);
    let kept = fixture.run(&["plan", "sheet.csv", "--sandbox", "-o", "plan.json"]);
    assert_eq!(kept.code, 0, "{}", kept.err);
    let document = fixture.read("plan.json");
    must_fit(&schema(), &json(&document), "plan");
    for cell in sample_rows()[1].iter().filter(|it| it.len() > 7 && !it.starts_with("AC")) {
        assert!(!document.contains(cell.as_str()), "{cell} is in the plan");
    }
    sheet(&fixture, 4, |rows| {
        listed(rows);
        set(rows, 2, "business_name", "Another Name");
        set(rows, 3, "phone_numbers", "+16285550199");
    });
    let run = |arguments: &[&str]| {
        let all = [
            "run",
            "sheet.csv",
            "--sandbox",
            "--plan",
            "plan.json",
            "--wait",
            "0s",
            "--review-seconds",
            "600",
        ];
        fixture.run(&[&all[..], arguments].concat())
    };
    let ran = run(&[]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let held: Vec<&str> = ran.err.lines().filter(|it| it.contains("is held back")).collect();
    assert_eq!(held.len(), 2, "{}", ran.err);
    assert!(
        held[0].contains("row 3 ") && held[0].contains("with other content: create customer_profile"),
        "{held:?}"
    );
    assert!(
        held[1].contains("row 4 ") && held[1].contains("assign customer_profile_phone_numbers"),
        "{held:?}"
    );
    let outcomes: Vec<String> = fixture.results().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(
        outcomes,
        ["awaiting_profile_approval", "not_attempted", "not_attempted", "awaiting_profile_approval"]
    );
    // As it was planned, the rest is done too.
    sheet(&fixture, 4, listed);
    let ran = run(&[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(fixture.results().iter().all(|row| row["outcome"] == "awaiting_profile_approval"));
}

#[test]
fn a_plan_that_was_made_online_or_with_all_the_numbers_is_done_as_it_is() {
    for online in [false, true] {
        let fixture = Fixture::new();
        sheet(&fixture, 3, |rows| {
            listed(rows);
            set(rows, 1, "phone_numbers", "all");
        });
        let mut arguments = vec!["plan", "sheet.csv", "--sandbox", "-o", "plan.json"];
        arguments.extend(online.then_some("--online"));
        assert_eq!(fixture.run(&arguments).code, 0);
        let ran = fixture.run(&["run", "sheet.csv", "--sandbox", "--plan", "plan.json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(fixture.results().iter().all(|row| row["outcome"] == "approved"), "online {online}");
    }
}

#[test]
fn a_row_that_is_ready_for_more_than_was_planned_is_held_back() {
    let fixture = Fixture::new();
    let (_runtime, sandbox, server) = troubled(&fixture);
    sheet(&fixture, 1, listed);
    let command = |arguments: &[&str]| {
        let at = ["--base-url", server.base_url(), "--visibility-window", "0s"];
        let mut command = fixture.command(&[arguments, &at[..]].concat());
        fixture.finish(command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN))
    };
    let first = command(&["run", "sheet.csv", "--rate", "unlimited"]);
    assert!(first.out.contains("awaiting_profile_approval"), "{}{}", first.out, first.err);
    assert_eq!(command(&["plan", "sheet.csv", "-o", "plan.json"]).code, 0);
    let resources = sandbox.resources();
    let is_ours = |it: &&sandbox::Resource| it.kind == sandbox::Kind::CustomerProfile && !it.seeded;
    let bundle = resources.iter().find(is_ours).expect("a profile").sid.clone();
    let verdict = sandbox::Verdict::Approved;
    sandbox.edit(sandbox::Edit::Decide { bundle, verdict }).expect("an edit");
    let ran = command(&["run", "sheet.csv", "--plan", "plan.json", "--rate", "unlimited"]);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("would also") && ran.err.contains("submit trust_product"), "{}", ran.err);
}

#[test]
fn a_plan_of_another_place_another_ledger_or_none_at_all_is_refused() {
    let fixture = Fixture::new();
    sheet(&fixture, 1, listed);
    fixture.run(&["plan", "sheet.csv", "--sandbox", "-o", "plan.json"]);
    let run = |ledger: &str, plan: &str| {
        let ran = fixture.run(&["run", "sheet.csv", "--sandbox", "--ledger", ledger, "--plan", plan]);
        assert!(!fixture.path("results.csv").exists(), "{}", ran.err);
        (ran.code, ran.err)
    };
    let (code, said) = run("other.db", "plan.json");
    assert!(code == 1 && said.contains("was made for"), "{said}");
    // Another ledger of the same world.
    std::fs::copy(fixture.path("trusthub-onboard-sandbox.world"), fixture.path("third.world"))
        .expect("a copy");
    let (code, said) = run("third.db", "plan.json");
    assert!(code == 1 && said.contains("another ledger"), "{said}");
    fixture.write("results.json", "{\"version\":1,\"command\":\"run\",\"rows\":[]}");
    fixture.write("newer.json", "{\"version\":99,\"command\":\"plan\",\"rows\":[]}");
    for (name, words) in
        [("results.json", "is no plan"), ("newer.json", "newer version"), ("none.json", "cannot be read")]
    {
        let (code, said) = run("trusthub-onboard-sandbox.db", name);
        assert!(code == 1 && said.contains(words), "{name}: {said}");
    }
}

/// A server in which the second subaccount of the sheet is missing, the third lacks its number, the fourth is
/// suspended and the fifth has a profile that somebody made by hand.
fn troubled(fixture: &Fixture) -> (tokio::runtime::Runtime, Sandbox, sandbox::Server) {
    let rows = sample_rows();
    let of = |row: usize| rows[row][column(&rows, "subaccount_sid")].clone();
    let account = |row: usize| SeedAccount {
        sid: of(row),
        auth_token: format!("token{}", &of(row)[2..])[..32].to_owned(),
        phone_numbers: vec![(format!("PN{row:032x}"), format!("+162855501{row:02}"))],
        ..SeedAccount::default()
    };
    let mut accounts: Vec<SeedAccount> = [1, 3, 4, 5].map(account).into();
    accounts[1].phone_numbers.clear();
    accounts[2].status = "suspended".to_owned();
    accounts[3].customer_profiles = vec!["BU00000000000000000000000000000abc".to_owned()];
    let seed = Seed {
        parent_sid: PARENT.to_owned(),
        parent_token: TOKEN.to_owned(),
        primary_profile_sid: "BU000000000000000000000000000000ff".to_owned(),
        accounts,
    };
    sheet(fixture, 5, listed);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let settings = sandbox::Settings { review_ms: 600_000, ..sandbox::Settings::default() };
    let sandbox = Sandbox::open(settings, seed).expect("a sandbox");
    let server = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        sandbox.serve(listener).expect("a server")
    });
    (runtime, sandbox, server)
}

const PARENT: &str = "AC000000000000000000000000000000ff";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn an_online_plan_tells_row_by_row_what_would_hold_a_run_back_and_changes_nothing() {
    let fixture = Fixture::new();
    let (_runtime, sandbox, server) = troubled(&fixture);
    let plan = |token: &str, arguments: &[&str]| {
        let all = ["plan", "sheet.csv", "--online", "--rate", "unlimited", "--base-url", server.base_url()];
        let mut command = fixture.command(&[&all[..], arguments].concat());
        fixture.finish(command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", token))
    };
    let planned = plan(TOKEN, &["--format", "json"]);
    assert_eq!(planned.code, 4, "{}", planned.err);
    let document = json(&planned.out);
    must_fit(&schema(), &document, "plan");
    let rows = document["rows"].as_array().expect("rows");
    let told: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| {
            let does = row["does"].as_array().and_then(|it| it.last()).expect("something");
            (row["action"].as_str().unwrap_or_default(), does["code"].as_str().unwrap_or_default())
        })
        .collect();
    let expected = [
        ("create", ""),
        ("blocked", "not_a_subaccount"),
        ("blocked", "no_numbers"),
        ("blocked", "account_not_active"),
        ("blocked", "exists_already"),
    ];
    assert_eq!(told, expected);
    assert!(sandbox.requests().latest.iter().all(|it| it.method == sandbox::Method::Get));
    let left: Vec<_> =
        std::fs::read_dir(&fixture.folder).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["sheet.csv"]);
    let refused = plan("ffffffffffffffffffffffffffffffff", &[]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("credentials are refused"), "{}", refused.err);
}
