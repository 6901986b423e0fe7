//! CellProperties of ODS: `content.xml`, which says at each cell what the spreadsheet shows for it.
//!
//! Format: OpenDocument 1.3, part 3, chapters 9 and 19.

use std::io::{self, BufRead, BufReader};

use zip::ZipArchive;

use super::super::spool::Spool;
use super::super::tags::{Tag, Tags, unescaped};
use super::{CellProperties, Unsound, number_format, push};

pub(super) fn read(file: Spool, sheet: &str) -> Result<CellProperties, Unsound> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return Ok(CellProperties::default()) };
    let Ok(part) = archive.by_name("content.xml") else { return Ok(CellProperties::default()) };
    match table(BufReader::with_capacity(1 << 16, part), sheet) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Unsound),
        read => Ok(read.unwrap_or_default()),
    }
}

/// A row or a cell with how often it stands there.
#[derive(Clone, Copy)]
struct Run {
    first: u32,
    count: u32,
}

impl Run {
    const NONE: Run = Run { first: 0, count: 0 };

    fn after(self, count: u32) -> Run {
        Run { first: self.first.saturating_add(self.count), count }
    }

    fn last(self) -> u32 {
        self.first.saturating_add(self.count.saturating_sub(1))
    }

    fn each(self) -> std::ops::Range<u32> {
        self.first..self.first.saturating_add(self.count)
    }
}

/// No more rows and columns are read than a spreadsheet has.
const ROWS: u32 = 1_048_576;
const COLUMNS: u32 = 16_384;

/// The longest text that is looked at: digits with separators.
const SHOWN_BYTES_MAX: usize = 64;

fn table(part: impl BufRead, sheet: &str) -> io::Result<CellProperties> {
    let mut properties = CellProperties::default();
    let mut tags = Tags::new(part);
    let (mut is_it, mut is_hidden) = (false, false);
    let (mut row, mut column) = (Run::NONE, Run::NONE);
    let mut cells = Cells::default();
    while let Some(tag) = tags.next()? {
        match tag.name() {
            b"table" => {
                cells.end_row(row, &mut properties);
                is_it = tag.attribute("table:name").is_some_and(|name| unescaped(name) == sheet);
                row = Run::NONE;
            }
            _ if !is_it => {}
            b"table-row" => {
                cells.end_row(row, &mut properties);
                row = row.after(count(&tag, "table:number-rows-repeated", ROWS));
                column = Run::NONE;
                is_hidden = matches!(tag.attribute("table:visibility"), Some("collapse" | "filter"));
            }
            b"table-cell" | b"covered-table-cell" => {
                column = column.after(count(&tag, "table:number-columns-repeated", COLUMNS));
                let spans = (
                    count(&tag, "table:number-rows-spanned", ROWS),
                    count(&tag, "table:number-columns-spanned", COLUMNS),
                );
                if spans != (1, 1) && column.last() < COLUMNS {
                    let last = (row.first + spans.0 - 1, column.first + spans.1 - 1);
                    properties
                        .merge((row.first, column.first as u16), (last.0, last.1.min(COLUMNS - 1) as u16));
                }
                let is_filled = tag.attribute("office:value-type").is_some();
                if is_hidden && is_filled && row.last() < ROWS {
                    row.each().for_each(|row| properties.hide(row));
                }
                if column.last() < COLUMNS && row.last() < ROWS {
                    cells.begin(&tag, column);
                }
            }
            b"p" if cells.wants_text() => {
                let text = tags.text(SHOWN_BYTES_MAX)?;
                cells.text(&text);
            }
            _ => {}
        }
    }
    cells.end_row(row, &mut properties);
    Ok(properties)
}

/// What there is to say about the cells of a row, which may stand there many times.
#[derive(Default)]
struct Cells {
    row: Vec<(Run, Says)>,
    /// The value of the number cell whose text may follow.
    number: Option<f64>,
}

#[derive(Default)]
struct Says {
    is_formula: bool,
    is_error: bool,
    is_boolean: bool,
    shown: Option<String>,
}

