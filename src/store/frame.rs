//! What zstd made of a body, until it is kept: in memory, or where it is large in a file without a name, since the body's
//! entries are in memory at the same time.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::{SpooledData, SpooledTempFile};

/// Longer ones lie in a file.
const MAX_IN_MEMORY: usize = 1 << 20;

/// So much of a file is read at once.
const PART_BYTES: usize = 256 << 10;

/// A body as zstd made it.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    Memory(Bytes),
    File { file: Arc<File>, length: u64 },
}

impl From<Vec<u8>> for Frame {
    fn from(frame: Vec<u8>) -> Self {
        Self::Memory(frame.into())
    }
}

impl Frame {
    /// How many bytes it has.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(frame) => frame.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// Hands it out part by part, in its order.
    ///
    /// # Errors
    /// The system's, and those of `take`.
    pub(super) fn parts(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Self::Memory(frame) = self {
            return take(frame);
        }
        let (mut reader, mut part) = (self.reader(), vec![0; PART_BYTES]);
        loop {
            match reader.read(&mut part)? {
                0 => return Ok(()),
                bytes => take(&part[..bytes])?,
            }
        }
    }

    /// All of it in memory.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        if let Self::Memory(frame) = self {
            return Ok(Cow::Borrowed(frame));
        }
        let mut whole = Vec::with_capacity(usize::try_from(self.len()).map_err(io::Error::other)?);
        self.reader().read_to_end(&mut whole)?;
        Ok(Cow::Owned(whole))
    }

    /// Returns a reader of all of it. Several may read at once.
    pub(super) fn reader(&self) -> impl Read + '_ {
        FrameReader { frame: self, at: 0 }
    }
}

/// A place in a frame.
struct FrameReader<'a> {
    frame: &'a Frame,
    at: u64,
}

impl Read for FrameReader<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        let bytes = match self.frame {
            Frame::Memory(frame) => {
                let rest = usize::try_from(self.at).ok().and_then(|at| frame.get(at..));
                rest.unwrap_or_default().read(part)?
            }
            Frame::File { file, .. } => file.read_at(part, self.at)?,
        };
        self.at += bytes as u64;
        Ok(bytes)
    }
}

/// A frame that is being made.
pub(super) struct UnfinishedFrame(SpooledTempFile);

impl UnfinishedFrame {
    /// One that lies in a file of this folder once it is large; without a folder, in memory.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Self(match folder {
            Some(folder) => tempfile::spooled_tempfile_in(MAX_IN_MEMORY, folder),
            None => tempfile::spooled_tempfile(usize::MAX),
        })
    }

    /// The frame, to which nothing is added any more.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn finish(self) -> io::Result<Frame> {
        Ok(match self.0.into_inner() {
            SpooledData::InMemory(frame) => frame.into_inner().into(),
            SpooledData::OnDisk(file) => {
                let length = file.metadata()?.len();
                Frame::File { file: Arc::new(file), length }
            }
        })
    }
}

impl Write for UnfinishedFrame {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_the_same_in_memory_and_in_a_file_that_nobody_sees() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..=250).cycle().take(2 * MAX_IN_MEMORY + 5).collect();
        for (folder, content, is_in_memory) in [
            (None, &content[..], true),
            (Some(folder.path()), &content[..], false),
            (Some(folder.path()), &content[..MAX_IN_MEMORY], true),
        ] {
            let mut unfinished = UnfinishedFrame::new(folder);
            content.chunks(70_001).try_for_each(|part| unfinished.write_all(part)).unwrap();
            let frame = unfinished.finish().unwrap();
            assert_eq!(matches!(frame, Frame::Memory(_)), is_in_memory);
            assert_eq!(frame.len(), content.len() as u64);
            assert!(frame.whole().unwrap()[..] == *content);
            let (mut parts, mut read) = (Vec::new(), Vec::new());
            frame
                .parts(|part| {
                    parts.extend_from_slice(part);
                    Ok(())
                })
                .unwrap();
            frame.clone().reader().read_to_end(&mut read).unwrap();
            assert!(parts == content && read == content);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_takes_nothing_is_an_error_and_no_panic() {
        let mut unfinished = UnfinishedFrame::new(Some(Path::new("/nonexistent")));
        assert!(unfinished.write_all(&vec![7; MAX_IN_MEMORY + 1]).is_err());
    }
}
