//! The ledger holds nothing personal and nothing secret.

use crate::fixture::{Fixture, customer, token_of};
use crate::watch::watching;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::model::{Address, Customer, PhoneNumber, PhoneNumbers, Representative};
use trusthub_onboard::sandbox::{Edit, Reviewer};

/// A customer whose every value is unlike anything else. Numbers have nine digits or a hyphen, because five
/// digits in a row do occur in SIDs.
fn unmistakable(n: u32) -> Customer {
    let mut row = customer(n);
    row.email = format!("mailbox-quokka{n}@reseller-narwhal.com");
    row.friendly_name = format!("Friendly Axolotl {n}");
    row.status_callback = Some("https://hooks-pangolin.example.com/tarsier".to_owned());
    row.business.name = format!("Business Capybara {n}");
    row.business.registration_number = format!("98765432{n}");
    row.business.website_url = "https://www.brightwater-okapi.com".to_owned();
    row.business.social_media_profile_urls = "https://social-numbat.example.com/page".to_owned();
    row.address = Address::New {
        street: "77 Wombat Crescent".to_owned(),
        street_secondary: "Suite Ocelot".to_owned(),
        city: "Tapirville".to_owned(),
        region: "CA".to_owned(),
        postal_code: "94177-7736".to_owned(),
        iso_country: "US".to_owned(),
    };
    let representative = |name: &str, phone_number: &str| Representative {
        first_name: format!("{name}first"),
        last_name: format!("{name}last"),
        email: format!("{name}@brightwater-okapi.com"),
        phone_number: phone_number.to_owned(),
        business_title: format!("{name} of everything"),
        job_position: "Director".into(),
    };
    row.representative_1 = representative("Gibbon", "+14155550177");
    row.representative_2 = Some(representative("Lemur", "+14155550188"));
    row.voice_integrity.notes = "Notes about the Binturong".to_owned();
    row.voice_integrity.business_employee_count = "313372718".to_owned();
    row.voice_integrity.average_business_day_call_volume = "271828182".to_owned();
    row
}

fn secrets(row: &Customer) -> Vec<String> {
    let mut secrets: Vec<String> = [
        row.email.as_str(),
        row.friendly_name.as_str(),
        "quokka",
        "narwhal",
        "pangolin",
        &row.business.name,
        &row.business.registration_number,
        "okapi",
        "numbat",
        "Wombat",
        "Ocelot",
        "Tapirville",
        "94177-7736",
        "Gibbon",
        "Lemur",
        "4155550177",
        "4155550188",
        "Binturong",
        "313372718",
        "271828182",
        "Dental",
        "not eligible",
    ]
    .map(str::to_owned)
    .to_vec();
    if let PhoneNumbers::Listed(numbers) = &row.phone_numbers {
        secrets.extend(numbers.iter().filter_map(|number| match number {
            PhoneNumber::E164(digits) => Some(digits.trim_start_matches('+').to_owned()),
            PhoneNumber::Sid(_) => None,
        }));
    }
    secrets.push(token_of(row.subaccount.as_str()));
    secrets.push("0123456789abcdef0123456789abcdef".to_owned());
    secrets
}

#[tokio::test]
async fn no_file_of_the_ledger_ever_holds_a_value_of_the_sheet_or_a_token_or_a_message() {
    let customers: Vec<_> = (1..=5).map(unmistakable).collect();
    let mut fixture = Fixture::with(customers.clone());
    // One is rejected, one has a refused number, one a noncompliant field, one a number elsewhere.
    let account = |n: usize| customers[n].subaccount.to_string();
    let reviewer = Some(Reviewer::RejectsAll(vec![18602, 18603]));
    fixture.sandbox.edit(Edit::SetReviewer { account: account(1), reviewer }).expect("an edit");
    fixture.sandbox.edit(Edit::ForbidNumber { number: format!("PN{:032x}", 3) }).expect("an edit");
    fixture.customers[3].business.industry = "NOT_ONE_OF_THEM".into();
    if let PhoneNumbers::Listed(numbers) = &mut fixture.customers[4].phone_numbers {
        numbers.push(PhoneNumber::E164("+16285557777".to_owned()));
    }
    let bytes: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
    let (all, folder) = (bytes.clone(), fixture.folder.path().to_owned());
    let observer = watching(move |event| {
        // The last moments of the write-ahead log are in it as well: it grows until the end.
        if let Event::LedgerWrote = event {
            for file in std::fs::read_dir(&folder).expect("a folder").flatten() {
                let content = std::fs::read(file.path()).unwrap_or_default();
                all.lock().expect("bytes").insert(file.file_name().to_string_lossy().into_owned(), content);
            }
        }
    });
    let ended = fixture.run_watched(observer).await.expect("no fault");
    let mut outcomes: Vec<Outcome> = ended.customers.values().map(|end| end.outcome).collect();
    outcomes.sort_unstable();
    let refused = Outcome::Refused;
    assert_eq!(outcomes, [Outcome::Approved, Outcome::Rejected, refused, refused, refused]);
    let mut bytes = bytes.lock().expect("bytes").clone();
    bytes.insert("in the end".to_owned(), std::fs::read(&fixture.ledger).expect("bytes"));
    let found = |content: &[u8], text: &str| {
        content.windows(text.len()).any(|it| it.eq_ignore_ascii_case(text.as_bytes()))
    };
    let subaccount = customers[0].subaccount.as_str();
    assert!(found(&bytes["in the end"], subaccount), "the search finds what is there");
    assert!(found(&bytes["ledger.db-wal"], subaccount), "the search finds what is there");
    for (name, content) in &bytes {
        for secret in fixture.customers.iter().flat_map(secrets) {
            assert!(!found(content, &secret), "{name} holds {secret:?}");
        }
    }
}
