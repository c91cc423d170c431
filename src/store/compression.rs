//! Compressing bodies and records. What zstd needs for it is larger than most bodies, so each thread makes it once.

use std::cell::RefCell;
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::thread::LocalKey;

use sha2::{Digest as _, Sha256};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::stream::{read, write};
use zstd::zstd_safe::{self, CParameter, DCtx, Strategy};

use super::frame::{Frame, UnfinishedFrame};

/// A SHA-256.
pub(super) type Digest = [u8; 32];

/// The faster levels, which are negative, leave more and take as long on pages.
const LEVEL: i32 = 1;

/// As the third level looks for what was said before, within tables as small as those of the first: on pages that takes
/// as long as the first and leaves less (`docs/adr/0014-packs.md`).
const SEARCH: [CParameter; 4] = [
    CParameter::Strategy(Strategy::ZSTD_dfast),
    CParameter::HashLog(14),
    CParameter::ChainLog(14),
    CParameter::MinMatch(5),
];

/// The shapes of all records, the most frequent ones last. What was compressed with it needs it to be read, so it never
/// changes: another one is another file under another number in [`super::record`].
static RECORD_SHAPES: &[u8] = include_bytes!("record_dictionary.txt");

static RECORD_ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(RECORD_SHAPES, LEVEL));

static RECORD_DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(RECORD_SHAPES));

/// No record that is compressed is longer.
const MAX_RECORD_BYTES: usize = 4096;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
    static RECORD_COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static RECORD_DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A body that was compressed before it is kept, with its name: a large one need not lie in memory as it was
/// received until then, nor as zstd made it where it is packed beside its store ([`super::Store::pack`]).
#[derive(Debug, Clone)]
pub struct PackedBody {
    pub(super) name: Digest,
    pub(super) frame: Frame,
}

impl PartialEq for PackedBody {
    /// A body is what its name says.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for PackedBody {}

impl PackedBody {
    /// Compresses a body.
    ///
    /// # Errors
    /// zstd's.
    pub fn of(content: &[u8]) -> io::Result<Self> {
        let mut frame = compress(content)?;
        // Room was made for what cannot be compressed.
        frame.shrink_to_fit();
        Ok(Self { name: Sha256::digest(content).into(), frame: frame.into() })
    }

    /// Compresses a body whose name is known into a file of a folder, where it is large; without a folder, in memory.
    ///
    /// # Errors
    /// zstd's, and the system's.
    pub(super) fn beside(folder: Option<&Path>, content: &[u8], name: Digest) -> io::Result<Self> {
        let mut encoder = body_encoder(folder)?;
        encoder.set_pledged_src_size(Some(content.len() as u64))?;
        encoder.write_all(content)?;
        Ok(Self { name, frame: encoder.finish()?.finish()? })
    }

    /// Reads the body as it was, part by part.
    ///
    /// # Errors
    /// zstd's.
    pub fn reader(&self) -> io::Result<impl io::Read + '_> {
        read::Decoder::new(self.frame.reader())
    }

    /// Returns the body as it was.
    ///
    /// # Errors
    /// What does not decompress; zstd's, and the system's.
    pub fn unpacked(&self) -> io::Result<Vec<u8>> {
        decompress(&self.frame.whole()?)
    }
}

type BodyEncoder = write::Encoder<'static, UnfinishedFrame>;

fn body_encoder(folder: Option<&Path>) -> io::Result<BodyEncoder> {
    let mut encoder = write::Encoder::new(UnfinishedFrame::new(folder), LEVEL)?;
    SEARCH.into_iter().try_for_each(|parameter| encoder.set_parameter(parameter))?;
    Ok(encoder)
}

/// A body of which one part is compressed after another, so that it is nowhere whole.
pub(super) struct BodyPacker {
    hasher: Sha256,
    encoder: BodyEncoder,
}

impl BodyPacker {
    /// Begins one, which lies in a file of the folder once it is large.
    pub(super) fn new(folder: Option<&Path>) -> io::Result<Self> {
        Ok(Self { hasher: Sha256::new(), encoder: body_encoder(folder)? })
    }

