//! Bytes that nobody has looked at: whatever comes, the reader gives rows or a fault.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::time::Duration;

use crate::common;
use crate::common::{Sheet, bytes, rules, source};
use proptest::prelude::*;
use trusthub_onboard::check::{self, Entry};
use trusthub_onboard::model::{Column, Severity};
use trusthub_onboard::report::{Annotations, Foreign, Manner, annotate};

/// Reads the bytes to the end, twice; says whether both passes agree on the rows.
fn read(content: &[u8]) -> Result<(), TestCaseError> {
    let source = source(content);
    let rules = rules();
    let mut errors = 0;
    let validation = check::validate(&source, &rules, &mut |finding| {
        errors += u64::from(finding.severity == Severity::Error)
    });
    let Ok(validation) = validation else { return Ok(()) };
    prop_assert_eq!(validation.counts.errors, errors);
    // What is not valid has been told why.
    prop_assert!(errors > 0 || validation.valid == validation.rows);
    let (mut rows, mut valid) = (0, 0);
    for entry in common::customers(&source, &rules, &validation) {
        match entry {
            Ok(Entry::Valid(_)) => valid += 1,
            Ok(Entry::Invalid(_)) => {}
            Err(_) => return Err(TestCaseError::fail("the second pass sees another sheet")),
        }
        rows += 1;
    }
    prop_assert_eq!((rows, valid), (validation.rows, validation.valid));
    Ok(())
}

static WORKBOOK: LazyLock<Vec<u8>> = LazyLock::new(|| bytes(&Sheet::of(3), |_| {}));

const XLSX: &[u8] = include_bytes!("../fixtures/typed.xlsx");
const ODS: &[u8] = include_bytes!("../fixtures/typed.ods");
const XLS: &[u8] = include_bytes!("../fixtures/typed.xls");
const CSV: &[u8] = include_bytes!("../fixtures/windows-1252.csv");
const UTF_16: &[u8] = include_bytes!("../fixtures/utf-16.csv");

/// Some bytes of a file changed.
fn damaged(file: &[u8], changes: &[(prop::sample::Index, u8)], cut: Option<prop::sample::Index>) -> Vec<u8> {
    let mut file = file.to_vec();
    for (at, byte) in changes {
        let at = at.index(file.len());
        file[at] = *byte;
    }
    if let Some(cut) = cut {
        file.truncate(cut.index(file.len()));
    }
    file
}

#[test]
fn an_ods_file_in_which_an_element_has_no_end_is_refused_as_damaged() {
    type Change = fn(&str) -> String;
    let changed: [(&str, Change); 6] = [
        ("cut off behind a row", |xml| xml[..xml.find("</table:table-row>").expect("a row")].to_owned()),
        ("cut off in a tag", |xml| xml[..xml.rfind("table:table>").expect("a table")].to_owned()),
        ("a table without an end", |xml| xml.replace("</table:table>", "")),
        ("a table that ends under another name", |xml| xml.replace("</table:table>", "</table:tablf>")),
        ("two elements, one end", |xml| xml.replacen("<text:p>", "<text:p><office:annotation>", 1)),
        ("an end of something else", |xml| {
            xml.replacen("<text:p>", "<text:p><office:annotation></text:annotation>", 1)
        }),
    ];
    for (what, change) in changed {
        let file = common::patched(ODS, "content.xml", |xml| change(&xml));
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let read = check::validate(&source(&file), &rules(), &mut |_| {});
            told.send(read.err().map(|it| it.to_string())).expect("somebody hears it");
        });
        // What is never found is looked for without an end.
        let fault = heard.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{what}: no end"));
        assert!(fault.as_ref().is_some_and(|it| it.contains("damaged")), "{what}: {fault:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..2000)) {
        read(&content)?;
    }

    #[test]
    fn any_text_below_our_headers_is_read(text in "[a-z0-9,;\"\t\r\n'=+@é\u{feff}-]{0,400}") {
        let headers: Vec<_> = common::ALL.iter().map(|column| column.name()).collect();
        read(format!("{}\n{text}", headers.join(",")).as_bytes())?;
    }

    #[test]
    fn any_cells_below_our_headers_are_read(cells in prop::collection::vec("\\PC{0,12}", 0..120)) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(common::ALL.map(Column::name)).unwrap();
        for row in cells.chunks(common::ALL.len()) {
            writer.write_record(row).unwrap();
        }
        read(&writer.into_inner().unwrap())?;
    }

    #[test]
    fn a_damaged_workbook_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        for file in [&WORKBOOK[..], XLSX, ODS, XLS, CSV, UTF_16] {
            let file = damaged(file, &changes, cut);
            // A panic of the library behind it would be a fault already; one that gets here is ours.
            let read = catch_unwind(AssertUnwindSafe(|| read(&file)));
            prop_assert!(read.is_ok(), "a panic got through");
            read.unwrap_or(Ok(()))?;
        }
    }

    #[test]
    fn damaged_cells_of_a_workbook_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
    ) {
        // Inside the compressed parts nearly every change is found by the checksum; here the XML itself is changed.
        for (file, part) in [
            (&WORKBOOK[..], "xl/worksheets/sheet1.xml"),
            (XLSX, "xl/worksheets/sheet1.xml"),
            (XLSX, "xl/sharedStrings.xml"),
            (XLSX, "xl/styles.xml"),
            (ODS, "content.xml"),
        ] {
            let file = common::patched(file, part, |xml| {
                let changed = damaged(xml.as_bytes(), &changes, None);
                String::from_utf8_lossy(&changed).into_owned()
            });
            read(&file)?;
        }
    }

    #[test]
    fn a_damaged_workbook_that_can_be_read_can_be_marked_too(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::weighted(0.5, any::<prop::sample::Index>()),
    ) {
        let parts = ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"];
        for (file, part) in [&WORKBOOK[..], XLSX].into_iter().flat_map(|file| parts.map(|part| (file, part))) {
            let file = common::patched(file, part, |xml| {
                String::from_utf8_lossy(&damaged(xml.as_bytes(), &changes, cut)).into_owned()
            });
            let source = source(&file);
            let mut annotations = Annotations::default();
            let validation = check::validate(&source, &rules(), &mut |finding| annotations.add(finding));
            let Ok(validation) = validation else { continue };
            let folder = tempfile::tempdir().unwrap();
            let manner = Manner { foreign: Foreign::Stays, ledger: None };
            let marked = annotate(&source, &validation, &annotations, &folder.path().join("marked.xlsx"), &manner);
            prop_assert!(marked.is_ok(), "{part}: {}", marked.err().map_or_else(String::new, |it| it.to_string()));
        }
    }
}
