//! `status`: what has changed since somebody last looked, how long reviews take, and what is too long.

use super::fixture::*;
use serde_json::Value;
use tokio::runtime::Runtime;
use trusthub_onboard::sandbox::{self, Edit, Kind, Sandbox, Seed, SeedAccount, Server, Verdict};

pub const PARENT: &str = "AC000000000000000000000000000000ff";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// An API whose reviews end when the test says so.
pub struct Api {
    pub fixture: Fixture,
    pub sandbox: Sandbox,
    pub server: Server,
    runtime: Runtime,
}

impl Api {
    /// With the first customers of the sample in `sheet.csv`.
    pub fn of(customers: usize) -> Api {
        let fixture = Fixture::new();
        let mut rows = sample_rows()[..=customers].to_vec();
        let (account, numbers) = (column(&rows, "subaccount_sid"), column(&rows, "phone_numbers"));
        for row in &mut rows[1..] {
            row[numbers] = "all".to_owned();
        }
        fixture.write("sheet.csv", csv_of(&rows));
        let accounts = (1..).zip(&rows[1..]).map(|(n, row)| SeedAccount {
            sid: row[account].clone(),
            phone_numbers: vec![(format!("PN{n:032x}"), format!("+162855501{n:02}"))],
            ..SeedAccount::default()
        });
        let seed = Seed {
            parent_sid: PARENT.to_owned(),
            parent_token: TOKEN.to_owned(),
            primary_profile_sid: "BU000000000000000000000000000000ff".to_owned(),
            accounts: accounts.collect(),
        };
        let settings = sandbox::Settings {
            review_ms: 30 * 86_400_000,
            accounts_on_demand: true,
            ..sandbox::Settings::default()
        };
        let sandbox = Sandbox::open(settings, seed).expect("a sandbox");
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            sandbox.serve(listener).expect("a server")
        });
        Api { fixture, sandbox, server, runtime }
    }

    pub fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let at = ["--base-url", self.server.base_url(), "--visibility-window", "0s", "--rate", "unlimited"];
        let mut command = self.fixture.command(&[arguments, &at[..]].concat());
        command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.fixture.finish(&mut self.command(arguments))
    }

    pub fn status(&self, arguments: &[&str]) -> Done {
        self.run(&[&["status", "sheet.csv"], arguments].concat())
    }

    /// The SID of the profile of a customer, counted from 1.
    pub fn profile(&self, customer: usize) -> String {
        let rows = sample_rows();
        let account = &rows[customer][column(&rows, "subaccount_sid")];
        let resources = self.sandbox.resources().into_iter();
        let mut of_it = resources.filter(|it| it.kind == Kind::CustomerProfile && it.account_sid == *account);
        of_it.next().expect("a profile").sid
    }

    pub fn decide(&self, customer: usize, verdict: Verdict) {
        let bundle = self.profile(customer);
        self.sandbox.edit(Edit::Decide { bundle, verdict }).expect("an edit");
    }
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}{}", done.out, done.err))
}

/// The line that says what has changed.
fn news(done: &Done) -> String {
    let is_it = |line: &&str| line.starts_with("Since ");
    done.out.lines().find(is_it).unwrap_or_else(|| panic!("no news: {}{}", done.out, done.err)).to_owned()
}

#[test]
fn status_says_what_has_changed_since_the_last_look_with_rows_names_and_cells() {
    let api = Api::of(4);
    api.run(&["run", "sheet.csv"]);
    let first = api.status(&[]);
    assert!(news(&first).contains("first look): 4 awaiting_profile_approval"), "{}", first.out);
    assert!(news(&api.status(&[])).ends_with("nothing has changed"));
    api.decide(1, Verdict::Approved);
    api.decide(3, Verdict::Rejected(vec![18602]));
    let done = api.status(&[]);
    let told = news(&done);
    assert!(told.starts_with("Since the last look (20"), "{told}");
    assert!(told.ends_with(": 1 profile_approved, 1 rejected"), "{told}");
    let rows = sample_rows();
    let name = &rows[3][column(&rows, "business_name")];
    let mut lines = done.out.lines().skip_while(|it| !it.starts_with("Since "));
    let line = lines.find(|it| it.starts_with("  row 4  ")).expect("the row");
    assert!(line.contains(name) && line.contains("customer_profile twilio-rejected"), "{line}");
    let cells = &api.fixture.results()[2]["columns_to_correct"];
    assert!(!cells.is_empty() && line.contains(cells.as_str()), "{line} without {cells}");
    let told: Vec<&str> = lines.take_while(|it| it.starts_with("  ")).collect();
    assert!(told.len() == 1 && told[0].starts_with("  row 2  "), "what stays as it was is no news: {told:?}");
    // What `status` proposes is `run`, and is not called the same.
    let next = done.out.lines().find(|it| it.contains("Reviews take")).expect("a proposal");
    assert!(next.contains("Then run") && !next.contains("same command"), "{next}");
}

