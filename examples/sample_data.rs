//! Writes `sample-data/` and `templates/`: `cargo run --example sample_data`. A test compares the files with
//! what this writes. Businesses and people are invented; domains and phone numbers are of the ranges
//! that are reserved for examples.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use trusthub_onboard::check::rule;
use trusthub_onboard::model::Column;
use trusthub_onboard::model::column::{COLUMNS, Group};
use trusthub_onboard::products;
use trusthub_onboard::sheet::csv_safe;
use trusthub_onboard::sheet::template::Template;

#[allow(dead_code)] // The test that compares the files takes this file for a module.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (path, content) in files()? {
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// A file's path in the repository, and its content.
pub type File = (&'static str, Vec<u8>);

/// Every file.
pub fn files() -> Result<Vec<File>, Box<dyn std::error::Error>> {
    let known = products::known();
    let template = Template { known: &known, wanted: &known[..1] };
    Ok(vec![
        ("sample-data/customers.csv", csv(&twenty())),
        ("sample-data/customers.xlsx", xlsx(&twenty())?),
        ("sample-data/customers-500.csv", csv(&many(500))),
        ("sample-data/mistakes.csv", mistakes()),
        ("templates/customers.csv", template.csv()),
        ("templates/customers.xlsx", template.xlsx()?),
    ])
}

/// The cells of one row, in the order of the columns.
type Row = Vec<String>;

/// name, legal form, industry, identifier and number, area code, street, city, state, ZIP, use case
type Business = (
    &'static str,
    usize,
    &'static str,
    &'static str,
    &'static str,
    u32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const BUSINESSES: [Business; 20] = [
    (
        "Harbor Light Dental",
        2,
        "HEALTHCARE",
        "EIN",
        "041234567",
        617,
        "12 Harbor Street",
        "Boston",
        "MA",
        "02110",
        "Appointment Reminders",
    ),
    (
        "Blue Mesa Roofing",
        3,
        "ENGINEERING",
        "EIN",
        "850234561",
        505,
        "440 Mesa Road",
        "Santa Fe",
        "NM",
        "87501",
        "Appointment Scheduling",
    ),
    (
        "Café Señorita",
        0,
        "FOOD_AND_BEVERAGE",
        "EIN",
        "742345618",
        512,
        "9 Congress Avenue",
        "Austin",
        "TX",
        "78701",
        "Order Notifications",
    ),
    (
        "Northfield Credit Union",
        4,
        "BANKING",
        "DUNS",
        "104567891",
        612,
        "300 Nicollet Mall",
        "Minneapolis",
        "MN",
        "55401",
        "Fraud Alerts",
    ),
    (
        "Lindqvist & Åkesson",
        5,
        "LEGAL",
        "EIN",
        "364567812",
        312,
        "77 Wacker Drive",
        "Chicago",
        "IL",
        "60601",
        "Customer Support",
    ),
    (
        "Paws Forward",
        6,
        "NOT_FOR_PROFIT",
        "EIN",
        "205678123",
        206,
        "1501 Pike Street",
        "Seattle",
        "WA",
        "98101",
        "Survey/Research",
    ),
    (
        "Ridgeline Energy",
        3,
        "ENERGY",
        "EIN",
        "846781234",
        303,
        "1700 Broadway",
        "Denver",
        "CO",
        "80202",
        "Service Alerts",
    ),
    (
        "Cedar Park Pharmacy",
        2,
        "HEALTHCARE",
        "EIN",
        "747812345",
        512,
        "210 Cedar Lane",
        "Cedar Park",
        "TX",
        "78613",
        "Pharmacy",
    ),
    (
        "Old Town Tutors",
        1,
        "EDUCATION",
        "EIN",
        "548123456",
        703,
        "115 King Street",
        "Alexandria",
        "VA",
        "22314",
        "Tutoring",
    ),
    (
        "Garcia Hermanos Transport",
        2,
        "TRANSPORTATION",
        "EIN",
        "951234568",
        213,
        "600 Alameda Street",
        "Los Angeles",
        "CA",
        "90012",
        "Delivery Notifications",
    ),
    (
        "Evergreen Realty Partners",
        5,
        "REAL_ESTATE",
        "EIN",
        "932345671",
        503,
        "820 Morrison Street",
        "Portland",
        "OR",
        "97205",
        "Lead Management",
    ),
    (
        "Summit Peak Insurance",
        3,
        "INSURANCE",
        "DUNS",
        "213456789",
        801,
        "50 Main Street",
        "Salt Lake City",
        "UT",
        "84101",
        "Identify & Verification",
    ),
    (
        "Bayou Hospitality Group",
        2,
        "HOSPITALITY",
        "EIN",
        "724567813",
        504,
        "333 Canal Street",
        "New Orleans",
        "LA",
        "70130",
        "Remote appointments",
    ),
    (
        "Zielińska Jewelers",
        0,
        "JEWELRY",
        "EIN",
        "225678134",
        732,
        "41 Nassau Street",
        "Princeton",
        "NJ",
        "08542",
        "Rewards Program",
    ),
    (
        "Great Lakes Media",
        3,
        "MEDIA",
        "EIN",
        "386781345",
        313,
        "1001 Woodward Avenue",
        "Detroit",
        "MI",
        "48226",
        "Marketing Events",
    ),
    (
        "Sun Coast Telehealth",
        2,
        "HEALTHCARE",
        "EIN",
        "597813456",
        305,
        "801 Brickell Avenue",
        "Miami",
        "FL",
        "33131",
        "Telehealth",
    ),
    (
        "Prairie Farm Supply",
        4,
        "AGRICULTURE",
        "EIN",
        "428134567",
        515,
        "600 Locust Street",
        "Des Moines",
        "IA",
        "50309",
        "Contactless Delivery",
    ),
    (
        "Metro Shift Staffing",
        3,
        "CONSUMER",
        "EIN",
        "581345679",
        404,
        "191 Peachtree Street",
        "Atlanta",
        "GA",
        "30303",
        "Shift Management",
    ),
    (
        "First Bell Security",
        3,
        "TECHNOLOGY",
        "EIN",
        "133456798",
        212,
        "350 Fifth Avenue",
        "New York",
        "NY",
        "10118",
        "First Responder",
    ),
    (
        "Isla Verde Clinic",
        6,
        "HEALTHCARE",
        "EIN",
        "664567981",
        787,
        "12 Calle Loíza",
        "San Juan",
        "PR",
        "00911",
        "Therapy (Individual+Group)",
    ),
];

const PEOPLE: [(&str, &str, &str, &str); 10] = [
    ("Dana", "Whitfield", "Owner", "CEO"),
    ("Luis", "Ortega", "Office Manager", "GM"),
    ("Renée", "Dubois", "Head of Finance", "CFO"),
    ("Søren", "Holm", "Director of Operations", "Director"),
    ("Priya", "Raman", "Vice President Sales", "VP"),
    ("Marcus", "O'Neil", "General Counsel", "General Counsel"),
    ("Hana", "Sato", "Founder", "CEO"),
    ("Władysław", "Nowak", "Managing Director", "Director"),
    ("Grace", "Okafor", "Operations Manager", "GM"),
    ("Tomás", "Vega", "Treasurer", "CFO"),
];

fn twenty() -> Vec<Row> {
    (0..BUSINESSES.len())
        .map(|index| {
            let mut row = customer(index, BUSINESSES[index].0.to_owned(), BUSINESSES[index].4.to_owned());
            let mut set = |column: Column, value: &str| row[column as usize] = value.to_owned();
            match index {
                1 => set(Column::PhoneNumbers, "all"),
                2 => set(Column::FriendlyName, "Café Señorita (downtown)"),
                4 => set(Column::BusinessRegionsOfOperation, "USA_AND_CANADA; EUROPE"),
                5 => set(Column::Notes, "Calls people who have adopted a dog, a month later."),
                6 => set(Column::StatusCallback, "https://hooks.reseller.example.com/trusthub"),
                9 => set(Column::BusinessRegionsOfOperation, "USA_AND_CANADA, LATIN_AMERICA"),
                10 => set(
                    Column::SocialMediaProfileUrls,
                    "https://social.example.com/evergreen; https://video.example.net/evergreen",
                ),
                12 => set(Column::PhoneNumbers, "ALL"),
                14 => set(Column::PhoneNumbers, &format!("{}; +13135550140; +13135550141", sid("PN", 1400))),
                18 => set(Column::BusinessIdentity, "isv_reseller_or_partner"),
                _ => {}
            }
            if matches!(index, 0 | 8 | 15) {
                second_representative(&mut row, index);
            }
            if matches!(index, 11 | 17) {
                existing_address(&mut row, index);
            }
            row
        })
        .collect()
}

fn many(rows: usize) -> Vec<Row> {
    const KINDS: [&str; 25] = [
        "North", "South", "East", "West", "Upper", "Lower", "Old", "New", "Great", "Little", "Green", "Red",
        "Golden", "Silver", "Quiet", "Bright", "Stone", "River", "Lake", "Hill", "Valley", "Forest", "Ocean",
        "Desert", "Prairie",
    ];
    (0..rows)
        .map(|index| {
            let name = format!(
                "{} {}",
                KINDS[index / BUSINESSES.len() % KINDS.len()],
                BUSINESSES[index % BUSINESSES.len()].0
            );
            let number =
                format!("{}{:07}", &BUSINESSES[index % BUSINESSES.len()].4[..2], 1_000_003 + index * 7);
            let mut row = customer(index, name, number);
            if index % 7 == 3 {
                second_representative(&mut row, index);
            }
            if index % 11 == 5 {
                existing_address(&mut row, index);
            }
            row
        })
        .collect()
}

fn customer(index: usize, name: String, registration: String) -> Row {
    let business = BUSINESSES[index % BUSINESSES.len()];
    let (_, form, industry, identifier, _, area, street, city, state, zip, use_case) = business;
    let domain = domain(&name, index);
    let forms = ["", "", "LLC", "Inc.", "Co-op", "LLP", "Foundation"];
    let person = PEOPLE[index % PEOPLE.len()];
    let mut row = vec![String::new(); WIDTH];
    let mut set = |column: Column, value: String| row[column as usize] = value;
    set(Column::SubaccountSid, sid("AC", index));
    set(Column::Email, "onboarding@reseller.example.com".to_owned());
    set(Column::BusinessName, format!("{name} {}", forms[form]).trim().to_owned());
    set(Column::BusinessIdentity, "direct_customer".to_owned());
    set(Column::BusinessType, trusthub_onboard::model::values::BUSINESS_TYPES[form].to_owned());
    set(Column::BusinessIndustry, industry.to_owned());
    set(Column::BusinessRegistrationIdentifier, identifier.to_owned());
    set(Column::BusinessRegistrationNumber, registration);
    set(Column::BusinessRegionsOfOperation, "USA_AND_CANADA".to_owned());
    set(Column::WebsiteUrl, format!("https://{domain}"));
    set(Column::Street, street.to_owned());
    set(
        Column::StreetSecondary,
        if index.is_multiple_of(3) { format!("Suite {}", index + 1) } else { String::new() },
    );
    set(Column::City, city.to_owned());
    set(Column::Region, state.to_owned());
    set(Column::PostalCode, zip.to_owned());
    set(Column::IsoCountry, "US".to_owned());
    representative(&mut set, Column::Representative1FirstName, person, &domain, &phone(area, 1 + index / 20));
    // Two kinds of naming a number, each number once in all sheets of one world.
    let numbers = match index % 4 {
        0 => sid("PN", index * 10),
        1 => phone(area, 30 + index / 20 * 2),
        2 => format!("{}; {}", phone(area, 30 + index / 20 * 2), sid("PN", index * 10)),
        _ => format!("{}\n{}", sid("PN", index * 10), sid("PN", index * 10 + 1)),
    };
    set(Column::PhoneNumbers, numbers);
    set(Column::UseCase, use_case.to_owned());
    set(Column::BusinessEmployeeCount, (3 + index * 17 % 400).to_string());
    set(Column::AverageBusinessDayCallVolume, (20 + index * 53 % 1500).to_string());
    row
}

fn second_representative(row: &mut Row, index: usize) {
    let domain = row[Column::WebsiteUrl as usize].trim_start_matches("https://").to_owned();
    let area = BUSINESSES[index % BUSINESSES.len()].5;
    let mut set = |column: Column, value: String| row[column as usize] = value;
    let person = PEOPLE[(index + 3) % PEOPLE.len()];
    representative(&mut set, Column::Representative2FirstName, person, &domain, &phone(area, 99));
}

/// Fills the six columns of a representative; `first` is the first of them.
fn representative(
    set: &mut impl FnMut(Column, String),
    first: Column,
    (given, family, title, position): (&str, &str, &str, &str),
    domain: &str,
    phone: &str,
) {
    let values = [
        given.to_owned(),
        family.to_owned(),
        format!("{}@{domain}", slug(given)),
        phone.to_owned(),
        title.to_owned(),
        position.to_owned(),
    ];
    for (offset, value) in values.into_iter().enumerate() {
        set(Column::ALL[first as usize + offset], value);
    }
}

fn existing_address(row: &mut Row, index: usize) {
    for spec in COLUMNS.iter().filter(|spec| spec.group == Group::Address) {
        row[spec.column as usize].clear();
    }
    row[Column::AddressSid as usize] = sid("AD", index);
}

/// A number of the range 555-0100 to 555-0199, which is reserved for examples.
fn phone(area: u32, last: usize) -> String {
    format!("+1{area}55501{:02}", last % 100)
}

fn domain(name: &str, index: usize) -> String {
    let end = ["com", "net", "org"][index % 3];
    format!("{}.example.{end}", slug(name))
}

/// The plain letters of a name, for domains and mail addresses.
fn slug(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter_map(|c| match c {
            'é' => Some('e'),
            'ñ' | 'ń' => Some('n'),
            'Å' | 'á' => Some('a'),
            'ø' => Some('o'),
            'ł' => Some('l'),
            'í' => Some('i'),
            ' ' => Some('-'),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A SID that looks like one and is the same every time.
fn sid(prefix: &str, index: usize) -> String {
    let text = format!("{prefix}{index}");
    let seed = text.bytes().fold(0, |seed: u64, byte| seed << 8 | u64::from(byte));
    format!("{prefix}{:016x}{:016x}", mixed(seed), mixed(!seed))
}

/// How many columns the sheets have: those that Voice Integrity needs.
const WIDTH: usize = Column::Notes as usize + 1;

/// SplitMix64's last step: spreads small differences over all bits.
fn mixed(seed: u64) -> u64 {
    let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(COLUMNS[..WIDTH].iter().map(|spec| spec.name));
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| csv_safe(cell).into_owned()));
    }
    writer.into_inner().unwrap_or_default()
}

fn xlsx(rows: &[Row]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed date, so that the file is the same every time.
    let properties = DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?);
    workbook.set_properties(&properties);
    let sheet = workbook.add_worksheet();
    sheet.set_name("Customers")?;
    for (column, spec) in COLUMNS[..WIDTH].iter().enumerate() {
        sheet.write_string(0, column as u16, spec.name)?;
    }
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let (at, to) = (index as u32 + 1, column as u16);
            match COLUMNS[column].column {
                Column::BusinessEmployeeCount | Column::AverageBusinessDayCallVolume => {
                    sheet.write_number(at, to, cell.parse::<f64>().unwrap_or_default())?;
                }
                _ => {
                    sheet.write_string(at, to, cell)?;
                }
            }
        }
    }
    workbook.save_to_buffer()
}

