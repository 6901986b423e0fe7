//! Changes a workbook and keeps everything else that is in it.
//!
//! A workbook is an archive of parts. Only those that must change are written anew: the sheet, the formats, the
//! notes, the list of sheets. All others are copied as they are, byte for byte. The rows of the sheet are
//! streamed, so a sheet of any length takes a few megabytes.

mod notes;
mod package;
mod pieces;
mod sheet;
mod styles;
mod tag;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::model::Severity;
use package::{Package, Relationship, relationships_path, tags};
use sheet::Frame;
use tag::Tag;

pub(super) use pieces::cell;
pub(super) use styles::Styles;
pub(super) use tag::escaped;

/// A workbook file to read from.
pub(super) trait Input: Read + Seek {}
impl<T: Read + Seek> Input for T {}

/// What is changed of a workbook.
pub(super) struct Job<'a> {
    /// The name of the sheet whose cells are changed.
    pub sheet: &'a str,
    pub edits: &'a mut dyn Edits,
    pub notes: &'a [Note],
    /// The widths of the columns that are added, counted from 0.
    pub widths: Vec<(usize, f64)>,
    /// The row below which the view is frozen, if it is not frozen already.
    pub freeze: Option<u64>,
    /// Sheets that are added at the end, or replaced where they are there. The first one is shown when the file
    /// is opened.
    pub pages: &'a [Page<'a>],
}

/// A sheet of our own.
pub(super) struct Page<'a> {
    pub name: &'static str,
    /// Writes its part; the last argument says whether it is shown when the file is opened.
    pub write: &'a dyn Fn(&mut dyn Write, &mut Styles, bool) -> io::Result<()>,
}

/// What is to be done to the cells, asked row by row in the order of the sheet.
pub(super) trait Edits {
    /// The changes of a row, counted from 1, in the order of its columns.
    fn of_row(&mut self, row: u64) -> Vec<Edit>;
}

pub(super) struct Edit {
    /// Counted from 0.
    pub column: usize,
    pub change: Change,
}

pub(super) enum Change {
    Colour(Severity),
    /// A value, in a look of ours or in the one that the cell has.
    Value(Value, Option<Look>),
    /// The cell goes.
    Nothing,
}

pub(super) enum Value {
    Empty,
    Text(String),
    /// As it is written, such as `12.5`.
    Number(String),
}

/// How our own cells look.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Look {
    Bold,
    Link,
    Wrapped,
    Text(Option<Severity>),
}

/// A note on a cell.
pub(super) struct Note {
    /// Counted from 1.
    pub row: u64,
    /// Counted from 0.
    pub column: usize,
    pub text: String,
}

/// Why a workbook cannot be changed as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uneditable {
    /// It is no archive of parts: XLS, ODS, or text.
    NoArchive,
    /// A change would break its signature.
    Signed,
    /// A file of the other name cannot hold its macros, or the lack of them.
    Macros,
    /// A part is not written as the standard says.
    Strange(String),
}

impl fmt::Display for Uneditable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uneditable::NoArchive => write!(f, "it is not an XLSX file"),
            Uneditable::Signed => write!(f, "it is signed, and a change would break the signature"),
            Uneditable::Macros => write!(f, "it has macros, which only a file named .xlsm can hold"),
            Uneditable::Strange(part) => write!(f, "its part {part} is written in an unusual way"),
        }
    }
}

/// Why a changed workbook could not be written.
pub(super) enum Cause {
    Uneditable(Uneditable),
    Output(io::Error),
}

impl Cause {
    fn strange(part: &str) -> Cause {
        Cause::Uneditable(Uneditable::Strange(part.to_owned()))
    }
}

impl From<zip::result::ZipError> for Cause {
    fn from(error: zip::result::ZipError) -> Cause {
        Cause::Output(error.into())
    }
}

