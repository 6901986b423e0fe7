//! The file of failed rows, and its way back into the master sheet.

use super::fixture::*;
use crate::common::patched;
use std::io::Read;

/// The clean sample as a sheet with two mistakes, a business type in row 4 and a city in row 6.
fn mistaken() -> Vec<Vec<String>> {
    let mut rows = sample_rows()[..8].to_vec();
    let (kind, city) = (column(&rows, "business_type"), column(&rows, "city"));
    rows[3][kind] = "Franchise".to_owned();
    rows[5][city] = String::new();
    rows
}

/// A fixture on which the sheet was run and its failed rows were written.
fn fixture(sheet: &str, content: impl AsRef<[u8]>, failed: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.write(sheet, content);
    let done = fixture.run(&["run", sheet, "--sandbox", "--no-submit", "--failed", failed]);
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    fixture
}

fn part(fixture: &Fixture, workbook: &str, name: &str) -> String {
    let file = std::fs::File::open(fixture.path(workbook)).expect(workbook);
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(file).expect("a workbook");
    archive.by_name(name).expect(name).read_to_string(&mut text).expect("text");
    text
}

fn bytes(fixture: &Fixture, name: &str) -> Vec<u8> {
    std::fs::read(fixture.path(name)).expect(name)
}

fn merge(fixture: &Fixture, master: &str, failed: &str, new: &str) -> Done {
    fixture.run(&["merge", master, failed, "-o", new])
}

/// The failed CSV file, corrected.
fn correct(fixture: &Fixture) {
    let mut rows: Vec<Vec<String>> = csv::Reader::from_path(fixture.path("failed.csv"))
        .expect("rows")
        .into_records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    let all = sample_rows();
    rows[0][column(&all, "business_type")] = "Partnership".to_owned();
    rows[1][column(&all, "city")] = "Albany".to_owned();
    let text = fixture.read("failed.csv");
    let head = text.lines().next().expect("a header");
    let body = String::from_utf8(csv_of(&rows)).expect("text");
    fixture.write("failed.csv", format!("{head}\n{body}"));
}

fn corrected(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let (kind, city) = (column(&rows, "business_type"), column(&rows, "city"));
    rows[3][kind] = "Partnership".to_owned();
    rows[5][city] = "Albany".to_owned();
    rows
}

#[test]
fn the_failed_rows_have_the_row_of_the_master_and_message_and_fix_apart() {
    let fixture = fixture("sheet.csv", csv_of(&mistaken()), "failed.csv");
    let text = fixture.read("failed.csv");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = reader.headers().expect("a header").clone();
    let at = |name: &str| head.iter().position(|it| it == name).expect(name);
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.iter().map(|row| &row[at("onboarding_row")]).collect::<Vec<_>>(), ["4", "6"]);
    assert_eq!(&rows[0][at("onboarding_state")], "invalid");
    assert!(rows[0][at("onboarding_error")].contains("This is not one of the 7 values"), "{:?}", rows[0]);
    assert!(rows[0][at("onboarding_fix")].starts_with("Choose one of"), "{:?}", rows[0]);
    // The failed rows of failed rows still say where in the master they are.
    let done = fixture.run(&["run", "failed.csv", "--sandbox", "--no-submit", "--failed", "again.csv"]);
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    let again = fixture.read("again.csv");
    assert!(again.lines().nth(1).expect("a row").ends_with(",4"), "{again}");
}