    pub(super) fn finish(self) -> io::Result<PackedBody> {
        Ok(PackedBody { name: self.hasher.finalize().into(), frame: self.encoder.finish()?.finish()? })
    }
}

impl Write for BodyPacker {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.encoder.write_all(part)?;
        self.hasher.update(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The content of zstd frames, of which one part is decompressed after another.
pub(super) struct Unpacker<'a> {
    decoder: read::Decoder<'static, &'a [u8]>,
    hasher: Sha256,
}

impl<'a> Unpacker<'a> {
    pub(super) fn new(compressed: &'a [u8]) -> io::Result<Self> {
        Ok(Self { decoder: read::Decoder::with_buffer(compressed)?, hasher: Sha256::new() })
    }

    /// The name of the whole content, once what was not read of it is as well.
    pub(super) fn name(mut self) -> io::Result<Digest> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hasher.finalize().into())
    }
}

impl io::Read for Unpacker<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        let bytes = self.decoder.read(part)?;
        self.hasher.update(&part[..bytes]);
        Ok(bytes)
    }
}

/// More room is not made on the word of a frame alone.
const MAX_PROMISED_BYTES: u64 = 256 << 20;

/// So much the content of a frame has, as far as it says so: a list that has to be moved as it grows is there twice.
fn promised_bytes(compressed: &[u8]) -> usize {
    let said = zstd_safe::get_frame_content_size(compressed).ok().flatten();
    said.and_then(|bytes| usize::try_from(bytes.min(MAX_PROMISED_BYTES)).ok()).unwrap_or(0)
}

/// Content as one zstd frame.
///
/// # Errors
/// zstd's.
pub(super) fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    with_own(&COMPRESSOR, body_compressor, |compressor| compressor.compress(content))
}

fn body_compressor() -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(LEVEL)?;
    SEARCH.into_iter().try_for_each(|parameter| compressor.set_parameter(parameter))?;
    Ok(compressor)
}

/// A record of at most [`MAX_RECORD_BYTES`] as one zstd frame; `None` if that is not shorter, or zstd cannot.
pub(super) fn compress_record(json: &[u8]) -> Option<Vec<u8>> {
    if json.len() > MAX_RECORD_BYTES {
        return None;
    }
    let make = || Compressor::with_prepared_dictionary(&RECORD_ENCODER);
    let frame = with_own(&RECORD_COMPRESSOR, make, |compressor| compressor.compress(json));
    frame.ok().filter(|frame| frame.len() < json.len())
}

/// A record of which [`compress_record`] made a frame.
///
/// # Errors
/// What does not decompress; zstd's.
pub(super) fn decompress_record(frame: &[u8]) -> io::Result<Vec<u8>> {
    let make = || Decompressor::with_prepared_dictionary(&RECORD_DECODER);
    with_own(&RECORD_DECOMPRESSOR, make, |decompressor| decompressor.decompress(frame, MAX_RECORD_BYTES))
}

/// The content of zstd frames.
///
/// # Errors
/// What does not decompress; zstd's.
pub(super) fn decompress(compressed: &[u8]) -> io::Result<Vec<u8>> {
    let make = || DCtx::try_create().ok_or_else(|| io::ErrorKind::OutOfMemory.into());
    with_own(&DECOMPRESSOR, make, |context| {
        let mut content = Vec::with_capacity(promised_bytes(compressed));
        read::Decoder::with_context(compressed, context).read_to_end(&mut content)?;
        Ok(content)
    })
}

