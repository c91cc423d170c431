//! Memory for the program. What one thread takes another gives back, all day: a page is fetched by one, read by a second,
//! kept by a third. Not the library's: who fuzzes it keeps an allocator that checks.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the allocator looks for when it begins. All threads share one place to take memory from, and keep only small pieces
/// for themselves: what one keeps of its own no other can use, and goes back to the system only when that one takes more.
/// What nobody uses goes back after a tenth of a second: a read takes megabytes for milliseconds, and of twenty reads at once
/// what one has done with would wait while the next one takes its own.
#[allow(unsafe_code, reason = "its name is the allocator's, which reads it")]
#[used]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static OPTIONS: &[u8] = b"narenas:1,tcache_max:4096,dirty_decay_ms:100,muzzy_decay_ms:0\0";
