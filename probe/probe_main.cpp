// xen-iommu-probe FRAME...: is gfn == mfn present in dom0's stage-2 table, for frames that dom0 has
// mapped from other domains? One NDJSON line per frame. Whoever runs it has decided that the
// question is valid here (docs/probe.md); what it can check by itself it refuses by itself.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "host/iomem/iomem_file.h"
#include "probe/child_load.h"
#include "probe/refusals.h"

namespace {

using namespace xic::probe;

constexpr unsigned kSeconds = 5;
constexpr std::size_t kMaxFrames = 64;
constexpr std::size_t kMaxFile = std::size_t{1} << 20;

std::string read_file(const char* path) {
  std::string text;
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return text;
  char buffer[4096];
  std::size_t count = 0;
  while (text.size() < kMaxFile && (count = std::fread(buffer, 1, sizeof buffer, file)) != 0) {
    text.append(buffer, count);
  }
  (void)std::fclose(file);
  return text;
}

/// Why no frame at all can be asked for here, or "".
std::string host_refusal() {
  utsname kernel{};
  if (::uname(&kernel) != 0 || std::string_view(kernel.machine) != "aarch64") {
    return "this is no arm64 kernel";
  }
  if (!read_file("/sys/hypervisor/type").starts_with("xen")) return "this is no Xen domain";
  return "";
}

void print(std::uint64_t frame, const char* result, std::string_view why) {
  // `why` is our own text or strerror's, but for the names in /proc/iomem.
  std::string safe;
  for (const char c : why) {
    if (c == '"' || c == '\\')
      safe += '\'';
    else
      safe += c >= ' ' && c < 0x7f ? c : '?';
  }
  (void)std::printf("{\"frame\":\"0x%llx\",\"result\":\"%s\",\"why\":\"%s\"}\n",
                    static_cast<unsigned long long>(frame), result, safe.c_str());
  (void)std::fflush(stdout);
}

/// Spares the child a death that would look like an answer. Needs no success.
void ask_to_be_spared_by_the_oom_killer() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!::write(fd, "-1000", 5);
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::uint64_t> frames;
  bool understood = argc > 1;
  for (int i = 1; i < argc && understood; ++i) {
    const auto frame = parse_frame(argv[i]);
    understood = frame.has_value() && frames.size() < kMaxFrames;
    if (understood) frames.push_back(*frame);
  }
  if (!understood) {
    constexpr int kUsage = 64;
    (void)std::fprintf(stderr, "usage: xen-iommu-probe FRAME... (hex, at most %zu)\n", kMaxFrames);
    return kUsage;
  }
  ::closefrom(STDERR_FILENO + 1);
  ask_to_be_spared_by_the_oom_killer();
  std::string nowhere = host_refusal();
  // As this process may see it, or as whoever started it was allowed to.
  const std::string iomem = xic::iomem_of(STDIN_FILENO).value_or(read_file("/proc/iomem"));
  int memory = -1;
  if (nowhere.empty()) {
    memory = ::open("/dev/mem", O_RDONLY | O_CLOEXEC);
    if (memory < 0) nowhere = std::string("/dev/mem: ") + std::strerror(errno);
  }
  for (const std::uint64_t frame : frames) {
    const std::string refused = nowhere.empty() ? refusal(iomem, frame) : nowhere;
    if (!refused.empty()) {
      print(frame, "no_answer", refused);
      continue;
    }
    const Load load = load_in_child(memory, frame, kSeconds);
    print(frame,
          load.outcome == Outcome::present  ? "present"
          : load.outcome == Outcome::absent ? "absent"
                                            : "no_answer",
          load.why);
  }
  return 0;
}
