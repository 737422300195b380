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
  /// A batch of one grant, mapped at `pfn` of dom0.
  TraceText& map(std::uint64_t us, unsigned domain, unsigned ref, std::uint64_t frame,
                 std::uint64_t pfn, bool read_only = true,
                 const std::string& task = "ksoftirqd/0") {
    return batch(us, 1, domain, ref, frame, pfn, read_only, task).page(us, pfn, frame, task);
  }
  /// The record in front of a batch's pages.
  TraceText& batch(std::uint64_t us, unsigned count, unsigned domain, unsigned ref,
                   std::uint64_t frame, std::uint64_t pfn, bool read_only = true,
                   const std::string& task = "ksoftirqd/0") {
    const std::uint64_t flags = 2 | (read_only ? 4 : 0) | std::uint64_t{ref} << 32;
    return line(task, 13, us,
                "map: (set_foreign_p2m_mapping+0x0/0x160) n=" + std::to_string(count) + " o={" +
                    hex_text(pfn << 12) + "," + hex_text(flags) + "," +
                    hex_text(domain | std::uint64_t{7} << 32) + "," + hex_text(frame << 12) + "}");
  }
  /// One grant, where the reference of each is recorded.
  TraceText& operation(std::uint64_t us, unsigned domain, unsigned ref, std::uint64_t frame,
                       std::uint64_t pfn, const std::string& task = "ksoftirqd/0") {
    return line(task, 13, us,
                "op: (set_foreign_p2m_mapping+0x74/0x160) pfn=" + hex_text(pfn) +
                    " mfn=" + hex_text(frame) + " flags=0x6 ref=" + hex_text(ref) +
                    " dom=" + std::to_string(domain));
  }
  TraceText& page(std::uint64_t us, std::uint64_t pfn, std::uint64_t frame,
                  const std::string& task = "ksoftirqd/0", unsigned pid = 13) {
    return line(task, pid, us,
                "page: (__set_phys_to_machine_multi+0x0/0x180) pfn=" + hex_text(pfn) +
                    " mfn=" + hex_text(frame) + " nr=1");
  }
  TraceText& unmap_begins(std::uint64_t us, const std::string& task = "vif1.0-q0-deall",
                          unsigned count = 1) {
    return line(task, 244, us, "unmap: (gnttab_unmap_refs+0x0/0xb0) n=" + std::to_string(count));
  }
  TraceText& unmap_ended(std::uint64_t us, std::uint64_t pfn,
                         const std::string& task = "vif1.0-q0-deall") {
    return line(task, 244, us,
                "gone: (clear_foreign_p2m_mapping+0x48/0x80) pfn=" + hex_text(pfn) +
                    " mfn=0xffffffffffffffff nr=1");
  }
  TraceText& line(const std::string& task, unsigned pid, std::uint64_t us,
                  const std::string& what) {
    char head[96];
    std::snprintf(head, sizeof head, "%16s-%-7u [%03u] d.%c..  %5llu.%06llu: ", task.c_str(), pid,
                  cpu, task == "ksoftirqd/0" ? 's' : '.',
                  static_cast<unsigned long long>(us / 1'000'000),
                  static_cast<unsigned long long>(us % 1'000'000));
    text += head + what + '\n';
    return *this;
  }
  unsigned cpu = 0;
  std::string text;
};

}  // namespace xic::testing
