//! Phone numbers that only look like one, and those of other countries.

use super::{codes, row};
use trusthub_onboard::model::{Column, PhoneNumber, PhoneNumbers, Severity};

const PHONE: Column = Column::Representative1PhoneNumber;

#[test]
fn a_letter_is_never_sent_as_a_digit() {
    for text in ["(617) 555 Work", "617-555-CELL", "1-800-FLOWERS", "+1 617 555 Desk"] {
        for column in [PHONE, Column::PhoneNumbers] {
            let (findings, customer) = row(column, text);
            assert_eq!(codes(&findings), [("phone_letters", Severity::Error)], "{text}");
            assert!(customer.is_none(), "{text}");
        }
    }
    // A word beside all of the digits is taken off, and that is said.
    let (findings, customer) = row(PHONE, "Work: (617) 555-0123");
    assert_eq!(codes(&findings), [("phone_reformatted", Severity::Note)]);
    assert_eq!(customer.expect("a customer").representative_1.phone_number, "+16175550123");
}

#[test]
fn a_number_of_another_country_of_code_one_is_a_doubt() {
    for text in ["+14165550130", "(604) 555-0130", "+18762345678", "+12423221234"] {
        for (column, code) in [(PHONE, "phone_not_us"), (Column::PhoneNumbers, "number_not_us")] {
            let (findings, customer) = row(column, text);
            assert!(codes(&findings).contains(&(code, Severity::Warning)), "{text}: {findings:?}");
            assert!(customer.is_some(), "{text}");
        }
    }
    assert!(row(PHONE, "+14165550130").0[0].message.contains("Canada"));
    // The territories are of the United States, and toll-free numbers are nowhere else.
    for text in ["+17872345678", "+16712345678", "+18005550199"] {
        assert_eq!(codes(&row(PHONE, text).0), [], "{text}");
        assert_eq!(codes(&row(Column::PhoneNumbers, text).0), [], "{text}");
    }
    // Of another code than 1 a representative's cannot be.
    assert_eq!(codes(&row(PHONE, "+442071838750").0), [("phone_country", Severity::Error)]);
    assert_eq!(codes(&row(Column::PhoneNumbers, "+442071838750").0), [("number_not_us", Severity::Warning)]);
}

#[test]
fn an_area_code_that_is_not_known_yet_is_a_doubt_and_one_that_cannot_be_an_error() {
    for text in ["+18612345678", "+19242345678", "(861) 234-5678"] {
        let (findings, customer) = row(PHONE, text);
        assert_eq!(codes(&findings)[0], ("area_code_unknown", Severity::Warning), "{text}");
        assert!(customer.expect(text).representative_1.phone_number.starts_with("+1"));
        let (findings, customer) = row(Column::PhoneNumbers, text);
        assert_eq!(codes(&findings)[0], ("area_code_unknown", Severity::Warning), "{text}");
        assert!(matches!(customer.expect(text).phone_numbers,
            PhoneNumbers::Listed(numbers) if matches!(&numbers[..], [PhoneNumber::E164(number)] if number.len() == 12)));
    }
    // Service codes, codes kept back for a fourth digit, an exchange that begins with 1, a digit too few.
    for text in
        ["+19112345678", "+12992345678", "+15555555555", "+16171550123", "+18611345678", "+1861234567"]
    {
        assert_eq!(codes(&row(PHONE, text).0), [("phone_invalid", Severity::Error)], "{text}");
    }
}
