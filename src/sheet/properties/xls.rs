//! CellProperties of XLS: the records of a worksheet.
//!
//! Format: [MS-XLS] 2.4.221 (Row), 2.4.168 (MergeCells), 2.4.127 (Formula), 2.4.353 (XF), 2.4.126 (Format).

use std::io::{Read, Seek};

use super::super::ole::{Records, rk_number, sheets, text, u16_at, workbook};
use super::super::spool::Spool;
use super::{CellProperties, number_format, push};

const ROW: u16 = 0x0208;
const MERGED: u16 = 0x00e5;
const FORMULA: u16 = 0x0006;
const NUMBER: u16 = 0x0203;
const RK: u16 = 0x027e;
const MULTIPLE_RK: u16 = 0x00bd;
const FORMAT: u16 = 0x041e;
const CELL_FORMAT: u16 = 0x00e0;
/// Label, RString, BoolErr, LabelSst: the other cells that have something in them.
const OTHERS: [u16; 4] = [0x0204, 0x00d6, 0x0205, 0x00fd];
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000a;

/// The bit of a row's options that says that it is hidden, whether by hand or by a filter.
const ROW_IS_HIDDEN: u16 = 0x0020;

/// An XLS sheet has no more rows.
const ROWS: usize = 65_536;

pub(super) fn read(mut file: Spool, index: usize) -> Option<CellProperties> {
    let mut content = Vec::new();
    file.rewind().ok()?;
    file.read_to_end(&mut content).ok()?;
    let stream = workbook(&content)?;
    let start = *sheets(&stream).get(index)?;
    Some(worksheet(stream.get(start as usize..)?, &formats(&stream)))
}

/// The number format of each cell format, where it is not one of those that every program knows: none of
/// those pads or separates digits.
fn formats(stream: &[u8]) -> Vec<Option<String>> {
    let (mut codes, mut cell_formats) = (std::collections::HashMap::new(), Vec::new());
    for (kind, data) in Records(stream) {
        match kind {
            FORMAT => {
                codes.extend(u16_at(data, 0).zip(text(data.get(2..).unwrap_or_default())));
            }
            CELL_FORMAT => cell_formats.extend(u16_at(data, 2)),
            END => break,
            _ => {}
        }
    }
    cell_formats.into_iter().map(|code| codes.get(&code).cloned()).collect()
}

fn worksheet(stream: &[u8], formats: &[Option<String>]) -> CellProperties {
    let mut properties = CellProperties::default();
    let mut is_hidden = vec![false; ROWS];
    let mut is_filled = vec![false; ROWS];
    let mut depth = 0_u32;
    for (kind, data) in Records(stream) {
        // A chart in the sheet is a stream within the stream.
        match kind {
            BEGIN => depth += 1,
            END if depth <= 1 => break,
            END => depth -= 1,
            _ => {}
        }
        if depth > 1 {
            continue;
        }
        let Some((row, column)) = u16_at(data, 0).zip(u16_at(data, 2)) else { continue };
        let number = |number: Option<f64>, format: Option<u16>| {
            let format = formats.get(usize::from(format?))?.as_deref()?;
            number_format::shown(number?, format)
        };
        let mut shown = None;
        match kind {
            ROW => is_hidden[usize::from(row)] = u16_at(data, 12).unwrap_or(0) & ROW_IS_HIDDEN != 0,
            MERGED => {
                let corners = data.get(2..).unwrap_or_default();
                for corners in corners.chunks_exact(8).take(usize::from(row)) {
                    let at = |at| u16_at(corners, at).unwrap_or(0);
                    properties.merge((at(0).into(), at(4)), (at(2).into(), at(6)));
                }
            }
            FORMULA => {
                push(&mut properties.formulas, row.into(), column.into());
                // The last two bytes mark a result that is no number.
                if u16_at(data, 12) != Some(0xffff) {
                    shown = number(f64_at(data, 6), u16_at(data, 4));
                }
            }
            NUMBER => shown = number(f64_at(data, 6), u16_at(data, 4)),
            RK => shown = number(rk_number(data, 6), u16_at(data, 4)),
            MULTIPLE_RK => {
                for (at, cell) in data.get(4..).unwrap_or_default().chunks_exact(6).enumerate() {
                    if let Some(shown) = number(rk_number(cell, 2), u16_at(cell, 0)) {
                        properties.show(row.into(), u32::from(column) + at as u32, &shown);
                    }
                }
            }
            kind if OTHERS.contains(&kind) => {}
            _ => continue,
        }
        if let Some(shown) = shown {
            properties.show(row.into(), column.into(), &shown);
        }
        if !matches!(kind, ROW | MERGED) {
            is_filled[usize::from(row)] = true;
        }
    }
    for row in 0..ROWS {
        if is_hidden[row] && is_filled[row] {
            properties.hide(row as u32);
        }
    }
    properties
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    bytes.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes)
}
