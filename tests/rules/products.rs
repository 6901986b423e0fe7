//! What a row asks for, which columns it then needs, and what it names that is there already.

use crate::common::{Sheet, customers, rules, rules_for, said, source, validate_with};
use trusthub_onboard::check::{Entry, Products, Rules};
use trusthub_onboard::model::column::Group;
use trusthub_onboard::model::{Column, Customer, Finding, NumberRule, Product};
use trusthub_onboard::sheet::Source;

/// A product that needs no column, and takes numbers that end with an even digit.
static EVEN: Product = Product {
    name: "even_numbers",
    title: "EVEN/NUMBERS",
    columns: None,
    sid_column: "even_numbers_sid",
    numbers: Some(NumberRule {
        takes: |number| number.ends_with(['0', '2', '4', '6', '8']),
        words: "numbers that end with an even digit",
    }),
};

/// A product with the columns of Voice Integrity.
static VOICE: Product = Product {
    name: "voice",
    title: "Voice",
    columns: Some(Group::VoiceIntegrity),
    sid_column: "trust_product_sid",
    numbers: None,
};

/// A product with the column of CNAM.
static NAMED: Product = Product {
    name: "named",
    title: "Named",
    columns: Some(Group::Cnam),
    sid_column: "named_sid",
    numbers: None,
};

fn rules_of(wanted: &[&'static Product]) -> Rules {
    let products = Products { known: vec![&VOICE, &EVEN, &NAMED], wanted: wanted.to_vec() };
    Rules { products, ..Rules::default() }
}

fn read(csv: &str, rules: &Rules) -> (Vec<Finding>, Vec<Customer>) {
    let source: Source = source(csv);
    let (validation, findings) = validate_with(&source, rules);
    let valid = customers(&source, rules, &validation).filter_map(|entry| match entry.unwrap() {
        Entry::Valid(customer) => Some(*customer),
        Entry::Invalid(_) => None,
    });
    (findings, valid.collect())
}

/// A sheet with one more column, and what stands in it in each row.
fn with_column(sheet: &Sheet, header: &str, cells: &[&str]) -> String {
    let csv = sheet.csv();
    let mut lines = csv.lines();
    let mut text = format!("{},{header}\n", lines.next().unwrap());
    lines.zip(cells).for_each(|(line, cell)| text.push_str(&format!("{line},{cell}\n")));
    text
}

/// A sheet without the columns of Voice Integrity.
fn without_columns(rows: usize) -> Sheet {
    let mut sheet = Sheet::of(rows);
    sheet.columns.truncate(Column::UseCase as usize);
    sheet.rows.iter_mut().for_each(|row| row.truncate(Column::UseCase as usize));
    sheet
}

fn names(customer: &Customer) -> Vec<&'static str> {
    customer.products.iter().map(|it| it.name).collect()
}

#[test]
fn a_row_is_for_the_products_of_the_run_unless_its_cell_names_others() {
    let cells = ["", "even_numbers", "Even/Numbers; VOICE", "voice voice", "\"voice, even-numbers\""];
    let csv = with_column(&Sheet::of(5), "products", &cells);
    let (findings, customers) = read(&csv, &rules_of(&[&VOICE]));
    assert_eq!(said(&findings), ["AO5 product_unknown"]);
    assert!(findings[0].suggestion.contains("voice, even_numbers or named"), "{:?}", findings[0]);
    let products: Vec<_> = customers.iter().map(names).collect();
    // In the order of the list, however they are written.
    let both = vec!["voice", "even_numbers"];
    assert_eq!(products, [vec!["voice"], vec!["even_numbers"], both.clone(), both]);
}

