// One load of one word, in a child process that does nothing else.
#pragma once

#include <cstdint>
#include <string>

namespace xic::probe {

/// What became of a child, as its parent saw it.
struct ChildEnd {
  std::string bytes;         ///< What it wrote: kAboutToLoad, then kLoaded.
  int wait_status = 0;       ///< Of waitpid().
  bool ended_by_us = false;  ///< Killed by its parent for taking too long.
};
inline constexpr char kAboutToLoad = 'B';
inline constexpr char kLoaded = 'A';
/// Exit status of a child that could not give up its privileges; others are errno of mmap().
inline constexpr int kKeptPrivileges = 250;

enum class Outcome : std::uint8_t { present, absent, no_answer };
struct Load {
  Outcome outcome = Outcome::no_answer;
  std::string why;  ///< For no_answer.
};

/// Xen answers a CPU access to a page that has no stage-2 entry with an abort whose status code is
/// 0 (arch/arm/traps.c: inject_dabt64_exception), which arm64 Linux turns into SIGKILL
/// (arch/arm64/mm/ fault.c: fault_info[0]). Only SIGKILL between the two bytes means that; before
/// the first it was somebody else's, and every other end is no answer.
[[nodiscard]] Load judge(const ChildEnd& end);

/// Maps the kernel page of `memory` (a descriptor of /dev/mem, open for reading) that holds `frame`
/// and loads the first aligned 32-bit word of the frame. The value is discarded, the pointer is
/// given to no system call. The child keeps no other descriptor, becomes nobody (or, where a
/// sandbox forbids that, gives up all capabilities), leaves no core, and is ended after `seconds`.
[[nodiscard]] Load load_in_child(int memory, std::uint64_t frame, unsigned seconds);

}  // namespace xic::probe
