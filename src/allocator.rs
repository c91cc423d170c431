//! Memory for the program. What one thread takes another gives back, all day: a mail is made by one, kept by
//! a second, sent by a third, and this allocator is made for that. Not the library's, so that whoever fuzzes
//! it keeps an allocator that checks. It asks for no huge pages (`no_thp`), which the program would refuse anyhow.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
