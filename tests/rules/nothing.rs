//! What programs write where there is no value.

use super::{codes, row, row_with};
use crate::rules;
use trusthub_onboard::check::Rules;
use trusthub_onboard::model::{Address, Column, Severity};

const WORDS: [&str; 22] = [
    "nan",
    "NaN",
    "None",
    "NULL",
    "null",
    "N/A",
    "n/a",
    "NA",
    "<NA>",
    "(null)",
    "\\N",
    "undefined",
    "########",
    "-",
    "--",
    "?",
    "TBD",
    "0",
    "0.0",
    "[object Object]",
    "NaT",
    "1/0/1900",
];

/// What programs write in the place of a value that there was.
const LOST: [&str; 2] = ["########", "[object Object]"];

#[test]
fn a_sid_or_an_address_that_was_lost_is_not_taken_for_none() {
    for column in [
        Column::CustomerProfileSid,
        Column::TrustProductSid,
        Column::PrimaryProfileSid,
        Column::AddressSid,
        Column::StatusCallback,
        Column::SocialMediaProfileUrls,
    ] {
        for word in LOST {
            let (findings, customer) = row(column, word);
            assert!(findings.iter().any(|it| it.severity == Severity::Error), "{word} in {}", column.name());
            assert!(customer.is_none(), "{word} in {}", column.name());
        }
    }
    for word in LOST {
        assert_eq!(codes(&row(Column::Notes, word).0), [("placeholder_ignored", Severity::Warning)]);
    }
}

#[test]
fn markup_is_a_doubt_and_sent_as_it_is_written() {
    for text in [
        "Smith &amp; Sons",
        "Joe&#39;s Diner",
        "Caf&eacute; Harbor",
        "Harbor<br>Light",
        "Harbor_x000D_",
        "Harbor\\nLight",
        "Caf\\u00e9 Harbor",
        "Harbor%20Light",
        "b'Harbor Light'",
        "['Harbor Light']",
        "undefined Light",
    ] {
        let (findings, customer) = row(Column::BusinessName, text);
        assert_eq!(codes(&findings), [("markup", Severity::Warning)], "{text}");
        assert_eq!(customer.expect(text).business.name, text);
    }
    assert_eq!(codes(&row(Column::BusinessName, "Smith & Sons; Partners").0), []);
}

#[test]
fn a_date_that_a_spreadsheet_has_made_of_a_text_keeps_the_row_back_in_a_csv_file_too() {
    for text in ["12-Mar", "Mar-12", "3/12/2024", "2024-03-12", "12.3.2024"] {
        for column in [Column::Street, Column::City, Column::BusinessName] {
            let (findings, customer) = row(column, text);
            assert_eq!(codes(&findings), [("cell_is_date", Severity::Error)], "{text}");
            assert!(customer.is_none());
        }
        assert_eq!(codes(&row(Column::Notes, text).0), [], "{text}");
    }
    let rules = Rules { accept: vec![(Column::BusinessName, "7-Nov".to_owned())], ..rules() };
    let (findings, customer) = row_with(&[(Column::BusinessName, "7-Nov")], &rules);
    assert_eq!(codes(&findings), [("cell_is_date", Severity::Warning)]);
    assert_eq!(customer.unwrap().business.name, "7-Nov");
    assert_eq!(codes(&row(Column::BusinessName, "9/11 Memorial").0), []);
}

#[test]
fn a_word_for_nothing_in_a_required_column_of_words_keeps_the_row_back() {
    for column in [
        Column::BusinessName,
        Column::Street,
        Column::City,
        Column::Representative1FirstName,
        Column::Representative1LastName,
        Column::Representative1BusinessTitle,
    ] {
        for word in WORDS {
            let (findings, customer) = row(column, word);
            assert_eq!(codes(&findings), [("placeholder", Severity::Error)], "{word} in {}", column.name());
            assert!(customer.is_none(), "{word} in {}", column.name());
        }
    }
}

#[test]
fn a_word_for_nothing_in_an_optional_column_is_a_warning_and_nothing_is_sent_of_it() {
    for column in [
        Column::FriendlyName,
        Column::StreetSecondary,
        Column::Notes,
        Column::SocialMediaProfileUrls,
        Column::StatusCallback,
        Column::CustomerProfileSid,
        Column::TrustProductSid,
        Column::AddressSid,
    ] {
        for word in WORDS.into_iter().filter(|word| !LOST.contains(word)) {
            let (findings, customer) = row(column, word);
            assert_eq!(
                codes(&findings),
                [("placeholder_ignored", Severity::Warning)],
                "{word} in {}",
                column.name()
            );
            let customer = customer.expect(word);
            assert_eq!(customer.friendly_name == customer.business.name, column == Column::FriendlyName);
            assert_eq!(customer.voice_integrity.notes.is_empty(), column == Column::Notes);
            assert!(customer.customer_profile.is_none() && customer.trust_product.is_none());
            assert!(matches!(&customer.address, Address::New { street_secondary, .. }
                if street_secondary.is_empty() == (column == Column::StreetSecondary)));
        }
    }
}

