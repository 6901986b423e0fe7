//! What is sent stands in the file exactly so, or a finding says what was done to it.

use super::row_with;
use crate::common::good;
use proptest::prelude::*;
use trusthub_onboard::check::Rules;
use trusthub_onboard::model::{
    Address, Column, Customer, Finding, PhoneNumber, PhoneNumbers, Representative, Sid,
};
use trusthub_onboard::sheet::column_letters;

/// Everything of a customer that goes to the API, with the column that it comes from.
fn sent(customer: &Customer) -> Vec<(Column, String)> {
    use Column as C;
    let (business, voice) = (&customer.business, &customer.voice_integrity);
    let mut sent = vec![
        (C::SubaccountSid, customer.subaccount.to_string()),
        (C::FriendlyName, customer.friendly_name.clone()),
        (C::Email, customer.email.clone()),
        (C::StatusCallback, customer.status_callback.clone().unwrap_or_default()),
        (C::BusinessName, business.name.clone()),
        (C::BusinessIdentity, business.identity.to_string()),
        (C::BusinessType, business.kind.to_string()),
        (C::BusinessIndustry, business.industry.to_string()),
        (C::BusinessRegistrationIdentifier, business.registration_identifier.to_string()),
        (C::BusinessRegistrationNumber, business.registration_number.clone()),
        (C::WebsiteUrl, business.website_url.clone()),
        (C::UseCase, voice.use_case.to_string()),
        (C::BusinessEmployeeCount, voice.business_employee_count.clone()),
        (C::AverageBusinessDayCallVolume, voice.average_business_day_call_volume.clone()),
        (C::Notes, voice.notes.clone()),
    ];
    let sid = |sid: &Option<Sid>| sid.as_ref().map(Sid::to_string).unwrap_or_default();
    sent.push((C::PrimaryProfileSid, sid(&customer.primary_profile)));
    sent.push((C::CustomerProfileSid, sid(&customer.customer_profile)));
    sent.push((C::TrustProductSid, sid(&customer.trust_product)));
    let several =
        |column: C, values: &[String]| values.iter().map(|it| (column, it.clone())).collect::<Vec<_>>();
    let regions: Vec<String> = business.regions_of_operation.iter().map(ToString::to_string).collect();
    sent.extend(several(C::BusinessRegionsOfOperation, &regions));
    let urls: Vec<String> = business.social_media_profile_urls.split(',').map(str::to_owned).collect();
    sent.extend(several(C::SocialMediaProfileUrls, &urls));
    match &customer.address {
        Address::Existing(sid) => sent.push((C::AddressSid, sid.to_string())),
        Address::New { street, street_secondary, city, region, postal_code, iso_country } => sent.extend([
            (C::AddressSid, String::new()),
            (C::Street, street.clone()),
            (C::StreetSecondary, street_secondary.clone()),
            (C::City, city.clone()),
            (C::Region, region.clone()),
            (C::PostalCode, postal_code.clone()),
            (C::IsoCountry, iso_country.clone()),
        ]),
    }
    sent.extend(representative(Some(&customer.representative_1), C::Representative1FirstName));
    sent.extend(representative(customer.representative_2.as_ref(), C::Representative2FirstName));
    if let PhoneNumbers::Listed(numbers) = &customer.phone_numbers {
        let numbers: Vec<String> = numbers
            .iter()
            .map(|number| match number {
                PhoneNumber::Sid(sid) => sid.to_string(),
                PhoneNumber::E164(number) => number.clone(),
            })
            .collect();
        sent.extend(several(C::PhoneNumbers, &numbers));
    }
    sent
}

/// The six columns stand one after the other.
fn representative(of: Option<&Representative>, first: Column) -> Vec<(Column, String)> {
    let values = match of {
        Some(it) => [
            it.first_name.clone(),
            it.last_name.clone(),
            it.email.clone(),
            it.phone_number.clone(),
            it.business_title.clone(),
            it.job_position.to_string(),
        ],
        None => Default::default(),
    };
    (first as usize..).map(|at| Column::ALL[at]).zip(values).collect()
}

/// Whether the cell holds the value as it is sent, alone or among several.
fn stands_in(cell: &str, value: &str) -> bool {
    // An apostrophe in front is how a spreadsheet marks text; it is no part of the cell.
    let cell =
        cell.strip_prefix('\'').filter(|it| it.starts_with(['=', '+', '-', '@', '\t', '\r'])).unwrap_or(cell);
    let is_blank = |text: &str| !text.chars().any(|c| c.is_ascii_graphic() || c.is_alphanumeric());
    value.is_empty() && is_blank(cell)
        || cell == value
        || cell.split([';', ',', '\n']).any(|part| part.trim() == value)
}

