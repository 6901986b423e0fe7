//! The results as a workbook, for people: how the customers stand, what needs them, what waits for Twilio, which
//! numbers are left out, and everything.

mod earlier;
mod look;
mod summary;

pub use earlier::Earlier;

use super::csv::{cut_off, result_cells, result_columns};
use super::failed::unwritable_workbook;
use super::history::Past;
use super::next::Who;
use super::rebuild::finished;
use super::row::RowReport;
use super::summary::Tally;
use super::words::{
    cells, happened, in_review, longest_usual_review_days, needs_a_look, usual_review, usual_reviews,
};
use crate::facts::{Outcome, Time};
use crate::flow::Flow;
use crate::model::Fault;
use look::{Lines, Look, Table, Value};
use rust_xlsxwriter::{Workbook, XlsxError};
use std::io::{self, Seek, Write};
use std::path::Path;
use summary::Summary;

const NEEDS_YOU: &str = "Needs you";
const WAITING: &str = "Waiting for Twilio";
const LEFT_OUT: &str = "Left out";
const ALL: &str = "All";

/// What is shown for a link.
const CONSOLE: &str = "Console";

/// A row that is the user's to act on.
struct Need {
    row: u64,
    business_name: String,
    happened: String,
    to_do: String,
    cells: String,
    outcome: Outcome,
    subaccount_sid: String,
    console_url: Option<String>,
}

/// The workbook in the making.
pub struct ResultsBook {
    flow: &'static Flow,
    /// When it is made.
    now: Time,
    workbook: Workbook,
    look: Look,
    needs_you: Table,
    waiting: Table,
    left_out: Table,
    all: Table,
    /// The places of the columns of `All` in the CSV file.
    order: Vec<usize>,
    /// Those that need no look, only another run.
    run_again: Vec<Need>,
    tally: Tally,
    numbers: [u64; 2],
}

impl ResultsBook {
    pub fn begin(flow: &'static Flow, now: Time) -> Result<ResultsBook, Fault> {
        ResultsBook::new(flow, now).map_err(|error| fault(&error))
    }

    fn new(flow: &'static Flow, now: Time) -> Result<ResultsBook, XlsxError> {
        let mut workbook = Workbook::new();
        let look = Look::new();
        let columns = result_columns(flow);
        let order = order(&columns);
        let head: Vec<(&str, f64)> =
            order.iter().filter_map(|at| columns.get(*at)).map(|it| (it.as_str(), width(it))).collect();
        let mut table = |name: &str, lines: Lines, columns: &[(&str, f64)]| {
            Table::begin(workbook.new_worksheet_with_constant_memory()?, name, columns, lines, &look)
        };
        let needs_you = table(
            NEEDS_YOU,
            Lines::Wrapped,
            &[
                ("row", 7.0),
                ("business name", 24.0),
                ("what happened", 44.0),
                ("what to do", 46.0),
                ("cell", 24.0),
                ("outcome", 17.0),
                ("Twilio Console", 15.0),
                ("subaccount", 38.0),
            ],
        )?;
        let waiting = table(
            WAITING,
            Lines::Wrapped,
            &[
                ("row", 7.0),
                ("business name", 24.0),
                ("waits for", 36.0),
                ("since (UTC)", 18.0),
                ("days", 8.0),
                ("usual time", 14.0),
                ("what to do", 40.0),
                ("outcome", 28.0),
                ("Twilio Console", 15.0),
                ("subaccount", 38.0),
            ],
        )?;
        let left_out = table(
            LEFT_OUT,
            Lines::Wrapped,
            &[
                ("row", 7.0),
                ("business name", 24.0),
                ("phone number", 18.0),
                ("state", 22.0),
                ("why", 46.0),
                ("code", 26.0),
                ("phone number SID", 38.0),
                ("subaccount", 38.0),
            ],
        )?;
        let all = table(ALL, Lines::One, &head)?;
        Ok(ResultsBook {
            flow,
            now,
            workbook,
            look,
            needs_you,
            waiting,
            left_out,
            all,
            order,
            run_again: vec![],
            tally: Tally::default(),
            numbers: [0; 2],
        })
    }

    pub fn row(&mut self, row: &RowReport) -> Result<(), Fault> {
        self.add(row).map_err(|error| fault(&error))
    }

