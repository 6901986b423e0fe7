//! The notes on cells: a part with their texts, and one with their boxes. Those of other people stay.

use std::collections::HashSet;
use std::fmt::Write;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::tag::{Tag, escaped};
use super::{Cause, Note};
use crate::sheet::column_letters;

/// Who our notes are by; we know them again by it.
const AUTHOR: &str = "trusthub-onboard";

/// A note wide enough for a sentence in two lines, in points, and what fits into one of its lines.
const WIDTH: usize = 260;
const LINE_CHARS: usize = 50;
const LINE_HEIGHT: usize = 12;
const LINES_MAX: usize = 24;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

const BOXES: &str = "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
    xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"1\"/>\
    </o:shapelayout></xml>";

const SHAPE_TYPE: &str = "<v:shapetype id=\"_x0000_tho202\" coordsize=\"21600,21600\" o:spt=\"202\" \
    path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" \
    o:connecttype=\"rect\"/></v:shapetype>";

/// Both parts, with our notes in them.
pub(super) struct Notes {
    pub texts: String,
    pub boxes: String,
}

/// Adds our notes to those that are there, `texts` and `boxes`. A cell that has a note keeps it; earlier notes
/// of ours go.
pub(super) fn with_notes(texts: Option<&str>, boxes: Option<&str>, notes: &[Note]) -> Result<Notes, Cause> {
    let new = format!("<comments xmlns=\"{MAIN}\"><authors></authors><commentList></commentList></comments>");
    let texts = texts.unwrap_or(&new);
    let earlier = Earlier::of(texts)?;
    let texts = without(texts, "comment", &|element| earlier.is_ours(element))?;
    let boxes = without(boxes.unwrap_or(BOXES), "shape", &|element| earlier.is_our_box(element))?;
    let boxes = without(&boxes, "shapetype", &|element| element.contains("_x0000_tho202"))?;
    let taken: HashSet<&String> = earlier.theirs.iter().collect();
    let p = &earlier.prefix;
    let (mut comments, mut shapes) = (String::new(), SHAPE_TYPE.to_owned());
    for (at, note) in notes.iter().enumerate() {
        let cell = format!("{}{}", column_letters(note.column), note.row);
        if taken.contains(&cell) {
            continue;
        }
        // Writing to a string does not fail.
        let _ = write!(
            comments,
            "<{p}comment ref=\"{cell}\" authorId=\"{}\"><{p}text><{p}r><{p}rPr><{p}sz val=\"9\"/><{p}color indexed=\"81\"/>\
             <{p}rFont val=\"Tahoma\"/><{p}family val=\"2\"/></{p}rPr><{p}t xml:space=\"preserve\">{}</{p}t></{p}r></{p}text></{p}comment>",
            earlier.authors,
            escaped(&note.text)
        );
        shape(&mut shapes, at, note);
    }
    let author = format!("<{p}author>{AUTHOR}</{p}author>");
    let texts = super::package::appended(&texts, "authors", "", &author)?;
    let texts = super::package::appended(&texts, "commentList", "", &comments)?;
    let boxes = super::package::appended(&boxes, "xml", "", &shapes)?;
    Ok(Notes { texts, boxes })
}

fn shape(shapes: &mut String, at: usize, note: &Note) {
    let lines: usize = note.text.lines().map(|line| line.chars().count().div_ceil(LINE_CHARS).max(1)).sum();
    let height = LINE_HEIGHT * (lines.min(LINES_MAX) + 1);
    let (row, column) = (note.row - 1, note.column);
    // Where a program works out the place by itself the numbers of pixels do not matter.
    let _ = write!(
        shapes,
        "<v:shape id=\"_x0000_tho{at}\" type=\"#_x0000_tho202\" style=\"position:absolute;margin-left:60pt;\
         margin-top:2pt;width:{WIDTH}pt;height:{height}pt;z-index:{};visibility:hidden\" fillcolor=\"#ffffe1\" \
         o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/>\
         <v:path o:connecttype=\"none\"/><v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\">\
         </div></v:textbox><x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>\
         <x:Anchor>{}, 15, {}, 4, {}, 60, {}, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>\
         <x:Column>{column}</x:Column></x:ClientData></v:shape>",
        at + 1,
        column + 1,
        row.saturating_sub(1),
        column + 3,
        row + height as u64 / 15,
    );
}