/// Whether a finding speaks of the cell: as its own, or among those whose spaces and signs were made plain.
fn is_said(findings: &[Finding], column: Column) -> bool {
    let cell = format!("{}2", column_letters(column as usize));
    findings.iter().any(|finding| {
        let names_it = || finding.message.split([' ', ',', '.']).any(|word| word == cell);
        finding.column == column.name() || finding.code == "text_normalised" && names_it()
    })
}

/// Values of other forms that people and programs write.
const FORMS: [&str; 40] = [
    "LLC",
    "real estate",
    "Non-profit Corporation",
    "CONSTRUCTION",
    "USA: Employer Identification Number (EIN)",
    "usa; EUROPE",
    "04-1234567",
    "41234567.0",
    "412345678.0",
    "412,345,678",
    "2110",
    "02110-1234",
    "021101234",
    "Massachusetts",
    "ma",
    "U.S.A.",
    "(617) 555-0123",
    "6175550123.0",
    "617 555 Work",
    "+1 416 555 0130",
    "+18612345678",
    "+16175550150; (617) 555-0151",
    "all",
    "PN000000000000000000000000000000AB",
    "AC0000000000000000000000000000000A",
    "1,200",
    "025",
    "10.0",
    "nan",
    "N/A",
    "0",
    "-",
    "http://harborlight.example.com",
    "HTTPS://Harborlight.example.com",
    "\u{201c}Harbor\u{201d} Light",
    "two\nlines",
    " outer ",
    "no\u{a0}break",
    "'=1+1",
    "'+16175550123",
];

fn changed(column: Column) -> impl Strategy<Value = String> {
    let plain = good(column, 1);
    let example = plain.clone();
    prop_oneof![
        3 => proptest::sample::select(FORMS.as_slice()).prop_map(str::to_owned),
        // The value in order with something done to it.
        5 => (0..9_u8).prop_map(move |how| match how {
            0 => plain.to_uppercase(),
            1 => plain.to_lowercase(),
            2 => format!(" {plain}\u{a0}"),
            3 => format!("{plain}.0"),
            4 => format!("{plain},"),
            5 => format!("'{plain}"),
            6 => plain.replacen(' ', "\n", 1),
            7 => plain.replacen('-', "\u{2013}", 1),
            _ => format!("{plain}\u{200b}"),
        }),
        2 => "\\PC{0,16}",
        1 => "[0-9]{1,10}([.,][0-9]{1,4})?",
        1 => "[0-9]{1,3}([., -][0-9]{2,4}){1,3}",
        1 => any::<proptest::sample::Index>().prop_map(move |at| {
            // A letter less.
            let mut value = example.clone();
            if !value.is_empty() {
                let (from, _) = value.char_indices().nth(at.index(value.chars().count())).expect("a letter");
                value.remove(from);
            }
            value
        }),
    ]
}

fn column_and_text() -> impl Strategy<Value = (Column, String)> {
    proptest::sample::select(Column::ALL.as_slice())
        .prop_flat_map(|column| changed(column).prop_map(move |text| (column, text)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_stands_in_the_file_exactly_so_or_a_finding_says_what_was_done_to_it(
        // At most three: so many cells the finding about spaces and signs names.
        cells in proptest::collection::vec(column_and_text(), 1..=3)
    ) {
        let changed: Vec<(Column, &str)> = cells.iter().map(|(column, text)| (*column, text.as_str())).collect();
        let (findings, customer) = row_with(&changed, &Rules::default());
        let Some(customer) = customer else { return Ok(()) };
        for (column, value) in sent(&customer) {
            let cell = |column: Column| {
                let changed = cells.iter().rev().find(|(of, _)| *of == column);
                changed.map_or_else(|| good(column, 1), |(_, text)| text.clone())
            };
            let is_default = column == Column::FriendlyName && cell(column).is_empty();
            let cell = cell(if is_default { Column::BusinessName } else { column });
            let said = is_said(&findings, column) || is_default && is_said(&findings, Column::BusinessName);
            prop_assert!(
                stands_in(&cell, &value) || said,
                "{} is {:?} in the file and {:?} is sent: {:?}", column.name(), cell, value, findings
            );
        }
    }
}