/// Does work with what this thread has made for itself, or makes now.
fn with_own<T, R>(
    own: &'static LocalKey<RefCell<Option<T>>>,
    make: impl FnOnce() -> io::Result<T>,
    work: impl FnOnce(&mut T) -> io::Result<R>,
) -> io::Result<R> {
    own.with_borrow_mut(|own| match own {
        Some(own) => work(own),
        None => work(own.insert(make()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back_whatever_was_read_before_it() {
        let contents =
            [Vec::new(), b"x".to_vec(), vec![7; 3_000_000], (0..=255).cycle().take(9_000).collect()];
        for content in &contents {
            let mut damaged = compress(content).unwrap();
            damaged.truncate(damaged.len() - 1);
            decompress(&damaged).unwrap_err();
            assert_eq!(decompress(&compress(content).unwrap()).unwrap(), *content);
        }
    }

    #[test]
    fn what_is_packed_part_by_part_is_what_is_packed_whole() {
        let content: Vec<u8> = (0..=255).cycle().take(900_000).collect();
        let mut packer = BodyPacker::new(None).unwrap();
        for part in content.chunks(7_000) {
            packer.write_all(part).unwrap();
        }
        let (parts, whole) = (packer.finish().unwrap(), PackedBody::of(&content).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let beside = PackedBody::beside(Some(folder.path()), &content, whole.name).unwrap();
        for packed in [&parts, &whole, &beside] {
            assert_eq!(packed.name, whole.name);
            assert!(packed.unpacked().unwrap() == content);
            let mut read = Vec::new();
            packed.reader().unwrap().read_to_end(&mut read).unwrap();
            assert!(read == content);
            let frame = packed.frame.whole().unwrap();
            let mut unpacker = Unpacker::new(&frame).unwrap();
            let mut beginning = [0; 300];
            unpacker.read_exact(&mut beginning).unwrap();
            assert_eq!(beginning, content[..300]);
            assert_eq!(unpacker.name().unwrap(), packed.name);
        }
        let frame = parts.frame.whole().unwrap();
        Unpacker::new(&frame[..frame.len() / 2]).unwrap().name().unwrap_err();
    }

    #[test]
    fn records_are_shorter_for_their_shapes_and_come_back() {
        let record = br#"{"at":"2027-03-04T05:06:07Z","verdict":"not-modified","took_ms":12,"entries":41,"changes":0}"#;
        let frame = compress_record(record).unwrap();
        assert!(frame.len() * 3 < record.len() * 2, "{} of {} bytes", frame.len(), record.len());
        assert_eq!(decompress_record(&frame).unwrap(), record);
        decompress_record(&frame[..frame.len() - 1]).unwrap_err();
        decompress(&frame).unwrap_err();
    }

    #[test]
    fn what_does_not_shrink_is_no_compressed_record() {
        assert_eq!(compress_record(b"{}"), None);
        assert_eq!(compress_record(&[b'7'; MAX_RECORD_BYTES + 1]), None);
        let longest = compress_record(&[b'7'; MAX_RECORD_BYTES]).unwrap();
        assert_eq!(decompress_record(&longest).unwrap(), [b'7'; MAX_RECORD_BYTES]);
        decompress_record(&compress(&[7; MAX_RECORD_BYTES + 1]).unwrap()).unwrap_err();
    }

    /// Stores hold what was compressed with it.
    #[test]
    fn the_shapes_of_records_are_those_with_which_stores_were_written() {
        let sha256 = crate::domain::id::hex(&Sha256::digest(RECORD_SHAPES));
        assert_eq!(sha256, "2e038b748e562cfa91339eaed95c174b6907f1b4c3013d18b7ba10609bbb922c");
    }

    #[test]
    fn a_frame_that_promises_much_is_not_believed() {
        let frame = compress(&[7; 1000]).unwrap();
        assert_eq!(promised_bytes(&frame), 1000);
        assert_eq!(promised_bytes(b"no frame"), 0);
    }

    #[test]
    fn what_is_kept_of_one_body_does_not_depend_on_those_before_it() {
        let (first, second) = (compress(b"one body").unwrap(), compress(b"another").unwrap());
        assert_eq!(compress(b"one body").unwrap(), first);
        assert_ne!(first, second);
    }

    #[test]
    fn frames_of_unknown_length_are_read_as_well() {
        let streamed = zstd::encode_all(&b"as they were kept before"[..], LEVEL).unwrap();
        assert_eq!(decompress(&streamed).unwrap(), b"as they were kept before");
    }
}