#[test]
fn columns_of_a_product_are_required_and_read_only_where_it_is_wanted() {
    let (findings, customers) = read(&without_columns(1).csv(), &rules_of(&[&EVEN]));
    assert_eq!((said(&findings), customers.len()), (vec![], 1));
    for wanted in [&[&VOICE][..], &[&VOICE, &EVEN]] {
        let (findings, customers) = read(&without_columns(1).csv(), &rules_of(wanted));
        assert_eq!((said(&findings), customers.len()), (vec!["1 missing_column".to_owned()], 0));
    }
    // What stands there all the same is not looked at.
    let filled = Sheet::of(1).with(1, Column::BusinessEmployeeCount, "many").csv();
    assert_eq!(said(&read(&filled, &rules_of(&[&EVEN])).0), Vec::<String>::new());
    assert_eq!(said(&read(&filled, &rules_of(&[&VOICE])).0), ["AL2 count"]);
}

#[test]
fn where_rows_differ_each_says_for_itself_what_it_lacks() {
    let csv = with_column(&without_columns(2), "products", &["even_numbers", "voice"]);
    let (findings, customers) = read(&csv, &rules_of(&[&VOICE]));
    assert_eq!(said(&findings), ["3 required"; 3]);
    assert_eq!(customers.iter().map(names).collect::<Vec<_>>(), [["even_numbers"]]);
    // An empty cell in the column of a product that the row does not ask for cuts nothing off.
    let csv = with_column(&Sheet::of(1).with(1, Column::UseCase, ""), "products", &["even_numbers"]);
    assert_eq!(said(&read(&csv, &rules_of(&[&VOICE])).0), Vec::<String>::new());
}

#[test]
fn a_product_that_is_there_already_is_named_in_a_column_of_its_own() {
    let sid = |n: u32| format!("BU{n:032x}");
    let cells = [sid(1), String::new(), "nan".to_owned(), "BU12".to_owned(), sid(1), format!("AC{:032x}", 9)];
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let csv = with_column(&Sheet::of(6), "Even-Numbers SID", &cells);
    let (findings, customers) = read(&csv, &rules_of(&[&EVEN]));
    let told: Vec<_> = findings.iter().map(|it| (it.row, &*it.column, it.code)).collect();
    let of = "even_numbers_sid";
    assert_eq!(
        told.iter().filter(|it| it.1 == of).collect::<Vec<_>>(),
        [&(4, of, "placeholder_ignored"), &(5, of, "sid_malformed"), &(7, of, "sid_kind")]
    );
    assert!(told.iter().any(|it| it.2 == "duplicate_sid" && it.0 == 2), "{told:?}");
    let named: Vec<_> = customers.iter().map(|it| it.named_in(of).is_some()).collect();
    assert_eq!(named, [false, false]);
    let csv = with_column(&Sheet::of(1), of, &[&sid(1)]);
    let (findings, customers) = read(&csv, &rules_of(&[&EVEN]));
    assert_eq!((said(&findings), customers[0].named_in(of).map(|it| it.to_string())), (vec![], Some(sid(1))));
    // Two columns cannot mean the same, and no bundle can be two things at once.
    let twice = csv.replacen(of, &format!("{of},{of}"), 1);
    assert_eq!(said(&read(&twice, &rules_of(&[&EVEN])).0), ["AP1 duplicate_column"]);
    let same = with_column(&Sheet::of(1).with(1, Column::CustomerProfileSid, &sid(1)), of, &[&sid(1)]);
    assert!(said(&read(&same, &rules_of(&[&EVEN])).0).iter().any(|it| it.contains("sid_repeated")));
}

#[test]
fn a_number_that_a_product_does_not_take_is_left_off_it_and_said() {
    let row = |numbers: &str| Sheet::of(1).with(1, Column::PhoneNumbers, numbers).csv();
    let said_of = |numbers: &str, wanted: &[&'static Product]| {
        let (findings, customers) = read(&row(numbers), &rules_of(wanted));
        (said(&findings), customers.len())
    };
    let left_off = (vec!["AJ2 number_left_off".to_owned()], 1);
    assert_eq!(said_of("+16175550150; +16175550151", &[&VOICE, &EVEN]), left_off);
    assert_eq!(said_of("+16175550150; +16175550151", &[&VOICE]), (vec![], 1));
    let none = (vec!["AJ2 no_number_for_product".to_owned()], 1);
    assert_eq!(said_of("+16175550153; +16175550151", &[&EVEN]), none);
    // Which numbers these are is not known here.
    assert_eq!(said_of(&format!("PN{:032x}; +16175550151", 1), &[&EVEN]), left_off);
    assert_eq!(said_of("all", &[&EVEN]), (vec![], 1));
}