#[test]
fn the_failed_workbook_is_marked_as_the_marked_copy_is() {
    let fixture = fixture("sheet.csv", csv_of(&mistaken()), "failed.xlsx");
    let sheet = part(&fixture, "failed.xlsx", "xl/worksheets/sheet1.xml");
    for text in [
        "onboarding_row",
        "onboarding_fix",
        "Choose one of",
        "<t xml:space=\"preserve\">6</t>",
        "topLeftCell=\"B2\"",
    ] {
        assert!(sheet.contains(text), "{text}");
    }
    let notes = part(&fixture, "failed.xlsx", "xl/comments1.xml");
    for text in ["ref=\"J2\"", "ref=\"T3\"", "ref=\"A2\"", "ref=\"A3\"", "not_in_list", "Choose one of"] {
        assert!(notes.contains(text), "{text}: {notes}");
    }
    let cell = sheet.split("r=\"J2\" s=\"").nth(1).expect("the cell").split('"').next().expect("a format");
    let styles = part(&fixture, "failed.xlsx", "xl/styles.xml");
    let formats = styles.split("<cellXfs ").nth(1).expect("formats");
    let format = formats.split("<xf ").nth(cell.parse::<usize>().expect("a number") + 1).expect("the format");
    let fill = format.split("fillId=\"").nth(1).expect("a fill").split('"').next().expect("a number");
    let fill = styles.split("<fill>").nth(fill.parse::<usize>().expect("a number") + 1).expect("the fill");
    assert!(fill.contains("FFFFC7CE"), "{fill}");
    let list = part(&fixture, "failed.xlsx", "xl/worksheets/sheet2.xml");
    assert!(list.contains("'Customers'!T3") && list.contains("required"), "{list}");
}

#[test]
fn corrected_rows_go_back_into_a_csv_file_and_nothing_else_in_it_changes() {
    let text = String::from_utf8(csv_of(&mistaken())).expect("text");
    let semicolons = {
        let mut writer =
            csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(vec![]);
        for row in mistaken() {
            writer.write_record(&row).expect("a row");
        }
        String::from_utf8(writer.into_inner().expect("bytes")).expect("text").replacen(
            "Harbor",
            "Caf\u{e9}",
            1,
        )
    };
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(semicolons.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&semicolons);
    for master in [
        text.clone().into_bytes(),
        format!("\u{feff}{text}").into_bytes(),
        format!("Our customers\n\n{}", text.replace("Partnership", "\"Partnership\"")).into_bytes(),
        format!("sep=;\r\n{semicolons}").into_bytes(),
        latin.into_owned(),
        utf16,
    ] {
        let fixture = fixture("sheet.csv", &master, "failed.csv");
        correct(&fixture);
        let done = fixture.run(&["run", "failed.csv", "--sandbox", "--no-submit", "--results", "second.csv"]);
        assert_eq!(done.code, 0, "the corrected file runs: {}{}", done.out, done.err);
        let done = merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        assert!(done.out.contains("2 rows taken over, 2 cells changed: new.csv"), "{}", done.out);
        assert!(bytes(&fixture, "sheet.csv") == master, "the master itself stays");
        let new = bytes(&fixture, "new.csv");
        // Taken back, the two cells make the master again, byte for byte.
        let is_wide = master.starts_with(&[0xff, 0xfe]);
        let wide = |text: &str| -> Vec<u8> {
            match is_wide {
                true => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                false => text.as_bytes().to_vec(),
            }
        };
        let find = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).position(|it| it == text);
        let mistake = find(&master, &wide("Franchise")).expect("the mistake");
        let after =
            [&new[..mistake], &wide("Franchise"), &new[mistake + wide("Partnership").len()..]].concat();
        let city = after.iter().zip(&master).position(|(new, old)| new != old).expect("the city");
        assert!([&after[..city], &after[city + wide("Albany").len()..]].concat() == master);
        let done = fixture.run(&["validate", "new.csv"]);
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    }
}

#[test]
fn the_bytes_around_a_merged_cell_are_those_of_the_master() {
    let fixture = fixture("sheet.csv", csv_of(&mistaken()), "failed.csv");
    correct(&fixture);
    merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
    assert_eq!(fixture.read("new.csv").into_bytes(), csv_of(&corrected(mistaken())));
}

/// The sheet as a workbook with a list and a note.
fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Clients").expect("a name");
    for (row, cells) in mistaken().iter().enumerate() {
        for (at, cell) in cells.iter().enumerate() {
            sheet.write_string(row as u32, at as u16, cell.trim_start_matches('\'')).expect("a cell");
        }
    }
    let list = rust_xlsxwriter::DataValidation::new()
        .allow_list_strings(&["Partnership", "Corporation"])
        .expect("a list");
    sheet.add_data_validation(1, 9, 50, 9, &list).expect("a list");
    sheet.insert_note(0, 0, &rust_xlsxwriter::Note::new("ours")).expect("a note");
    sheet
        .write_formula(7, 39, rust_xlsxwriter::Formula::new("=\"a\"&\"b\"").set_result("ab"))
        .expect("a formula");
    workbook.save_to_buffer().expect("a workbook")
}

