//! The marked copy of a workbook: everything that the user's file had is still in it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use crate::common;
use crate::common::{Sheet, bytes, patched, source, validate};
use rust_xlsxwriter::{
    Chart, ConditionalFormatCell, ConditionalFormatCellRule, DataValidation, Format, Formula, Note, Table,
    Workbook,
};
use trusthub_onboard::model::Column;
use trusthub_onboard::report::{
    Annotations, Failure, Foreign, Manner, Marked, Uneditable, annotate, write_failed,
};
use trusthub_onboard::sheet::{Options, Source};

const MANNER: Manner = Manner { foreign: Foreign::Stays, ledger: None };

/// Marks a sheet; gives the marked file as well.
fn mark_as(input: &Source, name: &str) -> (Marked, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (validation, findings) = validate(input);
    let mut annotations = Annotations::default();
    findings.into_iter().for_each(|finding| annotations.add(finding));
    let marked = annotate(input, &validation, &annotations, &folder.path().join(name), &MANNER).unwrap();
    let content = std::fs::read(&marked.written.name).unwrap();
    (marked, content)
}

fn mark(workbook: &[u8]) -> Vec<u8> {
    let (marked, content) = mark_as(&source(workbook), "marked.xlsx");
    assert_eq!(marked.rebuilt, None, "it is the user's own workbook");
    content
}

/// The parts of a workbook by their names.
fn parts(workbook: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).unwrap();
            let name = part.name().unwrap().to_string();
            let mut content = vec![];
            part.read_to_end(&mut content).unwrap();
            (name, String::from_utf8_lossy(&content).into_owned())
        })
        .collect()
}

/// A workbook as people keep them: with colours, lists, rules, notes, widths, a chart, a table and a hidden sheet.
/// One row is wrong.
fn rich() -> Vec<u8> {
    let sheet = Sheet::of(4).with(2, Column::BusinessType, "Franchise").with(3, Column::Region, "");
    let banded = Format::new().set_background_color(0xE2EFDA).set_italic();
    let mut workbook = Workbook::new();
    let customers = workbook.add_worksheet().set_name("Clients & Co's").unwrap();
    for (column, of) in (0..).zip(&sheet.columns) {
        customers.write_with_format(0, column, of.name(), &Format::new().set_bold()).unwrap();
        for (row, cells) in (1..).zip(&sheet.rows) {
            customers.write_with_format(row, column, &cells[usize::from(column)], &banded).unwrap();
        }
    }
    let list = DataValidation::new().allow_list_formula(Formula::new("=Lists!$A$1:$A$3"));
    let red = Format::new().set_background_color(0xFF0000);
    let rule =
        ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::EqualTo("x")).set_format(&red);
    customers
        .add_data_validation(1, 9, 100, 9, &list)
        .unwrap()
        .add_conditional_format(1, 2, 30, 2, &rule)
        .unwrap()
        .insert_note(0, 0, &Note::new("what this is").set_author("Kim"))
        .unwrap()
        .insert_note(2, Column::BusinessType as u16, &Note::new("ask them").set_author("Kim"))
        .unwrap()
        .set_column_width(0, 41)
        .unwrap()
        .set_column_hidden(2)
        .unwrap()
        .write_formula(3, Column::Notes as u16, Formula::new("=UPPER(\"x\")").set_result("X"))
        .unwrap()
        .set_header("&LOur customers")
        .set_landscape();
    let lists = workbook.add_worksheet().set_name("Lists").unwrap().set_hidden(true);
    lists.write_column(0, 0, ["Corporation", "Partnership", "Franchise"]).unwrap();
    let figures = workbook.add_worksheet().set_name("Figures").unwrap();
    figures.write_column(0, 0, [1, 4, 9]).unwrap();
    let mut chart = Chart::new_bar();
    chart.add_series().set_values("Figures!$A$1:$A$3");
    figures.insert_chart(0, 3, &chart).unwrap().add_table(5, 0, 8, 1, &Table::new()).unwrap();
    workbook.define_name("Rate", "=Figures!$A$1").unwrap();
    workbook.save_to_buffer().unwrap()
}

