//! Encodings: what the bytes do not say is said to be a guess.

use crate::common::{Sheet, bytes, entries, fault, said, source, source_with, validate};
use proptest::prelude::*;
use trusthub_onboard::check::Entry;
use trusthub_onboard::model::{Column, Finding, Severity};
use trusthub_onboard::sheet::{Encoding, Options};

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/damaged");
    std::fs::read(folder.join(name)).unwrap()
}

fn named(name: &str) -> Encoding {
    Encoding::named(name).unwrap_or_else(|| panic!("{name} is not known"))
}

fn encoded(csv: &str, encoding: &str) -> Vec<u8> {
    named(encoding).encode(csv).unwrap_or_else(|| panic!("{encoding} lacks a character"))
}

fn with_name(name: &str) -> String {
    Sheet::of(3).with(2, Column::BusinessName, name).csv()
}

/// The name of the second customer, and what is said.
fn read(bytes: &[u8], encoding: Option<&str>) -> (String, Vec<Finding>) {
    let source = source_with(bytes, Options { encoding: encoding.map(named), ..Options::default() });
    let findings = validate(&source).1;
    let name = match &entries(&source)[1] {
        Entry::Valid(customer) => customer.business.name.clone(),
        Entry::Invalid(invalid) => invalid.business_name.clone(),
    };
    (name, findings)
}

#[test]
fn a_cell_that_was_decoded_by_guess_is_shown_in_a_warning_and_the_encoding_can_be_named() {
    for (encoding, name) in [
        ("macintosh", "Café Señorita LLC"),
        ("cp437", "Peña & Söhne LLC"),
        ("cp850", "Müller Bäckerei LLC"),
        ("cp852", "Łódź Garage LLC"),
        ("windows-1250", "Łódź Garage LLC"),
        ("windows-1252", "Café Señorita LLC"),
        ("ISO-8859-2", "Dvořák Auto LLC"),
    ] {
        let bytes = encoded(&with_name(name), encoding);
        let (_, findings) = read(&bytes, None);
        let guessed: Vec<_> = findings.iter().filter(|it| it.code == "encoding_guessed").collect();
        assert_eq!((guessed.len(), guessed[0].cell.as_str()), (1, "H3"), "{encoding}: {findings:?}");
        assert_eq!(guessed[0].severity, Severity::Warning);
        assert!(guessed[0].suggestion.contains("--encoding"), "{encoding}");
        // One of the readings that are shown is the right one.
        assert!(guessed[0].message.contains(name), "{encoding}: {}", guessed[0].message);
        let (read, findings) = read(&bytes, Some(encoding));
        assert_eq!((read.as_str(), said(&findings)), (name, vec![]), "{encoding}");
    }
    let findings = validate(&source(fixture("enc-macroman.csv"))).1;
    let guessed = findings.iter().find(|it| it.code == "encoding_guessed").unwrap();
    assert!(
        guessed.cell == "C2" && guessed.message.contains("as macintosh it would be \"Café Señorita LLC\"")
    );
}

#[test]
fn what_the_bytes_prove_is_no_guess() {
    let csv = with_name("Café “Zürich” Łódź");
    let utf16: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [csv.as_bytes(), &utf16] {
        let (name, findings) = read(bytes, None);
        assert_eq!(name, "Café \"Zürich\" Łódź");
        assert_eq!(said(&findings), ["0 text_normalised"]);
    }
    // Plain ASCII is the same in all of them.
    assert_eq!(said(&validate(&source(with_name("Cafe"))).1), [""; 0]);
}

#[test]
fn text_that_was_decoded_twice_is_a_warning_with_what_was_meant() {
    let findings = validate(&source(fixture("enc-double.csv"))).1;
    assert_eq!(said(&findings), ["C2 decoded_twice"]);
    assert!(findings[0].message.contains("Café Señorita LLC"), "{}", findings[0].message);
    for meant in ["Café LLC", "Joe’s Garage", "Łódź Auto", "Acme™ LLC", "Crème Brûlée – Paris"] {
        for wrong in ["windows-1252", "macintosh", "cp437", "cp850"] {
            let twice = named(wrong).decode(meant.as_bytes()).into_owned();
            let findings = read(with_name(&twice).as_bytes(), None).1;
            let found = findings.iter().find(|it| it.code == "decoded_twice");
            let plain = meant.replace('’', "'").replace('–', "-");
            assert!(
                found.is_some_and(|it| it.cell == "H3" && it.message.contains(&plain)),
                "{twice}: {findings:?}"
            );
        }
    }
    // A workbook can hold such a text too.
    let workbook = source(bytes(&Sheet::of(1).with(1, Column::City, "Santa FÃ©"), |_| {}));
    assert_eq!(said(&validate(&workbook).1), ["T2 decoded_twice"]);
    for name in ["CAFÉ’S", "SÃO JOÃO", "Ünal Ş.", "Ärzte “Ö”"] {
        let findings = read(with_name(name).as_bytes(), None).1;
        assert!(findings.iter().all(|it| it.code == "text_normalised"), "{name}: {findings:?}");
    }
}

