//! Bodies that were stored as several: what is taken apart is put together again the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::bundle::{decode, encode, is_bundle};

fuzz_target!(|body: &[u8]| {
    let whole = [b"regwatch bundle 1\n", body].concat();
    for body in [body, &whole] {
        let parts = decode(body);
        assert_eq!(parts.is_some(), is_bundle(body));
        let Some(Ok(parts)) = parts else { continue };
        let length: usize = parts.iter().map(|part| part.body.len()).sum();
        assert!(length < body.len());
        assert_eq!(decode(&encode(&parts)), Some(Ok(parts)));
    }
});
