//! What is sent stands in the file exactly so, or a finding says what was done to it.

use super::{read, row_with};
use crate::common::{Sheet, good, workbook};
use crate::rules;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Worksheet};
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
    (first as usize..).map(|at| crate::common::ALL[at]).zip(values).collect()
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
    proptest::sample::select(crate::common::ALL.as_slice())
        .prop_flat_map(|column| changed(column).prop_map(move |text| (column, text)))
}

/// A cell of a workbook.
#[derive(Clone, Debug)]
enum Cell {
    Text(String),
    Bool(bool),
    /// A number and what it is shown as.
    Number(f64, &'static str),
    /// The number of a day, shown as a date.
    Date(f64, &'static str),
    /// A formula with the value that was calculated last.
    Formula(String),
}

impl Cell {
    fn write(&self, column: Column, sheet: &mut Worksheet) {
        let (row, at) = (1, column as u16);
        match self {
            Cell::Text(text) => sheet.write_string(row, at, text),
            Cell::Bool(is) => sheet.write_boolean(row, at, *is),
            Cell::Number(number, format) | Cell::Date(number, format) => {
                sheet.write_number_with_format(row, at, *number, &Format::new().set_num_format(*format))
            }
            Cell::Formula(value) => sheet.write_formula(row, at, Formula::new("=A1").set_result(value)),
        }
        .unwrap();
    }

    /// Whether this is what stands in the file or what a spreadsheet program shows of it.
    fn holds(&self, value: &str) -> bool {
        match self {
            Cell::Text(text) => stands_in(text, value),
            // What looks like a number is one.
            Cell::Formula(text) => {
                let number = |text: &str| text.parse::<f64>().ok();
                stands_in(text, value) || number(text).is_some_and(|it| number(value) == Some(it))
            }
            Cell::Bool(is) => value == if *is { "TRUE" } else { "FALSE" },
            Cell::Number(number, format) => {
                let zeros = format.bytes().filter(|byte| *byte == b'0').count();
                let shown = match *format {
                    "0" | "00000" | "000000000" => format!("{number:0zeros$.0}"),
                    r"00\-0000000" => {
                        let digits = format!("{number:09.0}");
                        format!("{}-{}", &digits[..digits.len() - 7], &digits[digits.len() - 7..])
                    }
                    _ => String::new(),
                };
                value.parse() == Ok(*number) || value == shown
            }
            // Every program and country shows another text.
            Cell::Date(..) => false,
        }
    }
}

fn cell(column: Column) -> impl Strategy<Value = Cell> {
    let number = || {
        prop_oneof![
            (0..1_000_000_000_u32).prop_map(f64::from),
            (0..100_000_u32).prop_map(f64::from),
            2_000_000_000.0..20_000_000_000.0_f64,
            (0..100_000_u32).prop_map(|hundredths| f64::from(hundredths) / 100.0),
            Just(0.1 + 0.2),
            Just(1e21),
            Just(-1.0),
            Just(0.0),
        ]
    };
    const FORMATS: [&str; 10] =
        ["General", "0", "00000", "000000000", "0.00", "#,##0", "0%", "0.00E+00", r"00\-0000000", "@"];
    const DATES: [&str; 5] = ["yyyy-mm-dd", "d/m/yy", "d-mmm", "h:mm", "yyyy-mm-dd hh:mm:ss"];
    prop_oneof![
        2 => changed(column).prop_filter("no cell", |text| !text.is_empty()).prop_map(Cell::Text),
        1 => changed(column).prop_filter("no value", |text| !text.is_empty()).prop_map(Cell::Formula),
        1 => any::<bool>().prop_map(Cell::Bool),
        4 => (number(), proptest::sample::select(FORMATS.as_slice())).prop_map(|(n, as_)| Cell::Number(n, as_)),
        2 => (0.0..60_000.0_f64, proptest::sample::select(DATES.as_slice()))
            .prop_map(|(n, as_)| Cell::Date(n, as_)),
    ]
}

fn column_and_cell() -> impl Strategy<Value = (Column, Cell)> {
    const NO_RULE_OF_FORM: [Column; 4] =
        [Column::Notes, Column::StreetSecondary, Column::BusinessEmployeeCount, Column::PostalCode];
    prop_oneof![
        proptest::sample::select(crate::common::ALL.as_slice()),
        proptest::sample::select(NO_RULE_OF_FORM.as_slice()),
    ]
    .prop_flat_map(|column| cell(column).prop_map(move |cell| (column, cell)))
}

/// Fails where a value that is sent is not in its cell and no finding speaks of that.
fn all_is_told(
    customer: &Customer,
    findings: &[Finding],
    holds: impl Fn(Column, &str) -> bool,
) -> Result<(), TestCaseError> {
    for (column, value) in sent(customer) {
        let name_is_taken = || {
            column == Column::FriendlyName
                && holds(column, "")
                && (holds(Column::BusinessName, &value) || is_said(findings, Column::BusinessName))
        };
        prop_assert!(
            holds(column, &value) || is_said(findings, column) || name_is_taken(),
            "{}: {:?} is sent: {:?}",
            column.name(),
            value,
            findings
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_stands_in_the_file_exactly_so_or_a_finding_says_what_was_done_to_it(
        // At most three: so many cells the finding about spaces and signs names.
        cells in proptest::collection::vec(column_and_text(), 1..=3)
    ) {
        let changed: Vec<(Column, &str)> = cells.iter().map(|(column, text)| (*column, text.as_str())).collect();
        let (findings, customer) = row_with(&changed, &rules());
        let Some(customer) = customer else { return Ok(()) };
        all_is_told(&customer, &findings, |column, value| {
            match changed.iter().rev().find(|(of, _)| *of == column) {
                Some((_, text)) => stands_in(text, value),
                None => stands_in(&good(column, 1), value),
            }
        })?;
    }

    #[test]
    fn what_is_sent_of_a_workbook_stands_in_its_cells_or_a_finding_says_what_was_done_to_it(
        cells in proptest::collection::vec(column_and_cell(), 1..=3)
    ) {
        let source = workbook(&Sheet::of(1), |sheet| {
            cells.iter().for_each(|(column, cell)| cell.write(*column, sheet));
        });
        let (findings, customer) = read(&source, &rules());
        let Some(customer) = customer else { return Ok(()) };
        all_is_told(&customer, &findings, |column, value| {
            match cells.iter().rev().find(|(of, _)| *of == column) {
                Some((_, cell)) => cell.holds(value),
                None => stands_in(&good(column, 1), value),
            }
        })?;
    }
}