/// Writes the workbook `input` with its changes to `output`, which is to be called `name`. Gives the cells that
/// are formulas and were to get a value; they stay as they are.
pub(super) fn edit(
    input: Box<dyn Input>,
    output: &mut File,
    name: &Path,
    job: &mut Job,
) -> Result<Vec<String>, Cause> {
    let mut package = Package::open(input)?;
    if package.has_any("_xmlsignatures/") {
        return Err(Cause::Uneditable(Uneditable::Signed));
    }
    let root = package.relationships("")?;
    let document = root.into_iter().find(|it| it.kind == "officeDocument");
    let document = document.ok_or_else(|| Cause::strange("_rels/.rels"))?.target;
    let mut changed = Changed::default();
    let types = content_types(&mut package, name)?;
    changed.types = types;
    let main = Main::find(&mut package, &document, job.sheet)?;
    let is_marked = job.pages.iter().any(|page| main.sheets.iter().any(|(name, _)| name == page.name));
    let styles_path = main.of_kind("styles").ok_or_else(|| Cause::strange("styles.xml"))?;
    // LibreOffice keeps the first colour of a fill only.
    let forgets = package.text("docProps/app.xml").is_ok_and(|text| text.contains("LibreOffice"));
    let mut styles = Styles::of(package.text(&styles_path)?, &styles_path, is_marked, forgets)?;
    let mut frame =
        Frame { boxes: None, widths: job.widths.clone(), freeze: job.freeze, is_deselected: false };
    notes_of(&mut package, &main.path, job.notes, is_marked, &mut frame, &mut changed)?;
    let pages = place_pages(&mut package, &main, job.pages, &mut frame, &mut changed)?;

    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 16, output)).set_auto_large_file();
    let options = SimpleFileOptions::default();
    let mut formulas = vec![];
    for index in 0..package.archive.len() {
        let part = package.archive.by_index_raw(index).map_err(|_| Cause::strange("archive"))?;
        let Ok(path) = std::str::from_utf8(part.name_raw()).map(str::to_owned) else {
            return Err(Cause::strange("archive"));
        };
        if path == main.path {
            drop(part);
            zip.start_file(&path, options)?;
            let part = package.archive.by_index(index).map_err(|_| Cause::strange(&path))?;
            let part = BufReader::with_capacity(1 << 16, part);
            formulas = sheet::rewrite(part, &mut zip, &path, &frame, job.edits, &mut styles)?;
        } else if path == "[Content_Types].xml" {
            drop(part);
            zip.start_file(&path, options)?;
            zip.write_all(changed.types.as_bytes()).map_err(Cause::Output)?;
        } else if let Some(at) = changed.parts.iter().position(|(name, _)| *name == path) {
            drop(part);
            let (_, text) = changed.parts.swap_remove(at);
            zip.start_file(&path, options)?;
            zip.write_all(text.as_bytes()).map_err(Cause::Output)?;
        } else if path == styles_path || pages.contains(&path) {
            // Written at the end: the formats are known once all cells are.
        } else {
            zip.raw_copy_file(part)?;
        }
    }
    for (path, text) in changed.parts {
        zip.start_file(&path, options)?;
        zip.write_all(text.as_bytes()).map_err(Cause::Output)?;
    }
    for (at, (path, page)) in pages.iter().zip(job.pages).enumerate() {
        zip.start_file(path, options)?;
        (page.write)(&mut zip, &mut styles, at == 0 && frame.is_deselected).map_err(Cause::Output)?;
    }
    zip.start_file(&styles_path, options)?;
    zip.write_all(styles.finish()?.as_bytes()).map_err(Cause::Output)?;
    zip.finish()?.flush().map_err(Cause::Output)?;
    Ok(formulas)
}

/// The small parts that are written anew.
#[derive(Default)]
struct Changed {
    types: String,
    parts: Vec<(String, String)>,
}

impl Changed {
    /// Names the type of a new part.
    fn declare(&mut self, path: &str, kind: &str) -> Result<(), Cause> {
        let line = format!("<Override PartName=\"/{}\" ContentType=\"{kind}\"/>", escaped(path));
        self.types = package::appended(&self.types, "Types", "[Content_Types].xml", &line)?;
        Ok(())
    }