#[test]
fn text_that_another_program_has_read_in_a_wrong_encoding_is_a_warning_with_what_was_meant() {
    for (text, meant) in [
        ("CafŽ LLC", "Café LLC"),
        ("CafÈ LLC", "Café LLC"),
        ("MŸnster LLC", "Münster LLC"),
        ("Se–orita LLC", "Señorita LLC"),
        ("Caf‚ LLC", "Café LLC"),
    ] {
        let findings = read(with_name(text).as_bytes(), None).1;
        let found = findings.iter().find(|it| it.code == "decoded_twice");
        assert!(found.is_some_and(|it| it.message.contains(meant)), "{text}: {findings:?}");
    }
    for name in ["Dallas–Fort Worth LLC", "Café 1999–2003", "McÉlroy", "Žižek & Łódź", "Acme™"] {
        let findings = read(with_name(name).as_bytes(), None).1;
        assert!(findings.iter().all(|it| it.code == "text_normalised"), "{name}: {findings:?}");
    }
}

#[test]
fn rows_of_two_encodings_in_one_file_are_never_sent_unseen() {
    let (utf8, old) = (with_name("Café One"), encoded(&with_name("Café Two"), "windows-1252"));
    let line = |bytes: &[u8], at: usize| bytes.split(|byte| *byte == b'\n').nth(at).unwrap().to_vec();
    for times in [1, 5] {
        let mut mixed = line(utf8.as_bytes(), 0);
        mixed.extend([b"\n".to_vec(), line(utf8.as_bytes(), 2)].concat());
        for _ in 0..times {
            mixed.extend([b"\n".to_vec(), line(&old, 2)].concat());
        }
        let findings = validate(&source(&mixed)).1;
        let doubtful = ["undecodable", "encoding_guessed", "decoded_twice"];
        let rows: std::collections::BTreeSet<u64> =
            findings.iter().filter(|it| doubtful.contains(&it.code)).map(|it| it.row).collect();
        assert!(rows.len() >= times, "{times}: {findings:?}");
    }
}

#[test]
fn an_encoding_under_which_no_header_is_known_is_not_taken_and_what_is_printed_is_bounded() {
    // Zeros enough to look like UTF-16.
    let zeros = format!("{}{}", with_name("Acme"), "\0".repeat(4_000));
    assert!(validate(&source(zeros)).0.layout.to_string().starts_with("CSV, UTF-8"));
    // Nor is it where the user names it: the whole file would be one header.
    let options = Options { encoding: Some(Encoding::Utf16Le), ..Options::default() };
    let fault = fault(&source_with(with_name("Acme").repeat(20), options));
    assert!(fault.what().contains("UTF-16LE") && fault.fix().contains("--encoding"), "{fault}");
    for finding in &validate(&source("x".repeat(50_000) + "\n1\n")).1 {
        assert!(finding.value.chars().count() <= 81 && finding.column.chars().count() <= 81);
        assert!(finding.message.chars().count() < 4_000, "{}", finding.message.len());
    }
    let many: Vec<String> = (0..900).map(|at| format!("header {at}")).collect();
    let findings = validate(&source(many.join(",") + "\n1\n")).1;
    assert!(findings.iter().all(|it| it.message.len() < 4_000));
    assert!(findings.iter().any(|it| it.message.starts_with("900 columns")));
}

#[test]
fn the_command_line_takes_encodings_by_any_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    std::fs::write(&path, encoded(&with_name("Müller LLC"), "cp850")).unwrap();
    let validate = |encoding: &str| {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
        let output = command.arg("validate").arg(&path).args(["--encoding", encoding]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for encoding in ["850", "cp850", "IBM850"] {
        let (code, said) = validate(encoding);
        assert!(code == Some(0) && said.contains("CSV, cp850"), "{said}");
        assert!(!said.contains("warning "), "{said}");
    }
    let (code, said) = validate("klingon");
    assert!(code == Some(2) && said.contains("macintosh") && said.contains("cp850"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_letter_comes_out_as_it_went_in_or_its_cell_is_said_to_be_doubtful(
        word in "[A-Z][a-zàâäçèéêëîïñôöùûü]{1,9}( [A-ZÀÄÉÖÜ][a-zàâäçèéêëîïñôöùûü]{1,9}){0,3}",
        encoding in prop::sample::select(vec![
            "utf-8", "utf-16le", "windows-1252", "ISO-8859-15", "macintosh", "cp437", "cp850", "cp858",
        ]),
    ) {
        let csv = with_name(&word);
        let bytes = match named(encoding) {
            Encoding::Utf16Le => csv.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            encoding => match encoding.encode(&csv) {
                Some(bytes) => bytes,
                // Not every code page has every letter.
                None => return Ok(()),
            },
        };
        prop_assert_eq!(read(&bytes, Some(encoding)).0, word.as_str());
        let (name, findings) = read(&bytes, None);
        let doubtful = ["encoding_guessed", "undecodable", "decoded_twice"];
        let is_said = findings.iter().any(|it| it.cell == "H3" && doubtful.contains(&it.code));
        prop_assert!(name == word || is_said, "{} {:?}", name, findings);
        prop_assert!(is_said || word.is_ascii() || encoding.starts_with("utf"), "{:?}", findings);
    }

    #[test]
    fn clean_text_in_utf_8_is_never_said_to_be_doubtful(
        word in "[A-Z][a-zàâäçèéêëîïñôöùûüąčłźżőšž]{1,9}( [A-ZÀÄÉÖÜŁŚŽ][a-zàâäçèéêëîïñôöùûü’]{1,9}){0,3}",
    ) {
        let findings = read(with_name(&word).as_bytes(), None).1;
        let doubtful = ["encoding_guessed", "undecodable", "decoded_twice"];
        prop_assert!(findings.iter().all(|it| !doubtful.contains(&it.code)), "{:?}", findings);
    }
}
