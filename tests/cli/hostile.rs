//! What others wrote does nothing to a terminal, a results file or a copy of the sheet.

use super::fixture::*;
use calamine::{Data, Reader};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

/// Turns the text around, clears a terminal, hides what follows, and begins a line of its own.
const HOSTILE: &str = "x\u{202e}y\u{1b}[2Jz\u{9b}8m\u{7f}\u{2066}\u{200f}";

fn is_hostile(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn must_be_clean(what: &str, text: &str) {
    if let Some(at) = text.find(is_hostile) {
        panic!("{what}: {:?}", text[at..].chars().take(60).collect::<String>());
    }
}

#[test]
fn headers_cells_and_names_of_files_and_sheets_are_clean_wherever_they_are_printed_or_written() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..4].to_vec();
    let (email, city) = (column(&rows, "email"), column(&rows, "city"));
    let (account, name) = (column(&rows, "subaccount_sid"), column(&rows, "business_name"));
    rows[0].push(format!("colour {HOSTILE}"));
    rows[1].push("red".to_owned());
    rows[2].push(String::new());
    rows[3].push(String::new());
    rows[1][email] = format!("nobody{HOSTILE}");
    rows[1][name] = format!("Harbor {HOSTILE}");
    rows[2][city] = format!("#N/A{HOSTILE}");
    rows[2][account] = format!("AC1{HOSTILE}");
    let sheet = format!("sheet{HOSTILE}.csv");
    fixture.write(&sheet, csv_of(&rows));
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let worksheet = workbook.add_worksheet().set_name("S\u{202e}\u{2066}\u{9b}").expect("a name");
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            worksheet.write_string(row as u32, column as u16, cell).expect("a cell");
        }
    }
    let book = format!("book{HOSTILE}.xlsx");
    workbook.save(fixture.path(&book)).expect("a workbook");
    let (results, failed, log) =
        (format!("r{HOSTILE}.csv"), format!("f{HOSTILE}.csv"), format!("l{HOSTILE}"));
    for sheet in [&sheet, &book] {
        for arguments in [
            &["validate", sheet][..],
            &["validate", sheet, "--format", "json"],
            &["validate", sheet, "--format", "csv"],
            &["validate", sheet, "--sheet", HOSTILE],
            &["run", sheet, "--sandbox", "--results", &results, "--failed", &failed, "--log", &log],
            &["results", sheet, "--sandbox", "--results", &results],
            &["status", sheet, "--sandbox", "--results", &results],
        ] {
            let done = fixture.run(arguments);
            must_be_clean(&format!("output of {arguments:?}"), &format!("{}{}", done.out, done.err));
        }
        must_be_clean("the results", &fixture.read(&results));
        must_be_clean("the results of the numbers", &fixture.read(&format!("r{HOSTILE}-numbers.csv")));
        must_be_clean("the log", &fixture.read(&log));
        ours_must_be_clean("the failed rows", csv::Reader::from_path(fixture.path(&failed)).expect("rows"));
        let written = fixture.read(&failed);
        let first = written.lines().next().expect("headers");
        must_be_clean("the headers of the failed rows", first);
        assert!(first.contains("colour"), "{first}");
    }
    for missing in [format!("none{HOSTILE}.csv"), format!("none{HOSTILE}/sheet.csv")] {
        let done = fixture.run(&["validate", &missing]);
        assert_eq!(done.code, 1);
        must_be_clean("a message", &done.err);
        assert!(done.err.contains("<U+202E>"), "what was taken out is named: {}", done.err);
    }
}

/// The columns that we add to a sheet.
fn ours_must_be_clean(what: &str, mut rows: csv::Reader<std::fs::File>) {
    let headers = rows.headers().expect("headers").clone();
    let ours: Vec<usize> = (0..headers.len()).filter(|at| headers[*at].starts_with("onboarding_")).collect();
    assert!(ours.len() > 2, "{headers:?}");
    for row in rows.records().map(|row| row.expect("a row")) {
        for at in &ours {
            must_be_clean(&format!("{what}, {}", &headers[*at]), &row[*at]);
        }
    }
}

