//! `inventory`: what exists becomes a sheet of which a plan says that nothing is to be done, and a list of defects.

mod defects;
mod files;
mod round_trip;

use super::fixture::*;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tokio::runtime::Runtime;
use trusthub_onboard::sandbox::{
    self, BundleKind, Edit, Method, Reviewer, Sandbox, Seed, SeedAccount, Server, Verdict,
};

const PARENT: &str = "AC000000000000000000000000000000ff";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PRIMARY: &str = "BU000000000000000000000000000000ff";

const SECONDARY: &str = "RNdfbf3fae0e1107f8aded0e7cead80bf5";
const VOICE_INTEGRITY: &str = "RN5b3660f9598883b1df4e77f77acefba0";
const SHAKEN_STIR: &str = "RN7a97559effdf62d00f4298208492a5ea";
const CNAM: &str = "RNf3db3cd1fe25fcfd3c3ded065c8fea53";

/// An API of which the test is the Console.
struct Api {
    fixture: Fixture,
    sandbox: Sandbox,
    server: Server,
    _runtime: Runtime,
}

/// The SID of the nth thing of a kind.
fn sid(prefix: &str, n: usize) -> String {
    format!("{prefix}{n:032x}")
}

/// The nth number of an account: its SID and its digits.
fn number(account: usize, n: usize) -> (String, String) {
    (sid("PN", account * 100 + n), format!("+1628555{:04}", account * 10 + n))
}

/// The nth subaccount, with so many numbers and an address.
fn subaccount(n: usize, numbers: usize) -> SeedAccount {
    SeedAccount {
        sid: sid("AC", n),
        friendly_name: format!("Customer {n}"),
        phone_numbers: (1..=numbers).map(|it| number(n, it)).collect(),
        addresses: vec![sid("AD", n)],
        ..SeedAccount::default()
    }
}

