//! Digits that went through a program that took them for a number.

use super::{codes, row, row_with};
use crate::rules;
use trusthub_onboard::model::{Address, Column, Severity};

const EIN: Column = Column::BusinessRegistrationNumber;

#[test]
fn an_ein_that_lost_its_zero_and_got_a_point_is_never_sent() {
    for text in [
        "41234567.0",
        "41234567.00",
        "41234567,0",
        "41234567.",
        "41234567,",
        "41,234,567",
        "41.234.567,00",
        "4.1234567E7",
        "4,1234567E+07",
    ] {
        let (findings, customer) = row(EIN, text);
        assert_eq!(codes(&findings), [("digits_lost", Severity::Error)], "{text}");
        assert!(customer.is_none(), "{text}");
    }
    let suggestion = &row(EIN, "41234567.0").0[0].suggestion;
    assert!(suggestion.contains("041234567"), "{suggestion}");
}

#[test]
fn an_ein_with_all_its_digits_loses_only_the_point_and_that_is_said() {
    for text in ["412345678.0", "412,345,678", "412345678.00", "412345678,"] {
        let (findings, customer) = row(EIN, text);
        assert_eq!(codes(&findings), [("registration_number_reformatted", Severity::Note)], "{text}");
        assert_eq!(customer.expect(text).business.registration_number, "412345678");
    }
}

#[test]
fn a_point_is_no_separator_where_it_would_make_another_number() {
    // All of them have nine digits.
    for text in ["4.12345678", "41.2345678", "41234567.8", "4-1234567.0", "41234567 .0", "412345.678"] {
        let (findings, customer) = row(EIN, text);
        assert!(
            findings.iter().any(|it| it.severity == Severity::Error && it.column == EIN.name()),
            "{text}"
        );
        assert!(customer.is_none(), "{text}");
    }
}

#[test]
fn a_zip_code_with_a_point_is_read_as_the_one_without_or_is_an_error() {
    for (text, state, code) in [
        ("90210.0", "CA", Some("90210")),
        ("90,210", "CA", Some("90210")),
        ("2110.0", "MA", Some("02110")),
        ("21101234.0", "MA", Some("02110-1234")),
        ("2110.0", "TX", None),
        ("9.021E4", "CA", None),
        ("9021.5", "CA", None),
    ] {
        let (findings, customer) = row_with(&[(Column::PostalCode, text), (Column::Region, state)], &rules());
        assert!(findings.iter().any(|it| it.column == "postal_code"), "{text}");
        let sent = customer.map(|customer| match customer.address {
            Address::New { postal_code, .. } => postal_code,
            Address::Existing(_) => panic!("{text}"),
        });
        assert_eq!(sent.as_deref(), code, "{text} in {state}: {findings:?}");
    }
}

#[test]
fn a_phone_number_with_a_point_is_whole_or_an_error() {
    let column = Column::Representative1PhoneNumber;
    for text in ["617555012.0", "617555012.00", "617,555,012", "6.175550123E9", "(617) 555-012.0"] {
        let (findings, customer) = row(column, text);
        assert_eq!(codes(&findings), [("digits_lost", Severity::Error)], "{text}");
        assert!(customer.is_none(), "{text}");
    }
    for text in ["6175550123.0", "16175550123.0", "+16175550123.0", "617.555.0123", "6,175,550,123"] {
        let (findings, customer) = row(column, text);
        assert_eq!(codes(&findings), [("phone_reformatted", Severity::Note)], "{text}");
        assert_eq!(customer.expect(text).representative_1.phone_number, "+16175550123");
    }
    for text in ["617555012.0", "+16175550150; 617555012.0"] {
        assert!(row(Column::PhoneNumbers, text).1.is_none(), "{text}");
    }
}

#[test]
fn a_count_is_sent_as_the_whole_number_that_stands_there() {
    let column = Column::BusinessEmployeeCount;
    for (text, number) in
        [("25.0", "25"), ("1,200", "1200"), ("1,200.00", "1200"), ("025", "25"), ("10,0", "10")]
    {
        let (findings, customer) = row(column, text);
        assert_eq!(codes(&findings), [("count_reformatted", Severity::Note)], "{text}");
        assert_eq!(customer.expect(text).voice_integrity.business_employee_count, number);
    }
    for (text, code) in [("1.2E+04", "digits_lost"), ("2.5", "count"), ("1.200", "count"), ("12,5", "count")]
    {
        let (findings, customer) = row(column, text);
        assert_eq!(codes(&findings), [(code, Severity::Error)], "{text}");
        assert!(customer.is_none(), "{text}");
    }
}