/// The cells of a sheet, each as its text, by where it stands.
fn cells(sheet: &str) -> BTreeMap<String, String> {
    let cells = sheet.split("<c ").skip(1).map(|cell| {
        let end = cell.find("</row>").unwrap_or(cell.len());
        let name = cell.split('"').nth(1).unwrap().to_owned();
        (name, cell[..end].to_owned())
    });
    cells.collect()
}

#[test]
fn all_parts_but_those_that_must_change_are_copied_byte_for_byte() {
    let workbook = rich();
    let (before, after) = (parts(&workbook), parts(&mark(&workbook)));
    let changed: Vec<_> = before
        .iter()
        .filter(|(name, text)| after.get(*name) != Some(text))
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(
        changed,
        [
            "[Content_Types].xml",
            "xl/_rels/workbook.xml.rels",
            "xl/comments1.xml",
            "xl/drawings/vmlDrawing1.vml",
            "xl/styles.xml",
            "xl/workbook.xml",
            "xl/worksheets/sheet1.xml",
        ]
    );
    let added: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert_eq!(added, ["xl/worksheets/sheet4.xml", "xl/worksheets/sheet5.xml"]);
    // Nothing of the lists and names is lost.
    for part in ["[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml"] {
        for tag in
            before[part].split('<').filter(|tag| !tag.starts_with('/') && !tag.contains("workbookView "))
        {
            assert!(after[part].contains(tag), "{part}: {tag}");
        }
    }
    let before = &before["xl/worksheets/sheet1.xml"];
    let after = &after["xl/worksheets/sheet1.xml"];
    for name in ["dataValidations", "conditionalFormatting", "pageSetup", "headerFooter", "sheetFormatPr"] {
        let element = |sheet: &str| {
            let start = sheet.find(&format!("<{name}")).unwrap();
            sheet[start..start + sheet[start..].find('>').unwrap()].to_owned()
        };
        assert_eq!(element(before), element(after));
    }
    let cells_after = cells(after);
    for (name, cell) in cells(before) {
        if !["J3", "U4"].contains(&name.as_str()) {
            assert_eq!(cells_after.get(&name), Some(&cell), "{name}");
        }
    }
}

/// The numbers of a cell's format and of its fill.
fn format_of(workbook: &[u8], cell: &str) -> (usize, String) {
    let parts = parts(workbook);
    let cell = &cells(&parts["xl/worksheets/sheet1.xml"])[cell];
    let number = |text: &str, name: &str| -> usize {
        let behind = text.split(&format!("{name}=\"")).nth(1).unwrap_or("0\"");
        behind.split('"').next().unwrap().parse().unwrap()
    };
    let styles = &parts["xl/styles.xml"];
    let section = |name: &str| {
        let start = styles.find(&format!("<{name} ")).unwrap();
        &styles[start..start + styles[start..].find(&format!("</{name}>")).unwrap()]
    };
    let format = number(cell, " s");
    let formats = section("cellXfs");
    assert_eq!(number(formats, "count"), formats.matches("<xf ").count(), "the count is right");
    let fill = number(formats.split("<xf ").nth(format + 1).unwrap(), "fillId");
    assert_eq!(number(section("fills"), "count"), section("fills").matches("<fill>").count());
    assert_eq!(number(section("fonts"), "count"), section("fonts").matches("<font>").count());
    let fill = section("fills").split("<fill>").nth(fill + 1).unwrap();
    let colour = fill.split("fgColor").nth(1).unwrap_or_default();
    (format, colour.split('"').nth(1).unwrap_or_default().to_owned())
}

