use trusthub_onboard::cli::{self, Exit};

/// A run makes and drops some hundred small pieces of memory a call, on two threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Exit {
    cli::main(std::env::args_os())
}