impl Api {
    fn of(accounts: Vec<SeedAccount>) -> Api {
        let seed = Seed {
            parent_sid: PARENT.to_owned(),
            parent_token: TOKEN.to_owned(),
            primary_profile_sid: PRIMARY.to_owned(),
            accounts,
        };
        let settings = sandbox::Settings { review_ms: 0, ..sandbox::Settings::default() };
        let sandbox = Sandbox::open(settings, seed).expect("a sandbox");
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            sandbox.serve(listener).expect("a server")
        });
        Api { fixture: Fixture::new(), sandbox, server, _runtime: runtime }
    }

    fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let at = ["--base-url", self.server.base_url(), "--rate", "unlimited"];
        let mut command = self.fixture.command(&[arguments, &at[..]].concat());
        command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
        command
    }

    fn run(&self, arguments: &[&str]) -> Done {
        self.fixture.finish(&mut self.command(arguments))
    }

    /// Reads everything anew, and gives the exit code and the document.
    fn inventory(&self, arguments: &[&str]) -> (i32, Value) {
        let done = self.run(&[&["inventory", "--overwrite", "--format", "json"], arguments].concat());
        let document = serde_json::from_str(&done.out);
        (done.code, document.unwrap_or_else(|error| panic!("{error}: {}{}", done.out, done.err)))
    }

    /// Runs the command that the document proposes as a shell would, with more behind it, and gives the actions.
    fn planned(&self, document: &Value, more: &str) -> BTreeMap<String, u64> {
        let line =
            format!("{} --rate unlimited --format json {more}", document["plan"].as_str().expect("a plan"));
        let mut command = assert_cmd::Command::new("sh");
        command.current_dir(&self.fixture.folder).args(["-c", &line]);
        command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
        let done = self.fixture.finish(&mut command);
        let plan: Value = serde_json::from_str(&done.out)
            .unwrap_or_else(|error| panic!("{error}: {line}\n{}{}", done.out, done.err));
        let actions = plan["counts"]["actions"].as_object().expect("actions");
        let counted = actions.iter().map(|(word, count)| (word.clone(), count.as_u64().expect("a number")));
        counted.filter(|it| it.1 > 0).collect()
    }

    /// The rows of the sheet that was written, by account and column.
    fn rows(&self, name: &str) -> HashMap<String, HashMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.fixture.path(name)).expect(name);
        let rows: Vec<HashMap<String, String>> =
            reader.deserialize().collect::<Result<_, _>>().expect("rows");
        rows.into_iter().map(|row| (row["subaccount_sid"].clone(), row)).collect()
    }

    fn edit(&self, edit: Edit) -> String {
        self.sandbox.edit(edit).expect("an edit")
    }

    fn put_on(&self, bundle: &str, object: &str) {
        self.edit(Edit::AssignEntity { bundle: bundle.to_owned(), object: object.to_owned() });
    }

    fn put_number_on(&self, bundle: &str, number: &str) {
        self.edit(Edit::AssignNumber { bundle: bundle.to_owned(), number: number.to_owned() });
    }

    fn decide(&self, bundle: &str, verdict: Verdict) {
        self.edit(Edit::Decide { bundle: bundle.to_owned(), verdict });
    }

    /// A bundle as a person makes it in the Console, a draft.
    fn bundle(&self, account: usize, policy: &str) -> String {
        let (account, friendly_name) = (sid("AC", account), format!("Made by hand {account}"));
        match policy {
            SECONDARY => {
                self.edit(Edit::AddBundle { account, kind: BundleKind::CustomerProfile, friendly_name })
            }
            policy => self.edit(Edit::AddProduct { account, policy: policy.to_owned(), friendly_name }),
        }
    }

    fn object(&self, account: usize, object_type: &str, attributes: &Value) -> String {
        self.edit(Edit::AddObject {
            account: sid("AC", account),
            object_type: object_type.to_owned(),
            friendly_name: "By hand".to_owned(),
            attributes: attributes.to_string(),
        })
    }

    /// A profile as a person makes it, with everything on it, approved.
    fn profile_by_hand(&self, account: usize, numbers: usize) -> String {
        let profile = self.bundle(account, SECONDARY);
        let business = serde_json::json!({
            "business_name": format!("Quarry Lane {account}"),
            "business_identity": "direct_customer",
            "business_type": "Corporation",
            // On no list of today's.
            "business_industry": "STONEMASONRY",
            "business_registration_identifier": "EIN",
            "business_registration_number": "123456789",
            "business_regions_of_operation": ["USA_AND_CANADA", "EUROPE"],
            "website_url": "https://www.quarrylane.com",
            "social_media_profile_urls": "",
        });
        let person = serde_json::json!({
            "first_name": "Ada", "last_name": "Okafor", "email": "ada@quarrylane.com",
            "phone_number": "+14155550123", "business_title": "Owner", "job_position": "CEO",
        });
        let address = serde_json::json!({ "address_sids": sid("AD", account) });
        self.put_on(&profile, PRIMARY);
        for (object_type, attributes) in [
            ("customer_profile_business_information", business),
            ("authorized_representative_1", person),
            ("customer_profile_address", address),
        ] {
            self.put_on(&profile, &self.object(account, object_type, &attributes));
        }
        self.with_numbers(&profile, account, numbers);
        self.decide(&profile, Verdict::Approved);
        profile
    }

    /// A product as a person makes it, with everything on it, approved.
    fn product_by_hand(&self, account: usize, policy: &str, profile: &str, numbers: usize) -> String {
        let product = self.bundle(account, policy);
        self.put_on(&product, profile);
        let information = match policy {
            VOICE_INTEGRITY => Some((
                "voice_integrity_information",
                // A range, as the Console writes it, and a number that is none of text.
                serde_json::json!({
                    "use_case": "Appointment Reminders", "business_employee_count": 25,
                    "average_business_day_call_volume": "101-1000", "notes": "",
                }),
            )),
            CNAM => Some(("cnam_information", serde_json::json!({ "cnam_display_name": "Quarry Lane" }))),
            _ => None,
        };
        if let Some((object_type, attributes)) = information {
            self.put_on(&product, &self.object(account, object_type, &attributes));
        }
        self.with_numbers(&product, account, numbers);
        self.decide(&product, Verdict::Approved);
        product
    }

    fn with_numbers(&self, bundle: &str, account: usize, numbers: usize) {
        (1..=numbers).for_each(|n| self.put_number_on(bundle, &number(account, n).0));
    }

    /// An account of a person with a profile and all products.
    fn account_by_hand(&self, account: usize, numbers: usize) -> [String; 4] {
        let profile = self.profile_by_hand(account, numbers);
        let product = |policy| self.product_by_hand(account, policy, &profile, numbers);
        let [voice, shaken, cnam] = [VOICE_INTEGRITY, SHAKEN_STIR, CNAM].map(product);
        [profile, voice, shaken, cnam]
    }

    fn only_reads(&self, from: usize) {
        let requests = self.sandbox.requests().latest;
        assert!(requests.len() > from, "something was asked");
        assert!(requests[from..].iter().all(|it| it.method == Method::Get), "something was changed");
    }
}

/// The defects of a document: kind, account, bundle, number.
fn defects(document: &Value) -> Vec<[String; 4]> {
    let of = |defect: &Value| {
        ["kind", "account_sid", "bundle_sid", "number_sid"]
            .map(|field| defect[field].as_str().unwrap_or_default().to_owned())
    };
    document["defects"].as_array().expect("defects").iter().map(of).collect()
}