#[test]
fn a_wrong_cell_keeps_its_format_and_gets_a_colour_also_where_the_file_has_no_cell() {
    let workbook = rich();
    let marked = mark(&workbook);
    assert_eq!(format_of(&workbook, "J3").1, "FFE2EFDA");
    for cell in ["J3", "U4"] {
        assert_eq!(format_of(&marked, cell).1, "FFFFC7CE");
    }
    assert_eq!(format_of(&marked, "J4").1, "FFE2EFDA", "its neighbour");
    let styles = &parts(&marked)["xl/styles.xml"];
    let (format, _) = format_of(&marked, "J3");
    let format = styles.split("<cellXfs ").nth(1).unwrap().split("<xf ").nth(format + 1).unwrap();
    let (before, _) = format_of(&workbook, "J3");
    let old = styles.split("<cellXfs ").nth(1).unwrap().split("<xf ").nth(before + 1).unwrap();
    let font = |format: &str| format.split("fontId=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(font(format), font(old), "still italic");
    // A required cell that the file does not have.
    let sheet = Sheet::of(1).with(1, Column::City, "");
    let marked = mark(&bytes(&sheet, |_| {}));
    assert_eq!(format_of(&marked, "T2").1, "FFFFC7CE");
}

#[test]
fn notes_of_other_people_stay_and_a_rows_first_cell_tells_all_that_is_wrong_in_it() {
    let notes = &parts(&mark(&rich()))["xl/comments1.xml"];
    let note = |cell: &str| {
        let behind: Vec<_> = notes.split(&format!("ref=\"{cell}\"")).skip(1).collect();
        assert!(behind.len() <= 1, "one note a cell");
        behind.first().map(|it| it.split("</comment>").next().unwrap().to_owned())
    };
    assert!(note("A1").unwrap().contains("what this is"));
    let theirs = note("J3").unwrap();
    assert!(theirs.contains("ask them") && !theirs.contains("not_in_list"), "{theirs}");
    let first = note("A3").unwrap();
    assert!(first.contains("invalid\nJ3: error [not_in_list]") && first.contains("Choose one of"), "{first}");
    assert!(note("U4").unwrap().contains("required"));
    assert_eq!(note("A2"), None, "nothing is wrong in this row");
}

#[test]
fn corrected_and_marked_again_a_cell_has_its_own_colour_back_and_no_note_of_ours() {
    let marked = mark(&rich());
    let corrected = patched(&marked, "xl/worksheets/sheet1.xml", |xml| {
        let cell = cells(&xml)["U4"].clone();
        let format = cell.split("s=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        xml.replace(&cell, &format!("r=\"U4\" s=\"{format}\" t=\"inlineStr\"><is><t>MA</t></is></c>"))
    });
    let again = mark(&corrected);
    assert_eq!(format_of(&again, "U4").1, "FFE2EFDA", "the colour that the user gave it");
    assert_eq!(format_of(&again, "J3").1, "FFFFC7CE", "still wrong");
    let parts = parts(&again);
    assert_eq!(parts["xl/comments1.xml"].matches("ref=\"U4\"").count(), 0);
    assert_eq!(parts["xl/comments1.xml"].matches("ref=\"A3\"").count(), 1);
    let boxes = &parts["xl/drawings/vmlDrawing1.vml"];
    assert_eq!(boxes.matches("<x:Row>2</x:Row><x:Column>0</x:Column>").count(), 1, "each box once");
    assert_eq!(boxes.matches("<v:shapetype ").count(), 2, "theirs and ours");
    let sheet = &parts["xl/worksheets/sheet1.xml"];
    assert_eq!(sheet.matches("onboarding_state").count(), 1);
    assert_eq!(parts.keys().filter(|name| name.starts_with("xl/worksheets/sheet")).count(), 5);
    assert!(!parts["xl/worksheets/sheet4.xml"].contains("U4"), "the list is of the new findings");
}

