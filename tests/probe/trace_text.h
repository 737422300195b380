// Lines of a recorder's text, as the kernel prints them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace xic::testing {

inline std::string hex_text(std::uint64_t value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(value));
  return buffer;
}

/// A recorder's text, written line by line. Times in microseconds.
class TraceText {
 public:
  TraceText& started(std::uint64_t us) {
    return line("recorder", 300, us, "tracing_mark_write: xen_iommu recorder started");
  }
  TraceText& map(std::uint64_t us, unsigned domain, unsigned ref, std::uint64_t frame,
                 unsigned handle, bool read_only = true, const std::string& task = "ksoftirqd/0") {
    const std::uint64_t flags = 2 | (read_only ? 4 : 0) | std::uint64_t{ref} << 32;
    return line(task, 13, us,
                "map1: (set_foreign_p2m_mapping+0x0/0x160) n=1 o0={0x45481000," + hex_text(flags) +
                    "," + hex_text(domain | std::uint64_t{handle} << 32) + "," +
                    hex_text(frame << 12) + "}");
  }
  TraceText& unmap_begins(std::uint64_t us, unsigned handle,
                          const std::string& task = "vif1.0-q0-deall") {
    return line(
        task, 244, us,
        "unmap1: (gnttab_unmap_refs+0x0/0xb0) n=1 b=0xffff80000a349018 o0={0x45481000,0x0," +
            hex_text(handle) + "}");
  }
  TraceText& unmap_ended(std::uint64_t us, const std::string& task = "vif1.0-q0-deall") {
    return line(task, 244, us,
                "unmapped: (clear_foreign_p2m_mapping+0x0/0xa0) n=1 b=0xffff80000a349018");
  }
  TraceText& line(const std::string& task, unsigned pid, std::uint64_t us,
                  const std::string& what) {
    char head[96];
    std::snprintf(head, sizeof head, "%16s-%-7u [%03u] d....  %5llu.%06llu: ", task.c_str(), pid,
                  cpu, static_cast<unsigned long long>(us / 1'000'000),
                  static_cast<unsigned long long>(us % 1'000'000));
    text += head + what + '\n';
    return *this;
  }
  unsigned cpu = 0;
  std::string text;
};

}  // namespace xic::testing