    /// Adds lines to the relationships of a part.
    fn relate(&mut self, package: &mut Package, of: &str, lines: &str) -> Result<(), Cause> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = relationships_path(of);
        let text = match package.has(&path) {
            true => package.text(&path)?,
            false => {
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"/>"
                    .to_owned()
            }
        };
        let text = package::appended(&text, "Relationships", &path, lines)?;
        self.parts.push((path, text));
        Ok(())
    }
}

const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPE: &str = "application/vnd.openxmlformats-officedocument";

fn relationship(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{RELATIONSHIP}/{kind}\" Target=\"/{}\"/>", escaped(target))
}

/// The list of the parts' types. A spreadsheet program opens a file only if its name ends as its type says.
fn content_types(package: &mut Package, name: &Path) -> Result<String, Cause> {
    let types = package.text("[Content_Types].xml")?;
    let has_macros = types.contains("macroEnabled");
    if has_macros != name.extension().is_some_and(|it| it.eq_ignore_ascii_case("xlsm")) {
        return Err(Cause::Uneditable(Uneditable::Macros));
    }
    // A template becomes a workbook.
    Ok(types.replace("spreadsheetml.template.main+xml", "spreadsheetml.sheet.main+xml"))
}

/// The list of the sheets, and the one that is changed.
struct Main {
    document: String,
    text: String,
    relationships: Vec<Relationship>,
    /// Name and path of every sheet, in the order of their tabs.
    sheets: Vec<(String, String)>,
    /// The sheet that is changed: its path, and its place among all.
    path: String,
    at: usize,
    /// What stands in front of the identifier of a relationship, such as `r`.
    id_prefix: String,
    max_sheet: usize,
}

impl Main {
    fn find(package: &mut Package, document: &str, sheet: &str) -> Result<Main, Cause> {
        let text = package.text(document)?;
        let relationships = package.relationships(document)?;
        let (mut sheets, mut max_sheet, mut id_prefix) = (vec![], 0, "r".to_owned());
        for tag in tags(&text, "sheet", document)? {
            let id = tag.get_of_any_prefix("id").unwrap_or_default();
            let path = relationships.iter().find(|it| it.id == id).map(|it| it.target.clone());
            let name = tag.text("name").unwrap_or_default().into_owned();
            sheets.push((name, path.unwrap_or_default()));
            max_sheet = max_sheet.max(tag.number("sheetId").unwrap_or(0));
            if let Some((before, _)) = tag.0.split_once(":id=")
                && let Some(prefix) = before.rsplit(' ').next()
            {
                id_prefix = prefix.to_owned();
            }
        }
        let at = sheets.iter().position(|(name, _)| name == sheet);
        let at = at.ok_or_else(|| Cause::strange(document))?;
        let path = sheets[at].1.clone();
        if !package.has(&path) {
            return Err(Cause::strange(document));
        }
        Ok(Main {
            document: document.to_owned(),
            text,
            relationships,
            sheets,
            path,
            at,
            id_prefix,
            max_sheet,
        })
    }

    fn of_kind(&self, kind: &str) -> Option<String> {
        self.relationships.iter().find(|it| it.kind == kind).map(|it| it.target.clone())
    }
}

