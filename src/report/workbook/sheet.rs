//! The part of one sheet, read and written as a stream: cells get colours and values, all else goes through
//! as it is.

use std::collections::VecDeque;
use std::io::{BufRead, BufWriter, Write};

use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

use super::pieces::{cell, others_than_selection, pane, position, width_of};
use super::styles::Styles;
use super::tag::Tag;
use super::{Cause, Change, Edit, Edits, Value};
use crate::sheet::column_letters;

/// What is changed of a sheet besides its cells.
#[derive(Default)]
pub(super) struct Frame {
    /// The relationship of the boxes of our notes, where the sheet has none of its own.
    pub boxes: Option<String>,
    /// The widths of our columns, counted from 0.
    pub widths: Vec<(usize, f64)>,
    /// The row below which the view is frozen, if it is not frozen already.
    pub freeze: Option<u64>,
    /// Whether another sheet is shown first from now on.
    pub is_deselected: bool,
}

/// What stands behind the boxes of notes in a sheet, in the order of the standard.
const BEHIND_BOXES: [&str; 9] = [
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "AlternateContent",
    "webPublishItems",
    "tableParts",
    "extLst",
];

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Copies a sheet and changes it on the way. Gives the cells that are formulas and would have got a value; they
/// stay as they are.
pub(super) fn rewrite(
    mut input: impl BufRead,
    output: impl Write,
    path: &str,
    frame: &Frame,
    edits: &mut dyn Edits,
    styles: &mut Styles,
) -> Result<Vec<String>, Cause> {
    // The reader would count a byte order mark as text.
    if input.fill_buf().is_ok_and(|start| start.starts_with("\u{feff}".as_bytes())) {
        input.consume(3);
    }
    let mut sheet = Rewriter {
        reader: Reader::from_reader(input),
        out: Writer::new(BufWriter::with_capacity(1 << 16, output)),
        path,
        frame,
        edits,
        styles,
        columns: vec![],
        has_views: false,
        has_columns: false,
        row: 0,
        formulas: vec![],
    };
    sheet.go()?;
    sheet.out.get_mut().flush().map_err(Cause::Output)?;
    Ok(sheet.formulas)
}

struct Rewriter<'a, R, W: Write> {
    reader: Reader<R>,
    out: Writer<BufWriter<W>>,
    path: &'a str,
    frame: &'a Frame,
    edits: &'a mut dyn Edits,
    styles: &'a mut Styles,
    /// First and last column, counted from 1, and the format of each run of columns.
    columns: Vec<(usize, usize, usize)>,
    has_views: bool,
    has_columns: bool,
    /// The row that was read last, counted from 1.
    row: u64,
    formulas: Vec<String>,
}

/// A tag of the sheet, as its text.
enum Piece {
    Start(Tag),
    Empty(Tag),
}

