// make_console_text MIB PERCENT: writes a console log of MIB mebibytes, PERCENT of its lines
// faults.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/console_text.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_console_text MIB PERCENT\n", stderr);
    return 64;
  }
  const std::size_t bytes = std::strtoul(argv[1], nullptr, 10) << 20U;
  xic::bench::ConsoleText source(static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)));
  std::string block;
  for (std::size_t written = 0; written < bytes;) {
    block.clear();
    while (block.size() < (std::size_t{1} << 20U)) source.append_line(&block);
    if (std::fwrite(block.data(), 1, block.size(), stdout) != block.size()) return 74;
    written += block.size();
  }
  return 0;
}