    fn add(&mut self, row: &RowReport) -> Result<(), XlsxError> {
        self.tally.count(row);
        self.numbers[0] += row.phone_numbers_assigned as u64;
        match row.who {
            Who::You => {
                let need = Need {
                    row: row.row,
                    business_name: row.business_name.clone(),
                    happened: happened(row),
                    to_do: row.next_action.clone(),
                    cells: cells(row),
                    outcome: row.outcome,
                    subaccount_sid: row.subaccount_sid.clone(),
                    console_url: row.console_url.clone(),
                };
                // Those that only need another run are many, and come behind the others.
                match needs_a_look(row.outcome) {
                    true => add_need(&mut self.needs_you, &need, &self.look)?,
                    false => self.run_again.push(need),
                }
            }
            Who::Twilio => {
                let review = in_review(self.flow, row);
                let usual_days =
                    review.map_or_else(|| longest_usual_review_days(self.flow), |it| it.usual_review_days.1);
                let usual = review.map_or_else(|| usual_reviews(self.flow), usual_review);
                self.waiting.row(
                    &[
                        Value::Number(row.row),
                        Value::Text(&row.business_name),
                        Value::Text(super::words::meaning(row.outcome)),
                        Value::Time(row.waiting_since),
                        row.days_waiting.map_or(Value::Text(""), |days| Value::Days(days, usual_days)),
                        Value::Text(&usual),
                        Value::Text(&row.next_action),
                        Value::Outcome(row.outcome),
                        Value::Link(row.console_url.as_deref(), CONSOLE),
                        Value::Text(&row.subaccount_sid),
                    ],
                    &self.look,
                )?
            }
            Who::Nobody => (),
        }
        for number in row.phone_numbers.iter().filter(|it| it.is_refused() || it.code.is_some()) {
            let text = |it: &'_ Option<String>| it.clone().unwrap_or_default();
            self.numbers[1] += 1;
            self.left_out.row(
                &[
                    Value::Number(row.row),
                    Value::Text(&row.business_name),
                    Value::Text(&text(&number.phone_number)),
                    Value::Text(number.state.word()),
                    Value::Text(&text(&number.message)),
                    Value::Text(&text(&number.code)),
                    Value::Text(&text(&number.sid)),
                    Value::Text(&row.subaccount_sid),
                ],
                &self.look,
            )?;
        }
        let cells = result_cells(self.flow, row);
        let number = |text: &str| text.parse::<u64>().ok().filter(|it| it.to_string() == text);
        let columns = result_columns(self.flow);
        let values = self.order.iter().filter_map(|at| Some((columns.get(*at)?, cells.get(*at)?)));
        let values: Vec<Value<'_>> = values
            .map(|(column, cell)| match (column.as_str(), number(cell)) {
                ("outcome", _) => Value::Outcome(row.outcome),
                (name, Some(number)) if COUNTS.contains(&name) => Value::Number(number),
                _ => Value::Text(cell),
            })
            .collect();
        self.all.row(&values, &self.look)
    }

    /// Writes the workbook, once all rows are there. `past` is what the ledger's history tells, and `earlier` what
    /// the file said that this one takes the place of.
    pub fn end(self, past: &Past, earlier: Option<&Earlier>, output: &mut dyn Write) -> Result<(), Fault> {
        let mut workbook = self.put_together(past, earlier).map_err(|error| fault(&error))?;
        let mut file = finished(&mut workbook)?;
        let copied = file.rewind().and_then(|()| io::copy(&mut file, output));
        copied.map(|_| ()).map_err(|error| cut_off(&error.to_string()))
    }

    fn put_together(mut self, past: &Past, earlier: Option<&Earlier>) -> Result<Workbook, XlsxError> {
        for need in std::mem::take(&mut self.run_again) {
            add_need(&mut self.needs_you, &need, &self.look)?;
        }
        let sheets = [
            (
                NEEDS_YOU,
                self.needs_you.rows(),
                "what you do next: what is wrong first, then what only needs a run",
            ),
            (WAITING, self.waiting.rows(), "what Twilio reviews, and since when"),
            (LEFT_OUT, self.left_out.rows(), "phone numbers that were refused or are left off a product"),
            (ALL, self.all.rows(), "every row of the sheet, with all columns of the results"),
        ];
        let summary = Summary {
            now: self.now,
            tally: &self.tally,
            past,
            earlier,
            numbers: self.numbers,
            sheets: &sheets,
        };
        let mut first = summary::write(&summary, &self.look)?;
        first.set_active(true);
        self.workbook.push_worksheet(first);
        for table in [self.needs_you, self.waiting, self.left_out, self.all] {
            self.workbook.push_worksheet(table.end()?);
        }
        Ok(self.workbook)
    }
}

fn add_need(table: &mut Table, need: &Need, look: &Look) -> Result<(), XlsxError> {
    table.row(
        &[
            Value::Number(need.row),
            Value::Text(&need.business_name),
            Value::Text(&need.happened),
            Value::Text(&need.to_do),
            Value::Text(&need.cells),
            Value::Outcome(need.outcome),
            Value::Link(need.console_url.as_deref(), CONSOLE),
            Value::Text(&need.subaccount_sid),
        ],
        look,
    )
}

/// The columns of the CSV file that hold counts.
const COUNTS: [&str; 6] =
    ["row", "phone_numbers_assigned", "phone_numbers_refused", "http_status", "attempts", "days_waiting"];