/// What we add to a workbook: our columns, the two sheets and the notes. Gives all of it.
fn additions_must_be_clean(path: &Path) -> String {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).expect("a workbook");
    let mut all = String::new();
    for (name, range) in book.worksheets() {
        let headers: Vec<String> =
            range.rows().next().expect("headers").iter().map(Data::to_string).collect();
        let is_ours = |at: usize| name.starts_with("Onboarding") || headers[at].starts_with("onboarding_");
        for row in range.rows() {
            for cell in (0..row.len()).filter(|at| is_ours(*at)).map(|at| row[at].to_string()) {
                must_be_clean(&format!("{}, sheet {name:?}", path.display()), &cell);
                all.push_str(&cell);
            }
        }
    }
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("a file")).expect("a workbook");
    let names: Vec<String> = archive.file_names().map(|it| it.expect("a name").into_owned()).collect();
    for name in names.iter().filter(|it| it.contains("comments")) {
        let mut notes = String::new();
        archive.by_name(name).expect("a part").read_to_string(&mut notes).expect("text");
        must_be_clean(&format!("{}, {name}", path.display()), &notes);
        assert!(!notes.contains("_x001B_") && !notes.contains("_x009B_"), "{notes}");
        all.push_str(&notes);
    }
    all
}

#[test]
fn what_is_added_to_a_marked_copy_and_to_a_workbook_of_failed_rows_is_clean() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..3].to_vec();
    let (email, city) = (column(&rows, "email"), column(&rows, "city"));
    let name = column(&rows, "business_name");
    for (row, cells) in rows.iter_mut().enumerate() {
        cells.push(if row == 0 { format!("colour {HOSTILE}") } else { "red".to_owned() });
    }
    rows[1][email] = format!("nobody{HOSTILE}");
    rows[1][name] = format!("Harbor {HOSTILE}");
    rows[2][city] = format!("#N/A{HOSTILE}");
    let sheet = format!("sheet{HOSTILE}.csv");
    fixture.write(&sheet, csv_of(&rows));
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let worksheet = workbook.add_worksheet().set_name("S\u{202e}\u{2066}").expect("a name");
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            worksheet.write_string(row as u32, column as u16, cell).expect("a cell");
        }
    }
    let book = format!("book{HOSTILE}.xlsx");
    workbook.save(fixture.path(&book)).expect("a workbook");
    for sheet in [&sheet, &book] {
        let (marked, failed) = (format!("{sheet}.marked.xlsx"), format!("{sheet}.failed.xlsx"));
        for arguments in [
            &["validate", sheet, "--annotate", &marked][..],
            &["run", sheet, "--sandbox", "--failed", &failed],
        ] {
            let done = fixture.run(arguments);
            assert_eq!(done.code, 3, "{arguments:?}: {}", done.err);
            must_be_clean(&format!("output of {arguments:?}"), &format!("{}{}", done.out, done.err));
        }
        for file in [marked, failed] {
            let added = additions_must_be_clean(&fixture.path(&file));
            assert!(added.contains("<U+202E>"), "what was taken out is named: {added}");
        }
    }
}

#[test]
fn arguments_that_are_none_are_named_without_doing_anything() {
    let fixture = Fixture::new();
    let line = "\nerror: all is well";
    for arguments in [
        &["validate", "a.csv", &format!("--{HOSTILE}")][..],
        &["run", "a.csv", "--rate", HOSTILE],
        &["run", "a.csv", &format!("--rate={HOSTILE}")],
        &[HOSTILE],
        &["run", "a.csv", &format!("--rate={line}")],
        &["run", "a.csv", "--rate", line],
        &["validate", "a.csv", &format!("b{line}")],
        &["run", "a.csv", "--sandbox", "--results", &format!("a{line}{HOSTILE}.txt")],
    ] {
        let done = fixture.run(arguments);
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.err);
        must_be_clean(&format!("output of {arguments:?}"), &format!("{}{}", done.out, done.err));
        assert!(!done.err.contains(line), "{arguments:?}: {}", done.err);
        assert!(done.err.contains("<U+202E>") || done.err.contains("error: all is well"), "{}", done.err);
    }
}

