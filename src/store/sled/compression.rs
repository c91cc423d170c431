//! Compressing bodies. What zstd needs for it is larger than most bodies, so each thread makes it once.

use std::cell::RefCell;
use std::io::{self, Read as _};

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::DCtx;

/// The faster levels, which are negative, leave more and take as long on pages.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// Content as one zstd frame.
///
/// # Errors
/// zstd's.
pub(super) fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|made| match made {
        Some(compressor) => compressor.compress(content),
        None => made.insert(Compressor::new(LEVEL)?).compress(content),
    })
}

/// The content of zstd frames.
///
/// # Errors
/// What does not decompress; zstd's.
pub(super) fn decompress(compressed: &[u8]) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|made| {
        if made.is_none() {
            *made = Some(DCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?);
        }
        let mut content = Vec::new();
        if let Some(context) = made {
            Decoder::with_context(compressed, context).read_to_end(&mut content)?;
        }
        Ok(content)
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
