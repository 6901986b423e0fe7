//! The sheet that a spreadsheet program shows when it opens a workbook. calamine does not tell.

use std::io::{BufReader, Read};

use zip::ZipArchive;

use super::super::archive::{document, find_part};
use super::super::layout::Workbook;
use super::super::ole::{Records, u16_at, workbook};
use super::super::spool::Spool;
use super::super::tags::Tags;

/// WINDOW1 of an XLS file; the number of the tab is its sixth field ([MS-XLS] 2.4.345).
const WINDOW: u16 = 0x003d;
const WINDOW_TAB_AT: usize = 10;

/// No sheet has a longer name: Excel allows 31 characters, LibreOffice more.
const NAME_BYTES_MAX: usize = 1_024;

/// Its name, one of `sheets`, which are all sheets in the order of their tabs. `None` where the file does not
/// say it.
pub(super) fn sheet(kind: Workbook, file: &Spool, sheets: &[String]) -> Option<String> {
    let file = file.reader();
    match kind {
        Workbook::Xlsx => of_xlsx(file, sheets),
        Workbook::Ods => of_ods(file).filter(|name| sheets.contains(name)),
        Workbook::Xls => of_xls(file, sheets),
    }
}

fn of_xlsx(file: Spool, sheets: &[String]) -> Option<String> {
    let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
    let path = document(&mut archive)?;
    let path = find_part(&archive, &path)?;
    let mut tags = Tags::new(BufReader::new(archive.by_name(&path).ok()?));
    while let Some(tag) = tags.next().ok()? {
        if tag.name() == b"workbookView" {
            let tab = tag.attribute("activeTab").map_or(Ok(0), str::parse::<usize>).ok()?;
            return sheets.get(tab).cloned();
        }
    }
    None
}

fn of_ods(file: Spool) -> Option<String> {
    let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
    let mut tags = Tags::new(BufReader::new(archive.by_name("settings.xml").ok()?));
    while let Some(tag) = tags.next().ok()? {
        if tag.attribute_of_any_prefix("name") == Some("ActiveTable") {
            return tags.text(NAME_BYTES_MAX).ok();
        }
    }
    None
}

fn of_xls(mut file: Spool, sheets: &[String]) -> Option<String> {
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    let stream = workbook(&content)?;
    let (_, window) = Records(&stream).find(|(kind, _)| *kind == WINDOW)?;
    sheets.get(usize::from(u16_at(window, WINDOW_TAB_AT)?)).cloned()
}