#[test]
fn a_line_break_in_a_name_begins_no_line_of_its_own() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..3].to_vec();
    let email = column(&rows, "email");
    rows[0].push("colour\nerror: all is well".to_owned());
    rows[1].push("red".to_owned());
    rows[2].push(String::new());
    rows[1][email] = "nobody\nerror: all is well".to_owned();
    let sheet = "a\nerror: all is well.csv";
    fixture.write(sheet, csv_of(&rows));
    let (results, failed) = ("r\nerror: all is well.csv", "f\nerror: all is well.csv");
    for arguments in [
        &["validate", sheet][..],
        &["validate", sheet, "--annotate", "m\nerror: all is well.xlsx"],
        &["run", sheet, "--sandbox", "--results", results, "--failed", failed],
        &["results", sheet, "--sandbox", "--results", results],
        &["status", sheet, "--sandbox", "--results", results],
        &["validate", "none\nerror: all is well.csv"],
        &["merge", sheet, "none\nerror: all is well.csv", "-o", "new\nerror: all is well.csv"],
        &["template", "-o", "no folder\nerror: all is well/t.csv"],
    ] {
        let done = fixture.run(arguments);
        let text = format!("{}{}", done.out, done.err);
        assert!(text.contains("error: all is well"), "{arguments:?}: {text}");
        assert!(!text.lines().any(|it| it.starts_with("error: all is well")), "{arguments:?}: {text}");
    }
}

/// A header that holds a code for hidden text is not one of our colours.
#[test]
fn a_name_that_is_a_code_of_a_terminal_hides_nothing() {
    let fixture = Fixture::new();
    for code in ["\u{1b}[8m", "\u{1b}[30;40m", "\u{1b}[2J"] {
        fixture.write(code, csv_of(&sample_rows()[..2]));
        for arguments in [&["validate", code][..], &["run", code, "--sandbox", "--results", "r.csv"]] {
            let mut command = fixture.command(arguments);
            let done = fixture.finish(command.env("CLICOLOR_FORCE", "1"));
            assert_eq!(done.code, 0, "{}", done.err);
            let text = format!("{}{}", done.out, done.err);
            assert!(!text.contains(code), "{text:?}");
            assert!(text.contains("<U+001B>"), "{text:?}");
        }
    }
}

/// Answers every request, in a thread that ends with the test: the primary profile is there, and all else is
/// refused with these words.
fn refuse_with(words: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let refusal = serde_json::json!({"code": 20003, "message": words, "status": 403}).to_string();
    let primary = serde_json::json!({
        "sid": PRIMARY, "account_sid": PARENT, "status": "twilio-approved", "friendly_name": "Reseller",
        "policy_sid": "RN806dd6cd175f314e1f96a9727ee271f4",
    });
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (refusal, primary) = (refusal.clone(), primary.to_string());
            std::thread::spawn(move || {
                let mut request = [0; 16_384];
                let read = stream.read(&mut request).unwrap_or(0);
                let is_primary = String::from_utf8_lossy(&request[..read]).contains(PRIMARY);
                let (status, body) =
                    if is_primary { ("200 OK", primary) } else { ("403 Forbidden", refusal) };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    url
}

const PARENT: &str = "ACffffffffffffffffffffffffffffffff";
const PRIMARY: &str = "BUffffffffffffffffffffffffffffffff";

#[test]
fn what_the_api_says_is_clean_and_without_secrets_in_results_failed_rows_and_output() {
    let token = "00112233445566778899aabbccddeeff";
    let url = refuse_with(&format!("no{HOSTILE} to {token}\nerror: all is well"));
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..3]));
    for failed in ["failed.csv", "failed.xlsx"] {
        let arguments = ["run", "sheet.csv", "--base-url", &url, "--yes", "--failed", failed, "--log", "log"];
        let mut command = fixture.command(&arguments);
        command.env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", token);
        command.args(["--primary-profile", PRIMARY, "--ledger", "ledger.db"]);
        let done = fixture.finish(&mut command);
        let text = format!("{}{}", done.out, done.err);
        must_be_clean("the output", &text);
        for row in fixture.results() {
            let message = &row["error_message"];
            must_be_clean("the results", message);
            assert!(message.contains("<U+202E>") && message.contains("[secret]"), "{message} {text}");
        }
        let added = match failed {
            "failed.csv" => {
                ours_must_be_clean(failed, csv::Reader::from_path(fixture.path(failed)).expect("rows"));
                fixture.read(failed)
            }
            _ => additions_must_be_clean(&fixture.path(failed)),
        };
        assert!(added.contains("&lt;U+202E&gt;") || added.contains("<U+202E>"), "{added}");
        for text in [text, added, fixture.read("results.csv"), fixture.read("log")] {
            assert!(!text.contains(token), "{text}");
        }
    }
}