#[test]
fn corrected_rows_go_back_into_the_users_own_workbook() {
    let fixture = fixture("master.xlsx", workbook(), "failed.csv");
    correct(&fixture);
    let done = merge(&fixture, "master.xlsx", "failed.csv", "new.xlsx");
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let (before, after) =
        ["master.xlsx", "new.xlsx"].map(|it| part(&fixture, it, "xl/worksheets/sheet1.xml")).into();
    let (before, after): (String, String) = (before, after);
    for kept in ["<dataValidations", "<legacyDrawing", "<f>\"a\"&amp;\"b\"</f>"] {
        assert!(before.contains(kept) && after.contains(kept), "{kept}");
    }
    assert_eq!(
        part(&fixture, "new.xlsx", "xl/comments1.xml"),
        part(&fixture, "master.xlsx", "xl/comments1.xml")
    );
    let changed = |sheet: &str| sheet.matches("inlineStr").count();
    assert_eq!((changed(&before), changed(&after)), (0, 2), "two cells are new");
    let done = fixture.run(&["validate", "new.xlsx"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}

#[test]
fn either_format_of_the_failed_rows_fits_either_format_of_the_master() {
    for (master, content) in [("master.xlsx", workbook()), ("master.csv", csv_of(&mistaken()))] {
        let fixture = fixture(master, content, "failed.xlsx");
        let theirs = patched(&bytes(&fixture, "failed.xlsx"), "xl/worksheets/sheet1.xml", |xml| {
            xml.replacen("Franchise", "Partnership", 1)
        });
        fixture.write("failed.xlsx", theirs);
        let new = master.replace("master", "new");
        let done = merge(&fixture, master, "failed.xlsx", &new);
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        assert!(done.out.contains("2 rows taken over, 1 cell changed"), "{}", done.out);
        let done = fixture.run(&["validate", &new, "--format", "csv"]);
        assert_eq!(done.out.matches("error").count(), 1, "the city is still missing: {}", done.out);
    }
}

/// The failed file, row by row, header first.
fn failed_rows(fixture: &Fixture) -> Vec<Vec<String>> {
    let text = fixture.read("failed.csv");
    let text = text.trim_start_matches('\u{feff}').to_owned();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn rows_may_be_sorted_or_taken_out_and_a_subaccount_may_be_what_was_corrected() {
    let mut sheet = mistaken();
    sheet[3][0] = "AC123".to_owned();
    let fixture = fixture("sheet.csv", csv_of(&sheet), "failed.csv");
    let mut rows = failed_rows(&fixture);
    rows[1][0] = sample_rows()[3][0].clone();
    rows[1][column(&sample_rows(), "business_type")] = "Partnership".to_owned();
    rows[2][column(&sample_rows(), "city")] = "Albany".to_owned();
    rows.swap(1, 2);
    fixture.write("failed.csv", csv_of(&rows));
    let done = merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(fixture.read("new.csv").into_bytes(), csv_of(&corrected(mistaken())));
    rows.remove(2);
    fixture.write("failed.csv", csv_of(&rows));
    let done = merge(&fixture, "sheet.csv", "failed.csv", "other.csv");
    assert!(done.out.contains("1 row taken over, 1 cell changed"), "{}{}", done.out, done.err);
}

#[test]
fn what_is_not_certain_is_refused_by_name_and_nothing_is_written() {
    let kind = column(&sample_rows(), "business_type");
    type Change = fn(&mut Vec<Vec<String>>, &mut Vec<Vec<String>>);
    let cases: [(&str, Change); 6] = [
        ("rows 2 and 4 are both row 4 of the master", |_, failed| {
            let row = failed[1].clone();
            failed.push(row);
        }),
        ("has a subaccount that the master does not have", |_, failed| {
            failed[1][0] = "AC99999999999999999999999999999999".to_owned();
            let last = failed[1].len() - 1;
            failed[1][last] = String::new();
        }),
        ("could be each of the master's rows 4, 9", |master, failed| {
            let row = master[3].clone();
            master.push(row);
            let last = failed[1].len() - 1;
            failed[1][last] = "7".to_owned();
        }),
        ("has no column for \"favourite colour\"", |_, failed| {
            failed[0].insert(3, "favourite colour".to_owned());
            failed.iter_mut().skip(1).for_each(|row| row.insert(3, "red".to_owned()));
        }),
        ("have no one column subaccount_sid in common", |_, failed| failed[0][0] = String::new()),
        ("has a quotation mark that is never closed", |master, _| {
            let row = vec!["\u{1}".to_owned()];
            master.push(row);
        }),
    ];
    for (text, change) in cases {
        let fixture = fixture("sheet.csv", csv_of(&mistaken()), "failed.csv");
        let (mut master, mut failed) = (mistaken(), failed_rows(&fixture));
        failed[1][kind] = "Partnership".to_owned();
        change(&mut master, &mut failed);
        let csv = |rows: &[Vec<String>]| {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(vec![]);
            rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
            String::from_utf8(writer.into_inner().expect("bytes"))
                .expect("text")
                .replace('\u{1}', "AC,\"open")
        };
        fixture.write("sheet.csv", csv(&master));
        fixture.write("failed.csv", csv(&failed));
        let done = merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
        assert_eq!(done.code, 1, "{text}: {}{}", done.out, done.err);
        assert!(done.err.contains(text) && done.err.contains("nothing was written"), "{text}: {}", done.err);
        assert!(!fixture.path("new.csv").exists());
    }
}

#[test]
fn a_formula_of_the_master_and_a_character_that_its_encoding_lacks_are_refused_by_name() {
    let desk_of_formula = fixture("master.xlsx", workbook(), "failed.csv");
    let mut rows = failed_rows(&desk_of_formula);
    rows[1][0] = mistaken()[7][0].clone();
    desk_of_formula.write("failed.csv", csv_of(&rows));
    let done = merge(&desk_of_formula, "master.xlsx", "failed.csv", "new.xlsx");
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.err.contains("are formulas") && done.err.contains("AN8"), "{}", done.err);
    let text = String::from_utf8(csv_of(&mistaken())).expect("text").replacen("Harbor", "Caf\u{e9}", 1);
    let fixture = fixture("sheet.csv", encoding_rs::WINDOWS_1252.encode(&text).0, "failed.csv");
    let mut rows = failed_rows(&fixture);
    rows[2][column(&sample_rows(), "city")] = "\u{141}\u{f3}d\u{17a}".to_owned();
    fixture.write("failed.csv", csv_of(&rows));
    let done = merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.err.contains("Row 6") && done.err.contains("does not have"), "{}", done.err);
    assert!(!fixture.path("new.csv").exists());
}

#[test]
fn a_merge_never_replaces_its_inputs_or_somebody_elses_file() {
    let fixture = fixture("sheet.csv", csv_of(&mistaken()), "failed.csv");
    correct(&fixture);
    let before = (fixture.read("sheet.csv"), fixture.read("failed.csv"));
    for new in ["sheet.csv", "failed.csv", "./sheet.csv"] {
        let done = merge(&fixture, "sheet.csv", "failed.csv", new);
        assert_eq!(done.code, 1, "{}{}", done.out, done.err);
        assert!(done.err.contains("are the same file"), "{}", done.err);
    }
    let done = merge(&fixture, "sheet.csv", "failed.csv", "new.xlsx");
    assert_eq!(done.code, 2, "{}{}", done.out, done.err);
    fixture.write("new.csv", "my notes");
    let done = merge(&fixture, "sheet.csv", "failed.csv", "new.csv");
    assert!(done.code == 0 && done.out.contains("new-2.csv"), "{}{}", done.out, done.err);
    assert_eq!(fixture.read("new.csv"), "my notes");
    assert_eq!((fixture.read("sheet.csv"), fixture.read("failed.csv")), before);
}