/// The columns that a person looks for first, in this order.
const FIRST: [&str; 9] = [
    "row",
    "business_name",
    "outcome",
    "who",
    "next_action",
    "error_message",
    "hint",
    "columns_to_correct",
    "days_waiting",
];

/// The places of the CSV's columns as the sheet shows them: the useful ones first, the SIDs last.
fn order(columns: &[String]) -> Vec<usize> {
    let rank = |name: &str| match FIRST.iter().position(|it| *it == name) {
        Some(at) => at,
        None if name.ends_with("_sid") => FIRST.len() + 1,
        None => FIRST.len(),
    };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|at| columns.get(*at).map_or(0, |it| rank(it)));
    order
}

/// How wide a column of the CSV is shown.
fn width(column: &str) -> f64 {
    let header = column.chars().count() as f64 + 4.0;
    match column {
        "row" => 7.0,
        "business_name" => 28.0,
        "next_action" | "error_message" | "hint" => 50.0,
        "columns_to_correct" | "remarks" | "more_info" | "console_url" => 30.0,
        "subaccount_sid" | "request_id" => 38.0,
        sid if sid.ends_with("_sid") => header.max(38.0),
        time if time.ends_with("_at") || time.ends_with("_since") => 22.0,
        _ => header.max(12.0),
    }
}

fn fault(error: &XlsxError) -> Fault {
    unwritable_workbook(Path::new("the results"), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::FLOW;
    use crate::report::next::who;
    use crate::report::row::example::example;
    use calamine::{Data, Reader, Xlsx};
    use std::io::Cursor;

    fn made(rows: &[RowReport]) -> Xlsx<Cursor<Vec<u8>>> {
        let mut book = ResultsBook::begin(&FLOW, 1_800_000_000_000).expect("a workbook");
        rows.iter().for_each(|row| book.row(row).expect("a row"));
        let mut bytes = vec![];
        book.end(&Past::default(), None, &mut bytes).expect("the end");
        Xlsx::new(Cursor::new(bytes)).expect("a workbook")
    }

    #[test]
    fn a_row_of_every_outcome_is_on_the_sheet_of_who_acts_next_and_counted_once() {
        let rows: Vec<RowReport> = (2..).zip(Outcome::ALL).map(|(row, it)| example(row, it)).collect();
        let mut workbook = made(&rows);
        assert_eq!(workbook.sheet_names(), ["Summary", NEEDS_YOU, WAITING, LEFT_OUT, ALL]);
        let mut words = |name: &str, column: &str| -> Vec<String> {
            let range = workbook.worksheet_range(name).expect(name);
            let at = range.rows().next().and_then(|it| it.iter().position(|it| *it == *column));
            let at = at.expect("a column");
            range.rows().skip(1).map(|row| row[at].to_string()).collect()
        };
        let of = |party: Who| {
            let mut found: Vec<&str> =
                Outcome::ALL.into_iter().filter(|it| who(*it) == party).map(Outcome::word).collect();
            found.sort_unstable();
            found
        };
        for (sheet, party) in [(NEEDS_YOU, Who::You), (WAITING, Who::Twilio)] {
            let mut found = words(sheet, "outcome");
            found.sort_unstable();
            assert_eq!(found, of(party), "{sheet}");
        }
        assert_eq!(words(ALL, "outcome"), Outcome::ALL.map(Outcome::word));
        let summary = workbook.worksheet_range("Summary").expect("a summary");
        for outcome in Outcome::ALL {
            let line = summary.rows().find(|row| row[0] == *outcome.word()).expect("a line");
            assert_eq!(line[1], Data::Float(1.0), "{}", outcome.word());
            assert!(!line[3].to_string().is_empty() && !line[4].to_string().is_empty());
        }
    }

    #[test]
    fn no_text_becomes_a_formula_and_columns_of_sids_come_last() {
        let mut row = example(2, Outcome::Refused);
        row.business_name = "=HYPERLINK(\"https://example.com\",\"open\")".to_owned();
        let mut workbook = made(&[row.clone()]);
        for name in [NEEDS_YOU, ALL] {
            let formulas = workbook.worksheet_formula(name).expect(name);
            assert_eq!(formulas.used_cells().count(), 0, "{name}");
            let range = workbook.worksheet_range(name).expect(name);
            assert_eq!(range.get((1, 1)), Some(&Data::String(row.business_name.clone())), "{name}");
        }
        let range = workbook.worksheet_range(ALL).expect("all");
        let is_sid = |cell: &Data| cell.to_string().ends_with("_sid");
        let sids: Vec<bool> = range.rows().next().expect("headers").iter().map(is_sid).collect();
        assert!(sids.is_sorted() && sids.contains(&true), "{sids:?}");
    }
}