/// Puts our notes among those of the sheet.
fn notes_of(
    package: &mut Package,
    sheet: &str,
    notes: &[Note],
    is_marked: bool,
    frame: &mut Frame,
    changed: &mut Changed,
) -> Result<(), Cause> {
    let relationships = package.relationships(sheet)?;
    let of_kind = |kind: &str| {
        let found = relationships.iter().filter(|it| it.kind.eq_ignore_ascii_case(kind));
        found.map(|it| it.target.clone()).collect::<Vec<_>>()
    };
    let texts_path = of_kind("comments").into_iter().next();
    // One with pictures of a header is another one.
    let mut boxes = None;
    for path in of_kind("vmlDrawing") {
        let text = package.text(&path)?;
        if text.contains("ClientData") {
            boxes = Some((path, text));
        }
    }
    if notes.is_empty() && !(is_marked && texts_path.is_some()) {
        return Ok(());
    }
    let texts = texts_path.as_ref().map(|path| package.text(path)).transpose()?;
    let written = notes::with_notes(texts.as_deref(), boxes.as_ref().map(|(_, text)| text.as_str()), notes)?;
    let mut lines = String::new();
    let texts_path = match texts_path {
        Some(path) => path,
        None => {
            let path = package.free_path("xl/comments", ".xml");
            changed.declare(&path, &format!("{TYPE}.spreadsheetml.comments+xml"))?;
            lines += &relationship("rIdTrusthubNotes", "comments", &path);
            path
        }
    };
    let boxes_path = match boxes {
        Some((path, _)) => path,
        None => {
            let path = package.free_path("xl/drawings/vmlDrawing", ".vml");
            changed.declare(&path, &format!("{TYPE}.vmlDrawing"))?;
            lines += &relationship("rIdTrusthubBoxes", "vmlDrawing", &path);
            frame.boxes = Some("rIdTrusthubBoxes".to_owned());
            path
        }
    };
    changed.relate(package, sheet, &lines)?;
    changed.parts.push((texts_path, written.texts));
    changed.parts.push((boxes_path, written.boxes));
    Ok(())
}

/// Finds a place for each of our sheets and puts the new ones on the list. Gives their paths.
fn place_pages(
    package: &mut Package,
    main: &Main,
    pages: &[Page],
    frame: &mut Frame,
    changed: &mut Changed,
) -> Result<Vec<String>, Cause> {
    let (mut paths, mut lines, mut entries) = (vec![], String::new(), String::new());
    let mut places = vec![];
    let prefix = tags(&main.text, "sheet", &main.document)?.first().map(|tag| tag.prefix().to_owned());
    let prefix = prefix.unwrap_or_default();
    let mut end = main.sheets.len();
    for (number, page) in (1..).zip(pages) {
        if let Some(at) = main.sheets.iter().position(|(name, _)| name == page.name) {
            places.push(at);
            paths.push(main.sheets[at].1.clone());
            continue;
        }
        // `free_path` knows the parts of the input, and not those that are added.
        let mut path = package.free_path("xl/worksheets/sheet", ".xml");
        let stem = path.trim_end_matches(".xml").trim_start_matches("xl/worksheets/sheet");
        let mut next: usize = stem.parse().unwrap_or(1);
        while paths.contains(&path) || package.has(&path) {
            next += 1;
            path = format!("xl/worksheets/sheet{next}.xml");
        }
        let id = format!("rIdTrusthub{number}");
        changed.declare(&path, &format!("{TYPE}.spreadsheetml.worksheet+xml"))?;
        lines += &relationship(&id, "worksheet", &path);
        entries += &format!(
            "<{prefix}sheet xmlns:{ids}=\"{RELATIONSHIP}\" name=\"{}\" sheetId=\"{}\" {ids}:id=\"{id}\"/>",
            page.name,
            main.max_sheet + number,
            // Not every program declares it for the whole part.
            ids = main.id_prefix,
        );
        places.push(end);
        end += 1;
        paths.push(path);
    }
    changed.relate(package, &main.document, &lines)?;
    let mut text = match entries.as_str() {
        "" => main.text.clone(),
        entries => package::appended(&main.text, "sheets", &main.document, entries)?,
    };
    // The list of what is wrong is shown first; but somebody who left another sheet in front wants to see that.
    if let (Some(view), Some(place)) = (tags(&text, "workbookView", &main.document)?.first(), places.first())
    {
        let active = view.number("activeTab").unwrap_or(0);
        if active == main.at || places.contains(&active) {
            let mut new: Tag = view.clone();
            new.set("activeTab", &place.to_string());
            text = text.replacen(&view.0, &new.0, 1);
            frame.is_deselected = true;
        }
    }
    changed.parts.push((main.document.clone(), text));
    Ok(paths)
}