#[test]
fn the_list_of_findings_is_shown_first_with_names_links_and_what_to_do() {
    let parts = parts(&mark(&rich()));
    assert!(parts["xl/workbook.xml"].contains("activeTab=\"3\""));
    assert!(!parts["xl/worksheets/sheet1.xml"].contains("tabSelected"), "or an edit would go to both sheets");
    let list = &parts["xl/worksheets/sheet4.xml"];
    assert!(
        list.contains("tabSelected=\"1\"") && list.contains("location=\"'Clients &amp; Co''s'!J3\""),
        "{list}"
    );
    for text in ["Harbor Light Dental", "Choose one of", "not_in_list", "Franchise"] {
        assert!(list.contains(text), "{text}");
    }
    let summary = &parts["xl/worksheets/sheet5.xml"];
    for value in ["Limited Liability Corporation", "MA, ", "Non-profit", "Partnership"] {
        assert!(summary.contains(value), "the values that may be chosen: {value}");
    }
    let view = &parts["xl/worksheets/sheet1.xml"];
    assert!(
        view.contains("<pane xSplit=\"1\" ySplit=\"1\" topLeftCell=\"B2\""),
        "headers and names stay in sight"
    );
}

#[test]
fn columns_of_a_width_that_reach_to_the_edge_are_split_around_ours() {
    let workbook = patched(&rich(), "xl/worksheets/sheet1.xml", |xml| {
        let (start, end) = (xml.find("<cols>").unwrap(), xml.find("</cols>").unwrap());
        format!(
            "{}<cols><col min=\"2\" max=\"16384\" width=\"9\" style=\"1\" customWidth=\"1\"/>{}",
            &xml[..start],
            &xml[end..]
        )
    });
    let sheet = parts(&mark(&workbook))["xl/worksheets/sheet1.xml"].clone();
    let cols = &sheet[sheet.find("<cols>").unwrap()..sheet.find("</cols>").unwrap()];
    let number = |col: &str, name: &str| -> usize {
        col.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let runs: Vec<_> =
        cols.split("<col ").skip(1).map(|col| (number(col, "min"), number(col, "max"))).collect();
    let at = common::ALL.len();
    assert_eq!(runs, [(2, at), (at + 1, at + 1), (at + 2, at + 2), (at + 3, 16384)]);
}

#[test]
fn sheets_of_other_programs_are_marked_as_well() {
    let workbook = rich();
    let expected = validate(&source(mark(&workbook))).1;
    for (what, change) in [
        ("a byte order mark", (|xml| format!("\u{feff}{xml}")) as fn(String) -> String),
        ("a prefix in front of every name", |xml| {
            let xml = xml.replace("</", "\u{1}").replace('<', "<x:").replace('\u{1}', "</x:");
            xml.replace("<x:?xml", "<?xml").replace("xmlns=", "xmlns:x=")
        }),
        ("spaces between the elements", |xml| xml.replace("><c ", ">\n  <c ").replace("<row ", "\n<row  ")),
        ("no view", |xml| {
            let (start, end) = (xml.find("<sheetViews>").unwrap(), xml.find("</sheetViews>").unwrap());
            format!("{}{}", &xml[..start], &xml[end + 13..])
        }),
        ("no widths", |xml| {
            let (start, end) = (xml.find("<cols>").unwrap(), xml.find("</cols>").unwrap());
            format!("{}{}", &xml[..start], &xml[end + 7..])
        }),
    ] {
        let marked = mark(&patched(&workbook, "xl/worksheets/sheet1.xml", change));
        assert_eq!(validate(&source(&marked)).1, expected, "{what}");
        let sheet = &parts(&marked)["xl/worksheets/sheet1.xml"];
        assert!(sheet.contains("onboarding_state") && sheet.contains("topLeftCell=\"B2\""), "{what}");
        // What is added bears the prefix of the rest; without it, it would belong to nothing.
        let prefix = if sheet.contains("<x:worksheet") { "x:" } else { "" };
        let mut names = sheet.split('<').skip(1).map(|tag| tag.trim_start_matches('/'));
        assert!(names.all(|name| name.starts_with(prefix) || name.starts_with('?')), "{what}");
    }
}

#[test]
fn what_cannot_be_changed_becomes_a_new_workbook_and_the_reason_is_given() {
    let workbook = rich();
    let with_part = |name: &str| {
        let mut archive = zip::ZipWriter::new_append(Cursor::new(workbook.clone())).unwrap();
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let macros = patched(&workbook, "[Content_Types].xml", |types| {
        types.replace(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        )
    });
    let strange = patched(&workbook, "xl/styles.xml", |_| "<styleSheet/>".to_owned());
    for (input, name, reason) in [
        (with_part("_xmlsignatures/sig1.xml"), "marked.xlsx", Uneditable::Signed),
        (macros.clone(), "marked.xlsx", Uneditable::Macros),
        (strange, "marked.xlsx", Uneditable::Strange("xl/styles.xml".to_owned())),
    ] {
        let (marked, content) = mark_as(&source(input), name);
        assert_eq!(marked.rebuilt, Some(reason));
        let (after, findings) = validate(&Source::new(write(&content), Options::default()).unwrap());
        assert_eq!(after.rows, 4);
        assert_eq!(common::said(&findings), ["J3 not_in_list", "U4 required"]);
    }
    let (marked, content) = mark_as(&source(macros), "marked.xlsm");
    assert_eq!(marked.rebuilt, None);
    assert!(parts(&content)["[Content_Types].xml"].contains("macroEnabled"));
}

#[test]
fn a_sheet_of_another_program_is_marked_also_where_excel_would_not_take_its_name() {
    const ODS: &[u8] = include_bytes!("../fixtures/typed.ods");
    let named = patched(ODS, "content.xml", |xml| {
        let begin =
            xml.find("<table:table table:name=\"").expect("a sheet") + "<table:table table:name=\"".len();
        let end = begin + xml[begin..].find('"').expect("its end");
        format!("{}Customers 2026/11: those of the first month{}", &xml[..begin], &xml[end..])
    });
    let (_, content) = mark_as(&source(&named), "marked.xlsx");
    assert!(parts(&content)["xl/workbook.xml"].contains("name=\"Customers 2026_11_ those of the\""));
    let links = parts(&content).into_values().filter(|it| it.contains("Customers 2026_11_ those of the'!"));
    assert!(links.count() > 0, "the list of findings leads to the sheet");
    let again = validate(&source(&content)).0;
    assert_eq!(again.rows, validate(&source(ODS)).0.rows);
}

#[test]
fn a_sheet_that_breaks_off_with_its_views_open_is_marked_as_a_new_workbook() {
    let broken = patched(&rich(), "xl/worksheets/sheet1.xml", |xml| {
        let end = xml.find("</sheetData>").expect("rows") + "</sheetData>".len();
        xml[..end].replace("</sheetViews>", "")
    });
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(mark_as(&source(&broken), "marked.xlsx").0.rebuilt));
    // What is never found is looked for without an end.
    let rebuilt = heard.recv_timeout(std::time::Duration::from_secs(60)).expect("an end");
    assert!(rebuilt.is_some(), "it is no copy of the user's own");
}

fn write(content: &[u8]) -> std::path::PathBuf {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file.into_temp_path().keep().unwrap()
}

#[test]
fn a_row_that_was_refused_has_a_note_with_what_the_run_heard() {
    let folder = tempfile::tempdir().unwrap();
    let input = Sheet::of(3).source();
    let (validation, _) = validate(&input);
    let path = folder.path().join("failed.xlsx");
    let refused = Failure {
        state: "refused".to_owned(),
        error: "The account is suspended.".to_owned(),
        fix: "Ask for it to be opened.".to_owned(),
    };
    let none = Annotations::default();
    let mut failure = |row| (row == 3).then(|| refused.clone());
    let (rows, written) = write_failed(&input, &validation, &none, &path, &MANNER, &mut failure).unwrap();
    assert_eq!(rows, 1);
    let parts = parts(&std::fs::read(&written.name).unwrap());
    let notes = &parts["xl/comments1.xml"];
    for text in ["ref=\"A2\"", "error [refused]", "The account is suspended.", "Ask for it to be opened."] {
        assert!(notes.contains(text), "{text}: {notes}");
    }
    let list = &parts["xl/worksheets/sheet2.xml"];
    assert!(list.contains("Harbor Light Dental") && list.contains("The account is suspended."), "{list}");
    let sheet = &parts["xl/worksheets/sheet1.xml"];
    assert!(sheet.contains(">refused<") && sheet.contains(">3<"), "its row in the master");
}
