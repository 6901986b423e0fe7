//! XLS files that are damaged so that their reading would not come to an end, or would fill the memory.

use crate::common;
use crate::common::{fault, source, validate};
use std::sync::mpsc::channel;
use std::time::Duration;

const XLS: &[u8] = include_bytes!("../fixtures/typed.xls");
const SECTOR: usize = 512;
const END_OF_CHAIN: u32 = 0xffff_fffe;
const FREE: u32 = 0xffff_ffff;

/// More than a refusal takes, less than anybody waits for one.
const DEADLINE: Duration = Duration::from_secs(20);

fn refused(name: &str, file: Vec<u8>) {
    assert!(file.len() < 1 << 21, "{name}: the file is {} bytes long", file.len());
    let (sender, refusal) = channel();
    std::thread::spawn(move || sender.send(fault(&source(file))));
    let fault = refusal.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{name}: no refusal"));
    assert!(fault.what().contains("damaged or too big"), "{name}: {fault}");
    assert!(fault.fix().contains("CSV"), "{name}: {fault}");
}

fn word(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
}

fn put(file: &mut [u8], at: usize, word: u32) {
    file[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// Where a sector begins in the file.
fn sector(number: u32) -> usize {
    (number as usize + 1) * SECTOR
}

/// Where the table says which sector follows this one.
fn next_of(file: &[u8], number: u32) -> usize {
    let per_table = (SECTOR / 4) as u32;
    let table = word(file, 76 + 4 * (number / per_table) as usize);
    sector(table) + 4 * (number % per_table) as usize
}

/// Makes a chain run in a circle, at its end.
fn close(file: &mut [u8], start: u32) {
    let mut last = start;
    while word(file, next_of(file, last)) != END_OF_CHAIN {
        last = word(file, next_of(file, last));
    }
    let at = next_of(file, last);
    put(file, at, start);
}

/// Where the entry of a stream begins.
fn entry(file: &[u8], name: &str) -> usize {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let directory = sector(word(file, 48));
    (directory..file.len()).step_by(128).find(|at| file[*at..].starts_with(&name)).expect("an entry")
}

/// Four gigabytes, but for a little.
const LONG: u32 = 0xffff_fff0;

#[test]
fn a_chain_of_sectors_that_runs_in_a_circle_is_refused() {
    let damaged = |change: &dyn Fn(&mut [u8])| {
        let mut file = XLS.to_vec();
        change(&mut file);
        file
    };
    let of_stream = |name: &'static str| {
        move |file: &mut [u8]| {
            let at = entry(file, name);
            put(file, at + 120, LONG);
            close(file, word(file, at + 116));
        }
    };
    refused("the directory", damaged(&|file| close(file, word(file, 48))));
    refused("the workbook", damaged(&of_stream("Workbook")));
    refused("the small streams", damaged(&of_stream("Root Entry")));
    refused(
        "the table of the small streams",
        damaged(&|file| {
            put(file, 64, 0x007f_ffff);
            close(file, word(file, 60));
        }),
    );
    refused(
        "the list of the tables",
        damaged(&|file| {
            // Every part of it is the same table, and what follows it is itself.
            let last = (file.len() / SECTOR - 2) as u32;
            let (table, at) = (word(file, 76), sector(last));
            for index in 0..SECTOR / 4 - 1 {
                put(file, at + 4 * index, table);
            }
            put(file, at + SECTOR - 4, last);
            put(file, 68, last);
        }),
    );
}

/// A container with these streams, each in a chain of its own.
fn container(streams: &[(&[u16], Vec<u8>)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut next = Vec::new();
    let mut directory = vec![entry_of(&"Root Entry".encode_utf16().collect::<Vec<_>>(), 5, END_OF_CHAIN, 0)];
    for (name, content) in streams {
        let mut content = content.clone();
        // A shorter one would lie among the small streams.
        content.resize(content.len().max(4096).next_multiple_of(SECTOR), 0);
        let (start, count) = (next.len() as u32, (content.len() / SECTOR) as u32);
        next.extend((1..count).map(|it| start + it).chain([END_OF_CHAIN]));
        directory.push(entry_of(name, 2, start, content.len() as u32));
        data.extend(content);
    }
    let directory_at = next.len() as u32;
    let mut entries = directory.concat();
    entries.resize(entries.len().next_multiple_of(SECTOR), 0);
    let count = (entries.len() / SECTOR) as u32;
    next.extend((1..count).map(|it| directory_at + it).chain([END_OF_CHAIN]));
    data.extend(entries);
    let tables_at = next.len() as u32;
    let tables = (1_u32..).find(|it| (tables_at + it) as usize <= *it as usize * (SECTOR / 4)).unwrap();
    assert!(tables <= 109, "more would need a list of their own");
    next.extend((0..tables).map(|_| 0xffff_fffd));
    next.resize(tables as usize * (SECTOR / 4), FREE);
    data.extend(next.iter().flat_map(|it| it.to_le_bytes()));

    let mut header = vec![0; SECTOR];
    header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    for (at, short) in [(24, 0x3e_u16), (26, 3), (28, 0xfffe), (30, 9), (32, 6)] {
        header[at..at + 2].copy_from_slice(&short.to_le_bytes());
    }
    for (at, value) in
        [(44, tables), (48, directory_at), (56, 4096), (60, END_OF_CHAIN), (64, 0), (68, END_OF_CHAIN)]
    {
        put(&mut header, at, value);
    }
    for index in 0..109 {
        put(
            &mut header,
            76 + 4 * index,
            if index < tables as usize { tables_at + index as u32 } else { FREE },
        );
    }
    [header, data].concat()
}

fn entry_of(name: &[u16], kind: u8, start: u32, length: u32) -> Vec<u8> {
    let mut entry = vec![0; 128];
    for (at, letter) in name.iter().enumerate() {
        entry[2 * at..2 * at + 2].copy_from_slice(&letter.to_le_bytes());
    }
    entry[64..66].copy_from_slice(&(2 * name.len() as u16 + 2).to_le_bytes());
    (entry[66], entry[67]) = (kind, 1);
    for at in [68, 72, 76] {
        put(&mut entry, at, FREE);
    }
    put(&mut entry, 116, start);
    put(&mut entry, 120, length);
    entry
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn begin(kind: u16) -> Vec<u8> {
    record(0x0809, &[&[0, 6][..], &kind.to_le_bytes(), &[0; 12]].concat())
}

/// The last record of a stream, and of a sheet.
fn end() -> Vec<u8> {
    record(0x000a, &[])
}

/// A cell that shows a shared string.
fn label(row: u16, column: u16, string: u32) -> Vec<u8> {
    let place = [row, column, 0].map(u16::to_le_bytes).concat();
    record(0x00fd, &[place, string.to_le_bytes().to_vec()].concat())
}

fn number(row: u16, column: u16) -> Vec<u8> {
    record(0x0203, &[[row, column, 0].map(u16::to_le_bytes).concat(), vec![0; 8]].concat())
}

/// Strings of one byte a letter, in as many records as they need.
fn strings(texts: &[String]) -> Vec<u8> {
    let count = (texts.len() as u32).to_le_bytes();
    let mut records = record(0x00fc, &[count, count].concat());
    for text in texts {
        let head = [&(text.len() as u16).to_le_bytes()[..], &[0]].concat();
        let (first, rest) = text.as_bytes().split_at(text.len().min(8_000));
        records.extend(record(0x003c, &[&head[..], first].concat()));
        for more in rest.chunks(8_000) {
            records.extend(record(0x003c, &[&[0][..], more].concat()));
        }
    }
    records
}

/// A workbook: these strings, and sheets that are one of these bodies each.
fn workbook(texts: &[String], bodies: &[Vec<u8>], sheets: &[usize]) -> Vec<u8> {
    let name = |index: usize| format!("S{index:05}");
    let bound = |index: usize, at: u32| {
        let name = name(index);
        record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, name.len() as u8, 0], name.as_bytes()].concat())
    };
    let head: Vec<u8> = [begin(5), strings(texts)].concat();
    let size = head.len() + sheets.len() * bound(0, 0).len() + end().len();
    let bodies: Vec<Vec<u8>> =
        bodies.iter().map(|body| [begin(0x10), body.clone(), end()].concat()).collect();
    let at = |body: usize| (size + bodies[..body].iter().map(Vec::len).sum::<usize>()) as u32;
    let bounds: Vec<u8> =
        sheets.iter().enumerate().flat_map(|(index, body)| bound(index, at(*body))).collect();
    [head, bounds, end(), bodies.concat()].concat()
}

