//! The page that `report` writes.

use super::fixture::*;

const LEDGER: &str = "trusthub-onboard-sandbox.db";

/// The text between two others.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).unwrap_or_else(|| panic!("{begin} is there")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("{end} is there")).0
}

/// The cells of a table's rows, without what is in them besides text.
fn cells(page: &str, table: &str) -> Vec<Vec<String>> {
    let body = between(between(page, &format!("id=\"{table}\""), "</table>"), "<tbody>", "</tbody>");
    let plain = |cell: &str| {
        let pieces = cell.split_once('>').map_or("", |it| it.1).split('<');
        pieces
            .enumerate()
            .map(|(at, it)| if at == 0 { it } else { it.split_once('>').map_or("", |it| it.1) })
            .collect()
    };
    body.lines()
        .filter(|line| line.starts_with("<tr"))
        .map(|line| line.split("<td").skip(1).map(|cell| plain(cell.trim_end_matches("</tr>"))).collect())
        .collect()
}

/// A sheet of which rows are approved, invalid, rejected and not begun.
fn run(fixture: &Fixture) -> Vec<Vec<String>> {
    let mut rows = sample_rows()[..8].to_vec();
    let (email, name) = (column(&rows, "email"), column(&rows, "business_name"));
    let (representative, number) =
        (column(&rows, "representative_1_email"), column(&rows, "business_registration_number"));
    rows[2][email] = "nobody at nowhere".to_owned();
    rows[3][number] = "41234567".to_owned();
    rows[4][representative] = "someone.of.them@gmail.com".to_owned();
    rows[5][name] = "</script><img src=x onerror=alert(1)>".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    fixture.run(&["run", "sheet.csv", "--sandbox", "--limit", "4"]);
    rows
}

#[test]
fn the_page_shows_every_row_as_the_results_do_and_loads_nothing() {
    let fixture = Fixture::new();
    run(&fixture);
    let done = fixture.run(&["report", "sheet.csv", "--sandbox"]);
    assert!(done.out.contains("Report: report.html"), "{}{}", done.out, done.err);
    let page = fixture.read("report.html");
    let results = fixture.results();
    let lines = cells(&page, "customers");
    assert_eq!(lines.len(), results.len());
    for (line, row) in lines.iter().zip(&results) {
        assert_eq!((&line[0], &line[2]), (&row["row"], &row["outcome"].replace('_', " ")));
        assert_eq!(line[5], row["columns_to_correct"]);
        assert_eq!(line[7].is_empty(), row["console_url"].is_empty());
    }
    for (outcome, count) in cells(&page, "outcomes").iter().map(|it| (&it[0], &it[1])) {
        let found = results.iter().filter(|row| row["outcome"].replace('_', " ") == *outcome).count();
        assert_eq!(count, &found.to_string(), "{outcome}");
    }
    // Nothing is loaded: whatever is named leads to the Console, and only if it is followed.
    assert!(between(&page, "Content-Security-Policy\" content=\"", "\"").starts_with("default-src 'none'"));
    for address in page.split("href=\"").skip(1) {
        let of_the_console = "https://console.twilio.com/us1/account/trust-hub/customer-profiles/BU";
        assert!(address.starts_with('#') || address.starts_with(of_the_console), "{:.80}", address);
    }
    for loading in ["src=\"", "src='", "url(", "@import", "<link", "<iframe", "<img", "fetch(", "XMLHttp"] {
        assert!(!page.contains(loading), "{loading}");
    }
    let addresses = page.matches("://").count();
    assert_eq!(addresses, page.matches("https://console.twilio.com").count(), "no other address is in it");
}

#[test]
fn the_page_holds_no_personal_data_beyond_the_business_names_unless_asked() {
    let fixture = Fixture::new();
    let rows = run(&fixture);
    fixture.run(&["report", "sheet.csv", "--sandbox"]);
    fixture.run(&["report", "sheet.csv", "--sandbox", "--with-details", "-o", "details.html"]);
    let (page, details) = (fixture.read("report.html"), fixture.read("details.html"));
    let personal = [
        "email",
        "representative_1_email",
        "representative_1_last_name",
        "representative_1_phone_number",
        "representative_2_email",
        "street",
        "business_registration_number",
        "website_url",
        "phone_numbers",
    ];
    for name in personal {
        let at = column(&rows, name);
        for value in rows[1..].iter().flat_map(|row| row[at].split("; ")) {
            let value = value.trim_start_matches('\'');
            let is_telling = value.len() > 5 && value != "all";
            assert!(!is_telling || !page.contains(value), "{name}: {value}");
        }
    }
    assert!(!page.contains("041234567"), "a value that was probably meant is personal data too");
    assert!(details.contains("041234567"), "and is shown where it is asked for");
    assert!(page.contains(&rows[1][column(&rows, "business_name")]));
}

#[test]
fn the_days_of_the_migration_are_those_of_the_ledgers_history() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..5]));
    fixture.run(&["run", "sheet.csv", "--sandbox", "--limit", "3"]);
    let ledger = rusqlite::Connection::open(fixture.path(LEDGER)).expect("a ledger");
    // The customer that was first is taken for one of five days ago, the others for ones of two days ago.
    let day = 24 * 60 * 60 * 1_000_i64;
    ledger.execute("UPDATE history SET at = at - 2 * ?1", [day]).expect("an update");
    let first = "SELECT subaccount FROM history ORDER BY id LIMIT 1";
    ledger
        .execute(&format!("UPDATE history SET at = at - 3 * ?1 WHERE subaccount = ({first})"), [day])
        .expect("an update");
    // In the order in which it would have been written.
    ledger.execute("UPDATE history SET id = id + 1000000", []).expect("an update");
    ledger
        .execute(&format!("UPDATE history SET id = id - 1000000 WHERE subaccount = ({first})"), [])
        .expect("an update");
    drop(ledger);
    fixture.run(&["report", "sheet.csv", "--sandbox"]);
    let page = fixture.read("report.html");
    let days = cells(&page, "days");
    let approved: Vec<&str> = days.iter().map(|it| it[1].as_str()).collect();
    assert_eq!(approved, ["1", "1", "1", "3", "3", "3"], "{days:?}");
    assert!(
        days.iter().all(|it| it[1..].iter().map(|it| it.parse::<u64>().expect("a count")).sum::<u64>() == 4)
    );
    assert!(page.contains("3 begun, 3 submitted at least once, 0 rejected and 0 refused"));
}

#[test]
fn a_page_is_asked_for_under_the_name_of_a_page_and_with_a_ledger() {
    let fixture = Fixture::new();
    let done = fixture.run(&["report", &sample("customers.csv"), "--sandbox", "-o", "report.pdf"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains(".html"), "{}", done.err);
    let done = fixture.run(&["report", &sample("customers.csv"), "--sandbox"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("There is no"), "{}", done.err);
    assert!(!fixture.path("report.html").exists());
}

#[test]
fn a_page_of_ours_is_replaced_and_a_file_of_somebody_else_is_moved_aside() {
    let fixture = Fixture::new();
    run(&fixture);
    fixture.write("report.html", "mine");
    let report = || fixture.run(&["report", "sheet.csv", "--sandbox"]);
    assert!(report().err.contains("somebody else"));
    assert!(!report().err.contains("somebody else"));
    let pages = std::fs::read_dir(&fixture.folder).expect("the folder");
    let pages: Vec<String> = pages
        .map(|it| it.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|it| it.ends_with(".html"))
        .collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
}