#[test]
fn a_word_for_nothing_in_a_required_column_of_another_kind_is_an_error_too() {
    for column in [
        Column::SubaccountSid,
        Column::Email,
        Column::BusinessType,
        Column::BusinessRegistrationNumber,
        Column::BusinessRegionsOfOperation,
        Column::WebsiteUrl,
        Column::Region,
        Column::PostalCode,
        Column::IsoCountry,
        Column::Representative1Email,
        Column::Representative1PhoneNumber,
        Column::Representative1JobPosition,
        Column::PhoneNumbers,
        Column::UseCase,
    ] {
        for word in WORDS {
            let (findings, customer) = row(column, word);
            let is_said = |it: &&_| codes(std::slice::from_ref(*it))[0].1 == Severity::Error;
            assert!(
                findings.iter().any(|it| is_said(&it) && it.column == column.name()),
                "{word} in {}",
                column.name()
            );
            assert!(customer.is_none(), "{word} in {}", column.name());
        }
    }
}

#[test]
fn a_second_representative_of_words_for_nothing_is_none_and_one_of_some_is_an_error() {
    let columns = [
        Column::Representative2FirstName,
        Column::Representative2LastName,
        Column::Representative2Email,
        Column::Representative2PhoneNumber,
        Column::Representative2BusinessTitle,
        Column::Representative2JobPosition,
    ];
    let all = columns.map(|column| (column, "N/A"));
    let (findings, customer) = row_with(&all, &rules());
    assert_eq!(codes(&findings), [("placeholder_ignored", Severity::Warning); 6]);
    assert!(customer.is_some_and(|customer| customer.representative_2.is_none()));
    let mut some = all;
    some[0].1 = "Luis";
    assert!(row_with(&some, &rules()).1.is_none());
}

#[test]
fn a_name_or_a_text_that_only_looks_like_such_a_word_is_sent() {
    for (column, text) in [
        (Column::Representative1LastName, "Na"),
        (Column::Representative1FirstName, "Nan"),
        (Column::Representative1FirstName, "J"),
        (Column::City, "Null Valley"),
        (Column::City, "Nantucket"),
        (Column::BusinessName, "None Such LLC"),
        (Column::BusinessName, "#1 Nails LLC"),
        (Column::BusinessName, "007 Security Inc"),
        (Column::Street, "0 Main Street"),
        (Column::Notes, "N/A calls are not made."),
    ] {
        let (findings, customer) = row(column, text);
        assert_eq!(codes(&findings), [], "{text}");
        assert!(customer.is_some(), "{text}");
    }
}

#[test]
fn the_error_values_of_every_spreadsheet_keep_the_row_back() {
    for text in [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NULL!",
        "#BEZUG!",
        "#NOM?",
        "#NV",
        "#GETTING_DATA",
        "Err:502",
        "#DIV/0!",
    ] {
        for column in [Column::City, Column::BusinessName, Column::PostalCode] {
            let (findings, _) = row(column, text);
            assert_eq!(codes(&findings), [("cell_is_error", Severity::Error)], "{text}");
        }
    }
}

#[test]
fn a_word_of_a_trial_is_a_doubt_and_is_sent() {
    for text in ["test", "Test", "TESTING", "asdf"] {
        let (findings, customer) = row(Column::BusinessName, text);
        assert_eq!(codes(&findings), [("trial_value", Severity::Warning)], "{text}");
        assert_eq!(customer.expect(text).business.name, text);
    }
}

#[test]
fn a_formula_that_points_to_a_blank_cell_is_no_name() {
    use crate::common::{Sheet, said, validate, workbook};
    let source = workbook(&Sheet::of(1), |sheet| {
        for column in [Column::City, Column::Representative1LastName, Column::FriendlyName] {
            let formula = rust_xlsxwriter::Formula::new("=Z99").set_result("0");
            sheet.write_formula(1, column as u16, formula).unwrap();
        }
    });
    assert_eq!(said(&validate(&source).1), ["B2 placeholder_ignored", "T2 placeholder", "Y2 placeholder"]);
}