fn utf16(name: &str) -> Vec<u16> {
    name.encode_utf16().collect()
}

/// Our headers and one row below them.
fn honest() -> Vec<u8> {
    let texts: Vec<String> = common::ALL.iter().map(|it| it.name().to_owned()).collect();
    let cells = (0..texts.len() as u32).flat_map(|column| label(0, column as u16, column));
    let body = cells.chain(label(1, 0, 0)).collect();
    workbook(&texts, &[body], &[0])
}

/// Two cells in the corners of five million.
fn far_apart() -> Vec<u8> {
    [number(0, 0), number(65_535, 70)].concat()
}

#[test]
fn a_file_that_is_as_it_should_be_is_read() {
    let (validation, _) = validate(&source(container(&[(&utf16("Workbook"), honest())])));
    assert_eq!(validation.rows, 1);
    // As is one with many sheets, as long as there is something in them.
    let bodies: Vec<Vec<u8>> = (0..60).map(|_| (0..50).flat_map(|row| number(row, 3)).collect()).collect();
    let sheets: Vec<usize> = (0..60).collect();
    let texts = ["subaccount_sid".to_owned()];
    let first = [label(0, 0, 0), label(1, 0, 0)].concat();
    let file = workbook(&texts, &[vec![first], bodies].concat(), &[vec![0], sheets].concat());
    assert_eq!(common::validate(&source(container(&[(&utf16("Workbook"), file)]))).0.rows, 1);
}