#[test]
fn nothing_but_a_look_that_was_said_takes_the_news_away() {
    let api = Api::of(3);
    api.run(&["run", "sheet.csv"]);
    api.status(&[]);
    api.decide(2, Verdict::Rejected(vec![]));
    let others: [&[&str]; 5] = [
        &["plan", "sheet.csv", "--online"],
        &["results", "sheet.csv"],
        &["run", "sheet.csv", "--no-submit"],
        &["status", "sheet.csv", "--quiet"],
        &["report", "sheet.csv", "-o", "page.html"],
    ];
    for other in others {
        match other[0] {
            "report" | "results" => {
                let at = ["--base-url", api.server.base_url()];
                assert_ne!(api.fixture.run(&[other, &at[..]].concat()).code, 2);
            }
            _ => assert_ne!(api.run(other).code, 2, "{other:?}"),
        }
    }
    // Whoever looks at other customers with the same ledger.
    let rows = sample_rows();
    api.fixture.write("other.csv", csv_of(&[rows[0].clone(), rows[1].clone()]));
    assert!(news(&api.run(&["status", "other.csv"])).ends_with("nothing has changed"));
    // One whose output is lost.
    let mut lost = std::process::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        let at = ["status", "sheet.csv", "--base-url", api.server.base_url()];
        lost.current_dir(&api.fixture.folder).args(at).stdout(full).stderr(std::process::Stdio::null());
        lost.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
        assert_eq!(lost.status().expect("it runs").code(), Some(1));
    }
    assert!(news(&api.status(&[])).ends_with(": 1 rejected"));
    assert!(news(&api.status(&[])).ends_with("nothing has changed"));
}

#[test]
fn what_waits_too_long_is_pointed_out_with_a_text_for_support_that_names_no_customer() {
    let api = Api::of(2);
    api.run(&["run", "sheet.csv"]);
    let usual = api.status(&[]);
    assert!(usual.out.contains("Reviews under way: 2\n"), "{}", usual.out);
    assert!(usual.out.contains("customer_profile for ") && usual.out.contains("(usual: 1 to 3 days)"));
    assert!(!usual.out.contains("ticket"), "{}", usual.out);
    let long = api.status(&["--long", "1ms"]);
    assert!(long.out.contains("Reviews under way: 2, 2 of them for too long"), "{}", long.out);
    let ticket: Vec<&str> = long.out.lines().filter(|it| it.starts_with("    ")).collect();
    let profile = api.profile(1);
    let line = ticket.iter().find(|it| it.contains(&profile)).expect("its line");
    let rows = sample_rows();
    assert!(line.contains(&rows[1][column(&rows, "subaccount_sid")]) && line.contains("pending-review"));
    let document = json(&api.status(&["--long", "1ms", "--format", "json"]));
    let text = document["support_ticket"].as_str().expect("a text");
    assert_eq!(text.lines().count(), 4, "{text}");
    for row in &rows[1..=2] {
        for name in ["business_name", "email", "representative_1_last_name", "friendly_name"] {
            let cell = &row[column(&rows, name)];
            assert!(cell.is_empty() || !text.contains(cell.as_str()), "{cell} in {text}");
        }
    }
    assert!(document["waiting"].as_array().expect("waits").iter().all(|it| it["is_long"] == true));
    assert_eq!(document["since_last_look"]["changed"], serde_json::json!([]));
}

#[test]
fn a_status_that_reaches_nobody_says_where_the_results_are_and_loses_nothing_of_them() {
    let api = Api::of(2);
    api.run(&["run", "sheet.csv"]);
    api.status(&[]);
    let before = api.fixture.results();
    api.decide(1, Verdict::Approved);
    let mut refused = api.command(&["status", "sheet.csv"]);
    let done = api.fixture.finish(refused.env("TWILIO_AUTH_TOKEN", "ffffffffffffffffffffffffffffffff"));
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.out.contains("2  awaiting_profile_approval"), "{}{}", done.out, done.err);
    let after = api.fixture.results();
    for (before, after) in before.iter().zip(&after) {
        for column in ["outcome", "customer_profile_sid", "customer_profile_status", "submitted_at", "hint"] {
            assert_eq!(before[column], after[column], "{column}");
        }
    }
    assert!(news(&api.status(&[])).ends_with(": 1 profile_approved"));
    drop(api.runtime);
}
