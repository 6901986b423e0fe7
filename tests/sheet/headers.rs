//! The row of the headers: which names are known, and what is wrong with it.

use crate::common::{Sheet, said, source, source_with, validate};
use trusthub_onboard::sheet::{Mapping, Options};

#[test]
fn headers_without_rows_are_an_error_of_the_sheet() {
    let (validation, findings) = validate(&Sheet::of(0).source());
    assert_eq!((validation.rows, validation.valid), (0, 0));
    assert_eq!(said(&findings), ["1 no_rows"]);
}

#[test]
fn missing_columns_are_one_error_and_no_row_is_valid() {
    let csv = Sheet::of(3).csv().replacen("use_case", "purpose", 1).replacen("business_name", "nothing", 1);
    let (validation, findings) = validate(&source(csv));
    assert_eq!(said(&findings), ["1 missing_column", "H1 unknown_column"]);
    assert_eq!(findings[0].message, "2 columns are missing: business_name, use_case.");
    assert_eq!((validation.rows, validation.valid), (3, 0));
}

#[test]
fn an_unknown_column_is_said_once_with_the_nearest_name() {
    let csv = Sheet::of(3).csv().replacen("friendly_name", "freindly_name", 1);
    let (validation, findings) = validate(&source(csv));
    assert_eq!(said(&findings), ["B1 unknown_column"]);
    assert!(findings[0].message.contains("did you mean friendly_name?"), "{}", findings[0].message);
    assert_eq!(validation.valid, 3);
}

#[test]
fn two_headers_for_one_column_are_an_error() {
    let csv = Sheet::of(1).csv().replacen("friendly_name", "Legal Business Name", 1);
    let (validation, findings) = validate(&source(csv));
    assert_eq!(said(&findings), ["H1 duplicate_column"]);
    assert_eq!(validation.valid, 0);
}

#[test]
fn headers_are_known_by_their_letters_and_by_what_people_call_them() {
    let csv = Sheet::of(2).csv();
    let headers = csv.lines().next().unwrap();
    let decorated: Vec<_> = headers
        .split(',')
        .map(|header| format!("\u{feff} \u{a0}{}\u{200b} ", header.replace('_', "\u{a0}").to_uppercase()))
        .collect();
    let named = headers
        .replace("business_name", "Legal Business Name")
        .replace("business_registration_number", "EIN")
        .replace("postal_code", "Zip")
        .replace("representative_1_first_name", "Rep First Name");
    for new in [decorated.join(","), named] {
        let (validation, findings) = validate(&source(csv.replacen(headers, &new, 1)));
        assert_eq!((validation.valid, said(&findings)), (2, vec![]), "{new}");
    }
}

#[test]
fn a_users_own_headers_can_be_mapped() {
    let csv = Sheet::of(1).csv().replacen("use_case", "Wofür", 1).replacen("notes", "Company", 1);
    let map = vec![Mapping::parse("Wofür=use_case").unwrap(), Mapping::parse("Company=").unwrap()];
    let (validation, findings) = validate(&source_with(csv, Options { map, ..Options::default() }));
    assert_eq!(said(&findings), [""; 0]);
    assert_eq!(validation.valid, 1);
    assert!(Mapping::parse("Company=bussiness_name").unwrap_err().contains("did you mean `business_name`?"));
    assert!(Mapping::parse("nothing").is_err());
}