/// A row for every rule that can speak about a CSV file whose headers are in order; the business name
/// says which.
fn mistakes() -> Vec<u8> {
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |code: &str, cells: &[(Column, &str)]| {
        let index = rows.len();
        let mut row =
            customer(index * BUSINESSES.len(), BUSINESSES[0].0.to_owned(), format!("04{:07}", index + 1));
        row[Column::SubaccountSid as usize] = sid("AC", 9000 + index);
        row[Column::PhoneNumbers as usize] = sid("PN", 9000 + index);
        row[Column::BusinessName as usize] = format!("Mistake {code}");
        for (column, value) in cells {
            row[*column as usize] = (*value).to_owned();
        }
        rows.push(row);
    };
    // With a NUL in it the file would be no text to other programs.
    for rule in rule::ALL.iter().filter(|it| !it.bad.is_empty() && it.code != rule::NUL_CHARACTER.code) {
        add(rule.code, rule.bad);
    }
    let (account, number, ein) = (sid("AC", 9999), sid("PN", 9999), "049999999");
    for _ in 0..2 {
        add(rule::DUPLICATE_SUBACCOUNT.code, &[(Column::SubaccountSid, &account)]);
    }
    let profile = sid("BU", 9999);
    for _ in 0..2 {
        add(rule::DUPLICATE_SID.code, &[(Column::CustomerProfileSid, &profile)]);
    }
    for _ in 0..2 {
        add(rule::DUPLICATE_NUMBER.code, &[(Column::PhoneNumbers, &number)]);
    }
    add(rule::EIN_SHARED.code, &[(Column::BusinessRegistrationNumber, ein)]);
    add("ein_shared again", &[(Column::BusinessRegistrationNumber, ein)]);
    add(rule::TEXT_NORMALISED.code, &[(Column::City, " Boston\u{a0}")]);
    add(rule::EXAMPLE_ROW.code, &[(Column::SubaccountSid, "EXAMPLE")]);
    add(rule::TOO_MANY_CELLS.code, &[]);
    add(rule::TOO_FEW_CELLS.code, &[]);
    for row in &mut rows {
        row.push(String::new());
        let name = row[Column::BusinessName as usize].clone();
        if name.ends_with(rule::TOO_MANY_CELLS.code) {
            row.push("one cell too many".to_owned());
        } else if name.ends_with(rule::TOO_FEW_CELLS.code) {
            row.truncate(12);
        }
    }
    let text = String::from_utf8(csv(&rows)).unwrap_or_default();
    // A header that nobody knows, a byte of another encoding, and a quotation mark left open.
    let mut bytes = text.replacen("notes\n", "notes,bussiness_nmae\n", 1).into_bytes();
    let last = customer(1, "Mistake undecodable".to_owned(), "041111111".to_owned());
    let line = csv(&[last]);
    let start = line.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes.extend(
        String::from_utf8_lossy(&line[start..])
            .replace("Santa Fe", "Santa F\u{0}")
            .bytes()
            .map(|byte| if byte == 0 { 0xe9 } else { byte }),
    );
    bytes.extend_from_slice(format!("{},,\"Mistake unclosed_quote\n", sid("AC", 9998)).as_bytes());
    bytes
}