/// What the part of the texts says of the notes that are there.
struct Earlier {
    prefix: String,
    /// How many authors there are.
    authors: usize,
    /// Which of them are we.
    us: Vec<usize>,
    /// The cells with a note of ours, and with one of somebody else.
    ours: HashSet<String>,
    theirs: HashSet<String>,
}

impl Earlier {
    fn of(texts: &str) -> Result<Earlier, Cause> {
        let mut reader = Reader::from_str(texts);
        let mut earlier = Earlier {
            prefix: String::new(),
            authors: 0,
            us: vec![],
            ours: HashSet::new(),
            theirs: HashSet::new(),
        };
        let mut in_author = false;
        loop {
            match reader.read_event().map_err(|_| Cause::strange("notes"))? {
                Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                    "comments" => earlier.prefix = Tag(tag.to_string()).prefix().to_owned(),
                    "author" => {
                        earlier.authors += 1;
                        in_author = true;
                    }
                    "comment" => {
                        let tag = Tag(tag.to_string());
                        let cell = tag.get("ref").unwrap_or_default().to_owned();
                        let is_ours = tag.number("authorId").is_some_and(|by| earlier.us.contains(&by));
                        let cells = if is_ours { &mut earlier.ours } else { &mut earlier.theirs };
                        cells.insert(cell);
                    }
                    _ => {}
                },
                Event::Text(text) if in_author && text.trim() == AUTHOR => {
                    earlier.us.push(earlier.authors - 1);
                }
                Event::End(_) => in_author = false,
                Event::Eof => return Ok(earlier),
                _ => {}
            }
        }
    }

    fn is_ours(&self, comment: &str) -> bool {
        let end = comment.find('>').unwrap_or(comment.len());
        let tag = Tag(comment[1..end].to_owned());
        tag.get("ref").is_some_and(|cell| self.ours.contains(cell))
    }

    fn is_our_box(&self, shape: &str) -> bool {
        let number = |name: &str| {
            let (_, behind) = shape.split_once(&format!("{name}>"))?;
            behind.split('<').next()?.trim().parse::<u64>().ok()
        };
        match (number(":Row"), number(":Column")) {
            (Some(row), Some(column)) => {
                self.ours.contains(&format!("{}{}", column_letters(column as usize), row + 1))
            }
            _ => false,
        }
    }
}

/// The text without those elements of a name that `is_it` picks, each given as its text.
fn without(text: &str, name: &str, is_it: &dyn Fn(&str) -> bool) -> Result<String, Cause> {
    let mut reader = Reader::from_str(text);
    // The boxes are written by hand in many programs, and not always well.
    reader.config_mut().check_end_names = false;
    let mut kept = String::with_capacity(text.len());
    let (mut from, mut start, mut depth) = (0, None, 0_usize);
    loop {
        let before = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|_| Cause::strange("notes"))?;
        let after = reader.buffer_position() as usize;
        match event {
            Event::Start(tag) if start.is_none() && tag.local_name().as_ref() == name => {
                (start, depth) = (Some(before), 1);
            }
            Event::Start(_) if start.is_some() => depth += 1,
            Event::End(_) if start.is_some() => {
                depth -= 1;
                if let (0, Some(at)) = (depth, start) {
                    if is_it(&text[at..after]) {
                        kept.push_str(&text[from..at]);
                        from = after;
                    }
                    start = None;
                }
            }
            Event::Eof => {
                kept.push_str(&text[from..]);
                return Ok(kept);
            }
            _ => {}
        }
    }
}