impl<R: BufRead, W: Write> Rewriter<'_, R, W> {
    fn event<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, Cause> {
        buffer.clear();
        self.reader.read_event_into(buffer).map_err(|_| Cause::strange(self.path))
    }

    fn write(&mut self, event: Event) -> Result<(), Cause> {
        self.out.write_event(event).map_err(Cause::Output)
    }

    fn raw(&mut self, text: &str) -> Result<(), Cause> {
        self.out.get_mut().write_all(text.as_bytes()).map_err(Cause::Output)
    }

    fn tag(&mut self, piece: &Piece) -> Result<(), Cause> {
        match piece {
            Piece::Start(tag) => self.raw(&format!("<{}>", tag.0)),
            Piece::Empty(tag) => self.raw(&format!("<{}/>", tag.0)),
        }
    }

    fn go(&mut self) -> Result<(), Cause> {
        let mut buffer = Vec::new();
        let (mut depth, mut prefix) = (0_usize, String::new());
        let mut boxes_to_come = self.frame.boxes.clone();
        loop {
            let event = self.event(&mut buffer)?;
            let name = match &event {
                Event::Start(tag) | Event::Empty(tag) => tag.local_name().as_ref().to_owned(),
                Event::Eof => return Ok(()),
                _ => String::new(),
            };
            match (&event, depth) {
                (Event::Start(tag), 0) => {
                    prefix = Tag(tag.to_string()).prefix().to_owned();
                    if tag.contains("purl.oclc.org") {
                        // The strict variant of the format; what we add would not be of it.
                        return Err(Cause::strange(self.path));
                    }
                }
                (Event::Start(_) | Event::Empty(_), 1) => {
                    self.make_room(&name, &prefix)?;
                    match name.as_str() {
                        "dimension" => {
                            self.skip_element(&event)?;
                            continue;
                        }
                        "sheetViews" => {
                            self.write(event.borrow())?;
                            if matches!(event, Event::Start(_)) {
                                self.views(&prefix)?;
                            }
                            continue;
                        }
                        "cols" => {
                            let is_empty = matches!(event, Event::Empty(_));
                            self.widths(&prefix, is_empty)?;
                            continue;
                        }
                        "sheetData" if matches!(event, Event::Start(_)) => {
                            self.write(event.borrow())?;
                            self.rows()?;
                            continue;
                        }
                        _ if BEHIND_BOXES.contains(&name.as_str()) => {
                            if let Some(id) = boxes_to_come.take() {
                                self.boxes(&prefix, &id)?;
                            }
                        }
                        _ => {}
                    }
                }
                (Event::End(_), 1) => {
                    if let Some(id) = boxes_to_come.take() {
                        self.boxes(&prefix, &id)?;
                    }
                }
                _ => {}
            }
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.write(event)?;
        }
    }

    /// Writes the views and the widths where the sheet has none of its own: they stand before what comes.
    fn make_room(&mut self, name: &str, prefix: &str) -> Result<(), Cause> {
        let (is_rows, is_columns) = (name == "sheetData", name == "cols");
        self.has_views |= name == "sheetViews";
        if !self.has_views && (is_rows || is_columns || name == "sheetFormatPr") {
            self.has_views = true;
            if let Some(row) = self.frame.freeze {
                let pane = pane(prefix, row);
                self.raw(&format!(
                    "<{prefix}sheetViews><{prefix}sheetView workbookViewId=\"0\">{pane}</{prefix}sheetView></{prefix}sheetViews>"
                ))?;
            }
        }
        self.has_columns |= is_columns;
        if is_rows && !self.has_columns && !self.frame.widths.is_empty() {
            self.raw(&format!("<{prefix}cols>"))?;
            let widths = self.frame.widths.clone();
            for (column, width) in widths {
                self.raw(&width_of(prefix, column, width, ""))?;
            }
            self.raw(&format!("</{prefix}cols>"))?;
        }
        Ok(())
    }

    fn boxes(&mut self, prefix: &str, id: &str) -> Result<(), Cause> {
        self.raw(&format!("<{prefix}legacyDrawing xmlns:tho=\"{RELATIONSHIPS}\" tho:id=\"{id}\"/>"))
    }

    /// The views, up to the closing tag. The first one is frozen if it is not yet.
    fn views(&mut self, prefix: &str) -> Result<(), Cause> {
        let mut buffer = Vec::new();
        let mut is_first = true;
        loop {
            let event = self.event(&mut buffer)?;
            let tag = match &event {
                Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "sheetView" => {
                    Some((Tag(tag.to_string()), matches!(event, Event::Empty(_))))
                }
                _ => None,
            };
            let Some((mut tag, is_empty)) = tag else {
                if event == Event::Eof {
                    return Err(Cause::strange(self.path));
                }
                let is_end = matches!(&event, Event::End(tag) if tag.local_name().as_ref() == "sheetViews");
                self.write(event)?;
                if is_end {
                    return Ok(());
                }
                continue;
            };
            if self.frame.is_deselected {
                tag.remove("tabSelected");
            }
            let children = if is_empty { String::new() } else { self.inside("sheetView")? };
            let is_frozen = children.contains("pane ") || !std::mem::take(&mut is_first);
            let children = match self.frame.freeze.filter(|_| !is_frozen) {
                // The selection of a view without panes does not fit one with panes.
                Some(row) => pane(prefix, row) + &others_than_selection(&children),
                None => children,
            };
            let name = format!("{prefix}sheetView");
            self.raw(&format!("<{}>{children}</{name}>", tag.0))?;
        }
    }

    /// The text up to the closing tag of an element, which is read too.
    fn inside(&mut self, name: &str) -> Result<String, Cause> {
        let mut inside = Writer::new(Vec::new());
        let mut buffer = Vec::new();
        loop {
            let event = self.event(&mut buffer)?;
            match &event {
                Event::End(tag) if tag.local_name().as_ref() == name => {
                    return String::from_utf8(inside.into_inner()).map_err(|_| Cause::strange(self.path));
                }
                Event::Eof => return Err(Cause::strange(self.path)),
                _ => {}
            }
            inside.write_event(event).map_err(Cause::Output)?;
        }
    }

    /// The widths of the columns, with ours among them: a run of columns is split where ours are in it.
    fn widths(&mut self, prefix: &str, is_empty: bool) -> Result<(), Cause> {
        let inside = if is_empty { String::new() } else { self.inside("cols")? };
        let ours = self.frame.widths.clone();
        // By their first columns, which is how they must stand.
        let mut runs: Vec<(usize, String)> = vec![];
        for tag in super::package::tags(&inside, "col", self.path)? {
            let (Some(min), Some(max)) = (tag.number("min"), tag.number("max")) else {
                return Err(Cause::strange(self.path));
            };
            self.columns.push((min, max, tag.number("style").unwrap_or(0)));
            let mut from = min;
            let mut cuts: Vec<usize> = ours.iter().map(|(column, _)| column + 1).collect();
            cuts.push(max + 1);
            for cut in cuts.into_iter().filter(|cut| (min..=max + 1).contains(cut)) {
                if from < cut {
                    let mut part = tag.clone();
                    part.set("min", &from.to_string());
                    part.set("max", &(cut - 1).to_string());
                    runs.push((from, format!("<{}/>", part.0.trim_end())));
                }
                from = cut + 1;
            }
        }
        runs.extend(ours.iter().map(|(column, width)| (column + 1, width_of(prefix, *column, *width, ""))));
        runs.sort_by_key(|(from, _)| *from);
        self.raw(&format!("<{prefix}cols>"))?;
        for (_, run) in runs {
            self.raw(&run)?;
        }
        self.raw(&format!("</{prefix}cols>"))
    }

    /// The rows, up to the closing tag of them all.
    fn rows(&mut self) -> Result<(), Cause> {
        let mut buffer = Vec::new();
        loop {
            let event = self.event(&mut buffer)?;
            let piece = match &event {
                Event::Start(tag) if tag.local_name().as_ref() == "row" => Piece::Start(Tag(tag.to_string())),
                Event::Empty(tag) if tag.local_name().as_ref() == "row" => Piece::Empty(Tag(tag.to_string())),
                Event::Eof => return Err(Cause::strange(self.path)),
                _ => {
                    let is_end =
                        matches!(&event, Event::End(tag) if tag.local_name().as_ref() == "sheetData");
                    self.write(event)?;
                    if is_end {
                        return Ok(());
                    }
                    continue;
                }
            };
            self.one_row(piece)?;
        }
    }

    fn one_row(&mut self, piece: Piece) -> Result<(), Cause> {
        let (mut tag, is_empty) = match piece {
            Piece::Start(tag) => (tag, false),
            Piece::Empty(tag) => (tag, true),
        };
        self.row = tag.number("r").map_or(self.row + 1, |row| row as u64);
        let edits: VecDeque<Edit> = self.edits.of_row(self.row).into();
        tag.remove("spans");
        tag.set("r", &self.row.to_string());
        if is_empty && edits.is_empty() {
            return self.tag(&Piece::Empty(tag));
        }
        let name = format!("{}row", tag.prefix());
        let mut row = RowState {
            prefix: tag.prefix().to_owned(),
            format: tag.number("s").filter(|_| matches!(tag.get("customFormat"), Some("1" | "true"))),
            edits,
            column: 0,
        };
        self.tag(&Piece::Start(tag))?;
        if !is_empty {
            self.cells(&mut row)?;
        }
        self.missing_cells(&mut row, usize::MAX)?;
        self.raw(&format!("</{name}>"))
    }

    /// The cells of a row, up to its closing tag, which is not written.
    fn cells(&mut self, row: &mut RowState) -> Result<(), Cause> {
        let mut buffer = Vec::new();
        loop {
            let event = self.event(&mut buffer)?;
            let (tag, is_empty) = match &event {
                Event::Start(tag) if tag.local_name().as_ref() == "c" => (tag, false),
                Event::Empty(tag) if tag.local_name().as_ref() == "c" => (tag, true),
                Event::End(tag) if tag.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(Cause::strange(self.path)),
                _ => {
                    self.write(event)?;
                    continue;
                }
            };
            let column = match position(tag) {
                Some(column) => column,
                None => row.column,
            };
            row.column = column + 1;
            self.missing_cells(row, column)?;
            let edit = match row.edits.front() {
                Some(edit) if edit.column == column => row.edits.pop_front(),
                _ => None,
            };
            let mut tag = Tag(tag.to_string());
            if tag.get("r").is_none() {
                tag.set("r", &format!("{}{}", column_letters(column), self.row));
            }
            let base = tag.number("s").unwrap_or(0);
            let change = edit.map(|edit| edit.change);
            let severity = match &change {
                Some(Change::Colour(severity)) => Some(*severity),
                _ => None,
            };
            match change {
                None | Some(Change::Colour(_)) => {
                    let format = self.styles.coloured(base, severity);
                    if format != base {
                        tag.set("s", &format.to_string());
                    }
                    let piece = if is_empty { Piece::Empty(tag) } else { Piece::Start(tag) };
                    self.tag(&piece)?;
                    if !is_empty {
                        self.rest_of_cell()?;
                    }
                }
                Some(Change::Nothing) => drop(self.old_value(is_empty)?),
                Some(Change::Value(value, look)) => {
                    let old = self.old_value(is_empty)?;
                    let format = look.map_or(base, |look| self.styles.look(look));
                    if old.contains("<f") || old.contains(":f") {
                        let cell = tag.get("r").unwrap_or_default().to_owned();
                        self.formulas.push(cell);
                        self.raw(&format!("<{}>{old}</{}c>", tag.0, row.prefix))?;
                    } else {
                        let cell = cell(&row.prefix, self.row, column, format, &value);
                        self.raw(&cell)?;
                    }
                }
            }
        }
    }

    fn old_value(&mut self, is_empty: bool) -> Result<String, Cause> {
        if is_empty { Ok(String::new()) } else { self.inside("c") }
    }

    /// What is inside a cell and its closing tag, as they are.
    fn rest_of_cell(&mut self) -> Result<(), Cause> {
        let mut buffer = Vec::new();
        loop {
            let event = self.event(&mut buffer)?;
            let is_end = matches!(&event, Event::End(tag) if tag.local_name().as_ref() == "c");
            if matches!(event, Event::Eof) {
                return Err(Cause::strange(self.path));
            }
            self.write(event)?;
            if is_end {
                return Ok(());
            }
        }
    }

    /// Writes the cells that are to be changed, stand before a column, and are not in the file.
    fn missing_cells(&mut self, row: &mut RowState, before: usize) -> Result<(), Cause> {
        while let Some(edit) = row.edits.pop_front_if(|edit| edit.column < before) {
            let base = row.format.unwrap_or_else(|| self.format_of(edit.column));
            let text = match edit.change {
                Change::Nothing => continue,
                Change::Colour(severity) => {
                    let format = self.styles.coloured(base, Some(severity));
                    cell(&row.prefix, self.row, edit.column, format, &Value::Empty)
                }
                Change::Value(value, look) => {
                    let format = look.map_or(base, |look| self.styles.look(look));
                    cell(&row.prefix, self.row, edit.column, format, &value)
                }
            };
            self.raw(&text)?;
        }
        Ok(())
    }

    fn format_of(&self, column: usize) -> usize {
        let run = self.columns.iter().find(|(min, max, _)| (*min..=*max).contains(&(column + 1)));
        run.map_or(0, |(_, _, format)| *format)
    }

    fn skip_element(&mut self, event: &Event) -> Result<(), Cause> {
        match event {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                self.inside(&name).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// A row that is being written.
struct RowState {
    prefix: String,
    /// The format of the row, for cells that are not in the file.
    format: Option<usize>,
    edits: VecDeque<Edit>,
    /// The column that a cell without a place of its own stands in, counted from 0.
    column: usize,
}