#[test]
fn the_products_of_this_program_are_told_apart_by_their_names_and_columns() {
    let known = rules().products.known;
    for (at, product) in known.iter().enumerate() {
        for other in &known[..at] {
            assert!(product.name != other.name && product.sid_column != other.sid_column);
            assert!(product.columns.is_none() || product.columns != other.columns, "{}", product.name);
        }
        assert!(rules_for(&[product.name]).products.wanted == [*product]);
    }
}

/// What is said of a name for CNAM, of a business called so.
fn said_of_name(business: &str, name: &str) -> Vec<String> {
    let sheet = Sheet::of(1).with(1, Column::BusinessName, business).with(1, Column::FriendlyName, "");
    let csv = with_column(&sheet, "cnam_display_name", &[&format!("\"{name}\"")]);
    let rules = rules_for(&["cnam"]);
    read(&csv, &rules).0.iter().map(|finding| finding.code.to_owned()).collect()
}

#[test]
fn a_name_for_cnam_is_short_plain_and_that_of_the_business() {
    let business = "Harbor Light Dental LLC";
    for name in [
        "Harbor Light",
        "HARBOR LIGHT",
        "Harbor, L. D.",
        "HLD",
        "HLD Boston",
        "Harborlight",
        "Dental 24",
        "Lighthouse Den",
    ] {
        assert_eq!(said_of_name(business, name), Vec::<String>::new(), "{name}");
    }
    for (name, code) in [
        ("", "required"),
        ("Harbor Light Den", "cnam_name"),
        ("Harbor & Light", "cnam_name"),
        ("Harbor-Light", "cnam_name"),
        ("Harbör Light", "cnam_name"),
        ("1 Harbor Light", "cnam_name"),
        (".Harbor", "cnam_name"),
        ("Harbor Police", "cnam_prohibited"),
        ("Medicare Harbor", "cnam_prohibited"),
        ("fbi", "cnam_prohibited"),
        ("Boston", "cnam_place"),
        ("BOSTON.", "cnam_place"),
        ("Massachusetts", "cnam_place"),
        ("New York", "cnam_place"),
        ("Acme Plumbing", "cnam_mismatch"),
        ("The LLC", "cnam_mismatch"),
    ] {
        assert_eq!(said_of_name(business, name), [code], "{name}");
    }
    // A word that only begins like a term that is not taken.
    assert_eq!(said_of_name("Policelli Law LLC", "Policelli Law"), Vec::<String>::new());
}

#[test]
fn a_name_for_cnam_that_is_called_wrong_can_be_sent_as_it_is_written() {
    let csv = with_column(&Sheet::of(1), "cnam_display_name", &["Harbor Police"]);
    let accept = vec![(Column::CnamDisplayName, "Harbor Police".to_owned())];
    let (findings, customers) = read(&csv, &Rules { accept, ..rules_for(&["cnam"]) });
    assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), ["cnam_prohibited"]);
    assert_eq!(customers[0].cnam_display_name, "Harbor Police");
}

#[test]
fn each_product_of_this_program_needs_its_own_columns_and_no_others() {
    let bare = without_columns(1).csv();
    let told = |csv: &str, names: &[&str]| {
        read(csv, &rules_for(names)).0.iter().map(|it| it.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&bare, &["shaken_stir"]), Vec::<String>::new());
    assert_eq!(told(&bare, &["shaken_stir", "cnam"]), ["The column cnam_display_name is missing."]);
    let three = "3 columns are missing: use_case, business_employee_count, average_business_day_call_volume.";
    assert_eq!(told(&bare, &["voice_integrity", "shaken_stir"]), [three]);
    let named = with_column(&without_columns(1), "cnam_display_name", &["Harbor Light"]);
    assert_eq!(told(&named, &["cnam"]), Vec::<String>::new());
}