impl Cells {
    fn begin(&mut self, tag: &Tag, column: Run) {
        self.number = match tag.attribute("office:value-type") {
            Some("float") => tag.attribute("office:value").and_then(|value| value.parse().ok()),
            _ => None,
        };
        let says = Says {
            is_formula: tag.attribute("table:formula").is_some(),
            is_error: tag.attribute("calcext:value-type") == Some("error"),
            ..Says::default()
        };
        if says.is_formula || says.is_error || self.number.is_some() {
            self.row.push((column, says));
        }
    }

    fn wants_text(&self) -> bool {
        self.number.is_some()
    }

    /// A paragraph of a number cell. Those of a comment stand in front; the last one is what the cell shows.
    fn text(&mut self, text: &str) {
        let (Some(number), Some((_, says))) = (self.number, self.row.last_mut()) else { return };
        // LibreOffice writes the value of =TRUE() as the number 1 that shows TRUE.
        let is_word = !text.is_empty() && text.chars().all(char::is_alphabetic);
        says.is_boolean = is_word && (number == 0.0 || number == 1.0);
        says.shown = number_format::shows_digits_of(number, text).then(|| text.trim().to_owned());
    }

    fn end_row(&mut self, rows: Run, properties: &mut CellProperties) {
        self.number = None;
        let cells = std::mem::take(&mut self.row);
        let cells: Vec<_> = cells
            .into_iter()
            .filter(|(_, says)| says.is_formula || says.is_error || says.is_boolean || says.shown.is_some())
            .collect();
        if cells.is_empty() {
            return;
        }
        for row in rows.each() {
            for (columns, says) in &cells {
                for column in columns.each() {
                    if says.is_formula {
                        push(&mut properties.formulas, row, column);
                    }
                    if says.is_error {
                        push(&mut properties.errors, row, column);
                    }
                    if says.is_boolean {
                        push(&mut properties.booleans, row, column);
                    }
                    if let Some(shown) = &says.shown {
                        properties.show(row, column, shown);
                    }
                }
            }
        }
    }
}

fn count(tag: &Tag, name: &str, max: u32) -> u32 {
    tag.attribute(name).and_then(|count| count.parse::<u32>().ok()).unwrap_or(1).clamp(1, max)
}

#[cfg(test)]
mod tests {
    use super::super::Merged;
    use super::*;

    #[test]
    fn a_table_tells_of_formulas_hidden_rows_merged_cells_errors_booleans_and_digits() {
        let xml = r##"<office:spreadsheet><table:table table:name="Old"><table:table-row table:visibility="collapse">
            <table:table-cell office:value-type="string"/></table:table-row></table:table>
            <table:table table:name="A &amp; B">
            <table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
            <table:table-row table:visibility="filter" table:number-rows-repeated="2">
              <table:table-cell table:number-columns-repeated="2"/>
              <table:table-cell office:value-type="float" office:value="2134">
                <office:annotation><text:p>old: 99</text:p></office:annotation><text:p>02134</text:p></table:table-cell>
              <table:table-cell table:formula="of:=TRUE()" office:value-type="float" office:value="1"><text:p>TRUE</text:p></table:table-cell>
              <table:table-cell office:value-type="float" office:value="1200"><text:p>1,200</text:p></table:table-cell>
              <table:table-cell office:value-type="string" calcext:value-type="error"><text:p>Err:508</text:p></table:table-cell>
            </table:table-row>
            <table:table-row table:visibility="collapse" table:number-rows-repeated="1000"><table:table-cell/></table:table-row>
            <table:table-row><table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="3"/></table:table-row>
            </table:table></office:spreadsheet>"##;
        let properties = table(xml.as_bytes(), "A & B").expect("a sound table");
        for row in [2, 3] {
            assert_eq!(properties.shown(row, 2), Some("02134"));
            assert!(properties.is_boolean(row, 3) && properties.is_formula(row, 3));
            assert_eq!(properties.shown(row, 4), None);
            assert!(properties.is_error(row, 5));
        }
        assert!(!properties.is_error(4, 5) && !properties.is_formula(0, 0));
        assert_eq!(properties.hidden_rows().collect::<Vec<_>>(), [(3, 4)]);
        assert_eq!(properties.merged(), [Merged { first: (1004, 0), last: (1006, 1) }]);
    }
}
