use trusthub_onboard::cli::{self, Exit};

fn main() -> Exit {
    cli::main(std::env::args_os())
}