#[test]
fn sheets_that_do_not_fit_into_memory_together_are_refused() {
    let in_file = |stream| container(&[(&utf16("Workbook"), stream)]);
    let bodies: Vec<Vec<u8>> = (0..300).map(|_| far_apart()).collect();
    let sheets: Vec<usize> = (0..300).collect();
    refused("many sheets of five million cells", in_file(workbook(&[], &bodies, &sheets)));
    let body = (0..5_000).flat_map(|row| number(row, 0)).collect();
    refused("one sheet many thousand times", in_file(workbook(&[], &[body], &[0; 20_000])));
    // Sheets that begin within one another.
    let long = "x".repeat(30_000);
    let body = (0..20_000).flat_map(|row| label(row, 0, 0)).collect();
    refused("a long text in many cells", in_file(workbook(&[long], &[body], &[0])));
}

#[test]
fn the_stream_that_is_looked_at_is_the_one_that_is_read() {
    let bodies: Vec<Vec<u8>> = (0..300).map(|_| far_apart()).collect();
    let bomb = workbook(&[], &bodies, &(0..300).collect::<Vec<_>>());
    let decoy = "Workbook".encode_utf16().map(|it| it | 0x100).collect::<Vec<_>>();
    refused("a look-alike in front", container(&[(&decoy, honest()), (&utf16("Workbook"), bomb.clone())]));
    let marked = utf16("\u{feff}WorkBook");
    refused("a name with a mark", container(&[(&marked, bomb.clone())]));
    let mut file = container(&[(&utf16("Workbook"), honest()), (&utf16("Book"), bomb)]);
    let at = entry(&file, "Workbook") + 116;
    put(&mut file, at, 0x00ff_0000);
    refused("the second name where the first leads nowhere", file);
}
