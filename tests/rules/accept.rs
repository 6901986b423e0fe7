//! `--accept`: the user has the last word about a value.

use super::{codes, row_with};
use crate::rules;
use trusthub_onboard::check::{Rules, Strictness, parse_accept};
use trusthub_onboard::model::{Address, Column, Customer, PhoneNumber, PhoneNumbers, Severity};

fn accepting(column: Column, value: &str) -> Rules {
    Rules { accept: vec![(column, value.to_owned())], ..rules() }
}

/// What is sent of a column.
fn sent(customer: &Customer, column: Column) -> String {
    let (business, voice) = (&customer.business, &customer.voice_integrity);
    match (column, &customer.address) {
        (Column::BusinessType, _) => business.kind.to_string(),
        (Column::BusinessIndustry, _) => business.industry.to_string(),
        (Column::BusinessRegistrationIdentifier, _) => business.registration_identifier.to_string(),
        (Column::BusinessRegistrationNumber, _) => business.registration_number.clone(),
        (Column::BusinessRegionsOfOperation, _) => business.regions_of_operation.join(","),
        (Column::WebsiteUrl, _) => business.website_url.clone(),
        (Column::BusinessName, _) => business.name.clone(),
        (Column::City, Address::New { city, .. }) => city.clone(),
        (Column::Region, Address::New { region, .. }) => region.clone(),
        (Column::PostalCode, Address::New { postal_code, .. }) => postal_code.clone(),
        (Column::IsoCountry, Address::New { iso_country, .. }) => iso_country.clone(),
        (Column::Representative1LastName, _) => customer.representative_1.last_name.clone(),
        (Column::Representative1Email, _) => customer.representative_1.email.clone(),
        (Column::Representative1PhoneNumber, _) => customer.representative_1.phone_number.clone(),
        (Column::Representative1JobPosition, _) => customer.representative_1.job_position.to_string(),
        (Column::UseCase, _) => voice.use_case.to_string(),
        (Column::AverageBusinessDayCallVolume, _) => voice.average_business_day_call_volume.clone(),
        (Column::Notes, _) => voice.notes.clone(),
        (Column::PhoneNumbers, _) => match &customer.phone_numbers {
            PhoneNumbers::Listed(numbers) => match &numbers[..] {
                [PhoneNumber::E164(number)] => number.clone(),
                _ => String::new(),
            },
            PhoneNumbers::All => String::new(),
        },
        _ => panic!("{}", column.name()),
    }
}

#[test]
fn an_accepted_value_is_sent_as_it_is_written_and_its_error_is_a_warning() {
    for (column, value, code) in [
        (Column::BusinessType, "Franchise", "not_in_list"),
        (Column::BusinessType, "Private Corporation", "not_in_list"),
        (Column::BusinessIndustry, "MINING", "not_in_list"),
        (Column::BusinessRegistrationIdentifier, "CBN", "not_in_list"),
        (Column::BusinessRegistrationNumber, "CA 12345", "registration_number"),
        (Column::BusinessRegistrationNumber, "41234567.0", "digits_lost"),
        (Column::BusinessRegionsOfOperation, "ANTARCTICA", "not_in_list"),
        (Column::WebsiteUrl, "http://harborlight.example.com", "website_http"),
        (Column::WebsiteUrl, "www.harborlight.example.com", "url_syntax"),
        (
            Column::BusinessName,
            "A name of a business that is longer than what an address takes at most",
            "too_long",
        ),
        (Column::City, "Null", "placeholder"),
        (Column::City, "2026-01-31", "cell_is_date"),
        (Column::Region, "QC", "state_unknown"),
        (Column::PostalCode, "H2X 1Y4", "zip_malformed"),
        (Column::IsoCountry, "CA", "country_not_us"),
        (Column::Representative1LastName, "TRUE", "cell_is_boolean"),
        (Column::Representative1Email, "dana@bücher.example.com", "email_syntax"),
        (Column::Representative1PhoneNumber, "1-800-FLOWERS", "phone_letters"),
        (Column::Representative1JobPosition, "President", "not_in_list"),
        (Column::UseCase, "Debt Collection", "not_in_list"),
        (Column::AverageBusinessDayCallVolume, "0-100", "count"),
        (Column::Notes, "n/a", "placeholder"),
        (Column::PhoneNumbers, "+16171550123", "phone_invalid"),
    ] {
        let (findings, customer) = row_with(&[(column, value)], &accepting(column, value));
        let found =
            findings.iter().find(|it| it.code == code).unwrap_or_else(|| panic!("{value}: {findings:?}"));
        assert_eq!(found.severity, Severity::Warning, "{value}");
        assert!(found.suggestion.contains("--accept"), "{value}: {}", found.suggestion);
        assert_eq!(sent(&customer.expect(value), column), value);
    }
}

#[test]
fn a_value_that_would_be_replaced_is_not_where_it_is_accepted() {
    for (column, value) in [
        (Column::BusinessType, "LLC"),
        (Column::BusinessIndustry, "Real estate"),
        (Column::BusinessRegistrationNumber, "04-1234567"),
        (Column::Region, "Massachusetts"),
        (Column::PostalCode, "02110 1234"),
        (Column::Representative1PhoneNumber, "(617) 555-0123"),
        (Column::BusinessRegionsOfOperation, "Canada"),
        (Column::AverageBusinessDayCallVolume, "1,200"),
    ] {
        let (findings, customer) = row_with(&[(column, value)], &accepting(column, value));
        assert_eq!(codes(&findings), [("value_accepted", Severity::Warning)], "{value}");
        assert_eq!(sent(&customer.expect(value), column), value);
        assert!(row_with(&[(column, value)], &rules()).0.iter().all(|it| it.severity == Severity::Note));
    }
}

#[test]
fn nothing_but_that_value_of_that_column_is_accepted() {
    let rules = accepting(Column::BusinessIndustry, "MINING");
    for (column, value) in [
        (Column::BusinessIndustry, "mining"),
        (Column::BusinessIndustry, "QUARRYING"),
        (Column::BusinessType, "MINING"),
    ] {
        let (findings, customer) = row_with(&[(column, value)], &rules);
        assert_eq!(codes(&findings), [("not_in_list", Severity::Error)], "{value}");
        assert!(customer.is_none(), "{value}");
    }
    let (findings, _) = row_with(
        &[(Column::BusinessIndustry, "HEALTHCARE")],
        &accepting(Column::BusinessIndustry, "HEALTHCARE"),
    );
    assert_eq!(codes(&findings), [], "there was nothing to accept");
}

#[test]
fn a_strict_check_holds_accepted_values_back_like_any_warning() {
    let rules = Rules { strictness: Strictness::Warnings, ..accepting(Column::City, "Null") };
    assert!(row_with(&[(Column::City, "Null")], &rules).1.is_none());
}

#[test]
fn the_argument_names_a_column_and_a_value_that_can_be_sent() {
    assert_eq!(parse_accept("City=Null"), Ok((Column::City, "Null".to_owned())));
    assert_eq!(parse_accept("notes=a=b"), Ok((Column::Notes, "a=b".to_owned())));
    assert!(parse_accept("phone_numbers=+18612345678").is_ok());
    for (text, said) in [
        ("city", "our_column=value"),
        ("town hall=Null", "no column"),
        ("city=", "which value"),
        ("subaccount_sid=AC1", "SID"),
        ("address_sid=none", "SID"),
        ("phone_numbers=617", "international"),
    ] {
        let error = parse_accept(text).expect_err(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}
